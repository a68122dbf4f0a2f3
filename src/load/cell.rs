//! One value as a file gives it, and what a canonical column makes of it.

use std::borrow::Cow;

use serde_json::Value;

use crate::load::card::looks_like_card_number;
use crate::load::messages::{Part, part_of};
use crate::load::payment::names_no_instrument;
use crate::load::timestamp::TimestampUnit;
use crate::model::column::{AccountColumn, Column, ColumnType, RequestColumn, Table};

/// A value as found. Empty text is no value, in every container alike.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    /// A JSON number in its source text, so that no digit of an id is lost.
    Number(Cow<'a, str>),
    Boolean(bool),
    /// A JSON list or object in its source text.
    Json(Cow<'a, str>),
}

/// A value in its canonical type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Converted<'a> {
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    Boolean(bool),
}

/// What a column needs beyond its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    Plain,
    /// Letters in lower case.
    LowerCase,
    /// Must not hold a raw card number, nor a word that names no instrument.
    NoCardNumber,
    /// A list or object is not an identifier; blanks alone are no value.
    Identifier,
    /// Of a JSON list or object only this part of the chat it is; of a text as well where the
    /// whole column holds chats. A text alone never decides that: whoever writes a prompt could
    /// hide the rest of it behind the looks of a chat.
    Chat {
        part: Part,
        texts: bool,
    },
}

/// The care a column needs; `chats` where its texts are whole chats.
pub(crate) fn care(table: Table, index: usize, chats: bool) -> Care {
    let chat = |part| Care::Chat { part, texts: chats };
    match table {
        Table::Requests if index == RequestColumn::Status.index() => Care::LowerCase,
        Table::Requests if index == RequestColumn::AccountId.index() => Care::Identifier,
        Table::Requests if index == RequestColumn::Prompt.index() => chat(Part::LastUser),
        Table::Requests if index == RequestColumn::SystemPrompt.index() => chat(Part::System),
        Table::Accounts if index == AccountColumn::AccountId.index() => Care::Identifier,
        Table::Accounts if index == AccountColumn::PaymentId.index() => Care::NoCardNumber,
        _ => Care::Plain,
    }
}

/// Reason given where a card number was dropped.
pub(crate) const CARD_REASON: &str = "looks like a raw card number; the value was dropped";

/// Reason given where a payment id is a word for none or a way to pay.
pub(crate) const NO_INSTRUMENT: &str = "names no single payment instrument; the value was dropped";

/// Reason given where an identifier is nested.
pub(crate) const NESTED_IDENTIFIER: &str = "a list or an object instead of an identifier";

/// What stands where a character was lost. Two ids that lost one are no longer told apart.
const REPLACEMENT: char = '\u{fffd}';

/// Converts a value; the error says why it cannot be used.
pub(crate) fn convert<'a>(
    cell: Cell<'a>,
    column: &Column,
    unit: Option<TimestampUnit>,
    care: Care,
) -> Result<Converted<'a>, &'static str> {
    if matches!(&cell, Cell::Null) || matches!(&cell, Cell::Text(text) if text.is_empty()) {
        return Ok(Converted::Null);
    }
    match column.column_type {
        ColumnType::Text => text(cell, care),
        ColumnType::TextList => text_list(cell),
        ColumnType::Timestamp => match cell {
            Cell::Text(text) | Cell::Number(text) => unit
                .unwrap_or(TimestampUnit::Rfc3339)
                .parse(&text)
                .map(Converted::Integer),
            _ => Err("not a time"),
        },
        ColumnType::Integer => match &cell {
            Cell::Text(text) | Cell::Number(text) => parse_integer(text).map(Converted::Integer),
            _ => Err("not an integer"),
        },
        ColumnType::Float => match &cell {
            Cell::Text(text) | Cell::Number(text) => parse_float(text).map(Converted::Float),
            _ => Err("not a number"),
        },
        ColumnType::Boolean => match &cell {
            Cell::Boolean(value) => Ok(Converted::Boolean(*value)),
            Cell::Text(text) | Cell::Number(text) => parse_boolean(text).map(Converted::Boolean),
            _ => Err("not true or false"),
        },
    }
}

