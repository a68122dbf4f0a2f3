//! When a provider closed accounts.

use std::collections::BTreeSet;

use crate::detect::population::{HOUR_US, Population};
use crate::model::closure::{Closer, Closures};
use crate::model::week::{self, HOURS_PER_WEEK};

/// Closures that stand for not knowing the hours of a provider's closures: with few closures in
/// the log they count by the hours at which accounts begin, with many by their own (ours).
const PRIOR_CLOSURES: f64 = 24.0;

/// Accounts whose first request comes this soon in the log were there before it began (ours).
const LOG_START_US: i64 = 48 * HOUR_US;

/// Smallest weight of an hour beside a mean one: none is impossible (ours).
const LEAST_WEIGHT: f64 = 0.01;

/// Weights are whole numbers of this part of one closure.
const UNIT: f64 = 1000.0;

/// When accounts were closed.
pub struct Closings {
    /// Closing time by account, where it lies within the log.
    pub at_us: Vec<Option<i64>>,
    /// Accounts that are closed without a time.
    pub untimed: usize,
    /// Closures outside the log's time.
    pub outside: usize,
    /// Accounts that their customer closed, or that are open though they have a time of closing.
    pub own: usize,
    /// Closures that count though nothing says who made them.
    pub unclear: usize,
    /// Accounts that go on sending for more than a day after they were closed.
    pub outlived: usize,
}

/// Microseconds after a closing within which requests may still be under way (ours).
const GRACE_US: i64 = 24 * HOUR_US;

impl Closings {
    /// Reads the closures that a provider made; who leaves by himself is not replaced.
    #[must_use]
    pub fn read(population: &Population<'_>) -> Self {
        let (first, last) = (population.log_first_us(), population.log_last_us());
        let mut closings = Self {
            at_us: vec![None; population.len()],
            untimed: 0,
            outside: 0,
            own: 0,
            unclear: 0,
            outlived: 0,
        };
        let words = Closures::of(population.profiles.iter().flatten());
        for (account, profile) in population.profiles.iter().enumerate() {
            let Some(profile) = profile else { continue };
            let Some(at) = profile.closed_at_us else {
                closings.untimed += usize::from(words.closer(profile).is_some());
                continue;
            };
            if words.left_by_itself(profile) {
                closings.own += 1;
                continue;
            }
            if !(first..=last).contains(&at) {
                closings.outside += 1;
                continue;
            }
            closings.unclear += usize::from(words.closer(profile) == Some(Closer::Unclear));
            let last_request = population.last_us.get(account).copied().unwrap_or(at);
            closings.outlived += usize::from(last_request > at.saturating_add(GRACE_US));
            if let Some(slot) = closings.at_us.get_mut(account) {
                *slot = Some(at);
            }
        }
        closings
    }

    /// How likely a closure is in each hour of the week, UTC, in thousandths of a closure: the
    /// hours with closures in the log, and the hours at which its accounts begin, both without the
    /// accounts of `group` (ascending), which are what is tested. A provider and its customers may
    /// keep the same office hours without a hand in it.
    #[must_use]
    pub fn by_hour(&self, population: &Population<'_>, group: &[u32]) -> [u64; HOURS_PER_WEEK] {
        let outside = |account: &u32| group.binary_search(account).is_err();
        let begun = beginnings(population, population.accounts().filter(outside));
        // A wave of closures in one hour tells once at which hours a provider closes.
        let hours: BTreeSet<i64> = (0_u32..)
            .zip(&self.at_us)
            .filter(|(account, _)| outside(account))
            .filter_map(|(_, at_us)| Some((*at_us)?.div_euclid(HOUR_US)))
            .collect();
        let mut closures = [0_u64; HOURS_PER_WEEK];
        for hour in hours {
            closures[week::hour_of_week(hour)] += 1;
        }
        // Where hardly anybody else begins, the hours at which everybody works stand for them.
        if (begun.iter().sum::<u64>() as f64) < PRIOR_CLOSURES {
            weights(&closures, &working_hours(population))
        } else {
            weights(&closures, &begun)
        }
    }

    /// What of the closures is not used, in words.
    #[must_use]
    pub fn partial(&self) -> Vec<String> {
        let mut partial = Vec::new();
        let mut add = |count: usize, what: &str| {
            if count > 0 {
                partial.push(format!("{count} {what}"));
            }
        };
        add(self.untimed, "accounts are closed without a time");
        add(self.outside, "closures lie outside the log's time");
        add(
            self.own,
            "accounts with a time of closing were closed by their customers or are open, as status and reason say, and are left out",
        );
        add(
            self.unclear,
            "closures count though neither status nor reason says clearly who made them",
        );
        add(
            self.outlived,
            "accounts send requests for more than a day after they were closed",
        );
        partial
    }
}

/// Hour of the week, UTC.
#[must_use]
pub fn hour_of_week(at_us: i64) -> usize {
    week::hour_of_week(at_us.div_euclid(HOUR_US))
}

/// How many of `accounts` begin in each hour of the week, those at the start of the log left out.
fn beginnings(
    population: &Population<'_>,
    accounts: impl Iterator<Item = u32>,
) -> [u64; HOURS_PER_WEEK] {
    let mut counts = [0_u64; HOURS_PER_WEEK];
    let from = population.log_first_us().saturating_add(LOG_START_US);
    for first in accounts.map(|account| population.first(account)) {
        if first >= from {
            counts[hour_of_week(first)] += 1;
        }
    }
    counts
}

/// Hours of all accounts with requests, by hour of the week.
fn working_hours(population: &Population<'_>) -> [u64; HOURS_PER_WEEK] {
    let mut counts = [0_u64; HOURS_PER_WEEK];
    for cell in population
        .accounts()
        .flat_map(|account| population.cells(account))
    {
        counts[week::hour_of_week(cell.hour)] += 1;
    }
    counts
}

/// The closures themselves, and as many as [`PRIOR_CLOSURES`] spread like the beginnings.
fn weights(
    closures: &[u64; HOURS_PER_WEEK],
    beginnings: &[u64; HOURS_PER_WEEK],
) -> [u64; HOURS_PER_WEEK] {
    let all = beginnings.iter().sum::<u64>().max(1) as f64;
    let mean = 1.0 / HOURS_PER_WEEK as f64;
    let mut weights = [0_u64; HOURS_PER_WEEK];
    for ((weight, closed), begun) in weights.iter_mut().zip(closures).zip(beginnings) {
        let share = (*begun as f64 / all).max(LEAST_WEIGHT * mean);
        *weight = ((*closed as f64 + PRIOR_CLOSURES * share) * UNIT)
            .round()
            .max(1.0) as u64;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_closures_are_spread_like_the_beginnings_and_many_like_themselves() {
        let (mut closures, mut beginnings) = ([0; HOURS_PER_WEEK], [0; HOURS_PER_WEEK]);
        beginnings[9] = 300;
        beginnings[10] = 100;
        let few = weights(&closures, &beginnings);
        assert_eq!((few[9], few[10]), (18_000, 6_000));
        assert!(few[20] > 0 && few[20] < 10, "{}", few[20]);
        closures[20] = 1_000;
        let many = weights(&closures, &beginnings);
        assert!(many[20] > 50 * many[9], "{many:?}");
    }
}
