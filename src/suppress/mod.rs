//! Suppressing: what a reviewer has settled is taken out of the case, and counted.
//!
//! Suppressions work on the scored case, so they never change what is measured: a campaign
//! disappears when everything that counts for it is suppressed, and its verdict falls when
//! a family of evidence is; single accounts and templates are taken out of a campaign that stays.
//! Everything hidden stays in the case as a count with its reason.

pub mod entry;
mod file;
mod members;
#[cfg(test)]
mod tests;

pub use file::{Problem, parse};

use std::collections::{BTreeMap, BTreeSet};

use crate::model::campaign::{Campaign, LabelledRequest, Verdict};
use crate::model::case::CaseTables;
use crate::model::finding::Finding;
use crate::model::suppression::{
    SuppressedAccount, SuppressedCampaign, Suppression, SuppressionState,
};
use crate::suppress::entry::{Entry, Scope};

/// Families that must count for a verdict: the ladder of the verdict rule.
fn highest_with(families: usize) -> Verdict {
    match families {
        0 | 1 => Verdict::Lead,
        2 => Verdict::Likely,
        _ => Verdict::Strong,
    }
}

/// Applies the entries to a case; with `set_aside` they are matched and reported only.
pub fn apply(tables: &mut CaseTables, entries: &[Entry], set_aside: bool) {
    let last_us = tables.case.coverage.last_us;
    let mut records: Vec<Suppression> = entries.iter().map(Entry::record).collect();
    let mut live: Vec<bool> = Vec::new();
    for (entry, record) in entries.iter().zip(&mut records) {
        let expired = last_us.is_some_and(|last_us| last_us > entry.until_us);
        if expired {
            record.state = SuppressionState::Expired;
        } else {
            record.not_in_case = entry.not_in(&tables.case);
        }
        live.push(!expired);
    }

    let case = &mut tables.case;
    let by_id: BTreeMap<&str, &Finding> = case
        .findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    // Entries that name a finding wherever it stands.
    let mut hidden: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &case.findings {
        for (number, entry) in entries.iter().enumerate() {
            if live.get(number) == Some(&true) && entry.hides(finding) {
                hidden.entry(finding.id.clone()).or_insert(number);
                count(&mut records, number, |record| record.findings += 1);
            }
        }
    }
    for number in spread(&mut hidden, &case.findings) {
        count(&mut records, number, |record| record.findings += 1);
    }
    // Entries that name a campaign: its findings may back another one that stays.
    let mut for_one: BTreeMap<String, usize> = BTreeMap::new();
    let mut standing: BTreeSet<String> = BTreeSet::new();
    let mut kept: Vec<Campaign> = Vec::new();
    let mut gone: Vec<SuppressedCampaign> = Vec::new();
    let (mut hidden_accounts, mut single_accounts) = (Vec::new(), Vec::new());
    let taken_out = |campaign: &Campaign, account: &str, number: Option<&usize>| {
        let entry = number.and_then(|number| entries.get(*number));
        SuppressedAccount {
            account_id: account.to_owned(),
            campaign_id: campaign.id.clone(),
            line: entry.map_or(0, |entry| entry.line),
        }
    };
    for mut campaign in std::mem::take(&mut case.campaigns) {
        let look = Look {
            campaign: &campaign,
            entries,
            live: &live,
            hidden: &hidden,
            findings: &by_id,
            all: &case.findings,
        };
        let (hiding, own) = look.hides();
        for (finding, number) in &own {
            count(&mut records, *number, |record| record.findings += 1);
            for_one.entry(finding.clone()).or_insert(*number);
        }
        let is_hidden = |id: &str| hidden.contains_key(id) || own.contains_key(id);
        if !matches!(hiding, Hiding::Whole(_)) {
            let behind = campaign.evidence.iter().flat_map(|one| &one.findings);
            standing.extend(behind.filter(|id| !is_hidden(id)).cloned());
        }
        match hiding {
            Hiding::Whole(numbers) => {
                for number in &numbers {
                    count(&mut records, *number, |record| record.campaigns += 1);
                }
                if set_aside {
                    kept.push(campaign);
                    continue;
                }
                hidden_accounts.extend(
                    members::listed(&campaign)
                        .map(|account| taken_out(&campaign, account, numbers.first())),
                );
                gone.push(suppressed(&campaign, &numbers, entries));
            }
            Hiding::Nothing | Hiding::Families(_) => {
                let settled = members::settled(&campaign, entries, &live);
                for number in settled.values().flatten() {
                    count(&mut records, *number, |record| record.accounts += 1);
                }
                if set_aside {
                    kept.push(campaign);
                    continue;
                }
                if let Hiding::Families(families) = hiding {
                    lower(&mut campaign, &families, entries);
                }
                restate(&mut campaign, is_hidden, &by_id);
                single_accounts.extend(
                    settled
                        .iter()
                        .map(|(account, numbers)| taken_out(&campaign, account, numbers.first())),
                );
                members::leave(&mut campaign, &settled);
                kept.push(campaign);
            }
        }
    }
    case.campaigns = kept;
    for (number, entry) in entries.iter().enumerate() {
        if live.get(number) == Some(&true) {
            let settled = case.templates.iter().filter(|template| {
                template.campaign_id.is_some() && entry.settles_template(&template.id)
            });
            let settled = settled.count() as u64;
            count(&mut records, number, |record| record.templates += settled);
        }
    }
    for record in &mut records {
        if record.state != SuppressionState::Expired
            && record.findings + record.campaigns + record.accounts + record.templates > 0
        {
            record.state = if set_aside {
                SuppressionState::SetAside
            } else {
                SuppressionState::Applied
            };
        }
    }
    case.suppressions = records;
    if set_aside {
        return;
    }
    // A finding that another campaign still rests on is not hidden.
    for_one.retain(|finding, _| !standing.contains(finding));
    for finding in &mut case.findings {
        finding.suppressed_by = hidden
            .get(&finding.id)
            .or_else(|| for_one.get(&finding.id))
            .and_then(|number| entries.get(*number))
            .map(|entry| entry.line);
    }
    take_out(tables, gone);
    members::without_accounts(tables, &single_accounts);
    members::without_templates(tables, entries, &live);
    tables.case.suppressed_accounts = [hidden_accounts, single_accounts].concat();
}

