//! `stillhunt evaluate --tests`: how often the group tests speak where nothing is.

use anyhow::Result;

use crate::cli::arguments::{AnswerFormat, SuiteArguments, TrialArguments};
use crate::cli::{exit, progress, stdout};
use crate::trial::{self, TrialOptions};

pub(super) fn run(
    arguments: &TrialArguments,
    suite: &SuiteArguments,
    format: AnswerFormat,
) -> Result<u8> {
    let mut folders = arguments.tests.clone();
    // The draws of a folder do not depend on its place on the command line.
    folders.sort();
    folders.dedup();
    let options = TrialOptions {
        folders,
        groups: u64::from(arguments.groups.get()),
        group_accounts: arguments.group_accounts.get() as usize,
        seed: arguments.draw_seed,
        memory_bytes: suite.settings.memory_bytes(),
        config: suite.settings.config()?,
    };
    let display = progress::display(suite.settings.progress, false);
    let rows = trial::run(&options, display.as_ref())?;
    drop(display);
    stdout::answer(&match format {
        AnswerFormat::Table => trial::to_table(&options, &rows),
        AnswerFormat::Json => trial::to_json(&options, &rows)?,
        AnswerFormat::Csv => trial::to_csv(&rows)?,
    })?;
    Ok(exit::DONE)
}
