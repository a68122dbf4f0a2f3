//! Facts about accounts that a log repeats in the rows of their requests, where there is no accounts
//! table: the payment, the sign-up, the closing of the account beside every request.
//!
//! The log is read once more for them, those columns alone. What an account's last row that has
//! a value says counts: an account that was closed says so in later rows only.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use arrow_array::Array;
use rustc_hash::FxHashMap;

use crate::config::LoadConfig;
use crate::config::options::InputOptions;
use crate::load::fold::fold_table;
use crate::load::map::{TableMap, read_map};
use crate::load::matching::{Matched, known_names, normalised};
use crate::load::plan::{LoadPlan, PlannedFile, plan_table};
use crate::load::tables::{no_instruments, profile};
use crate::load::{LoadReport, check_usable, logs, plan, report};
use crate::model::batch::RequestBatch;
use crate::model::column::{AccountColumn, ColumnType, RequestColumn, Table};
use crate::model::coverage::RejectScope;
use crate::model::number::count;
use crate::model::profile::AccountProfile;
use crate::model::progress::Silent;

/// Names that in a log are said of the request rather than of the account, normalised.
const OF_THE_REQUEST: [&str; 13] = [
    "createdat",
    "created",
    "creationtime",
    "status",
    "state",
    "id",
    "name",
    "displayname",
    "description",
    "domain",
    "deviceid",
    "referrer",
    "closed",
];

/// Columns about accounts in the logs.
#[derive(Debug, Clone)]
pub struct RepeatedFacts {
    /// What they say of each account, by id.
    pub accounts: Vec<AccountProfile>,
    /// How they were read. Its files are the logs, in the same order.
    pub report: LoadReport,
}

/// Reads what the logs say of their accounts; nothing where they have no such column.
///
/// # Errors
/// Bad input (`Failure`).
pub fn read_repeated_facts(
    input: &InputOptions,
    config: &LoadConfig,
) -> Result<Option<RepeatedFacts>> {
    let requests = plan(input, config)?;
    let users = read_map(input.map.as_deref(), Table::Accounts)?;
    let Some((map, facts)) = facts_of(&requests, &users) else {
        return Ok(None);
    };
    let mut plan = plan_table(&logs(input, Table::Accounts, Some(&map), config), config)?;
    say_how_guessed(&mut plan, &users);
    let wanted = vec![true; Table::Accounts.columns().len()];
    let (states, outcome) = fold_table(
        &plan,
        &wanted,
        false,
        &Silent,
        Rows::default,
        |rows, batch| rows.fold(batch, &facts),
    )?;
    check_usable(&outcome, &plan)?;
    let mut merged = Rows::default();
    for state in states {
        merged.merge(state);
    }
    let mut report = report(outcome, &plan);
    // The files and the rows without an account are told with the requests.
    report.inputs.clear();
    report
        .reject_counts
        .retain(|reject| reject.scope == RejectScope::Cell);
    report
        .rejects
        .retain(|reject| reject.scope == RejectScope::Cell);
    report.notes.extend(no_instruments(&report));
    report.notes.push(sentence(&plan, &facts));
    report.notes.extend(merged.changes(&facts));
    Ok(Some(RepeatedFacts {
        accounts: merged.accounts(),
        report,
    }))
}

/// Names of the columns in which the logs say something of their accounts.
///
/// # Errors
/// Bad input (`Failure`).
pub fn repeated_fact_names(input: &InputOptions, config: &LoadConfig) -> Result<Vec<&'static str>> {
    let requests = plan(input, config)?;
    let users = read_map(input.map.as_deref(), Table::Accounts)?;
    let facts = facts_of(&requests, &users).map_or_else(Vec::new, |(_, facts)| facts);
    Ok(facts.iter().map(|column| column.name()).collect())
}

/// What the map of the user does not say was found by its name.
fn say_how_guessed(plan: &mut LoadPlan, users: &TableMap) {
    let columns = plan.files.iter_mut().flat_map(|file| &mut file.columns);
    for planned in columns.filter(|planned| planned.matched == Matched::Map) {
        let name = planned.column.name;
        if !users.sources.contains_key(name) {
            planned.matched = match planned.sources.first().is_some_and(|source| source == name) {
                true => Matched::Exact,
                false => Matched::Alias,
            };
        }
    }
}

/// Where the logs say something of accounts: a map for the accounts table, and the columns in it.
fn facts_of(requests: &LoadPlan, users: &TableMap) -> Option<(TableMap, Vec<AccountColumn>)> {
    let has = |source: &String| {
        let top = source.split('.').next().unwrap_or(source);
        let mut headers = requests.files().iter().flat_map(|file| &file.header);
        headers.any(|name| name == source || name == top)
    };
    let mut map = TableMap::default();
    let mut facts = Vec::new();
    for column in AccountColumn::ALL {
        let name = column.name().to_owned();
        let is_fact = !matches!(column, AccountColumn::AccountId | AccountColumn::Label);
        let sources: Vec<String> = match users.sources.get(&name) {
            _ if !is_fact => Vec::new(),
            Some(sources) if sources.iter().any(has) => sources.clone(),
            Some(_) => Vec::new(),
            None => guessed(requests.files(), *column),
        };
        if !sources.is_empty() {
            facts.push(*column);
            if let Some(unit) = users.units.get(&name) {
                map.units.insert(name.clone(), *unit);
            }
        }
        map.sources.insert(name, sources);
    }
    let mut ids: Vec<String> = Vec::new();
    for file in requests.files() {
        let account = file.columns.get(RequestColumn::AccountId.index())?;
        for source in &account.sources {
            if !ids.contains(source) {
                ids.push(source.clone());
            }
        }
    }
    let known = !facts.is_empty() && !ids.is_empty();
    map.sources
        .insert(AccountColumn::AccountId.name().to_owned(), ids);
    known.then_some((map, facts))
}

