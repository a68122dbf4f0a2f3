//! The weakest bridge of a campaign: the key or template by which its parts hang together.
//!
//! The findings of the members are taken strongest first, and each joins the members that it
//! links. The one that joins the last parts is the weakest bridge (the smallest edge of a
//! largest spanning tree; J. B. Kruskal, 1956): whatever is stronger leaves the campaign in
//! parts. It shows a reader where two groups may have been taken for one, and enters no verdict.

use std::collections::BTreeMap;

use crate::model::campaign::{Bridge, Campaign};
use crate::model::finding::{Finding, Subject};
use crate::stats::components::Components;

/// Gives every campaign its weakest bridge, where its findings alone hold it together and no
/// single one does.
pub fn assign(campaigns: &mut [Campaign], findings: &[Finding]) {
    let by_id: BTreeMap<&str, &Finding> = findings
        .iter()
        .filter(|finding| !matches!(finding.subject, Subject::Group { .. }))
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    for campaign in campaigns {
        campaign.weakest_bridge = weakest(campaign, &by_id);
    }
}

fn weakest(campaign: &Campaign, by_id: &BTreeMap<&str, &Finding>) -> Option<Bridge> {
    let numbers: BTreeMap<&str, u32> = campaign
        .members
        .iter()
        .map(|member| member.account_id.as_str())
        .zip(0..)
        .collect();
    let mut ties: Vec<&Finding> = campaign
        .members
        .iter()
        .flat_map(|member| &member.findings)
        .filter_map(|id| by_id.get(id.as_str()).copied())
        .collect();
    ties.sort_by(|one, other| other.bits.total_cmp(&one.bits).then(one.id.cmp(&other.id)));
    ties.dedup_by(|one, other| one.id == other.id);
    let size = u32::try_from(numbers.len()).ok()?;
    let mut parts = Components::new(size);
    let mut sizes = vec![1_u32; numbers.len()];
    let mut left = numbers.len();
    // Findings of one agreement have the same bits: none of them is weaker than another.
    for level in ties.chunk_by(|one, other| one.bits.total_cmp(&other.bits).is_eq()) {
        let largest = sizes.iter().copied().max().unwrap_or(0);
        let mut last = None;
        for tie in level {
            let mut members = tie
                .accounts
                .iter()
                .filter_map(|account| numbers.get(account.as_str()).copied());
            let Some(first) = members.next() else {
                continue;
            };
            for other in members {
                let (one, two) = (parts.label(first), parts.label(other));
                if !parts.link(first, other) {
                    continue;
                }
                let size_of = |label: u32| sizes.get(label as usize).copied().unwrap_or(0);
                let joined = size_of(one) + size_of(two);
                if let Some(size) = sizes.get_mut(parts.label(first) as usize) {
                    *size = joined;
                }
                left -= 1;
                last = Some(tie);
            }
        }
        if left == 1 {
            // One key over accounts that nothing stronger ties is no bridge between parts.
            return last.filter(|_| largest > 1).map(|tie| Bridge {
                finding: tie.id.clone(),
                bits: tie.bits,
                accounts: u64::from(size - largest),
                others: u64::from(largest),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn finding(id: &str, bits: f64, accounts: &[&str]) -> Finding {
        let mut finding = sample::three_campaigns().case.findings[0].clone();
        id.clone_into(&mut finding.id);
        finding.subject = Subject::Key {
            kind: "payment".to_owned(),
            value: id.to_owned(),
        };
        finding.bits = bits;
        finding.accounts = accounts.iter().map(|name| (*name).to_owned()).collect();
        finding
    }

    fn bridge(accounts: &[&str], findings: &[Finding]) -> Option<Bridge> {
        let mut campaign = sample::three_campaigns().case.campaigns[0].clone();
        let pattern = campaign.members[0].clone();
        campaign.members = accounts
            .iter()
            .map(|name| {
                let mut member = pattern.clone();
                (*name).clone_into(&mut member.account_id);
                member.findings = findings.iter().map(|finding| finding.id.clone()).collect();
                member
            })
            .collect();
        let mut campaigns = [campaign];
        assign(&mut campaigns, findings);
        campaigns[0].weakest_bridge.clone()
    }

    #[test]
    fn the_key_that_joins_the_last_parts_is_the_bridge() {
        let findings = [
            finding("F-1", 30.0, &["a", "b", "c", "stranger"]),
            finding("F-2", 20.0, &["d", "e"]),
            finding("F-3", 8.0, &["c", "d"]),
            finding("F-4", 6.0, &["a", "e"]),
        ];
        let found = bridge(&["a", "b", "c", "d", "e"], &findings).expect("bridge");
        assert_eq!(
            (found.finding.as_str(), found.accounts, found.others),
            ("F-3", 2, 3)
        );
        assert!((found.bits - 8.0).abs() < 1e-9);
    }

    #[test]
    fn one_key_over_all_is_no_bridge_and_neither_are_parts_that_nothing_joins() {
        let all = [finding("F-1", 9.0, &["a", "b", "c"])];
        assert_eq!(bridge(&["a", "b", "c"], &all), None);
        assert_eq!(bridge(&["a", "b", "c", "d"], &all), None);
        assert_eq!(bridge(&["a"], &all), None);
    }

    #[test]
    fn what_a_test_says_of_the_whole_group_ties_nobody() {
        let mut said = finding("F-2", 50.0, &["a", "b", "c"]);
        said.subject = Subject::Group {
            name: "C-1".to_owned(),
        };
        let findings = [said, finding("F-1", 9.0, &["a", "b"])];
        assert_eq!(bridge(&["a", "b", "c"], &findings), None);
    }
}
