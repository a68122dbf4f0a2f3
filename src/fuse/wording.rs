//! What the accounts of a cluster send of its templates, in the sample of the digest.
//!
//! A template that the accounts of a trade have in common is found in a text of each now and
//! then; one that a campaign works through is what its accounts are for. Exercises that a course
//! hands out come back word for word from several of its students.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::detect::content::families::TextFamily;
use crate::detect::content::template_spread::template_id;
use crate::detect::layer::{Layer, RowSource};
use crate::fuse::cluster::Cluster;
use crate::fuse::corroboration::Corroboration;
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::rows::Rows;
use crate::model::finding::Family;

/// Templates by name, and where the texts made from them stand.
pub(super) struct Wordings<'a> {
    families: FxHashMap<String, &'a TextFamily>,
    detector_layers: &'a [Layer],
    layers: &'a [UnitLayer],
    corroborations: &'a [Corroboration],
    units: &'a Units,
    rows: &'a Rows,
    /// Whether the digest kept all distinct texts of the samples.
    texts_whole: bool,
}

/// What a cluster sends of its templates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    /// Sampled requests made from them, of the median account; nothing where the digest kept one
    /// distinct text in several.
    pub(super) median_requests: Option<u64>,
    /// Share of those with a template in the user prompt whose very text another account of the
    /// cluster sent as well.
    pub(super) handed_out_share: f64,
}

impl<'a> Wordings<'a> {
    pub(super) fn new(
        (detector_layers, families): (&'a [Layer], &'a [TextFamily]),
        layers: &'a [UnitLayer],
        corroborations: &'a [Corroboration],
        (units, rows): (&'a Units, &'a Rows),
        texts_whole: bool,
    ) -> Self {
        let mut by_name: FxHashMap<String, &TextFamily> = FxHashMap::default();
        for layer in detector_layers
            .iter()
            .filter(|layer| layer.kind.ends_with("template"))
        {
            let system = layer.kind.starts_with("system");
            let own = families.iter().filter(|family| family.system == system);
            by_name.extend(own.map(|family| (template_id(family, layer.kind), family)));
        }
        Wordings {
            families: by_name,
            detector_layers,
            layers,
            corroborations,
            units,
            rows,
            texts_whole,
        }
    }

    /// Templates and exact texts that a cluster stands on, as (layer, group).
    pub(super) fn of_cluster(&self, cluster: &Cluster) -> BTreeSet<(usize, usize)> {
        let mut groups: BTreeSet<(usize, usize)> = BTreeSet::new();
        for found in cluster.agreements(self.corroborations) {
            if found.family == Family::Content {
                groups.insert(found.group);
            }
            if found.other_family == Family::Content {
                let others = found.other_groups.iter();
                groups.extend(others.map(|group| (found.other_layer, *group as usize)));
            }
        }
        groups
    }

    /// The family behind a template; an exact text has none.
    pub(super) fn family(&self, (layer, group): (usize, usize)) -> Option<&'a TextFamily> {
        let (named, number) = self.detector_layer(layer, group)?;
        self.families.get(named.values.get(number)?).copied()
    }

    fn detector_layer(&self, layer: usize, group: usize) -> Option<(&'a Layer, usize)> {
        let layer = self.layers.get(layer)?;
        let number = *layer.group_numbers.get(group)? as usize;
        Some((self.detector_layers.get(layer.source)?, number))
    }

    /// Sampled texts of a template, or where an exact text stands.
    pub(super) fn texts(&self, place: (usize, usize)) -> Vec<u32> {
        if let Some(family) = self.family(place) {
            return family.texts.clone();
        }
        self.detector_layer(place.0, place.1)
            .filter(|(layer, _)| layer.row_source == RowSource::Texts)
            .map(|(layer, number)| {
                layer
                    .range(number)
                    .filter_map(|position| layer.rows.get(position).copied())
                    .collect()
            })
            .unwrap_or_default()
    }

    /// What the accounts of a cluster send of its templates; nothing where it has none.
    pub(super) fn sent(&self, cluster: &Cluster) -> Option<Sent> {
        // Each text, and whether it stands in a system prompt: one for all is an operator's way.
        let texts: BTreeSet<(u32, bool)> = self
            .of_cluster(cluster)
            .into_iter()
            .flat_map(|place| {
                let layer = self.layers.get(place.0);
                let system = layer.is_some_and(|layer| layer.kind.starts_with("system"));
                self.texts(place)
                    .into_iter()
                    .map(move |text| (text, system))
            })
            .collect();
        if texts.is_empty() || cluster.units.is_empty() {
            return None;
        }
        let of_members = texts.into_iter().filter_map(|(text, system)| {
            let at = text as usize;
            let account = *self.rows.texts.account.get(at)?;
            let unit = self.units.of_account.get(account as usize)?;
            Some(Made {
                sender: cluster.units.binary_search(unit).ok()?,
                hash: *self.rows.texts.text_hash.get(at)?,
                requests: self.rows.text_use(text).0,
                system,
            })
        });
        let mut sent = tally(of_members, cluster.units.len());
        sent.median_requests = sent.median_requests.filter(|_| self.texts_whole);
        Some(sent)
    }
}

