//! A suite's rows as tables to read, JSON, or tidy CSV. Same rows, same bytes.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use crate::evaluate::render::write_aligned;
use crate::suite::cell::{Cell, SCAN_METHOD};
use crate::suite::summary::{Measure, Row, Section};

/// Version of the JSON.
const SUITE_SCHEMA_VERSION: u32 = 1;

/// Said wherever the numbers are.
const CAVEAT: &str = "All logs are synthetic. Scores on them show what the tool does with the scenarios it ships, not what it will do with another log.";

/// Pretty JSON with a final line feed.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_json(cells: &[Cell], rows: &[Row]) -> Result<String> {
    #[derive(Serialize)]
    struct Run<'a> {
        preset: &'a str,
        scale: f64,
        seed: u64,
        requests: u64,
    }
    #[derive(Serialize)]
    struct Suite<'a> {
        schema_version: u32,
        caveat: &'static str,
        runs: Vec<Run<'a>>,
        rows: &'a [Row],
    }
    let suite = Suite {
        schema_version: SUITE_SCHEMA_VERSION,
        caveat: CAVEAT,
        runs: cells
            .iter()
            .map(|cell| Run {
                preset: &cell.key.preset,
                scale: cell.key.scale,
                seed: cell.key.seed,
                requests: cell.requests,
            })
            .collect(),
        rows,
    };
    Ok(serde_json::to_string_pretty(&suite)? + "\n")
}

/// Tidy CSV: one number per row with the ends of its interval, undefined values empty.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_csv(rows: &[Row]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "section", "method", "log", "subject", "measure", "value", "low", "high",
    ])?;
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for row in rows {
        for measure in &row.measures {
            writer.write_record([
                title(row.section).0,
                &row.method,
                &row.log,
                &row.subject,
                measure.name,
                &text(measure.value),
                &text(measure.interval.map(|interval| interval.0)),
                &text(measure.interval.map(|interval| interval.1)),
            ])?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Name in the CSV, and heading in the table; a section without a heading is in JSON and CSV only.
fn title(section: Section) -> (&'static str, Option<&'static str>) {
    match section {
        Section::Campaigns => (
            "campaign",
            Some(
                "Campaigns, accounts flagged at the method's level (found: runs with a cluster of F1 at least 0.5; recall: accounts flagged in any cluster)",
            ),
        ),
        Section::Logs => (
            "log",
            Some("Logs, all accounts; every column at the method's level"),
        ),
        Section::Populations => (
            "population",
            Some(
                "False flags by innocent population, all logs (beside the scan only where a method flags any)",
            ),
        ),
        Section::PopulationsByPreset => ("population_by_log", None),
        Section::Calibration => (
            "calibration",
            Some("False clusters: expected by the null runs beside found"),
        ),
        Section::Templates => (
            "templates",
            Some(
                "Templates of all logs in one list: how many of the first are a campaign's, in three orders",
            ),
        ),
    }
}

/// Fixed-width tables. An account counts as flagged at `likely` or above for scans, and
/// wherever a baseline names it. In brackets the 95 % interval.
#[must_use]
pub fn to_table(cells: &[Cell], rows: &[Row]) -> String {
    let requests: u64 = cells.iter().map(|cell| cell.requests).sum();
    let mut out = format!(
        "{} runs, {requests} requests. {CAVEAT}\nScans flag at likely or above; baselines know one level. Intervals are 95 %: over runs (bootstrap), of counts (Wilson).\n",
        cells.len()
    );
    // Of the innocent populations a method that flags none of them has nothing to tell; JSON
    // and CSV have every row.
    let shown: Vec<&Row> = rows
        .iter()
        .filter(|row| {
            row.section != Section::Populations
                || row.method == SCAN_METHOD
                || row.measures.iter().any(|measure| {
                    measure.name == "flagged" && measure.value.is_some_and(|value| value > 0.0)
                })
        })
        .collect();
    for section in shown.chunk_by(|left, right| left.section == right.section) {
        let Some(Row {
            section: kind,
            measures,
            ..
        }) = section.first()
        else {
            continue;
        };
        let Some(heading) = title(*kind).1 else {
            continue;
        };
        let header: Vec<&str> = ["method", "log", "subject"]
            .into_iter()
            .chain(measures.iter().map(|measure| measure.name))
            .collect();
        let lines: Vec<Vec<String>> = section
            .iter()
            .map(|row| {
                [&row.method, &row.log, &row.subject]
                    .into_iter()
                    .cloned()
                    .chain(row.measures.iter().map(cell_text))
                    .collect()
            })
            .collect();
        let _ = writeln!(out, "\n{heading}");
        write_aligned(3, &header, &lines, &mut out);
    }
    out
}

fn cell_text(measure: &Measure) -> String {
    let Some(value) = measure.value else {
        return "-".to_owned();
    };
    let is_count = measure.interval.is_none() && value.fract().abs() < f64::EPSILON;
    let mut text = if is_count {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    };
    if let Some((low, high)) = measure.interval {
        let _ = write!(text, " [{low:.2}, {high:.2}]");
    }
    text
}
