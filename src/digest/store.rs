//! A digest on disk: one Parquet file per table and `digest.json`, which is written last
//! and holds the SHA-256 of the others. Equal tables give equal bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::small_file::open_regular;
use crate::digest::DIGEST_SCHEMA_VERSION;
use crate::digest::check::check;
use crate::digest::documentation::{StoredTable, TABLES};
use crate::digest::frames::ColumnList;
use crate::digest::parquet_table::{read_frame, write_frame};
use crate::digest::restore::Reader;
use crate::digest::tables::{DigestAbout, DigestTables, FragmentLists};
use crate::model::failure::Failure;

/// Marks the folder as ours.
const FORMAT: &str = "stillhunt digest";

/// Name of the file that describes the folder.
const ABOUT: &str = "digest.json";

/// What `digest.json` holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    format: String,
    about: DigestAbout,
    tables: BTreeMap<String, StoredFile>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    rows: u64,
    sha256: String,
}

/// What is read first, so that other versions are refused by name and not by field.
#[derive(Deserialize)]
struct Header {
    format: String,
    about: Version,
}

#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

/// Writes the digest into `dir`, which is made if it is not there.
///
/// # Errors
/// When a file cannot be written.
pub fn write(tables: &DigestTables, dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir)
        .with_context(|| format!("{}: cannot make the digest folder", dir.display()))?;
    let mut files = BTreeMap::new();
    for table in TABLES {
        let lists;
        let frame = match tables
            .frames()
            .into_iter()
            .find(|(name, _)| *name == table.name)
        {
            Some((_, frame)) => frame,
            None => {
                lists = list_frame(table.name, tables)?;
                &lists
            }
        };
        let path = dir.join(format!("{}.parquet", table.name));
        let written = File::create(&path)
            .map_err(anyhow::Error::from)
            .and_then(|file| {
                let mut file = Hashed {
                    inner: std::io::BufWriter::new(file),
                    hash: Sha256::new(),
                };
                write_frame(table, frame, &mut file)?;
                file.inner.flush()?;
                Ok(hexadecimal(&file.hash.finalize()))
            });
        let sha256 = written.with_context(|| format!("{}: cannot write", path.display()))?;
        let rows = u64::try_from(frame.height()).unwrap_or(u64::MAX);
        files.insert(table.name.to_owned(), StoredFile { rows, sha256 });
    }
    let stored = Stored {
        format: FORMAT.to_owned(),
        about: tables.about.clone(),
        tables: files,
    };
    let mut json = serde_json::to_vec_pretty(&stored).context("cannot describe the digest")?;
    json.push(b'\n');
    let path = dir.join(ABOUT);
    std::fs::write(&path, json).with_context(|| format!("{}: cannot write", path.display()))
}

/// Reads a digest that [`write`] wrote.
///
/// # Errors
/// [`Failure::NoDigest`] for a folder that is missing, foreign, incomplete or changed,
/// [`Failure::Usage`] for one of another version.
pub fn read(dir: &Path) -> Result<DigestTables> {
    let stored = read_about(dir)?;
    let mut frames = BTreeMap::new();
    for table in TABLES {
        frames.insert(table.name, read_table(dir, table, &stored)?);
    }
    assemble(frames, stored.about).map_err(|error| unusable(dir, &one_line(&error)))
}

/// Reads some tables of a digest that [`write`] wrote, for questions that need no more. That
/// their numbers point into tables that were not read is not checked.
///
/// # Errors
/// As [`read`], for the tables asked for.
pub fn read_frames(dir: &Path, names: &[&str]) -> Result<BTreeMap<&'static str, DataFrame>> {
    let stored = read_about(dir)?;
    let mut frames = BTreeMap::new();
    for table in TABLES.iter().filter(|table| names.contains(&table.name)) {
        frames.insert(table.name, read_table(dir, table, &stored)?);
    }
    Ok(frames)
}

