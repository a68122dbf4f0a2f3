//! Sign-ups of a group that come in a burst.
//!
//! # Looks for
//! The hour, quarter of a day or day in which most of a group's accounts were created,
//! against the share of the rest of the log's accounts that were created in the same time.
//!
//! # Why
//! Advisory AA26-251A names similar registration details and bulk subscriptions; sign-up
//! scripts make many accounts in one go.
//!
//! # Null model
//! Each account of the group was created as if drawn from the creation times of all other
//! accounts of the log, so that growth, working hours, weekdays and term starts are part of
//! it; one account more is added to the others in every window. A binomial tail, corrected
//! for every window looked at.
//!
//! # Innocent look-alikes
//! A class or a course at its start, a company that sets its staff up on one day, an
//! advertising campaign, a queue that opens. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! accounts.created_at.
//!
//! # Limits
//! Accounts without a creation time take no part. Where all accounts of the log are of the
//! group there is nothing to compare with.

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::{HOUR_US, Population};
use crate::detect::{Meta, Need};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;
use crate::stats::tail::binomial_upper_log2;

/// Id of the test.
pub const SIGNUP_BURST: &str = "network/signup-burst";

static META: Meta = Meta {
    id: SIGNUP_BURST,
    title: "Sign-ups of a group that come in a burst",
    families: &[Family::Lifecycle],
    version: 1,
    needs: &[Need::Account(AccountColumn::CreatedAt)],
    source: include_str!("signup_burst.rs"),
};

/// Lengths of the windows, in hours.
const WINDOWS_HOURS: [i64; 3] = [1, 6, 24];

/// Fewest accounts with a creation time, in the group and outside it.
const FEWEST_ACCOUNTS: usize = 8;

/// Fewest sign-ups in a burst.
const FEWEST_IN_BURST: usize = 3;

/// The test.
pub struct SignupBurst;

impl GroupTest for SignupBurst {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let mut all: Vec<i64> = population
            .accounts()
            .filter_map(|account| population.profile(account)?.created_at_us)
            .collect();
        all.sort_unstable();
        let without = population.len() - all.len();
        let mut partial = Vec::new();
        if without > 0 {
            partial.push(format!("{without} accounts have no creation time"));
        }
        Prepared {
            partial,
            look: Box::new(move |group| look(population, &all, group)),
        }
    }
}

