//! Accounts that sent nothing in the log and are paid for by a campaign's payer.
//!
//! Networks make accounts in advance, and many are closed before their first request. The log has
//! no row of them, so no test can see them; they are listed beside the campaign and enter neither
//! its verdict nor its figures.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::model::campaign::{Campaign, SilentAccount, Verdict};
use crate::model::finding::{Family, Finding, Subject};
use crate::model::profile::AccountProfile;

/// Accounts that one instrument must pay for within the campaign: two can be of one person.
const HOLDERS_AT_LEAST: usize = 3;

/// A payer as it is compared here: a spelling of it that differs in blanks, case or quotes must not
/// keep its other accounts from speaking for it.
fn spelled(payer: &str) -> String {
    let quotes = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'');
    payer.trim_matches(quotes).to_lowercase()
}

/// Kind of the keys that name a payer.
const PAYMENT: &str = "payment";

/// Lists with every campaign above `lead` whose payers count as evidence the `silent` accounts that
/// one of them pays for, where that payer's accounts with requests (`seen`) are all members. Accounts
/// that were closed before the log began or made after its end (`log_us`, microseconds) had no time
/// to send anything in it.
pub fn attach(
    campaigns: &mut [Campaign],
    findings: &[Finding],
    seen: &[Option<AccountProfile>],
    silent: &[AccountProfile],
    log_us: (i64, i64),
) {
    let mut waiting: FxHashMap<String, Vec<&AccountProfile>> = FxHashMap::default();
    for profile in silent {
        let was_there = profile.created_at_us.is_none_or(|at| at <= log_us.1)
            && profile.closed_at_us.is_none_or(|at| at >= log_us.0);
        if let Some(payer) = profile.payment_id.as_ref().filter(|_| was_there) {
            waiting.entry(spelled(payer)).or_default().push(profile);
        }
    }
    if waiting.is_empty() {
        return;
    }
    let mut holders: FxHashMap<String, Vec<&str>> = FxHashMap::default();
    for profile in seen.iter().flatten() {
        if let Some(payer) = &profile.payment_id {
            let of_payer = holders.entry(spelled(payer)).or_default();
            of_payer.push(&profile.account_id);
        }
    }
    let payers: BTreeMap<&str, (String, &Finding)> = findings
        .iter()
        .filter_map(|finding| match &finding.subject {
            Subject::Key { kind, value } if kind == PAYMENT => {
                Some((finding.id.as_str(), (spelled(value), finding)))
            }
            _ => None,
        })
        .collect();
    for campaign in campaigns {
        campaign.silent_accounts = of_campaign(campaign, &payers, &holders, &waiting);
    }
}

