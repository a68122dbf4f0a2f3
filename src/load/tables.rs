//! The two small tables: accounts and events. They are read whole.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use arrow_array::Array;

use crate::config::LoadConfig;
use crate::load::fold::{Outcome, fold_table};
use crate::load::plan::{LoadPlan, PlanRequest, plan_table};
use crate::load::{LoadReport, cell, check_usable, report};
use crate::model::batch::RequestBatch;
use crate::model::column::{AccountColumn, EventColumn, RequestColumn, Table};
use crate::model::event::{Event, EventKind};
use crate::model::profile::AccountProfile;
use crate::model::progress::Silent;

/// Where a row stands: file and row number.
type Place = (u32, u64);

/// Rows with their places, and how reading went.
type Read<T> = (Vec<(Place, T)>, Outcome, LoadPlan);

fn read_rows<T: Send>(
    table: Table,
    path: &Path,
    map: Option<&Path>,
    config: &LoadConfig,
    row: impl Fn(&RequestBatch, usize) -> Option<T> + Sync,
) -> Result<Read<T>> {
    let paths = [PathBuf::from(path)];
    // Looking at every record decides units and columns from the whole table.
    let plan = plan_table(
        &PlanRequest {
            table,
            paths: &paths,
            other_tables: Vec::new(),
            map,
            given: None,
            format: None,
            records: usize::MAX,
        },
        config,
    )?;
    let wanted = vec![true; table.columns().len()];
    let (states, outcome) = fold_table(&plan, &wanted, true, &Silent, Vec::new, |rows, batch| {
        for (index, number) in batch.rows.iter().enumerate() {
            rows.extend(row(batch, index).map(|row| ((batch.file, *number), row)));
        }
    })?;
    check_usable(&outcome, &plan)?;
    let mut rows: Vec<(Place, T)> = states.into_iter().flatten().collect();
    rows.sort_by_key(|(place, _)| *place);
    Ok((rows, outcome, plan))
}

