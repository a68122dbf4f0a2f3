//! What came out as a table to read, JSON, or CSV. Same rows, same bytes.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use crate::evaluate::render::write_aligned;
use crate::report::escape::{csv_cell, terminal};
use crate::report::format::plural;
use crate::stats::quantile::{Z_95, wilson_interval};
use crate::trial::{Row, Trial, TrialOptions};

/// Version of the JSON.
const TRIAL_SCHEMA_VERSION: u32 = 1;

/// What the numbers are, said with them.
const MEANING: &str = "A test speaks for a group where it states a chance below the level. The accounts of `everyone` have only chance in common: a test should speak for no more of these groups than its level. Those of one population have a trade in common, the innocent explanation that is printed with every such finding. A test that may count for a verdict does so only where keys or templates tie the accounts as well.";

/// Pretty JSON with a final line feed.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_json(options: &TrialOptions, trial: &Trial) -> Result<String> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema_version: u32,
        meaning: &'static str,
        seed: u64,
        #[serde(flatten)]
        trial: &'a Trial,
    }
    crate::report::json_text(&Document {
        schema_version: TRIAL_SCHEMA_VERSION,
        meaning: MEANING,
        seed: options.seed,
        trial,
    })
}

/// CSV, one row per test and place.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_csv(trial: &Trial) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "test",
        "may_count",
        "kind",
        "drawn_from",
        "group_accounts_least",
        "group_accounts_most",
        "groups",
        "tested",
        "at_5_percent",
        "at_1_permille",
        "not_tested_because",
    ])?;
    for row in &trial.rows {
        writer.write_record([
            row.test.clone(),
            row.may_count.to_string(),
            row.kind.clone(),
            csv_cell(&row.drawn_from),
            row.group_accounts.0.to_string(),
            row.group_accounts.1.to_string(),
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
pub fn to_table(trial: &Trial) -> String {
    let mut out = format!(
        "Groups of accounts drawn at random from {}, shown to every test of what a group does. {MEANING} In brackets the 95 % interval.\n\n",
        plural(trial.logs.len() as u64, "log"),
    );
    for log in &trial.logs {
        let _ = write!(
            out,
            "{}: {} with {} used",
            terminal(&log.folder),
            terminal(&log.files.join(", ")),
            plural(log.rows, "row")
        );
        if log.rows_rejected > 0 {
            let _ = write!(out, ", {} rejected", log.rows_rejected);
        }
        let _ = writeln!(
            out,
            "; the truth knows {} of {}",
            log.accounts_in_truth,
            plural(log.accounts, "account")
        );
    }
    if !trial.left_out.is_empty() {
        let names: Vec<String> = trial
            .left_out
            .iter()
            .map(|(name, accounts)| format!("{} ({accounts})", terminal(name)))
            .collect();
        let _ = writeln!(
            out,
            "too few accounts for groups (a group takes at most half of them): {}",
            names.join(", ")
        );
    }
    let header = [
        "drawn from",
        "",
        "accounts",
        "groups",
        "tested",
        "spoken for at 5 %",
        "at 0.1 %",
        "",
    ];
    for of_test in trial.rows.chunk_by(|left, right| left.test == right.test) {
        let Some(first) = of_test.first() else {
            continue;
        };
        let standing = if first.may_count {
            "may count for a verdict"
        } else {
            "weak: never counts for a verdict"
        };
        let _ = writeln!(out, "\n{} ({standing})", first.test);
        if of_test.iter().all(|row| row.tested == 0) {
            let reason = first.reason.as_deref().unwrap_or("nothing to look at");
            let _ = writeln!(out, "  not tested: {}", terminal(reason));
            continue;
        }
        let lines: Vec<Vec<String>> = of_test.iter().map(line).collect();
        write_aligned(2, &header, &lines, &mut out);
    }
    out
}

fn line(row: &Row) -> Vec<String> {
    let reason = match &row.reason {
        Some(reason) if row.tested == 0 => terminal(reason),
        _ => String::new(),
    };
    let accounts = match row.group_accounts {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least}-{most}"),
    };
    vec![
        terminal(&row.drawn_from),
        if row.kind == "campaign" {
            "campaign"
        } else {
            ""
        }
        .to_owned(),
        accounts,
        row.groups.to_string(),
        row.tested.to_string(),
        share(row.at_5_percent, row.tested),
        share(row.at_1_permille, row.tested),
        reason,
    ]
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
