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

#[cfg(test)]
mod tests {
    use super::*;

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
