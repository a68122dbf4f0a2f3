//! Watch lists: what they name is shown, and never more than a lead.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::fs;
use std::path::Path;

use case_support::*;
use serde_json::Value;
use stillhunt::cli::exit;

fn demo(name: &str) -> String {
    format!("{}/testdata/demo/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Scans the sample log with a watch list.
fn watched(list: &Path, out: &Path, more: &[&str]) -> Value {
    let accounts = demo("accounts.csv");
    let mut arguments = vec![
        "--accounts",
        &accounts,
        "--indicators",
        list.to_str().unwrap(),
    ];
    arguments.extend(more);
    scan_well(&[demo("requests.parquet").into()], &arguments, out);
    case_json(out)
}

/// A column of the accounts table and the account ids, without the planted network.
fn strangers(column: &str) -> Vec<(String, String)> {
    let truth = fs::read_to_string(demo("truth_accounts.csv")).unwrap();
    let planted = |id: &str| {
        truth
            .lines()
            .any(|line| line.starts_with(id) && line.contains("tiny"))
    };
    let mut reader = csv::Reader::from_path(demo("accounts.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|found| found == name).unwrap();
    let (id, wanted) = (at("account_id"), at(column));
    reader
        .records()
        .map(|record| record.unwrap())
        .map(|record| (record[id].to_owned(), record[wanted].to_owned()))
        .filter(|(id, value)| !value.is_empty() && !planted(id))
        .collect()
}

#[test]
fn a_stranger_on_the_list_is_a_lead_and_the_campaign_keeps_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    let accounts = demo("accounts.csv");
    scan_well(
        &[demo("requests.parquet").into()],
        &["--accounts", &accounts],
        &plain,
    );
    let before = case_json(&plain);
    let campaign = &before["campaigns"][0];
    assert_eq!(campaign["verdict"], "likely");
    let member = campaign["members"][0]["account_id"].as_str().unwrap();
    let template = campaign["templates"][0].as_str().unwrap();
    let (stranger, email) = &strangers("email")[0];

    let list = folder.path().join("list.csv");
    fs::write(
        &list,
        format!("kind,value\naccount,{member}\ntemplate,{template}\nemail,{email}\nip,192.0.2.1\nhash,ab\n"),
    )
    .unwrap();
    let out = folder.path().join("watched");
    let case = watched(&list, &out, &[]);
    let found = &case["campaigns"][0];
    for field in ["id", "verdict", "verdict_reason", "bits", "requests"] {
        assert_eq!(found[field], campaign[field], "{field}");
    }
    let row = found["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["family"] == "watchlist")
        .unwrap();
    assert_eq!((&row["bits"], &row["counts"]), (&0.0.into(), &false.into()));
    let lead = case["campaigns"]
        .as_array()
        .unwrap()
        .iter()
        .find(|campaign| campaign["members"][0]["account_id"] == stranger.as_str())
        .unwrap();
    assert_eq!(lead["verdict"], "lead");
    assert_eq!(lead["bits"], 0.0);
    assert_eq!(case["watchlist"]["entries"], 4);
    assert_eq!(case["watchlist"]["matched"], 3);
    assert_eq!(case["watchlist"]["accounts_outside"], 1);
    assert_eq!(
        case["watchlist"]["unread"],
        serde_json::json!(["line 6: kind `hash` is not looked for"])
    );
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"indicators\""));
    for page in ["report.html", "report.md"] {
        let text = fs::read_to_string(out.join(page)).unwrap();
        assert!(text.contains("A list counts for no verdict"), "{page}");
    }
    // A cautious case holds no leads, those of the list included.
    let cautious = watched(
        &list,
        &folder.path().join("cautious"),
        &["--profile", "cautious"],
    );
    assert_eq!(cautious["campaigns"].as_array().unwrap().len(), 1);
    assert_eq!(cautious["watchlist"], case["watchlist"]);
}

#[test]
fn the_indicators_of_a_case_find_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    let accounts = demo("accounts.csv");
    scan_well(
        &[demo("requests.parquet").into()],
        &["--accounts", &accounts],
        &first,
    );
    for list in ["indicators.csv", "indicators.stix.json"] {
        let case = watched(&first.join(list), &folder.path().join(list), &[]);
        let matched = case["watchlist"]["matched"].as_u64().unwrap();
        assert!(matched >= 2, "{list}: {}", case["watchlist"]);
        let found = &case["campaigns"][0];
        assert_eq!(found["verdict"], "likely");
        assert!(
            found["evidence"].as_array().unwrap().iter().any(|row| {
                row["family"] == "watchlist" && row["accounts"].as_u64().unwrap() >= 6
            }),
            "{list}"
        );
    }
}

#[test]
fn a_file_that_is_no_list_stops_the_run_before_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    for (text, advice) in [
        ("a,b\n1,2\n", "neither a CSV file"),
        ("kind,value\nhash,1\n", "kind `hash`"),
        ("{\"objects\": 1}", "no STIX 2.1 bundle"),
    ] {
        let list = folder.path().join("list");
        fs::write(&list, text).unwrap();
        let output = scan(
            &[demo("requests.parquet").into()],
            &["--indicators", list.to_str().unwrap()],
            &out,
        );
        assert_eq!(output.status.code(), Some(i32::from(exit::USAGE)));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains(advice), "{stderr}");
        assert!(!out.exists());
    }
}
