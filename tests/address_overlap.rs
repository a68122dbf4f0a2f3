//! Accounts that meet at many addresses of which none holds many of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use case_support::*;
use serde_json::Value;
use stillhunt::stats::random::Random;

/// An address of a network of its own for each number.
fn address(number: u64) -> String {
    format!("{}.{}.7.9", 20 + number / 200, 1 + number % 200)
}

/// Strangers with addresses of their own, an office of thirty with three lines in one network,
/// and, where asked, sixty accounts that go out through sixty exits, twelve each.
fn log(folder: &Path, with_network: bool) -> PathBuf {
    let mut random = Random::new(31);
    let mut text = "timestamp,account_id,ip,prompt\n".to_owned();
    let mut line = |account: &str, ip: &str, random: &mut Random| {
        let (day, hour, minute) = (1 + random.below(20), random.below(24), random.below(60));
        let words: Vec<String> = (0..12)
            .map(|_| format!("w{}", random.below(100_000)))
            .collect();
        writeln!(
            text,
            "2026-03-{day:02}T{hour:02}:{minute:02}:00Z,{account},{ip},{}",
            words.join(" ")
        )
        .unwrap();
    };
    for account in 0..2_000 {
        for place in 0..3 {
            // Home, work, and a café where one or two others go as well.
            let ip = match place {
                0 | 1 => address(2_000 + account * 2 + place),
                _ => address(100 + random.below(1_500)),
            };
            line(&format!("stranger_{account:04}"), &ip, &mut random);
        }
    }
    for account in 0..30 {
        for place in 0..3 {
            line(
                &format!("office_{account:03}"),
                &format!("198.18.4.{place}"),
                &mut random,
            );
        }
    }
    for account in 0..if with_network { 60 } else { 0 } {
        for _ in 0..12 {
            let ip = address(random.below(60));
            line(&format!("operator_{account:03}"), &ip, &mut random);
        }
    }
    let path = folder.join("requests.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn leads(case: &Value) -> Vec<(String, BTreeSet<String>)> {
    case["campaigns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|campaign| {
            let members = campaign["members"].as_array().unwrap();
            (
                campaign["verdict"].as_str().unwrap().to_owned(),
                members
                    .iter()
                    .map(|member| member["account_id"].as_str().unwrap().to_owned())
                    .collect(),
            )
        })
        .collect()
}

#[test]
fn accounts_behind_one_set_of_exits_are_a_lead_of_the_broad_profile() {
    let folder = tempfile::tempdir().unwrap();
    let log = [log(folder.path(), true)];
    let out = folder.path().join("broad");
    scan_well(&log, &["--profile", "broad"], &out);
    let case = case_json(&out);
    let found = leads(&case);
    let network: Vec<_> = found
        .iter()
        .filter(|(_, members)| members.iter().any(|member| member.starts_with("operator")))
        .collect();
    assert_eq!(network.len(), 1, "{found:?}");
    let (verdict, members) = network[0];
    assert_eq!(verdict, "lead");
    assert!(members.len() >= 55, "{}", members.len());
    assert!(members.iter().all(|member| member.starts_with("operator")));
    assert_eq!(found.len(), 1, "an office or strangers: {found:?}");
    let evidence = &case["campaigns"][0]["evidence"];
    assert!(evidence.to_string().contains("\"network\""), "{evidence}");
    let shown = program()
        .arg("explain")
        .arg(&out)
        .arg(case["campaigns"][0]["id"].as_str().unwrap())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("network/address-overlap"), "{shown}");
    assert!(shown.contains("pairs with several addresses"), "{shown}");
    // The tests of what a group does over time looked at it, too.
    let not_tested = case["campaigns"][0]["not_tested"].to_string();
    assert!(!not_tested.contains("enough in common"), "{not_tested}");

    let out = folder.path().join("balanced");
    scan_well(&log, &[], &out);
    assert_eq!(leads(&case_json(&out)), []);
}

#[test]
fn an_office_and_strangers_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let log = [log(folder.path(), false)];
    let out = folder.path().join("case");
    scan_well(&log, &["--profile", "broad"], &out);
    assert_eq!(leads(&case_json(&out)), []);
}
