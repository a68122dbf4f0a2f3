//! `SHA256SUMS`: every file of the folder but itself, in the form `sha256sum -c` reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::config::small_file::open_regular;
use crate::report::manifest::{MANIFEST_FILE, RUN_LOG_FILE};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// File name in the case folder.
pub(crate) const SUMS_FILE: &str = "SHA256SUMS";
/// Read buffer while hashing.
const BUFFER_BYTES: usize = 1 << 20;

/// Hash by file name (relative, `/` between folders), sorted.
pub(crate) type Sums = BTreeMap<String, String>;

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// SHA-256 of a file, in lower-case hexadecimal.
///
/// # Errors
/// When the file cannot be read.
pub fn hash_file(path: &Path) -> io::Result<String> {
    let mut file = open_regular(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; BUFFER_BYTES];
    loop {
        let length = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(buffer.get(..length).unwrap_or_default());
    }
    Ok(hexadecimal(&hasher.finalize()))
}

/// Names of all files below a folder, sorted; symbolic links are listed, not followed.
pub(crate) fn list_files(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        let entries =
            fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", path.display()))?;
            let Ok(name) = entry.file_name().into_string() else {
                bail!("{} holds a file whose name is not UTF-8", path.display());
            };
            let name = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

/// Hashes every file below a folder but `SHA256SUMS` itself and the two that tell of one run.
pub(crate) fn hash_folder(dir: &Path) -> Result<Sums> {
    let mut sums = Sums::new();
    for name in list_files(dir)?
        .into_iter()
        .filter(|name| ![SUMS_FILE, MANIFEST_FILE, RUN_LOG_FILE].contains(&name.as_str()))
    {
        if name.contains(['\n', '\r', '\\']) {
            bail!("file name {name:?} cannot stand in {SUMS_FILE}");
        }
        let hash = hash_file(&dir.join(&name)).with_context(|| format!("cannot re-read {name}"))?;
        sums.insert(name, hash);
    }
    Ok(sums)
}

/// The content of `SHA256SUMS`.
pub(crate) fn sums_text(sums: &Sums) -> String {
    sums.iter().fold(String::new(), |mut text, (name, hash)| {
        let _ = writeln!(text, "{hash}  {name}");
        text
    })
}

/// Reads `SHA256SUMS`; a name that leads out of the folder is refused.
pub(crate) fn parse_sums(text: &str) -> Result<Sums> {
    let mut sums = Sums::new();
    for (position, line) in text.lines().enumerate() {
        let row = position + 1;
        let Some((hash, name)) = line.split_once("  ") else {
            bail!("{SUMS_FILE} line {row} is not `hash  name`");
        };
        let leads_out = name.is_empty()
            || name.contains('\\')
            || name.split('/').any(|part| matches!(part, "" | "." | ".."));
        if leads_out || hash.len() != 64 || !hash.chars().all(|digit| digit.is_ascii_hexdigit()) {
            bail!("{SUMS_FILE} line {row} is not the hash of a file in this folder");
        }
        sums.insert(name.to_owned(), hash.to_ascii_lowercase());
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_round_trip_and_hash_is_sha256() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("digest")).unwrap();
        fs::write(folder.path().join("digest/a"), "abc").unwrap();
        fs::write(folder.path().join("b"), "").unwrap();
        let sums = hash_folder(folder.path()).unwrap();
        // FIPS 180-2 test vector for "abc"
        assert_eq!(
            sums["digest/a"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(parse_sums(&sums_text(&sums)).unwrap(), sums);
    }

    #[test]
    fn names_outside_the_folder_are_refused() {
        let hash = "0".repeat(64);
        for name in ["../x", "/etc/passwd", "a//b", "a/../../b", "", "a\\b"] {
            assert!(parse_sums(&format!("{hash}  {name}\n")).is_err(), "{name}");
        }
        assert!(parse_sums("no sums").is_err());
        assert!(parse_sums("").unwrap().is_empty());
    }
}
