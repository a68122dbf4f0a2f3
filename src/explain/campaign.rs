//! A campaign: its bits step by step, what does not count, what was not tested, its rivals.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::known::Known;
use crate::explain::parts::{FamilyBits, FindingFigures, Row, by_detector, stack};
use crate::explain::template::TemplateSummary;
use crate::model::campaign::{
    Campaign, FamilyEvidence, Rival, SharedKey, SilentAccount, Technique, TimelineEntry, Verdict,
    WithoutFamily,
};
use crate::model::finding::{Family, Subject};

/// A campaign, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CampaignExplanation {
    /// Campaign id.
    pub id: String,
    /// Verdict.
    pub verdict: Verdict,
    /// Why this verdict and not the next higher or lower one.
    pub verdict_reason: String,
    /// What the verdict would be without each family that counts.
    pub without_family: Vec<WithoutFamily>,
    /// The key or template that joins the last parts of the cluster, in one sentence.
    pub weakest_bridge: Option<String>,
    /// Keys that most of its accounts share, five of each kind at most.
    pub shared_keys: Vec<SharedKey>,
    /// The score in `case.json`: bits of the median member.
    pub bits: f64,
    /// Sum of the bits of `families`.
    pub sum_bits: f64,
    /// The waterfall: evidence by family, in the order of the case.
    pub families: Vec<FamilyBits>,
    /// The findings behind the families, each once, in the order in which they are named there.
    pub findings: Vec<FindingFigures>,
    /// What was looked at and adds nothing to the verdict.
    pub does_not_count: Vec<Uncounted>,
    /// What could not be tested and why.
    pub not_tested: Vec<String>,
    /// Tests that were made and found nothing beyond chance.
    pub tested_without_finding: Vec<String>,
    /// Expected number of false clusters with at least this much support, from null runs.
    pub expected_false: Option<f64>,
    /// Null runs made.
    pub null_runs: u32,
    /// How the links were randomised, in words.
    pub null_method: String,
    /// Rival innocent explanations.
    pub rivals: Vec<Rival>,
    /// What they were after.
    pub purpose: String,
    /// What its clock says, what it is linked with, and whatever else describes it and is no evidence.
    pub description: Vec<String>,
    /// Published techniques it would be, if a reader confirms it; none for a lead.
    pub techniques: Vec<Technique>,
    /// Its templates.
    pub templates: Vec<TemplateSummary>,
    /// Requests of all members.
    pub requests: u64,
    /// Requests in the campaign's templates.
    pub campaign_requests: u64,
    /// Whether all of these were counted.
    pub campaign_requests_complete: bool,
    /// First request, microseconds since the epoch.
    pub first_us: i64,
    /// Last request, microseconds since the epoch.
    pub last_us: i64,
    /// Members, strongest first.
    pub members: Vec<MemberSummary>,
    /// Accounts that sent nothing in the log and that one of its payers pays for.
    pub silent_accounts: Vec<SilentAccount>,
    /// What happened when.
    pub timeline: Vec<TimelineEntry>,
    /// Sample rows.
    pub rows: Vec<Row>,
}

/// Something that adds nothing to the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Uncounted {
    /// What it is.
    pub what: String,
    /// Its own bits, where it has some.
    pub bits: Option<f64>,
    /// Why it does not count.
    pub why: String,
}

/// A member in one line.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MemberSummary {
    /// Account id.
    pub account_id: String,
    /// Total evidence in bits.
    pub bits: f64,
    /// All requests of the account.
    pub requests: u64,
    /// Requests of the account in the campaign's templates.
    pub campaign_requests: u64,
}

