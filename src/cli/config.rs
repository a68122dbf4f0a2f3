//! `stillhunt config`: every setting, its default, its meaning and its source.

use anyhow::Result;

use crate::cli::{exit, stdout};
use crate::config::DEFAULTS;

pub(super) fn run() -> Result<u8> {
    stdout::answer(DEFAULTS)?;
    Ok(exit::DONE)
}
