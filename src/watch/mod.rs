//! Watch lists: what another investigation named is held against the log.
//!
//! A match is no evidence of this log: there is no null model under which it could be unlikely,
//! only the word of whoever made the list. So it is a family of its own without bits. It is shown
//! with the campaigns whose accounts match, and accounts that match alone are leads and never
//! more.

pub mod entry;
pub mod list;
mod matching;
mod stix;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::detect::layer::Layer;
use crate::digest::DigestTables;
use crate::fuse::campaigns::activity;
use crate::fuse::rows::Rows;
use crate::model::campaign::{Campaign, FamilyEvidence, Member, Rival, Role, Verdict};
use crate::model::finding::{DetectorRun, Family, Finding, RunStatus, Subject};
use crate::model::profile::AccountProfile;
use crate::model::watchlist::Watchlist;
use crate::stats::random::stable_id;
use crate::watch::entry::{Entry, Watched};
use crate::watch::list::List;
use crate::watch::matching::{Hit, hits};

/// Under this name its findings stand.
pub const DETECTOR: &str = "watchlist/indicators";

const INNOCENT: &str = "addresses, domains and cards pass from hand to hand, a block holds strangers, and lists age or were wrong from the start";
const WOULD_CLEAR: &str =
    "the list's own grounds for the entry, and whether they hold for the time of this log";

/// Entries named in a statement.
const NAMED: usize = 3;

/// What the search reads.
pub struct Input<'a> {
    /// The list.
    pub list: &'a List,
    /// The digest.
    pub tables: &'a DigestTables,
    /// Account profiles in digest order.
    pub profiles: &'a [Option<AccountProfile>],
    /// Shared keys; those of the content family tell which accounts use a template.
    pub layers: &'a [Layer],
    /// Requests by account and hour, sorted.
    pub cells: &'a [(u32, i64, u32)],
    /// Sample rows with each finding.
    pub locators: usize,
    /// Whether leads are reported.
    pub leads: bool,
}

/// Adds what the list names to the campaigns and findings.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn apply(
    input: &Input<'_>,
    campaigns: &mut Vec<Campaign>,
    findings: &mut Vec<Finding>,
) -> Result<Watchlist> {
    let entries = &input.list.entries;
    let users = |id: &str| users_of(input.layers, id);
    let mut hits = hits(entries, input.tables, input.profiles, users, input.locators)?;
    let mut bare: Vec<&mut Hit> = hits
        .iter_mut()
        .filter(|hit| hit.locators.is_empty() && !hit.accounts.is_empty())
        .collect();
    if !bare.is_empty() {
        let rows = Rows::read(input.tables)?;
        for hit in &mut bare {
            let of_accounts = hit.accounts.iter().filter_map(|one| rows.of_account(*one));
            hit.locators = of_accounts.take(input.locators).collect();
            hit.locators.sort();
        }
    }
    let accounts = Accounts::read(input.tables)?;
    let mut ranked: Vec<(u8, Finding, &Hit)> = entries
        .iter()
        .zip(&hits)
        .filter(|(_, hit)| !hit.accounts.is_empty())
        .map(|(entry, hit)| (entry.watched.rank(), finding(entry, hit, &accounts), hit))
        .collect();
    // What names an account comes before what many share. The same entry may stand in a list twice.
    ranked.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    ranked.dedup_by(|a, b| a.1.id == b.1.id);
    let matched: Vec<(Finding, &Hit)> = ranked
        .into_iter()
        .map(|(_, finding, hit)| (finding, hit))
        .collect();
    let numbers: BTreeMap<&str, u32> = accounts
        .ids
        .iter()
        .map(String::as_str)
        .zip(0_u32..)
        .collect();
    let mut inside: BTreeSet<u32> = BTreeSet::new();
    for campaign in campaigns.iter_mut() {
        inside.extend(attach(campaign, &matched, &numbers));
    }
    let all: BTreeSet<u32> = matched
        .iter()
        .flat_map(|(_, hit)| hit.accounts.iter().copied())
        .collect();
    if input.leads {
        campaigns.extend(leads(input, &matched, &inside, &accounts));
    }
    let summary = Watchlist {
        entries: entries.len() as u64,
        matched: matched.len() as u64,
        accounts: all.len() as u64,
        accounts_outside: all.difference(&inside).count() as u64,
        unread: input.list.unread.clone(),
    };
    findings.extend(matched.into_iter().map(|(finding, _)| finding));
    findings.sort_by(|a, b| {
        a.detector
            .cmp(&b.detector)
            .then(b.bits.total_cmp(&a.bits))
            .then_with(|| a.id.cmp(&b.id))
    });
    Ok(summary)
}

