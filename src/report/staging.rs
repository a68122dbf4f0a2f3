//! The folder a case is built in, and how it takes its final name in one step.
//!
//! Nothing is ever written under the final name: a temporary sibling is filled, synced and
//! renamed. A killed run leaves at most a folder called `.NAME.partial-XXXX`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;

use crate::config::small_file;
use crate::model::failure::Failure;
use crate::report::manifest::{MANIFEST_FILE, Manifest, RUN_LOG_FILE};
use crate::report::sums::{SUMS_FILE, list_files, parse_sums};
use crate::report::tables::Sink;

/// Write buffer of each file.
const BUFFER_BYTES: usize = 1 << 18;

/// The file by which a stored digest is known; `--force` may replace one as it may a case.
const DIGEST_MARK: &str = "digest.json";

/// What `--force` can replace.
const REPLACED: [&str; 2] = ["case", "digest"];

/// What stands under the final name now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Nothing,
    EmptyFolder,
    OlderCase,
}

/// Whether a path is really an address (`s3://`, `https://` ...); this tool never opens one.
fn is_url(path: &Path) -> bool {
    path.to_string_lossy()
        .split_once("://")
        .is_some_and(|(scheme, _)| {
            scheme
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
        })
}

fn usage(text: String) -> anyhow::Error {
    Failure::Usage(text).into()
}

/// Looks at the final name and decides whether it may be used.
fn standing(out: &Path, force: bool, thing: &str) -> Result<Standing> {
    let shown = out.display();
    let metadata = match fs::metadata(out) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Standing::Nothing),
        Err(error) => {
            return Err(usage(format!(
                "cannot use {shown} as the output folder: {error}; choose another folder"
            )));
        }
    };
    if !metadata.is_dir() {
        return Err(usage(format!("{shown} is a file; --out needs a folder")));
    }
    let mut entries = fs::read_dir(out).map_err(|error| {
        usage(format!(
            "cannot use {shown} as the output folder: {error}; choose another folder"
        ))
    })?;
    match (
        entries.next().is_some(),
        force,
        Manifest::of_folder(out).is_some() || out.join(DIGEST_MARK).is_file(),
    ) {
        (false, _, _) => Ok(Standing::EmptyFolder),
        (true, true, true) => match foreign(out).first() {
            None => Ok(Standing::OlderCase),
            Some(name) => Err(usage(format!(
                "{shown} holds {}, which stillhunt did not write, so --force will not replace the folder; move it away or choose another folder",
                name.escape_debug()
            ))),
        },
        (true, true, false) => Err(usage(format!(
            "{shown} holds files but no case, so --force will not replace it; choose another folder"
        ))),
        (true, false, true) if REPLACED.contains(&thing) => Err(usage(format!(
            "{shown} is not empty; choose another folder, or replace the older one with --force"
        ))),
        (true, false, _) => Err(usage(format!(
            "{shown} is not empty; choose another folder"
        ))),
    }
}

/// Files of a finished folder that are not among those that were written with it.
fn foreign(folder: &Path) -> Vec<String> {
    let Ok(present) = list_files(folder) else {
        return Vec::new();
    };
    let sums = small_file::read_text(&folder.join(SUMS_FILE))
        .ok()
        .and_then(|text| parse_sums(&text).ok());
    let ours = [SUMS_FILE, MANIFEST_FILE, RUN_LOG_FILE, DIGEST_MARK];
    present
        .into_iter()
        .filter(|name| {
            let listed = match &sums {
                Some(sums) => sums.contains_key(name),
                // A digest by itself has no list: its tables are what it holds.
                None => name.ends_with(".parquet"),
            };
            !listed && !ours.contains(&name.as_str())
        })
        .collect()
}

/// Refuses an output folder that holds something the run reads: `--force` would remove it.
///
/// # Errors
/// [`Failure::Usage`] naming the file.
pub fn keep_inputs<'a>(out: &Path, inputs: impl Iterator<Item = &'a Path>) -> Result<()> {
    let Ok(full) = fs::canonicalize(out) else {
        return Ok(());
    };
    for input in inputs {
        if fs::canonicalize(input).is_ok_and(|input| input.starts_with(&full)) {
            return Err(usage(format!(
                "{} lies in the output folder {}, which would be replaced; choose another --out",
                input.display(),
                out.display()
            )));
        }
    }
    Ok(())
}

/// Refuses a copy that would replace what it is made from, or lie in it.
///
/// # Errors
/// [`Failure::Usage`] naming both.
pub fn keep_source(source: &Path, out: &Path) -> Result<()> {
    let (out_full, _, _) = resolve(out)?;
    let Ok(source_full) = fs::canonicalize(source) else {
        return Ok(());
    };
    if out_full.starts_with(&source_full) || source_full.starts_with(&out_full) {
        return Err(usage(format!(
            "the copy {} and the case {} may not lie in each other; choose another --out",
            out.display(),
            source.display()
        )));
    }
    Ok(())
}

