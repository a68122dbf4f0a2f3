//! Reads a few named columns of a CSV or Parquet file as text, row by row.
//!
//! Truth files and other tools' lists are small and well-formed compared with logs, so a bad
//! row is an error here, not a counted reject.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::config::small_file::open_regular;
use crate::evaluate::labels::is_one_of;
use crate::model::failure::Failure;

/// Rows decoded at a time from Parquet: few, because prompts may be long.
const BATCH_ROWS: usize = 1024;

/// A column that is asked for under any of several names, the first found wins.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Accepted names, matched without case.
    pub names: &'static [&'static str],
    /// Whether its absence is an error.
    pub required: bool,
}

impl Wanted {
    /// A column that must be there.
    #[must_use]
    pub const fn required(names: &'static [&'static str]) -> Self {
        Wanted {
            names,
            required: true,
        }
    }

    /// A column that may be absent; its values are then `None`.
    #[must_use]
    pub const fn optional(names: &'static [&'static str]) -> Self {
        Wanted {
            names,
            required: false,
        }
    }
}

/// A wrong file or argument, in one line (exit code 2).
pub(crate) fn usage(message: String) -> anyhow::Error {
    anyhow::Error::from(Failure::Usage(message))
}

/// Names of columns that an error repeats, and characters of any text of a file.
const NAMED: usize = 12;
const REPEATED: usize = 60;

/// A text of a file as an error repeats it: quoted, and short whatever the file holds.
pub(crate) fn quoted(text: &str) -> String {
    if text.chars().nth(REPEATED).is_none() {
        return format!("{text:?}");
    }
    let short: String = text.chars().take(REPEATED).collect();
    format!("{short:?}...")
}

/// A value without the apostrophe that case files put before text a spreadsheet would run as a formula.
pub(crate) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => text,
    }
}

/// Hands every row's wanted values to `each`, with its one-based number.
/// Absent columns, nulls and empty values are `None`.
///
/// # Errors
/// Where the file cannot be read, lacks a required column or holds a broken row.
pub fn for_each_row(
    path: &Path,
    wanted: &[Wanted],
    mut each: impl FnMut(u64, &[Option<&str>]) -> Result<()>,
) -> Result<()> {
    let mut file = open_regular(path)
        .map_err(|error| usage(format!("{}: cannot be opened: {error}", path.display())))?;
    let mut magic = Vec::with_capacity(4);
    (&mut file)
        .take(4)
        .read_to_end(&mut magic)
        .map_err(|error| usage(format!("{}: cannot be read: {error}", path.display())))?;
    if magic == b"PAR1" {
        read_parquet(path, wanted, &mut each)
    } else if magic.trim_ascii_start().starts_with(b"{") {
        Err(usage(format!(
            "{}: looks like NDJSON; give CSV or Parquet here",
            path.display()
        )))
    } else {
        read_csv(path, wanted, &mut each)
    }
}

fn positions(path: &Path, present: &[String], wanted: &[Wanted]) -> Result<Vec<Option<usize>>> {
    wanted
        .iter()
        .map(|column| {
            // Which of two labels is meant cannot be guessed.
            let fitting: Vec<&str> = present
                .iter()
                .map(|header| header.trim())
                .filter(|header| column.required && is_one_of(header, column.names))
                .collect();
            if fitting.len() > 1 {
                return Err(usage(format!(
                    "{}: several columns could be meant ({}); keep or rename one",
                    path.display(),
                    fitting.join(", ")
                )));
            }
            let found = column.names.iter().find_map(|name| {
                present
                    .iter()
                    .position(|header| header.trim().eq_ignore_ascii_case(name))
            });
            if found.is_none() && column.required {
                let mut names: Vec<String> = present
                    .iter()
                    .take(NAMED)
                    .map(|name| quoted(name.trim()))
                    .collect();
                if present.len() > NAMED {
                    names.push(format!("{} more", present.len() - NAMED));
                }
                let has = if present.iter().all(|name| name.trim().is_empty()) {
                    "it is empty".to_owned()
                } else {
                    format!("it has: {}", names.join(", "))
                };
                let separator = match present {
                    [one] if one.contains([';', '\t']) => "; columns must be separated by commas",
                    _ => "",
                };
                return Err(usage(format!(
                    "{}: no column {} ({has}){separator}",
                    path.display(),
                    column.names.join(" or ")
                )));
            }
            Ok(found)
        })
        .collect()
}

fn read_csv(
    path: &Path,
    wanted: &[Wanted],
    each: &mut impl FnMut(u64, &[Option<&str>]) -> Result<()>,
) -> Result<()> {
    let broken = |error: csv::Error| {
        let hint = match error.kind() {
            csv::ErrorKind::UnequalLengths { .. } => {
                "; is a quote left open, or a comma not quoted?"
            }
            csv::ErrorKind::Utf8 { .. } => {
                "; save it as UTF-8 text, and unpack it where it is compressed"
            }
            _ => "",
        };
        usage(format!("{}: {error}{hint}", path.display()))
    };
    let mut reader = csv::Reader::from_path(path).map_err(broken)?;
    let present: Vec<String> = reader
        .headers()
        .map_err(broken)?
        .iter()
        .map(|header| header.trim_start_matches('\u{feff}').to_owned())
        .collect();
    let positions = positions(path, &present, wanted)?;
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    while reader.read_record(&mut record).map_err(broken)? {
        row += 1;
        let values: Vec<Option<&str>> = positions
            .iter()
            .map(|position| {
                position
                    .and_then(|at| record.get(at))
                    .map(str::trim)
                    .filter(|value| !value.is_empty())
            })
            .collect();
        each(row, &values)?;
    }
    Ok(())
}

