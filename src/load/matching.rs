//! Which source column is which canonical one.

use std::collections::{BTreeMap, BTreeSet};

use crate::load::map::TableMap;
use crate::load::timestamp::TimestampUnit;
use crate::model::column::{ACCOUNTS, Column, RequestColumn};

/// How a canonical column found its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matched {
    /// The source column has the canonical name.
    Exact,
    /// The source column has a name that exports are known to use.
    Alias,
    /// The map says so.
    Map,
    /// The file is the export of a known service.
    Export,
    /// The map gives one value for every row.
    Constant,
    /// There is no source column.
    Absent,
}

impl Matched {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Matched::Exact => "exact",
            Matched::Alias => "alias",
            Matched::Map => "map",
            Matched::Export => "export",
            Matched::Constant => "constant",
            Matched::Absent => "absent",
        }
    }
}

/// One canonical column in one file.
#[derive(Debug, Clone)]
pub struct PlannedColumn {
    /// The canonical column.
    pub column: &'static Column,
    /// How it was matched.
    pub matched: Matched,
    /// Source columns; where there are several, the first that is not empty counts.
    pub sources: Vec<String>,
    /// Unit of a time column that is there.
    pub unit: Option<TimestampUnit>,
    /// A value of a time column as found.
    pub example: Option<String>,
    /// The value for every row, where the map gives one.
    pub constant: Option<String>,
    /// Whether its texts are whole chats, of which a part is read.
    pub chats: bool,
}

/// The result of matching one file.
pub(crate) struct Matches {
    pub(crate) columns: Vec<PlannedColumn>,
    /// Source columns that are never read.
    pub(crate) unread: Vec<String>,
    pub(crate) notes: Vec<String>,
}

/// A name without case, `_`, `-`, `.`, blanks and a trailing `[UTC]`.
pub(crate) fn normalised(name: &str) -> String {
    let mut plain: String = name.trim().to_lowercase();
    if let Some(head) = plain.strip_suffix("[utc]") {
        plain.truncate(head.len());
    }
    plain.retain(|letter| !matches!(letter, '_' | '-' | '.' | ' '));
    plain
}

/// Words for whoever pays, which exports put before what they say of an account.
const OWNERS: [&str; 4] = ["account", "acct", "customer", "user"];

