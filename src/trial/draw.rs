//! Groups drawn at random, from places whose truth is known.

use std::collections::BTreeMap;

use crate::detect::group::Group;
use crate::evaluate::truth::Truth;
use crate::stats::random::Random;
use crate::trial::TrialOptions;

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
    /// Name in the tables.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            DrawnFrom::Everyone => "everyone",
            DrawnFrom::Population(name) | DrawnFrom::Campaign(name) => name,
        }
    }

    /// Whether a campaign is behind the accounts.
    #[must_use]
    pub fn is_campaign(&self) -> bool {
        matches!(self, DrawnFrom::Campaign(_))
    }
}

/// Groups of `group_accounts` accounts each, without return within a group, from every place
/// that has as many; an equal part of the groups asked for in every folder, rounded up.
#[must_use]
pub fn draw(
    account_ids: &[String],
    truth: &Truth,
    options: &TrialOptions,
) -> Vec<(DrawnFrom, Group)> {
    let mut places: BTreeMap<DrawnFrom, Vec<u32>> = BTreeMap::new();
    for (number, id) in (0_u32..).zip(account_ids) {
        // An account that the truth does not know is nobody's.
        let Some(account) = truth.accounts.get(id) else {
            continue;
        };
        match &account.campaign {
            Some(campaign) => places
                .entry(DrawnFrom::Campaign(campaign.clone()))
                .or_default()
                .push(number),
            None => {
                places.entry(DrawnFrom::Everyone).or_default().push(number);
                places
                    .entry(DrawnFrom::Population(account.population.clone()))
                    .or_default()
                    .push(number);
            }
        }
    }
    let groups = options.groups.div_ceil(options.folders.len().max(1) as u64);
    let mut drawn = Vec::new();
    for (from, mut accounts) in places {
        if accounts.len() < options.group_accounts {
            continue;
        }
        let mut random = Random::for_purpose(options.seed, &format!("trial {}", from.name()));
        for _ in 0..groups {
            for at in 0..options.group_accounts {
                let rest = (accounts.len() - at) as u64;
                accounts.swap(at, at + random.below(rest) as usize);
            }
            let mut members = accounts[..options.group_accounts].to_vec();
            members.sort_unstable();
            let group = Group {
                name: from.name().to_owned(),
                accounts: members,
            };
            drawn.push((from.clone(), group));
        }
    }
    drawn
}
