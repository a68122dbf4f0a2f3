//! One NDJSON line: the wanted values in their source text, everything else skipped.
//!
//! Nothing is built for values that are not wanted, and skipping is not recursive, so
//! neither a huge nor a deeply nested value can exhaust memory or the stack. Where a key
//! is there twice, the last one counts.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::load::cell::Cell;
use crate::load::json_value::{cell, descend, split_path};
use crate::load::matching::{Matched, PlannedColumn, normalised};
use crate::load::rejects::Reason;
use crate::model::column::ColumnType;

/// Where to find the columns in an object; made once for a file.
pub(crate) struct JsonLayout {
    slots: HashMap<String, Key>,
    slot_count: usize,
    /// For each canonical column the slots to try, with the path inside.
    columns: Vec<Vec<(usize, Vec<String>)>>,
    /// Columns that no key of the records looked at belongs to; a key that first shows
    /// up later is still recognised by name, row by row.
    late: HashMap<String, (usize, usize)>,
}

#[derive(Clone, Copy)]
enum Key {
    Slot(usize),
    Unread,
}

#[derive(Clone, Copy)]
enum Place {
    Slot(usize),
    Late { column: usize, rank: usize },
    Ignore,
}

/// The wanted values of one line.
pub(crate) struct JsonRow<'l, 'a> {
    layout: &'l JsonLayout,
    values: Vec<Option<&'a RawValue>>,
    late: Vec<Option<(usize, &'a RawValue)>>,
}

impl JsonLayout {
    /// `wanted` tells which canonical columns are read; `unread` are keys known to be none.
    pub(crate) fn new(columns: &[PlannedColumn], wanted: &[bool], unread: &[String]) -> Self {
        let mut layout = JsonLayout {
            slots: unread
                .iter()
                .map(|name| (name.clone(), Key::Unread))
                .collect(),
            slot_count: 0,
            columns: vec![Vec::new(); columns.len()],
            late: HashMap::new(),
        };
        for (index, planned) in columns.iter().enumerate() {
            let is_wanted = wanted.get(index).copied().unwrap_or(false);
            for source in &planned.sources {
                // Whether read or not, the key belongs to this column and to no other.
                let (top, path) = split_path(source);
                let mut places = vec![(source.clone(), Vec::new())];
                if !path.is_empty() {
                    places.push((top, path));
                }
                for (key, path) in places {
                    if !is_wanted {
                        layout.slots.entry(key).or_insert(Key::Unread);
                        continue;
                    }
                    let slot = match layout.slots.get(&key) {
                        Some(Key::Slot(slot)) => *slot,
                        _ => layout.slot_count,
                    };
                    layout.slot_count = layout.slot_count.max(slot + 1);
                    layout.slots.insert(key, Key::Slot(slot));
                    if let Some(places) = layout.columns.get_mut(index) {
                        places.push((slot, path));
                    }
                }
            }
            // The unit of a time column is decided before reading, so it cannot come late.
            let may_come_late = planned.matched == Matched::Absent
                && planned.column.column_type != ColumnType::Timestamp;
            if may_come_late {
                let names = std::iter::once(&planned.column.name).chain(planned.column.aliases);
                for (rank, name) in names.enumerate() {
                    layout
                        .late
                        .entry(normalised(name))
                        .or_insert((if is_wanted { index } else { usize::MAX }, rank));
                }
            }
        }
        layout
    }

    /// Reads one line.
    pub(crate) fn read<'l, 'a>(&'l self, line: &'a [u8]) -> Result<JsonRow<'l, 'a>, Reason> {
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(Cow::Borrowed("not a JSON object"));
        }
        let mut row = JsonRow {
            layout: self,
            values: vec![None; self.slot_count],
            late: Vec::new(),
        };
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let result = ObjectSeed { row: &mut row }
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end());
        match result {
            Ok(()) => Ok(row),
            Err(error) => Err(match std::str::from_utf8(line) {
                Err(broken) => Cow::Owned(format!(
                    "not valid UTF-8 from byte {} of the line on",
                    broken.valid_up_to() + 1
                )),
                Ok(_) => reason(&error),
            }),
        }
    }

    fn place(&self, key: &str) -> Place {
        match self.slots.get(key) {
            Some(Key::Slot(slot)) => Place::Slot(*slot),
            Some(Key::Unread) => Place::Ignore,
            None if self.late.is_empty() => Place::Ignore,
            None => match self.late.get(&normalised(key)) {
                Some((column, rank)) if *column < self.columns.len() => Place::Late {
                    column: *column,
                    rank: *rank,
                },
                _ => Place::Ignore,
            },
        }
    }
}

