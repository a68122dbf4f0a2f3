//! The documents say what the program does: commands, exit codes, settings, and the
//! commands that the continuous integration runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)]

use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_command_is_named_in_the_readme() {
    let readme = read("README.md");
    for command in stillhunt::cli::command().get_subcommands() {
        let row = format!("\n| `{}", command.get_name());
        assert!(
            readme.contains(&row),
            "README.md has no row for `{}`",
            command.get_name()
        );
    }
}

#[test]
fn the_readme_names_no_command_that_does_not_exist() {
    let readme = read("README.md");
    let known = stillhunt::cli::command();
    let commands = section(&readme, "## Commands");
    let rows = commands.lines().filter_map(|line| line.strip_prefix("| `"));
    for row in rows {
        let name = row.split(['`', ' ']).next().unwrap();
        assert!(
            known.find_subcommand(name).is_some(),
            "README.md: `{name}` is no command"
        );
    }
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_program() {
    let readme = read("README.md");
    let rows: Vec<&str> = section(&readme, "## Exit codes")
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| code"))
        .collect();
    let expected: Vec<String> = stillhunt::cli::exit::TABLE
        .iter()
        .map(|(code, meaning)| format!("| {code} | {meaning} |"))
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn every_setting_has_a_comment() {
    // A comment may stand for the settings that follow it directly, up to an empty line
    // or the next comment; a setting without one above it is not explained.
    let mut explained = false;
    let mut settings = 0;
    for (number, line) in stillhunt::config::DEFAULTS.lines().enumerate() {
        match line.trim() {
            "" => explained = false,
            heading if heading.starts_with('[') => explained = false,
            comment if comment.starts_with('#') => explained = comment.len() > 10 || explained,
            setting => {
                settings += 1;
                assert!(
                    explained,
                    "defaults.toml:{}: `{setting}` has no comment",
                    number + 1
                );
            }
        }
    }
    let parsed: toml::Table = stillhunt::config::DEFAULTS.parse().unwrap();
    let all: usize = parsed
        .values()
        .map(|section| section.as_table().unwrap().len())
        .sum();
    assert_eq!(settings, all, "a setting was not seen");
}

#[test]
fn the_first_screen_holds_the_two_commands_that_ci_runs() {
    let readme = read("README.md");
    let first_screen: String = readme.lines().take(40).collect::<Vec<_>>().join("\n");
    assert!(
        first_screen.contains("\ncargo run -- scan testdata/"),
        "{first_screen}"
    );
    assert!(first_screen.contains("\ncargo test\n"), "{first_screen}");
    // `.ci/run` takes the main job from the README and runs the same test command.
    let ci = read(".ci/run");
    assert!(ci.contains("grep -m1 '^cargo run -- scan' README.md"));
    assert!(ci.contains("grep -m1 '^cargo test' README.md"));
}

/// The text below a heading, up to the next one of the same level.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let start = text
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("README.md has no `{heading}`"));
    let body = &text[start + heading.len() + 2..];
    body.find("\n## ").map_or(body, |end| &body[..end])
}
