//! The plan: which files, what they are, which source column is which, and in which
//! unit times are. Nothing here depends on more than the first records of each file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use crate::config::LoadConfig;
use crate::load::discover::{discover, no_input, usage};
use crate::load::exports::{Export, keep_reachable};
use crate::load::forwarded;
use crate::load::look::{first_texts, look};
use crate::load::map::{TableMap, read_map};
use crate::load::matching::{Matched, PlannedColumn, match_columns};
use crate::load::messages::are_chats;
use crate::load::parquet_file::native_time;
use crate::load::recognise::{Compression, Container, recognise};
use crate::load::timestamp::{TimestampUnit, decide, given};
use crate::model::column::{ColumnType, Need, RequestColumn, Table};

/// One input file and how it will be read.
#[derive(Debug, Clone)]
pub struct PlannedFile {
    /// Path as given (a directory or glob expanded).
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Size as stored.
    pub bytes: u64,
    /// How records are held.
    pub container: Container,
    /// How the file is compressed.
    pub compression: Compression,
    /// The table's columns in canonical order.
    pub columns: Vec<PlannedColumn>,
    /// Source columns that are never read.
    pub unread: Vec<String>,
    /// Separator of a CSV file.
    pub(crate) delimiter: u8,
    /// Header of a CSV file.
    pub(crate) header: Vec<String>,
    /// Row groups of a Parquet file.
    pub(crate) row_groups: usize,
}

/// How the inputs of one table will be read.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    pub(crate) table: Table,
    pub(crate) files: Vec<PlannedFile>,
    pub(crate) notes: Vec<String>,
    pub(crate) since_us: Option<i64>,
    pub(crate) until_us: Option<i64>,
    pub(crate) config: LoadConfig,
}

impl LoadPlan {
    /// The files, sorted by name; the position is the file's id.
    #[must_use]
    pub fn files(&self) -> &[PlannedFile] {
        &self.files
    }

    /// Bytes to read, as stored: the total that progress counts up to.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.files
            .iter()
            .fold(0, |total, file| total.saturating_add(file.bytes))
    }

    /// What was guessed, chosen or left out.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Request columns that at least one file has.
    #[must_use]
    pub fn columns_present(&self) -> Vec<RequestColumn> {
        let has = |column: &RequestColumn| {
            let planned =
                |file: &PlannedFile| file.columns.get(column.index()).map(|found| found.matched);
            self.files
                .iter()
                .filter_map(planned)
                .any(|matched| matched != Matched::Absent)
        };
        RequestColumn::ALL
            .iter()
            .copied()
            .filter(|_| self.table == Table::Requests)
            .filter(has)
            .collect()
    }
}

/// What is to be planned.
pub(crate) struct PlanRequest<'a> {
    pub(crate) table: Table,
    pub(crate) paths: &'a [PathBuf],
    /// Files that other options name: they are left out where a folder holds them.
    pub(crate) other_tables: Vec<&'a Path>,
    pub(crate) map: Option<&'a Path>,
    /// What to read of each file instead of what the map says.
    pub(crate) given: Option<&'a [TableMap]>,
    pub(crate) format: Option<&'a str>,
    /// Records of each file looked at.
    pub(crate) records: usize,
}

/// A file, what should be said about it, and the map's source names that exist in it.
type Planned = (PlannedFile, Vec<String>, BTreeSet<String>);

