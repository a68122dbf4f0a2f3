//! How often templates are used, and by whom: sums over the whole log, in any order.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Labelled, Search};
use crate::model::campaign::{Campaign, Template};

/// How many requests each template and each member has. One request counts for every template it
/// is made from, and for every campaign of its account that has one of these.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) by_template: FxHashMap<u32, Uses>,
    /// By campaign number and account.
    pub(super) by_member: FxHashMap<(u32, Arc<str>), u64>,
}

/// Use of one template by the accounts of its campaigns.
#[derive(Debug)]
pub(super) struct Uses {
    pub(super) requests: u64,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    pub(super) accounts: FxHashSet<Arc<str>>,
}

impl Uses {
    fn absorb(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.first_us = self.first_us.min(other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        self.accounts.extend(other.accounts);
    }
}

impl Counts {
    fn uses(&mut self, template: u32) -> &mut Uses {
        self.by_template.entry(template).or_insert_with(|| Uses {
            requests: 0,
            first_us: i64::MAX,
            last_us: i64::MIN,
            accounts: FxHashSet::default(),
        })
    }

    pub(super) fn of_template(&mut self, template: u32, account: &Arc<str>, timestamp_us: i64) {
        let uses = self.uses(template);
        uses.requests = uses.requests.saturating_add(1);
        uses.first_us = uses.first_us.min(timestamp_us);
        uses.last_us = uses.last_us.max(timestamp_us);
        if !uses.accounts.contains(account) {
            uses.accounts.insert(Arc::clone(account));
        }
    }

    pub(super) fn of_member(&mut self, campaign: u32, account: &Arc<str>) {
        let count = self
            .by_member
            .entry((campaign, Arc::clone(account)))
            .or_default();
        *count = count.saturating_add(1);
    }

    // Sums, smallest and largest: the same in any order.
    #[allow(clippy::iter_over_hash_type)]
    pub(super) fn absorb(&mut self, other: Self) {
        for (template, uses) in other.by_template {
            self.uses(template).absorb(uses);
        }
        for (member, count) in other.by_member {
            let mine = self.by_member.entry(member).or_default();
            *mine = mine.saturating_add(count);
        }
    }
}

impl Search {
    /// Writes the counts of the second look into campaigns and templates; `complete` says whether
    /// the whole log was read.
    pub fn apply(
        &self,
        found: &Labelled,
        complete: bool,
        campaigns: &mut [Campaign],
        templates: &mut [Template],
    ) {
        for (number, campaign) in (0_u32..).zip(campaigns) {
            campaign.campaign_requests = 0;
            campaign.campaign_requests_complete = complete;
            for member in &mut campaign.members {
                let key = (number, Arc::from(member.account_id.as_str()));
                let counted = found.counts.by_member.get(&key).copied();
                member.campaign_requests = counted.unwrap_or(0);
                campaign.campaign_requests += member.campaign_requests;
            }
        }
        if !complete {
            return;
        }
        let numbers = self.numbers();
        for template in templates
            .iter_mut()
            .filter(|template| template.campaign_id.is_some())
        {
            let number = numbers.get(template.id.as_str());
            let uses = number.and_then(|number| found.counts.by_template.get(number));
            template.requests = uses.map_or(0, |uses| uses.requests);
            if let Some(uses) = uses {
                template.first_us = template.first_us.min(uses.first_us);
                template.last_us = template.last_us.max(uses.last_us);
                // Those of the sample, or more where the whole log shows more.
                template.accounts = template.accounts.max(uses.accounts.len() as u64);
            }
            template.requests_complete = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_in_any_order() {
        let part = |account: &str, at_us| {
            let mut counts = Counts::default();
            let account: Arc<str> = account.into();
            counts.of_template(0, &account, at_us);
            counts.of_member(0, &account);
            counts
        };
        let sum = |accounts: &[(&str, i64)]| {
            let mut all = Counts::default();
            for (account, at_us) in accounts {
                all.absorb(part(account, *at_us));
            }
            let uses = &all.by_template[&0];
            (
                uses.requests,
                uses.first_us,
                uses.last_us,
                uses.accounts.len(),
                all.by_member.len(),
            )
        };
        assert_eq!(sum(&[("a", 3), ("b", 1), ("a", 2)]), (3, 1, 3, 2, 2));
        assert_eq!(sum(&[("a", 2), ("a", 3), ("b", 1)]), (3, 1, 3, 2, 2));
    }
}
