//! The drawing at 20, 20,000 and no accounts.

use super::*;
use crate::model::campaign::Member;
use crate::report::sample;

fn member(id: String, finding: &str) -> Member {
    let mut member = sample::three_campaigns().case.campaigns[0].members[0].clone();
    member.account_id = id;
    member.findings = vec![finding.to_owned()];
    member
}

fn finding(id: &str, kind: &str, value: &str, accounts: Vec<String>) -> Finding {
    let mut finding = sample::three_campaigns().case.findings[0].clone();
    finding.id = id.into();
    finding.subject = Subject::Key {
        kind: kind.into(),
        value: value.into(),
    };
    finding.accounts = accounts;
    finding
}

fn drawn(members: Vec<Member>, findings: &[Finding]) -> AccountGraph {
    let mut campaign = sample::three_campaigns().case.campaigns[0].clone();
    campaign.evidence.clear();
    campaign.members = members;
    let by_id: BTreeMap<&str, &Finding> = findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    account_graph(&campaign, &by_id).unwrap()
}

/// `keys` payers with `each` accounts, and one template that all of them use.
fn network(keys: usize, each: usize) -> (Vec<Member>, Vec<Finding>) {
    let mut members = Vec::new();
    let mut findings = Vec::new();
    for key in 0..keys {
        let id = format!("F-{key}");
        let accounts: Vec<String> = (0..each).map(|one| format!("a{key}-{one}")).collect();
        for account in &accounts {
            let mut member = member(account.clone(), &id);
            member.findings.push("F-all".into());
            members.push(member);
        }
        findings.push(finding(&id, "payment", &format!("pm_{key}"), accounts));
    }
    let all = members.iter().map(|one| one.account_id.clone()).collect();
    let mut template = finding("F-all", "", "", all);
    template.family = Family::Content;
    template.subject = Subject::Template { id: "T-1".into() };
    findings.push(template);
    (members, findings)
}

fn nodes(graph: &AccountGraph) -> usize {
    graph.drawing.nodes.len()
}

#[test]
fn a_small_campaign_shows_every_account_and_link() {
    let (members, findings) = network(4, 5);
    let graph = drawn(members, &findings);
    assert_eq!(nodes(&graph), 20 + 4 + 1);
    let json = serde_json::to_string(&graph.drawing.links).unwrap();
    assert_eq!(json.matches('C').count(), 40, "each account has two keys");
    assert_eq!(
        graph.text,
        "20 of 20 accounts share 5 keys (4 payment, 1 content template). The largest is template T-1 with 20 accounts."
    );
}

#[test]
fn a_large_campaign_of_equal_keys_is_three_boxes() {
    let (members, findings) = network(4_000, 5);
    let graph = drawn(members, &findings);
    assert_eq!(nodes(&graph), 1 + 1 + 1);
    let json = serde_json::to_string(&graph).unwrap();
    assert!(json.len() < 10_000, "{} bytes", json.len());
    assert!(json.contains("4,000 keys, 5 each"), "{json}");
    assert!(json.contains("payment: 20,000 accounts"), "{json}");
    assert_eq!(graph.keys_total, 4_001);
}

#[test]
fn large_keys_are_named_and_the_rest_is_counted() {
    let (mut members, mut findings) = network(4_000, 5);
    let many: Vec<String> = members
        .iter()
        .take(900)
        .map(|one| one.account_id.clone())
        .collect();
    members[0].findings.push("F-big".into());
    findings.push(finding("F-big", "payment", "pm_big", many));
    let graph = drawn(members, &findings);
    // the large payer and all others; accounts with and without it; the template
    assert_eq!(nodes(&graph), 2 + 2 + 1);
    let json = serde_json::to_string(&graph).unwrap();
    assert!(json.contains("pm_big"), "{json}");
    assert!(json.contains("4,000 more keys, 5 each"), "{json}");
    assert!(json.contains("19,100 accounts"), "{json}");
}

#[test]
fn many_kinds_and_many_mixes_stay_drawable() {
    let names: Vec<String> = (0..500_usize).map(|index| format!("a{index}")).collect();
    let mut members: Vec<Member> = names
        .iter()
        .map(|name| member(name.clone(), "F-none"))
        .collect();
    let mut findings = Vec::new();
    for key in 0..60_usize {
        let id = format!("F-{key}");
        let accounts: Vec<String> = (0..names.len())
            .filter(|index| (index * 7 + key * 13) % (key + 2) == 0)
            .map(|index| names[index].clone())
            .collect();
        members[0].findings.push(id.clone());
        findings.push(finding(&id, &format!("kind{key}"), "v", accounts));
    }
    let graph = drawn(members, &findings);
    assert!(nodes(&graph) <= 12 + 24, "{}", nodes(&graph));
    let again = serde_json::to_string(&graph.drawing).unwrap();
    let total: u64 = serde_json::from_str::<serde_json::Value>(&again).unwrap()["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["class"] == "accounts")
        .map(|node| {
            let words = node["whole"].as_str().unwrap();
            words.split(' ').next().unwrap().parse::<u64>().unwrap()
        })
        .sum();
    assert_eq!(total, 500, "every account stands in exactly one group");
}

#[test]
fn nothing_is_drawn_where_no_finding_names_a_key() {
    let campaign = &sample::three_campaigns().case.campaigns[0];
    assert!(account_graph(campaign, &BTreeMap::new()).is_none());
}
