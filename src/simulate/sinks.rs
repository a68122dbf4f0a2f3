//! Files that batches are written to: Parquet, CSV, NDJSON.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

/// Container of the written logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Parquet, compressed with Zstandard.
    #[default]
    Parquet,
    /// Comma-separated values, UTF-8, RFC 3339 times.
    Csv,
    /// One JSON object per line.
    Ndjson,
}

impl Format {
    /// Extension and name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Format::Parquet, Format::Csv, Format::Ndjson]
            .into_iter()
            .find(|format| format.name() == name)
    }
}

/// Rows in a Parquet row group: large enough to compress, small enough for parallel readers.
const ROW_GROUP_ROWS: usize = 131_072;

enum Body {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Ndjson(BufWriter<File>),
}

/// One open file.
pub(crate) struct Sink {
    path: PathBuf,
    body: Body,
}

impl Sink {
    pub(crate) fn create(path: &Path, format: Format, schema: &SchemaRef) -> anyhow::Result<Self> {
        let file = File::create_new(path)
            .with_context(|| format!("{}: cannot create the file", path.display()))?;
        let file = BufWriter::with_capacity(1 << 20, file);
        let body = match format {
            Format::Parquet => {
                let mut properties = WriterProperties::builder()
                    .set_created_by("stillhunt simulate".to_owned())
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
                    .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
                for name in ["request_id", "prompt", "conversation_id", "timestamp"] {
                    properties =
                        properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
                }
                Body::Parquet(Box::new(ArrowWriter::try_new(
                    file,
                    schema.clone(),
                    Some(properties.build()),
                )?))
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(file);
                writer.write_record(schema.fields().iter().map(|field| field.name().as_str()))?;
                Body::Csv(Box::new(writer))
            }
            Format::Ndjson => Body::Ndjson(file),
        };
        Ok(Self {
            path: path.to_owned(),
            body,
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        let path = &self.path;
        match &mut self.body {
            Body::Parquet(writer) => writer.write(batch).map_err(anyhow::Error::from),
            Body::Csv(writer) => write_csv(writer, batch),
            Body::Ndjson(writer) => write_ndjson(writer, batch),
        }
        .with_context(|| format!("{}: cannot write; is the disk full?", path.display()))
    }

    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let path = self.path;
        let flushed = match self.body {
            Body::Parquet(writer) => writer
                .into_inner()
                .map_err(anyhow::Error::from)
                .and_then(|mut file| Ok(file.flush()?)),
            Body::Csv(mut writer) => writer.flush().map_err(anyhow::Error::from),
            Body::Ndjson(mut writer) => writer.flush().map_err(anyhow::Error::from),
        };
        flushed.with_context(|| {
            format!(
                "{}: cannot finish the file; is the disk full?",
                path.display()
            )
        })
    }
}

/// One cell as text; `None` where it is null.
fn cell(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Timestamp(..) => {
            time_text(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        _ => array.as_string::<i32>().value(row).to_owned(),
    })
}

/// RFC 3339 with microseconds.
pub(crate) fn time_text(at_us: i64) -> String {
    chrono::DateTime::from_timestamp_micros(at_us)
        .map(|time| time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
        .unwrap_or_default()
}

fn write_csv(writer: &mut csv::Writer<BufWriter<File>>, batch: &RecordBatch) -> anyhow::Result<()> {
    for row in 0..batch.num_rows() {
        for column in batch.columns() {
            match column.as_string_opt::<i32>() {
                Some(texts) if texts.is_valid(row) => writer.write_field(texts.value(row))?,
                _ => writer.write_field(cell(column, row).unwrap_or_default())?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

fn write_ndjson(writer: &mut BufWriter<File>, batch: &RecordBatch) -> anyhow::Result<()> {
    let schema = batch.schema();
    for row in 0..batch.num_rows() {
        let mut first = true;
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let Some(text) = cell(column, row) else {
                continue;
            };
            writer.write_all(if first { b"{" } else { b"," })?;
            first = false;
            serde_json::to_writer(&mut *writer, field.name())?;
            writer.write_all(b":")?;
            match field.data_type() {
                DataType::Int64 | DataType::Float64 | DataType::Boolean => {
                    writer.write_all(text.as_bytes())?
                }
                _ if field.name() == "tool_names" => {
                    serde_json::to_writer(&mut *writer, &text.split('|').collect::<Vec<_>>())?;
                }
                _ => serde_json::to_writer(&mut *writer, &text)?,
            }
        }
        writer.write_all(if first { b"{}\n" } else { b"}\n" })?;
    }
    Ok(())
}
