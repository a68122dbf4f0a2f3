//! False flags among innocent accounts, population by population.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::evaluate::LEVELS;
use crate::evaluate::prediction::Prediction;
use crate::evaluate::score::{rounded, share};
use crate::evaluate::truth::Truth;
use crate::model::campaign::Verdict;
use crate::stats::quantile::{Z_95, wilson_interval};

/// Flags in one innocent population; each count includes the higher verdicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationFlags {
    /// Population.
    pub population: String,
    /// Innocent accounts in it.
    pub accounts: u64,
    /// Flagged at `lead` or above.
    pub lead: u64,
    /// Flagged at `likely` or above.
    pub likely: u64,
    /// Flagged at `strong`.
    pub strong: u64,
    /// The level of the share: `likely`, or the only one of a method without verdicts.
    pub share_level: Verdict,
    /// Share flagged at that level or above.
    pub share: Option<f64>,
    /// 95 % Wilson interval of that share.
    pub share_interval: (f64, f64),
}

impl PopulationFlags {
    /// Flags at this verdict or above.
    #[must_use]
    pub fn at(&self, level: Verdict) -> u64 {
        match level {
            Verdict::Lead => self.lead,
            Verdict::Likely => self.likely,
            Verdict::Strong => self.strong,
        }
    }
}

/// Counts flags on innocent accounts, in order of the population's name.
#[must_use]
pub fn count_false_flags(prediction: &Prediction, truth: &Truth) -> Vec<PopulationFlags> {
    let mut counts: BTreeMap<&str, (u64, [u64; 3])> = BTreeMap::new();
    for (account, known) in truth
        .accounts
        .iter()
        .filter(|(_, known)| known.campaign.is_none())
    {
        let (accounts, flags) = counts.entry(known.population.as_str()).or_default();
        *accounts += 1;
        for (flag, level) in flags.iter_mut().zip(LEVELS) {
            *flag += u64::from(prediction.cluster_at(account, level).is_some());
        }
    }
    let share_level = match prediction.states_verdicts {
        true => Verdict::Likely,
        false => Verdict::Lead,
    };
    counts
        .into_iter()
        .map(|(population, (accounts, [lead, likely, strong]))| {
            let flagged = if share_level == Verdict::Lead {
                lead
            } else {
                likely
            };
            PopulationFlags {
                population: population.to_owned(),
                accounts,
                lead,
                likely,
                strong,
                share_level,
                share: share(flagged, accounts),
                share_interval: rounded(wilson_interval(flagged, accounts, Z_95)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::prediction::tests::prediction_of;
    use crate::evaluate::truth::tests::truth_of;

    #[test]
    fn innocents_are_counted_by_population() {
        let truth = truth_of(&[
            ("a", "X", "fake"),
            ("b", "", "class"),
            ("c", "", "class"),
            ("d", "", "office"),
            ("e", "", "class"),
        ]);
        let prediction = prediction_of(&[
            ("a", "1", Verdict::Strong, 1.0),
            ("b", "1", Verdict::Strong, 1.0),
            ("c", "2", Verdict::Likely, 1.0),
            ("d", "", Verdict::Strong, 1.0),
            ("e", "2", Verdict::Lead, 1.0),
        ]);
        let found = count_false_flags(&prediction, &truth);
        let short: Vec<_> = found
            .iter()
            .map(|p| {
                (
                    p.population.as_str(),
                    p.accounts,
                    p.lead,
                    p.likely,
                    p.strong,
                )
            })
            .collect();
        assert_eq!(short, vec![("class", 3, 3, 2, 1), ("office", 1, 0, 0, 0)]);
        assert_eq!(found[0].share, Some(2.0 / 3.0));
        assert!(found[0].share_interval.0 < 2.0 / 3.0 && 2.0 / 3.0 < found[0].share_interval.1);
    }
}
