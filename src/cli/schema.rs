//! `stillhunt schema`: the canonical tables, printed from the code that reads them.

use anyhow::Result;
use serde::Serialize;

use crate::cli::arguments::{SchemaArguments, SchemaFormat};
use crate::cli::{exit, stdout};
use crate::digest::documentation;
use crate::explain::explanation_schema;
use crate::model::column::{Column, ColumnType, Need, Table};
use crate::report::case_schema;
use crate::report::columns::OUTPUT_COLUMNS;

/// One table as documented.
#[derive(Debug, Serialize)]
struct TableDocument {
    table: String,
    about: String,
    columns: Vec<ColumnDocument>,
}

/// One column as documented.
#[derive(Debug, Serialize)]
struct ColumnDocument {
    name: String,
    #[serde(rename = "type")]
    value_type: String,
    need: String,
    meaning: String,
    other_names: Vec<String>,
}

pub(super) fn run(arguments: &SchemaArguments) -> Result<u8> {
    if arguments.case {
        let schema = serde_json::to_string_pretty(&case_schema())?;
        stdout::answer(&(schema + "\n"))?;
        return Ok(exit::DONE);
    }
    if arguments.explain {
        let schema = serde_json::to_string_pretty(&explanation_schema())?;
        stdout::answer(&(schema + "\n"))?;
        return Ok(exit::DONE);
    }
    let documents = documents(arguments)?;
    let text = match arguments.format {
        SchemaFormat::Markdown => documents
            .iter()
            .map(markdown)
            .collect::<Vec<_>>()
            .join("\n"),
        SchemaFormat::Json => serde_json::to_string_pretty(&documents)? + "\n",
    };
    stdout::answer(&text)?;
    Ok(exit::DONE)
}

fn documents(arguments: &SchemaArguments) -> Result<Vec<TableDocument>> {
    if !arguments.outputs && !arguments.digest {
        return Ok(match arguments.table {
            Some(name) => vec![input_table(name.table())],
            None => [Table::Requests, Table::Accounts, Table::Events]
                .map(input_table)
                .into(),
        });
    }
    let mut documents = Vec::new();
    if arguments.outputs {
        documents.extend(output_tables());
    }
    if arguments.digest {
        documents.extend(digest_tables());
    }
    Ok(documents)
}

/// The tables of a case folder, from the code that writes them.
fn output_tables() -> Vec<TableDocument> {
    let mut tables: Vec<TableDocument> = Vec::new();
    for column in OUTPUT_COLUMNS {
        if tables.last().is_none_or(|table| table.table != column.file) {
            tables.push(TableDocument {
                table: column.file.to_owned(),
                about: match column.file {
                    sheet if sheet.starts_with("accounts.xlsx/") => "A sheet of the workbook; its other sheets have the columns of the CSV files of their names.",
                    graph if graph.starts_with("graph.graphml/") => "Attributes of the graph, of its nodes or of its edges.",
                    object if object.contains('/') => "Properties of one kind of object in the bundle.",
                    _ => "A file of the case folder.",
                }
                .to_owned(),
                columns: Vec::new(),
            });
        }
        if let Some(table) = tables.last_mut() {
            table.columns.push(stored_column(
                column.name,
                column.output_type.name(),
                column.unit,
                column.meaning,
            ));
        }
    }
    tables
}

/// The tables of a digest folder, from the code that writes them.
fn digest_tables() -> Vec<TableDocument> {
    documentation::TABLES
        .iter()
        .map(|table| TableDocument {
            table: format!("{}.parquet", table.name),
            about: table.meaning.to_owned(),
            columns: table
                .columns
                .iter()
                .map(|column| {
                    stored_column(
                        column.name,
                        column.stored_type.name(),
                        column.unit,
                        column.meaning,
                    )
                })
                .collect(),
        })
        .collect()
}

fn stored_column(name: &str, value_type: &str, unit: &str, meaning: &str) -> ColumnDocument {
    ColumnDocument {
        name: name.to_owned(),
        value_type: value_type.to_owned(),
        need: if unit.is_empty() { "-" } else { unit }.to_owned(),
        meaning: meaning.to_owned(),
        other_names: Vec::new(),
    }
}

fn input_table(table: Table) -> TableDocument {
    let about = match table {
        Table::Requests => "One row per API request (LOGS).",
        Table::Accounts => "One row per account (--accounts).",
        Table::Events => "One row per dated fact about the platform (--events).",
    };
    TableDocument {
        table: table.name().to_owned(),
        about: about.to_owned(),
        columns: table.columns().iter().map(input_column).collect(),
    }
}

fn input_column(column: &Column) -> ColumnDocument {
    let value_type = match column.column_type {
        ColumnType::Text => "text",
        ColumnType::TextList => "list of texts",
        ColumnType::Timestamp => "timestamp",
        ColumnType::Integer => "integer",
        ColumnType::Float => "float",
        ColumnType::Boolean => "boolean",
    };
    let need = match column.need {
        Need::Required => "required",
        Need::Content => "for content detectors",
        Need::Optional => "optional",
    };
    ColumnDocument {
        name: column.name.to_owned(),
        value_type: value_type.to_owned(),
        need: need.to_owned(),
        meaning: column.meaning.to_owned(),
        other_names: column
            .aliases
            .iter()
            .map(|&alias| alias.to_owned())
            .collect(),
    }
}

fn markdown(document: &TableDocument) -> String {
    let mut text = format!(
        "## {}\n\n{}\n\n| column | type | need | meaning | also known as |\n|---|---|---|---|---|\n",
        document.table, document.about
    );
    for column in &document.columns {
        let other_names: Vec<String> = column
            .other_names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        // A bar inside a cell would end it.
        text.push_str(&format!(
            "| `{}` | {} | {} | {} | {} |\n",
            column.name,
            column.value_type,
            column.need,
            column.meaning.replace('|', "\\|"),
            other_names.join(", ")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::TableName;

    fn asked(table: Option<TableName>) -> SchemaArguments {
        SchemaArguments {
            table,
            outputs: false,
            digest: false,
            case: false,
            explain: false,
            format: SchemaFormat::Markdown,
        }
    }

    #[test]
    fn every_column_of_every_table_has_its_row() {
        for document in documents(&asked(None)).unwrap() {
            let text = markdown(&document);
            for column in &document.columns {
                assert!(
                    text.contains(&format!("\n| `{}` |", column.name)),
                    "{}",
                    column.name
                );
            }
            let rows = text.lines().filter(|line| line.starts_with("| `")).count();
            assert_eq!(rows, document.columns.len());
        }
    }

    #[test]
    fn one_table_can_be_asked_for() {
        let chosen = documents(&asked(Some(TableName::Events))).unwrap();
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].table, "events");
        assert_eq!(chosen[0].columns.len(), Table::Events.columns().len());
    }
}
