//! Group tests: what accounts that other evidence put together do over time.
//!
//! A group test never makes a group. It is handed one (a cluster, or the accounts of one
//! template or payer), compares it with other accounts of the same log, and states what it
//! measured beside what its null model expected. The correction for the number of groups
//! and tests is made where the results are put together, in `fuse`.

use crate::detect::Meta;
use crate::detect::population::Population;
use crate::model::campaign::TimelineEntry;
use crate::model::finding::Family;

/// Accounts that other evidence put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What makes them a group, in words.
    pub name: String,
    /// Account numbers, ascending; one account for each declared customer.
    pub accounts: Vec<u32>,
}

/// How far a finding may count for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A family of evidence of its own.
    Counts,
    /// Counts only where links other than a common prompt hold the group together: a tool
    /// that all of them use would explain both the prompt and this.
    CountsBesideLinks,
    /// Never counts: everyday explanations are too common.
    Weak,
}

/// What a test states about one group.
#[derive(Debug, Clone)]
pub struct GroupFinding {
    /// Family the bits belong to.
    pub family: Family,
    /// How far it may count.
    pub standing: Standing,
    /// What the finding is about besides the group (a model, a key kind); part of its id.
    pub about: String,
    /// Accounts concerned, ascending.
    pub accounts: Vec<u32>,
    /// -log2 of the tail probability for this one look, before any correction.
    pub bits: f64,
    /// Looks of this kind that the test took at the group (windows, releases, horizons).
    pub tried: u64,
    /// Name of the measured quantity.
    pub measure: String,
    /// Measured value.
    pub measured: f64,
    /// The same under the null.
    pub expected: f64,
    /// Observations behind it.
    pub n: u64,
    /// Smallest value that would have been reported.
    pub threshold: f64,
    /// In one sentence, with its numbers.
    pub statement: String,
    /// The null model.
    pub null_model: String,
    /// The innocent explanation that fits best.
    pub innocent: String,
    /// What would clear it.
    pub would_clear: String,
    /// Span of what was looked at.
    pub first_us: Option<i64>,
    /// See `first_us`.
    pub last_us: Option<i64>,
    /// Dated statements for the campaign's timeline.
    pub dates: Vec<TimelineEntry>,
}

/// What a test says about one group.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// At most a few findings, strongest first.
    pub findings: Vec<GroupFinding>,
    /// What could not be tested for this group, in words that do not name the group.
    pub partial: Vec<String>,
}

impl Look {
    /// Nothing to say, and why.
    #[must_use]
    pub fn untested(reason: impl Into<String>) -> Self {
        Self {
            findings: Vec::new(),
            partial: vec![reason.into()],
        }
    }
}

/// A test made ready for one log.
pub struct Prepared<'a> {
    /// What of the log could not be tested, in words.
    pub partial: Vec<String>,
    /// Looks at one group.
    pub look: Box<dyn Fn(&Group) -> Look + Send + Sync + 'a>,
}

/// A group test.
pub trait GroupTest: Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;

    /// Why the log as a whole rules the test out, though its columns are there.
    fn blocked(&self, _population: &Population<'_>) -> Option<String> {
        None
    }

    /// Whether a finding of it may count for a verdict at all; the null runs repeat these.
    fn may_count(&self) -> bool {
        false
    }

    /// Does once what is the same for every group.
    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a>;
}
