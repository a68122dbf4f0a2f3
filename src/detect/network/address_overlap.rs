//! Accounts that have several addresses in common, pair by pair.
//!
//! # Looks for
//! Pairs of accounts with several public addresses in common (two or more, as many as it takes to be
//! significant), where each address has few users, and the groups that such pairs form: exits of a proxy network that come back among
//! the accounts of one operator while no single address holds many of them.
//!
//! # Why
//! The disclosures of 2026 describe traffic over residential proxies. An exit that serves two or
//! three of an operator's accounts says little; the same accounts at several exits say more.
//!
//! # Null model
//! Addresses fall to accounts at random, every address keeping its number of accounts and every
//! account its number of addresses: the number of addresses two accounts have in common is then
//! Poisson with the mean d(a) d(b) sum k (k - 1) / E^2. Benjamini-Hochberg at one in a hundred
//! over all pairs of accounts; what they have in common must also have log2(accounts) + 6 bits, each
//! address log2(0.5 accounts / users). Addresses with more than fifty users take no part.
//!
//! Pairs that hang together are one group. Of groups of more than forty accounts, parts that
//! hardly hang together (Leiden, at the scale of the whole graph) are groups of their own, unless
//! they share a payment instrument; chains and thin networks are not cut.
//!
//! # Innocent look-alikes
//! Households, offices and campuses with several addresses, the customers of one carrier, people
//! who travel together, customers of one VPN. A group that meets in fewer than three networks
//! (/16 or /32) has such a cause and is not reported, nor is one that meets in fewer than eight of which
//! one holds more than half of its accounts.
//!
//! # Needs
//! requests.ip. Where accounts.payment_id is known, accounts of one payer stay together.
//!
//! # Limits
//! Private, masked, hashed and declared public addresses are not looked at. Exits with just under
//! fifty users make chance meetings likely for everybody, and pairs are then found only where they
//! have more in common. What it finds is a lead, shown with
//! `--profile broad`, and never more: what supports a cluster of several families is each
//! address, through `network/shared-infrastructure`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::detect::layer::{ADDRESS_OVERLAP, Layer, Quality, group_profiles};
use crate::detect::network::address;
use crate::detect::network::keyed::keyed;
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;
use crate::stats::communities::{Tie, communities};
use crate::stats::overlap::{Asked, significant_pairs};
use crate::stats::random::stable_id;

const ID: &str = "network/address-overlap";

static META: Meta = Meta {
    id: ID,
    title: "Accounts that have several addresses in common, pair by pair",
    families: &[Family::Network],
    version: 1,
    needs: &[Need::Request(RequestColumn::Ip)],
    source: include_str!("address_overlap.rs"),
};

/// False discovery rate of pairs (as in the research of link analysis: one in a hundred).
pub const RATE: f64 = 0.01;

/// Networks in which a group must meet: an office and its second line, or home and work, are two
/// (ours).
const FEWEST_REGIONS: usize = 3;

/// Networks from which on a group may meet in one of them for the most part: no employer and no
/// campus is at home in so many (ours).
const MANY_REGIONS: usize = 8;

/// Settles ties of the search for communities; any number would do, and a case must not depend on it.
const SEED: u64 = 1;

/// The detector.
pub struct AddressOverlap;

impl Detector for AddressOverlap {
    fn meta(&self) -> &'static Meta {
        &META
    }

    /// A lead is all it can be.
    fn may_count(&self) -> bool {
        false
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let kinds = context.tables.keys.column("kind")?.str()?;
        let values = context.tables.keys.column("value")?.str()?;
        let addresses = kinds.iter().zip(values.iter()).filter_map(|(kind, value)| {
            (kind == Some("ip")).then_some(())?;
            value
        });
        let (mut usable, mut all) = (0_u64, 0_u64);
        for address in addresses {
            all += 1;
            usable += u64::from(address::prefix(address).is_some());
        }
        if usable * 2 < all {
            outcome.partial.push(format!(
                "{} of {all} addresses are hashed, masked, private or no addresses and were not looked at",
                all - usable
            ));
        }
        outcome.layers.push(layer(context)?);
        outcome.layers.retain(|layer| !layer.is_empty());
        Ok(outcome)
    }
}

/// Where the accounts of one group meet.
#[derive(Default)]
struct Meetings {
    /// Addresses by how many of the accounts meet there, the fullest first.
    addresses: BTreeSet<(std::cmp::Reverse<usize>, u32)>,
    /// For each account a row at one of the addresses.
    rows: BTreeMap<u32, u32>,
    /// The accounts that meet somebody there, by region.
    regions: BTreeMap<u64, BTreeSet<u32>>,
}

impl Meetings {
    fn quality(&self) -> Quality {
        let most = self.regions.values().map(BTreeSet::len).max().unwrap_or(0);
        let is_at_home = most * 2 > self.rows.len() && self.regions.len() < MANY_REGIONS;
        if self.regions.len() < FEWEST_REGIONS || is_at_home {
            return Quality::Everyday(
                "its accounts meet in one network or a few: an office, a campus, a carrier"
                    .to_owned(),
            );
        }
        Quality::Full
    }
}

