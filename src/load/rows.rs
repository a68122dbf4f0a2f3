//! Builds canonical batches from rows of cells, and keeps the count of what became of
//! every row.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::ArrayRef;
use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};

use crate::load::cell::{Care, Cell, Converted, care, convert};
use crate::load::matching::Matched;
use crate::load::plan::PlannedFile;
use crate::load::rejects::RejectLog;
use crate::load::timestamp::TimestampUnit;
use crate::model::batch::RequestBatch;
use crate::model::column::{Column, ColumnType, Need, Table};

/// What became of the rows of a file.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) used: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) outside: AtomicU64,
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

/// How one canonical column of a file is read.
#[derive(Debug)]
pub(crate) struct ColumnReading<'p> {
    /// Position in canonical order.
    pub(crate) index: usize,
    pub(crate) column: &'static Column,
    pub(crate) sources: &'p [String],
    pub(crate) unit: Option<TimestampUnit>,
    pub(crate) care: Care,
    pub(crate) constant: Option<&'p str>,
    /// The plan found it; otherwise it may still turn up late in NDJSON.
    pub(crate) planned: bool,
}

impl ColumnReading<'_> {
    pub(crate) fn is_required(&self) -> bool {
        self.column.need == Need::Required
    }
}

/// How one file is read.
#[derive(Debug)]
pub(crate) struct FileReading<'p> {
    pub(crate) file: u32,
    pub(crate) planned: &'p PlannedFile,
    pub(crate) columns: Vec<ColumnReading<'p>>,
    pub(crate) column_count: usize,
    /// Position of the time that `since` and `until` are about.
    time_index: Option<usize>,
    since_us: i64,
    until_us: i64,
    pub(crate) tally: Tally,
}

impl<'p> FileReading<'p> {
    pub(crate) fn new(file: u32, planned: &'p PlannedFile, table: Table, wanted: &[bool]) -> Self {
        let columns = planned
            .columns
            .iter()
            .enumerate()
            .filter(|(index, _)| wanted.get(*index) == Some(&true));
        FileReading {
            file,
            planned,
            columns: columns
                .map(|(index, planned)| ColumnReading {
                    index,
                    column: planned.column,
                    sources: &planned.sources,
                    unit: planned.unit,
                    care: care(table, index, planned.chats),
                    constant: planned.constant.as_deref(),
                    planned: planned.matched != Matched::Absent,
                })
                .collect(),
            column_count: planned.columns.len(),
            time_index: (table == Table::Requests).then_some(0),
            since_us: i64::MIN,
            until_us: i64::MAX,
            tally: Tally::default(),
        }
    }

    /// Leaves out rows before `since` and at or after `until`.
    pub(crate) fn within(mut self, since_us: Option<i64>, until_us: Option<i64>) -> Self {
        self.since_us = since_us.unwrap_or(i64::MIN);
        self.until_us = until_us.unwrap_or(i64::MAX);
        self
    }

    /// Whether a time of the given column keeps its row.
    pub(crate) fn keeps(&self, index: usize, time_us: i64) -> bool {
        self.time_index != Some(index) || (self.since_us..self.until_us).contains(&time_us)
    }
}

enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Boolean(BooleanBuilder),
}

/// A column under construction; rows without a value are filled in when one follows.
struct Growing {
    builder: Builder,
    length: usize,
}

impl Growing {
    fn new(column_type: ColumnType) -> Self {
        let builder = match column_type {
            ColumnType::Text | ColumnType::TextList => Builder::Text(StringBuilder::new()),
            ColumnType::Timestamp | ColumnType::Integer => Builder::Integer(Int64Builder::new()),
            ColumnType::Float => Builder::Float(Float64Builder::new()),
            ColumnType::Boolean => Builder::Boolean(BooleanBuilder::new()),
        };
        Growing { builder, length: 0 }
    }

