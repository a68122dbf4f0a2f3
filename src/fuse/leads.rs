//! Single groups that are worth a look though nothing independent supports them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{FuseConfig, NetworkConfig};
use crate::detect::network::shared_domain::MAIL_DOMAIN;
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::membership;
use crate::model::finding::Family;

/// Fewest units on one payment instrument for a lead: families and small offices share cards.
pub const PAYERS: usize = 5;

/// Fewest units in one ring of replayed signatures: a developer's own test accounts are fewer.
const REPLAYERS: usize = 5;

/// Fewest units on one varied template for a lead.
const TEMPLATE_USERS: usize = 8;

/// Fewest units that hang together by pairs for a lead (ours: travelling colleagues are fewer).
const PAIRED: usize = 8;

/// Regions in which a campus or an office may have its addresses (ours: two providers).
const SITE_REGIONS: usize = 2;

/// Whether half of the units and more sit in one crowded place, or in one declared block:
/// a campus or an office with a tool or a task of its own. Whoever sits in several far apart at
/// once sits in none of them.
pub(super) fn in_one_place(layers: &[UnitLayer], members: &[u32]) -> bool {
    let regions: BTreeSet<Option<u64>> = layers
        .iter()
        .filter(|layer| layer.family == Family::Network)
        .flat_map(|layer| {
            layer
                .keys_of(members)
                .into_iter()
                .filter(|(key, inside)| {
                    layer.crowded.get(*key as usize).copied().unwrap_or(false)
                        && inside * 2 >= members.len()
                })
                .map(|(key, _)| layer.regions.get(key as usize).copied().flatten())
        })
        .collect();
    (1..=SITE_REGIONS).contains(&regions.len())
}

/// The mail domain of strangers at which three quarters of the units have their mailboxes, and
/// whose users they are for three quarters: a prompt that is fixed, as a client's is, then has no
/// users elsewhere, and is worth a look.
fn own_domain(layers: &[UnitLayer], members: &[u32]) -> Option<(usize, usize)> {
    let domains = layers.iter().enumerate();
    domains
        .filter(|(_, layer)| layer.kind == MAIL_DOMAIN)
        .find_map(|(place, layer)| {
            let keys = layer.keys_of(members).into_iter();
            keys.map(|(key, inside)| (key as usize, inside))
                .find(|(key, inside)| {
                    inside * 4 >= members.len().max(layer.groups.get(*key).len()) * 3
                })
                .map(|(key, _)| (place, key))
        })
}

fn common(one: &[u32], other: &[u32]) -> usize {
    let is_in = |unit: &&u32| other.binary_search(unit).is_ok();
    one.iter().filter(is_in).count()
}

/// Whether nearly all units of the smaller set are in the larger one, and make up half of it.
fn are_the_same(one: &[u32], other: &[u32]) -> bool {
    let (small, large) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    common(small, large) * 10 >= small.len() * 9 && small.len() * 2 >= large.len()
}

/// Whether half of the units of either template are the same: of templates that take turns each account
/// has happened to send most.
fn are_half_the_same(one: &[u32], other: &[u32]) -> bool {
    common(one, other) * 2 >= one.len().max(other.len())
}

fn union(one: &[u32], other: &[u32]) -> Vec<u32> {
    let mut both = [one, other].concat();
    both.sort_unstable();
    both.dedup();
    both
}

