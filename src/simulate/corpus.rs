//! Real texts for ordinary people, from a Parquet file with a column `text`.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::model::failure::Failure;

/// Texts kept at most, and the longest that is used: bounds memory to about half a gigabyte.
const MOST_TEXTS: usize = 250_000;
const LONGEST_BYTES: usize = 16_384;
/// Bytes of text kept at most.
const MOST_BYTES: usize = 512 << 20;

/// Reads the texts.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    let name = path.display();
    let usage = |text: String| anyhow::Error::from(Failure::Usage(text));
    let file = File::open(path)
        .map_err(|error| usage(format!("{name}: cannot open the corpus: {error}")))?;
    if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(usage(format!("{name}: the corpus is not a file")));
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| {
        usage(format!(
            "{name}: the corpus is not a Parquet file ({error})"
        ))
    })?;
    let Ok(column) = builder.schema().index_of("text") else {
        return Err(usage(format!(
            "{name}: the corpus has no column named text"
        )));
    };
    let mask = parquet::arrow::ProjectionMask::roots(builder.parquet_schema(), [column]);
    let mut texts = Vec::new();
    let mut bytes = 0;
    let batches = builder
        .with_projection(mask)
        .build()
        .map_err(|error| usage(format!("{name}: cannot read the corpus: {error}")))?;
    for batch in batches {
        let batch =
            batch.map_err(|error| usage(format!("{name}: cannot read the corpus: {error}")))?;
        let Some(column) = batch.columns().first() else {
            continue;
        };
        if !matches!(
            column.data_type(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)
        ) {
            return Err(usage(format!(
                "{name}: column text of the corpus holds {}, not text",
                column.data_type()
            )));
        }
        let column = cast(column, &DataType::Utf8)
            .map_err(|error| usage(format!("{name}: column text holds no text: {error}")))?;
        let column: &StringArray = column.as_string();
        for text in column
            .iter()
            .flatten()
            .filter(|text| !text.trim().is_empty() && text.len() <= LONGEST_BYTES)
        {
            if texts.len() >= MOST_TEXTS || bytes + text.len() > MOST_BYTES {
                return Ok(texts);
            }
            bytes += text.len();
            texts.push(text.to_owned());
        }
        debug_assert!(column.null_count() <= column.len());
    }
    if texts.is_empty() {
        return Err(usage(format!("{name}: the corpus holds no usable text")));
    }
    Ok(texts)
}
