//! Guests of a campaign: accounts that a part of the text brings, and nothing else.
//!
//! A turn of phrase out of a template, or a template that others send for their own reasons,
//! brings strangers among the accounts of a campaign. Five kinds are told apart and left out:
//!
//! - Of all texts of the account that were sampled none holds enough of a template of the
//!   campaign to be recognised by it, though those of nearly all others do, and no payer and no
//!   telephone or mailbox ties it to one of these.
//! - An account that pays for itself, in a cluster that payers tie, and that nothing but a template
//!   brings: no address, no name and no payer of it is another member's. Who uses a public
//!   template pays for himself and works from home.
//! - Teams and families: accounts that a payer with few of them brings, and nothing else but the
//!   template, where strangers send that as well and most others stand behind larger payers.
//! - A customer with an office: three accounts and more on one card at one place, beside others
//!   that hang together, and no key joins it to these.
//! - An organisation: three accounts and more at a mail domain of its own. A firm whose work is
//!   grading, or a laboratory that studies reasoning, sends what a campaign sends, and its
//!   accounts share a card and an office with each other; but they say who they are, and no key
//!   joins them to the others. An operator's mailboxes at a domain of its own hang together with
//!   the rest, or they are the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::content::families::held;
use crate::detect::network::companies::{Domains, mail_domain};
use crate::detect::network::shared_domain::MAIL_DOMAIN;
use crate::fuse::cluster::Cluster;
use crate::fuse::customers::have_an_office;
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::leads;
use crate::fuse::membership::{self, Bits};
use crate::fuse::rows::Rows;
use crate::fuse::verdict::COUNTING_BITS;
use crate::fuse::wording::Wordings;
use crate::fuse::{Input, is_made_from};
use crate::model::finding::Family;
use crate::stats::components::Components;

/// Fewest accounts at a domain to be an organisation's (ours: two may be one person's).
const FEWEST: usize = 3;

/// Where one in so many accounts is not recognised by the templates, they say nothing of those
/// who are not: the wording varies too much (ours).
const ONE_IN: usize = 4;

/// One in so many users of a template must be no member for it to be one that strangers send
/// (ours).
const USERS_PER_STRANGER: usize = 20;

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
                let alone = alone(&cluster, self.layers);
                leave_out(&mut cluster, &alone);
                let teams = self.teams(&cluster);
                leave_out(&mut cluster, &teams);
                let customers = customers(&cluster.units, self.layers);
                leave_out(&mut cluster, &customers);
                let organisations = self.organisations(&cluster);
                leave_out(&mut cluster, &organisations);
                cluster
            })
            .collect()
    }

    /// Units whose sampled texts hold too little of the cluster's templates, and that no hard key
    /// ties to one whose texts do.
    fn unrecognised(&self, cluster: &Cluster) -> BTreeSet<u32> {
        let groups = self.wordings.of_cluster(cluster);
        if groups.is_empty() {
            return BTreeSet::new();
        }
        let mut recognised: BTreeSet<u32> = BTreeSet::new();
        for (layer, group) in groups {
            self.recognise(layer, group, &mut recognised);
        }
        strangers(&cluster.units, &recognised, self.layers)
    }

    /// Units that a payer with few of them ties, and nothing else but a template that strangers
    /// send as well.
    fn teams(&self, cluster: &Cluster) -> BTreeSet<u32> {
        let users: BTreeSet<u32> = self
            .wordings
            .of_cluster(cluster)
            .into_iter()
            .filter_map(|(layer, group)| Some(self.layers.get(layer)?.groups.get(group)))
            .flatten()
            .copied()
            .collect();
        let inside = |unit: &&u32| cluster.units.binary_search(unit).is_ok();
        let strangers = users.len() - users.iter().filter(inside).count();
        if strangers == 0 || strangers * USERS_PER_STRANGER < users.len() {
            return BTreeSet::new();
        }
        on_small_payers(cluster, self.layers)
    }

    /// Adds the units that send enough of a template; an exact text is the whole of itself.
    fn recognise(&self, layer: usize, group: usize, recognised: &mut BTreeSet<u32>) {
        let Some(family) = self.wordings.family((layer, group)) else {
            if let Some(layer) = self.layers.get(layer) {
                recognised.extend(layer.groups.get(group));
            }
            return;
        };
        for text in &family.texts {
            let at = *text as usize;
            let fragments = self.input.tables.fragments.of(at);
            let held = held(fragments.iter().copied(), &family.fragments);
            let cover_share = self.input.config.content.cover_share;
            if is_made_from(held, family.fragments.len(), cover_share)
                && let Some(account) = self.rows.texts.account.get(at)
            {
                recognised.extend(self.units.of_account.get(*account as usize));
            }
        }
    }

    /// Units of organisations that no key joins to the rest.
    fn organisations(&self, cluster: &Cluster) -> BTreeSet<u32> {
        let domain_of = |unit: u32| -> Option<String> {
            // A unit with several accounts is a declared customer, and says so by itself.
            let [account] = self.units.accounts.get(unit as usize)?.as_slice() else {
                return None;
            };
            let profile = self.input.profiles.get(*account as usize)?.as_ref()?;
            mail_domain(profile).filter(|domain| !self.domains.get(domain).is_of_strangers())
        };
        organisations(&cluster.units, &domain_of, self.layers)
    }
}

