//! What was read and what was not, as the report shows it.

use serde::Serialize;

use crate::model::case::Case;
use crate::model::coverage::{ColumnCoverage, Coverage, Gap, InputFile, SideInput};
use crate::model::finding::{RunStatus, SuppressedHub};
use crate::model::suppression::{SuppressedCampaign, Suppression};
use crate::model::watchlist::Watchlist;
use crate::report::chart::axis::kind_name;
use crate::report::format;
use crate::report::tables::coverage::{run_state, scope_name};
use crate::report::view::Cut;

const INPUTS_SHOWN: usize = 500;
const REJECTS_SHOWN: usize = 200;
const GAPS_SHOWN: usize = 100;
const HUBS_SHOWN: usize = 200;
const EVENTS_SHOWN: usize = 200;
const SUPPRESSIONS_SHOWN: usize = 200;

#[derive(Debug, Serialize)]
struct DetectorRow<'a> {
    detector: &'a str,
    version: u32,
    state: &'static str,
    reason: &'a str,
    findings: u64,
    partial: &'a [String],
}

#[derive(Debug, Serialize)]
struct RejectRow<'a> {
    file: String,
    column: &'a str,
    scope: &'static str,
    reason: &'a str,
    count: u64,
}

#[derive(Debug, Serialize)]
struct GapRow {
    from_us: i64,
    until_us: i64,
    length: String,
}

#[derive(Debug, Serialize)]
struct ColumnRow<'a> {
    column: &'a str,
    present: u64,
    null: u64,
    present_percent: String,
}

#[derive(Debug, Serialize)]
struct EventRow<'a> {
    timestamp_us: i64,
    kind: &'static str,
    name: &'a str,
    model: &'a str,
}

/// The coverage part of the report.
#[derive(Debug, Serialize)]
pub(crate) struct CoverageView<'a> {
    rows_read: u64,
    rows_used: u64,
    rows_rejected: u64,
    rows_outside_window: u64,
    rejected_percent: String,
    reconciles: bool,
    bytes: u64,
    first_us: Option<i64>,
    last_us: Option<i64>,
    span: String,
    accounts: u64,
    accounts_joined: u64,
    inputs: Cut<&'a InputFile>,
    side_inputs: &'a [SideInput],
    rejects: Cut<RejectRow<'a>>,
    gaps: Cut<GapRow>,
    columns: Vec<ColumnRow<'a>>,
    columns_absent: Vec<&'a str>,
    detectors_ran: Vec<DetectorRow<'a>>,
    detectors_not_run: Vec<DetectorRow<'a>>,
    hubs: Cut<&'a SuppressedHub>,
    events: Cut<EventRow<'a>>,
    suppressions: Cut<&'a Suppression>,
    suppressed_campaigns: Cut<&'a SuppressedCampaign>,
    watchlist: Option<&'a Watchlist>,
    notes: &'a [String],
}

/// A share in percent that never shows a few as none.
fn percent(part: u64, whole: u64) -> String {
    let share = part as f64 / whole.max(1) as f64 * 100.0;
    match part {
        0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        _ if share < 0.001 => "<0.001 %".to_owned(),
        _ if share < 1.0 => format!("{share:.3} %"),
        // never round a few missing ones up to all
        _ => format!("{:.1} %", share.min(99.9)),
    }
}

