//! An upper bound for the tail of a weighted sum of independent draws from known distributions.
//!
//! P(sum >= s) <= min over t >= 0 of exp(-t s) * product of E exp(t w X). The bound needs no
//! repetition, so it reaches tails that no permutation test could, and it errs on the side of
//! less evidence. It also holds for draws without replacement (W. Hoeffding, "Probability
//! Inequalities for Sums of Bounded Random Variables", 1963, theorem 4).
//! Source: H. Chernoff, "A Measure of Asymptotic Efficiency for Tests of a Hypothesis Based
//! on the Sum of Observations", 1952.

use std::f64::consts::LN_2;

/// Steps of the search for the best exponent; each takes a third off the interval.
const SEARCH_STEPS: usize = 80;

/// Largest exponent tried, in units of one over the largest weight: beyond it the bound of a
/// sum at its maximum no longer moves in double precision.
const LARGEST_EXPONENT: f64 = 1e6;

/// A discrete distribution: values with their chances, which add up to one.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrete {
    points: Vec<(f64, f64)>,
}

impl Discrete {
    /// From values with counts; equal values may repeat. Without any count it is zero.
    #[must_use]
    pub fn from_counts(counts: &[(f64, u64)]) -> Self {
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        let points = if total == 0 {
            vec![(0.0, 1.0)]
        } else {
            counts
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(value, count)| (*value, *count as f64 / total as f64))
                .collect()
        };
        Self { points }
    }

    /// Expected value.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.points
            .iter()
            .map(|(value, chance)| value * chance)
            .sum()
    }

    /// ln E exp(t X).
    fn log_moment(&self, t: f64) -> f64 {
        let top = self
            .points
            .iter()
            .map(|(value, _)| t * value)
            .fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = self
            .points
            .iter()
            .map(|(value, chance)| chance * (t * value - top).exp())
            .sum();
        top + sum.ln()
    }
}

/// One draw of the sum: how often it is weighed, from which distribution, and how many such draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// Weight, positive.
    pub weight: f64,
    /// Position in the list of distributions.
    pub distribution: usize,
    /// Equal draws.
    pub count: u64,
}

/// log2 of an upper bound of P(sum of weight * X >= `observed`); 0 where the observed value
/// is no larger than expected.
#[must_use]
pub fn upper_tail_log2(observed: f64, terms: &[Term], distributions: &[Discrete]) -> f64 {
    let largest = terms.iter().map(|term| term.weight).fold(0.0, f64::max);
    if !observed.is_finite() || !largest.is_finite() || largest <= 0.0 {
        return 0.0;
    }
    let expected: f64 = terms
        .iter()
        .filter_map(|term| {
            let distribution = distributions.get(term.distribution)?;
            Some(term.weight * term.count as f64 * distribution.mean())
        })
        .sum();
    if observed <= expected {
        return 0.0;
    }
    // ln of the bound at exponent t; convex in t.
    let bound = |t: f64| -> f64 {
        let moments: f64 = terms
            .iter()
            .filter_map(|term| {
                let distribution = distributions.get(term.distribution)?;
                Some(term.count as f64 * distribution.log_moment(t * term.weight))
            })
            .sum();
        moments - t * observed
    };
    // The search runs over the logarithm of the exponent; every exponent gives a valid bound.
    let (mut low, mut high) = ((1e-9_f64).ln(), LARGEST_EXPONENT.ln());
    for _ in 0..SEARCH_STEPS {
        let left = low + (high - low) / 3.0;
        let right = high - (high - low) / 3.0;
        if bound(left.exp() / largest) <= bound(right.exp() / largest) {
            high = right;
        } else {
            low = left;
        }
    }
    let best = bound(((low + high) / 2.0).exp() / largest);
    if best.is_nan() {
        return 0.0;
    }
    (best / LN_2).min(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;
    use crate::stats::tail::binomial_upper_log2;

    fn coin(heads: u64, tails: u64) -> Discrete {
        Discrete::from_counts(&[(1.0, heads), (0.0, tails)])
    }

    #[test]
    fn known_answers_by_hand() {
        // All of ten fair coins: the bound is exact, 2^-10.
        let terms = [Term {
            weight: 1.0,
            distribution: 0,
            count: 10,
        }];
        let all = upper_tail_log2(10.0, &terms, &[coin(1, 1)]);
        assert!((all + 10.0).abs() < 1e-3, "{all}");
        // Eight of ten: n KL(0.8 || 0.5) = 10 (0.8 log2 1.6 + 0.2 log2 0.4).
        let eight = upper_tail_log2(8.0, &terms, &[coin(1, 1)]);
        let divergence = 10.0 * (0.8 * 1.6_f64.log2() + 0.2 * 0.4_f64.log2());
        assert!((eight + divergence).abs() < 1e-6, "{eight} {divergence}");
        // Weights only scale.
        let terms = [Term {
            weight: 37.0,
            distribution: 0,
            count: 10,
        }];
        assert!((upper_tail_log2(8.0 * 37.0, &terms, &[coin(1, 1)]) - eight).abs() < 1e-6);
        assert!(upper_tail_log2(5.0, &terms, &[coin(1, 1)]).abs() < 1e-12);
        assert!(upper_tail_log2(f64::NAN, &terms, &[coin(1, 1)]).abs() < 1e-12);
        assert!(upper_tail_log2(1.0, &[], &[]).abs() < 1e-12);
    }

    #[test]
    fn it_never_overstates_and_stays_close() {
        for k in 30..=100_u64 {
            let terms = [Term {
                weight: 1.0,
                distribution: 0,
                count: 100,
            }];
            let bound = upper_tail_log2(k as f64, &terms, &[coin(1, 4)]);
            let exact = binomial_upper_log2(k, 100, 0.2);
            assert!(bound >= exact - 1e-9, "{k}: {bound} {exact}");
            assert!(bound <= exact + 6.0, "{k}: {bound} {exact}");
        }
    }

    #[test]
    fn false_positives_stay_below_the_level() {
        let mut random = Random::new(5);
        let distributions = [
            coin(1, 3),
            Discrete::from_counts(&[(0.0, 5), (0.5, 3), (1.0, 2)]),
        ];
        let mut below = 0;
        for _ in 0..2_000 {
            let mut sum = 0.0;
            let mut terms = Vec::new();
            for draw in 0..30_u32 {
                let distribution = (draw % 2) as usize;
                let weight = 1.0 + f64::from(draw % 7);
                let point = random.unit_f64();
                let value = if distribution == 0 {
                    f64::from(point < 0.25)
                } else if point < 0.5 {
                    0.0
                } else if point < 0.8 {
                    0.5
                } else {
                    1.0
                };
                sum += weight * value;
                terms.push(Term {
                    weight,
                    distribution,
                    count: 1,
                });
            }
            below += u32::from(upper_tail_log2(sum, &terms, &distributions) <= -(20.0_f64.log2()));
        }
        assert!(below <= 100, "{below} of 2000 at the level of 5 %");
    }
}
