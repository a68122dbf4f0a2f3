//! From a block of text records to a canonical batch.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::load::cell::Cell;
use crate::load::fields::Fields;
use crate::load::json_line::JsonLayout;
use crate::load::plan::PlannedFile;
use crate::load::recognise::Container;
use crate::load::records::{Framing, TextBlock};
use crate::load::rejects::{Reason, RejectLog};
use crate::load::rows::{FileReading, Rows, add};
use crate::model::batch::RequestBatch;

/// Where the columns stand in the records of a text file.
pub(crate) enum TextLayout {
    Json(JsonLayout),
    Delimited(FieldLayout),
}

/// Where the columns stand in delimited records.
pub(crate) struct FieldLayout {
    delimiter: u8,
    /// Fields of the header.
    width: usize,
    /// For each canonical column the fields to try.
    columns: Vec<Vec<usize>>,
}

/// How records of a planned text file are cut.
pub(crate) fn framing(planned: &PlannedFile) -> Framing {
    if planned.container == Container::Csv {
        Framing::Delimited(planned.delimiter)
    } else {
        Framing::Lines
    }
}

impl TextLayout {
    pub(crate) fn new(planned: &PlannedFile, wanted: &[bool]) -> Self {
        if planned.container != Container::Csv {
            return TextLayout::Json(JsonLayout::new(&planned.columns, wanted, &planned.unread));
        }
        let position = |source: &String| planned.header.iter().position(|name| name == source);
        let is_wanted = |index: usize| wanted.get(index) == Some(&true);
        let columns = planned.columns.iter().enumerate().map(|(index, column)| {
            let sources = column.sources.iter().filter(|_| is_wanted(index));
            sources.filter_map(position).collect()
        });
        TextLayout::Delimited(FieldLayout {
            delimiter: planned.delimiter,
            width: planned.header.len(),
            columns: columns.collect(),
        })
    }
}

impl FieldLayout {
    /// Takes a record apart; the error says why it cannot be used.
    fn read(&self, record: &[u8], fields: &mut Fields) -> Result<(), Reason> {
        fields.split(record, self.delimiter);
        if fields.len() != self.width {
            return Err(wrong_width(fields.len(), self.width));
        }
        let is_text = |index: &usize| {
            fields
                .get(*index)
                .is_some_and(|field| std::str::from_utf8(field).is_ok())
        };
        if std::str::from_utf8(record).is_err() && !self.columns.iter().flatten().all(is_text) {
            return Err(Cow::Borrowed("not valid UTF-8"));
        }
        Ok(())
    }

    /// The first field of a column that is not empty.
    fn cell<'a>(&self, fields: &'a Fields, column: usize) -> Cell<'a> {
        let mut values = self
            .columns
            .get(column)
            .into_iter()
            .flatten()
            .filter_map(|index| fields.get(*index));
        match values.find(|value| !value.is_empty()) {
            Some(value) => Cell::Text(String::from_utf8_lossy(value)),
            None => Cell::Null,
        }
    }
}

/// The exact number is told within reason only, so that there are few different reasons.
fn wrong_width(found: usize, expected: usize) -> Reason {
    let most = expected.saturating_mul(2).saturating_add(16);
    Cow::Owned(if found > most {
        format!("more than {most} fields where the header has {expected}")
    } else {
        format!("{found} fields where the header has {expected}")
    })
}

/// Converts a block; `late` collects columns whose key first came after the plan was made.
pub(crate) fn convert_block(
    layout: &TextLayout,
    reading: &FileReading<'_>,
    block: &TextBlock,
    rejects: &mut RejectLog,
    late: &mut BTreeSet<usize>,
) -> Option<RequestBatch> {
    let mut rows = Rows::new(reading);
    let broken = |rejects: &mut RejectLog, row: u64, reason: Reason| {
        add(&reading.tally.rejected, 1);
        rejects.row(reading.file, row, "", reason, 1);
    };
    let mut fields = Fields::default();
    for (row, record) in block.records() {
        match layout {
            TextLayout::Json(layout) => match layout.read(record) {
                Ok(found) => {
                    late.extend(found.late_columns());
                    rows.push(row, |column| found.cell(column), rejects);
                }
                Err(reason) => broken(rejects, row, reason),
            },
            TextLayout::Delimited(layout) => match layout.read(record, &mut fields) {
                Ok(()) => rows.push(row, |column| layout.cell(&fields, column), rejects),
                Err(reason) => broken(rejects, row, reason),
            },
        }
    }
    for (row, reason) in &block.broken {
        broken(rejects, *row, reason.clone());
    }
    rows.finish()
}

/// The texts of one column in a block, as far as records can be read, cut to `longest` characters.
pub(crate) fn sample_texts(
    layout: &TextLayout,
    block: &TextBlock,
    column: usize,
    longest: usize,
    into: &mut Vec<String>,
) {
    let mut keep = |cell: Cell<'_>| match cell {
        Cell::Text(text) | Cell::Number(text) if !text.is_empty() => {
            into.push(text.chars().take(longest).collect());
        }
        _ => {}
    };
    let mut fields = Fields::default();
    for (_, record) in block.records() {
        match layout {
            TextLayout::Json(layout) => {
                if let Ok(found) = layout.read(record) {
                    keep(found.cell(column));
                }
            }
            TextLayout::Delimited(layout) => {
                if layout.read(record, &mut fields).is_ok() {
                    keep(layout.cell(&fields, column));
                }
            }
        }
    }
}
