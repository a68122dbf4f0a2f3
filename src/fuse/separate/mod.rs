//! Two campaigns that prompt templates alone hold together.
//!
//! Templates travel: two operators may use the same public instructions, and each card of
//! either one is then corroborated by them. Accounts that share nothing but one template, or a
//! few that nearly all of them send, while each side has templates of its own, are two
//! campaigns that are linked, not one (`bridged`). So are accounts with keys and a template of
//! their own on each side, however many templates both send (`apart`).

mod apart;
mod bridged;
mod common;

use std::collections::{BTreeMap, BTreeSet};

use self::common::Inner;
use crate::config::{FuseConfig, NetworkConfig};
use crate::fuse::incidence::UnitLayer;
use crate::model::campaign::Campaign;

/// Share of the units of a side that its own template must reach, and of the template's units
/// in the cluster that must be of that side.
const OWN_SHARE: f64 = 0.5;

/// Two templates are of different sides when they share less than this part of the units that
/// they would share if each were spread over the cluster at random.
const APART: f64 = 0.25;

/// The sides of a cluster, largest first, each ascending; one side where nothing separates.
pub(crate) fn sides(
    layers: &[UnitLayer],
    members: &[u32],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<Vec<u32>> {
    let inner = Inner::of(layers, members, fuse, network);
    let mut found = bridged::sides(&inner, fuse.minimum_accounts);
    if found.is_empty() {
        found = apart::sides(&inner, fuse.minimum_accounts);
    }
    if found.is_empty() {
        return vec![members.to_vec()];
    }
    // A side may be two campaigns again; each is smaller than the whole, so this ends.
    let mut sides: Vec<Vec<u32>> = found
        .into_iter()
        .flat_map(|side| {
            let side: Vec<u32> = side
                .into_iter()
                .filter_map(|at| members.get(at).copied())
                .collect();
            self::sides(layers, &side, fuse, network)
        })
        .collect();
    sides.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    sides
}

/// Says in each campaign which others use its templates.
pub(crate) fn name_links(campaigns: &mut [Campaign]) {
    let templates: Vec<(String, BTreeSet<String>)> = campaigns
        .iter()
        .map(|campaign| {
            (
                campaign.id.clone(),
                campaign.templates.iter().cloned().collect(),
            )
        })
        .collect();
    let common_accounts = accounts_in_common(campaigns);
    for (place, campaign) in campaigns.iter_mut().enumerate() {
        for (id, theirs) in templates.iter().filter(|(id, _)| *id != campaign.id) {
            let common: Vec<&str> = campaign
                .templates
                .iter()
                .filter(|template| theirs.contains(*template))
                .map(String::as_str)
                .collect();
            if !common.is_empty() {
                campaign.description.push(format!(
                    "linked with {id}, which uses the same {}",
                    common.join(", ")
                ));
            }
        }
        let mut shared: Vec<(usize, &str)> = common_accounts
            .range((place, 0)..(place + 1, 0))
            .filter_map(|((_, other), count)| Some((*count, templates.get(*other)?.0.as_str())))
            .collect();
        shared.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        for (count, id) in shared.into_iter().take(OVERLAPS_NAMED) {
            campaign.description.push(format!(
                "{count} of its {} accounts are in {id} as well",
                campaign.members.len()
            ));
        }
    }
}

/// Overlapping groups named with a campaign.
const OVERLAPS_NAMED: usize = 5;

/// Accounts that two campaigns have in common, by the places of both.
fn accounts_in_common(campaigns: &[Campaign]) -> BTreeMap<(usize, usize), usize> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, campaign) in campaigns.iter().enumerate() {
        for member in &campaign.members {
            places.entry(&member.account_id).or_default().push(place);
        }
    }
    let mut common: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for places in places.values() {
        for one in places {
            for other in places.iter().filter(|other| *other != one) {
                *common.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    common
}
