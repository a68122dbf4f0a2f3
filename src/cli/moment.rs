//! `--since` and `--until`: moments as people write them, always UTC.

use chrono::{DateTime, NaiveDate, NaiveTime};

/// Microseconds since the epoch of `2026-02-10T02:11:07Z`, `2026-02-10T03:11:07+01:00`
/// or `2026-02-10` (its midnight, UTC).
///
/// # Errors
/// A sentence for the user when it is neither.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.timestamp_micros());
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        // chrono also takes 2026-2-1 and +2026-02-01; one spelling is enough.
        .ok()
        .filter(|_| text.len() == 10)
        .map(|date| date.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
        .ok_or_else(|| {
            "expected a day (2026-02-10) or a time with its offset (2026-02-10T02:11:07Z)".into()
        })
}

/// `2026-02-10 02:11`, in UTC; a time that no calendar holds is shown as its number.
#[must_use]
pub(crate) fn minute(timestamp_us: i64) -> String {
    formatted(timestamp_us, "%Y-%m-%d %H:%M")
}

/// `2026-02-10`, in UTC.
#[must_use]
pub(crate) fn day(timestamp_us: i64) -> String {
    formatted(timestamp_us, "%Y-%m-%d")
}

fn formatted(timestamp_us: i64, pattern: &str) -> String {
    DateTime::from_timestamp_micros(timestamp_us).map_or_else(
        || format!("{timestamp_us} us"),
        |moment| moment.format(pattern).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_offsets_are_read_as_utc() {
        assert_eq!(parse("1970-01-02"), Ok(86_400_000_000));
        assert_eq!(parse("1970-01-01T00:00:00.000001Z"), Ok(1));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Ok(0));
    }

    #[test]
    fn times_without_an_offset_and_odd_spellings_are_refused() {
        for text in [
            "2026-02-10T02:11:07",
            "10.02.2026",
            "2026-2-1",
            "2026-02-30",
            "now",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_shown_in_utc_and_never_panic() {
        assert_eq!(minute(86_400_000_000), "1970-01-02 00:00");
        assert_eq!(day(-1), "1969-12-31");
        assert_eq!(minute(i64::MAX), format!("{} us", i64::MAX));
    }
}
