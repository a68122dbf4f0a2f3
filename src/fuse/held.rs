//! Keys that speak for an account's place and are no part of an agreement, one finding each.
//!
//! A member's bits come from its own keys ([`crate::fuse::membership`]). Most of these are part
//! of an agreement and have a finding; a card that two members share, in a log where cards
//! agree with nothing else, has none. Whoever asks why the account has bits must see the card.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::config::{FuseConfig, NetworkConfig};
use crate::fuse::findings::{Sources, about};
use crate::fuse::membership::{self, Ties};
use crate::model::campaign::Campaign;
use crate::model::finding::{Family, Finding};
use crate::stats::random::stable_id;

/// A key by layer and number.
type Place = (usize, usize);

/// Names, for every member with bits in a family of which no finding names it, the key that
/// these bits come from. `units` are the campaign's, ascending, `ties` the keys that tie them
/// together; `family_of` holds the family
/// of the findings made so far.
#[must_use]
pub fn attach(
    campaign: &mut Campaign,
    units: &[u32],
    ties: &Ties,
    family_of: &FxHashMap<String, Family>,
    sources: &Sources<'_>,
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<Finding> {
    let unit_of: FxHashMap<&str, u32> = units
        .iter()
        .flat_map(|unit| {
            let accounts = sources.units.accounts.get(*unit as usize);
            accounts
                .into_iter()
                .flatten()
                .map(|account| (*account, *unit))
        })
        .filter_map(|(account, unit)| {
            let id = sources.rows.account_ids.get(account as usize)?;
            Some((id.as_str(), unit))
        })
        .collect();
    // Members (by position) by the key that speaks for them.
    let mut held: BTreeMap<Place, (f64, Vec<usize>)> = BTreeMap::new();
    for (position, member) in campaign.members.iter().enumerate() {
        let Some(unit) = unit_of.get(member.account_id.as_str()) else {
            continue;
        };
        for family in member.bits_by_family.keys() {
            let covered = member
                .findings
                .iter()
                .any(|id| family_of.get(id) == Some(family));
            if covered {
                continue;
            }
            if let Some((place, bits)) = membership::most_telling_key(
                sources.layers.get(..sources.tested).unwrap_or_default(),
                units,
                ties,
                *unit,
                *family,
                fuse,
                network,
            ) {
                let entry = held.entry(place).or_insert((0.0, Vec::new()));
                entry.0 = entry.0.max(bits);
                entry.1.push(position);
            }
        }
    }
    let mut made = Vec::new();
    for (place, (bits, positions)) in held {
        let Some(finding) = finding(&campaign.id, units, place, bits, sources) else {
            continue;
        };
        for position in positions {
            if let Some(member) = campaign.members.get_mut(position) {
                member.findings.push(finding.id.clone());
            }
        }
        made.push(finding);
    }
    made
}

/// Addresses shown with a group that hangs together by them.
const ADDRESSES_SHOWN: usize = 10;

/// Names, for accounts that hang together by pairs, the addresses where most of them meet; says
/// of this evidence that it counts for no verdict.
#[must_use]
pub fn attach_addresses(
    campaign: &mut Campaign,
    units: &[u32],
    sources: &Sources<'_>,
) -> Vec<Finding> {
    let Some((place, layer)) = sources
        .layers
        .iter()
        .enumerate()
        .find(|(_, layer)| layer.kind == "ip")
    else {
        return Vec::new();
    };
    let mut keys = layer.keys_of(units);
    keys.retain(|(key, inside)| *inside >= 2 && !layer.crowded_for(*key as usize, *inside));
    keys.sort_by_key(|(key, inside)| (std::cmp::Reverse(*inside), *key));
    keys.truncate(ADDRESSES_SHOWN);
    let strangers = sources.units.len().saturating_sub(units.len()) as f64;
    let made: Vec<Finding> = keys
        .into_iter()
        .filter_map(|(key, inside)| {
            let outside = layer.groups.get(key as usize).len() - inside;
            let rate = (outside as f64 + 0.5) / (strangers + 1.0);
            let bits = (inside as f64 / units.len() as f64 / rate).log2().max(0.0);
            finding(&campaign.id, units, (place, key as usize), bits, sources)
        })
        .collect();
    for evidence in &mut campaign.evidence {
        if evidence.family == Family::Network {
            evidence.counts = false;
            evidence
                .findings
                .extend(made.iter().map(|finding| finding.id.clone()));
        }
    }
    for member in &mut campaign.members {
        let held = made
            .iter()
            .filter(|finding| finding.accounts.contains(&member.account_id));
        member
            .findings
            .extend(held.map(|finding| finding.id.clone()));
    }
    made
}

fn finding(
    campaign: &str,
    units: &[u32],
    (layer, group): Place,
    bits: f64,
    sources: &Sources<'_>,
) -> Option<Finding> {
    let (detector_layer, number) = sources.group(layer, group)?;
    let value = detector_layer.values.get(number)?;
    let holders = sources.layers.get(layer)?.groups.get(group);
    let inside: Vec<u32> = holders
        .iter()
        .copied()
        .filter(|unit| units.binary_search(unit).is_ok())
        .collect();
    let outside = holders.len() - inside.len();
    let strangers = sources.units.len().saturating_sub(units.len());
    let accounts = sources.accounts(&inside);
    Some(Finding {
        id: stable_id(
            "F",
            &[
                detector_layer.detector,
                detector_layer.kind,
                value,
                "place",
                campaign,
            ],
        ),
        bits,
        measure: format!(
            "members that share this {} ({outside} others have it); it speaks for their place and is no part of an agreement",
            detector_layer.kind
        ),
        measured: inside.len() as f64,
        expected: (outside as f64 + 0.5) / (strangers as f64 + 1.0) * units.len() as f64,
        n: units.len() as u64,
        null_model: format!(
            "members hold this {} at the rate of the {strangers} customers outside (half an account for smoothing); it adds to the bits of an account and not to the verdict",
            detector_layer.kind
        ),
        ..about((layer, group), &accounts, sources)?
    })
}
