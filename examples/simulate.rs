//! Writes a synthetic log: `cargo run --example simulate -- PRESET --out DIR [--scale F]
//! [--seed N] [--format parquet|csv|ndjson] [--files N] [--corpus FILE]`.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use clap::Parser;
use stillhunt::model::progress::Silent;
use stillhunt::simulate::{Format, SimulateOptions, preset, presets, write};

#[derive(Parser)]
struct Arguments {
    /// Name of the preset; `list` prints all.
    preset: String,
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long)]
    out: Option<PathBuf>,
    #[arg(long, default_value = "parquet")]
    format: String,
    #[arg(long, default_value_t = 1)]
    files: u32,
    #[arg(long)]
    corpus: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.preset == "list" {
        for info in presets() {
            println!("{:24}{} [{}]", info.name, info.summary, info.source);
        }
        return Ok(());
    }
    let scenario = preset(&arguments.preset, arguments.scale, arguments.seed)?;
    let options = SimulateOptions {
        out: arguments
            .out
            .ok_or_else(|| anyhow::anyhow!("name a folder with --out"))?,
        format: Format::from_name(&arguments.format).ok_or_else(|| {
            anyhow::anyhow!(
                "format is {}; give parquet, csv or ndjson",
                arguments.format
            )
        })?,
        files: arguments.files,
        corpus: arguments.corpus,
        ..SimulateOptions::default()
    };
    let summary = write(&scenario, &options, &Silent)?;
    println!(
        "{} requests by {} accounts in {} files",
        summary.requests,
        summary.accounts,
        summary.files.len()
    );
    for (name, count) in &summary.campaigns {
        println!(
            "campaign {name}: {} accounts, {} exchanges, {} requests",
            count.accounts, count.exchanges, count.requests
        );
    }
    for (name, accounts) in &summary.populations {
        println!("population {name}: {accounts}");
    }
    Ok(())
}
