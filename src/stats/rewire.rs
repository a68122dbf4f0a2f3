//! Random bipartite graphs with the same degrees: what links would look like by chance
//! if every account and every key kept its number of links.
//!
//! The ends of all links are shuffled, which draws uniformly among all pairings of the ends
//! (the configuration model); links that come out double are then crossed with links drawn at
//! random until none is left. Sources: M. Molloy and B. Reed, "A critical point for random
//! graphs with a given degree sequence", 1995; R. Milo et al., "On the uniform generation of
//! random graphs with prescribed degree sequences", 2003 (the repair by crossing).

use std::ops::Range;

use crate::stats::random::Random;

/// Rounds of random crossing before the few links that are still double are crossed one by
/// one with the first link that allows it. Each round leaves about the share of links that
/// a random link would double, so that only nearly complete graphs get this far.
const MOST_ROUNDS: usize = 50;

/// Passes over all links that crossing one by one may cost.
const MOST_PASSES: usize = 50;

/// Looks at links that are always affordable, so that small graphs keep all of theirs.
const SMALL_EFFORT: usize = 2_000_000;

/// The links rewired with every account's and every key's degree kept, sorted and without
/// duplicates (a link given twice counts once). The order of the input does not matter.
///
/// Where no crossing can resolve a double link with a bounded effort (the graph is all but
/// complete), one of the two is left out.
#[must_use]
pub fn rewire(links: &[(u32, u32)], seed: u64) -> Vec<(u32, u32)> {
    let mut rewired = links.to_vec();
    rewired.sort_unstable();
    rewired.dedup();
    let mut random = Random::for_purpose(seed, "rewire");
    let mut ends: Vec<u32> = rewired.iter().map(|link| link.1).collect();
    random.shuffle(&mut ends);
    let rows = Rows::of(&rewired);
    rows.resolve(&mut ends, &mut random);
    for (link, end) in rewired.iter_mut().zip(ends) {
        link.1 = end;
    }
    rewired.dedup();
    rewired
}

/// Which stretch of the sorted links belongs to which first end.
struct Rows {
    ranges: Vec<Range<usize>>,
    of_link: Vec<u32>,
}

impl Rows {
    fn of(links: &[(u32, u32)]) -> Self {
        let mut ranges = Vec::new();
        let mut of_link = Vec::with_capacity(links.len());
        let mut start = 0;
        for row in links.chunk_by(|a, b| a.0 == b.0) {
            of_link.resize(
                start + row.len(),
                u32::try_from(ranges.len()).unwrap_or(u32::MAX),
            );
            ranges.push(start..start + row.len());
            start += row.len();
        }
        Self { ranges, of_link }
    }