/// Reads `digest.json`.
fn read_about(dir: &Path) -> Result<Stored> {
    let path = dir.join(ABOUT);
    let mut json = Vec::new();
    open_regular(&path)
        .and_then(|mut file| file.read_to_end(&mut json))
        .map_err(|error| unusable(&path, &format!("no digest here ({error})")))?;
    let header: Header =
        serde_json::from_slice(&json).map_err(|error| unusable(&path, &error.to_string()))?;
    if header.format != FORMAT {
        return Err(unusable(&path, "not a stillhunt digest"));
    }
    if header.about.schema_version != DIGEST_SCHEMA_VERSION {
        return Err(anyhow::Error::from(Failure::Usage(format!(
            "{}: digest schema version {}, this stillhunt reads {DIGEST_SCHEMA_VERSION}; make the digest again",
            dir.display(),
            header.about.schema_version
        ))));
    }
    serde_json::from_slice(&json).map_err(|error| unusable(&path, &error.to_string()))
}

/// Reads one table, unchanged since it was written.
fn read_table(dir: &Path, table: &StoredTable, stored: &Stored) -> Result<DataFrame> {
    let path = dir.join(format!("{}.parquet", table.name));
    let expected = stored
        .tables
        .get(table.name)
        .ok_or_else(|| unusable(&path, "digest.json does not list it"))?;
    let hash = hash_file(&path).map_err(|error| unusable(&path, &error.to_string()))?;
    if hash != expected.sha256 {
        return Err(unusable(&path, "its SHA-256 is not the one in digest.json"));
    }
    let frame = read_frame(table, &path).map_err(|error| unusable(&path, &one_line(&error)))?;
    if u64::try_from(frame.height()).ok() != Some(expected.rows) {
        return Err(unusable(
            &path,
            "its number of rows is not the one in digest.json",
        ));
    }
    Ok(frame)
}

fn unusable(path: &Path, why: &str) -> anyhow::Error {
    let why = why.replace(['\n', '\r'], " ");
    anyhow::Error::from(Failure::NoDigest(format!(
        "{}: {why}; give a folder written by `stillhunt digest`, or write it again",
        path.display()
    )))
}

fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

/// The tables that are lists in memory, as frames.
fn list_frame(name: &str, tables: &DigestTables) -> Result<DataFrame> {
    let mut columns = ColumnList::new(name);
    let rows = match name {
        "fragments" => {
            columns.u64(tables.fragments.values.iter().copied());
            tables.fragments.values.len()
        }
        "models" => {
            columns.texts(tables.models.iter());
            tables.models.len()
        }
        _ => {
            columns.i64(tables.minutes.iter().map(|minute| minute.0));
            columns.u64(tables.minutes.iter().map(|minute| minute.1));
            tables.minutes.len()
        }
    };
    columns.frame(rows)
}

/// Puts the frames together and checks that their numbers point into each other.
fn assemble(
    mut frames: BTreeMap<&'static str, DataFrame>,
    about: DigestAbout,
) -> Result<DigestTables> {
    let mut take = |name: &'static str| {
        frames
            .remove(name)
            .with_context(|| format!("table {name} is missing"))
    };
    let (models, minutes, values) = (take("models")?, take("minutes")?, take("fragments")?);
    let models = Reader {
        name: "models",
        frame: &models,
    };
    let minutes = Reader {
        name: "minutes",
        frame: &minutes,
    };
    let texts = take("texts")?;
    let mut fragments = FragmentLists {
        offsets: vec![0],
        values: Reader {
            name: "fragments",
            frame: &values,
        }
        .u64("value")?,
    };
    let mut end = 0_u64;
    for count in (Reader {
        name: "texts",
        frame: &texts,
    })
    .u32("fragments")?
    {
        end = end.saturating_add(u64::from(count));
        fragments.offsets.push(end);
    }
    let tables = DigestTables {
        accounts: take("accounts")?,
        keys: take("keys")?,
        links: take("links")?,
        signature_conversations: take("signature_conversations")?,
        cells: take("cells")?,
        moments: take("moments")?,
        texts,
        fragments,
        samples: take("samples")?,
        thinned_texts: take("thinned_texts")?,
        patterns: take("patterns")?,
        pattern_samples: take("pattern_samples")?,
        text_patterns: take("text_patterns")?,
        turned_away: take("turned_away")?,
        models: models
            .texts("model")?
            .into_iter()
            .map(|model| model.unwrap_or_default().to_owned())
            .collect(),
        minutes: minutes
            .i64("minute")?
            .into_iter()
            .zip(minutes.u64("requests")?)
            .collect(),
        about,
    };
    check(&tables)?;
    Ok(tables)
}

/// A writer that hashes what passes.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

fn hash_file(path: &Path) -> std::io::Result<String> {
    let mut file = open_regular(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hexadecimal(&hash.finalize()));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