/// The names of a column, normalised, best first and each once. What is said of an account may
/// begin with a word for it: `account_created_at`.
pub(crate) fn known_names(column: &Column) -> Vec<String> {
    let plain: Vec<String> = std::iter::once(&column.name)
        .chain(column.aliases)
        .map(|name| normalised(name))
        .collect();
    let of_account = ACCOUNTS
        .as_ptr_range()
        .contains(&std::ptr::from_ref(column));
    let owners: &[&str] = if of_account { &OWNERS } else { &[] };
    let prefixed = owners
        .iter()
        .flat_map(|owner| plain.iter().map(move |name| format!("{owner}{name}")));
    let mut names: Vec<String> = Vec::new();
    for name in plain.iter().cloned().chain(prefixed) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Matches a table's columns to the source columns found in a file. `reachable` holds the
/// map's source names that exist in the file, nested ones included.
pub(crate) fn match_columns(
    table: &'static [Column],
    found: &[String],
    reachable: &BTreeSet<String>,
    map: &TableMap,
) -> Matches {
    let mut claimed: BTreeSet<&str> = BTreeSet::new();
    let mut columns: Vec<PlannedColumn> = Vec::with_capacity(table.len());
    let mut notes = Vec::new();
    for column in table {
        let mut planned = PlannedColumn {
            column,
            matched: Matched::Absent,
            sources: Vec::new(),
            unit: None,
            example: None,
            constant: map.constants.get(column.name).cloned(),
            chats: false,
        };
        if planned.constant.is_some() {
            planned.matched = Matched::Constant;
        } else if let Some(sources) = map.sources.get(column.name) {
            planned.sources = sources
                .iter()
                .filter(|source| reachable.contains(*source))
                .cloned()
                .collect();
            if !planned.sources.is_empty() {
                planned.matched = Matched::Map;
            }
            for source in sources {
                let top = source.split('.').next().unwrap_or(source);
                claimed.extend(
                    found
                        .iter()
                        .filter(|name| *name == source || *name == top)
                        .map(String::as_str),
                );
            }
        } else if let Some(name) = found.iter().find(|name| *name == column.name) {
            planned.matched = Matched::Exact;
            planned.sources.push(name.clone());
            claimed.insert(name);
        }
        columns.push(planned);
    }
    // Exact names are all taken before any alias is tried, so that an alias never
    // takes a column that is another one's by name.
    // Names are looked up, not compared one by one: a file may have a hundred thousand columns.
    let mut by_plain: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut repeated: BTreeSet<&str> = BTreeSet::new();
    for name in found {
        if seen.insert(name) {
            by_plain.entry(normalised(name)).or_default().push(name);
        } else if repeated.insert(name) {
            notes.push(format!(
                "source column `{name}` is there more than once; the first is read"
            ));
        }
    }
    for planned in &mut columns {
        if planned.matched == Matched::Constant || map.sources.contains_key(planned.column.name) {
            continue;
        }
        let mut candidates: Vec<&str> = known_names(planned.column)
            .iter()
            .flat_map(|plain| by_plain.get(plain).into_iter().flatten().copied())
            .filter(|name| !claimed.contains(name))
            .collect();
        let taken = match (planned.matched, candidates.first()) {
            (Matched::Absent, Some(name)) => {
                planned.matched = Matched::Alias;
                planned.sources.push((*name).to_owned());
                claimed.insert(name);
                candidates.remove(0)
            }
            (Matched::Exact, Some(_)) => planned.column.name,
            _ => continue,
        };
        // An unclaimed left-over may still be another column's alias, so only repeats
        // of the canonical name itself are certain to be a choice made here.
        if !candidates.is_empty() {
            notes.push(format!(
                "column `{}` is read from `{taken}`; also possible: {}",
                planned.column.name,
                candidates.join(", ")
            ));
        }
    }
    from_messages(&mut columns, map);
    let unread = found
        .iter()
        .filter(|name| !claimed.contains(name.as_str()))
        .cloned()
        .collect();
    Matches {
        columns,
        unread,
        notes,
    }
}

/// A log without a prompt column may have the whole chat: prompt and system prompt are in it.
fn from_messages(columns: &mut [PlannedColumn], map: &TableMap) {
    let messages = RequestColumn::Messages.name();
    let Some(chat) = columns
        .iter()
        .find(|planned| planned.column.name == messages && planned.matched != Matched::Absent)
        .map(|planned| planned.sources.clone())
    else {
        return;
    };
    for planned in columns {
        let in_chat = [RequestColumn::Prompt, RequestColumn::SystemPrompt]
            .iter()
            .any(|column| column.name() == planned.column.name);
        if in_chat
            && planned.matched == Matched::Absent
            && !map.sources.contains_key(planned.column.name)
        {
            planned.matched = Matched::Alias;
            planned.sources.clone_from(&chat);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::column::REQUESTS;

    fn found(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn plain(names: &[&str]) -> Matches {
        match_columns(
            REQUESTS,
            &found(names),
            &BTreeSet::new(),
            &TableMap::default(),
        )
    }

    #[test]
    fn exact_names_win_over_aliases_and_aliases_go_by_list_order() {
        let matches = plain(&[
            "user",
            "Start-Time",
            "time",
            "account_id",
            "promptTokens",
            "odd",
        ]);
        let timestamp = &matches.columns[RequestColumn::Timestamp.index()];
        assert_eq!(
            (timestamp.matched, timestamp.sources.as_slice()),
            (Matched::Alias, &["time".to_owned()][..])
        );
        let account = &matches.columns[RequestColumn::AccountId.index()];
        assert_eq!(
            (account.matched, account.sources.as_slice()),
            (Matched::Exact, &["account_id".to_owned()][..])
        );
        assert_eq!(
            matches.columns[RequestColumn::InputTokens.index()].matched,
            Matched::Alias
        );
        assert_eq!(matches.unread, ["user", "Start-Time", "odd"]);
        assert!(
            matches
                .notes
                .iter()
                .any(|note| note.contains("`timestamp`") && note.contains("Start-Time"))
        );
        assert!(
            matches
                .notes
                .iter()
                .any(|note| note.contains("`account_id`") && note.contains("user"))
        );
    }

    #[test]
    fn a_chat_serves_as_prompt_and_system_prompt_where_there_is_no_other() {
        let by = |matches: &Matches, column: RequestColumn| {
            let planned = &matches.columns[column.index()];
            (planned.matched, planned.sources.clone())
        };
        let chat = (Matched::Alias, vec!["messages".to_owned()]);
        let found = plain(&["time", "user", "messages"]);
        assert_eq!(by(&found, RequestColumn::Prompt), chat);
        assert_eq!(by(&found, RequestColumn::SystemPrompt), chat);
        let found = plain(&["time", "user", "messages", "prompt"]);
        assert_eq!(by(&found, RequestColumn::Prompt).0, Matched::Exact);
        assert_eq!(by(&found, RequestColumn::SystemPrompt), chat);
    }

    #[test]
    fn one_source_column_serves_one_canonical_column() {
        let names = found(&["organization_id", "account_id"]);
        let matches = match_columns(ACCOUNTS, &names, &BTreeSet::new(), &TableMap::default());
        let taken: Vec<_> = matches
            .columns
            .iter()
            .flat_map(|column| column.sources.clone())
            .collect();
        assert_eq!(taken, ["account_id", "organization_id"]);
    }

    #[test]
    fn the_map_goes_first_and_switches_guessing_off() {
        let mut map = TableMap::default();
        map.sources
            .insert("prompt".into(), vec!["body.text".into(), "gone".into()]);
        map.sources.insert("model".into(), vec!["missing".into()]);
        map.constants.insert("platform".into(), "x".into());
        let names = found(&["body", "model", "platform"]);
        let matches = match_columns(REQUESTS, &names, &["body.text".to_owned()].into(), &map);
        let by = |column: RequestColumn| &matches.columns[column.index()];
        assert_eq!(by(RequestColumn::Prompt).sources, ["body.text"]);
        assert_eq!(by(RequestColumn::Prompt).matched, Matched::Map);
        assert_eq!(by(RequestColumn::Model).matched, Matched::Absent);
        assert_eq!(by(RequestColumn::Platform).matched, Matched::Constant);
        assert_eq!(matches.unread, ["model", "platform"]);
    }

    #[test]
    fn names_are_compared_without_case_and_punctuation() {
        assert_eq!(normalised("Time-Generated [UTC]"), "timegenerated");
        assert_eq!(normalised("x_Request.ID"), "xrequestid");
    }
}
