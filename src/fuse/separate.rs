//! Two campaigns that one prompt template alone holds together.
//!
//! Templates travel: two operators may use the same public instruction, and each card of
//! either one is then corroborated by it. Accounts that share nothing but that one template,
//! while each side has templates of its own, are two campaigns that are linked, not one.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{FuseConfig, NetworkConfig};
use crate::fuse::incidence::UnitLayer;
use crate::model::campaign::Campaign;
use crate::model::finding::Family;
use crate::stats::components::Components;

/// Share of the units of a side that its own template must reach, and of the template's units
/// in the cluster that must be of that side.
const OWN_SHARE: f64 = 0.5;

/// Templates tried as the only tie; a cluster seldom has more that reach most of it.
const BRIDGES_TRIED: usize = 16;

/// A group of a layer.
type Group = (usize, usize);

/// The sides of a cluster, largest first, each ascending; one side where nothing separates.
///
/// Units that belong to no side by themselves go with the largest.
pub(crate) fn sides(
    layers: &[UnitLayer],
    members: &[u32],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<Vec<u32>> {
    let groups = inner_groups(layers, members, network);
    let mut bridges: Vec<(&Group, usize)> = groups
        .iter()
        .filter(|((layer, _), _)| is_user_template(&layers[*layer]))
        .map(|(group, inside)| (group, inside.len()))
        .collect();
    bridges.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    for (bridge, _) in bridges.into_iter().take(BRIDGES_TRIED) {
        let parts = without(&groups, *bridge, members.len());
        let mut sides: Vec<Vec<usize>> = parts
            .into_iter()
            .filter(|part| {
                part.len() >= fuse.minimum_accounts && has_own(layers, &groups, *bridge, part)
            })
            .collect();
        if sides.len() < 2 {
            continue;
        }
        sides.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        let placed: BTreeSet<usize> = sides.iter().flatten().copied().collect();
        if let Some(largest) = sides.first_mut() {
            largest.extend((0..members.len()).filter(|at| !placed.contains(at)));
            largest.sort_unstable();
        }
        return sides
            .into_iter()
            .map(|side| {
                side.into_iter()
                    .filter_map(|at| members.get(at).copied())
                    .collect()
            })
            .collect();
    }
    vec![members.to_vec()]
}

/// Says in each campaign which others use its templates.
pub(crate) fn name_links(campaigns: &mut [Campaign]) {
    let templates: Vec<(String, BTreeSet<String>)> = campaigns
        .iter()
        .map(|campaign| {
            (
                campaign.id.clone(),
                campaign.templates.iter().cloned().collect(),
            )
        })
        .collect();
    for campaign in campaigns {
        for (id, theirs) in templates.iter().filter(|(id, _)| *id != campaign.id) {
            let common: Vec<&str> = campaign
                .templates
                .iter()
                .filter(|template| theirs.contains(*template))
                .map(String::as_str)
                .collect();
            if !common.is_empty() {
                campaign.description.push(format!(
                    "linked with {id} by {}, and not merged: nothing else is common to both",
                    common.join(", ")
                ));
            }
        }
    }
}

/// Families of fragments in user prompts. A system prompt is an operator's own work, or a
/// client's, which the quality of its group says; it is no bridge.
fn is_user_template(layer: &UnitLayer) -> bool {
    layer.family == Family::Content && !layer.kind.starts_with("system")
}

/// The groups with two and more members, as positions in `members`; client software and
/// crowded places tie nobody.
fn inner_groups(
    layers: &[UnitLayer],
    members: &[u32],
    network: &NetworkConfig,
) -> BTreeMap<Group, Vec<usize>> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (number, layer) in layers.iter().enumerate() {
        // Two pools of residential proxies meet in a block now and then; in one address, hardly.
        let is_block = layer.family == Family::Network && layer.kind != "ip";
        if layer.family == Family::Client || is_block {
            continue;
        }
        for (at, unit) in members.iter().enumerate() {
            for key in layer.of_unit.get(*unit as usize) {
                let key = *key as usize;
                let is_place = layer.family == Family::Network;
                let crowded = layer.crowded.get(key).copied().unwrap_or(false);
                if crowded || (is_place && layer.groups.get(key).len() > network.hub_degree) {
                    continue;
                }
                groups.entry((number, key)).or_default().push(at);
            }
        }
    }
    // What strangers mostly send or have says nothing about who works with whom.
    groups.retain(|(layer, key), inside| {
        let layer = &layers[*layer];
        let users = layer.groups.get(*key).len() as f64;
        let popular = !layer.hard && (inside.len() as f64) < OWN_SHARE * users;
        inside.len() >= 2 && !popular
    });
    groups
}

/// Components of `0..size` over all groups but one.
fn without(groups: &BTreeMap<Group, Vec<usize>>, bridge: Group, size: usize) -> Vec<Vec<usize>> {
    let mut components = Components::new(u32::try_from(size).unwrap_or(u32::MAX));
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    for (_, inside) in groups.iter().filter(|(group, _)| **group != bridge) {
        for pair in inside.windows(2) {
            if let [left, right] = pair {
                components.link(number(*left), number(*right));
            }
        }
    }
    let mut parts: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for at in 0..size {
        parts
            .entry(components.label(number(at)))
            .or_default()
            .push(at);
    }
    parts.into_values().collect()
}

/// Whether a side has a template of its own; `part` is ascending.
fn has_own(
    layers: &[UnitLayer],
    groups: &BTreeMap<Group, Vec<usize>>,
    bridge: Group,
    part: &[usize],
) -> bool {
    groups
        .iter()
        .filter(|(group, _)| **group != bridge && layers[group.0].family == Family::Content)
        .any(|(_, inside)| {
            let here = inside
                .iter()
                .filter(|at| part.binary_search(at).is_ok())
                .count() as f64;
            here >= OWN_SHARE * part.len() as f64 && here >= OWN_SHARE * inside.len() as f64
        })
}
