//! An account: its place in campaigns, or what was looked at and why it stayed quiet.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::known::Known;
use crate::explain::parts::{FamilyBits, FindingFigures, Row, by_detector, stack};
use crate::explain::quiet::{self, LookedAt, Reason};
use crate::explain::template::TemplateSummary;
use crate::model::campaign::{Campaign, Member, Role, SilentAccount, Verdict};
use crate::model::finding::{DetectorRun, Family, Finding};

/// Sample rows shown of an account.
const ROWS: usize = 10;

/// An account, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccountExplanation {
    /// Account id.
    pub account_id: String,
    /// Its place in each campaign it belongs to; empty for an account outside all of them.
    pub campaigns: Vec<Membership>,
    /// Campaigns with which it is listed though it sent nothing in the log.
    pub silent_in: Vec<SilentPlace>,
    /// Findings that list it without a campaign of the case that has it as a member.
    pub other_findings: Vec<String>,
    /// Why it is in no campaign; empty for a member.
    pub why_quiet: Vec<Reason>,
    /// What the digest holds about it; only for an account outside all campaigns, and only
    /// where the case has its digest.
    pub looked_at: Option<LookedAt>,
    /// Every detector with whether it ran; only for an account outside all campaigns.
    pub detectors: Vec<DetectorRun>,
}

/// The place beside a campaign of an account that sent nothing in the log.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SilentPlace {
    /// Campaign id.
    pub campaign_id: String,
    /// Verdict on the campaign.
    pub verdict: Verdict,
    /// What the accounts table says of it.
    pub account: SilentAccount,
    /// The finding about its payer.
    pub listed_by: Option<FindingFigures>,
}

/// An account's place in a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Membership {
    /// Campaign id.
    pub campaign_id: String,
    /// Verdict on the campaign.
    pub verdict: Verdict,
    /// Why this verdict.
    pub verdict_reason: String,
    /// Its part in the campaign.
    pub role: Role,
    /// Total evidence for this account in bits: the sum over families, each capped.
    pub bits: f64,
    /// The waterfall: this account's own bits by family.
    pub families: Vec<FamilyBits>,
    /// Findings that tie the account to the campaign.
    pub tied_by: Vec<FindingFigures>,
    /// Other findings of the campaign that list the account.
    pub listed_in: Vec<FindingFigures>,
    /// All requests of the account in the log.
    pub requests: u64,
    /// Requests of the account in the campaign's templates (the sub-stream).
    pub campaign_requests: u64,
    /// First request, microseconds since the epoch.
    pub first_us: i64,
    /// Last request, microseconds since the epoch.
    pub last_us: i64,
    /// When the account was made, where the accounts table says so.
    pub created_us: Option<i64>,
    /// When the account was closed, where the accounts table says so.
    pub closed_us: Option<i64>,
    /// Templates of the campaign with the account's attributed requests in each.
    pub templates: Vec<UsedTemplate>,
    /// Sample rows of the account: attributed requests where there are any.
    pub rows: Vec<Row>,
    /// Whether `rows` are attributed requests, or any requests of the account.
    pub rows_attributed: bool,
}

/// A template as one account uses it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UsedTemplate {
    /// The template.
    pub template: TemplateSummary,
    /// The account's requests attributed to it.
    pub attributed_requests: u64,
}

/// Explains an account. `sampled` are any rows of it, best first; `looked_at` is what the
/// digest holds about an account outside all campaigns.
#[must_use]
pub fn account(
    id: &str,
    known: &Known<'_>,
    sampled: &[Row],
    looked_at: Option<LookedAt>,
) -> AccountExplanation {
    let campaigns: Vec<Membership> = known
        .case
        .campaigns
        .iter()
        .filter_map(|campaign| {
            let member = campaign
                .members
                .iter()
                .find(|member| member.account_id == id)?;
            Some(membership(campaign, member, known, sampled))
        })
        .collect();
    let shown = |finding: &str| {
        campaigns.iter().any(|place| {
            let mut all = place.tied_by.iter().chain(&place.listed_in);
            all.any(|figures| figures.id == finding)
        })
    };
    let other_findings: Vec<String> = known
        .case
        .findings
        .iter()
        .filter(|finding| lists(finding, id) && !shown(&finding.id))
        .map(|finding| finding.id.clone())
        .collect();
    let silent_in: Vec<SilentPlace> = known
        .silent(id)
        .map(|(campaign, account)| SilentPlace {
            campaign_id: campaign.id.clone(),
            verdict: campaign.verdict,
            account: account.clone(),
            listed_by: known
                .finding(&account.finding)
                .map(|finding| FindingFigures::of(finding, known)),
        })
        .collect();
    let quiet = campaigns.is_empty() && silent_in.is_empty();
    AccountExplanation {
        account_id: id.to_owned(),
        why_quiet: if quiet {
            quiet::reasons(known, (id, looked_at.as_ref()), &other_findings)
        } else {
            Vec::new()
        },
        detectors: if quiet {
            known.case.detectors.clone()
        } else {
            Vec::new()
        },
        campaigns,
        silent_in,
        other_findings,
        looked_at,
    }
}