/// The final path, with links and `.` resolved where it exists already.
fn resolve(out: &Path) -> Result<(PathBuf, PathBuf, OsString)> {
    if is_url(out) {
        return Err(usage(format!(
            "{} is an address; --out needs a folder on this machine",
            out.display()
        )));
    }
    if fs::symlink_metadata(out).is_ok_and(|entry| entry.is_symlink()) && !out.exists() {
        return Err(usage(format!(
            "{} is a link to something that is not there; choose another folder",
            out.display()
        )));
    }
    let full = fs::canonicalize(out).or_else(|_| std::path::absolute(out));
    let full = full.map_err(|error| {
        usage(format!(
            "cannot use {} as the output folder: {error}; choose another folder",
            out.display()
        ))
    })?;
    match (full.parent(), full.file_name()) {
        (Some(parent), Some(name)) => Ok((full.clone(), parent.to_owned(), name.to_owned())),
        _ => Err(usage(format!(
            "{} cannot be a case folder; name a folder inside it",
            out.display()
        ))),
    }
}

/// Checks, before a long run, that the case can be written at the end of it.
///
/// # Errors
/// [`Failure::Usage`] when `out` is an address, a file, not empty (without `force`), not a
/// case (with `force`), or when nothing can be created beside it.
pub fn prepare_out(out: &Path, force: bool) -> Result<()> {
    let (full, parent, name) = resolve(out)?;
    standing(&full, force, "case")?;
    let nearest = parent
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(&parent);
    // With the name it will have, so that one that is too long is found out now.
    hidden_folder(nearest, &name, "partial").map_err(|error| {
        usage(format!(
            "cannot write in {}: {}; choose another --out",
            nearest.display(),
            error.root_cause()
        ))
    })?;
    Ok(())
}

/// A case folder under construction; removed when dropped before [`Staging::commit`].
#[derive(Debug)]
pub(crate) struct Staging {
    folder: TempDir,
    out: PathBuf,
    parent: PathBuf,
    name: OsString,
    force: bool,
    thing: &'static str,
}

impl Staging {
    /// Creates the temporary sibling.
    pub(crate) fn create(out: &Path, force: bool, thing: &'static str) -> Result<Staging> {
        let (out, parent, name) = resolve(out)?;
        standing(&out, force, thing)?;
        fs::create_dir_all(&parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        let folder = hidden_folder(&parent, &name, "partial")?;
        Ok(Staging {
            folder,
            out,
            parent,
            name,
            force,
            thing,
        })
    }

    /// The temporary folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes one file and syncs it to disk.
    pub(crate) fn write_file(
        &self,
        name: &str,
        write: impl FnOnce(Sink<'_>) -> Result<()>,
    ) -> Result<()> {
        write_synced(&self.path().join(name), write).map_err(|error| self.failed(name, &error))
    }

    /// The one line a failed write ends in.
    pub(crate) fn failed(&self, name: &str, error: &anyhow::Error) -> anyhow::Error {
        anyhow!(
            "cannot write {name} of {thing} {}: {error:#}; no {thing} was written",
            self.out.display(),
            thing = self.thing
        )
    }

    /// Gives the folder its final name, replacing an older case if that was asked for.
    pub(crate) fn commit(self) -> Result<PathBuf> {
        let failed = |error: std::io::Error| {
            anyhow!(
                "cannot rename the finished {thing} to {}: {error}; no {thing} was written",
                self.out.display(),
                thing = self.thing
            )
        };
        sync_folder(self.folder.path());
        let older = match standing(&self.out, self.force, self.thing)? {
            Standing::Nothing => None,
            Standing::EmptyFolder => {
                // refuses to remove anything that is not empty
                fs::remove_dir(&self.out).map_err(failed)?;
                None
            }
            Standing::OlderCase => {
                let aside = hidden_folder(&self.parent, &self.name, "old")?.keep();
                fs::rename(&self.out, &aside).map_err(failed)?;
                Some(aside)
            }
        };
        if let Err(error) = fs::rename(self.folder.path(), &self.out) {
            if let Some(aside) = &older {
                fs::rename(aside, &self.out)
                    .with_context(|| format!("the older case is kept as {}", aside.display()))?;
            }
            return Err(failed(error));
        }
        sync_folder(&self.parent);
        let _renamed = self.folder.keep();
        if let Some(aside) = older {
            fs::remove_dir_all(&aside).with_context(|| {
                format!(
                    "the case is written; cannot remove the older one at {}",
                    aside.display()
                )
            })?;
        }
        Ok(self.out)
    }
}

/// A fresh hidden folder beside the final name, with the permissions a plain `mkdir` gives.
fn hidden_folder(parent: &Path, name: &OsString, purpose: &str) -> Result<TempDir> {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(format!(".{purpose}-"));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder
        .tempdir_in(parent)
        .with_context(|| format!("cannot create a folder in {}", parent.display()))
}

/// Writes a file through a buffer and waits until it is on disk.
pub(crate) fn write_synced(path: &Path, write: impl FnOnce(Sink<'_>) -> Result<()>) -> Result<()> {
    let mut buffer = BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?);
    write(&mut buffer)?;
    buffer.flush()?;
    let file = buffer
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    match file.sync_all() {
        // a pipe or device cannot be synced; what matters was already reported by the write
        Err(error) if error.kind() != std::io::ErrorKind::InvalidInput => Err(error.into()),
        _ => Ok(()),
    }
}

/// Syncs a folder entry where the system can; elsewhere the rename alone must do.
fn sync_folder(folder: &Path) {
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
}
