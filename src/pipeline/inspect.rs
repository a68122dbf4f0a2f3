//! What the inputs are taken for, and which detectors they could feed.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::config::options::{Quote, ScanOptions};
use crate::detect::network::public_ranges::PublicRanges;
use crate::detect::population::Population;
use crate::detect::{Context, registry};
use crate::digest::{self, Digest, DigestTables, Intake};
use crate::fuse;
use crate::load::{self, Matched, PlannedFile};
use crate::model::column::AccountColumn;
use crate::model::finding::DetectorRun;
use crate::model::progress::Progress;
use crate::patterns;
use crate::pipeline::ready::Ready;
use crate::pipeline::{InspectedColumn, InspectedFile, Inspection, gather};

/// Looks at the inputs without judging them.
///
/// # Errors
/// Bad input or settings (`Failure`).
pub fn inspect(options: &ScanOptions, progress: &dyn Progress) -> Result<Inspection> {
    let matcher = &patterns::load(&options.input.patterns)?;
    let plan = load::plan(&options.input, &options.config.load)?;
    let mut files = files(plan.files());
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
    let profiles = gather::profiles(options, &tables, Some(&plan))?;
    let mut notes = report.notes;
    notes.extend(pattern_notes(&tables)?);
    let ready = Ready::of(options, tables, None, profiles, notes)?;
    match &ready.profiles.report {
        Some(report) if ready.profiles.of_the_logs => {
            for (file, planned) in files.iter_mut().zip(&report.files) {
                add_facts(file, planned);
            }
        }
        Some(report) => files.extend(self::files(&report.files)),
        None => {}
    }
    if let Some(report) = &ready.event_report {
        files.extend(self::files(&report.files));
    }
    let public_ranges = PublicRanges::default();
    let detectors = prospects(&ready.context(&options.config, &public_ranges), options)?;
    Ok(Inspection {
        files,
        coverage: ready.coverage,
        detectors,
    })
}

/// Names beside the columns of a log those from which facts about accounts are taken.
fn add_facts(file: &mut InspectedFile, planned: &PlannedFile) {
    let account_id = AccountColumn::AccountId.name();
    let facts = columns(planned).filter(|fact| fact.column != account_id);
    file.columns.extend(facts.map(|fact| InspectedColumn {
        column: format!("accounts.{}", fact.column),
        ..fact
    }));
    let sources = planned.columns.iter().flat_map(|column| &column.sources);
    let read: BTreeSet<&String> = sources.collect();
    file.unread.retain(|name| !read.contains(name));
}

/// How each detector would fare. The tests of groups are made ready but look at no group, so
/// what a scan says of single groups is not known yet.
fn prospects(context: &Context<'_>, options: &ScanOptions) -> Result<Vec<DetectorRun>> {
    let mut runs = registry::admitted(context);
    let population = Population::read(context, &[], &[])?;
    let tests = registry::group_tests(context, &[], &[]);
    let tested =
        fuse::group_tests::run(&tests, &population, &[], &options.config.fuse, options.seed);
    runs.extend(tested.runs);
    Ok(runs)
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

/// The columns of a file that are read.
fn columns(file: &PlannedFile) -> impl Iterator<Item = InspectedColumn> {
    let read = file.columns.iter();
    read.filter(|column| column.matched != Matched::Absent)
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
}

fn files(planned: &[PlannedFile]) -> Vec<InspectedFile> {
    planned
        .iter()
        .map(|file| InspectedFile {
            name: file.name.clone(),
            container: file.container.name().to_owned(),
            compression: file.compression.name().to_owned(),
            bytes: file.bytes,
            columns: columns(file).collect(),
            unread: file.unread.clone(),
            notes: Vec::new(),
        })
        .collect()
}
