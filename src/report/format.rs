//! How times and numbers are written, everywhere.

pub use crate::model::number::count;
use chrono::{DateTime, Datelike, SecondsFormat, Utc, Weekday};

/// Microseconds in a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;

fn utc(timestamp_us: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(timestamp_us)
}

/// ISO 8601, UTC, microseconds: `2026-02-10T02:11:07.123456Z`.
///
/// A value beyond the calendar (a broken clock in the log) is written as a plain number
/// of microseconds, so that it is neither lost nor mistaken for a date.
#[must_use]
pub fn time(timestamp_us: i64) -> String {
    match utc(timestamp_us) {
        Some(moment) => moment.to_rfc3339_opts(SecondsFormat::Micros, true),
        None => format!("{timestamp_us}us"),
    }
}

/// Microseconds in a second.
const SECOND_US: i64 = 1_000_000;

/// Date and time to the second for dense tables whose caption says UTC:
/// `2026-02-10 02:11:07`. A year that does not have four digits (a broken clock) gives the
/// number of seconds instead, as the page's own script does.
#[must_use]
pub fn second(timestamp_us: i64) -> String {
    match utc(timestamp_us) {
        Some(moment) if (0..=9999).contains(&moment.year()) => {
            moment.format("%Y-%m-%d %H:%M:%S").to_string()
        }
        _ => format!("{}s", timestamp_us.div_euclid(SECOND_US)),
    }
}

/// ISO 8601 with a numeric offset: `2026-02-10T02:11:07.123456+00:00`.
#[must_use]
pub fn time_with_offset(timestamp_us: i64) -> String {
    match utc(timestamp_us) {
        Some(moment) => moment.to_rfc3339_opts(SecondsFormat::Micros, false),
        None => format!("{timestamp_us}us"),
    }
}

/// RFC 3339 with milliseconds, as STIX writes times; nothing for years that need a sign or
/// more than four digits.
#[must_use]
pub fn time_in_milliseconds(timestamp_us: i64) -> Option<String> {
    utc(timestamp_us)
        .filter(|moment| (1..=9999).contains(&moment.year()))
        .map(|moment| moment.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The day alone: `2026-02-10`.
#[must_use]
pub fn day(timestamp_us: i64) -> String {
    match utc(timestamp_us) {
        Some(moment) => moment.format("%Y-%m-%d").to_string(),
        None => format!("{timestamp_us}us"),
    }
}

/// `1 account`, `2 accounts`, `no accounts` is left to the sentence.
#[must_use]
pub fn plural(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {noun}s", count(number))
    }
}

/// Bits with two decimals.
#[must_use]
pub fn bits(value: f64) -> String {
    format!("{value:.2}")
}

/// Length of a stretch of time in the largest unit that says enough.
#[must_use]
pub fn duration(from_us: i64, until_us: i64) -> String {
    let minutes = until_us.saturating_sub(from_us).max(0) / 60_000_000;
    // Rounded: a week of requests spans a little less than seven days.
    let rounded = |unit: i64| (minutes.saturating_add(unit / 2) / unit).unsigned_abs();
    match minutes {
        0 => "under a minute".to_owned(),
        1..120 => plural(minutes.unsigned_abs(), "minute"),
        120..2880 => plural(rounded(60), "hour"),
        _ => plural(rounded(1440), "day"),
    }
}

/// Start of the UTC day.
#[must_use]
pub(crate) fn day_start(timestamp_us: i64) -> i64 {
    timestamp_us.saturating_sub(timestamp_us.rem_euclid(DAY_US))
}

/// Whether the day falls on Saturday or Sunday, for the shading of long timelines.
#[must_use]
pub(crate) fn is_weekend(timestamp_us: i64) -> bool {
    utc(timestamp_us).is_some_and(|moment| matches!(moment.weekday(), Weekday::Sat | Weekday::Sun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_iso_with_microseconds() {
        assert_eq!(time(1_770_689_467_123_456), "2026-02-10T02:11:07.123456Z");
        assert_eq!(time(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(time(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(time(i64::MAX), "9223372036854775807us");
        assert_eq!(day(1_770_689_467_123_456), "2026-02-10");
        assert_eq!(second(1_770_689_467_123_456), "2026-02-10 02:11:07");
        assert_eq!(second(-1), "1969-12-31 23:59:59");
        assert_eq!(second(i64::MIN), "-9223372036855s");
        assert_eq!(
            time_with_offset(1_770_689_467_123_456),
            "2026-02-10T02:11:07.123456+00:00"
        );
        assert_eq!(
            time_in_milliseconds(1_770_689_467_123_456).as_deref(),
            Some("2026-02-10T02:11:07.123Z")
        );
        assert_eq!(time_in_milliseconds(i64::MAX), None);
        assert_eq!(time_in_milliseconds(8_000_000_000_000_000_000), None);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_310_442), "1,310,442");
        assert_eq!(plural(1, "account"), "1 account");
        assert_eq!(plural(2000, "account"), "2,000 accounts");
    }

    #[test]
    fn durations_never_overflow() {
        assert_eq!(duration(i64::MIN, i64::MAX), plural(106_751_991, "day"));
        assert_eq!(duration(0, 7 * DAY_US - 1), "7 days");
        assert_eq!(duration(0, 119 * 60_000_000), "119 minutes");
        assert_eq!(duration(0, 47 * 3_600_000_000 + 1), "47 hours");
        assert_eq!(duration(5, 0), "under a minute");
        assert_eq!(duration(0, 45 * DAY_US), "45 days");
    }
}
