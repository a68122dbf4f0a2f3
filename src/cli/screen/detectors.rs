//! Which detectors ran, and why the others did not.

use std::collections::BTreeMap;

use crate::cli::escape::visible;
use crate::cli::quantity;
use crate::cli::screen::layout::{Screen, Style};
use crate::model::finding::{DetectorRun, RunStatus};

/// Detectors that ran, could not, or were left out; the reasons, each with its detectors.
pub(super) fn write(screen: &mut Screen, detectors: &[DetectorRun]) {
    let ran = detectors
        .iter()
        .filter(|run| run.status == RunStatus::Ran)
        .count();
    let left_out = detectors
        .iter()
        .filter(|run| run.status == RunStatus::Skipped)
        .count();
    let missing = not_run(detectors);
    let findings = detectors
        .iter()
        .fold(0_u64, |sum, run| sum.saturating_add(run.findings));
    let mut text = format!("{ran} ran ({})", quantity::of(findings, "finding"));
    if missing > 0 {
        text.push_str(&format!(", {missing} could not run"));
    }
    if left_out > 0 {
        text.push_str(&format!(", {left_out} left out on request"));
    }
    screen.entry("detectors", &text, Style::Plain);
    write_reasons(screen, detectors);
}

/// As [`write`], for a run that has not been made.
pub(super) fn write_prospects(screen: &mut Screen, detectors: &[DetectorRun]) {
    let can: Vec<&str> = detectors
        .iter()
        .filter(|run| run.status == RunStatus::Ran)
        .map(|run| run.detector.as_str())
        .collect();
    let text = if can.is_empty() {
        "none".to_owned()
    } else {
        can.join(", ")
    };
    screen.entry("can run", &visible(&text), Style::Plain);
    write_reasons(screen, detectors);
}

/// How many detectors could not run.
pub(super) fn not_run(detectors: &[DetectorRun]) -> u64 {
    let missing = detectors
        .iter()
        .filter(|run| matches!(run.status, RunStatus::NotRun { .. }));
    u64::try_from(missing.count()).unwrap_or(u64::MAX)
}

fn write_reasons(screen: &mut Screen, detectors: &[DetectorRun]) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for run in detectors {
        if let RunStatus::NotRun { reason } = &run.status {
            reasons.entry(reason).or_default().push(&run.detector);
        }
    }
    for (reason, names) in reasons {
        let text = format!("not run: {}: {reason}", names.join(", "));
        screen.entry("", &visible(&text), Style::Yellow);
    }
    let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for run in detectors {
        for part in &run.partial {
            parts.entry(part).or_default().push(&run.detector);
        }
    }
    for (part, names) in parts {
        let text = format!("in part: {}: {part}", names.join(", "));
        screen.entry("", &visible(&text), Style::Plain);
    }
}
