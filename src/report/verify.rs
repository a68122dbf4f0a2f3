//! Re-hashing a case folder and the inputs it rests on.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config::small_file;
use crate::model::failure::Failure;
use crate::report::case_file::CASE_FILE;
use crate::report::manifest::{MANIFEST_FILE, Manifest, RUN_LOG_FILE};
use crate::report::sums::{SUMS_FILE, hash_file, list_files, parse_sums};

/// Which side of the run a file stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileRole {
    /// A file of the case folder, checked against `SHA256SUMS`.
    Output,
    /// A file the run read, checked against `manifest.json`.
    Input,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileStatus {
    /// Same bytes.
    Ok,
    /// Other bytes.
    Changed,
    /// Listed, but not there.
    Missing,
    /// There, but not listed.
    Extra,
    /// An input that is not where it was read; says nothing about the case.
    InputAbsent,
}

/// One file after checking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifiedFile {
    /// Output or input.
    pub role: FileRole,
    /// Name in the folder, or the input's path as given.
    pub name: String,
    /// What became of it.
    pub status: FileStatus,
}

/// The outcome for all files, outputs first, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Every file looked at.
    pub files: Vec<VerifiedFile>,
}

impl Verification {
    /// Whether nothing is changed, missing or extra. Absent inputs do not count against it.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.files
            .iter()
            .all(|file| matches!(file.status, FileStatus::Ok | FileStatus::InputAbsent))
    }

    /// Number of files with a status.
    #[must_use]
    pub fn count(&self, status: FileStatus) -> usize {
        self.files
            .iter()
            .filter(|file| file.status == status)
            .count()
    }
}

/// Checks a case folder against its `SHA256SUMS` and the inputs against its manifest.
///
/// Inputs are looked for as they were named, or under `inputs_root` when given: by their
/// relative path first, then by file name.
///
/// # Errors
/// [`Failure::Verification`] when the folder cannot be checked at all.
pub fn verify(dir: &Path, inputs_root: Option<&Path>) -> Result<Verification> {
    let cannot = |reason: String| {
        Failure::Verification(format!("cannot verify {}: {reason}", dir.display()))
    };
    if !dir.join(SUMS_FILE).exists() && !dir.join(CASE_FILE).exists() {
        return Err(Failure::Usage(format!(
            "{}: no case folder ({CASE_FILE} and {SUMS_FILE} are not there); name the folder that `stillhunt scan --out` wrote",
            dir.display()
        ))
        .into());
    }
    let text = small_file::read_text(&dir.join(SUMS_FILE))
        .map_err(|error| cannot(format!("{SUMS_FILE}: {error}")))?;
    let sums = parse_sums(&text).map_err(|error| cannot(error.to_string()))?;
    let present = list_files(dir).map_err(|error| cannot(format!("{error:#}")))?;

    let mut files = Vec::new();
    for (name, expected) in &sums {
        let status = output_status(&dir.join(name), expected)
            .map_err(|error| cannot(format!("{name}: {error}")))?;
        files.push(VerifiedFile {
            role: FileRole::Output,
            name: name.clone(),
            status,
        });
    }
    for name in present.into_iter().filter(|name| {
        let ours = [SUMS_FILE, MANIFEST_FILE, RUN_LOG_FILE].contains(&name.as_str());
        !ours && !sums.contains_key(name)
    }) {
        files.push(VerifiedFile {
            role: FileRole::Output,
            name,
            status: FileStatus::Extra,
        });
    }
    match Manifest::of_folder(dir) {
        None => files.push(VerifiedFile {
            role: FileRole::Output,
            name: MANIFEST_FILE.to_owned(),
            status: if fs::symlink_metadata(dir.join(MANIFEST_FILE)).is_ok() {
                FileStatus::Changed
            } else {
                FileStatus::Missing
            },
        }),
        Some(manifest) => {
            let status = output_status(&dir.join(RUN_LOG_FILE), &manifest.run_log_sha256)
                .map_err(|error| cannot(format!("{RUN_LOG_FILE}: {error}")))?;
            files.push(VerifiedFile {
                role: FileRole::Output,
                name: RUN_LOG_FILE.to_owned(),
                status,
            });
            for input in manifest.inputs {
                let status = input_status(&input.name, &input.sha256, inputs_root)
                    .map_err(|error| cannot(format!("{}: {error}", input.name)))?;
                files.push(VerifiedFile {
                    role: FileRole::Input,
                    name: input.name,
                    status,
                });
            }
        }
    }
    files.sort();
    Ok(Verification { files })
}

/// Those of the named files of a case whose hash is not the one in `SHA256SUMS`, and all of
/// them where that list cannot be read. A folder without a list makes no claim.
#[must_use]
pub fn changed_outputs<'a>(dir: &Path, names: &[&'a str]) -> Vec<&'a str> {
    let list = dir.join(SUMS_FILE);
    if !list.exists() {
        return Vec::new();
    }
    let sums = small_file::read_text(&list)
        .ok()
        .and_then(|text| parse_sums(&text).ok())
        .unwrap_or_default();
    names
        .iter()
        .copied()
        .filter(|name| {
            let matches = sums.get(*name).is_some_and(|expected| {
                output_status(&dir.join(name), expected).is_ok_and(|found| found == FileStatus::Ok)
            });
            !matches
        })
        .collect()
}

/// A listed file must be a plain file with the listed hash.
fn output_status(path: &Path, expected: &str) -> std::io::Result<FileStatus> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(FileStatus::Changed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(FileStatus::Missing);
        }
        Err(error) => return Err(error),
    }
    Ok(if hash_file(path)? == expected {
        FileStatus::Ok
    } else {
        FileStatus::Changed
    })
}

fn input_status(name: &str, expected: &str, root: Option<&Path>) -> std::io::Result<FileStatus> {
    let named = Path::new(name);
    let candidates: Vec<PathBuf> = match root {
        None => vec![named.to_owned()],
        Some(root) => {
            let relative = named.is_relative().then(|| root.join(named));
            let by_name = named.file_name().map(|file_name| root.join(file_name));
            relative.into_iter().chain(by_name).collect()
        }
    };
    match candidates.iter().find(|path| path.is_file()) {
        None => Ok(FileStatus::InputAbsent),
        Some(path) if hash_file(path)? == expected => Ok(FileStatus::Ok),
        Some(_) => Ok(FileStatus::Changed),
    }
}
