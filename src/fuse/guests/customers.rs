//! Customers with an office, and organisations.

use std::collections::{BTreeMap, BTreeSet};

use super::{Door, joins, reach};
use crate::detect::network::companies::mail_domain;
use crate::fuse::cluster::Cluster;
use crate::fuse::customers::have_an_office;
use crate::fuse::incidence::UnitLayer;
use crate::stats::components::Components;

/// Fewest accounts at a domain to be an organisation's (ours: two may be one person's).
const FEWEST: usize = 3;

impl Door<'_> {
    /// Units of organisations that no key joins to the rest.
    pub(super) fn organisations(&self, cluster: &Cluster) -> BTreeSet<u32> {
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

/// Units of customers with one payer and a place of their own, where keys join most of the others
/// and none joins these.
pub(super) fn customers(units: &[u32], layers: &[UnitLayer]) -> BTreeSet<u32> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuse::guests::tests::{layers, set};

    use crate::detect::network::shared_domain::MAIL_DOMAIN;
    use crate::model::finding::Family;

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
}