/// Those of the units that are not recognised, where few are not, and that no payer, telephone,
/// mailbox or signed blob ties to one that is.
fn strangers(units: &[u32], recognised: &BTreeSet<u32>, layers: &[UnitLayer]) -> BTreeSet<u32> {
    let (hosts, others): (BTreeSet<u32>, BTreeSet<u32>) =
        units.iter().partition(|unit| recognised.contains(unit));
    if others.len() * ONE_IN >= units.len() {
        return BTreeSet::new();
    }
    let hard = |layer: &UnitLayer| layer.family != Family::Network;
    others
        .into_iter()
        .filter(|unit| !reach(&[*unit], &|other| hosts.contains(&other), layers, &hard))
        .collect()
}

/// Units at a domain of their own with [`FEWEST`] of them and more, that no key joins to others.
fn organisations(
    units: &[u32],
    domain_of: &dyn Fn(u32) -> Option<String>,
    layers: &[UnitLayer],
) -> BTreeSet<u32> {
    let mut at: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for unit in units {
        if let Some(domain) = domain_of(*unit) {
            at.entry(domain).or_default().insert(*unit);
        }
    }
    let all: BTreeSet<u32> = units.iter().copied().collect();
    at.into_values()
        .filter(|own| own.len() >= FEWEST)
        .filter(|own| {
            let outside = |unit: u32| all.contains(&unit) && !own.contains(&unit);
            let own: Vec<u32> = own.iter().copied().collect();
            !reach(&own, &outside, layers, &|_| true)
        })
        .flatten()
        .collect()
}

/// Units with a payer of their own that only a template brings, where payers tie the others.
fn alone(cluster: &Cluster, layers: &[UnitLayer]) -> BTreeSet<u32> {
    let paid = cluster.family_bits.get(&Family::Payment) >= Some(&COUNTING_BITS);
    let payers = || layers.iter().filter(|layer| layer.hard);
    let pays_for_itself = |unit: u32| {
        payers().any(|layer| layer.singles.get(unit as usize) > Some(&0))
            && payers().all(|layer| layer.of_unit.get(unit as usize).is_empty())
    };
    let by_template = |bits: &Bits| {
        Family::ALL.into_iter().all(|family| {
            matches!(family, Family::Content | Family::Client)
                || bits[membership::position(family)] <= 0.0
        })
    };
    cluster
        .units
        .iter()
        .zip(&cluster.bits)
        .filter(|(unit, bits)| paid && by_template(bits) && pays_for_itself(**unit))
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
    let by_payer_and_text = |bits: &Bits| {
        Family::ALL.into_iter().all(|family| {
            matches!(family, Family::Content | Family::Client | Family::Payment)
                || bits[membership::position(family)] <= 0.0
        })
    };
    units()
        .zip(&cluster.bits)
        .filter(|(unit, bits)| (2..leads::PAYERS).contains(&on(*unit)) && by_payer_and_text(bits))
        .map(|(unit, _)| unit)
        .collect()
}

