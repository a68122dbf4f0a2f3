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
}

/// What a cluster sends of its templates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    /// Sampled requests made from them, of the median account.
    pub(super) median_requests: u64,
    /// Share of these requests whose very text another account of the cluster sent as well.
    pub(super) handed_out_share: f64,
}

impl<'a> Wordings<'a> {
    pub(super) fn new(
        (detector_layers, families): (&'a [Layer], &'a [TextFamily]),
        layers: &'a [UnitLayer],
        corroborations: &'a [Corroboration],
        (units, rows): (&'a Units, &'a Rows),
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
    fn texts(&self, place: (usize, usize)) -> Vec<u32> {
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
        let texts: BTreeSet<u32> = self
            .of_cluster(cluster)
            .into_iter()
            .flat_map(|place| self.texts(place))
            .collect();
        if texts.is_empty() || cluster.units.is_empty() {
            return None;
        }
        let mut requests = vec![0_u64; cluster.units.len()];
        // For each text its first sender, its requests and whether others send it.
        let mut senders: FxHashMap<u64, (usize, u64, bool)> = FxHashMap::default();
        for text in texts {
            let at = text as usize;
            let place = self
                .rows
                .texts
                .account
                .get(at)
                .and_then(|account| self.units.of_account.get(*account as usize))
                .and_then(|unit| cluster.units.binary_search(unit).ok());
            let (Some(place), Some(hash)) = (place, self.rows.texts.text_hash.get(at)) else {
                continue;
            };
            let (uses, _, _) = self.rows.text_use(text);
            if let Some(count) = requests.get_mut(place) {
                *count += uses;
            }
            let (first, all, several) = senders.entry(*hash).or_insert((place, 0, false));
            *all += uses;
            *several |= *first != place;
        }
        let all: u64 = requests.iter().sum();
        let handed_out: u64 = senders
            .values()
            .filter(|(_, _, several)| *several)
            .map(|(_, uses, _)| *uses)
            .sum();
        requests.sort_unstable();
        Some(Sent {
            median_requests: requests.get(requests.len() / 2).copied().unwrap_or(0),
            handed_out_share: handed_out as f64 / all.max(1) as f64,
        })
    }
}

/// Why the wording says little, where it does: half of the accounts sent one text of it at most.
pub(super) fn of_a_trade(sent: &Sent) -> Option<String> {
    (sent.median_requests <= 1).then(|| {
        "half of the accounts have sent one sampled text of its templates at most: people of one trade have a turn of phrase in common as well".to_owned()
    })
}
