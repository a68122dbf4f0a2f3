//! From what was typed (files, directories, globs) to a sorted list of files.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Error, Result};

use crate::model::failure::Failure;

/// The files to read, sorted by name, and what should be said about the choice.
#[derive(Debug, Default)]
pub(crate) struct Discovered {
    /// Name as shown, and path.
    pub(crate) files: Vec<(String, PathBuf)>,
    pub(crate) notes: Vec<String>,
}

/// Expands paths; missing ones and network addresses are refused.
pub(crate) fn discover(paths: &[PathBuf]) -> Result<Discovered> {
    let mut found = Vec::new();
    let mut skipped = Vec::new();
    for path in paths {
        refuse_network(path)?;
        expand(path, &mut found, &mut skipped)?;
    }
    found.sort_by(|a, b| shown(a).cmp(&shown(b)).then_with(|| a.cmp(b)));
    let mut result = Discovered::default();
    let mut seen = BTreeSet::new();
    for path in found {
        let name = shown(&path);
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if seen.insert(real) {
            result.files.push((name, path));
        } else {
            result
                .notes
                .push(format!("{name}: given more than once, read once"));
        }
    }
    result.notes.sort();
    result.notes.dedup();
    if !skipped.is_empty() {
        skipped.sort();
        let examples: Vec<&str> = skipped.iter().take(3).map(String::as_str).collect();
        let more = if skipped.len() > examples.len() {
            ", ..."
        } else {
            ""
        };
        result.notes.push(format!(
            "{} hidden or accompanying file(s) in directories not read: {}{more}",
            skipped.len(),
            examples.join(", ")
        ));
    }
    if result.files.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| shown(path)).collect();
        return Err(no_input(format!(
            "no file to read in: {}",
            names.join(", ")
        )));
    }
    Ok(result)
}

/// Refuses `scheme://...`: stillhunt never uses the network.
pub(crate) fn refuse_network(path: &Path) -> Result<()> {
    let text = path.to_string_lossy();
    let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if has_scheme {
        return Err(usage(format!(
            "{text}: stillhunt never uses the network; copy the file here first"
        )));
    }
    Ok(())
}

/// A wrong command line, map or setting.
pub(crate) fn usage(text: String) -> Error {
    Error::from(Failure::Usage(text))
}

/// Input that cannot be used.
pub(crate) fn no_input(text: String) -> Error {
    Error::from(Failure::NoInput(text))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn expand(path: &Path, found: &mut Vec<PathBuf>, skipped: &mut Vec<String>) -> Result<()> {
    let name = shown(path);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => walk(path, &mut BTreeSet::new(), found, skipped),
        Ok(metadata) if metadata.is_file() => {
            found.push(path.to_path_buf());
            Ok(())
        }
        // Inputs are looked at, then read, so a pipe would lose its first part.
        Ok(_) => Err(usage(format!(
            "{name}: not a regular file; save the stream to a file first"
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if name == "-" {
                return Err(usage(
                    "-: standard input is not read; save it to a file first".to_owned(),
                ));
            }
            if !name.contains(['*', '?', '[']) {
                return Err(usage(format!(
                    "{name}: no such file or directory; check the path"
                )));
            }
            let matches = glob::glob(&name)
                .map_err(|error| usage(format!("{name}: not a valid pattern: {error}")))?;
            let before = found.len();
            for entry in matches {
                let entry = entry
                    .map_err(|error| no_input(format!("{name}: cannot be listed: {error}")))?;
                expand(&entry, found, skipped)?;
            }
            if found.len() == before {
                return Err(usage(format!("{name}: no file matches; check the pattern")));
            }
            Ok(())
        }
        Err(error) => Err(no_input(format!("{name}: cannot be read: {error}"))),
    }
}

/// Walks a directory in name order, following links but entering no directory twice.
fn walk(
    directory: &Path,
    entered: &mut BTreeSet<PathBuf>,
    found: &mut Vec<PathBuf>,
    skipped: &mut Vec<String>,
) -> Result<()> {
    let name = shown(directory);
    let real = fs::canonicalize(directory)
        .map_err(|error| no_input(format!("{name}: cannot be read: {error}")))?;
    if !entered.insert(real) {
        return Ok(());
    }
    let entries = fs::read_dir(directory)
        .map_err(|error| no_input(format!("{name}: cannot be listed: {error}")))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(
            entry
                .map_err(|error| no_input(format!("{name}: cannot be listed: {error}")))?
                .path(),
        );
    }
    paths.sort();
    for path in paths {
        if path.file_name().is_some_and(accompanies) {
            skipped.push(shown(&path));
            continue;
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() && is_own_output(&path) => skipped.push(shown(&path)),
            Ok(metadata) if metadata.is_dir() => walk(&path, entered, found, skipped)?,
            Ok(metadata) if metadata.is_file() => found.push(path),
            _ => skipped.push(shown(&path)),
        }
    }
    Ok(())
}

/// Whether a folder among the logs is a case or a digest: a sweep may write beside what it reads.
fn is_own_output(directory: &Path) -> bool {
    let has = |name: &str| directory.join(name).is_file();
    (has("case.json") && has("SHA256SUMS")) || has("digest.json")
}

/// Whether a name in a directory belongs to a file that only accompanies the data:
/// hidden files, Hadoop and Spark markers (`_SUCCESS`, `_metadata`, `.crc`), read-me files, and
/// the truth of a synthetic log, which a scan of its folder must not see.
fn accompanies(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    name.starts_with(['.', '_'])
        || name.ends_with(".crc")
        || name == "readme"
        || name.starts_with("readme.")
        || name.starts_with("truth_accounts.")
        || name.starts_with("truth_requests.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Discovered, root: &Path) -> Vec<String> {
        found
            .files
            .iter()
            .map(|(_, path)| shown(path.strip_prefix(root).unwrap()))
            .collect()
    }

    #[test]
    fn walks_sorts_skips_and_reads_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("b")).unwrap();
        for name in [
            "b/2.csv",
            "a.csv",
            "_SUCCESS",
            ".hidden",
            "x.crc",
            "README.md",
            "truth_accounts.csv",
            "[1].csv",
        ] {
            fs::write(root.join(name), "x").unwrap();
        }
        let found = discover(&[root.to_path_buf(), root.join("a.csv")]).unwrap();
        assert_eq!(names(&found, root), ["[1].csv", "a.csv", "b/2.csv"]);
        assert!(
            found
                .notes
                .iter()
                .any(|note| note.contains("given more than once"))
        );
        assert!(
            found.notes.iter().any(|note| note.starts_with("5 hidden")),
            "{:?}",
            found.notes
        );
        assert_eq!(
            names(&discover(&[root.join("[1].csv")]).unwrap(), root),
            ["[1].csv"]
        );
        assert_eq!(
            names(&discover(&[root.join("?.csv")]).unwrap(), root),
            ["a.csv"]
        );
    }

    #[test]
    fn refuses_addresses_missing_files_and_empty_directories() {
        for bad in [
            "https://host.example/x.csv",
            "s3://bucket/x",
            "file:///tmp/x",
            "/no/such/file",
            "/no/such/*.csv",
            "-",
        ] {
            let error = discover(&[PathBuf::from(bad)]).unwrap_err();
            assert!(
                matches!(error.downcast_ref::<Failure>(), Some(Failure::Usage(_))),
                "{bad}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let error = discover(&[folder.path().to_path_buf()]).unwrap_err();
        assert!(matches!(
            error.downcast_ref::<Failure>(),
            Some(Failure::NoInput(_))
        ));
    }
}
