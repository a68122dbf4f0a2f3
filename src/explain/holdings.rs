//! The keys that the digest holds about one account, and who else has them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use schemars::JsonSchema;
use serde::Serialize;

use crate::detect::network::address;
use crate::digest::DigestTables;
use crate::explain::known::Known;
use crate::explain::parts::plural;
use crate::model::finding::{DetectorRun, RunStatus, Subject, SuppressedHub};

/// Fewest accounts whose shared key is tested for agreement with anything else.
const SMALLEST_TESTED: u64 = 3;

/// Why a key of the account did not place it in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyAssessment {
    /// A finding of the case stands on it.
    InFinding,
    /// Shared and tested; no finding of the case stands on it.
    NothingIndependent,
    /// Listed among the keys taken for public ones.
    Hub,
    /// Shared by fewer accounts than are tested.
    TooFew,
    /// The detector that looks at such keys did not run.
    NotTested,
    /// No detector takes such a key for a link between accounts.
    NotALink,
    /// No other account has it.
    Alone,
}

/// A key of the account.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HeldKey {
    /// Kind of key.
    pub kind: String,
    /// The key.
    pub value: String,
    /// Requests of the account with it.
    pub requests: u64,
    /// Other accounts of the log that have it.
    pub other_accounts: u64,
    /// Why it did not place the account in a campaign.
    pub assessment: KeyAssessment,
    /// The same in a sentence, with its figures.
    pub reason: String,
}

/// Keys of one kind, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KindCount {
    /// Kind of key.
    pub kind: String,
    /// Keys of that kind that the account has.
    pub keys: u64,
    /// Those of them that another account has as well.
    pub shared: u64,
}

/// The keys of one account.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Holdings {
    /// Counts by kind, sorted by kind.
    pub kinds: Vec<KindCount>,
    /// Its keys: those that matter most first, then by kind, the rarest first.
    pub keys: Vec<HeldKey>,
}

/// One key while it is counted.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    requests: u64,
    others: u64,
    last_seen: Option<u32>,
}

/// Reads the keys of account number `account`.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn holdings(account: u32, tables: &DigestTables, known: &Known<'_>) -> Result<Holdings> {
    let kinds = tables.keys.column("kind")?.str()?;
    let values = tables.keys.column("value")?.str()?;
    let links: Vec<(u32, u32, u64)> = tables
        .links
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(tables.links.column("key")?.u32()?.into_no_null_iter())
        .zip(tables.links.column("requests")?.u64()?.into_no_null_iter())
        .map(|((account, key), requests)| (account, key, requests))
        .collect();
    // The account's own keys and, for its addresses, the blocks they lie in.
    let mut own: BTreeMap<u32, Count> = BTreeMap::new();
    let mut blocks: BTreeMap<String, Count> = BTreeMap::new();
    for (_, key, requests) in links.iter().filter(|link| link.0 == account) {
        own.entry(*key).or_default().requests += requests;
        if let Some(block) = block_of(*key, kinds, values) {
            blocks.entry(block).or_default().requests += requests;
        }
    }
    // Links are sorted by account, so an account is counted once by looking at the last one.
    for (other, key, _) in links.iter().filter(|link| link.0 != account) {
        let seen = |count: &mut Count| {
            if count.last_seen != Some(*other) {
                count.last_seen = Some(*other);
                count.others += 1;
            }
        };
        if let Some(count) = own.get_mut(key) {
            seen(count);
        }
        if !blocks.is_empty()
            && let Some(block) = block_of(*key, kinds, values)
            && let Some(count) = blocks.get_mut(&block)
        {
            seen(count);
        }
    }
    let named = own.into_iter().filter_map(|(key, count)| {
        let at = key as usize;
        Some((kinds.get(at)?.to_owned(), values.get(at)?.to_owned(), count))
    });
    let derived = blocks
        .into_iter()
        .map(|(block, count)| ("ip_prefix".to_owned(), block, count));
    let mut keys: Vec<HeldKey> = named
        .chain(derived)
        .map(|(kind, value, count)| assessed(kind, value, count, known))
        .collect();
    keys.sort_by(|a, b| {
        a.assessment
            .cmp(&b.assessment)
            .then_with(|| a.kind.cmp(&b.kind))
            .then(a.other_accounts.cmp(&b.other_accounts))
            .then_with(|| a.value.cmp(&b.value))
    });
    Ok(Holdings {
        kinds: counts(&keys),
        keys,
    })
}

