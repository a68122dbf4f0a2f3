//! Whether a working week explains a campaign: the staff of a firm, its contractors, a course on
//! working days.
//!
//! One employer pays, hands out the wording and closes at the weekend. Software behind bought
//! accounts has no reason to rest for two days in seven; whoever keeps to working days as strictly
//! as an office is taken for one, unless a payer and two more ways of knowing speak together.

use crate::detect::population::Population;
use crate::model::week::{self, HOURS_PER_WEEK};

/// Hours of a weekend. Any two days count: it falls on Friday in some countries, and on other
/// hours of UTC in all but a few.
const WEEKEND_HOURS: usize = 48;

/// A weekend day with at most this part of a working day's requests is one on which nobody works
/// (ours: one in ten comes in on a Saturday).
const WEEKEND_SHARE: f64 = 0.1;

/// Two weekends: one may be a holiday, or a fault.
const WEEKENDS: u64 = 2;

/// Fewest requests that show a week (ours: even clocks would leave some thirty for a weekend).
const REQUESTS: u64 = 100;

/// Why the working week of staff explains these accounts, if it does.
#[must_use]
pub(super) fn staff(accounts: &[u32], population: &Population<'_>) -> Option<String> {
    let busy = || {
        accounts
            .iter()
            .map(|account| *account as usize)
            .filter(|account| population.requests.get(*account) > Some(&0))
    };
    let first_us = busy().filter_map(|at| population.first_us.get(at)).min()?;
    let last_us = busy().filter_map(|at| population.last_us.get(at)).max()?;
    let occurrences = week::occurrences(*first_us, *last_us);
    if occurrences.iter().min() < Some(&WEEKENDS) {
        return None;
    }
    let mut requests = vec![0_u64; HOURS_PER_WEEK];
    for account in accounts {
        for cell in population.cells(*account) {
            if let Some(count) = requests.get_mut(week::hour_of_week(cell.hour)) {
                *count += u64::from(cell.requests);
            }
        }
    }
    let total: u64 = requests.iter().sum();
    let rates = week::rates(&requests, &occurrences);
    let all: f64 = rates.iter().sum();
    let quietest: f64 = (0..HOURS_PER_WEEK)
        .map(|start| {
            (start..start + WEEKEND_HOURS)
                .filter_map(|slot| rates.get(slot % HOURS_PER_WEEK))
                .sum()
        })
        .min_by(f64::total_cmp)?;
    let per_hour = |sum: f64, hours: usize| sum / hours as f64;
    let weekend = per_hour(quietest, WEEKEND_HOURS);
    let working = per_hour(all - quietest, HOURS_PER_WEEK - WEEKEND_HOURS);
    (total >= REQUESTS && weekend <= WEEKEND_SHARE * working).then(|| {
        format!(
            "two days of their week have {:.0} % of the requests of another day, as where staff or a course work on working days",
            100.0 * weekend / working
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;

    /// Twelve accounts at work for so many days, on the first `working` of every seven.
    fn world(days: i64, working: i64) -> World {
        let mut world = World::new(12, &["m"]);
        for account in 0..12_u32 {
            for day in (0..days).filter(|day| day % 7 < working) {
                for hour in 8..17 {
                    world.put(account, day * 24 + hour, 0, 1);
                }
            }
        }
        world
    }

    #[test]
    fn five_days_of_seven_are_a_working_week_and_seven_are_not() {
        let accounts: Vec<u32> = (0..12).collect();
        let why = staff(&accounts, &world(21, 5).population());
        assert!(why.is_some_and(|why| why.starts_with("two days of their week have 0 %")));
        assert_eq!(staff(&accounts, &world(21, 6).population()), None);
        assert_eq!(staff(&accounts, &world(21, 7).population()), None);
    }

    #[test]
    fn one_week_shows_no_working_week() {
        let accounts: Vec<u32> = (0..12).collect();
        assert_eq!(staff(&accounts, &world(9, 5).population()), None);
        assert_eq!(staff(&[], &world(21, 5).population()), None);
    }
}
