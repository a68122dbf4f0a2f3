//! Templates that campaigns send and hardly anybody else: they are no evidence, and their requests
//! are the campaigns' work all the same.
//!
//! A campaign stands on a few of its templates. Two operators who share one stand on neither side
//! of it, and a wording that too few sampled texts show is tested in vain; whoever reads the case
//! wants the requests of both.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::detect::layer::{Layer, Quality};
use crate::model::campaign::{Campaign, Verdict};
use crate::model::finding::Family;

/// At most one in so many of a template's accounts is of no campaign (ours).
const ACCOUNTS_PER_STRANGER: usize = 10;

/// One in so many members of a campaign sends a template that is the campaign's (ours, as for texts
/// that speak for a member's place), and three at least.
const MEMBERS_PER_SENDER: usize = 10;
const FEWEST_SENDERS: usize = 3;

/// Gives campaigns above *lead* the templates that only they send; answers with the ids of those
/// that no campaign had before.
pub(super) fn attach(
    campaigns: &mut [Campaign],
    layers: &[Layer],
    account_ids: &[String],
) -> BTreeSet<String> {
    let numbers: FxHashMap<&str, u32> = (0_u32..)
        .zip(account_ids)
        .map(|(number, id)| (id.as_str(), number))
        .collect();
    let mut campaigns_of: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for (place, campaign) in campaigns.iter().enumerate() {
        if campaign.verdict == Verdict::Lead {
            continue;
        }
        for member in &campaign.members {
            if let Some(number) = numbers.get(member.account_id.as_str()) {
                campaigns_of.entry(*number).or_default().push(place);
            }
        }
    }
    let mut attached = BTreeSet::new();
    for layer in layers
        .iter()
        .filter(|layer| layer.family == Family::Content && layer.kind.ends_with("template"))
    {
        for group in 0..layer.values.len() {
            let Some(id) = layer.values.get(group) else {
                continue;
            };
            if matches!(layer.quality(group), Quality::Everyday(_)) {
                continue;
            }
            let senders = layer.group(group);
            let mut inside: BTreeMap<usize, usize> = BTreeMap::new();
            let mut of_campaigns = 0;
            for sender in senders {
                let Some(places) = campaigns_of.get(sender) else {
                    continue;
                };
                of_campaigns += 1;
                for place in places {
                    *inside.entry(*place).or_default() += 1;
                }
            }
            if (senders.len() - of_campaigns) * ACCOUNTS_PER_STRANGER > senders.len() {
                continue;
            }
            let is_known = campaigns
                .iter()
                .any(|campaign| campaign.templates.contains(id));
            for (place, count) in inside {
                let Some(campaign) = campaigns.get_mut(place) else {
                    continue;
                };
                if count >= FEWEST_SENDERS
                    && count * MEMBERS_PER_SENDER >= campaign.members.len()
                    && let Err(at) = campaign.templates.binary_search(id)
                {
                    campaign.templates.insert(at, id.clone());
                    if !is_known {
                        attached.insert(id.clone());
                    }
                }
            }
        }
    }
    attached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::layer::group_entries;
    use crate::report::sample;

    #[test]
    fn a_template_of_two_campaigns_is_both_and_a_public_one_is_neither() {
        let mut campaigns: Vec<Campaign> = (0..2_usize)
            .map(|number| {
                let mut campaign = sample::three_campaigns().case.campaigns.swap_remove(0);
                campaign.verdict = Verdict::Likely;
                campaign.templates = vec![format!("own {number}")];
                let member = campaign.members.swap_remove(0);
                campaign.members = (0..20)
                    .map(|at| {
                        let mut member = member.clone();
                        member.account_id = format!("a{:02}", number * 20 + at);
                        member
                    })
                    .collect();
                campaign
            })
            .collect();
        let ids: Vec<String> = (0..100).map(|at| format!("a{at:02}")).collect();
        let template =
            |id: u32, accounts: std::ops::Range<u32>| accounts.map(move |account| (id, account, 0));
        let entries = template(1, 0..40)
            .chain(template(2, 0..60))
            .chain(template(3, 38..42))
            .chain(template(4, 0..1))
            .collect();
        let grouped = group_entries(entries, |key| format!("t{key}"));
        let layer = Layer::of_accounts("test/test", "template", Family::Content, grouped);
        let attached = attach(&mut campaigns, std::slice::from_ref(&layer), &ids);
        assert_eq!(attached, BTreeSet::from(["t1".to_owned()]));
        assert_eq!(campaigns[0].templates, ["own 0", "t1"]);
        assert_eq!(campaigns[1].templates, ["own 1", "t1"]);
        // A lead claims nothing.
        campaigns[0].verdict = Verdict::Lead;
        campaigns[0].templates.clear();
        attach(&mut campaigns, &[layer], &ids);
        assert!(campaigns[0].templates.is_empty());
    }
}
