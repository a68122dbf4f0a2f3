//! Who is like whom: the groups within which accounts are exchangeable under the null.

use rustc_hash::FxHashMap;

/// The stratum of every unit, numbered from zero.
#[derive(Debug, Clone)]
pub struct Strata {
    /// Stratum of each unit.
    pub of_unit: Vec<u32>,
    /// Units in each stratum.
    pub sizes: Vec<u32>,
}

/// Activity is cut into this many equal parts: busy accounts use more keys and more
/// templates, so comparing them with idle ones would find links where there are none.
const ACTIVITY_PARTS: usize = 4;

/// Strata smaller than this are joined with the rest of their activity part: in a very
/// small stratum a campaign would be compared with itself.
const SMALLEST_STRATUM: u32 = 40;

/// A stratum in which the set is the majority cannot serve as its own control; without this
/// bound a campaign that fills a stratum would pass for the stratum's habit.
const LARGEST_SHARE: f64 = 0.5;

impl Strata {
    /// By activity, and by `place` where one is given (a number per unit).
    #[must_use]
    pub fn new(requests: &[u64], place: Option<&[u32]>) -> Self {
        // Accounts of equal activity stay together: bounds are values, not ranks.
        let mut sorted = requests.to_vec();
        sorted.sort_unstable();
        let bounds: Vec<u64> = (1..ACTIVITY_PARTS)
            .filter_map(|part| sorted.get(sorted.len() * part / ACTIVITY_PARTS).copied())
            .collect();
        let part: Vec<u32> = requests
            .iter()
            .map(|count| u32::try_from(bounds.partition_point(|bound| bound <= count)).unwrap_or(0))
            .collect();
        let mut keys: Vec<(u32, u32)> = part
            .iter()
            .enumerate()
            .map(|(unit, part)| {
                (
                    *part,
                    place
                        .and_then(|place| place.get(unit).copied())
                        .unwrap_or(0),
                )
            })
            .collect();
        let mut counts: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        for key in &keys {
            *counts.entry(*key).or_default() += 1;
        }
        for key in &mut keys {
            if counts.get(key).copied().unwrap_or(0) < SMALLEST_STRATUM {
                key.1 = u32::MAX;
            }
        }
        let mut distinct = keys.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let of_unit: Vec<u32> = keys
            .iter()
            .map(|key| u32::try_from(distinct.binary_search(key).unwrap_or(0)).unwrap_or(0))
            .collect();
        let mut sizes = vec![0_u32; distinct.len()];
        for stratum in &of_unit {
            sizes[*stratum as usize] += 1;
        }
        Self { of_unit, sizes }
    }

    /// Sum of `weights` (one per unit) in each stratum.
    #[must_use]
    pub fn totals(&self, weights: &[u32]) -> Vec<u64> {
        let mut totals = vec![0_u64; self.sizes.len()];
        for (stratum, weight) in self.of_unit.iter().zip(weights) {
            totals[*stratum as usize] += u64::from(*weight);
        }
        totals
    }

    /// For a set of units, the share of each stratum's weight it holds, at most [`LARGEST_SHARE`].
    #[must_use]
    pub fn shares(&self, units: &[u32], weights: &[u32], totals: &[u64]) -> Vec<f64> {
        let mut held = vec![0_u64; self.sizes.len()];
        for unit in units {
            if let Some(stratum) = self.of_unit.get(*unit as usize) {
                held[*stratum as usize] +=
                    u64::from(weights.get(*unit as usize).copied().unwrap_or(0));
            }
        }
        held.iter()
            .zip(totals)
            .map(|(held, total)| (*held as f64 / (*total).max(1) as f64).min(LARGEST_SHARE))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strata_cover_everyone_and_shares_add_up() {
        let requests: Vec<u64> = (0..400).collect();
        let place: Vec<u32> = (0..400).map(|unit| unit % 2).collect();
        let strata = Strata::new(&requests, Some(&place));
        assert_eq!(strata.sizes.iter().sum::<u32>(), 400);
        assert_eq!(strata.sizes.len(), 8);
        let all: Vec<u32> = (0..400).collect();
        assert!(
            strata
                .shares(&all, &[1; 400], &strata.totals(&[1; 400]))
                .iter()
                .all(|share| (*share - LARGEST_SHARE).abs() < 1e-12)
        );
        let few: Vec<u32> = (0..4).collect();
        assert!(
            (strata
                .shares(&few, &[1; 400], &strata.totals(&[1; 400]))
                .iter()
                .sum::<f64>()
                - 0.08)
                .abs()
                < 1e-12
        );
    }

    #[test]
    fn tiny_places_are_joined() {
        let requests: Vec<u64> = (0..100).collect();
        let place: Vec<u32> = (0..100).collect();
        assert_eq!(Strata::new(&requests, Some(&place)).sizes.len(), 4);
    }

    #[test]
    fn equal_activity_is_not_cut() {
        assert_eq!(Strata::new(&[1; 100], None).sizes, [100]);
    }
}
