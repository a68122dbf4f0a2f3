//! Random bipartite graphs with the same degrees: what links would look like by chance
//! if every account and every key kept its number of links.
//!
//! Each step draws two links (a, x) and (b, y) and crosses them to (a, y) and (b, x) unless
//! one of those exists; a refused step counts as a step, which keeps the draw uniform.
//! Sources: R. Milo et al., "On the uniform generation of random graphs with prescribed
//! degree sequences", 2003; G. Strona et al., Nat. Commun. 5:4114, 2014.

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use crate::stats::random::Random;

/// Attempted crossings per link: each link is drawn ten times on average. Chosen for speed;
/// Milo 2003 finds 100 more than adequate, and 5 already leave no trace in the tests below.
pub const ATTEMPTS_PER_LINK: u64 = 5;

fn packed((account, key): (u32, u32)) -> u64 {
    u64::from(account) << 32 | u64::from(key)
}

/// The links rewired with every account's and every key's degree kept, sorted and without
/// duplicates (a link given twice counts once). The order of the input does not matter.
#[must_use]
pub fn rewire(links: &[(u32, u32)], seed: u64) -> Vec<(u32, u32)> {
    let mut rewired = links.to_vec();
    rewired.sort_unstable();
    rewired.dedup();
    let count = rewired.len() as u64;
    let mut present: HashSet<u64, FxBuildHasher> = rewired.iter().copied().map(packed).collect();
    let mut random = Random::for_purpose(seed, "rewire");
    for _ in 0..count.saturating_mul(ATTEMPTS_PER_LINK) {
        let first = random.below(count) as usize;
        let second = random.below(count) as usize;
        let (Some(&(a, x)), Some(&(b, y))) = (rewired.get(first), rewired.get(second)) else {
            continue;
        };
        if a == b || x == y {
            continue;
        }
        let (cross_first, cross_second) = ((a, y), (b, x));
        if present.contains(&packed(cross_first)) || present.contains(&packed(cross_second)) {
            continue;
        }
        present.remove(&packed((a, x)));
        present.remove(&packed((b, y)));
        present.insert(packed(cross_first));
        present.insert(packed(cross_second));
        if let Some(slot) = rewired.get_mut(first) {
            *slot = cross_first;
        }
        if let Some(slot) = rewired.get_mut(second) {
            *slot = cross_second;
        }
    }
    rewired.sort_unstable();
    rewired
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
    fn nothing_to_cross() {
        assert!(rewire(&[], 1).is_empty());
        assert_eq!(rewire(&[(3, 4)], 1), vec![(3, 4)]);
        let star = [(0, 0), (0, 1), (0, 2)];
        assert_eq!(rewire(&star, 1), star);
    }
}
