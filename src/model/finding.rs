//! Findings: what a detector states, in bits, against a named null model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Id of the detector of prompt templates: what a template is judged by.
pub const TEMPLATE_SPREAD: &str = "content/template-spread";

/// Families of evidence. Within a family the largest value counts, capped; families add up.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Shared payment instruments.
    Payment,
    /// E-mail, phone, name.
    Identity,
    /// Addresses and prefixes.
    Network,
    /// TLS, user agent, headers.
    Client,
    /// Prompt templates and repeats.
    Content,
    /// Dispatch, synchrony, sharding, shared order.
    Coordination,
    /// Sign-up, ramp, succession.
    Lifecycle,
    /// Pivot, failover, replay.
    Dynamics,
    /// Named by a watch list; carries no bits.
    Watchlist,
}

impl Family {
    /// All families in canonical order.
    pub const ALL: [Family; 9] = [
        Family::Payment,
        Family::Identity,
        Family::Network,
        Family::Client,
        Family::Content,
        Family::Coordination,
        Family::Lifecycle,
        Family::Dynamics,
        Family::Watchlist,
    ];

    /// Families in which evidence is tested, and paid for: a watch list tests nothing.
    pub const TESTED: usize = Family::ALL.len() - 1;

    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Family::Payment => "payment",
            Family::Identity => "identity",
            Family::Network => "network",
            Family::Client => "client",
            Family::Content => "content",
            Family::Coordination => "coordination",
            Family::Lifecycle => "lifecycle",
            Family::Dynamics => "dynamics",
            Family::Watchlist => "watchlist",
        }
    }
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Locator {
    /// Position of the file in the sorted inputs.
    pub file: u32,
    /// One-based record number.
    pub row: u64,
    /// The request's own id, or `file:row`.
    pub request_id: String,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Subject {
    /// A key that several accounts share.
    Key {
        /// Kind of key: payment, ip, ip_prefix, tls, client ...
        kind: String,
        /// The key as found.
        value: String,
    },
    /// A prompt template.
    Template {
        /// Template id.
        id: String,
    },
    /// A group of accounts.
    Group {
        /// What makes them a group.
        name: String,
    },
}

impl Subject {
    /// In a few words.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Subject::Key { kind, value } => format!("{kind} {value}"),
            Subject::Template { id } => format!("template {id}"),
            Subject::Group { name } => format!("group {name}"),
        }
    }
}

/// One statement of one detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable id: `F-` and a hash of detector and subject.
    pub id: String,
    /// Detector id, `family/name`.
    pub detector: String,
    /// Family the bits count in.
    pub family: Family,
    /// What it is about.
    pub subject: Subject,
    /// Accounts it links, sorted.
    pub accounts: Vec<String>,
    /// Evidence in bits for each linked account, after the correction for how much was tried.
    pub bits: f64,
    /// Name of the measured quantity.
    pub measure: String,
    /// Measured value.
    pub measured: f64,
    /// What the null model expected.
    pub expected: f64,
    /// Observations behind the measurement.
    pub n: u64,
    /// Smallest value that would have been reported: in bits where a shared key was tested, else
    /// in the unit of `measured`.
    pub threshold: f64,
    /// The null model, in words.
    pub null_model: String,
    /// The innocent explanation that fits best.
    pub innocent: String,
    /// What would clear it.
    pub would_clear: String,
    /// Requests in the finding, where counted.
    pub requests: u64,
    /// First request, microseconds since the epoch.
    pub first_us: Option<i64>,
    /// Last request, microseconds since the epoch.
    pub last_us: Option<i64>,
    /// Sample rows.
    pub locators: Vec<Locator>,
    /// Whether its everyday explanations are so common that it never counts as a family of
    /// evidence for a verdict; it is shown beside its innocent explanation.
    #[serde(default)]
    pub weak: bool,
    /// Findings that this one rests on: an agreement of two kinds of keys stands in a finding
    /// about either side, and falls with half of the keys of the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests_on: Vec<String>,
    /// Whether it stands while any one of these does: a key that agrees with several others is shown
    /// once, and each agreement is one by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stands_with_any: bool,
    /// Line of the suppression that hides it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed_by: Option<u64>,
}

impl Finding {
    /// What `threshold` is measured in: shared keys are held against bits, groups against the
    /// unit of what was measured.
    #[must_use]
    pub fn threshold_unit(&self) -> &'static str {
        match self.subject {
            Subject::Group { .. } => "as measured",
            _ => "bits",
        }
    }
}

/// A shared key that was looked at and left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuppressedHub {
    /// Detector id.
    pub detector: String,
    /// Kind of key.
    pub kind: String,
    /// The key.
    pub value: String,
    /// Accounts that share it.
    pub accounts: u64,
    /// Share of sampled account pairs that also share something independent.
    pub co_evidence_share: f64,
    /// The same share among random pairs.
    pub background_share: f64,
    /// Why it was left out.
    pub reason: String,
}

/// Whether a detector ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DetectorRun {
    /// Detector id.
    pub detector: String,
    /// Version; rises when scores of old data move.
    pub version: u32,
    /// Ran, or not and why.
    pub status: RunStatus,
    /// Findings it made.
    pub findings: u64,
    /// Parts of it that could not run, in words.
    pub partial: Vec<String>,
}

impl DetectorRun {
    /// What it could not test, one sentence each.
    #[must_use]
    pub fn not_tested(&self) -> Vec<String> {
        match &self.status {
            RunStatus::NotRun { reason } => vec![format!("{}: not run, {reason}", self.detector)],
            RunStatus::Skipped => vec![format!("{}: left out on request", self.detector)],
            RunStatus::Ran => self
                .partial
                .iter()
                .map(|part| format!("{}: {part}", self.detector))
                .collect(),
        }
    }
}

impl RunStatus {
    /// Not run because these columns are absent.
    #[must_use]
    pub fn without_columns(names: &[String]) -> Self {
        Self::NotRun {
            reason: format!("column {} absent or empty", names.join(", ")),
        }
    }

    /// Whether columns were lacking, and not only a log that is long or fine enough.
    #[must_use]
    pub fn lacks_columns(&self) -> bool {
        matches!(self, Self::NotRun { reason } if reason.starts_with("column "))
    }
}

/// Outcome of asking a detector to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunStatus {
    /// It ran.
    Ran,
    /// It could not, and this is why; never to be read as clean.
    NotRun {
        /// For example `column accounts.payment_id absent or empty`.
        reason: String,
    },
    /// The user left it out with `--only` or `--skip`.
    Skipped,
}
