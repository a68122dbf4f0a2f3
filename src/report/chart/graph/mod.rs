//! The account graph of a campaign: its accounts in the middle, what they share on both
//! sides. Who the accounts belong to (payers, identities, addresses, clients) stands on the
//! left, what they do (templates, clocks, succession) on the right.
//!
//! A small campaign shows every account. A large one shows groups of accounts that share the
//! same keys, and of keys only the largest by name, so that 20 and 20,000 accounts take the
//! same room; [`aggregate`] decides what becomes one node, [`layout`] where it stands.

mod aggregate;
mod layout;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::campaign::Campaign;
use crate::model::finding::{Family, Finding, Subject};
use crate::report::format::{count, plural};

pub(crate) use layout::Drawing;

/// Keys listed in the table beside the drawing.
const KEYS_LISTED: usize = 25;

/// A key that ties accounts of the campaign together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    family: Family,
    kind: String,
    value: String,
    /// Positions in the campaign's list of members.
    accounts: BTreeSet<usize>,
}

/// A row of the table that says the same as the drawing.
#[derive(Debug, Serialize)]
pub(crate) struct KeyRow {
    family: &'static str,
    kind: String,
    value: String,
    accounts: u64,
}

/// The drawing and its equivalents in words.
#[derive(Debug, Serialize)]
pub(crate) struct AccountGraph {
    /// What to draw.
    pub(crate) drawing: Drawing,
    /// The largest keys.
    keys: Vec<KeyRow>,
    keys_total: u64,
    /// The same in words.
    pub(crate) text: String,
}

/// Draws a campaign; `None` where none of its findings names a key or template.
pub(crate) fn account_graph(
    campaign: &Campaign,
    findings: &BTreeMap<&str, &Finding>,
) -> Option<AccountGraph> {
    let keys = keys_of(campaign, findings);
    if keys.is_empty() {
        return None;
    }
    let names: Vec<&str> = campaign
        .members
        .iter()
        .map(|member| member.account_id.as_str())
        .collect();
    let graph = aggregate::aggregate(&keys, &names);
    let text = in_words(&keys, names.len(), &graph);
    Some(AccountGraph {
        drawing: layout::layout(&graph),
        keys_total: keys.len() as u64,
        keys: keys
            .iter()
            .take(KEYS_LISTED)
            .map(|key| KeyRow {
                family: key.family.name(),
                kind: key.kind.clone(),
                value: key.value.clone(),
                accounts: key.accounts.len() as u64,
            })
            .collect(),
        text,
    })
}

/// What the campaign's findings are about, with the members each ties together: most
/// accounts first. Several findings about one subject are one key.
fn keys_of(campaign: &Campaign, findings: &BTreeMap<&str, &Finding>) -> Vec<Key> {
    let position: BTreeMap<&str, usize> = campaign
        .members
        .iter()
        .enumerate()
        .map(|(index, member)| (member.account_id.as_str(), index))
        .collect();
    let ids: BTreeSet<&str> = campaign
        .evidence
        .iter()
        .flat_map(|evidence| &evidence.findings)
        .chain(campaign.members.iter().flat_map(|member| &member.findings))
        .map(String::as_str)
        .collect();
    let mut keys: BTreeMap<(Family, &str, &str), BTreeSet<usize>> = BTreeMap::new();
    for finding in ids.iter().filter_map(|id| findings.get(id)) {
        let (kind, value) = match &finding.subject {
            Subject::Key { kind, value } => (kind.as_str(), value.as_str()),
            Subject::Template { id } => ("template", id.as_str()),
            // what many groups have as well ties nothing together
            Subject::Group { .. } if finding.weak => continue,
            // a group is the campaign itself; what ties it together is what was measured
            Subject::Group { .. } => (test_name(&finding.detector), finding.measure.as_str()),
        };
        let inside = finding
            .accounts
            .iter()
            .filter_map(|account| position.get(account.as_str()));
        keys.entry((finding.family, kind, value))
            .or_default()
            .extend(inside);
    }
    let mut keys: Vec<Key> = keys
        .into_iter()
        .filter(|(_, accounts)| !accounts.is_empty())
        .map(|((family, kind, value), accounts)| Key {
            family,
            kind: kind.to_owned(),
            value: value.to_owned(),
            accounts,
        })
        .collect();
    // the map gave family, kind and value in order; the sort keeps that among equals
    keys.sort_by_key(|key| std::cmp::Reverse(key.accounts.len()));
    keys
}

/// `sharding` of `content/sharding`.
fn test_name(detector: &str) -> &str {
    detector.rsplit_once('/').map_or(detector, |(_, name)| name)
}

fn in_words(keys: &[Key], members: usize, graph: &aggregate::Graph) -> String {
    let mut by_kind: BTreeMap<(Family, &str), u64> = BTreeMap::new();
    for key in keys {
        *by_kind.entry((key.family, &key.kind)).or_default() += 1;
    }
    let kinds: Vec<String> = by_kind
        .iter()
        .take(KEYS_LISTED)
        .map(|((family, kind), number)| {
            let noun = if family.name() == *kind {
                (*kind).to_owned()
            } else {
                format!("{} {kind}", family.name())
            };
            format!("{} {noun}", count(*number))
        })
        .collect();
    let tied: BTreeSet<usize> = keys.iter().flat_map(|key| &key.accounts).copied().collect();
    let mut text = format!(
        "{} of {} share {} ({}).",
        count(tied.len() as u64),
        plural(members as u64, "account"),
        plural(keys.len() as u64, "key"),
        kinds.join(", ")
    );
    if let Some(largest) = keys.first() {
        text.push_str(&format!(
            " The largest is {} {} with {}.",
            largest.kind,
            largest.value,
            plural(largest.accounts.len() as u64, "account")
        ));
    }
    if !graph.single_accounts {
        text.push_str(" Accounts that share the same keys are drawn as one.");
    }
    text
}

#[cfg(test)]
mod tests;
