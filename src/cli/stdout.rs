//! Writing answers: a reader that went away (`stillhunt schema | head`) is no error.

use std::io::{ErrorKind, Write};

use anyhow::{Context, Result};

/// Writes text to standard output.
///
/// # Errors
/// When standard output cannot be written to, other than because nobody reads it.
pub(crate) fn answer(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing to standard output"),
    }
}
