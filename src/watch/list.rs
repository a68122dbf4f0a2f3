//! Watch lists as files: CSV with a kind and a value column (a case's `indicators.csv` is one),
//! or a STIX 2.1 bundle.

use serde_json::Value;

use crate::watch::entry::{Entry, Watched, shown};
use crate::watch::stix;

/// What a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// What can be looked for.
    pub entries: Vec<Entry>,
    /// What cannot, one sentence each with its place.
    pub unread: Vec<String>,
}

/// Columns that say what an entry is, and which value it has.
const KIND: [&str; 2] = ["kind", "type"];
const VALUE: [&str; 2] = ["value", "indicator"];

/// The column of a case's `indicators.csv` that says whether a campaign or a lead named an entry.
const STANDING: &str = "standing";

impl List {
    /// The list without what it no longer vouches for when a log begins; that is named.
    #[must_use]
    pub fn valid_at(mut self, first_us: i64) -> Self {
        let (valid, expired): (Vec<Entry>, Vec<Entry>) = self
            .entries
            .into_iter()
            .partition(|entry| entry.valid_until_us.is_none_or(|until| until >= first_us));
        self.entries = valid;
        self.unread.extend(expired.into_iter().map(|entry| {
            format!(
                "object {} (`{}`): valid until a time before the log begins",
                entry.place,
                shown(&entry.watched.value())
            )
        }));
        self
    }
}

/// Reads a list.
///
/// # Errors
/// Why the file as a whole is none, in one line.
pub fn parse(text: &str) -> Result<List, String> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        let list = bundle(text)?;
        // A case without campaigns writes a bundle without indicators.
        if list.unread.is_empty() {
            Ok(list)
        } else {
            some_of(list)
        }
    } else {
        table(text)
    }
}

/// The list, unless nothing of it can be looked for.
fn some_of(list: List) -> Result<List, String> {
    if list.entries.is_empty() {
        return Err(match list.unread.first() {
            Some(first) => format!("no entry that can be looked for; the first: {first}"),
            None => "no entry".to_owned(),
        });
    }
    Ok(list)
}

fn table(text: &str) -> Result<List, String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|error| format!("no CSV header: {error}"))?
        .clone();
    let find = |names: &[&str]| {
        header
            .iter()
            .position(|column| names.contains(&column.to_lowercase().as_str()))
    };
    let (Some(kind), Some(value)) = (find(&KIND), find(&VALUE)) else {
        return Err(
            "neither a CSV file with the columns `kind` and `value` nor a STIX 2.1 bundle"
                .to_owned(),
        );
    };
    let standing = find(&[STANDING]);
    let mut list = List::default();
    for record in reader.records() {
        let record = record.map_err(|error| format!("not CSV: {error}"))?;
        let place = record.position().map_or(0, csv::Position::line);
        let cell = |index: usize| unguarded(record.get(index).unwrap_or_default());
        if standing.is_some_and(|standing| cell(standing) == "lead") {
            list.unread.push(format!(
                "line {place}: named by a lead alone, which is not enough to look for it elsewhere"
            ));
            continue;
        }
        match Watched::read(cell(kind), cell(value)) {
            Ok(watched) => list.entries.push(Entry {
                place,
                watched,
                valid_until_us: None,
            }),
            Err(reason) => list.unread.push(format!("line {place}: {reason}")),
        }
    }
    // A case without campaigns names nothing, which is no mistake in next week's command.
    if standing.is_some() {
        Ok(list)
    } else {
        some_of(list)
    }
}

/// A value without the apostrophe that stands in case files before what a spreadsheet would run.
fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}

