//! Shared addresses that have an everyday cause: one office, the offices of many customers, or the
//! servers of one application.

use std::collections::BTreeSet;

use crate::fuse::cluster::Cluster;
use crate::fuse::corroboration::Corroboration;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::verdict::OWNERS_NEEDED;
use crate::model::finding::Family;
use crate::stats::components::Components;

/// What explains a cluster that nothing but a template and shared addresses ties, where
/// something everyday does.
pub(super) fn everyday_cause(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> Option<&'static str> {
    type Cause = fn(&Cluster, &[Corroboration], &[UnitLayer]) -> bool;
    let causes: [(Cause, &str); 4] = [
        (
            is_one_backend,
            "the system prompt is one fixed text: an application whose own servers send for its users explains both",
        ),
        (
            places_are_islands,
            "every account keeps to one of the shared addresses, and nothing joins one address to the next: the offices of separate customers of one product explain both",
        ),
        (
            is_sent_once,
            "most accounts send the template once or twice: an everyday phrase and the addresses of a carrier explain both",
        ),
        (
            only_one_place,
            "the addresses lie in one place, or crowd in few: an office, a campus, or the customers of one carrier or cloud with a tool in common explain both",
        ),
    ];
    causes
        .into_iter()
        .find(|(explains, _)| explains(cluster, corroborations, layers))
        .map(|(_, cause)| cause)
}

/// Why one customer explains the cluster: nearly all of its accounts have one or two addresses in common,
/// no other ones, and hardly anybody else has these.
pub(super) fn one_site(cluster: &Cluster, layers: &[UnitLayer]) -> Option<String> {
    let layer = layers.iter().find(|layer| layer.kind == "ip")?;
    let used: Vec<(u32, usize)> = layer.keys_of(&cluster.units);
    let own: BTreeSet<u32> = used
        .iter()
        .filter(|(key, inside)| inside * 10 >= layer.groups.get(*key as usize).len() * 9)
        .filter(|(_, inside)| inside * 2 >= cluster.units.len())
        .map(|(key, _)| *key)
        .collect();
    let stays = |unit: &&u32| {
        let at = **unit as usize;
        let mut keys = layer.of_unit.get(at).iter();
        layer.singles.get(at) == Some(&0) && keys.len() > 0 && keys.all(|key| own.contains(key))
    };
    let stay = cluster.units.iter().filter(stays).count();
    ((1..OWNERS_NEEDED).contains(&own.len()) && stay * 100 >= NEARLY_ALL_PERCENT * cluster.units.len())
        .then(|| {
            format!(
                "one customer: {stay} of the {} accounts send from {} and from nowhere else, and hardly anybody else does",
                cluster.units.len(),
                if own.len() == 1 { "one address" } else { "two addresses" }
            )
        })
}

/// Whether nearly all of the shared addresses lie in one or two regions (an office, a campus), or
/// crowd in the few that each account keeps to: a carrier hands its addresses round among
/// neighbours, and a cloud gives each machine whatever address is free. Rented proxies and servers
/// lie scattered. How many addresses a region has grows with the log, so that alone says nothing of
/// accounts that roam.
pub(super) fn only_one_place(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> bool {
    let blocks_known = layers.iter().any(|layer| layer.kind == "ip_prefix");
    if !blocks_known {
        return false;
    }
    let placed = placed_keys(cluster, corroborations, layers);
    let mut addresses: Vec<usize> = placed.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).collect();
    addresses.sort_unstable_by(|a, b| b.cmp(a));
    let all: usize = addresses.iter().sum();
    let mut covered = 0;
    let mut needed = 0;
    while covered * 100 < NEARLY_ALL_PERCENT * all {
        covered += addresses.get(needed).copied().unwrap_or(all);
        needed += 1;
    }
    needed < OWNERS_NEEDED
        || (covered >= ADDRESSES_PER_REGION * needed
            && regions_of_an_account(cluster, &placed, layers) < REGIONS_OF_A_ROAMER)
}

