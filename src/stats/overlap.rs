//! Pairs of holders that have more keys in common than chance allows.
//!
//! Null model: keys fall to holders at random, every key keeping its number of holders and every
//! holder its number of keys. A key with k of all E holdings is then held by a and b both with the
//! chance d_a d_b k (k - 1) / E^2, where d is a holder's number of keys; the number of keys that a
//! and b have in common is close to a Poisson count with the sum of these as its mean
//! (M. E. J. Newman, S. H. Strogatz, D. J. Watts, "Random graphs with arbitrary degree distributions and their
//! applications", Phys. Rev. E 64, 2001, section IV, for the projection of two-mode graphs).
//!
//! Pairs are counted holder by holder, so that memory grows with the holdings and not with the
//! pairs.

use rayon::prelude::*;

use crate::stats::multiple::benjamini_hochberg_log2;
use crate::stats::tail::poisson_upper_log2;

/// Two holders and what they have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The smaller number.
    pub one: u32,
    /// The larger one.
    pub other: u32,
    /// Keys in common.
    pub common: u32,
    /// Evidence of these keys in bits: the rarer, the more.
    pub bits: f64,
    /// log2 of the chance of so many keys in common.
    pub p_log2: f64,
}

/// What makes a pair.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Keys with more holders are left out: they are places where strangers meet.
    pub most_holders: usize,
    /// False discovery rate over all pairs of holders (Benjamini-Hochberg).
    pub rate: f64,
    /// Bits beyond log2 of the number of holders that the keys in common must have.
    pub margin_bits: f64,
}

/// One key in common is what a household or an office has, and pairs are there for what is more.
const FEWEST_COMMON: usize = 2;

/// Chance that two accounts of one owner hold the same soft key (Fellegi-Sunter m; ours, as
/// in the research of record linkage for keys that change).
const KEPT: f64 = 0.5;