/// Makes the plan for one table.
pub(crate) fn plan_table(request: &PlanRequest<'_>, config: &LoadConfig) -> Result<LoadPlan> {
    let forced = request.format.map(|name| {
        Container::from_name(name)
            .ok_or_else(|| usage(format!("--format {name}: must be parquet, csv or ndjson")))
    });
    let forced = forced.transpose()?;
    let map = match request.given {
        Some(_) => TableMap::default(),
        None => read_map(request.map, request.table)?,
    };
    let map_of = |place: usize| {
        request
            .given
            .and_then(|given| given.get(place))
            .unwrap_or(&map)
    };
    let mut discovered = discover(request.paths)?;
    for other in &request.other_tables {
        let Ok(real) = other.canonicalize() else {
            continue;
        };
        let before = discovered.files.len();
        discovered
            .files
            .retain(|(_, path)| path.canonicalize().ok().as_ref() != Some(&real));
        if discovered.files.len() < before {
            discovered.notes.push(format!(
                "{}: left out of the logs, because another option names it",
                other.display()
            ));
        }
    }
    // All files are planned before the first error is taken, so that it is always the same one.
    let planned: Vec<Result<Planned>> = discovered
        .files
        .par_iter()
        .enumerate()
        .map(|(place, (name, path))| plan_file(name, path, forced, request, map_of(place), config))
        .collect();
    let mut files = Vec::with_capacity(planned.len());
    let mut reachable = BTreeSet::new();
    let mut noted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in planned {
        let (file, notes, found) = one?;
        for note in notes {
            noted.entry(note).or_default().push(file.name.clone());
        }
        reachable.extend(found);
        files.push(file);
    }
    if files.is_empty() {
        return Err(usage(
            "every log is named by another option as well; a log cannot be the accounts or the events table"
                .to_owned(),
        ));
    }
    let all_empty = files.iter().all(|file| file.container == Container::Empty);
    if all_empty && request.table == Table::Requests {
        let names: Vec<&str> = files
            .iter()
            .take(5)
            .map(|file| file.name.as_str())
            .collect();
        return Err(no_input(format!(
            "every input is empty: {}",
            names.join(", ")
        )));
    }
    for (column, sources) in map.sources.iter().filter(|_| !all_empty) {
        if !sources.iter().any(|source| reachable.contains(source)) {
            let path = request.map.unwrap_or(Path::new("")).to_string_lossy();
            return Err(usage(format!(
                "{path}: `{}.{column}` is mapped to `{}`, which no input has (in its first {} records)",
                request.table.name(),
                sources.join("`, `"),
                request.records
            )));
        }
    }
    // Missing columns are told only now: a wrong map is the likelier cause.
    for file in files
        .iter()
        .filter(|file| file.container != Container::Empty)
    {
        require_columns(file, request.table, &noted)?;
    }
    let mut notes = discovered.notes;
    notes.extend(gather_notes(
        noted
            .into_iter()
            .filter(|(note, _)| !note.starts_with(HINT)),
    ));
    let mut plan = LoadPlan {
        table: request.table,
        files,
        notes,
        since_us: None,
        until_us: None,
        config: config.clone(),
    };
    plan.notes.dedup();
    Ok(plan)
}

/// Marks a note that only serves the message about a missing column.
const HINT: &str = "; ";

/// One sentence for each note, with the files it concerns.
pub(crate) fn gather_notes(noted: impl IntoIterator<Item = (String, Vec<String>)>) -> Vec<String> {
    let sentence = |(note, names): (String, Vec<String>)| match names.as_slice() {
        [one] => format!("{one}: {note}"),
        [first, .., last] => format!("{} files ({first} ... {last}): {note}", names.len()),
        [] => note,
    };
    noted.into_iter().map(sentence).collect()
}

