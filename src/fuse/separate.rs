//! Two campaigns that prompt templates alone hold together.
//!
//! Templates travel: two operators may use the same public instructions, and each card of
//! either one is then corroborated by them. Accounts that share nothing but one template, or a
//! few that nearly all of them send, while each side has templates of its own, are two
//! campaigns that are linked, not one.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{FuseConfig, NetworkConfig};
use crate::fuse::incidence::UnitLayer;
use crate::model::campaign::Campaign;
use crate::model::finding::Family;
use crate::stats::components::Components;

/// Share of the units of a side that its own template must reach, and of the template's units
/// in the cluster that must be of that side.
const OWN_SHARE: f64 = 0.5;

/// Two templates are of different sides when they share less than this part of the units that
/// they would share if each were spread over the cluster at random.
const APART: f64 = 0.25;

/// Templates tried as the only tie; a cluster seldom has more that reach most of it.
const BRIDGES_TRIED: usize = 16;

/// Most templates set aside together, each sent by most of the cluster (ours: what both sides
/// send and a side does not is then no longer what tells them apart).
const COMMON_SET_ASIDE: usize = 4;

/// Templates looked at, the largest of the cluster: smaller ones cannot be half of a side that
/// matters, and every pair is compared.
const TEMPLATES_COMPARED: usize = 64;

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
    let inner = Inner::of(layers, members, fuse, network);
    for bridges in inner.bridges() {
        let mut sides = inner.sides_without(&bridges, fuse.minimum_accounts);
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
                    "linked with {id}, which uses the same {}",
                    common.join(", ")
                ));
            }
        }
    }
}

/// What the members of a cluster have in common, as positions in its list, ascending.
struct Inner {
    size: usize,
    /// Templates, most units first.
    templates: Vec<Template>,
    /// Payers, identities and single addresses.
    keys: Vec<Vec<usize>>,
}

/// A template of a cluster.
struct Template {
    /// A system prompt is an operator's own work, or a client's, which the quality of its
    /// group says; it is no bridge.
    may_bridge: bool,
    /// Its units.
    inside: Vec<usize>,
    /// The same as bits.
    set: Vec<u64>,
}

impl Inner {
    fn of(
        layers: &[UnitLayer],
        members: &[u32],
        fuse: &FuseConfig,
        network: &NetworkConfig,
    ) -> Self {
        let mut inner = Inner {
            size: members.len(),
            templates: Vec::new(),
            keys: Vec::new(),
        };
        for ((layer, _), inside) in inner_groups(layers, members, network) {
            let layer = &layers[layer];
            if layer.family != Family::Content {
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

    /// What is tried as the only tie: each template by itself, then the two, three, four that
    /// most of the cluster sends.
    fn bridges(&self) -> Vec<Vec<usize>> {
        let able = || (0..self.templates.len()).filter(|at| self.templates[*at].may_bridge);
        let common: Vec<usize> = able()
            .filter(|at| self.templates[*at].inside.len() as f64 >= OWN_SHARE * self.size as f64)
            .take(COMMON_SET_ASIDE)
            .collect();
        able()
            .take(BRIDGES_TRIED)
            .map(|at| vec![at])
            .chain((2..=common.len()).map(|count| common.iter().take(count).copied().collect()))
            .collect()
    }

    /// Parts of the cluster with templates of their own and no key in common, once some
    /// templates are set aside.
    fn sides_without(&self, bridges: &[usize], minimum: usize) -> Vec<Vec<usize>> {
        let templates: Vec<&Template> = self
            .templates
            .iter()
            .enumerate()
            .filter(|(at, _)| !bridges.contains(at))
            .map(|(_, template)| template)
            .collect();
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut sides = Components::new(number(templates.len()));
        for (at, left) in templates.iter().enumerate() {
            for (other, right) in templates.iter().enumerate().skip(at + 1) {
                let common = f64::from(common(&left.set, &right.set));
                let by_chance =
                    left.inside.len() as f64 * right.inside.len() as f64 / self.size.max(1) as f64;
                if common > 0.0 && common >= APART * by_chance {
                    sides.link(number(at), number(other));
                }
            }
        }
        // Each member goes with the side of most of its templates.
        let mut votes: Vec<BTreeMap<u32, usize>> = vec![BTreeMap::new(); self.size];
        for (at, template) in templates.iter().enumerate() {
            let side = sides.label(number(at));
            for member in &template.inside {
                *votes[*member].entry(side).or_default() += 1;
            }
        }
        let chosen: Vec<Option<u32>> = votes
            .iter()
            .map(|votes| {
                let best = votes
                    .iter()
                    .max_by_key(|(side, votes)| (**votes, std::cmp::Reverse(**side)));
                best.map(|(side, _)| *side)
            })
            .collect();
        // A key that both sides have makes them one.
        for inside in &self.keys {
            let mut first = None;
            for side in inside.iter().filter_map(|member| chosen[*member]) {
                sides.link(*first.get_or_insert(side), side);
            }
        }
        let mut parts: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (member, side) in chosen.iter().enumerate() {
            if let Some(side) = side {
                parts.entry(sides.label(*side)).or_default().push(member);
            }
        }
        parts
            .into_values()
            .filter(|part| part.len() >= minimum && has_own(&templates, part, self.size))
            .collect()
    }
}

/// Whether a side has a template of its own.
fn has_own(templates: &[&Template], part: &[usize], size: usize) -> bool {
    let part_set = as_set(part, size);
    templates.iter().any(|template| {
        let here = f64::from(common(&template.set, &part_set));
        here >= OWN_SHARE * part.len() as f64 && here >= OWN_SHARE * template.inside.len() as f64
    })
}

/// Positions as bits.
fn as_set(positions: &[usize], size: usize) -> Vec<u64> {
    let mut set = vec![0_u64; size.div_ceil(64)];
    for at in positions {
        if let Some(word) = set.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }
    set
}

/// How many positions two sets share.
fn common(left: &[u64], right: &[u64]) -> u32 {
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
