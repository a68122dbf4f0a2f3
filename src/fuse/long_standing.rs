//! Whether long-standing customers explain a campaign that payers and prompts alone speak for.
//!
//! The teams, families and agencies that use one product came to it one by one over the years. An
//! operator buys or makes its accounts when it needs them and loses them to closures; one that has
//! collected accounts for years, and puts them to work without any of the marks of that, looks like
//! customers.

use crate::detect::population::{DAY_US, Population};
use crate::fuse::gathering;
use crate::stats::quantile::median;

/// Sign-ups of a network fall into a season (ours: the published networks were built and replaced
/// within weeks).
const SEASON_DAYS: i64 = 90;

/// At most this share of customers of many years signed up in any one season.
const SEASON_SHARE: f64 = 0.5;

/// Share of the accounts whose sign-up must be known.
const DATED_SHARE: f64 = 0.8;

/// Why customers of many years explain these accounts, if they do.
#[must_use]
pub(super) fn customers(accounts: &[u32], population: &Population<'_>) -> Option<String> {
    let dated: Vec<(i64, i64)> = accounts
        .iter()
        .filter_map(|account| {
            let at = *account as usize;
            let created_us = population.profiles.get(at)?.as_ref()?.created_at_us?;
            Some((created_us, *population.last_us.get(at)?))
        })
        .collect();
    if dated.is_empty() || (dated.len() as f64) < DATED_SHARE * accounts.len() as f64 {
        return None;
    }
    let created = dated.iter().map(|(created_us, _)| *created_us).collect();
    let season = gathering::together(created, SEASON_DAYS * 24);
    let mut ages: Vec<f64> = dated
        .iter()
        .map(|(created_us, last_us)| last_us.saturating_sub(*created_us) as f64 / DAY_US as f64)
        .collect();
    ages.sort_by(f64::total_cmp);
    let age_days = median(&ages).unwrap_or(0.0);
    (season as f64 <= SEASON_SHARE * dated.len() as f64 && age_days >= SEASON_DAYS as f64).then(|| {
        format!(
            "no {SEASON_DAYS} days saw more than {season} of {} accounts sign up, and half of them were {age_days:.0} days old and older when last seen: customers who came one by one to a product that they have in common look like that",
            dated.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::model::profile::AccountProfile;

    /// Twelve accounts that signed up so many days apart, the last so many days before the log.
    fn why(days_apart: i64, days_before: i64) -> Option<String> {
        let mut world = World::new(12, &["m"]);
        for (account, profile) in (0_i64..).zip(world.profiles.iter_mut()) {
            *profile = Some(AccountProfile {
                created_at_us: Some(-(account * days_apart + days_before) * DAY_US),
                ..AccountProfile::default()
            });
        }
        for account in 0..12_u32 {
            for day in 0..20 {
                world.put(account, day * 24, 0, 1);
            }
        }
        let accounts: Vec<u32> = (0..12).collect();
        customers(&accounts, &world.population())
    }

    #[test]
    fn accounts_of_many_years_are_customers_and_those_of_a_season_are_not() {
        assert!(why(60, 1).is_some_and(|why| why.starts_with("no 90 days saw more than 2 of 12")));
        assert_eq!(why(5, 1), None);
        assert_eq!(why(5, 400), None, "all old, and of one season");
    }

    #[test]
    fn accounts_that_follow_one_another_and_do_not_last_are_no_customers() {
        let mut world = World::new(12, &["m"]);
        for (account, profile) in (0_i64..).zip(world.profiles.iter_mut()) {
            *profile = Some(AccountProfile {
                created_at_us: Some(account * 30 * DAY_US),
                ..AccountProfile::default()
            });
        }
        for account in 0..12_u32 {
            for day in 0..20 {
                world.put(account, (i64::from(account) * 30 + day) * 24, 0, 1);
            }
        }
        let accounts: Vec<u32> = (0..12).collect();
        assert_eq!(customers(&accounts, &world.population()), None);
        for profile in world.profiles.iter_mut().take(3) {
            *profile = None;
        }
        assert_eq!(customers(&accounts, &world.population()), None, "unknown");
        assert_eq!(customers(&[], &world.population()), None);
    }
}
