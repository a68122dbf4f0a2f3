//! From Arrow arrays of any type to the canonical types, with what could not be read.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, TimeUnit};

use crate::load::arrays::{as_text, fill, list_chats, list_texts, pick};
use crate::load::cell::{Care, Cell, Converted, NESTED_IDENTIFIER, careful, convert};
use crate::load::parquet_file::array_at;
use crate::load::rejects::RejectLog;
use crate::load::rows::{ColumnReading, FileReading, add};
use crate::load::timestamp::in_range;
use crate::model::batch::RequestBatch;
use crate::model::column::ColumnType;

/// Why a row is left out: column and reason, or nothing where it is outside the window.
type LeftOut = Option<(&'static str, &'static str)>;

/// A canonical column with the rows whose value could not be used.
struct Read {
    values: ArrayRef,
    failures: Vec<(usize, &'static str)>,
}

/// Converts a decoded batch; the first of its rows has the given number.
pub(crate) fn convert_batch(
    reading: &FileReading<'_>,
    first_row: u64,
    batch: &RecordBatch,
    rejects: &mut RejectLog,
) -> Option<RequestBatch> {
    let rows = batch.num_rows();
    let mut columns: Vec<Option<ArrayRef>> = vec![None; reading.column_count];
    let mut failures = Vec::new();
    let mut left_out: Vec<Option<LeftOut>> = vec![None; rows];
    for column in reading.columns.iter().filter(|column| column.planned) {
        let read = read_column(batch, column);
        if column.is_required() {
            require(reading, column, &read, &mut left_out);
        } else {
            failures.extend(
                read.failures
                    .into_iter()
                    .map(|(row, reason)| (row, column.column.name, reason)),
            );
        }
        if let Some(place) = columns.get_mut(column.index) {
            *place = Some(read.values);
        }
    }
    let number = |row: usize| first_row.saturating_add(row as u64);
    for (row, why) in left_out.iter().enumerate() {
        match why {
            None => {}
            Some(None) => add(&reading.tally.outside, 1),
            Some(Some((column, reason))) => {
                add(&reading.tally.rejected, 1);
                rejects.row(reading.file, number(row), column, Cow::Borrowed(reason), 1);
            }
        }
    }
    for (row, column, reason) in failures {
        if left_out.get(row).is_some_and(Option::is_none) {
            rejects.cell(reading.file, number(row), column, reason);
        }
    }
    let kept: Vec<usize> = left_out
        .iter()
        .enumerate()
        .filter(|(_, why)| why.is_none())
        .map(|(row, _)| row)
        .collect();
    if kept.is_empty() {
        return None;
    }
    add(&reading.tally.used, kept.len() as u64);
    if kept.len() < rows {
        for column in columns.iter_mut().flatten() {
            *column = pick(column, &kept);
        }
    }
    Some(RequestBatch {
        file: reading.file,
        rows: kept.into_iter().map(number).collect(),
        columns,
    })
}

/// Notes the rows that a required column costs.
fn require(
    reading: &FileReading<'_>,
    column: &ColumnReading<'_>,
    read: &Read,
    left_out: &mut [Option<LeftOut>],
) {
    let name = column.column.name;
    for (row, reason) in &read.failures {
        if let Some(place) = left_out.get_mut(*row) {
            place.get_or_insert(Some((name, reason)));
        }
    }
    let times = read.values.as_primitive_opt::<Int64Type>();
    for (row, place) in left_out
        .iter_mut()
        .enumerate()
        .filter(|(_, place)| place.is_none())
    {
        if read.values.is_null(row) {
            *place = Some(Some((name, "no value")));
        } else if times.is_some_and(|times| !reading.keeps(column.index, times.value(row))) {
            *place = Some(None);
        }
    }
}

/// Reads a column from its constant or from its sources, the first that has a value.
fn read_column(batch: &RecordBatch, column: &ColumnReading<'_>) -> Read {
    if let Some(constant) = column.constant {
        let all = StringArray::from_iter_values(std::iter::repeat_n(constant, batch.num_rows()));
        return from_text(&all, column);
    }
    let mut arrays = column
        .sources
        .iter()
        .filter_map(|source| array_at(batch, source));
    let Some(first) = arrays.next() else {
        return from_text(&StringArray::new_null(batch.num_rows()), column);
    };
    let mut read = read_array(&first, column);
    for array in arrays {
        let next = read_array(&array, column);
        let failed: Vec<usize> = read.failures.iter().map(|(row, _)| *row).collect();
        let is_open = |row: usize| read.values.is_null(row) && failed.binary_search(&row).is_err();
        let open: Vec<bool> = (0..read.values.len()).map(is_open).collect();
        read.failures.extend(
            next.failures
                .into_iter()
                .filter(|(row, _)| open.get(*row) == Some(&true)),
        );
        read.failures.sort_unstable();
        read.values = fill(&read.values, &next.values, &open);
    }
    read
}

fn read_array(array: &ArrayRef, column: &ColumnReading<'_>) -> Read {
    let whole = |values: ArrayRef| Read {
        values,
        failures: Vec::new(),
    };
    match (column.column.column_type, array.data_type()) {
        (ColumnType::Text, DataType::Utf8)
            if matches!(column.care, Care::Plain | Care::Chat { texts: false, .. }) =>
        {
            whole(without_empty(array.as_string()))
        }
        (ColumnType::Text, DataType::Utf8) => careful_text(array.as_string(), column.care),
        (ColumnType::Integer, DataType::Int64) | (ColumnType::Boolean, DataType::Boolean) => {
            whole(array.clone())
        }
        (ColumnType::Integer, kind) if kind.is_integer() => {
            cast_checked(array, &DataType::Int64, "not an integer")
        }
        (ColumnType::Float, DataType::Float64) => finite(array.as_primitive()),
        (ColumnType::Float, kind) if kind.is_integer() => {
            cast_checked(array, &DataType::Float64, "not a number")
        }
        (ColumnType::Timestamp, DataType::Timestamp(unit, _)) => timestamps(array, *unit),
        // An array without a type holds nothing, though each of its rows counts as present.
        (_, DataType::Null) => from_text(&StringArray::new_null(array.len()), column),
        (_, DataType::List(_) | DataType::LargeList(_)) if column.care == Care::Identifier => {
            let mut read = unreadable(array, column);
            for (_, reason) in &mut read.failures {
                *reason = NESTED_IDENTIFIER;
            }
            read
        }
        (_, DataType::List(item) | DataType::LargeList(item))
            if column.column.column_type == ColumnType::Text && item.data_type().is_nested() =>
        {
            match list_chats(array) {
                Some(texts) => from_cells(&texts, Cell::Json, column),
                None => unreadable(array, column),
            }
        }
        (_, DataType::List(_) | DataType::LargeList(_)) => {
            match list_texts(array, column.column.column_type) {
                Some(texts) => from_text(&texts, column),
                None => unreadable(array, column),
            }
        }
        _ => match as_text(array) {
            Some(texts) => {
                let mut read = from_text(&texts, column);
                let lost =
                    (0..array.len()).filter(|row| array.is_valid(*row) && texts.is_null(*row));
                read.failures
                    .extend(lost.map(|row| (row, "not valid UTF-8")));
                read.failures.sort_unstable();
                read
            }
            None => unreadable(array, column),
        },
    }
}

fn unreadable(array: &ArrayRef, column: &ColumnReading<'_>) -> Read {
    let mut read = from_text(&StringArray::new_null(array.len()), column);
    let present = (0..array.len()).filter(|row| array.is_valid(*row));
    read.failures = present
        .map(|row| {
            (
                row,
                "a value of a type that cannot be read here; of a nested one, map a field",
            )
        })
        .collect();
    read
}

/// Reads texts as the column's type.
fn from_text(texts: &StringArray, column: &ColumnReading<'_>) -> Read {
    from_cells(texts, Cell::Text, column)
}

/// Reads texts, taken for `cell`s, as the column's type.
fn from_cells<'a>(
    texts: &'a StringArray,
    cell: fn(Cow<'a, str>) -> Cell<'a>,
    column: &ColumnReading<'_>,
) -> Read {
    let mut failures = Vec::new();
    let converted: Vec<Converted<'_>> = texts
        .iter()
        .enumerate()
        .map(|(row, text)| {
            let value = text.map_or(Cell::Null, |text| cell(Cow::Borrowed(text)));
            convert(value, column.column, column.unit, column.care).unwrap_or_else(|reason| {
                failures.push((row, reason));
                Converted::Null
            })
        })
        .collect();
    let integers = || {
        converted.iter().map(|value| {
            if let Converted::Integer(value) = value {
                Some(*value)
            } else {
                None
            }
        })
    };
    let values: ArrayRef = match column.column.column_type {
        ColumnType::Text | ColumnType::TextList => {
            Arc::new(StringArray::from_iter(converted.iter().map(|value| {
                if let Converted::Text(text) = value {
                    Some(text)
                } else {
                    None
                }
            })))
        }
        ColumnType::Timestamp | ColumnType::Integer => Arc::new(Int64Array::from_iter(integers())),
        ColumnType::Float => Arc::new(Float64Array::from_iter(converted.iter().map(|value| {
            if let Converted::Float(value) = value {
                Some(*value)
            } else {
                None
            }
        }))),
        ColumnType::Boolean => Arc::new(BooleanArray::from_iter(converted.iter().map(|value| {
            if let Converted::Boolean(value) = value {
                Some(*value)
            } else {
                None
            }
        }))),
    };
    Read { values, failures }
}

/// Empty text is no value; where there is none, the array is handed on as it is.
fn without_empty(texts: &StringArray) -> ArrayRef {
    let has_empty = texts.iter().any(|text| text.is_some_and(str::is_empty));
    if !has_empty {
        return Arc::new(texts.clone());
    }
    Arc::new(
        texts
            .iter()
            .map(|text| text.filter(|text| !text.is_empty()))
            .collect::<StringArray>(),
    )
}

fn careful_text(texts: &StringArray, care: Care) -> Read {
    let mut failures = Vec::new();
    let mut values = Vec::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        let text = text.filter(|text| !text.is_empty());
        values.push(match text.map(|text| careful(Cow::Borrowed(text), care)) {
            Some(Ok(Converted::Text(text))) => Some(text),
            Some(Err(reason)) => {
                failures.push((row, reason));
                None
            }
            _ => None,
        });
    }
    Read {
        values: Arc::new(StringArray::from_iter(values)),
        failures,
    }
}

