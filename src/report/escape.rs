//! The only escapes of the project: spreadsheet cells, Markdown, script data, XML, STIX
//! patterns, the terminal.
//!
//! Prompts, keys and file names are written by the people under investigation, so every
//! text that leaves the tool passes through one of these functions. HTML is escaped by
//! the template engine after [`visible`] has been applied; JSON and Parquet are lossless.

/// Characters that a spreadsheet takes for the start of a formula.
/// Source: OWASP, "CSV Injection" (the full-width forms are listed there as well).
const FORMULA_STARTS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// ASCII characters that Markdown (CommonMark with the GitHub extensions) may read as markup.
const MARKDOWN_SPECIAL: &str = "\\`*_[]<>|~&$^";

/// A text cell that no spreadsheet will run and no terminal obey: hidden characters are
/// written out as `\u{...}`, and there is a leading `'` where the first character is one of
/// the formula starts. Typed numbers need none of it.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 1);
    // A carriage return is written out, so it starts nothing.
    if text.starts_with(FORMULA_STARTS) && !text.starts_with('\r') {
        cell.push('\'');
    }
    // A terminal that shows the file must not obey it.
    cell.push_str(&visible(text));
    cell
}

/// Whether a character is invisible, moves the cursor, reorders the line or is none at all.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}'
            | '\u{17b4}' | '\u{17b5}' // Khmer inherent vowels
            | '\u{180b}'..='\u{180f}' // Mongolian selectors
            | '\u{200b}'..='\u{200f}' // zero width, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}' // line separators, embeddings, overrides
            | '\u{2060}'..='\u{206f}' // word joiner, isolates, deprecated format characters
            | '\u{3164}' | '\u{ffa0}' // Hangul fillers
            | '\u{fe00}'..='\u{fe0f}' // variation selectors
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}' | '\u{ffff}' // no characters
            | '\u{e0000}'..='\u{e0fff}') // tags and further selectors
}

/// Whether a variation selector does what it is for: it chooses the form of the symbol before it.
fn selects_a_form(character: char, before: Option<char>) -> bool {
    matches!(character, '\u{fe0e}' | '\u{fe0f}')
        && before.is_some_and(|before| {
            before > '\u{a8}' && !before.is_alphanumeric() && !is_hidden(before)
        })
}

/// Control, ANSI, bidirectional and zero-width characters written out as `\u{...}`.
/// Line feeds and tabs stay, because blocks of text need them.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    for character in text.chars() {
        let stays = !is_hidden(character)
            || matches!(character, '\n' | '\t')
            || selects_a_form(character, before);
        if stays {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
        before = Some(character);
    }
    shown
}

