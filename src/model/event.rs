//! Dated facts about the platform, from the `events` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What sort of fact it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A model became available.
    ModelRelease,
    /// Accounts were closed in one go.
    BanWave,
    /// Rules changed.
    PolicyChange,
    /// Anything else.
    Other,
}

/// One dated fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// When, microseconds since the epoch.
    pub timestamp_us: i64,
    /// Which sort.
    pub kind: EventKind,
    /// In words.
    pub name: String,
    /// The model concerned.
    pub model: Option<String>,
}
