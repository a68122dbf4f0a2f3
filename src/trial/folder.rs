//! A folder with a log, the tables beside it and its truth, as `simulate` writes it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::options::{InputOptions, ScanOptions};
use crate::evaluate::truth::Truth;
use crate::model::failure::Failure;
use crate::trial::TrialOptions;

/// File of the truth.
const TRUTH: &str = "truth_accounts.csv";

/// What to read of the folder, and what is true of its accounts.
pub(super) fn open(folder: &Path, options: &TrialOptions) -> Result<(ScanOptions, Truth)> {
    let mut logs: Vec<PathBuf> = Vec::new();
    let entries = std::fs::read_dir(folder)
        .map_err(|error| usage(format!("{}: cannot be read: {error}", folder.display())))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("{}: cannot be read", folder.display()))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("requests") {
            logs.push(path);
        }
    }
    logs.sort();
    if logs.is_empty() {
        return Err(usage(format!(
            "{}: no requests.* in it; give folders as `simulate` writes them",
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
    Ok((scan, Truth::read(&truth)?))
}

/// No place has as many accounts as a group needs.
pub(super) fn nothing_to_draw(group_accounts: usize) -> anyhow::Error {
    usage(format!(
        "no population has {group_accounts} accounts; give fewer --group-accounts"
    ))
}

fn usage(message: String) -> anyhow::Error {
    Failure::Usage(message).into()
}
