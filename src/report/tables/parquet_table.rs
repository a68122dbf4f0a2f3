//! A Parquet file whose schema comes from [`crate::report::columns`].

use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::report::columns::{OutputType, columns_of};
use crate::report::tables::Sink;

/// Writes one Parquet file of the case.
pub(crate) struct ParquetTable<'a> {
    writer: ArrowWriter<Sink<'a>>,
    schema: SchemaRef,
    file: &'static str,
}

impl<'a> ParquetTable<'a> {
    /// Starts the file with its documented schema.
    pub(crate) fn new(file: &'static str, sink: Sink<'a>) -> Result<Self> {
        let fields: Vec<Field> = columns_of(file)
            .map(|column| Field::new(column.name, data_type(column.output_type), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by(concat!("stillhunt ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties))?;
        Ok(ParquetTable {
            writer,
            schema,
            file,
        })
    }

    /// Writes some rows; the columns must be those that the schema documents.
    pub(crate) fn rows(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .with_context(|| format!("rows of {} differ from its documented columns", self.file))?;
        self.writer.write(&batch)?;
        Ok(())
    }

    /// Writes the footer.
    pub(crate) fn finish(self) -> Result<()> {
        self.writer.close()?;
        Ok(())
    }
}

fn data_type(output_type: OutputType) -> DataType {
    match output_type {
        OutputType::Text => DataType::Utf8,
        OutputType::TextList => {
            DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
        }
        OutputType::Integer => DataType::Int64,
        OutputType::Float => DataType::Float64,
        OutputType::Boolean => DataType::Boolean,
        OutputType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// A text column.
pub(crate) fn texts<'t>(values: impl Iterator<Item = &'t str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A text column where an empty text means that there is none.
pub(crate) fn optional_texts<'t>(values: impl Iterator<Item = &'t str>) -> ArrayRef {
    Arc::new(
        values
            .map(|text| (!text.is_empty()).then_some(text))
            .collect::<StringArray>(),
    )
}

/// A column of text lists.
pub(crate) fn lists(values: impl Iterator<Item = Vec<String>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for list in values {
        for text in list {
            builder.values().append_value(text);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

/// A column of whole numbers; what a signed 64-bit number cannot hold is written as its largest.
pub(crate) fn integers(values: impl Iterator<Item = u64>) -> ArrayRef {
    let signed = values.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    Arc::new(Int64Array::from_iter_values(signed))
}

/// A column of whole numbers, some of which are absent.
pub(crate) fn optional_integers(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    Arc::new(
        values
            .map(|number| number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)))
            .collect::<Int64Array>(),
    )
}

/// A column of truth values.
pub(crate) fn booleans(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

/// A column of decimal numbers.
pub(crate) fn floats(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

/// A column of UTC times.
pub(crate) fn times(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(
        values
            .collect::<TimestampMicrosecondArray>()
            .with_timezone("UTC"),
    )
}
