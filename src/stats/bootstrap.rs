//! Percentile bootstrap of a ratio of sums: runs are drawn again with replacement, never the
//! accounts inside them, because the accounts of one run share its operator.
//!
//! Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

use crate::stats::quantile::quantile;
use crate::stats::random::Random;

/// Resamples: the usual number for percentile intervals (Efron and Tibshirani, section 13.3).
const RESAMPLES: usize = 1_000;

/// 95 % interval of (sum of numerators) / (sum of denominators) over runs.
///
/// None for fewer than two runs, or where no resample has a denominator: one run says
/// nothing about the next. The draws come from a fixed seed, so equal runs give equal bytes.
#[must_use]
pub fn ratio_interval(runs: &[(f64, f64)]) -> Option<(f64, f64)> {
    if runs.len() < 2 {
        return None;
    }
    let mut random = Random::for_purpose(1, "bootstrap");
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let (mut part, mut whole) = (0.0, 0.0);
            for _ in runs {
                let drawn = random.below(runs.len() as u64) as usize;
                let (numerator, denominator) = runs.get(drawn).copied()?;
                part += numerator;
                whole += denominator;
            }
            (whole > 0.0).then(|| part / whole)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    Some((quantile(&ratios, 0.025)?, quantile(&ratios, 0.975)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_runs_have_no_width_and_one_run_has_no_interval() {
        assert_eq!(ratio_interval(&[(3.0, 4.0); 5]), Some((0.75, 0.75)));
        assert_eq!(ratio_interval(&[(3.0, 4.0)]), None);
        assert_eq!(ratio_interval(&[(0.0, 0.0), (0.0, 0.0)]), None);
    }

    #[test]
    fn the_interval_covers_the_ratio_and_stays_the_same() {
        let runs: Vec<(f64, f64)> = (0..12).map(|run| (f64::from(run % 4), 4.0)).collect();
        let (low, high) = ratio_interval(&runs).expect("interval");
        // twelve runs with mean 0.375 and deviation 0.28: standard error 0.081
        assert!((0.18..0.28).contains(&low), "{low}");
        assert!((0.47..0.57).contains(&high), "{high}");
        assert_eq!(ratio_interval(&runs), Some((low, high)));
    }
}
