//! Accounts of a group that signed up from one place, with one device or by one code.
//!
//! # Looks for
//! Repeats among a group's sign-ups: addresses, their /24 or /48 blocks, devices (user agent and
//! TLS or device fingerprint together) and referral codes that several of its accounts have.
//!
//! # Why
//! Accounts that are made in bulk are often made in one place and then sent their work through
//! many: proxies hide the requests, and the sign-up shows where the operator sat. Advisory
//! AA26-251A names similar registration details.
//!
//! # Null model
//! Each account of the group signed up as if drawn from the sign-ups of all other accounts of the
//! log, so that popular carriers, browsers and codes are part of it. Then the number of repeats
//! (accounts less different values) is close to Poisson, with the number of pairs times the
//! chance that two sign-ups agree as its mean; two of the others are counted as agreeing with
//! themselves, so that the mean errs upwards.
//!
//! # Innocent look-alikes
//! A class, a company or the guests of a hall sign up together; a teacher's, a writer's or an
//! advertiser's code brings people of one interest. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! Any of accounts.signup_ip, accounts.signup_tls_fingerprint with accounts.signup_user_agent,
//! accounts.referrer_code.
//!
//! # Limits
//! Private and masked addresses take no part; hashed ones are compared whole and give no block.

use rustc_hash::FxHashMap;

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::network::address::{self, AddressKind};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;
use crate::model::profile::AccountProfile;
use crate::stats::tail::poisson_upper_log2;

/// Id of the test.
pub const SHARED_SIGNUP: &str = "network/shared-signup";

static META: Meta = Meta {
    id: SHARED_SIGNUP,
    title: "Accounts of a group that signed up from one place, device or by one code",
    families: &[Family::Lifecycle],
    version: 1,
    needs: &[
        Need::Account(AccountColumn::SignupIp),
        Need::Account(AccountColumn::SignupTlsFingerprint),
        Need::Account(AccountColumn::SignupUserAgent),
        Need::Account(AccountColumn::ReferrerCode),
    ],
    source: include_str!("shared_signup.rs"),
};

/// Fewest accounts with a value, in the group and outside it.
const FEWEST_ACCOUNTS: usize = 8;

/// Fewest repeats that are reported.
const FEWEST_REPEATS: u64 = 3;

/// A detail of a sign-up: its name, its plural, and how it is read.
type Detail = (
    &'static str,
    &'static str,
    fn(&AccountProfile) -> Option<String>,
);

const DETAILS: [Detail; 4] = [
    ("address", "addresses", signup_address),
    ("address block", "address blocks", |profile| {
        address::prefix(profile.signup_ip.as_deref()?)
    }),
    ("device", "devices", device),
    ("referral code", "referral codes", |profile| {
        profile.referrer_code.clone()
    }),
];

/// An address as it is compared: public ones by themselves, hashed ones as they stand.
fn signup_address(profile: &AccountProfile) -> Option<String> {
    let text = profile.signup_ip.as_deref()?;
    match (address::kind(text), address::parse(text)) {
        (AddressKind::Public, Some(address)) => Some(address.to_string()),
        (AddressKind::Opaque, _) => Some(text.to_owned()),
        _ => None,
    }
}

/// User agent and device at sign-up, where both are known.
fn device(profile: &AccountProfile) -> Option<String> {
    let agent = profile.signup_user_agent.as_deref()?;
    let device = profile.signup_tls_fingerprint.as_deref()?;
    Some(format!("{agent} | {device}"))
}

/// The test.
pub struct SharedSignup;

impl GroupTest for SharedSignup {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let known: Vec<Signups> = DETAILS
            .into_iter()
            .map(|detail| Signups::read(population, detail))
            .collect();
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| {
                let told: Vec<(&Signups, Vec<(u32, u32)>)> = known
                    .iter()
                    .filter_map(|signups| Some((signups, signups.told(group)?)))
                    .collect();
                if told.is_empty() {
                    return Look::untested("too few sign-up details in the group or outside it");
                }
                Look {
                    findings: told
                        .iter()
                        .filter_map(|(signups, inside)| signups.look(inside))
                        .collect(),
                    partial: Vec::new(),
                }
            }),
        }
    }
}

fn square(count: u64) -> u128 {
    u128::from(count) * u128::from(count)
}

/// One detail of all sign-ups.
struct Signups {
    singular: &'static str,
    plural: &'static str,
    /// Number of the value of each account.
    value_of: Vec<Option<u32>>,
    /// Accounts with each value.
    holders: Vec<u64>,
    /// Accounts with any, and the sum over values of their accounts squared: both are there for
    /// every group but for the few values that it holds itself.
    all: u64,
    squares: u128,
}

