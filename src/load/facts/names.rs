//! Which columns of a log say something of its accounts.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::load::discover::usage;
use crate::load::map::TableMap;
use crate::load::matching::{known_names, normalised};
use crate::load::plan::{LoadPlan, PlannedFile};
use crate::load::timestamp::TimestampUnit;
use crate::model::column::{AccountColumn, RequestColumn};

/// Words before a name that say it is about the account, normalised.
const OF_THE_ACCOUNT: [&str; 3] = ["account", "acct", "customer"];

/// Beginnings of names that nothing but an account has, normalised.
const ACCOUNTS_ONLY: [&str; 5] = ["payment", "billing", "card", "signup", "registration"];

/// Names that nothing but an account has, normalised; others, such as a telephone number, a day of
/// creation or a deletion, may be about the request or the row.
const ACCOUNTS_ONLY_NAMES: [&str; 20] = [
    "email",
    "emailaddress",
    "emaildomain",
    "mail",
    "maildomain",
    "useremail",
    "useremaildomain",
    "usercreatedat",
    "closedat",
    "bannedat",
    "suspendedat",
    "closereason",
    "banreason",
    "closurereason",
    "closedreason",
    "suspensionreason",
    "orgid",
    "parentorgid",
    "plan",
    "tier",
];

/// What the section on accounts of the user's map says of the logs. One that names none of their columns is
/// for an accounts table, and is not used; one that names some of them is wrong where it names others.
pub(super) fn usable(
    users: TableMap,
    requests: &LoadPlan,
    path: Option<&Path>,
) -> Result<(TableMap, Vec<String>)> {
    let path = path.unwrap_or(Path::new("")).to_string_lossy();
    let has = |source: &String| {
        let top = source.split('.').next().unwrap_or(source);
        let mut headers = requests.files().iter().flat_map(|file| &file.header);
        headers.any(|name| name == source || name == top)
    };
    let id = AccountColumn::AccountId.name();
    let facts = || users.sources.iter().filter(|(column, _)| *column != id);
    let (found, absent): (Vec<_>, Vec<_>) =
        facts().partition(|(_, sources)| sources.iter().any(has));
    let mut notes = Vec::new();
    match (found.first(), absent.first()) {
        (Some(_), Some((column, sources))) => {
            return Err(usage(format!(
                "{path}: `accounts.{column}` is mapped to `{}`, which no log has; without --accounts the section is about columns of the logs",
                sources.join("`, `")
            )));
        }
        (None, Some(_)) => notes.push(format!(
            "{path}: its section [accounts] names no column of the logs and is not used, as no accounts table is given"
        )),
        _ => {}
    }
    if !users.constants.is_empty() || users.sources.contains_key(id) {
        notes.push(format!(
            "{path}: `account_id` and constants in [accounts] hold for an accounts table; the accounts are those of the requests"
        ));
    }
    if found.is_empty() {
        return Ok((TableMap::default(), notes));
    }
    Ok((users, notes))
}

/// Where the logs say something of accounts.
pub(super) struct Found {
    /// A map for the accounts table of each file.
    pub(super) maps: Vec<TableMap>,
    /// The columns in any of them.
    pub(super) columns: Vec<AccountColumn>,
}

impl Found {
    pub(super) fn in_logs(requests: &LoadPlan, users: &TableMap) -> Self {
        let mut columns = BTreeSet::new();
        let maps = requests
            .files()
            .iter()
            .map(|file| {
                let (map, found) = facts_of(file, users);
                columns.extend(found);
                map
            })
            .collect();
        Self {
            maps,
            columns: columns.into_iter().collect(),
        }
    }
}

/// The facts in one file; its account and its time are those of the requests.
fn facts_of(file: &PlannedFile, users: &TableMap) -> (TableMap, Vec<AccountColumn>) {
    let mut map = TableMap::default();
    let mut found = Vec::new();
    let of_request = |column: RequestColumn| file.columns.get(column.index());
    for column in AccountColumn::ALL {
        let name = column.name().to_owned();
        let request = match column {
            AccountColumn::AccountId => of_request(RequestColumn::AccountId),
            AccountColumn::ObservedAt => of_request(RequestColumn::Timestamp),
            AccountColumn::Label => None,
            _ => {
                let sources = match users.sources.get(&name) {
                    Some(sources) => sources.clone(),
                    None => guessed(file, *column),
                };
                if !sources.is_empty() {
                    found.push(*column);
                }
                if let Some(unit) = users.units.get(&name) {
                    map.units.insert(name.clone(), *unit);
                }
                map.sources.insert(name, sources);
                continue;
            }
        };
        let sources = request.map_or_else(Vec::new, |planned| planned.sources.clone());
        if let Some(unit) = request.and_then(|planned| planned.unit)
            && unit != TimestampUnit::Native
        {
            map.units.insert(name.clone(), unit);
        }
        if let Some(constant) = request.and_then(|planned| planned.constant.clone()) {
            map.constants.insert(name.clone(), constant);
        }
        map.sources.insert(name, sources);
    }
    (map, found)
}

/// The columns that no request column is read from and whose name is known for this one, and for
/// nothing that a request may have.
fn guessed(file: &PlannedFile, column: AccountColumn) -> Vec<String> {
    let mut sources: Vec<String> = Vec::new();
    for name in known_names(column.column()) {
        let unread = file.unread.iter();
        for source in unread.filter(|source| normalised(source) == name) {
            if is_about_accounts(&name) && !sources.contains(source) {
                sources.push(source.clone());
            }
        }
    }
    sources
}

/// Whether a known name of a column about accounts is about nothing else.
fn is_about_accounts(name: &str) -> bool {
    let begins = |beginning: &&str| name.starts_with(*beginning);
    OF_THE_ACCOUNT.iter().any(begins)
        || ACCOUNTS_ONLY.iter().any(begins)
        || ACCOUNTS_ONLY_NAMES.contains(&name)
}
