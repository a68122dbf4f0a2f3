//! Numbers as people read them.

pub(crate) use crate::model::number::count;

/// `1 file`, `2 files`.
#[must_use]
pub(crate) fn of(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// `12.4 MiB`; whole bytes below one KiB.
#[must_use]
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut size: u128 = 1;
    let mut name = "B";
    for unit in UNITS {
        if u128::from(number) < size * 1024 {
            break;
        }
        size *= 1024;
        name = unit;
    }
    let tenths = (u128::from(number) * 10 + size / 2) / size;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// `3 d 4 h`, `3 h 20 min`, `45 min`: the two largest units of a duration.
#[must_use]
pub(crate) fn duration(microseconds: i64) -> String {
    let minutes = microseconds.max(0) / 60_000_000;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = if days > 0 {
        [(days, "d"), (hours, "h")]
    } else {
        [(hours, "h"), (rest, "min")]
    };
    let shown: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    if shown.is_empty() {
        "under a minute".to_owned()
    } else {
        shown.join(" ")
    }
}

/// `0.26 %`: a share of a whole, never rounded down to nothing.
#[must_use]
#[allow(clippy::cast_precision_loss)] // shown with two decimals
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    let share = part as f64 * 100.0 / whole as f64;
    if share < 0.01 {
        "under 0.01 %".to_owned()
    } else {
        format!("{share:.2} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well_at_their_edges() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(of(1, "file"), "1 file");
        assert_eq!(of(0, "file"), "0 files");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 KiB");
        assert_eq!(bytes(13_002_342), "12.4 MiB");
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
        assert_eq!(duration(59_000_000), "under a minute");
        assert_eq!(duration(12_000_000_000), "3 h 20 min");
        assert_eq!(duration(86_400_000_000), "1 d");
        assert_eq!(duration(i64::MIN), "under a minute");
        assert_eq!(percent(1, 1_000_000), "under 0.01 %");
        assert_eq!(percent(1, 3), "33.33 %");
        assert_eq!(percent(1, 0), "0 %");
    }
}
