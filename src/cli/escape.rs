//! Text from logs on a terminal: what would steer the terminal or the eye is spelt out.

use crate::report::escape::is_hidden;

/// Spells out control characters (escape sequences among them), characters that change
/// the direction of writing, and characters without a width.
#[must_use]
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hidden(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Columns that a character takes on a terminal: two for the wide scripts and emoji
/// (Unicode Standard Annex 11, ranges rounded outwards), one for the rest.
fn width_of(letter: char) -> usize {
    match letter {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f000}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Columns that visible text takes on a terminal.
#[must_use]
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// Cuts text to so many columns, the last three of them dots where something is missing.
#[must_use]
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(3);
    let mut used = 0;
    let mut shown = String::new();
    for letter in text.chars() {
        used += width_of(letter);
        if used > room {
            break;
        }
        shown.push(letter);
    }
    shown.push_str("...".get(..columns.min(3)).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_spelt_out_and_plain_text_left_alone() {
        assert_eq!(visible("Grüße 東京 \u{1f600}"), "Grüße 東京 \u{1f600}");
        assert_eq!(visible("a\u{1b}]0;x\u{7}b"), "a\\u{1b}]0;x\\u{7}b");
        assert_eq!(
            visible("a\u{202e}b\u{2066}c\u{200b}"),
            "a\\u{202e}b\\u{2066}c\\u{200b}"
        );
        assert_eq!(visible("\u{9b}2J\r\n\0"), "\\u{9b}2J\\u{d}\\u{a}\\u{0}");
        assert_eq!(visible("\u{e0041}"), "\\u{e0041}");
    }

    #[test]
    fn cutting_counts_columns_not_bytes() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc...");
        assert_eq!(cut("東京都庁舎", 8), "東京...");
        assert_eq!(width(&cut("東京都庁舎", 8)), 7);
        assert_eq!(cut("abcdef", 2), "..");
    }
}
