//! Known answers on the logs in `testdata/`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn scan(arguments: &[&str], out: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_stillhunt"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("scan")
        .args(arguments)
        .args(["--progress", "never", "--out"])
        .arg(out)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn column(
    path: &Path,
    wanted: &str,
    keep: impl Fn(&dyn Fn(&str) -> String) -> bool,
) -> BTreeSet<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut found = BTreeSet::new();
    for record in reader.records() {
        let record = record.unwrap();
        let cell = |name: &str| {
            let position = header.iter().position(|column| column == name).unwrap();
            record.get(position).unwrap().to_owned()
        };
        if keep(&cell) {
            found.insert(cell(wanted));
        }
    }
    found
}

#[test]
fn the_planted_network_and_nobody_else_is_likely_or_above() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    let arguments = [
        "testdata/demo/requests.parquet",
        "--accounts",
        "testdata/demo/accounts.csv",
        "--events",
        "testdata/demo/events.csv",
    ];
    let screen = scan(&arguments, &case);
    let truth = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo/truth_accounts.csv");
    let planted = column(&truth, "account_id", |cell| !cell("campaign").is_empty());
    let flagged = column(&case.join("accounts.csv"), "account_id", |cell| {
        cell("verdict") != "lead"
    });
    assert_eq!(planted.len(), 15);
    assert_eq!(flagged, planted);
    assert!(screen.contains("A score is a lead, not proof."), "{screen}");
    // What the README shows is what the program prints.
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let line = screen
        .lines()
        .find(|line| line.contains("rows read"))
        .unwrap();
    assert!(
        readme.contains(line.trim()),
        "the README does not show: {line}"
    );
}

/// Scans a folder of `testdata` with its accounts and events; the parsed `case.json`.
fn case_of(name: &str, requests: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    let file = |file: &str| format!("testdata/{name}/{file}");
    scan(
        &[
            &file(requests),
            "--accounts",
            &file("accounts.csv"),
            "--events",
            &file("events.csv"),
        ],
        &case,
    );
    serde_json::from_str(&std::fs::read_to_string(case.join("case.json")).unwrap()).unwrap()
}

fn verdicts(case: &serde_json::Value) -> Vec<&str> {
    let campaigns = case["campaigns"].as_array().unwrap();
    campaigns
        .iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect()
}

#[test]
fn quiet_traffic_has_no_campaign() {
    let case = case_of("quiet", "requests.csv.gz");
    assert_eq!(case["coverage"]["rows_used"], 9_699);
    assert_eq!(case["coverage"]["rows_rejected"], 0);
    assert_eq!(verdicts(&case), Vec::<&str>::new());
}

#[test]
fn look_alikes_stay_below_likely() {
    let case = case_of("look-alikes", "requests.ndjson.zst");
    let truth =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/look-alikes/truth_accounts.csv");
    let populations = column(&truth, "population", |_| true);
    assert_eq!(populations.len(), 19, "{populations:?}");
    assert_eq!(case["coverage"]["rows_used"], 47_327);
    // They do look alike: prompts are shared, and a payer is; that is seen and makes no campaign.
    assert!(case["templates"].as_array().unwrap().len() >= 5);
    assert!(
        verdicts(&case).iter().all(|verdict| *verdict == "lead"),
        "{:?}",
        verdicts(&case)
    );
}

#[test]
fn hostile_rows_are_counted_and_located() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    scan(&["testdata/hostile/requests.ndjson"], &case);
    let rows = column(&case.join("rejects.csv"), "row", |cell| {
        cell("scope") == "row"
    });
    assert_eq!(
        rows,
        ["10", "2", "3", "4", "6", "7", "9"]
            .map(str::to_owned)
            .into()
    );
    let cells = column(&case.join("rejects.csv"), "column", |cell| {
        cell("scope") == "cell"
    });
    assert_eq!(cells, ["output_tokens".to_owned()].into());
    let text = std::fs::read_to_string(case.join("case.json")).unwrap();
    let case: serde_json::Value = serde_json::from_str(&text).unwrap();
    let count = |name: &str| case["coverage"][name].as_u64().unwrap();
    assert_eq!(count("rows_read"), 10);
    assert_eq!(
        count("rows_read"),
        count("rows_used") + count("rows_rejected") + count("rows_outside_window")
    );
}
