//! What the inputs are taken for, and which detectors they could feed.

use anyhow::Result;

use crate::config::options::{Quote, ScanOptions};
use crate::detect::registry;
use crate::detect::{Meta, Need};
use crate::digest::{self, Digest, DigestTables, Intake};
use crate::load::{self, LoadPlan, Matched};
use crate::model::column::{AccountColumn, RequestColumn};
use crate::model::finding::{DetectorRun, RunStatus};
use crate::model::progress::Progress;
use crate::patterns;
use crate::pipeline::{InspectedColumn, InspectedFile, Inspection, gather};

/// Looks at the inputs without judging them.
///
/// # Errors
/// Bad input or settings (`Failure`).
pub fn inspect(options: &ScanOptions, progress: &dyn Progress) -> Result<Inspection> {
    let matcher = &patterns::load(&options.input.patterns)?;
    let plan = load::plan(&options.input, &options.config.load)?;
    let files = files(&plan);
    progress.begin("reading", Some(plan.total_bytes()));
    // No text is kept, so nothing of it can be shown.
    let config = &options.config.digest;
    let folded = load::fold_requests(
        &plan,
        digest::WANTED,
        true,
        progress,
        || Digest::with_patterns(config, Quote::None, matcher),
        |state: &mut Digest, batch| state.fold(batch),
    );
    progress.end();
    let (states, report) = folded?;
    let merged = states
        .into_iter()
        .reduce(Digest::merge)
        .unwrap_or_else(|| Digest::with_patterns(config, Quote::None, matcher));
    let tables = merged.finish(Intake {
        inputs: report.inputs,
        reject_counts: report.reject_counts,
        rejects: report.rejects,
    })?;
    let profiles = gather::profiles(options, &tables)?;
    let (_, event_report) = gather::events(options)?;
    let side = gather::side_intake(
        tables.about.intake.inputs.len(),
        profiles.report.as_ref(),
        event_report.as_ref(),
    );
    let mut notes = report.notes;
    notes.extend(pattern_notes(&tables)?);
    let coverage = gather::coverage(
        &tables,
        options.config.load.gap_minutes,
        profiles.joined,
        notes,
        &side,
    )?;
    let request_columns = gather::request_columns(&coverage);
    let account_columns = gather::account_columns(&profiles.by_account);
    let detectors = registry::metas()
        .map(|meta| {
            let mut run = would_run(meta, &request_columns, &account_columns);
            if let Some(reason) = registry::never(meta.id) {
                run.status = RunStatus::NotRun {
                    reason: reason.to_owned(),
                };
            }
            run
        })
        .collect();
    Ok(Inspection {
        files,
        coverage,
        detectors,
    })
}

/// Rules named with an inspection.
const RULES_NAMED: usize = 10;

/// The rules that most requests match, one sentence each. They judge nothing.
fn pattern_notes(tables: &DigestTables) -> Result<Vec<String>> {
    let frame = &tables.patterns;
    let mut counts = vec![(0_u64, 0_u64); tables.about.patterns.rules.len()];
    let requests = frame.column("requests")?.u64()?.into_no_null_iter();
    for (rule, requests) in frame
        .column("rule")?
        .u32()?
        .into_no_null_iter()
        .zip(requests)
    {
        if let Some(count) = counts.get_mut(rule as usize) {
            *count = (count.0.saturating_add(requests), count.1 + 1);
        }
    }
    let mut named: Vec<_> = counts
        .into_iter()
        .zip(&tables.about.patterns.rules)
        .filter(|((requests, _), _)| *requests > 0)
        .collect();
    named.sort_by(|(a, one), (b, two)| b.cmp(a).then_with(|| one.id.cmp(&two.id)));
    Ok(named
        .into_iter()
        .take(RULES_NAMED)
        .map(|((requests, accounts), rule)| {
            format!(
                "pattern rule {} ({}) matches {requests} requests of {accounts} accounts",
                rule.id, rule.capability
            )
        })
        .collect())
}

fn would_run(meta: &Meta, requests: &[RequestColumn], accounts: &[AccountColumn]) -> DetectorRun {
    let met = |need: &Need| match need {
        Need::Request(column) => requests.contains(column),
        Need::Account(column) => accounts.contains(column),
    };
    let missing: Vec<String> = meta
        .needs
        .iter()
        .filter(|need| !met(need))
        .map(|need| need.name())
        .collect();
    let (status, partial) = if !missing.is_empty() && missing.len() == meta.needs.len() {
        (
            RunStatus::NotRun {
                reason: format!("column {} absent", missing.join(", ")),
            },
            Vec::new(),
        )
    } else {
        (
            RunStatus::Ran,
            missing
                .into_iter()
                .map(|name| format!("column {name} absent"))
                .collect(),
        )
    };
    DetectorRun {
        detector: meta.id.to_owned(),
        version: meta.version,
        status,
        findings: 0,
        partial,
    }
}

fn files(plan: &LoadPlan) -> Vec<InspectedFile> {
    plan.files()
        .iter()
        .map(|file| InspectedFile {
            name: file.name.clone(),
            container: file.container.name().to_owned(),
            compression: file.compression.name().to_owned(),
            bytes: file.bytes,
            columns: file
                .columns
                .iter()
                .filter(|column| column.matched != Matched::Absent)
                .map(|column| InspectedColumn {
                    column: column.column.name.to_owned(),
                    source: column.constant.as_ref().map_or_else(
                        || column.sources.join(", else "),
                        |value| format!("always `{value}`"),
                    ),
                    matched: column.matched.name().to_owned(),
                    unit: column.unit.map(|unit| unit.describe().to_owned()),
                    example: column.example.clone(),
                })
                .collect(),
            unread: file.unread.clone(),
            notes: Vec::new(),
        })
        .collect()
}
