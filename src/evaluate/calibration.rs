//! Whether a case's own statement of its errors holds: expected false clusters by null runs
//! beside false clusters found, and the promised share beside the share found.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::evaluate::LEVELS;
use crate::evaluate::clusters::false_clusters;
use crate::evaluate::prediction::Prediction;
use crate::evaluate::rows::usage;
use crate::evaluate::score::{rounded, share};
use crate::evaluate::truth::Truth;
use crate::model::campaign::Verdict;
use crate::stats::quantile::{Z_95, wilson_interval};

/// What a case states about its errors; other fields of `case.json` are not looked at.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Stated {
    /// Its campaigns.
    #[serde(default)]
    pub campaigns: Vec<StatedCampaign>,
    /// Its null runs.
    #[serde(default)]
    pub null_runs: StatedNullRuns,
}

/// What a case states about one campaign.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StatedCampaign {
    /// Campaign id.
    pub id: String,
    /// Expected false clusters with at least its bits; none for a lead.
    #[serde(default)]
    pub expected_false: Option<f64>,
    /// Whether all requests of its sub-stream could be named.
    #[serde(default = "complete")]
    pub campaign_requests_complete: bool,
}

fn complete() -> bool {
    true
}

/// What a case states about its null runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct StatedNullRuns {
    /// Runs made; without any, nothing is stated.
    #[serde(default)]
    pub runs: u32,
    /// Expected false clusters at `likely`.
    #[serde(default)]
    pub expected_likely: f64,
    /// Expected false clusters at `strong`.
    #[serde(default)]
    pub expected_strong: f64,
}

impl Stated {
    /// Reads `case.json`; none where there is no such file.
    ///
    /// # Errors
    /// Where the file is there and cannot be understood.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| usage(format!("{}: cannot be read: {error}", path.display())))?;
        if !text.trim_start().starts_with('{') {
            return Err(usage(format!("{}: not a case", path.display())));
        }
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| usage(format!("{}: not a case: {error}", path.display())))
    }

    /// Whether requests beyond a sample could not be named.
    pub(crate) fn is_from_digests(&self) -> bool {
        self.campaigns
            .iter()
            .any(|campaign| !campaign.campaign_requests_complete)
    }

    fn expected_from_null_runs(&self, level: Verdict) -> Option<f64> {
        if self.null_runs.runs == 0 {
            return None;
        }
        match level {
            Verdict::Lead => None,
            Verdict::Likely => Some(self.null_runs.expected_likely),
            Verdict::Strong => Some(self.null_runs.expected_strong),
        }
    }
}

/// Stated and observed errors among everything at a verdict or above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The lowest verdict that counts.
    pub level: Verdict,
    /// Share of false clusters that the verdict's rule allows; none for `lead`.
    pub allowed_false_share: Option<f64>,
    /// Expected false clusters with the bits of the weakest campaign at this level, as the case states;
    /// none for `lead`, of which nothing is stated.
    pub stated_false_clusters: Option<f64>,
    /// Expected false clusters at this level, mean over the null runs.
    pub null_run_false_clusters: Option<f64>,
    /// Predicted clusters.
    pub clusters: u64,
    /// Those in which fewer than half of the accounts belong to one true campaign.
    pub false_clusters: u64,
    /// Their share.
    pub false_cluster_share: Option<f64>,
    /// 95 % Wilson interval of that share.
    pub false_cluster_interval: (f64, f64),
    /// Flagged accounts.
    pub flagged: u64,
    /// Innocent ones among them.
    pub false_accounts: u64,
    /// Their share.
    pub false_account_share: Option<f64>,
}

/// The share of false clusters that the rule of a verdict allows.
fn allowed(level: Verdict) -> Option<f64> {
    match level {
        Verdict::Lead => None,
        Verdict::Likely => Some(0.05),
        Verdict::Strong => Some(0.01),
    }
}

/// Puts stated beside observed errors, the widest net first.
#[must_use]
pub fn calibrate(
    prediction: &Prediction,
    truth: &Truth,
    stated: Option<&Stated>,
) -> Vec<Calibration> {
    // What states neither verdicts nor errors has nothing to hold against.
    if !prediction.states_verdicts {
        return Vec::new();
    }
    LEVELS
        .into_iter()
        .map(|level| {
            let (mut flagged, mut false_accounts) = (0, 0);
            let mut reached: BTreeMap<&str, ()> = BTreeMap::new();
            for (account, known) in &truth.accounts {
                if let Some(cluster) = prediction.cluster_at(account, level) {
                    flagged += 1;
                    false_accounts += u64::from(known.campaign.is_none());
                    reached.insert(cluster, ());
                }
            }
            let (wrong, clusters) = false_clusters(prediction, truth, level);
            // Nothing is stated of a lead: what stands there is no measurement.
            let stated_false_clusters =
                stated.filter(|_| level > Verdict::Lead).and_then(|stated| {
                    stated
                        .campaigns
                        .iter()
                        .filter(|campaign| reached.contains_key(campaign.id.as_str()))
                        .filter_map(|campaign| campaign.expected_false)
                        .max_by(f64::total_cmp)
                });
            Calibration {
                level,
                allowed_false_share: allowed(level),
                stated_false_clusters,
                null_run_false_clusters: stated
                    .and_then(|stated| stated.expected_from_null_runs(level)),
                clusters,
                false_clusters: wrong,
                false_cluster_share: share(wrong, clusters),
                false_cluster_interval: rounded(wilson_interval(wrong, clusters, Z_95)),
                flagged,
                false_accounts,
                false_account_share: share(false_accounts, flagged),
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
    fn stated_beside_observed_by_hand() {
        let truth = truth_of(&[
            ("a", "X", ""),
            ("b", "X", ""),
            ("c", "", "p"),
            ("d", "", "p"),
            ("e", "", "p"),
        ]);
        let prediction = prediction_of(&[
            ("a", "1", Verdict::Strong, 9.0),
            ("b", "1", Verdict::Strong, 9.0),
            ("c", "1", Verdict::Likely, 9.0),
            ("d", "2", Verdict::Likely, 5.0),
            ("e", "2", Verdict::Likely, 5.0),
        ]);
        let campaign = |id: &str, expected_false| StatedCampaign {
            id: id.to_owned(),
            expected_false: Some(expected_false),
            campaign_requests_complete: true,
        };
        let stated = Stated {
            campaigns: vec![campaign("1", 0.01), campaign("2", 0.3), campaign("9", 7.0)],
            null_runs: StatedNullRuns {
                runs: 20,
                expected_likely: 0.2,
                expected_strong: 0.05,
            },
        };
        let found = calibrate(&prediction, &truth, Some(&stated));
        assert_eq!(found[0].stated_false_clusters, None);
        assert_eq!(found[0].null_run_false_clusters, None);
        assert_eq!((found[1].clusters, found[1].false_clusters), (2, 1));
        assert_eq!(found[1].false_cluster_share, Some(0.5));
        assert_eq!((found[1].flagged, found[1].false_accounts), (5, 3));
        assert_eq!(found[1].null_run_false_clusters, Some(0.2));
        assert_eq!(found[2].stated_false_clusters, Some(0.01));
        assert_eq!((found[2].clusters, found[2].false_clusters), (1, 0));
        let silent = calibrate(&prediction, &truth, None);
        assert_eq!(silent[1].stated_false_clusters, None);
    }
}
