//! The look at a file before reading: which source columns it has, and what the values
//! of its time columns look like.

use std::collections::BTreeSet;
use std::fs::File;

use anyhow::Result;

use crate::load::discover::no_input;
use crate::load::fields::Fields;
use crate::load::json_line::keys;
use crate::load::json_value::reaches;
use crate::load::map::TableMap;
use crate::load::matching::{known_names, normalised};
use crate::load::parquet_file;
use crate::load::plan::PlannedFile;
use crate::load::recognise::Container;
use crate::load::records::{Framing, RecordReader};
use crate::load::stream::decode;
use crate::load::text_file::{TextLayout, framing, sample_texts};
use crate::model::column::Column;

/// Most bytes of records looked at in one file.
const MOST_BYTES: usize = 64 << 20;
/// Most different keys noted in one file; past that it is no table.
const MOST_KEYS: usize = 10_000;
/// Separators tried, the commonest first (the order breaks ties).
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Source columns of a file.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// In the order found.
    pub(crate) found: Vec<String>,
    /// Source names of the map that lead to something.
    pub(crate) reachable: BTreeSet<String>,
    pub(crate) delimiter: u8,
    pub(crate) row_groups: usize,
    /// What the file seems to be, where it seems not to be a table.
    pub(crate) hint: &'static str,
}

fn open<'a>(file: &PlannedFile, framing: Framing, limit_bytes: u64) -> Result<RecordReader<'a>> {
    let source = File::open(&file.path).and_then(|stored| decode(stored, file.compression));
    let source =
        source.map_err(|error| no_input(format!("{}: cannot be read: {error}", file.name)))?;
    Ok(RecordReader::new(source, framing, limit_bytes))
}

/// Finds the source columns of a file.
pub(crate) fn look(
    file: &PlannedFile,
    table: &'static [Column],
    map: &TableMap,
    records: usize,
    limit_bytes: u64,
) -> Result<Look> {
    let sources: BTreeSet<&String> = map.sources.values().flatten().collect();
    let mut look = match file.container {
        Container::Empty => return Ok(Look::default()),
        Container::Parquet => parquet_file::look(file, &sources)?,
        Container::Csv => look_delimited(file, table, &sources, limit_bytes)?,
        Container::Ndjson => look_lines(file, &sources, records, limit_bytes)?,
    };
    let flat = look
        .found
        .iter()
        .filter(|name| sources.contains(name))
        .cloned()
        .collect::<Vec<_>>();
    look.reachable.extend(flat);
    Ok(look)
}

/// Reads the header with each separator and takes the one that gives most known columns.
fn look_delimited(
    file: &PlannedFile,
    table: &'static [Column],
    sources: &BTreeSet<&String>,
    limit_bytes: u64,
) -> Result<Look> {
    let names: BTreeSet<String> = table.iter().flat_map(known_names).collect();
    let mut best: Option<((usize, usize), Look)> = None;
    for delimiter in DELIMITERS {
        let Some(header) = open(file, Framing::Delimited(delimiter), limit_bytes)?.header() else {
            continue;
        };
        let mut fields = Fields::default();
        fields.split(&header, delimiter);
        let found: Vec<String> = (0..fields.len())
            .map(|index| {
                String::from_utf8_lossy(fields.get(index).unwrap_or_default()).into_owned()
            })
            .collect();
        let known = |name: &&String| sources.contains(*name) || names.contains(&normalised(name));
        let score = (found.iter().filter(known).count(), found.len());
        if best.as_ref().is_none_or(|(before, _)| score > *before) {
            best = Some((
                score,
                Look {
                    found,
                    delimiter,
                    ..Look::default()
                },
            ));
        }
    }
    best.map(|(_, look)| look).ok_or_else(|| {
        no_input(format!(
            "{}: the first line cannot be read as a CSV header; check the file or give --format",
            file.name
        ))
    })
}

fn look_lines(
    file: &PlannedFile,
    sources: &BTreeSet<&String>,
    records: usize,
    limit_bytes: u64,
) -> Result<Look> {
    let mut look = Look::default();
    let mut known = BTreeSet::new();
    let mut reader = open(file, Framing::Lines, limit_bytes)?;
    let (mut seen, mut bytes) = (0, 0);
    while seen < records && bytes < MOST_BYTES {
        let Some(block) = reader.block(records.saturating_sub(seen).min(64), 1 << 20) else {
            break;
        };
        for (row, line) in block.records() {
            seen += 1;
            bytes += line.len();
            if row == 1 && line.trim_ascii() == b"{" {
                look.hint = "; it looks like indented JSON: put one object on each line, for example with jq -c .";
            }
            for key in keys(line).unwrap_or_default() {
                if known.len() < MOST_KEYS && known.insert(key.clone()) {
                    look.found.push(key);
                }
            }
            for source in sources {
                if !look.reachable.contains(*source) && reaches(line, source) {
                    look.reachable.insert((*source).clone());
                }
            }
        }
        seen += block.broken.len();
    }
    // Names under which services wrap lists of records.
    let wraps = |name: &String| {
        [
            "records",
            "data",
            "results",
            "items",
            "logs",
            "rows",
            "resourceSpans",
            "resourceLogs",
        ]
        .contains(&name.as_str())
    };
    if look.hint.is_empty() && look.found.len() <= 8 && look.found.iter().any(wraps) {
        look.hint = "; it looks like an envelope around the records: unwrap it first, for example with jq -c '.data[]'";
    }
    Ok(look)
}

/// The first values of a column, cut to `longest` characters, for deciding how it is read.
pub(crate) fn first_texts(
    file: &PlannedFile,
    column: usize,
    records: usize,
    longest: usize,
    limit_bytes: u64,
) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    if file.container == Container::Parquet {
        return parquet_file::first_texts(file, column, records);
    }
    let mut wanted = vec![false; file.columns.len()];
    if let Some(place) = wanted.get_mut(column) {
        *place = true;
    }
    let layout = TextLayout::new(file, &wanted);
    let mut reader = open(file, framing(file), limit_bytes)?;
    if file.container == Container::Csv {
        reader.header();
    }
    let (mut seen, mut bytes) = (0_usize, 0);
    while seen < records && bytes < MOST_BYTES {
        let Some(block) = reader.block(records.saturating_sub(seen).min(64), 1 << 20) else {
            break;
        };
        sample_texts(&layout, &block, column, longest, &mut texts);
        bytes += block
            .records()
            .map(|(_, record)| record.len())
            .sum::<usize>();
        seen += block.records().count() + block.broken.len();
    }
    Ok(texts)
}
