//! The command line, as clap sees it: commands and their own arguments.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::cli::exit;
use crate::cli::progress::ProgressMode;
use crate::cli::shared::{
    Container, DetectionArguments, InputArguments, LossArguments, OutputArguments,
    PseudonymArguments, ReportFormatName, RunArguments, SettingArguments, local_path,
};
use crate::explain::Kind;
use crate::model::campaign::Verdict;
use crate::model::column::Table;

/// Finds networks of fake accounts that siphon a model's capabilities, in exported LLM-API
/// logs, offline, and writes a case folder.
#[derive(Debug, Parser)]
#[command(
    name = "stillhunt",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = exit::help()
)]
pub(crate) struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read logs, look for campaigns and write a case folder (the main job)
    Scan(Box<ScanArguments>),
    /// Show what each file is taken for, its columns, gaps, and which detectors can run
    Inspect(Box<InspectArguments>),
    /// Read logs once and keep only their digest, to scan later or elsewhere
    Digest(Box<DigestArguments>),
    /// List the detectors, or print the documentation of one
    Detectors(DetectorsArguments),
    /// List the rules of the pattern packs, or check a pack of your own
    Patterns(PatternsArguments),
    /// Print the columns of the canonical tables: names, types, units, other known names
    Schema(SchemaArguments),
    /// Hash a case folder and the inputs it was made from again
    Verify(VerifyArguments),
    /// Explain a campaign, account, template, finding or request of a case, flagged or not
    Explain(ExplainArguments),
    /// Write the files of a case folder again from its case.json, or a pseudonymised copy of it
    Report(ReportArguments),
    /// Compare two cases: which campaigns are new, grown, shrunk or gone
    Diff(DiffArguments),
    /// Write a synthetic log with a known truth: a campaign preset among innocent populations
    Simulate(Box<SimulateArguments>),
    /// Score a case or any tool's CSV of accounts against known truth, or this tool (--suite)
    Evaluate(Box<EvaluateArguments>),
    /// Print every setting with its default and its source, as a file to change and pass on
    Config,
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
}

/// `scan`
#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// Request logs: files, folders (searched through) and quoted globs; Parquet, CSV or
    /// NDJSON, plain, gzip or zstd, recognised by content
    #[arg(value_name = "LOGS", required_unless_present = "digests", value_parser = local_path())]
    pub(crate) logs: Vec<PathBuf>,
    /// Finish from digest folders instead of logs
    #[arg(long, value_name = "DIR", num_args = 1.., value_parser = local_path(), help_heading = "Input",
        conflicts_with_all = ["logs", "map", "format", "since", "until", "patterns"])]
    pub(crate) digests: Vec<PathBuf>,
    /// Input.
    #[command(flatten)]
    pub(crate) input: InputArguments,
    /// Detection.
    #[command(flatten)]
    pub(crate) detection: DetectionArguments,
    /// Output.
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// Pseudonyms.
    #[command(flatten)]
    pub(crate) pseudonyms: PseudonymArguments,
    /// Baseline.
    #[command(flatten)]
    pub(crate) baseline: BaselineArguments,
    /// Exit with code 10 when a campaign reaches this verdict
    #[arg(long, value_name = "VERDICT", value_enum, help_heading = "Exit code")]
    pub(crate) fail_on: Option<FailOn>,
    /// Losses.
    #[command(flatten)]
    pub(crate) loss: LossArguments,
    /// Run.
    #[command(flatten)]
    pub(crate) run: RunArguments,
    /// Settings.
    #[command(flatten)]
    pub(crate) settings: SettingArguments,
}

/// What the case is compared with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Baseline")]
pub(crate) struct BaselineArguments {
    /// An earlier case: say which campaigns are new, grown or gone since, and keep its ids
    #[arg(long, value_name = "CASE", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) baseline: Option<PathBuf>,
    /// Exit with code 11 when a campaign at this verdict or above is new or has grown since
    /// the baseline [default without a value: likely]
    #[arg(long, value_name = "VERDICT", value_enum, num_args = 0..=1, require_equals = true,
        default_missing_value = "likely", requires = "baseline", help_heading = "Exit code")]
    pub(crate) fail_on_new: Option<FailOn>,
}

/// `diff`
#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The earlier case
    #[arg(value_name = "OLD", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) old: PathBuf,
    /// The later case
    #[arg(value_name = "NEW", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) new: PathBuf,
    /// A table to read; JSON or CSV with every account that joined or left
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
    /// Exit with code 11 when a campaign at this verdict or above is new or has grown
    /// [default without a value: likely]
    #[arg(long, value_name = "VERDICT", value_enum, num_args = 0..=1, require_equals = true,
        default_missing_value = "likely")]
    pub(crate) fail_on_new: Option<FailOn>,
}

/// `inspect`
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Request logs: files, folders (searched through) and quoted globs
    #[arg(value_name = "LOGS", required = true, value_parser = local_path())]
    pub(crate) logs: Vec<PathBuf>,
    /// Input.
    #[command(flatten)]
    pub(crate) input: InputArguments,
    /// Print JSON instead of text
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Settings.
    #[command(flatten)]
    pub(crate) settings: SettingArguments,
}

/// `digest`
#[derive(Debug, Args)]
pub(crate) struct DigestArguments {
    /// Request logs: files, folders (searched through) and quoted globs
    #[arg(value_name = "LOGS", required = true, value_parser = local_path())]
    pub(crate) logs: Vec<PathBuf>,
    /// Input.
    #[command(flatten)]
    pub(crate) input: InputArguments,
    /// Output.
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// Losses.
    #[command(flatten)]
    pub(crate) loss: LossArguments,
    /// Run.
    #[command(flatten)]
    pub(crate) run: RunArguments,
    /// Settings.
    #[command(flatten)]
    pub(crate) settings: SettingArguments,
}

