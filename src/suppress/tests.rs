#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::model::campaign::Verdict;
use crate::model::suppression::SuppressionState;
use crate::report::sample;
use crate::suppress::entry::matches;
use crate::suppress::{apply, parse};

const DETECTORS: [&str; 3] = [
    "network/shared-payment",
    "network/shared-infrastructure",
    "content/template-spread",
];

fn one(scope: &str) -> String {
    format!(
        "[[suppress]]\ndetector = \"*\"\n{scope}\nreason = \"declared reseller\"\nauthor = \"R. Reviewer\"\nexpires = 2099-01-01\n"
    )
}

#[test]
fn a_pattern_fits_the_whole_text() {
    for (pattern, text, fits) in [
        ("abc", "abc", true),
        ("abc", "abcd", false),
        ("a*", "abcd", true),
        ("*d", "abcd", true),
        ("a*c*e", "abcde", true),
        ("a*c*e", "abcdef", false),
        ("a*a", "a", false),
        ("**", "", true),
        ("", "", true),
        ("", "a", false),
    ] {
        assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
    }
}

#[test]
fn mistakes_are_named_by_line() {
    for (text, line, part) in [
        ("[[suppress]]\ndetector = \"*\"\n", 1, "missing field"),
        (&one("campain = \"C-1\""), 3, "unknown field"),
        (&one(""), 1, "exactly one of"),
        (
            &one("campaign = \"C-1\"\nkey = \"payment:1\""),
            1,
            "exactly one of",
        ),
        (&one("campaign = []"), 1, "names nothing"),
        (&one("accounts = \"*\""), 1, "hide everything"),
        (&one("key = \"pm_1\""), 1, "`payment:pm_1`"),
        (
            &one("campaign = \"C-1\"").replace("\"*\"", "\"network/nothing\""),
            2,
            "is no detector",
        ),
        (
            &one("campaign = \"C-1\"").replace("2099-01-01", "\"soon\""),
            6,
            "must be a day",
        ),
        (
            &one("campaign = \"C-1\"").replace("declared reseller", " "),
            4,
            "`reason` is empty",
        ),
        ("suppress = 3", 1, ""),
        ("\u{0}", 1, ""),
    ] {
        let problems = parse(text, &DETECTORS).unwrap_err();
        assert_eq!(problems[0].line, line, "{text}: {problems:?}");
        assert!(problems[0].message.contains(part), "{text}: {problems:?}");
    }
    assert_eq!(parse("", &DETECTORS).unwrap(), []);
}

#[test]
fn single_accounts_leave_a_campaign_that_stays() {
    let mut tables = sample::three_campaigns();
    let before = tables.case.campaigns[0].clone();
    let account = before.members[0].clone();
    let entries = parse(
        &one(&format!("accounts = \"{}\"", account.account_id)),
        &DETECTORS,
    )
    .unwrap();
    let mut shown = sample::three_campaigns();
    apply(&mut shown, &entries, true);
    assert_eq!(shown.case.suppressions[0].state, SuppressionState::SetAside);
    assert_eq!(shown.case.campaigns[0], before);

    apply(&mut tables, &entries, false);
    let after = &tables.case.campaigns[0];
    assert_eq!(after.members.len() + 1, before.members.len());
    assert_eq!(after.requests + account.requests, before.requests);
    assert_eq!(
        after.campaign_requests + account.campaign_requests,
        before.campaign_requests
    );
    assert!(after.verdict_reason.contains("suppressed accounts"));
    let entry = &tables.case.suppressions[0];
    assert_eq!(entry.state, SuppressionState::Applied);
    assert!(entry.accounts >= 1);
    let hidden = &tables.case.suppressed_accounts;
    assert!(
        hidden
            .iter()
            .any(|one| one.account_id == account.account_id && one.campaign_id == before.id)
    );
    assert!(tables.requests.iter().all(|request| {
        *request.campaign_id != *before.id || *request.account_id != *account.account_id
    }));
}

