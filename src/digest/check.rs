//! Whether stored tables can be a digest: nothing downstream may overflow, point past an end or
//! contradict itself, whoever wrote the files.

use anyhow::Result;

use crate::digest::restore::Reader;
use crate::digest::tables::{DigestTables, KeyKind};

/// Checks that numbers point into the tables they name, that times lie where a log's can lie, and
/// that counts add up.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn check(tables: &DigestTables) -> Result<()> {
    let limits = [
        ("account", tables.accounts.height()),
        ("key", tables.keys.height()),
        ("model", tables.models.len()),
        ("file", tables.about.intake.inputs.len()),
        ("role", 2),
        ("text", tables.texts.height()),
        ("rule", tables.about.patterns.rules.len()),
    ];
    for (name, frame) in tables.frames() {
        for (column, limit) in limits {
            if frame.column(column).is_err() {
                continue;
            }
            let largest = Reader { name, frame }.u32(column)?.into_iter().max();
            anyhow::ensure!(
                largest.is_none_or(|largest| (largest as usize) < limit),
                "table {name}, column {column} points past the {limit} there are"
            );
        }
    }
    let keys = Reader {
        name: "keys",
        frame: &tables.keys,
    };
    anyhow::ensure!(
        keys.texts("kind")?
            .into_iter()
            .all(|kind| kind.and_then(KeyKind::from_name).is_some()),
        "table keys holds an unknown kind"
    );
    check_values(tables)?;
    check_conversations(tables)?;
    let fragments = u64::try_from(tables.fragments.values.len()).ok();
    anyhow::ensure!(
        tables.fragments.offsets.last().copied() == fragments,
        "tables texts and fragments do not fit together"
    );
    let widths = [tables.about.cell_hours, tables.about.minute_width];
    anyhow::ensure!(
        widths.iter().all(|width| width.is_power_of_two()),
        "a bucket width is not a power of two"
    );
    Ok(())
}

/// Checks that conversations are those of signed blobs, each account and blob once.
fn check_conversations(tables: &DigestTables) -> Result<()> {
    let name = "signature_conversations";
    let frame = &tables.signature_conversations;
    let reader = Reader { name, frame };
    let keys = Reader {
        name: "keys",
        frame: &tables.keys,
    };
    let kinds = keys.texts("kind")?;
    let signature = Some(KeyKind::ReasoningSignature.name());
    let rows: Vec<(u32, u32)> = reader
        .u32("account")?
        .into_iter()
        .zip(reader.u32("key")?)
        .collect();
    anyhow::ensure!(
        rows.windows(2).all(|pair| pair[0] < pair[1]),
        "table {name} is not in the order of accounts and keys, each once"
    );
    anyhow::ensure!(
        rows.iter()
            .all(|(_, key)| kinds.get(*key as usize).copied().flatten() == signature),
        "table {name} names a key that is no reasoning signature"
    );
    let mut ends = reader
        .u64("smallest")?
        .into_iter()
        .zip(reader.u64("largest")?);
    anyhow::ensure!(
        ends.all(|(smallest, largest)| smallest <= largest),
        "table {name} holds a smallest value above the largest"
    );
    Ok(())
}

/// Most rows a digest can hold: far above any log, and far enough below the largest integer for
/// every sum of counts.
const MOST_ROWS: u64 = 1 << 36;

/// Microseconds within which any arithmetic on times is safe: 285 years on either side of 1970.
/// The loader lets through far less.
const TIMES_US: std::ops::Range<i64> = -(1 << 53)..(1 << 53);

/// Checks that times lie where a log's can lie and that the counts fit together, so that nothing
/// downstream can overflow or contradict itself.
fn check_values(tables: &DigestTables) -> Result<()> {
    let rows = tables.about.rows;
    anyhow::ensure!(rows <= MOST_ROWS, "it claims {rows} rows");
    let hour_us = 3_600_000_000;
    for (name, frame) in tables.frames() {
        let reader = Reader { name, frame };
        for (column, unit_us) in [
            ("first_us", 1),
            ("last_us", 1),
            ("time_us", 1),
            ("hour", hour_us),
        ] {
            if frame.column(column).is_err() {
                continue;
            }
            // The first hour of a wide bucket may begin before its first request.
            let within = (TIMES_US.start / unit_us - 1)..(TIMES_US.end / unit_us + 1);
            anyhow::ensure!(
                reader
                    .i64(column)?
                    .iter()
                    .all(|value| within.contains(value)),
                "table {name}, column {column} holds a time no log can have"
            );
        }
        for column in ["requests", "uses"] {
            let Ok(found) = frame.column(column) else {
                continue;
            };
            let largest = match found.dtype() {
                polars::prelude::DataType::UInt64 => reader.u64(column)?.into_iter().max(),
                _ => reader.u32(column)?.into_iter().max().map(u64::from),
            };
            anyhow::ensure!(
                largest.is_none_or(|largest| largest <= rows),
                "table {name}, column {column} counts more than the {rows} rows there are"
            );
        }
    }
    let minute_us = 60_000_000;
    let minutes = (TIMES_US.start / minute_us - 1)..(TIMES_US.end / minute_us + 1);
    anyhow::ensure!(
        tables
            .minutes
            .iter()
            .all(|(minute, requests)| minutes.contains(minute) && *requests <= rows),
        "table minutes holds a time no log can have, or more requests than there are"
    );
    let of_accounts = Reader {
        name: "accounts",
        frame: &tables.accounts,
    }
    .u64("requests")?
    .into_iter()
    .fold(0_u64, u64::saturating_add);
    let of_minutes = tables
        .minutes
        .iter()
        .fold(0_u64, |sum, (_, requests)| sum.saturating_add(*requests));
    anyhow::ensure!(
        of_accounts == rows && of_minutes == rows,
        "its counts do not add up: {rows} rows, {of_accounts} of accounts, {of_minutes} of minutes"
    );
    Ok(())
}
