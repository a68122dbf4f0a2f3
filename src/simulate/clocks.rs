//! When people and machines send: weights by hour of the local week.

/// A daily rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Clock {
    /// Office hours with a lunch dip, little at weekends.
    Office,
    /// Late afternoon and evening, all days.
    Evening,
    /// Afternoon to past midnight, Sunday before Monday's deadline.
    Student,
    /// A service whose users come and go.
    Service,
    /// Machines: every hour alike.
    Machine,
}

/// Weights by hour of day; invented curves in the shape every web log has.
const HOURS: [[u8; 24]; 5] = [
    [
        1, 0, 0, 0, 0, 1, 3, 9, 28, 46, 52, 50, 34, 38, 50, 52, 48, 38, 22, 13, 10, 8, 5, 2,
    ],
    [
        8, 4, 2, 1, 1, 1, 3, 6, 9, 12, 13, 15, 17, 16, 15, 17, 20, 26, 32, 38, 44, 46, 36, 20,
    ],
    [
        22, 12, 6, 2, 1, 1, 1, 3, 8, 16, 24, 28, 26, 30, 36, 38, 36, 32, 30, 36, 42, 46, 44, 34,
    ],
    [
        10, 8, 6, 5, 5, 6, 9, 14, 22, 28, 31, 32, 30, 31, 32, 32, 31, 29, 27, 25, 24, 22, 18, 13,
    ],
    [20; 24],
];

/// Factor for Saturday and Sunday.
const WEEKEND: [[f64; 2]; 5] = [
    [0.18, 0.14],
    [1.15, 1.2],
    [0.6, 1.1],
    [0.75, 0.7],
    [1.0, 1.0],
];

/// Weight of an hour of the local week; Monday is day zero.
pub(crate) fn weight(clock: Clock, weekday: i64, hour: i64) -> f64 {
    let at = clock as usize;
    let base = HOURS
        .get(at)
        .and_then(|hours| hours.get(hour.rem_euclid(24) as usize))
        .copied()
        .unwrap_or(1);
    let factor = match (weekday.rem_euclid(7), WEEKEND.get(at)) {
        (5, Some(days)) => days[0],
        (6, Some(days)) => days[1],
        _ => 1.0,
    };
    f64::from(base) * factor
}

/// Mean daily weight over a week, so that a rate means "per average day".
pub(crate) fn mean_day(clock: Clock) -> f64 {
    (0..7)
        .flat_map(|day| (0..24).map(move |hour| weight(clock, day, hour)))
        .sum::<f64>()
        / 7.0
}

/// Weekday of a day number since 1970-01-01 (a Thursday); Monday is zero.
pub(crate) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// Cumulative weights of the 24 hours of a UTC day for someone at an offset from UTC.
pub(crate) fn utc_day(clock: Clock, day: i64, offset_minutes: i64) -> [f64; 24] {
    let mut table = [0.0; 24];
    let mut total = 0.0;
    for (hour, cell) in table.iter_mut().enumerate() {
        let local_minutes = hour as i64 * 60 + offset_minutes;
        let local_day = day + local_minutes.div_euclid(24 * 60);
        let local_hour = local_minutes.rem_euclid(24 * 60) / 60;
        total += weight(clock, weekday(local_day), local_hour);
        *cell = total;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_offsets() {
        assert_eq!(weekday(0), 3, "1970-01-01 was a Thursday");
        assert_eq!(weekday(20_465), 0, "2026-01-12 is a Monday");
        let utc = utc_day(Clock::Office, 20_465, 0);
        let tokyo = utc_day(Clock::Office, 20_465, 540);
        assert!(utc[3] < tokyo[3], "at 03 UTC Tokyo works and London sleeps");
        assert!((mean_day(Clock::Machine) - 480.0).abs() < 1e-9);
    }
}
