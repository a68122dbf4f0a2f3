//! The load stage: any Parquet, CSV or NDJSON (plain, gzip, zstd) becomes canonical
//! batches, folded in parallel; rejects are counted and located, inputs hashed while read.
//!
//! [`plan`] looks at the first records of every file and decides what is what, once for
//! each file; [`fold_requests`] then reads everything in one pass. What both of them
//! promise: memory is bounded whatever the input, one bad row costs one row, identifiers
//! keep every character, and for each file read = used + rejected + outside the window.

mod arrays;
mod card;
mod cell;
pub mod customers;
mod discover;
mod exports;
mod facts;
mod fields;
mod fold;
mod forwarded;
mod json_line;
mod json_value;
mod look;
mod map;
mod matching;
mod messages;
mod parquet_column;
mod parquet_file;
mod payment;
mod plan;
mod recognise;
mod records;
mod rejects;
mod rows;
mod stream;
mod tables;
mod text_file;
mod time_text;
mod timestamp;

pub use facts::{RepeatedFacts, read_repeated_facts, repeated_fact_names};
pub use matching::{Matched, PlannedColumn};
pub use plan::{LoadPlan, PlannedFile};
pub use recognise::{Compression, Container};
pub use tables::{read_accounts, read_events};
pub use timestamp::TimestampUnit;

use anyhow::Result;

use crate::config::LoadConfig;
use crate::config::options::InputOptions;
use crate::load::discover::{no_input, usage};
use crate::load::fold::{Outcome, fold_table};
use crate::load::map::TableMap;
use crate::load::plan::{PlanRequest, plan_table};
use crate::model::batch::RequestBatch;
use crate::model::column::{RequestColumn, Table};
use crate::model::coverage::{InputFile, Reject, RejectCount};
use crate::model::progress::Progress;

/// What was read and what was not.
#[derive(Debug, Clone, Default)]
pub struct LoadReport {
    /// Files in the order of their ids.
    pub inputs: Vec<InputFile>,
    /// Rejects by file, column and reason; complete.
    pub reject_counts: Vec<RejectCount>,
    /// Rejects one by one, the first of each file.
    pub rejects: Vec<Reject>,
    /// What was guessed, chosen, left out or lost.
    pub notes: Vec<String>,
    /// How each file was read, in the order of `inputs`.
    pub files: Vec<PlannedFile>,
}

/// The logs, of which one table is to be read.
fn logs<'a>(
    input: &'a InputOptions,
    table: Table,
    given: Option<&'a [TableMap]>,
    config: &LoadConfig,
) -> PlanRequest<'a> {
    PlanRequest {
        table,
        paths: &input.logs,
        other_tables: input
            .accounts
            .iter()
            .chain(&input.events)
            .map(std::path::PathBuf::as_path)
            .collect(),
        map: input.map.as_deref(),
        given,
        format: input.format.as_deref(),
        records: config.sniff_records.max(1),
    }
}

/// Looks at the inputs and decides how their requests will be read.
pub fn plan(input: &InputOptions, config: &LoadConfig) -> Result<LoadPlan> {
    if let (Some(since), Some(until)) = (input.since_us, input.until_us)
        && since >= until
    {
        return Err(usage("--since must be before --until".to_owned()));
    }
    let request = logs(input, Table::Requests, None, config);
    let mut plan = plan_table(&request, config)?;
    plan.since_us = input.since_us;
    plan.until_us = input.until_us;
    Ok(plan)
}

/// Folds every usable row. `wanted` projects columns; time, account and request id are
/// always read. Each worker owns one state; states come back in no particular order and
/// rows are spread over them in no particular way, so the fold must not depend on either.
/// `progress` is only advanced, by bytes as stored, up to [`LoadPlan::total_bytes`].
pub fn fold_requests<S: Send>(
    plan: &LoadPlan,
    wanted: &[RequestColumn],
    hash_inputs: bool,
    progress: &dyn Progress,
    init: impl Fn() -> S + Sync,
    fold: impl Fn(&mut S, &RequestBatch) + Sync,
) -> Result<(Vec<S>, LoadReport)> {
    let always = [
        RequestColumn::Timestamp,
        RequestColumn::AccountId,
        RequestColumn::RequestId,
    ];
    let is_wanted = |column: &RequestColumn| always.contains(column) || wanted.contains(column);
    let wanted: Vec<bool> = RequestColumn::ALL.iter().map(is_wanted).collect();
    let (states, outcome) = fold_table(plan, &wanted, hash_inputs, progress, init, fold)?;
    check_usable(&outcome, plan)?;
    Ok((states, report(outcome, plan)))
}

/// Fails when no row could be used, with the commonest reason.
fn check_usable(outcome: &Outcome, plan: &LoadPlan) -> Result<()> {
    let sum = |count: fn(&InputFile) -> u64| {
        outcome
            .inputs
            .iter()
            .map(count)
            .fold(0, u64::saturating_add)
    };
    if sum(|input| input.rows_used) > 0 {
        return Ok(());
    }
    let table = plan.table.name();
    if let Some(commonest) = outcome.rejects.commonest_row_reason() {
        let place = commonest.example.and_then(|(file, row)| {
            let name = &outcome.inputs.get(usize::try_from(file).ok()?)?.name;
            Some(format!("{name}, row {row}: "))
        });
        let column = if commonest.column.is_empty() {
            String::new()
        } else {
            format!(" `{}`:", commonest.column)
        };
        return Err(no_input(format!(
            "{}no usable row in the {table}: {} of {} rows were rejected with the commonest reason:{column} {}; look at the input, or map columns with --map",
            place.unwrap_or_default(),
            commonest.count,
            sum(|input| input.rows_read),
            commonest.reason
        )));
    }
    if sum(|input| input.rows_outside_window) > 0 {
        let rows = sum(|input| input.rows_outside_window);
        return Err(no_input(format!(
            "all {rows} {table} lie outside --since/--until; widen the window"
        )));
    }
    // Accounts and events may well be empty; requests may not.
    if plan.table == Table::Requests {
        let names: Vec<&str> = outcome
            .inputs
            .iter()
            .take(5)
            .map(|input| input.name.as_str())
            .collect();
        return Err(no_input(format!(
            "no input holds any row: {}",
            names.join(", ")
        )));
    }
    Ok(())
}

fn report(outcome: Outcome, plan: &LoadPlan) -> LoadReport {
    let mut notes = plan.notes().to_vec();
    notes.extend(outcome.notes);
    let without_rows = outcome
        .inputs
        .iter()
        .filter(|input| input.rows_read == 0 && input.container != "empty");
    notes.extend(without_rows.map(|input| format!("{}: holds no rows", input.name)));
    LoadReport {
        reject_counts: outcome.rejects.counts(),
        rejects: outcome.rejects.list_all(),
        inputs: outcome.inputs,
        notes,
        files: plan.files.clone(),
    }
}
