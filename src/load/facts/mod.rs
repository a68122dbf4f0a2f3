//! Facts about accounts that a log repeats in the rows of their requests, where there is no accounts
//! table: the payment, the sign-up, the closing of the account beside every request.
//!
//! The log is read once more for them, those columns alone. What an account's latest row that has
//! a value says counts: an account that was closed says so in later rows only. A column that
//! changes from row to row says something of requests, whatever its name, and is not taken.

mod names;
mod rows;

use std::path::Path;

use anyhow::Result;

use crate::config::LoadConfig;
use crate::config::options::InputOptions;
use crate::load::facts::names::{Found, usable};
use crate::load::facts::rows::{Changing, Rows};
use crate::load::fold::fold_table;
use crate::load::map::{TableMap, read_map};
use crate::load::matching::{Matched, PlannedColumn};
use crate::load::plan::{LoadPlan, PlannedFile, plan_table};
use crate::load::tables::no_instruments;
use crate::load::timestamp::TimestampUnit;
use crate::load::{LoadReport, check_usable, logs, report};
use crate::model::column::{AccountColumn, Table};
use crate::model::coverage::RejectScope;
use crate::model::number::count;
use crate::model::profile::AccountProfile;
use crate::model::progress::Silent;

/// Columns about accounts in the logs.
#[derive(Debug, Clone)]
pub struct RepeatedFacts {
    /// What they say of each account, by id.
    pub accounts: Vec<AccountProfile>,
    /// How they were read. Its files are the logs, in the same order.
    pub report: LoadReport,
}

/// Reads what the logs of a plan of requests say of their accounts; nothing where they have no such
/// column.
///
/// # Errors
/// Bad input (`Failure`).
pub fn read_repeated_facts(
    requests: &LoadPlan,
    input: &InputOptions,
    config: &LoadConfig,
) -> Result<Option<RepeatedFacts>> {
    let users = read_map(input.map.as_deref(), Table::Accounts)?;
    let (users, mut notes) = usable(users, requests, input.map.as_deref())?;
    let found = Found::in_logs(requests, &users);
    if found.columns.is_empty() {
        return Ok((!notes.is_empty()).then(|| RepeatedFacts {
            accounts: Vec::new(),
            report: LoadReport {
                notes,
                ..LoadReport::default()
            },
        }));
    }
    let mut wanted = logs(input, Table::Accounts, Some(&found.maps), config);
    let mut plan = plan_table(&wanted, config)?;
    if plan.files().iter().any(has_undecided_time) {
        // Closures begin late: the first records may hold none of their times.
        wanted.records = usize::MAX;
        plan = plan_table(&wanted, config)?;
    }
    say_how_guessed(&mut plan, &users);
    let all = vec![true; Table::Accounts.columns().len()];
    let (states, outcome) =
        fold_table(&plan, &all, false, &Silent, Rows::default, |rows, batch| {
            rows.fold(batch, &found.columns);
        })?;
    check_usable(&outcome, &plan)?;
    let mut merged = Rows::default();
    for state in states {
        merged.merge(state);
    }
    let (taken, refused) = merged.judge(&found.columns);
    let mut report = report(outcome, &plan);
    // The files and the rows without an account are told with the requests.
    report.inputs.clear();
    let is_taken = |name: &str| taken.iter().any(|(column, _)| column.name() == name);
    report
        .reject_counts
        .retain(|reject| reject.scope == RejectScope::Cell && is_taken(&reject.column));
    report
        .rejects
        .retain(|reject| reject.scope == RejectScope::Cell && is_taken(&reject.column));
    for file in &mut report.files {
        file.columns.retain(|planned| {
            planned.column.name == AccountColumn::AccountId.name() || is_taken(planned.column.name)
        });
    }
    notes.extend(no_instruments(&report));
    report.notes.extend(notes);
    report.notes.extend(sentences(&plan, &taken, &refused));
    Ok(Some(RepeatedFacts {
        accounts: match taken.is_empty() {
            true => Vec::new(),
            false => merged.accounts(&taken),
        },
        report,
    }))
}

/// Names of the columns in which the logs of a plan of requests say something of their accounts.
///
/// # Errors
/// Bad input (`Failure`).
pub fn repeated_fact_names(requests: &LoadPlan, map: Option<&Path>) -> Result<Vec<&'static str>> {
    let users = read_map(map, Table::Accounts)?;
    let (users, _) = usable(users, requests, map)?;
    let found = Found::in_logs(requests, &users);
    Ok(found.columns.iter().map(|column| column.name()).collect())
}

/// Whether none of the records that were looked at has a time in this column.
fn has_undecided_time(file: &PlannedFile) -> bool {
    let undecided = |planned: &PlannedColumn| {
        let Some(unit) = planned.unit.filter(|unit| *unit != TimestampUnit::Native) else {
            return false;
        };
        let example = planned.example.as_ref();
        example.is_none_or(|example| unit.parse(example).is_err())
    };
    file.columns.iter().any(undecided)
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

/// Where facts were taken from, of how many accounts they changed, and which were not taken.
fn sentences(plan: &LoadPlan, taken: &[Changing], refused: &[Changing]) -> Vec<String> {
    let sources = |column: AccountColumn| {
        let mut sources: Vec<String> = Vec::new();
        for file in plan.files() {
            let planned = file.columns.get(column.index());
            for source in planned.iter().flat_map(|planned| &planned.sources) {
                // Names come from the file, so they are shown shortened and without control characters.
                let shown: String = source.escape_debug().take(60).collect();
                let shown = format!("`{shown}`");
                if !sources.contains(&shown) {
                    sources.push(shown);
                }
            }
        }
        sources.join(" and ")
    };
    let mut sentences = Vec::new();
    if !taken.is_empty() {
        let named = taken.iter().map(|(column, _)| {
            let (name, sources) = (format!("`{}`", column.name()), sources(*column));
            match sources == name {
                true => name,
                false => format!("{name} from {sources}"),
            }
        });
        sentences.push(format!(
            "there is no accounts table; what the log's rows repeat of their accounts is taken: {}",
            named.collect::<Vec<_>>().join(", ")
        ));
    }
    for (column, changed) in taken.iter().filter(|(_, changed)| *changed > 0) {
        let have = match changed {
            1 => "1 account has".to_owned(),
            more => format!("{} accounts have", count(*more)),
        };
        sentences.push(format!(
            "{have} several values of `{}` in the log's rows; the latest counts",
            column.name()
        ));
    }
    for (column, changed) in refused {
        sentences.push(format!(
            "`{}` is not taken from {}: {} accounts have several values of it in their rows, so that it is about requests; give an accounts table",
            column.name(),
            sources(*column),
            count(*changed)
        ));
    }
    sentences
}