fn count(records: &mut [Suppression], number: usize, add: impl Fn(&mut Suppression)) {
    if let Some(record) = records.get_mut(number) {
        add(record);
    }
}

/// Removes what belongs to hidden campaigns from the other lists of the case.
fn take_out(tables: &mut CaseTables, gone: Vec<SuppressedCampaign>) {
    let ids: BTreeSet<&str> = gone.iter().map(|campaign| campaign.id.as_str()).collect();
    tables
        .requests
        .retain(|request: &LabelledRequest| !ids.contains(&*request.campaign_id));
    for template in &mut tables.case.templates {
        if template
            .campaign_id
            .as_deref()
            .is_some_and(|id| ids.contains(id))
        {
            template.campaign_id = None;
            template.accounts_in_campaigns = 0;
            "its campaign is suppressed".clone_into(&mut template.assessment);
        }
    }
    tables.case.suppressed_campaigns = gone;
}

fn suppressed(
    campaign: &Campaign,
    numbers: &BTreeSet<usize>,
    entries: &[Entry],
) -> SuppressedCampaign {
    SuppressedCampaign {
        id: campaign.id.clone(),
        verdict: campaign.verdict,
        bits: campaign.bits,
        accounts: campaign.members.len() as u64,
        requests: campaign.requests,
        lines: numbers
            .iter()
            .filter_map(|number| entries.get(*number))
            .map(|entry| entry.line)
            .collect(),
    }
}

/// Hides what rests on hidden findings, under the same entries: an agreement of two keys is one
/// observation, whichever of the two it is told of. What is told of several agreements falls with the
/// last of them. Returns the entry of each finding added.
fn spread(hidden: &mut BTreeMap<String, usize>, findings: &[Finding]) -> Vec<usize> {
    let mut added = Vec::new();
    loop {
        let fallen: Vec<(String, usize)> = findings
            .iter()
            .filter(|finding| !finding.rests_on.is_empty() && !hidden.contains_key(&finding.id))
            .filter_map(|finding| {
                let by: Vec<usize> = finding
                    .rests_on
                    .iter()
                    .filter_map(|id| hidden.get(id).copied())
                    .collect();
                let number = by.iter().min().copied()?;
                let falls = match finding.stands_with_any {
                    true => by.len() == finding.rests_on.len(),
                    false => by.len() * 2 > finding.rests_on.len(),
                };
                falls.then(|| (finding.id.clone(), number))
            })
            .collect();
        if fallen.is_empty() {
            return added;
        }
        added.extend(fallen.iter().map(|(_, number)| *number));
        hidden.extend(fallen);
    }
}

/// What entries hide of a campaign.
enum Hiding {
    Nothing,
    /// All of it, by these entries.
    Whole(BTreeSet<usize>),
    /// These counting families (positions in its evidence), each by one entry.
    Families(BTreeMap<usize, usize>),
}

/// One campaign beside the entries.
struct Look<'a> {
    campaign: &'a Campaign,
    entries: &'a [Entry],
    live: &'a [bool],
    hidden: &'a BTreeMap<String, usize>,
    findings: &'a BTreeMap<&'a str, &'a Finding>,
    all: &'a [Finding],
}

