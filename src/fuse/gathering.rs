//! Whether one event explains a campaign: a hackathon, a workshop, a course day.
//!
//! Its guests sign up together, get vouchers and a starter prompt, sit in one hall, and are gone
//! after the weekend: payer, text, address and clock agree for one reason.

use crate::detect::population::{HOUR_US, Population};
use crate::fuse::human_hours;

/// Sign-ups of a gathering fall into one day.
const SIGN_UP_HOURS: i64 = 24;

/// A long weekend: whoever works longer than this is no guest (ours).
const EVENT_HOURS: i64 = 72;

/// Share of the accounts that must keep to it (ours: some come early, some come back).
const GUESTS_PERCENT: usize = 80;

/// The log must be this much longer than the event, or every group in it would be one.
const LOG_LENGTHS: i64 = 2;

/// Why one event explains these accounts, if it does.
#[must_use]
pub fn one_event(accounts: &[u32], population: &Population<'_>) -> Option<String> {
    let busy = |account: &u32| population.requests.get(*account as usize) > Some(&0);
    let guests: Vec<usize> = accounts
        .iter()
        .filter(|account| busy(account))
        .map(|account| *account as usize)
        .collect();
    let needed = (guests.len() * GUESTS_PERCENT).div_ceil(100).max(2);
    let starts: Vec<i64> = guests
        .iter()
        .filter_map(|account| {
            let profile = population.profiles.get(*account).and_then(Option::as_ref);
            profile
                .and_then(|profile| profile.created_at_us)
                .or_else(|| population.first_us.get(*account).copied())
        })
        .collect();
    let firsts = of(&guests, &population.first_us);
    let lasts = of(&guests, &population.last_us);
    let signed_up = together(starts, SIGN_UP_HOURS);
    if signed_up < needed {
        return None;
    }
    // Whoever began and ended within one weekend was there.
    let stays: Vec<(i64, i64)> = firsts.into_iter().zip(lasts).collect();
    let stayed = stays
        .iter()
        .map(|(begin, _)| {
            let end = begin.saturating_add(EVENT_HOURS * HOUR_US);
            let inside = |stay: &&(i64, i64)| stay.0 >= *begin && stay.1 <= end;
            stays.iter().filter(inside).count()
        })
        .max()
        .unwrap_or(0);
    let everyone = || (0..population.requests.len()).filter(|at| population.requests[*at] > 0);
    let log_first = everyone()
        .filter_map(|at| population.first_us.get(at))
        .min()?;
    let log_last = everyone()
        .filter_map(|at| population.last_us.get(at))
        .max()?;
    let long_enough = log_last.saturating_sub(*log_first) >= LOG_LENGTHS * EVENT_HOURS * HOUR_US;
    (long_enough && stayed >= needed).then(|| {
        format!(
            "{signed_up} of {} accounts signed up within {SIGN_UP_HOURS} hours, and {stayed} have no request outside one stretch of {EVENT_HOURS} hours, in a log of {} days",
            guests.len(),
            log_last.saturating_sub(*log_first) / (24 * HOUR_US)
        )
    })
}

/// Places on a course are taken up within a week and a day (ours).
const ENROLMENT_HOURS: i64 = 8 * 24;

/// Share of the requests with its wording that several send word for word: what is handed out
/// to all (ours: operators who draw items from a queue send each one once, and a chance repeat
/// is rarer).
const HANDED_OUT_SHARE: f64 = 0.04;

/// Share of the accounts that may have been closed (ours): a provider that closes more of them has
/// found something else.
const CLOSED_SHARE: f64 = 0.02;

