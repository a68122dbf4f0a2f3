//! Dates and times written as text, read without any locale or clock.

/// One instant read from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextTime {
    /// Microseconds since 1970-01-01T00:00:00Z; finer digits are cut off.
    pub(crate) microseconds: i64,
    /// No offset was written; UTC is assumed.
    pub(crate) naive: bool,
}

/// A position in text that only moves forward over what it understands.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn one_of(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if !accepted.contains(first) {
            return None;
        }
        self.rest = rest;
        Some(*first)
    }

    fn digits(&mut self, fewest: usize, most: usize) -> Option<i64> {
        let mut value = 0;
        let mut count = 0;
        while let Some((first, rest)) = self.rest.split_first()
            && first.is_ascii_digit()
            && count < most
        {
            value = value * 10 + i64::from(first - b'0');
            count += 1;
            self.rest = rest;
        }
        (count >= fewest).then_some(value)
    }

    /// Fraction digits as microseconds; any number of digits, the seventh and later cut off.
    fn fraction(&mut self) -> Option<i64> {
        let mut value = 0;
        let mut unit = 100_000;
        let before = self.rest.len();
        while let Some((first, rest)) = self.rest.split_first()
            && first.is_ascii_digit()
        {
            value += i64::from(first - b'0') * unit;
            unit /= 10;
            self.rest = rest;
        }
        (self.rest.len() < before).then_some(value)
    }

    fn literal(&mut self, text: &[u8]) -> bool {
        match self.rest.split_at_checked(text.len()) {
            Some((head, rest)) if head.eq_ignore_ascii_case(text) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn blanks(&mut self) {
        while self.one_of(b" ").is_some() {}
    }
}

/// Reads ISO 8601 as exports write it: `T` or a blank between date and time, any number
/// of fraction digits, `Z`, `UTC`, `+02:00`, `+0200`, `+02` or nothing; or a date alone.
pub(crate) fn parse_date_time(text: &[u8]) -> Option<TextTime> {
    let mut cursor = Cursor { rest: text };
    let year = cursor.digits(4, 4)?;
    let separator = cursor.one_of(b"-/")?;
    let month = cursor.digits(2, 2)?;
    cursor.one_of(&[separator])?;
    let day = cursor.digits(2, 2)?;
    let days = days_since_epoch(year, month, day)?;
    if cursor.rest.is_empty() {
        return Some(TextTime {
            microseconds: microseconds(days, 0, 0, 0, 0),
            naive: true,
        });
    }
    cursor.one_of(b"Tt ")?;
    cursor.blanks();
    let hour = cursor.digits(2, 2).filter(|hour| *hour < 24)?;
    cursor.one_of(b":")?;
    let minute = cursor.digits(2, 2).filter(|minute| *minute < 60)?;
    let (second, fraction) = seconds(&mut cursor)?;
    let local = microseconds(days, hour, minute, second, fraction);
    cursor.blanks();
    if cursor.rest.is_empty() {
        return Some(TextTime {
            microseconds: local,
            naive: true,
        });
    }
    let offset_minutes = offset(&mut cursor)?;
    cursor.rest.is_empty().then_some(TextTime {
        microseconds: local - offset_minutes * 60_000_000,
        naive: false,
    })
}

/// Reads `M/D/YYYY, h:mm:ss.fff AM`. AM or PM must be there: without it the order of
/// day and month could not be told.
pub(crate) fn parse_portal_time(text: &[u8]) -> Option<i64> {
    let mut cursor = Cursor { rest: text };
    let month = cursor.digits(1, 2)?;
    cursor.one_of(b"/")?;
    let day = cursor.digits(1, 2)?;
    cursor.one_of(b"/")?;
    let year = cursor.digits(4, 4)?;
    let days = days_since_epoch(year, month, day)?;
    cursor.one_of(b", ")?;
    cursor.blanks();
    let hour = cursor.digits(1, 2).filter(|hour| (1..=12).contains(hour))?;
    cursor.one_of(b":")?;
    let minute = cursor.digits(2, 2).filter(|minute| *minute < 60)?;
    let (second, fraction) = seconds(&mut cursor)?;
    // Newer portals put a narrow no-break blank (U+202F) before AM.
    if !cursor.literal("\u{202f}".as_bytes()) {
        cursor.blanks();
    }
    let afternoon = if cursor.literal(b"PM") {
        12
    } else if cursor.literal(b"AM") {
        0
    } else {
        return None;
    };
    cursor
        .rest
        .is_empty()
        .then(|| microseconds(days, hour % 12 + afternoon, minute, second, fraction))
}

fn seconds(cursor: &mut Cursor<'_>) -> Option<(i64, i64)> {
    if cursor.one_of(b":").is_none() {
        return Some((0, 0));
    }
    // 60 is a leap second; it reads as the first second of the next minute.
    let second = cursor.digits(2, 2).filter(|second| *second <= 60)?;
    let fraction = if cursor.one_of(b".,").is_some() {
        cursor.fraction()?
    } else {
        0
    };
    Some((second, fraction))
}

fn offset(cursor: &mut Cursor<'_>) -> Option<i64> {
    if cursor.one_of(b"Zz").is_some() || cursor.literal(b"UTC") || cursor.literal(b"GMT") {
        return Some(0);
    }
    let sign = if cursor.one_of(b"+-")? == b'-' { -1 } else { 1 };
    let hours = cursor.digits(2, 2).filter(|hours| *hours < 24)?;
    cursor.one_of(b":");
    let minutes = if cursor.rest.is_empty() {
        0
    } else {
        cursor.digits(2, 2).filter(|minutes| *minutes < 60)?
    };
    Some(sign * (hours * 60 + minutes))
}

fn microseconds(days: i64, hour: i64, minute: i64, second: i64, fraction: i64) -> i64 {
    (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + fraction
}

/// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant's `days_from_civil`).
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_exports_use() {
        let expected = 1_770_091_927_000_000;
        for (text, extra, naive) in [
            ("2026-02-03T04:12:07Z", 0, false),
            ("2026-02-03t04:12:07.3181234z", 318_123, false),
            ("2026-02-03 04:12:07.000001 UTC", 1, false),
            ("2026-02-03 04:12:07,5", 500_000, true),
            ("2026/02/03 04:12:07", 0, true),
            ("2026-02-03T06:12:07+02:00", 0, false),
            ("2026-02-02T23:42:07-0430", 0, false),
            ("2026-02-03T05:12:07+01", 0, false),
        ] {
            let time = parse_date_time(text.as_bytes());
            assert_eq!(
                time,
                Some(TextTime {
                    microseconds: expected + extra,
                    naive
                }),
                "{text}"
            );
        }
        assert_eq!(
            parse_date_time(b"2026-02-03").map(|time| time.microseconds),
            Some(1_770_076_800_000_000)
        );
        assert_eq!(
            parse_portal_time("2/3/2026, 12:00:00\u{202f}AM".as_bytes()),
            Some(1_770_076_800_000_000)
        );
        assert_eq!(
            parse_portal_time(b"2/3/2026 12:00 PM"),
            Some(1_770_120_000_000_000)
        );
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in [
            "",
            "2026",
            "2026-2-3",
            "2026-02-30",
            "2026-13-01",
            "2026-02-03T",
            "2026-02-03T25:00:00Z",
            "2026-02-03T04:12:07Q",
            "2026-02-03T04:12:07Zx",
            "2026-02-03T04:12:07.",
            "2026-02/03",
            "01/02/2026",
            "\u{661}026-02-03",
        ] {
            assert_eq!(parse_date_time(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_portal_time(b"2/3/2026, 04:12:07"), None);
        assert_eq!(parse_portal_time(b"13/3/2026, 04:12:07 AM"), None);
    }

    #[test]
    fn agrees_with_the_calendar_of_chrono() {
        for (year, month, day) in [
            (1970, 1, 1),
            (2000, 2, 29),
            (2001, 1, 1),
            (2024, 2, 29),
            (2026, 12, 31),
            (2100, 3, 1),
        ] {
            let date = chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap();
            let days = date
                .signed_duration_since(chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap())
                .num_days();
            assert_eq!(
                days_since_epoch(i64::from(year), i64::from(month), i64::from(day)),
                Some(days)
            );
        }
    }
}