fn require_columns(
    file: &PlannedFile,
    table: Table,
    noted: &BTreeMap<String, Vec<String>>,
) -> Result<()> {
    let missing = |column: &&PlannedColumn| {
        column.column.need == Need::Required && column.matched == Matched::Absent
    };
    let absent: Vec<&str> = file
        .columns
        .iter()
        .filter(missing)
        .map(|column| column.column.name)
        .collect();
    let Some(first_absent) = absent.first() else {
        return Ok(());
    };
    // Names come from the file, so they are shortened and shown without control characters.
    let shown = |name: &String| name.escape_debug().take(60).collect::<String>();
    let mut found: Vec<&String> = file
        .columns
        .iter()
        .flat_map(|column| &column.sources)
        .collect();
    found.extend(&file.unread);
    let mut named = BTreeSet::new();
    found.retain(|name| named.insert(*name));
    let names: Vec<String> = found.iter().take(40).map(|name| shown(name)).collect();
    let hint = noted
        .iter()
        .find(|(note, files)| note.starts_with(HINT) && files.contains(&file.name));
    let recognised: Vec<String> = file
        .columns
        .iter()
        .filter_map(|column| Some((column.column.name, column.sources.first()?)))
        .take(10)
        .map(|(name, source)| format!("`{name}` from {}", shown(source)))
        .collect();
    let or_none = |list: Vec<String>| match list.len() {
        0 => "none".to_owned(),
        _ => list.join(", "),
    };
    Err(no_input(format!(
        "{}: no column for `{}` (recognised: {}; columns found: {}{}); name them in a map (a TOML file: [{}] and below it {} = \"its name here\") and give it with --map{}",
        file.name,
        absent.join("` and `"),
        or_none(recognised),
        or_none(names),
        if found.len() > 40 { ", ..." } else { "" },
        table.name(),
        first_absent,
        hint.map_or("", |(note, _)| note.as_str())
    )))
}

fn plan_file(
    name: &str,
    path: &Path,
    forced: Option<Container>,
    request: &PlanRequest<'_>,
    map: &TableMap,
    config: &LoadConfig,
) -> Result<Planned> {
    let unreadable = |error| no_input(format!("{name}: cannot be read: {error}"));
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    let (container, compression) = recognise(path, name, forced)?;
    let table = request.table.columns();
    let mut file = PlannedFile {
        name: name.to_owned(),
        path: path.to_path_buf(),
        bytes,
        container,
        compression,
        columns: Vec::new(),
        unread: Vec::new(),
        delimiter: b',',
        header: Vec::new(),
        row_groups: 0,
    };
    let limit = config.line_limit_bytes;
    let mut seen = look(&file, table, map, request.records, limit)?;
    let mut merged = map.clone();
    let export = (request.table == Table::Requests)
        .then(|| Export::of(&seen.found))
        .flatten();
    if let Some(export) = export {
        merged = export.beside(map, &seen.found);
        seen = look(&file, table, &merged, request.records, limit)?;
        keep_reachable(&mut merged, map, &seen.reachable);
    }
    let (look, users, map) = (seen, map, &merged);
    let mut matches = match_columns(table, &look.found, &look.reachable, map);
    for planned in &mut matches.columns {
        if planned.matched == Matched::Map && !users.sources.contains_key(planned.column.name) {
            planned.matched = Matched::Export;
        }
    }
    let mut notes = matches.notes;
    notes.extend(export.map(|export| {
        format!(
            "read as {}; a map (--map) goes before its names",
            export.name
        )
    }));
    file.columns = matches.columns;
    file.unread = matches.unread;
    file.delimiter = look.delimiter;
    file.row_groups = look.row_groups;
    file.header = look.found;
    if container == Container::Empty {
        for column in &mut file.columns {
            column.matched = Matched::Absent;
        }
        notes = vec!["the file is empty".to_owned()];
    }
    if !look.hint.is_empty() {
        notes.push(look.hint.to_owned());
    }
    if request.table == Table::Requests {
        refuse_accounts_table(&file)?;
    }
    for index in 0..file.columns.len() {
        notes.extend(decide_unit(&mut file, index, map, request.records, limit)?);
    }
    if let Some(forwarded) = export.and_then(|export| export.forwarded.as_deref()) {
        notes.extend(forwarded::choose(
            &mut file,
            forwarded,
            request.records,
            limit,
        )?);
    }
    if request.table == Table::Requests {
        for column in [RequestColumn::Prompt, RequestColumn::SystemPrompt] {
            notes.extend(decide_chats(&mut file, column, limit)?);
        }
    }
    Ok((file, notes, look.reachable))
}

