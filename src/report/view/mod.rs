//! What the page and the Markdown show, picked from the case. Both read the same view, so
//! they state the same facts; long lists are cut here and say where the rest is.

pub(crate) mod accounts;
pub(crate) mod campaign;
pub(crate) mod comparison;
pub(crate) mod coverage;
pub(crate) mod glossary;
pub(crate) mod method;
pub(crate) mod slots;

use serde::Serialize;

use crate::model::campaign::Verdict;
use crate::model::case::{Case, NullRuns};
use crate::model::finding::RunStatus;
use crate::report::chart::heat_map::{HeatMap, heat_map};
use crate::report::format::plural;

use campaign::{
    CampaignRow, CampaignSection, TemplateView, campaign_rows, campaign_sections, template_view,
};
use comparison::ComparisonView;
use coverage::CoverageView;

/// Campaigns with a section of their own.
const CAMPAIGN_SECTIONS: usize = 100;
/// Campaigns in the first table.
const CAMPAIGN_ROWS: usize = 1000;
/// Templates outside every campaign that are shown.
const LOOSE_TEMPLATES: usize = 25;

/// The first rows of a list and how many were left out.
#[derive(Debug, Serialize)]
pub(crate) struct Cut<T> {
    /// Rows shown.
    pub(crate) rows: Vec<T>,
    /// Rows left out.
    pub(crate) left_out: u64,
    /// All rows.
    pub(crate) total: u64,
}

impl<T> Cut<T> {
    /// Keeps the first rows of what `all` gives.
    pub(crate) fn first(limit: usize, all: impl ExactSizeIterator<Item = T>) -> Cut<T> {
        let total = all.len();
        Cut {
            rows: all.take(limit).collect(),
            left_out: total.saturating_sub(limit) as u64,
            total: total as u64,
        }
    }
}

/// Everything the templates may use.
#[derive(Debug, Serialize)]
pub(crate) struct ReportView<'a> {
    tool_version: &'a str,
    schema_version: u32,
    profile: &'a str,
    seed: u64,
    caveat: &'a str,
    headline: String,
    warning: String,
    campaigns: Cut<CampaignRow<'a>>,
    sections: Cut<CampaignSection<'a>>,
    loose_templates: Cut<TemplateView<'a>>,
    log_heat: HeatMap,
    comparison: Option<ComparisonView<'a>>,
    coverage: CoverageView<'a>,
    null_runs: &'a NullRuns,
    findings: u64,
    glossary: &'static [glossary::Term],
    families: &'static [glossary::Term],
    method: &'static [method::Step],
    sources: &'static [method::Source],
}

/// Builds the view of a case.
pub(crate) fn report_view(case: &Case) -> ReportView<'_> {
    let loose: Vec<_> = case
        .templates
        .iter()
        .filter(|template| template.campaign_id.is_none())
        .collect();
    ReportView {
        tool_version: &case.tool_version,
        schema_version: case.schema_version,
        profile: &case.profile,
        seed: case.seed,
        caveat: &case.caveat,
        headline: headline(case),
        warning: warning(case),
        campaigns: Cut::first(CAMPAIGN_ROWS, campaign_rows(case)),
        sections: campaign_sections(case, CAMPAIGN_SECTIONS),
        loose_templates: Cut::first(
            LOOSE_TEMPLATES,
            loose
                .into_iter()
                .map(|template| template_view(case, template)),
        ),
        log_heat: heat_map(
            &case.hour_of_week,
            (
                case.coverage.first_us.unwrap_or(0),
                case.coverage.last_us.unwrap_or(0),
            ),
        ),
        comparison: case.comparison.as_ref().map(comparison::comparison_view),
        coverage: coverage::coverage_view(case),
        null_runs: &case.null_runs,
        findings: case.findings.len() as u64,
        glossary: glossary::TERMS,
        families: glossary::FAMILIES,
        method: method::STEPS,
        sources: method::SOURCES,
    }
}

/// `2 campaigns of 60 accounts and 1 lead of 21`, counting an account once on either side.
fn headline(case: &Case) -> String {
    let part = |lead: bool, noun: &str| {
        let of_part: Vec<_> = case
            .campaigns
            .iter()
            .filter(|campaign| (campaign.verdict == Verdict::Lead) == lead)
            .collect();
        let accounts: std::collections::BTreeSet<&str> = of_part
            .iter()
            .flat_map(|campaign| &campaign.members)
            .map(|member| member.account_id.as_str())
            .collect();
        (!of_part.is_empty()).then(|| {
            format!(
                "{} of {}",
                plural(of_part.len() as u64, noun),
                plural(accounts.len() as u64, "account")
            )
        })
    };
    let shown = match (part(false, "campaign"), part(true, "lead")) {
        (None, None) => "No campaign found".to_owned(),
        (None, Some(leads)) => format!("No campaign, {leads}"),
        (Some(campaigns), None) => campaigns,
        (Some(campaigns), Some(leads)) => format!("{campaigns}, {leads}"),
    };
    match case.suppressed_campaigns.len() {
        0 => shown,
        hidden => format!("{shown}, {hidden} hidden by suppressions"),
    }
}

/// What stood in the way of seeing more; empty when nothing did.
fn warning(case: &Case) -> String {
    let not_run = |run: &&crate::model::finding::DetectorRun| !matches!(run.status, RunStatus::Ran);
    let blind = case.detectors.iter().filter(not_run).count() as u64;
    let partly = case
        .detectors
        .iter()
        .filter(|run| matches!(run.status, RunStatus::Ran) && !run.partial.is_empty())
        .count() as u64;
    let mut parts = Vec::new();
    match (case.campaigns.is_empty(), blind) {
        (_, 0) => {}
        (true, _) => parts.push(format!(
            "{} could not run or {} left out: this is not a clean bill of health.",
            plural(blind, "detector"),
            if blind == 1 { "was" } else { "were" }
        )),
        (false, _) => parts.push(format!(
            "{} could not run or {} left out; what would have been found that way is unknown.",
            plural(blind, "detector"),
            if blind == 1 { "was" } else { "were" }
        )),
    }
    if case.campaigns.is_empty() && blind == 0 {
        parts.push("Every detector ran, but this is not a clean bill of health: what the log does not hold cannot be found.".to_owned());
    }
    if partly > 0 {
        parts.push(format!("{} ran only in part.", plural(partly, "detector")));
    }
    if case.coverage.rows_rejected > 0 {
        parts.push(format!(
            "{} could not be read.",
            plural(case.coverage.rows_rejected, "row")
        ));
    }
    parts.join(" ")
}
