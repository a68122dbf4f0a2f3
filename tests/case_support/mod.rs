//! What the tests of whole runs share: a log to scan, the program, a case as bytes.
#![allow(dead_code, unreachable_pub)] // each test file uses its own part

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use stillhunt::model::progress::Silent;
use stillhunt::simulate::{Format, SimulateOptions, preset, write};

/// Writes a simulated log and names its request files, in order of time.
pub fn simulate(
    name: &str,
    scale: f64,
    seed: u64,
    format: Format,
    files: u32,
    out: &Path,
) -> Vec<PathBuf> {
    let scenario = preset(name, scale, seed).unwrap();
    let options = SimulateOptions {
        out: out.to_path_buf(),
        format,
        files,
        ..SimulateOptions::default()
    };
    write(&scenario, &options, &Silent).unwrap().files
}

/// The program as it was built for this test run.
pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_stillhunt"))
}

/// One scan, quiet; `more` are further arguments.
pub fn scan(logs: &[PathBuf], more: &[&str], out: &Path) -> Output {
    program()
        .arg("scan")
        .args(logs)
        .args(more)
        .arg("--quiet")
        .arg("--out")
        .arg(out)
        .output()
        .unwrap()
}

/// Stops the test with what the program said, unless it was content.
pub fn succeeded(output: &Output) {
    assert!(
        output.status.success(),
        "{:?}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A scan that must succeed.
pub fn scan_well(logs: &[PathBuf], more: &[&str], out: &Path) {
    succeeded(&scan(logs, more, out));
}

/// Every file below a folder with its bytes, but for the two that describe the run itself.
pub fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, files);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if name != "manifest.json" && name != "run.log" {
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    files
}

/// The same files with the same bytes.
pub fn assert_same_case(left: &Path, right: &Path, what: &str) {
    let (left, right) = (files_of(left), files_of(right));
    assert!(
        left.contains_key("case.json") && left.contains_key("SHA256SUMS"),
        "{what}: no case"
    );
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&left), names(&right), "{what}: files");
    let differing: Vec<&String> = left
        .iter()
        .filter(|(name, bytes)| right.get(*name) != Some(*bytes))
        .map(|(name, _)| name)
        .collect();
    assert!(
        differing.is_empty(),
        "{what}: bytes differ in {differing:?}"
    );
}

/// `case.json` of a case.
pub fn case_json(case: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(case.join("case.json")).unwrap()).unwrap()
}

/// A count of the coverage of a case.
pub fn count(case: &Value, name: &str) -> u64 {
    case["coverage"][name].as_u64().unwrap()
}

/// read = used + rejected + outside the window, for the whole and for each file.
pub fn assert_reconciles(case: &Value) {
    let holds = |counts: &Value| {
        let number = |name: &str| counts[name].as_u64().unwrap();
        assert_eq!(
            number("rows_read"),
            number("rows_used") + number("rows_rejected") + number("rows_outside_window"),
            "{counts}"
        );
    };
    holds(&case["coverage"]);
    let inputs = case["coverage"]["inputs"].as_array().unwrap();
    assert!(!inputs.is_empty());
    inputs.iter().for_each(holds);
    for name in ["rows_read", "rows_used", "rows_rejected"] {
        let sum: u64 = inputs.iter().map(|one| one[name].as_u64().unwrap()).sum();
        assert_eq!(sum, count(case, name), "{name}");
    }
}

/// Takes these fields out of a JSON value, at any depth.
pub fn without(mut value: Value, fields: &[&str]) -> Value {
    fn strip(value: &mut Value, fields: &[&str]) {
        match value {
            Value::Object(map) => {
                map.retain(|name, _| !fields.contains(&name.as_str()));
                map.values_mut().for_each(|value| strip(value, fields));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| strip(value, fields)),
            _ => {}
        }
    }
    strip(&mut value, fields);
    value
}

/// A CSV of a case without these columns, header first.
pub fn table(case: &Path, name: &str, left_out: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(case.join(name))
        .unwrap();
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect())
        .collect();
    let kept: Vec<bool> = rows[0]
        .iter()
        .map(|column| !left_out.contains(&column.as_str()))
        .collect();
    assert_eq!(
        kept.iter().filter(|kept| !**kept).count(),
        left_out.len(),
        "{name} lacks one of {left_out:?}"
    );
    rows.iter()
        .map(|row| {
            row.iter()
                .zip(&kept)
                .filter(|(_, kept)| **kept)
                .map(|(cell, _)| cell.clone())
                .collect()
        })
        .collect()
}