/// Why a course explains these accounts, if it does: most signed up within days of each other,
/// hardly any was closed, they keep the hours of people, and some of what they send was handed out
/// to several.
#[must_use]
pub fn course(
    accounts: &[u32],
    population: &Population<'_>,
    handed_out_share: f64,
) -> Option<String> {
    let profiles = || {
        accounts
            .iter()
            .filter_map(|account| population.profiles.get(*account as usize)?.as_ref())
    };
    let created: Vec<i64> = profiles()
        .filter_map(|profile| profile.created_at_us)
        .collect();
    let closed = profiles()
        .filter(|profile| profile.closed_at_us.is_some())
        .count();
    let enrolled = together(created, ENROLMENT_HOURS);
    let needed = (accounts.len() * GUESTS_PERCENT).div_ceil(100).max(2);
    let is_open = closed as f64 <= CLOSED_SHARE * accounts.len() as f64;
    let is_of_people = human_hours::kept(accounts, population) != Some(false);
    (enrolled >= needed && is_open && is_of_people && handed_out_share >= HANDED_OUT_SHARE).then(|| {
        format!(
            "{enrolled} of {} accounts signed up within {} days, {closed} were closed, and {:.0} % of what they send of the templates several send word for word: a course whose places sponsors pay for looks like that",
            accounts.len(),
            ENROLMENT_HOURS / 24,
            100.0 * handed_out_share
        )
    })
}

fn of(accounts: &[usize], values: &[i64]) -> Vec<i64> {
    accounts
        .iter()
        .filter_map(|account| values.get(*account).copied())
        .collect()
}

/// The most times that lie within so many hours.
pub(super) fn together(mut times: Vec<i64>, hours: i64) -> usize {
    times.sort_unstable();
    (0..times.len())
        .filter_map(|start| {
            let end = times.get(start)?.saturating_add(hours * HOUR_US);
            Some(times.partition_point(|time| *time <= end) - start)
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::model::profile::AccountProfile;

    const DAY: i64 = 24;

    /// Accounts 0..20 work from hour `start` on, one hour each day for so many days; the others
    /// over four weeks.
    fn world(days: i64) -> World {
        let mut world = World::new(60, &["m"]);
        for account in 0..60_u32 {
            let guest = account < 20;
            let length = if guest { days } else { 28 };
            for day in 0..length {
                let hour = day * DAY + if guest { 10 * DAY } else { 0 } + i64::from(account % 8);
                world.put(account, hour, 0, 3);
            }
        }
        world
    }

    #[test]
    fn a_weekend_is_an_event_and_a_fortnight_is_not() {
        let guests: Vec<u32> = (0..20).collect();
        let weekend = world(2);
        let why = one_event(&guests, &weekend.population());
        assert!(why.is_some_and(|why| why.starts_with("20 of 20 accounts signed up")));
        assert_eq!(one_event(&guests, &world(14).population()), None);
        let regulars: Vec<u32> = (20..60).collect();
        assert_eq!(one_event(&regulars, &weekend.population()), None);
    }

    #[test]
    fn a_short_log_has_no_events() {
        let mut short = World::new(60, &["m"]);
        for account in 0..60_u32 {
            short.put(account, i64::from(account % 40), 0, 3);
        }
        let guests: Vec<u32> = (0..20).collect();
        assert_eq!(one_event(&guests, &short.population()), None);
    }

    #[test]
    fn a_course_enrols_together_hands_out_and_is_left_alone() {
        let mut world = world(14);
        let students: Vec<u32> = (0..20).collect();
        for (day, profile) in (0_i64..).zip(world.profiles.iter_mut()) {
            *profile = Some(AccountProfile {
                created_at_us: Some(day / 4 * DAY * HOUR_US),
                ..AccountProfile::default()
            });
        }
        let why = |world: &World, share| course(&students, &world.population(), share);
        assert!(why(&world, 0.2).is_some_and(|why| why.starts_with("20 of 20 accounts signed up")));
        assert_eq!(why(&world, 0.01), None);
        // Somebody closed two of them.
        for profile in world.profiles.iter_mut().take(2).flatten() {
            profile.closed_at_us = Some(DAY * HOUR_US);
        }
        assert_eq!(why(&world, 0.2), None);
        // Sign-ups over months are no enrolment.
        for (day, profile) in (0_i64..).zip(world.profiles.iter_mut().flatten()) {
            profile.closed_at_us = None;
            profile.created_at_us = Some(day * 4 * DAY * HOUR_US);
        }
        assert_eq!(why(&world, 0.2), None);
    }
}