/// `detectors`
#[derive(Debug, Args)]
pub(crate) struct DetectorsArguments {
    /// Print the documentation of this detector
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
}

/// `patterns`
#[derive(Debug, Args)]
pub(crate) struct PatternsArguments {
    /// What to do with them.
    #[command(subcommand)]
    pub(crate) command: PatternsCommand,
}

/// The commands of `patterns`.
#[derive(Debug, Subcommand)]
pub(crate) enum PatternsCommand {
    /// List every rule: capability, weight, source, look-alikes
    List {
        /// Pattern packs (TOML) beside the built-in ones
        #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath, value_parser = local_path())]
        patterns: Vec<PathBuf>,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Check a pattern pack: its keys, its regular expressions, its examples
    Check {
        /// The pack (TOML)
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path())]
        file: PathBuf,
    },
}

/// `schema`
#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Only this table; all three without it
    #[arg(long, value_name = "TABLE", value_enum)]
    pub(crate) table: Option<TableName>,
    /// The tables of the case folder
    #[arg(long, conflicts_with = "table")]
    pub(crate) outputs: bool,
    /// The tables of a digest folder
    #[arg(long, conflicts_with = "table")]
    pub(crate) digest: bool,
    /// The JSON schema of case.json
    #[arg(long, conflicts_with_all = ["table", "outputs", "digest", "format"])]
    pub(crate) case: bool,
    /// The JSON schema of what `explain --json` prints
    #[arg(long, conflicts_with_all = ["table", "outputs", "digest", "case", "format"])]
    pub(crate) explain: bool,
    /// Markdown to read, JSON to compute with
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: SchemaFormat,
}

/// `explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The case folder
    #[arg(value_name = "CASE", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) case: PathBuf,
    /// Campaign (C-...), template (T-...), finding (F-...), account, request, or FILE:ROW of a
    /// request
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// What the id is; without it the first that fits, in the order of the values
    #[arg(long, value_name = "KIND", value_enum)]
    pub(crate) kind: Option<KindName>,
    /// Print JSON instead of text (`schema --explain` describes it)
    #[arg(long)]
    pub(crate) json: bool,
}

/// `report`
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The case folder
    #[arg(value_name = "CASE", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) case: PathBuf,
    /// Only these forms; all that case.json holds without it
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        value_delimiter = ',',
        num_args = 1,
        conflicts_with = "pseudonymize"
    )]
    pub(crate) format: Vec<ReportFormatName>,
    /// Pseudonyms.
    #[command(flatten)]
    pub(crate) pseudonyms: PseudonymArguments,
    /// The folder of the pseudonymised copy
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = local_path(),
        requires = "pseudonymize", required_if_eq("pseudonymize", "true"))]
    pub(crate) out: Option<PathBuf>,
    /// Replace the copy if it is there and not empty
    #[arg(long, requires = "pseudonymize")]
    pub(crate) force: bool,
}

/// `verify`
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The case folder
    #[arg(value_name = "CASE", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) case: PathBuf,
    /// Where the inputs lie now, if not where the case says (relative to the current folder)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = local_path())]
    pub(crate) inputs: Option<PathBuf>,
}

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
    /// Parquet file with a column `text`: real texts that ordinary people send and that fill the
    /// questions in templates; texts over 16 KiB are left out
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

/// `evaluate`
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// A case folder, or a CSV with the columns account_id and campaign_id (or cluster)
    #[arg(value_name = "CASE", value_hint = ValueHint::AnyPath, value_parser = local_path(),
        required_unless_present = "suite", conflicts_with = "suite")]
    pub(crate) case: Option<PathBuf>,
    /// CSV of the truth: account_id, campaign (empty for innocent accounts), population. No
    /// campaign are also -1, false, no, f, n, innocent, benign, cover, legitimate, legit, noise,
    /// no_campaign, normal, negative, clean, genuine, organic, -, and nan, none, null, na, n/a
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = local_path(),
        required_unless_present = "suite", conflicts_with = "suite")]
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

/// How `evaluate` and `diff` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub(crate) enum AnswerFormat {
    #[default]
    Table,
    Json,
    Csv,
}

/// `completions`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

/// The kinds that `explain --kind` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // named as the kinds are
pub(crate) enum KindName {
    Campaign,
    Template,
    Finding,
    Account,
    Request,
}

impl KindName {
    /// The kind meant.
    #[must_use]
    pub(crate) fn kind(self) -> Kind {
        match self {
            KindName::Campaign => Kind::Campaign,
            KindName::Template => Kind::Template,
            KindName::Finding => Kind::Finding,
            KindName::Account => Kind::Account,
            KindName::Request => Kind::Request,
        }
    }
}

/// The verdicts that `--fail-on` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // named as the verdicts are
pub(crate) enum FailOn {
    Lead,
    Likely,
    Strong,
}

impl FailOn {
    /// The verdict meant.
    #[must_use]
    pub(crate) fn verdict(self) -> Verdict {
        match self {
            FailOn::Lead => Verdict::Lead,
            FailOn::Likely => Verdict::Likely,
            FailOn::Strong => Verdict::Strong,
        }
    }
}

/// The tables that `--table` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // named as the tables are
pub(crate) enum TableName {
    Requests,
    Accounts,
    Events,
}

impl TableName {
    /// The table meant.
    #[must_use]
    pub(crate) fn table(self) -> Table {
        match self {
            TableName::Requests => Table::Requests,
            TableName::Accounts => Table::Accounts,
            TableName::Events => Table::Events,
        }
    }
}

/// How `schema` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub(crate) enum SchemaFormat {
    #[default]
    Markdown,
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }
}