    fn row<'e>(&self, ends: &'e mut [u32], row: u32) -> (usize, &'e mut [u32]) {
        let range = self.ranges.get(row as usize).cloned().unwrap_or_default();
        (range.start, ends.get_mut(range).unwrap_or_default())
    }

    /// Sorts these rows and gives the positions of double links.
    fn doubles(&self, ends: &mut [u32], rows: &[u32]) -> Vec<usize> {
        let mut doubles = Vec::new();
        for row in rows {
            let (start, row) = self.row(ends, *row);
            row.sort_unstable();
            doubles.extend(
                row.windows(2)
                    .enumerate()
                    .filter(|(_, pair)| pair.first() == pair.get(1))
                    .map(|(position, _)| start + position + 1),
            );
        }
        doubles
    }

    fn resolve(&self, ends: &mut [u32], random: &mut Random) {
        let mut pending: Vec<u32> = (0_u32..).zip(&self.ranges).map(|(row, _)| row).collect();
        for _ in 0..MOST_ROUNDS {
            let doubles = self.doubles(ends, &pending);
            if doubles.is_empty() {
                return;
            }
            pending.clear();
            for double in doubles {
                let partner = random.below(ends.len() as u64) as usize;
                ends.swap(double, partner);
                for touched in [double, partner] {
                    pending.extend(self.of_link.get(touched));
                }
            }
            pending.sort_unstable();
            pending.dedup();
        }
        // What is left is few links of rows that hold nearly every end. They are worth a bounded
        // effort: each search may look at all links, and there may be thousands.
        let mut effort = ends
            .len()
            .saturating_mul(MOST_PASSES)
            .saturating_add(SMALL_EFFORT);
        while effort > 0
            && let Some((double, partner)) = self
                .doubles(ends, &pending)
                .into_iter()
                .find_map(|double| Some((double, self.partner(ends, double, &mut effort)?)))
        {
            effort = effort.saturating_sub(
                pending
                    .iter()
                    .filter_map(|row| self.ranges.get(*row as usize))
                    .map(Range::len)
                    .sum(),
            );
            ends.swap(double, partner);
            pending.extend(self.of_link.get(partner));
            pending.sort_unstable();
            pending.dedup();
        }
        for row in pending {
            self.row(ends, row).1.sort_unstable();
        }
    }

    /// The first link with which a double one can be crossed without a new double; all rows are
    /// sorted. Takes what it looks at from `effort`.
    fn partner(&self, ends: &[u32], double: usize, effort: &mut usize) -> Option<usize> {
        let row = |link: usize| {
            let row = *self.of_link.get(link)? as usize;
            ends.get(self.ranges.get(row)?.clone())
        };
        let (own, end) = (row(double)?, *ends.get(double)?);
        let holds = |row: &[u32], end: &u32| row.binary_search(end).is_ok();
        (0..ends.len().min(*effort)).find(|partner| {
            *effort -= 1;
            ends.get(*partner).is_some_and(|other| !holds(own, other))
                && row(*partner).is_some_and(|theirs| !holds(theirs, &end))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn degrees(links: &[(u32, u32)]) -> (BTreeMap<u32, u32>, BTreeMap<u32, u32>) {
        let (mut accounts, mut keys) = (BTreeMap::new(), BTreeMap::new());
        for (account, key) in links {
            *accounts.entry(*account).or_default() += 1;
            *keys.entry(*key).or_default() += 1;
        }
        (accounts, keys)
    }

    fn sample() -> Vec<(u32, u32)> {
        let mut random = Random::new(11);
        let mut links: Vec<(u32, u32)> = (0..3000)
            .map(|_| (random.below(200) as u32, random.below(400) as u32))
            .collect();
        links.sort_unstable();
        links.dedup();
        links
    }

    #[test]
    fn degrees_stay_and_no_link_doubles() {
        let links = sample();
        let rewired = rewire(&links, 1);
        assert_eq!(degrees(&links), degrees(&rewired));
        assert!(rewired.windows(2).all(|pair| pair[0] < pair[1]));
        let kept = links
            .iter()
            .filter(|link| rewired.binary_search(link).is_ok())
            .count();
        // by chance about one link in 27 stays where it was
        assert!(kept < links.len() / 10, "{kept} of {}", links.len());
    }

    #[test]
    fn seed_decides_and_input_order_does_not() {
        let mut links = sample();
        let first = rewire(&links, 5);
        links.reverse();
        links.push(links[0]);
        assert_eq!(first, rewire(&links, 5));
        assert_ne!(first, rewire(&links, 6));
    }

    #[test]
    fn both_arrangements_of_a_square_come_up_equally() {
        let straight = [(0, 0), (1, 1)];
        let crossed = (0..1000)
            .filter(|seed| rewire(&straight, *seed) != straight)
            .count();
        assert!((420..580).contains(&crossed), "{crossed}");
    }

    #[test]
    fn a_nearly_complete_graph_loses_hardly_a_link() {
        // Nine in ten of all links exist, so most shuffled ends come out double.
        let mut random = Random::new(3);
        let links: Vec<(u32, u32)> = (0..20)
            .flat_map(|account| (0..20).map(move |key| (account, key)))
            .filter(|_| random.unit_f64() < 0.9)
            .collect();
        let runs = 50;
        let kept: usize = (0..runs)
            .map(|seed| {
                let rewired = rewire(&links, seed);
                assert!(rewired.windows(2).all(|pair| pair[0] < pair[1]));
                let (before, after) = (degrees(&links), degrees(&rewired));
                assert!(
                    after
                        .0
                        .iter()
                        .all(|(account, count)| count <= &before.0[account])
                );
                assert!(after.1.iter().all(|(key, count)| count <= &before.1[key]));
                rewired.len()
            })
            .sum();
        let lost = links.len() * runs as usize - kept;
        assert!(lost * 1000 <= links.len() * runs as usize, "{lost} lost");
    }

    #[test]
    fn nothing_to_cross() {
        assert!(rewire(&[], 1).is_empty());
        assert_eq!(rewire(&[(3, 4)], 1), vec![(3, 4)]);
        let star = [(0, 0), (0, 1), (0, 2)];
        assert_eq!(rewire(&star, 1), star);
    }
}