// Batches are laid out by position, whatever the table; `RequestColumn::ALL` merely names
// the positions for the typed getters, and it is the longest of the three tables.
fn text(batch: &RequestBatch, position: usize, row: usize) -> Option<String> {
    let column = batch.text(*RequestColumn::ALL.get(position)?)?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn integer(batch: &RequestBatch, position: usize, row: usize) -> Option<i64> {
    let column = batch.integer(*RequestColumn::ALL.get(position)?)?;
    column.is_valid(row).then(|| column.value(row))
}

/// An account from its columns.
pub(super) fn profile(
    text: impl Fn(AccountColumn) -> Option<String>,
    integer: impl Fn(AccountColumn) -> Option<i64>,
) -> Option<AccountProfile> {
    Some(AccountProfile {
        declared_customer: None,
        account_id: text(AccountColumn::AccountId)?,
        created_at_us: integer(AccountColumn::CreatedAt),
        closed_at_us: integer(AccountColumn::ClosedAt),
        status: text(AccountColumn::Status),
        close_reason: text(AccountColumn::CloseReason),
        email: text(AccountColumn::Email),
        email_domain: text(AccountColumn::EmailDomain),
        phone: text(AccountColumn::Phone),
        billing_country: text(AccountColumn::BillingCountry),
        payment_id: text(AccountColumn::PaymentId),
        payment_kind: text(AccountColumn::PaymentKind),
        org_name: text(AccountColumn::OrgName),
        org_id: text(AccountColumn::OrgId),
        signup_ip: text(AccountColumn::SignupIp),
        signup_asn: integer(AccountColumn::SignupAsn),
        signup_country: text(AccountColumn::SignupCountry),
        signup_user_agent: text(AccountColumn::SignupUserAgent),
        signup_tls_fingerprint: text(AccountColumn::SignupTlsFingerprint),
        referrer_code: text(AccountColumn::ReferrerCode),
        plan: text(AccountColumn::Plan),
    })
}

/// What is to be said of payment ids that are none.
pub(super) fn no_instruments(report: &LoadReport) -> Vec<String> {
    let dropped = |reason: &str| -> u64 {
        let counts = report.reject_counts.iter();
        counts
            .filter(|one| one.reason == reason)
            .map(|one| one.count)
            .sum()
    };
    let (cards, words) = (dropped(cell::CARD_REASON), dropped(cell::NO_INSTRUMENT));
    let mut notes = Vec::new();
    if words > 0 {
        notes.push(format!(
            "{words} value(s) of `payment_id` name no instrument (a way to pay, or a word for none) and tie nobody together"
        ));
    }
    if cards > 0 {
        notes.push(format!(
            "{cards} value(s) of `payment_id` look like raw card numbers and were dropped; export a fingerprint instead"
        ));
    }
    notes
}

/// Reads an accounts table, sorted by account id. Where an account is there twice, its latest
/// row by `observed_at` counts, without such times its first, and the others are rejects.
pub fn read_accounts(
    path: &Path,
    map: Option<&Path>,
    config: &LoadConfig,
) -> Result<(Vec<AccountProfile>, LoadReport)> {
    let (rows, mut outcome, plan) = read_rows(Table::Accounts, path, map, config, |batch, row| {
        let text = |column: AccountColumn| text(batch, column.index(), row);
        let integer = |column: AccountColumn| integer(batch, column.index(), row);
        Some((integer(AccountColumn::ObservedAt), profile(text, integer)?))
    })?;
    let mut rows = rows;
    rows.sort_by(|a, b| {
        let latest_first = b.1.0.cmp(&a.1.0);
        let by_account = a.1.1.account_id.cmp(&b.1.1.account_id);
        by_account.then(latest_first).then(a.0.cmp(&b.0))
    });
    let mut accounts: Vec<AccountProfile> = Vec::with_capacity(rows.len());
    for ((file, row), (_, account)) in rows {
        if accounts
            .last()
            .is_none_or(|before| before.account_id != account.account_id)
        {
            accounts.push(account);
            continue;
        }
        let reason = Cow::Borrowed(
            "account is there already; the first row counts, or the latest by observed_at",
        );
        outcome
            .rejects
            .row(file, row, AccountColumn::AccountId.name(), reason, 1);
        if let Some(input) = usize::try_from(file)
            .ok()
            .and_then(|file| outcome.inputs.get_mut(file))
        {
            input.rows_used = input.rows_used.saturating_sub(1);
            input.rows_rejected = input.rows_rejected.saturating_add(1);
        }
    }
    let mut report = report(outcome, &plan);
    report.notes.extend(no_instruments(&report));
    Ok((accounts, report))
}

/// Reads an events table, sorted. An unknown kind counts as `other`.
pub fn read_events(
    path: &Path,
    map: Option<&Path>,
    config: &LoadConfig,
) -> Result<(Vec<Event>, LoadReport)> {
    let (rows, mut outcome, plan) = read_rows(Table::Events, path, map, config, |batch, row| {
        let text = |column: EventColumn| text(batch, column.index(), row);
        let written = text(EventColumn::Kind)?;
        let kind = match written
            .trim()
            .to_lowercase()
            .replace(['-', ' '], "_")
            .as_str()
        {
            "model_release" | "release" => Some(EventKind::ModelRelease),
            "ban_wave" | "ban" | "bans" => Some(EventKind::BanWave),
            "policy_change" => Some(EventKind::PolicyChange),
            "other" => Some(EventKind::Other),
            _ => None,
        };
        let event = Event {
            timestamp_us: integer(batch, EventColumn::Timestamp.index(), row)?,
            kind: kind.unwrap_or(EventKind::Other),
            name: text(EventColumn::Name).unwrap_or(written),
            model: text(EventColumn::Model),
        };
        Some((event, kind.is_some()))
    })?;
    let mut events = Vec::with_capacity(rows.len());
    for ((file, row), (event, is_known)) in rows {
        if !is_known {
            let reason = "not model_release, ban_wave, policy_change or other; taken as other";
            outcome
                .rejects
                .cell(file, row, EventColumn::Kind.name(), reason);
        }
        events.push(event);
    }
    events.sort();
    Ok((events, report(outcome, &plan)))
}