impl Look<'_> {
    /// What is hidden, and the findings that entries hide for this campaign alone.
    fn hides(&self) -> (Hiding, BTreeMap<String, usize>) {
        let live = || {
            self.entries
                .iter()
                .enumerate()
                .filter(|(number, _)| self.live.get(*number) == Some(&true))
        };
        let whole: BTreeSet<usize> = live()
            .filter(|(_, entry)| entry.hides_campaign(self.campaign))
            .map(|(number, _)| number)
            .collect();
        let mut own: BTreeMap<String, usize> = BTreeMap::new();
        for (number, entry) in live() {
            let Scope::Campaign(_) = &entry.scope else {
                continue;
            };
            if !entry.names_campaign(self.campaign) {
                continue;
            }
            for id in self.campaign.evidence.iter().flat_map(|one| &one.findings) {
                if let Some(finding) = self.findings.get(id.as_str())
                    && entry.is_of(&finding.detector)
                    && !self.hidden.contains_key(id)
                {
                    own.entry(id.clone()).or_insert(number);
                }
            }
        }
        if !own.is_empty() {
            let mut both = self.hidden.clone();
            both.extend(own.clone());
            spread(&mut both, self.all);
            both.retain(|id, _| !self.hidden.contains_key(id));
            own = both;
        }
        if !whole.is_empty() {
            return (Hiding::Whole(whole), own);
        }
        let by = |id: &String| self.hidden.get(id).or_else(|| own.get(id)).copied();
        let counted = self.campaign.evidence.iter().any(|one| one.counts);
        let mut families: BTreeMap<usize, usize> = BTreeMap::new();
        let mut numbers: BTreeSet<usize> = BTreeSet::new();
        let mut standing = 0;
        for (place, evidence) in self.campaign.evidence.iter().enumerate() {
            if counted && !evidence.counts {
                continue;
            }
            // A weak finding never counted, so it holds up no family.
            let is_weak = |id: &&String| {
                let finding = self.findings.get(id.as_str());
                evidence.counts && finding.is_some_and(|finding| finding.weak)
            };
            let hiding: Vec<Option<usize>> = evidence
                .findings
                .iter()
                .filter(|id| !is_weak(id))
                .map(by)
                .collect();
            if hiding.is_empty() || hiding.iter().any(Option::is_none) {
                standing += 1;
                continue;
            }
            numbers.extend(hiding.iter().flatten());
            if let Some(number) = hiding.into_iter().flatten().next() {
                families.insert(place, number);
            }
        }
        let hiding = if families.is_empty() {
            Hiding::Nothing
        } else if standing == 0 {
            Hiding::Whole(numbers)
        } else {
            Hiding::Families(families)
        };
        (hiding, own)
    }
}

/// Words a family by the strongest finding that still stands, where stronger ones are hidden:
/// what a reviewer has settled must not be what a verdict seems to rest on.
fn restate(
    campaign: &mut Campaign,
    is_hidden: impl Fn(&str) -> bool,
    findings: &BTreeMap<&str, &Finding>,
) {
    campaign
        .silent_accounts
        .retain(|account| !is_hidden(&account.finding));
    for evidence in campaign.evidence.iter_mut().filter(|one| one.counts) {
        let number = evidence.findings.iter().filter(|id| is_hidden(id)).count();
        let standing = evidence
            .findings
            .iter()
            .filter(|id| !is_hidden(id))
            .filter_map(|id| findings.get(id.as_str()))
            .filter(|finding| !finding.weak)
            .max_by(|a, b| a.bits.total_cmp(&b.bits).then(b.id.cmp(&a.id)));
        if let (1.., Some(finding)) = (number, standing) {
            evidence.bits = evidence.bits.min(finding.bits);
            evidence.statement = format!(
                "finding {}: {:.0} {}; {:.2} expected by chance (findings behind it that are suppressed: {number})",
                finding.id, finding.measured, finding.measure, finding.expected
            );
        }
    }
}

/// Takes families out of a campaign's verdict.
fn lower(campaign: &mut Campaign, families: &BTreeMap<usize, usize>, entries: &[Entry]) {
    let mut names = Vec::new();
    for (place, number) in families {
        if let (Some(evidence), Some(entry)) =
            (campaign.evidence.get_mut(*place), entries.get(*number))
        {
            evidence.counts = false;
            evidence.statement = format!(
                "{} (suppressed by line {}: {})",
                evidence.statement, entry.line, entry.reason
            );
            names.push(evidence.family.name());
        }
    }
    let standing = campaign.evidence.iter().filter(|one| one.counts).count();
    let verdict = campaign.verdict.min(highest_with(standing));
    campaign.verdict_reason = format!(
        "{}; {} evidence is suppressed{}",
        campaign.verdict_reason,
        names.join(" and "),
        if verdict < campaign.verdict {
            ", which lowers the verdict"
        } else {
            ""
        }
    );
    campaign.verdict = verdict;
    // What counts is told first; the sort is stable.
    campaign.evidence.sort_by_key(|one| !one.counts);
    // Measured with what is suppressed now.
    campaign.without_family.clear();
    campaign.weakest_bridge = None;
    if verdict == Verdict::Lead {
        // A lead names no technique.
        campaign.techniques.clear();
    }
}
