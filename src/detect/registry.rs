//! The detectors, in the order in which they are reported. One line each.

use anyhow::Result;
use rayon::prelude::*;

use crate::detect::content::pattern_cues::PatternCues;
use crate::detect::content::template_spread::TemplateSpread;
use crate::detect::network::shared_identity::SharedIdentity;
use crate::detect::network::shared_infrastructure::SharedInfrastructure;
use crate::detect::{Context, Detector, Outcome};
use crate::model::finding::{DetectorRun, RunStatus};

/// Every detector.
pub static DETECTORS: &[&dyn Detector] = &[
    &SharedInfrastructure,
    &SharedIdentity,
    &TemplateSpread,
    &PatternCues,
];

/// Whether `selection` (an id or the part before the slash) names this detector.
#[must_use]
pub fn selects(selection: &str, id: &str) -> bool {
    selection == id || id.split('/').next() == Some(selection)
}

/// Runs every selected detector that has at least one column to work on, in parallel.
///
/// # Errors
/// When a detector fails, which is an internal error; the message names it.
pub fn run(
    context: &Context<'_>,
    only: &[String],
    skip: &[String],
) -> Result<Vec<(DetectorRun, Outcome)>> {
    DETECTORS
        .par_iter()
        .map(|detector| {
            let meta = detector.meta();
            let mut report = DetectorRun {
                detector: meta.id.to_owned(),
                version: meta.version,
                status: RunStatus::Ran,
                findings: 0,
                partial: Vec::new(),
            };
            let wanted = (only.is_empty() || only.iter().any(|name| selects(name, meta.id)))
                && !skip.iter().any(|name| selects(name, meta.id));
            if !wanted {
                report.status = RunStatus::Skipped;
                return Ok((report, Outcome::default()));
            }
            let missing: Vec<String> = meta
                .needs
                .iter()
                .filter(|need| !need.is_met(context))
                .map(|need| need.name())
                .collect();
            if missing.len() == meta.needs.len() {
                report.status = RunStatus::NotRun {
                    reason: format!("column {} absent", missing.join(", ")),
                };
                return Ok((report, Outcome::default()));
            }
            report.partial = missing
                .into_iter()
                .map(|name| format!("column {name} absent"))
                .collect();
            let mut outcome = detector
                .run(context)
                .map_err(|error| error.context(format!("detector {}", meta.id)))?;
            report.partial.append(&mut outcome.partial);
            Ok((report, outcome))
        })
        .collect()
}
