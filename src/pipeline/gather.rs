//! From inputs to a digest with everything that belongs to it: the first two stages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use rustc_hash::FxHashMap;

use crate::config::DigestConfig;
use crate::config::options::ScanOptions;
use crate::digest::{self, Digest, DigestTables, Intake};
use crate::load::{self, LoadPlan, LoadReport};
use crate::model::campaign::Campaign;
use crate::model::closure::Closures;
use crate::model::column::Table;
use crate::model::coverage::{Coverage, Gap, InputFile, Reject, RejectCount, SideInput};
use crate::model::event::Event;
use crate::model::failure::Failure;
use crate::model::profile::AccountProfile;
use crate::model::progress::Progress;
use crate::patterns;

/// Microseconds in a minute.
const MINUTE_US: i64 = 60_000_000;

/// The digest of the logs, or of the given digests, and the plan by which the logs can be read again.
pub(super) struct Gathered {
    pub(super) tables: DigestTables,
    pub(super) plan: Option<LoadPlan>,
    pub(super) notes: Vec<String>,
}

/// Reads logs into a digest, or digests into one.
pub(super) fn gather(options: &ScanOptions, progress: &dyn Progress) -> Result<Gathered> {
    if options.input.logs.is_empty() {
        let tables = options
            .digests
            .iter()
            .map(|folder| read_digest(folder))
            .collect::<Result<Vec<_>>>()?;
        let tables = digest::merge_tables(tables)?;
        return Ok(Gathered {
            tables,
            plan: None,
            notes: vec![
                "finished from digests: only sampled requests of the campaigns can be named"
                    .to_owned(),
            ],
        });
    }
    let matcher = &patterns::load(&options.input.patterns)?;
    let plan = load::plan(&options.input, &options.config.load)?;
    let config = &within_memory(&options.config.digest, options.memory_bytes);
    progress.begin("reading", Some(plan.total_bytes()));
    let folded = load::fold_requests(
        &plan,
        digest::WANTED,
        true,
        progress,
        || Digest::with_patterns(config, options.quote, matcher),
        |state: &mut Digest, batch| state.fold(batch),
    );
    progress.end();
    let (states, report) = folded?;
    progress.begin("merging", None);
    let merged = states
        .into_iter()
        .reduce(Digest::merge)
        .unwrap_or_else(|| Digest::with_patterns(config, options.quote, matcher));
    let LoadReport {
        inputs,
        reject_counts,
        rejects,
        notes,
        files: _,
    } = report;
    let tables = merged.finish(Intake {
        inputs,
        reject_counts,
        rejects,
    });
    progress.end();
    let mut tables = tables?;
    // What the digest was asked for, not what this machine's memory allowed: digests of
    // different machines must merge, and equal runs be equal. Thinning is told by its own fields.
    tables.about.config = options.config.digest.clone();
    Ok(Gathered {
        tables,
        plan: Some(plan),
        notes,
    })
}

/// Reads a digest whose inputs account for its rows.
fn read_digest(folder: &Path) -> Result<DigestTables> {
    let tables = digest::store::read(folder)?;
    let inputs = &tables.about.intake.inputs;
    let used = inputs
        .iter()
        .map(|input| u128::from(input.rows_used))
        .sum::<u128>();
    let whole = inputs.iter().all(InputFile::reconciles);
    if !whole || used != u128::from(tables.about.rows) {
        let text = format!(
            "{}: the rows of its inputs do not add up to the {} it holds; write it again",
            folder.display(),
            tables.about.rows
        );
        return Err(Failure::NoDigest(text).into());
    }
    Ok(tables)
}

/// Bytes one sampled text costs: thirty fragments of eight bytes, its row and its place in a map.
const TEXT_BYTES: u64 = 450;

/// Bytes one account-key link costs, its locator and its place in a map included.
const LINK_BYTES: u64 = 160;

/// Bytes the time of one request costs, with the room its list may hold in reserve.
const MOMENT_BYTES: u64 = 32;

/// How many copies of the tables may stand at once: two partial digests while they merge, and the
/// finished one. Not the number of threads, so that thinning does not depend on it.
const COPIES: u64 = 3;

