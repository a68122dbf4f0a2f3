//! `stillhunt report`: the reports of a case, written again.

use anyhow::Result;

use crate::cli::arguments::CaseArguments;
use crate::cli::escape::visible;
use crate::cli::{exit, stdout};
use crate::pipeline;

pub(super) fn run(arguments: &CaseArguments) -> Result<u8> {
    let files = pipeline::render_case(&arguments.case)?;
    let mut text = String::new();
    for file in files {
        text.push_str(&format!(
            "written {}\n",
            visible(&file.display().to_string())
        ));
    }
    stdout::answer(&text)?;
    Ok(exit::DONE)
}
