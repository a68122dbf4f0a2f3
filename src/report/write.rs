//! Writing a case folder from start to end, and rendering its reports again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::options::Quote;
use crate::model::case::CaseTables;
use crate::model::failure::Failure;
use crate::report::case_file::{read_case, recorded, write_json};
use crate::report::manifest::{MANIFEST_FILE, Manifest, RUN_LOG_FILE};
use crate::report::outputs::{OUTPUTS, ReportFormat};
use crate::report::present::present;
use crate::report::pseudonym::Pseudonyms;
use crate::report::read_back::read_tables;
use crate::report::staging::{Staging, write_synced};
use crate::report::sums::{SUMS_FILE, hash_file, hash_folder, sums_text};

/// Folder of the digest inside the case folder.
const DIGEST_FOLDER: &str = "digest";

/// Writes the digest into a folder.
pub type WriteDigest = Box<dyn FnOnce(&Path) -> Result<()>>;

/// What `write_case` needs beside the case.
pub struct WriteOptions {
    /// The case folder.
    pub out: PathBuf,
    /// Replace an older case.
    pub force: bool,
    /// How much prompt text may be shown.
    pub quote: Quote,
    /// How the case came about.
    pub manifest: Manifest,
    /// Text of `run.log`.
    pub run_log: String,
    /// Writes the digest into the folder it is given (`digest/` of the temporary folder).
    pub digest: Option<WriteDigest>,
}

fn quote_name(quote: Quote) -> &'static str {
    match quote {
        Quote::None => "none",
        Quote::Masked => "masked",
        Quote::Full => "full",
    }
}

/// Writes the case folder: all of it or nothing. Returns its full path.
///
/// # Errors
/// One line that names the file that could not be written; the temporary folder is gone
/// by then and the final name is as it was.
pub fn write_case(tables: &CaseTables, options: WriteOptions) -> Result<PathBuf> {
    let staging = Staging::create(&options.out, options.force, "case")?;
    let presented = present(tables, options.quote);
    if let Some(write_digest) = options.digest {
        let folder = staging.path().join(DIGEST_FOLDER);
        fs::create_dir(&folder)
            .map_err(anyhow::Error::from)
            .and_then(|()| write_digest(&folder))
            .map_err(|error| staging.failed("digest", &error))?;
    }
    for output in OUTPUTS {
        staging.write_file(output.name, |sink| (output.write)(&presented, sink))?;
    }
    let mut manifest = options
        .manifest
        .completed(&presented.case, quote_name(options.quote));
    staging.write_file(RUN_LOG_FILE, |sink| {
        Ok(sink.write_all(options.run_log.as_bytes())?)
    })?;
    manifest.run_log_sha256 = hash_file(&staging.path().join(RUN_LOG_FILE))
        .with_context(|| format!("cannot re-read {RUN_LOG_FILE}"))?;
    staging.write_file(MANIFEST_FILE, |sink| write_json(&manifest, sink))?;
    let sums = hash_folder(staging.path()).map_err(|error| staging.failed(SUMS_FILE, &error))?;
    staging.write_file(SUMS_FILE, |sink| {
        Ok(sink.write_all(sums_text(&sums).as_bytes())?)
    })?;
    staging.commit()
}

/// Writes files of a case folder again from its `case.json`, without reading any log; those
/// of the given forms, or all where none is given. Answers with the names of the files.
///
/// What `case.json` does not hold (the lists of requests and rejects) is left as it is. Only
/// the hashes of the written files are renewed.
///
/// # Errors
/// When the case cannot be read, its `case.json` was changed, or the files cannot be written.
pub fn rerender(dir: &Path, formats: &[ReportFormat]) -> Result<Vec<&'static str>> {
    let tables = CaseTables {
        case: read_case(dir)?,
        rejects: Vec::new(),
        requests: Vec::new(),
    };
    let mut sums = recorded(dir)?;
    // what the case was allowed to quote is all that `case.json` still holds
    let presented = present(&tables, Quote::Full);
    let mut written = Vec::new();
    for output in OUTPUTS {
        let wanted = formats.is_empty() || formats.contains(&output.format);
        if !output.from_case || !wanted {
            continue;
        }
        let name = output.name;
        replace(dir, name, |sink| (output.write)(&presented, sink))?;
        let hash = hash_file(&dir.join(name)).with_context(|| format!("cannot re-read {name}"))?;
        sums.insert(name.to_owned(), hash);
        written.push(name);
    }
    replace(dir, SUMS_FILE, |sink| {
        Ok(sink.write_all(sums_text(&sums).as_bytes())?)
    })?;
    Ok(written)
}

/// Writes a pseudonymised copy of a case folder, without reading any log. Answers with the
/// paths of the copy and of the mapping.
///
/// # Errors
/// When the case cannot be read or the copy cannot be written.
pub fn copy_pseudonymized(
    dir: &Path,
    out: &Path,
    force: bool,
    pseudonyms: &mut Pseudonyms,
    run_log: impl FnOnce(&CaseTables) -> String,
) -> Result<(PathBuf, PathBuf)> {
    let mut tables = read_tables(dir)?;
    let mut manifest = Manifest::of_folder(dir).ok_or_else(|| {
        Failure::Usage(format!(
            "{} holds no {MANIFEST_FILE} of stillhunt; is this a finished case?",
            dir.display()
        ))
    })?;
    pseudonyms.apply(&mut tables, &mut manifest)?;
    let mapping = pseudonyms.write_mapping(out)?;
    let options = WriteOptions {
        out: out.to_owned(),
        force,
        quote: Quote::None,
        run_log: run_log(&tables),
        manifest,
        digest: None,
    };
    Ok((write_case(&tables, options)?, mapping))
}

/// Writes a file beside its final name and renames it.
fn replace(
    dir: &Path,
    name: &str,
    write: impl FnOnce(crate::report::tables::Sink<'_>) -> Result<()>,
) -> Result<()> {
    let partial = dir.join(format!(".{name}.partial"));
    let written =
        write_synced(&partial, write).and_then(|()| Ok(fs::rename(&partial, dir.join(name))?));
    written.map_err(|error| {
        let _ = fs::remove_file(&partial);
        anyhow::anyhow!(
            "cannot write {name} in {}: {error:#}; the old file is kept",
            dir.display()
        )
    })
}
