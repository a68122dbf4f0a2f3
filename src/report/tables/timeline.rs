//! `timeline.csv` and `timeline.jsonl`: the same events, for Timesketch and for programs.

use anyhow::Result;

use crate::report::present::Presented;
use crate::report::tables::Sink;
use crate::report::tables::csv_table::{Cell, CsvTable, Rows as _};
use crate::report::timeline::timeline;

/// Writes `timeline.csv`.
pub(crate) fn write_csv(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("timeline.csv", sink)?;
    for event in timeline(&presented.case) {
        table.row(&[
            Cell::Text(&event.message),
            Cell::Signed(event.timestamp),
            Cell::OffsetTime(event.timestamp),
            Cell::Text(event.timestamp_desc),
            Cell::Text(&event.campaign_id),
            Cell::Text(event.verdict),
            Cell::Text(&event.account_id),
            Cell::Text(&event.template_id),
            Cell::Text(event.event_kind),
            Cell::OptionalInteger(event.requests),
            Cell::Float(event.growth),
        ])?;
    }
    table.finish()
}

/// Writes `timeline.jsonl`: one object per line.
pub(crate) fn write_jsonl(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    for event in timeline(&presented.case) {
        serde_json::to_writer(&mut *sink, &event)?;
        sink.write_all(b"\n")?;
    }
    Ok(())
}
