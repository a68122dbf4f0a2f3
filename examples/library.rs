//! The main job from Rust: `cargo run --example library -- LOG OUT`.

#![allow(clippy::print_stdout)] // an example speaks to the terminal

use std::path::{Path, PathBuf};

use stillhunt::config::options::{InputOptions, ScanOptions};
use stillhunt::model::campaign::Campaign;
use stillhunt::model::progress::Silent;
use stillhunt::pipeline::{ScanOutput, scan_to_case};

/// Scans one log with the usual settings, writes the case folder and gives the campaigns.
pub fn campaigns(log: &Path, out: &Path) -> anyhow::Result<Vec<Campaign>> {
    let options = ScanOptions::of(InputOptions {
        logs: vec![log.to_owned()],
        ..InputOptions::default()
    });
    let output = ScanOutput {
        out: out.to_owned(),
        force: false,
        argv: vec!["library".to_owned()],
        threads: 2,
        pseudonym_key: None,
    };
    Ok(scan_to_case(&options, &output, &Silent)?.case.campaigns)
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(log), Some(out)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: library LOG OUT");
    };
    for campaign in campaigns(&log, &out)? {
        println!(
            "{} {} {} accounts",
            campaign.id,
            campaign.verdict.name(),
            campaign.members.len()
        );
    }
    Ok(())
}
