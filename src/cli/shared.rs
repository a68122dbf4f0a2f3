//! Arguments that several commands take, and what they come to.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Result;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};

use crate::cli::progress::ProgressMode;
use crate::cli::{memory, moment};
use crate::config::options::{InputOptions, Profile, Quote};
use crate::config::{Config, overlay};
use crate::model::failure::Failure;
use crate::report::ReportFormat;

/// A path on this machine; addresses with a scheme are refused, as nothing is fetched.
pub(crate) fn local_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text: OsString| {
        let shown = text.to_string_lossy();
        if shown.contains("://") {
            return Err("stillhunt works offline and reads local files only; copy the file first");
        }
        Ok(PathBuf::from(text))
    })
}

/// What to read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArguments {
    /// The accounts table (one row per account: sign-up, payment, status)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) accounts: Option<PathBuf>,
    /// The events table (model releases, ban waves, policy changes)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) events: Option<PathBuf>,
    /// Read the logs as this, whatever they look like
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Container>,
    /// Column map (TOML) for exports whose columns have other names
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) map: Option<PathBuf>,
    /// Pattern packs (TOML) beside the built-in ones; `stillhunt patterns check` tests them
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) patterns: Vec<PathBuf>,
    /// Leave out requests before this time: RFC 3339, or YYYY-MM-DD for its midnight in UTC
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub(crate) since: Option<i64>,
    /// Leave out requests at or after this time
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub(crate) until: Option<i64>,
}

impl InputArguments {
    /// The options, with the logs that the command names.
    ///
    /// # Errors
    /// A usage error when the window is empty.
    pub(crate) fn options(&self, logs: &[PathBuf]) -> Result<InputOptions> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            let message = format!(
                "--since ({}) must be before --until ({})",
                moment::minute(since),
                moment::minute(until)
            );
            return Err(Failure::Usage(message).into());
        }
        Ok(InputOptions {
            logs: logs.to_vec(),
            accounts: self.accounts.clone(),
            events: self.events.clone(),
            map: self.map.clone(),
            patterns: self.patterns.clone(),
            format: self.format.map(|format| format.name().to_owned()),
            since_us: self.since,
            until_us: self.until,
        })
    }
}

/// What to look for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Detection")]
pub(crate) struct DetectionArguments {
    /// How readily clusters of accounts are reported
    #[arg(long, value_name = "PROFILE", value_enum, default_value_t)]
    pub(crate) profile: ProfileName,
    /// Run only these detectors: ids, or the part before the slash (`network/shared-infrastructure`, `content`)
    #[arg(long, value_name = "DETECTOR", value_delimiter = ',', num_args = 1)]
    pub(crate) only: Vec<String>,
    /// Leave out these detectors (`network` leaves out every `network/...`, shared payments and identities among them);
    /// they are listed as left out
    #[arg(long, value_name = "DETECTOR", value_delimiter = ',', num_args = 1)]
    pub(crate) skip: Vec<String>,
    /// Suppressions (TOML): what a reviewer has settled, with reason, author and expiry
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) suppress: Option<PathBuf>,
    /// Hold a watch list against the log: CSV with the columns kind and value (ip, range, email,
    /// domain, payment, user_agent, tls, template, account), or a STIX 2.1 bundle; never more
    /// than a lead
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) indicators: Option<PathBuf>,
    /// Accounts of one customer (CSV with the columns account_id and customer): a seat pool or
    /// a reseller counts once, whatever its accounts share
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) customers: Option<PathBuf>,
    /// Addresses that strangers share (clouds, VPN exits, carriers) and that tie nobody: lines of
    /// range and name, or the JSON that cloud providers publish
    #[arg(long, value_name = "FILE", num_args = 1, value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) public_ranges: Vec<PathBuf>,
    /// Show what the suppressions would hide
    #[arg(long, requires = "suppress")]
    pub(crate) no_suppress: bool,
    /// Seed of every random draw: same inputs and same seed, same bytes
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Where to write, and how much of the prompts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// The folder to write; it appears only when it is complete
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) out: PathBuf,
    /// Replace the folder if it is there and not empty
    #[arg(long)]
    pub(crate) force: bool,
    /// Prompt text in the output: none, short excerpts with secrets, addresses and long
    /// numbers masked, or short excerpts as they are
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) quote: QuoteName,
}

/// Pseudonymised cases.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pseudonyms")]
pub(crate) struct PseudonymArguments {
    /// Replace accounts, keys, request ids and file names by tokens, so that the case can be
    /// shared; prompt excerpts, the command line and the digest are left out
    #[arg(long, requires = "pseudonym_key")]
    pub(crate) pseudonymize: bool,
    /// The key of the tokens, made where the file does not exist; keep it, and the mapping
    /// that is written beside it, apart from the case
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path(), requires = "pseudonymize")]
    pub(crate) pseudonym_key: Option<PathBuf>,
}

