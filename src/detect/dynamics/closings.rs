//! When a provider closed accounts.

use crate::detect::dynamics::waves::hour_of_day;
use crate::detect::population::Population;

/// When accounts were closed.
pub struct Closings {
    /// Closing time by account, where it lies within the log.
    pub at_us: Vec<Option<i64>>,
    /// Closures by hour of the day, UTC, of the whole log.
    pub by_hour: [u64; 24],
    /// Accounts that are closed without a time.
    pub untimed: usize,
    /// Closures outside the log's time.
    pub outside: usize,
}

impl Closings {
    /// Reads the closures that a provider made; who leaves by himself is not replaced.
    #[must_use]
    pub fn read(population: &Population<'_>) -> Self {
        let (first, last) = (population.log_first_us(), population.log_last_us());
        let mut closings = Self {
            at_us: vec![None; population.len()],
            by_hour: [0; 24],
            untimed: 0,
            outside: 0,
        };
        for (account, profile) in population.profiles.iter().enumerate() {
            let Some(profile) = profile else { continue };
            let status = profile.status.as_deref().unwrap_or_default().to_lowercase();
            let Some(at) = profile.closed_at_us else {
                let closed = ["banned", "suspended", "closed"].contains(&status.as_str());
                closings.untimed += usize::from(closed);
                continue;
            };
            if status == "closed" || status == "active" {
                continue;
            }
            if !(first..=last).contains(&at) {
                closings.outside += 1;
                continue;
            }
            if let Some(slot) = closings.at_us.get_mut(account) {
                *slot = Some(at);
                closings.by_hour[hour_of_day(at)] += 1;
            }
        }
        closings
    }
}
