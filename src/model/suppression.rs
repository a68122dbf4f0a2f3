//! Suppressions: what a reviewer has settled and no longer wants to be told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::campaign::Verdict;

/// What became of an entry of the suppression file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionState {
    /// It hid something.
    Applied,
    /// Nothing in the case is what it names.
    Unmatched,
    /// The log goes on after its last day.
    Expired,
    /// It would have hidden something, but the run shows everything (`--no-suppress`).
    SetAside,
}

impl SuppressionState {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SuppressionState::Applied => "applied",
            SuppressionState::Unmatched => "unmatched",
            SuppressionState::Expired => "expired",
            SuppressionState::SetAside => "set_aside",
        }
    }
}

/// One entry of the suppression file, and what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suppression {
    /// One-based line of the entry in its file.
    pub line: u64,
    /// The detector: an id, `family/*` or `*`.
    pub detector: String,
    /// What it is about: `campaign`, `template`, `finding`, `accounts` or `key`.
    pub scope: String,
    /// The ids, account patterns or keys it names.
    pub subjects: Vec<String>,
    /// Those of them that nothing in the case is, for an entry that has not expired.
    #[serde(default)]
    pub not_in_case: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// Last day on which it holds, `YYYY-MM-DD`, against the last request of the log.
    pub expires: String,
    /// What became of it.
    pub state: SuppressionState,
    /// Findings it hides.
    pub findings: u64,
    /// Campaigns that are hidden with its help.
    pub campaigns: u64,
    /// Accounts that it takes out of campaigns that stay.
    #[serde(default)]
    pub accounts: u64,
    /// Templates of campaigns that it takes out.
    #[serde(default)]
    pub templates: u64,
}

/// An account that would stand with a campaign and is listed no more: its campaign is suppressed,
/// or the account by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuppressedAccount {
    /// Account id.
    pub account_id: String,
    /// The campaign it was in.
    pub campaign_id: String,
    /// Line of the entry that hides it.
    pub line: u64,
}

/// A campaign that suppressions hide; without them it would stand among the campaigns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuppressedCampaign {
    /// Id.
    pub id: String,
    /// Verdict before.
    pub verdict: Verdict,
    /// Total evidence of the median account in bits.
    pub bits: f64,
    /// Accounts.
    pub accounts: u64,
    /// Requests of these accounts.
    pub requests: u64,
    /// Lines of the entries that hide it.
    pub lines: Vec<u64>,
}
