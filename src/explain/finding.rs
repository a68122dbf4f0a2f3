//! A finding: what it states, and which campaigns rest on it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::known::Known;
use crate::explain::parts::FindingFigures;
use crate::model::finding::Finding;

/// A finding, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FindingExplanation {
    /// What it states.
    pub figures: FindingFigures,
    /// Campaigns whose evidence names it.
    pub campaigns: Vec<String>,
    /// Why it counts or not.
    pub standing: String,
    /// Accounts it links, sorted.
    pub account_ids: Vec<String>,
}

/// Explains a finding of the case.
#[must_use]
pub fn finding(finding: &Finding, known: &Known<'_>) -> FindingExplanation {
    let campaigns = known.campaigns_of(&finding.id);
    let suppressed = finding.suppressed_by.map(|line| {
        format!("suppressed by line {line} of the suppression file: it counts for nothing")
    });
    let standing = if finding.weak {
        "its everyday explanations are so common that it never counts as a family of evidence"
    } else if campaigns.is_empty() {
        "no campaign of the case names it among its strongest findings"
    } else {
        "it is among the evidence of the campaigns named; within a family the strongest finding counts"
    };
    FindingExplanation {
        figures: FindingFigures::of(finding, known),
        campaigns,
        standing: suppressed.unwrap_or_else(|| standing.to_owned()),
        account_ids: finding.accounts.clone(),
    }
}
