//! Processor time.

use anyhow::{Context, Result};

/// User and system time of this process, from fields 14 and 15 of `/proc/self/stat`
/// (proc(5)); Linux counts them in hundredths of a second.
pub(crate) fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("only Linux tells")?;
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 / 100.0)
}
