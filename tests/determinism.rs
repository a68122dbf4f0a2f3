//! The same input gives the same bytes: over threads, batches, order of files, folders,
//! containers, and over a detour through digests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::io::Write;
use std::path::{Path, PathBuf};

use case_support::*;
use stillhunt::simulate::Format;

/// A seed of its own, so that no other test shares its log.
const SEED: u64 = 31;
const SCALE: f64 = 0.3;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn threads_batches_file_order_and_folder_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let log = at("log");
    let mut files = simulate("tiny", SCALE, SEED, Format::Parquet, 4, &log);
    assert_eq!(files.len(), 4);
    let (accounts, events) = (log.join("accounts.csv"), log.join("events.csv"));
    let tables = ["--accounts", text(&accounts), "--events", text(&events)];
    let with = |more: &[&'static str]| [&tables[..], more].concat();

    scan_well(&files, &with(&["--threads", "1"]), &at("one"));
    assert!(
        !case_json(&at("one"))["campaigns"]
            .as_array()
            .unwrap()
            .is_empty(),
        "a case without campaigns would prove little"
    );
    scan_well(&files, &with(&["--threads", "2"]), &at("two"));
    assert_same_case(&at("one"), &at("two"), "two threads");

    scan_well(&files, &with(&["--threads", "7"]), &at("deep/er/folder"));
    assert_same_case(
        &at("one"),
        &at("deep/er/folder"),
        "seven threads, other folder",
    );

    for rows in ["1", "97", "100000"] {
        let config = at("batches.toml");
        std::fs::write(&config, format!("[load]\nbatch_rows = {rows}\n")).unwrap();
        let mut more = with(&["--threads", "2", "--config"]);
        more.push(text(&config));
        let out = at(&format!("batches-{rows}"));
        scan_well(&files, &more, &out);
        assert_same_case(&at("one"), &out, &format!("batches of {rows} rows"));
    }

    for (round, swap) in [(0, 3), (1, 2), (0, 2)].into_iter().enumerate() {
        files.swap(swap.0, swap.1);
        let out = at(&format!("shuffled-{round}"));
        scan_well(&files, &with(&["--threads", "2"]), &out);
        assert_same_case(&at("one"), &out, &format!("shuffle {round}"));
    }
}

/// What may differ between containers: how a file is called and stored, and where in it a row is.
const PLACES: [&str; 5] = ["name", "sha256", "bytes", "container", "compression"];

fn assert_same_but_for_places(left: &Path, right: &Path, what: &str) {
    for name in [
        "campaigns.csv",
        "accounts.csv",
        "changes.csv",
        "hubs.csv",
        "suppressions.csv",
        "detectors.csv",
    ] {
        assert_eq!(
            table(left, name, &[]),
            table(right, name, &[]),
            "{what}: {name}"
        );
    }
    assert_eq!(
        table(left, "templates.csv", &["sample_rows"]),
        table(right, "templates.csv", &["sample_rows"]),
        "{what}: templates.csv"
    );
    let comparable = |case: &Path| {
        let mut case = case_json(case);
        let coverage = case["coverage"].as_object_mut().unwrap();
        // Notes quote file names and what a container said about its types.
        coverage.remove("notes");
        for input in coverage["inputs"].as_array_mut().unwrap() {
            PLACES.iter().for_each(|place| {
                input.as_object_mut().unwrap().remove(*place);
            });
        }
        without(case, &["locators"])
    };
    let (left, right) = (comparable(left), comparable(right));
    for (name, value) in left.as_object().unwrap() {
        assert_eq!(value, &right[name], "{what}: {name} of case.json");
    }
    assert_eq!(
        left.as_object().unwrap().len(),
        right.as_object().unwrap().len()
    );
}

#[test]
fn containers_change_nothing_but_names_and_places() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut logs: Vec<(&str, Vec<PathBuf>)> = [
        ("parquet", Format::Parquet),
        ("csv", Format::Csv),
        ("ndjson", Format::Ndjson),
    ]
    .into_iter()
    .map(|(name, format)| {
        (
            name,
            simulate("tiny", SCALE, SEED, format, 1, &at(&format!("log-{name}"))),
        )
    })
    .collect();
    let packed = at("requests.csv.gz");
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(&packed).unwrap(),
        flate2::Compression::fast(),
    );
    encoder
        .write_all(&std::fs::read(&logs[1].1[0]).unwrap())
        .unwrap();
    encoder.finish().unwrap();
    logs.push(("csv-gz", vec![packed]));

    // One accounts table for all: its name is not what is compared here.
    let accounts = at("log-parquet").join("accounts.csv");
    for (name, files) in &logs {
        scan_well(files, &["--accounts", text(&accounts)], &at(name));
    }
    let case = case_json(&at("parquet"));
    assert!(!case["campaigns"].as_array().unwrap().is_empty());
    for (name, _) in &logs[1..] {
        assert_same_but_for_places(&at("parquet"), &at(name), name);
    }
}

#[test]
fn a_scan_of_two_digests_is_the_scan_of_both_halves() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let log = at("log");
    let files = simulate("tiny", SCALE, SEED, Format::Parquet, 2, &log);
    let accounts = log.join("accounts.csv");
    let tables = ["--accounts", text(&accounts)];
    scan_well(&files, &tables, &at("whole"));
    for (file, name) in files.iter().zip(["first", "second"]) {
        let output = program()
            .args(["digest", text(file), "--quiet", "--out", text(&at(name))])
            .output()
            .unwrap();
        succeeded(&output);
    }
    let from = |left: &Path, right: &Path, out: &Path| {
        let output = program()
            .args(["scan", "--digests", text(left), text(right)])
            .args(tables)
            .args(["--quiet", "--out", text(out)])
            .output()
            .unwrap();
        succeeded(&output);
    };
    from(&at("first"), &at("second"), &at("merged"));
    from(&at("second"), &at("first"), &at("turned"));
    assert_same_case(&at("merged"), &at("turned"), "digests in the other order");

    // Requests of a campaign and of its templates are counted and dated, and excerpts filled up, by
    // reading the log again, which digests do not allow.
    for (name, left_out) in [
        (
            "campaigns.csv",
            &["campaign_requests", "campaign_requests_complete"][..],
        ),
        ("accounts.csv", &["campaign_requests"][..]),
        ("hubs.csv", &[][..]),
        ("suppressions.csv", &[][..]),
        (
            "templates.csv",
            &[
                "accounts",
                "requests",
                "requests_complete",
                "first_seen",
                "last_seen",
                "common_text",
                "excerpt",
            ][..],
        ),
        ("detectors.csv", &[][..]),
    ] {
        assert_eq!(
            table(&at("whole"), name, left_out),
            table(&at("merged"), name, left_out),
            "{name}"
        );
    }
    let digest_of = |case: &str| {
        let mut files = files_of(&at(case).join("digest"));
        // It describes how the digest came about; the tables are what is compared.
        files.remove("digest.json");
        files
    };
    let (whole, merged) = (digest_of("whole"), digest_of("merged"));
    assert!(!whole.is_empty());
    for (name, bytes) in &whole {
        assert!(merged.get(name) == Some(bytes), "digest/{name} differs");
    }
}
