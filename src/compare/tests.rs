use super::*;
use crate::model::campaign::Verdict;
use crate::report::sample;

/// A campaign of these accounts and templates.
fn campaign(id: &str, accounts: std::ops::Range<u32>, templates: &[&str]) -> Campaign {
    let mut campaign = sample::three_campaigns().case.campaigns.remove(0);
    campaign.id = id.to_owned();
    campaign.verdict = Verdict::Likely;
    let member = campaign.members[0].clone();
    campaign.members = accounts
        .map(|number| {
            let mut member = member.clone();
            member.account_id = format!("a{number:03}");
            member
        })
        .collect();
    campaign.templates = templates.iter().map(|id| (*id).to_owned()).collect();
    campaign
}

fn states(comparison: &Comparison) -> Vec<(&str, State)> {
    comparison
        .changes
        .iter()
        .map(|change| (change.campaign_id.as_str(), change.state))
        .collect()
}

#[test]
fn a_rotated_network_is_the_same_and_has_grown() {
    let before = [campaign("C-1", 0..30, &["T-1"])];
    let after = [campaign("C-9", 10..40, &["T-2"])];
    let found = compare("last week", &before, &after);
    assert_eq!(states(&found), [("C-9", State::Grown)]);
    let change = &found.changes[0];
    assert_eq!(change.before_id.as_deref(), Some("C-1"));
    assert_eq!((change.joined.len(), change.left.len()), (10, 10));
    assert_eq!(change.because, "20 accounts in common");
    assert!(found.has_news(Verdict::Likely) && !found.has_news(Verdict::Strong));
}

#[test]
fn replaced_to_the_last_account_it_is_known_by_its_template() {
    let before = [campaign("C-1", 0..30, &["T-1", "T-2"])];
    let after = [campaign("C-9", 50..80, &["T-2"])];
    let found = compare("last week", &before, &after);
    assert_eq!(states(&found), [("C-9", State::Grown)]);
    assert_eq!(found.changes[0].templates, ["T-2"]);
}

#[test]
fn strangers_are_new_and_the_vanished_are_gone() {
    let before = [campaign("C-1", 0..30, &["T-1"])];
    let after = [campaign("C-2", 29..60, &["T-2"])];
    let found = compare("last week", &before, &after);
    assert_eq!(states(&found), [("C-2", State::New), ("C-1", State::Gone)]);
    assert_eq!(found.changes[0].because, "1 of its accounts were in C-1");
    assert!(found.has_news(Verdict::Likely));
    let quiet = compare("last week", &before, &before);
    assert_eq!(states(&quiet), [("C-1", State::Same)]);
    assert!(!quiet.has_news(Verdict::Lead));
}

#[test]
fn the_closest_pairs_are_made_first_and_a_split_is_said() {
    let before = [campaign("C-1", 0..30, &["T-1"])];
    let after = [
        campaign("C-3", 0..8, &["T-1"]),
        campaign("C-4", 8..30, &["T-1"]),
    ];
    let found = compare("last week", &before, &after);
    assert_eq!(
        states(&found),
        [("C-3", State::New), ("C-4", State::Shrunk)]
    );
    assert_eq!(found.changes[0].because, "8 of its accounts were in C-1");
}

#[test]
fn a_risen_verdict_is_news() {
    let mut before = [campaign("C-1", 0..30, &["T-1"])];
    before[0].verdict = Verdict::Lead;
    let after = [campaign("C-1", 0..30, &["T-1"])];
    let found = compare("last week", &before, &after);
    assert_eq!(states(&found), [("C-1", State::Grown)]);
    let fallen = compare("last week", &after, &before);
    assert_eq!(states(&fallen), [("C-1", State::Lowered)]);
}

#[test]
fn ids_are_kept_and_links_follow() {
    let before = [campaign("C-1", 0..30, &["T-1"])];
    let mut after = [
        campaign("C-9", 10..40, &["T-1"]),
        campaign("C-9-2", 60..80, &["T-5"]),
    ];
    after[1].description = vec!["linked with C-9, which uses the same T-1".to_owned()];
    let mut found = compare("last week", &before, &after);
    let mut template = sample::three_campaigns().case.templates.remove(0);
    template.campaign_id = Some("C-9".to_owned());
    let mut templates = [template];
    let renamed = keep_ids(&mut found, &mut after, &mut templates, &mut []);
    assert_eq!(templates[0].campaign_id.as_deref(), Some("C-1"));
    assert_eq!(renamed, [("C-9".to_owned(), "C-1".to_owned())]);
    assert_eq!(after[0].id, "C-1");
    assert_eq!(after[1].id, "C-9-2");
    assert_eq!(
        after[1].description,
        ["linked with C-1, which uses the same T-1"]
    );
    assert_eq!(found.changes[0].campaign_id, "C-1");
}

#[test]
fn an_id_does_not_pass_to_a_newcomer() {
    let before = [campaign("C-1", 0..30, &["T-1"])];
    let mut after = [
        campaign("C-9", 10..40, &["T-4"]),
        campaign("C-1", 60..80, &["T-1"]),
    ];
    after[0].description = vec!["C-1 uses the same block as C-9".to_owned()];
    let mut found = compare("last week", &before, &after);
    let mut finding = sample::three_campaigns().case.findings.remove(0);
    finding.subject = Subject::Group {
        name: "C-9".to_owned(),
    };
    let mut findings = [finding];
    keep_ids(&mut found, &mut after, &mut [], &mut findings);
    assert_eq!(after[0].id, "C-1");
    assert_ne!(after[1].id, "C-1");
    assert_eq!(
        after[0].description[0],
        format!("{} uses the same block as C-1", after[1].id)
    );
    assert_eq!(
        findings[0].subject,
        Subject::Group {
            name: "C-1".to_owned()
        }
    );
    let states = states(&found);
    assert_eq!(states[0].1, State::Grown);
    assert_eq!(states[1], (after[1].id.as_str(), State::New));
    // Next week it is known by the id it got.
    let last_week = after.clone();
    let mut next = [
        campaign("C-9", 12..42, &["T-4"]),
        campaign("C-1", 60..84, &["T-1"]),
    ];
    let mut found = compare("last week", &last_week, &next);
    keep_ids(&mut found, &mut next, &mut [], &mut []);
    assert_eq!(next[0].id, last_week[0].id);
    assert_eq!(next[1].id, last_week[1].id);
}
