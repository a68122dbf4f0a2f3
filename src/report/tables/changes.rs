//! `changes.csv`: the campaigns beside those of an earlier case.

use anyhow::Result;

use crate::model::comparison::Comparison;
use crate::report::present::Presented;
use crate::report::tables::Sink;
use crate::report::tables::csv_table::{Cell, CsvTable, Rows};

/// Writes `changes.csv`; without a baseline it has its header alone.
pub(crate) fn write_changes(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    write_comparison(presented.case.comparison.as_ref(), sink)
}

fn write_comparison(comparison: Option<&Comparison>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("changes.csv", sink)?;
    for change in comparison.into_iter().flat_map(|found| &found.changes) {
        let verdict = |verdict: Option<crate::model::campaign::Verdict>| {
            verdict.map_or("", |verdict| verdict.name())
        };
        table.row(&[
            Cell::Text(change.state.name()),
            Cell::Text(&change.campaign_id),
            Cell::Text(change.before_id.as_deref().unwrap_or_default()),
            Cell::Text(verdict(change.verdict)),
            Cell::Text(verdict(change.verdict_before)),
            Cell::Integer(change.accounts),
            Cell::Integer(change.accounts_before),
            Cell::List(&change.joined),
            Cell::List(&change.left),
            Cell::List(&change.templates),
            Cell::Text(&change.because),
        ])?;
    }
    table.finish()
}

/// The rows of `changes.csv` as text.
///
/// # Errors
/// Where writing fails, which memory does not.
pub fn changes_csv(comparison: &Comparison) -> Result<String> {
    let mut bytes: Vec<u8> = Vec::new();
    write_comparison(Some(comparison), &mut bytes)?;
    Ok(String::from_utf8(bytes)?)
}
