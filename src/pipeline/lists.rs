//! The lists that a reviewer gives with a scan, read before the long work: a mistake in one stops
//! the run at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config::small_file;
use crate::detect;
use crate::detect::network::public_ranges::PublicRanges;
use crate::load;
use crate::model::failure::Failure;
use crate::suppress;
use crate::suppress::entry::Entry;
use crate::watch::{self, list::List};

/// Reads a file of the user's and says of what cannot be used as what it was given.
fn read<T>(
    path: &Path,
    what: &str,
    parse: impl FnOnce(&str) -> std::result::Result<T, String>,
) -> Result<T> {
    small_file::read_text(path)
        .map_err(|error| error.to_string())
        .and_then(|text| parse(&text))
        .map_err(|problem| {
            let text = format!("{}: cannot be used as {what}: {problem}", path.display());
            Failure::Usage(text).into()
        })
}

/// Reads a watch list.
pub(super) fn watch_list(path: &Path) -> Result<List> {
    read(path, "a watch list", watch::list::parse)
}

/// Reads which accounts are of one customer.
pub(super) fn customers(path: &Path) -> Result<BTreeMap<String, String>> {
    read(path, "a list of customers", load::customers::parse)
}

/// Reads the ranges of addresses that are declared public.
pub(super) fn public_ranges(paths: &[PathBuf]) -> Result<PublicRanges> {
    let mut ranges = PublicRanges::default();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        read(path, "a list of public ranges", |text| {
            ranges.add(text, &name)
        })?;
    }
    Ok(ranges)
}

/// Reads a suppression file.
pub(super) fn suppressions(path: &Path) -> Result<Vec<Entry>> {
    let usage = |text: String| anyhow::Error::from(Failure::Usage(text));
    let bytes = small_file::read(path).map_err(|error| {
        usage(format!(
            "{}: cannot read the suppressions: {error}",
            path.display()
        ))
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| usage(format!("{}: not UTF-8 text", path.display())))?;
    let detectors: Vec<&str> = detect::registry::metas()
        .map(|meta| meta.id)
        .chain([watch::DETECTOR])
        .collect();
    suppress::parse(&text, &detectors).map_err(|problems| {
        let more = match problems.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        usage(problems.first().map_or_else(String::new, |problem| {
            format!(
                "{}: line {}: {}{more}",
                path.display(),
                problem.line,
                problem.message
            )
        }))
    })
}
