//! Pseudonymised cases from the command line: nothing of the log's names is left in the
//! folder, a copy of a case says the same as a scan, and options are held together.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::collections::BTreeSet;
use std::path::Path;

use case_support::*;
use serde_json::Value;

const LOGS: &str = "testdata/demo/requests.parquet";
const ACCOUNTS: &str = "testdata/demo/accounts.csv";
const EVENTS: &str = "testdata/demo/events.csv";

fn scan_demo(out: &Path, more: &[&str]) {
    let output = program()
        .args(["scan", LOGS, "--accounts", ACCOUNTS, "--events", EVENTS])
        .args(["--quiet", "--out"])
        .arg(out)
        .args(more)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    succeeded(&output);
}

fn case_of(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("case.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Everything that names someone in the demo's accounts table.
fn names_in_accounts() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(ACCOUNTS);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut names = BTreeSet::new();
    for record in reader.records() {
        let record = record.unwrap();
        for (column, value) in header.iter().zip(&record) {
            let telling = [
                "account_id",
                "email",
                "phone",
                "payment_id",
                "org_name",
                "signup_ip",
            ];
            if telling.contains(&column) && value.len() > 3 {
                names.insert(value.to_owned());
            }
        }
    }
    assert!(names.len() > 439);
    names
}

#[test]
fn a_pseudonymised_scan_holds_no_name_and_equals_the_copy_of_a_case() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let key = at("key");
    let (scanned, plain, copy) = (at("scanned"), at("plain"), at("copy"));
    scan_demo(
        &scanned,
        &["--pseudonymize", "--pseudonym-key", key.to_str().unwrap()],
    );
    scan_demo(&plain, &[]);
    let output = program()
        .arg("report")
        .arg(&plain)
        .args(["--pseudonymize", "--pseudonym-key"])
        .arg(&key)
        .arg("--out")
        .arg(&copy)
        .output()
        .unwrap();
    succeeded(&output);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("key.copy.mapping.jsonl"), "{said}");

    let names = names_in_accounts();
    for case in [&scanned, &copy] {
        assert!(!case.join("digest").exists());
        for entry in std::fs::read_dir(case).unwrap() {
            let path = entry.unwrap().path();
            // Parquet is compressed here and there; the tests of the writers decode it
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            for name in names.iter().map(String::as_str).chain(["testdata"]) {
                assert!(!text.contains(name), "{name} in {}", path.display());
            }
        }
        let output = program().arg("verify").arg(case).output().unwrap();
        succeeded(&output);
    }
    let members = |case: &Path| -> Vec<(String, u64)> {
        let case = case_of(case);
        let campaigns = case["campaigns"].as_array().unwrap().clone();
        let members = campaigns
            .iter()
            .flat_map(|campaign| campaign["members"].as_array().unwrap().clone());
        members
            .map(|member| {
                let id = member["account_id"].as_str().unwrap().to_owned();
                (id, member["requests"].as_u64().unwrap())
            })
            .collect()
    };
    assert_eq!(members(&scanned).len(), members(&plain).len());
    let sorted = |case: &Path| members(case).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&scanned), sorted(&copy));
    assert!(sorted(&plain).is_disjoint(&sorted(&copy)));

    // the mapping leads back to the accounts of the plain case
    let mapping = std::fs::read_to_string(at("key.scanned.mapping.jsonl")).unwrap();
    for (id, _) in members(&plain) {
        assert!(mapping.contains(&format!("\"original\":\"{id}\"")), "{id}");
    }
}

#[test]
fn options_that_belong_together_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    let out = out.to_str().unwrap();
    let inside = format!("{out}/key");
    for arguments in [
        vec!["scan", LOGS, "--out", out, "--pseudonymize"],
        vec!["scan", LOGS, "--out", out, "--pseudonym-key", "key"],
        vec![
            "scan",
            LOGS,
            "--out",
            out,
            "--pseudonymize",
            "--pseudonym-key",
            &inside,
        ],
        vec!["report", out, "--pseudonymize", "--pseudonym-key", "key"],
        vec!["report", out, "--out", "elsewhere"],
        vec!["report", out, "--format", "docx"],
    ] {
        let output = program()
            .args(&arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!Path::new(out).exists());
    }
}