fn bundle(text: &str) -> Result<List, String> {
    let root: Value =
        serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))?;
    let Some(objects) = root.get("objects").and_then(Value::as_array) else {
        return Err("JSON, but no STIX 2.1 bundle: `objects` is not there".to_owned());
    };
    let mut list = List::default();
    for (place, object) in (1_u64..).zip(objects) {
        if object.get("type").and_then(Value::as_str) != Some("indicator") {
            continue;
        }
        let pattern = object.get("pattern").and_then(Value::as_str);
        let is_stix = object
            .get("pattern_type")
            .and_then(Value::as_str)
            .is_none_or(|kind| kind == "stix");
        let time = |name: &str| -> Option<i64> {
            let text = object.get(name)?.as_str()?;
            let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
            Some(time.timestamp_micros())
        };
        let valid_until_us = time("valid_until");
        let revoked = object.get("revoked").and_then(Value::as_bool) == Some(true);
        let read = match pattern {
            _ if revoked => Err("it is revoked".to_owned()),
            Some(pattern) if is_stix => stix::read(pattern),
            _ => Err("its pattern is not of type stix".to_owned()),
        };
        match read {
            Ok(all) => list.entries.extend(all.into_iter().map(|watched| Entry {
                place,
                watched,
                valid_until_us,
            })),
            Err(reason) => list.unread.push(format!(
                "object {place} ({}): {reason}",
                shown(object.get("id").and_then(Value::as_str).unwrap_or("no id"))
            )),
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_tells_what_it_cannot_look_for_by_its_line() {
        let list =
            parse("Kind,note,value\nip,x,203.0.113.7\nhash,x,ab\nemail,x,'-a@b.example\n").unwrap();
        let kinds: Vec<(u64, &str, String)> = list
            .entries
            .iter()
            .map(|entry| (entry.place, entry.watched.kind(), entry.watched.value()))
            .collect();
        assert_eq!(
            kinds,
            [
                (2, "ip", "203.0.113.7".to_owned()),
                (4, "email", "-a@b.example".to_owned())
            ]
        );
        assert_eq!(list.unread, ["line 3: kind `hash` is not looked for"]);
    }

    #[test]
    fn a_bundle_gives_the_patterns_of_its_indicators() {
        let text = r#"{"type":"bundle","objects":[
            {"type":"identity","name":"x"},
            {"type":"indicator","id":"indicator--1","pattern_type":"stix","pattern":"[ipv4-addr:value = '203.0.113.7' OR domain-name:value = 'b.example']"},
            {"type":"indicator","id":"indicator--2","pattern_type":"sigma","pattern":"x"}]}"#;
        let list = parse(text).unwrap();
        assert_eq!(list.entries.len(), 2);
        assert!(list.entries.iter().all(|entry| entry.place == 2));
        assert_eq!(
            list.unread,
            ["object 3 (indicator--2): its pattern is not of type stix"]
        );
    }

    #[test]
    fn what_only_a_lead_named_is_not_looked_for() {
        let list = parse("kind,value,standing\nip,203.0.113.7,lead\nip,203.0.113.8,indicator\n");
        let list = list.unwrap();
        assert_eq!(list.entries.len(), 1);
        assert!(list.unread[0].starts_with("line 2: named by a lead alone"));
        assert_eq!(parse("kind,value,standing\n").unwrap(), List::default());
    }

    #[test]
    fn what_is_revoked_or_expired_is_not_looked_for() {
        let text = r#"{"objects":[
            {"type":"indicator","id":"a","revoked":true,"pattern":"[ipv4-addr:value = '203.0.113.7']"},
            {"type":"indicator","id":"b","valid_until":"1970-01-01T00:00:05Z","pattern":"[ipv4-addr:value = '203.0.113.8']"}]}"#;
        let list = parse(text).unwrap();
        assert_eq!(list.unread, ["object 1 (a): it is revoked"]);
        assert_eq!(list.clone().valid_at(5_000_000), list);
        let later = list.valid_at(5_000_001);
        assert!(later.entries.is_empty());
        assert!(later.unread[1].starts_with("object 2 (`203.0.113.8`): valid until"));
    }

    #[test]
    fn what_is_no_list_says_so() {
        for (text, part) in [
            ("", "neither a CSV file"),
            ("a,b\n1,2\n", "neither a CSV file"),
            ("{}", "no STIX 2.1 bundle"),
            ("{", "not valid JSON"),
            ("kind,value\n", "no entry"),
            ("kind,value\nhash,1\n", "line 2: kind `hash`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
