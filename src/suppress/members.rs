//! What entries take out of campaigns that stay: single accounts and templates.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::campaign::{Campaign, LabelledRequest, Template};
use crate::model::case::CaseTables;
use crate::model::finding::Subject;
use crate::model::suppression::SuppressedAccount;
use crate::suppress::entry::Entry;

/// Members and silent accounts of a campaign.
pub(super) fn listed(campaign: &Campaign) -> impl Iterator<Item = &str> {
    let members = campaign.members.iter();
    let silent = campaign.silent_accounts.iter();
    members
        .map(|member| member.account_id.as_str())
        .chain(silent.map(|account| account.account_id.as_str()))
}

/// Accounts of a campaign that live entries settle, each with the numbers of these entries.
pub(super) fn settled(
    campaign: &Campaign,
    entries: &[Entry],
    live: &[bool],
) -> BTreeMap<String, Vec<usize>> {
    listed(campaign)
        .filter_map(|account| {
            let all = entries.iter().zip(live).enumerate();
            let numbers: Vec<usize> = all
                .filter(|(_, (entry, live))| **live && entry.settles_account(account))
                .map(|(number, _)| number)
                .collect();
            (!numbers.is_empty()).then(|| (account.to_owned(), numbers))
        })
        .collect()
}

/// Takes these accounts out of a campaign: its requests and times are those of the others. What it
/// adds to the reason says what still counts them.
pub(super) fn leave(campaign: &mut Campaign, settled: &BTreeMap<String, Vec<usize>>) {
    if settled.is_empty() {
        return;
    }
    let before = campaign.members.len();
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
    let members = || campaign.members.iter();
    let times = members()
        .map(|member| member.first_us)
        .min()
        .zip(members().map(|member| member.last_us).max());
    if let Some((first_us, last_us)) = times {
        (campaign.first_us, campaign.last_us) = (first_us, last_us);
    }
    let gone = before - campaign.members.len();
    if gone == 0 {
        return;
    }
    campaign.verdict_reason.push_str(&format!(
        "; suppressed accounts that are listed no more: {gone} (the evidence, the shared keys, the timeline and the volume by day still count them)"
    ));
}

/// Takes out the requests of accounts that are listed no more with campaigns that stay.
pub(super) fn without_accounts(tables: &mut CaseTables, accounts: &[SuppressedAccount]) {
    if accounts.is_empty() {
        return;
    }
    let gone: BTreeSet<(&str, &str)> = accounts
        .iter()
        .map(|one| (one.campaign_id.as_str(), one.account_id.as_str()))
        .collect();
    let mut fewer: BTreeMap<String, u64> = BTreeMap::new();
    tables.requests.retain(|request| {
        let is_gone = gone.contains(&(&*request.campaign_id, &*request.account_id));
        if is_gone {
            *fewer.entry(request.template_id.to_string()).or_default() += 1;
        }
        !is_gone
    });
    let case = &mut tables.case;
    let sent: BTreeSet<(&str, &str)> = case
        .findings
        .iter()
        .filter_map(|finding| match &finding.subject {
            Subject::Template { id } => Some((id.as_str(), &finding.accounts)),
            _ => None,
        })
        .flat_map(|(id, accounts)| accounts.iter().map(move |account| (id, account.as_str())))
        .collect();
    for template in case
        .templates
        .iter_mut()
        .filter(|one| one.requests_complete && one.campaign_id.is_some())
    {
        let count = fewer.get(&template.id).copied().unwrap_or(0);
        template.requests = template.requests.saturating_sub(count);
        let left = accounts.iter().filter(|one| {
            template.campaign_id.as_ref() == Some(&one.campaign_id)
                && sent.contains(&(template.id.as_str(), one.account_id.as_str()))
        });
        template.accounts_in_campaigns = template
            .accounts_in_campaigns
            .saturating_sub(left.count() as u64);
    }
}

/// Takes templates that entries settle out of the campaigns that stay, with their requests.
pub(super) fn without_templates(tables: &mut CaseTables, entries: &[Entry], live: &[bool]) {
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