fn of_campaign(
    campaign: &Campaign,
    payers: &BTreeMap<&str, (String, &Finding)>,
    holders: &FxHashMap<String, Vec<&str>>,
    waiting: &FxHashMap<String, Vec<&AccountProfile>>,
) -> Vec<SilentAccount> {
    let counts = campaign
        .evidence
        .iter()
        .any(|evidence| evidence.family == Family::Payment && evidence.counts);
    if campaign.verdict == Verdict::Lead || !counts {
        return Vec::new();
    }
    let bits_of: FxHashMap<&str, f64> = campaign
        .members
        .iter()
        .map(|member| {
            let bits = member.bits_by_family.get(&Family::Payment);
            (member.account_id.as_str(), bits.copied().unwrap_or(0.0))
        })
        .collect();
    // The strongest of the findings about each payer.
    let mut named: BTreeMap<&String, &Finding> = BTreeMap::new();
    let findings = campaign.members.iter().flat_map(|member| &member.findings);
    for (payer, finding) in findings.filter_map(|id| payers.get(id.as_str())) {
        let known = named.entry(payer).or_insert(*finding);
        let order = finding.bits.total_cmp(&known.bits);
        if order.then_with(|| known.id.cmp(&finding.id)).is_gt() {
            *known = finding;
        }
    }
    let mut listed: Vec<SilentAccount> = Vec::new();
    for (payer, finding) in named {
        let (Some(holders), Some(waiting)) = (holders.get(payer), waiting.get(payer)) else {
            continue;
        };
        // A payer that pays for anybody else as well is not the campaign's own.
        let own: Option<Vec<f64>> = holders
            .iter()
            .map(|holder| bits_of.get(holder).copied())
            .collect();
        let Some(own) = own.filter(|own| own.len() >= HOLDERS_AT_LEAST) else {
            continue;
        };
        let bits = own.into_iter().fold(f64::INFINITY, f64::min);
        listed.extend(waiting.iter().map(|profile| SilentAccount {
            account_id: profile.account_id.clone(),
            bits,
            created_us: profile.created_at_us,
            closed_us: profile.closed_at_us,
            finding: finding.id.clone(),
        }));
    }
    listed.sort_by(|a, b| a.account_id.cmp(&b.account_id));
    listed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn profile(account_id: &str, payer: &str) -> AccountProfile {
        AccountProfile {
            account_id: account_id.to_owned(),
            payment_id: Some(payer.to_owned()),
            created_at_us: Some(7),
            ..AccountProfile::default()
        }
    }

    /// The accounts listed with the first campaign of the sample, which a payer ties together.
    fn listed(change: impl FnOnce(&mut Campaign, &mut Vec<AccountProfile>)) -> Vec<String> {
        let case = sample::three_campaigns().case;
        let mut campaign = case.campaigns[0].clone();
        let mut finding = case.findings[0].clone();
        finding.subject = Subject::Key {
            kind: PAYMENT.to_owned(),
            value: "pm_own".to_owned(),
        };
        campaign.verdict = Verdict::Likely;
        campaign.members.truncate(3);
        campaign.evidence.truncate(1);
        campaign.evidence[0].family = Family::Payment;
        campaign.evidence[0].counts = true;
        for member in &mut campaign.members {
            member.findings = vec![finding.id.clone()];
            member.bits_by_family.insert(Family::Payment, 9.0);
        }
        let mut seen: Vec<AccountProfile> = campaign
            .members
            .iter()
            .map(|member| profile(&member.account_id, "pm_own"))
            .collect();
        seen.push(profile("stranger", "pm_other"));
        change(&mut campaign, &mut seen);
        let seen: Vec<Option<AccountProfile>> = seen.into_iter().map(Some).collect();
        let silent = [
            profile("waits b", "pm_own"),
            profile("waits a", "pm_own"),
            profile("other", "pm_other"),
            AccountProfile {
                created_at_us: Some(10),
                ..profile("not made yet", "pm_own")
            },
            AccountProfile {
                closed_at_us: Some(4),
                ..profile("long closed", "pm_own")
            },
            AccountProfile::default(),
        ];
        let mut campaigns = [campaign];
        attach(&mut campaigns, &[finding], &seen, &silent, (5, 9));
        for account in &campaigns[0].silent_accounts {
            assert_eq!((account.bits, account.created_us), (9.0, Some(7)));
        }
        let listed = campaigns[0].silent_accounts.iter();
        listed.map(|account| account.account_id.clone()).collect()
    }

    #[test]
    fn silent_accounts_of_the_campaigns_own_payers_are_listed() {
        assert_eq!(listed(|_, _| ()), ["waits a", "waits b"]);
    }

    #[test]
    fn another_spelling_of_the_payer_speaks_as_well() {
        let other = |_: &mut Campaign, seen: &mut Vec<AccountProfile>| {
            seen.push(profile("neighbour", " \"PM_own\" "));
        };
        assert_eq!(listed(other), [""; 0]);
    }

    #[test]
    fn a_payer_of_others_or_of_two_or_of_a_lead_names_nobody() {
        let nobody = [""; 0];
        assert_eq!(
            listed(|_, seen| seen.push(profile("neighbour", "pm_own"))),
            nobody
        );
        assert_eq!(
            listed(|campaign, seen| {
                campaign.members.truncate(2);
                seen.remove(2);
            }),
            nobody
        );
        assert_eq!(
            listed(|campaign, _| campaign.verdict = Verdict::Lead),
            nobody
        );
        assert_eq!(
            listed(|campaign, _| campaign.evidence[0].counts = false),
            nobody
        );
    }
}
