//! Whether a campaign is many separate customers of one product.
//!
//! The teams that use one tool each have a card, an office and mailboxes of their own. Payer,
//! address and name then agree within every team, and nothing but the tool joins one team to the
//! next. An operator's cards are not such islands: its proxies, series and devices run across
//! them, or each account stands alone beside its card.

use std::collections::{BTreeMap, BTreeSet};

use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::sites::REGIONS_OF_A_ROAMER;
use crate::model::finding::Family;
use crate::stats::components::Components;

/// Fewest payers with several accounts that make islands: fewer are judged as one customer.
const FEWEST_PAYERS: usize = 3;

/// One in so many payers must have a mark of its own (ours: half, since small teams at home leave
/// none).
const PAYERS_PER_MARK: usize = 2;

/// One in so many islands may be joined to another by chance (ours: employees travel and
/// providers share addresses).
const ISLANDS_PER_BRIDGE: usize = 5;

/// The payers of a cluster with several of its accounts, and what joins them.
struct Islands {
    payers: usize,
    /// Payers whose accounts share an address or a series of mailboxes that no other payer has.
    marked: usize,
    /// Joints between payers by any such key: with one less than the payers all hang together.
    bridges: usize,
    /// Single addresses and mailboxes that join payers which no other one had joined: one hall
    /// joins all its guests, and is one.
    exact_bridges: usize,
    /// Groups of payers that such keys join, a payer alone included.
    customers: usize,
    /// Accounts that work from a place which most of their group work from, and all accounts.
    housed: (usize, usize),
    /// Payers most of whose accounts share a place that no other payer's accounts use.
    at_home: usize,
    /// Joints between payers by names alone.
    named_bridges: usize,
    /// Payers whose accounts meet those of others at addresses in so many regions as no carrier's
    /// customer and no office sees, and hardly anybody else is there.
    roaming: usize,
}

/// Share of a payer's accounts that must share a place of their own (ours).
const HOME_SHARE: f64 = 0.75;

/// Share of the payers that must have such a place (ours).
const AT_HOME_SHARE: f64 = 0.75;

/// Share of a group that works from its office (ours: the others travel).
const OFFICE_SHARE: f64 = 0.5;

/// Share of all accounts that must be of a group with an office (ours).
const HOUSED_SHARE: f64 = 0.8;

/// Accounts of groups of payers that work mostly from one place, and all accounts.
fn housed(
    payer_of: &BTreeMap<u32, u32>,
    joined: &mut Components,
    layers: &[UnitLayer],
) -> (usize, usize) {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (unit, payer) in payer_of {
        groups.entry(joined.label(*payer)).or_default().push(*unit);
    }
    let inside = |unit: u32| payer_of.contains_key(&unit);
    let housed = groups
        .values()
        .filter(|units| have_an_office(units, &inside, layers))
        .map(Vec::len)
        .sum();
    (housed, payer_of.len())
}

/// Whether most of these units work from one place that is no exit of strangers: at least half of
/// its users are `inside` the cluster.
pub(super) fn have_an_office(
    units: &[u32],
    inside: &dyn Fn(u32) -> bool,
    layers: &[UnitLayer],
) -> bool {
    layers
        .iter()
        .filter(|layer| layer.family == Family::Network)
        .any(|layer| {
            layer.keys_of(units).into_iter().any(|(key, here)| {
                let users = layer.groups.get(key as usize);
                let known = users.iter().filter(|unit| inside(**unit)).count();
                here >= 2
                    && here as f64 >= OFFICE_SHARE * units.len() as f64
                    && known * 2 >= users.len()
            })
        })
}

