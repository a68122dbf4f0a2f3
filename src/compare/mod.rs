//! Two cases side by side: which campaigns are new, which have grown, which are gone.
//!
//! A campaign is the same as an earlier one by, in this order: the accounts both have, the
//! templates both have, the id. Accounts come and go and a template can be reworded, so no
//! one of the three is asked for; each campaign has at most one counterpart, the closest
//! pairs first.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::campaign::{Campaign, Template};
use crate::model::case::Case;
use crate::model::comparison::{CampaignChange, Comparison, State};
use crate::model::finding::{Finding, Subject};
use crate::stats::random::stable_id;

/// Accounts in common from which two campaigns may be one: one account can be in a second
/// campaign by chance, two seldom.
const COMMON_ACCOUNTS: usize = 2;

/// And the share of the smaller campaign's accounts that they must be (ours: a quarter is
/// left of a network that replaces three quarters of its accounts from week to week).
const COMMON_SHARE: f64 = 0.25;

/// Campaigns named in a sentence.
const NAMED: usize = 3;

/// What ties a campaign to an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Tie {
    /// Accounts in common, nothing where they are too few to say anything.
    accounts: usize,
    templates: usize,
    same_id: bool,
}

impl Tie {
    fn between(
        (before, old): (&Campaign, &BTreeSet<&str>),
        (after, new): (&Campaign, &BTreeSet<&str>),
    ) -> Option<Self> {
        let common = old.intersection(new).count();
        let smaller = old.len().min(new.len());
        let enough = common >= COMMON_ACCOUNTS.min(smaller)
            && common as f64 >= COMMON_SHARE * smaller as f64;
        let tie = Tie {
            accounts: if enough { common } else { 0 },
            templates: templates(before, after).len(),
            same_id: before.id == after.id,
        };
        (tie.accounts > 0 || tie.templates > 0 || tie.same_id).then_some(tie)
    }

    fn because(&self) -> String {
        let mut parts = Vec::new();
        if self.accounts > 0 {
            parts.push(match self.accounts {
                1 => "1 account in common".to_owned(),
                count => format!("{count} accounts in common"),
            });
        }
        if self.templates > 0 {
            parts.push(match self.templates {
                1 => "1 template in common".to_owned(),
                count => format!("{count} templates in common"),
            });
        }
        if parts.is_empty() {
            parts.push("the same id, which hangs on what most of its accounts share".to_owned());
        }
        parts.join(", ")
    }
}

fn accounts(campaign: &Campaign) -> BTreeSet<&str> {
    campaign
        .members
        .iter()
        .map(|member| member.account_id.as_str())
        .collect()
}

fn templates(before: &Campaign, after: &Campaign) -> Vec<String> {
    let old: BTreeSet<&String> = before.templates.iter().collect();
    let common: BTreeSet<&String> = after
        .templates
        .iter()
        .filter(|template| old.contains(template))
        .collect();
    common.into_iter().cloned().collect()
}

/// Compares the campaigns of a case with those of an earlier one, called `baseline`.
#[must_use]
pub fn compare(baseline: &str, before: &[Campaign], after: &[Campaign]) -> Comparison {
    let counterpart = counterparts(before, after);
    let mut changes: Vec<CampaignChange> = after
        .iter()
        .enumerate()
        .map(|(at, campaign)| match counterpart.get(&at) {
            Some((old, tie)) => match before.get(*old) {
                Some(old) => changed(old, campaign, tie.because()),
                None => new(campaign, before),
            },
            None => new(campaign, before),
        })
        .collect();
    let met: BTreeSet<usize> = counterpart.values().map(|(old, _)| *old).collect();
    changes.extend(
        before
            .iter()
            .enumerate()
            .filter(|(at, _)| !met.contains(at))
            .map(|(_, campaign)| gone(campaign, after)),
    );
    Comparison {
        baseline: baseline.to_owned(),
        changes,
    }
}