/// Lowers the digest's limits so that texts and links each keep within a third of the memory.
fn within_memory(config: &DigestConfig, memory_bytes: u64) -> DigestConfig {
    let limit = |bytes: u64| {
        usize::try_from(memory_bytes / 3 / COPIES / bytes)
            .unwrap_or(usize::MAX)
            .max(1)
    };
    DigestConfig {
        halve_texts_above: config.halve_texts_above.min(limit(TEXT_BYTES)),
        max_texts: config.max_texts.min(limit(TEXT_BYTES)),
        max_links: config.max_links.min(limit(LINK_BYTES)),
        max_moments: config.max_moments.min(limit(MOMENT_BYTES)),
        ..config.clone()
    }
}

/// The accounts table in digest order, and how many of its rows joined.
pub(super) struct Profiles {
    pub(super) by_account: Vec<Option<AccountProfile>>,
    /// Accounts of the table that sent nothing in the log, by id.
    pub(super) silent: Vec<AccountProfile>,
    pub(super) joined: u64,
    pub(super) report: Option<LoadReport>,
    /// Whether the logs themselves say it, in their rows.
    pub(super) of_the_logs: bool,
}

/// Reads the accounts table, or what the logs (read by `plan`) repeat of their accounts where none is
/// given.
pub(super) fn profiles(
    options: &ScanOptions,
    tables: &DigestTables,
    plan: Option<&LoadPlan>,
) -> Result<Profiles> {
    let ids = account_ids(tables)?;
    let mut by_account: Vec<Option<AccountProfile>> = vec![None; ids.len()];
    let input = &options.input;
    let config = &options.config.load;
    let (rows, report) = match (&input.accounts, plan) {
        (Some(path), _) => {
            let (rows, report) = load::read_accounts(path, input.map.as_deref(), config)?;
            (rows, Some(report))
        }
        (None, None) => (Vec::new(), None),
        (None, Some(plan)) => match load::read_repeated_facts(plan, input, config)? {
            Some(facts) => (facts.accounts, Some(facts.report)),
            None => (Vec::new(), None),
        },
    };
    let numbers: FxHashMap<&str, usize> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| (id.as_str(), number))
        .collect();
    let mut joined = 0;
    let mut silent = Vec::new();
    for row in rows {
        let number = numbers.get(row.account_id.as_str());
        match number.and_then(|number| by_account.get_mut(*number)) {
            Some(slot) => {
                *slot = Some(row);
                joined += 1;
            }
            None => silent.push(row),
        }
    }
    if let Some(path) = input.accounts.as_ref().filter(|_| joined == 0) {
        let text = format!(
            "{}: none of its accounts occurs in the logs; are the ids of the same system?",
            path.display()
        );
        return Err(Failure::Usage(text).into());
    }
    Ok(Profiles {
        by_account,
        silent,
        joined,
        report,
        of_the_logs: input.accounts.is_none(),
    })
}

/// Writes the declared customers into the profiles; the sentence says how many accounts that are.
pub(super) fn declare(
    customers: &BTreeMap<String, String>,
    tables: &DigestTables,
    profiles: &mut Profiles,
) -> Result<String> {
    let mut found = 0_usize;
    for (id, slot) in account_ids(tables)?.iter().zip(&mut profiles.by_account) {
        let Some(customer) = customers.get(id) else {
            continue;
        };
        found += 1;
        let profile = slot.get_or_insert_with(|| AccountProfile {
            account_id: id.clone(),
            ..AccountProfile::default()
        });
        profile.declared_customer = Some(customer.clone());
    }
    // A declared account that sent nothing needs no explanation either.
    let silent = profiles.silent.len();
    profiles
        .silent
        .retain(|profile| !customers.contains_key(&profile.account_id));
    if found == 0 && silent == profiles.silent.len() {
        let text =
            "--customers: none of its accounts occurs in the logs; are the ids of the same system?";
        return Err(Failure::Usage(text.to_owned()).into());
    }
    let absent = match customers.len() - found {
        0 => String::new(),
        count => format!("; {count} more accounts of the list are not in the logs"),
    };
    Ok(format!(
        "{found} accounts are declared to be of a customer, and count as one with its other accounts{absent}"
    ))
}

/// Account ids in digest order.
pub(super) fn account_ids(tables: &DigestTables) -> Result<Vec<String>> {
    Ok(tables
        .accounts
        .column("account_id")?
        .str()?
        .iter()
        .map(|id| id.unwrap_or_default().to_owned())
        .collect())
}

