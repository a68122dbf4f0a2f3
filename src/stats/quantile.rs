//! Quantiles of sorted values and the Wilson interval of a share.
//!
//! Sources: R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages", 1996 (types 1 and 7);
//! E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.

/// z of a two-sided 95 % interval of the standard normal distribution.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// The smallest observed value that at least the share `q` of all values does not exceed
/// (type 1, nearest rank): the lower of two neighbours on a tie. None for an empty list.
#[must_use]
pub fn quantile_observed<T: Copy>(sorted: &[T], q: f64) -> Option<T> {
    let last = sorted.len().checked_sub(1)?;
    let rank = (q.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1).min(last)).copied()
}

/// Quantile by linear interpolation between neighbours (type 7). None for an empty list.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = (position.floor() as usize).min(last);
    let low = sorted.get(below).copied()?;
    let high = sorted.get((below + 1).min(last)).copied()?;
    let weight = position - below as f64;
    // no weight, no arithmetic: keeps infinities from turning into NaN
    Some(if weight > 0.0 {
        low + (high - low) * weight
    } else {
        low
    })
}

/// Median: the middle value, or the mean of the two middle ones. None for an empty list.
#[must_use]
pub fn median(sorted: &[f64]) -> Option<f64> {
    quantile(sorted, 0.5)
}

/// Interval (low, high) of a share seen as `successes` of `n`; (0, 1) where n is 0.
#[must_use]
pub fn wilson_interval(successes: u64, n: u64, z: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let total = n as f64;
    let share = successes.min(n) as f64 / total;
    let z_square = z * z;
    let centre = share + z_square / (2.0 * total);
    let spread = z * (share * (1.0 - share) / total + z_square / (4.0 * total * total)).sqrt();
    let scale = 1.0 + z_square / total;
    (
        ((centre - spread) / scale).max(0.0),
        ((centre + spread) / scale).min(1.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Option<f64>, expected: f64) {
        assert!(
            found.is_some_and(|value| (value - expected).abs() < 1e-12),
            "{found:?} {expected}"
        );
    }

    #[test]
    fn quantiles_by_hand() {
        let values = [1.0, 2.0, 3.0, 10.0];
        close(median(&values), 2.5);
        close(median(&values[..3]), 2.0);
        close(quantile(&values, 0.0), 1.0);
        close(quantile(&values, 1.0), 10.0);
        close(quantile(&values, 0.9), 3.0 + 0.7 * 7.0);
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn observed_quantiles_take_the_lower_neighbour() {
        let values = [10_u64, 20, 30, 40];
        assert_eq!(quantile_observed(&values, 0.5), Some(20));
        assert_eq!(quantile_observed(&values, 0.51), Some(30));
        assert_eq!(quantile_observed(&values, 0.0), Some(10));
        assert_eq!(quantile_observed(&values, 1.0), Some(40));
        assert_eq!(quantile_observed(&values, f64::NAN), Some(10));
        assert_eq!(quantile_observed::<u64>(&[], 0.5), None);
    }

    #[test]
    fn wilson_by_hand() {
        // 10 of 20 at z = 2: (0.5 + 0.1 -+ 2 sqrt(0.0125 + 0.0025)) / 1.2
        let (low, high) = wilson_interval(10, 20, 2.0);
        let spread = 2.0 * 0.015_f64.sqrt();
        close(Some(low), (0.6 - spread) / 1.2);
        close(Some(high), (0.6 + spread) / 1.2);
        // none of 10 at 95 %: the upper end is z^2 / (n + z^2)
        let (low, high) = wilson_interval(0, 10, Z_95);
        close(Some(low), 0.0);
        close(Some(high), Z_95 * Z_95 / (10.0 + Z_95 * Z_95));
        assert_eq!(wilson_interval(0, 0, Z_95), (0.0, 1.0));
    }
}
