//! Folders other than a case, written with the same care: all of it or nothing.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::model::failure::Failure;
use crate::report::staging::Staging;

/// Fills a temporary sibling of `out` and renames it when it is complete. `thing` is what the
/// folder is, in a word, for messages.
///
/// # Errors
/// One line that names what could not be written; the final name is then as it was.
pub fn write_folder(
    out: &Path,
    force: bool,
    thing: &'static str,
    write: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let staging = Staging::create(out, force, thing)?;
    write(staging.path()).map_err(|error| match error.downcast_ref::<Failure>() {
        // a mistake of the user's is told as it is
        Some(_) => error,
        None => staging.failed("the files", &error),
    })?;
    staging.commit()
}
