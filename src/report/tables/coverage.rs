//! `hubs.csv`, `detectors.csv`, `rejects.csv` and `reject_counts.csv`: what was left out.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::model::coverage::RejectScope;
use crate::model::finding::RunStatus;
use crate::report::present::Presented;
use crate::report::tables::Sink;
use crate::report::tables::csv_table::{Cell, CsvTable};

/// Shared keys that were looked at and left out.
pub(crate) fn write_hubs(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("hubs.csv", sink)?;
    for hub in &presented.case.suppressed_hubs {
        table.row(&[
            Cell::Text(&hub.detector),
            Cell::Text(&hub.kind),
            Cell::Text(&hub.value),
            Cell::Integer(hub.accounts),
            Cell::Float(Some(hub.co_evidence_share)),
            Cell::Float(Some(hub.background_share)),
            Cell::Text(&hub.reason),
        ])?;
    }
    table.finish()
}

/// State of a detector run in one word, and why where it did not run.
pub(crate) fn run_state(status: &RunStatus) -> (&'static str, &str) {
    match status {
        RunStatus::Ran => ("ran", ""),
        RunStatus::NotRun { reason } => ("not_run", reason),
        RunStatus::Skipped => ("skipped", "left out with --only or --skip"),
    }
}

/// Which detectors ran, which did not, and why.
pub(crate) fn write_detectors(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("detectors.csv", sink)?;
    for run in &presented.case.detectors {
        let (state, reason) = run_state(&run.status);
        table.row(&[
            Cell::Text(&run.detector),
            Cell::Integer(u64::from(run.version)),
            Cell::Text(state),
            Cell::Text(reason),
            Cell::Integer(run.findings),
            Cell::List(&run.partial),
        ])?;
    }
    table.finish()
}

/// What a reject cost, in one word.
pub(crate) fn scope_name(scope: RejectScope) -> &'static str {
    match scope {
        RejectScope::Row => "row",
        RejectScope::Cell => "cell",
    }
}

/// Located rejects, one by one.
pub(crate) fn write_rejects(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("rejects.csv", sink)?;
    for reject in presented.rejects {
        table.row(&[
            Cell::Text(&presented.file_name(reject.file)),
            Cell::Integer(reject.row),
            Cell::Text(&reject.column),
            Cell::Text(scope_name(reject.scope)),
            Cell::Text(&reject.reason),
        ])?;
    }
    table.finish()
}

/// Complete counts of rejects, beside how many of them are listed.
pub(crate) fn write_reject_counts(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut listed: BTreeMap<(u32, &str, RejectScope, &str), u64> = BTreeMap::new();
    for reject in presented.rejects {
        let key = (
            reject.file,
            reject.column.as_str(),
            reject.scope,
            reject.reason.as_str(),
        );
        *listed.entry(key).or_default() += 1;
    }
    let mut table = CsvTable::new("reject_counts.csv", sink)?;
    for count in &presented.case.coverage.reject_counts {
        let key = (
            count.file,
            count.column.as_str(),
            count.scope,
            count.reason.as_str(),
        );
        table.row(&[
            Cell::Text(&presented.file_name(count.file)),
            Cell::Text(&count.column),
            Cell::Text(scope_name(count.scope)),
            Cell::Text(&count.reason),
            Cell::Integer(count.count),
            Cell::Integer(listed.get(&key).copied().unwrap_or(0)),
        ])?;
    }
    table.finish()
}
