//! The one test behind every link: do the accounts that share a key also share something
//! independent of it, more often than chance allows?
//!
//! Null model: the accounts of group *x* are as if drawn at random among accounts of equal
//! activity (and country, for addresses), each as often as it holds keys of the other family,
//! while every key keeps its number of accounts: both degree sequences are kept. Two statistics:
//!
//! * **many**: the number of small keys of the other family with two or more accounts
//!   inside the group that earlier keys had not tied together yet. Counting keys, not
//!   accounts or pairs, keeps one shared card of ten accounts from counting ten times, and
//!   two accounts with twenty addresses in common count once. Under the null close to Poisson; its mean is the sum
//!   over keys of the chance that two or more of their accounts fall inside.
//! * **overlap**: the number of accounts that one key of the other family has inside the
//!   group, against the sum of their chances to be inside (a Poisson-binomial, bounded by a
//!   Poisson tail).

use rayon::prelude::*;

use crate::config::Config;
use crate::fuse::chance::{Background, Enough};
use crate::fuse::incidence::UnitLayer;
use crate::fuse::strata::Strata;
use crate::model::finding::Family;
use crate::stats::components::Components;
use crate::stats::tail::poisson_upper_log2;

/// How the other family agrees with the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// Many small keys, each with several accounts inside.
    Many,
    /// One key with many accounts inside.
    Overlap,
}

/// A group and another family that agree beyond chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Corroboration {
    /// Layer and group that were tested.
    pub group: (usize, usize),
    /// Family of the tested group.
    pub family: Family,
    /// Layer that agrees.
    pub other_layer: usize,
    /// Groups of that layer that agree.
    pub other_groups: Vec<u32>,
    /// Family that agrees.
    pub other_family: Family,
    /// In which manner.
    pub manner: Manner,
    /// Keys (many) or accounts (overlap) observed.
    pub observed: u64,
    /// The same, expected under the null.
    pub expected: f64,
    /// Units in the tested group.
    pub size: usize,
    /// -log2 of the tail probability, after the correction for all tests made.
    pub bits: f64,
    /// Units inside the group that share a key of the other family there, ascending.
    pub core: Vec<u32>,
}

/// In an overlap, the key must be this much more frequent inside the group than outside
/// (bits): what one in thirty strangers has as well does not tie accounts together.
const MINIMUM_LIFT_BITS: f64 = 5.0;

/// In "many", the accounts tied together must be at least this share of the group: pairs of
/// colleagues inside a popular application are not the application's operators.
const MINIMUM_CORE_SHARE: f64 = 0.1;

/// Less than this is never expected (ours): no null model is right to one in a trillion, and a sum of
/// very small chances comes out as 0.
const SMALLEST_EXPECTED: f64 = 1e-12;

/// Tests every group of three and more units against every other family.
///
/// `strata` by activity; `network_strata` by activity and country, for address layers.
#[must_use]
pub fn corroborate(
    layers: &[UnitLayer],
    strata: &Strata,
    network_strata: &Strata,
    config: &Config,
) -> Vec<Corroboration> {
    let tests: f64 = layers
        .iter()
        .map(|layer| layer.groups.len() as f64)
        .sum::<f64>()
        .max(1.0)
        * Family::TESTED as f64;
    let tests_log2 = tests.log2();
    let backgrounds: Vec<Backgrounds> = layers
        .iter()
        .map(|layer| Backgrounds {
            by_activity: Background::new(layer, strata, config.network.hub_degree),
            by_place: Background::new(layer, network_strata, config.network.hub_degree),
        })
        .collect();
    let mut found: Vec<Corroboration> = layers
        .par_iter()
        .enumerate()
        .flat_map(|(index, layer)| {
            let backgrounds = &backgrounds;
            (0..layer.groups.len())
                .into_par_iter()
                .flat_map_iter(move |group| {
                    let members = layer.groups.get(group);
                    let crowded = layer.crowded.get(group).copied().unwrap_or(false);
                    if members.len() < 3 || crowded {
                        return Vec::new();
                    }
                    test_group(
                        layers,
                        backgrounds,
                        (index, group),
                        members,
                        tests_log2,
                        config,
                    )
                })
        })
        .collect();
    found.sort_by(|a, b| {
        a.group
            .cmp(&b.group)
            .then(a.other_layer.cmp(&b.other_layer))
            .then(a.manner.cmp(&b.manner))
            .then(a.other_groups.cmp(&b.other_groups))
    });
    found
}

