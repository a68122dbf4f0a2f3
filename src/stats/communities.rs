//! Communities of a graph of pairs: its components, and of the large ones the parts that hang
//! together much more closely than with each other.
//!
//! Source: V. A. Traag, L. Waltman, N. J. van Eck, "From Louvain to Leiden: guaranteeing
//! well-connected communities", Scientific Reports 9, 2019, with the configuration null of Reichardt and
//! Bornholdt (2006). Modularity alone cuts chains and thin networks into pieces; such pieces are put together again.

use std::collections::BTreeMap;

use leiden_rs::{GraphDataBuilder, Leiden, LeidenConfig, QualityType};

use crate::stats::components::Components;

/// Components of at most so many members are one community (ours: up to here an analyst reads
/// the pairs themselves).
const WHOLE: usize = 40;

/// A part stands alone if the pairs that lead out of it have at most this share of the weight of
/// those within (ours).
const OUTWARD_SHARE: f64 = 0.1;

/// Pairs for each member that a part must have to stand alone: a tree or a chain has one, and there no place
/// to cut is better than another (ours).
const PAIRS_PER_MEMBER: f64 = 1.5;

/// Two members and the weight of what ties them.
pub type Tie = (u32, u32, f64);

/// The communities among `0..members`, each ascending, by their first member; members
/// without ties are in none. Those of one list of `together` that are in one component come into
/// one community.
#[must_use]
pub fn communities(members: u32, ties: &[Tie], together: &[Vec<u32>], seed: u64) -> Vec<Vec<u32>> {
    let mut ties = ties.to_vec();
    ties.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    let mut components = Components::new(members);
    for (one, other, _) in &ties {
        components.link(*one, *other);
    }
    let mut of: BTreeMap<u32, Vec<Tie>> = BTreeMap::new();
    for tie in &ties {
        of.entry(components.label(tie.0)).or_default().push(*tie);
    }
    let total: f64 = ties.iter().map(|(_, _, weight)| weight).sum();
    let mut found: Vec<Vec<u32>> = of
        .into_values()
        .flat_map(|ties| parts(&ties, together, total, seed))
        .collect();
    found.sort_unstable();
    found
}

/// The communities of one component.
fn parts(ties: &[Tie], together: &[Vec<u32>], total: f64, seed: u64) -> Vec<Vec<u32>> {
    let mut members: Vec<u32> = ties.iter().flat_map(|tie| [tie.0, tie.1]).collect();
    members.sort_unstable();
    members.dedup();
    if members.len() <= WHOLE {
        return vec![members];
    }
    let place = |member: u32| members.binary_search(&member).ok();
    let local: Vec<(usize, usize, f64)> = ties
        .iter()
        .filter_map(|(one, other, weight)| Some((place(*one)?, place(*other)?, *weight)))
        .collect();
    let weight: f64 = local.iter().map(|(_, _, weight)| weight).sum();
    // At the scale of the whole graph, so that a component is not cut finer for being alone.
    let Some(labels) = cut(members.len(), &local, weight / total.max(weight), seed) else {
        return vec![members];
    };
    let size = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let mut joined = Components::new(size);
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let mut first_of: BTreeMap<usize, u32> = BTreeMap::new();
    for (at, label) in labels.iter().enumerate() {
        let first = *first_of.entry(*label).or_insert(number(at));
        joined.link(first, number(at));
    }
    for list in together {
        let mut inside = list.iter().filter_map(|member| place(*member));
        if let Some(first) = inside.next() {
            inside.for_each(|other| {
                joined.link(number(first), number(other));
            });
        }
    }
    loop {
        let unfit = unfit(&local, &mut joined);
        if unfit.is_empty() {
            break;
        }
        for (part, neighbour) in unfit {
            joined.link(part, neighbour);
        }
    }
    let mut communities: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (at, member) in (0_u32..).zip(&members) {
        communities
            .entry(joined.label(at))
            .or_default()
            .push(*member);
    }
    communities.into_values().collect()
}

/// Labels of the members by the algorithm of Leiden; none where it cannot run.
fn cut(
    members: usize,
    ties: &[(usize, usize, f64)],
    resolution: f64,
    seed: u64,
) -> Option<Vec<usize>> {
    let mut graph = GraphDataBuilder::new(members);
    for (one, other, weight) in ties {
        graph.add_edge(*one, *other, *weight).ok()?;
    }
    let settings = LeidenConfig {
        resolution,
        seed: Some(seed),
        quality: QualityType::RBConfiguration,
        ..LeidenConfig::default()
    };
    let found = Leiden::new(settings).run(&graph.build().ok()?).ok()?;
    Some(found.partition.as_slice().to_vec())
}

