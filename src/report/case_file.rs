//! `case.json`: the whole case, and reading it back.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::config::small_file::{self, open_regular};
use crate::model::campaign::Campaign;
use crate::model::case::{CASE_SCHEMA_VERSION, Case};
use crate::model::failure::Failure;
use crate::report::escape;
use crate::report::present::Presented;
use crate::report::sums::{SUMS_FILE, Sums, hash_file, parse_sums};
use crate::report::tables::Sink;

/// File name in the case folder.
pub(crate) const CASE_FILE: &str = "case.json";

/// Indented by one blank, so that large cases stay diffable and small, with characters that
/// steer a terminal or turn the direction of text written as escapes: the values stay the same.
struct SafeFormatter(PrettyFormatter<'static>);

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(escape::is_hidden) {
            let (safe, tail) = rest.split_at(at);
            writer.write_all(safe.as_bytes())?;
            let mut letters = tail.chars();
            if let Some(letter) = letters.next() {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// Writes indented JSON that is safe to show on a terminal.
pub(crate) fn write_json<T: Serialize>(value: &T, sink: Sink<'_>) -> Result<()> {
    let formatter = SafeFormatter(PrettyFormatter::with_indent(b" "));
    let mut serializer = serde_json::Serializer::with_formatter(&mut *sink, formatter);
    value.serialize(&mut serializer)?;
    sink.write_all(b"\n")?;
    Ok(())
}

/// The same as text.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn json_text<T: Serialize>(value: &T) -> Result<String> {
    let mut bytes: Vec<u8> = Vec::new();
    write_json(value, &mut bytes)?;
    Ok(String::from_utf8(bytes)?)
}

/// Writes `case.json`.
pub(crate) fn write_case_file(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    write_json(&presented.case, sink)
}

/// The part that is read first, so that another schema gives one clear sentence.
#[derive(Deserialize)]
struct SchemaOnly {
    schema_version: u32,
}

/// A parser's message repeats what it read, which may be of any length.
const MESSAGE_CHARS: usize = 200;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} ...", text.get(..at).unwrap_or_default()),
    }
}

/// Reads the case of a case folder back.
///
/// # Errors
/// When `case.json` is absent, is not a case, or has another schema version.
pub fn read_case(dir: &Path) -> Result<Case> {
    let path = dir.join(CASE_FILE);
    let open = || -> Result<BufReader<File>> {
        let file = open_regular(&path).map_err(|error| {
            Failure::Usage(format!(
                "cannot read {}: {error}; is this a case folder?",
                path.display()
            ))
        })?;
        Ok(BufReader::new(file))
    };
    let damaged = |error: serde_json::Error| {
        Failure::Verification(format!(
            "{} is not a case: {}",
            path.display(),
            shortened(&error.to_string())
        ))
    };
    let schema: SchemaOnly = serde_json::from_reader(open()?).map_err(damaged)?;
    if schema.schema_version != CASE_SCHEMA_VERSION {
        return Err(Failure::Usage(format!(
            "{} has schema version {}, this stillhunt reads {CASE_SCHEMA_VERSION}; use the version that wrote it",
            path.display(),
            schema.schema_version
        ))
        .into());
    }
    let case: Case = serde_json::from_reader(open()?).map_err(damaged)?;
    let impossible = |campaign: &&Campaign| {
        campaign
            .expected_false
            .is_some_and(|expected| !(expected.is_finite() && expected >= 0.0))
    };
    if let Some(campaign) = case.campaigns.iter().find(impossible) {
        return Err(Failure::Verification(format!(
            "{} is not a case: campaign {} expects {} false clusters",
            path.display(),
            shortened(&campaign.id),
            campaign.expected_false.unwrap_or(0.0)
        ))
        .into());
    }
    Ok(case)
}

/// Reads a case that is still the one that was written: claims are made from it.
///
/// # Errors
/// As [`read_case`], and when `SHA256SUMS` does not list this `case.json`.
pub fn read_recorded_case(dir: &Path) -> Result<Case> {
    let case = read_case(dir)?;
    recorded(dir)?;
    Ok(case)
}

/// The hashes of a case folder, of which that of `case.json` was checked.
pub(crate) fn recorded(dir: &Path) -> Result<Sums> {
    let path = dir.join(SUMS_FILE);
    let damaged = |reason: String| {
        Failure::Verification(format!(
            "{}: {reason}; restore it or scan again",
            path.display()
        ))
    };
    let text = small_file::read_text(&path).map_err(|error| damaged(error.to_string()))?;
    let sums = parse_sums(&text).map_err(|error| damaged(format!("{error:#}")))?;
    let file = dir.join(CASE_FILE);
    if sums.get(CASE_FILE) != Some(&hash_file(&file)?) {
        return Err(Failure::Verification(format!(
            "{}: its hash is not the recorded one, so nothing is told from it; restore it or scan again",
            file.display()
        ))
        .into());
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escapes_and_the_values_stay() {
        let text = "a\u{202e}b\u{7f}c\u{9b}d\u{e0041}e\n\"ü漢\\";
        let json = json_text(&[text]).unwrap();
        assert!(
            json.contains(r"a\u202eb\u007fc\u009bd\udb40\udc41e\n"),
            "{json}"
        );
        assert!(json.contains("ü漢"));
        let back: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(back, [text]);
    }
}
