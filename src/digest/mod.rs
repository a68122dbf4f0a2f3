//! The digest: a mergeable summary of request batches.
//!
//! Folding batches and merging digests form a commutative monoid: any split of the rows,
//! any order and any tree of merges gives the same tables, byte for byte. It holds
//! because every part is a sum, a minimum, a maximum, a set, or the k entries with the
//! smallest hashes of a set; and because the limits that thin a part depend on how much
//! there is in all, never on how it arrived. Prompt text ends here: what remains of it
//! are hashes, fragments and, where allowed, short masked excerpts.

mod account;
mod check;
mod columns;
mod conversations;
mod counters;
pub mod documentation;
mod finish;
mod fold;
mod frames;
mod intern;
mod links;
mod moments;
mod parquet_table;
mod partial;
mod pattern_tables;
mod patterns;
#[cfg(test)]
mod property_tests;
mod restore;
mod row;
pub mod store;
mod tables;
#[cfg(test)]
mod test_rows;
mod texts;

pub use moments::{STRETCH_US, keeps};
pub use partial::Digest;
pub use restore::merge_tables;
pub use tables::{DigestAbout, DigestTables, FragmentLists, Intake, KeyKind};

use crate::model::column::RequestColumn;

/// Version of the stored tables; rises with every change of columns, hashes or meanings.
pub const DIGEST_SCHEMA_VERSION: u32 = 9;

/// Which hash functions the stored hashes come from; digests of other hashes do not merge.
pub const HASH_NAME: &str =
    "xxh3-64 texts, seed 0; polynomial word shingles, splitmix finaliser, version 1";

/// The request columns the digest reads; all others may stay unread.
pub const WANTED: &[RequestColumn] = &[
    RequestColumn::Timestamp,
    RequestColumn::AccountId,
    RequestColumn::RequestId,
    RequestColumn::ApiKeyId,
    RequestColumn::ProjectId,
    RequestColumn::ConversationId,
    RequestColumn::Platform,
    RequestColumn::Model,
    RequestColumn::SystemPrompt,
    RequestColumn::Prompt,
    RequestColumn::ToolNames,
    RequestColumn::HasImage,
    RequestColumn::InputTokens,
    RequestColumn::OutputTokens,
    RequestColumn::Temperature,
    RequestColumn::TopP,
    RequestColumn::MaxTokens,
    RequestColumn::N,
    RequestColumn::Stream,
    RequestColumn::ResponseFormat,
    RequestColumn::Status,
    RequestColumn::HttpStatus,
    RequestColumn::LatencyMs,
    RequestColumn::Ip,
    RequestColumn::Asn,
    RequestColumn::Country,
    RequestColumn::UserAgent,
    RequestColumn::AcceptLanguage,
    RequestColumn::TlsFingerprint,
    RequestColumn::HeadersFingerprint,
    RequestColumn::ReasoningSignature,
];

#[cfg(test)]
pub(crate) fn tests_config() -> crate::config::DigestConfig {
    toml::from_str::<crate::config::Config>(crate::config::DEFAULTS)
        .expect("defaults parse")
        .digest
}
