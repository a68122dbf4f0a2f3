//! A case beside an earlier one: `--baseline`, `--fail-on-new` and `diff`, on two weeks of one log.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::path::{Path, PathBuf};
use std::process::Output;

use case_support::*;
use stillhunt::simulate::Format;

struct Weeks {
    _folder: tempfile::TempDir,
    logs: Vec<PathBuf>,
    accounts: String,
    root: PathBuf,
}

impl Weeks {
    /// Two weeks of a network that is banned and replaced all the time; the first is scanned.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        let log = root.join("log");
        let logs = simulate("hydra", 0.002, 9_203, Format::Parquet, 1, &log);
        let weeks = Weeks {
            _folder: folder,
            logs,
            accounts: log.join("accounts.csv").display().to_string(),
            root,
        };
        succeeded(&weeks.scan("first", &["--until", "2026-01-19"]));
        weeks
    }

    fn scan(&self, name: &str, more: &[&str]) -> Output {
        let mut all = vec!["--accounts", &self.accounts];
        all.extend(more);
        scan(&self.logs, &all, &self.root.join(name))
    }

    fn case(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

/// Ids of campaigns at `likely` and above.
fn ids(case: &Path) -> Vec<String> {
    case_json(case)["campaigns"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|campaign| campaign["verdict"] != "lead")
        .map(|campaign| campaign["id"].as_str().unwrap().to_owned())
        .collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn the_next_week_says_what_is_new_and_keeps_the_ids() {
    let weeks = Weeks::new();
    let first = weeks.case("first");
    let baseline = first.display().to_string();
    let before = ids(&first);
    assert_eq!(before.len(), 1, "{before:?}");

    // The week after, a part of the accounts replaced: the campaign keeps its id and has grown.
    let second = weeks.scan(
        "second",
        &[
            "--since",
            "2026-01-19",
            "--baseline",
            &baseline,
            "--fail-on-new",
        ],
    );
    assert_eq!(
        code(&second),
        11,
        "{}",
        String::from_utf8_lossy(&second.stderr)
    );
    assert_eq!(ids(&weeks.case("second")), before);
    let case = case_json(&weeks.case("second"));
    let change = &case["comparison"]["changes"][0];
    assert_eq!(change["state"], "grown");
    assert_eq!(change["before_id"], before[0].as_str());
    let joined = change["joined"].as_array().unwrap().len();
    let left = change["left"].as_array().unwrap().len();
    assert!(joined > 3 && left > 3, "{joined} joined, {left} left");
    let old = case_json(&first)["campaigns"][0]["members"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(
        change["accounts"].as_u64().unwrap() as usize,
        old + joined - left
    );
    let table = std::fs::read_to_string(weeks.case("second").join("changes.csv")).unwrap();
    assert!(table.contains("\ngrown,"), "{table}");
    let page = std::fs::read_to_string(weeks.case("second").join("report.html")).unwrap();
    assert!(page.contains("Since the baseline"));

    // The same log again: nothing is new.
    let again = weeks.scan(
        "again",
        &[
            "--until",
            "2026-01-19",
            "--baseline",
            &baseline,
            "--fail-on-new=lead",
        ],
    );
    succeeded(&again);
    assert_eq!(ids(&weeks.case("again")), before);

    let diff = |old: &str, new: &str, more: &[&str]| {
        program()
            .arg("diff")
            .arg(weeks.case(old))
            .arg(weeks.case(new))
            .args(more)
            .output()
            .unwrap()
    };
    let table = diff("first", "second", &[]);
    succeeded(&table);
    assert!(String::from_utf8_lossy(&table.stdout).contains("1 grown"));
    assert_eq!(code(&diff("first", "second", &["--fail-on-new"])), 11);
    assert_eq!(code(&diff("first", "again", &["--fail-on-new=lead"])), 0);
    let json = diff("second", "first", &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["changes"][0]["joined"].as_array().unwrap().len(), left);
    assert_eq!(code(&diff("first", "log", &[])), 2);
}

#[test]
fn a_baseline_that_is_no_case_stops_the_run_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.csv");
    std::fs::write(&log, "timestamp,account_id\n2026-01-01T00:00:00Z,a\n").unwrap();
    let missing = folder.path().join("nothing").display().to_string();
    let out = folder.path().join("case");
    let output = scan(std::slice::from_ref(&log), &["--baseline", &missing], &out);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is this a case folder?"));
    assert!(!out.exists());
    let output = scan(&[log], &["--fail-on-new"], &out);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--baseline"));
}
