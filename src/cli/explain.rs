//! `stillhunt explain`: why something is in a case, or why it is not.

use anyhow::Result;

use crate::cli::arguments::ExplainArguments;
use crate::cli::{exit, screen, stdout};
use crate::explain::render;
use crate::pipeline;

pub(super) fn run(arguments: &ExplainArguments) -> Result<u8> {
    let kind = arguments.kind.map(|name| name.kind());
    let explanation = pipeline::explain_case(&arguments.case, &arguments.id, kind)?;
    stdout::answer(&if arguments.json {
        crate::report::json_text(&explanation)?
    } else {
        screen::render_blocks(&render::blocks(&explanation))
    })?;
    Ok(exit::DONE)
}