    fn fill_to(&mut self, rows: usize) {
        while self.length < rows {
            match &mut self.builder {
                Builder::Text(builder) => builder.append_null(),
                Builder::Integer(builder) => builder.append_null(),
                Builder::Float(builder) => builder.append_null(),
                Builder::Boolean(builder) => builder.append_null(),
            }
            self.length += 1;
        }
    }

    fn set(&mut self, row: usize, value: &Converted<'_>) {
        if *value == Converted::Null {
            return;
        }
        self.fill_to(row);
        match (&mut self.builder, value) {
            (Builder::Text(builder), Converted::Text(text)) => builder.append_value(text),
            (Builder::Integer(builder), Converted::Integer(value)) => builder.append_value(*value),
            (Builder::Float(builder), Converted::Float(value)) => builder.append_value(*value),
            (Builder::Boolean(builder), Converted::Boolean(value)) => builder.append_value(*value),
            // `convert` gives the type of the column; nothing else can come here.
            _ => return,
        }
        self.length += 1;
    }

    fn finish(mut self, rows: usize) -> ArrayRef {
        self.fill_to(rows);
        match self.builder {
            Builder::Text(mut builder) => Arc::new(builder.finish()),
            Builder::Integer(mut builder) => Arc::new(builder.finish()),
            Builder::Float(mut builder) => Arc::new(builder.finish()),
            Builder::Boolean(mut builder) => Arc::new(builder.finish()),
        }
    }
}

/// A batch under construction.
pub(crate) struct Rows<'f, 'p> {
    reading: &'f FileReading<'p>,
    growing: Vec<Growing>,
    rows: Vec<u64>,
}

impl<'f, 'p> Rows<'f, 'p> {
    pub(crate) fn new(reading: &'f FileReading<'p>) -> Self {
        let growing = reading
            .columns
            .iter()
            .map(|column| Growing::new(column.column.column_type))
            .collect();
        Rows {
            reading,
            growing,
            rows: Vec::new(),
        }
    }

    /// Takes one row; `cell` gives the value of a canonical column.
    pub(crate) fn push<'a>(
        &mut self,
        row: u64,
        cell: impl Fn(usize) -> Cell<'a>,
        rejects: &mut RejectLog,
    ) {
        let value = |column: &ColumnReading<'_>| {
            let found = match column.constant {
                Some(constant) => Cell::Text(Cow::Owned(constant.to_owned())),
                None => cell(column.index),
            };
            convert(found, column.column, column.unit, column.care)
        };
        let file = self.reading.file;
        for column in self
            .reading
            .columns
            .iter()
            .filter(|column| column.is_required())
        {
            let problem = match value(column) {
                Ok(Converted::Null) => "no value",
                Ok(Converted::Integer(time)) if !self.reading.keeps(column.index, time) => {
                    add(&self.reading.tally.outside, 1);
                    return;
                }
                Ok(_) => continue,
                Err(reason) => reason,
            };
            add(&self.reading.tally.rejected, 1);
            rejects.row(file, row, column.column.name, Cow::Borrowed(problem), 1);
            return;
        }
        let place = self.rows.len();
        self.rows.push(row);
        for (growing, column) in self.growing.iter_mut().zip(&self.reading.columns) {
            match value(column) {
                Ok(value) => growing.set(place, &value),
                Err(reason) => rejects.cell(file, row, column.column.name, reason),
            }
        }
    }

    /// The batch, if any row is left.
    pub(crate) fn finish(self) -> Option<RequestBatch> {
        if self.rows.is_empty() {
            return None;
        }
        add(&self.reading.tally.used, self.rows.len() as u64);
        let mut columns = vec![None; self.reading.column_count];
        for (growing, column) in self.growing.into_iter().zip(&self.reading.columns) {
            if (column.planned || growing.length > 0)
                && let Some(place) = columns.get_mut(column.index)
            {
                *place = Some(growing.finish(self.rows.len()));
            }
        }
        Some(RequestBatch {
            file: self.reading.file,
            rows: self.rows,
            columns,
        })
    }
}
