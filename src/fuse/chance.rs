//! What chance would give: the null behind every corroboration, for one layer.
//!
//! The accounts of a group are as if drawn at random among accounts of their stratum, each
//! as often as it holds keys of the layer, while every key keeps its number of accounts.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::fuse::incidence::UnitLayer;
use crate::fuse::strata::Strata;
use crate::stats::tail::poisson_upper_log2;

/// What is needed to know what chance would give for one layer.
pub(crate) struct Background<'a> {
    /// Who is like whom.
    pub(crate) strata: &'a Strata,
    /// Keys of this layer by unit, and their sum by stratum: an account with many keys meets
    /// others more often, so chances go by keys held, not by accounts.
    weights: Vec<u32>,
    totals: Vec<u64>,
    /// Small groups by their composition over strata, with how often each composition occurs.
    compositions: Vec<(Vec<(u32, u32)>, f64)>,
    /// Pairs of members of small groups, for a quick bound.
    pairs: PairCounts,
    /// The large groups by their composition: summing over the members of one for each small
    /// group that touches it would cost members times groups.
    large: BTreeMap<usize, Vec<(u32, u32)>>,
}

/// How many of the units lie in each stratum that holds any.
fn composition_of(members: &[u32], strata: &Strata) -> Vec<(u32, u32)> {
    let mut places: Vec<u32> = members
        .iter()
        .filter_map(|unit| strata.of_unit.get(*unit as usize).copied())
        .collect();
    places.sort_unstable();
    places
        .chunk_by(|a, b| a == b)
        .filter_map(|run| Some((*run.first()?, u32::try_from(run.len()).unwrap_or(u32::MAX))))
        .collect()
}

/// Expected number of the units of a composition inside a set with these shares.
fn expected_inside(composition: &[(u32, u32)], shares: &[f64]) -> f64 {
    composition
        .iter()
        .map(|(stratum, count)| {
            f64::from(*count) * shares.get(*stratum as usize).copied().unwrap_or(0.0)
        })
        .sum()
}

impl<'a> Background<'a> {
    pub(crate) fn new(layer: &UnitLayer, strata: &'a Strata, hub_degree: usize) -> Self {
        let mut counts: FxHashMap<Vec<(u32, u32)>, f64> = FxHashMap::default();
        let mut large = BTreeMap::new();
        for group in 0..layer.groups.len() {
            let members = layer.groups.get(group);
            if members.len() > hub_degree {
                large.insert(group, composition_of(members, strata));
            } else if !layer.crowded.get(group).copied().unwrap_or(false) {
                *counts.entry(composition_of(members, strata)).or_default() += 1.0;
            }
        }
        let mut compositions: Vec<(Vec<(u32, u32)>, f64)> = counts.into_iter().collect();
        compositions.sort_by(|a, b| a.0.cmp(&b.0));
        let weights: Vec<u32> = (0..layer.of_unit.len())
            .map(|unit| {
                let usable =
                    |key: &&u32| !layer.crowded.get(**key as usize).copied().unwrap_or(false);
                let shared = layer.of_unit.get(unit).iter().filter(usable).count();
                u32::try_from(shared)
                    .unwrap_or(u32::MAX)
                    .saturating_add(layer.singles.get(unit).copied().unwrap_or(0))
            })
            .collect();
        let totals = strata.totals(&weights);
        let pairs = PairCounts::new(&compositions, strata.sizes.len());
        Self {
            strata,
            weights,
            totals,
            compositions,
            pairs,
            large,
        }
    }

    /// Expected number of the units of a group, given by its number and its members, inside a set
    /// with these shares.
    pub(crate) fn expected_units(&self, group: usize, members: &[u32], shares: &[f64]) -> f64 {
        match self.large.get(&group) {
            Some(composition) => expected_inside(composition, shares),
            None => expected_inside(&composition_of(members, self.strata), shares),
        }
    }

    pub(crate) fn shares(&self, members: &[u32]) -> Vec<f64> {
        self.strata.shares(members, &self.weights, &self.totals)
    }

    /// Expected number of groups with enough members inside a set with these shares: of small
    /// groups, and where large ones are counted, of these as well.
    pub(crate) fn expected_keys(&self, shares: &[f64], enough: Enough) -> f64 {
        let large = match enough {
            Enough::Two => 0.0,
            Enough::Most | Enough::MostOfMany => self.expected_large(shares, enough),
        };
        let mut chances = Vec::new();
        large + self.expected_small(shares, enough, &mut chances)
    }

