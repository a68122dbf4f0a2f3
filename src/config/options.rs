//! What a run was asked to do: the command line after parsing, before any work.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Config;

/// How much of a prompt may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// No prompt text at all, not even in the digest.
    None,
    /// Short excerpts with secrets, addresses and numbers masked.
    #[default]
    Masked,
    /// Short excerpts as they are.
    Full,
}

/// How readily clusters are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Only campaigns of verdict likely or strong.
    Cautious,
    /// Leads as well, where they rest on more than public infrastructure.
    #[default]
    Balanced,
    /// Every lead.
    Broad,
}

/// Memory that a scan may use where nobody says otherwise, in bytes.
const MEMORY_BYTES: u64 = 4 << 30;

impl ScanOptions {
    /// A scan of these inputs with the usual settings.
    #[must_use]
    pub fn of(input: InputOptions) -> Self {
        Self {
            input,
            digests: Vec::new(),
            only: Vec::new(),
            skip: Vec::new(),
            suppress: None,
            indicators: None,
            customers: None,
            public_ranges: Vec::new(),
            baseline: None,
            no_suppress: false,
            profile: Profile::default(),
            quote: Quote::default(),
            seed: 1,
            memory_bytes: MEMORY_BYTES,
            config: Config::default(),
        }
    }

    /// Files and folders that the run reads, but for the baseline, which is read whole before
    /// anything is written.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let input = &self.input;
        input
            .logs
            .iter()
            .chain(&input.accounts)
            .chain(&input.events)
            .chain(&input.map)
            .chain(&input.patterns)
            .chain(&self.digests)
            .chain(&self.suppress)
            .chain(&self.indicators)
            .chain(&self.customers)
            .chain(&self.public_ranges)
            .map(PathBuf::as_path)
    }
}

/// Where request rows come from and how to read them.
#[derive(Debug, Clone, Default)]
pub struct InputOptions {
    /// Files, directories and globs.
    pub logs: Vec<PathBuf>,
    /// The accounts table.
    pub accounts: Option<PathBuf>,
    /// The events table.
    pub events: Option<PathBuf>,
    /// Column map (TOML).
    pub map: Option<PathBuf>,
    /// Pattern packs beside the built-in ones.
    pub patterns: Vec<PathBuf>,
    /// Forced container: `parquet`, `csv` or `ndjson`; `None` recognises it by content.
    pub format: Option<String>,
    /// Leave out requests before this time, microseconds since the epoch.
    pub since_us: Option<i64>,
    /// Leave out requests at or after this time, microseconds since the epoch.
    pub until_us: Option<i64>,
}

/// Everything a scan needs.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// Inputs; `logs` is empty when the run starts from digests.
    pub input: InputOptions,
    /// Digest folders to finish from.
    pub digests: Vec<PathBuf>,
    /// Detector ids or family prefixes to run; empty runs all.
    pub only: Vec<String>,
    /// Detector ids or family prefixes to leave out.
    pub skip: Vec<String>,
    /// Suppression file (TOML).
    pub suppress: Option<PathBuf>,
    /// Watch list (CSV or STIX 2.1).
    pub indicators: Option<PathBuf>,
    /// Which accounts are of one declared customer (CSV).
    pub customers: Option<PathBuf>,
    /// Ranges of addresses that strangers share: clouds, VPN providers, carriers.
    pub public_ranges: Vec<PathBuf>,
    /// An earlier case to compare with.
    pub baseline: Option<PathBuf>,
    /// Match and report the suppressions, but hide nothing.
    pub no_suppress: bool,
    /// How readily clusters are reported.
    pub profile: Profile,
    /// How much of a prompt may be shown.
    pub quote: Quote,
    /// Seed of every random draw.
    pub seed: u64,
    /// Most memory to use, in bytes.
    pub memory_bytes: u64,
    /// Settings.
    pub config: Config,
}
