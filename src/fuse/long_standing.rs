//! Whether long-standing customers explain a campaign that payers and prompts alone speak for.
//!
//! The teams, families and agencies that use one product came to it one by one over the years, and
//! they sleep. An operator buys or makes its accounts when it needs them, and has no reason to let
//! them rest; one that has collected accounts for years and keeps human hours looks like customers,
//! unless something else ties its accounts.

use crate::detect::population::{HOUR_US, Population};
use crate::fuse::human_hours;

/// Sign-ups of a network fall into a season (ours: the published networks were built and replaced
/// within weeks).
const SEASON_HOURS: i64 = 90 * 24;

/// At most this share of customers of many years signed up in any one season.
const SEASON_SHARE: f64 = 0.5;

/// Share of the accounts whose sign-up must be known.
const DATED_SHARE: f64 = 0.8;

/// Why customers of many years explain these accounts, if they do.
#[must_use]
pub(super) fn customers(accounts: &[u32], population: &Population<'_>) -> Option<String> {
    let mut created: Vec<i64> = accounts
        .iter()
        .filter_map(|account| {
            let profile = population.profiles.get(*account as usize)?.as_ref()?;
            profile.created_at_us
        })
        .collect();
    if created.is_empty() || (created.len() as f64) < DATED_SHARE * accounts.len() as f64 {
        return None;
    }
    created.sort_unstable();
    let season = (0..created.len())
        .filter_map(|start| {
            let end = created.get(start)?.saturating_add(SEASON_HOURS * HOUR_US);
            Some(created.partition_point(|time| *time <= end) - start)
        })
        .max()
        .unwrap_or(0);
    let is_spread = season as f64 <= SEASON_SHARE * created.len() as f64;
    let hours = match human_hours::kept(accounts, population) {
        Some(true) => "each of them is silent for the same hours of every day, as people are",
        Some(false) => return None,
        None => "most of them have too few requests to show a clock",
    };
    is_spread.then(|| {
        format!(
            "no {} days saw more than {season} of {} accounts sign up, and {hours}: customers who came one by one to a product that they have in common look like that",
            SEASON_HOURS / 24,
            created.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::model::profile::AccountProfile;

    /// Twelve accounts that signed up so many days apart and work so many hours a day.
    fn world(days_apart: i64, hours: i64) -> World {
        let mut world = World::new(12, &["m"]);
        for (account, profile) in (0_i64..).zip(world.profiles.iter_mut()) {
            *profile = Some(AccountProfile {
                created_at_us: Some(account * days_apart * 24 * HOUR_US),
                ..AccountProfile::default()
            });
        }
        for account in 0..12_u32 {
            for hour in (0..5).flat_map(|day| (0..hours).map(move |hour| day * 24 + hour)) {
                world.put(account, hour, 0, 1);
            }
        }
        world
    }

    #[test]
    fn customers_of_years_who_sleep_are_customers() {
        let accounts: Vec<u32> = (0..12).collect();
        let why = |apart, hours| customers(&accounts, &world(apart, hours).population());
        assert!(why(60, 9).is_some_and(|why| why.starts_with("no 90 days saw more than 2 of 12")));
        assert_eq!(why(60, 24), None, "around the clock");
        assert_eq!(why(5, 9), None, "all of one season");
        assert!(why(60, 2).is_some_and(|why| why.contains("too few requests")));
    }

    #[test]
    fn nothing_is_said_where_sign_ups_are_unknown() {
        let mut world = world(60, 9);
        for profile in world.profiles.iter_mut().take(3) {
            *profile = None;
        }
        let accounts: Vec<u32> = (0..12).collect();
        assert_eq!(customers(&accounts, &world.population()), None);
        assert_eq!(customers(&[], &world.population()), None);
    }
}
