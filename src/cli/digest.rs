//! `stillhunt digest`: the first two stages, kept for later.

use anyhow::Result;

use crate::cli::arguments::DigestArguments;
use crate::cli::screen::{self, Colour};
use crate::cli::{exit, judgement, progress, stdout};
use crate::config::options::ScanOptions;
use crate::model::failure::Failure;
use crate::pipeline::{self, ScanOutput};

pub(super) fn run(arguments: &DigestArguments, argv: Vec<String>) -> Result<u8> {
    for (given, option) in [
        (&arguments.input.accounts, "--accounts"),
        (&arguments.input.events, "--events"),
    ] {
        if given.is_some() {
            let text = format!(
                "a digest keeps the log alone; give {option} to `stillhunt scan --digests`"
            );
            return Err(Failure::Usage(text).into());
        }
    }
    let options = ScanOptions {
        quote: arguments.output.quote.into(),
        memory_bytes: arguments.settings.memory_bytes(),
        config: arguments.settings.config()?,
        ..ScanOptions::of(arguments.input.options(&arguments.logs)?)
    };
    let output = ScanOutput {
        out: arguments.output.out.clone(),
        force: arguments.output.force,
        argv,
        threads: arguments.run.threads(),
        pseudonym_key: None,
    };
    let display = progress::display(arguments.settings.progress, arguments.run.quiet);
    let coverage = pipeline::digest_to(&options, &output, display.as_ref())?;
    drop(display);
    if !arguments.run.quiet {
        let text = screen::render_digest(&coverage, &output.out, Colour::of_stdout());
        stdout::answer(&text)?;
    }
    match judgement::losses(&coverage, &[], &arguments.loss) {
        Some(loss) => Err(Failure::Degraded(loss).into()),
        None => Ok(exit::DONE),
    }
}
