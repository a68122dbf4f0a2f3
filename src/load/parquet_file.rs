//! Parquet: columns by name or path, row groups one at a time.

use std::collections::BTreeSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Result;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};

use crate::load::arrays::as_text;
use crate::load::discover::no_input;
use crate::load::json_value::split_path;
use crate::load::look::Look;
use crate::load::plan::PlannedFile;

/// Decoded bytes aimed at in one batch; with long prompts a batch holds fewer rows.
const BATCH_BYTES: u64 = 32 << 20;

/// Reads the footer. Damaged files can make the decoder panic; that is an error here.
pub(crate) fn metadata(file: &PlannedFile) -> Result<ArrowReaderMetadata> {
    let stored = File::open(&file.path)
        .map_err(|error| no_input(format!("{}: cannot be read: {error}", file.name)))?;
    // Without the embedded Arrow schema, every kind of string column reads as plain text.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let loaded = catch_unwind(AssertUnwindSafe(|| {
        ArrowReaderMetadata::load(&stored, options)
    }));
    let problem = match loaded {
        Ok(Ok(metadata)) => return Ok(metadata),
        Ok(Err(error)) => error.to_string().replace('\n', " "),
        Err(_) => "the decoder failed".to_owned(),
    };
    Err(no_input(format!(
        "{}: the Parquet footer cannot be read ({problem}); the file may be cut short, copy or export it again",
        file.name
    )))
}

/// Source columns, and which of the map's paths lead to one.
pub(crate) fn look(file: &PlannedFile, sources: &BTreeSet<&String>) -> Result<Look> {
    let metadata = metadata(file)?;
    let fields = metadata.schema().fields();
    Ok(Look {
        found: fields.iter().map(|field| field.name().clone()).collect(),
        reachable: sources
            .iter()
            .filter(|source| field_at(fields, source).is_some())
            .map(|s| (*s).clone())
            .collect(),
        row_groups: metadata.metadata().num_row_groups(),
        ..Look::default()
    })
}

/// The field that a source name leads to: a column, or a field of nested structs.
fn field_at<'f>(fields: &'f Fields, source: &str) -> Option<&'f Field> {
    if let Some(field) = fields.iter().find(|field| field.name() == source) {
        return Some(field);
    }
    let (top, path) = split_path(source);
    let mut field = fields.iter().find(|field| *field.name() == top)?;
    for step in &path {
        let DataType::Struct(inner) = field.data_type() else {
            return None;
        };
        field = inner.iter().find(|inner| inner.name() == step)?;
    }
    Some(field)
}

/// The array that a source name leads to.
pub(crate) fn array_at(batch: &RecordBatch, source: &str) -> Option<ArrayRef> {
    if let Some(array) = batch.column_by_name(source) {
        return Some(array.clone());
    }
    let (top, path) = split_path(source);
    let mut array = batch.column_by_name(&top)?.clone();
    for step in &path {
        let parent = array.as_struct_opt()?;
        // Flattening hands the nulls of the parent down to its fields.
        let (fields, arrays) = parent.flatten();
        let index = fields.iter().position(|field| field.name() == step)?;
        array = arrays.get(index)?.clone();
    }
    Some(array)
}

/// Whether a time column has a time type of the format itself, and whether that has no offset.
pub(crate) fn native_time(file: &PlannedFile, column: usize) -> Option<bool> {
    let metadata = metadata(file).ok()?;
    let sources = file
        .columns
        .get(column)
        .map(|planned| planned.sources.as_slice())
        .unwrap_or_default();
    let native = |source: &String| {
        let field = field_at(metadata.schema().fields(), source)?;
        match field.data_type() {
            DataType::Timestamp(_, zone) => Some(zone.is_none()),
            DataType::Date32 | DataType::Date64 => Some(true),
            _ => None,
        }
    };
    sources.first().and_then(native)
}

/// The first values of a column as text.
pub(crate) fn first_texts(
    file: &PlannedFile,
    column: usize,
    records: usize,
) -> Result<Vec<String>> {
    let metadata = metadata(file)?;
    let sources = file
        .columns
        .get(column)
        .map(|planned| planned.sources.clone())
        .unwrap_or_default();
    let mut texts = Vec::new();
    for row_group in 0..file.row_groups {
        let Ok(mut reader) =
            RowGroup::open(file, &metadata, row_group, &sources, records.clamp(1, 8192))
        else {
            break;
        };
        while texts.len() < records
            && let Some(Ok((_, batch))) = reader.next()
        {
            for source in &sources {
                let text = array_at(&batch, source).and_then(|array| as_text(&array));
                let values = text
                    .iter()
                    .flat_map(|text| text.iter().flatten().map(str::to_owned));
                texts.extend(values.take(records.saturating_sub(texts.len())));
            }
        }
        if texts.len() >= records {
            break;
        }
    }
    Ok(texts)
}

