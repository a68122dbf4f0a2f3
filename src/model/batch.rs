//! A canonical batch of requests: what the loader hands to the digest.

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};

use crate::model::column::RequestColumn;

/// Position of a file in the sorted list of inputs.
pub type FileId = u32;

/// Usable rows of one stretch of one file, column by column.
///
/// `timestamp` and `account_id` are always there and hold no nulls. Text columns are
/// `StringArray`, integers and timestamps `Int64Array`, floats `Float64Array`, booleans
/// `BooleanArray`; lists are texts joined by `|`. Columns the input lacks are `None`.
#[derive(Debug, Clone)]
pub struct RequestBatch {
    /// Which input.
    pub file: FileId,
    /// One-based record number in the file for each row (NDJSON: the line number).
    pub rows: Vec<u64>,
    /// One entry per [`RequestColumn`], in canonical order.
    pub columns: Vec<Option<ArrayRef>>,
}

impl RequestBatch {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the batch holds no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A text column, if the input has it.
    #[must_use]
    pub fn text(&self, column: RequestColumn) -> Option<&StringArray> {
        self.column(column)
    }

    /// An integer or timestamp column, if the input has it.
    #[must_use]
    pub fn integer(&self, column: RequestColumn) -> Option<&Int64Array> {
        self.column(column)
    }

    /// A float column, if the input has it.
    #[must_use]
    pub fn float(&self, column: RequestColumn) -> Option<&Float64Array> {
        self.column(column)
    }

    /// A boolean column, if the input has it.
    #[must_use]
    pub fn boolean(&self, column: RequestColumn) -> Option<&BooleanArray> {
        self.column(column)
    }

    fn column<T: Array + 'static>(&self, column: RequestColumn) -> Option<&T> {
        self.columns
            .get(column.index())?
            .as_ref()?
            .as_any()
            .downcast_ref::<T>()
    }
}
