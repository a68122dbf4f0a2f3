//! All presets over several seeds, end to end: simulate -> scan -> evaluate, cell by cell.
//!
//! ```text
//! cells   (preset, scale, seed)   one file each, written when the cell is complete
//! summary cells -> rows per campaign, log, population, with intervals over the runs
//! ```
//!
//! Every number that comes out is measured on synthetic logs and is called so. A cell whose
//! file is there and was made by the same build with the same settings is not run again, so
//! a suite that was stopped goes on where it was. What is printed is always made from the
//! files, so a suite that was resumed gives the same bytes as one that ran through.

mod cell;
mod plan;
mod render;
mod summary;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};

use crate::config::Config;
use crate::model::failure::Failure;
use crate::model::progress::Progress;

pub use cell::{Cell, CellKey, MethodScores, SCAN_METHOD};
pub use plan::{Planned, plan};
pub use render::{to_csv, to_json, to_table};
pub use summary::{Measure, Row, Section, summarise};

/// A scan with something left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ablation {
    /// What was named: a detector or a family.
    pub name: String,
    /// Detector ids that do not run.
    pub skip: Vec<String>,
}

/// What to run and where to keep it.
#[derive(Debug, Clone)]
pub struct SuiteOptions {
    /// The folder of the cells.
    pub out: PathBuf,
    /// Presets with their scale.
    pub logs: Vec<Planned>,
    /// Seeds of the logs.
    pub seeds: Vec<u64>,
    /// Scans with something left out, beside the full one.
    pub ablations: Vec<Ablation>,
    /// Cells at work at one time, at least one.
    pub jobs: usize,
    /// Keep the logs and the case folders of the cells.
    pub keep: bool,
    /// Memory for all scans together.
    pub memory_bytes: u64,
    /// Settings of the scans.
    pub config: Config,
    /// What tells this build from another; cells of another build are run again.
    pub build: String,
}

/// File that marks a folder as a suite's; held locked while one is at work there.
const MARK: &str = "suite.lock";

/// Least memory of one scan.
const LEAST_MEMORY_BYTES: u64 = 64 << 20;

/// Cells at work at one time: not more than there are.
fn jobs(options: &SuiteOptions) -> usize {
    let cells = options.logs.len().saturating_mul(options.seeds.len());
    options.jobs.clamp(1, cells.max(1))
}

/// Memory of one scan: the same however many cells there are, so that one more seed leaves the
/// finished cells standing.
fn memory_per_scan(options: &SuiteOptions) -> u64 {
    options.memory_bytes / options.jobs.max(1) as u64
}

/// Takes the folder for this run; the lock goes with the file.
fn lock(mark: &Path) -> Result<File> {
    if std::fs::symlink_metadata(mark).is_ok_and(|found| !found.is_file()) {
        return Err(Failure::Usage(format!(
            "{} is no file of a suite; choose another folder",
            mark.display()
        ))
        .into());
    }
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(mark)
        .with_context(|| format!("{}: cannot be written", mark.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::Usage(format!(
            "another suite is at work in {}; wait for it or choose another folder",
            mark.parent().unwrap_or(mark).display()
        ))
        .into()),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{}: cannot be locked", mark.display()))
        }
    }
}

/// Runs every cell that is not there yet and reads all of them back, in order of presets,
/// scales and seeds.
///
/// # Errors
/// Where a cell fails (named, the finished ones stay) or a file cannot be written or read.
pub fn run(options: &SuiteOptions, progress: &dyn Progress) -> Result<Vec<Cell>> {
    let keys: Vec<CellKey> = options
        .logs
        .iter()
        .flat_map(|log| {
            options
                .seeds
                .iter()
                .map(move |seed| CellKey::new(log, *seed, options))
        })
        .collect();
    if memory_per_scan(options) < LEAST_MEMORY_BYTES {
        return Err(Failure::Usage(format!(
            "{} jobs share {} MiB: a scan needs {} MiB at least; give fewer --jobs or more --memory",
            options.jobs,
            options.memory_bytes >> 20,
            LEAST_MEMORY_BYTES >> 20
        ))
        .into());
    }
    if options.out.as_os_str().is_empty() {
        return Err(
            Failure::Usage("--out is empty; name a folder for the suite".to_owned()).into(),
        );
    }
    if std::fs::symlink_metadata(&options.out).is_ok() && !options.out.exists() {
        return Err(Failure::Usage(format!(
            "{} is a link to something that is not there",
            options.out.display()
        ))
        .into());
    }
    if options.out.exists() && !options.out.is_dir() {
        return Err(Failure::Usage(format!("{} is not a folder", options.out.display())).into());
    }
    // The folder is the suite's own: what it clears away there must be its own as well.
    let mark = options.out.join(MARK);
    let foreign = std::fs::read_dir(&options.out).is_ok_and(|mut entries| entries.next().is_some())
        && !mark.is_file();
    if foreign {
        return Err(Failure::Usage(format!(
            "{} holds files but no suite; choose another folder",
            options.out.display()
        ))
        .into());
    }
    for inside in ["cells", "work"] {
        let inside = options.out.join(inside);
        if std::fs::symlink_metadata(&inside).is_ok_and(|found| !found.is_dir()) {
            return Err(Failure::Usage(format!(
                "{} is no folder of a suite; remove it or choose another folder",
                inside.display()
            ))
            .into());
        }
    }
    std::fs::create_dir_all(options.out.join("cells"))
        .with_context(|| format!("{}: cannot make the folder", options.out.display()))?;
    let _lock = lock(&mark)?;
    progress.begin("suite", Some(keys.len() as u64));
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let failed: Mutex<Vec<(usize, anyhow::Error)>> = Mutex::new(Vec::new());
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(key) = keys.get(at) else { return };
            match cell::ensure(key, options) {
                Ok(()) => progress.advance(1),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    if let Ok(mut failed) = failed.lock() {
                        failed.push((at, error.context(format!("cell {}", key.name()))));
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs(options) {
            scope.spawn(work);
        }
        work();
    });
    progress.end();
    let mut failed = failed.into_inner().unwrap_or_default();
    failed.sort_by_key(|(at, _)| *at);
    if let Some((_, error)) = failed.into_iter().next() {
        return Err(error);
    }
    keys.iter()
        .map(|key| {
            cell::read(&options.out, key)?
                .with_context(|| format!("cell {}: its file is gone", key.name()))
        })
        .collect()
}