/// What a part is made of.
#[derive(Default)]
struct Part {
    members: usize,
    pairs: usize,
    inside: f64,
    outward: BTreeMap<u32, f64>,
}

/// The parts that do not stand alone, each with the part that most leads to.
fn unfit(ties: &[(usize, usize, f64)], joined: &mut Components) -> Vec<(u32, u32)> {
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for member in 0..u32::try_from(joined.size()).unwrap_or(u32::MAX) {
        parts.entry(joined.label(member)).or_default().members += 1;
    }
    for (one, other, weight) in ties {
        let mut label = |place: usize| joined.label(u32::try_from(place).unwrap_or(u32::MAX));
        let (a, b) = (label(*one), label(*other));
        if a == b {
            let part = parts.entry(a).or_default();
            part.pairs += 1;
            part.inside += weight;
        } else {
            for (own, there) in [(a, b), (b, a)] {
                let outward = &mut parts.entry(own).or_default().outward;
                *outward.entry(there).or_default() += weight;
            }
        }
    }
    parts
        .into_iter()
        .filter_map(|(label, part)| {
            let outward: f64 = part.outward.values().sum();
            let is_thin = (part.pairs as f64) < PAIRS_PER_MEMBER * part.members as f64;
            if !is_thin && outward <= OUTWARD_SHARE * part.inside {
                return None;
            }
            let most = part
                .outward
                .into_iter()
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
            Some((label, most.0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// `size` members from `first` on, each tied to `each` random others among them.
    fn crowd(first: u32, size: u32, each: u64, seed: u64) -> Vec<Tie> {
        let mut random = Random::new(seed);
        let mut ties: Vec<Tie> = (0..size)
            .flat_map(|member| (0..each).map(move |_| member))
            .map(|member| {
                let other = u32::try_from(random.below(u64::from(size))).unwrap();
                (first + member.min(other), first + member.max(other), 20.0)
            })
            .filter(|tie| tie.0 != tie.1)
            .collect();
        ties.sort_by_key(|tie| (tie.0, tie.1));
        ties.dedup();
        ties
    }

    #[test]
    fn two_networks_with_a_pair_in_common_are_two() {
        let mut ties = crowd(0, 60, 4, 1);
        ties.extend(crowd(60, 80, 4, 2));
        ties.push((3, 70, 20.0));
        let found = communities(200, &ties, &[], 7);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (0..60).collect::<Vec<u32>>());
        assert_eq!(found[1], (60..140).collect::<Vec<u32>>());
        // A payer of both puts them together.
        assert_eq!(communities(200, &ties, &[vec![5, 100, 199]], 7).len(), 1);
    }

    #[test]
    fn chains_and_thin_networks_are_not_cut() {
        let chain: Vec<Tie> = (0..999).map(|member| (member, member + 1, 18.0)).collect();
        assert_eq!(communities(1_000, &chain, &[], 7).len(), 1);
        let thin = crowd(0, 300, 2, 3);
        let found = communities(300, &thin, &[], 7);
        let mut components = Components::new(300);
        let merges = thin
            .iter()
            .filter(|tie| components.link(tie.0, tie.1))
            .count();
        assert!(merges > 250);
        assert_eq!(
            found.iter().map(|part| part.len() - 1).sum::<usize>(),
            merges
        );
        let ring: Vec<Tie> = (0..100)
            .map(|member| (member, (member + 1) % 100, 18.0))
            .collect();
        assert_eq!(communities(100, &ring, &[], 7).len(), 1);
    }

    #[test]
    fn the_same_whatever_the_order_of_the_pairs() {
        let mut ties = crowd(0, 100, 5, 4);
        ties.extend(crowd(100, 100, 5, 5));
        ties.extend([(0, 150, 20.0), (20, 130, 20.0)]);
        let found = communities(200, &ties, &[], 7);
        let mut random = Random::new(9);
        for _ in 0..5 {
            random.shuffle(&mut ties);
            assert_eq!(communities(200, &ties, &[], 7), found);
        }
        assert_eq!(
            communities(5, &[], &[vec![1, 2]], 7),
            Vec::<Vec<u32>>::new()
        );
    }
}
