//! A log that repeats in every row what is known of the account says as much as an accounts table.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use case_support::*;
use csv::StringRecord;
use stillhunt::simulate::Format;

/// Verdicts with the accounts that sent something, campaign by campaign.
fn campaigns(case: &Path) -> BTreeSet<(String, Vec<String>)> {
    let json = case_json(case);
    let campaigns = json["campaigns"].as_array().unwrap();
    campaigns
        .iter()
        .map(|campaign| {
            let members = campaign["members"].as_array().unwrap().iter();
            let mut accounts: Vec<String> = members
                .filter(|member| member["requests"].as_u64() > Some(0))
                .map(|member| member["account_id"].as_str().unwrap().to_owned())
                .collect();
            accounts.sort();
            (campaign["verdict"].as_str().unwrap().to_owned(), accounts)
        })
        .collect()
}

/// The log with the accounts table joined to each of its rows, under a warehouse's names.
fn joined(requests: &Path, accounts: &Path, out: &Path) {
    let names = [
        ("created_at", "account_created_at"),
        ("closed_at", "account_closed_at"),
        ("status", "account_status"),
        ("close_reason", "account_close_reason"),
        ("email_domain", "email_domain"),
        ("payment_id", "payment_fingerprint"),
    ];
    let position = |headers: &StringRecord, name: &str| {
        headers.iter().position(|header| header == name).unwrap()
    };
    let mut facts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = csv::Reader::from_path(accounts).unwrap();
    let headers = table.headers().unwrap().clone();
    let wanted: Vec<usize> = names
        .iter()
        .map(|(name, _)| position(&headers, name))
        .collect();
    let id = position(&headers, "account_id");
    for row in table.records().map(Result::unwrap) {
        let values = wanted.iter().map(|at| row[*at].to_owned()).collect();
        facts.insert(row[id].to_owned(), values);
    }
    let mut log = csv::Reader::from_path(requests).unwrap();
    let headers = log.headers().unwrap().clone();
    let id = position(&headers, "account_id");
    let mut written = csv::Writer::from_path(out).unwrap();
    let repeated = names.iter().map(|(_, repeated)| *repeated);
    written
        .write_record(headers.iter().chain(repeated))
        .unwrap();
    for row in log.records().map(Result::unwrap) {
        let said = facts[&row[id]].iter().map(String::as_str);
        written.write_record(row.iter().chain(said)).unwrap();
    }
    written.flush().unwrap();
}

#[test]
fn what_rows_repeat_of_accounts_serves_as_an_accounts_table() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let requests = simulate("tiny", 1.0, 617, Format::Csv, 1, &log);
    let repeated = folder.path().join("joined.csv");
    let accounts = log.join("accounts.csv");
    joined(&requests[0], &accounts, &repeated);
    let accounts = accounts.display().to_string();
    let (by_table, by_rows) = (folder.path().join("table"), folder.path().join("rows"));
    scan_well(&requests, &["--accounts", &accounts], &by_table);
    scan_well(std::slice::from_ref(&repeated), &[], &by_rows);
    let found = campaigns(&by_table);
    assert!(found.iter().any(|(verdict, _)| verdict != "lead"));
    assert_eq!(campaigns(&by_rows), found);
    let notes = case_json(&by_rows)["coverage"]["notes"].to_string();
    assert!(
        notes.contains("`payment_id` from `payment_fingerprint`"),
        "{notes}"
    );
    let inspected = program().arg("inspect").arg(&repeated).output().unwrap();
    let text = String::from_utf8(inspected.stdout).unwrap();
    assert!(text.contains("accounts.payment_id"), "{text}");
    assert!(text.contains("described by the log's own rows"), "{text}");
    assert_reconciles(&case_json(&by_rows));
}

#[test]
fn the_last_row_with_a_value_counts_and_changes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.csv");
    std::fs::write(
        &log,
        "timestamp,account_id,prompt,status,card_fingerprint,account_status\n\
         2026-01-01T00:00:00Z,a,one two three,ok,c1,active\n\
         2026-01-02T00:00:00Z,b,one two three,ok,c1,active\n\
         2026-01-03T00:00:00Z,a,one two three,ok,c2,\n\
         2026-01-04T00:00:00Z,b,one two three,error,,banned\n",
    )
    .unwrap();
    let case = folder.path().join("case");
    scan_well(&[log], &[], &case);
    let json = case_json(&case);
    assert_eq!(json["coverage"]["accounts_joined"], 2);
    let notes = json["coverage"]["notes"].to_string();
    for note in [
        "`status` from `account_status`",
        "1 account has several values of `payment_id`",
        "1 account has several values of `status`",
    ] {
        assert!(notes.contains(note), "{note} in {notes}");
    }
}
