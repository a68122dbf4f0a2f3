//! `stillhunt evaluate`: a case, or another tool's list, against known truth.

use anyhow::Result;

use crate::cli::arguments::{EvaluateArguments, EvaluationFormat};
use crate::cli::{exit, stdout};
use crate::evaluate::{baselines, evaluate, evaluate_files, render, truth::Truth};

pub(super) fn run(arguments: &EvaluateArguments) -> Result<u8> {
    let mut scored = vec![evaluate_files(
        &arguments.case,
        &arguments.truth,
        arguments.truth_requests.as_deref(),
    )?];
    if !arguments.baselines.is_empty() {
        let truth = Truth::read(&arguments.truth)?;
        let accounts = arguments.accounts.as_deref();
        for prediction in baselines::run_files(&arguments.baselines, accounts)? {
            scored.push(evaluate(&prediction, &truth, None)?);
        }
    }
    stdout::answer(&match arguments.format {
        EvaluationFormat::Table => render::to_table(&scored),
        EvaluationFormat::Json => render::to_json(&scored)?,
        EvaluationFormat::Csv => render::to_csv(&scored)?,
    })?;
    Ok(exit::DONE)
}
