//! A CSV file whose header and cell types come from [`crate::report::columns`].

use std::io::Write;

use anyhow::{Result, ensure};

use crate::report::columns::{OutputColumn, OutputType, columns_of};
use crate::report::{escape, format};

/// One cell, typed; only text can be mistaken for a formula and only text is escaped.
#[derive(Debug, Clone)]
pub(crate) enum Cell<'a> {
    /// Text.
    Text(&'a str),
    /// Texts joined by `|`.
    List(&'a [String]),
    /// Whole number.
    Integer(u64),
    /// Whole number, or nothing.
    OptionalInteger(Option<u64>),
    /// Whole number that may be negative.
    Signed(i64),
    /// Decimal number, already rounded.
    Float(Option<f64>),
    /// `true` or `false`.
    Boolean(bool),
    /// Microseconds since the epoch.
    Time(i64),
    /// Microseconds since the epoch, or nothing.
    OptionalTime(Option<i64>),
    /// Microseconds since the epoch, written with the offset `+00:00` instead of `Z`.
    OffsetTime(i64),
}

/// Takes the rows of one documented table: a CSV file or a sheet of the workbook.
pub(crate) trait Rows {
    /// Takes one row; its cells must be those that the columns document.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()>;
}

impl Cell<'_> {
    /// The type under which the columns document it.
    pub(crate) fn output_type(&self) -> OutputType {
        match self {
            Cell::Text(_) => OutputType::Text,
            Cell::List(_) => OutputType::TextList,
            Cell::Integer(_) | Cell::OptionalInteger(_) | Cell::Signed(_) => OutputType::Integer,
            Cell::Float(_) => OutputType::Float,
            Cell::Boolean(_) => OutputType::Boolean,
            Cell::Time(_) | Cell::OptionalTime(_) | Cell::OffsetTime(_) => OutputType::Timestamp,
        }
    }

    fn written(&self) -> String {
        match self {
            Cell::Text(text) => escape::csv_cell(text),
            Cell::List(texts) => escape::csv_cell(&texts.join("|")),
            Cell::Integer(number) => number.to_string(),
            Cell::OptionalInteger(number) => {
                number.map(|number| number.to_string()).unwrap_or_default()
            }
            Cell::Signed(number) => number.to_string(),
            Cell::Float(number) => number.map(|number| number.to_string()).unwrap_or_default(),
            Cell::Boolean(flag) => flag.to_string(),
            Cell::Time(timestamp_us) => format::time(*timestamp_us),
            Cell::OptionalTime(timestamp_us) => timestamp_us.map(format::time).unwrap_or_default(),
            Cell::OffsetTime(timestamp_us) => format::time_with_offset(*timestamp_us),
        }
    }
}

/// Writes one CSV file of the case.
pub(crate) struct CsvTable<W: Write> {
    writer: csv::Writer<W>,
    columns: Vec<&'static OutputColumn>,
    file: &'static str,
}

impl<W: Write> CsvTable<W> {
    /// Starts the file with its documented header.
    pub(crate) fn new(file: &'static str, sink: W) -> Result<Self> {
        let columns: Vec<_> = columns_of(file).collect();
        let mut writer = csv::Writer::from_writer(sink);
        writer.write_record(columns.iter().map(|column| column.name))?;
        Ok(CsvTable {
            writer,
            columns,
            file,
        })
    }

    /// Hands everything to the sink.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.writer.flush()?;
        Ok(())
    }
}

/// Holds a row against its documentation.
pub(crate) fn check_row(file: &str, columns: &[&OutputColumn], cells: &[Cell<'_>]) -> Result<()> {
    let documented = columns.iter().map(|column| column.output_type);
    ensure!(
        documented.eq(cells.iter().map(Cell::output_type)),
        "row of {file} differs from its documented columns"
    );
    Ok(())
}

impl<W: Write> Rows for CsvTable<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        check_row(self.file, &self.columns, cells)?;
        self.writer.write_record(cells.iter().map(Cell::written))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_breaks_the_documentation_is_refused() {
        let mut table = CsvTable::new("rejects.csv", Vec::new()).unwrap();
        assert!(table.row(&[Cell::Text("only one")]).is_err());
        let swapped = [
            Cell::Integer(1),
            Cell::Text("f"),
            Cell::Text(""),
            Cell::Text(""),
            Cell::Text(""),
        ];
        assert!(table.row(&swapped).is_err());
    }

    #[test]
    fn numbers_are_not_quoted_as_formulas() {
        assert_eq!(Cell::Float(Some(-1.5)).written(), "-1.5");
        assert_eq!(Cell::Text("-1.5").written(), "'-1.5");
        assert_eq!(Cell::Float(None).written(), "");
    }
}
