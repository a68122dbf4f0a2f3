//! The case: everything a report may show. Serialised as `case.json`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::campaign::{Campaign, LabelledRequest, Template};
use crate::model::comparison::Comparison;
use crate::model::coverage::{Coverage, Reject};
use crate::model::event::Event;
use crate::model::finding::{DetectorRun, Finding, Subject, SuppressedHub};
use crate::model::suppression::{SuppressedAccount, SuppressedCampaign, Suppression};
use crate::model::watchlist::Watchlist;

/// Version of the `case.json` schema; rises with every change a reader could notice.
pub const CASE_SCHEMA_VERSION: u32 = 1;

/// The sentence every report carries.
pub const CAVEAT: &str = "A score is a lead, not proof. No finding is not a clean bill of health.";

/// What the null runs gave.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct NullRuns {
    /// Runs made.
    pub runs: u32,
    /// How the links were randomised, in words.
    pub method: String,
    /// Bits of the strongest cluster in each run, in run order.
    pub strongest_bits: Vec<f64>,
    /// Bits of the second strongest family of every cluster of every run, largest first: what
    /// a verdict of two families rests on.
    #[serde(default)]
    pub support_bits: Vec<f64>,
    /// Clusters per run that would have reached `likely`, mean.
    pub expected_likely: f64,
    /// Clusters per run that would have reached `strong`, mean.
    pub expected_strong: f64,
}

/// An account with its place in the case; accounts without a campaign are not listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// [`CASE_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of stillhunt that wrote it.
    pub tool_version: String,
    /// `cautious`, `balanced` or `broad`.
    pub profile: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// The caveat.
    pub caveat: String,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// Which detectors ran.
    pub detectors: Vec<DetectorRun>,
    /// Campaigns, strongest first.
    pub campaigns: Vec<Campaign>,
    /// Templates: those of campaigns by verdict, then the others, by priority.
    pub templates: Vec<Template>,
    /// Findings, sorted by detector, bits and id.
    pub findings: Vec<Finding>,
    /// Shared keys that were looked at and left out.
    pub suppressed_hubs: Vec<SuppressedHub>,
    /// Entries of the suppression file with what each did; empty without one.
    #[serde(default)]
    pub suppressions: Vec<Suppression>,
    /// Campaigns that suppressions hide, as counts.
    #[serde(default)]
    pub suppressed_campaigns: Vec<SuppressedCampaign>,
    /// Accounts of these, and those that suppressions take out of campaigns that stay.
    #[serde(default)]
    pub suppressed_accounts: Vec<SuppressedAccount>,
    /// What became of the watch list; nothing without one.
    #[serde(default)]
    pub watchlist: Option<Watchlist>,
    /// What became of the campaigns of an earlier case; nothing without one.
    #[serde(default)]
    pub comparison: Option<Comparison>,
    /// What the null runs gave.
    pub null_runs: NullRuns,
    /// Events given with `--events`, inside the log's window.
    pub events: Vec<Event>,
    /// The log's own requests by hour of the week, Monday 00:00 UTC first, 168 entries.
    pub hour_of_week: Vec<u64>,
}

/// A case with the bulky tables that `case.json` leaves to their own files.
#[derive(Debug, Clone)]
pub struct CaseTables {
    /// The case.
    pub case: Case,
    /// Located rejects (bounded; the counts in coverage are complete).
    pub rejects: Vec<Reject>,
    /// Rows of the un-mixed sub-streams, sorted by file and row.
    pub requests: Vec<LabelledRequest>,
}

impl Case {
    /// The campaigns that rest on each finding, or that it says something of.
    #[must_use]
    pub fn campaigns_by_finding(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut campaigns: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for campaign in &self.campaigns {
            for finding in campaign
                .evidence
                .iter()
                .flat_map(|evidence| &evidence.findings)
            {
                campaigns.entry(finding).or_default().insert(&campaign.id);
            }
            for finding in campaign.members.iter().flat_map(|member| &member.findings) {
                campaigns.entry(finding).or_default().insert(&campaign.id);
            }
        }
        // What a campaign is for is stated about `ID capability`, and no evidence of it.
        for finding in &self.findings {
            let Subject::Group { name } = &finding.subject else {
                continue;
            };
            let about = name.split(' ').next().unwrap_or_default();
            if let Some(campaign) = self.campaigns.iter().find(|campaign| campaign.id == about) {
                campaigns
                    .entry(&finding.id)
                    .or_default()
                    .insert(&campaign.id);
            }
        }
        campaigns
    }
}
