//! Suppressions from the command line, on the demo log.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::fs;
use std::path::Path;
use std::process::Output;

use case_support::*;
use serde_json::Value;
use stillhunt::cli::exit;

fn demo(name: &str) -> String {
    format!("{}/testdata/demo/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn scan_demo(more: &[&str], out: &Path) -> Output {
    program()
        .arg("scan")
        .arg(demo("requests.parquet"))
        .args(["--accounts", &demo("accounts.csv")])
        .args(more)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap()
}

fn entry(scope: &str, expires: &str) -> String {
    format!(
        "[[suppress]]\ndetector = \"*\"\n{scope}\nreason = \"a test\"\nauthor = \"R. Reviewer\"\nexpires = {expires}\n"
    )
}

#[test]
fn a_suppressed_campaign_is_hidden_counted_and_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    succeeded(&scan_demo(&[], &at("plain")));
    let plain = case_json(&at("plain"));
    let id = plain["campaigns"][0]["id"].as_str().unwrap();
    let file = at("suppressions.toml");
    fs::write(
        &file,
        [
            entry(&format!("campaign = \"{id}\""), "2026-01-18"),
            entry("campaign = \"C-none\"", "2026-12-31"),
            entry(&format!("campaign = \"{id}\""), "2026-01-17"),
        ]
        .concat(),
    )
    .unwrap();
    let file = file.to_str().unwrap();

    // Hidden: the exit code is quiet, every output counts it.
    let hidden = scan_demo(&["--suppress", file, "--fail-on", "lead"], &at("hidden"));
    succeeded(&hidden);
    let case = case_json(&at("hidden"));
    assert_eq!(case["campaigns"], Value::Array(Vec::new()));
    assert_eq!(case["suppressed_campaigns"][0]["id"], id);
    assert_eq!(case["suppressed_campaigns"][0]["lines"][0], 1);
    let states: Vec<&str> = case["suppressions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["applied", "unmatched", "expired"]);
    let screen = String::from_utf8(hidden.stdout).unwrap();
    for words in ["suppressed", "1 campaign", "matched nothing", "expired"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    for name in ["report.html", "report.md", "suppressions.csv"] {
        let text = fs::read_to_string(at("hidden").join(name)).unwrap();
        assert!(text.contains("a test"), "{name}");
    }
    let requests = fs::metadata(at("hidden").join("requests.parquet")).unwrap();
    let all = fs::metadata(at("plain").join("requests.parquet")).unwrap();
    assert!(requests.len() < all.len());
    assert_eq!(table(&at("hidden"), "accounts.csv", &[]).len(), 1);

    // Beside the case that shows it: gone, and why.
    let before = at("plain");
    let again = scan_demo(
        &["--suppress", file, "--baseline", before.to_str().unwrap()],
        &at("again"),
    );
    succeeded(&again);
    let change = &case_json(&at("again"))["comparison"]["changes"][0];
    assert_eq!(change["state"], "gone");
    assert!(change["because"].as_str().unwrap().contains("line 1"));

    // Asked about: said, not denied.
    let explain = program()
        .arg("explain")
        .arg(at("hidden"))
        .arg(id)
        .output()
        .unwrap();
    assert_eq!(explain.status.code(), Some(i32::from(exit::USAGE)));
    let message = String::from_utf8(explain.stderr).unwrap();
    assert!(message.contains("is suppressed by line 1"), "{message}");
    let member = plain["campaigns"][0]["members"][0]["account_id"]
        .as_str()
        .unwrap();
    let explain = program()
        .arg("explain")
        .arg(at("hidden"))
        .arg(member)
        .output()
        .unwrap();
    succeeded(&explain);
    let text = String::from_utf8(explain.stdout).unwrap();
    assert!(text.contains("suppressed"), "{text}");

    // Shown: as without the file, but for the list of entries.
    let shown = scan_demo(
        &["--suppress", file, "--no-suppress", "--fail-on", "likely"],
        &at("shown"),
    );
    assert_eq!(shown.status.code(), Some(i32::from(exit::FOUND)));
    let left_out = ["suppressions"];
    assert_eq!(
        without(case_json(&at("shown")), &left_out),
        without(plain, &left_out)
    );
}

#[test]
fn a_mistake_in_the_file_stops_the_run_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suppressions.toml");
    for (text, words) in [
        (
            entry("campain = \"C-1\"", "2026-01-01"),
            "line 3: unknown field",
        ),
        (
            entry("", "2026-01-01"),
            "line 1: an entry names exactly one",
        ),
        (entry("accounts = \"**\"", "2026-01-01"), "hide everything"),
    ] {
        fs::write(&file, text).unwrap();
        let out = folder.path().join("case");
        let output = scan_demo(&["--suppress", file.to_str().unwrap()], &out);
        assert_eq!(output.status.code(), Some(i32::from(exit::USAGE)));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(words), "{message}");
        assert!(!out.exists());
    }
    let output = scan_demo(&["--suppress", "/nonexistent"], &folder.path().join("case"));
    assert_eq!(output.status.code(), Some(i32::from(exit::USAGE)));
}

#[test]
fn the_example_file_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let example = format!("{}/examples/suppressions.toml", env!("CARGO_MANIFEST_DIR"));
    let output = scan_demo(&["--suppress", &example], &folder.path().join("case"));
    succeeded(&output);
    let case = case_json(&folder.path().join("case"));
    assert_eq!(case["suppressions"].as_array().unwrap().len(), 2);
}
