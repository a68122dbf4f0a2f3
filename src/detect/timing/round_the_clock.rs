//! Accounts that never sleep.
//!
//! # Looks for
//! Accounts whose requests leave no three quiet hours in a row in the day: hours with less
//! than a tenth of the account's mean, over five days and 240 requests at least.
//!
//! # Why
//! Advisory AA26-251A, sign 1: use around the clock, with no human variation or idle time.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests; build machines and services are among those others.
//!
//! # Innocent look-alikes
//! Build machines, services with customers everywhere, monitoring, teams over several time
//! zones behind one account. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! No column beyond the required ones.
//!
//! # Limits
//! Says nothing of accounts with fewer than 240 requests or five days: a campaign at a few
//! requests per account and day is round the clock only as a whole, and so is any group of
//! strangers over several time zones.

use crate::detect::Meta;
use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::{Cell, DAY_US, Population, by_hour_of_day};
use crate::model::finding::Family;
use crate::model::week;

static META: Meta = Meta {
    id: "timing/round-the-clock",
    title: "Accounts that never sleep",
    families: &[Family::Coordination],
    version: 1,
    needs: &[],
    source: include_str!("round_the_clock.rs"),
};

static WORDS: Words = Words {
    family: Family::Coordination,
    accounts_that: "leave no three quiet hours in a row in the day",
    too_few: "too few accounts of the group with 240 requests over five days",
    reference: "with as many requests",
    innocent: "services and build machines, or teams in several time zones behind one account",
    would_clear: "a product behind the accounts that serves customers at all hours",
};

/// Ten for each hour of the day: an hour is then empty by chance once in 22,000.
const FEWEST_REQUESTS: u64 = 240;

/// Shorter use has no daily rhythm to speak of.
const FEWEST_DAYS: i64 = 5;

/// An hour with less than this share of the mean is quiet.
const QUIET_SHARE: f64 = 0.1;

/// People are away for at least this many hours in a row.
const REST_HOURS: usize = 3;

/// The test.
pub struct RoundTheClock;

impl GroupTest for RoundTheClock {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        if population.cell_hours > 1 {
            return Some(format!(
                "activity is kept in buckets of {} hours only",
                population.cell_hours
            ));
        }
        (population.log_last_us() - population.log_first_us() < FEWEST_DAYS * DAY_US)
            .then(|| "the log covers less than five days".to_owned())
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let mut activity = vec![0_u64; population.len()];
        let mut restless = vec![false; population.len()];
        for account in population.accounts() {
            let at = account as usize;
            let requests = population.requests.get(at).copied().unwrap_or(0);
            let span = population.last_us.get(at).copied().unwrap_or(0) - population.first(account);
            if requests < FEWEST_REQUESTS || span < FEWEST_DAYS * DAY_US {
                continue;
            }
            activity[at] = requests;
            restless[at] = longest_rest(population.cells(account)) < REST_HOURS;
        }
        let habit = Habit::new(&activity, restless);
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| habit.look(group, &WORDS)),
        }
    }
}

/// The longest run of quiet hours in the day, around midnight as well.
fn longest_rest(cells: &[Cell]) -> usize {
    let by_hour = by_hour_of_day(cells);
    let mean = by_hour.iter().sum::<u64>() as f64 / 24.0;
    week::longest_rest(|hour| (by_hour[hour] as f64) < QUIET_SHARE * mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::group::{Group, Standing};
    use crate::detect::test_world::{World, random_groups_found};
    use crate::stats::random::Random;

    /// Ten days; machines run all day, people for ten hours.
    fn world(machines: std::ops::Range<u32>, share: f64, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(300, &["m"]);
        for account in 0..300 {
            let machine = machines.contains(&account) || random.unit_f64() < share;
            for day in 0..10 {
                for _ in 0..40 {
                    let hour = if machine {
                        random.below(24)
                    } else {
                        9 + random.below(10)
                    };
                    world.put(account, day * 24 + i64::try_from(hour).unwrap(), 0, 1);
                }
            }
        }
        world
    }

    fn group(accounts: impl Iterator<Item = u32>) -> Group {
        Group {
            name: "test".to_owned(),
            accounts: accounts.collect(),
        }
    }

    #[test]
    fn rests_are_measured_around_midnight() {
        let cells: Vec<Cell> = (2..22)
            .map(|hour| Cell {
                hour,
                model: 0,
                requests: 5,
            })
            .collect();
        assert_eq!(longest_rest(&cells), 4);
        assert_eq!(longest_rest(&[]), 0);
    }

    #[test]
    fn machines_stand_out_among_people_and_stay_weak() {
        let world = world(0..40, 0.05, 1);
        let population = world.population();
        let prepared = RoundTheClock.prepare(&population);
        let look = (prepared.look)(&group(0..40));
        assert!(look.findings[0].bits > 10.0, "{look:?}");
        assert_eq!(look.findings[0].standing, Standing::Weak);
        assert!(look.findings[0].accounts.len() >= 38);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        let world = world(0..0, 0.2, 2);
        let population = world.population();
        let prepared = RoundTheClock.prepare(&population);
        let found = random_groups_found(300, 300, &prepared.look);
        assert!(found <= 26, "{found} of 300 at the level of 5 %");
    }

    #[test]
    fn a_short_log_says_so() {
        let mut short = World::new(1, &["m"]);
        short.put(0, 3, 0, 1);
        assert!(RoundTheClock.blocked(&short.population()).is_some());
        let world = world(0..0, 0.2, 2);
        let population = world.population();
        let prepared = RoundTheClock.prepare(&population);
        assert_eq!((prepared.look)(&group(0..3)).partial, [WORDS.too_few]);
    }
}
