//! Customers that say who they are: several organisations, each with accounts and payers of its own.
//!
//! The schools of a district share a web filter, and agencies a hosted service; card, mailboxes and
//! organisation then agree within each of them, and a place in common joins them all. Whoever signs
//! up under the name of an organisation, pays under it alone and shares neither telephone nor
//! mailboxes with the next one is a customer. An operator may do so as well, for as many accounts as
//! it has names; it stays a lead then.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::network::companies::{AGREE_PERCENT, COMPANY_PAYERS, Domains, mail_domain};
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::ownership::is_of_everybody;
use crate::model::finding::Family;
use crate::model::profile::AccountProfile;
use crate::stats::components::Components;

/// Fewest accounts under one name (ours: one account may say anything of itself).
const FEWEST_ACCOUNTS: usize = 2;

/// Fewest names: one name is one customer, which [`crate::fuse::ownership`] tells.
const FEWEST_NAMES: usize = 2;

/// One payer, telephone or mailbox in so many may belong under two names (ours: a freelancer, an
/// owner of two firms).
const PER_EXCEPTION: usize = 5;

/// The organisation that an account presents itself as: by its name, else by a mail domain of its
/// own.
fn name_of(profile: &AccountProfile, domains: &Domains) -> Option<String> {
    let name = profile.org_name.as_deref().map(str::trim);
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        return Some(name.to_lowercase());
    }
    mail_domain(profile).filter(|domain| {
        let about = domains.get(domain);
        !is_of_everybody(domain) && !about.is_of_strangers() && about.payers <= COMPANY_PAYERS
    })
}

/// Why organisations that say who they are explain the cluster, if they do.
pub(super) fn organisations(
    cluster: &Cluster,
    layers: &[UnitLayer],
    units: &Units,
    profiles: &[Option<AccountProfile>],
    domains: &Domains,
) -> Option<String> {
    let profile_of = |unit: &u32| -> Option<&AccountProfile> {
        let account = units.accounts.get(*unit as usize)?.first()?;
        profiles.get(*account as usize)?.as_ref()
    };
    let mut under: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for unit in &cluster.units {
        if let Some(name) = profile_of(unit).and_then(|profile| name_of(profile, domains)) {
            under.entry(name).or_default().push(*unit);
        }
    }
    under.retain(|_, units| units.len() >= FEWEST_ACCOUNTS);
    let named: usize = under.values().map(Vec::len).sum();
    if under.len() < FEWEST_NAMES || named * 100 < AGREE_PERCENT * cluster.units.len() {
        return None;
    }
    let mut payers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut paying = 0;
    for (name, units) in under.values().enumerate() {
        for payer in units
            .iter()
            .filter_map(|unit| profile_of(unit)?.payment_id.as_deref())
        {
            payers.entry(payer).or_default().insert(name);
            paying += 1;
        }
    }
    let several = payers.values().filter(|names| names.len() > 1).count();
    // Where nobody's payer is known, a name is only a word.
    if paying * 2 < named || several * PER_EXCEPTION > payers.len() {
        return None;
    }
    let names = under.len();
    let joined = joined_by_identities(under.values(), layers);
    (joined * PER_EXCEPTION <= names).then(|| {
        format!(
            "{names} customers that say who they are: {named} of {} accounts give the name or the mail domain of an organisation that others of them give, {} payers stand behind them, {several} of these under more than one name, and {joined} of the names are joined to another by a telephone or by mailboxes",
            cluster.units.len(),
            payers.len()
        )
    })
}

/// How many joints between groups of units there are by keys of identity.
fn joined_by_identities<'a>(
    groups: impl Iterator<Item = &'a Vec<u32>>,
    layers: &[UnitLayer],
) -> usize {
    let mut group_of: BTreeMap<u32, u32> = BTreeMap::new();
    let mut number = 0;
    for units in groups {
        group_of.extend(units.iter().map(|unit| (*unit, number)));
        number += 1;
    }
    let mut components = Components::new(number);
    let mut joined = 0;
    for layer in layers
        .iter()
        .filter(|layer| layer.family == Family::Identity)
    {
        let units: Vec<u32> = group_of.keys().copied().collect();
        for (key, inside) in layer.keys_of(&units) {
            if inside < 2 || layer.crowded_for(key as usize, inside) {
                continue;
            }
            let mut first = None;
            for group in layer
                .groups
                .get(key as usize)
                .iter()
                .filter_map(|unit| group_of.get(unit))
            {
                joined += usize::from(components.link(*first.get_or_insert(*group), *group));
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::layer::{Layer, group_entries};

    /// Forty accounts in groups of ten, each group with a card; `org` names them.
    fn why(
        org: impl Fn(usize) -> Option<String>,
        mail: impl Fn(usize) -> String,
        card: impl Fn(usize) -> Option<usize>,
        phones: &[(u32, u32)],
    ) -> Option<String> {
        let profiles: Vec<Option<AccountProfile>> = (0..40)
            .map(|at| {
                Some(AccountProfile {
                    org_name: org(at),
                    email: Some(mail(at)),
                    payment_id: card(at).map(|card| format!("card {card}")),
                    ..AccountProfile::default()
                })
            })
            .collect();
        let units = Units::fold(&profiles);
        let entries = phones.iter().map(|(key, unit)| (*key, *unit, 0)).collect();
        let grouped = group_entries(entries, |key| key.to_string());
        let layer = Layer::of_accounts("test/test", "phone", Family::Identity, grouped);
        let layers = [UnitLayer::fold(&layer, 0, &units)];
        let cluster = Cluster {
            units: (0..40).collect(),
            corroborations: Vec::new(),
            bits: Vec::new(),
            family_bits: BTreeMap::new(),
            counting_bits: 10.0,
            also: Vec::new(),
        };
        organisations(
            &cluster,
            &layers,
            &units,
            &profiles,
            &Domains::of(&profiles),
        )
    }

    fn free(at: usize) -> String {
        format!("u{at}@gmail.com")
    }

    #[test]
    fn organisations_with_a_card_each_are_customers() {
        let school = |at: usize| Some(format!("School {}", at / 10));
        let card = |at: usize| Some(at / 10);
        let said = why(school, free, card, &[]).unwrap();
        assert!(
            said.starts_with("4 customers that say who they are: 40 of 40"),
            "{said}"
        );
        // By their domains as well, whoever gives no name.
        let firm = |at: usize| format!("u{at}@firm{}.example", at / 10);
        assert!(why(|_| None, firm, card, &[]).is_some());
        // Cards that run across the names, and telephones that join them.
        assert_eq!(why(school, free, |at| Some(at % 4), &[]), None);
        assert_eq!(why(school, free, card, &[(1, 3), (1, 13)]), None);
        // Names that each account makes up, one name, nobody's payer known.
        assert_eq!(why(|at| Some(format!("Firm {at}")), free, card, &[]), None);
        assert_eq!(why(|_| Some("Firm".to_owned()), free, card, &[]), None);
        assert_eq!(why(school, free, |_| None, &[]), None);
        assert_eq!(why(|_| None, free, card, &[]), None);
    }
}