/// Units of customers with one payer and a place of their own, where keys join most of the others
/// and none joins these.
fn customers(units: &[u32], layers: &[UnitLayer]) -> BTreeSet<u32> {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut joined = Components::new(number(units.len()));
    for layer in layers.iter().filter(joins) {
        for (key, inside) in layer.keys_of(units) {
            if inside < 2 || layer.crowded_for(key as usize, inside) {
                continue;
            }
            let mut first = None;
            for at in layer
                .groups
                .get(key as usize)
                .iter()
                .filter_map(|unit| units.binary_search(unit).ok())
            {
                joined.link(number(*first.get_or_insert(at)), number(at));
            }
        }
    }
    let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        parts
            .entry(joined.label(number(at)))
            .or_default()
            .push(*unit);
    }
    let largest = parts.values().map(Vec::len).max().unwrap_or(0);
    if largest * 2 < units.len() {
        return BTreeSet::new();
    }
    let one_payer = |part: &[u32]| {
        let payers = layers.iter().filter(|layer| layer.hard);
        payers.map(|layer| layer.keys_of(part).len()).sum::<usize>() == 1
    };
    let inside = |unit: u32| units.binary_search(&unit).is_ok();
    parts
        .into_values()
        .filter(|part| part.len() >= FEWEST && part.len() < largest)
        .filter(|part| one_payer(part) && have_an_office(part, &inside, layers))
        .flatten()
        .collect()
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
    use super::*;
    use crate::detect::layer::{Layer, group_entries};

    /// A kind of keys, its family, and (key, unit) pairs.
    type Kind<'a> = (&'static str, Family, &'a [(u32, u32)]);

    /// Layers among forty accounts.
    fn layers(kinds: &[Kind<'_>]) -> Vec<UnitLayer> {
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

    fn set(units: std::ops::Range<u32>) -> BTreeSet<u32> {
        units.collect()
    }

    #[test]
    fn who_is_not_recognised_stays_by_a_payer_and_not_by_an_address() {
        let units: Vec<u32> = (0..20).collect();
        let layers = layers(&[
            (
                "payment",
                Family::Payment,
                &[(1, 3), (1, 17), (2, 18), (2, 19)],
            ),
            ("ip", Family::Network, &[(7, 4), (7, 18)]),
        ]);
        let found = strangers(&units, &set(0..17), &layers);
        // 17 shares a card with one who is recognised; the card of 18 and 19 is their own
        assert_eq!(found, set(18..20));
        // where many are not recognised the wording varies
        assert!(strangers(&units, &set(0..15), &layers).is_empty());
    }

    #[test]
    fn an_organisation_stays_where_a_key_joins_it_to_the_rest() {
        let units: Vec<u32> = (0..20).collect();
        let domain_of = |unit: u32| -> Option<String> {
            (unit >= 12).then(|| {
                if unit < 16 {
                    "firm.example"
                } else {
                    "own.example"
                }
                .to_owned()
            })
        };
        let layers = layers(&[
            (
                "payment",
                Family::Payment,
                &[(1, 12), (1, 13), (2, 3), (2, 16)],
            ),
            (MAIL_DOMAIN, Family::Identity, &[(9, 2), (9, 12)]),
            ("template", Family::Content, &[(5, 0), (5, 12), (5, 13)]),
        ]);
        assert_eq!(organisations(&units, &domain_of, &layers), set(12..16));
        let two = |unit: u32| (unit >= 18).then(|| "two.example".to_owned());
        assert!(organisations(&units, &two, &layers).is_empty());
    }

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
        let bits = |families: &[Family]| {
            let mut bits = Bits::default();
            for family in families {
                bits[membership::position(*family)] = 9.0;
            }
            bits
        };
        let paid = bits(&[Family::Payment, Family::Content]);
        let mut cluster = Cluster {
            units: (0..16).collect(),
            corroborations: Vec::new(),
            bits: vec![paid; 16],
            family_bits: BTreeMap::new(),
            also: Vec::new(),
        };
        assert_eq!(on_small_payers(&cluster, &layers), set(12..16));
        cluster.bits[12] = bits(&[Family::Payment, Family::Content, Family::Network]);
        assert_eq!(on_small_payers(&cluster, &layers), set(13..16));
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
            &[(1, 0), (1, 1), (2, 2), (2, 3)],
        )]);
        for unit in [4, 5, 6] {
            layers[0].singles[unit] = 1;
        }
        let bits = |families: &[Family]| {
            let mut bits = Bits::default();
            for family in families {
                bits[membership::position(*family)] = 9.0;
            }
            bits
        };
        let mut cluster = Cluster {
            units: (0..8).collect(),
            corroborations: Vec::new(),
            bits: vec![bits(&[Family::Content]); 8],
            family_bits: BTreeMap::from([(Family::Payment, 20.0), (Family::Content, 20.0)]),
            also: Vec::new(),
        };
        for bits in cluster.bits.iter_mut().take(4) {
            bits[membership::position(Family::Payment)] = 9.0;
        }
        cluster.bits[6] = bits(&[Family::Content, Family::Network]);
        // 6 has an address of the others, and of 7 no payer is known
        assert_eq!(alone(&cluster, &layers), set(4..6));
        // where payers say nothing, everybody pays for himself
        cluster.family_bits.remove(&Family::Payment);
        assert!(alone(&cluster, &layers).is_empty());
    }

    #[test]
    fn a_customer_with_a_card_and_an_office_is_a_guest_of_those_who_hang_together() {
        let units: Vec<u32> = (0..20).collect();
        let cards: Vec<(u32, u32)> = (0..20)
            .map(|unit| (if unit < 16 { unit / 4 } else { 9 }, unit))
            .collect();
        let proxies: Vec<(u32, u32)> = (0..16).map(|unit| (50 + unit % 4, unit)).collect();
        let office: Vec<(u32, u32)> = (16..20).map(|unit| (90, unit)).collect();
        let mut places = proxies.clone();
        places.extend(&office);
        let with = |places: &[(u32, u32)]| {
            let layers = layers(&[
                ("payment", Family::Payment, &cards),
                ("ip", Family::Network, places),
            ]);
            customers(&units, &layers)
        };
        assert_eq!(with(&places), set(16..20));
        // without an office it is one more card of the operator's
        assert!(with(&proxies).is_empty());
        // and where nothing joins the others either, they are customers all
        assert!(with(&office).is_empty());
    }

    #[test]
    fn guests_are_never_half_of_a_cluster() {
        let mut cluster = Cluster {
            units: (0..10).collect(),
            corroborations: Vec::new(),
            bits: vec![Default::default(); 10],
            family_bits: BTreeMap::new(),
            also: Vec::new(),
        };
        leave_out(&mut cluster, &set(0..5));
        assert_eq!(cluster.units.len(), 10);
        leave_out(&mut cluster, &set(0..4));
        assert_eq!(cluster.units, (4..10).collect::<Vec<u32>>());
        assert_eq!(cluster.bits.len(), 6);
    }
}
