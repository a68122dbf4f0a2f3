//! The keys that most accounts of a campaign share, beside how many others have them.
//!
//! A table to read, not a test: what a key counts for stands with the findings. A key that hardly
//! anybody outside has tells more than one that the whole log has.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::detect::layer::{ADDRESS_OVERLAP, Layer};
use crate::fuse::rivals;
use crate::fuse::rows::Rows;
use crate::model::campaign::{Campaign, SharedKey};
use crate::model::finding::Family;

/// Keys of one kind listed with a campaign.
const KEYS_PER_KIND: usize = 5;

/// Families whose keys say who the accounts are, and from where they come.
const FAMILIES: [Family; 4] = [
    Family::Payment,
    Family::Identity,
    Family::Network,
    Family::Client,
];

/// Writes the shared keys of every campaign, kind by kind in the order of the layers, and what its
/// payers say against strangers.
pub(super) fn attach(campaigns: &mut [Campaign], layers: &[Layer], rows: &Rows) {
    let numbers: FxHashMap<&str, u32> = (0_u32..)
        .zip(&rows.account_ids)
        .map(|(number, id)| (id.as_str(), number))
        .collect();
    let mut campaigns_of: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for (place, campaign) in campaigns.iter().enumerate() {
        for member in &campaign.members {
            if let Some(number) = numbers.get(member.account_id.as_str()) {
                campaigns_of.entry(*number).or_default().push(place);
            }
        }
    }
    let listed = layers
        .iter()
        .filter(|layer| FAMILIES.contains(&layer.family) && layer.kind != ADDRESS_OVERLAP);
    for layer in listed {
        let mut found: Vec<Vec<SharedKey>> = vec![Vec::new(); campaigns.len()];
        let mut tied: Vec<(usize, usize)> = vec![(0, 0); campaigns.len()];
        for (group, value) in layer.values.iter().enumerate() {
            // How many accounts of each campaign have it, and the first of these entries.
            let mut inside: BTreeMap<usize, (u64, usize)> = BTreeMap::new();
            let range = layer.range(group);
            let all = range.len() as u64;
            for position in range {
                let account = layer.accounts.get(position);
                let places = account.and_then(|account| campaigns_of.get(account));
                for place in places.into_iter().flatten() {
                    inside.entry(*place).or_insert((0, position)).0 += 1;
                }
            }
            for (place, (count, first)) in inside.into_iter().filter(|(_, (count, _))| *count >= 2)
            {
                let key = SharedKey {
                    family: layer.family,
                    kind: layer.kind.to_owned(),
                    value: value.clone(),
                    inside: count,
                    outside: all.saturating_sub(count),
                    sample: rows.of_entry(layer, first).map(|(row, _, _, _)| row),
                };
                if let (Some(keys), Some(tied)) = (found.get_mut(place), tied.get_mut(place)) {
                    tied.0 += 1;
                    tied.1 += usize::try_from(count).unwrap_or(usize::MAX);
                    keep(keys, key);
                }
            }
        }
        for ((campaign, keys), (payers, accounts)) in campaigns.iter_mut().zip(found).zip(tied) {
            campaign.shared_keys.extend(keys);
            if layer.hard {
                rivals::weigh_payers(campaign, payers, accounts);
            }
        }
    }
}

/// Puts a key into its place: most accounts inside first, of equals the one with fewer outside.
fn keep(keys: &mut Vec<SharedKey>, key: SharedKey) {
    let before = |other: &SharedKey| {
        (std::cmp::Reverse(other.inside), other.outside, &other.value)
            < (std::cmp::Reverse(key.inside), key.outside, &key.value)
    };
    let place = keys.partition_point(before);
    if place < KEYS_PER_KIND {
        keys.insert(place, key);
        keys.truncate(KEYS_PER_KIND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_shared_keys_come_first_and_few_are_kept() {
        let mut keys = Vec::new();
        for (inside, outside, value) in [
            (2, 0, "c"),
            (3, 9, "b"),
            (3, 1, "a"),
            (2, 0, "d"),
            (2, 0, "b"),
            (2, 5, "e"),
        ] {
            keep(
                &mut keys,
                SharedKey {
                    family: Family::Network,
                    kind: "ip".to_owned(),
                    value: value.to_owned(),
                    inside,
                    outside,
                    sample: None,
                },
            );
        }
        let order: Vec<&str> = keys.iter().map(|key| key.value.as_str()).collect();
        assert_eq!(order, ["a", "b", "b", "c", "d"]);
        assert_eq!(
            keys.iter().map(|key| key.inside).collect::<Vec<_>>(),
            [3, 3, 2, 2, 2]
        );
    }
}
