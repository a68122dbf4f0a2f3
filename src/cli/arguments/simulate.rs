//! The arguments of `simulate`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::progress::ProgressMode;
use crate::cli::shared::{Container, local_path};

/// `simulate`
#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// What to simulate; `--list` prints all presets with the source of their figures
    #[arg(value_name = "PRESET", required_unless_present = "list")]
    pub(crate) preset: Option<String>,
    /// List the presets and the innocent populations
    #[arg(long)]
    pub(crate) list: bool,
    /// Share of the published size, from 0.0000001 to 100; ordinary accounts shrink with it to 600
    /// at least (in `tiny` to 60), look-alikes with its square root, so that they stay large enough to tempt
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Seed of every draw: same preset, options and seed, same bytes
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The folder to write; it must be empty or not there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = local_path(),
        required_unless_present = "list", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Container of the requests
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "parquet",
        help_heading = "Output"
    )]
    pub(crate) format: Container,
    /// Number of request files, each a stretch of time; the rows stay the same
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Output")]
    pub(crate) files: NonZeroU32,
    /// Parquet file with a column `text`: real texts that ordinary people begin a conversation
    /// with, and that fill the questions and passages in templates, those of honest applications
    /// among them; later turns stay made up, and texts over 16 KiB are left out
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) corpus: Option<PathBuf>,
    /// Knobs.
    #[command(flatten)]
    pub(crate) knobs: KnobArguments,
    /// Progress on standard error
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value_t,
        help_heading = "Run"
    )]
    pub(crate) progress: ProgressMode,
    /// No progress and no summary; errors are still shown
    #[arg(long, short, help_heading = "Run")]
    pub(crate) quiet: bool,
}

/// How campaigns hide and who else is there; without an option the preset decides.
#[derive(Debug, Args)]
#[command(next_help_heading = "Knobs")]
pub(crate) struct KnobArguments {
    /// Campaign accounts per payment card, at least 1
    #[arg(long, value_name = "F")]
    pub(crate) card_sharing: Option<f64>,
    /// Campaign accounts per proxy address, at least 1
    #[arg(long, value_name = "F")]
    pub(crate) address_sharing: Option<f64>,
    /// Irregularity of the dispatcher's pace: 0 a metronome, 1 wholly random
    #[arg(long, value_name = "F")]
    pub(crate) jitter: Option<f64>,
    /// Share of template parts that are reworded, 0 to 1
    #[arg(long, value_name = "F")]
    pub(crate) paraphrase: Option<f64>,
    /// Share of a campaign account's requests that are unrelated, 0 to 0.99
    #[arg(long, value_name = "F")]
    pub(crate) cover_share: Option<f64>,
    /// Campaign requests per account and day; replaces the preset's total
    #[arg(long, value_name = "F")]
    pub(crate) requests_per_account_per_day: Option<f64>,
    /// Mean hours between a ban and the replacement
    #[arg(long, value_name = "F")]
    pub(crate) replacement_lag_hours: Option<f64>,
    /// Number of ordinary accounts
    #[arg(long, value_name = "N")]
    pub(crate) organic_accounts: Option<u32>,
    /// Size of an innocent population, 0 switches it off (`campus=0`); may be repeated
    #[arg(
        long,
        value_name = "NAME=ACCOUNTS",
        value_delimiter = ',',
        num_args = 1
    )]
    pub(crate) innocent: Vec<String>,
}