fn layer(context: &Context<'_>) -> Result<Layer> {
    let addresses = keyed(
        context,
        ID,
        "ip",
        ADDRESS_OVERLAP,
        Family::Network,
        |value| {
            let is_usable =
                address::prefix(value).is_some() && context.public_ranges.holding(value).is_none();
            is_usable.then(|| address::spelled(value))
        },
    )?;
    let accounts = context.profiles.len();
    let config = &context.config;
    let groups: Vec<&[u32]> = (0..addresses.len())
        .map(|index| addresses.group(index))
        .collect();
    let mut singles = vec![0_u32; accounts];
    for (account, count) in &addresses.singles {
        if let Some(single) = singles.get_mut(*account as usize) {
            *single = *count;
        }
    }
    let pairs = significant_pairs(
        &groups,
        &singles,
        Asked {
            most_holders: config.network.hub_degree,
            rate: RATE,
            margin_bits: config.fuse.edge_margin_bits,
        },
    );
    let ties: Vec<Tie> = pairs
        .iter()
        .map(|pair| (pair.one, pair.other, pair.bits))
        .collect();
    let payers = group_profiles(context.profiles, |profile| profile.payment_id.clone());
    let together: Vec<Vec<u32>> = payers
        .offsets
        .windows(2)
        .filter_map(|ends| payers.accounts.get(*ends.first()?..*ends.last()?))
        .map(<[u32]>::to_vec)
        .collect();
    let found = communities(
        u32::try_from(accounts).unwrap_or(u32::MAX),
        &ties,
        &together,
        SEED,
    );
    let mut group_of: Vec<Option<usize>> = vec![None; accounts];
    for (number, members) in found.iter().enumerate() {
        for member in members {
            if let Some(group) = group_of.get_mut(*member as usize) {
                *group = Some(number);
            }
        }
    }
    let mut pairs_of = vec![0_u64; found.len()];
    for pair in &pairs {
        let group = |account: u32| group_of.get(account as usize).copied().flatten();
        if let (Some(one), Some(other)) = (group(pair.one), group(pair.other))
            && one == other
            && let Some(count) = pairs_of.get_mut(one)
        {
            *count += 1;
        }
    }
    let meetings = meetings(&addresses, &group_of, config.network.hub_degree);
    let values = addresses.values.clone();
    let mut made = Layer {
        values: Vec::new(),
        offsets: vec![0],
        accounts: Vec::new(),
        singles: Vec::new(),
        rows: Vec::new(),
        innocent: "a household, an office or a campus with several addresses, customers of one carrier or VPN, people who travel together",
        would_clear: "proof that the addresses are shared by the public, or that the accounts belong to one declared organisation",
        ..addresses
    };
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for (number, members) in found.iter().enumerate() {
        let Some(met) = meetings.get(&number) else {
            continue;
        };
        // Named after the address where most of it meet, which is there in another week as well.
        let addresses = met.addresses.iter();
        let fullest = addresses
            .filter_map(|(_, address)| values.get(*address as usize))
            .find(|address| !named.contains(address.as_str()));
        if members.len() < config.fuse.minimum_accounts {
            continue;
        }
        made.accounts.extend(members);
        made.rows.extend(
            members
                .iter()
                .map(|member| met.rows.get(member).copied().unwrap_or(0)),
        );
        made.offsets.push(made.accounts.len());
        made.pairs.push(pairs_of.get(number).copied().unwrap_or(0));
        made.quality.push(met.quality());
        made.values
            .push(stable_id("O", &[fullest.map_or("", String::as_str)]));
        named.extend(fullest.map(String::as_str));
    }
    Ok(made)
}

/// Where the accounts of each group meet, at addresses of few enough users.
fn meetings(
    addresses: &Layer,
    group_of: &[Option<usize>],
    most_users: usize,
) -> BTreeMap<usize, Meetings> {
    let mut made: BTreeMap<usize, Meetings> = BTreeMap::new();
    for index in 0..addresses.len() {
        let users = addresses.group(index);
        if users.len() > most_users {
            continue;
        }
        let region = addresses
            .values
            .get(index)
            .and_then(|value| address::region(value));
        let rows = addresses.rows.get(addresses.range(index)).unwrap_or(&[]);
        let mut here: BTreeMap<usize, Vec<(u32, u32)>> = BTreeMap::new();
        for (user, row) in users.iter().zip(rows) {
            if let Some(group) = group_of.get(*user as usize).copied().flatten() {
                here.entry(group).or_default().push((*user, *row));
            }
        }
        for (group, met) in here.into_iter().filter(|(_, met)| met.len() >= 2) {
            let meetings = made.entry(group).or_default();
            meetings.addresses.insert((
                std::cmp::Reverse(met.len()),
                u32::try_from(index).unwrap_or(u32::MAX),
            ));
            for (user, row) in met {
                let known = meetings.rows.entry(user).or_insert(row);
                *known = row.min(*known);
                if let Some(region) = region {
                    meetings.regions.entry(region).or_default().insert(user);
                }
            }
        }
    }
    made
}
