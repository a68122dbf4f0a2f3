//! The detectors, in the order in which they are reported. One line each.

use anyhow::Result;
use rayon::prelude::*;

use crate::detect::content::canary_probing::CanaryProbing;
use crate::detect::content::capability_focus::CapabilityFocus;
use crate::detect::content::coverage_sweep::CoverageSweep;
use crate::detect::content::near_duplicates::NearDuplicates;
use crate::detect::content::parameter_uniformity::ParameterUniformity;
use crate::detect::content::pattern_cues::PatternCues;
use crate::detect::content::prompt_order::PromptOrder;
use crate::detect::content::recon_then_scale::ReconThenScale;
use crate::detect::content::repeat_sampling::RepeatSampling;
use crate::detect::content::sharding::Sharding;
use crate::detect::content::template_spread::TemplateSpread;
use crate::detect::dynamics::conversation_replay::ConversationReplay;
use crate::detect::dynamics::failover::Failover;
use crate::detect::dynamics::mixed_traffic::MixedTraffic;
use crate::detect::dynamics::model_pivot::ModelPivot;
use crate::detect::dynamics::signature_replay::SignatureReplay;
use crate::detect::dynamics::succession::Succession;
use crate::detect::group::GroupTest;
use crate::detect::network::address_overlap::AddressOverlap;
use crate::detect::network::cross_pathway::CrossPathway;
use crate::detect::network::geography_mismatch::GeographyMismatch;
use crate::detect::network::key_sharing::KeySharing;
use crate::detect::network::metadata_sanitised::MetadataSanitised;
use crate::detect::network::shared_domain::SharedDomain;
use crate::detect::network::shared_identity::SharedIdentity;
use crate::detect::network::shared_infrastructure::SharedInfrastructure;
use crate::detect::network::shared_payment::SharedPayment;
use crate::detect::network::shared_signup::SharedSignup;
use crate::detect::network::signup_burst::SignupBurst;
use crate::detect::timing::coincidence::Coincidence;
use crate::detect::timing::dispatch::Dispatch;
use crate::detect::timing::no_ramp::NoRamp;
use crate::detect::timing::plan_usage::PlanUsage;
use crate::detect::timing::rotation::Rotation;
use crate::detect::timing::round_the_clock::RoundTheClock;
use crate::detect::timing::synchrony::Synchrony;
use crate::detect::{Context, Detector, Meta, Outcome};
use crate::model::finding::{DetectorRun, RunStatus};

/// Every detector of shared keys.
pub static DETECTORS: &[&dyn Detector] = &[
    &SharedPayment,
    &SharedInfrastructure,
    &SharedIdentity,
    &SharedDomain,
    &TemplateSpread,
    &PatternCues,
    &SignatureReplay,
    &AddressOverlap,
];

/// Every test of what a group does over time.
pub static GROUP_TESTS: &[&dyn GroupTest] = &[
    &ModelPivot,
    &Succession,
    &Failover,
    &ConversationReplay,
    &MixedTraffic,
    &SignupBurst,
    &SharedSignup,
    &KeySharing,
    &Synchrony,
    &Coincidence,
    &Dispatch,
    &Rotation,
    &RoundTheClock,
    &NoRamp,
    &PlanUsage,
    &CrossPathway,
    &GeographyMismatch,
    &MetadataSanitised,
    &ParameterUniformity,
    &Sharding,
    &CapabilityFocus,
    &NearDuplicates,
    &RepeatSampling,
    &PromptOrder,
    &ReconThenScale,
    &CoverageSweep,
    &CanaryProbing,
];

/// What every detector and group test is, in registry order.
pub fn metas() -> impl Iterator<Item = &'static Meta> {
    standings().map(|(meta, _)| meta)
}

/// The same with whether a finding may count for a verdict; what may not is weak.
pub fn standings() -> impl Iterator<Item = (&'static Meta, bool)> {
    DETECTORS
        .iter()
        .map(|detector| (detector.meta(), detector.may_count()))
        .chain(
            GROUP_TESTS
                .iter()
                .map(|test| (test.meta(), test.may_count())),
        )
}

/// Whether `selection` (an id or the part before the slash) names this detector.
#[must_use]
pub fn selects(selection: &str, id: &str) -> bool {
    selection == id || id.split('/').next() == Some(selection)
}

/// How a detector fares before it runs: left out, without its columns, or ready.
fn admit(meta: &Meta, context: &Context<'_>, only: &[String], skip: &[String]) -> DetectorRun {
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
        return report;
    }
    if context.tables.accounts.height() < 2 {
        report.status = RunStatus::NotRun {
            reason: "the log has one account, and accounts are compared with each other".to_owned(),
        };
        return report;
    }
    let missing: Vec<String> = meta
        .needs
        .iter()
        .filter(|need| !need.is_met(context))
        .map(|need| need.name())
        .collect();
    if !meta.needs.is_empty() && missing.len() == meta.needs.len() {
        report.status = RunStatus::without_columns(&missing);
        return report;
    }
    report.partial = missing
        .into_iter()
        .map(|name| format!("column {name} absent or empty"))
        .collect();
    report
}

/// How every detector of shared keys fares before it runs.
#[must_use]
pub fn admitted(context: &Context<'_>) -> Vec<DetectorRun> {
    DETECTORS
        .iter()
        .map(|detector| admit(detector.meta(), context, &[], &[]))
        .collect()
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
            let mut report = admit(meta, context, only, skip);
            if report.status != RunStatus::Ran {
                return Ok((report, Outcome::default()));
            }
            let mut outcome = detector
                .run(context)
                .map_err(|error| error.context(format!("detector {}", meta.id)))?;
            report.partial.append(&mut outcome.partial);
            Ok((report, outcome))
        })
        .collect()
}

/// Every group test with how it fares before it runs.
#[must_use]
pub fn group_tests(
    context: &Context<'_>,
    only: &[String],
    skip: &[String],
) -> Vec<(DetectorRun, &'static dyn GroupTest)> {
    GROUP_TESTS
        .iter()
        .map(|test| (admit(test.meta(), context, only, skip), *test))
        .collect()
}
