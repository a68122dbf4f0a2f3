//! The finished digest: canonical tables, the same for the same rows however they came.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::config::DigestConfig;
use crate::config::options::Quote;
use crate::model::coverage::{ColumnCoverage, InputFile, Reject, RejectCount};
use crate::patterns::PatternsAbout;

/// Kinds of keys that link accounts, in the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// HTTP Accept-Language.
    AcceptLanguage,
    /// Credential.
    ApiKey,
    /// Autonomous system number.
    Asn,
    /// User agent, TLS, headers and accept-language together, where at least two are there.
    Client,
    /// Country of the address.
    Country,
    /// Fingerprint of the order of HTTP headers.
    Headers,
    /// Address.
    Ip,
    /// Sampling parameters in one text.
    Parameters,
    /// Access pathway.
    Platform,
    /// Project inside the account.
    Project,
    /// Signed reasoning blob carried in.
    ReasoningSignature,
    /// TLS fingerprint.
    Tls,
    /// Sorted names of the tools offered.
    Tools,
    /// HTTP user agent.
    UserAgent,
}

impl KeyKind {
    /// All kinds, in the order of their names.
    pub const ALL: [KeyKind; 14] = [
        KeyKind::AcceptLanguage,
        KeyKind::ApiKey,
        KeyKind::Asn,
        KeyKind::Client,
        KeyKind::Country,
        KeyKind::Headers,
        KeyKind::Ip,
        KeyKind::Parameters,
        KeyKind::Platform,
        KeyKind::Project,
        KeyKind::ReasoningSignature,
        KeyKind::Tls,
        KeyKind::Tools,
        KeyKind::UserAgent,
    ];

    /// The `kind` value in the `keys` table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            KeyKind::AcceptLanguage => "accept_language",
            KeyKind::ApiKey => "api_key",
            KeyKind::Asn => "asn",
            KeyKind::Client => "client",
            KeyKind::Country => "country",
            KeyKind::Headers => "headers",
            KeyKind::Ip => "ip",
            KeyKind::Parameters => "parameters",
            KeyKind::Platform => "platform",
            KeyKind::Project => "project",
            KeyKind::ReasoningSignature => "reasoning_signature",
            KeyKind::Tls => "tls",
            KeyKind::Tools => "tools",
            KeyKind::UserAgent => "user_agent",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn tag(self) -> u8 {
        self as u8
    }
}

/// What the loader knows about the inputs and hands on with the digest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Intake {
    /// Input files in the order of their [`FileId`](crate::model::batch::FileId)s, which
    /// is by name (as bytes) and then by SHA-256.
    pub inputs: Vec<InputFile>,
    /// Rejects by file, column, scope and reason; complete.
    pub reject_counts: Vec<RejectCount>,
    /// Located rejects, as many as were listed.
    pub rejects: Vec<Reject>,
}

/// Everything about a digest that is not a table; stored as `digest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DigestAbout {
    /// [`DIGEST_SCHEMA_VERSION`](crate::digest::DIGEST_SCHEMA_VERSION).
    pub schema_version: u32,
    /// [`HASH_NAME`](crate::digest::HASH_NAME).
    pub hash: String,
    /// Settings it was made with.
    pub config: DigestConfig,
    /// How much prompt text was allowed to stay.
    pub quote: Quote,
    /// Pattern packs and rules it was made with.
    pub patterns: PatternsAbout,
    /// Inputs and rejects.
    pub intake: Intake,
    /// Rows digested.
    pub rows: u64,
    /// Rows whose status is a word that is not known, without a code beside it.
    pub unknown_statuses: u64,
    /// Presence of every column the digest reads, in canonical order.
    pub columns: Vec<ColumnCoverage>,
    /// How often `texts_per_account` was halved.
    pub text_halvings: u32,
    /// One in 2^level sampled texts is kept.
    pub text_level: u32,
    /// One in 2^level keys is kept, with all its links.
    pub link_level: u32,
    /// One in 2^level stretches of six hours keeps the times of its requests.
    pub moment_level: u32,
    /// Width of the buckets of `cells`, in hours; 1 unless they were joined.
    pub cell_hours: u64,
    /// Width of the buckets of `minutes`, in minutes; 1 unless they were joined.
    pub minute_width: u64,
    /// What was thinned or joined, in sentences.
    pub notes: Vec<String>,
}

