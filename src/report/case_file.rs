//! `case.json`: the whole case, and reading it back.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::ser::PrettyFormatter;

use crate::model::case::{CASE_SCHEMA_VERSION, Case};
use crate::model::failure::Failure;
use crate::report::present::Presented;
use crate::report::tables::Sink;

/// File name in the case folder.
pub(crate) const CASE_FILE: &str = "case.json";

/// Writes indented JSON (one blank, so that large cases stay diffable and small).
pub(crate) fn write_json<T: Serialize>(value: &T, sink: Sink<'_>) -> Result<()> {
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut *sink, PrettyFormatter::with_indent(b" "));
    value.serialize(&mut serializer)?;
    sink.write_all(b"\n")?;
    Ok(())
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

/// Reads the case of a case folder back.
///
/// # Errors
/// When `case.json` is absent, is not a case, or has another schema version.
pub fn read_case(dir: &Path) -> Result<Case> {
    let path = dir.join(CASE_FILE);
    let open = || -> Result<BufReader<File>> {
        let file = File::open(&path).map_err(|error| {
            Failure::Usage(format!(
                "cannot read {}: {error}; is this a case folder?",
                path.display()
            ))
        })?;
        Ok(BufReader::new(file))
    };
    let damaged = |error: serde_json::Error| {
        Failure::Verification(format!("{} is not a case: {error}", path.display()))
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
    Ok(serde_json::from_reader(open()?).map_err(damaged)?)
}
