//! Tail probabilities as base-2 logarithms: how surprising a count is, in bits.
//!
//! Each tail is its first point probability (saddle-point form, see [`crate::stats::point`])
//! times a sum of ratios of neighbouring terms, so nothing underflows: a tail of 2^-100000
//! is as accurate as one of 2^-3. A tail beyond the mode is summed directly; one that
//! contains the mode is one minus the other. Source of the ratios: N. L. Johnson, A. W. Kemp,
//! S. Kotz, "Univariate Discrete Distributions", 3rd ed., sections 3.2, 4.2 and 6.2.
//!
//! Results lie in [-inf, 0]; minus infinity means impossible under the null model.
//! A mean or chance that is not a number gives 0: no evidence.

use std::f64::consts::LN_2;

use crate::stats::point::{binomial_point_ln, hypergeometric_point_ln, poisson_point_ln};

/// Relative size at which the rest of a series is dropped: one bit below double precision.
const RELATIVE_REST: f64 = f64::EPSILON / 2.0;

/// Terms after which a series ends in its geometric bound; reached only for means above about 10^12,
/// and then it overstates the probability, never the surprise.
const MOST_TERMS: u64 = 1 << 24;

/// ln(1 + r(0) + r(0) r(1) + ...) where the ratios fall and stay below one.
fn ratio_sum_ln(ratio: impl Fn(f64) -> f64) -> f64 {
    let mut sum = 1.0_f64;
    let mut term = 1.0_f64;
    for step in 0..MOST_TERMS {
        let r = ratio(step as f64);
        if r <= 0.0 {
            return sum.ln();
        }
        term *= r;
        sum += term;
        // falling ratios: what is left is at most a geometric series with the present one
        let rest = if r < 1.0 {
            term * r / (1.0 - r)
        } else {
            f64::INFINITY
        };
        if rest <= RELATIVE_REST * sum {
            return sum.ln();
        }
        if step + 1 == MOST_TERMS && rest.is_finite() {
            return (sum + rest).ln();
        }
    }
    sum.ln()
}

/// log2 of a probability given by its ln, never above 0.
fn to_log2(ln_probability: f64) -> f64 {
    (ln_probability / LN_2).min(0.0)
}

/// log2(1 - probability) from ln of the probability, accurate at both ends.
fn complement_log2(ln_probability: f64) -> f64 {
    if ln_probability >= 0.0 {
        return f64::NEG_INFINITY;
    }
    let ln = if ln_probability > -LN_2 {
        (-ln_probability.exp_m1()).ln()
    } else {
        (-ln_probability.exp()).ln_1p()
    };
    to_log2(ln)
}

fn poisson_above_ln(k: f64, mean: f64) -> f64 {
    poisson_point_ln(k, mean) + ratio_sum_ln(|step| mean / (k + 1.0 + step))
}

fn poisson_below_ln(k: f64, mean: f64) -> f64 {
    poisson_point_ln(k, mean) + ratio_sum_ln(|step| (k - step) / mean)
}

/// log2 P(X >= k) for a Poisson count with mean `lambda`.
#[must_use]
pub fn poisson_upper_log2(k: u64, lambda: f64) -> f64 {
    if k == 0 || lambda.is_nan() || lambda.is_infinite() && lambda > 0.0 {
        return 0.0;
    }
    if lambda <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let k = k as f64;
    if k > lambda {
        to_log2(poisson_above_ln(k, lambda))
    } else {
        complement_log2(poisson_below_ln(k - 1.0, lambda))
    }
}

/// log2 P(X <= k) for a Poisson count with mean `lambda`.
#[must_use]
pub fn poisson_lower_log2(k: u64, lambda: f64) -> f64 {
    if lambda.is_nan() || lambda <= 0.0 {
        return 0.0;
    }
    if lambda.is_infinite() {
        return f64::NEG_INFINITY;
    }
    let k = k as f64;
    if k < lambda {
        to_log2(poisson_below_ln(k, lambda))
    } else {
        complement_log2(poisson_above_ln(k + 1.0, lambda))
    }
}

/// ln P(X >= k), to be used above the mode.
fn binomial_above_ln(k: f64, trials: f64, p: f64, q: f64) -> f64 {
    let odds = p / q;
    binomial_point_ln(k, trials, p, q)
        + ratio_sum_ln(|step| (trials - k - step) / (k + 1.0 + step) * odds)
}

fn binomial_upper(k: f64, trials: f64, p: f64, q: f64) -> f64 {
    if k <= 0.0 {
        return 0.0;
    }
    if k > trials || p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if q <= 0.0 {
        return 0.0;
    }
    if k > (trials + 1.0) * p {
        to_log2(binomial_above_ln(k, trials, p, q))
    } else {
        // P(X <= k - 1) is the upper tail of the failures
        complement_log2(binomial_above_ln(trials - k + 1.0, trials, q, p))
    }
}

