//! A child process for every figure, so that peaks do not mix, and what the child reads of itself.

mod cpu;

use std::process::Command;

use anyhow::{Context, Result, bail};
use cpu::cpu_seconds;

/// What one child used.
pub(crate) struct Used {
    /// Seconds by the clock.
    pub(crate) wall_seconds: f64,
    /// User and system time in seconds.
    pub(crate) cpu_seconds: f64,
    /// Largest resident memory in MiB.
    pub(crate) peak_mebibytes: u64,
    /// The rest of what it said.
    pub(crate) notes: String,
}

/// Runs a command whose last line is `CPU-SECONDS PEAK-MEBIBYTES NOTES`.
pub(crate) fn run(command: &mut Command) -> Result<Used> {
    let start = std::time::Instant::now();
    let output = command.output().context("cannot start the child")?;
    let wall_seconds = start.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut parts = text
        .trim()
        .lines()
        .last()
        .unwrap_or_default()
        .splitn(3, ' ');
    let (Some(cpu), Some(peak), true) = (parts.next(), parts.next(), output.status.success())
    else {
        bail!(
            "the child failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    Ok(Used {
        wall_seconds,
        cpu_seconds: cpu.parse()?,
        peak_mebibytes: peak.parse()?,
        notes: parts.next().unwrap_or_default().to_owned(),
    })
}

/// This program again, as the child `what`.
pub(crate) fn itself(what: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["child", what]);
    Ok(command)
}

/// The line that [`run`] reads.
pub(crate) fn report(notes: &str) -> Result<String> {
    Ok(format!(
        "{:.2} {} {notes}",
        cpu_seconds()?,
        peak_mebibytes()?
    ))
}

fn peak_mebibytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("only Linux tells")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .context("no VmHWM")?;
    Ok(line
        .split_whitespace()
        .nth(1)
        .context("no number")?
        .parse::<u64>()?
        / 1024)
}
