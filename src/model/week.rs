//! The hours of the week, Monday 00:00 UTC first.

/// Hours of a week.
pub const HOURS_PER_WEEK: usize = 168;

/// Microseconds in an hour.
const HOUR_US: i64 = 3_600_000_000;

/// Hours from Monday 00:00 UTC of the week of the epoch to the epoch (a Thursday).
const EPOCH_HOUR_OF_WEEK: i64 = 72;

/// Hour of the week of an hour since the epoch.
#[must_use]
pub fn hour_of_week(hour: i64) -> usize {
    usize::try_from(hour.saturating_add(EPOCH_HOUR_OF_WEEK).rem_euclid(168)).unwrap_or(0)
}

/// How often each hour of the week occurs from the hour of `first_us` to the hour of `last_us`,
/// both included. A log of sixteen days holds some weekdays three times and others twice.
#[must_use]
pub fn occurrences(first_us: i64, last_us: i64) -> Vec<u64> {
    let (first, last) = (first_us.div_euclid(HOUR_US), last_us.div_euclid(HOUR_US));
    let hours = u64::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(0);
    let (whole, rest) = (hours / 168, hours % 168);
    let mut counts = vec![whole; HOURS_PER_WEEK];
    let start = hour_of_week(first);
    for step in 0..usize::try_from(rest).unwrap_or(0) {
        if let Some(count) = counts.get_mut((start + step) % HOURS_PER_WEEK) {
            *count += 1;
        }
    }
    counts
}

/// Requests in each hour of the week, per time that it occurs.
#[must_use]
pub fn rates(requests: &[u64], occurrences: &[u64]) -> Vec<f64> {
    (0..HOURS_PER_WEEK)
        .map(|slot| {
            let of = |list: &[u64]| list.get(slot).copied().unwrap_or(0);
            of(requests) as f64 / of(occurrences).max(1) as f64
        })
        .collect()
}

/// Requests of a weekend day beside those of a working day, from rates by hour of the week;
/// nothing where no working day has any.
#[must_use]
pub fn weekend_share(rates: &[f64]) -> Option<f64> {
    let mean = |slots: std::ops::Range<usize>| {
        let hours = slots.len() as f64;
        rates.get(slots).unwrap_or_default().iter().sum::<f64>() / hours
    };
    let working = mean(0..120);
    (working > 0.0).then(|| mean(120..HOURS_PER_WEEK) / working)
}

/// Rates by hour of the day, from those by hour of the week.
#[must_use]
pub fn by_hour_of_day(rates: &[f64]) -> [f64; 24] {
    let mut by_hour = [0.0; 24];
    for (slot, rate) in rates.iter().enumerate() {
        by_hour[slot % 24] += rate;
    }
    by_hour
}

/// Where the quietest `hours` in a row begin, around the clock, and their share of the day;
/// nothing in an empty day.
#[must_use]
pub fn quietest(by_hour: &[f64; 24], hours: usize) -> Option<(usize, f64)> {
    let total: f64 = by_hour.iter().sum();
    let window = |start: usize| (start..start + hours).map(|hour| by_hour[hour % 24]).sum();
    let windows = (0..24).map(|start| (start, window(start)));
    let (start, least) = windows.min_by(|a: &(usize, f64), b| a.1.total_cmp(&b.1))?;
    (total > 0.0).then(|| (start, least / total))
}

/// The most hours in a row that are quiet, around midnight as well; hours are 0 to 23.
#[must_use]
pub fn longest_rest(is_quiet: impl Fn(usize) -> bool) -> usize {
    let (mut longest, mut run) = (0, 0);
    for step in 0..48 {
        run = if is_quiet(step % 24) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest.min(24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_and_nights_are_measured() {
        let rates: Vec<f64> = (0..HOURS_PER_WEEK)
            .map(|slot| match slot {
                120.. => 1.0,
                slot if slot % 24 < 6 => 0.0,
                _ => 4.0,
            })
            .collect();
        assert!((weekend_share(&rates).unwrap() - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(weekend_share(&[0.0; HOURS_PER_WEEK]), None);
        let (start, share) = quietest(&by_hour_of_day(&rates), 4).unwrap();
        assert_eq!(start, 0);
        assert!((share - 8.0 / (5.0 * 72.0 + 48.0)).abs() < 1e-9, "{share}");
        assert_eq!(quietest(&[0.0; 24], 4), None);
    }

    #[test]
    fn the_week_begins_on_monday() {
        assert_eq!(hour_of_week(96), 0);
        assert_eq!(hour_of_week(0), 72);
        assert_eq!(hour_of_week(-1), 71);
    }

    #[test]
    fn hours_that_occur_more_often_are_told_apart() {
        // From Thursday 00:00 for nine days: Thursday and Friday occur twice.
        let counts = occurrences(0, 9 * 24 * HOUR_US - 1);
        assert_eq!(counts.iter().sum::<u64>(), 9 * 24);
        assert_eq!(counts[72], 2);
        assert_eq!(counts[72 + 47], 2);
        assert_eq!(counts[72 + 48], 1);
        assert_eq!(counts[0], 1);
        let even: Vec<u64> = counts.iter().map(|count| count * 5).collect();
        assert!(
            rates(&even, &counts)
                .iter()
                .all(|rate| (*rate - 5.0).abs() < 1e-9)
        );
    }

    #[test]
    fn odd_spans_do_not_break_it() {
        assert_eq!(occurrences(5, 5).iter().sum::<u64>(), 1);
        assert_eq!(occurrences(HOUR_US, 0).iter().sum::<u64>(), 0);
        assert_eq!(occurrences(i64::MIN, i64::MAX).len(), HOURS_PER_WEEK);
        assert!(rates(&[], &[]).iter().all(|rate| rate.abs() < 1e-9));
    }
}
