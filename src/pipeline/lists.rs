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

/// Reads a watch list.
pub(super) fn watch_list(path: &Path) -> Result<List> {
    let usage = |problem: String| {
        let text = format!(
            "{}: cannot be used as a watch list: {problem}",
            path.display()
        );
        anyhow::Error::from(Failure::Usage(text))
    };
    let text = small_file::read_text(path).map_err(|error| usage(error.to_string()))?;
    watch::list::parse(&text).map_err(usage)
}

/// Reads which accounts are of one customer.
pub(super) fn customers(path: &Path) -> Result<BTreeMap<String, String>> {
    let usage = |problem: String| {
        let text = format!(
            "{}: cannot be used as a list of customers: {problem}",
            path.display()
        );
        anyhow::Error::from(Failure::Usage(text))
    };
    let text = small_file::read_text(path).map_err(|error| usage(error.to_string()))?;
    load::customers::parse(&text).map_err(usage)
}

/// Reads the ranges of addresses that are declared public.
pub(super) fn public_ranges(paths: &[PathBuf]) -> Result<PublicRanges> {
    let mut ranges = PublicRanges::default();
    for path in paths {
        let usage = |problem: String| {
            let text = format!(
                "{}: cannot be used as a list of public ranges: {problem}",
                path.display()
            );
            anyhow::Error::from(Failure::Usage(text))
        };
        let text = small_file::read_text(path).map_err(|error| usage(error.to_string()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ranges.add(&text, &name).map_err(usage)?;
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
