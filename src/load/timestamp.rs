//! Times: which unit a column is written in, and reading one value in that unit.
//!
//! The unit is decided once for a column of a file, from all values looked at, never
//! row by row: a row-wise guess would quietly move single requests by decades. Numbers
//! are read as decimal text, never through a float (a .NET tick count needs 60 bits).

use crate::load::time_text::{parse_date_time, parse_portal_time};

/// 2001-01-01T00:00:00Z, the earliest time taken, in microseconds.
pub(crate) const EARLIEST_US: i64 = 978_307_200_000_000;
/// 2101-01-01T00:00:00Z, the first time not taken, in microseconds.
pub(crate) const LATEST_US: i64 = 4_133_980_800_000_000;
/// .NET ticks (100 ns since 0001-01-01) at 1970-01-01, `DateTime.UnixEpoch.Ticks`.
const TICKS_AT_EPOCH: i128 = 621_355_968_000_000_000;

/// How a column of times is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimestampUnit {
    /// ISO 8601 / RFC 3339 text; without an offset it is UTC.
    Rfc3339,
    /// `M/D/YYYY, h:mm:ss.fff AM`, as one cloud portal exports; UTC.
    Portal,
    /// Seconds since 1970, possibly with a fraction.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
    /// Nanoseconds since 1970.
    Nanoseconds,
    /// 100 ns steps since 0001-01-01; taken only when the map says so.
    DotnetTicks,
    /// A timestamp or date type of the file format itself.
    Native,
}

/// Whether a text is digits, perhaps with a sign and a fraction.
fn is_number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'))
        && text.bytes().filter(|byte| *byte == b'-').count() <= 1
        && !text.get(1..).unwrap_or_default().contains('-')
}

impl TimestampUnit {
    /// Units that may be guessed, the commonest first (the order breaks ties).
    const GUESSED: [TimestampUnit; 6] = [
        TimestampUnit::Rfc3339,
        TimestampUnit::Milliseconds,
        TimestampUnit::Seconds,
        TimestampUnit::Microseconds,
        TimestampUnit::Nanoseconds,
        TimestampUnit::Portal,
    ];

    /// The names a map may use.
    pub const NAMES: [&'static str; 7] =
        ["rfc3339", "s", "ms", "us", "ns", "dotnet_ticks", "portal"];

    /// The unit of this name in a map.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "rfc3339" => TimestampUnit::Rfc3339,
            "s" => TimestampUnit::Seconds,
            "ms" => TimestampUnit::Milliseconds,
            "us" => TimestampUnit::Microseconds,
            "ns" => TimestampUnit::Nanoseconds,
            "dotnet_ticks" => TimestampUnit::DotnetTicks,
            "portal" => TimestampUnit::Portal,
            _ => return None,
        })
    }

    /// The unit in words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            TimestampUnit::Rfc3339 => "date and time as text (RFC 3339)",
            TimestampUnit::Portal => "month/day/year text with AM/PM",
            TimestampUnit::Seconds => "seconds since 1970",
            TimestampUnit::Milliseconds => "milliseconds since 1970",
            TimestampUnit::Microseconds => "microseconds since 1970",
            TimestampUnit::Nanoseconds => "nanoseconds since 1970",
            TimestampUnit::DotnetTicks => ".NET ticks",
            TimestampUnit::Native => "timestamp type of the file",
        }
    }

    /// Reads one value in this unit; the error says what was expected.
    pub(crate) fn parse(self, text: &str) -> Result<i64, &'static str> {
        let text = text.trim_ascii();
        let value = match self {
            TimestampUnit::Rfc3339 | TimestampUnit::Native => {
                let time = parse_date_time(text.as_bytes());
                i128::from(
                    time.ok_or(if is_number(text) {
                        "a number that is no time between 2001 and 2100 in any unit known; name the unit in a map"
                    } else {
                        "not a date and time such as 2026-02-03T04:12:07Z"
                    })?
                        .microseconds,
                )
            }
            TimestampUnit::Portal => {
                let time = parse_portal_time(text.as_bytes());
                i128::from(time.ok_or("not a date and time such as 2/3/2026, 04:12:07 AM")?)
            }
            TimestampUnit::Seconds => {
                scaled(text, 6).ok_or("not a number of seconds since 1970")?
            }
            TimestampUnit::Milliseconds => {
                scaled(text, 3).ok_or("not a number of milliseconds since 1970")?
            }
            TimestampUnit::Microseconds => {
                scaled(text, 0).ok_or("not a number of microseconds since 1970")?
            }
            TimestampUnit::Nanoseconds => {
                scaled(text, -3).ok_or("not a number of nanoseconds since 1970")?
            }
            TimestampUnit::DotnetTicks => {
                let ticks = scaled(text, 0).ok_or("not a number of .NET ticks")?;
                ticks.saturating_sub(TICKS_AT_EPOCH).div_euclid(10)
            }
        };
        in_range(value).ok_or_else(|| {
            if self != TimestampUnit::DotnetTicks && TimestampUnit::DotnetTicks.parse(text).is_ok() {
                "time outside 2001 to 2100; it reads as .NET ticks (set its unit to dotnet_ticks with --map)"
            } else if self.is_number() {
                "time outside 2001 to 2100 in the unit of this column"
            } else {
                "time outside 2001 to 2100"
            }
        })
    }

    fn is_number(self) -> bool {
        !matches!(
            self,
            TimestampUnit::Rfc3339 | TimestampUnit::Portal | TimestampUnit::Native
        )
    }
}

