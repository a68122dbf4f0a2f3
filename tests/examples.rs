//! Every example runs, and does what it says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../examples/library.rs"]
mod library;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a script of `examples/` with the program on the search path.
fn script(name: &str, arguments: &[&str]) -> Output {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_stillhunt"));
    let mut path = OsString::from(program.parent().unwrap());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    Command::new("bash")
        .arg(root().join("examples").join(name))
        .args(arguments)
        .env("PATH", path)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_campaign_is_reproduced_and_scored_beside_simple_methods() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let said = text(&script(
        "reproduce_campaign.sh",
        &[out, "tiny", "1", "3001"],
    ));
    assert!(said.contains("campaign tiny: 15 accounts"), "{said}");
    for method in [
        "shared payment",
        "shared address",
        "top volume",
        "keywords",
        "prompt prefix",
    ] {
        assert!(said.contains(&format!("{method}: ")), "{method}\n{said}");
    }
    assert!(said.contains("Requests of the sub-stream"), "{said}");
    assert!(folder.path().join("case/report.html").is_file());
}

#[test]
fn the_suite_measures_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("suite");
    let out = out.to_str().unwrap();
    let arguments = [
        out,
        "3002",
        "--preset",
        "tiny",
        "--scale",
        "0.4",
        "--ablate",
        "content",
        "--format",
        "csv",
        "--progress",
        "never",
    ];
    let first = text(&script("measure.sh", &arguments));
    assert!(
        first.contains("campaign,stillhunt,tiny x0.4,tiny,recall,"),
        "{first}"
    );
    assert!(first.contains("campaign,without content,tiny x0.4,tiny,recall,"));
    assert!(first.contains("population,baseline: top volume,,organic,flagged,"));
    let cell = Path::new(out).join("cells/tiny-x0.4-seed3002.json");
    let made = cell.metadata().unwrap().modified().unwrap();
    assert_eq!(text(&script("measure.sh", &arguments)), first);
    assert_eq!(
        cell.metadata().unwrap().modified().unwrap(),
        made,
        "it was run again"
    );
}

#[test]
fn the_group_tests_are_counted_on_logs_of_one_population() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let said = text(&script(
        "group_tests.sh",
        &[out, "3003", "20", "alone-ci_fleet"],
    ));
    assert!(said.contains("the tables are in"), "{said}");
    let table = std::fs::read_to_string(folder.path().join("alone-ci_fleet.txt")).unwrap();
    let around_the_clock = table
        .split("\n\n")
        .find(|part| part.starts_with("timing/round-the-clock"))
        .unwrap_or_else(|| panic!("{table}"));
    let row: Vec<&str> = around_the_clock
        .lines()
        .find(|line| line.trim_start().starts_with("ci_fleet"))
        .unwrap_or_else(|| panic!("{table}"))
        .split_whitespace()
        .collect();
    assert_eq!(row[1..4], ["20", "20", "20"], "{row:?}");
    // among its own kind a build machine that never sleeps is nothing unusual
    assert!(row[4].parse::<f64>().unwrap() <= 20.0, "{row:?}");
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !names.iter().any(|name| name.starts_with("quiet")),
        "{names:?}"
    );
}

#[test]
fn the_weekly_sweep_speaks_up_with_code_10() {
    let folder = tempfile::tempdir().unwrap();
    let logs = root().join("testdata/demo/requests.parquet");
    let accounts = root().join("testdata/demo/accounts.csv");
    let output = script(
        "weekly_sweep.sh",
        &[
            logs.to_str().unwrap(),
            accounts.to_str().unwrap(),
            folder.path().to_str().unwrap(),
        ],
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(10), "{said}");
    assert!(said.contains("campaigns at likely or above"), "{said}");
}

#[test]
fn a_foreign_export_is_read_through_its_map() {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("export.ndjson");
    let rows: Vec<String> = (0..40)
        .map(|row| {
            serde_json::json!({
                "log": {"received": 1_768_200_000_000_u64 + row * 60_000, "peer": format!("198.51.100.{row}"), "agent": "client/1"},
                "customer": {"number": format!("c{}", row % 5), "credential": "k1"},
                "body": {"engine": "m", "instructions": "", "text": format!("question {row}")},
            })
            .to_string()
        })
        .collect();
    std::fs::write(&export, rows.join("\n")).unwrap();
    let case = folder.path().join("case");
    let said = text(&script(
        "foreign_export.sh",
        &[export.to_str().unwrap(), case.to_str().unwrap()],
    ));
    assert!(said.contains("customer.number"), "{said}");
    let written = std::fs::read_to_string(case.join("case.json")).unwrap();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["coverage"]["rows_used"], 40);
    assert_eq!(written["coverage"]["accounts"], 5);
    let first = written["coverage"]["first_us"].as_i64().unwrap();
    assert_eq!(
        first, 1_768_200_000_000_000,
        "milliseconds were taken for another unit"
    );
}

#[test]
fn the_library_finds_what_the_command_finds() {
    let folder = tempfile::tempdir().unwrap();
    let log = root().join("testdata/demo/requests.parquet");
    let found = library::campaigns(&log, &folder.path().join("case")).unwrap();
    // Without the accounts table there is no payment evidence: templates alone are leads.
    assert!(!found.is_empty());
    assert!(folder.path().join("case/case.json").is_file());
}
