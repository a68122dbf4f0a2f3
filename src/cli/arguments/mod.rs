//! The command line, as clap sees it: commands and their own arguments.

mod evaluate;
mod names;
mod simulate;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::cli::exit;
use crate::cli::shared::{
    DetectionArguments, InputArguments, LossArguments, OutputArguments, PseudonymArguments,
    ReportFormatName, RunArguments, SettingArguments, local_path,
};

pub(crate) use evaluate::{EvaluateArguments, SuiteArguments, TrialArguments};
pub(crate) use names::{AnswerFormat, FailOn, KindName, SchemaFormat, TableName};
pub(crate) use simulate::{KnobArguments, SimulateArguments};

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
    /// Explain a campaign, account, template, finding, request or key of a case, flagged or not
    Explain(ExplainArguments),
    /// Write the files of a case folder again from its case.json, or a pseudonymised copy of it
    Report(ReportArguments),
    /// Compare two cases: which campaigns are new, grown, lowered, shrunk or gone
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
    /// Check pattern packs: their keys, their regular expressions, their examples
    ///
    /// A pack is a TOML file: a table `pack` with `format`, `name`, `version` and `about`, and a
    /// table `rule` for each wording, with `id`, `capability`, `bits`, `source`, `look_alikes`,
    /// `any`, and if wanted `also`, `regex` and `role`, and examples (`positive`, `negative`) that
    /// are tested whenever the pack is loaded. `examples/pattern_pack.toml` explains each key.
    Check {
        /// The packs (TOML); one that takes an id of another is refused
        #[arg(value_name = "FILE", required = true, num_args = 1.., value_hint = ValueHint::FilePath, value_parser = local_path())]
        files: Vec<PathBuf>,
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
    /// Campaign (C-...), template (T-...), finding (F-...), account, request, FILE:ROW of a
    /// request, or KIND:VALUE of a key
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

/// `completions`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
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
