//! Credentials that are used from many places and with many clients.
//!
//! # Looks for
//! Accounts among the twentieth, of accounts as busy, with the most addresses per
//! credential, that also use two and more user agents per credential.
//!
//! # Why
//! Advisory AA26-251A, sign 3: one credential from many addresses and user agents.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests; build machines and travellers are among those others.
//!
//! # Innocent look-alikes
//! Build machines and serverless jobs, staff that share a key, mobile users, privacy relays.
//! Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.api_key_id, requests.ip, requests.user_agent.
//!
//! # Limits
//! Addresses and user agents are known by account, not by credential: an account's counts
//! are divided by its number of credentials.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "network/key-sharing",
    title: "Credentials that are used from many places and with many clients",
    families: &[Family::Network],
    version: 1,
    needs: &[
        Need::Request(RequestColumn::ApiKeyId),
        Need::Request(RequestColumn::Ip),
        Need::Request(RequestColumn::UserAgent),
    ],
    source: include_str!("key_sharing.rs"),
};

static WORDS: Words = Words {
    family: Family::Network,
    accounts_that: "use each credential from unusually many addresses and with several user agents",
    too_few: "too few accounts of the group with a credential, an address and a user agent",
    reference: "with as many requests",
    innocent: "build machines, serverless jobs, or staff that share a key",
    would_clear: "one employer or one build system behind the addresses",
};

/// The top: one account in this many.
const TOP_ONE_IN: usize = 20;

/// Fewest user agents per credential.
const USER_AGENTS: f64 = 2.0;

/// The test.
pub struct KeySharing;

impl GroupTest for KeySharing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        let known = |counts: &[u32]| counts.iter().any(|count| *count > 0);
        let keys = &population.keys;
        let absent: Vec<&str> = [
            (&keys.credentials, "requests.api_key_id"),
            (&keys.addresses, "requests.ip"),
            (&keys.user_agents, "requests.user_agent"),
        ]
        .into_iter()
        .filter(|(counts, _)| !known(counts))
        .map(|(_, name)| name)
        .collect();
        (!absent.is_empty()).then(|| {
            format!(
                "column {} absent; requests.api_key_id, requests.ip and requests.user_agent are all needed",
                absent.join(", ")
            )
        })
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let per_credential = |counts: &[u32], account: u32| -> f64 {
            let at = account as usize;
            let credentials = population.keys.credentials.get(at).copied().unwrap_or(0);
            f64::from(counts.get(at).copied().unwrap_or(0)) / f64::from(credentials.max(1))
        };
        let keys = &population.keys;
        let told = |account: u32| {
            let at = account as usize;
            [&keys.credentials, &keys.addresses, &keys.user_agents]
                .into_iter()
                .all(|counts| counts.get(at).is_some_and(|count| *count > 0))
        };
        let activity: Vec<u64> = population
            .accounts()
            .map(|account| {
                if told(account) {
                    population
                        .requests
                        .get(account as usize)
                        .copied()
                        .unwrap_or(0)
                } else {
                    0
                }
            })
            .collect();
        // The bar is set among accounts of one activity class.
        let mut classes: Vec<Vec<(f64, u32)>> = vec![Vec::new(); 64];
        for (account, requests) in (0_u32..).zip(&activity) {
            if let Some(class) = requests.checked_ilog2() {
                classes[class as usize].push((per_credential(&keys.addresses, account), account));
            }
        }
        let mut shared = vec![false; population.len()];
        for class in &mut classes {
            class.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let Some((bar, _)) = class.get(class.len() / TOP_ONE_IN).copied() else {
                continue;
            };
            for (addresses, account) in class.iter() {
                if *addresses > bar
                    && per_credential(&keys.user_agents, *account) >= USER_AGENTS
                    && let Some(slot) = shared.get_mut(*account as usize)
                {
                    *slot = true;
                }
            }
        }
        Habit::new(&activity, shared).into_test(&WORDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::group::Standing;
    use crate::detect::test_world::{World, assert_keeps_its_level, look_at};
    use crate::stats::random::Random;

    fn world(relayed: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            let at = account as usize;
            world.put(account, 10, 0, 100);
            world.keys.credentials[at] = 1;
            world.keys.addresses[at] = if relayed.contains(&account) {
                60
            } else {
                u32::try_from(1 + random.below(30)).unwrap()
            };
            world.keys.user_agents[at] = if relayed.contains(&account) {
                6
            } else {
                u32::try_from(1 + random.below(4)).unwrap()
            };
        }
        world
    }

    #[test]
    fn relayed_credentials_stand_out_and_stay_weak() {
        let look = look_at(&KeySharing, &world(0..20, 1), (0..20).collect());
        assert!(look.findings[0].bits > 10.0, "{look:?}");
        assert_eq!(look.findings[0].standing, Standing::Weak);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&KeySharing, &world(0..0, 2));
    }

    #[test]
    fn a_missing_column_is_named() {
        let mut world = World::new(3, &["m"]);
        world.keys.credentials[0] = 1;
        world.keys.addresses[0] = 1;
        assert_eq!(
            KeySharing.blocked(&world.population()).unwrap(),
            "column requests.user_agent absent; requests.api_key_id, requests.ip and requests.user_agent are all needed"
        );
    }
}