fn look(population: &Population<'_>, all: &[i64], group: &Group) -> Look {
    let mut created: Vec<(i64, u32)> = group
        .accounts
        .iter()
        .filter_map(|account| Some((population.profile(*account)?.created_at_us?, *account)))
        .collect();
    created.sort_unstable();
    if created.len() < FEWEST_ACCOUNTS || all.len() - created.len() < FEWEST_ACCOUNTS {
        return Look::untested("too few creation times in the group or outside it");
    }
    // Every sign-up may open a window of each length.
    let tried = (created.len() * WINDOWS_HOURS.len()) as u64;
    let outside = all.len() - created.len();
    let mut best: Option<(f64, usize, usize, i64, f64)> = None;
    for hours in WINDOWS_HOURS {
        let length_us = hours * HOUR_US;
        for (start, (at, _)) in created.iter().enumerate() {
            let end = created.partition_point(|(other, _)| *other < at + length_us);
            // The sign-up that opens the window is given; only the others can surprise.
            let (inside, others) = (end - start - 1, created.len() - 1);
            if inside + 1 < FEWEST_IN_BURST {
                continue;
            }
            let whole = all.partition_point(|other| *other < at + length_us)
                - all.partition_point(|other| other < at);
            let elsewhere = whole - (end - start);
            let chance = (elsewhere + 1) as f64 / (outside + 1) as f64;
            let bits = -binomial_upper_log2(inside as u64, others as u64, chance);
            if best.is_none_or(|best| bits > best.0) {
                best = Some((bits, start, end, hours, chance * others as f64 + 1.0));
            }
        }
    }
    let Some((bits, start, end, hours, expected)) = best else {
        return Look::default();
    };
    let burst = created.get(start..end).unwrap_or(&[]);
    let mut accounts: Vec<u32> = burst.iter().map(|(_, account)| *account).collect();
    accounts.sort_unstable();
    let first_us = burst.first().map(|(at, _)| *at);
    Look {
        findings: vec![GroupFinding {
            family: Family::Lifecycle,
            standing: Standing::Weak,
            about: String::new(),
            bits,
            tried,
            measure: format!("accounts created within {}", span(hours)),
            measured: accounts.len() as f64,
            expected,
            n: created.len() as u64,
            threshold: FEWEST_IN_BURST as f64,
            statement: format!(
                "{} of {} accounts were created within {}; {expected:.1} expected from the other accounts' sign-ups",
                accounts.len(),
                created.len(),
                span(hours)
            ),
            accounts,
            null_model: "each account created as if drawn from the creation times of the other accounts; every window corrected for".to_owned(),
            innocent: "a class at its start, a company that sets up its staff, or an advertisement".to_owned(),
            would_clear: "a course, an employer or a promotion that these sign-ups follow from".to_owned(),
            first_us,
            last_us: burst.last().map(|(at, _)| *at),
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

fn span(hours: i64) -> String {
    if hours == 1 {
        "an hour".to_owned()
    } else {
        format!("{hours} hours")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::stats::random::Random;

    fn world(seed: u64) -> (World, Random) {
        let mut random = Random::new(seed);
        let mut world = World::new(400, &["m"]);
        for account in 0..400 {
            // Working hours of sixty days, and a term start on which a fifth of all sign up.
            let day = if random.unit_f64() < 0.2 {
                30
            } else {
                i64::try_from(random.below(60)).unwrap()
            };
            let hour = day * 24 + 8 + i64::try_from(random.below(9)).unwrap();
            let minute = i64::try_from(random.below(60)).unwrap();
            world.profile(account).created_at_us = Some(hour * HOUR_US + minute * HOUR_US / 60);
        }
        (world, random)
    }

    fn bits(world: &World, accounts: Vec<u32>) -> f64 {
        let population = world.population();
        let prepared = SignupBurst.prepare(&population);
        let group = Group {
            name: "test".to_owned(),
            accounts,
        };
        (prepared.look)(&group)
            .findings
            .first()
            .map_or(0.0, |finding| {
                assert_eq!(finding.standing, Standing::Weak);
                finding.bits - (finding.tried as f64).log2()
            })
    }

    #[test]
    fn random_groups_burst_no_more_often_than_stated() {
        let mut below = 0;
        for repetition in 0..200 {
            let (world, mut random) = world(repetition);
            let mut accounts: Vec<u32> = (0..40)
                .map(|_| u32::try_from(random.below(400)).unwrap())
                .collect();
            accounts.sort_unstable();
            accounts.dedup();
            below += u32::from(bits(&world, accounts) >= 20.0_f64.log2());
        }
        assert!(below <= 19, "{below} of 200 at the level of 5 %");
    }

    #[test]
    fn a_script_that_signs_up_thirty_accounts_is_seen() {
        let mut found = 0;
        for repetition in 0..20 {
            let (mut world, mut random) = world(repetition);
            for account in 0..30 {
                let minute = i64::try_from(random.below(90)).unwrap();
                world.profile(account).created_at_us = Some(500 * HOUR_US + minute * HOUR_US / 60);
            }
            found += u32::from(bits(&world, (0..40).collect()) >= 10.0);
        }
        assert_eq!(found, 20);
    }

    #[test]
    fn a_log_without_others_says_so() {
        let (world, _) = world(1);
        let population = world.population();
        let prepared = SignupBurst.prepare(&population);
        let group = Group {
            name: "all".to_owned(),
            accounts: (0..400).collect(),
        };
        assert_eq!((prepared.look)(&group).partial.len(), 1);
        let empty = World::new(5, &["m"]);
        assert_eq!(
            SignupBurst.prepare(&empty.population()).partial,
            ["5 accounts have no creation time"]
        );
    }
}
