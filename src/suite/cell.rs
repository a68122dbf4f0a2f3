//! One cell: a log is simulated, scanned once per variant, and scored with the baselines.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::config::options::{InputOptions, ScanOptions};
use crate::evaluate::calibration::Stated;
use crate::evaluate::levels::AtLevel;
use crate::evaluate::prediction::Prediction;
use crate::evaluate::templates::{Listed, listed};
use crate::evaluate::truth::Truth;
use crate::evaluate::{Evaluation, baselines, evaluate, requests};
use crate::model::campaign::Verdict;
use crate::model::progress::Silent;
use crate::pipeline::{ScanOutput, digest_to, scan_to_case};
use crate::simulate::{self, Knobs, SimulateOptions};
use crate::stats::random::stable_hash;
use crate::suite::plan::Planned;
use crate::suite::{Ablation, SuiteOptions, memory_per_scan};

/// Version of a cell's file.
const CELL_SCHEMA_VERSION: u32 = 5;

/// File that says that a kept log and its cases are all there.
const WHOLE: &str = "whole";

/// Name of the full scan among the methods.
pub const SCAN_METHOD: &str = "stillhunt";

/// What decides a cell's numbers; a file with another key is made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellKey {
    /// Version of the file.
    pub schema_version: u32,
    /// Preset.
    pub preset: String,
    /// Scale.
    pub scale: f64,
    /// Seed of the log.
    pub seed: u64,
    /// Names of what the further scans leave out.
    pub ablations: Vec<String>,
    /// What tells this build from another.
    pub build: String,
    /// Hash of the scans' settings.
    pub settings: String,
    /// Memory of one scan: digests are thinned to fit it.
    pub memory_bytes: u64,
}

/// The scores of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What it is.
    pub key: CellKey,
    /// Requests in the log.
    pub requests: u64,
    /// The full scan, the scans with something left out, the baselines.
    pub methods: Vec<MethodScores>,
}

/// A cell's file.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    /// Hash of the cell as written: a file that was damaged or edited is made again.
    check: String,
    cell: Box<RawValue>,
}

impl Stored {
    fn of(cell: &Cell) -> Result<Self> {
        let text = serde_json::to_string(cell)?;
        Ok(Self {
            check: check(&text),
            cell: RawValue::from_string(text)?,
        })
    }

    /// The cell, where it is as it was written.
    fn whole(&self) -> Option<Cell> {
        let text = self.cell.get();
        (check(text) == self.check)
            .then(|| serde_json::from_str(text).ok())
            .flatten()
    }
}

fn check(text: &str) -> String {
    format!("{:016x}", stable_hash(&[text]))
}

/// One method on one log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodScores {
    /// `stillhunt`, `without X`, or a baseline.
    pub method: String,
    /// The verdict from which an account counts as flagged: `likely` for scans; baselines
    /// know one level only.
    pub level: Verdict,
    /// All scores.
    pub evaluation: Evaluation,
    /// The templates of the full scan's case.
    pub templates: Vec<Listed>,
}

impl MethodScores {
    /// The scores at [`level`](Self::level) or above.
    #[must_use]
    pub fn at_level(&self) -> Option<&AtLevel> {
        self.evaluation.at(self.level)
    }
}

impl CellKey {
    pub(super) fn new(log: &Planned, seed: u64, options: &SuiteOptions) -> Self {
        Self {
            schema_version: CELL_SCHEMA_VERSION,
            preset: log.preset.clone(),
            scale: log.scale,
            seed,
            ablations: options
                .ablations
                .iter()
                .map(|ablation| format!("{}: {}", ablation.name, ablation.skip.join(" ")))
                .collect(),
            build: options.build.clone(),
            settings: format!("{:016x}", stable_hash(&[&format!("{:?}", options.config)])),
            memory_bytes: memory_per_scan(options),
        }
    }

    /// Name of the cell and of its file.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-x{}-seed{}", self.preset, self.scale, self.seed)
    }
}

fn file(out: &Path, key: &CellKey) -> PathBuf {
    out.join("cells").join(format!("{}.json", key.name()))
}

/// The cell of this key, where its file is there and has the same key.
pub(super) fn read(out: &Path, key: &CellKey) -> Result<Option<Cell>> {
    let path = file(out, key);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| {
                format!(
                    "{}: cannot be read; remove it, and the cell is made again",
                    path.display()
                )
            });
        }
    };
    // A file that is no cell, or one of another build, is made again.
    Ok(serde_json::from_slice::<Stored>(&bytes)
        .ok()
        .and_then(|stored| stored.whole())
        .filter(|cell| cell.key == *key))
}

