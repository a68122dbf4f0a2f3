//! Guests with payers of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::{Door, is_of};
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::leads;
use crate::fuse::membership::Bits;
use crate::model::finding::Family;

/// One in so many users of a template must be no member for it to be one that strangers send
/// (ours).
const USERS_PER_STRANGER: usize = 20;

impl Door<'_> {
    /// Units that a payer with few of them ties, and nothing else but a template that strangers
    /// send as well.
    pub(super) fn teams(&self, cluster: &Cluster) -> BTreeSet<u32> {
        let templates: Vec<&[u32]> = self
            .wordings
            .of_cluster(cluster)
            .into_iter()
            .filter_map(|(layer, group)| Some(self.layers.get(layer)?.groups.get(group)))
            .collect();
        teams(cluster, &templates, self.layers)
    }
}

/// See [`Door::teams`]; `templates` are the users of each template that the cluster stands on.
fn teams(cluster: &Cluster, templates: &[&[u32]], layers: &[UnitLayer]) -> BTreeSet<u32> {
    let inside = |users: &[u32]| {
        let members = users.iter();
        members
            .filter(|unit| cluster.units.binary_search(unit).is_ok())
            .count()
    };
    let is_public = |users: &[u32]| {
        let strangers = users.len() - inside(users);
        strangers > 0 && strangers * USERS_PER_STRANGER >= users.len()
    };
    let mut users: Vec<u32> = templates.iter().copied().flatten().copied().collect();
    users.sort_unstable();
    users.dedup();
    if !is_public(&users) {
        return BTreeSet::new();
    }
    // What most of the cluster and nobody else sends is its own.
    let insiders: BTreeSet<u32> = templates
        .iter()
        .filter(|users| !is_public(users) && inside(users) * 2 >= cluster.units.len())
        .copied()
        .flatten()
        .copied()
        .collect();
    let mut guests = on_small_payers(cluster, layers);
    guests.retain(|unit| !insiders.contains(unit));
    guests
}

/// Units whose payer is known and no other member's, which only a template brings, where payers
/// tie the others.
pub(super) fn alone(cluster: &Cluster, layers: &[UnitLayer]) -> BTreeSet<u32> {
    if !cluster.counts(Family::Payment) {
        return BTreeSet::new();
    }
    let payers = || layers.iter().filter(|layer| layer.hard);
    let shared: Vec<BTreeSet<u32>> = payers()
        .map(|layer| {
            let keys = layer.keys_of(&cluster.units).into_iter();
            keys.filter(|(_, inside)| *inside >= 2)
                .map(|(key, _)| key)
                .collect()
        })
        .collect();
    let pays_for_itself = |unit: u32| {
        let at = unit as usize;
        let is_known = payers()
            .any(|layer| layer.singles.get(at) > Some(&0) || !layer.of_unit.get(at).is_empty());
        let is_shared = payers().zip(&shared).any(|(layer, shared)| {
            let mut keys = layer.of_unit.get(at).iter();
            keys.any(|key| shared.contains(key))
        });
        is_known && !is_shared
    };
    cluster
        .units
        .iter()
        .zip(&cluster.bits)
        .filter(|(unit, bits)| {
            is_of(bits, &[Family::Content, Family::Client]) && pays_for_itself(**unit)
        })
        .map(|(unit, _)| *unit)
        .collect()
}

