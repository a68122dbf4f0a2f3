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

/// Whether a part that could not be tested is `3 of 4 groups: why`.
fn is_of_groups(part: &str) -> bool {
    part.split_once(" groups: ").is_some_and(|(count, _)| {
        count
            .split(" of ")
            .all(|number| number.parse::<u64>().is_ok())
    })
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
    let mut of_groups: Vec<&str> = Vec::new();
    for run in detectors {
        for part in &run.partial {
            if is_of_groups(part) {
                of_groups.push(&run.detector);
            } else {
                parts.entry(part).or_default().push(&run.detector);
            }
        }
    }
    of_groups.dedup();
    if !of_groups.is_empty() {
        let text = format!(
            "in part: not every group could be tested by {}; the report says why",
            of_groups.join(", ")
        );
        screen.entry("", &visible(&text), Style::Plain);
    }
    for (part, names) in parts {
        let text = format!("in part: {}: {part}", names.join(", "));
        screen.entry("", &visible(&text), Style::Plain);
    }
}