/// Fewest columns of the accounts table, beside the id, by which one is recognised.
const ACCOUNTS_COLUMNS: usize = 2;

/// Refuses an accounts table given as a log: its sign-up times would be taken for requests.
/// A file that has anything of a request, by name, known other name or map, is a log.
fn refuse_accounts_table(file: &PlannedFile) -> Result<()> {
    let is_accounts = |name: &str| {
        let mut columns = Table::Accounts.columns().iter();
        columns.any(|column| column.name == name && name != "account_id")
    };
    let accounts = file.header.iter().filter(|name| is_accounts(name)).count();
    let of_request = file.columns.iter().any(|planned| match planned.matched {
        Matched::Absent => false,
        Matched::Map | Matched::Export | Matched::Constant => true,
        // The id is in both tables, and a sign-up time is a known other name of a request's time.
        Matched::Alias => !matches!(planned.column.name, "account_id" | "timestamp"),
        Matched::Exact => planned.column.name != "account_id" && !is_accounts(planned.column.name),
    });
    if accounts >= ACCOUNTS_COLUMNS && !of_request {
        return Err(no_input(format!(
            "{}: looks like an accounts table, not a log; give it with --accounts, or say with --map which column is the time of a request",
            file.name
        )));
    }
    Ok(())
}

/// Characters of a time that are looked at: more than any unit has.
const LONGEST_TIME: usize = 64;

/// Prompts looked at for whether they are whole chats: enough for a majority, few enough to be
/// held at once.
const CHATS_LOOKED_AT: usize = 100;

/// Decides whether the texts of a prompt column are whole chats; returns what should be said.
fn decide_chats(
    file: &mut PlannedFile,
    column: RequestColumn,
    limit_bytes: u64,
) -> Result<Option<String>> {
    let index = column.index();
    let is_read =
        |planned: &PlannedColumn| !matches!(planned.matched, Matched::Absent | Matched::Constant);
    if !file.columns.get(index).is_some_and(is_read) {
        return Ok(None);
    }
    let texts = first_texts(file, index, CHATS_LOOKED_AT, usize::MAX, limit_bytes)?;
    let Some(planned) = file.columns.get_mut(index).filter(|_| are_chats(&texts)) else {
        return Ok(None);
    };
    planned.chats = true;
    Ok(Some(format!(
        "`{}` is taken from the chats in `{}`",
        planned.column.name,
        planned.sources.join("`, `")
    )))
}

/// Decides the unit of a time column; returns what should be said about it.
fn decide_unit(
    file: &mut PlannedFile,
    index: usize,
    map: &TableMap,
    records: usize,
    limit_bytes: u64,
) -> Result<Vec<String>> {
    let Some(planned) = file.columns.get(index) else {
        return Ok(Vec::new());
    };
    let column = planned.column;
    if column.column_type != ColumnType::Timestamp || planned.matched == Matched::Absent {
        return Ok(Vec::new());
    }
    let texts = match &planned.constant {
        Some(constant) => vec![constant.clone()],
        None => first_texts(file, index, records, LONGEST_TIME, limit_bytes)?,
    };
    let native = match file.container {
        Container::Parquet => native_time(file, index),
        _ => None,
    };
    let decision = match map.units.get(column.name) {
        _ if native.is_some() => given(&texts, TimestampUnit::Native),
        Some(unit) => given(&texts, *unit),
        None => decide(&texts),
    };
    let mut notes = Vec::new();
    if decision.naive || native == Some(true) {
        notes.push(format!(
            "times in `{}` have no offset (at least some); they are read as UTC",
            column.name
        ));
    }
    if decision.fitting < decision.seen {
        notes.push(format!(
            "some of the first values of `{}` do not read as {}; such rows or values are rejected",
            column.name,
            decision.unit.describe()
        ));
    }
    if let Some(planned) = file.columns.get_mut(index) {
        planned.unit = Some(decision.unit);
        planned.example = decision.example;
    }
    Ok(notes)
}
