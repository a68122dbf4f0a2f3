//! The program from outside: help, answers, mistakes and their exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)]

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};

fn stillhunt(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::new(cargo_bin!("stillhunt"))
        .args(arguments)
        .assert()
}

#[test]
fn the_help_of_every_command_lists_its_options_with_a_text() {
    for command in stillhunt::cli::command().get_subcommands() {
        let assert = stillhunt(&[command.get_name(), "--help"]).success();
        let help = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        let about = command.get_about().unwrap().to_string();
        assert!(help.starts_with(&about), "{}: {help}", command.get_name());
        for argument in command.get_arguments() {
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
    let mut assert = stillhunt(&["scan", "--help"]).success();
    for heading in ["Input:", "Detection:", "Output:", "Exit code:", "Run:"] {
        assert = assert.stdout(contains(format!("\n{heading}\n")));
    }
}

#[test]
fn version_and_help_are_answers_on_standard_output() {
    stillhunt(&["--version"])
        .success()
        .stdout(format!("stillhunt {}\n", env!("CARGO_PKG_VERSION")));
    stillhunt(&["--help"])
        .success()
        .stdout(contains("Exit codes:"));
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
        stillhunt(arguments)
            .code(i32::from(stillhunt::cli::exit::USAGE))
            .stdout("")
            .stderr(starts_with("error: ").and(contains(*text)));
    }
}

#[test]
fn an_unknown_setting_is_named_with_its_file_and_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "[network]\nhub_degre = 3\n").unwrap();
    let path = path.to_str().unwrap();
    stillhunt(&["scan", "a.csv", "--out", "x", "--config", path])
        .code(2)
        .stderr(format!(
            "error: {path}: unknown setting `network.hub_degre`; did you mean `hub_degree`?\n"
        ));
}

#[test]
fn the_printed_settings_are_accepted_again() {
    let printed = stillhunt(&["config"]).success().get_output().stdout.clone();
    let text = String::from_utf8(printed).unwrap();
    let config = stillhunt::config::overlay::overlay(&text, "printed").unwrap();
    assert_eq!(config, stillhunt::config::Config::default());
}

#[test]
fn the_schema_names_every_column_in_both_forms() {
    use stillhunt::model::column::Table;
    let markdown = stillhunt(&["schema"]).success().get_output().stdout.clone();
    let markdown = String::from_utf8(markdown).unwrap();
    let json = stillhunt(&["schema", "--format", "json"])
        .success()
        .get_output()
        .stdout
        .clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
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
    stillhunt(&["schema", "--table", "events"])
        .success()
        .stdout(contains("## events").and(contains("## requests").not()));
}

#[test]
fn completions_come_for_every_shell_and_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        stillhunt(&["completions", shell])
            .success()
            .stdout(contains("inspect").and(contains("max-rejects")));
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::{Command, Stdio};
    // The pipe is closed before the program starts to write.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = Command::new(cargo_bin!("stillhunt"))
        .arg("schema")
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