/// In how many regions the median account shares addresses, of those that do.
fn regions_of_an_account(
    cluster: &Cluster,
    placed: &[(u64, usize, u32)],
    layers: &[UnitLayer],
) -> usize {
    let mut held: BTreeSet<(u32, u64)> = BTreeSet::new();
    for (region, layer, key) in placed {
        let users = layers
            .get(*layer)
            .map(|layer| layer.groups.get(*key as usize));
        held.extend(
            users
                .into_iter()
                .flatten()
                .filter(|unit| cluster.units.binary_search(unit).is_ok())
                .map(|unit| (*unit, *region)),
        );
    }
    let held: Vec<(u32, u64)> = held.into_iter().collect();
    let mut counts: Vec<usize> = held.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

/// From so many regions (a /16 or a /32 each) on, an account roams through rented addresses: a
/// carrier's customer and a machine in a cloud stay in a few (ours).
pub(super) const REGIONS_OF_A_ROAMER: usize = 12;

/// Whether hardly more than a handful of addresses or blocks tie all the accounts: the exits of a VPN, the
/// halls where people meet, the servers of a product.
pub(super) fn are_few(cluster: &Cluster, corroborations: &[Corroboration]) -> bool {
    let keys = cluster
        .agreements(corroborations)
        .filter(|found| found.other_family == Family::Network)
        .map(|found| found.other_groups.len())
        .max();
    keys.is_some_and(|keys| keys * ACCOUNTS_PER_EXIT <= cluster.units.len())
}

/// So many accounts to an address, and it is a place of its own rather than one of a pool (ours: proxies
/// that are rented for accounts serve few each).
const ACCOUNTS_PER_EXIT: usize = 8;

/// From so many shared addresses in each region on, a carrier's or a cloud's pool is the likelier
/// cause (ours).
const ADDRESSES_PER_REGION: usize = 8;

/// Share of the shared addresses that the regions which count must hold (ours).
const NEARLY_ALL_PERCENT: usize = 80;

/// Whether the addresses that tie the cluster's accounts are islands: a pool of proxies is one
/// because its users change from one address to another; the staff of an office stays there.
fn places_are_islands(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> bool {
    let mut keys: BTreeSet<(usize, u32)> = BTreeSet::new();
    for found in cluster
        .agreements(corroborations)
        .filter(|found| found.other_family == Family::Network)
    {
        keys.extend(
            found
                .other_groups
                .iter()
                .map(|key| (found.other_layer, *key)),
        );
    }
    let by_layer = |layer: usize| -> Vec<u32> {
        let of_layer = keys.iter().filter(|(other, _)| *other == layer);
        of_layer.map(|(_, key)| *key).collect()
    };
    let mut layers_used: Vec<usize> = keys.iter().map(|(layer, _)| *layer).collect();
    layers_used.dedup();
    // Any kind of place that runs across the others joins them.
    !layers_used.is_empty()
        && layers_used.into_iter().all(|layer| {
            let keys = by_layer(layer);
            layers
                .get(layer)
                .is_some_and(|places| islands(places, &keys, &cluster.units) * 2 > keys.len())
        })
}

/// Groups of units that these keys leave apart, of those that hold any.
fn islands(places: &UnitLayer, keys: &[u32], units: &[u32]) -> usize {
    let mut components = Components::new(u32::try_from(units.len()).unwrap_or(u32::MAX));
    let mut touched: BTreeSet<u32> = BTreeSet::new();
    for key in keys {
        let inside: Vec<u32> = places
            .groups
            .get(*key as usize)
            .iter()
            .filter_map(|unit| units.binary_search(unit).ok())
            .filter_map(|position| u32::try_from(position).ok())
            .collect();
        if let [first, rest @ ..] = inside.as_slice() {
            touched.insert(*first);
            for other in rest {
                components.link(*first, *other);
                touched.insert(*other);
            }
        }
    }
    let mut labels: Vec<u32> = touched
        .into_iter()
        .map(|position| components.label(position))
        .collect();
    labels.sort_unstable();
    labels.dedup();
    labels.len()
}

/// The addresses and blocks that tie accounts of the cluster together, each as (region, layer,
/// key), by region.
fn placed_keys(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> Vec<(u64, usize, u32)> {
    let mut found: BTreeSet<(u64, usize, u32)> = BTreeSet::new();
    for corroboration in cluster
        .agreements(corroborations)
        .filter(|corroboration| corroboration.bits >= cluster.counting_bits)
    {
        let Some(layer) = layers.get(corroboration.other_layer) else {
            continue;
        };
        found.extend(corroboration.other_groups.iter().filter_map(|key| {
            let region = layer.regions.get(*key as usize).copied().flatten()?;
            Some((region, corroboration.other_layer, *key))
        }));
    }
    found.into_iter().collect()
}

/// Whether every template that shared addresses tie is one that its accounts send a few times
/// only, and that would be no lead by itself.
fn is_sent_once(cluster: &Cluster, corroborations: &[Corroboration], layers: &[UnitLayer]) -> bool {
    cluster.agreements(corroborations).all(|found| {
        let (layer, group) = found.group;
        layers.get(layer).is_some_and(|layer| {
            found.family == Family::Content && !layer.lead.get(group).copied().unwrap_or(true)
        })
    })
}

/// Whether a fixed system prompt and shared addresses are all that holds the cluster together.
fn is_one_backend(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> bool {
    cluster.agreements(corroborations).all(|found| {
        let (layer, group) = found.group;
        layers.get(layer).is_some_and(|layer| {
            layer.kind.starts_with("system")
                && !layer.full.get(group).copied().unwrap_or(true)
                && found.other_family == Family::Network
        })
    })
}
