//! The case folder afterwards: its manifest and its verification.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::config::options::ScanOptions;
use crate::model::case::Case;
use crate::model::failure::Failure;
use crate::model::progress::Progress;
use crate::pipeline::{ScanOutput, Verification};
use crate::report::{self, FileRole, FileStatus, Manifest, ManifestInput};

/// How the case came about; inputs that are not logs are added here.
pub(super) fn manifest(
    options: &ScanOptions,
    output: &ScanOutput,
    case: &Case,
) -> Result<Manifest> {
    let mut inputs = Vec::new();
    for side in &case.coverage.side_inputs {
        inputs.push(ManifestInput {
            role: side.table.clone(),
            name: side.input.name.clone(),
            sha256: side.input.sha256.clone(),
            bytes: side.input.bytes,
        });
    }
    let map = options.input.map.iter().map(|map| ("map", map));
    let packs = options.input.patterns.iter().map(|pack| ("patterns", pack));
    let suppress = options.suppress.iter().map(|file| ("suppress", file));
    let watched = options.indicators.iter().map(|file| ("indicators", file));
    let customers = options.customers.iter().map(|file| ("customers", file));
    let ranges = options
        .public_ranges
        .iter()
        .map(|file| ("public ranges", file));
    let lists = suppress.chain(watched).chain(customers).chain(ranges);
    for (role, path) in map.chain(packs).chain(lists) {
        let cannot = || format!("cannot read {}", path.display());
        let sha256 = report::hash_file(path).with_context(cannot)?;
        let bytes = std::fs::metadata(path).with_context(cannot)?.len();
        inputs.push(ManifestInput {
            role: role.to_owned(),
            name: path.display().to_string(),
            sha256,
            bytes,
        });
    }
    let versions = [
        ("stillhunt", env!("CARGO_PKG_VERSION").to_owned()),
        (
            "digest schema",
            crate::digest::DIGEST_SCHEMA_VERSION.to_string(),
        ),
        ("digest hashes", crate::digest::HASH_NAME.to_owned()),
    ];
    Ok(Manifest {
        argv: output.argv.clone(),
        versions: versions
            .into_iter()
            .map(|(name, version)| (name.to_owned(), version))
            .collect(),
        threads: output.threads,
        seed: case.seed,
        inputs,
        config_toml: toml::to_string(&options.config)
            .context("cannot write the settings as TOML")?,
        ..Manifest::default()
    })
}

/// Hashes the files of a case and its inputs again.
///
/// # Errors
/// When the folder is not a finished case.
pub fn verify_case(
    case: &Path,
    inputs: Option<&Path>,
    _progress: &dyn Progress,
) -> Result<Verification> {
    if let Some(folder) = inputs.filter(|folder| !folder.is_dir()) {
        return Err(Failure::Usage(format!(
            "{}: no folder, so no input can be found in it",
            folder.display()
        ))
        .into());
    }
    let found = report::verify(case, inputs)?;
    let mut verification = Verification::default();
    for file in found.files {
        match (file.status, file.role) {
            (FileStatus::Ok, FileRole::Output) => verification.files += 1,
            (FileStatus::Ok, FileRole::Input) => verification.inputs += 1,
            (FileStatus::InputAbsent, _) => verification.notes.push(format!(
                "{}: no file of this name is found from here, so it was not checked",
                file.name
            )),
            (FileStatus::Changed, _) => verification
                .problems
                .push(format!("{}: its hash is not the recorded one", file.name)),
            (FileStatus::Missing, _) => verification
                .problems
                .push(format!("{}: missing", file.name)),
            (FileStatus::Extra, _) => verification.problems.push(format!(
                "{}: not among the files that were written",
                file.name
            )),
        }
    }
    Ok(verification)
}
