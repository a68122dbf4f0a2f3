//! The key file: where the secret lives, and the mapping beside it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::config::small_file;
use crate::model::failure::Failure;
use crate::report::manifest::MANIFEST_FILE;
use crate::report::pseudonym::tokens::{SECRET_BYTES, Tokens};
use crate::report::sums::hexadecimal;

/// A key file on this machine, outside every case.
#[derive(Debug)]
pub(super) struct KeyFile {
    folder: PathBuf,
    name: OsString,
}

/// One line of the mapping.
#[derive(Serialize)]
struct MappingLine<'a> {
    kind: &'a str,
    pseudonym: &'a str,
    original: &'a str,
}

fn usage(text: String) -> anyhow::Error {
    Failure::Usage(text).into()
}

impl KeyFile {
    /// The file and its secret; both are made where the file does not exist.
    pub(super) fn open(path: &Path, folders: &[&Path]) -> Result<(KeyFile, [u8; SECRET_BYTES])> {
        let shown = path.display();
        let Some(name) = path.file_name() else {
            return Err(usage(format!("{shown} cannot be a key file")));
        };
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let folder = fs::canonicalize(parent)
            .map_err(|error| usage(format!("cannot use {shown} as a key file: {error}")))?;
        for case in folders {
            if folder.starts_with(full_path(case)) {
                return Err(usage(format!(
                    "the key {shown} would lie inside the case {}; a key must not travel with what it opens",
                    case.display()
                )));
            }
        }
        if folder
            .ancestors()
            .any(|above| above.join(MANIFEST_FILE).is_file())
        {
            return Err(usage(format!(
                "the key {shown} would lie inside a case folder; a key must not travel with a case"
            )));
        }
        let key = KeyFile {
            folder,
            name: name.to_owned(),
        };
        let secret = match small_file::read_text(&key.path()) {
            Ok(text) => secret_of(&text).ok_or_else(|| {
                usage(format!(
                    "{shown} is not a key: {} hexadecimal digits were expected",
                    SECRET_BYTES * 2
                ))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => key.create()?,
            Err(error) => return Err(usage(format!("cannot read the key {shown}: {error}"))),
        };
        Ok((key, secret))
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Makes a secret from the system's random numbers: the only ones in stillhunt that no
    /// seed decides, because a secret that can be computed is none.
    fn create(&self) -> Result<[u8; SECRET_BYTES]> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)
            .map_err(|error| anyhow::anyhow!("no random numbers for a key: {error}"))?;
        let path = self.path();
        let write = || -> Result<()> {
            let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&path)?;
            writeln!(file, "{}", hexadecimal(&secret))?;
            Ok(file.sync_all()?)
        };
        write()
            .map_err(|error| usage(format!("cannot make the key {}: {error:#}", path.display())))?;
        Ok(secret)
    }

    /// Writes the mapping of a case beside the key, readable by its owner alone.
    pub(super) fn write_mapping(&self, case: &Path, tokens: &Tokens) -> Result<PathBuf> {
        let mut name = self.name.clone();
        name.push(".");
        name.push(case.file_name().unwrap_or_default());
        name.push(".mapping.jsonl");
        let path = self.folder.join(&name);
        let mut partial = OsString::from(".");
        partial.push(&name);
        partial.push(".partial");
        let partial = self.folder.join(partial);
        let write = || -> Result<()> {
            // an older part may be readable by others; a fresh file is not
            let _ = fs::remove_file(&partial);
            let file = private(OpenOptions::new().write(true).create_new(true)).open(&partial)?;
            let mut lines = BTreeSet::new();
            for (kind, pseudonym, original) in tokens.mapping() {
                lines.insert(serde_json::to_string(&MappingLine {
                    kind,
                    pseudonym,
                    original,
                })?);
            }
            // Another copy of this name under the same key is led back by the same file.
            if let Ok(older) = fs::read_to_string(&path) {
                lines.extend(older.lines().map(str::to_owned));
            }
            let mut buffer = BufWriter::new(file);
            for line in lines {
                writeln!(buffer, "{line}")?;
            }
            buffer.flush()?;
            buffer.get_ref().sync_all()?;
            Ok(fs::rename(&partial, &path)?)
        };
        write().with_context(|| format!("cannot write the mapping {}", path.display()))?;
        Ok(path)
    }
}

/// Only the owner may read or write what is opened anew.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// The path with links resolved as far as it exists.
fn full_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let existing = absolute
        .ancestors()
        .find_map(|folder| Some((folder, fs::canonicalize(folder).ok()?)));
    match existing {
        Some((folder, full)) => match absolute.strip_prefix(folder) {
            Ok(rest) => full.join(rest),
            Err(_) => absolute,
        },
        None => absolute,
    }
}

fn secret_of(text: &str) -> Option<[u8; SECRET_BYTES]> {
    let digits: Vec<u8> = text
        .trim()
        .chars()
        .map(|letter| {
            letter
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let mut secret = [0; SECRET_BYTES];
    if digits.len() != secret.len() * 2 {
        return None;
    }
    for (byte, pair) in secret.iter_mut().zip(digits.chunks(2)) {
        *byte = pair.iter().fold(0, |value, digit| value * 16 + digit);
    }
    Some(secret)
}