impl Islands {
    fn of(cluster: &Cluster, layers: &[UnitLayer]) -> Option<Self> {
        let payment = layers
            .iter()
            .find(|layer| layer.family == Family::Payment)?;
        let mut accounts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for unit in &cluster.units {
            if let [payer] = payment.of_unit.get(*unit as usize) {
                accounts.entry(*payer).or_default().push(*unit);
            }
        }
        accounts.retain(|_, units| units.len() >= 2);
        let payers = accounts.len();
        let mut payer_of: BTreeMap<u32, u32> = BTreeMap::new();
        for (number, units) in (0_u32..).zip(accounts.values()) {
            payer_of.extend(units.iter().map(|unit| (*unit, number)));
        }
        let mut marked = vec![false; payers];
        let nodes = u32::try_from(payers).unwrap_or(u32::MAX);
        let mut joined = Components::new(nodes);
        let mut joined_exactly = Components::new(nodes);
        let mut joined_by_name = Components::new(nodes);
        let (mut bridges, mut exact_bridges, mut named_bridges) = (0, 0, 0);
        let mut meetings: BTreeSet<(u32, u64)> = BTreeSet::new();
        let mut at_home = vec![false; payers];
        let sizes: Vec<usize> = accounts.values().map(Vec::len).collect();
        let marks = layers
            .iter()
            .filter(|layer| matches!(layer.family, Family::Network | Family::Identity));
        for layer in marks {
            let exact = EXACT_KINDS.contains(&layer.kind);
            let mut touched: Vec<(u32, u32)> = payer_of
                .iter()
                .flat_map(|(unit, payer)| {
                    let keys = layer.of_unit.get(*unit as usize).iter();
                    keys.map(move |key| (*key, *payer))
                })
                .collect();
            touched.sort_unstable();
            for run in touched.chunk_by(|a, b| a.0 == b.0) {
                let Some((key, first)) = run.first() else {
                    continue;
                };
                let everyday = layer.full.get(*key as usize) == Some(&false);
                if everyday || layer.crowded_for(*key as usize, run.len()) {
                    continue;
                }
                let is_own = run.len() >= 2 && run.iter().all(|(_, payer)| payer == first);
                if is_own && let Some(mark) = marked.get_mut(*first as usize) {
                    *mark = true;
                }
                let users = layer.groups.get(*key as usize).len();
                let size = sizes.get(*first as usize).copied().unwrap_or(0);
                if layer.family == Family::Network
                    && is_own
                    && run.len() as f64 >= HOME_SHARE * size as f64
                    && users <= 2 * run.len()
                    && let Some(home) = at_home.get_mut(*first as usize)
                {
                    *home = true;
                }
                let several = run.iter().any(|(_, payer)| payer != first);
                if exact
                    && several
                    && users <= 2 * run.len()
                    && let Some(region) = layer.regions.get(*key as usize).copied().flatten()
                {
                    meetings.extend(run.iter().map(|(_, payer)| (*payer, region)));
                }
                let mut joins = false;
                for (_, payer) in run {
                    if layer.family == Family::Identity {
                        named_bridges += usize::from(joined_by_name.link(*first, *payer));
                    }
                    bridges += usize::from(joined.link(*first, *payer));
                    joins |= exact && joined_exactly.link(*first, *payer);
                }
                exact_bridges += usize::from(joins);
            }
        }
        let customers = (0..nodes)
            .filter(|payer| joined.label(*payer) == *payer)
            .count();
        let housed = housed(&payer_of, &mut joined, layers);
        Some(Self {
            payers,
            customers,
            housed,
            at_home: at_home.iter().filter(|home| **home).count(),
            named_bridges,
            marked: marked.iter().filter(|mark| **mark).count(),
            bridges,
            exact_bridges,
            roaming: roaming(&meetings),
        })
    }
}

/// Payers that meet others in the regions of a roamer, of (payer, region) pairs.
fn roaming(meetings: &BTreeSet<(u32, u64)>) -> usize {
    let meetings: Vec<(u32, u64)> = meetings.iter().copied().collect();
    meetings
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|regions| regions.len() >= REGIONS_OF_A_ROAMER)
        .count()
}

/// Kinds of keys that two strangers hardly share by chance.
const EXACT_KINDS: [&str; 3] = ["ip", "mailbox", "phone"];

/// Why separate customers explain the cluster, if they do.
#[must_use]
pub fn separate_customers(cluster: &Cluster, layers: &[UnitLayer]) -> Option<String> {
    let Islands {
        payers,
        marked,
        bridges,
        customers,
        housed: (housed, all),
        at_home,
        named_bridges,
        ..
    } = Islands::of(cluster, layers)?;
    let islands = payers >= FEWEST_PAYERS
        && marked * PAYERS_PER_MARK >= payers
        && bridges * ISLANDS_PER_BRIDGE <= payers;
    if islands {
        return Some(format!(
            "separate customers of one product: of {payers} payers with several of these accounts, {marked} have an address or a series of mailboxes that these share, and {bridges} are joined to another payer by one"
        ));
    }
    // Families whose children go to one school, agencies with one VPN: a place where all meet joins
    // them, and a home of each says that they are several.
    let homes = payers >= FEWEST_PAYERS
        && at_home as f64 >= AT_HOME_SHARE * payers as f64
        && named_bridges * ISLANDS_PER_BRIDGE <= payers;
    if homes {
        return Some(format!(
            "separate customers of one product: of {payers} payers with several of these accounts, {at_home} have a place of their own that most of their accounts share and no other payer's use, such as a home or an office"
        ));
    }
    // Firms with several cards each: whoever shares an office is one of them.
    let firms =
        payers >= FEWEST_PAYERS && customers >= 2 && housed as f64 >= HOUSED_SHARE * all as f64;
    firms.then(|| {
        format!(
            "{customers} separate customers of one product: {payers} payers with several of these accounts fall into {customers} groups that no address and no name joins, and {housed} of {all} accounts work where most of their group do"
        )
    })
}

/// Whether at least half as many single addresses, mailboxes or telephones as there are payers
/// join these to one another, or at least half of the payers roam and meet: the more accounts an
/// address of a pool has served, the fewer of them join everybody.
#[must_use]
pub fn payers_hang_together(cluster: &Cluster, layers: &[UnitLayer]) -> bool {
    Islands::of(cluster, layers).is_some_and(|found| {
        found.payers >= 2
            && (found.exact_bridges * 2 >= found.payers || found.roaming * 2 >= found.payers)
    })
}

/// Whether at least half as many mailboxes, series of them or telephones as there are payers join
/// these to one another: people who meet do not share their names.
#[must_use]
pub fn payers_share_names(cluster: &Cluster, layers: &[UnitLayer]) -> bool {
    Islands::of(cluster, layers)
        .is_some_and(|found| found.payers >= 2 && found.named_bridges * 2 >= found.payers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_meets_in_a_few_regions_is_no_roamer() {
        let regions = |payer: u32, count: u64| (0..count).map(move |region| (payer, region));
        let far = REGIONS_OF_A_ROAMER as u64;
        let meetings = regions(1, far).chain(regions(2, far - 1)).collect();
        assert_eq!(roaming(&meetings), 1);
    }
}