/// Explains a campaign of the case.
#[must_use]
pub fn campaign(campaign: &Campaign, known: &Known<'_>) -> CampaignExplanation {
    let mut families: Vec<FamilyBits> = campaign
        .evidence
        .iter()
        .map(|row| FamilyBits {
            family: row.family,
            bits: row.bits,
            from_bits: 0.0,
            to_bits: 0.0,
            counts: row.counts,
            accounts: Some(row.accounts),
            statement: row.statement.clone(),
            detectors: by_detector(&row.findings, known),
        })
        .collect();
    let sum_bits = stack(&mut families);
    let null_runs = &known.case.null_runs;
    CampaignExplanation {
        id: campaign.id.clone(),
        verdict: campaign.verdict,
        verdict_reason: campaign.verdict_reason.clone(),
        without_family: campaign.without_family.clone(),
        weakest_bridge: weakest_bridge(campaign, known),
        shared_keys: campaign.shared_keys.clone(),
        bits: campaign.bits,
        sum_bits,
        families,
        findings: findings(campaign, known),
        does_not_count: does_not_count(campaign, known),
        not_tested: campaign.not_tested.clone(),
        tested_without_finding: campaign.tested_without_finding.clone(),
        expected_false: campaign.expected_false,
        null_runs: null_runs.runs,
        null_method: null_runs.method.clone(),
        rivals: campaign.rivals.clone(),
        purpose: campaign.purpose.clone(),
        description: campaign.description.clone(),
        techniques: campaign.techniques.clone(),
        templates: campaign
            .templates
            .iter()
            .map(|id| TemplateSummary::of(id, known))
            .collect(),
        requests: campaign.requests,
        campaign_requests: campaign.campaign_requests,
        campaign_requests_complete: campaign.campaign_requests_complete,
        first_us: campaign.first_us,
        last_us: campaign.last_us,
        members: campaign
            .members
            .iter()
            .map(|member| MemberSummary {
                account_id: member.account_id.clone(),
                bits: member.bits,
                requests: member.requests,
                campaign_requests: member.campaign_requests,
            })
            .collect(),
        silent_accounts: campaign.silent_accounts.clone(),
        timeline: campaign.timeline.clone(),
        rows: known.rows(&campaign.locators),
    }
}

fn weakest_bridge(campaign: &Campaign, known: &Known<'_>) -> Option<String> {
    let bridge = campaign.weakest_bridge.as_ref()?;
    let finding = known.finding(&bridge.finding)?;
    Some(bridge.sentence(&finding.subject.in_words()))
}

fn findings(campaign: &Campaign, known: &Known<'_>) -> Vec<FindingFigures> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    campaign
        .evidence
        .iter()
        .flat_map(|row| &row.findings)
        .filter(|id| seen.insert(id))
        .filter_map(|id| known.finding(id))
        .map(|finding| FindingFigures::of(finding, known))
        .collect()
}

fn does_not_count(campaign: &Campaign, known: &Known<'_>) -> Vec<Uncounted> {
    let mut uncounted: Vec<Uncounted> = campaign
        .evidence
        .iter()
        .filter_map(|row| Some((row, why_not(row, known)?)))
        .map(|(row, why)| Uncounted {
            what: format!("{}: {}", row.family.name(), row.statement),
            bits: Some(strongest(row, known)),
            why,
        })
        .collect();
    // Weak findings beside counting ones of their family, and those in no family's row.
    let in_rows: BTreeSet<&str> = campaign
        .evidence
        .iter()
        .filter(|row| !row.counts)
        .flat_map(|row| row.findings.iter().map(String::as_str))
        .collect();
    let about = |subject: &Subject| match subject {
        Subject::Group { name } => {
            // the purpose of a campaign is stated about `ID capability`
            name.split(' ').next() == Some(campaign.id.as_str())
        }
        _ => false,
    };
    for finding in known.case.findings.iter().filter(|finding| {
        finding.weak && about(&finding.subject) && !in_rows.contains(finding.id.as_str())
    }) {
        uncounted.push(Uncounted {
            what: format!("{} {}: {}", finding.detector, finding.id, finding.measure),
            bits: Some(finding.bits),
            why: WEAK.to_owned(),
        });
    }
    uncounted.extend(campaign.description.iter().map(|sentence| Uncounted {
        what: sentence.clone(),
        bits: None,
        why: "a description, never evidence".to_owned(),
    }));
    uncounted
}

const WEAK: &str =
    "its everyday explanations are so common that it never counts as a family of evidence";

/// Why the verdict leaves a family out, if it does.
fn why_not(row: &FamilyEvidence, known: &Known<'_>) -> Option<String> {
    let behind: Vec<_> = row
        .findings
        .iter()
        .filter_map(|id| known.finding(id))
        .collect();
    if row.counts {
        return (row.family == Family::Client).then(|| {
            "popular software explains the same client on many machines: it is no family of its own beside others".to_owned()
        });
    }
    if !behind.is_empty() && behind.iter().all(|finding| finding.weak) {
        return Some(WEAK.to_owned());
    }
    if row.bits > 0.0 {
        return Some("too few bits for a family to count for the verdict".to_owned());
    }
    Some(
        "it follows from what already counts, or has too few bits, and so is not a family of its own"
            .to_owned(),
    )
}

fn strongest(row: &FamilyEvidence, known: &Known<'_>) -> f64 {
    row.findings
        .iter()
        .filter_map(|id| known.finding(id))
        .map(|finding| finding.bits)
        .fold(row.bits, f64::max)
}
