//! Lines of at most 80 columns, indented, labelled and sparingly coloured.

use std::io::IsTerminal;

use crate::cli::escape::{cut, visible, width};

/// Columns of the screen.
pub(crate) const COLUMNS: usize = 80;

/// Columns before the text of an entry: two blanks, the label, and its distance.
const INDENT: usize = 14;

/// Whether to colour. No meaning rests on colour alone: words say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// Escape sequences for colours.
    Always,
    /// Plain text.
    Never,
}

impl Colour {
    /// Colour where standard output is a terminal that can, unless `NO_COLOR` is set
    /// to anything (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        if std::io::stdout().is_terminal() && !refused && !dumb {
            Colour::Always
        } else {
            Colour::Never
        }
    }
}

/// How a stretch of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As it is.
    Plain,
    /// Headings.
    Bold,
    /// Labels.
    Dim,
    /// What needs a look.
    Yellow,
    /// What needs one first.
    Red,
}

impl Style {
    /// "Select graphic rendition" parameters of ECMA-48.
    fn parameters(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Yellow => "33",
            Style::Red => "1;31",
        }
    }
}

/// The text so far.
pub(crate) struct Screen {
    text: String,
    colour: Colour,
}

impl Screen {
    /// An empty screen.
    pub(crate) fn new(colour: Colour) -> Self {
        Self {
            text: String::new(),
            colour,
        }
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// Text in a style, already escaped and cut.
    pub(crate) fn paint(&self, text: &str, style: Style) -> String {
        if self.colour == Colour::Never || style == Style::Plain {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", style.parameters())
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A line of already laid out text.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// A bold line.
    pub(crate) fn heading(&mut self, text: &str) {
        let heading = self.paint(&cut(&visible(text), COLUMNS), Style::Bold);
        self.line(&heading);
    }

    /// A label and text beside it, wrapped; the text is already escaped.
    pub(crate) fn entry(&mut self, label: &str, text: &str, style: Style) {
        let mut label = label;
        for part in wrap(text, COLUMNS - INDENT) {
            let shown = self.labelled(label, &self.paint(&part, style));
            self.line(&shown);
            label = "";
        }
    }

    /// A label and text beside it that is to be copied, so never cut and never wrapped.
    pub(crate) fn verbatim(&mut self, label: &str, text: &str) {
        let shown = self.labelled(label, &visible(text));
        self.line(&shown);
    }

    /// Wrapped text without a label.
    pub(crate) fn paragraph(&mut self, text: &str) {
        for part in wrap(&visible(text), COLUMNS - 2) {
            self.line(&format!("  {part}"));
        }
    }

    fn labelled(&self, label: &str, text: &str) -> String {
        let padded = format!("{label:<width$}", width = INDENT - 2);
        format!("  {}{text}", self.paint(&padded, Style::Dim))
    }
}

/// Breaks text at blanks into lines of at most so many columns; words that are longer
/// are cut to the width, piece by piece.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for letter in word.chars() {
            // A letter is at most two columns wide.
            if width(&line) + 2 > columns && width(&line) + width(&letter.to_string()) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(letter);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Text padded to so many columns on the right.
pub(crate) fn left(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let blanks = columns.saturating_sub(width(&text));
    text + &" ".repeat(blanks)
}

/// Text padded to so many columns on the left.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    " ".repeat(columns.saturating_sub(width(&text))) + &text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_words_whole_where_it_can() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("東京都庁", 4), ["東京", "都庁"]);
    }

    #[test]
    fn colour_is_laid_around_text_and_can_be_left_out() {
        assert_eq!(Screen::new(Colour::Never).paint("x", Style::Red), "x");
        assert_eq!(
            Screen::new(Colour::Always).paint("x", Style::Red),
            "\u{1b}[1;31mx\u{1b}[0m"
        );
    }

    #[test]
    fn columns_are_filled_and_kept() {
        assert_eq!(left("ab", 4), "ab  ");
        assert_eq!(right("ab", 4), "  ab");
        assert_eq!(left("abcdefg", 5), "ab...");
    }
}