/// A single group as a cluster of one family, with the group it stands on.
#[must_use]
pub fn leads(
    layers: &[UnitLayer],
    clusters: &[Cluster],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<(Cluster, (usize, usize))> {
    let fewest = |layer: &UnitLayer| match layer.family {
        Family::Payment => Some(PAYERS),
        Family::Dynamics => Some(REPLAYERS),
        Family::Content => Some(TEMPLATE_USERS),
        _ => None,
    };
    let within = (0..layers.len(), false);
    single_groups(layers, within, fewest, clusters, fuse, network)
}

/// Templates whose accounts sit in one place: an office or a class with a task of its own, worth
/// a look where its accounts come in waves besides.
#[must_use]
pub fn in_places(
    layers: &[UnitLayer],
    clusters: &[Cluster],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<(Cluster, (usize, usize))> {
    let fewest = |layer: &UnitLayer| (layer.family == Family::Content).then_some(TEMPLATE_USERS);
    let within = (0..layers.len(), true);
    single_groups(layers, within, fewest, clusters, fuse, network)
}

/// The same of the layers from `tested` on, whose groups are made of pairs.
#[must_use]
pub fn overlaps(
    layers: &[UnitLayer],
    tested: usize,
    clusters: &[Cluster],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<(Cluster, (usize, usize))> {
    let fewest = |_: &UnitLayer| Some(PAIRED);
    single_groups(
        layers,
        (tested..layers.len(), false),
        fewest,
        clusters,
        fuse,
        network,
    )
}

/// The groups of some of the layers with at least so many units, in one place or not.
fn single_groups(
    layers: &[UnitLayer],
    (among, in_one): (std::ops::Range<usize>, bool),
    fewest: impl Fn(&UnitLayer) -> Option<usize>,
    clusters: &[Cluster],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<(Cluster, (usize, usize))> {
    let mut found = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        if !among.contains(&index) {
            continue;
        }
        let Some(fewest) = fewest(layer) else {
            continue;
        };
        let fewest = fewest.max(fuse.minimum_accounts);
        // The largest first: smaller ones inside it join it.
        let mut order: Vec<usize> = (0..layer.groups.len()).collect();
        order.sort_by_key(|group| std::cmp::Reverse(layer.groups.get(*group).len()));
        for group in order {
            let members = layer.groups.get(group);
            if members.len() < fewest {
                continue;
            }
            let leads = layer.lead.get(group).copied().unwrap_or(true);
            let domain = if leads {
                None
            } else {
                own_domain(layers, members)
            };
            if (!leads && domain.is_none()) || in_one_place(layers, members) != in_one {
                continue;
            }
            // What a cluster already explains is not reported twice.
            let explained = clusters
                .iter()
                .map(|cluster| {
                    members
                        .iter()
                        .filter(|unit| cluster.units.binary_search(unit).is_ok())
                        .count()
                })
                .max()
                .unwrap_or(0);
            if explained * 2 >= members.len() {
                continue;
            }
            // Several templates of one group of accounts are one lead.
            let same = found.iter_mut().find(|lead: &&mut Single| {
                lead.family == layer.family
                    && (are_the_same(&lead.units, members)
                        || (lead.family == Family::Content
                            && are_half_the_same(&lead.units, members)))
            });
            if let Some(lead) = same {
                lead.also.push((index, group));
                if !are_the_same(&lead.units, members) {
                    lead.units = union(&lead.units, members);
                }
                continue;
            }
            found.push(Single {
                family: layer.family,
                units: members.to_vec(),
                domain,
                stands_on: (index, group),
                also: Vec::new(),
            });
        }
    }
    found
        .into_iter()
        .map(|single| single.scored(layers, fuse, network))
        .collect()
}

/// Units that single groups of one family make worth a look.
struct Single {
    family: Family,
    units: Vec<u32>,
    domain: Option<(usize, usize)>,
    stands_on: (usize, usize),
    also: Vec<(usize, usize)>,
}

impl Single {
    /// A cluster of one family, with the group it stands on.
    fn scored(
        self,
        layers: &[UnitLayer],
        fuse: &FuseConfig,
        network: &NetworkConfig,
    ) -> (Cluster, (usize, usize)) {
        let ties: membership::Ties = self
            .domain
            .into_iter()
            .chain([self.stands_on])
            .chain(self.also.iter().copied())
            .collect();
        let scored = membership::score(layers, &self.units, &ties, fuse, network);
        let own = membership::position(self.family);
        let bits: Vec<membership::Bits> = scored
            .inside
            .iter()
            .map(|(_, all)| {
                let mut only = membership::Bits::default();
                only[own] = all[own].max(0.0);
                only
            })
            .collect();
        let strongest = bits.iter().map(|bits| bits[own]).fold(0.0, f64::max);
        let cluster = Cluster {
            units: self.units,
            corroborations: Vec::new(),
            bits,
            family_bits: BTreeMap::from([(self.family, strongest.min(fuse.family_cap_bits))]),
            counting_bits: fuse.counting_bits,
            also: self.also,
        };
        (cluster, self.stands_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::layer::{Layer, group_entries};
    use crate::fuse::incidence::Units;

    fn templates(entries: Vec<(u32, u32, u32)>) -> UnitLayer {
        let grouped = group_entries(entries, |key| format!("T-{key}"));
        let layer = Layer::of_accounts("test/test", "template", Family::Content, grouped);
        let mut folded = UnitLayer::fold(&layer, 0, &Units::fold(&vec![None; 600]));
        folded.lead = vec![true; folded.groups.len()];
        folded
    }

    fn found(layer: UnitLayer) -> Vec<Cluster> {
        let config = crate::config::Config::default();
        leads(&[layer], &[], &config.fuse, &config.network)
            .into_iter()
            .map(|(lead, _)| lead)
            .collect()
    }

    #[test]
    fn templates_that_take_turns_over_the_same_accounts_are_one_lead() {
        // Of forty accounts each template has been sent by two in three.
        let sends = |template: u32, account: &u32| !(account + template).is_multiple_of(3);
        let entries = (0..3)
            .flat_map(|template| {
                let senders = (0..40).filter(move |account| sends(template, account));
                senders.map(move |account| (template, account, 0))
            })
            .collect();
        let found = found(templates(entries));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].units, (0..40).collect::<Vec<u32>>());
        assert_eq!(found[0].also.len(), 2);
    }

    #[test]
    fn a_template_of_few_among_the_users_of_another_is_a_lead_of_its_own() {
        let popular = (0..200).map(|account| (0, account, 0));
        let own = (0..20).map(|account| (1, account, 0));
        assert_eq!(found(templates(popular.chain(own).collect())).len(), 2);
    }
}
