//! Guests by what they send.

use std::collections::{BTreeMap, BTreeSet};

use super::{Door, is_of, reach};
use crate::detect::content::families::held;
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::is_made_from;
use crate::model::finding::Family;

/// Where one in so many accounts is not recognised by the templates, they say nothing of those
/// who are not: the wording varies too much (ours).
const ONE_IN: usize = 4;

/// An account sends a template now and then where it has one text of it in so many as it would have
/// if it worked as the others do (ours).
const CASUAL: f64 = 5.0;

/// So many texts would have to be made from the templates for few to say something (ours).
const FEWEST_TEXTS: f64 = 5.0;

impl Door<'_> {
    /// Units whose sampled texts hold too little of the cluster's templates, and that no hard key
    /// ties to one whose texts do.
    pub(super) fn unrecognised(&self, cluster: &Cluster) -> BTreeSet<u32> {
        let groups = self.wordings.of_cluster(cluster);
        if groups.is_empty() {
            return BTreeSet::new();
        }
        let mut recognised: BTreeSet<u32> = BTreeSet::new();
        for (layer, group) in groups {
            if self.wordings.family((layer, group)).is_some() {
                recognised.extend(self.made_from(layer, group).map(|(unit, _)| unit));
            } else if let Some(layer) = self.layers.get(layer) {
                // An exact text is the whole of itself.
                recognised.extend(layer.groups.get(group));
            }
        }
        strangers(&cluster.units, &recognised, self.layers)
    }

    /// Units that only a template brings, and that send it now and then.
    pub(super) fn casual(&self, cluster: &Cluster) -> BTreeSet<u32> {
        // A system prompt goes with every request of some accounts, and has one text for all.
        let is_prompt = |place: &(usize, usize)| {
            let layer = self.layers.get(place.0);
            layer.is_some_and(|layer| !layer.kind.starts_with("system"))
        };
        let groups = self.wordings.of_cluster(cluster);
        if groups.is_empty() || !groups.iter().all(is_prompt) {
            return BTreeSet::new();
        }
        let mut texts: BTreeSet<(u32, u32)> = BTreeSet::new();
        for (layer, group) in groups {
            if self.wordings.family((layer, group)).is_none() {
                return BTreeSet::new();
            }
            texts.extend(self.made_from(layer, group));
        }
        let mut work: BTreeMap<u32, Work> = BTreeMap::new();
        let units = self.units;
        for account in &self.rows.texts.account {
            if let Some(unit) = units.of_account.get(*account as usize)
                && cluster.units.binary_search(unit).is_ok()
            {
                work.entry(*unit).or_default().sampled += 1;
            }
        }
        for (unit, _) in texts {
            if let Some(work) = work.get_mut(&unit) {
                work.made += 1;
            }
        }
        casual(cluster, &work)
    }

    /// The sampled texts that hold enough of a template, each with its unit.
    fn made_from(&self, layer: usize, group: usize) -> impl Iterator<Item = (u32, u32)> {
        let family = self.wordings.family((layer, group));
        let cover_share = self.input.config.content.cover_share;
        family.into_iter().flat_map(move |family| {
            family.texts.iter().filter_map(move |text| {
                let at = *text as usize;
                let fragments = self.input.tables.fragments.of(at);
                let held = held(fragments.iter().copied(), &family.fragments);
                let account = *self.rows.texts.account.get(at)?;
                let unit = *self.units.of_account.get(account as usize)?;
                is_made_from(held, family.fragments.len(), cover_share).then_some((unit, *text))
            })
        })
    }
}

/// Sampled texts of a unit, and those made from the templates.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    sampled: u32,
    made: u32,
}

/// See [`Door::casual`]: the share of the texts is held against that of the median account that
/// something else ties as well; nobody where these are fewer than half.
fn casual(cluster: &Cluster, work: &BTreeMap<u32, Work>) -> BTreeSet<u32> {
    let (brought, tied): (Vec<_>, Vec<_>) = cluster
        .units
        .iter()
        .zip(&cluster.bits)
        .filter_map(|(unit, bits)| Some((*unit, bits, *work.get(unit)?)))
        .partition(|(_, bits, _)| is_of(bits, &[Family::Content, Family::Client]));
    if tied.len() * 2 < cluster.units.len() {
        return BTreeSet::new();
    }
    let mut shares: Vec<f64> = tied
        .iter()
        .map(|(_, _, work)| f64::from(work.made) / f64::from(work.sampled.max(1)))
        .collect();
    shares.sort_by(f64::total_cmp);
    let usual = shares.get(shares.len() / 2).copied().unwrap_or(0.0);
    brought
        .into_iter()
        .filter(|(_, _, work)| {
            let expected = usual * f64::from(work.sampled);
            expected >= FEWEST_TEXTS && f64::from(work.made) * CASUAL <= expected
        })
        .map(|(unit, _, _)| unit)
        .collect()
}

/// Those of the units that are not recognised, where few are not, and that no payer, telephone,
/// mailbox or signed blob ties to one that is.
fn strangers(units: &[u32], recognised: &BTreeSet<u32>, layers: &[UnitLayer]) -> BTreeSet<u32> {
    let (hosts, others): (BTreeSet<u32>, BTreeSet<u32>) =
        units.iter().partition(|unit| recognised.contains(unit));
    if others.len() * ONE_IN >= units.len() {
        return BTreeSet::new();
    }
    let hard = |layer: &UnitLayer| layer.family != Family::Network;
    others
        .into_iter()
        .filter(|unit| !reach(&[*unit], &|other| hosts.contains(&other), layers, &hard))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuse::guests::tests::{bits, layers, set};

    #[test]
    fn who_is_not_recognised_stays_by_a_payer_and_not_by_an_address() {
        let units: Vec<u32> = (0..20).collect();
        let layers = layers(&[
            (
                "payment",
                Family::Payment,
                &[(1, 3), (1, 17), (2, 18), (2, 19)],
            ),
            ("ip", Family::Network, &[(7, 4), (7, 18)]),
        ]);
        let found = strangers(&units, &set(0..17), &layers);
        // 17 shares a card with one who is recognised; the card of 18 and 19 is their own
        assert_eq!(found, set(18..20));
        // where many are not recognised the wording varies
        assert!(strangers(&units, &set(0..15), &layers).is_empty());
    }

    #[test]
    fn who_sends_a_template_now_and_then_is_a_guest_of_those_who_work_through_it() {
        let mut cluster = Cluster {
            units: (0..10).collect(),
            corroborations: Vec::new(),
            bits: vec![bits(&[Family::Payment, Family::Content]); 10],
            family_bits: BTreeMap::new(),
            also: Vec::new(),
        };
        for place in 6..10 {
            cluster.bits[place] = bits(&[Family::Content]);
        }
        let mut work: BTreeMap<u32, Work> = BTreeMap::new();
        for (unit, sampled, made) in [(6, 64, 2), (7, 64, 20), (8, 6, 1), (9, 4, 0)] {
            work.insert(unit, Work { sampled, made });
        }
        for unit in 0..6 {
            work.insert(
                unit,
                Work {
                    sampled: 64,
                    made: 60,
                },
            );
        }
        // 9 has sent too little to tell.
        assert_eq!(casual(&cluster, &work), BTreeSet::from([6, 8]));
        // Where nothing but the template ties most, there is nobody to compare with.
        for bits in cluster.bits.iter_mut().take(3) {
            *bits = super::super::tests::bits(&[Family::Content]);
        }
        assert!(casual(&cluster, &work).is_empty());
    }
}
