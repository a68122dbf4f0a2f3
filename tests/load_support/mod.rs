//! What the tests of the load stage share: writing small inputs and reading them back
//! as text, cell by cell.
#![allow(dead_code, unreachable_pub)] // each test file uses its own part

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use stillhunt::config::options::InputOptions;
use stillhunt::config::{Config, DEFAULTS, LoadConfig};
use stillhunt::load::{LoadReport, fold_requests, plan};
use stillhunt::model::batch::RequestBatch;
use stillhunt::model::column::RequestColumn;
use stillhunt::model::failure::Failure;
use stillhunt::model::progress::Silent;

/// File, row number, and every canonical cell as text.
pub type Row = (u32, u64, Vec<Option<String>>);

pub fn config() -> LoadConfig {
    toml::from_str::<Config>(DEFAULTS).unwrap().load
}

pub fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn options(paths: &[&Path]) -> InputOptions {
    InputOptions {
        logs: paths.iter().map(|path| path.to_path_buf()).collect(),
        ..InputOptions::default()
    }
}

pub fn rows_of(batch: &RequestBatch) -> Vec<Row> {
    let cell = |column: &RequestColumn, row: usize| {
        let array = batch.columns[column.index()].as_ref()?;
        if array.is_null(row) {
            return None;
        }
        Some(if let Some(texts) = array.as_string_opt::<i32>() {
            texts.value(row).to_owned()
        } else if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
            numbers.value(row).to_string()
        } else if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
            format!("{:?}", numbers.value(row))
        } else {
            array.as_boolean().value(row).to_string()
        })
    };
    (0..batch.len())
        .map(|row| {
            (
                batch.file,
                batch.rows[row],
                RequestColumn::ALL
                    .iter()
                    .map(|column| cell(column, row))
                    .collect(),
            )
        })
        .collect()
}

/// Loads everything, sorted, and checks that the totals reconcile.
pub fn load_with(
    input: &InputOptions,
    config: &LoadConfig,
) -> anyhow::Result<(Vec<Row>, LoadReport)> {
    let plan = plan(input, config)?;
    let (states, report) = fold_requests(
        &plan,
        RequestColumn::ALL,
        true,
        &Silent,
        Vec::new,
        |rows, batch| {
            rows.extend(rows_of(batch));
        },
    )?;
    let mut rows: Vec<Row> = states.into_iter().flatten().collect();
    rows.sort();
    for input in &report.inputs {
        assert_eq!(
            input.rows_read,
            input.rows_used + input.rows_rejected + input.rows_outside_window,
            "{input:?}"
        );
        assert_eq!(input.bytes, std::fs::metadata(&input.name).unwrap().len());
    }
    assert_eq!(
        rows.len() as u64,
        report
            .inputs
            .iter()
            .map(|input| input.rows_used)
            .sum::<u64>()
    );
    let counted: u64 = report
        .reject_counts
        .iter()
        .filter(|count| count.scope == stillhunt::model::coverage::RejectScope::Row)
        .map(|count| count.count)
        .sum();
    assert_eq!(
        counted,
        report
            .inputs
            .iter()
            .map(|input| input.rows_rejected)
            .sum::<u64>()
    );
    Ok((rows, report))
}

pub fn load(path: &Path) -> anyhow::Result<(Vec<Row>, LoadReport)> {
    load_with(&options(&[path]), &config())
}

pub fn column(rows: &[Row], column: RequestColumn) -> Vec<Option<&str>> {
    rows.iter()
        .map(|row| row.2[column.index()].as_deref())
        .collect()
}

pub fn reasons(report: &LoadReport) -> Vec<(u64, String, String)> {
    report
        .rejects
        .iter()
        .map(|one| (one.row, one.column.clone(), one.reason.clone()))
        .collect()
}

pub fn failure(error: anyhow::Error) -> Failure {
    let failure = error
        .downcast::<Failure>()
        .expect("a failure with an exit code");
    assert!(!failure.to_string().contains('\n'), "one line: {failure}");
    failure
}

pub fn no_input(result: anyhow::Result<(Vec<Row>, LoadReport)>) -> String {
    match failure(result.err().expect("must fail")) {
        Failure::NoInput(text) => text,
        other => panic!("{other:?}"),
    }
}

pub fn usage(result: anyhow::Result<(Vec<Row>, LoadReport)>) -> String {
    match failure(result.err().expect("must fail")) {
        Failure::Usage(text) => text,
        other => panic!("{other:?}"),
    }
}