/// For each campaign its earlier self, by position; the closest pairs are made first.
fn counterparts(before: &[Campaign], after: &[Campaign]) -> BTreeMap<usize, (usize, Tie)> {
    let mut ties: Vec<(Tie, usize, usize)> = Vec::new();
    let olds: Vec<BTreeSet<&str>> = before.iter().map(accounts).collect();
    let news: Vec<BTreeSet<&str>> = after.iter().map(accounts).collect();
    for (old, campaign) in before.iter().zip(&olds).enumerate() {
        for (new, other) in after.iter().zip(&news).enumerate() {
            if let Some(tie) = Tie::between(campaign, other) {
                ties.push((tie, old, new));
            }
        }
    }
    // Equally close pairs in the order of the cases, strongest campaigns first.
    ties.sort_by(|a, b| b.0.cmp(&a.0).then((a.2, a.1).cmp(&(b.2, b.1))));
    let mut taken = BTreeSet::new();
    let mut found = BTreeMap::new();
    for (tie, old, new) in ties {
        if !found.contains_key(&new) && taken.insert(old) {
            found.insert(new, (old, tie));
        }
    }
    found
}

fn changed(before: &Campaign, after: &Campaign, because: String) -> CampaignChange {
    let (old, new) = (accounts(before), accounts(after));
    let only = |left: &BTreeSet<&str>, right: &BTreeSet<&str>| -> Vec<String> {
        left.difference(right).map(ToString::to_string).collect()
    };
    let (joined, left) = (only(&new, &old), only(&old, &new));
    let state = if after.verdict < before.verdict {
        State::Lowered
    } else if !joined.is_empty() || after.verdict > before.verdict {
        State::Grown
    } else if !left.is_empty() {
        State::Shrunk
    } else {
        State::Same
    };
    CampaignChange {
        state,
        campaign_id: after.id.clone(),
        before_id: Some(before.id.clone()),
        verdict: Some(after.verdict),
        verdict_before: Some(before.verdict),
        accounts: new.len() as u64,
        accounts_before: old.len() as u64,
        joined,
        left,
        templates: templates(before, after),
        because,
    }
}

fn new(campaign: &Campaign, before: &[Campaign]) -> CampaignChange {
    let own = accounts(campaign);
    CampaignChange {
        state: State::New,
        campaign_id: campaign.id.clone(),
        before_id: None,
        verdict: Some(campaign.verdict),
        verdict_before: None,
        accounts: own.len() as u64,
        accounts_before: 0,
        joined: own.iter().map(ToString::to_string).collect(),
        left: Vec::new(),
        templates: Vec::new(),
        because: elsewhere(&own, before, "were in"),
    }
}

fn gone(campaign: &Campaign, after: &[Campaign]) -> CampaignChange {
    let own = accounts(campaign);
    CampaignChange {
        state: State::Gone,
        campaign_id: campaign.id.clone(),
        before_id: Some(campaign.id.clone()),
        verdict: None,
        verdict_before: Some(campaign.verdict),
        accounts: 0,
        accounts_before: own.len() as u64,
        joined: Vec::new(),
        left: own.iter().map(ToString::to_string).collect(),
        templates: Vec::new(),
        because: elsewhere(&own, after, "are now in"),
    }
}

/// Where accounts of a campaign without a counterpart stand in the other case: two campaigns
/// may have become one, or one two.
fn elsewhere(own: &BTreeSet<&str>, others: &[Campaign], verb: &str) -> String {
    let mut places: Vec<(usize, &str)> = others
        .iter()
        .map(|other| {
            let common = accounts(other).intersection(own).count();
            (common, other.id.as_str())
        })
        .filter(|(common, _)| *common > 0)
        .collect();
    places.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    if places.is_empty() {
        return "no campaign of the other case has accounts or templates of it".to_owned();
    }
    let named: Vec<String> = places
        .iter()
        .take(NAMED)
        .map(|(count, id)| format!("{count} of its accounts {verb} {id}"))
        .collect();
    named.join(", ")
}

