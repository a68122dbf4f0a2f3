//! One sheet of the workbook, with the columns of [`crate::report::columns`].

use anyhow::{Context, Result};
use rust_xlsxwriter::{Color, ExcelDateTime, Format, Worksheet};

use crate::report::columns::{OutputColumn, OutputType, columns_of};
use crate::report::tables::csv_table::{Cell, Rows, check_row};
use crate::report::{escape, format};

/// Most characters that a cell holds (Excel specifications and limits).
const MOST_CHARACTERS: usize = 32_767;

/// Marks a text that was longer.
const CUT: &str = " [cut]";

/// Rows of a sheet beyond which the rest is left to the CSV and Parquet files: a program that
/// opens the workbook holds every cell in memory, and a million rows is Excel's own limit.
pub(crate) const MOST_ROWS: u32 = 200_000;

/// How cells look, made once for the workbook.
pub(crate) struct Formats {
    head: Format,
    text: Format,
    formula_like: Format,
    time: Format,
}

impl Formats {
    pub(crate) fn new() -> Self {
        Formats {
            head: Format::new().set_bold().set_background_color(Color::Silver),
            // "@" keeps a text a text when someone edits the cell
            text: Format::new().set_num_format("@"),
            // the mark that Excel keeps for a typed leading apostrophe
            formula_like: Format::new().set_num_format("@").set_quote_prefix(),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

/// Takes rows into a sheet.
pub(crate) struct Sheet<'a> {
    worksheet: &'a mut Worksheet,
    formats: &'a Formats,
    columns: Vec<&'static OutputColumn>,
    table: &'static str,
    rows: u32,
    left_out: u64,
}

impl<'a> Sheet<'a> {
    /// Starts a sheet with its documented header.
    pub(crate) fn new(
        worksheet: &'a mut Worksheet,
        formats: &'a Formats,
        name: &str,
        table: &'static str,
    ) -> Result<Self> {
        let columns: Vec<_> = columns_of(table).collect();
        worksheet.set_name(name)?;
        for (position, column) in (0_u16..).zip(&columns) {
            worksheet.write_string_with_format(0, position, column.name, &formats.head)?;
            let width: u32 = match column.output_type {
                OutputType::Text | OutputType::TextList => 26,
                OutputType::Timestamp => 19,
                OutputType::Integer | OutputType::Float | OutputType::Boolean => 12,
            };
            worksheet.set_column_width(position, width)?;
        }
        worksheet.set_freeze_panes(1, 1)?;
        Ok(Sheet {
            worksheet,
            formats,
            columns,
            table,
            rows: 0,
            left_out: 0,
        })
    }

    /// Ends the sheet; tells how many rows found no place.
    pub(crate) fn finish(self) -> Result<u64> {
        let last = u16::try_from(self.columns.len().saturating_sub(1)).unwrap_or(0);
        self.worksheet.autofilter(0, 0, self.rows, last)?;
        Ok(self.left_out)
    }

    fn text(&mut self, row: u32, column: u16, text: &str) -> Result<()> {
        let shown = bounded(text);
        let format = if escape::csv_cell(&shown) == shown {
            &self.formats.text
        } else {
            &self.formats.formula_like
        };
        if !shown.is_empty() {
            self.worksheet
                .write_string_with_format(row, column, shown, format)?;
        }
        Ok(())
    }

    /// A time as a number that a spreadsheet can reckon with; as text where Excel has no date.
    fn time(&mut self, row: u32, column: u16, timestamp_us: i64) -> Result<()> {
        match ExcelDateTime::from_timestamp(timestamp_us.div_euclid(1_000_000)) {
            Ok(moment) => {
                self.worksheet.write_datetime_with_format(
                    row,
                    column,
                    &moment,
                    &self.formats.time,
                )?;
                Ok(())
            }
            Err(_) => self.text(row, column, &format::time(timestamp_us)),
        }
    }

    /// A whole number; one that a double cannot hold is written as text.
    fn integer(&mut self, row: u32, column: u16, number: i128) -> Result<()> {
        let double = number as f64;
        if double as i128 == number {
            self.worksheet.write_number(row, column, double)?;
            Ok(())
        } else {
            self.text(row, column, &number.to_string())
        }
    }
}

impl Rows for Sheet<'_> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        check_row(self.table, &self.columns, cells)?;
        if self.rows >= MOST_ROWS {
            self.left_out += 1;
            return Ok(());
        }
        self.rows += 1;
        let row = self.rows;
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Text(text) => self.text(row, column, text),
                Cell::List(texts) => self.text(row, column, &texts.join("|")),
                Cell::Integer(number) | Cell::OptionalInteger(Some(number)) => {
                    self.integer(row, column, i128::from(*number))
                }
                Cell::Signed(number) => self.integer(row, column, i128::from(*number)),
                Cell::Float(Some(number)) => self
                    .worksheet
                    .write_number(row, column, *number)
                    .map(|_| ())
                    .map_err(Into::into),
                Cell::Boolean(flag) => self
                    .worksheet
                    .write_boolean(row, column, *flag)
                    .map(|_| ())
                    .map_err(Into::into),
                Cell::Time(time) | Cell::OptionalTime(Some(time)) | Cell::OffsetTime(time) => {
                    self.time(row, column, *time)
                }
                Cell::OptionalInteger(None) | Cell::Float(None) | Cell::OptionalTime(None) => {
                    Ok(())
                }
            }
            .with_context(|| format!("row {row} of {}", self.table))?;
        }
        Ok(())
    }
}

/// Text with nothing hidden that a cell can hold. Excel counts UTF-16 units.
fn bounded(text: &str) -> String {
    let shown = escape::visible(text);
    if shown.encode_utf16().count() <= MOST_CHARACTERS {
        return shown;
    }
    let mut room = MOST_CHARACTERS - CUT.len();
    let mut kept: String = shown
        .chars()
        .take_while(|character| {
            let fits = character.len_utf16() <= room;
            room = room.saturating_sub(character.len_utf16());
            fits
        })
        .collect();
    kept.push_str(CUT);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_excel_s_limit() {
        let text = bounded(&"\u{1f600}".repeat(20_000));
        assert!(text.encode_utf16().count() <= MOST_CHARACTERS);
        assert!(text.ends_with(CUT));
        assert_eq!(bounded("short"), "short");
    }
}
