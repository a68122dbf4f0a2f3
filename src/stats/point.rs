//! Natural logarithms of Poisson, binomial and hypergeometric point probabilities.
//!
//! The textbook forms subtract large log-gammas from each other and lose digits when
//! counts are large. The saddle-point forms below do not.
//! Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.

use std::f64::consts::TAU;

use statrs::function::gamma::ln_gamma;

/// Counts from which the Stirling series below is exact to double precision (Loader 2000, section 3).
const STIRLING_SERIES_FROM: f64 = 16.0;

/// Relative distance below which the deviance is summed as a series (Loader 2000, section 4).
const DEVIANCE_SERIES_BELOW: f64 = 0.1;

/// Error of Stirling's formula: ln n! - ln(sqrt(2 pi n) (n/e)^n), for n > 0.
fn stirling_error(n: f64) -> f64 {
    if n < STIRLING_SERIES_FROM {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let square = n * n;
    let tail = (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - tail) / square) / square) / n
}

/// Deviance x ln(x / mean) + mean - x, without cancellation where x is near the mean.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= DEVIANCE_SERIES_BELOW * (x + mean) {
        return x * (x / mean).ln() - difference;
    }
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    let mut odd = 1.0;
    loop {
        term *= v * v;
        odd += 2.0;
        let next = sum + term / odd;
        // the series is alternating-free and shrinks by v*v < 0.01 each step
        if next.total_cmp(&sum).is_eq() || odd > 1000.0 {
            return next;
        }
        sum = next;
    }
}

/// ln P(X = k) for a Poisson with this mean; minus infinity where impossible.
#[must_use]
pub fn poisson_point_ln(k: f64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return if k <= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if k <= 0.0 {
        return -mean;
    }
    -stirling_error(k) - deviance(k, mean) - 0.5 * (TAU * k).ln()
}

/// ln P(X = k) for `trials` draws that succeed with chance `p` and fail with `q` = 1 - p.
///
/// Both chances are taken, so that a `p` next to 1 loses nothing.
#[must_use]
pub fn binomial_point_ln(k: f64, trials: f64, p: f64, q: f64) -> f64 {
    if k < 0.0 || k > trials {
        return f64::NEG_INFINITY;
    }
    if p <= 0.0 {
        return if k <= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if q <= 0.0 {
        return if k >= trials { 0.0 } else { f64::NEG_INFINITY };
    }
    let failures = trials - k;
    if trials <= 0.0 {
        return 0.0;
    }
    if k <= 0.0 {
        return trials * ln_of_chance(q, p);
    }
    if failures <= 0.0 {
        return trials * ln_of_chance(p, q);
    }
    let correction = stirling_error(trials)
        - stirling_error(k)
        - stirling_error(failures)
        - deviance(k, trials * p)
        - deviance(failures, trials * q);
    correction + 0.5 * (trials / (TAU * k * failures)).ln()
}

/// ln of a chance, from its complement where that is the small one.
fn ln_of_chance(chance: f64, complement: f64) -> f64 {
    if complement < 0.5 {
        (-complement).ln_1p()
    } else {
        chance.ln()
    }
}

/// ln P(X = k) for `draws` without replacement from `population` that holds `successes`.
#[must_use]
pub fn hypergeometric_point_ln(k: f64, population: f64, successes: f64, draws: f64) -> f64 {
    let failures = population - successes;
    if k < 0.0 || k > draws || k > successes || draws - k > failures {
        return f64::NEG_INFINITY;
    }
    if draws <= 0.0 {
        return 0.0;
    }
    let p = draws / population;
    let q = (population - draws) / population;
    if q <= 0.0 {
        return 0.0;
    }
    binomial_point_ln(k, successes, p, q) + binomial_point_ln(draws - k, failures, p, q)
        - binomial_point_ln(draws, population, p, q)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
            "found {found}, expected {expected}"
        );
    }

    #[test]
    fn poisson_points_by_hand() {
        close(poisson_point_ln(0.0, 2.0), -2.0);
        close(
            poisson_point_ln(3.0, 2.0),
            (8.0 / 6.0 * (-2.0_f64).exp()).ln(),
        );
        // 10^20 e^-10 / 20!
        close(
            poisson_point_ln(20.0, 10.0),
            20.0 * 10.0_f64.ln() - 10.0 - 2_432_902_008_176_640_000.0_f64.ln(),
        );
    }

    #[test]
    fn binomial_points_by_hand() {
        close(binomial_point_ln(2.0, 4.0, 0.5, 0.5), (6.0_f64 / 16.0).ln());
        close(
            binomial_point_ln(1.0, 3.0, 0.25, 0.75),
            (27.0_f64 / 64.0).ln(),
        );
        close(
            binomial_point_ln(0.0, 3.0, 0.25, 0.75),
            (27.0_f64 / 64.0).ln(),
        );
        close(
            binomial_point_ln(3.0, 3.0, 0.25, 0.75),
            (1.0_f64 / 64.0).ln(),
        );
    }

    #[test]
    fn hypergeometric_points_by_hand() {
        // 10 balls, 4 white, 3 drawn: P(2 white) = C(4,2) C(6,1) / C(10,3) = 36/120
        close(hypergeometric_point_ln(2.0, 10.0, 4.0, 3.0), 0.3_f64.ln());
        close(hypergeometric_point_ln(4.0, 10.0, 4.0, 10.0), 0.0);
        assert!(hypergeometric_point_ln(5.0, 10.0, 4.0, 6.0).is_infinite());
    }

    #[test]
    fn points_sum_to_one_at_large_counts() {
        let total: f64 = (9_000..11_000)
            .map(|k| poisson_point_ln(f64::from(k), 10_000.0).exp())
            .sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
    }
}