fn text<'a>(cell: Cell<'a>, care: Care) -> Result<Converted<'a>, &'static str> {
    let text = match cell {
        Cell::Null => return Ok(Converted::Null),
        Cell::Text(text) | Cell::Number(text) => text,
        Cell::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Cell::Json(_) if care == Care::Identifier => {
            return Err(NESTED_IDENTIFIER);
        }
        Cell::Json(text) => match care {
            Care::Chat { part, .. } => return Ok(of_chat(text, part)),
            _ => text,
        },
    };
    careful(text, care)
}

/// The part of a chat; what is none stands for itself.
fn of_chat(text: Cow<'_, str>, part: Part) -> Converted<'_> {
    match part_of(&text, part) {
        Some(Some(said)) => Converted::Text(said.into()),
        Some(None) => Converted::Null,
        None => Converted::Text(text),
    }
}

/// Applies the care a column needs to a text.
pub(crate) fn careful(text: Cow<'_, str>, care: Care) -> Result<Converted<'_>, &'static str> {
    match care {
        Care::LowerCase if text.chars().any(char::is_uppercase) => {
            Ok(Converted::Text(text.to_lowercase().into()))
        }
        Care::NoCardNumber if text.trim().is_empty() => Ok(Converted::Null),
        Care::NoCardNumber if looks_like_card_number(&text) => Err(CARD_REASON),
        Care::NoCardNumber if names_no_instrument(&text) => Err(NO_INSTRUMENT),
        Care::Identifier if text.trim().is_empty() => Ok(Converted::Null),
        Care::Identifier if text.contains(REPLACEMENT) => {
            Err("an identifier with a lost character (U+FFFD); export it again as UTF-8")
        }
        Care::Chat { part, texts: true } => Ok(of_chat(text, part)),
        _ => Ok(Converted::Text(text)),
    }
}

/// A list, a JSON list in text, or text already joined by `|`.
fn text_list(cell: Cell<'_>) -> Result<Converted<'_>, &'static str> {
    let json = match cell {
        Cell::Null => return Ok(Converted::Null),
        Cell::Text(text) if text.trim_start().starts_with('[') => text,
        Cell::Json(text) => text,
        Cell::Text(text) | Cell::Number(text) => return Ok(Converted::Text(text)),
        Cell::Boolean(_) => return Err("not a list of texts"),
    };
    // serde_json refuses nesting deeper than 128 levels, so this cannot overflow.
    let Ok(Value::Array(items)) = serde_json::from_str::<Value>(&json) else {
        return Err("not a list of texts");
    };
    let names: Vec<String> = items.iter().filter_map(list_item).collect();
    if names.is_empty() {
        Ok(Converted::Null)
    } else {
        Ok(Converted::Text(names.join("|").into()))
    }
}

/// A text, or the name inside a tool definition (`name`, `function.name`).
fn list_item(item: &Value) -> Option<String> {
    match item {
        Value::Null => None,
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Object(_) => {
            let name = item
                .get("name")
                .or_else(|| item.get("function")?.get("name"));
            Some(
                name.and_then(Value::as_str)
                    .map_or_else(|| item.to_string(), str::to_owned),
            )
        }
        other => Some(other.to_string()),
    }
}

/// Integers, also when written as `512.0` (as tables with gaps are often exported).
pub(crate) fn parse_integer(text: &str) -> Result<i64, &'static str> {
    const REASON: &str = "not an integer";
    let text = text.trim_ascii();
    if let Ok(value) = text.parse::<i64>() {
        return Ok(value);
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && fraction.bytes().all(|byte| byte == b'0')
    {
        return whole.parse::<i64>().map_err(|_| REASON);
    }
    // Exponents: exact up to 2^53.
    match text.parse::<f64>() {
        Ok(value)
            if text.contains(['e', 'E'])
                && value.fract() == 0.0
                && value.abs() <= 9_007_199_254_740_992.0 =>
        {
            #[allow(clippy::cast_possible_truncation)] // bounded by the guard
            Ok(value as i64)
        }
        _ => Err(REASON),
    }
}

/// Finite numbers.
pub(crate) fn parse_float(text: &str) -> Result<f64, &'static str> {
    text.trim_ascii()
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .ok_or("not a number")
}

