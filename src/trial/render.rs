//! The rows as a table to read, JSON, or CSV. Same rows, same bytes.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use crate::evaluate::render::write_aligned;
use crate::report::escape::csv_cell;
use crate::stats::quantile::{Z_95, wilson_interval};
use crate::trial::{Row, TrialOptions};

/// Version of the JSON.
const TRIAL_SCHEMA_VERSION: u32 = 1;

/// What the numbers are, said with them.
const MEANING: &str = "Groups of `everyone` have only chance in common: no more of them than the level may be spoken for. Those of one population have a trade in common; every such test is shown with that innocent explanation.";

/// Pretty JSON with a final line feed.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_json(options: &TrialOptions, rows: &[Row]) -> Result<String> {
    #[derive(Serialize)]
    struct Trial<'a> {
        schema_version: u32,
        meaning: &'static str,
        folders: usize,
        group_accounts: usize,
        seed: u64,
        rows: &'a [Row],
    }
    crate::report::json_text(&Trial {
        schema_version: TRIAL_SCHEMA_VERSION,
        meaning: MEANING,
        folders: options.folders.len(),
        group_accounts: options.group_accounts,
        seed: options.seed,
        rows,
    })
}

/// CSV, one row per test and place.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_csv(rows: &[Row]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "test",
        "drawn_from",
        "is_campaign",
        "groups",
        "tested",
        "at_5_percent",
        "at_1_permille",
        "not_tested_because",
    ])?;
    for row in rows {
        writer.write_record([
            csv_cell(&row.test),
            csv_cell(&row.drawn_from),
            row.is_campaign.to_string(),
            row.groups.to_string(),
            row.tested.to_string(),
            row.at_5_percent.to_string(),
            row.at_1_permille.to_string(),
            csv_cell(row.reason.as_deref().unwrap_or_default()),
        ])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Fixed-width tables, one per test; in brackets the 95 % interval of the share.
#[must_use]
pub fn to_table(options: &TrialOptions, rows: &[Row]) -> String {
    let mut out = format!(
        "Groups of {} accounts drawn at random from {} logs, shown to every group test.\nSpoken for: share of the tested groups for which the test states a chance below the level, with its 95 % interval.\n{MEANING}\n",
        options.group_accounts,
        options.folders.len(),
    );
    let header = [
        "drawn from",
        "",
        "groups",
        "tested",
        "spoken for at 5 %",
        "at 0.1 %",
    ];
    for of_test in rows.chunk_by(|left, right| left.test == right.test) {
        let Some(first) = of_test.first() else {
            continue;
        };
        let _ = writeln!(out, "\n{}", first.test);
        if of_test.iter().all(|row| row.tested == 0) {
            let reason = first.reason.as_deref().unwrap_or("nothing to look at");
            let _ = writeln!(out, "  not tested: {}", plain(reason));
            continue;
        }
        let lines: Vec<Vec<String>> = of_test
            .iter()
            .map(|row| {
                vec![
                    plain(&row.drawn_from),
                    if row.is_campaign { "campaign" } else { "" }.to_owned(),
                    row.groups.to_string(),
                    row.tested.to_string(),
                    share(row.at_5_percent, row.tested),
                    share(row.at_1_permille, row.tested),
                ]
            })
            .collect();
        write_aligned(2, &header, &lines, &mut out);
    }
    out
}

fn plain(text: &str) -> String {
    crate::report::escape::terminal(text)
}

fn share(spoke: u64, tested: u64) -> String {
    if tested == 0 {
        return "-".to_owned();
    }
    let (low, high) = wilson_interval(spoke, tested, Z_95);
    format!(
        "{:.1} % [{:.1}, {:.1}]",
        100.0 * spoke as f64 / tested as f64,
        100.0 * low,
        100.0 * high
    )
}
