//! `accounts.xlsx`: campaigns, accounts, templates, findings and coverage for people who
//! work in a spreadsheet.

mod sheet;

use anyhow::Result;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use crate::report::format;
use crate::report::present::Presented;
use crate::report::tables::csv_table::{Cell, Rows};
use crate::report::tables::findings::subject_parts;
use crate::report::tables::{Sink, campaigns, coverage};
use crate::report::workbook::sheet::{Formats, MOST_ROWS, Sheet};

/// File name in the case folder.
pub(crate) const WORKBOOK_FILE: &str = "accounts.xlsx";

/// Writes the rows of a table.
type WriteRows = fn(&Presented<'_>, &mut dyn Rows) -> Result<()>;

/// The sheets before the last: name, documented table, writer of the rows.
const SHEETS: [(&str, &str, WriteRows); 4] = [
    ("campaigns", "campaigns.csv", campaigns::campaign_rows),
    ("accounts", "accounts.csv", campaigns::account_rows),
    ("templates", "templates.csv", campaigns::template_rows),
    ("findings", "accounts.xlsx/findings", finding_rows),
];

/// Writes `accounts.xlsx`.
pub(crate) fn write_workbook(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut workbook = Workbook::new();
    // the date of creation is part of the file; the log's is the same in every run
    let first_us = presented.case.coverage.first_us.unwrap_or(0);
    let created = ExcelDateTime::from_timestamp(first_us.div_euclid(1_000_000))
        .or_else(|_| ExcelDateTime::from_timestamp(0))?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title("stillhunt case")
            .set_comment(&presented.case.caveat)
            .set_creation_datetime(&created),
    );
    let formats = Formats::new();
    let mut left_out = Vec::new();
    for (name, table, write) in SHEETS {
        let mut sheet = Sheet::new(workbook.add_worksheet(), &formats, name, table)?;
        write(presented, &mut sheet)?;
        match sheet.finish()? {
            0 => {}
            rows => left_out.push(format!(
                "sheet {name} ends after {} rows; {} more are in the CSV and Parquet files",
                format::count(u64::from(MOST_ROWS)),
                format::count(rows)
            )),
        }
    }
    let mut sheet = Sheet::new(
        workbook.add_worksheet(),
        &formats,
        "coverage",
        "accounts.xlsx/coverage",
    )?;
    for text in &left_out {
        sheet.row(&coverage::summary_cells("note", "", text))?;
    }
    coverage::summary_rows(presented, &mut sheet)?;
    sheet.finish()?;
    sink.write_all(&workbook.save_to_buffer()?)?;
    Ok(())
}

/// One row per finding, without the list of its accounts.
fn finding_rows(presented: &Presented<'_>, table: &mut dyn Rows) -> Result<()> {
    let campaigns = presented.case.campaigns_by_finding();
    for finding in &presented.case.findings {
        let (subject_type, kind, subject) = subject_parts(&finding.subject);
        let ids: Vec<String> = campaigns
            .get(finding.id.as_str())
            .into_iter()
            .flatten()
            .map(|id| (*id).to_owned())
            .collect();
        table.row(&[
            Cell::Text(&finding.id),
            Cell::Text(&finding.detector),
            Cell::Text(finding.family.name()),
            Cell::Text(subject_type),
            Cell::Text(kind),
            Cell::Text(subject),
            Cell::List(&ids),
            Cell::Integer(finding.accounts.len() as u64),
            Cell::Float(Some(finding.bits)),
            Cell::Text(&finding.measure),
            Cell::Float(Some(finding.measured)),
            Cell::Float(Some(finding.expected)),
            Cell::Integer(finding.n),
            Cell::Float(Some(finding.threshold)),
            Cell::Text(&finding.null_model),
            Cell::Text(&finding.innocent),
            Cell::Text(&finding.would_clear),
            Cell::Integer(finding.requests),
            Cell::OptionalTime(finding.first_us),
            Cell::OptionalTime(finding.last_us),
            Cell::Boolean(finding.weak),
            Cell::OptionalInteger(finding.suppressed_by),
        ])?;
    }
    Ok(())
}