/// The value if it lies in the years taken.
pub(crate) fn in_range(microseconds: i128) -> Option<i64> {
    i64::try_from(microseconds)
        .ok()
        .filter(|value| (EARLIEST_US..LATEST_US).contains(value))
}

/// What the values looked at say about a column of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnitDecision {
    pub(crate) unit: TimestampUnit,
    /// Values that fit the unit, of all that were looked at.
    pub(crate) fitting: usize,
    pub(crate) seen: usize,
    /// Some text had no offset and was read as UTC.
    pub(crate) naive: bool,
    /// The first value that fits, else the first value.
    pub(crate) example: Option<String>,
}

/// Decides the unit: the one that most of the values fit.
pub(crate) fn decide(values: &[String]) -> UnitDecision {
    let fitting = |unit: TimestampUnit| {
        values
            .iter()
            .filter(|value| unit.parse(value).is_ok())
            .count()
    };
    let mut best = (TimestampUnit::Rfc3339, fitting(TimestampUnit::Rfc3339));
    for unit in TimestampUnit::GUESSED.into_iter().skip(1) {
        let count = fitting(unit);
        if count > best.1 {
            best = (unit, count);
        }
    }
    given(values, best.0)
}

/// What the values look like in a unit that was given.
pub(crate) fn given(values: &[String], unit: TimestampUnit) -> UnitDecision {
    let fits = |value: &&String| unit.parse(value).is_ok();
    let naive = match unit {
        TimestampUnit::Rfc3339 => values.iter().any(|value| {
            parse_date_time(value.trim_ascii().as_bytes()).is_some_and(|time| time.naive)
        }),
        TimestampUnit::Portal => true,
        _ => false,
    };
    UnitDecision {
        unit,
        fitting: values.iter().filter(fits).count(),
        seen: values.len(),
        naive,
        example: values.iter().find(fits).or_else(|| values.first()).cloned(),
    }
}