/// Units that a payer with fewer of them than make a lead ties, and nothing else but a template;
/// none where most stand behind such payers.
fn on_small_payers(cluster: &Cluster, layers: &[UnitLayer]) -> BTreeSet<u32> {
    let mut largest: BTreeMap<u32, usize> = BTreeMap::new();
    for layer in layers.iter().filter(|layer| layer.hard) {
        let inside: BTreeMap<u32, usize> = layer.keys_of(&cluster.units).into_iter().collect();
        for unit in &cluster.units {
            for key in layer.of_unit.get(*unit as usize) {
                let here = inside.get(key).copied().unwrap_or(0);
                let most = largest.entry(*unit).or_default();
                *most = here.max(*most);
            }
        }
    }
    let on = |unit: u32| largest.get(&unit).copied().unwrap_or(0);
    let units = || cluster.units.iter().copied();
    let tied = units().filter(|unit| on(*unit) >= 2).count();
    let on_large = units().filter(|unit| on(*unit) >= leads::PAYERS).count();
    if on_large * 2 < tied {
        return BTreeSet::new();
    }
    let by_payer_and_text =
        |bits: &Bits| is_of(bits, &[Family::Content, Family::Client, Family::Payment]);
    units()
        .zip(&cluster.bits)
        .filter(|(unit, bits)| (2..leads::PAYERS).contains(&on(*unit)) && by_payer_and_text(bits))
        .map(|(unit, _)| unit)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuse::guests::tests::{bits, layers, set};

    #[test]
    fn small_payers_beside_large_ones_are_teams_unless_a_key_joins_them() {
        // Two cards of six accounts, and two of two.
        let on = |card: u32, from: u32, to: u32| (from..to).map(move |unit| (card, unit));
        let cards: Vec<(u32, u32)> = on(1, 0, 6)
            .chain(on(2, 6, 12))
            .chain(on(3, 12, 14))
            .chain(on(4, 14, 16))
            .collect();
        let layers = layers(&[("payment", Family::Payment, &cards)]);
        let paid = bits(&[Family::Payment, Family::Content]);
        let mut cluster = Cluster {
            units: (0..16).collect(),
            corroborations: Vec::new(),
            bits: vec![paid; 16],
            family_bits: BTreeMap::new(),
            counting_bits: 10.0,
            also: Vec::new(),
        };
        assert_eq!(on_small_payers(&cluster, &layers), set(12..16));
        cluster.bits[12] = bits(&[Family::Payment, Family::Content, Family::Network]);
        assert_eq!(on_small_payers(&cluster, &layers), set(13..16));
        // Twenty strangers send a template; one of a small payer sends what nobody else sends too.
        let public: Vec<u32> = (0..16).chain(20..40).collect();
        let own: Vec<u32> = (0..10).chain([14]).collect();
        assert_eq!(teams(&cluster, &[&public], &layers), set(13..16));
        let found = teams(&cluster, &[&public, &own], &layers);
        assert_eq!(found, BTreeSet::from([13, 15]));
        assert!(teams(&cluster, &[&own], &layers).is_empty());
        // Where most stand behind small payers, they are what is judged.
        cluster.units.drain(..12);
        cluster.bits.drain(..12);
        assert!(on_small_payers(&cluster, &layers).is_empty());
    }

    #[test]
    fn who_pays_alone_and_has_nothing_but_the_template_is_a_guest_of_shared_cards() {
        let mut layers = layers(&[(
            "payment",
            Family::Payment,
            &[(1, 0), (1, 1), (2, 2), (2, 3), (3, 5), (3, 30), (3, 31)],
        )]);
        for unit in [4, 6] {
            layers[0].singles[unit] = 1;
        }
        let mut cluster = Cluster {
            units: (0..8).collect(),
            corroborations: Vec::new(),
            bits: vec![bits(&[Family::Content]); 8],
            family_bits: BTreeMap::from([(Family::Payment, 20.0), (Family::Content, 20.0)]),
            counting_bits: 10.0,
            also: Vec::new(),
        };
        for bits in cluster.bits.iter_mut().take(4) {
            *bits = super::super::tests::bits(&[Family::Payment, Family::Content]);
        }
        cluster.bits[6] = bits(&[Family::Content, Family::Network]);
        // 5 pays with a team of its own, 6 has an address of the others, and of 7 no payer is known
        assert_eq!(alone(&cluster, &layers), set(4..6));
        // where payers say nothing, everybody pays for himself
        cluster.family_bits.remove(&Family::Payment);
        assert!(alone(&cluster, &layers).is_empty());
    }
}
