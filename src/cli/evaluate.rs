//! `stillhunt evaluate`: a case, or another tool's list, against known truth; all presets; or
//! the group tests.

use anyhow::{Result, anyhow};

use crate::cli::arguments::{AnswerFormat, EvaluateArguments};
use crate::cli::{exit, stdout, suite, trial};
use crate::evaluate::{baselines, evaluate, evaluate_files, render, truth::Truth};
use crate::model::failure::Failure;

pub(super) fn run(arguments: &EvaluateArguments) -> Result<u8> {
    if arguments.suite.suite {
        return suite::run(&arguments.suite, arguments.format);
    }
    let is_trial = !arguments.trial.tests.is_empty();
    let settings = &arguments.suite.settings;
    let suite = &arguments.suite;
    // The parser lets an option pass whose demand conflicts with another option.
    for (name, is_given) in [
        ("--out", suite.out.is_some()),
        ("--preset", !suite.preset.is_empty()),
        ("--scale", !suite.scale.is_empty()),
        ("--ablate", !suite.ablate.is_empty()),
        ("--keep", suite.keep),
        ("--config", settings.config.is_some() && !is_trial),
        ("--memory", settings.memory.is_some() && !is_trial),
    ] {
        if is_given {
            return Err(anyhow!(Failure::Usage(format!("{name} is for --suite"))));
        }
    }
    if is_trial && arguments.accounts.is_some() {
        return Err(anyhow!(Failure::Usage(
            "--accounts is for --baselines; --tests reads accounts.csv of each folder".into()
        )));
    }
    if is_trial {
        return trial::run(&arguments.trial, suite, arguments.format);
    }
    let (Some(case), Some(truth)) = (&arguments.case, &arguments.truth) else {
        // The command line asks for both, so this is not reached from there.
        return Err(anyhow!(Failure::Usage(
            "name a case and its truth with --truth, or give --suite".into()
        )));
    };
    let mut scored = vec![evaluate_files(
        case,
        truth,
        arguments.truth_requests.as_deref(),
    )?];
    if !arguments.baselines.is_empty() {
        let truth = Truth::read(truth)?;
        let accounts = arguments.accounts.as_deref();
        for mut prediction in baselines::run_files(&arguments.baselines, accounts)? {
            prediction.name = format!("baseline: {}", prediction.name);
            scored.push(evaluate(&prediction, &truth, None)?);
        }
    }
    stdout::answer(&match arguments.format {
        AnswerFormat::Table => render::to_table(&scored),
        AnswerFormat::Json => render::to_json(&scored)?,
        AnswerFormat::Csv => render::to_csv(&scored)?,
    })?;
    Ok(exit::DONE)
}
