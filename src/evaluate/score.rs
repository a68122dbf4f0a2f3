//! Precision, recall and F1 from counts.

use serde::{Deserialize, Serialize};

/// Hits, false hits and misses with the shares that follow from them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Right ones among those predicted.
    pub true_positives: u64,
    /// Wrong ones among those predicted.
    pub false_positives: u64,
    /// Right ones that were not predicted.
    pub false_negatives: u64,
    /// Right ones per predicted one; undefined where nothing was predicted.
    pub precision: Option<f64>,
    /// Predicted ones per right one; undefined where there was nothing to find.
    pub recall: Option<f64>,
    /// Harmonic mean of both; undefined only where nothing was predicted and nothing was there.
    pub f1: Option<f64>,
}

impl Score {
    /// The score of these counts.
    #[must_use]
    pub fn of(true_positives: u64, false_positives: u64, false_negatives: u64) -> Self {
        Score {
            true_positives,
            false_positives,
            false_negatives,
            precision: share(
                true_positives,
                true_positives.saturating_add(false_positives),
            ),
            recall: share(
                true_positives,
                true_positives.saturating_add(false_negatives),
            ),
            f1: share(
                true_positives.saturating_mul(2),
                true_positives
                    .saturating_mul(2)
                    .saturating_add(false_positives)
                    .saturating_add(false_negatives),
            ),
        }
    }
}

/// Part over whole; undefined for an empty whole.
#[must_use]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// An interval at nine decimals: what lies below them is the arithmetic's.
#[must_use]
pub fn rounded((low, high): (f64, f64)) -> (f64, f64) {
    let round = |value: f64| (value * 1e9).round() / 1e9;
    (round(low), round(high))
}

/// Harmonic mean of two shares; 0 where both are 0, undefined where one is.
#[must_use]
pub fn harmonic_mean(precision: Option<f64>, recall: Option<f64>) -> Option<f64> {
    let (precision, recall) = (precision?, recall?);
    let sum = precision + recall;
    Some(if sum > 0.0 {
        2.0 * precision * recall / sum
    } else {
        0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_hand() {
        let score = Score::of(3, 1, 2);
        assert_eq!(score.precision, Some(0.75));
        assert_eq!(score.recall, Some(0.6));
        assert!(score.f1.is_some_and(|f1| (f1 - 2.0 / 3.0).abs() < 1e-12));
        assert!(
            harmonic_mean(score.precision, score.recall)
                .is_some_and(|f1| (f1 - 2.0 / 3.0).abs() < 1e-12)
        );
    }

    #[test]
    fn undefined_is_not_zero() {
        let nothing = Score::of(0, 0, 0);
        assert_eq!(
            (nothing.precision, nothing.recall, nothing.f1),
            (None, None, None)
        );
        let missed = Score::of(0, 0, 4);
        assert_eq!(
            (missed.precision, missed.recall, missed.f1),
            (None, Some(0.0), Some(0.0))
        );
        assert_eq!(harmonic_mean(Some(0.0), Some(0.0)), Some(0.0));
        assert_eq!(harmonic_mean(None, Some(1.0)), None);
    }
}