fn lists(finding: &Finding, account: &str) -> bool {
    finding.accounts.iter().any(|listed| listed == account)
}

fn membership(
    campaign: &Campaign,
    member: &Member,
    known: &Known<'_>,
    sampled: &[Row],
) -> Membership {
    let own: Vec<&Finding> = member
        .findings
        .iter()
        .filter_map(|id| known.finding(id))
        .collect();
    let mut listed: Vec<&Finding> = Vec::new();
    for finding in campaign
        .evidence
        .iter()
        .flat_map(|row| &row.findings)
        .filter(|id| !member.findings.contains(id))
        .filter_map(|id| known.finding(id))
        .filter(|finding| lists(finding, &member.account_id))
    {
        if !listed.iter().any(|seen| seen.id == finding.id) {
            listed.push(finding);
        }
    }
    let figures = |findings: &[&Finding]| -> Vec<FindingFigures> {
        findings
            .iter()
            .map(|finding| FindingFigures::of(finding, known))
            .collect()
    };
    let mut families: Vec<FamilyBits> = member
        .bits_by_family
        .iter()
        .map(|(family, bits)| step(*family, *bits, campaign, member, known))
        .collect();
    // Stable: equal families stay in canonical order.
    families.sort_by(|a, b| b.bits.total_cmp(&a.bits));
    stack(&mut families);
    let mut used: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rows = Vec::new();
    for request in known.requests.iter().filter(|request| {
        *request.account_id == *member.account_id && *request.campaign_id == *campaign.id
    }) {
        *used.entry(&request.template_id).or_default() += 1;
        if rows.len() < ROWS {
            rows.push(known.row(request.file, request.row, &request.request_id));
        }
    }
    let rows_attributed = !rows.is_empty();
    Membership {
        campaign_id: campaign.id.clone(),
        verdict: campaign.verdict,
        verdict_reason: campaign.verdict_reason.clone(),
        role: member.role,
        bits: member.bits,
        families,
        tied_by: figures(&own),
        listed_in: figures(&listed),
        requests: member.requests,
        campaign_requests: member.campaign_requests,
        first_us: member.first_us,
        last_us: member.last_us,
        created_us: member.created_us,
        closed_us: member.closed_us,
        templates: campaign
            .templates
            .iter()
            .map(|id| UsedTemplate {
                template: TemplateSummary::of(id, known),
                attributed_requests: used.get(id.as_str()).copied().unwrap_or(0),
            })
            .collect(),
        rows: if rows_attributed {
            rows
        } else {
            sampled.iter().take(ROWS).cloned().collect()
        },
        rows_attributed,
    }
}

/// A family's step for one account, with the findings of that family that tie it.
fn step(
    family: Family,
    bits: f64,
    campaign: &Campaign,
    member: &Member,
    known: &Known<'_>,
) -> FamilyBits {
    let row = campaign.evidence.iter().find(|row| row.family == family);
    let behind: Vec<String> = row
        .map(|row| row.findings.as_slice())
        .unwrap_or_default()
        .iter()
        .filter(|id| member.findings.contains(id))
        .cloned()
        .collect();
    FamilyBits {
        family,
        bits,
        from_bits: 0.0,
        to_bits: 0.0,
        counts: row.is_some_and(|row| row.counts),
        accounts: None,
        statement: String::new(),
        detectors: by_detector(&behind, known),
    }
}
