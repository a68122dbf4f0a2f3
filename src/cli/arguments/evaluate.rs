//! The arguments of `evaluate`, of `evaluate --suite` and of `evaluate --tests`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::arguments::AnswerFormat;
use crate::cli::shared::{SettingArguments, local_path};

/// `evaluate`
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// A case folder, or a CSV with the columns account_id and campaign_id (or cluster)
    #[arg(value_name = "CASE", value_hint = ValueHint::AnyPath, value_parser = local_path(),
        required_unless_present_any = ["suite", "tests"], conflicts_with_all = ["suite", "tests"])]
    pub(crate) case: Option<PathBuf>,
    /// CSV of the truth: account_id, campaign (empty for innocent accounts), population. No
    /// campaign are also -1, false, no, f, n, innocent, benign, cover, legitimate, legit, noise,
    /// no_campaign, normal, negative, clean, genuine, organic, -, and nan, none, null, na, n/a
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path(),
        required_unless_present_any = ["suite", "tests"], conflicts_with_all = ["suite", "tests"])]
    pub(crate) truth: Option<PathBuf>,
    /// Truth of requests (CSV or Parquet), to score the requests of a case as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path(),
        conflicts_with = "suite")]
    pub(crate) truth_requests: Option<PathBuf>,
    /// A table to read, JSON or CSV to compute with
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
    /// Logs (CSV or Parquet with canonical column names) to run simple methods over, scored
    /// beside the case: shared cards, shared addresses, top volume, a keyword, equal beginnings
    #[arg(long, value_name = "LOGS", num_args = 1.., value_parser = local_path(), help_heading = "Baselines",
        conflicts_with = "suite")]
    pub(crate) baselines: Vec<PathBuf>,
    /// The accounts table, for the baseline of shared cards
    #[arg(long, value_name = "FILE", value_parser = local_path(), requires = "baselines",
        conflicts_with = "suite", help_heading = "Baselines")]
    pub(crate) accounts: Option<PathBuf>,
    /// Suite.
    #[command(flatten)]
    pub(crate) suite: SuiteArguments,
    /// Tests.
    #[command(flatten)]
    pub(crate) trial: TrialArguments,
}

/// `evaluate --tests`
#[derive(Debug, Args)]
#[command(next_help_heading = "Tests")]
pub(crate) struct TrialArguments {
    /// Draw groups of accounts at random from these logs and count for how many of them each
    /// test of what a group does speaks: of everyone innocent, of each innocent population, of
    /// each campaign. A folder holds requests.*, accounts.csv, events.csv and
    /// truth_accounts.csv, as `simulate` writes them
    #[arg(long, value_name = "FOLDERS", num_args = 1.., value_hint = ValueHint::DirPath,
        value_parser = local_path(), conflicts_with_all = ["suite", "baselines", "truth_requests"])]
    pub(crate) tests: Vec<PathBuf>,
    /// Groups of each population, over all folders that have it together
    #[arg(long, value_name = "N", default_value = "200", requires = "tests")]
    pub(crate) groups: NonZeroU32,
    /// Accounts in a group, at most: a group takes no more than half of a population
    #[arg(long, value_name = "N", default_value = "20", requires = "tests")]
    pub(crate) group_accounts: NonZeroU32,
    /// Seed of the draws
    #[arg(long, value_name = "NUMBER", default_value = "1", requires = "tests")]
    pub(crate) draw_seed: u64,
}

/// `evaluate --suite`
#[derive(Debug, Args)]
#[command(next_help_heading = "Suite")]
pub(crate) struct SuiteArguments {
    /// Simulate, scan and score all presets over several seeds instead of one case, with the
    /// baselines beside; goes on where a stopped suite was
    #[arg(long, requires = "out")]
    pub(crate) suite: bool,
    /// The folder for the results of the suite, one file per preset, scale and seed
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = local_path(), requires = "suite")]
    pub(crate) out: Option<PathBuf>,
    /// Only these presets
    #[arg(
        long,
        value_name = "PRESET",
        value_delimiter = ',',
        num_args = 1,
        requires = "suite"
    )]
    pub(crate) preset: Vec<String>,
    /// Scales: F for all presets, PRESET=F for one [default: small ones, of seconds to a minute]
    #[arg(
        long,
        value_name = "[PRESET=]F",
        value_delimiter = ',',
        num_args = 1,
        requires = "suite"
    )]
    pub(crate) scale: Vec<String>,
    /// Seeds of the logs
    #[arg(
        long,
        value_name = "NUMBER",
        value_delimiter = ',',
        num_args = 1,
        default_value = "1,2,3",
        requires = "suite"
    )]
    pub(crate) seeds: Vec<u64>,
    /// Scan each log again without this detector or family; `each` leaves out every detector
    /// in turn
    #[arg(
        long,
        value_name = "DETECTOR",
        value_delimiter = ',',
        num_args = 1,
        requires = "suite"
    )]
    pub(crate) ablate: Vec<String>,
    /// Logs at work at one time; they share the memory limit
    #[arg(long, value_name = "N", default_value = "1", requires = "suite")]
    pub(crate) jobs: NonZeroU32,
    /// Keep the logs and the case folders
    #[arg(long, requires = "suite")]
    pub(crate) keep: bool,
    /// Settings of the scans.
    #[command(flatten)]
    pub(crate) settings: SettingArguments,
}
