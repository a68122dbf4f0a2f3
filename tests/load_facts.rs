//! A log that repeats in every row what is known of the account says as much as an accounts table.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use case_support::*;
use csv::StringRecord;
use stillhunt::config::Config;
use stillhunt::config::options::InputOptions;
use stillhunt::load::{plan, read_repeated_facts};
use stillhunt::model::profile::AccountProfile;
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

/// Profiles and notes of logs given as (name, content).
fn read(logs: &[(&str, &str)], map: Option<&str>) -> anyhow::Result<(Vec<AccountProfile>, String)> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let input = InputOptions {
        logs: logs.iter().map(|(name, text)| write(name, text)).collect(),
        map: map.map(|text| write("map.toml", text)),
        ..InputOptions::default()
    };
    let config = Config::default().load;
    let facts = read_repeated_facts(&plan(&input, &config)?, &input, &config)?;
    Ok(facts.map_or_else(Default::default, |facts| {
        (facts.accounts, facts.report.notes.join("\n"))
    }))
}

#[test]
fn the_latest_row_with_a_value_counts_whatever_the_order() {
    let header = "timestamp,account_id,status,payment_fingerprint,account_status\n";
    let mut rows = [
        "2026-01-01T00:00:00Z,a,ok,c1,active\n",
        "2026-01-02T00:00:00Z,b,ok,c1,active\n",
        "2026-01-03T00:00:00Z,a,ok,c1,\n",
        "2026-01-04T00:00:00Z,b,error,,banned\n",
    ];
    let mut found = Vec::new();
    for _ in 0..2 {
        found.push(read(&[("log.csv", &[header, &rows.concat()].concat())], None).unwrap());
        rows.reverse();
    }
    assert_eq!(found[0], found[1]);
    let (accounts, notes) = &found[0];
    let status: Vec<_> = accounts.iter().map(|one| one.status.as_deref()).collect();
    assert_eq!(status, [Some("active"), Some("banned")]);
    assert!(
        accounts
            .iter()
            .all(|one| one.payment_id.as_deref() == Some("c1"))
    );
    assert!(
        notes.contains("1 account has several values of `status`"),
        "{notes}"
    );
}

#[test]
fn what_changes_with_the_requests_is_not_about_accounts() {
    let mut log =
        "timestamp,account_id,account_created_at,payment_fingerprint,phone_number,created_on\n"
            .to_owned();
    for row in 0..60 {
        let time = format!("2026-01-0{}T00:00:{:02}Z", 1 + row / 20, row % 20);
        log.push_str(&format!(
            "{time},a{},{time},card{},+4930{row},{time}\n",
            row % 10,
            row % 10
        ));
    }
    let (accounts, notes) = read(&[("log.csv", &log)], None).unwrap();
    assert_eq!(accounts.len(), 10);
    assert!(
        accounts
            .iter()
            .all(|one| one.created_at_us.is_none() && one.phone.is_none())
    );
    assert_eq!(accounts[3].payment_id.as_deref(), Some("card3"));
    assert!(
        notes.contains("`created_at` is not taken from `account_created_at`: 10 accounts"),
        "{notes}"
    );
}

#[test]
fn each_file_has_its_own_column_of_accounts() {
    let first = "timestamp,user_id,payment_fingerprint\n2026-01-01T00:00:00Z,a,c1\n";
    let second = "timestamp,account_id,user_id,card_hash\n2026-01-02T00:00:00Z,b,seat-1,c2\n";
    let (accounts, notes) = read(&[("1.csv", first), ("2.csv", second)], None).unwrap();
    let ids: Vec<&str> = accounts.iter().map(|one| one.account_id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(
        notes.contains("`payment_id` from `payment_fingerprint` and `card_hash`"),
        "{notes}"
    );
}

#[test]
fn closures_that_begin_late_are_read_in_their_unit() {
    let mut log = "timestamp,account_id,closed_at,close_reason\n".to_owned();
    for row in 0..20_000 {
        let closed = if row == 19_999 { "1768636800000" } else { "0" };
        log.push_str(&format!(
            "{},a{},{closed},\n",
            1_768_000_000 + row,
            row % 100
        ));
    }
    let (accounts, _) = read(&[("log.csv", &log)], None).unwrap();
    let closed: Vec<i64> = accounts.iter().filter_map(|one| one.closed_at_us).collect();
    assert_eq!(closed, [1_768_636_800_000_000]);
}

#[test]
fn a_map_that_names_no_column_of_the_logs_is_told() {
    let log = [(
        "log.csv",
        "timestamp,account_id,payment_fingerprint,kept\n2026-01-01T00:00:00Z,a,c1,p\n",
    )];
    let paid = |map: &str| {
        read(&log, Some(map)).map(|(accounts, notes)| (accounts[0].payment_id.clone(), notes))
    };
    let (payment, notes) = paid("[accounts]\npayment_id = \"payment_fingerprnt\"\n").unwrap();
    assert_eq!(payment.as_deref(), Some("c1"));
    assert!(notes.contains("names no column of the logs"), "{notes}");
    let error = paid("[accounts]\npayment_id = \"kept\"\nplan = \"gone\"\n").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`accounts.plan` is mapped to `gone`"),
        "{error}"
    );
    assert_eq!(
        paid("[accounts]\npayment_id = \"kept\"\n")
            .unwrap()
            .0
            .as_deref(),
        Some("p")
    );
}