/// Builds the coverage view.
pub(crate) fn coverage_view(case: &Case) -> CoverageView<'_> {
    let coverage = &case.coverage;
    let (ran, not_run) = detector_rows(case).partition(|row| row.state == "ran");
    CoverageView {
        rows_read: coverage.rows_read,
        rows_used: coverage.rows_used,
        rows_rejected: coverage.rows_rejected,
        rows_outside_window: coverage.rows_outside_window,
        rejected_percent: percent(coverage.rows_rejected, coverage.rows_read),
        reconciles: reconciles(coverage),
        bytes: coverage
            .inputs
            .iter()
            .map(|input| input.bytes)
            .fold(0, u64::saturating_add),
        first_us: coverage.first_us,
        last_us: coverage.last_us,
        span: match (coverage.first_us, coverage.last_us) {
            (Some(first), Some(last)) => format::duration(first, last),
            _ => String::new(),
        },
        accounts: coverage.accounts,
        accounts_joined: coverage.accounts_joined,
        inputs: Cut::first(INPUTS_SHOWN, coverage.inputs.iter()),
        side_inputs: &coverage.side_inputs,
        rejects: Cut::first(
            REJECTS_SHOWN,
            coverage.reject_counts.iter().map(|count| RejectRow {
                file: coverage.file_name(count.file),
                column: &count.column,
                scope: scope_name(count.scope),
                reason: &count.reason,
                count: count.count,
            }),
        ),
        gaps: Cut::first(GAPS_SHOWN, coverage.gaps.iter().map(gap_row)),
        columns: coverage
            .columns
            .iter()
            .filter(|column| column.present > 0)
            .map(column_row)
            .collect(),
        columns_absent: coverage
            .columns
            .iter()
            .filter(|column| column.present == 0)
            .map(|column| column.column.as_str())
            .collect(),
        detectors_ran: ran,
        detectors_not_run: not_run,
        hubs: Cut::first(HUBS_SHOWN, case.suppressed_hubs.iter()),
        events: Cut::first(
            EVENTS_SHOWN,
            case.events.iter().map(|event| EventRow {
                timestamp_us: event.timestamp_us,
                kind: kind_name(event.kind),
                name: &event.name,
                model: event.model.as_deref().unwrap_or(""),
            }),
        ),
        suppressions: Cut::first(SUPPRESSIONS_SHOWN, case.suppressions.iter()),
        suppressed_campaigns: Cut::first(SUPPRESSIONS_SHOWN, case.suppressed_campaigns.iter()),
        watchlist: case.watchlist.as_ref(),
        notes: &coverage.notes,
    }
}

/// Whether read = used + rejected + outside the window.
fn reconciles(coverage: &Coverage) -> bool {
    coverage
        .rows_used
        .checked_add(coverage.rows_rejected)
        .and_then(|rows| rows.checked_add(coverage.rows_outside_window))
        == Some(coverage.rows_read)
}

fn detector_rows(case: &Case) -> impl Iterator<Item = DetectorRow<'_>> {
    case.detectors.iter().map(|run| {
        let (_, reason): (_, &str) = match &run.status {
            RunStatus::Ran => ("", ""),
            other => run_state(other),
        };
        DetectorRow {
            detector: &run.detector,
            version: run.version,
            state: run_state(&run.status).0,
            reason,
            findings: run.findings,
            partial: &run.partial,
        }
    })
}

fn gap_row(gap: &Gap) -> GapRow {
    GapRow {
        from_us: gap.from_us,
        until_us: gap.until_us,
        length: format::duration(gap.from_us, gap.until_us),
    }
}

fn column_row(column: &ColumnCoverage) -> ColumnRow<'_> {
    ColumnRow {
        column: &column.column,
        present: column.present,
        null: column.null,
        present_percent: percent(column.present, column.present.saturating_add(column.null)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_never_shown_as_none_or_all() {
        assert_eq!(percent(0, 10), "0 %");
        assert_eq!(percent(1, 100_000_000), "<0.001 %");
        assert_eq!(percent(9_999_999, 10_000_000), "99.9 %");
        assert_eq!(percent(10, 10), "100 %");
        assert_eq!(percent(0, 0), "0 %");
    }

    #[test]
    fn totals_that_do_not_add_up_are_seen() {
        let mut coverage = Coverage {
            rows_read: 3,
            rows_used: 2,
            rows_rejected: 1,
            ..Coverage::default()
        };
        assert!(reconciles(&coverage));
        coverage.rows_outside_window = u64::MAX;
        assert!(!reconciles(&coverage));
    }
}
