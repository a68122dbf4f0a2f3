//! The part that each account plays in its campaign, from what the tables say of it.
//!
//! A description that a reader can check by the dates and bits beside it; it enters no verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::fuse::membership::INDEPENDENT_BITS;
use crate::model::campaign::{Campaign, Member, Role};
use crate::model::finding::Finding;

/// The test that finds one template among the traffic of others.
const RELAYS: &str = "dynamics/mixed-traffic";

/// Gives every member its role. Closings and creations must be known by now, where the accounts
/// table has them.
pub fn assign(campaigns: &mut [Campaign], findings: &[Finding]) {
    let relays: BTreeMap<&str, &Finding> = findings
        .iter()
        .filter(|finding| finding.detector == RELAYS)
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    for campaign in campaigns {
        let relaying: BTreeSet<&str> = campaign
            .evidence
            .iter()
            .flat_map(|evidence| &evidence.findings)
            .filter_map(|id| relays.get(id.as_str()))
            .flat_map(|finding| finding.accounts.iter().map(String::as_str))
            .collect();
        let last_us = campaign.last_us;
        let first_closing = campaign
            .members
            .iter()
            .filter_map(|member| member.closed_us)
            .min();
        for member in &mut campaign.members {
            member.role = role(
                member,
                relaying.contains(member.account_id.as_str()),
                first_closing,
                last_us,
            );
        }
    }
}

fn role(member: &Member, relays: bool, first_closing: Option<i64>, last_us: i64) -> Role {
    if relays {
        return Role::Relay;
    }
    // Closed while the campaign went on.
    if member.closed_us.is_some_and(|closed| closed < last_us) {
        return Role::Replaced;
    }
    // Made before another was closed, and silent until after it.
    if let (Some(closing), Some(created)) = (first_closing, member.created_us)
        && created < closing
        && member.first_us > closing
    {
        return Role::Standby;
    }
    let families = member
        .bits_by_family
        .values()
        .filter(|bits| **bits >= INDEPENDENT_BITS)
        .count();
    if families < 2 {
        Role::Satellite
    } else {
        Role::Core
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Family;
    use crate::report::sample;

    #[test]
    fn roles_follow_dates_and_families() {
        let mut member = sample::three_campaigns().case.campaigns[0].members[0].clone();
        member.bits_by_family = BTreeMap::from([(Family::Payment, 9.0), (Family::Content, 9.0)]);
        (member.created_us, member.closed_us, member.first_us) = (Some(10), None, 20);
        assert_eq!(role(&member, false, None, 100), Role::Core);
        assert_eq!(role(&member, true, None, 100), Role::Relay);
        assert_eq!(role(&member, false, Some(15), 100), Role::Standby);
        assert_eq!(role(&member, false, Some(25), 100), Role::Core);
        member.closed_us = Some(50);
        assert_eq!(role(&member, false, Some(15), 100), Role::Replaced);
        member.closed_us = Some(150);
        member.bits_by_family.remove(&Family::Content);
        assert_eq!(role(&member, false, None, 100), Role::Satellite);
    }
}
