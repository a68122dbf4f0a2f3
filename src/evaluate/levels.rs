//! What depends on the verdict from which an account counts as flagged: right and false flags,
//! the order they come in, the fit of clusters, the requests named.

use serde::{Deserialize, Serialize};

use crate::evaluate::LEVELS;
use crate::evaluate::clusters::{self, CampaignMatch, ClusterAgreement};
use crate::evaluate::prediction::Prediction;
use crate::evaluate::requests::RequestScores;
use crate::evaluate::score::Score;
use crate::evaluate::truth::Truth;
use crate::model::campaign::Verdict;

/// The scores of flagging everything at a verdict or above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AtLevel {
    /// The lowest verdict that counts.
    pub level: Verdict,
    /// Accounts flagged.
    pub accounts: Score,
    /// Area under the precision-recall curve as average precision: flagged accounts by verdict,
    /// then score, all others last together; undefined without a true campaign.
    pub average_precision: Option<f64>,
    /// Each true campaign beside the predicted one that fits it best.
    pub campaigns: Vec<CampaignMatch>,
    /// B-cubed and pairwise agreement, purity.
    pub clusters: ClusterAgreement,
    /// Precision and recall of the un-mixed sub-stream, where the truth of requests is known.
    pub requests: Option<RequestScores>,
}

/// Scores at each verdict, the widest net first; a prediction that states no verdict has one
/// level only.
#[must_use]
pub fn score_levels(prediction: &Prediction, truth: &Truth) -> Vec<AtLevel> {
    let levels = if prediction.states_verdicts {
        &LEVELS[..]
    } else {
        &LEVELS[..1]
    };
    levels
        .iter()
        .map(|&level| {
            let flagged = prediction.flagged_at(level);
            AtLevel {
                level,
                accounts: score_accounts(&flagged, truth),
                average_precision: average_precision(ranked(truth, |account| {
                    rank(&flagged, account).filter(|rank| rank.0 > 0)
                })),
                campaigns: clusters::match_campaigns(&flagged, truth),
                clusters: clusters::agreement(&flagged, truth),
                requests: None,
            }
        })
        .collect()
}

/// Average precision over all accounts: those flagged by verdict and score, then those the
/// tool lists without flagging by score, then the rest.
#[must_use]
pub fn overall_average_precision(prediction: &Prediction, truth: &Truth) -> Option<f64> {
    average_precision(ranked(truth, |account| rank(prediction, account)))
}

fn score_accounts(flagged: &Prediction, truth: &Truth) -> Score {
    let (mut hits, mut false_hits, mut misses) = (0, 0, 0);
    for (account, known) in &truth.accounts {
        let is_flagged = flagged.cluster_at(account, Verdict::Lead).is_some();
        match (is_flagged, known.campaign.is_some()) {
            (true, true) => hits += 1,
            (true, false) => false_hits += 1,
            (false, true) => misses += 1,
            (false, false) => {}
        }
    }
    Score::of(hits, false_hits, misses)
}

/// Zero or one more than the verdict, and the score.
type Rank = (u8, f64);

fn rank(prediction: &Prediction, account: &str) -> Option<Rank> {
    let claim = prediction.accounts.get(account)?;
    let verdict = match &claim.cluster {
        Some(_) => claim.verdict as u8 + 1,
        None => 0,
    };
    // Adding zero turns -0 into 0, which total order would tell apart.
    Some((verdict, claim.score + 0.0))
}

/// Every account of the truth with its rank and whether a campaign holds it.
fn ranked(truth: &Truth, rank: impl Fn(&str) -> Option<Rank>) -> Vec<(Rank, bool)> {
    truth
        .accounts
        .iter()
        .map(|(account, known)| {
            let rank = rank(account).unwrap_or((0, 0.0));
            (rank, known.campaign.is_some())
        })
        .collect()
}

