//! `indicators.csv`.

use anyhow::Result;

use crate::report::indicators::pattern::pattern;
use crate::report::indicators::{confidence, indicators};
use crate::report::present::Presented;
use crate::report::tables::Sink;
use crate::report::tables::csv_table::{Cell, CsvTable, Rows as _};

/// One row per key or template that a campaign rests on.
pub(crate) fn write_indicators(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("indicators.csv", sink)?;
    for one in indicators(&presented.case) {
        let campaigns: Vec<String> = one
            .campaigns
            .iter()
            .map(|campaign| campaign.id.clone())
            .collect();
        let findings: Vec<String> = one
            .findings
            .iter()
            .map(|finding| finding.id.clone())
            .collect();
        table.row(&[
            Cell::Text(one.kind),
            Cell::Text(one.value),
            Cell::Text(if one.is_indicator() {
                "indicator"
            } else {
                "lead"
            }),
            Cell::Text(one.verdict.name()),
            Cell::Integer(confidence(one.verdict)),
            Cell::Float(one.bits),
            Cell::Integer(one.accounts),
            Cell::List(&campaigns),
            Cell::List(&findings),
            Cell::Time(one.first_us),
            Cell::Time(one.last_us),
            Cell::Text(&pattern(one.kind, one.value)),
        ])?;
    }
    table.finish()
}
