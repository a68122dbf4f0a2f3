//! The command line: parses it, runs a stage through the pipeline, and says how it went.
//! Only this folder writes to the terminal; only `main` ends the process.

mod arguments;
mod completions;
mod config;
mod detectors;
mod diff;
mod digest;
mod escape;
mod evaluate;
pub mod exit;
mod explain;
mod failure;
mod inspect;
mod judgement;
mod memory;
mod moment;
mod patterns;
mod progress;
mod quantity;
mod report;
mod scan;
mod schema;
mod screen;
mod selection;
mod shared;
mod simulate;
mod stdout;
mod suite;
mod trial;
mod verify;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};
use clap::{CommandFactory, FromArgMatches};

use crate::cli::arguments::{Command, CommandLine};

/// Parses the command line, does what it says, and answers with the exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = command()
        .try_get_matches_from(&arguments)
        .and_then(|matches| CommandLine::from_arg_matches(&matches));
    let command_line = match parsed {
        Ok(command_line) => command_line,
        Err(answer) => {
            // Help and version are answers too; a reader that went away is no error.
            let _ = answer.print();
            return u8::try_from(answer.exit_code()).unwrap_or(exit::USAGE);
        }
    };
    let argv: Vec<String> = arguments
        .iter()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(&command_line.command, argv)));
    let outcome = outcome.unwrap_or_else(|_| {
        Err(anyhow!(
            "a defect in stillhunt stopped the run; the line above says where"
        ))
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            failure::report(&error);
            failure::exit_code(&error)
        }
    }
}

/// The whole command line, for completion scripts and for the test of the README.
#[must_use]
pub fn command() -> clap::Command {
    // A digest keeps the log alone; the two are only there to be refused with the reason.
    CommandLine::command().mut_subcommand("digest", |digest| {
        digest
            .mut_arg("accounts", |argument| argument.hide(true))
            .mut_arg("events", |argument| argument.hide(true))
    })
}

fn dispatch(command: &Command, argv: Vec<String>) -> Result<u8> {
    match command {
        Command::Scan(arguments) => scan::run(arguments, argv),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Digest(arguments) => digest::run(arguments, argv),
        Command::Detectors(arguments) => detectors::run(arguments),
        Command::Patterns(arguments) => patterns::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Config => config::run(),
        Command::Completions(arguments) => completions::run(arguments),
    }
}
