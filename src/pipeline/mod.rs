//! The one place that composes the stages.

mod diff;
mod digest;
mod explain;
mod gather;
mod inspect;
mod lists;
mod ready;
mod render;
mod scan;
mod verify;

use std::path::PathBuf;

use crate::detect::registry;
use crate::model::coverage::Coverage;
use crate::model::finding::{DetectorRun, Family};

pub use diff::diff_cases;
pub use digest::digest_to;
pub use explain::explain_case;
pub use inspect::inspect;
pub use ready::{Trialled, with_group_tests};
pub use render::{render_case, share_case};
pub use scan::scan_to_case;
pub use verify::verify_case;

/// Where a run writes and with what.
#[derive(Debug, Clone)]
pub struct ScanOutput {
    /// The folder to write.
    pub out: PathBuf,
    /// Replace a folder that is not empty.
    pub force: bool,
    /// The command line, for the manifest.
    pub argv: Vec<String>,
    /// Worker threads.
    pub threads: usize,
    /// Pseudonymise the case with the key in this file, which is made where it is missing.
    pub pseudonym_key: Option<PathBuf>,
}

/// Does the work on so many threads of our own. Polars keeps a pool beside it, of which only
/// the environment variable `POLARS_MAX_THREADS` tells the size; it sees small tables only.
fn on_threads<T: Send>(
    threads: usize,
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| anyhow::anyhow!("cannot start {threads} threads: {error}"))?
        .install(work)
}

/// What `inspect` found.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Each input.
    pub files: Vec<InspectedFile>,
    /// All inputs together.
    pub coverage: Coverage,
    /// Which detectors can run.
    pub detectors: Vec<DetectorRun>,
}

/// One input as recognised.
#[derive(Debug, Clone)]
pub struct InspectedFile {
    /// Path as given.
    pub name: String,
    /// `parquet`, `csv` or `ndjson`.
    pub container: String,
    /// `none`, `gzip` or `zstd`.
    pub compression: String,
    /// Size as stored.
    pub bytes: u64,
    /// Canonical columns found.
    pub columns: Vec<InspectedColumn>,
    /// Source columns that nothing reads.
    pub unread: Vec<String>,
    /// Sentences about guesses.
    pub notes: Vec<String>,
}

/// One canonical column and where it comes from.
#[derive(Debug, Clone)]
pub struct InspectedColumn {
    /// Canonical name.
    pub column: String,
    /// Name in the input.
    pub source: String,
    /// `exact`, `alias`, `map` or `constant`.
    pub matched: String,
    /// Unit of a timestamp column.
    pub unit: Option<String>,
    /// A value, masked.
    pub example: Option<String>,
}

/// A detector's own documentation.
#[derive(Debug, Clone)]
pub struct DetectorDoc {
    /// `family/name`.
    pub id: &'static str,
    /// Whether a finding of it may count for a verdict; what may not is weak.
    pub may_count: bool,
    /// Families of evidence.
    pub families: Vec<Family>,
    /// In one line.
    pub title: &'static str,
    /// Version.
    pub version: u32,
    /// Columns it needs.
    pub needs: Vec<String>,
    /// The text at the top of its file.
    pub text: String,
}

/// What `verify` found.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// Files of the case whose hash agrees.
    pub files: u64,
    /// Inputs whose hash agrees.
    pub inputs: u64,
    /// What does not agree, one sentence each.
    pub problems: Vec<String>,
    /// What could not be checked, for example an input that is not there any more.
    pub notes: Vec<String>,
}

/// The detectors in registry order.
#[must_use]
pub fn detector_documentation() -> Vec<DetectorDoc> {
    registry::standings()
        .map(|(meta, may_count)| DetectorDoc {
            id: meta.id,
            may_count,
            families: meta.families.to_vec(),
            title: meta.title,
            version: meta.version,
            needs: meta.needs.iter().map(|need| need.name()).collect(),
            text: meta.documentation(),
        })
        .collect()
}