/// Fragments of the sampled texts, aligned with the rows of `texts`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FragmentLists {
    /// Where each text's fragments begin in `values`; one more entry than texts.
    pub offsets: Vec<u64>,
    /// Fragments, distinct and ascending within a text.
    pub values: Vec<u64>,
}

impl FragmentLists {
    /// Fragments of one row of `texts`; empty beyond the end.
    #[must_use]
    pub fn of(&self, text_row: usize) -> &[u64] {
        let bound = |at: usize| {
            self.offsets
                .get(at)
                .and_then(|offset| usize::try_from(*offset).ok())
        };
        match (bound(text_row), bound(text_row.saturating_add(1))) {
            (Some(start), Some(end)) => self.values.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// The finished digest. Columns, types and meanings of every table are in
/// [`documentation`](crate::digest::documentation); all tables are sorted by a total order.
#[derive(Debug, Clone)]
pub struct DigestTables {
    /// One row per account, sorted by account_id.
    pub accounts: DataFrame,
    /// One row per key, sorted by kind and value.
    pub keys: DataFrame,
    /// One row per (account, key), sorted so.
    pub links: DataFrame,
    /// Activity by (account, hour, model), sorted so.
    pub cells: DataFrame,
    /// Exact times of requests by (account, time), sorted so.
    pub moments: DataFrame,
    /// Sampled texts by (account, role, text_hash), sorted so.
    pub texts: DataFrame,
    /// Fragments of the rows of `texts`.
    pub fragments: FragmentLists,
    /// Sample requests of each account, best first.
    pub samples: DataFrame,
    /// Hashes of sampled texts that thinning took out of `texts`; empty unless thinned.
    pub thinned_texts: DataFrame,
    /// Requests by (account, rule of the pattern packs), sorted so.
    pub patterns: DataFrame,
    /// Sample requests of each account and rule, best first.
    pub pattern_samples: DataFrame,
    /// Rules that each sampled text matches, by (row of `texts`, rule), sorted so.
    pub text_patterns: DataFrame,
    /// Conversations in which an account uses a signed reasoning blob, by (account, key).
    pub signature_conversations: DataFrame,
    /// Sampled texts that were turned away, by row of `texts`.
    pub turned_away: DataFrame,
    /// Models, sorted; requests without a model stand under the empty name.
    pub models: Vec<String>,
    /// Requests of the whole log by minute since the epoch, ascending; silent minutes absent.
    pub minutes: Vec<(i64, u64)>,
    /// Settings, inputs, coverage, notes.
    pub about: DigestAbout,
}

impl DigestTables {
    /// Equality of everything that is stored.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.frames()
            .iter()
            .zip(other.frames())
            .all(|((_, mine), (_, theirs))| mine.equals_missing(theirs))
            && self.fragments == other.fragments
            && self.models == other.models
            && self.minutes == other.minutes
            && self.about == other.about
    }

    /// The tables held as frames, with their names.
    #[must_use]
    pub fn frames(&self) -> [(&'static str, &DataFrame); 13] {
        [
            ("accounts", &self.accounts),
            ("keys", &self.keys),
            ("links", &self.links),
            ("signature_conversations", &self.signature_conversations),
            ("cells", &self.cells),
            ("moments", &self.moments),
            ("texts", &self.texts),
            ("samples", &self.samples),
            ("thinned_texts", &self.thinned_texts),
            ("patterns", &self.patterns),
            ("pattern_samples", &self.pattern_samples),
            ("text_patterns", &self.text_patterns),
            ("turned_away", &self.turned_away),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_in_the_order_of_their_names_and_tags() {
        assert!(
            KeyKind::ALL
                .windows(2)
                .all(|pair| pair[0].name() < pair[1].name())
        );
        for (index, kind) in KeyKind::ALL.into_iter().enumerate() {
            assert_eq!(
                (usize::from(kind.tag()), KeyKind::from_name(kind.name())),
                (index, Some(kind))
            );
        }
    }
}