/// log2 P(X >= k) for `n` trials that each succeed with chance `p`.
#[must_use]
pub fn binomial_upper_log2(k: u64, n: u64, p: f64) -> f64 {
    if p.is_nan() {
        return 0.0;
    }
    let p = p.clamp(0.0, 1.0);
    binomial_upper(k as f64, n as f64, p, 1.0 - p)
}

/// log2 P(X <= k) for `n` trials that each succeed with chance `p`.
#[must_use]
pub fn binomial_lower_log2(k: u64, n: u64, p: f64) -> f64 {
    if p.is_nan() || k >= n {
        return 0.0;
    }
    let p = p.clamp(0.0, 1.0);
    binomial_upper(n as f64 - k as f64, n as f64, 1.0 - p, p)
}

/// Sizes of an urn: all, marked, drawn.
#[derive(Clone, Copy)]
struct Urn {
    population: f64,
    successes: f64,
    draws: f64,
}

impl Urn {
    fn new(population: u64, successes: u64, draws: u64) -> Self {
        Urn {
            population: population as f64,
            successes: successes.min(population) as f64,
            draws: draws.min(population) as f64,
        }
    }

    fn unmarked(self) -> f64 {
        self.population - self.successes
    }

    fn least(self) -> f64 {
        (self.draws - self.unmarked()).max(0.0)
    }

    fn most(self) -> f64 {
        self.draws.min(self.successes)
    }

    /// Non-integer mode; above it the terms fall.
    fn mode(self) -> f64 {
        (self.draws + 1.0) * (self.successes + 1.0) / (self.population + 2.0)
    }

    fn above_ln(self, k: f64) -> f64 {
        hypergeometric_point_ln(k, self.population, self.successes, self.draws)
            + ratio_sum_ln(|step| {
                let x = k + step;
                (self.successes - x) * (self.draws - x)
                    / ((x + 1.0) * (self.unmarked() - self.draws + x + 1.0))
            })
    }

    fn below_ln(self, k: f64) -> f64 {
        hypergeometric_point_ln(k, self.population, self.successes, self.draws)
            + ratio_sum_ln(|step| {
                let x = k - step;
                x * (self.unmarked() - self.draws + x)
                    / ((self.successes - x + 1.0) * (self.draws - x + 1.0))
            })
    }
}

/// log2 P(X >= k) marked ones among `draws` taken without replacement from `population`
/// that holds `successes` marked ones.
#[must_use]
pub fn hypergeometric_upper_log2(k: u64, population: u64, successes: u64, draws: u64) -> f64 {
    let urn = Urn::new(population, successes, draws);
    let k = k as f64;
    if k <= urn.least() {
        0.0
    } else if k > urn.most() {
        f64::NEG_INFINITY
    } else if k > urn.mode() {
        to_log2(urn.above_ln(k))
    } else {
        complement_log2(urn.below_ln(k - 1.0))
    }
}