/// Gives each campaign the id that it had in the earlier case, so that a reader's notes and
/// suppressions still name it. A campaign that has such an id by itself, because it has taken up
/// what the other one was named after, gets one of its own. Answers with each id here and the
/// one it got.
pub fn keep_ids(
    comparison: &mut Comparison,
    campaigns: &mut [Campaign],
    templates: &mut [Template],
    findings: &mut [Finding],
) -> Vec<(String, String)> {
    // Each earlier campaign has one counterpart at most, so that no id is given out twice.
    let kept: BTreeSet<String> = comparison
        .changes
        .iter()
        .filter(|change| change.state != State::Gone)
        .filter_map(|change| change.before_id.clone())
        .collect();
    let mut renamed = Vec::new();
    for change in &mut comparison.changes {
        let id = match &change.before_id {
            _ if change.state == State::Gone => continue,
            Some(before) => before.clone(),
            None if kept.contains(&change.campaign_id) => {
                let first = change.joined.first().map_or("", String::as_str);
                stable_id("C", &[&change.campaign_id, "beside", first])
            }
            None => continue,
        };
        if id != change.campaign_id {
            renamed.push((change.campaign_id.clone(), id.clone()));
            change.campaign_id = id;
        }
    }
    for template in templates {
        if let Some(own) = &mut template.campaign_id
            && let Some((_, kept)) = renamed.iter().find(|(id, _)| id == own)
        {
            own.clone_from(kept);
        }
    }
    for finding in findings {
        if let Subject::Group { name } = &mut finding.subject
            && let Some((_, kept)) = renamed.iter().find(|(id, _)| id == name)
        {
            name.clone_from(kept);
        }
    }
    for campaign in campaigns {
        for text in &mut campaign.description {
            *text = with_ids(text, &renamed);
        }
        if let Some((id, kept)) = renamed.iter().find(|(id, _)| *id == campaign.id) {
            campaign.description.push(format!(
                "has its id from the comparison with the baseline; by what its accounts share now it would be {id}"
            ));
            campaign.id.clone_from(kept);
        }
    }
    renamed
}

/// Says of what only one of two cases shows that a suppression hides it in the other.
pub fn name_suppressed(comparison: &mut Comparison, before: &Case, after: &Case) {
    for change in &mut comparison.changes {
        let (case, id) = match change.state {
            State::Gone => (after, change.before_id.as_ref()),
            State::New => (before, Some(&change.campaign_id)),
            _ => continue,
        };
        let hidden = case
            .suppressed_campaigns
            .iter()
            .find(|campaign| Some(&campaign.id) == id);
        if let Some(hidden) = hidden {
            let lines: Vec<String> = hidden.lines.iter().map(u64::to_string).collect();
            change.because = format!(
                "suppressed in {} case, by line {} of its suppression file",
                if change.state == State::Gone {
                    "the newer"
                } else {
                    "the earlier"
                },
                lines.join(", ")
            );
        }
    }
}

/// A sentence with other ids for some, all at once: an id may pass from one campaign to another.
fn with_ids(text: &str, renamed: &[(String, String)]) -> String {
    let mark = |at: usize| format!("\u{0}{at}\u{0}");
    let marked = renamed
        .iter()
        .enumerate()
        .fold(text.to_owned(), |text, (at, (id, _))| {
            with_id(&text, id, &mark(at))
        });
    renamed
        .iter()
        .enumerate()
        .fold(marked, |text, (at, (_, kept))| {
            text.replace(&mark(at), kept)
        })
}

/// A sentence with one id for another; a longer id that begins with it stays.
fn with_id(text: &str, id: &str, before: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(id) {
        let (head, tail) = rest.split_at(at);
        let after = tail.get(id.len()..).unwrap_or_default();
        let is_whole = !after.starts_with(|next: char| next == '-' || next.is_alphanumeric());
        out.push_str(head);
        out.push_str(if is_whole { before } else { id });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