/// Last byte of a row group in the file, as far as its metadata can be trusted.
pub(crate) fn end_of(metadata: &ArrowReaderMetadata, row_group: usize) -> u64 {
    let Some(group) = metadata.metadata().row_groups().get(row_group) else {
        return 0;
    };
    let ends = group.columns().iter().map(|chunk| {
        let data = chunk.data_page_offset();
        let start = chunk
            .dictionary_page_offset()
            .map_or(data, |dictionary| dictionary.min(data));
        u64::try_from(start.saturating_add(chunk.compressed_size())).unwrap_or(0)
    });
    ends.max().unwrap_or(0)
}

/// The leaves below these sources. A dot may be part of a column's own name, as in the attributes
/// of OpenTelemetry, so that paths are not taken apart before names are looked at.
fn mask(metadata: &ArrowReaderMetadata, sources: &[String]) -> ProjectionMask {
    let schema = metadata.parquet_schema();
    let is_wanted = |parts: &[String]| {
        sources.iter().any(|source| {
            let mut path = source.split('.');
            parts.first() == Some(source)
                || (source.contains('.')
                    && parts
                        .iter()
                        .zip(path.by_ref())
                        .all(|(part, step)| part == step)
                    && path.next().is_none())
        })
    };
    let wanted =
        (0..schema.num_columns()).filter(|leaf| is_wanted(schema.column(*leaf).path().parts()));
    ProjectionMask::leaves(schema, wanted)
}

/// Rows of one row group, batch by batch.
pub(crate) struct RowGroup {
    reader: ParquetRecordBatchReader,
    index: usize,
    next_row: u64,
    remaining: u64,
}

/// Rows that a damaged row group costs.
pub(crate) struct LostRows {
    pub(crate) row: u64,
    pub(crate) count: u64,
    pub(crate) reason: String,
}

impl RowGroup {
    /// Opens a row group for the given source columns only.
    pub(crate) fn open(
        file: &PlannedFile,
        metadata: &ArrowReaderMetadata,
        index: usize,
        sources: &[String],
        batch_rows: usize,
    ) -> Result<Self, LostRows> {
        let count = |group: usize| {
            let rows = metadata
                .metadata()
                .row_groups()
                .get(group)
                .map_or(0, |group| group.num_rows());
            u64::try_from(rows).unwrap_or(0)
        };
        let first: u64 = (0..index).map(count).fold(1, u64::saturating_add);
        let rows = count(index);
        let bytes = metadata
            .metadata()
            .row_groups()
            .get(index)
            .map_or(0, |group| group.total_byte_size());
        let row_bytes = (u64::try_from(bytes).unwrap_or(0) / rows.max(1)).max(1);
        let batch_rows = usize::try_from(BATCH_BYTES / row_bytes)
            .unwrap_or(batch_rows)
            .clamp(1, batch_rows.max(1));
        let mask = mask(metadata, sources);
        let built = File::open(&file.path)
            .map_err(|error| error.to_string())
            .and_then(|stored| {
                catch_unwind(AssertUnwindSafe(|| {
                    ParquetRecordBatchReaderBuilder::new_with_metadata(stored, metadata.clone())
                        .with_projection(mask)
                        .with_row_groups(vec![index])
                        .with_batch_size(batch_rows)
                        .build()
                }))
                .map_err(|_| "the decoder failed".to_owned())?
                .map_err(|error| error.to_string())
            });
        match built {
            Ok(reader) => Ok(RowGroup {
                reader,
                index,
                next_row: first,
                remaining: rows,
            }),
            Err(problem) => Err(LostRows {
                row: first,
                count: rows.max(1),
                reason: reason(index, &problem),
            }),
        }
    }

    /// The next rows with the number of the first one. After an error there is nothing more.
    pub(crate) fn next(&mut self) -> Option<Result<(u64, RecordBatch), LostRows>> {
        let problem = match catch_unwind(AssertUnwindSafe(|| self.reader.next())) {
            Ok(Some(Ok(batch))) => {
                let row = self.next_row;
                self.next_row = self.next_row.saturating_add(batch.num_rows() as u64);
                self.remaining = self.remaining.saturating_sub(batch.num_rows() as u64);
                return Some(Ok((row, batch)));
            }
            Ok(Some(Err(error))) => error.to_string(),
            Ok(None) if self.remaining > 0 => "rows are missing".to_owned(),
            Ok(None) => return None,
            Err(_) => "the decoder failed".to_owned(),
        };
        let count = std::mem::take(&mut self.remaining).max(1);
        Some(Err(LostRows {
            row: self.next_row,
            count,
            reason: reason(self.index, &problem),
        }))
    }
}

fn reason(row_group: usize, problem: &str) -> String {
    format!(
        "file ends early: row group {} cannot be read on: {}",
        row_group + 1,
        problem.replace('\n', " ")
    )
}