    /// A Poisson tail bounds the chance of each, as in an overlap (Hoeffding 1956).
    fn expected_large(&self, shares: &[f64], enough: Enough) -> f64 {
        self.large
            .values()
            .map(|composition| {
                let members: u32 = composition.iter().map(|(_, count)| count).sum();
                let inside = enough.of(members as usize) as u64;
                poisson_upper_log2(inside, expected_inside(composition, shares)).exp2()
            })
            .sum()
    }

    fn expected_small(&self, shares: &[f64], enough: Enough, chances: &mut Vec<f64>) -> f64 {
        self.compositions
            .iter()
            .map(|(composition, count)| {
                let members: u32 = composition.iter().map(|(_, count)| count).sum();
                count * at_least(enough.of(members as usize), composition, shares, chances)
            })
            .sum()
    }

    /// A lower bound of [`Self::expected_keys`], cheap: nearly every test fails already
    /// against it, and only the others need the exact sum over all compositions.
    pub(crate) fn expected_keys_at_least(&self, shares: &[f64], enough: Enough) -> f64 {
        self.pairs.bound(shares, enough)
    }
}

/// Largest size of the groups of each class of [`PairCounts`].
const SIZE_CLASSES: [usize; 5] = [2, 3, 5, 10, 50];

/// How many pairs of members of the layer's small groups lie in each pair of strata, by the
/// size of the group.
///
/// With independent members, let S1, S2 and S3 be the sums of the chances of single members,
/// pairs and triples to be inside. Bonferroni's inequality gives P(two or more) >= S2 - 2 S3,
/// and S3 <= S1 S2 / 3, so P >= S2 (1 - 2 S1 / 3), where S1 is at most the group's size
/// times the largest share.
struct PairCounts {
    strata: usize,
    /// One table per size class, row by row; the first index is the smaller.
    by_class: Vec<Vec<f64>>,
}

/// More strata than this (a log with very many countries) and the bound is not worth its memory.
const MOST_STRATA: usize = 1024;

impl PairCounts {
    fn new(compositions: &[(Vec<(u32, u32)>, f64)], strata: usize) -> Self {
        if strata > MOST_STRATA {
            return Self {
                strata,
                by_class: Vec::new(),
            };
        }
        let mut by_class = vec![Vec::new(); SIZE_CLASSES.len()];
        for (composition, count) in compositions {
            let members: u32 = composition.iter().map(|(_, count)| count).sum();
            let class = SIZE_CLASSES.partition_point(|size| *size < members as usize);
            // Larger groups than the last class are left out, which keeps it a lower bound.
            let Some(table) = by_class.get_mut(class) else {
                continue;
            };
            if table.is_empty() {
                table.resize(strata * strata, 0.0);
            }
            for (position, (first, of_first)) in composition.iter().enumerate() {
                let of_first = f64::from(*of_first);
                let row = *first as usize * strata;
                table[row + *first as usize] += count * of_first * (of_first - 1.0) / 2.0;
                for (second, of_second) in composition.iter().skip(position + 1) {
                    table[row + *second as usize] += count * of_first * f64::from(*of_second);
                }
            }
        }
        Self { strata, by_class }
    }

    fn bound(&self, shares: &[f64], enough: Enough) -> f64 {
        let touched: Vec<(usize, f64)> = shares
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, share)| *share > 0.0)
            .collect();
        let largest = shares.iter().copied().fold(0.0, f64::max);
        // Four fifths of two members are two; larger groups are left to the exact sum.
        let classes = match enough {
            Enough::Two => self.by_class.len(),
            Enough::Most => self.by_class.len().min(1),
            Enough::MostOfMany => 0,
        };
        let mut bound = 0.0;
        for (table, size) in self.by_class.iter().zip(SIZE_CLASSES).take(classes) {
            let factor = if size == 2 {
                1.0
            } else {
                1.0 - 2.0 / 3.0 * size as f64 * largest
            };
            if table.is_empty() || factor <= 0.0 {
                continue;
            }
            let mut pairs = 0.0;
            for (position, (first, of_first)) in touched.iter().enumerate() {
                let row = table.get(first * self.strata..).unwrap_or_default();
                let inner: f64 = touched
                    .iter()
                    .skip(position)
                    .map(|(second, of_second)| row.get(*second).copied().unwrap_or(0.0) * of_second)
                    .sum();
                pairs += inner * of_first;
            }
            bound += pairs * factor;
        }
        bound
    }
}

