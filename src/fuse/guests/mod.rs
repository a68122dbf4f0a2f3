//! Guests of a campaign: accounts that a part of the text brings, and nothing else.
//!
//! A turn of phrase out of a template, or a template that others send for their own reasons,
//! brings strangers among the accounts of a campaign. Six kinds are told apart and left out:
//!
//! - Of all texts of the account that were sampled none holds enough of a template of the
//!   campaign to be recognised by it, though those of nearly all others do, and no payer and no
//!   telephone or mailbox ties it to one of these.
//! - An account that nothing but templates and addresses bring, and that makes hardly a request from
//!   the campaign's templates, where it would make many if it worked as the others do. Homes lie in
//!   the blocks that proxies are rented in.
//! - An account whose payer is no other member's, in a cluster that payers tie, and that nothing but
//!   a template brings: no address and no name of it is another member's either. Who uses a public
//!   template pays for himself, or in a team of his own, and works from home.
//! - Teams and families: accounts that a payer with few of them brings, and nothing else but the
//!   template, where strangers send that as well and most others stand behind larger payers; but
//!   not who sends a template as well that most of the campaign and hardly anybody else sends.
//! - A customer with an office: three accounts and more on one card at one place, beside others
//!   that hang together, and no key joins it to these.
//! - An organisation: three accounts and more at a mail domain of its own. A firm whose work is
//!   grading, or a laboratory that studies reasoning, sends what a campaign sends, and its
//!   accounts share a card and an office with each other; but they say who they are, and no key
//!   joins them to the others. An operator's mailboxes at a domain of its own hang together with
//!   the rest, or they are the rest.

mod customers;
mod payers;
mod wording;

use std::collections::BTreeSet;

use crate::detect::network::companies::Domains;
use crate::detect::network::shared_domain::MAIL_DOMAIN;
use crate::fuse::Input;
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::membership::{self, Bits};
use crate::fuse::rows::Rows;
use crate::fuse::wording::Wordings;
use crate::model::finding::Family;

/// What guests are told by.
pub(super) struct Door<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) layers: &'a [UnitLayer],
    pub(super) wordings: &'a Wordings<'a>,
    pub(super) units: &'a Units,
    pub(super) rows: &'a Rows,
    pub(super) domains: &'a Domains,
}

impl Door<'_> {
    /// The clusters without their guests. Where guests would be half of a cluster or more it stays
    /// whole: then what marks them is how it was made.
    pub(super) fn without_guests(&self, clusters: Vec<Cluster>) -> Vec<Cluster> {
        clusters
            .into_iter()
            .map(|mut cluster| {
                let unrecognised = self.unrecognised(&cluster);
                leave_out(&mut cluster, &unrecognised);
                let casual = self.casual(&cluster);
                leave_out(&mut cluster, &casual);
                let alone = payers::alone(&cluster, self.layers);
                leave_out(&mut cluster, &alone);
                let teams = self.teams(&cluster);
                leave_out(&mut cluster, &teams);
                let customers = customers::customers(&cluster.units, self.layers);
                leave_out(&mut cluster, &customers);
                let organisations = self.organisations(&cluster);
                leave_out(&mut cluster, &organisations);
                cluster
            })
            .collect()
    }
}

/// Whether of some families alone evidence speaks for a place.
fn is_of(bits: &Bits, families: &[Family]) -> bool {
    Family::ALL
        .into_iter()
        .all(|family| families.contains(&family) || bits[membership::position(family)] <= 0.0)
}

/// Layers whose keys join accounts. Prompts and programs are what guests share with their hosts,
/// and a domain with its series is the guests' own.
fn joins(layer: &&UnitLayer) -> bool {
    matches!(
        layer.family,
        Family::Payment | Family::Identity | Family::Network | Family::Dynamics
    ) && layer.kind != MAIL_DOMAIN
        && layer.kind != "email_series"
}

/// Whether a host uses a key of these layers that some of `own` use.
fn reach(
    own: &[u32],
    is_host: &dyn Fn(u32) -> bool,
    layers: &[UnitLayer],
    wanted: &dyn Fn(&UnitLayer) -> bool,
) -> bool {
    let mut wanted = layers.iter().filter(joins).filter(|layer| wanted(layer));
    wanted.any(|layer| {
        let crowded = |key: &u32| layer.crowded.get(*key as usize).copied().unwrap_or(false);
        own.iter()
            .flat_map(|unit| layer.of_unit.get(*unit as usize))
            .filter(|key| !crowded(key))
            .flat_map(|key| layer.groups.get(*key as usize))
            .any(|unit| is_host(*unit))
    })
}

/// Takes the guests out, unless they are half of the cluster or more.
fn leave_out(cluster: &mut Cluster, guests: &BTreeSet<u32>) {
    if guests.is_empty() || guests.len() * 2 >= cluster.units.len() {
        return;
    }
    let stays: Vec<bool> = cluster
        .units
        .iter()
        .map(|unit| !guests.contains(unit))
        .collect();
    let mut of_bits = stays.iter().copied();
    cluster.bits.retain(|_| of_bits.next().unwrap_or(true));
    cluster.units.retain(|unit| !guests.contains(unit));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::detect::layer::{Layer, group_entries};

    /// A kind of keys, its family, and (key, unit) pairs.
    pub(super) type Kind<'a> = (&'static str, Family, &'a [(u32, u32)]);

    /// Layers among forty accounts.
    pub(super) fn layers(kinds: &[Kind<'_>]) -> Vec<UnitLayer> {
        let units = Units::fold(&vec![None; 40]);
        kinds
            .iter()
            .enumerate()
            .map(|(source, (kind, family, pairs))| {
                let entries = pairs.iter().map(|(key, unit)| (*key, *unit, 0)).collect();
                let grouped = group_entries(entries, |key| key.to_string());
                let mut layer = Layer::of_accounts("test/test", kind, *family, grouped);
                layer.hard = *family == Family::Payment;
                UnitLayer::fold(&layer, source, &units)
            })
            .collect()
    }

    pub(super) fn set(units: std::ops::Range<u32>) -> BTreeSet<u32> {
        units.collect()
    }

    /// Bits of one for each of some families.
    pub(super) fn bits(families: &[Family]) -> Bits {
        let mut bits = Bits::default();
        for family in families {
            bits[membership::position(*family)] = 9.0;
        }
        bits
    }

    #[test]
    fn guests_are_never_half_of_a_cluster() {
        let mut cluster = Cluster {
            units: (0..10).collect(),
            corroborations: Vec::new(),
            bits: vec![Default::default(); 10],
            family_bits: BTreeMap::new(),
            counting_bits: 10.0,
            also: Vec::new(),
        };
        leave_out(&mut cluster, &set(0..5));
        assert_eq!(cluster.units.len(), 10);
        leave_out(&mut cluster, &set(0..4));
        assert_eq!(cluster.units, (4..10).collect::<Vec<u32>>());
        assert_eq!(cluster.bits.len(), 6);
    }
}
