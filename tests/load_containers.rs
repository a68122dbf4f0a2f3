//! The same rows must load the same from every container and compression.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::err_expect
)]

mod load_support;

use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, StructArray, TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field};
use load_support::*;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use stillhunt::model::column::RequestColumn;

fn write_parquet(path: &Path, batch: &RecordBatch, row_group_rows: usize) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(row_group_rows))
        .build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn the_canonical_samples_load_alike_from_all_containers() {
    // Beside the checkout, or one level higher for a checkout in a folder of checkouts.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [
        "../shared/research/log_samples",
        "../../shared/research/log_samples",
    ];
    let Some(folder) = places
        .iter()
        .map(|place| root.join(place))
        .find(|place| place.is_dir())
    else {
        println!("skipped: ../shared/research/log_samples is not there");
        return;
    };
    let (csv, _) = load(&folder.join("canonical_requests.csv")).unwrap();
    assert_eq!(csv.len(), 8);
    for other in ["canonical_requests.jsonl", "canonical_requests.parquet"] {
        let (rows, report) = load(&folder.join(other)).unwrap();
        assert!(
            report.reject_counts.is_empty(),
            "{:?}",
            report.reject_counts
        );
        for (left, right) in csv.iter().zip(&rows) {
            for (index, column) in RequestColumn::ALL.iter().enumerate() {
                assert_eq!(
                    left.2[index],
                    right.2[index],
                    "{other}: row {} column {}",
                    left.1,
                    column.name()
                );
            }
        }
        assert_eq!(rows.len(), 8);
    }
}

#[test]
fn compressions_and_the_known_hash() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"timestamp,account_id\n2026-02-03T04:12:07Z,a\n2026-02-03T04:12:08Z,00123\n";
    let plain = write(folder.path(), "a.csv", text);
    let two_members = [gzip(&text[..30]), gzip(&text[30..])].concat();
    let zipped = write(folder.path(), "b", two_members);
    let zstd = write(folder.path(), "c", zstd::encode_all(&text[..], 1).unwrap());
    let (rows, report) = load(&plain).unwrap();
    assert_eq!(
        column(&rows, RequestColumn::AccountId),
        [Some("a"), Some("00123")]
    );
    // `sha256sum` of these bytes.
    assert_eq!(report.inputs[0].sha256, SHA256_OF_TEXT);
    assert_eq!(
        (
            report.inputs[0].container.as_str(),
            report.inputs[0].compression.as_str()
        ),
        ("csv", "none")
    );
    for (path, compression) in [(zipped, "gzip"), (zstd, "zstd")] {
        let (other, report) = load(&path).unwrap();
        assert_eq!(rows, other);
        assert_eq!(report.inputs[0].compression, compression);
    }
}

const SHA256_OF_TEXT: &str = "3ab23c88868b5551864dbd1287f3b64c91e92fb2351bb2fb69a7693f426895f1";

fn foreign_batch(rows: usize) -> RecordBatch {
    let times = (0..rows as i64).map(|row| 1_770_091_927_318 + row);
    let tools = ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>(
        (0..rows).map(|row| (row % 2 == 0).then(|| vec![Some(1), Some(2)])),
    );
    let body = StructArray::from(vec![(
        Arc::new(Field::new("text", DataType::Utf8, true)),
        Arc::new(StringArray::from_iter(
            (0..rows).map(|row| Some(format!("prompt {row}"))),
        )) as ArrayRef,
    )]);
    RecordBatch::try_from_iter([
        (
            "time",
            Arc::new(TimestampMillisecondArray::from_iter_values(times).with_timezone("UTC"))
                as ArrayRef,
        ),
        (
            "account_id",
            Arc::new(Int64Array::from_iter(
                (0..rows as i64).map(|row| (row != 3).then_some(row % 5)),
            )) as _,
        ),
        ("tool_names", Arc::new(tools) as _),
        (
            "output_tokens",
            Arc::new(StringArray::from_iter(
                (0..rows).map(|r| Some(if r == 1 { "abc" } else { "7" })),
            )) as _,
        ),
        (
            "http_status",
            Arc::new(Int32Array::from_iter_values((0..rows).map(|_| 200))) as _,
        ),
        (
            "temperature",
            Arc::new(Float64Array::from_iter_values(
                (0..rows).map(|r| if r == 2 { f64::NAN } else { 0.5 }),
            )) as _,
        ),
        (
            "stream",
            Arc::new(BooleanArray::from_iter((0..rows).map(|_| Some(true)))) as _,
        ),
        (
            "model",
            Arc::new(StringArray::from_iter_values(
                (0..rows).map(|r| if r == 0 { "" } else { "m" }),
            )) as _,
        ),
        ("body", Arc::new(body) as _),
    ])
    .unwrap()
}

