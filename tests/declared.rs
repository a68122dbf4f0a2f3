//! What a user declares: accounts of one customer, and addresses that strangers share.

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

fn scanned(more: &[&str], out: &Path) -> Value {
    let accounts = demo("accounts.csv");
    let mut arguments = vec!["--accounts", &accounts];
    arguments.extend(more);
    scan_well(&[demo("requests.parquet").into()], &arguments, out);
    case_json(out)
}

fn array<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

fn members(case: &Value) -> Vec<String> {
    array(case, "campaigns")
        .iter()
        .filter(|campaign| campaign["verdict"] != "lead")
        .flat_map(|campaign| array(campaign, "members"))
        .map(|member| member["account_id"].as_str().unwrap().to_owned())
        .collect()
}

fn notes(case: &Value) -> String {
    case["coverage"]["notes"].to_string()
}

#[test]
fn accounts_of_one_declared_customer_are_no_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let found = members(&scanned(&[], &folder.path().join("plain")));
    assert!(!found.is_empty());
    let list = folder.path().join("customers.csv");
    let mut text = "account_id,customer\n".to_owned();
    for account in &found {
        text.push_str(&format!("{account},a seat pool\n"));
    }
    text.push_str("acct_of_another_log,a seat pool\n");
    fs::write(&list, text).unwrap();
    let out = folder.path().join("declared");
    let case = scanned(&["--customers", list.to_str().unwrap()], &out);
    assert!(members(&case).is_empty());
    let told = format!("{} accounts are declared to be of a customer", found.len());
    assert!(notes(&case).contains(&told), "{}", notes(&case));
    assert!(notes(&case).contains("1 more accounts of the list are not in the logs"));
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"role\": \"customers\""), "{manifest}");
}

#[test]
fn an_address_in_a_declared_public_range_ties_nobody() {
    let folder = tempfile::tempdir().unwrap();
    // Every address there is.
    let list = folder.path().join("clouds.txt");
    fs::write(&list, "# ours\n0.0.0.0/1 a cloud\n128.0.0.0/1\n2000::/3\n").unwrap();
    let case = scanned(
        &[
            "--public-ranges",
            list.to_str().unwrap(),
            "--profile",
            "broad",
        ],
        &folder.path().join("declared"),
    );
    let of_address = |finding: &&Value| {
        matches!(
            finding["subject"]["kind"].as_str(),
            Some("ip" | "ip_prefix")
        )
    };
    assert_eq!(
        array(&case, "findings").iter().filter(of_address).count(),
        0
    );
    assert!(notes(&case).contains("declared public ranges of addresses tie nobody together"));
    let hubs = array(&case, "suppressed_hubs");
    assert!(
        hubs.iter().any(|hub| hub["reason"]
            .as_str()
            .unwrap()
            .starts_with("declared public (")),
        "{hubs:?}"
    );
}

#[test]
fn lists_that_cannot_be_used_stop_the_run_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for (option, text, part) in [
        ("--customers", "account_id,customer\na,b\na,c\n", "line 3"),
        (
            "--customers",
            "account_id,customer\nnobody,c\n",
            "none of its accounts",
        ),
        ("--public-ranges", "203.0.113.0/24\nnot one\n", "line 2"),
        ("--public-ranges", "::/0\n", "holds every address"),
    ] {
        let list = folder.path().join("list");
        fs::write(&list, text).unwrap();
        let out = folder.path().join("out");
        let run = scan(
            &[demo("requests.parquet").into()],
            &[option, list.to_str().unwrap()],
            &out,
        );
        let told = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(
            run.status.code(),
            Some(exit::USAGE.into()),
            "{text}: {told}"
        );
        assert!(told.contains(part), "{text}: {told}");
        assert!(!out.exists());
    }
}