/// The columns that no request column is read from and whose name is known for this one.
fn guessed(files: &[PlannedFile], column: AccountColumn) -> Vec<String> {
    let mut sources: Vec<String> = Vec::new();
    for name in known_names(column.column()) {
        if OF_THE_REQUEST.contains(&name.as_str()) {
            continue;
        }
        let unread = files.iter().flat_map(|file| &file.unread);
        for source in unread.filter(|source| normalised(source) == name) {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
    }
    sources
}

fn sentence(plan: &LoadPlan, facts: &[AccountColumn]) -> String {
    let source = |column: &AccountColumn| {
        let mut planned = plan.files().iter().filter_map(|file| {
            let planned = file.columns.get(column.index())?;
            planned.sources.first()
        });
        let source = planned
            .next()
            .map_or_else(String::new, |name| name.escape_debug().take(60).collect());
        match source == column.name() {
            true => format!("`{source}`"),
            false => format!("`{}` from `{source}`", column.name()),
        }
    };
    let names: Vec<String> = facts.iter().map(source).collect();
    format!(
        "there is no accounts table; what the log's rows repeat of their accounts is taken: {}",
        names.join(", ")
    )
}

/// Where a row stands: file and row number.
type Place = (u32, u64);

/// Values by the position of their column, with the last row that has them.
type Held<T> = BTreeMap<usize, (Place, T)>;

/// What the rows of one account say.
#[derive(Debug, Clone, Default)]
struct Facts {
    texts: Held<String>,
    integers: Held<i64>,
    /// Positions of columns in which it has had more than one value.
    changed: BTreeSet<usize>,
}

/// What the rows of all accounts say.
#[derive(Debug, Default)]
struct Rows {
    by_account: FxHashMap<String, Facts>,
}

/// Keeps the value of the later row; whether there are two.
fn keep<T, V>(held: &mut Held<T>, position: usize, place: Place, value: &V) -> bool
where
    V: ToOwned<Owned = T> + PartialEq + ?Sized,
    T: Borrow<V>,
{
    let Some((last, before)) = held.get_mut(&position) else {
        held.insert(position, (place, value.to_owned()));
        return false;
    };
    let differs = (*before).borrow() != value;
    if place > *last {
        *last = place;
        if differs {
            *before = value.to_owned();
        }
    }
    differs
}

impl Facts {
    fn text(&mut self, position: usize, place: Place, value: &str) {
        if keep(&mut self.texts, position, place, value) {
            self.changed.insert(position);
        }
    }

    fn integer(&mut self, position: usize, place: Place, value: i64) {
        if keep(&mut self.integers, position, place, &value) {
            self.changed.insert(position);
        }
    }
}

impl Rows {
    fn fold(&mut self, batch: &RequestBatch, facts: &[AccountColumn]) {
        // Batches are laid out by position, whatever the table.
        let at = |column: AccountColumn| RequestColumn::ALL.get(column.index()).copied();
        let Some(ids) = at(AccountColumn::AccountId).and_then(|column| batch.text(column)) else {
            return;
        };
        for (row, number) in batch.rows.iter().enumerate() {
            if !ids.is_valid(row) {
                continue;
            }
            let id = ids.value(row);
            let held = match self.by_account.get_mut(id) {
                Some(held) => held,
                None => self.by_account.entry(id.to_owned()).or_default(),
            };
            let place = (batch.file, *number);
            for column in facts {
                let Some(position) = at(*column) else {
                    continue;
                };
                match column.column().column_type {
                    ColumnType::Text => {
                        let texts = batch.text(position).filter(|texts| texts.is_valid(row));
                        if let Some(texts) = texts {
                            held.text(column.index(), place, texts.value(row));
                        }
                    }
                    _ => {
                        let values = batch.integer(position);
                        if let Some(values) = values.filter(|values| values.is_valid(row)) {
                            held.integer(column.index(), place, values.value(row));
                        }
                    }
                }
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (id, facts) in other.by_account {
            let Some(held) = self.by_account.get_mut(&id) else {
                self.by_account.insert(id, facts);
                continue;
            };
            for (position, (place, text)) in facts.texts {
                held.text(position, place, &text);
            }
            for (position, (place, integer)) in facts.integers {
                held.integer(position, place, integer);
            }
            held.changed.extend(facts.changed);
        }
    }

    /// Columns of which accounts had more than one value, one sentence each.
    fn changes(&self, facts: &[AccountColumn]) -> Vec<String> {
        facts
            .iter()
            .filter_map(|column| {
                let changed = |facts: &&Facts| facts.changed.contains(&column.index());
                let accounts = self.by_account.values().filter(changed).count();
                (accounts > 0).then(|| {
                    let have = match accounts {
                        1 => "1 account has".to_owned(),
                        _ => format!("{} accounts have", count(accounts as u64)),
                    };
                    format!(
                        "{have} several values of `{}` in the log's rows; the last one counts",
                        column.name()
                    )
                })
            })
            .collect()
    }

    /// By id, ascending.
    fn accounts(self) -> Vec<AccountProfile> {
        let mut accounts: Vec<AccountProfile> = self
            .by_account
            .into_iter()
            .filter_map(|(id, facts)| {
                let text = |column: AccountColumn| match column {
                    AccountColumn::AccountId => Some(id.clone()),
                    _ => facts.texts.get(&column.index()).map(|held| held.1.clone()),
                };
                let integer =
                    |column: AccountColumn| facts.integers.get(&column.index()).map(|held| held.1);
                profile(text, integer)
            })
            .collect();
        accounts.sort_by(|one, other| one.account_id.cmp(&other.account_id));
        accounts
    }
}
