//! One campaign as the report shows it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::campaign::{
    Campaign, NO_TECHNIQUES, Rival, Role, SilentAccount, Technique, Template, TimelineEntry,
    stability,
};
use crate::model::case::Case;
use crate::model::finding::{Finding, Locator, Subject};
use crate::report::chart::graph::{AccountGraph, account_graph};
use crate::report::chart::heat_map::{HeatMap, heat_map};
use crate::report::chart::timeline::{Timeline, timeline};
use crate::report::chart::waterfall::{Waterfall, waterfall};
use crate::report::format;
use crate::report::tables::findings::subject_parts;
use crate::report::view::Cut;
use crate::report::view::accounts::{AccountTable, Room, account_table};
use crate::report::view::slots::{Excerpts, excerpts};

const TEMPLATES_PER_CAMPAIGN: usize = 20;
const FINDINGS_PER_CAMPAIGN: usize = 25;
const LOCATORS_SHOWN: usize = 50;
const SILENT_PER_CAMPAIGN: usize = 50;

/// A line of the first table.
#[derive(Debug, Serialize)]
pub(crate) struct CampaignRow<'a> {
    /// Place in the list, from one; also the anchor, since an id is not trusted to be one.
    number: usize,
    id: &'a str,
    verdict: &'static str,
    bits: f64,
    expected_false: Option<f64>,
    accounts: u64,
    requests: u64,
    campaign_requests: u64,
    campaign_requests_complete: bool,
    first_us: i64,
    last_us: i64,
    span: String,
    purpose: &'a str,
    strongest_family: &'static str,
    strongest: &'a str,
}

/// One family's evidence.
#[derive(Debug, Serialize)]
struct EvidenceRow<'a> {
    family: &'static str,
    bits: f64,
    accounts: u64,
    counts: bool,
    statement: &'a str,
}

/// One sample row of the log.
#[derive(Debug, Serialize)]
pub(crate) struct LocatorView<'a> {
    file: String,
    row: u64,
    request_id: &'a str,
}

/// One shared key.
#[derive(Debug, Serialize)]
struct KeyView<'a> {
    kind: &'a str,
    value: &'a str,
    inside: u64,
    outside: u64,
    sample: Option<LocatorView<'a>>,
}

/// One template.
#[derive(Debug, Serialize)]
pub(crate) struct TemplateView<'a> {
    template: &'a Template,
    excerpts: Excerpts,
    locators: Vec<LocatorView<'a>>,
}

/// One finding.
#[derive(Debug, Serialize)]
struct FindingView<'a> {
    id: &'a str,
    detector: &'a str,
    family: &'static str,
    subject_kind: &'a str,
    subject: &'a str,
    accounts: u64,
    bits: f64,
    measure: &'a str,
    measured: f64,
    expected: f64,
    n: u64,
    threshold: f64,
    threshold_unit: &'static str,
    null_model: &'a str,
    innocent: &'a str,
    would_clear: &'a str,
    /// `weak`, `suppressed by line 3`, or nothing.
    standing: String,
}

/// An account that sent nothing.
#[derive(Debug, Serialize)]
struct SilentView<'a> {
    account_id: &'a str,
    finding: &'a str,
    created_us: Option<i64>,
    closed_us: Option<i64>,
}

fn silent_view(account: &SilentAccount) -> SilentView<'_> {
    SilentView {
        account_id: &account.account_id,
        finding: &account.finding,
        created_us: account.created_us,
        closed_us: account.closed_us,
    }
}