/// What is wrong with a line, without position and without any of its content.
fn reason(error: &serde_json::Error) -> Reason {
    let text = error.to_string();
    let plain = text.split(" at line ").next().unwrap_or_default();
    Cow::Owned(format!("not valid JSON: {plain}"))
}

impl<'a> JsonRow<'_, 'a> {
    /// The value of a canonical column.
    pub(crate) fn cell(&self, column: usize) -> Cell<'a> {
        for (slot, path) in self.layout.columns.get(column).into_iter().flatten() {
            let Some(Some(raw)) = self.values.get(*slot) else {
                continue;
            };
            let found = if path.is_empty() {
                cell(raw.get())
            } else {
                descend(raw.get(), path)
            };
            if !is_empty(&found) {
                return found;
            }
        }
        match self.late.get(column) {
            Some(Some((_, raw))) => cell(raw.get()),
            _ => Cell::Null,
        }
    }

    /// Columns of this line whose key first showed up after the records looked at.
    pub(crate) fn late_columns(&self) -> impl Iterator<Item = usize> {
        self.late
            .iter()
            .enumerate()
            .filter_map(|(column, value)| value.is_some().then_some(column))
    }
}

fn is_empty(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::Null) || matches!(cell, Cell::Text(text) if text.is_empty())
}

struct ObjectSeed<'r, 'l, 'a> {
    row: &'r mut JsonRow<'l, 'a>,
}

impl<'a> DeserializeSeed<'a> for ObjectSeed<'_, '_, 'a> {
    type Value = ();
    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for ObjectSeed<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(place) = map.next_key_seed(KeySeed(self.row.layout))? {
            match place {
                Place::Ignore => {
                    map.next_value::<IgnoredAny>()?;
                }
                Place::Slot(slot) => {
                    let value = map.next_value::<&'a RawValue>()?;
                    if let Some(place) = self.row.values.get_mut(slot) {
                        *place = Some(value);
                    }
                }
                Place::Late { column, rank } => {
                    let value = map.next_value::<&'a RawValue>()?;
                    if self.row.late.is_empty() {
                        self.row.late = vec![None; self.row.layout.columns.len()];
                    }
                    if let Some(place) = self.row.late.get_mut(column)
                        && place.is_none_or(|(before, _)| rank <= before)
                        && value.get() != "null"
                    {
                        *place = Some((rank, value));
                    }
                }
            }
        }
        Ok(())
    }
}

struct KeySeed<'l>(&'l JsonLayout);

impl<'a> DeserializeSeed<'a> for KeySeed<'_> {
    type Value = Place;
    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Place, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Place;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }
    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Place, E> {
        Ok(self.0.place(key))
    }
}

