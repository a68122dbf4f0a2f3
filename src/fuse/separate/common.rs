//! What the members of a cluster have in common: templates on one hand, keys on the other.

use std::collections::BTreeMap;

use super::OWN_SHARE;
use crate::config::{FuseConfig, NetworkConfig};
use crate::fuse::incidence::UnitLayer;
use crate::model::finding::Family;

/// Templates looked at, the largest of the cluster: smaller ones cannot be half of a side that
/// matters, and every pair is compared.
const TEMPLATES_COMPARED: usize = 64;

/// A group of a layer.
type Group = (usize, usize);

/// What the members of a cluster have in common, as positions in its list, ascending.
pub(super) struct Inner {
    /// Members.
    pub(super) size: usize,
    /// Templates, most units first.
    pub(super) templates: Vec<Template>,
    /// Single addresses.
    pub(super) places: Vec<Vec<usize>>,
    /// Payers and identities.
    pub(super) keys: Vec<Vec<usize>>,
}

/// A template of a cluster.
pub(super) struct Template {
    /// A system prompt is an operator's own work, or a client's, which the quality of its
    /// group says; it is no bridge.
    pub(super) may_bridge: bool,
    /// Its units.
    pub(super) inside: Vec<usize>,
    /// The same as bits.
    pub(super) set: Vec<u64>,
}

impl Inner {
    pub(super) fn of(
        layers: &[UnitLayer],
        members: &[u32],
        fuse: &FuseConfig,
        network: &NetworkConfig,
    ) -> Self {
        let mut inner = Inner {
            size: members.len(),
            templates: Vec::new(),
            places: Vec::new(),
            keys: Vec::new(),
        };
        for ((layer, _), inside) in inner_groups(layers, members, network) {
            let layer = &layers[layer];
            if layer.family == Family::Network {
                inner.places.push(inside);
            } else if layer.family != Family::Content {
                inner.keys.push(inside);
            } else if inside.len() >= fuse.minimum_accounts {
                inner.templates.push(Template {
                    may_bridge: !layer.kind.starts_with("system"),
                    set: as_set(&inside, inner.size),
                    inside,
                });
            }
        }
        // The order of groups breaks ties, since the sort is stable.
        inner
            .templates
            .sort_by_key(|template| std::cmp::Reverse(template.inside.len()));
        inner.templates.truncate(TEMPLATES_COMPARED);
        inner
    }
}

/// Positions as bits.
pub(super) fn as_set(positions: &[usize], size: usize) -> Vec<u64> {
    let mut set = vec![0_u64; size.div_ceil(64)];
    for at in positions {
        if let Some(word) = set.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }
    set
}

/// How many positions two sets share.
pub(super) fn common(left: &[u64], right: &[u64]) -> u32 {
    left.iter()
        .zip(right)
        .map(|(left, right)| (left & right).count_ones())
        .sum()
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
