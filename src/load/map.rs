//! The column map (`--map`): TOML that says which source column is which canonical one.
//!
//! ```toml
//! [requests]
//! timestamp = "started"
//! prompt = ["body.messages.-1.content", "prompt_text"]   # the first that is not empty
//! [requests.units]
//! timestamp = "ms"
//! [requests.constants]
//! platform = "bedrock"
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use toml::Value;

use crate::config::small_file;
use crate::load::discover::{refuse_network, usage};
use crate::load::timestamp::TimestampUnit;
use crate::model::column::{ColumnType, Table};

/// Longest name of a source column: far above any export's, far below what would stall a run.
const LONGEST_NAME: usize = 1024;

/// What the map says about one table; keys are canonical names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TableMap {
    /// Source columns to try, in order; a column with none is not read.
    pub(crate) sources: BTreeMap<String, Vec<String>>,
    /// Units of time columns.
    pub(crate) units: BTreeMap<String, TimestampUnit>,
    /// Values that hold for every row.
    pub(crate) constants: BTreeMap<String, String>,
}

/// Reads the part of a map that concerns one table; every other part is checked as well.
pub(crate) fn read_map(path: Option<&Path>, table: Table) -> Result<TableMap> {
    let Some(path) = path else {
        return Ok(TableMap::default());
    };
    refuse_network(path)?;
    let name = path.to_string_lossy();
    let text = small_file::read_text(path).map_err(|error| {
        usage(format!(
            "{name}: the map cannot be read: {error}; check the path given with --map"
        ))
    })?;
    parse_map(&text, &name, table)
}

fn parse_map(text: &str, name: &str, table: Table) -> Result<TableMap> {
    let root: toml::Table = toml::from_str(text).map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            text.bytes()
                .take(span.start)
                .filter(|byte| *byte == b'\n')
                .count()
                + 1
        });
        usage(format!(
            "{name}: line {line}: not valid TOML: {}",
            error.message().replace('\n', " ")
        ))
    })?;
    let tables = [Table::Requests, Table::Accounts, Table::Events];
    let mut wanted = TableMap::default();
    for (key, value) in &root {
        let Some(one) = tables.into_iter().find(|one| one.name() == key) else {
            return Err(unknown(name, key, tables.iter().map(|one| one.name())));
        };
        let section = value
            .as_table()
            .ok_or_else(|| usage(format!("{name}: `{key}` must be a table, as in [{key}]")))?;
        let map = parse_table(section, name, one)?;
        if one == table {
            wanted = map;
        }
    }
    Ok(wanted)
}

/// Reads the section of one table.
pub(crate) fn parse_table(section: &toml::Table, file: &str, table: Table) -> Result<TableMap> {
    let mut map = TableMap::default();
    let place = table.name();
    for (key, value) in section {
        match (key.as_str(), value) {
            ("units", Value::Table(units)) => {
                for (column, unit) in units {
                    check_column(file, &format!("{place}.units"), table, column)?;
                    let is_time = table
                        .columns()
                        .iter()
                        .any(|one| one.name == column && one.column_type == ColumnType::Timestamp);
                    let unit = unit.as_str().and_then(TimestampUnit::from_name).filter(|_| is_time).ok_or_else(|| {
                        usage(format!(
                            "{file}: `{place}.units.{column}` must name a time column and be one of {}",
                            TimestampUnit::NAMES.join(", ")
                        ))
                    })?;
                    map.units.insert(column.clone(), unit);
                }
            }
            ("constants", Value::Table(constants)) => {
                for (column, constant) in constants {
                    check_column(file, &format!("{place}.constants"), table, column)?;
                    let text = match constant {
                        Value::String(text) => text.clone(),
                        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
                            constant.to_string()
                        }
                        _ => {
                            return Err(usage(format!(
                                "{file}: `{place}.constants.{column}` must be one plain value"
                            )));
                        }
                    };
                    map.constants.insert(column.clone(), text);
                }
            }
            _ => {
                check_column(file, place, table, key)?;
                let sources = match value {
                    Value::String(source) => vec![source.clone()],
                    Value::Array(list) => list
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                    _ => Vec::new(),
                };
                let complete = value
                    .as_array()
                    .is_none_or(|list| list.len() == sources.len());
                if sources.is_empty() || !complete || sources.iter().any(String::is_empty) {
                    return Err(usage(format!(
                        "{file}: `{place}.{key}` must be the name of a source column or a list of such names"
                    )));
                }
                if sources.iter().any(|source| source.len() > LONGEST_NAME) {
                    return Err(usage(format!(
                        "{file}: `{place}.{key}` names a source column of more than {LONGEST_NAME} bytes"
                    )));
                }
                map.sources.insert(key.clone(), sources);
            }
        }
    }
    if let Some(both) = map
        .constants
        .keys()
        .find(|key| map.sources.contains_key(*key))
    {
        return Err(usage(format!(
            "{file}: `{place}.{both}` has both a source column and a constant; keep one"
        )));
    }
    Ok(map)
}