/// `true`, `false` and the other spellings that exports use.
pub(crate) fn parse_boolean(text: &str) -> Result<bool, &'static str> {
    let text = text.trim_ascii();
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(&["true", "t", "1", "yes", "1.0"]) {
        Ok(true)
    } else if is_one_of(&["false", "f", "0", "no", "0.0"]) {
        Ok(false)
    } else {
        Err("not true or false")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::column::REQUESTS;

    fn of<'a>(column: RequestColumn, cell: Cell<'a>) -> Result<Converted<'a>, &'static str> {
        convert(
            cell,
            &REQUESTS[column.index()],
            None,
            care(Table::Requests, column.index(), false),
        )
    }

    fn text(value: &str) -> Cell<'_> {
        Cell::Text(value.into())
    }

    #[test]
    fn converts_by_type() {
        assert_eq!(
            of(RequestColumn::Prompt, text(" a ")),
            Ok(Converted::Text(" a ".into()))
        );
        assert_eq!(of(RequestColumn::Prompt, text("")), Ok(Converted::Null));
        assert_eq!(
            of(
                RequestColumn::RequestId,
                Cell::Number("12345678901234567890".into())
            ),
            Ok(Converted::Text("12345678901234567890".into()))
        );
        assert_eq!(
            of(RequestColumn::Status, text("OK")),
            Ok(Converted::Text("ok".into()))
        );
        assert_eq!(
            of(RequestColumn::AccountId, text(" \u{a0}")),
            Ok(Converted::Null)
        );
        assert!(of(RequestColumn::AccountId, Cell::Json("{}".into())).is_err());
        assert!(of(RequestColumn::AccountId, text("a\u{fffd}")).is_err());
        assert!(of(RequestColumn::Prompt, text("a\u{fffd}")).is_ok());
        assert_eq!(
            of(RequestColumn::Stream, text("TRUE")),
            Ok(Converted::Boolean(true))
        );
        assert!(of(RequestColumn::Stream, text("maybe")).is_err());
        assert!(of(RequestColumn::Timestamp, Cell::Boolean(true)).is_err());
    }

    #[test]
    fn numbers_are_strict_but_forgive_writing() {
        for (value, expected) in [("512", 512), (" 512.00 ", 512), ("-1", -1), ("1e3", 1000)] {
            assert_eq!(parse_integer(value), Ok(expected), "{value}");
        }
        for value in ["abc", "12.5", "9223372036854775808", "1e300", "", "0x10"] {
            assert!(parse_integer(value).is_err(), "{value}");
        }
        assert_eq!(parse_float("0.5"), Ok(0.5));
        for value in ["NaN", "inf", "1,5", ""] {
            assert!(parse_float(value).is_err(), "{value}");
        }
    }

    #[test]
    fn lists_come_in_three_forms() {
        let joined = Ok(Converted::Text("a|b".into()));
        assert_eq!(
            of(
                RequestColumn::ToolNames,
                Cell::Json("[\"a\",\"b\",\"\",null]".into())
            ),
            joined
        );
        assert_eq!(of(RequestColumn::ToolNames, text("[\"a\", \"b\"]")), joined);
        assert_eq!(of(RequestColumn::ToolNames, text("a|b")), joined);
        assert_eq!(
            of(
                RequestColumn::ToolNames,
                Cell::Json("[{\"name\":\"a\"},{\"function\":{\"name\":\"b\"}}]".into())
            ),
            joined
        );
        assert_eq!(
            of(RequestColumn::ToolNames, Cell::Json("[]".into())),
            Ok(Converted::Null)
        );
        let deep = "[".repeat(100_000);
        assert!(of(RequestColumn::ToolNames, text(&deep)).is_err());
    }
}
