//! Blocks of an explanation as lines of at most 80 columns.

use crate::cli::escape::{visible, width};
use crate::cli::screen::layout::{COLUMNS, Colour, Screen, Style, left, right, wrap};
use crate::explain::render::{Bar, Block};

/// Columns of a bar's label, of its number, and before its drawing.
const LABEL: usize = 36;
const NUMBER: usize = 8;
const BEFORE: usize = 2 + LABEL + NUMBER + 2;

/// The text of the blocks.
pub(crate) fn render(blocks: &[Block]) -> String {
    let mut screen = Screen::new(Colour::Never);
    for (at, block) in blocks.iter().enumerate() {
        write(&mut screen, block, at == 0);
    }
    screen.finish()
}

fn write(screen: &mut Screen, block: &Block, is_first: bool) {
    match block {
        Block::Heading(text) => {
            if !is_first {
                screen.blank();
            }
            for line in wrap(&visible(text), COLUMNS) {
                screen.line(&line);
            }
        }
        Block::Entry(label, text) => screen.entry(label, &visible(text), Style::Plain),
        Block::Text(text) => screen.paragraph(text),
        Block::Item(text) => {
            let mut mark = "- ";
            for line in wrap(&visible(text), COLUMNS - 4) {
                screen.line(&format!("  {mark}{line}"));
                mark = "  ";
            }
        }
        Block::Bars(bars) => write_bars(screen, bars),
        Block::Table { header, rows } => write_table(screen, header, rows),
    }
}

/// Bars on one scale: `#` for a family that counts, `.` for one that does not, `-` for a
/// finding within its family.
fn write_bars(screen: &mut Screen, bars: &[Bar]) {
    let longest = bars
        .iter()
        .map(|bar| bar.from.max(0.0) + bar.bits.max(0.0))
        .fold(1.0, f64::max);
    let columns = |bits: f64| -> usize {
        let share = (bits.max(0.0) / longest).min(1.0);
        // A share of a small number of columns: no value is lost.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let columns = (share * (COLUMNS - BEFORE) as f64).round() as usize;
        columns
    };
    for bar in bars {
        let start = columns(bar.from);
        let end = columns(bar.from + bar.bits.max(0.0));
        let letter = match (bar.part, bar.counts) {
            (true, _) => "-",
            (false, true) => "#",
            (false, false) => ".",
        };
        let indent = if bar.part { "  " } else { "" };
        screen.line(&format!(
            "  {}{}  {}{}",
            left(&format!("{indent}{}", visible(&bar.label)), LABEL),
            right(&format!("{:.2}", bar.bits), NUMBER),
            " ".repeat(start),
            letter.repeat(end.saturating_sub(start))
        ));
    }
}

/// A table whose first column takes what the others leave.
fn write_table(screen: &mut Screen, header: &[&'static str], rows: &[Vec<String>]) {
    let cells: Vec<Vec<String>> =
        std::iter::once(header.iter().map(|&name| name.to_owned()).collect())
            .chain(rows.iter().cloned())
            .map(|row: Vec<String>| row.iter().map(|cell| visible(cell)).collect())
            .collect();
    let widest = |column: usize| {
        cells
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| width(cell))
            .max()
            .unwrap_or(0)
    };
    let others: usize = (1..header.len()).map(|column| widest(column) + 2).sum();
    let room = (COLUMNS - 2).saturating_sub(others).max(8);
    for row in &cells {
        let mut line = String::from("  ");
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                line.push_str(&right(cell, widest(column) + 2));
                continue;
            }
            // An id is to be copied: a long one takes lines of its own rather than be cut.
            let mut parts = wrap(cell, room);
            let last = parts.pop().unwrap_or_default();
            for part in parts {
                screen.line(&format!("  {part}"));
            }
            line.push_str(&left(&last, widest(0).min(room)));
        }
        screen.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> String {
        format!(
            "\u{1b}[2J{}\u{202e} 東京{}",
            "x".repeat(300),
            "y".repeat(90)
        )
    }

    fn bar(bits: f64, from: f64, part: bool) -> Bar {
        Bar {
            label: hostile(),
            part,
            bits,
            from,
            counts: !part,
        }
    }

    #[test]
    fn every_block_stays_within_80_columns_and_steers_no_terminal() {
        let text = render(&[
            Block::Heading(hostile()),
            Block::Entry("label", hostile()),
            Block::Text(hostile()),
            Block::Item(hostile()),
            Block::Bars(vec![
                bar(20.0, 0.0, false),
                bar(1e9, 20.0, true),
                bar(-3.0, f64::NAN, true),
            ]),
            Block::Table {
                header: vec!["account", "bits"],
                rows: vec![vec![hostile(), "12.00".to_owned()], Vec::new()],
            },
        ]);
        for line in text.lines() {
            assert!(width(line) <= COLUMNS, "{} columns: {line}", width(line));
            assert!(!line.chars().any(char::is_control));
        }
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn bars_begin_where_the_one_before_ends() {
        let family = |bits: f64, from: f64| Bar {
            label: "payment".to_owned(),
            part: false,
            bits,
            from,
            counts: true,
        };
        let text = render(&[Block::Bars(vec![family(10.0, 0.0), family(10.0, 10.0)])]);
        let lines: Vec<&str> = text.lines().collect();
        let drawn = COLUMNS - BEFORE;
        assert_eq!(lines[0].matches('#').count(), drawn / 2);
        assert_eq!(lines[0].len(), lines[1].find('#').unwrap());
        assert_eq!(lines[1].len(), COLUMNS);
    }
}
