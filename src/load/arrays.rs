//! Small operations on Arrow arrays of the canonical types.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::DataType;

use crate::model::column::ColumnType;

/// Any array of plain values as text; `None` for nested ones.
pub(crate) fn as_text(array: &ArrayRef) -> Option<StringArray> {
    if let Some(bytes) = array.as_fixed_size_binary_opt() {
        return Some(
            bytes
                .iter()
                .map(|bytes| bytes.map(identifier_text))
                .collect(),
        );
    }
    let kind = array.data_type();
    if kind.is_nested() || !can_cast_types(kind, &DataType::Utf8) {
        return None;
    }
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    cast_with_options(array, &DataType::Utf8, &options)
        .ok()?
        .as_string_opt::<i32>()
        .cloned()
}

/// Bytes of a fixed length. Text padded with zeros or blanks stays text; of what is none,
/// sixteen bytes are written as a UUID, any others in hexadecimal. (That sixteen random bytes
/// all are printable happens once in ten million.)
fn identifier_text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .rposition(|byte| !matches!(byte, 0 | b' '))
        .map_or(0, |last| last + 1);
    let text = bytes.get(..end).unwrap_or_default();
    if !text.is_empty()
        && text.iter().all(u8::is_ascii_graphic)
        && let Ok(text) = std::str::from_utf8(text)
    {
        return text.to_owned();
    }
    match uuid::Uuid::from_slice(bytes) {
        Ok(uuid) => uuid.to_string(),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The list that stands in a row of a list array of either width.
fn list_item(array: &ArrayRef, row: usize) -> ArrayRef {
    match array.data_type() {
        DataType::List(_) => array.as_list::<i32>().value(row),
        _ => array.as_list::<i64>().value(row),
    }
}

/// Lists of plain values, joined: by `|` in list columns, by line feeds in text.
pub(crate) fn list_texts(array: &ArrayRef, column_type: ColumnType) -> Option<StringArray> {
    let separator = if column_type == ColumnType::TextList {
        "|"
    } else {
        "\n"
    };
    let mut texts = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.push(None);
            continue;
        }
        let items = as_text(&list_item(array, row))?;
        let parts: Vec<&str> = items
            .iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        texts.push(Some(parts.join(separator)));
    }
    Some(StringArray::from_iter(texts))
}

/// Lists of messages (structs with a role and a content, both plain) as JSON text; `None` for
/// any other list.
pub(crate) fn list_chats(array: &ArrayRef) -> Option<StringArray> {
    let mut texts = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.push(None);
            continue;
        }
        let messages = list_item(array, row);
        let messages = messages.as_struct_opt()?;
        let roles = as_text(messages.column_by_name("role")?)?;
        let contents = as_text(messages.column_by_name("content")?)?;
        let chat: Vec<serde_json::Value> = roles
            .iter()
            .zip(contents.iter())
            .map(|(role, content)| serde_json::json!({ "role": role, "content": content }))
            .collect();
        texts.push(Some(serde_json::Value::Array(chat).to_string()));
    }
    Some(StringArray::from_iter(texts))
}

/// The rows kept.
pub(crate) fn pick(array: &ArrayRef, rows: &[usize]) -> ArrayRef {
    let valid = |row: &usize| (*row < array.len() && array.is_valid(*row)).then_some(*row);
    let kept = || rows.iter().map(valid);
    if let Some(texts) = array.as_string_opt::<i32>() {
        return Arc::new(
            kept()
                .map(|row| row.map(|row| texts.value(row)))
                .collect::<StringArray>(),
        );
    }
    if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
        return Arc::new(
            kept()
                .map(|row| row.map(|row| numbers.value(row)))
                .collect::<Int64Array>(),
        );
    }
    if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        return Arc::new(
            kept()
                .map(|row| row.map(|row| numbers.value(row)))
                .collect::<Float64Array>(),
        );
    }
    let Some(flags) = array.as_boolean_opt() else {
        return arrow_array::new_null_array(array.data_type(), rows.len());
    };
    Arc::new(
        kept()
            .map(|row| row.map(|row| flags.value(row)))
            .collect::<BooleanArray>(),
    )
}

/// Takes the second array's value in the open rows.
pub(crate) fn fill(first: &ArrayRef, second: &ArrayRef, open: &[bool]) -> ArrayRef {
    let rows = || open.iter().enumerate();
    macro_rules! filled {
        ($kind:ty, $first:expr, $second:expr) => {
            Arc::new(
                rows()
                    .map(|(row, open)| {
                        let from = if *open { $second } else { $first };
                        from.is_valid(row).then(|| from.value(row))
                    })
                    .collect::<$kind>(),
            )
        };
    }
    if let (Some(first), Some(second)) =
        (first.as_string_opt::<i32>(), second.as_string_opt::<i32>())
    {
        return filled!(StringArray, first, second);
    }
    if let (Some(first), Some(second)) = (
        first.as_primitive_opt::<Int64Type>(),
        second.as_primitive_opt::<Int64Type>(),
    ) {
        return filled!(Int64Array, first, second);
    }
    if let (Some(a), Some(b)) = (
        first.as_primitive_opt::<Float64Type>(),
        second.as_primitive_opt::<Float64Type>(),
    ) {
        return filled!(Float64Array, a, b);
    }
    if let (Some(first), Some(second)) = (first.as_boolean_opt(), second.as_boolean_opt()) {
        return filled!(BooleanArray, first, second);
    }
    first.clone()
}
