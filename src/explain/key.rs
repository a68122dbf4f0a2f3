//! A key: who has it, what rests on it, and whether it is taken for a public one.

use schemars::JsonSchema;
use serde::Serialize;

use crate::detect::network::address;
use crate::explain::known::Known;
use crate::explain::parts::{FindingFigures, Row};
use crate::model::campaign::Verdict;
use crate::model::finding::{Finding, Subject, SuppressedHub};

/// A campaign whose accounts share the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeyInCampaign {
    /// Campaign id.
    pub campaign_id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Accounts of the campaign that have the key.
    pub inside: u64,
    /// Accounts outside the campaign that have it.
    pub outside: u64,
    /// A row of the log by one of those inside.
    pub row: Option<Row>,
}

/// A key, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KeyExplanation {
    /// Kind of key: `payment`, `ip`, `ip_prefix`, `client`, ...
    pub kind: String,
    /// The key.
    pub value: String,
    /// Campaigns among whose most shared keys it is, in the order of the case.
    pub campaigns: Vec<KeyInCampaign>,
    /// Findings that are about it.
    pub findings: Vec<FindingFigures>,
    /// Why it is taken for one that strangers share, where it is.
    pub hub: Option<String>,
    /// Accounts that have it.
    pub accounts: u64,
    /// Those of them that the digest or the findings name, sorted.
    pub account_ids: Vec<String>,
    /// Whether these are all: keys of the accounts table are not in the digest.
    pub accounts_complete: bool,
}

/// The kinds and values of the case's keys that `id` names: as `kind:value`, or by the value alone.
/// Sorted, each once.
#[must_use]
pub fn named(id: &str, known: &Known<'_>) -> Vec<(String, String)> {
    let case = known.case;
    let shared = case
        .campaigns
        .iter()
        .flat_map(|campaign| &campaign.shared_keys)
        .map(|key| (key.kind.as_str(), key.value.as_str()));
    let subjects = case.findings.iter().filter_map(key_of);
    // Templates and texts have explanations of their own.
    let hubs = case
        .suppressed_hubs
        .iter()
        .filter(|hub| !hub.kind.ends_with("template") && !hub.kind.ends_with("text"));
    let mut found: Vec<(String, String)> = shared
        .chain(subjects)
        .chain(hubs.map(|hub| (hub.kind.as_str(), hub.value.as_str())))
        .filter(|(kind, value)| names(id, kind, value))
        .map(|(kind, value)| (kind.to_owned(), value.to_owned()))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whether an id names a key; an address however it is spelled.
#[must_use]
pub fn names(id: &str, kind: &str, value: &str) -> bool {
    let given = id
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(id);
    given == value || (kind == "ip" && address::spelled(given) == address::spelled(value))
}

/// The key of `kind` that a key of a request gives: itself, for addresses in one spelling, and for
/// blocks the one that an address lies in.
#[must_use]
pub fn derived(kind: &str, stored_kind: &str, stored: &str) -> Option<String> {
    match (kind, stored_kind) {
        ("ip", "ip") => Some(address::spelled(stored)),
        ("ip_prefix", "ip") => address::prefix(stored),
        (kind, stored_kind) if kind == stored_kind => Some(stored.to_owned()),
        _ => None,
    }
}

fn key_of(finding: &Finding) -> Option<(&str, &str)> {
    match &finding.subject {
        Subject::Key { kind, value } => Some((kind, value)),
        _ => None,
    }
}

/// Explains a key; `holders` are its accounts by the digest, where that holds such keys.
#[must_use]
pub fn key(
    (kind, value): (String, String),
    holders: Option<Vec<String>>,
    known: &Known<'_>,
) -> KeyExplanation {
    let case = known.case;
    let campaigns: Vec<KeyInCampaign> = case
        .campaigns
        .iter()
        .filter_map(|campaign| {
            let key = campaign
                .shared_keys
                .iter()
                .find(|key| key.kind == kind && key.value == value)?;
            Some(KeyInCampaign {
                campaign_id: campaign.id.clone(),
                verdict: campaign.verdict,
                inside: key.inside,
                outside: key.outside,
                row: known.rows(key.sample.as_slice()).into_iter().next(),
            })
        })
        .collect();
    let about: Vec<&Finding> = case
        .findings
        .iter()
        .filter(|finding| key_of(finding) == Some((&kind, &value)))
        .collect();
    let listed = case
        .suppressed_hubs
        .iter()
        .find(|hub| hub.kind == kind && hub.value == value);
    let hub = listed.map(hub_sentence);
    let accounts_complete = holders.is_some();
    let mut account_ids = holders.unwrap_or_default();
    account_ids.extend(about.iter().flat_map(|finding| &finding.accounts).cloned());
    account_ids.sort();
    account_ids.dedup();
    let counted = campaigns
        .iter()
        .map(|found| found.inside + found.outside)
        .chain(listed.map(|hub| hub.accounts))
        .chain([account_ids.len() as u64]);
    KeyExplanation {
        accounts: counted.max().unwrap_or(0),
        campaigns,
        findings: about
            .into_iter()
            .map(|finding| FindingFigures::of(finding, known))
            .collect(),
        hub,
        account_ids,
        accounts_complete,
        kind,
        value,
    }
}

fn hub_sentence(hub: &SuppressedHub) -> String {
    format!(
        "{} accounts have it; taken for one that strangers share ({}): {}",
        hub.accounts, hub.detector, hub.reason
    )
}
