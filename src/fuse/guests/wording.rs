//! Guests by what they send.

use std::collections::{BTreeMap, BTreeSet};

use super::{Door, is_of, reach};
use crate::detect::content::families::held;
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::is_made_from;
use crate::fuse::membership::Bits;
use crate::model::finding::Family;

/// Where one in so many accounts is not recognised by the templates, they say nothing of those
/// who are not: the wording varies too much (ours).
const ONE_IN: usize = 4;

/// An account sends a template now and then where it makes one request from it in so many as it
/// would if it worked as the others do (ours).
const CASUAL: f64 = 5.0;

/// So many requests would have to be made from the templates for few to say something (ours).
const FEWEST_REQUESTS: f64 = 5.0;

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

    /// Units that only templates and addresses bring, and that send the templates now and then.
    pub(super) fn casual(&self, cluster: &Cluster) -> BTreeSet<u32> {
        let mut made: BTreeSet<u32> = BTreeSet::new();
        for (layer, group) in self.wordings.of_cluster(cluster) {
            if self.wordings.family((layer, group)).is_some() {
                made.extend(self.made_from(layer, group).map(|(_, text)| text));
            } else {
                made.extend(self.wordings.texts((layer, group)));
            }
        }
        let work = cluster
            .units
            .iter()
            .map(|unit| (*unit, self.work(*unit, &made)))
            .filter(|(_, work)| work.sampled + work.under_system > 0)
            .collect();
        casual(cluster, &work)
    }

    /// What a unit sends, and how much of it is among the texts `made` from templates.
    fn work(&self, unit: u32, made: &BTreeSet<u32>) -> Work {
        let mut work = Work::default();
        for account in self.units.accounts.get(unit as usize).into_iter().flatten() {
            work.requests += self.rows.requests.get(*account as usize).unwrap_or(&0);
            for text in self.rows.texts_of(*account) {
                let system = self.rows.texts.system.get(text as usize) == Some(&true);
                work.add(system, self.rows.text_use(text).0, made.contains(&text));
            }
        }
        work
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

/// What a unit sends, in requests.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    /// All of them.
    requests: u64,
    /// Those with a sampled prompt, and with one made from the templates.
    sampled: u64,
    made: u64,
    /// Those with a system prompt made from the templates.
    under_system: u64,
}

impl Work {
    fn add(&mut self, system: bool, uses: u64, is_made: bool) {
        match (system, is_made) {
            (true, true) => self.under_system += uses,
            (true, false) => {}
            (false, _) => {
                self.sampled += uses;
                self.made += if is_made { uses } else { 0 };
            }
        }
    }

    /// Share of the requests that are made from the templates, by the prompts or by the system
    /// prompts, whichever says more.
    fn share(&self) -> f64 {
        let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
        share(self.made, self.sampled).max(share(self.under_system, self.requests))
    }
}

/// See [`Door::casual`]: the share of what a unit sends is held against that of the median unit
/// that payers, identities or the like tie; where these are fewer than half, of those that
/// addresses tie; nobody where these are fewer than half as well.
fn casual(cluster: &Cluster, work: &BTreeMap<u32, Work>) -> BTreeSet<u32> {
    const SOFT: [Family; 3] = [Family::Content, Family::Client, Family::Network];
    let members: Vec<(u32, &Bits, Work)> = cluster
        .units
        .iter()
        .zip(&cluster.bits)
        .filter_map(|(unit, bits)| Some((*unit, bits, *work.get(unit)?)))
        .collect();
    for soft in [&SOFT[..], &SOFT[..2]] {
        let (brought, tied): (Vec<_>, Vec<_>) =
            members.iter().partition(|(_, bits, _)| is_of(bits, soft));
        if tied.len() * 2 < cluster.units.len() {
            continue;
        }
        let mut shares: Vec<f64> = tied.iter().map(|(_, _, work)| work.share()).collect();
        shares.sort_by(f64::total_cmp);
        let usual = shares.get(shares.len() / 2).copied().unwrap_or(0.0);
        return brought
            .into_iter()
            .filter(|(_, _, work)| {
                usual * work.requests as f64 >= FEWEST_REQUESTS && work.share() * CASUAL <= usual
            })
            .map(|(unit, _, _)| unit)
            .collect();
    }
    BTreeSet::new()
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
            counting_bits: 10.0,
            also: Vec::new(),
        };
        for place in 6..10 {
            cluster.bits[place] = bits(&[Family::Content]);
        }
        cluster.bits[9] = bits(&[Family::Content, Family::Network]);
        let work_of = |requests, made| Work {
            requests,
            sampled: requests.min(64),
            made,
            under_system: 0,
        };
        let mut work: BTreeMap<u32, Work> = (0..6).map(|unit| (unit, work_of(70, 60))).collect();
        for (unit, requests, made) in [(6, 64, 2), (7, 64, 20), (8, 4, 0), (9, 300, 1)] {
            work.insert(unit, work_of(requests, made));
        }
        // 8 has sent too little to tell.
        assert_eq!(casual(&cluster, &work), BTreeSet::from([6, 9]));
        // The system prompt goes with half of the requests of 6.
        work.entry(6).or_default().under_system = 32;
        assert_eq!(casual(&cluster, &work), BTreeSet::from([9]));
        // Where addresses tie most, whoever has one is no stranger.
        for bits in cluster.bits.iter_mut().take(6) {
            *bits = super::super::tests::bits(&[Family::Content, Family::Network]);
        }
        work.entry(6).or_default().under_system = 0;
        assert_eq!(casual(&cluster, &work), BTreeSet::from([6]));
        // Where nothing but the template ties most, there is nobody to compare with.
        for bits in cluster.bits.iter_mut().take(6) {
            *bits = super::super::tests::bits(&[Family::Content]);
        }
        assert!(casual(&cluster, &work).is_empty());
    }
}
