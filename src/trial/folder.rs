//! A folder with a log, the tables beside it and its truth, as `simulate` writes it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::options::{InputOptions, ScanOptions};
use crate::evaluate::truth::Truth;
use crate::model::failure::Failure;
use crate::pipeline::Trialled;
use crate::trial::{LogRead, MOST_GROUPS, TrialOptions};

/// File of the truth.
const TRUTH: &str = "truth_accounts.csv";

/// Endings of the log's files.
const ENDINGS: [&str; 3] = ["parquet", "csv", "ndjson"];

/// A folder that is ready to be read.
pub(super) struct Opened {
    folder: PathBuf,
    /// What to read.
    pub(super) scan: ScanOptions,
    /// What is true of its accounts.
    pub(super) truth: Truth,
}

/// Refuses what cannot be drawn, and folders given twice.
pub(super) fn check(options: &TrialOptions) -> Result<()> {
    if options.groups > MOST_GROUPS {
        return Err(usage(format!(
            "--groups is {}; at most {MOST_GROUPS} of each population are drawn",
            options.groups
        )));
    }
    let mut seen: Vec<(PathBuf, &Path)> = Vec::new();
    for folder in &options.folders {
        if !folder.is_dir() {
            return Err(usage(format!(
                "{}: no folder; give folders as `simulate` writes them",
                folder.display()
            )));
        }
        let place = folder
            .canonicalize()
            .map_err(|error| usage(format!("{}: cannot be read: {error}", folder.display())))?;
        if let Some((_, before)) = seen.iter().find(|(other, _)| *other == place) {
            return Err(usage(format!(
                "{} and {} are one folder; give each once",
                before.display(),
                folder.display()
            )));
        }
        seen.push((place, folder));
    }
    Ok(())
}

/// What to read of the folder, and what is true of its accounts.
pub(super) fn open(folder: &Path, options: &TrialOptions) -> Result<Opened> {
    let mut logs: Vec<PathBuf> = Vec::new();
    let entries = std::fs::read_dir(folder)
        .map_err(|error| usage(format!("{}: cannot be read: {error}", folder.display())))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("{}: cannot be read", folder.display()))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_file() && is_log(&name) {
            logs.push(path);
        }
    }
    logs.sort();
    if logs.is_empty() {
        return Err(usage(format!(
            "{}: no requests.parquet, .csv or .ndjson in it; give folders as `simulate` writes them",
            folder.display()
        )));
    }
    let truth = folder.join(TRUTH);
    if !truth.is_file() {
        return Err(usage(format!(
            "{}: no {TRUTH} in it; give folders as `simulate` writes them",
            folder.display()
        )));
    }
    let beside = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    let scan = ScanOptions {
        memory_bytes: options.memory_bytes,
        config: options.config.clone(),
        ..ScanOptions::of(InputOptions {
            logs,
            accounts: beside("accounts.csv"),
            events: beside("events.csv"),
            ..InputOptions::default()
        })
    };
    Ok(Opened {
        folder: folder.to_owned(),
        scan,
        truth: Truth::read(&truth)?,
    })
}

/// Whether `simulate` gives its log such a name: `requests.parquet`, `requests-0001.parquet`.
fn is_log(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return false;
    };
    let number = stem.strip_prefix("requests");
    ENDINGS.contains(&ending)
        && number.is_some_and(|number| {
            number.is_empty()
                || number
                    .strip_prefix('-')
                    .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

impl Opened {
    /// What was read, once it is.
    pub(super) fn read(&self, log: &Trialled<'_>) -> Result<LogRead> {
        let known = log
            .account_ids
            .iter()
            .filter(|id| self.truth.accounts.contains_key(*id))
            .count();
        if known == 0 {
            return Err(usage(format!(
                "{}: none of the {} accounts of the log is in {TRUTH}",
                self.folder.display(),
                log.account_ids.len()
            )));
        }
        let name = |path: &PathBuf| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let input = &self.scan.input;
        let tables = input.accounts.iter().chain(&input.events);
        Ok(LogRead {
            folder: self.folder.display().to_string(),
            files: input.logs.iter().chain(tables).map(name).collect(),
            rows: log.rows_used,
            rows_rejected: log.rows_rejected,
            accounts: log.account_ids.len() as u64,
            accounts_in_truth: known as u64,
        })
    }
}

/// No place has as many accounts as a group needs.
pub(super) fn nothing_to_draw(group_accounts: usize) -> anyhow::Error {
    usage(format!(
        "no population has twice the {group_accounts} accounts of a group, or sixteen; give fewer --group-accounts"
    ))
}

fn usage(message: String) -> anyhow::Error {
    Failure::Usage(message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_logs_are_logs() {
        for name in ["requests.parquet", "requests-0003.csv", "requests.ndjson"] {
            assert!(is_log(name), "{name}");
        }
        for name in [
            "requests_backup.csv",
            "requests.txt",
            "requests",
            "requests-old.csv",
            "my_requests.csv",
        ] {
            assert!(!is_log(name), "{name}");
        }
    }
}
