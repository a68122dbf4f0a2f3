//! What became of a watch list (`--indicators`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A watch list held against the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Watchlist {
    /// Entries that were looked for.
    pub entries: u64,
    /// Entries that at least one account matches.
    pub matched: u64,
    /// Accounts that match an entry.
    pub accounts: u64,
    /// Those of them that are in no campaign but a lead of the list's own.
    pub accounts_outside: u64,
    /// Entries that cannot be looked for, one sentence each with its place in the file.
    pub unread: Vec<String>,
}