/// The two nulls of one layer. Where an address is on either side, accounts are compared
/// with accounts of the same country: people of one country share both carriers and language.
struct Backgrounds<'a> {
    by_activity: Background<'a>,
    by_place: Background<'a>,
}

fn test_group(
    layers: &[UnitLayer],
    backgrounds: &[Backgrounds<'_>],
    group: (usize, usize),
    members: &[u32],
    tests_log2: f64,
    config: &Config,
) -> Vec<Corroboration> {
    let mut found = Vec::new();
    let family = layers[group.0].family;
    let units = layers[group.0].of_unit.len();
    for (other_index, other) in layers.iter().enumerate() {
        if other.family == family {
            continue;
        }
        // Which groups of the other layer touch the members, and how often.
        let mut touched: Vec<u32> = members
            .iter()
            .flat_map(|unit| other.of_unit.get(*unit as usize).iter().copied())
            .collect();
        touched.sort_unstable();
        let repeated: Vec<(u32, usize)> = touched
            .chunk_by(|a, b| a == b)
            .filter(|run| run.len() >= 2)
            .map(|run| (run[0], run.len()))
            .filter(|(key, inside)| !other.crowded_for(*key as usize, *inside))
            .collect();
        if repeated.is_empty() {
            continue;
        }
        let placed = family == Family::Network || other.family == Family::Network;
        let background = match (&backgrounds[other_index], placed) {
            (both, true) => &both.by_place,
            (both, false) => &both.by_activity,
        };
        let shares = background.shares(members);
        let make = |manner, other_groups: Vec<u32>, observed: u64, expected: f64, bits: f64| {
            Corroboration {
                group,
                family,
                other_layer: other_index,
                core: core_of(other, &other_groups, members),
                other_groups,
                other_family: other.family,
                manner,
                observed,
                expected,
                size: members.len(),
                bits,
            }
        };
        // A correction for having several ways to count.
        let ways_log2 = (Enough::ALL.len() as f64).log2();
        let size_of = |key: u32| other.groups.get(key as usize).len();
        let mut best: Option<Corroboration> = None;
        for enough in Enough::ALL {
            let keys: Vec<u32> = repeated
                .iter()
                .filter(|(key, inside)| {
                    let small = size_of(*key) <= config.network.hub_degree || enough != Enough::Two;
                    small && *inside >= enough.of(size_of(*key))
                })
                .map(|(key, _)| *key)
                .collect();
            if keys.len() < 2 {
                continue;
            }
            let observed = joining(other, &keys, members);
            let bits_for = |expected: f64| {
                let expected = expected.max(SMALLEST_EXPECTED);
                -poisson_upper_log2(observed, expected) - tests_log2 - ways_log2
            };
            let is_enough = |expected: f64| {
                bits_for(expected) >= config.fuse.counting_bits
                    && observed as f64 >= config.network.hub_ratio * expected
            };
            if !is_enough(background.expected_keys_at_least(&shares, enough)) {
                continue;
            }
            let expected = background.expected_keys(&shares, enough);
            if !is_enough(expected) {
                continue;
            }
            let bits = bits_for(expected);
            let corroboration = make(Manner::Many, keys, observed, expected, bits);
            let tied = corroboration.core.len() as f64 >= MINIMUM_CORE_SHARE * members.len() as f64;
            if tied
                && best
                    .as_ref()
                    .is_none_or(|best| best.bits < corroboration.bits)
            {
                best = Some(corroboration);
            }
        }
        found.extend(best);
        let groups_log2 = (other.groups.len().max(1) as f64).log2();
        for (key, inside) in repeated.into_iter().filter(|(_, inside)| *inside >= 3) {
            let all = other.groups.get(key as usize);
            let expected = background.expected_units(key as usize, all, &shares);
            let expected = expected.max(SMALLEST_EXPECTED);
            let bits = -poisson_upper_log2(inside as u64, expected) - tests_log2 - groups_log2;
            if bits >= config.fuse.counting_bits
                && lift_bits(inside, members.len(), all.len() - inside, units) >= MINIMUM_LIFT_BITS
            {
                found.push(make(
                    Manner::Overlap,
                    vec![key],
                    inside as u64,
                    expected,
                    bits,
                ));
            }
        }
    }
    found
}

/// How many of the keys join accounts that no earlier key had joined: two accounts that share
/// twenty addresses are one tie, not twenty. Never more than the number of keys, so that the
/// expected number of keys remains an upper bound for it.
pub(crate) fn joining(other: &UnitLayer, keys: &[u32], members: &[u32]) -> u64 {
    let mut components = Components::new(u32::try_from(members.len()).unwrap_or(u32::MAX));
    let mut joining = 0;
    for key in keys {
        let inside = other
            .groups
            .get(*key as usize)
            .iter()
            .filter_map(|unit| members.binary_search(unit).ok())
            .filter_map(|position| u32::try_from(position).ok());
        let mut first = None;
        let mut joined = false;
        for position in inside {
            let start = *first.get_or_insert(position);
            joined |= components.link(start, position);
        }
        joining += u64::from(joined);
    }
    joining
}

/// log2 of how much more frequent a key is inside a set than outside it.
fn lift_bits(inside: usize, size: usize, outside: usize, units: usize) -> f64 {
    let rate_inside = inside as f64 / size.max(1) as f64;
    let rate_outside = (outside as f64 + 0.5) / (units.saturating_sub(size) as f64 + 1.0);
    (rate_inside / rate_outside).log2()
}

fn core_of(other: &UnitLayer, keys: &[u32], members: &[u32]) -> Vec<u32> {
    let mut core: Vec<u32> = keys
        .iter()
        .flat_map(|key| other.groups.get(*key as usize))
        .copied()
        .filter(|unit| members.binary_search(unit).is_ok())
        .collect();
    core.sort_unstable();
    core.dedup();
    core
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::layer::{Layer, group_entries};
    use crate::detect::network::public_ranges::PublicRanges;
    use crate::detect::network::shared_domain::MAIL_DOMAIN;
    use crate::fuse::incidence::{Units, mark_crowded};

    /// A template of 141 accounts with mailboxes at three domains, one of which has more users than a
    /// place may have and its users among the busy, where the template's are half: by chance it
    /// would be theirs more readily than the other two. Those two alone must not be told instead.
    #[test]
    fn a_large_place_that_is_all_a_groups_counts_beside_smaller_ones() {
        let domain_of = |account: u32| match account {
            0..56 => 0,
            56..100 => 1,
            100..141 => 2,
            141..185 => 3,
            _ => 4 + (account - 185) / 48,
        };
        let layer = |kind, family, entries: Vec<(u32, u32, u32)>| {
            let grouped = group_entries(entries, |key| format!("{key}"));
            Layer::of_accounts("test/test", kind, family, grouped)
        };
        let template = (0..141).map(|account| (0, account, 0)).collect();
        let domains = (0..281).map(|account| (domain_of(account), account, 0));
        let sources = [
            layer("template", Family::Content, template),
            layer(MAIL_DOMAIN, Family::Identity, domains.collect()),
        ];
        let units = Units::fold(&vec![None; 281]);
        let mut layers: Vec<UnitLayer> = sources
            .iter()
            .enumerate()
            .map(|(source, layer)| UnitLayer::fold(layer, source, &units))
            .collect();
        let config = Config::default();
        let public = PublicRanges::default();
        mark_crowded(&mut layers, &sources, config.network.hub_degree, &public);
        let is_busy = |account: u32| !(100..141).contains(&account) && account < 185;
        let requests: Vec<u64> = (0..281)
            .map(|account| if is_busy(account) { 1000 } else { 10 })
            .collect();
        let strata = Strata::new(&requests, None);
        let found = corroborate(&layers, &strata, &strata, &config);
        let many = found
            .iter()
            .find(|found| found.group.0 == 0 && found.manner == Manner::Many)
            .unwrap();
        assert_eq!(many.observed, 3);
        assert_eq!(many.core.len(), 141);
    }

    #[test]
    fn lift_compares_with_strangers() {
        assert!(lift_bits(15, 15, 0, 200) > 7.0);
        assert!(lift_bits(300, 300, 19_700, 100_000) < 5.0);
    }
}