/// The forms that `report --format` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormatName {
    /// report.html
    Html,
    /// report.md
    Md,
    /// Tables: campaigns, accounts, templates, hubs, detectors
    Csv,
    /// findings.parquet
    Parquet,
    /// timeline.csv and timeline.jsonl, as Timesketch reads them
    Timeline,
    /// indicators.csv and indicators.stix.json
    Indicators,
    /// graph.graphml
    Graphml,
    /// accounts.xlsx
    Xlsx,
}

impl ReportFormatName {
    /// The form meant.
    #[must_use]
    pub(crate) fn format(self) -> ReportFormat {
        match self {
            ReportFormatName::Html => ReportFormat::Html,
            ReportFormatName::Md => ReportFormat::Markdown,
            ReportFormatName::Csv => ReportFormat::Csv,
            ReportFormatName::Parquet => ReportFormat::Parquet,
            ReportFormatName::Timeline => ReportFormat::Timeline,
            ReportFormatName::Indicators => ReportFormat::Indicators,
            ReportFormatName::Graphml => ReportFormat::Graph,
            ReportFormatName::Xlsx => ReportFormat::Workbook,
        }
    }
}

/// Which losses decide the exit code.
#[derive(Debug, Args)]
#[command(next_help_heading = "Exit code")]
pub(crate) struct LossArguments {
    /// Exit with code 4 when rows were rejected or a detector's columns are absent
    #[arg(long)]
    pub(crate) strict: bool,
    /// Exit with code 4 when more than this percentage of the rows was rejected; with
    /// --strict, the percentage it lets pass
    #[arg(long, value_name = "PCT", value_parser = percentage)]
    pub(crate) max_rejects: Option<f64>,
}

/// How to run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct RunArguments {
    /// Worker threads, 1 to 256; the result is the same with any number [default: all cores]
    // Far beyond the number of cores, idle threads looking for work hold up those that have it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// No progress and no end-of-run screen; errors are still shown
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl RunArguments {
    /// The number of worker threads.
    #[must_use]
    pub(crate) fn threads(&self) -> usize {
        self.threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            usize::from,
        )
    }
}

/// Settings of any command that reads logs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct SettingArguments {
    /// Most memory to use, for example 4GiB [default: half of this machine's memory]
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    pub(crate) memory: Option<u64>,
    /// Settings (TOML) laid over the defaults; `stillhunt config` prints them all
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
    pub(crate) config: Option<PathBuf>,
    /// Progress on standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) progress: ProgressMode,
}

impl SettingArguments {
    /// The settings: the defaults, with the file laid over them.
    ///
    /// # Errors
    /// A usage error when the file cannot be used.
    pub(crate) fn config(&self) -> Result<Config> {
        self.config
            .as_deref()
            .map_or_else(|| Ok(Config::default()), overlay::read)
    }

    /// The memory limit in bytes.
    #[must_use]
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory.unwrap_or_else(memory::half_of_machine)
    }
}

fn percentage(text: &str) -> Result<f64, String> {
    text.trim_end_matches('%')
        .trim()
        .parse()
        .ok()
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| "expected a percentage from 0 to 100".to_owned())
}

/// The containers that `--format` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // named as the containers are
pub(crate) enum Container {
    Parquet,
    Csv,
    Ndjson,
}

impl Container {
    /// Its name in options.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Container::Parquet => "parquet",
            Container::Csv => "csv",
            Container::Ndjson => "ndjson",
        }
    }
}

/// The values of `--profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ProfileName {
    /// Only verdicts likely and strong.
    Cautious,
    /// Leads as well, where they rest on more than public infrastructure.
    #[default]
    Balanced,
    /// Every lead.
    Broad,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Cautious => Profile::Cautious,
            ProfileName::Balanced => Profile::Balanced,
            ProfileName::Broad => Profile::Broad,
        }
    }
}

/// The values of `--quote`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)] // described in the help of `--quote`
pub(crate) enum QuoteName {
    None,
    #[default]
    Masked,
    Full,
}

impl From<QuoteName> for Quote {
    fn from(name: QuoteName) -> Self {
        match name {
            QuoteName::None => Quote::None,
            QuoteName::Masked => Quote::Masked,
            QuoteName::Full => Quote::Full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_bounds() {
        assert_eq!(percentage("2.5").ok(), Some(2.5));
        assert_eq!(percentage("2%").ok(), Some(2.0));
        for text in ["-1", "101", "NaN", "few", ""] {
            assert!(percentage(text).is_err(), "{text}");
        }
    }
}
