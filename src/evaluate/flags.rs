//! Account-level precision, recall and F1 at each verdict, and average precision by score.

use serde::{Deserialize, Serialize};

use crate::evaluate::LEVELS;
use crate::evaluate::prediction::Prediction;
use crate::evaluate::score::Score;
use crate::evaluate::truth::Truth;
use crate::model::campaign::Verdict;

/// The score of flagging everything at a verdict or above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelScore {
    /// The lowest verdict that counts.
    pub level: Verdict,
    /// Its score.
    #[serde(flatten)]
    pub score: Score,
    /// Area under the precision-recall curve by score among the accounts flagged here, those
    /// below the level ranking last; undefined without a true campaign.
    pub average_precision: Option<f64>,
}

/// Account-level scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountScores {
    /// By verdict, the widest net first.
    pub levels: Vec<LevelScore>,
    /// Area under the precision-recall curve as average precision; undefined without a true campaign.
    pub average_precision: Option<f64>,
}

impl AccountScores {
    /// The score of flagging everything at this verdict or above.
    #[must_use]
    pub fn at(&self, level: Verdict) -> Option<Score> {
        self.levels
            .iter()
            .find(|found| found.level == level)
            .map(|found| found.score)
    }
}

/// Scores the flags of all accounts in the truth.
#[must_use]
pub fn score_accounts(prediction: &Prediction, truth: &Truth) -> AccountScores {
    let levels = LEVELS
        .into_iter()
        .map(|level| {
            let (mut hits, mut false_hits, mut misses) = (0, 0, 0);
            for (account, known) in &truth.accounts {
                match (
                    prediction.cluster_at(account, level).is_some(),
                    known.campaign.is_some(),
                ) {
                    (true, true) => hits += 1,
                    (true, false) => false_hits += 1,
                    (false, true) => misses += 1,
                    (false, false) => {}
                }
            }
            LevelScore {
                level,
                score: Score::of(hits, false_hits, misses),
                average_precision: average_precision(ranked(truth, |account| {
                    prediction
                        .cluster_at(account, level)
                        .and(prediction.accounts.get(account))
                        .map_or(f64::NEG_INFINITY, |claim| claim.score)
                })),
            }
        })
        .collect();
    AccountScores {
        levels,
        average_precision: average_precision(ranked(truth, |account| {
            prediction
                .accounts
                .get(account)
                .map_or(0.0, |claim| claim.score)
        })),
    }
}

/// Every account of the truth with its score and whether a campaign holds it.
fn ranked(truth: &Truth, score: impl Fn(&str) -> f64) -> Vec<(f64, bool)> {
    truth
        .accounts
        .iter()
        .map(|(account, known)| (score(account), known.campaign.is_some()))
        .collect()
}

/// Sum over distinct scores, highest first, of (rise in recall) x (precision there).
///
/// Equal scores are one step, so that the order of tied accounts cannot matter.
/// Source: M. Zhu, "Recall, Precision and Average Precision", 2004.
#[must_use]
pub fn average_precision(mut ranked: Vec<(f64, bool)>) -> Option<f64> {
    let positives = ranked.iter().filter(|(_, positive)| *positive).count();
    if positives == 0 {
        return None;
    }
    // adding zero turns -0 into 0, which total order would tell apart
    ranked.iter_mut().for_each(|(score, _)| *score += 0.0);
    ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
    let (mut seen, mut hits, mut sum) = (0_usize, 0_usize, 0.0);
    for step in ranked.chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq()) {
        let gained = step.iter().filter(|(_, positive)| *positive).count();
        seen += step.len();
        hits += gained;
        sum += gained as f64 / positives as f64 * (hits as f64 / seen as f64);
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::prediction::tests::prediction_of;
    use crate::evaluate::truth::tests::truth_of;

    #[test]
    fn levels_by_hand() {
        let truth = truth_of(&[
            ("a", "X", ""),
            ("b", "X", ""),
            ("c", "X", ""),
            ("d", "", "p"),
            ("e", "", "p"),
        ]);
        let prediction = prediction_of(&[
            ("a", "1", Verdict::Strong, 30.0),
            ("b", "1", Verdict::Likely, 20.0),
            ("d", "1", Verdict::Lead, 5.0),
        ]);
        let scores = score_accounts(&prediction, &truth);
        assert_eq!(scores.levels[0].score, Score::of(2, 1, 1));
        assert_eq!(scores.levels[1].score, Score::of(2, 0, 1));
        assert_eq!(scores.levels[2].score, Score::of(1, 0, 2));
        // strong flags a alone: 1/3 at precision 1, the other two among all five at 3/5
        assert!(
            scores.levels[2]
                .average_precision
                .is_some_and(|found| (found - (1.0 / 3.0 + 2.0 / 3.0 * 0.6)).abs() < 1e-12)
        );
        // a, b at precision 1; c among all five at 3/5
        assert!(
            scores
                .average_precision
                .is_some_and(|found| (found - (2.0 / 3.0 + 1.0 / 3.0 * 0.6)).abs() < 1e-12)
        );
    }

    #[test]
    fn average_precision_by_hand() {
        let close = |found: Option<f64>, expected: f64| {
            assert!(
                found.is_some_and(|f| (f - expected).abs() < 1e-12),
                "{found:?}"
            )
        };
        // hit, miss, hit: 1/2 x 1 + 1/2 x 2/3
        close(
            average_precision(vec![(3.0, true), (2.0, false), (1.0, true)]),
            0.5 + 1.0 / 3.0,
        );
        // all tied: the share of positives, whatever the order
        close(
            average_precision(vec![(0.0, false), (-0.0, true), (0.0, false), (0.0, false)]),
            0.25,
        );
        assert_eq!(average_precision(vec![(1.0, false)]), None);
        assert_eq!(average_precision(vec![]), None);
    }
}
