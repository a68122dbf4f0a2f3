//! Whether the templates that a case lists first are a campaign's.
//!
//! A template is a campaign's where most of its sample rows are requests of a campaign's
//! sub-stream. How many of the first ten, fifty and two hundred are, is asked of the lists of
//! several logs together, in three orders: the case's own (verdict, then priority), and what
//! can be counted without a detector, accounts and requests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::evaluate::labels;
use crate::evaluate::rows::{Wanted, for_each_row, usage};
use crate::model::campaign::{Template, Verdict};

/// How long the looked-at beginnings of a list are.
pub const FIRST: [usize; 3] = [10, 50, 200];

/// A template that a case lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Verdict of its campaign, if any.
    pub verdict: Option<Verdict>,
    /// See [`Template::priority`].
    pub priority: f64,
    /// Accounts that use it.
    pub accounts: u64,
    /// Requests that use it.
    pub requests: u64,
    /// Whether it is a campaign's in truth.
    pub is_campaign: bool,
}

/// Orders in which a list can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the case lists them.
    Case,
    /// Most accounts first.
    Accounts,
    /// Most requests first.
    Requests,
}

impl Order {
    /// All of them.
    pub const ALL: [Order; 3] = [Order::Case, Order::Accounts, Order::Requests];

    /// Name for a table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Order::Case => "verdict and priority",
            Order::Accounts => "most accounts",
            Order::Requests => "most requests",
        }
    }
}

/// How many of the first `count` templates are a campaign's, of how many there are.
#[must_use]
pub fn right_of_first(listed: &[Listed], order: Order, count: usize) -> (u64, u64) {
    let mut sorted: Vec<&Listed> = listed.iter().collect();
    sorted.sort_by(|a, b| match order {
        Order::Case => b
            .verdict
            .cmp(&a.verdict)
            .then(b.priority.total_cmp(&a.priority)),
        Order::Accounts => b.accounts.cmp(&a.accounts),
        Order::Requests => b.requests.cmp(&a.requests),
    });
    sorted.truncate(count);
    let right = sorted.iter().filter(|one| one.is_campaign).count();
    (right as u64, sorted.len() as u64)
}

/// The templates of a case, with what the truth of requests says of their sample rows.
///
/// # Errors
/// Where a file cannot be read, is no case, or lacks a column.
pub fn listed(case: &Path, truth_requests: &Path) -> Result<Vec<Listed>> {
    #[derive(Deserialize)]
    struct Stated {
        campaigns: Vec<StatedCampaign>,
        templates: Vec<Template>,
    }
    #[derive(Deserialize)]
    struct StatedCampaign {
        id: String,
        verdict: Verdict,
    }
    let text = std::fs::read_to_string(case)
        .map_err(|error| usage(format!("{}: cannot be read: {error}", case.display())))?;
    let stated: Stated = serde_json::from_str(&text)
        .map_err(|error| usage(format!("{}: not a case: {error}", case.display())))?;
    let verdicts: BTreeMap<&str, Verdict> = stated
        .campaigns
        .iter()
        .map(|campaign| (campaign.id.as_str(), campaign.verdict))
        .collect();
    let asked: BTreeSet<&str> = stated
        .templates
        .iter()
        .flat_map(|template| &template.locators)
        .map(|locator| locator.request_id.as_str())
        .collect();
    let mut substream: BTreeSet<&str> = BTreeSet::new();
    let wanted = [
        Wanted::required(&["request_id"]),
        Wanted::required(&["campaign", "campaign_id"]),
        Wanted::optional(&["substream"]),
    ];
    for_each_row(truth_requests, &wanted, |_, values| {
        if let [Some(request), campaign, flag] = values
            && labels::campaign(campaign).is_some()
            && flag.is_none_or(|flag| labels::is_substream(flag) != Some(false))
            && let Some(request) = asked.get::<str>(request).copied()
        {
            substream.insert(request);
        }
        Ok(())
    })?;
    Ok(stated
        .templates
        .iter()
        .map(|template| {
            let rows = &template.locators;
            let hits = rows
                .iter()
                .filter(|row| substream.contains(row.request_id.as_str()))
                .count();
            Listed {
                verdict: template
                    .campaign_id
                    .as_deref()
                    .and_then(|id| verdicts.get(id).copied()),
                priority: template.priority,
                accounts: template.accounts,
                requests: template.requests,
                is_campaign: 2 * hits > rows.len(),
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(verdict: Option<Verdict>, priority: f64, accounts: u64, is_campaign: bool) -> Listed {
        Listed {
            verdict,
            priority,
            accounts,
            requests: 100 - accounts,
            is_campaign,
        }
    }

    #[test]
    fn beginnings_of_lists_by_hand() {
        let listed = [
            one(None, 0.9, 9, false),
            one(Some(Verdict::Lead), 0.1, 3, true),
            one(Some(Verdict::Strong), 0.2, 1, true),
            one(None, 0.8, 7, true),
        ];
        assert_eq!(right_of_first(&listed, Order::Case, 2), (2, 2));
        assert_eq!(right_of_first(&listed, Order::Case, 3), (2, 3));
        assert_eq!(right_of_first(&listed, Order::Accounts, 1), (0, 1));
        assert_eq!(right_of_first(&listed, Order::Requests, 1), (1, 1));
        assert_eq!(right_of_first(&listed, Order::Case, 10), (3, 4));
        assert_eq!(right_of_first(&[], Order::Case, 10), (0, 0));
    }
}
