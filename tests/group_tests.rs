//! What groups do over time, on simulated logs at seeds that nothing was tuned to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::collections::BTreeMap;

use case_support::*;
use serde_json::Value;
use stillhunt::simulate::Format;

/// Scans a preset with its accounts and events; gives the case and each account's campaign.
fn scanned(preset: &str, scale: f64, seed: u64) -> (Value, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let case = folder.path().join("case");
    let files = simulate(preset, scale, seed, Format::Parquet, 1, &log);
    let (accounts, events) = (log.join("accounts.csv"), log.join("events.csv"));
    let mut more = vec!["--accounts", accounts.to_str().unwrap()];
    if events.exists() {
        more.extend(["--events", events.to_str().unwrap()]);
    }
    scan_well(&files, &more, &case);
    let mut reader = csv::Reader::from_path(log.join("truth_accounts.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (account, campaign) = (column("account_id"), column("campaign"));
    let truth = reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row[account].to_owned(), row[campaign].to_owned()))
        .collect();
    (case_json(&case), truth)
}

fn findings<'a>(case: &'a Value, detector: &str) -> Vec<&'a Value> {
    case["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["detector"] == detector)
        .collect()
}

/// Campaigns in which this family counts for the verdict.
fn counting<'a>(case: &'a Value, family: &str) -> Vec<&'a Value> {
    case["campaigns"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|campaign| {
            campaign["evidence"]
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["family"] == family && row["counts"] == true)
        })
        .collect()
}

/// Share of a campaign's members that belong to a planted campaign.
fn planted(campaign: &Value, truth: &BTreeMap<String, String>) -> f64 {
    let members = campaign["members"].as_array().unwrap();
    let right = members.iter().filter(|member| {
        truth
            .get(member["account_id"].as_str().unwrap())
            .is_some_and(|campaign| !campaign.is_empty())
    });
    right.count() as f64 / members.len().max(1) as f64
}

#[test]
fn replayed_signatures_tie_the_accounts_of_the_openai_preset() {
    let (case, truth) = scanned("openai-2026-09", 0.02, 60_013);
    let campaigns = counting(&case, "dynamics");
    assert!(
        !campaigns.is_empty(),
        "no campaign rests on replayed signatures"
    );
    for campaign in campaigns {
        assert!(planted(campaign, &truth) >= 0.95, "{}", campaign["id"]);
    }
    assert!(!findings(&case, "dynamics/signature-replay").is_empty());
}

#[test]
fn innocent_populations_get_no_verdict_from_their_clocks() {
    for seed in [60_041, 60_077] {
        let (case, _) = scanned("quiet", 0.003, seed);
        for family in ["coordination", "lifecycle", "dynamics"] {
            assert!(counting(&case, family).is_empty(), "seed {seed}: {family}");
        }
        let loud = case["campaigns"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|campaign| campaign["verdict"] == "strong")
            .count();
        assert_eq!(loud, 0, "seed {seed}");
    }
}