#[test]
fn parquet_types_are_cast_and_row_groups_keep_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    write_parquet(&path, &foreign_batch(1000), 70);
    let map = write(
        folder.path(),
        "map.toml",
        "[requests]\nprompt = 'body.text'\n",
    );
    let mut input = options(&[&path]);
    input.map = Some(map);
    let (rows, report) = load_with(&input, &config()).unwrap();
    assert_eq!(rows.len(), 999);
    assert_eq!(
        rows.iter().map(|row| row.1).filter(|row| *row != 4).count(),
        999
    );
    assert_eq!(
        (rows[998].1, column(&rows, RequestColumn::Prompt)[998]),
        (1000, Some("prompt 999"))
    );
    assert_eq!(
        column(&rows, RequestColumn::Timestamp)[0],
        Some("1770091927318000")
    );
    assert_eq!(
        column(&rows, RequestColumn::AccountId)[..2],
        [Some("0"), Some("1")]
    );
    assert_eq!(
        column(&rows, RequestColumn::ToolNames)[..2],
        [Some("1|2"), None]
    );
    assert_eq!(column(&rows, RequestColumn::Model)[..2], [None, Some("m")]);
    assert_eq!(column(&rows, RequestColumn::HttpStatus)[0], Some("200"));
    let found = reasons(&report);
    assert_eq!(
        found[0],
        (2, "output_tokens".into(), "not an integer".into())
    );
    assert_eq!(found[1], (3, "temperature".into(), "not a number".into()));
    assert_eq!(found[2], (4, "account_id".into(), "no value".into()));
    assert_eq!(found.len(), 3);
}

#[test]
fn a_parquet_file_is_hashed_whole_and_the_window_applies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    write_parquet(&path, &foreign_batch(300), 50);
    let mut input = options(&[&path]);
    input.since_us = Some(1_770_091_927_318_000 + 10_000);
    input.until_us = Some(1_770_091_927_318_000 + 20_000);
    let (rows, report) = load_with(&input, &config()).unwrap();
    assert_eq!(rows.len(), 10);
    assert_eq!(report.inputs[0].rows_outside_window, 290);
    let expected: String = {
        use sha2::Digest;
        sha2::Sha256::digest(std::fs::read(&path).unwrap())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    assert_eq!(report.inputs[0].sha256, expected);
}

#[test]
fn batch_size_and_thread_count_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    write_parquet(&path, &foreign_batch(500), 90);
    let lines: String = (0..3000)
        .map(|row| {
            format!(
                "{{\"ts\":{},\"user\":\"u{}\"}}\n",
                1_770_091_927 + row,
                row % 7
            )
        })
        .collect();
    let text = write(folder.path(), "y.ndjson", lines);
    let input = options(&[&path, &text]);
    let mut seen = Vec::new();
    for (threads, batch_rows) in [(1, 8192), (4, 13), (3, 1)] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let mut config = config();
        config.batch_rows = batch_rows;
        let (rows, report) = pool.install(|| load_with(&input, &config).unwrap());
        seen.push((
            rows,
            report.inputs,
            report.rejects,
            report.reject_counts,
            report.notes,
        ));
    }
    assert_eq!(seen[0].0.len(), 3499);
    assert!(seen[0] == seen[1] && seen[1] == seen[2]);
}

fn csv_cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    /// Random tables written as CSV and as NDJSON load identically.
    #[test]
    fn csv_and_ndjson_agree(
        table in proptest::collection::vec(
            (0_i64..90_000_000_000_000, "[a-c0 ,;\"\n\r|é]{0,6}", ".{0,12}", proptest::option::of(-5_i64..5), "(|true|no|maybe)", "(|0.5|NaN|1e2)"),
            1..20,
        )
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut csv = String::from("timestamp,account_id,prompt,n,stream,top_p\n");
        let mut lines = String::new();
        for (extra, account, prompt, n, stream, top_p) in &table {
            let time = 1_770_091_927_318_000 + extra;
            let n = n.map_or(String::new(), |n| n.to_string());
            csv += &[&time.to_string(), account, prompt, &n, stream, top_p].map(|cell| csv_cell(cell)).join(",");
            csv.push('\n');
            lines += &serde_json::json!({"timestamp": time, "account_id": account, "prompt": prompt, "n": n, "stream": stream, "top_p": top_p}).to_string();
            lines.push('\n');
        }
        let left = load(&write(folder.path(), "a", csv));
        let right = load(&write(folder.path(), "b", lines));
        match (left, right) {
            (Ok((left, one)), Ok((right, two))) => {
                prop_assert_eq!(left, right);
                prop_assert_eq!(one.rejects, two.rejects);
            }
            (Err(_), Err(_)) => {}
            (left, right) => prop_assert!(false, "{:?} {:?}", left.err(), right.err()),
        }
    }
}