/// Tells the members of campaigns when their accounts were made and closed, as far as the
/// accounts table knows it, and gives those that nobody but the customer closed.
pub(super) fn date_members(
    tables: &DigestTables,
    profiles: &Profiles,
    campaigns: &mut [Campaign],
) -> Result<BTreeSet<String>> {
    let mut left = BTreeSet::new();
    if campaigns.is_empty() || profiles.report.is_none() {
        return Ok(left);
    }
    let ids = account_ids(tables)?;
    let known: FxHashMap<&str, &AccountProfile> = ids
        .iter()
        .zip(&profiles.by_account)
        .filter_map(|(id, profile)| Some((id.as_str(), profile.as_ref()?)))
        .collect();
    let words = Closures::of(profiles.by_account.iter().flatten());
    for member in campaigns
        .iter_mut()
        .flat_map(|campaign| &mut campaign.members)
    {
        if let Some(profile) = known.get(member.account_id.as_str()) {
            member.created_us = profile.created_at_us;
            member.closed_us = profile.closed_at_us;
            if words.left_by_itself(profile) {
                left.insert(member.account_id.clone());
            }
        }
    }
    Ok(left)
}

/// Reads the events table, if one is given.
pub(super) fn events(options: &ScanOptions) -> Result<(Vec<Event>, Option<LoadReport>)> {
    match &options.input.events {
        Some(path) => load::read_events(path, options.input.map.as_deref(), &options.config.load)
            .map(|(events, report)| (events, Some(report))),
        None => Ok((Vec::new(), None)),
    }
}

/// How the accounts and events tables were read. Their files are numbered on from the logs'.
#[derive(Default)]
pub(super) struct SideIntake {
    pub(super) inputs: Vec<SideInput>,
    pub(super) reject_counts: Vec<RejectCount>,
    pub(super) rejects: Vec<Reject>,
    notes: Vec<String>,
}

/// Joins the reports of the tables beside the logs, of which there are `logs` files.
pub(super) fn side_intake(
    logs: usize,
    accounts: &Profiles,
    events: Option<&LoadReport>,
) -> SideIntake {
    let mut side = SideIntake::default();
    let reports = [
        (
            Table::Accounts,
            accounts.report.as_ref(),
            accounts.of_the_logs,
        ),
        (Table::Events, events, false),
    ];
    for (table, report, of_the_logs) in reports {
        let Some(report) = report else { continue };
        let before = match of_the_logs {
            true => 0,
            false => u32::try_from(logs + side.inputs.len()).unwrap_or(u32::MAX),
        };
        let on = |file: u32| before.saturating_add(file);
        side.reject_counts
            .extend(report.reject_counts.iter().map(|count| RejectCount {
                file: on(count.file),
                ..count.clone()
            }));
        side.rejects
            .extend(report.rejects.iter().map(|reject| Reject {
                file: on(reject.file),
                ..reject.clone()
            }));
        side.inputs
            .extend(report.inputs.iter().map(|input| SideInput {
                table: table.name().to_owned(),
                input: input.clone(),
            }));
        side.notes.extend(report.notes.iter().cloned());
    }
    side
}

/// What was read and what was not; `side` tells how the other tables were read.
pub(super) fn coverage(
    tables: &DigestTables,
    gap_minutes: i64,
    joined: u64,
    mut notes: Vec<String>,
    side: &SideIntake,
) -> Result<Coverage> {
    let intake = &tables.about.intake;
    notes.extend(side.notes.iter().cloned());
    notes.extend(one_account(tables));
    let sum = |value: fn(&InputFile) -> u64| intake.inputs.iter().map(value).sum();
    notes.extend(tables.about.notes.iter().cloned());
    notes.sort();
    notes.dedup();
    let integers = |name: &str| -> Result<Vec<i64>> {
        Ok(tables
            .accounts
            .column(name)
            .with_context(|| format!("digest table accounts: {name}"))?
            .i64()?
            .into_no_null_iter()
            .collect())
    };
    Ok(Coverage {
        inputs: intake.inputs.clone(),
        side_inputs: side.inputs.clone(),
        rows_read: sum(|input| input.rows_read),
        rows_used: sum(|input| input.rows_used),
        rows_rejected: sum(|input| input.rows_rejected),
        rows_outside_window: sum(|input| input.rows_outside_window),
        reject_counts: [&intake.reject_counts[..], &side.reject_counts].concat(),
        columns: tables.about.columns.clone(),
        first_us: integers("first_us")?.into_iter().min(),
        last_us: integers("last_us")?.into_iter().max(),
        gaps: gaps(
            &tables.minutes,
            i64::try_from(tables.about.minute_width).unwrap_or(1),
            gap_minutes,
        ),
        accounts: tables.accounts.height() as u64,
        accounts_joined: joined,
        notes,
    })
}

