//! Which of many p-values survive once it is counted how many were looked at.
//!
//! Source: Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", J. R. Stat. Soc. B 57, 1995.

/// What a step-up procedure accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accepted {
    /// How many of the listed p-values are accepted.
    pub count: usize,
    /// log2 of the largest accepted p-value; accept every value at or below it. Minus infinity where none is.
    pub threshold_log2: f64,
}

/// Benjamini-Hochberg at false discovery rate `rate` over `total_tests` tests, of which only
/// the interesting ones are listed (as log2 p); all others count as p = 1.
///
/// The list may be in any order and a value that is not a number counts as p = 1.
#[must_use]
pub fn benjamini_hochberg_log2(p_values_log2: &[f64], total_tests: u64, rate: f64) -> Accepted {
    let mut sorted: Vec<f64> = p_values_log2
        .iter()
        .map(|value| if value.is_nan() { 0.0 } else { *value })
        .collect();
    sorted.sort_by(f64::total_cmp);
    let tests = total_tests.max(sorted.len() as u64) as f64;
    let mut accepted = Accepted {
        count: 0,
        threshold_log2: f64::NEG_INFINITY,
    };
    for (index, value) in sorted.iter().enumerate() {
        let rank = (index + 1) as f64;
        if *value <= (rank * rate / tests).log2() {
            accepted = Accepted {
                count: index + 1,
                threshold_log2: *value,
            };
        }
    }
    accepted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fifteen p-values of the 1995 paper, section 3.1: four are accepted at 0.05.
    const PAPER: [f64; 15] = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];

    #[test]
    fn the_paper_s_example() {
        let mut values: Vec<f64> = PAPER.iter().map(|p| p.log2()).collect();
        values.reverse();
        let accepted = benjamini_hochberg_log2(&values, 15, 0.05);
        assert_eq!(accepted.count, 4);
        assert!((accepted.threshold_log2 - 0.0095_f64.log2()).abs() < 1e-12);
    }

    #[test]
    fn unlisted_tests_count() {
        let values: Vec<f64> = PAPER.iter().take(9).map(|p| p.log2()).collect();
        assert_eq!(benjamini_hochberg_log2(&values, 15, 0.05).count, 4);
        // with a hundred tests only 0.0001 <= 0.0005 and 0.0004 <= 0.001 remain
        assert_eq!(benjamini_hochberg_log2(&values, 100, 0.05).count, 2);
        assert_eq!(benjamini_hochberg_log2(&values, 1_000_000, 0.05).count, 0);
    }

    #[test]
    fn far_tails_and_empty_lists() {
        assert_eq!(
            benjamini_hochberg_log2(&[-40_000.0, f64::NAN], u64::MAX, 0.01).count,
            1
        );
        assert_eq!(benjamini_hochberg_log2(&[], 10, 0.05).count, 0);
        assert_eq!(benjamini_hochberg_log2(&[-3.0], 10, 0.0).count, 0);
    }
}
