//! New accounts that are at full use from their first day.
//!
//! # Looks for
//! Accounts that were created within the log, began within three days of it, and sent in
//! their first 24 hours at least as many requests as in the mean of their later days.
//!
//! # Why
//! Advisory AA26-251A, sign 2: a new subscription at maximum use, without a ramp.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other new accounts of the log with
//! as many requests.
//!
//! # Innocent look-alikes
//! A migration from another provider or account, a class, a benchmark, a batch job. Therefore
//! weak: it never counts for a verdict.
//!
//! # Needs
//! accounts.created_at.
//!
//! # Limits
//! Only accounts created within the log with 20 requests and three days of life.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::{Cell, DAY_US, HOUR_US, Population};
use crate::detect::{Meta, Need};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "timing/no-ramp",
    title: "New accounts that are at full use from their first day",
    families: &[Family::Lifecycle],
    version: 1,
    needs: &[Need::Account(AccountColumn::CreatedAt)],
    source: include_str!("no_ramp.rs"),
};

static WORDS: Words = Words {
    family: Family::Lifecycle,
    accounts_that: "were at full use from their first day",
    too_few: "too few accounts of the group created within the log, with 20 requests over three days",
    reference: "that were new and sent as many requests",
    innocent: "a migration from another account or provider, a class or a batch job",
    would_clear: "earlier use elsewhere that the customers can show",
};

/// Fewest requests and days of an account.
const FEWEST_REQUESTS: u64 = 20;
/// See above.
const FEWEST_DAYS: i64 = 3;

/// Longest time between creation and first request.
const BEGINS_WITHIN_US: i64 = 3 * DAY_US;

/// The test.
pub struct NoRamp;

impl GroupTest for NoRamp {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        (population.cell_hours > 24).then(|| {
            format!(
                "activity is kept in buckets of {} hours only",
                population.cell_hours
            )
        })
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let log_first = population.log_first_us();
        let mut activity = vec![0_u64; population.len()];
        let mut full = vec![false; population.len()];
        let (mut later, mut new) = (0_usize, 0_usize);
        for account in population.accounts() {
            let at = account as usize;
            let first = population.first(account);
            let Some(created) = population
                .profile(account)
                .and_then(|profile| profile.created_at_us)
            else {
                continue;
            };
            if created > first + HOUR_US {
                later += 1;
                continue;
            }
            let requests = population.requests.get(at).copied().unwrap_or(0);
            let span = population.last_us.get(at).copied().unwrap_or(0) - first;
            if created < log_first
                || first - created > BEGINS_WITHIN_US
                || requests < FEWEST_REQUESTS
                || span < FEWEST_DAYS * DAY_US
            {
                continue;
            }
            new += 1;
            activity[at] = requests;
            full[at] = starts_full(population.cells(account));
        }
        let mut partial = Vec::new();
        if later > 0 {
            partial.push(format!(
                "{later} accounts send requests before their creation time and are left out"
            ));
        }
        if new == 0 {
            partial
                .push("no account was created within the log and used for three days".to_owned());
        }
        let habit = Habit::new(&activity, full);
        Prepared {
            partial,
            look: Box::new(move |group| habit.look(group, &WORDS)),
        }
    }
}

/// Whether the first 24 hours hold at least the mean of the later days.
fn starts_full(cells: &[Cell]) -> bool {
    let (Some(first), Some(last)) = (cells.first(), cells.last()) else {
        return false;
    };
    let day = |cell: &&Cell| cell.hour < first.hour + 24;
    let first_day: u64 = cells
        .iter()
        .filter(day)
        .map(|cell| u64::from(cell.requests))
        .sum();
    let all: u64 = cells.iter().map(|cell| u64::from(cell.requests)).sum();
    let later_days = (last.hour - first.hour - 23).max(1) as f64 / 24.0;
    first_day as f64 >= (all - first_day) as f64 / later_days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::group::{Group, Standing};
    use crate::detect::test_world::{World, random_groups_found};
    use crate::stats::random::Random;

    /// Accounts that are born in the log: people ramp up over days, some begin at once.
    fn world(at_once: std::ops::Range<u32>, share: f64, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(300, &["m"]);
        for account in 0..300_u32 {
            let born = i64::from(account % 10) * 24;
            world.profile(account).created_at_us = Some(born * HOUR_US);
            let full = at_once.contains(&account) || random.unit_f64() < share;
            for day in 0..10 {
                let rate = if full { 10 } else { 1 + 2 * day };
                for _ in 0..rate {
                    let hour = i64::try_from(random.below(24)).unwrap();
                    world.put(account, born + day * 24 + hour, 0, 1);
                }
            }
        }
        world.put(0, 0, 0, 1);
        world
    }

    fn bits(world: &World, accounts: Vec<u32>) -> f64 {
        let population = world.population();
        let prepared = NoRamp.prepare(&population);
        let group = Group {
            name: "test".to_owned(),
            accounts,
        };
        (prepared.look)(&group)
            .findings
            .first()
            .map_or(0.0, |finding| {
                assert_eq!(finding.standing, Standing::Weak);
                finding.bits
            })
    }

    #[test]
    fn a_ramp_is_told_from_a_start_at_once() {
        assert!(bits(&world(0..40, 0.1, 1), (0..40).collect()) > 10.0);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        let world = world(0..0, 0.3, 2);
        let population = world.population();
        let prepared = NoRamp.prepare(&population);
        let found = random_groups_found(300, 300, &prepared.look);
        assert!(found <= 26, "{found} of 300 at the level of 5 %");
    }

    #[test]
    fn accounts_that_send_before_they_exist_are_said() {
        let mut world = World::new(2, &["m"]);
        world.put(0, 5, 0, 1);
        world.put(1, 5, 0, 1);
        world.profile(0).created_at_us = Some(500 * HOUR_US);
        let population = world.population();
        assert_eq!(NoRamp.prepare(&population).partial.len(), 2);
    }
}
