//! The program from outside: help, answers, mistakes and their exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)]

use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stillhunt");

/// What one run of the program gave.
struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn stillhunt(arguments: &[&str]) -> Answer {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Answer {
    #[track_caller]
    fn success(self) -> Self {
        self.exits_with(0)
    }

    #[track_caller]
    fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "{text} is not in: {}",
            self.stdout
        );
        self
    }
}

#[test]
fn the_help_of_every_command_lists_its_options_with_a_text() {
    for command in stillhunt::cli::command().get_subcommands() {
        let help = stillhunt(&[command.get_name(), "--help"]).success().stdout;
        let about = command.get_about().unwrap().to_string();
        assert!(help.starts_with(&about), "{}: {help}", command.get_name());
        for argument in command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set())
        {
            if let Some(long) = argument.get_long() {
                assert!(
                    help.contains(&format!("--{long}")),
                    "{} --{long}",
                    command.get_name()
                );
            }
            let text = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                text.len() > 5,
                "{} {}: no help",
                command.get_name(),
                argument.get_id()
            );
        }
    }
}

#[test]
fn scan_groups_its_options() {
    let mut answer = stillhunt(&["scan", "--help"]).success();
    for heading in ["Input:", "Detection:", "Output:", "Exit code:", "Run:"] {
        answer = answer.says(&format!("\n{heading}\n"));
    }
}

#[test]
fn version_and_help_are_answers_on_standard_output() {
    let version = stillhunt(&["--version"]).success().stdout;
    assert_eq!(
        version,
        format!("stillhunt {}\n", env!("CARGO_PKG_VERSION"))
    );
    stillhunt(&["--help"]).success().says("Exit codes:");
}

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_leave_standard_output_empty() {
    let cases: &[(&[&str], &str)] = &[
        (&["scna"], "scan"),
        (&["scan"], "--out <DIR>"),
        (&["scan", "a.csv"], "--out <DIR>"),
        (&["scan", "--out", "x"], "<LOGS>"),
        (
            &["scan", "a.csv", "--out", "x", "--digests", "d"],
            "--digests",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--since", "yesterday"],
            "2026-02-10T02:11:07Z",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--since", "2026-02-30"],
            "--since",
        ),
        (
            &[
                "scan",
                "a.csv",
                "--out",
                "x",
                "--since",
                "2026-02-03",
                "--until",
                "2026-02-02",
            ],
            "--since (2026-02-03 00:00) must be before --until (2026-02-02 00:00)",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--only", "no/such"],
            "no detector or family is called `no/such`",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--skip", "no-such"],
            "--skip: no detector or family",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--fail-on", "maybe"],
            "likely",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--max-rejects", "101"],
            "0 to 100",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--memory", "1KiB"],
            "64MiB",
        ),
        (
            &["scan", "a.csv", "--out", "x", "--threads", "0"],
            "--threads",
        ),
        (&["scan", "a.csv", "--out", "x", "--threads", "4000"], "256"),
        (&["scan", "s3://bucket/a.csv", "--out", "x"], "offline"),
        (
            &["scan", "a.csv", "--out", "x", "--config", "no/such.toml"],
            "no/such.toml",
        ),
        (&["detectors", "no/such"], "no detector is called `no/such`"),
        (&["schema", "--table", "answers"], "requests"),
        (&["completions", "cmd"], "bash"),
    ];
    for (arguments, text) in cases {
        let answer = stillhunt(arguments).exits_with(i32::from(stillhunt::cli::exit::USAGE));
        assert_eq!(answer.stdout, "", "{arguments:?}");
        assert!(
            answer.stderr.starts_with("error: ") && answer.stderr.contains(text),
            "{arguments:?}: {}",
            answer.stderr
        );
    }
}

#[test]
fn an_unknown_setting_is_named_with_its_file_and_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "[network]\nhub_degre = 3\n").unwrap();
    let path = path.to_str().unwrap();
    let answer = stillhunt(&["scan", "a.csv", "--out", "x", "--config", path]).exits_with(2);
    assert_eq!(
        answer.stderr,
        format!("error: {path}: unknown setting `network.hub_degre`; did you mean `hub_degree`?\n")
    );
}

#[test]
fn the_printed_settings_are_accepted_again() {
    let text = stillhunt(&["config"]).success().stdout;
    let config = stillhunt::config::overlay::overlay(&text, "printed").unwrap();
    assert_eq!(config, stillhunt::config::Config::default());
}

#[test]
fn the_schema_names_every_column_in_both_forms() {
    use stillhunt::model::column::Table;
    let markdown = stillhunt(&["schema"]).success().stdout;
    let json = stillhunt(&["schema", "--format", "json"]).success().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    for (number, table) in [Table::Requests, Table::Accounts, Table::Events]
        .iter()
        .enumerate()
    {
        assert!(markdown.contains(&format!("## {}\n", table.name())));
        assert_eq!(json[number]["table"], table.name());
        for (position, column) in table.columns().iter().enumerate() {
            assert!(
                markdown.contains(&format!("| `{}` |", column.name)),
                "{}",
                column.name
            );
            assert_eq!(json[number]["columns"][position]["name"], column.name);
        }
    }
    let events = stillhunt(&["schema", "--table", "events"])
        .success()
        .says("## events");
    assert!(!events.stdout.contains("## requests"));
}

#[test]
fn completions_come_for_every_shell_and_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        stillhunt(&["completions", shell])
            .success()
            .says("inspect")
            .says("max-rejects");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    // The pipe is closed before the program starts to write.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = Command::new(PROGRAM)
        .arg("schema")
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