/// The run, as detectors are listed; it is only there where a list was given.
#[must_use]
pub fn run() -> DetectorRun {
    DetectorRun {
        detector: DETECTOR.to_owned(),
        version: 1,
        status: RunStatus::Ran,
        findings: 0,
        partial: Vec::new(),
    }
}

/// The accounts that use a template or an exact text.
fn users_of(layers: &[Layer], id: &str) -> Vec<u32> {
    layers
        .iter()
        .filter(|layer| layer.family == Family::Content)
        .filter_map(|layer| {
            let group = layer.values.iter().position(|value| value == id)?;
            Some(layer.group(group).to_vec())
        })
        .flatten()
        .collect()
}

/// The columns of the digest's accounts that are used here.
struct Accounts {
    ids: Vec<String>,
    requests: Vec<u64>,
    first_us: Vec<i64>,
    last_us: Vec<i64>,
}

impl Accounts {
    fn read(tables: &DigestTables) -> Result<Self> {
        let frame = &tables.accounts;
        let integers = |name: &str| -> Result<Vec<i64>> {
            Ok(frame.column(name)?.i64()?.into_no_null_iter().collect())
        };
        Ok(Self {
            ids: frame
                .column("account_id")?
                .str()?
                .iter()
                .map(|id| id.unwrap_or_default().to_owned())
                .collect(),
            requests: frame
                .column("requests")?
                .u64()?
                .into_no_null_iter()
                .collect(),
            first_us: integers("first_us")?,
            last_us: integers("last_us")?,
        })
    }

    fn member(&self, account: u32, finding: &str) -> Option<Member> {
        let index = account as usize;
        Some(Member {
            role: Role::Satellite,
            account_id: self.ids.get(index)?.clone(),
            bits: 0.0,
            bits_by_family: BTreeMap::new(),
            requests: *self.requests.get(index)?,
            campaign_requests: 0,
            first_us: *self.first_us.get(index)?,
            last_us: *self.last_us.get(index)?,
            created_us: None,
            closed_us: None,
            findings: vec![finding.to_owned()],
        })
    }
}

fn finding(entry: &Entry, hit: &Hit, accounts: &Accounts) -> Finding {
    let (kind, value) = (entry.watched.kind(), entry.watched.value());
    let mut named: Vec<String> = hit
        .accounts
        .iter()
        .filter_map(|account| accounts.ids.get(*account as usize).cloned())
        .collect();
    named.sort();
    Finding {
        id: stable_id("F", &[DETECTOR, kind, &value]),
        detector: DETECTOR.to_owned(),
        family: Family::Watchlist,
        subject: match &entry.watched {
            Watched::Template(id) => Subject::Template { id: id.clone() },
            _ => Subject::Key {
                kind: kind.to_owned(),
                value,
            },
        },
        accounts: named,
        bits: 0.0,
        measure: "accounts that match the entry of the watch list".to_owned(),
        measured: hit.accounts.len() as f64,
        expected: 0.0,
        n: accounts.ids.len() as u64,
        threshold: 1.0,
        null_model: "none: a list is the word of whoever made it, and nothing in this log says how likely a match is by chance; it enters no verdict".to_owned(),
        innocent: INNOCENT.to_owned(),
        would_clear: WOULD_CLEAR.to_owned(),
        requests: hit.requests,
        first_us: hit.first_us,
        last_us: hit.last_us,
        locators: hit.locators.clone(),
        weak: true,
        rests_on: Vec::new(),
        stands_with_any: false,
        suppressed_by: None,
    }
}

