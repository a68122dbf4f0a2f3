//! `manifest.json`: how the case came about. With `run.log` it is the only file that may
//! differ between two equal runs.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::small_file::open_regular;
use crate::model::case::Case;
use crate::report::tables::coverage::run_state;

/// File name in the case folder.
pub(crate) const MANIFEST_FILE: &str = "manifest.json";

/// The run in words. Like the manifest it tells of one run, so both stay out of `SHA256SUMS`,
/// which is the same for equal runs; the manifest holds the hash of this file.
pub(crate) const RUN_LOG_FILE: &str = "run.log";
/// Marks a manifest as ours; many other programs name a file `manifest.json`.
pub(crate) const TOOL: &str = "stillhunt";

/// A file the run read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ManifestInput {
    /// `log`, `accounts`, `events`, `map`, `config`, `digest` ...
    pub role: String,
    /// Path as given.
    pub name: String,
    /// SHA-256 of the file as stored, lower-case hexadecimal.
    pub sha256: String,
    /// Size as stored.
    pub bytes: u64,
}

/// A detector with its version and whether it ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectorVersion {
    /// Detector id.
    pub detector: String,
    /// Version.
    pub version: u32,
    /// `ran`, `not_run` or `skipped`.
    pub state: String,
}

/// How a case came about.
///
/// The caller fills `argv`, `versions`, `config_toml`, `seed`, `threads`, the times and
/// the inputs that are not logs; the rest is taken from the case when it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `stillhunt`.
    pub tool: String,
    /// Version that wrote the case.
    pub tool_version: String,
    /// Version of the `case.json` schema.
    pub schema_version: u32,
    /// The command line.
    pub argv: Vec<String>,
    /// Versions of what matters for the result, by name.
    pub versions: BTreeMap<String, String>,
    /// When the run began, ISO 8601 UTC, if known.
    pub started_at: Option<String>,
    /// When the case was written, ISO 8601 UTC, if known.
    pub finished_at: Option<String>,
    /// Threads used.
    pub threads: usize,
    /// Seed of every random draw.
    pub seed: u64,
    /// `none`, `masked` or `full`.
    pub quote: String,
    /// Detectors with their versions.
    pub detectors: Vec<DetectorVersion>,
    /// Every file that was read.
    pub inputs: Vec<ManifestInput>,
    /// SHA-256 of `run.log`, which `SHA256SUMS` leaves out.
    #[serde(default)]
    pub run_log_sha256: String,
    /// The settings of the run, complete, as TOML.
    pub config_toml: String,
}

impl Manifest {
    /// Adds what the case knows: versions, detectors and log inputs.
    #[must_use]
    pub(crate) fn completed(mut self, case: &Case, quote: &str) -> Manifest {
        TOOL.clone_into(&mut self.tool);
        self.tool_version.clone_from(&case.tool_version);
        self.schema_version = case.schema_version;
        quote.clone_into(&mut self.quote);
        self.detectors = case
            .detectors
            .iter()
            .map(|run| DetectorVersion {
                detector: run.detector.clone(),
                version: run.version,
                state: run_state(&run.status).0.to_owned(),
            })
            .collect();
        self.inputs
            .extend(case.coverage.inputs.iter().map(|input| ManifestInput {
                role: "log".to_owned(),
                name: input.name.clone(),
                sha256: input.sha256.clone(),
                bytes: input.bytes,
            }));
        self.inputs.sort();
        self.inputs.dedup();
        self
    }

    /// The manifest of a folder, if the folder holds a case of ours.
    pub(crate) fn of_folder(dir: &Path) -> Option<Manifest> {
        let file = open_regular(&dir.join(MANIFEST_FILE)).ok()?;
        serde_json::from_reader::<_, Manifest>(BufReader::new(file))
            .ok()
            .filter(|manifest| manifest.tool == TOOL)
    }
}
