//! A template: what it is for, who uses it, and why it counts or not.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::known::Known;
use crate::explain::parts::{FindingFigures, Row};
use crate::model::campaign::{Template, Verdict};
use crate::model::finding::Subject;

/// A template in one line.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TemplateSummary {
    /// Template id.
    pub id: String,
    /// `user` or `system`; empty where the case does not list the template.
    pub role: String,
    /// Capability in the words of the published cases, or empty.
    pub capability: String,
    /// Accounts that use it.
    pub accounts: u64,
    /// Requests.
    pub requests: u64,
    /// Why it does or does not count as evidence.
    pub assessment: String,
}

impl TemplateSummary {
    /// The template with this id, in one line.
    #[must_use]
    pub fn of(id: &str, known: &Known<'_>) -> Self {
        let template = known.template(id);
        let text = |part: fn(&Template) -> &String| template.map(part).cloned().unwrap_or_default();
        Self {
            id: id.to_owned(),
            role: text(|template| &template.role),
            capability: text(|template| &template.capability),
            accounts: template.map_or(0, |template| template.accounts),
            requests: template.map_or(0, |template| template.requests),
            assessment: text(|template| &template.assessment),
        }
    }
}

/// A template, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TemplateExplanation {
    /// Template id.
    pub id: String,
    /// `user` or `system`.
    pub role: String,
    /// Capability in the words of the published cases, or empty.
    pub capability: String,
    /// Share of its sampled texts whose cues name that capability.
    pub capability_share: f64,
    /// Accounts that use it.
    pub accounts: u64,
    /// Requests.
    pub requests: u64,
    /// Whether `requests` is a full count or a lower bound from the sample.
    pub requests_complete: bool,
    /// Shared fragments that define it; 0 for an exact text.
    pub fragments: u64,
    /// Distinct texts among the sampled ones, per sampled text use.
    pub distinct_text_share: f64,
    /// Distinct texts per account in the sample, median.
    pub texts_per_account_median: f64,
    /// See [`Template::priority`].
    pub priority: f64,
    /// First use, microseconds since the epoch.
    pub first_us: i64,
    /// Last use, microseconds since the epoch.
    pub last_us: i64,
    /// Campaign it belongs to, if any.
    pub campaign_id: Option<String>,
    /// Verdict on that campaign.
    pub campaign_verdict: Option<Verdict>,
    /// Why it does or does not count as evidence.
    pub assessment: String,
    /// Findings about it.
    pub findings: Vec<FindingFigures>,
    /// Attributed requests of it in `requests.parquet`, by account, most first.
    pub attributed: Vec<AttributedAccount>,
    /// Text that most of its sampled prompts have in common, `⟨slot⟩` where they differ;
    /// empty where none is known or quoting is not allowed.
    pub common_text: String,
    /// Short, masked excerpts; empty where quoting is not allowed.
    pub excerpts: Vec<String>,
    /// Sample rows.
    pub rows: Vec<Row>,
}

/// Attributed requests of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttributedAccount {
    /// Account id.
    pub account_id: String,
    /// Its requests attributed to the template.
    pub requests: u64,
}

/// Explains a template of the case.
#[must_use]
pub fn template(template: &Template, known: &Known<'_>) -> TemplateExplanation {
    let mut by_account: BTreeMap<&str, u64> = BTreeMap::new();
    for request in known.requests {
        if *request.template_id == *template.id {
            *by_account.entry(&request.account_id).or_default() += 1;
        }
    }
    let mut attributed: Vec<AttributedAccount> = by_account
        .into_iter()
        .map(|(account_id, requests)| AttributedAccount {
            account_id: account_id.to_owned(),
            requests,
        })
        .collect();
    // Stable: equal counts stay in the order of the ids.
    attributed.sort_by_key(|account| std::cmp::Reverse(account.requests));
    let campaign = template
        .campaign_id
        .as_deref()
        .and_then(|id| known.campaign(id));
    TemplateExplanation {
        id: template.id.clone(),
        role: template.role.clone(),
        capability: template.capability.clone(),
        capability_share: template.capability_share,
        accounts: template.accounts,
        requests: template.requests,
        requests_complete: template.requests_complete,
        fragments: template.fragments,
        distinct_text_share: template.distinct_text_share,
        texts_per_account_median: template.texts_per_account_median,
        priority: template.priority,
        first_us: template.first_us,
        last_us: template.last_us,
        campaign_id: template.campaign_id.clone(),
        campaign_verdict: campaign.map(|campaign| campaign.verdict),
        assessment: template.assessment.clone(),
        findings: known
            .case
            .findings
            .iter()
            .filter(|finding| {
                matches!(&finding.subject, Subject::Template { id } if *id == template.id)
                    || matches!(&finding.subject, Subject::Key { value, .. } if *value == template.id)
            })
            .map(|finding| FindingFigures::of(finding, known))
            .collect(),
        attributed,
        common_text: template.common_text.clone(),
        excerpts: template.excerpts.clone(),
        rows: known.rows(&template.locators),
    }
}