fn check_column(file: &str, place: &str, table: Table, name: &str) -> Result<()> {
    let names = || table.columns().iter().map(|column| column.name);
    if names().any(|known| known == name) {
        return Ok(());
    }
    Err(unknown(
        file,
        &format!("{place}.{name}"),
        names().chain(["units", "constants"]),
    ))
}

fn unknown(file: &str, key: &str, known: impl Iterator<Item = &'static str>) -> anyhow::Error {
    let last = key.rsplit('.').next().unwrap_or(key);
    let mut nearest: Vec<(usize, &str)> = known.map(|name| (distance(last, name), name)).collect();
    nearest.sort_unstable();
    let names: Vec<&str> = nearest.iter().take(3).map(|(_, name)| *name).collect();
    usage(format!(
        "{file}: unknown key `{key}`; nearest known names: {}",
        names.join(", ")
    ))
}

/// Levenshtein distance: how many letters to change, add or drop.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().take(200).enumerate() {
        let mut corner = row;
        let mut before = row + 1;
        for (cost, other) in costs.iter_mut().skip(1).zip(&right) {
            let best = (corner + usize::from(letter != *other))
                .min(before + 1)
                .min(*cost + 1);
            corner = *cost;
            *cost = best;
            before = best;
        }
        if let Some(first) = costs.first_mut() {
            *first = row + 1;
        }
    }
    costs.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse_map(text, "m.toml", Table::Requests)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn reads_sources_units_and_constants() {
        let map = parse_map(
            "[requests]\ntimestamp='t'\nprompt=['a.b','c']\n[requests.units]\ntimestamp='ms'\n[requests.constants]\nasn=7\nplatform='x'\n[accounts]\nplan='p'",
            "m.toml",
            Table::Requests,
        )
        .unwrap();
        assert_eq!(map.sources["prompt"], ["a.b", "c"]);
        assert_eq!(map.units["timestamp"], TimestampUnit::Milliseconds);
        assert_eq!(
            (
                map.constants["asn"].as_str(),
                map.constants["platform"].as_str()
            ),
            ("7", "x")
        );
        assert!(!map.sources.contains_key("plan"));
    }

    #[test]
    fn names_the_key_the_file_and_the_nearest_names() {
        let text = error("[requests]\npromt='t'");
        assert!(
            text.contains("m.toml") && text.contains("`requests.promt`") && text.contains("prompt"),
            "{text}"
        );
        assert!(error("[reqests]\n").contains("requests"));
        assert!(error("[accounts]\nplam='x'").contains("plan"));
        assert!(error("[requests.units]\ntimestamp='minutes'").contains("dotnet_ticks"));
        assert!(error("[requests.units]\nprompt='ms'").contains("time column"));
        assert!(error("[requests]\nprompt=[1]").contains("list of such names"));
        assert!(error("[requests]\nip='a'\n[requests.constants]\nip='b'").contains("both"));
        assert!(error("[requests\n").contains("line 1"));
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("prompt", "prompt"), 0);
        assert_eq!(distance("promt", "prompt"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