/// log2 P(X <= k) marked ones among `draws` taken without replacement from `population`
/// that holds `successes` marked ones.
#[must_use]
pub fn hypergeometric_lower_log2(k: u64, population: u64, successes: u64, draws: u64) -> f64 {
    let urn = Urn::new(population, successes, draws);
    let k = k as f64;
    if k >= urn.most() {
        0.0
    } else if k < urn.least() {
        f64::NEG_INFINITY
    } else if k < urn.mode() {
        to_log2(urn.below_ln(k))
    } else {
        complement_log2(urn.above_ln(k + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Binomial, DiscreteCDF, Poisson};

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 1e-10 * expected.abs().max(1e-3),
            "found {found}, expected {expected}"
        );
    }

    #[test]
    fn known_answers_by_hand() {
        // P(Poisson(1) >= 1) = 1 - 1/e; P(<= 1) = 2/e
        close(poisson_upper_log2(1, 1.0), (1.0 - (-1.0_f64).exp()).log2());
        close(poisson_lower_log2(1, 1.0), (2.0 * (-1.0_f64).exp()).log2());
        // 10 coins: P(>= 8) = (45 + 10 + 1) / 1024
        close(binomial_upper_log2(8, 10, 0.5), (56.0_f64 / 1024.0).log2());
        close(binomial_lower_log2(2, 10, 0.5), (56.0_f64 / 1024.0).log2());
        close(
            binomial_upper_log2(2, 10, 0.5),
            (1013.0_f64 / 1024.0).log2(),
        );
        // 52 cards, 4 aces, 5 drawn: P(>= 2) = 1 - (C(48,5) + 4 C(48,4)) / C(52,5)
        close(
            hypergeometric_upper_log2(2, 52, 4, 5),
            (108_336.0_f64 / 2_598_960.0).log2(),
        );
        close(
            hypergeometric_lower_log2(1, 52, 4, 5),
            (1.0_f64 - 108_336.0 / 2_598_960.0).log2(),
        );
        close(
            hypergeometric_upper_log2(4, 52, 4, 5),
            (48.0_f64 / 2_598_960.0).log2(),
        );
    }

    #[test]
    fn far_tails_do_not_underflow() {
        // all n of n: exactly n log2 p
        close(binomial_upper_log2(100_000, 100_000, 0.25), -200_000.0);
        close(binomial_lower_log2(0, 100_000, 0.75), -200_000.0);
        // Poisson far above the mean: the first term times 1 + mean/(k+1) + ...
        let ln_first = 1000.0 * 0.001_f64.ln() - 0.001 - statrs::function::gamma::ln_gamma(1001.0);
        close(poisson_upper_log2(1000, 0.001), ln_first / LN_2);
        assert!(poisson_upper_log2(1000, 0.001) < -18_000.0);
        close(poisson_lower_log2(0, 50_000.0), -50_000.0 / LN_2);
        // the only way to draw all marked: 1 / C(2000, 1000)
        let ln_choose = statrs::function::gamma::ln_gamma(2001.0)
            - 2.0 * statrs::function::gamma::ln_gamma(1001.0);
        close(
            hypergeometric_upper_log2(1000, 2000, 1000, 1000),
            -ln_choose / LN_2,
        );
        // tiny chance: k log2 p + log2 C(n, k) to first order
        let ln_pairs = (1e6_f64 * (1e6 - 1.0) / 2.0).ln();
        close(
            binomial_upper_log2(2, 1_000_000, 1e-160),
            (ln_pairs + 2.0 * 1e-160_f64.ln()) / LN_2,
        );
    }

    #[test]
    fn agrees_with_statrs_near_the_mode() {
        for mean in [0.3, 4.0, 37.5, 900.0] {
            let poisson = Poisson::new(mean).expect("valid mean");
            for k in 1..1000_u64 {
                let expected = poisson.sf(k - 1);
                if expected > 1e-9 {
                    assert!(
                        (poisson_upper_log2(k, mean) - expected.log2()).abs() < 1e-6,
                        "{k} {mean}"
                    );
                }
                let lower = poisson.cdf(k);
                if lower > 1e-9 {
                    assert!(
                        (poisson_lower_log2(k, mean) - lower.log2()).abs() < 1e-6,
                        "{k} {mean}"
                    );
                }
            }
        }
        for p in [0.01, 0.4, 0.97] {
            let binomial = Binomial::new(p, 300).expect("valid chance");
            for k in 1..300_u64 {
                let expected = binomial.sf(k - 1);
                if expected > 1e-9 {
                    assert!(
                        (binomial_upper_log2(k, 300, p) - expected.log2()).abs() < 1e-6,
                        "{k} {p}"
                    );
                }
            }
        }
    }

    #[test]
    fn hypergeometric_tails_meet() {
        for k in 0..=30_u64 {
            let upper = hypergeometric_upper_log2(k + 1, 500, 120, 30).exp2();
            let lower = hypergeometric_lower_log2(k, 500, 120, 30).exp2();
            assert!(
                (upper + lower - 1.0).abs() < 1e-12,
                "{k}: {upper} + {lower}"
            );
        }
    }

    #[test]
    fn edges_and_bad_numbers() {
        close(poisson_upper_log2(0, 3.0), 0.0);
        close(poisson_upper_log2(5, f64::NAN), 0.0);
        close(poisson_upper_log2(5, f64::INFINITY), 0.0);
        close(binomial_upper_log2(1, 5, 1.0), 0.0);
        close(binomial_lower_log2(5, 5, 0.3), 0.0);
        close(hypergeometric_upper_log2(0, 0, 0, 0), 0.0);
        for impossible in [
            poisson_upper_log2(1, 0.0),
            poisson_lower_log2(1, f64::INFINITY),
            binomial_upper_log2(6, 5, 0.5),
            binomial_upper_log2(1, 5, 0.0),
            hypergeometric_upper_log2(3, 10, 2, 5),
            hypergeometric_lower_log2(0, 10, 8, 5),
        ] {
            assert!(impossible.is_infinite() && impossible < 0.0, "{impossible}");
        }
        // huge arguments end, and stay probabilities
        let huge = poisson_upper_log2(u64::MAX, 1e19);
        assert!(huge <= 0.0);
        let middle = poisson_upper_log2(1_000_000_000_000_001, 1e15);
        assert!((-2.0..=0.0).contains(&middle), "{middle}");
    }
}