/// Sum over distinct ranks, highest first, of (rise in recall) x (precision there).
///
/// Equal ranks are one step, so that the order of tied accounts cannot matter.
/// Source: M. Zhu, "Recall, Precision and Average Precision", 2004.
#[must_use]
pub fn average_precision(mut ranked: Vec<(Rank, bool)>) -> Option<f64> {
    let positives = ranked.iter().filter(|(_, positive)| *positive).count();
    if positives == 0 {
        return None;
    }
    let order = |left: &Rank, right: &Rank| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1));
    ranked.sort_by(|left, right| order(&right.0, &left.0));
    let (mut seen, mut hits, mut sum) = (0_usize, 0_usize, 0.0);
    for step in ranked.chunk_by(|left, right| order(&left.0, &right.0).is_eq()) {
        let gained = step.iter().filter(|(_, positive)| *positive).count();
        seen += step.len();
        hits += gained;
        sum += gained as f64 / positives as f64 * (hits as f64 / seen as f64);
    }
    // The last digits are those of a sum of thirds.
    Some((sum * 1e12).round() / 1e12)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::prediction::tests::prediction_of;
    use crate::evaluate::truth::tests::truth_of;

    fn close(found: Option<f64>, expected: f64) {
        assert!(
            found.is_some_and(|found| (found - expected).abs() < 1e-12),
            "{found:?} {expected}"
        );
    }

    #[test]
    fn levels_by_hand() {
        let truth = truth_of(&[
            ("a", "X", ""),
            ("b", "X", ""),
            ("c", "X", ""),
            ("d", "", "p"),
            ("e", "", "p"),
        ]);
        // A lead may have more bits than a strong campaign: the verdict comes first.
        let prediction = prediction_of(&[
            ("a", "1", Verdict::Strong, 30.0),
            ("b", "1", Verdict::Likely, 20.0),
            ("d", "1", Verdict::Lead, 50.0),
        ]);
        let levels = score_levels(&prediction, &truth);
        let scores: Vec<Score> = levels.iter().map(|level| level.accounts).collect();
        let expected = [Score::of(2, 1, 1), Score::of(2, 0, 1), Score::of(1, 0, 2)];
        assert_eq!(scores, expected);
        // strong flags a alone: 1/3 at precision 1, the other two among all five at 3/5
        close(levels[2].average_precision, 1.0 / 3.0 + 2.0 / 3.0 * 0.6);
        // a, b at precision 1; c among all five at 3/5
        close(
            overall_average_precision(&prediction, &truth),
            2.0 / 3.0 + 1.0 / 3.0 * 0.6,
        );
        let found: Vec<u64> = levels
            .iter()
            .map(|level| level.campaigns[0].flagged)
            .collect();
        assert_eq!(found, [2, 2, 1]);
        let pairs: Vec<u64> = levels
            .iter()
            .map(|level| level.clusters.pairs.false_positives)
            .collect();
        assert_eq!(pairs, [2, 0, 0]);
    }

    #[test]
    fn without_verdicts_there_is_one_level() {
        let truth = truth_of(&[("a", "X", ""), ("d", "", "p")]);
        let mut prediction = prediction_of(&[("a", "1", Verdict::Lead, 1.0)]);
        prediction.states_verdicts = false;
        let levels = score_levels(&prediction, &truth);
        assert_eq!(levels.len(), 1);
        assert_eq!(levels[0].accounts, Score::of(1, 0, 0));
    }

    #[test]
    fn average_precision_by_hand() {
        // hit, miss, hit: 1/2 x 1 + 1/2 x 2/3
        close(
            average_precision(vec![((1, 3.0), true), ((1, 2.0), false), ((0, 9.0), true)]),
            0.5 + 1.0 / 3.0,
        );
        // all tied: the share of positives, whatever the order
        let tied = |positive| ((0, 0.0), positive);
        close(
            average_precision(vec![tied(false), tied(true), tied(false), tied(false)]),
            0.25,
        );
        assert_eq!(average_precision(vec![((1, 1.0), false)]), None);
        assert_eq!(average_precision(vec![]), None);
    }
}
