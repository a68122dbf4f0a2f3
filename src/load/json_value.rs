//! One JSON value in its source text: what it is as a cell, and what a path leads to
//! inside it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::load::cell::Cell;

/// `a.b.c` into `a` and `b`, `c`.
pub(crate) fn split_path(source: &str) -> (String, Vec<String>) {
    let mut parts = source.split('.').map(str::to_owned);
    (parts.next().unwrap_or_default(), parts.collect())
}

/// A value in its source text as a cell.
pub(crate) fn cell(raw: &str) -> Cell<'_> {
    match raw.bytes().next() {
        Some(b'"') => Cell::Text(unescape(raw)),
        Some(b't') => Cell::Boolean(true),
        Some(b'f') => Cell::Boolean(false),
        Some(b'[' | b'{') => Cell::Json(Cow::Borrowed(raw)),
        Some(b'n') | None => Cell::Null,
        Some(_) => Cell::Number(Cow::Borrowed(raw)),
    }
}

/// A JSON string without its quotes and escapes. Half of a surrogate pair, as programs
/// that cut text by UTF-16 units leave it, becomes U+FFFD; dropping the whole text would
/// let a sender hide a prompt from the detectors.
fn unescape(raw: &str) -> Cow<'_, str> {
    let inner = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    if let Ok(text) = serde_json::from_str::<String>(raw) {
        return Cow::Owned(text);
    }
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    Cow::Owned(
        deserializer
            .deserialize_byte_buf(LossyText)
            .unwrap_or_default(),
    )
}

/// Follows a path into objects, lists (by index, `-1` is the last) and JSON held in text.
pub(crate) fn descend<'a>(raw: &'a str, path: &[String]) -> Cell<'a> {
    let Some((step, rest)) = path.split_first() else {
        return cell(raw);
    };
    let inner: Option<&'a RawValue> = match raw.bytes().next() {
        Some(b'{') => {
            let mut deserializer = serde_json::Deserializer::from_str(raw);
            deserializer.deserialize_map(PickKey(step)).ok().flatten()
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
            let index = step.parse::<i64>().ok().and_then(|index| {
                let length = i64::try_from(items.len()).ok()?;
                usize::try_from(if index < 0 { length + index } else { index }).ok()
            });
            index.and_then(|index| items.get(index).copied())
        }
        Some(b'"') => {
            let text = unescape(raw);
            if !text.trim_start().starts_with(['{', '['])
                || serde_json::from_str::<&RawValue>(&text).is_err()
            {
                return Cell::Null;
            }
            return owned(descend(text.trim(), path));
        }
        _ => None,
    };
    inner.map_or(Cell::Null, |inner| descend(inner.get(), rest))
}

pub(crate) fn owned(cell: Cell<'_>) -> Cell<'static> {
    let keep = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    match cell {
        Cell::Null => Cell::Null,
        Cell::Boolean(value) => Cell::Boolean(value),
        Cell::Text(text) => Cell::Text(keep(text)),
        Cell::Number(text) => Cell::Number(keep(text)),
        Cell::Json(text) => Cell::Json(keep(text)),
    }
}

/// Takes one key's value out of an object.
struct PickKey<'k>(&'k str);

impl<'a> Visitor<'a> for PickKey<'_> {
    type Value = Option<&'a RawValue>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }
    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'a, str>>()? {
            let value = map.next_value::<&'a RawValue>()?;
            if key == self.0 {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

struct LossyText;

impl Visitor<'_> for LossyText {
    type Value = String;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }
    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(replace_surrogates(bytes))
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        if text.is_empty() {
            Err(E::custom("empty"))
        } else {
            Ok(text.to_owned())
        }
    }
}

/// serde_json hands half a surrogate pair out as three bytes (`ED A0..BF 80..BF`).
fn replace_surrogates(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // Of the three bytes only the first opens a replacement.
        if chunk.invalid().first().is_some_and(|byte| *byte >= 0xc0) {
            text.push('\u{fffd}');
        }
    }
    text
}

/// Whether a source name of the map leads to a value in this object.
pub(crate) fn reaches(line: &[u8], source: &str) -> bool {
    let Ok(text) = std::str::from_utf8(line) else {
        return false;
    };
    let flat = [source.to_owned()];
    let (top, mut path) = split_path(source);
    path.insert(0, top);
    descend(text.trim(), &flat) != Cell::Null || descend(text.trim(), &path) != Cell::Null
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        assert_eq!(cell(r#""a\ud83d b""#), Cell::Text("a\u{fffd} b".into()));
        assert_eq!(cell(r#""\ude00""#), Cell::Text("\u{fffd}".into()));
        assert_eq!(cell(r#""\ud83d\ude00""#), Cell::Text("\u{1f600}".into()));
    }

    #[test]
    fn tells_what_a_path_reaches() {
        assert!(reaches(br#"{"a":{"b":false}}"#, "a.b"));
        assert!(reaches(br#"{"a.b":1}"#, "a.b"));
        assert!(!reaches(br#"{"a":{"b":1}}"#, "a.c"));
    }
}
