//! The files of a case written again, and copies of a case to share.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::pipeline::scan::run_log;
use crate::report::{self, Pseudonyms, ReportFormat};

/// Writes files of a case again from its `case.json`: those of the given forms, or all;
/// answers with the files written.
///
/// # Errors
/// When the folder is not a finished case or cannot be written.
pub fn render_case(case: &Path, formats: &[ReportFormat]) -> Result<Vec<PathBuf>> {
    let names = report::rerender(case, formats)?;
    Ok(names.into_iter().map(|name| case.join(name)).collect())
}

/// Writes a pseudonymised copy of a case; answers with the copy and the mapping beside the key.
///
/// # Errors
/// When the folder is not a finished case, the key cannot be used, or the copy not written.
pub fn share_case(case: &Path, out: &Path, force: bool, key: &Path) -> Result<(PathBuf, PathBuf)> {
    report::keep_source(case, out)?;
    report::prepare_out(out, force)?;
    let mut pseudonyms = Pseudonyms::open(key, &[case, out])?;
    report::copy_pseudonymized(case, out, force, &mut pseudonyms, run_log)
}