/// The keys of one object in order, for the look before reading.
pub(crate) fn keys(line: &[u8]) -> Option<Vec<String>> {
    struct Keys;
    impl<'a> Visitor<'a> for Keys {
        type Value = Vec<String>;
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }
        fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut keys = Vec::new();
            while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let keys = deserializer.deserialize_map(Keys).ok()?;
    deserializer.end().ok().map(|()| keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::json_value::owned;
    use crate::load::map::TableMap;
    use crate::load::matching::match_columns;
    use crate::model::column::{REQUESTS, RequestColumn};

    fn layout(found: &[&str], prompt: Option<&[&str]>) -> JsonLayout {
        let mut map = TableMap::default();
        if let Some(sources) = prompt {
            map.sources.insert(
                "prompt".into(),
                sources.iter().map(|source| (*source).to_owned()).collect(),
            );
        }
        let found: Vec<String> = found.iter().map(|name| (*name).to_owned()).collect();
        let reachable = prompt
            .into_iter()
            .flatten()
            .map(|source| (*source).to_owned())
            .collect();
        let matches = match_columns(REQUESTS, &found, &reachable, &map);
        JsonLayout::new(
            &matches.columns,
            &vec![true; REQUESTS.len()],
            &matches.unread,
        )
    }

    fn prompt(layout: &JsonLayout, line: &str) -> Cell<'static> {
        owned(
            layout
                .read(line.as_bytes())
                .unwrap()
                .cell(RequestColumn::Prompt.index()),
        )
    }

    #[test]
    fn keeps_source_text_of_numbers_and_lists_and_the_last_duplicate() {
        let layout = layout(&["prompt"], None);
        assert_eq!(
            prompt(&layout, r#"{"prompt":12345678901234567890}"#),
            Cell::Number("12345678901234567890".into())
        );
        assert_eq!(
            prompt(&layout, r#"{"prompt":[1, {"a":2}]}"#),
            Cell::Json(r#"[1, {"a":2}]"#.into())
        );
        assert_eq!(
            prompt(&layout, r#"{"prompt":"a","prompt":"b"}"#),
            Cell::Text("b".into())
        );
        assert_eq!(
            prompt(&layout, r#"{"prompt":"a\n\u00e9\"b"}"#),
            Cell::Text("a\n\u{e9}\"b".into())
        );
        assert_eq!(prompt(&layout, r#"{"x":1}"#), Cell::Null);
    }

    #[test]
    fn follows_paths_through_objects_lists_and_text() {
        let layout = layout(&["body"], Some(&["body.messages.-1.content", "q.r"]));
        for line in [
            r#"{"body":{"messages":[{"content":"x"},{"content":"y"}]}}"#,
            r#"{"body":"{\"messages\":[{\"content\":\"y\"}]}"}"#,
            r#"{"q":{"r":"y"}}"#,
            r#"{"q.r":"y","body":{"messages":[]}}"#,
        ] {
            assert_eq!(prompt(&layout, line), Cell::Text("y".into()), "{line}");
        }
        assert_eq!(prompt(&layout, r#"{"body":"{broken"}"#), Cell::Null);
    }

    #[test]
    fn a_key_that_comes_late_is_still_read() {
        let layout = layout(&["timestamp"], None);
        let row = layout
            .read(br#"{"IP-Address":"192.0.2.1","remote_addr":"192.0.2.2"}"#)
            .unwrap();
        assert_eq!(
            row.cell(RequestColumn::Ip.index()),
            Cell::Text("192.0.2.1".into())
        );
        assert_eq!(
            row.late_columns().collect::<Vec<_>>(),
            [RequestColumn::Ip.index()]
        );
    }

    #[test]
    fn broken_lines_are_told_without_their_content() {
        let layout = layout(&["prompt"], None);
        for line in [
            "[1]",
            "5",
            "{\"prompt\":\"secret",
            "{\"a\":1} {\"a\":2}",
            "{\"a\":1,}",
            "{'a':1}",
            "nonsense",
        ] {
            let reason = layout.read(line.as_bytes()).err().unwrap();
            assert!(
                !reason.contains("secret") && !reason.contains("line 1"),
                "{reason}"
            );
        }
        assert!(layout.read(b"{\"prompt\":\"\xff\"}").is_err());
    }

    #[test]
    fn deep_nesting_neither_overflows_nor_costs_other_values() {
        let deep = |name: &str| {
            format!(
                "{{\"{name}\":{}{},\"prompt\":\"p\"}}",
                "[".repeat(200_000),
                "]".repeat(200_000)
            )
        };
        let layout = layout(&["prompt", "odd"], Some(&["body.a", "prompt"]));
        assert_eq!(prompt(&layout, &deep("odd")), Cell::Text("p".into()));
        assert_eq!(prompt(&layout, &deep("body")), Cell::Text("p".into()));
        assert!(layout.read("{\"a\":".repeat(100_000).as_bytes()).is_err());
        assert!(keys(deep("x").as_bytes()).is_some());
    }
}
