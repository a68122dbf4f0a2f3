//! Groups drawn at random, from places whose truth is known.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::group::Group;
use crate::evaluate::truth::{TrueAccount, Truth};
use crate::pipeline::Trialled;
use crate::stats::random::Random;

/// Groups of fewer accounts are no test of anything (ours).
const FEWEST_ACCOUNTS: usize = 8;

/// Where the accounts of a group come from. In the order of the tables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrawnFrom {
    /// All innocent accounts.
    Everyone,
    /// One innocent population.
    Population(String),
    /// One campaign.
    Campaign(String),
}

impl DrawnFrom {
    /// Where an account can be drawn from.
    pub(super) fn places_of(account: &TrueAccount) -> Vec<Self> {
        match &account.campaign {
            Some(campaign) => vec![DrawnFrom::Campaign(campaign.clone())],
            None => vec![
                DrawnFrom::Everyone,
                DrawnFrom::Population(account.population.clone()),
            ],
        }
    }

    /// Name in the tables.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            DrawnFrom::Everyone => "everyone",
            DrawnFrom::Population(name) | DrawnFrom::Campaign(name) => name,
        }
    }

    /// What kind of place it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            DrawnFrom::Everyone => "everyone",
            DrawnFrom::Population(_) => "population",
            DrawnFrom::Campaign(_) => "campaign",
        }
    }
}

/// The places of a log with their accounts, one for each declared customer: the tests are shown
/// no more of a cluster either. Accounts that the truth does not know are nobody's.
#[must_use]
pub fn places(log: &Trialled<'_>, truth: &Truth) -> BTreeMap<DrawnFrom, Vec<u32>> {
    let mut places: BTreeMap<DrawnFrom, Vec<u32>> = BTreeMap::new();
    let mut customers: BTreeSet<(DrawnFrom, &str)> = BTreeSet::new();
    for (number, id) in (0_u32..).zip(&log.account_ids) {
        let Some(account) = truth.accounts.get(id) else {
            continue;
        };
        let customer = log
            .population
            .profile(number)
            .and_then(|profile| profile.org_id.as_deref());
        for place in DrawnFrom::places_of(account) {
            if customer.is_none_or(|customer| customers.insert((place.clone(), customer))) {
                places.entry(place).or_default().push(number);
            }
        }
    }
    places
}

/// Accounts in the groups of a place: as many as asked for, but at most half of it, so that the
/// groups differ; `None` where that is fewer than [`FEWEST_ACCOUNTS`] and than was asked for.
#[must_use]
pub fn group_size(accounts: usize, wanted: usize) -> Option<usize> {
    let size = wanted.min(accounts / 2);
    (size >= wanted.min(FEWEST_ACCOUNTS)).then_some(size)
}

/// Groups of so many accounts, without return within a group, one after another.
pub struct Groups<'a> {
    name: &'a str,
    accounts: Vec<u32>,
    size: usize,
    random: Random,
}

impl<'a> Groups<'a> {
    /// For a place with these accounts; the draws depend on the seed, the place and its accounts.
    #[must_use]
    pub fn new(from: &'a DrawnFrom, accounts: &[u32], size: usize, seed: u64) -> Self {
        Self {
            name: from.name(),
            accounts: accounts.to_vec(),
            size: size.min(accounts.len()),
            random: Random::for_purpose(seed, &format!("trial {} {}", from.kind(), from.name())),
        }
    }
}

impl Iterator for Groups<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        for at in 0..self.size {
            let rest = (self.accounts.len() - at) as u64;
            let other = at + usize::try_from(self.random.below(rest)).ok()?;
            self.accounts.swap(at, other);
        }
        let mut members = self.accounts.get(..self.size)?.to_vec();
        members.sort_unstable();
        Some(Group {
            name: self.name.to_owned(),
            accounts: members,
        })
    }
}