/// Reads decimal text and returns `floor(value * 10^power)`.
fn scaled(text: &str, power: i32) -> Option<i128> {
    // 30 digits are far above any time in any unit and far below the end of i128.
    const MOST_DIGITS: usize = 30;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.parse::<i32>().ok().filter(|e| e.abs() <= 40)?,
        ),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || whole.len() > MOST_DIGITS || fraction.len() > MOST_DIGITS {
        return None;
    }
    let mut value: i128 = 0;
    let mut fraction_digits = 0;
    for (place, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
        if !byte.is_ascii_digit() {
            return None;
        }
        if place < MOST_DIGITS {
            value = value * 10 + i128::from(byte - b'0');
            fraction_digits += i32::from(place >= whole.len());
        }
    }
    if negative {
        value = -value;
    }
    let shift = power + exponent - fraction_digits;
    let factor = 10_i128.checked_pow(shift.unsigned_abs())?;
    if shift >= 0 {
        value.checked_mul(factor)
    } else {
        Some(value.div_euclid(factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn reads_every_unit_to_the_same_instant() {
        let expected = Ok(1_770_091_927_318_000);
        assert_eq!(
            TimestampUnit::Rfc3339.parse("2026-02-03T04:12:07.318Z"),
            expected
        );
        assert_eq!(TimestampUnit::Seconds.parse("1770091927.318"), expected);
        assert_eq!(TimestampUnit::Seconds.parse("1.770091927318E9"), expected);
        assert_eq!(TimestampUnit::Milliseconds.parse("1770091927318"), expected);
        assert_eq!(
            TimestampUnit::Microseconds.parse("1770091927318000"),
            expected
        );
        assert_eq!(
            TimestampUnit::Nanoseconds.parse("1770091927318000999"),
            expected
        );
        assert_eq!(
            TimestampUnit::DotnetTicks.parse("639056887273180000"),
            expected
        );
        assert_eq!(
            TimestampUnit::Portal.parse("2/3/2026, 04:12:07.318 AM"),
            expected
        );
    }

    #[test]
    fn decides_by_range_over_all_values() {
        assert_eq!(
            decide(&texts(&["1770091927", "1770091928.5"])).unit,
            TimestampUnit::Seconds
        );
        assert_eq!(
            decide(&texts(&["1770091927318"])).unit,
            TimestampUnit::Milliseconds
        );
        assert_eq!(
            decide(&texts(&["1770091927318000"])).unit,
            TimestampUnit::Microseconds
        );
        assert_eq!(
            decide(&texts(&["1770091927318000000"])).unit,
            TimestampUnit::Nanoseconds
        );
        assert_eq!(
            decide(&texts(&["2/3/2026, 4:12:07 PM"])).unit,
            TimestampUnit::Portal
        );
        let mixed = decide(&texts(&[
            "N/A",
            "1770091927",
            "1770091928",
            "1770091927318",
        ]));
        assert_eq!(
            (mixed.unit, mixed.fitting, mixed.seen),
            (TimestampUnit::Seconds, 2, 4)
        );
        assert_eq!(mixed.example.as_deref(), Some("1770091927"));
    }

    #[test]
    fn ticks_are_never_guessed_but_named() {
        let ticks = texts(&["639056887273180000"]);
        let decision = decide(&ticks);
        assert_eq!(decision.fitting, 0);
        assert!(decision.unit.parse(&ticks[0]).is_err());
        assert!(
            TimestampUnit::Nanoseconds
                .parse(&ticks[0])
                .unwrap_err()
                .contains("dotnet_ticks")
        );
    }

    #[test]
    fn refuses_what_is_out_of_range_or_no_number() {
        for text in [
            "",
            "-5",
            "0",
            "1e99",
            "12a",
            ".5",
            "99999999999999999999999999999999",
            "NaN",
            "1e-50",
        ] {
            assert!(TimestampUnit::Seconds.parse(text).is_err(), "{text}");
        }
        assert!(
            TimestampUnit::Rfc3339
                .parse("1999-01-01T00:00:00Z")
                .is_err()
        );
        assert!(
            TimestampUnit::Rfc3339
                .parse("2101-01-01T00:00:00Z")
                .is_err()
        );
        assert!(
            TimestampUnit::Rfc3339
                .parse("2100-12-31T23:59:59.999Z")
                .is_ok()
        );
    }
}
