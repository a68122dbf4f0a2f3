//! `stillhunt completions`: scripts for shells.

use anyhow::Result;

use crate::cli::arguments::CompletionsArguments;
use crate::cli::{command, exit, stdout};

pub(super) fn run(arguments: &CompletionsArguments) -> Result<u8> {
    // Written to memory first: the generator panics when its output is closed.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "stillhunt", &mut script);
    stdout::answer(&String::from_utf8_lossy(&script))?;
    Ok(exit::DONE)
}