/// The pairs with at least two keys in common that are kept at `asked.rate` and have the bits,
/// ascending. `groups` are the holders of each key, ascending; `singles` says for each holder how
/// many keys it holds alone, and by its length how many holders there are.
///
/// Pairs that have too few bits are counted as if nothing spoke for them, which keeps fewer of the rest.
#[must_use]
pub fn significant_pairs(groups: &[&[u32]], singles: &[u32], asked: Asked) -> Vec<Pair> {
    let usable = || {
        groups
            .iter()
            .filter(|group| (2..=asked.most_holders).contains(&group.len()))
    };
    let mut keys_of: Vec<Vec<u32>> = vec![Vec::new(); singles.len()];
    for (number, group) in (0_u32..).zip(usable()) {
        for holder in *group {
            if let Some(keys) = keys_of.get_mut(*holder as usize) {
                keys.push(number);
            }
        }
    }
    let usable: Vec<&[u32]> = usable().copied().collect();
    let degree = |holder: u32| {
        let at = holder as usize;
        let shared = keys_of.get(at).map_or(0, Vec::len);
        shared as f64 + f64::from(singles.get(at).copied().unwrap_or(0))
    };
    let holders = (0_u32..)
        .zip(singles)
        .filter(|(holder, _)| degree(*holder) > 0.0)
        .count() as f64;
    let holdings: f64 = (0_u32..)
        .zip(singles)
        .map(|(holder, _)| degree(holder))
        .sum();
    let meetings: f64 = usable
        .iter()
        .map(|group| group.len() as f64 * (group.len() as f64 - 1.0))
        .sum();
    let bits: Vec<f64> = usable
        .iter()
        .map(|group| (KEPT * holders / group.len() as f64).log2().max(0.0))
        .collect();
    let wanted = holders.log2() + asked.margin_bits;
    let mut pairs: Vec<Pair> = keys_of
        .par_iter()
        .enumerate()
        .flat_map_iter(|(one, keys)| {
            let one = u32::try_from(one).unwrap_or(u32::MAX);
            let mut met: Vec<(u32, u32)> = keys
                .iter()
                .filter_map(|key| Some((key, usable.get(*key as usize)?)))
                .flat_map(|(key, group)| group.iter().map(move |other| (*other, *key)))
                .filter(|(other, _)| *other > one)
                .collect();
            met.sort_unstable();
            met.chunk_by(|a, b| a.0 == b.0)
                .filter(|run| run.len() >= FEWEST_COMMON)
                .filter_map(|run| {
                    let other = run.first()?.0;
                    let bits: f64 = run
                        .iter()
                        .filter_map(|(_, key)| bits.get(*key as usize))
                        .sum();
                    if bits < wanted {
                        return None;
                    }
                    let mean = degree(one) * degree(other) * meetings / (holdings * holdings);
                    Some(Pair {
                        one,
                        other,
                        common: u32::try_from(run.len()).unwrap_or(u32::MAX),
                        bits,
                        p_log2: poisson_upper_log2(run.len() as u64, mean),
                    })
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let all = (holders * (holders - 1.0) / 2.0).max(0.0) as u64;
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_log2).collect();
    let accepted = benjamini_hochberg_log2(&p_values, all, asked.rate);
    pairs.retain(|pair| accepted.count > 0 && pair.p_log2 <= accepted.threshold_log2);
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    const ASKED: Asked = Asked {
        most_holders: 50,
        rate: 0.01,
        margin_bits: 6.0,
    };

    /// Holders by key, from keys by holder; keys of one holder are counted as singles.
    fn world(keys_of: &[Vec<u32>]) -> (Vec<Vec<u32>>, Vec<u32>) {
        let most = keys_of
            .iter()
            .flatten()
            .max()
            .map_or(0, |key| *key as usize + 1);
        let mut groups = vec![Vec::new(); most];
        for (holder, keys) in (0..).zip(keys_of) {
            for key in keys {
                groups[*key as usize].push(holder);
            }
        }
        let mut singles = vec![0; keys_of.len()];
        for group in groups.iter().filter(|group| group.len() == 1) {
            singles[group[0] as usize] += 1;
        }
        groups.retain(|group| group.len() > 1);
        (groups, singles)
    }

    fn pairs(keys_of: &[Vec<u32>], asked: Asked) -> Vec<Pair> {
        let (groups, singles) = world(keys_of);
        let groups: Vec<&[u32]> = groups.iter().map(Vec::as_slice).collect();
        significant_pairs(&groups, &singles, asked)
    }

    fn random_keys(holders: usize, each: u64, kinds: u64, seed: u64) -> Vec<Vec<u32>> {
        let mut random = Random::new(seed);
        (0..holders)
            .map(|_| {
                let mut keys: Vec<u32> = (0..each)
                    .map(|_| u32::try_from(random.below(kinds)).unwrap())
                    .collect();
                keys.sort_unstable();
                keys.dedup();
                keys
            })
            .collect()
    }

    #[test]
    fn a_pair_with_keys_of_its_own_is_found_among_strangers() {
        let mut keys_of = random_keys(2_000, 6, 40_000, 1);
        keys_of[10].extend([50_001, 50_002, 50_003]);
        keys_of[700].extend([50_001, 50_002, 50_003]);
        let found = pairs(&keys_of, ASKED);
        let planted = found
            .iter()
            .find(|pair| (pair.one, pair.other) == (10, 700));
        let planted = planted.unwrap();
        assert_eq!(planted.common, 3);
        // Three keys of two holders each: 3 log2(0.5 * 2000 / 2), about 26.9 bits.
        assert!((planted.bits - 3.0 * 500_f64.log2()).abs() < 0.1);
        // d = 9 each, E about 12,000, sum of k (k - 1) about 1,800: a mean of 0.001, p about 2^-31.
        assert!(
            (-35.0..-28.0).contains(&planted.p_log2),
            "{}",
            planted.p_log2
        );
    }

    #[test]
    fn chance_gives_no_pairs() {
        // Twenty crowds in which two holders often have a key in common, and some have two.
        let found: usize = (0..20)
            .map(|seed| pairs(&random_keys(1_000, 10, 4_000, seed), ASKED).len())
            .sum();
        assert!(found <= 1, "{found}");
        // Who holds very many keys meets others twice, and that is no evidence.
        let mut keys_of = random_keys(1_000, 5, 4_000, 5);
        keys_of[0] = (0..2_000).collect();
        assert_eq!(pairs(&keys_of, ASKED), []);
    }

    #[test]
    fn crowded_keys_and_single_ones_make_no_pair() {
        let crowd: Vec<Vec<u32>> = (0..1_000)
            .map(|holder| {
                if holder < 60 {
                    vec![0, 1, 2, holder + 10]
                } else {
                    vec![holder + 10]
                }
            })
            .collect();
        assert_eq!(pairs(&crowd, ASKED), []);
        let one: Vec<Vec<u32>> = (0..1_000).map(|holder| vec![holder / 2]).collect();
        assert_eq!(pairs(&one, ASKED), []);
        assert_eq!(pairs(&[], ASKED), []);
        assert_eq!(pairs(&[vec![], vec![]], ASKED), []);
    }
}
