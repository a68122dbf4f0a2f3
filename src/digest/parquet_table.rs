//! One documented table as a Parquet file: frame to file and back.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use polars::prelude::{Column, DataFrame};

use crate::config::small_file::open_regular;
use crate::digest::documentation::{StoredColumn, StoredTable, StoredType};
use crate::digest::frames::ColumnList;

/// Rows converted and written at a time; bounds the copy between the two formats.
const SLICE_ROWS: usize = 1 << 18;

fn schema(table: &StoredTable) -> SchemaRef {
    let fields = table.columns.iter().map(|column| {
        let data_type = match column.stored_type {
            StoredType::Text | StoredType::OptionalText => DataType::Utf8,
            StoredType::U32 => DataType::UInt32,
            StoredType::U64 => DataType::UInt64,
            StoredType::I64 => DataType::Int64,
            StoredType::Boolean => DataType::Boolean,
        };
        Field::new(
            column.name,
            data_type,
            column.stored_type == StoredType::OptionalText,
        )
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Writes a frame; the bytes depend on its values only.
pub(crate) fn write_frame(
    table: &StoredTable,
    frame: &DataFrame,
    to: &mut (impl Write + Send),
) -> Result<()> {
    let schema = schema(table);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("stillhunt".to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(to, Arc::clone(&schema), Some(properties))?;
    let mut start = 0_usize;
    while start < frame.height() {
        let slice = frame.slice(i64::try_from(start)?, SLICE_ROWS);
        let arrays = table
            .columns
            .iter()
            .map(|column| to_arrow(column, slice.column(column.name)?))
            .collect::<Result<Vec<ArrayRef>>>()?;
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), arrays)?)?;
        start = start.saturating_add(SLICE_ROWS);
    }
    writer.close()?;
    Ok(())
}

fn to_arrow(stored: &StoredColumn, column: &Column) -> Result<ArrayRef> {
    Ok(match stored.stored_type {
        StoredType::Text | StoredType::OptionalText => {
            Arc::new(column.str()?.iter().collect::<StringArray>())
        }
        StoredType::U32 => Arc::new(column.u32()?.iter().collect::<UInt32Array>()),
        StoredType::U64 => Arc::new(column.u64()?.iter().collect::<UInt64Array>()),
        StoredType::I64 => Arc::new(column.i64()?.iter().collect::<Int64Array>()),
        StoredType::Boolean => Arc::new(column.bool()?.iter().collect::<BooleanArray>()),
    })
}

/// Reads a table; its columns must be the documented ones.
pub(crate) fn read_frame(table: &StoredTable, path: &Path) -> Result<DataFrame> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(open_regular(path)?)?;
    let expected = schema(table);
    let found = builder.schema();
    let same = found.fields().len() == expected.fields().len()
        && found
            .fields()
            .iter()
            .zip(expected.fields())
            .all(|(found, expected)| {
                found.name() == expected.name()
                    && found.data_type() == expected.data_type()
                    && found.is_nullable() == expected.is_nullable()
            });
    ensure!(
        same,
        "its columns are not those of the digest table {}",
        table.name
    );
    let batches = builder
        .with_batch_size(SLICE_ROWS)
        .build()?
        .collect::<Result<Vec<_>, _>>()?;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut columns = ColumnList::new(table.name);
    for (index, column) in table.columns.iter().enumerate() {
        let arrays = batches
            .iter()
            .filter_map(|batch| batch.columns().get(index));
        match column.stored_type {
            StoredType::Text => columns.texts(
                typed::<StringArray>(arrays)?
                    .into_iter()
                    .flat_map(values_of),
            ),
            StoredType::OptionalText => {
                columns.optional_texts(typed::<StringArray>(arrays)?.into_iter().flatten())
            }
            StoredType::U32 => columns.u32(
                typed::<UInt32Array>(arrays)?
                    .into_iter()
                    .flatten()
                    .flatten(),
            ),
            StoredType::U64 => columns.u64(
                typed::<UInt64Array>(arrays)?
                    .into_iter()
                    .flatten()
                    .flatten(),
            ),
            StoredType::I64 => {
                columns.i64(typed::<Int64Array>(arrays)?.into_iter().flatten().flatten())
            }
            StoredType::Boolean => columns.booleans(
                typed::<BooleanArray>(arrays)?
                    .into_iter()
                    .flatten()
                    .flatten(),
            ),
        }
    }
    columns.frame(rows)
}

fn values_of(array: &StringArray) -> impl Iterator<Item = &str> {
    array.iter().flatten()
}

fn typed<'a, A: Array + 'static>(arrays: impl Iterator<Item = &'a ArrayRef>) -> Result<Vec<&'a A>> {
    arrays
        .map(|array| {
            array
                .as_any()
                .downcast_ref::<A>()
                .context("a column has an unexpected type")
        })
        .collect()
}
