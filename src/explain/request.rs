//! A request: what it was attributed to, or what else is known of it.

use std::collections::BTreeMap;

use anyhow::Result;
use polars::prelude::DataFrame;
use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::Kind;
use crate::explain::campaign::MemberSummary;
use crate::explain::known::Known;
use crate::explain::lookup::place;
use crate::explain::parts::Row;
use crate::explain::quiet::taken_out;
use crate::explain::template::TemplateSummary;
use crate::model::campaign::{LabelledRequest, Verdict};
use crate::model::finding::Locator;

/// A request, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RequestExplanation {
    /// The id asked for.
    pub request_id: String,
    /// Whether it is among the attributed requests, in a sentence.
    pub standing: String,
    /// What it was attributed to; several where a log uses an id twice.
    pub attributed: Vec<Attribution>,
    /// What names it as a sample row.
    pub sample_of: Vec<SampleOf>,
    /// Where the digest keeps it as a sample, if it does.
    pub in_digest: Vec<SampledRow>,
}

/// What a request was attributed to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Attribution {
    /// Where it stands.
    pub row: Row,
    /// Start of the request, microseconds since the epoch.
    pub at_us: i64,
    /// Account.
    pub account_id: String,
    /// Campaign, empty where the template belongs to none.
    pub campaign_id: String,
    /// Verdict on the campaign.
    pub verdict: Option<Verdict>,
    /// Why this verdict.
    pub verdict_reason: String,
    /// The template.
    pub template: TemplateSummary,
    /// The account's place in the campaign; absent for an account that is no member.
    pub member: Option<MemberSummary>,
}

/// Something that names a request as a sample row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct SampleOf {
    /// Campaign, template or finding.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Where the request stands.
    pub row: Row,
}

/// A row that the digest keeps as a sample.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct SampledRow {
    /// Account that sent it.
    pub account_id: String,
    /// Campaigns that have the account as a member.
    pub campaigns: Vec<String>,
    /// Where it stands.
    pub row: Row,
}

/// Explains a request; `in_digest` are the rows that the digest keeps of it.
#[must_use]
pub fn request(id: &str, known: &Known<'_>, in_digest: Vec<SampledRow>) -> RequestExplanation {
    let at = place(id, known);
    let is_it = |file: u32, row: u64, request_id: &str| request_id == id || at == Some((file, row));
    let attributed: Vec<Attribution> = known
        .requests
        .iter()
        .filter(|found| is_it(found.file, found.row, &found.request_id))
        .map(|found| attribution(found, known))
        .collect();
    let mut sample_of: Vec<SampleOf> = Vec::new();
    let mut look = |kind: Kind, name: &str, locators: &[Locator]| {
        let hits = locators
            .iter()
            .filter(|found| is_it(found.file, found.row, &found.request_id));
        sample_of.extend(hits.map(|found| SampleOf {
            kind,
            id: name.to_owned(),
            row: known.row(found.file, found.row, &found.request_id),
        }));
    };
    for campaign in &known.case.campaigns {
        look(Kind::Campaign, &campaign.id, &campaign.locators);
    }
    for template in &known.case.templates {
        look(Kind::Template, &template.id, &template.locators);
    }
    for finding in &known.case.findings {
        look(Kind::Finding, &finding.id, &finding.locators);
    }
    RequestExplanation {
        request_id: id.to_owned(),
        standing: standing(&attributed, &in_digest, known),
        attributed,
        sample_of,
        in_digest,
    }
}

fn standing(attributed: &[Attribution], in_digest: &[SampledRow], known: &Known<'_>) -> String {
    if !attributed.is_empty() {
        return "among the requests attributed to templates of campaigns".to_owned();
    }
    let mut hidden = in_digest
        .iter()
        .filter_map(|row| known.suppressed(&row.account_id).next());
    if let Some(account) = hidden.next() {
        return format!(
            "not among the attributed requests: its account {}",
            taken_out(account)
        );
    }
    let mut text =
        "not among the attributed requests: it was not recognised as one of a template of a campaign above lead"
            .to_owned();
    if known
        .case
        .suppressions
        .iter()
        .any(|entry| entry.templates > 0)
    {
        text.push_str(", or it is one of a template that the suppression file takes out");
    }
    if known.case.profile != "broad" {
        text.push_str(
            "; requests of leads are attributed only with --profile broad, and this case was made without",
        );
    }
    if known
        .case
        .templates
        .iter()
        .any(|template| template.campaign_id.is_some() && !template.requests_complete)
    {
        text.push_str("; the case was finished from digests, which know sampled requests only");
    }
    if in_digest.is_empty() {
        text.push_str(
            "; which account sent it is not in the case, so that may still be a member of a campaign",
        );
    }
    text
}

fn attribution(found: &LabelledRequest, known: &Known<'_>) -> Attribution {
    let campaign = known.campaign(&found.campaign_id);
    let member = campaign.and_then(|campaign| {
        campaign
            .members
            .iter()
            .find(|member| *member.account_id == *found.account_id)
    });
    Attribution {
        row: known.row(found.file, found.row, &found.request_id),
        at_us: found.timestamp_us,
        account_id: found.account_id.to_string(),
        campaign_id: found.campaign_id.to_string(),
        verdict: campaign.map(|campaign| campaign.verdict),
        verdict_reason: campaign
            .map(|campaign| campaign.verdict_reason.clone())
            .unwrap_or_default(),
        template: TemplateSummary::of(&found.template_id, known),
        member: member.map(|member| MemberSummary {
            account_id: member.account_id.clone(),
            bits: member.bits,
            requests: member.requests,
            campaign_requests: member.campaign_requests,
        }),
    }
}

/// The sample rows in these tables of a digest that `wanted` takes by account, file, row and
/// id; sorted, each once.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn sampled_rows(
    frames: &BTreeMap<&'static str, DataFrame>,
    accounts: &[String],
    known: &Known<'_>,
    wanted: impl Fn(&str, u32, u64, &str) -> bool,
) -> Result<Vec<SampledRow>> {
    let mut rows = Vec::new();
    for frame in frames.values() {
        if frame.column("request_id").is_err() {
            continue;
        }
        let places = frame
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .zip(frame.column("file")?.u32()?.into_no_null_iter())
            .zip(frame.column("row")?.u64()?.into_no_null_iter());
        for (((account, file), row), request_id) in
            places.zip(frame.column("request_id")?.str()?.iter())
        {
            let account = accounts.get(account as usize).map_or("", String::as_str);
            let request_id = request_id.unwrap_or_default();
            if wanted(account, file, row, request_id) {
                rows.push(SampledRow {
                    account_id: account.to_owned(),
                    campaigns: campaigns_of(account, known),
                    row: known.row(file, row, request_id),
                });
            }
        }
    }
    rows.sort();
    rows.dedup();
    Ok(rows)
}

fn campaigns_of(account: &str, known: &Known<'_>) -> Vec<String> {
    known
        .case
        .campaigns
        .iter()
        .filter(|campaign| {
            let mut members = campaign.members.iter();
            members.any(|member| member.account_id == account)
        })
        .map(|campaign| campaign.id.clone())
        .collect()
}
