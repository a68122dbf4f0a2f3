//! What accounts did in the hours after a release, beside the week before it.

use crate::detect::dynamics::releases::Release;
use crate::detect::matched::Matched;
use crate::detect::population::Population;

/// The group's own habit is read from at most this many hours before the release.
const HABIT_HOURS: i64 = 168;

/// What every account did in one window after one release.
pub struct Window {
    /// The release.
    pub release: Release,
    /// Length of the window.
    pub hours: i64,
    /// Requests in the window, on any model; zero for accounts that were not there before.
    requests: Vec<u64>,
    /// Requests in the window on the released model.
    moved: Vec<u64>,
    /// Requests per window length in the time before the release.
    before: Vec<f64>,
    /// Requests in the window, and per window length before, of all accounts together.
    in_all: (u64, f64),
    /// Accounts by their requests in the window.
    pub matched: Matched,
}

impl Window {
    /// Reads the window off the population; `first_hour` is the log's first.
    #[must_use]
    pub fn new(population: &Population<'_>, release: Release, hours: i64, first_hour: i64) -> Self {
        let accounts = population.len();
        let mut requests = vec![0_u64; accounts];
        let mut moved = vec![0_u64; accounts];
        let mut before = vec![0.0; accounts];
        // Whole days, so that a habit by hour of the day does not tilt the comparison.
        let habit_hours = ((release.hour - first_hour) / 24 * 24).min(HABIT_HOURS);
        let scale = hours as f64 / habit_hours.max(1) as f64;
        for account in population.accounts() {
            let at = account as usize;
            let earlier =
                population.cells_between(account, release.hour - habit_hours, release.hour);
            if earlier.is_empty() {
                continue;
            }
            before[at] = earlier
                .iter()
                .map(|cell| f64::from(cell.requests))
                .sum::<f64>()
                * scale;
            for cell in population.cells_between(account, release.hour, release.hour + hours) {
                requests[at] += u64::from(cell.requests);
                if release.models.binary_search(&cell.model).is_ok() {
                    moved[at] += u64::from(cell.requests);
                }
            }
        }
        Self {
            matched: Matched::new(&requests),
            in_all: (requests.iter().sum(), before.iter().sum()),
            release,
            hours,
            requests,
            moved,
            before,
        }
    }

    /// Share of the account's requests that went to the released model.
    #[must_use]
    pub fn share(&self, account: u32) -> f64 {
        let at = account as usize;
        match (self.moved.get(at), self.requests.get(at)) {
            (Some(moved), Some(all)) if *all > 0 => *moved as f64 / *all as f64,
            _ => 0.0,
        }
    }

    /// Requests of the account in the window; zero where it was not there before.
    #[must_use]
    pub fn at_work(&self, account: u32) -> u64 {
        self.requests.get(account as usize).copied().unwrap_or(0)
    }

    /// Share of the group's requests that went to the released model.
    #[must_use]
    pub fn share_of(&self, group: &[u32]) -> f64 {
        let moved: u64 = group
            .iter()
            .filter_map(|account| self.moved.get(*account as usize))
            .sum();
        let all: u64 = group.iter().map(|account| self.at_work(*account)).sum();
        moved as f64 / all.max(1) as f64
    }

    /// How much of what the group sends to the new model is missing from the old ones.
    #[must_use]
    pub fn redirected(&self, group: &[u32]) -> f64 {
        let (mut all, mut moved, mut before) = (0_u64, 0_u64, 0.0);
        for account in group {
            let at = *account as usize;
            all += self.at_work(*account);
            moved += self.moved.get(at).copied().unwrap_or(0);
            before += self.before.get(at).copied().unwrap_or(0.0);
        }
        let all_outside = self.in_all.0 - all;
        let before_outside = self.in_all.1 - before;
        let trend = if before_outside > 0.0 {
            all_outside as f64 / before_outside
        } else {
            1.0
        };
        let missing = before * trend - (all - moved) as f64;
        missing / (moved.max(1) as f64)
    }
}
