//! The part that each account plays in its campaign, from what the tables say of it.
//!
//! A description that a reader can check by the dates and bits beside it; it enters no verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::fuse::membership::INDEPENDENT_BITS;
use crate::model::campaign::{Campaign, Member, Role};
use crate::model::finding::Finding;

/// How long an account must have waited to stand by, in microseconds: two days, so that whoever
/// merely had not begun when a log or a day began is not taken for it (ours).
const WAITED_US: i64 = 2 * 24 * 3_600_000_000;

/// The test that finds one template among the traffic of others.
const RELAYS: &str = "dynamics/mixed-traffic";

/// Gives every member its role. Closings and creations must be known by now, where the accounts
/// table has them; who `left` by himself is not replaced.
pub fn assign(campaigns: &mut [Campaign], findings: &[Finding], left: &BTreeSet<String>) {
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
        let span_us = (campaign.first_us, campaign.last_us);
        let closed = |member: &Member| {
            member
                .closed_us
                .filter(|_| !left.contains(&member.account_id))
        };
        let first_closing = campaign.members.iter().filter_map(closed).min();
        for member in &mut campaign.members {
            let closed_us = closed(member);
            member.role = role(
                (member, closed_us),
                relaying.contains(member.account_id.as_str()),
                first_closing,
                span_us,
            );
        }
    }
}

fn role(
    (member, closed_us): (&Member, Option<i64>),
    relays: bool,
    first_closing: Option<i64>,
    (first_us, last_us): (i64, i64),
) -> Role {
    if relays {
        return Role::Relay;
    }
    // Closed while the campaign went on.
    if closed_us.is_some_and(|closed| closed < last_us) {
        return Role::Replaced;
    }
    // Made before another was closed, and silent for days until after it.
    if let (Some(closing), Some(created)) = (first_closing, member.created_us)
        && created < closing
        && member.first_us > closing
        && member.first_us - created.max(first_us) >= WAITED_US
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
        let day = |days: i64| days * 24 * 3_600_000_000;
        let span = (day(1), day(100));
        (member.created_us, member.closed_us, member.first_us) = (Some(day(10)), None, day(20));
        assert_eq!(
            role((&member, member.closed_us), false, None, span),
            Role::Core
        );
        assert_eq!(
            role((&member, member.closed_us), true, None, span),
            Role::Relay
        );
        assert_eq!(
            role((&member, member.closed_us), false, Some(day(15)), span),
            Role::Standby
        );
        assert_eq!(
            role((&member, member.closed_us), false, Some(day(25)), span),
            Role::Core
        );
        // who begins with the campaign or with its own creation has waited for nothing
        assert_eq!(
            role(
                (&member, member.closed_us),
                false,
                Some(day(15)),
                (day(19), day(100))
            ),
            Role::Core
        );
        member.created_us = Some(day(19));
        assert_eq!(
            role((&member, member.closed_us), false, Some(day(19) + 1), span),
            Role::Core
        );
        member.created_us = Some(day(10));
        member.closed_us = Some(day(50));
        assert_eq!(
            role((&member, member.closed_us), false, Some(day(15)), span),
            Role::Replaced
        );
        member.closed_us = Some(day(150));
        member.created_us = None;
        member.bits_by_family.remove(&Family::Content);
        assert_eq!(
            role((&member, member.closed_us), false, None, span),
            Role::Satellite
        );
    }
}