#[test]
fn a_settled_template_takes_its_requests_along() {
    let mut tables = sample::three_campaigns();
    let template = tables
        .requests
        .iter()
        .find(|request| !request.campaign_id.is_empty())
        .map(|request| request.template_id.to_string())
        .unwrap();
    let counted = |tables: &crate::model::case::CaseTables| -> u64 {
        let campaigns = tables.case.campaigns.iter();
        campaigns.map(|campaign| campaign.campaign_requests).sum()
    };
    let before = counted(&tables);
    let entry =
        one(&format!("template = \"{template}\"")).replace("\"*\"", "\"content/template-spread\"");
    apply(&mut tables, &parse(&entry, &DETECTORS).unwrap(), false);
    assert!(
        tables
            .requests
            .iter()
            .all(|one| *one.template_id != *template)
    );
    assert!(counted(&tables) < before);
    let campaigns = &tables.case.campaigns;
    assert!(!campaigns.is_empty());
    assert!(
        campaigns
            .iter()
            .all(|one| !one.templates.contains(&template))
    );
}

#[test]
fn a_named_campaign_disappears_and_is_counted() {
    let mut tables = sample::three_campaigns();
    let campaign = tables.case.campaigns[0].clone();
    let entries = parse(&one(&format!("campaign = \"{}\"", campaign.id)), &DETECTORS).unwrap();

    let mut shown = tables.clone();
    apply(&mut shown, &entries, true);
    assert_eq!(shown.case.campaigns.len(), 3);
    assert_eq!(shown.case.suppressions[0].state, SuppressionState::SetAside);
    assert_eq!(shown.case.suppressions[0].campaigns, 1);

    apply(&mut tables, &entries, false);
    let case = &tables.case;
    assert_eq!(case.campaigns.len(), 2);
    assert_eq!(case.suppressed_campaigns.len(), 1);
    assert_eq!(case.suppressed_campaigns[0].id, campaign.id);
    assert_eq!(case.suppressed_campaigns[0].verdict, campaign.verdict);
    assert_eq!(case.suppressions[0].state, SuppressionState::Applied);
    assert!(
        tables
            .requests
            .iter()
            .all(|one| *one.campaign_id != *campaign.id)
    );
    assert!(
        case.templates
            .iter()
            .all(|template| template.campaign_id.as_ref() != Some(&campaign.id))
    );
}

#[test]
fn subjects_that_the_case_lacks_are_named() {
    let mut tables = sample::three_campaigns();
    let id = tables.case.campaigns[0].id.clone();
    let member = tables.case.campaigns[0].members[0].account_id.clone();
    let text = [
        one(&format!("campaign = [\"{id}\", \"C-none\"]")),
        one(&format!("accounts = [\"{member}\", \"nobody*\"]")),
        one("key = [\"ip:203.0.113.200\"]"),
        one("template = [\"T-none\"]"),
        one("finding = \"F-none\"").replace("2099", "1999"),
    ]
    .concat();
    let entries = parse(&text, &DETECTORS).unwrap();
    apply(&mut tables, &entries, true);
    let lacking: Vec<&[String]> = tables
        .case
        .suppressions
        .iter()
        .map(|one| one.not_in_case.as_slice())
        .collect();
    let none: &[&str] = &[];
    assert_eq!(lacking[0], ["C-none"]);
    assert_eq!(lacking[1], ["nobody*"]);
    assert_eq!(lacking[2], ["ip:203.0.113.200"]);
    assert_eq!(lacking[3], ["T-none"]);
    assert_eq!(lacking[4], none);
}

