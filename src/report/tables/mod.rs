//! The tables of a case: CSV for people with a spreadsheet, Parquet for the large ones.

pub(crate) mod campaigns;
pub(crate) mod changes;
pub(crate) mod coverage;
pub(crate) mod csv_table;
pub(crate) mod findings;
pub(crate) mod indicators;
pub(crate) mod parquet_table;
pub(crate) mod requests;
pub(crate) mod timeline;

use std::io::Write;

use crate::model::case::Case;
use crate::model::finding::Locator;

/// Where a table is written to. `Send` because the Parquet writer asks for it.
pub(crate) type Sink<'a> = &'a mut (dyn Write + Send);

/// Sample rows as text: `file:row request_id`.
pub(crate) fn locator_texts(case: &Case, locators: &[Locator]) -> Vec<String> {
    locators
        .iter()
        .map(|locator| {
            format!(
                "{}:{} {}",
                case.coverage.file_name(locator.file),
                locator.row,
                locator.request_id
            )
        })
        .collect()
}
