//! `hubs.csv`, `detectors.csv`, `rejects.csv` and `reject_counts.csv`: what was left out.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::model::coverage::RejectScope;
use crate::model::finding::RunStatus;
use crate::model::suppression::Suppression;
use crate::report::format::plural;
use crate::report::present::Presented;
use crate::report::tables::Sink;
use crate::report::tables::csv_table::{Cell, CsvTable, Rows};

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

/// Entries of the suppression file and what each did.
pub(crate) fn write_suppressions(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("suppressions.csv", sink)?;
    for entry in &presented.case.suppressions {
        table.row(&[
            Cell::Integer(entry.line),
            Cell::Text(&entry.detector),
            Cell::Text(&entry.scope),
            Cell::List(&entry.subjects),
            Cell::List(&entry.not_in_case),
            Cell::Text(&entry.reason),
            Cell::Text(&entry.author),
            Cell::Text(&entry.expires),
            Cell::Text(entry.state.name()),
            Cell::Integer(entry.findings),
            Cell::Integer(entry.campaigns),
            Cell::Integer(entry.accounts),
            Cell::Integer(entry.templates),
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

/// What an entry hides and why, in one sentence.
fn suppression_sentence(entry: &Suppression) -> String {
    format!(
        "{} {} of {}: hides {} and {}; {} ({}, until {})",
        entry.scope,
        entry.subjects.join(", "),
        entry.detector,
        plural(entry.findings, "finding"),
        plural(entry.campaigns, "campaign"),
        entry.reason,
        entry.author,
        entry.expires
    )
}

/// A row of the workbook's coverage sheet that holds words alone.
pub(crate) fn summary_cells<'t>(part: &'t str, name: &'t str, text: &'t str) -> [Cell<'t>; 9] {
    [
        Cell::Text(part),
        Cell::Text(name),
        Cell::Text(""),
        Cell::OptionalInteger(None),
        Cell::OptionalInteger(None),
        Cell::OptionalInteger(None),
        Cell::OptionalTime(None),
        Cell::OptionalTime(None),
        Cell::Text(text),
    ]
}

/// What was read and what was not, in one table: the workbook's coverage sheet.
pub(crate) fn summary_rows(presented: &Presented<'_>, table: &mut dyn Rows) -> Result<()> {
    let coverage = &presented.case.coverage;
    table.row(&summary_cells("note", "", &presented.case.caveat))?;
    let beside = coverage.side_inputs.iter().map(|side| &side.input);
    for input in coverage.inputs.iter().chain(beside) {
        let mut cells = summary_cells("input", &input.name, &input.sha256);
        counts(
            &mut cells,
            input.rows_read,
            input.rows_used,
            input.rows_rejected,
        );
        table.row(&cells)?;
    }
    for column in &coverage.columns {
        let mut cells = summary_cells("column", &column.column, "");
        let read = column.present.saturating_add(column.null);
        counts(&mut cells, read, column.present, column.null);
        table.row(&cells)?;
    }
    for gap in &coverage.gaps {
        let mut cells = summary_cells("gap", "", "no request at all");
        let [.., from, until, _] = &mut cells;
        *from = Cell::OptionalTime(Some(gap.from_us));
        *until = Cell::OptionalTime(Some(gap.until_us));
        table.row(&cells)?;
    }
    for count in &coverage.reject_counts {
        let name = presented.file_name(count.file);
        let text = match count.column.as_str() {
            "" => format!("{}: {}", scope_name(count.scope), count.reason),
            column => format!("{} {column}: {}", scope_name(count.scope), count.reason),
        };
        let mut cells = summary_cells("reject", &name, &text);
        let [_, _, _, _, _, rejected, ..] = &mut cells;
        *rejected = Cell::OptionalInteger(Some(count.count));
        table.row(&cells)?;
    }
    for run in &presented.case.detectors {
        let (state, reason) = run_state(&run.status);
        let text = std::iter::once(reason)
            .chain(run.partial.iter().map(String::as_str))
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        let mut cells = summary_cells("detector", &run.detector, &text);
        let [_, _, slot, ..] = &mut cells;
        *slot = Cell::Text(state);
        table.row(&cells)?;
    }
    for entry in &presented.case.suppressions {
        let name = format!("line {}", entry.line);
        let text = suppression_sentence(entry);
        let mut cells = summary_cells("suppression", &name, &text);
        let [_, _, slot, ..] = &mut cells;
        *slot = Cell::Text(entry.state.name());
        table.row(&cells)?;
    }
    for note in &coverage.notes {
        table.row(&summary_cells("note", "", note))?;
    }
    Ok(())
}

fn counts(cells: &mut [Cell<'_>; 9], read: u64, used: u64, rejected: u64) {
    let [_, _, _, first, second, third, ..] = cells;
    *first = Cell::OptionalInteger(Some(read));
    *second = Cell::OptionalInteger(Some(used));
    *third = Cell::OptionalInteger(Some(rejected));
}