/// A text made from a template.
struct Made {
    /// Position of the account in its cluster.
    sender: usize,
    hash: u64,
    requests: u64,
    /// Whether it is a system prompt.
    system: bool,
}

/// What so many accounts send.
fn tally(texts: impl Iterator<Item = Made>, accounts: usize) -> Sent {
    let mut requests = vec![0_u64; accounts];
    // For each user text its first sender, its requests and whether others send it.
    let mut senders: FxHashMap<u64, (usize, u64, bool)> = FxHashMap::default();
    for text in texts {
        if let Some(count) = requests.get_mut(text.sender) {
            *count += text.requests;
        }
        if text.system {
            continue;
        }
        let (first, all, several) = senders.entry(text.hash).or_insert((text.sender, 0, false));
        *all += text.requests;
        *several |= *first != text.sender;
    }
    let all: u64 = senders.values().map(|(_, uses, _)| *uses).sum();
    let handed_out: u64 = senders
        .values()
        .filter(|(_, _, several)| *several)
        .map(|(_, uses, _)| *uses)
        .sum();
    requests.sort_unstable();
    Sent {
        median_requests: Some(requests.get(requests.len() / 2).copied().unwrap_or(0)),
        handed_out_share: handed_out as f64 / all.max(1) as f64,
    }
}

/// Why the wording says little, where it does: half of the accounts sent one text of it at most.
pub(super) fn of_a_trade(sent: &Sent) -> Option<String> {
    sent.median_requests.is_some_and(|median| median <= 1).then(|| {
        "half of the accounts have sent one sampled text of its templates at most: people of one trade have a turn of phrase in common as well".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(sender: usize, hash: u64, system: bool) -> Made {
        Made {
            sender,
            hash,
            requests: 2,
            system,
        }
    }

    #[test]
    fn a_text_of_several_is_handed_out_and_a_system_prompt_is_not() {
        let texts = [
            made(0, 7, false),
            made(1, 7, false),
            made(1, 8, false),
            made(1, 9, true),
            made(2, 9, true),
        ];
        let sent = tally(texts.into_iter(), 3);
        assert_eq!(sent.median_requests, Some(2));
        assert!((sent.handed_out_share - 2.0 / 3.0).abs() < 1e-12);
        let own = tally([made(0, 7, false), made(0, 7, false)].into_iter(), 1);
        assert!(own.handed_out_share.abs() < 1e-12);
    }

    #[test]
    fn one_text_of_half_of_the_accounts_is_a_turn_of_phrase() {
        let sent = |median_requests| Sent {
            median_requests: Some(median_requests),
            handed_out_share: 0.0,
        };
        assert!(of_a_trade(&sent(1)).is_some() && of_a_trade(&sent(2)).is_none());
        let thinned = Sent {
            median_requests: None,
            ..sent(1)
        };
        assert!(of_a_trade(&thinned).is_none());
    }
}
