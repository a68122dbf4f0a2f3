//! What was read, what was not, and where: the part of a case that keeps "nothing
//! found" apart from "nothing looked at".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::column::Table;

/// One input file after reading.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct InputFile {
    /// Path as given by the user (a directory or glob expanded).
    pub name: String,
    /// SHA-256 of the file as stored, lower-case hexadecimal.
    pub sha256: String,
    /// Size as stored.
    pub bytes: u64,
    /// `parquet`, `csv` or `ndjson`.
    pub container: String,
    /// `none`, `gzip` or `zstd`.
    pub compression: String,
    /// Records found: used + rejected + outside_window.
    pub rows_read: u64,
    /// Records that reached the digest.
    pub rows_used: u64,
    /// Records that could not be used.
    pub rows_rejected: u64,
    /// Records outside `--since`/`--until`.
    pub rows_outside_window: u64,
}

/// A file of a table beside the requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideInput {
    /// `accounts` or `events`.
    pub table: String,
    /// The file after reading.
    pub input: InputFile,
}

/// A rejected record, or an optional cell that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reject {
    /// Position of the file in the sorted inputs.
    pub file: u32,
    /// One-based record number.
    pub row: u64,
    /// Canonical column, or empty where the whole record is broken.
    pub column: String,
    /// `row` when the record was left out, `cell` when only this value was.
    pub scope: RejectScope,
    /// Why, in words.
    pub reason: String,
}

/// Whether a reject cost the record or one value.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RejectScope {
    /// The whole record was left out.
    Row,
    /// One optional value was left out; the record was used.
    Cell,
}

/// How many rejects there were of one sort; complete even where the list is cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RejectCount {
    /// Position of the file in the sorted inputs.
    pub file: u32,
    /// Canonical column, or empty.
    pub column: String,
    /// Record or value.
    pub scope: RejectScope,
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// Presence of one canonical column over the rows used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnCoverage {
    /// Canonical name.
    pub column: String,
    /// Rows with a value.
    pub present: u64,
    /// Rows without one.
    pub null: u64,
}

/// A stretch without a single request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// First silent minute, microseconds since the epoch.
    pub from_us: i64,
    /// First minute with requests again, microseconds since the epoch.
    pub until_us: i64,
}

/// Everything about what the run could see.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Request files, sorted by name.
    pub inputs: Vec<InputFile>,
    /// Files of the accounts and the events table. Rejects number them on from `inputs`;
    /// the row totals below are those of the requests alone.
    #[serde(default)]
    pub side_inputs: Vec<SideInput>,
    /// Records found.
    pub rows_read: u64,
    /// Records used.
    pub rows_used: u64,
    /// Records rejected.
    pub rows_rejected: u64,
    /// Records outside the asked window.
    pub rows_outside_window: u64,
    /// Rejects by file, column and reason (complete).
    pub reject_counts: Vec<RejectCount>,
    /// Canonical request columns with their presence.
    pub columns: Vec<ColumnCoverage>,
    /// First request, microseconds since the epoch.
    pub first_us: Option<i64>,
    /// Last request, microseconds since the epoch.
    pub last_us: Option<i64>,
    /// Silent stretches longer than the configured limit.
    pub gaps: Vec<Gap>,
    /// Distinct accounts in the requests.
    pub accounts: u64,
    /// Rows of the accounts table that joined to a request account; without a table the accounts
    /// about which the log's own rows repeat something.
    pub accounts_joined: u64,
    /// Sentences about what was thinned, guessed, or only partly seen.
    pub notes: Vec<String>,
}

impl InputFile {
    /// Whether read = used + rejected + outside the window.
    #[must_use]
    pub fn reconciles(&self) -> bool {
        self.rows_used
            .checked_add(self.rows_rejected)
            .and_then(|rows| rows.checked_add(self.rows_outside_window))
            == Some(self.rows_read)
    }
}

impl Coverage {
    /// What describes the accounts, where anything does.
    #[must_use]
    pub fn accounts_described_by(&self) -> &'static str {
        let mut tables = self.side_inputs.iter();
        match tables.any(|input| input.table == Table::Accounts.name()) {
            true => "the accounts table",
            false => "the log's own rows",
        }
    }

    /// Name of an input, of the requests or of another table, by the number that locators and
    /// rejects give it; a number without a file is shown as such.
    #[must_use]
    pub fn file_name(&self, file: u32) -> String {
        let beside = self.side_inputs.iter().map(|side| &side.input);
        let mut inputs = self.inputs.iter().chain(beside);
        usize::try_from(file)
            .ok()
            .and_then(|position| inputs.nth(position))
            .map_or_else(|| format!("input {file}"), |input| input.name.clone())
    }
}
