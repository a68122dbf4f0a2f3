//! `stillhunt inspect`: what the files are taken for, before anything is judged.

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::arguments::InspectArguments;
use crate::cli::escape::visible;
use crate::cli::screen::{self, Colour};
use crate::cli::{exit, progress, quantity, stdout};
use crate::config::options::ScanOptions;
use crate::pipeline::{self, InspectedColumn, InspectedFile, Inspection};

/// Unread columns named one by one before the rest is only counted.
const UNREAD_NAMED: usize = 20;

pub(super) fn run(arguments: &InspectArguments) -> Result<u8> {
    let options = ScanOptions {
        memory_bytes: arguments.settings.memory_bytes(),
        config: arguments.settings.config()?,
        ..ScanOptions::of(arguments.input.options(&arguments.logs)?)
    };
    let display = progress::display(arguments.settings.progress, false);
    let inspection = pipeline::inspect(&options, display.as_ref())?;
    drop(display);
    let text = if arguments.json {
        crate::report::json_text(&as_json(&inspection))?
    } else {
        let together = screen::render_inspection(
            &inspection.coverage,
            &inspection.detectors,
            Colour::of_stdout(),
        );
        let files: Vec<String> = inspection.files.iter().map(file_as_text).collect();
        format!("{}\n{together}", files.join("\n"))
    };
    stdout::answer(&text)?;
    Ok(exit::DONE)
}

fn file_as_text(file: &InspectedFile) -> String {
    let packed = match file.compression.as_str() {
        "" | "none" => String::new(),
        compression => format!(", {}", visible(compression)),
    };
    let mut text = format!(
        "{}: {}{packed}, {}\n",
        visible(&file.name),
        visible(&file.container),
        quantity::bytes(file.bytes)
    );
    for column in &file.columns {
        text.push_str(&column_as_text(column));
    }
    if !file.unread.is_empty() {
        let named: Vec<String> = file
            .unread
            .iter()
            .take(UNREAD_NAMED)
            .map(|name| visible(name))
            .collect();
        let rest = match file.unread.len().saturating_sub(UNREAD_NAMED) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        text.push_str(&format!("  not read: {}{rest}\n", named.join(", ")));
    }
    for note in &file.notes {
        text.push_str(&format!("  note: {}\n", visible(note)));
    }
    text
}

fn column_as_text(column: &InspectedColumn) -> String {
    let mut text = format!("  {:<22} ", visible(&column.column));
    text.push_str(&match column.matched.as_str() {
        "exact" => "as named".to_owned(),
        matched => format!("from `{}` ({})", visible(&column.source), visible(matched)),
    });
    if let Some(unit) = &column.unit {
        text.push_str(&format!(", in {}", visible(unit)));
    }
    if let Some(example) = &column.example {
        text.push_str(&format!(", e.g. {}", visible(example)));
    }
    text.push('\n');
    text
}

fn as_json(inspection: &Inspection) -> Value {
    let files: Vec<Value> = inspection
        .files
        .iter()
        .map(|file| {
            json!({
                "name": file.name,
                "container": file.container,
                "compression": file.compression,
                "bytes": file.bytes,
                "columns": file.columns.iter().map(column_as_json).collect::<Vec<_>>(),
                "unread": file.unread,
                "notes": file.notes,
            })
        })
        .collect();
    json!({
        "files": files,
        "coverage": inspection.coverage,
        "detectors": inspection.detectors,
    })
}

fn column_as_json(column: &InspectedColumn) -> Value {
    json!({
        "column": column.column,
        "source": column.source,
        "matched": column.matched,
        "unit": column.unit,
        "example": column.example,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> InspectedFile {
        let column =
            |column: &str, source: &str, matched: &str, unit: Option<&str>| InspectedColumn {
                column: column.into(),
                source: source.into(),
                matched: matched.into(),
                unit: unit.map(str::to_owned),
                example: None,
            };
        InspectedFile {
            name: "a\u{1b}.csv".into(),
            container: "csv".into(),
            compression: "gzip".into(),
            bytes: 2048,
            columns: vec![
                column("account_id", "account_id", "exact", None),
                column("timestamp", "startTime", "alias", Some("milliseconds")),
            ],
            unread: (0..22).map(|number| format!("x{number}")).collect(),
            notes: vec!["unit guessed".into()],
        }
    }

    #[test]
    fn a_file_is_described_with_what_was_guessed_and_what_was_not_read() {
        let text = file_as_text(&file());
        let expected = "a\\u{1b}.csv: csv, gzip, 2.0 KiB\n  \
            account_id             as named\n  \
            timestamp              from `startTime` (alias), in milliseconds\n  \
            not read: x0, x1, ";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.ends_with("x19 and 2 more\n  note: unit guessed\n"),
            "{text}"
        );
    }

    #[test]
    fn the_json_form_keeps_every_field() {
        let inspection = Inspection {
            files: vec![file()],
            coverage: crate::model::coverage::Coverage::default(),
            detectors: Vec::new(),
        };
        let value = as_json(&inspection);
        assert_eq!(value["files"][0]["columns"][1]["source"], "startTime");
        assert_eq!(value["files"][0]["columns"][0]["unit"], Value::Null);
        assert_eq!(value["coverage"]["rows_read"], 0);
    }
}