/// A campaign's own part of the report.
#[derive(Debug, Serialize)]
pub(crate) struct CampaignSection<'a> {
    row: CampaignRow<'a>,
    verdict_reason: &'a str,
    stability: Option<String>,
    bridge: Option<String>,
    /// Accounts by role, in words.
    roles: String,
    evidence: Vec<EvidenceRow<'a>>,
    waterfall: Waterfall,
    not_tested: &'a [String],
    tested_without_finding: &'a [String],
    timeline: Timeline,
    dates: &'a [TimelineEntry],
    description: &'a [String],
    heat: HeatMap,
    graph: Option<AccountGraph>,
    shared_keys: Vec<KeyView<'a>>,
    accounts: AccountTable<'a>,
    silent: Cut<SilentView<'a>>,
    templates: Cut<TemplateView<'a>>,
    findings: Cut<FindingView<'a>>,
    rivals: &'a [Rival],
    techniques: &'a [Technique],
    /// Said where there are none.
    without_techniques: &'a str,
    locators: Cut<LocatorView<'a>>,
}

/// The lines of the first table.
pub(crate) fn campaign_rows(case: &Case) -> impl ExactSizeIterator<Item = CampaignRow<'_>> {
    case.campaigns
        .iter()
        .enumerate()
        .map(|(index, campaign)| campaign_row(index, campaign))
}

/// `12 core, 3 satellite`: accounts by role, in the order of the roles.
fn roles(campaign: &Campaign) -> String {
    let mut counts: BTreeMap<Role, u64> = BTreeMap::new();
    for member in &campaign.members {
        *counts.entry(member.role).or_default() += 1;
    }
    let named: Vec<String> = counts
        .into_iter()
        .map(|(role, accounts)| format!("{} {}", format::count(accounts), role.name()))
        .collect();
    named.join(", ")
}

fn campaign_row(index: usize, campaign: &Campaign) -> CampaignRow<'_> {
    let strongest = campaign.evidence.first();
    CampaignRow {
        number: index + 1,
        id: &campaign.id,
        verdict: campaign.verdict.name(),
        bits: campaign.bits,
        expected_false: campaign
            .expected_false
            .filter(|_| campaign.verdict > crate::model::campaign::Verdict::Lead),
        accounts: campaign.members.len() as u64,
        requests: campaign.requests,
        campaign_requests: campaign.campaign_requests,
        campaign_requests_complete: campaign.campaign_requests_complete,
        first_us: campaign.first_us,
        last_us: campaign.last_us,
        span: format::duration(campaign.first_us, campaign.last_us),
        purpose: &campaign.purpose,
        strongest_family: strongest.map_or("", |evidence| evidence.family.name()),
        strongest: strongest.map_or("", |evidence| &evidence.statement),
    }
}

/// The sections of the first campaigns.
pub(crate) fn campaign_sections(case: &Case, limit: usize) -> Cut<CampaignSection<'_>> {
    let findings: BTreeMap<&str, &Finding> = case
        .findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    let mut room = Room::new();
    Cut::first(
        limit,
        case.campaigns.iter().enumerate().map(|(index, campaign)| {
            // In the order of the case's list.
            let used: Vec<&Template> = case
                .templates
                .iter()
                .filter(|template| campaign.templates.contains(&template.id))
                .collect();
            CampaignSection {
                row: campaign_row(index, campaign),
                verdict_reason: &campaign.verdict_reason,
                stability: stability(campaign.verdict, &campaign.without_family),
                bridge: bridge(campaign, &findings),
                evidence: evidence_rows(campaign),
                waterfall: waterfall(campaign),
                not_tested: &campaign.not_tested,
                tested_without_finding: &campaign.tested_without_finding,
                timeline: timeline(
                    &campaign.daily_requests,
                    &case.events,
                    &campaign.timeline,
                    &campaign.members,
                ),
                dates: &campaign.timeline,
                description: &campaign.description,
                techniques: &campaign.techniques,
                without_techniques: NO_TECHNIQUES,
                roles: roles(campaign),
                heat: heat_map(
                    &campaign.hour_of_week,
                    (campaign.first_us, campaign.last_us),
                ),
                graph: account_graph(campaign, &findings),
                shared_keys: key_views(case, campaign),
                accounts: account_table(campaign, &mut room),
                silent: Cut::first(
                    SILENT_PER_CAMPAIGN,
                    campaign.silent_accounts.iter().map(silent_view),
                ),
                templates: Cut::first(
                    TEMPLATES_PER_CAMPAIGN,
                    used.into_iter()
                        .map(|template| template_view(case, template)),
                ),
                findings: finding_views(campaign, &findings),
                rivals: &campaign.rivals,
                locators: Cut::first(LOCATORS_SHOWN, locator_views(case, &campaign.locators)),
            }
        }),
    )
}

