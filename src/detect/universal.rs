//! Keys that nearly everybody has: the address of a gateway in front of the service, a mailbox
//! that an export put in place of all others. They tell nobody from another, and whoever is tied by
//! something else would be tied to all by them.

use crate::detect::layer::Layer;
use crate::model::number::count;

/// Kinds of which one account seldom has the key of another: of mail domains and clients many have
/// the same for good reasons, and the tests of crowded keys are for these.
const KINDS: [&str; 4] = ["ip", "ip_prefix", "mailbox", "phone"];

/// Accounts that a key must have to be everybody's, whatever its share: in a small log a network may
/// be most of it (as the size from which a key is a hub).
const FEWEST_ACCOUNTS: usize = 50;

/// Share of the accounts with such a key that makes it everybody's (ours: half).
const SHARE: f64 = 0.5;

/// The same of payers: a card behind most of a log may be a network's (ours).
const PAYER_SHARE: f64 = 0.95;

/// What was taken out: the layers as they were, by their place, and sentences on the keys.
#[derive(Default)]
pub(crate) struct Dropped {
    whole: Vec<(usize, Layer)>,
    pub(crate) notes: Vec<String>,
}

impl Dropped {
    /// Puts the layers back as they were: a watch list may name such a key.
    pub(crate) fn put_back(self, layers: &mut [Layer]) {
        for (place, whole) in self.whole {
            if let Some(layer) = layers.get_mut(place) {
                *layer = whole;
            }
        }
    }
}

/// Takes such keys out of the layers, and says which.
pub(crate) fn drop_universal(layers: &mut [Layer]) -> Dropped {
    let mut dropped = Dropped::default();
    for (place, layer) in layers
        .iter_mut()
        .enumerate()
        .filter(|(_, layer)| layer.hard || KINDS.contains(&layer.kind))
    {
        let mut known: Vec<u32> = layer.accounts.clone();
        known.extend(layer.singles.iter().map(|(account, _)| *account));
        known.sort_unstable();
        known.dedup();
        let share = if layer.hard { PAYER_SHARE } else { SHARE };
        let is_universal: Vec<bool> = (0..layer.len())
            .map(|group| {
                let held = layer.range(group).len();
                held > FEWEST_ACCOUNTS && held as f64 > share * known.len() as f64
            })
            .collect();
        for (group, _) in is_universal.iter().enumerate().filter(|(_, is)| **is) {
            dropped.notes.push(format!(
                "{} {} is the same for {} of the {} accounts that have one: it tells nobody from another and was left out",
                layer.kind,
                layer.values.get(group).map_or("", String::as_str),
                count(layer.range(group).len() as u64),
                count(known.len() as u64)
            ));
        }
        if is_universal.contains(&true) {
            dropped.whole.push((place, layer.clone()));
            keep(layer, |group| is_universal.get(group) != Some(&true));
        }
    }
    dropped
}

/// Keeps the groups that are wanted.
fn keep(layer: &mut Layer, wanted: impl Fn(usize) -> bool) {
    let kept: Vec<usize> = (0..layer.len()).filter(|group| wanted(*group)).collect();
    let mut offsets = vec![0];
    let (mut accounts, mut rows, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quality, mut pairs) = (Vec::new(), Vec::new());
    for group in kept {
        let range = layer.range(group);
        accounts.extend_from_slice(layer.accounts.get(range.clone()).unwrap_or_default());
        rows.extend_from_slice(layer.rows.get(range).unwrap_or_default());
        values.extend(layer.values.get(group).cloned());
        quality.extend(layer.quality.get(group).cloned());
        pairs.extend(layer.pairs.get(group).copied());
        offsets.push(accounts.len());
    }
    layer.accounts = accounts;
    layer.rows = rows;
    layer.values = values;
    layer.quality = quality;
    layer.pairs = pairs;
    layer.offsets = offsets;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::layer::{RowSource, group_entries};
    use crate::model::finding::Family;

    fn layer(kind: &'static str, entries: Vec<(u32, u32, u32)>) -> Layer {
        let grouped = group_entries(entries, |key| format!("key{key}"));
        Layer::of_rows(
            "test/test",
            kind,
            Family::Network,
            RowSource::Links,
            grouped,
        )
    }

    #[test]
    fn what_most_accounts_have_is_left_out_and_said() {
        // Sixty of a hundred behind key 1, pairs behind the others.
        let entries: Vec<(u32, u32, u32)> = (0..60)
            .map(|account| (1, account, account))
            .chain((0..100).map(|account| (2 + account / 2, account, 100 + account)))
            .collect();
        let mut layers = vec![layer("ip", entries.clone()), layer("client", entries)];
        let before = layers[1].clone();
        let dropped = drop_universal(&mut layers);
        assert_eq!(dropped.notes.len(), 1);
        assert!(dropped.notes[0].starts_with("ip key1 is the same for 60 of the 100 accounts"));
        assert_eq!(layers[0].len(), 50);
        assert_eq!(layers[0].values[0], "key2");
        assert_eq!(layers[0].group(49), [98, 99]);
        assert_eq!(layers[0].rows[layers[0].range(49)], [198, 199]);
        assert_eq!(layers[1].values, before.values);
        dropped.put_back(&mut layers);
        assert_eq!(layers[0].values, before.values);
    }

    #[test]
    fn a_network_may_be_most_of_a_small_log_and_a_payer_of_any() {
        let all = |accounts: u32| (0..accounts).map(|account| (1, account, 0)).collect();
        let mut small = vec![layer("ip", all(40))];
        assert!(drop_universal(&mut small).notes.is_empty());
        let mut paid = vec![layer("payment", all(90))];
        paid[0].hard = true;
        paid[0].singles = (90..100).map(|account| (account, 1)).collect();
        assert!(drop_universal(&mut paid).notes.is_empty());
        paid[0].singles.truncate(2);
        assert_eq!(drop_universal(&mut paid).notes.len(), 1);
        assert_eq!((paid[0].len(), paid[0].offsets.as_slice()), (0, &[0][..]));
    }
}
