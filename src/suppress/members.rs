//! What entries take out of campaigns that stay: single accounts and templates.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::campaign::{Campaign, LabelledRequest, Template};
use crate::model::case::CaseTables;
use crate::model::suppression::SuppressedAccount;
use crate::suppress::entry::Entry;

/// Accounts of a campaign that live entries settle, each with the number of the first such entry.
pub(super) fn settled(
    campaign: &Campaign,
    entries: &[Entry],
    live: &[bool],
) -> BTreeMap<String, usize> {
    let members = campaign.members.iter().map(|member| &member.account_id);
    let silent = campaign.silent_accounts.iter().map(|one| &one.account_id);
    members
        .chain(silent)
        .filter_map(|account| {
            let number = entries
                .iter()
                .zip(live)
                .position(|(entry, live)| *live && entry.settles_account(account))?;
            Some((account.clone(), number))
        })
        .collect()
}

/// Takes these accounts out of a campaign; what they were counted in is counted without them,
/// except the volume by day and hour.
pub(super) fn leave(campaign: &mut Campaign, settled: &BTreeMap<String, usize>) {
    if settled.is_empty() {
        return;
    }
    for member in &campaign.members {
        if settled.contains_key(&member.account_id) {
            campaign.requests = campaign.requests.saturating_sub(member.requests);
            campaign.campaign_requests = campaign
                .campaign_requests
                .saturating_sub(member.campaign_requests);
        }
    }
    campaign
        .members
        .retain(|member| !settled.contains_key(&member.account_id));
    campaign
        .silent_accounts
        .retain(|one| !settled.contains_key(&one.account_id));
    campaign.verdict_reason.push_str(&format!(
        "; suppressed accounts that are listed no more: {} (the evidence and the volume by day still count them)",
        settled.len()
    ));
}

/// Takes templates that entries settle out of the campaigns that stay, with their requests, and
/// the requests of accounts that are listed no more.
pub(super) fn forget(
    tables: &mut CaseTables,
    accounts: &[SuppressedAccount],
    (entries, live): (&[Entry], &[bool]),
) {
    let gone: BTreeSet<(&str, &str)> = accounts
        .iter()
        .map(|one| (one.campaign_id.as_str(), one.account_id.as_str()))
        .collect();
    tables
        .requests
        .retain(|request| !gone.contains(&(&*request.campaign_id, &*request.account_id)));
    let case = &mut tables.case;
    let line_of = |template: &Template| {
        let mut named = entries.iter().zip(live);
        named
            .find(|(entry, live)| **live && entry.settles_template(&template.id))
            .map(|(entry, _)| entry.line)
    };
    let mut settled: BTreeSet<String> = BTreeSet::new();
    for template in &mut case.templates {
        let Some(line) = line_of(template) else {
            continue;
        };
        if template.campaign_id.take().is_some() {
            template.accounts_in_campaigns = 0;
            template.assessment = format!("suppressed by line {line} of the suppression file");
        }
        settled.insert(template.id.clone());
    }
    if settled.is_empty() {
        return;
    }
    for campaign in &mut case.campaigns {
        campaign.templates.retain(|id| !settled.contains(id));
    }
    let mut taken: BTreeMap<(String, String), u64> = BTreeMap::new();
    tables.requests.retain(|request: &LabelledRequest| {
        let is_settled = settled.contains(&*request.template_id);
        if is_settled {
            let place = (
                request.campaign_id.to_string(),
                request.account_id.to_string(),
            );
            *taken.entry(place).or_default() += 1;
        }
        !is_settled
    });
    for campaign in &mut case.campaigns {
        for member in &mut campaign.members {
            let place = (campaign.id.clone(), member.account_id.clone());
            let count = taken.get(&place).copied().unwrap_or(0);
            member.campaign_requests = member.campaign_requests.saturating_sub(count);
            campaign.campaign_requests = campaign.campaign_requests.saturating_sub(count);
        }
    }
}