#[test]
fn expired_and_unmatched_entries_hide_nothing_and_are_said() {
    let mut tables = sample::three_campaigns();
    let id = tables.case.campaigns[0].id.clone();
    let expired = one(&format!("campaign = \"{id}\"")).replace("2099", "1999");
    let text = format!("{expired}{}", one("campaign = \"C-none\""));
    let entries = parse(&text, &DETECTORS).unwrap();
    let before = tables.case.campaigns.clone();
    apply(&mut tables, &entries, false);
    assert_eq!(tables.case.campaigns, before);
    let states: Vec<_> = tables
        .case
        .suppressions
        .iter()
        .map(|one| one.state)
        .collect();
    assert_eq!(
        states,
        [SuppressionState::Expired, SuppressionState::Unmatched]
    );
}

#[test]
fn a_family_less_lowers_the_verdict_and_all_of_them_hide_the_campaign() {
    let tables = sample::three_campaigns();
    let campaign = tables.case.campaigns[0].clone();
    let counting: Vec<_> = campaign
        .evidence
        .iter()
        .filter(|evidence| evidence.counts && !evidence.findings.is_empty())
        .collect();
    assert!(counting.len() >= 2, "the sample has too little evidence");
    let hide = |families: usize| {
        let ids: Vec<String> = counting
            .iter()
            .take(families)
            .flat_map(|evidence| &evidence.findings)
            .map(|id| format!("\"{id}\""))
            .collect();
        let mut tables = tables.clone();
        let entries = parse(&one(&format!("finding = [{}]", ids.join(", "))), &DETECTORS).unwrap();
        apply(&mut tables, &entries, false);
        tables
            .case
            .campaigns
            .iter()
            .find(|one| one.id == campaign.id)
            .cloned()
    };
    let all = campaign.evidence.iter().filter(|one| one.counts).count();
    let left = hide(all - 1).expect("one family stands");
    assert_eq!(left.verdict, Verdict::Lead);
    assert!(left.verdict_reason.contains("is suppressed"));
    if counting.len() == all {
        assert_eq!(hide(all), None);
    }
}

/// What the first campaign becomes when `hidden` is suppressed and `other` rests on it.
fn with_an_agreement(rests_on: &[usize]) -> crate::model::case::Case {
    let mut tables = sample::three_campaigns();
    let ids: Vec<String> = tables
        .case
        .findings
        .iter()
        .map(|finding| finding.id.clone())
        .collect();
    tables.case.findings[1].rests_on = rests_on.iter().map(|place| ids[*place].clone()).collect();
    let entries = parse(&one(&format!("finding = \"{}\"", ids[0])), &DETECTORS).unwrap();
    apply(&mut tables, &entries, false);
    tables.case
}

#[test]
fn an_agreement_falls_with_half_of_its_other_side() {
    let case = with_an_agreement(&[0]);
    assert_eq!(case.findings[0].suppressed_by, Some(1));
    assert_eq!(case.findings[1].suppressed_by, Some(1));
    assert_eq!(case.suppressions[0].findings, 2);
    // One of three keys is less than half: the agreement of the other two stands.
    let case = with_an_agreement(&[0, 2, 3]);
    assert_eq!(case.findings[1].suppressed_by, None);
    assert_eq!(case.suppressions[0].findings, 1);
}

/// Three templates agree with the same cards, and each card is told once: settling one template
/// leaves the cards, and with them the other two.
#[test]
fn a_key_of_several_agreements_falls_with_the_last_of_them() {
    let settled = |templates: usize| {
        let mut tables = sample::three_campaigns();
        let ids: Vec<String> = tables
            .case
            .findings
            .iter()
            .map(|one| one.id.clone())
            .collect();
        let card = &mut tables.case.findings[2];
        card.rests_on = ids[..2].to_vec();
        card.stands_with_any = true;
        let entries: String = ids[..templates]
            .iter()
            .map(|id| one(&format!("finding = \"{id}\"")))
            .collect();
        apply(&mut tables, &parse(&entries, &DETECTORS).unwrap(), false);
        tables.case.findings[2].suppressed_by.is_some()
    };
    assert!(!settled(1));
    assert!(settled(2));
}