/// The block of an address; nothing for other keys.
fn block_of(
    key: u32,
    kinds: &polars::prelude::StringChunked,
    values: &polars::prelude::StringChunked,
) -> Option<String> {
    let at = key as usize;
    if kinds.get(at)? != "ip" {
        return None;
    }
    address::prefix(values.get(at)?)
}

fn counts(keys: &[HeldKey]) -> Vec<KindCount> {
    let kinds: BTreeSet<&str> = keys.iter().map(|key| key.kind.as_str()).collect();
    kinds
        .into_iter()
        .map(|kind| {
            let of_kind = || keys.iter().filter(|key| key.kind == kind);
            KindCount {
                kind: kind.to_owned(),
                keys: of_kind().count() as u64,
                shared: of_kind().filter(|key| key.other_accounts > 0).count() as u64,
            }
        })
        .collect()
}

/// The detector that takes keys of this kind for links, if any.
fn detector_of(kind: &str) -> Option<&'static str> {
    match kind {
        "ip" | "ip_prefix" | "tls" | "client" => Some("network/shared-infrastructure"),
        "reasoning_signature" => Some("dynamics/signature-replay"),
        _ => None,
    }
}

fn assessed(kind: String, value: String, count: Count, known: &Known<'_>) -> HeldKey {
    let (assessment, reason) = assess(&kind, &value, count.others, known);
    HeldKey {
        kind,
        value,
        requests: count.requests,
        other_accounts: count.others,
        assessment,
        reason,
    }
}

fn assess(kind: &str, value: &str, others: u64, known: &Known<'_>) -> (KeyAssessment, String) {
    if others == 0 {
        return (
            KeyAssessment::Alone,
            "no other account of the log has it".to_owned(),
        );
    }
    let sharing = format!("shared with {}", plural(others, "other account"));
    let Some(detector) = detector_of(kind) else {
        return (
            KeyAssessment::NotALink,
            format!("{sharing}; keys of this kind do not link accounts"),
        );
    };
    let findings: Vec<&str> = known
        .case
        .findings
        .iter()
        .filter(|finding| is_about(&finding.subject, kind, value))
        .map(|finding| finding.id.as_str())
        .collect();
    if !findings.is_empty() {
        return (
            KeyAssessment::InFinding,
            format!("{sharing}; findings stand on it: {}", findings.join(", ")),
        );
    }
    if let Some(hub) = hub_of(kind, value, &known.case.suppressed_hubs) {
        return (
            KeyAssessment::Hub,
            format!(
                "{sharing}; taken for a public one: {} ({:.0} % of its accounts are tied by something else, {:.0} % of random ones)",
                hub.reason,
                hub.co_evidence_share * 100.0,
                hub.background_share * 100.0
            ),
        );
    }
    if let Some(why) = not_run(detector, &known.case.detectors) {
        return (
            KeyAssessment::NotTested,
            format!("{sharing}; {detector} {why}, so it was not tested"),
        );
    }
    if others + 1 < SMALLEST_TESTED {
        return (
            KeyAssessment::TooFew,
            format!("{sharing}; groups of fewer than {SMALLEST_TESTED} are not tested"),
        );
    }
    let rule = match kind {
        "tls" | "client" => "; popular software alone never makes a group",
        "ip" | "ip_prefix" => "; one place alone never makes a group",
        _ => "",
    };
    (
        KeyAssessment::NothingIndependent,
        format!("{sharing}; no finding of the case stands on it{rule}"),
    )
}

fn is_about(subject: &Subject, kind: &str, value: &str) -> bool {
    let Subject::Key {
        kind: of_finding,
        value: held,
    } = subject
    else {
        return false;
    };
    // The detector's name for the key differs from the digest's.
    let same_kind =
        of_finding == kind || (kind == "reasoning_signature" && of_finding == "signature");
    same_kind && held == value
}

fn hub_of<'a>(kind: &str, value: &str, hubs: &'a [SuppressedHub]) -> Option<&'a SuppressedHub> {
    hubs.iter()
        .find(|hub| hub.kind == kind && hub.value == value)
}

/// Why a detector did not run, if it did not.
fn not_run(detector: &str, runs: &[DetectorRun]) -> Option<String> {
    let run = runs.iter().find(|run| run.detector == detector)?;
    match &run.status {
        RunStatus::Ran => None,
        RunStatus::NotRun { reason } => Some(format!("did not run ({reason})")),
        RunStatus::Skipped => Some("was left out on request".to_owned()),
    }
}