/// Shows with a campaign which of its accounts match; returns these.
fn attach(
    campaign: &mut Campaign,
    matched: &[(Finding, &Hit)],
    numbers: &BTreeMap<&str, u32>,
) -> BTreeSet<u32> {
    let members: BTreeSet<u32> = campaign
        .members
        .iter()
        .filter_map(|member| numbers.get(member.account_id.as_str()).copied())
        .collect();
    let behind: Vec<&(Finding, &Hit)> = matched
        .iter()
        .filter(|(_, hit)| !hit.accounts.is_disjoint(&members))
        .collect();
    let touched: BTreeSet<u32> = behind
        .iter()
        .flat_map(|(_, hit)| hit.accounts.intersection(&members).copied())
        .collect();
    if behind.is_empty() {
        return members;
    }
    for member in &mut campaign.members {
        let number = numbers.get(member.account_id.as_str());
        member.findings.extend(
            behind
                .iter()
                .filter(|(_, hit)| number.is_some_and(|number| hit.accounts.contains(number)))
                .map(|(finding, _)| finding.id.clone()),
        );
    }
    campaign.evidence.push(FamilyEvidence {
        family: Family::Watchlist,
        bits: 0.0,
        accounts: touched.len() as u64,
        counts: false,
        statement: format!(
            "{} of {} accounts match {} of the watch list ({}); a list counts for no verdict",
            touched.len(),
            members.len(),
            match behind.len() {
                1 => "1 entry".to_owned(),
                entries => format!("{entries} entries"),
            },
            named(behind.iter().map(|(finding, _)| finding))
        ),
        findings: behind
            .iter()
            .map(|(finding, _)| finding.id.clone())
            .collect(),
    });
    members
}

/// `ip 203.0.113.7, domain b.example and 4 more`.
fn named<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let all: Vec<String> = findings
        .map(|finding| match &finding.subject {
            Subject::Key { kind, value } => format!("{kind} {value}"),
            Subject::Template { id } => format!("template {id}"),
            Subject::Group { name } => name.clone(),
        })
        .collect();
    let more = all.len().saturating_sub(NAMED);
    let mut text = all.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// One lead for each entry whose accounts are in no campaign; an account that matches several
/// entries stands with the one that names it most closely, and of equals with the first by id.
fn leads(
    input: &Input<'_>,
    matched: &[(Finding, &Hit)],
    inside: &BTreeSet<u32>,
    accounts: &Accounts,
) -> Vec<Campaign> {
    let mut placed = inside.clone();
    let mut leads = Vec::new();
    for (finding, hit) in matched {
        let new: Vec<u32> = hit.accounts.difference(&placed).copied().collect();
        if new.is_empty() {
            continue;
        }
        placed.extend(&new);
        leads.push(lead(input, finding, &new, accounts));
    }
    leads
}

fn lead(input: &Input<'_>, finding: &Finding, new: &[u32], accounts: &Accounts) -> Campaign {
    let mut members: Vec<Member> = new
        .iter()
        .filter_map(|account| accounts.member(*account, &finding.id))
        .collect();
    members.sort_by(|a, b| a.account_id.cmp(&b.account_id));
    let (daily_requests, hour_of_week) = activity(input.cells, new);
    let entry = named(std::iter::once(finding));
    Campaign {
        id: stable_id("C", &[DETECTOR, &finding.id]),
        verdict: Verdict::Lead,
        verdict_reason:
            "an entry of the watch list and nothing else: a list is no evidence of this log"
                .to_owned(),
        bits: 0.0,
        // No null run makes a list, so it promises nothing.
        expected_false: None,
        without_family: Vec::new(),
        weakest_bridge: None,
        shared_keys: Vec::new(),
        tested_without_finding: Vec::new(),
        silent_accounts: Vec::new(),
        evidence: vec![FamilyEvidence {
            family: Family::Watchlist,
            bits: 0.0,
            accounts: members.len() as u64,
            counts: false,
            statement: format!(
                "{} match {entry} of the watch list",
                match members.len() {
                    1 => "1 account".to_owned(),
                    several => format!("{several} accounts"),
                }
            ),
            findings: vec![finding.id.clone()],
        }],
        not_tested: Vec::new(),
        requests: members.iter().map(|member| member.requests).sum(),
        campaign_requests: 0,
        campaign_requests_complete: false,
        purpose: "not determined: only the watch list names these accounts".to_owned(),
        templates: Vec::new(),
        first_us: members
            .iter()
            .map(|member| member.first_us)
            .min()
            .unwrap_or(0),
        last_us: members
            .iter()
            .map(|member| member.last_us)
            .max()
            .unwrap_or(0),
        daily_requests,
        hour_of_week,
        techniques: Vec::new(),
        rivals: vec![Rival {
            explanation: INNOCENT.to_owned(),
            speaks_for: vec!["nothing else in this log ties the accounts together".to_owned()],
            speaks_against: Vec::new(),
            would_clear: WOULD_CLEAR.to_owned(),
        }],
        locators: finding.locators.clone(),
        members,
        timeline: Vec::new(),
        description: Vec::new(),
    }
}
