//! The end-of-run screen as people get it: in a pipe, on a terminal, and with `NO_COLOR`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod case_support;

use std::path::Path;
use std::process::Command;

use case_support::program;

/// The demo scan as words of a shell command that shows the screen and nothing else.
fn demo_scan(out: &Path) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo");
    let file = |name: &str| format!("'{}'", data.join(name).display());
    format!(
        "'{}' scan {} --accounts {} --events {} --force --out '{}' 2>/dev/null",
        program().get_program().to_str().unwrap(),
        file("requests.parquet"),
        file("accounts.csv"),
        file("events.csv"),
        out.display()
    )
}

/// What the screen says in a pipe.
fn piped(out: &Path) -> String {
    let output = Command::new("sh")
        .args(["-c", &demo_scan(out)])
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What it says on a terminal, with these settings; `None` where none can be made.
fn on_a_terminal(out: &Path, settings: &[(&str, &str)]) -> Option<String> {
    let known = Command::new("script").arg("--version").output();
    if !known.is_ok_and(|known| String::from_utf8_lossy(&known.stdout).contains("util-linux")) {
        eprintln!("SKIPPED: `script` of util-linux, which makes a terminal, is not installed");
        return None;
    }
    let output = Command::new("script")
        .args([
            "--quiet",
            "--return",
            "--command",
            &demo_scan(out),
            "/dev/null",
        ])
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .envs(settings.iter().copied())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.replace("\r\n", "\n"))
}

/// The text without "select graphic rendition" sequences, and how many there were.
fn without_colours(text: &str) -> (String, usize) {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap().to_owned();
    let mut sequences = 0;
    for part in parts {
        let (parameters, rest) = part.split_once('m').expect("only colours");
        assert!(
            parameters
                .chars()
                .all(|letter| letter.is_ascii_digit() || letter == ';'),
            "only colours, not {parameters:?}"
        );
        plain.push_str(rest);
        sequences += 1;
    }
    (plain, sequences)
}

#[test]
fn a_pipe_gets_plain_lines_of_at_most_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    let text = piped(&folder.path().join("case"));
    assert!(text.contains("campaigns   1 likely"), "{text}");
    for line in text.lines() {
        // paths are there to be copied and are never cut
        let is_path = line.contains(folder.path().to_str().unwrap());
        assert!(line.chars().count() <= 80 || is_path, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[test]
fn a_terminal_gets_colours_that_say_nothing_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    let Some(coloured) = on_a_terminal(&case, &[]) else {
        return;
    };
    let (words, sequences) = without_colours(&coloured);
    assert!(sequences > 4, "{coloured:?}");
    let lines = |text: &str| {
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&words), lines(&piped(&case)));
}

#[test]
fn colours_can_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    for setting in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let Some(text) = on_a_terminal(&case, &[setting]) else {
            return;
        };
        assert_eq!(text, piped(&case), "{setting:?}");
    }
}
