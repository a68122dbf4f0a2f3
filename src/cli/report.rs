//! `stillhunt report`: the files of a case written again, or a copy of it to share.

use anyhow::Result;

use crate::cli::arguments::ReportArguments;
use crate::cli::escape::visible;
use crate::cli::shared::ReportFormatName;
use crate::cli::{exit, stdout};
use crate::pipeline;

pub(super) fn run(arguments: &ReportArguments) -> Result<u8> {
    let mut text = String::new();
    let written = match (&arguments.pseudonyms.pseudonym_key, &arguments.out) {
        (Some(key), Some(out)) => {
            let (copy, mapping) = pipeline::share_case(&arguments.case, out, arguments.force, key)?;
            vec![copy, mapping]
        }
        _ => {
            let formats: Vec<_> = arguments
                .format
                .iter()
                .map(|name| ReportFormatName::format(*name))
                .collect();
            pipeline::render_case(&arguments.case, &formats)?
        }
    };
    for file in written {
        text.push_str(&format!(
            "written {}\n",
            visible(&file.display().to_string())
        ));
    }
    stdout::answer(&text)?;
    Ok(exit::DONE)
}
