//! Simulated logs with a known truth, at seeds that nothing was tuned to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use case_support::*;
use stillhunt::evaluate::evaluate_files;
use stillhunt::model::campaign::Verdict;
use stillhunt::simulate::Format;

#[test]
fn the_planted_network_of_tiny_is_found_whole_and_nothing_else() {
    // Every seed is tried, so that a failure says how many of them fail.
    let mut wrong = Vec::new();
    for seed in [137, 4_211, 90_001] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let case = folder.path().join("case");
        let files = simulate("tiny", 1.0, seed, Format::Parquet, 1, &log);
        let accounts = log.join("accounts.csv");
        scan_well(&files, &["--accounts", accounts.to_str().unwrap()], &case);
        let scores = evaluate_files(&case, &log.join("truth_accounts.csv"), None).unwrap();
        assert_eq!(scores.campaign_accounts, 15, "seed {seed}");
        assert_eq!(bits_without_a_finding(&case_json(&case)), 0, "seed {seed}");
        let score = scores.at(Verdict::Likely).unwrap().accounts;
        let found = (
            score.true_positives,
            score.false_positives,
            score.false_negatives,
        );
        if found != (15, 0, 0) {
            wrong.push((seed, found));
        }
    }
    assert!(
        wrong.is_empty(),
        "(seed, (right, wrong, missed)) at likely or above: {wrong:?}"
    );
}

/// Families of evidence in which an account has bits and no finding that says what they are.
fn bits_without_a_finding(case: &serde_json::Value) -> usize {
    let list = |value: &serde_json::Value| value.as_array().unwrap().clone();
    let families: std::collections::BTreeMap<String, String> = list(&case["findings"])
        .iter()
        .map(|finding| (text(finding, "id"), text(finding, "family")))
        .collect();
    let campaigns = list(&case["campaigns"]);
    let members = campaigns
        .iter()
        .flat_map(|campaign| list(&campaign["members"]));
    let unnamed = |member: serde_json::Value| {
        let named: Vec<&String> = list(&member["findings"])
            .iter()
            .filter_map(|id| families.get(id.as_str()?))
            .collect();
        let carried = member["bits_by_family"].as_object().unwrap();
        carried
            .keys()
            .filter(|family| !named.contains(family))
            .count()
    };
    members.map(unnamed).sum()
}

fn text(value: &serde_json::Value, field: &str) -> String {
    value[field].as_str().unwrap().to_owned()
}

#[test]
fn quiet_traffic_gives_no_strong_campaign_and_at_most_one_likely() {
    for seed in [211, 5_003] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let case = folder.path().join("case");
        let files = simulate("quiet", 0.002, seed, Format::Parquet, 1, &log);
        let accounts = log.join("accounts.csv");
        scan_well(&files, &["--accounts", accounts.to_str().unwrap()], &case);
        let case = case_json(&case);
        assert!(count(&case, "accounts") > 500, "too small to say anything");
        let verdicts: Vec<&str> = case["campaigns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["verdict"].as_str().unwrap())
            .collect();
        let number = |verdict: &str| verdicts.iter().filter(|one| **one == verdict).count();
        assert_eq!(number("strong"), 0, "seed {seed}: {verdicts:?}");
        assert!(number("likely") <= 1, "seed {seed}: {verdicts:?}");
    }
}
