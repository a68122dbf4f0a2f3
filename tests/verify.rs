//! A case can be checked again, with this program and with `sha256sum`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod case_support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use case_support::*;
use stillhunt::cli::exit;
use stillhunt::simulate::Format;

fn verify(case: &Path) -> Output {
    program().arg("verify").arg(case).output().unwrap()
}

fn fails(case: &Path, named: &str) {
    let output = verify(case);
    assert_eq!(
        output.status.code(),
        Some(i32::from(exit::VERIFICATION)),
        "{named}"
    );
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains(named) && text.contains("error: "), "{text}");
}

#[test]
fn a_case_verifies_until_one_byte_of_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let log = simulate(
        "tiny",
        0.1,
        53,
        Format::Ndjson,
        2,
        &folder.path().join("log"),
    );
    let case = folder.path().join("case");
    scan_well(&log, &[], &case);
    succeeded(&verify(&case));

    let names: Vec<String> = files_of(&case).into_keys().collect();
    assert!(names.iter().any(|name| name.starts_with("digest/")));
    for name in names.iter().filter(|name| *name != "SHA256SUMS") {
        let path = case.join(name);
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.is_empty(), "{name} is empty");
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(&path, changed).unwrap();
        fails(&case, name);
        fs::write(&path, bytes).unwrap();
    }
    succeeded(&verify(&case));

    let report = fs::read(case.join("report.md")).unwrap();
    fs::remove_file(case.join("report.md")).unwrap();
    fails(&case, "report.md");
    fs::write(case.join("report.md"), report).unwrap();

    fs::write(case.join("extra.txt"), "x").unwrap();
    fails(&case, "extra.txt");
    fs::remove_file(case.join("extra.txt")).unwrap();

    let input = fs::read(&log[1]).unwrap();
    let mut changed = input.clone();
    changed[20] ^= 1;
    fs::write(&log[1], changed).unwrap();
    fails(&case, log[1].file_name().unwrap().to_str().unwrap());
    fs::write(&log[1], input).unwrap();
    succeeded(&verify(&case));
}

#[test]
fn sha256sum_accepts_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let log = simulate("tiny", 0.1, 59, Format::Csv, 1, &folder.path().join("log"));
    let case = folder.path().join("case");
    scan_well(&log, &[], &case);
    let check = || {
        Command::new("sha256sum")
            .args(["--check", "--strict", "SHA256SUMS"])
            .current_dir(&case)
            .output()
    };
    let Ok(output) = check() else {
        println!("skipped: sha256sum is not installed");
        return;
    };
    succeeded(&output);
    let listed = String::from_utf8(output.stdout).unwrap().lines().count();
    assert_eq!(listed, files_of(&case).len() - 1, "all files but the list");
    fs::write(case.join("hubs.csv"), "other").unwrap();
    assert!(!check().unwrap().status.success());
}

#[test]
fn a_folder_that_is_no_case_is_a_mistake_and_not_a_changed_case() {
    let folder = tempfile::tempdir().unwrap();
    let output = verify(folder.path());
    assert_eq!(output.status.code(), Some(i32::from(exit::USAGE)));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("no case folder"), "{text}");
}

#[test]
fn inputs_that_moved_are_found_where_one_says() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old");
    let log = simulate("tiny", 0.1, 53, Format::Ndjson, 1, &old);
    let case = folder.path().join("case");
    scan_well(&log, &[], &case);
    let new = folder.path().join("new");
    fs::rename(&old, &new).unwrap();
    let said = |more: &[&Path]| {
        let mut command = program();
        command.arg("verify").arg(&case);
        for folder in more {
            command.arg("--inputs").arg(folder);
        }
        let output = command.output().unwrap();
        succeeded(&output);
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(said(&[]).contains("not checked: 1 input; --inputs DIR"));
    let found = said(&[&new]);
    assert!(
        found.contains(", 1 input\n") && !found.contains("not checked"),
        "{found}"
    );
}
