//! `--memory`: sizes as people write them, and the default taken from the machine.

/// Used where the machine does not say how much memory it has.
const FALLBACK_BYTES: u64 = 2 << 30;

/// Least memory a run can be given: below it not even one batch has room.
const SMALLEST_BYTES: u64 = 64 << 20;

/// Bytes of `4GiB`, `4G`, `500MB`, `1073741824`; `KB MB GB TB` are powers of 1000,
/// `K M G T` and `KiB MiB GiB TiB` powers of 1024.
///
/// # Errors
/// A sentence for the user when it is not a size or too small to work with.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err("expected a size such as 4GiB or 500MB".into()),
    };
    let bytes = if let Ok(whole) = number.parse::<u64>() {
        whole
            .checked_mul(factor)
            .ok_or("larger than any machine's memory")?
    } else {
        let parts: f64 = number
            .parse()
            .map_err(|_| "expected a size such as 4GiB or 500MB".to_owned())?;
        // A cast from float to integer saturates; the fraction of a byte is dropped.
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let bytes = (parts * factor as f64) as u64;
        bytes
    };
    if bytes < SMALLEST_BYTES {
        return Err("at least 64MiB are needed".into());
    }
    Ok(bytes)
}

/// Half of the machine's memory, or of the limit that its control group sets if that is less.
#[must_use]
pub(crate) fn half_of_machine() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total_of(&text));
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    let whole = match (machine, group) {
        (Some(machine), Some(group)) => machine.min(group),
        (Some(bytes), None) | (None, Some(bytes)) => bytes,
        (None, None) => return FALLBACK_BYTES,
    };
    (whole / 2).max(SMALLEST_BYTES)
}

/// `MemTotal` of `/proc/meminfo`, whose unit is always kB meaning 1024 bytes (proc(5)).
fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_systems() {
        assert_eq!(parse("4GiB"), Ok(4 << 30));
        assert_eq!(parse("4g"), Ok(4 << 30));
        assert_eq!(parse("1.5 GiB"), Ok(3 << 29));
        assert_eq!(parse("500MB"), Ok(500_000_000));
        assert_eq!(parse("1073741824"), Ok(1 << 30));
    }

    #[test]
    fn nonsense_and_too_little_are_refused() {
        for text in [
            "",
            "GiB",
            "4 bananas",
            "-1G",
            "1.2.3G",
            "12",
            "63MiB",
            "99999999999TiB",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_comes_from_the_machine() {
        assert_eq!(
            total_of("MemTotal:       16 kB\nMemFree: 3 kB\n"),
            Some(16 * 1024)
        );
        assert_eq!(total_of("nothing here"), None);
        assert!(half_of_machine() >= SMALLEST_BYTES);
    }
}