/// How many members of a key must be inside a group for the key to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enough {
    /// Two: the sensitive choice while the group is a small part of the log.
    Two,
    /// Four fifths, however many that are: where the group is a large part of the log, two members
    /// of a key are inside by chance, but hardly ever nearly all of them.
    Most,
    /// Four fifths, and six: among thousands of addresses two neighbours are in one group by
    /// chance now and then, and a count of keys would drown a few whose accounts are all in it.
    MostOfMany,
}

/// See [`Enough::MostOfMany`] (ours: more than a household).
const MANY: usize = 6;

impl Enough {
    /// All ways to count.
    pub(crate) const ALL: [Enough; 3] = [Enough::Two, Enough::Most, Enough::MostOfMany];

    /// The number, for a key of so many members.
    pub(crate) fn of(self, members: usize) -> usize {
        match self {
            Enough::Two => 2,
            Enough::Most => (members * 4).div_ceil(5).max(2),
            Enough::MostOfMany => (members * 4).div_ceil(5).max(MANY),
        }
    }
}

/// Chance that `enough` or more members fall inside, each independently with its stratum's
/// share. `chances` is scratch space.
fn at_least(
    enough: usize,
    composition: &[(u32, u32)],
    shares: &[f64],
    chances: &mut Vec<f64>,
) -> f64 {
    // chances[i] = chance of exactly i inside so far, for i < enough.
    chances.clear();
    chances.resize(enough, 0.0);
    if let Some(none) = chances.first_mut() {
        *none = 1.0;
    }
    for (stratum, count) in composition {
        let share = shares.get(*stratum as usize).copied().unwrap_or(0.0);
        if share <= 0.0 {
            continue;
        }
        for _ in 0..*count {
            for inside in (1..enough).rev() {
                chances[inside] = chances[inside] * (1.0 - share) + chances[inside - 1] * share;
            }
            if let Some(none) = chances.first_mut() {
                *none *= 1.0 - share;
            }
        }
    }
    (1.0 - chances.iter().sum::<f64>()).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_of_enough_members_is_binomial() {
        let chance = |enough, composition: &[(u32, u32)], shares: &[f64]| {
            at_least(enough, composition, shares, &mut Vec::new())
        };
        // Three of one stratum at a half: P(>=2) = 1/2; P(3) = 1/8.
        assert!((chance(2, &[(0, 3)], &[0.5]) - 0.5).abs() < 1e-12);
        assert!((chance(3, &[(0, 3)], &[0.5]) - 0.125).abs() < 1e-12);
        assert!((chance(2, &[(0, 1), (1, 1)], &[0.5, 0.2]) - 0.1).abs() < 1e-12);
        assert!(chance(2, &[(0, 5)], &[0.0]).abs() < 1e-12);
    }

    #[test]
    fn the_quick_bound_never_exceeds_the_exact_sum_and_is_close_for_small_shares() {
        let mut random = crate::stats::random::Random::new(5);
        for strata in [1_usize, 4, 30] {
            let compositions: Vec<(Vec<(u32, u32)>, f64)> = (0..200)
                .map(|_| {
                    let members = 2 + random.below(40);
                    let mut places: Vec<u32> = (0..members)
                        .map(|_| u32::try_from(random.below(strata as u64)).unwrap())
                        .collect();
                    places.sort_unstable();
                    let composition = places
                        .chunk_by(|a, b| a == b)
                        .map(|run| (run[0], u32::try_from(run.len()).unwrap()))
                        .collect();
                    (composition, 1.0 + random.below(5) as f64)
                })
                .collect();
            for scale in [0.001, 0.02, 0.5] {
                let shares: Vec<f64> = (0..strata)
                    .map(|_| scale * random.below(1000) as f64 / 1000.0)
                    .collect();
                for enough in Enough::ALL {
                    let mut scratch = Vec::new();
                    let exact: f64 = compositions
                        .iter()
                        .map(|(composition, count)| {
                            let members: u32 = composition.iter().map(|one| one.1).sum();
                            let enough = enough.of(members as usize);
                            count * at_least(enough, composition, &shares, &mut scratch)
                        })
                        .sum();
                    let bound = PairCounts::new(&compositions, strata).bound(&shares, enough);
                    assert!(bound <= exact * (1.0 + 1e-9), "{bound} > {exact}");
                    if scale < 0.01 && enough == Enough::Two {
                        assert!(bound >= 0.9 * exact, "{bound} far below {exact}");
                    }
                }
            }
        }
    }
}