/// Text for one line of a terminal: everything hidden is written out, line feeds and tabs too.
#[must_use]
pub fn terminal(text: &str) -> String {
    visible(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// Text inside a Markdown line or table cell. Markup, links, automatic links and markup at the
/// start of a block are taken apart with backslashes; line feeds become blanks.
#[must_use]
pub fn markdown(text: &str) -> String {
    let shown = visible(text);
    let characters: Vec<char> = shown.chars().collect();
    let mut escaped = String::with_capacity(shown.len() + 8);
    for (position, &character) in characters.iter().enumerate() {
        let before = characters.get(..position).unwrap_or_default();
        let after = characters.get(position + 1).copied();
        match character {
            '\n' | '\t' => escaped.push(' '),
            special if MARKDOWN_SPECIAL.contains(special) => {
                escaped.push('\\');
                escaped.push(special);
            }
            _ if starts_markup(character, before, after) => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Characters that are markup only where they stand.
fn starts_markup(character: char, before: &[char], after: Option<char>) -> bool {
    let letter_before = before.last().is_some_and(|last| last.is_alphanumeric());
    let text_after = after.is_some_and(|next| !next.is_whitespace());
    let number_before = !before.is_empty() && before.iter().all(char::is_ascii_digit);
    match character {
        // headings, lists, rules and setext underlines
        '#' | '+' | '-' | '=' => before.is_empty(),
        // `http:`, `mailto:`, `javascript:` and addresses would become links
        ':' => letter_before && text_after && !after.is_some_and(|next| next.is_ascii_digit()),
        '@' => text_after && before.last().is_some_and(|last| !last.is_whitespace()),
        // `www.` links
        '.' if matches!(before.last(), Some('w' | 'W')) => true,
        // `1.` and `1)` lists
        '.' | ')' => number_before && !after.is_some_and(|next| next.is_ascii_digit()),
        _ => false,
    }
}

/// A Markdown code span; text with a backtick or a bar (which ends table cells even inside
/// code) is escaped as plain text instead.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let shown = terminal(text);
    if shown.trim().is_empty() || shown.contains(['`', '|']) {
        markdown(text)
    } else {
        format!("`{shown}`")
    }
}

/// A fenced Markdown block whose fence is longer than any run of backticks inside.
#[must_use]
pub fn markdown_fence(text: &str) -> String {
    let shown = visible(text);
    let longest = shown
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    format!("{fence}text\n{shown}\n{fence}")
}

/// JSON inside a script element of type `application/json`: the three characters that could
/// end the element, or start a comment in it, are written as JSON escapes.
#[must_use]
pub fn script_data(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text that XML 1.0 can hold, on one line and with nothing hidden; the XML writer then
/// escapes markup. XML has no form, not even an escaped one, for most control characters.
#[must_use]
pub fn xml(text: &str) -> String {
    // What XML 1.0, production 2 (Char) leaves out (controls, U+FFFE and U+FFFF) is all hidden.
    terminal(text)
}

/// A text literal of a STIX pattern, quotes included (STIX 2.1, section 9.2: quote and
/// backslash are escaped, everything else stands for itself).
#[must_use]
pub fn stix_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralised_and_plain_text_is_not() {
        for cell in [
            "=cmd|' /C calc'!A0",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\u{ff1d}1",
        ] {
            assert_eq!(csv_cell(cell), format!("'{cell}"));
        }
        assert_eq!(csv_cell("\r=x"), "\\u{d}=x");
        assert_eq!(csv_cell("a=b"), "a=b");
        assert_eq!(csv_cell(""), "");
    }

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(
            visible("a\u{1b}[31mb\u{202e}c\0\n"),
            "a\\u{1b}[31mb\\u{202e}c\\u{0}\n"
        );
        assert_eq!(terminal("a\nb\u{9b}\u{200b}"), "a\\nb\\u{9b}\\u{200b}");
        assert_eq!(terminal("déjà 日本"), "déjà 日本");
    }

    #[test]
    fn markdown_has_no_markup_left() {
        assert_eq!(
            markdown("[x](javascript:alert)"),
            "\\[x\\](javascript\\:alert)"
        );
        assert_eq!(markdown("<b>|*a*"), "\\<b\\>\\|\\*a\\*");
        assert_eq!(markdown("# head\n- item"), "\\# head - item");
        assert_eq!(
            markdown("see http://a.example and www.b.example"),
            "see http\\://a.example and www\\.b.example"
        );
        assert_eq!(markdown("me@b.example"), "me\\@b.example");
        assert_eq!(markdown("1. one"), "1\\. one");
        assert_eq!(markdown("12:30 and 3.5 bits"), "12:30 and 3.5 bits");
    }

    #[test]
    fn script_data_is_the_same_json_without_markup() {
        let text = "</script><!--&amp;";
        let data = script_data(&serde_json::to_string(text).unwrap());
        assert!(!data.contains(['<', '>', '&']));
        assert_eq!(serde_json::from_str::<String>(&data).unwrap(), text);
    }

    #[test]
    fn xml_and_stix_texts_cannot_leave_their_place() {
        assert_eq!(xml("a\u{b}\u{ffff}\r\n<b>"), "a\\u{b}\\u{ffff}\\u{d}\\n<b>");
        assert_eq!(stix_literal("a' OR \\"), "'a\\' OR \\\\'");
    }

    #[test]
    fn fences_outgrow_their_content() {
        assert_eq!(markdown_fence("a\n```\nb"), "````text\na\n```\nb\n````");
        assert_eq!(markdown_code("a`b"), "a\\`b");
        assert_eq!(markdown_code("acct-1"), "`acct-1`");
    }
}