fn cast_checked(array: &ArrayRef, to: &DataType, reason: &'static str) -> Read {
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let Ok(values) = cast_with_options(array, to, &options) else {
        let values = arrow_array::new_null_array(to, array.len());
        return Read {
            failures: lost(array, &values, reason),
            values,
        };
    };
    Read {
        failures: lost(array, &values, reason),
        values,
    }
}

fn lost(before: &ArrayRef, after: &ArrayRef, reason: &'static str) -> Vec<(usize, &'static str)> {
    (0..before.len())
        .filter(|row| before.is_valid(*row) && after.is_null(*row))
        .map(|row| (row, reason))
        .collect()
}

fn finite(numbers: &Float64Array) -> Read {
    let values: Float64Array = numbers
        .iter()
        .map(|value| value.filter(|value| value.is_finite()))
        .collect();
    let bad = |row: &usize| numbers.is_valid(*row) && values.is_null(*row);
    let failures = (0..numbers.len())
        .filter(bad)
        .map(|row| (row, "not a number"))
        .collect();
    Read {
        values: Arc::new(values),
        failures,
    }
}

fn timestamps(array: &ArrayRef, unit: TimeUnit) -> Read {
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let raw = cast_with_options(array, &DataType::Int64, &options);
    let Some(raw) = raw
        .ok()
        .and_then(|raw| raw.as_primitive_opt::<Int64Type>().cloned())
    else {
        return cast_checked(array, &DataType::Int64, "not a time");
    };
    let scale = |value: i64| match unit {
        TimeUnit::Second => i128::from(value) * 1_000_000,
        TimeUnit::Millisecond => i128::from(value) * 1_000,
        TimeUnit::Microsecond => i128::from(value),
        TimeUnit::Nanosecond => i128::from(value.div_euclid(1_000)),
    };
    let values: Int64Array = raw
        .iter()
        .map(|value| value.and_then(|value| in_range(scale(value))))
        .collect();
    let values: ArrayRef = Arc::new(values);
    Read {
        failures: lost(array, &values, "time outside 2001 to 2100"),
        values,
    }
}
