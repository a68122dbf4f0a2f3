//! Scores a case folder, or any tool's CSV of accounts and clusters, against known truth.
//!
//! ```text
//! cargo run --example evaluate -- CASE --truth truth.csv \
//!     [--truth-requests truth_requests.parquet] [--format table|json|csv] \
//!     [--baselines LOG]... [--accounts accounts.csv]
//! ```
//!
//! With `--baselines` the five simple methods run over the logs and are scored beside the case.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use stillhunt::evaluate::{Evaluation, baselines, evaluate, evaluate_files, render, truth::Truth};
use stillhunt::model::failure::Failure;

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

/// Scores a case against known truth
#[derive(Parser)]
struct Arguments {
    /// Case folder, or a CSV with account and cluster columns
    case: PathBuf,
    /// CSV: account_id, campaign (empty: innocent), population, role
    #[arg(long)]
    truth: PathBuf,
    /// CSV or Parquet: request_id, campaign, substream
    #[arg(long)]
    truth_requests: Option<PathBuf>,
    /// Output
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Logs (CSV or Parquet, canonical column names) to run the simple baselines over
    #[arg(long)]
    baselines: Vec<PathBuf>,
    /// Accounts table for the shared-payment baseline
    #[arg(long)]
    accounts: Option<PathBuf>,
}

fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let mut scored: Vec<Evaluation> = vec![evaluate_files(
        &arguments.case,
        &arguments.truth,
        arguments.truth_requests.as_deref(),
    )?];
    if !arguments.baselines.is_empty() {
        let truth = Truth::read(&arguments.truth)?;
        for prediction in baselines::run_files(&arguments.baselines, arguments.accounts.as_deref())?
        {
            scored.push(evaluate(&prediction, &truth, None)?);
        }
    }
    match arguments.format {
        Format::Table => Ok(render::to_table(&scored)),
        Format::Json => render::to_json(&scored),
        Format::Csv => render::to_csv(&scored),
    }
}

fn main() -> ExitCode {
    let outcome =
        run(&Arguments::parse()).and_then(|text| Ok(std::io::stdout().write_all(text.as_bytes())?));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(if error.downcast_ref::<Failure>().is_some() {
                2
            } else {
                1
            })
        }
    }
}