/// Runs the cell unless it is there. Its file appears whole or not at all.
pub(super) fn ensure(key: &CellKey, options: &SuiteOptions) -> Result<()> {
    let work = options.out.join("work").join(key.name());
    // A finished cell whose log and cases are asked for and not there is made again.
    if read(&options.out, key)?.is_some() && (!options.keep || work.join(WHOLE).is_file()) {
        return Ok(());
    }
    if work.exists() {
        // What a killed run left behind.
        fs::remove_dir_all(&work)
            .with_context(|| format!("{}: cannot be removed", work.display()))?;
    }
    let cell = make(key, options, &work)?;
    let path = file(&options.out, key);
    let partial = path.with_extension("json.partial");
    let text = serde_json::to_string_pretty(&Stored::of(&cell)?)? + "\n";
    fs::write(&partial, text)
        .and_then(|()| fs::rename(&partial, &path))
        .with_context(|| format!("{}: cannot be written", path.display()))?;
    if options.keep {
        let whole = work.join(WHOLE);
        fs::write(&whole, "").with_context(|| format!("{}: cannot be written", whole.display()))?;
    } else {
        fs::remove_dir_all(&work)
            .with_context(|| format!("{}: cannot be removed", work.display()))?;
    }
    Ok(())
}

fn make(key: &CellKey, options: &SuiteOptions, work: &Path) -> Result<Cell> {
    let log = work.join("log");
    let scenario = simulate::preset(&key.preset, key.scale, key.seed)?;
    let simulated = simulate::write(
        &scenario,
        &SimulateOptions {
            out: log.clone(),
            files: 1,
            knobs: Knobs::default(),
            ..SimulateOptions::default()
        },
        &Silent,
    )?;
    let truth = Truth::read(&log.join("truth_accounts.csv"))?;
    let full = Ablation {
        name: String::new(),
        skip: Vec::new(),
    };
    let mut methods = Vec::new();
    let case = work.join("case-0");
    scan(&scan_options(&log, &simulated.files, &full, options), &case)?;
    methods.push(score_case(&full, &case, Some(&log), &truth)?);
    if !options.ablations.is_empty() {
        // The log is read once more and for all of them: what is left out is a matter of the
        // stages after the digest.
        let digest = work.join("digest");
        let mut whole = scan_options(&log, &simulated.files, &full, options);
        (whole.input.accounts, whole.input.events) = (None, None);
        digest_to(&whole, &output(&digest), &Silent)?;
        for ablation in &options.ablations {
            let case = work.join(format!("case-{}", methods.len()));
            let mut scan_from = scan_options(&log, &[], ablation, options);
            scan_from.digests = vec![digest.clone()];
            scan(&scan_from, &case)?;
            methods.push(score_case(ablation, &case, None, &truth)?);
        }
    }
    for prediction in baselines::run_files(&simulated.files, Some(&log.join("accounts.csv")))? {
        methods.push(MethodScores {
            method: format!("baseline: {}", prediction.name),
            level: Verdict::Lead,
            evaluation: evaluate(&prediction, &truth, None)?,
            templates: Vec::new(),
        });
    }
    Ok(Cell {
        key: key.clone(),
        requests: simulated.requests,
        methods,
    })
}

fn scan_options(
    log: &Path,
    logs: &[PathBuf],
    ablation: &Ablation,
    options: &SuiteOptions,
) -> ScanOptions {
    ScanOptions {
        skip: ablation.skip.clone(),
        memory_bytes: memory_per_scan(options),
        config: options.config.clone(),
        // The seed a user gets who names none; the log's own seed is the simulator's.
        ..ScanOptions::of(InputOptions {
            logs: logs.to_vec(),
            accounts: Some(log.join("accounts.csv")),
            events: Some(log.join("events.csv")),
            ..InputOptions::default()
        })
    }
}

fn output(out: &Path) -> ScanOutput {
    ScanOutput {
        out: out.to_owned(),
        force: false,
        argv: Vec::new(),
        pseudonym_key: None,
        threads: rayon::current_num_threads(),
    }
}

fn scan(options: &ScanOptions, case: &Path) -> Result<()> {
    scan_to_case(options, &output(case), &Silent)?;
    Ok(())
}

/// Scores a case; the requests it names only where the log is at hand, since a scan of digests
/// knows no more of them than the sample.
fn score_case(
    ablation: &Ablation,
    case: &Path,
    log: Option<&Path>,
    truth: &Truth,
) -> Result<MethodScores> {
    let method = if ablation.skip.is_empty() {
        SCAN_METHOD.to_owned()
    } else {
        format!("without {}", ablation.name)
    };
    let mut prediction = Prediction::read(&case.join("accounts.csv"))?.with_plain_ids();
    prediction.name.clone_from(&method);
    prediction.states_verdicts = true;
    let stated = Stated::read(&case.join("case.json"))?;
    let mut evaluation = evaluate(&prediction, truth, stated.as_ref())?;
    let mut templates = Vec::new();
    if let Some(log) = log {
        let truth_requests = log.join("truth_requests.parquet");
        templates = listed(&case.join("case.json"), &truth_requests)?;
        requests::score_levels(
            &case.join("requests.parquet"),
            &truth_requests,
            truth,
            &prediction,
            &mut evaluation.levels,
        )?;
    }
    Ok(MethodScores {
        method,
        level: Verdict::Likely,
        evaluation,
        templates,
    })
}
