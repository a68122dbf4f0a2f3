//! What became of the campaigns of an earlier case (`--baseline`, `diff`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::campaign::Verdict;

/// What became of a campaign.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The earlier case has no campaign like it.
    New,
    /// It was there, and accounts have joined or its verdict has risen.
    Grown,
    /// It was there, and its verdict has fallen, whoever joined.
    Lowered,
    /// It was there, and nobody has joined and some have left.
    Shrunk,
    /// It was there with the same accounts and verdict.
    Same,
    /// Only the earlier case has it.
    Gone,
}

impl State {
    /// All, what needs a look first.
    pub const ALL: [State; 6] = [
        State::New,
        State::Grown,
        State::Lowered,
        State::Shrunk,
        State::Same,
        State::Gone,
    ];

    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::New => "new",
            State::Grown => "grown",
            State::Lowered => "lowered",
            State::Shrunk => "shrunk",
            State::Same => "same",
            State::Gone => "gone",
        }
    }

    /// Whether an analyst who knows the earlier case has something to look at.
    #[must_use]
    pub fn is_news(self) -> bool {
        matches!(self, State::New | State::Grown)
    }
}

/// One campaign in the earlier case and in this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CampaignChange {
    /// What became of it.
    pub state: State,
    /// Its id here, or in the earlier case where it is gone.
    pub campaign_id: String,
    /// Its id in the earlier case; absent where it is new.
    pub before_id: Option<String>,
    /// Verdict here; absent where it is gone.
    pub verdict: Option<Verdict>,
    /// Verdict in the earlier case; absent where it is new.
    pub verdict_before: Option<Verdict>,
    /// Accounts here.
    pub accounts: u64,
    /// Accounts in the earlier case.
    pub accounts_before: u64,
    /// Accounts that the earlier campaign did not have, ascending.
    pub joined: Vec<String>,
    /// Accounts of the earlier campaign that this one does not have, ascending.
    pub left: Vec<String>,
    /// Templates that both have, ascending.
    pub templates: Vec<String>,
    /// By what the two were taken for one, or where its accounts were before, in one sentence.
    pub because: String,
}

/// A case beside an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The earlier case, as it was named.
    pub baseline: String,
    /// Campaigns of this case in its order, then those that are gone.
    pub changes: Vec<CampaignChange>,
}

impl Comparison {
    /// Campaigns of this state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.changes
            .iter()
            .filter(|change| change.state == state)
            .count()
    }

    /// Whether a campaign at this verdict or above is new or has grown, be it that its verdict fell.
    #[must_use]
    pub fn has_news(&self, limit: Verdict) -> bool {
        self.changes.iter().any(|change| {
            let has_grown = change.state == State::Lowered && !change.joined.is_empty();
            (change.state.is_news() || has_grown) && change.verdict >= Some(limit)
        })
    }
}