/// With fewer requests than this, one account may well be all there is.
const ONE_ACCOUNT_REQUESTS: u64 = 100;

/// Says that there is nothing to compare where all requests are of one account.
fn one_account(tables: &DigestTables) -> Option<String> {
    (tables.accounts.height() == 1 && tables.about.rows >= ONE_ACCOUNT_REQUESTS).then(|| {
        "all requests are of one account, so no accounts can be compared; if this column names the owner of the service, map account_id to the one that names its customers".to_owned()
    })
}

/// Silences of at least `gap_minutes`; `minutes` is sorted, each entry `width` minutes wide.
fn gaps(minutes: &[(i64, u64)], width: i64, gap_minutes: i64) -> Vec<Gap> {
    minutes
        .iter()
        .zip(minutes.iter().skip(1))
        .filter(|((before, _), (after, _))| after - before - width >= gap_minutes)
        .map(|((before, _), (after, _))| Gap {
            from_us: (before + width) * MINUTE_US,
            until_us: after * MINUTE_US,
        })
        .collect()
}

/// The columns of a coverage that hold at least one value.
pub(super) fn request_columns(coverage: &Coverage) -> Vec<crate::model::column::RequestColumn> {
    coverage
        .columns
        .iter()
        .filter(|column| column.present > 0)
        .filter_map(|column| crate::model::column::RequestColumn::from_name(&column.column))
        .collect()
}

/// Whether a profile has a value in one column.
type Present = fn(&AccountProfile) -> bool;

/// The account columns that hold at least one value.
pub(super) fn account_columns(
    profiles: &[Option<AccountProfile>],
) -> Vec<crate::model::column::AccountColumn> {
    use crate::model::column::AccountColumn as C;
    let any = |present: fn(&AccountProfile) -> bool| profiles.iter().flatten().any(present);
    let table: [(C, Present); 20] = [
        (C::AccountId, |_| true),
        (C::CreatedAt, |p| p.created_at_us.is_some()),
        (C::ClosedAt, |p| p.closed_at_us.is_some()),
        (C::Status, |p| p.status.is_some()),
        (C::CloseReason, |p| p.close_reason.is_some()),
        (C::Email, |p| p.email.is_some()),
        (C::EmailDomain, |p| p.email_domain.is_some()),
        (C::Phone, |p| p.phone.is_some()),
        (C::BillingCountry, |p| p.billing_country.is_some()),
        (C::PaymentId, |p| p.payment_id.is_some()),
        (C::PaymentKind, |p| p.payment_kind.is_some()),
        (C::OrgName, |p| p.org_name.is_some()),
        (C::OrgId, |p| p.org_id.is_some()),
        (C::SignupIp, |p| p.signup_ip.is_some()),
        (C::SignupAsn, |p| p.signup_asn.is_some()),
        (C::SignupCountry, |p| p.signup_country.is_some()),
        (C::SignupUserAgent, |p| p.signup_user_agent.is_some()),
        (C::SignupTlsFingerprint, |p| {
            p.signup_tls_fingerprint.is_some()
        }),
        (C::ReferrerCode, |p| p.referrer_code.is_some()),
        (C::Plan, |p| p.plan.is_some()),
    ];
    table
        .into_iter()
        .filter(|(_, present)| any(*present))
        .map(|(column, _)| column)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_runs_from_the_first_silent_minute_to_the_first_busy_one() {
        let found = gaps(&[(10, 5), (11, 1), (50, 2)], 1, 30);
        assert_eq!(
            found,
            [Gap {
                from_us: 12 * MINUTE_US,
                until_us: 50 * MINUTE_US
            }]
        );
        assert!(gaps(&[(10, 5), (40, 2)], 1, 30).is_empty());
        assert!(gaps(&[], 1, 30).is_empty());
    }
}