fn read_parquet(
    path: &Path,
    wanted: &[Wanted],
    each: &mut impl FnMut(u64, &[Option<&str>]) -> Result<()>,
) -> Result<()> {
    let file = File::open(path).with_context(|| format!("{}: cannot be opened", path.display()))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| {
        usage(format!(
            "{}: not readable as Parquet: {error}",
            path.display()
        ))
    })?;
    let present: Vec<String> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let positions = positions(path, &present, wanted)?;
    let mut chosen: Vec<usize> = positions.iter().flatten().copied().collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mask = ProjectionMask::roots(builder.parquet_schema(), chosen.iter().copied());
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| usage(format!("{}: {error}", path.display())))?;
    let mut row = 0;
    for batch in reader {
        let batch = batch
            .map_err(|error| usage(format!("{}: after row {row}: {error}", path.display())))?;
        let schema = batch.schema();
        let texts: Vec<ArrayRef> = batch
            .columns()
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| {
                let name = || quoted(field.name());
                if !is_text_like(column.data_type()) {
                    return Err(usage(format!(
                        "{}: column {} is of type {}, not text or number",
                        path.display(),
                        name(),
                        column.data_type()
                    )));
                }
                arrow_cast::cast(column, &DataType::Utf8).map_err(|error| {
                    usage(format!(
                        "{}: column {} is not text: {error}",
                        path.display(),
                        name()
                    ))
                })
            })
            .collect::<Result<_>>()?;
        for index in 0..batch.num_rows() {
            row += 1;
            let values: Vec<Option<&str>> = positions
                .iter()
                .map(|position| {
                    let at = chosen.binary_search(&(*position)?).ok()?;
                    let column = texts.get(at)?.as_string_opt::<i32>()?;
                    (!column.is_null(index))
                        .then(|| column.value(index).trim())
                        .filter(|value| !value.is_empty())
                })
                .collect();
            each(row, &values)?;
        }
    }
    Ok(())
}

/// Whether values of this type have one text: no bytes, lists or records.
fn is_text_like(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Boolean | DataType::Null | DataType::Timestamp(..) => true,
        DataType::Dictionary(_, values) => is_text_like(values),
        other => other.is_numeric(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use arrow_array::{RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;

    use super::*;

    /// Writes text columns as Parquet; an empty value becomes a null.
    pub(crate) fn write_parquet(path: &Path, columns: &[(&str, &[&str])]) {
        let arrays: Vec<(&str, ArrayRef)> = columns
            .iter()
            .map(|(name, values)| {
                let values = values
                    .iter()
                    .map(|value| (!value.is_empty()).then_some(*value));
                (*name, Arc::new(StringArray::from_iter(values)) as ArrayRef)
            })
            .collect();
        let batch =
            RecordBatch::try_from_iter_with_nullable(arrays.into_iter().map(|(n, a)| (n, a, true)))
                .expect("batch");
        let file = File::create(path).expect("file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("writer");
        writer.write(&batch).expect("write");
        writer.close().expect("close");
    }

    const WANTED: [Wanted; 3] = [
        Wanted::required(&["account_id", "account"]),
        Wanted::optional(&["absent"]),
        Wanted::required(&["first"]),
    ];

    fn collect(path: &Path) -> Result<Vec<Vec<Option<String>>>> {
        let mut rows = Vec::new();
        for_each_row(path, &WANTED, |_, values| {
            rows.push(
                values
                    .iter()
                    .map(|value| value.map(str::to_owned))
                    .collect(),
            );
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn csv_and_parquet_read_alike() {
        let folder = tempfile::tempdir().expect("folder");
        let csv = folder.path().join("a.csv");
        let parquet = folder.path().join("a.parquet");
        std::fs::write(&csv, "\u{feff}first,other,Account\n1,x,a\n,y,b\n").expect("csv");
        write_parquet(
            &parquet,
            &[
                ("first", &["1", ""]),
                ("other", &["x", "y"]),
                ("Account", &["a", "b"]),
            ],
        );
        let rows = collect(&csv).expect("csv");
        assert_eq!(rows, collect(&parquet).expect("parquet"));
        assert_eq!(
            rows[0],
            vec![Some("a".to_owned()), None, Some("1".to_owned())]
        );
        assert_eq!(rows[1][2], None);
    }

    #[test]
    fn broken_files_are_told_in_one_line() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.csv");
        for (text, part) in [
            (
                "x,first\n1,2\n",
                "no column account_id or account (it has: \"x\", \"first\")",
            ),
            ("account,first\n1,2\n3\n", "a.csv"),
            ("PAR1 and then nothing", "not readable as Parquet"),
        ] {
            std::fs::write(&path, text).expect("file");
            let error = collect(&path).expect_err("broken").to_string();
            assert!(error.contains(part) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn what_an_error_repeats_is_short() {
        assert_eq!(quoted("a\u{202e}"), "\"a\\u{202e}\"");
        assert!(quoted(&"x".repeat(1_000_000)).len() < 100);
    }

    #[test]
    fn other_forms_are_refused_by_name() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.ndjson");
        std::fs::write(&path, "{\"account_id\":\"secret\"}\n").expect("file");
        let error = collect(&path).expect_err("refused").to_string();
        assert!(
            error.contains("NDJSON") && !error.contains("secret"),
            "{error}"
        );
    }
}
