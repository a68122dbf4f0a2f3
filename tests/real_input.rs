//! Real data, where it is at hand: both sets finish, add up, and give the same bytes over
//! threads and order of files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod case_support;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use case_support::*;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

const FILES: usize = 3;

/// The file, or `None` after saying so.
fn real(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared/data", "../../shared/data"]
        .into_iter()
        .map(|folder| root.join(folder).join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: ../shared/data/{name} is not there");
    }
    found
}

fn batches(path: &Path) -> Vec<RecordBatch> {
    ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// One thread, two threads, and two threads with the files turned round.
fn same_in_every_way(files: &[PathBuf], more: &[&str], folder: &Path) -> serde_json::Value {
    let at = |name: &str| folder.join(name);
    let with = |threads: &'static str| [more, &["--threads", threads]].concat();
    scan_well(files, &with("1"), &at("one"));
    let case = case_json(&at("one"));
    assert_reconciles(&case);
    scan_well(files, &with("2"), &at("two"));
    assert_same_case(&at("one"), &at("two"), "two threads");
    let mut turned = files.to_vec();
    turned.rotate_left(1);
    turned.swap(0, 1);
    assert_ne!(turned, files);
    scan_well(&turned, &with("2"), &at("turned"));
    assert_same_case(&at("one"), &at("turned"), "files in another order");
    case
}

#[test]
fn posts_of_real_people_through_a_map() {
    let Some(path) = real("german_elections.parquet") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map.toml");
    std::fs::write(
        &map,
        "[requests]\ntimestamp = \"timestamp\"\naccount_id = \"account_id\"\n\
         request_id = \"post_id\"\nprompt = \"url_id\"\n[requests.units]\ntimestamp = \"s\"\n",
    )
    .unwrap();
    // The set is one file; its batches are dealt out so that order can be tried.
    let batches = batches(&path);
    let schema = batches[0].schema();
    let files: Vec<PathBuf> = (0..FILES)
        .map(|number| folder.path().join(format!("part-{number}.parquet")))
        .collect();
    let mut writers: Vec<_> = files
        .iter()
        .map(|file| {
            ArrowWriter::try_new(File::create(file).unwrap(), schema.clone(), None).unwrap()
        })
        .collect();
    for (number, batch) in batches.iter().enumerate() {
        writers[number % FILES].write(batch).unwrap();
    }
    for writer in writers {
        writer.close().unwrap();
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let case = same_in_every_way(&files, &["--map", map.to_str().unwrap()], folder.path());
    assert_eq!(count(&case, "rows_read"), rows as u64);
    assert_eq!(
        count(&case, "rows_used"),
        rows as u64,
        "every post is usable"
    );
    assert_eq!(count(&case, "accounts"), 58_317);
    for campaign in case["campaigns"].as_array().unwrap() {
        assert_ne!(campaign["verdict"], "strong", "one family cannot be strong");
    }
}

/// A step of splitmix64: the log must be the same in every run.
fn draw(state: &mut u64, limit: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % limit
}

#[test]
fn a_log_of_real_prompts() {
    let Some(path) = real("real_prompts.parquet") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = (0..FILES)
        .map(|number| folder.path().join(format!("log-{number}.ndjson")))
        .collect();
    let mut writers: Vec<_> = files
        .iter()
        .map(|file| BufWriter::new(File::create(file).unwrap()))
        .collect();
    let mut state = 5;
    let mut rows: usize = 0;
    for batch in batches(&path) {
        let texts = |name: &str| {
            let column = batch.column_by_name(name).unwrap();
            let column = arrow_cast::cast(column, &arrow_schema::DataType::Utf8).unwrap();
            let column = column.as_string::<i32>().clone();
            (0..column.len())
                .map(|row| (!column.is_null(row)).then(|| column.value(row).to_owned()))
                .collect::<Vec<_>>()
        };
        for (text, role) in texts("text").into_iter().zip(texts("role")) {
            let seconds = 1_770_000_000 + draw(&mut state, 7 * 86_400);
            let account = format!("{:05}", draw(&mut state, 900));
            let text = text.unwrap();
            let (system, prompt) = match role.as_deref() {
                Some("system") => (Some(text), None),
                _ => (None, Some(text)),
            };
            let line = json!({
                "timestamp": seconds, "request_id": format!("r{rows:06}"),
                "account_id": account, "system_prompt": system, "prompt": prompt,
            });
            writeln!(writers[rows % FILES], "{line}").unwrap();
            rows += 1;
        }
    }
    drop(writers);
    assert!(rows > 10_000, "{rows}");
    let case = same_in_every_way(&files, &[], folder.path());
    assert_eq!(count(&case, "rows_read"), rows as u64);
    assert_eq!(count(&case, "rows_used"), rows as u64);
    assert_eq!(count(&case, "accounts"), 900);
    let seen = |name: &str| {
        case["coverage"]["columns"]
            .as_array()
            .unwrap()
            .iter()
            .find(|column| column["column"] == name)
            .unwrap()["present"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(seen("prompt") + seen("system_prompt"), rows as u64);
    assert!(seen("system_prompt") > 0);
}