impl Signups {
    fn read(population: &Population<'_>, (singular, plural, read): Detail) -> Self {
        let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
        let mut holders: Vec<u64> = Vec::new();
        let value_of = population
            .accounts()
            .map(|account| {
                let value = read(population.profile(account)?)?;
                let number = *numbers.entry(value).or_insert_with(|| {
                    holders.push(0);
                    u32::try_from(holders.len() - 1).unwrap_or(u32::MAX)
                });
                *holders.get_mut(number as usize)? += 1;
                Some(number)
            })
            .collect();
        Self {
            singular,
            plural,
            value_of,
            all: holders.iter().sum(),
            squares: holders.iter().map(|count| square(*count)).sum(),
            holders,
        }
    }

    fn value(&self, account: u32) -> Option<u32> {
        self.value_of.get(account as usize).copied().flatten()
    }

    /// The group's accounts by value, ascending.
    fn inside(&self, group: &Group) -> Vec<(u32, u32)> {
        let mut inside: Vec<(u32, u32)> = group
            .accounts
            .iter()
            .filter_map(|account| Some((self.value(*account)?, *account)))
            .collect();
        inside.sort_unstable();
        inside
    }

    /// The group's accounts by value, where there are enough of them and of others.
    fn told(&self, group: &Group) -> Option<Vec<(u32, u32)>> {
        let inside = self.inside(group);
        let enough =
            inside.len() >= FEWEST_ACCOUNTS && self.all >= (inside.len() + FEWEST_ACCOUNTS) as u64;
        enough.then_some(inside)
    }

    fn look(&self, inside: &[(u32, u32)]) -> Option<GroupFinding> {
        let others = self.all - inside.len() as u64;
        let mut agreeing = self.squares;
        for run in inside.chunk_by(|a, b| a.0 == b.0) {
            let value = run.first().map_or(0, |(value, _)| *value);
            let count = self.holders.get(value as usize).copied().unwrap_or(0);
            agreeing -= square(count) - square(count - run.len() as u64);
        }
        let chance = agreeing as f64 / (others as f64 * others as f64);
        let pairs = inside.len() as f64 * (inside.len() as f64 - 1.0) / 2.0;
        let expected = pairs * chance;
        let mut values = 0_u64;
        let mut accounts: Vec<u32> = Vec::new();
        let mut most = 0;
        for run in inside.chunk_by(|a, b| a.0 == b.0) {
            values += 1;
            most = most.max(run.len());
            if run.len() >= 2 {
                accounts.extend(run.iter().map(|(_, account)| *account));
            }
        }
        let repeats = inside.len() as u64 - values;
        let bits = -poisson_upper_log2(repeats, expected);
        if repeats < FEWEST_REPEATS || bits <= 0.0 {
            return None;
        }
        accounts.sort_unstable();
        let (singular, plural) = (self.singular, self.plural);
        Some(GroupFinding {
            family: Family::Lifecycle,
            standing: Standing::Weak,
            about: singular.to_owned(),
            bits,
            tried: DETAILS.len() as u64,
            measure: format!("repeated {plural} at sign-up"),
            measured: repeats as f64,
            expected,
            n: inside.len() as u64,
            threshold: FEWEST_REPEATS as f64,
            statement: format!(
                "{} accounts signed up with {values} {plural}, {repeats} repeats ({most} accounts with one {singular}); {expected:.1} repeats expected from the other accounts' sign-ups",
                inside.len()
            ),
            accounts,
            null_model: "each account signed up as if drawn from the sign-ups of the other accounts of the log".to_owned(),
            innocent: "a class, a company or the guests of a hall that sign up together, or a code that brings people of one interest".to_owned(),
            would_clear: "a course, an employer, an event or a publication that these sign-ups follow from".to_owned(),
            first_us: None,
            last_us: None,
            dates: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{World, assert_keeps_its_level, assert_stands_out_and_is_weak};
    use crate::stats::random::Random;

    /// Six hundred accounts from four hundred addresses; `together` came from five others.
    fn world(together: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            let (block, place) = (random.below(100), random.below(4));
            world.profile(account).signup_ip = Some(if together.contains(&account) {
                format!("203.0.113.{}", account % 5)
            } else {
                format!("198.51.{block}.{place}")
            });
        }
        world
    }

    #[test]
    fn a_group_from_few_places_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&SharedSignup, &world(0..40, 1), 40);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&SharedSignup, &world(0..0, 2));
    }

    #[test]
    fn only_addresses_that_say_something_are_compared() {
        let with = |address: &str| {
            signup_address(&AccountProfile {
                signup_ip: Some(address.to_owned()),
                ..AccountProfile::default()
            })
        };
        assert_eq!(with("203.0.113.9:443").as_deref(), Some("203.0.113.9"));
        assert_eq!(with("9f8e7d6c").as_deref(), Some("9f8e7d6c"));
        assert_eq!(with("10.0.0.1"), None);
        assert_eq!(with("203.0.113.***"), None);
    }
}
