//! `requests.parquet`: the rows of the un-mixed sub-streams.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::report::present::Presented;
use crate::report::tables::Sink;
use crate::report::tables::parquet_table::{ParquetTable, integers, optional_texts, texts, times};

/// Rows turned into columns at a time; bounds the memory of the copy.
const ROWS_PER_BATCH: usize = 65_536;

/// One row per labelled request, in order of file and row.
pub(crate) fn write_requests(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = ParquetTable::new("requests.parquet", sink)?;
    let verdicts: BTreeMap<&str, &str> = presented
        .case
        .campaigns
        .iter()
        .map(|campaign| (campaign.id.as_str(), campaign.verdict.name()))
        .collect();
    for rows in presented.requests.chunks(ROWS_PER_BATCH) {
        let files: Vec<String> = rows
            .iter()
            .map(|row| presented.file_name(row.file))
            .collect();
        table.rows(vec![
            texts(rows.iter().map(|row| &*row.request_id)),
            texts(rows.iter().map(|row| &*row.account_id)),
            times(rows.iter().map(|row| Some(row.timestamp_us))),
            optional_texts(rows.iter().map(|row| &*row.campaign_id)),
            optional_texts(
                rows.iter()
                    .map(|row| verdicts.get(&*row.campaign_id).copied().unwrap_or("")),
            ),
            texts(rows.iter().map(|row| &*row.template_id)),
            optional_texts(rows.iter().map(|row| &*row.pattern_family)),
            texts(files.iter().map(String::as_str)),
            integers(rows.iter().map(|row| row.row)),
        ])?;
    }
    table.finish()
}
