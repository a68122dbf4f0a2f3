//! Detectors: each reads the digest and states which accounts share what.
//!
//! A detector emits [`Layer`]s: for one kind of key, which accounts share which value.
//! Whether a shared value means anything is decided afterwards, in `fuse`, by one test
//! for all of them: do the accounts that share it also share something independent,
//! more often than chance allows?
//!
//! A [`group::GroupTest`] is the second kind: it looks at accounts that other evidence put
//! together, and compares what they do over time with accounts of equal activity.

pub mod content;
pub mod dynamics;
pub mod group;
pub mod habit;
pub mod layer;
pub mod matched;
pub mod moments;
pub mod network;
pub mod population;
pub mod prompts;
pub mod registry;
pub mod stamps;
#[cfg(test)]
pub(crate) mod test_world;
pub mod timing;
pub mod traits;
pub(crate) mod universal;

use anyhow::Result;

use crate::config::Config;
use crate::detect::layer::Layer;
use crate::detect::network::public_ranges::PublicRanges;
use crate::digest::DigestTables;
use crate::model::column::{AccountColumn, RequestColumn};
use crate::model::event::Event;
use crate::model::finding::Family;
use crate::model::profile::AccountProfile;

/// What a detector may look at. Labels are not among it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The digest of the log.
    pub tables: &'a DigestTables,
    /// One entry per account of the digest, in its order; `None` where the accounts table has no row.
    pub profiles: &'a [Option<AccountProfile>],
    /// Dated facts about the platform, by time; empty where none were given.
    pub events: &'a [Event],
    /// Ranges of addresses that strangers share.
    pub public_ranges: &'a PublicRanges,
    /// Settings.
    pub config: &'a Config,
    /// Request columns that hold at least one value.
    pub request_columns: &'a [RequestColumn],
    /// Account columns that hold at least one value.
    pub account_columns: &'a [AccountColumn],
}

impl Context<'_> {
    /// Whether the log has values in this request column.
    #[must_use]
    pub fn has_request(&self, column: RequestColumn) -> bool {
        self.request_columns.contains(&column)
    }

    /// Whether the accounts table has values in this column.
    #[must_use]
    pub fn has_account(&self, column: AccountColumn) -> bool {
        self.account_columns.contains(&column)
    }
}

/// A column that a detector reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A column of the requests.
    Request(RequestColumn),
    /// A column of the accounts table.
    Account(AccountColumn),
}

impl Need {
    /// `requests.ip`, `accounts.payment_id`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Need::Request(column) => format!("requests.{}", column.name()),
            Need::Account(column) => format!("accounts.{}", column.name()),
        }
    }

    /// Whether the context has it.
    #[must_use]
    pub fn is_met(self, context: &Context<'_>) -> bool {
        match self {
            Need::Request(column) => context.has_request(column),
            Need::Account(column) => context.has_account(column),
        }
    }
}

/// What a detector is.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// `family/name`.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// Families its bits count in.
    pub families: &'static [Family],
    /// Rises when scores of old data move.
    pub version: u32,
    /// Columns it can use; it runs when at least one is there, and says which are not.
    pub needs: &'static [Need],
    /// The source of the file: its leading `//!` block is the documentation.
    pub source: &'static str,
}

impl Meta {
    /// The documentation: the detector file's own leading comment, without the comment signs.
    #[must_use]
    pub fn documentation(&self) -> String {
        self.source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// What a detector found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Shared keys, one layer per kind.
    pub layers: Vec<Layer>,
    /// Templates, for layers that hold them.
    pub templates: Vec<content::families::TextFamily>,
    /// What texts and accounts are for, from the one detector that says so.
    pub capabilities: Option<content::capability::Capabilities>,
    /// What it could not look at, in words.
    pub partial: Vec<String>,
}

/// A detector.
pub trait Detector: Sync {
    /// Whether a finding of it may count for a verdict at all.
    fn may_count(&self) -> bool {
        true
    }

    /// What it is.
    fn meta(&self) -> &'static Meta;
    /// Looks at the digest.
    ///
    /// # Errors
    /// When a digest table lacks a column it must have, which is an internal error.
    fn run(&self, context: &Context<'_>) -> Result<Outcome>;
}