fn key_views<'a>(case: &Case, campaign: &'a Campaign) -> Vec<KeyView<'a>> {
    campaign
        .shared_keys
        .iter()
        .map(|key| KeyView {
            kind: &key.kind,
            value: &key.value,
            inside: key.inside,
            outside: key.outside,
            sample: locator_views(case, key.sample.as_slice()).next(),
        })
        .collect()
}

/// The weakest bridge, in one sentence.
fn bridge(campaign: &Campaign, findings: &BTreeMap<&str, &Finding>) -> Option<String> {
    let bridge = campaign.weakest_bridge.as_ref()?;
    let finding = findings.get(bridge.finding.as_str())?;
    Some(bridge.sentence(&finding.subject.in_words()))
}

/// Why a finding counts for nothing, where it does not.
fn standing(finding: &Finding) -> String {
    match (finding.suppressed_by, finding.weak) {
        (Some(line), _) => format!("suppressed by line {line}"),
        (None, true) => "weak: never counts for a verdict".to_owned(),
        (None, false) => String::new(),
    }
}

fn evidence_rows(campaign: &Campaign) -> Vec<EvidenceRow<'_>> {
    campaign
        .evidence
        .iter()
        .map(|evidence| EvidenceRow {
            family: evidence.family.name(),
            bits: evidence.bits,
            accounts: evidence.accounts,
            counts: evidence.counts,
            statement: &evidence.statement,
        })
        .collect()
}

/// A template with its sample rows.
pub(crate) fn template_view<'a>(case: &Case, template: &'a Template) -> TemplateView<'a> {
    TemplateView {
        template,
        excerpts: excerpts(&template.common_text, &template.excerpts),
        locators: locator_views(case, &template.locators)
            .take(LOCATORS_SHOWN)
            .collect(),
    }
}

fn locator_views<'a>(
    case: &Case,
    locators: &'a [Locator],
) -> impl ExactSizeIterator<Item = LocatorView<'a>> {
    locators.iter().map(|locator| LocatorView {
        file: case.coverage.file_name(locator.file),
        row: locator.row,
        request_id: &locator.request_id,
    })
}

fn finding_views<'a>(
    campaign: &Campaign,
    findings: &BTreeMap<&str, &'a Finding>,
) -> Cut<FindingView<'a>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut behind: Vec<&Finding> = campaign
        .evidence
        .iter()
        .flat_map(|evidence| &evidence.findings)
        .filter(|id| seen.insert(id.as_str()))
        .filter_map(|id| findings.get(id.as_str()).copied())
        .collect();
    // What it is for is no evidence, and shown as well.
    let about = |finding: &Finding| matches!(&finding.subject, Subject::Group { name } if name.split(' ').next() == Some(&campaign.id));
    behind.extend(
        findings
            .values()
            .copied()
            .filter(|finding| about(finding) && !seen.contains(finding.id.as_str())),
    );
    Cut::first(
        FINDINGS_PER_CAMPAIGN,
        behind.into_iter().map(|finding| {
            let (_, subject_kind, subject) = subject_parts(&finding.subject);
            FindingView {
                id: &finding.id,
                detector: &finding.detector,
                family: finding.family.name(),
                subject_kind,
                subject,
                accounts: finding.accounts.len() as u64,
                bits: finding.bits,
                measure: &finding.measure,
                measured: finding.measured,
                expected: finding.expected,
                n: finding.n,
                threshold: finding.threshold,
                threshold_unit: finding.threshold_unit(),
                null_model: &finding.null_model,
                innocent: &finding.innocent,
                would_clear: &finding.would_clear,
                standing: standing(finding),
            }
        }),
    )
}
