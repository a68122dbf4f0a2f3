//! Folders other than a case, written with the same care: all of it or nothing.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::report::staging::Staging;

/// Fills a temporary sibling of `out` and renames it when it is complete.
///
/// # Errors
/// One line that names what could not be written; the final name is then as it was.
pub fn write_folder(
    out: &Path,
    force: bool,
    write: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let staging = Staging::create(out, force)?;
    write(staging.path()).map_err(|error| staging.failed("the digest", &error))?;
    staging.commit()
}
