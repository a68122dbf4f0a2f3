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
    // What is drawn does not depend on the order of the command line.
    folders.sort();
    let options = TrialOptions {
        folders,
        groups: u64::from(arguments.groups.get()),
        group_accounts: arguments.group_accounts.get() as usize,
        seed: arguments.draw_seed,
        memory_bytes: suite.settings.memory_bytes(),
        config: suite.settings.config()?,
    };
    let display = progress::display(suite.settings.progress, false);
    let found = trial::run(&options, display.as_ref())?;
    drop(display);
    stdout::answer(&match format {
        AnswerFormat::Table => trial::to_table(&found),
        AnswerFormat::Json => trial::to_json(&options, &found)?,
        AnswerFormat::Csv => trial::to_csv(&found)?,
    })?;
    Ok(exit::DONE)
}
