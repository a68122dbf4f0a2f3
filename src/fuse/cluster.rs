//! From corroborated links to clusters of units, and who belongs.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{FuseConfig, NetworkConfig};
use crate::detect::network::shared_domain::MAIL_DOMAIN;
use crate::fuse::corroboration::{Corroboration, Manner};
use crate::fuse::incidence::UnitLayer;
use crate::fuse::membership::{self, Bits};
use crate::fuse::separate;
use crate::model::finding::Family;
use crate::stats::components::Components;

/// Units that evidence of several families ties together.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Units, ascending.
    pub units: Vec<u32>,
    /// Corroborations at work inside it (positions in the list), strongest first.
    pub corroborations: Vec<usize>,
    /// Evidence of each unit by family, in the order of `units`.
    pub bits: Vec<Bits>,
    /// Evidence of the cluster by family: the strongest corroboration that family is part of, capped.
    pub family_bits: BTreeMap<Family, f64>,
    /// Bits from which a family counts.
    pub counting_bits: f64,
    /// Of a lead, further groups (layer, group) of the same family that hold nearly the same units.
    pub also: Vec<(usize, usize)>,
}

impl Cluster {
    /// The agreements it rests on.
    pub fn agreements<'a>(
        &'a self,
        all: &'a [Corroboration],
    ) -> impl Iterator<Item = &'a Corroboration> {
        self.corroborations
            .iter()
            .filter_map(|index| all.get(*index))
    }

    /// Whether this family of evidence counts.
    #[must_use]
    pub fn counts(&self, family: Family) -> bool {
        self.family_bits.get(&family) >= Some(&self.counting_bits)
    }

    /// The families of evidence that count.
    pub fn counting(&self) -> impl Iterator<Item = Family> {
        let counts = |(_, bits): &(&Family, &f64)| **bits >= self.counting_bits;
        self.family_bits
            .iter()
            .filter(counts)
            .map(|(family, _)| *family)
    }

    /// Bits of the second strongest family: what a verdict of two families rests on.
    #[must_use]
    pub fn support_bits(&self) -> f64 {
        let mut bits: Vec<f64> = self
            .family_bits
            .iter()
            .filter(|(family, _)| **family != Family::Client)
            .map(|(_, bits)| *bits)
            .collect();
        bits.sort_by(|a, b| b.total_cmp(a));
        bits.get(1).copied().unwrap_or(0.0)
    }

    /// Sum over families of the median unit's bits, each capped.
    #[must_use]
    pub fn score(&self) -> f64 {
        let mut totals: Vec<f64> = self.bits.iter().map(membership::total).collect();
        totals.sort_by(f64::total_cmp);
        totals.get(totals.len() / 2).copied().unwrap_or(0.0)
    }
}

/// A template whose accounts are tied together at least in this share by another family is
/// operated by one hand; the accounts without a tie of their own then belong as well. Many keys
/// must tie them: a template that one payer's accounts fill may be that customer's own, and the
/// others may have it from relaying the customer's prompts.
const STAR_SHARE: f64 = 0.25;

/// Unites the cores of corroborations and settles who belongs.
#[must_use]
pub fn clusters(
    layers: &[UnitLayer],
    corroborations: &[Corroboration],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<Cluster> {
    let Some(units) = layers.first().map(|layer| layer.of_unit.len()) else {
        return Vec::new();
    };
    let usable: Vec<usize> = (0..corroborations.len())
        .filter(|index| is_usable(&corroborations[*index], layers))
        .collect();
    let mut components = Components::new(u32::try_from(units).unwrap_or(u32::MAX));
    let mut touched: BTreeSet<u32> = BTreeSet::new();
    let mut joined: Vec<(usize, Vec<u32>)> = Vec::new();
    for index in usable {
        let corroboration = &corroborations[index];
        let members = joined_units(corroboration, layers);
        if let Some(first) = members.first() {
            for unit in &members {
                components.link(*first, *unit);
                touched.insert(*unit);
            }
        }
        joined.push((index, members));
    }
    let mut by_label: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for unit in touched {
        by_label
            .entry(components.label(unit))
            .or_default()
            .push(unit);
    }
    let mut evidence: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, members) in joined {
        if let Some(first) = members.first() {
            evidence
                .entry(components.label(*first))
                .or_default()
                .push(index);
        }
    }
    let found: Vec<Cluster> = by_label
        .into_iter()
        .flat_map(|(label, members)| {
            let mut indices = evidence.remove(&label).unwrap_or_default();
            by_strength(&mut indices, corroborations);
            let sides = separate::sides(layers, &members, fuse, network);
            let whole = sides.len() == 1;
            // Whoever is of one side is no outsider whom another one may take in.
            let placed: BTreeSet<u32> = if whole {
                BTreeSet::new()
            } else {
                sides.iter().flatten().copied().collect()
            };
            sides
                .into_iter()
                .filter_map(|side| {
                    let indices = if whole {
                        indices.clone()
                    } else {
                        of_side(&indices, corroborations, &side)
                    };
                    settle(
                        layers,
                        corroborations,
                        (side, &placed),
                        indices,
                        fuse,
                        network,
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect();
    one_for_the_same(found, layers, corroborations, fuse, network)
}

/// Where two ties of one operator begin with different accounts, each draws in those of the other:
/// clusters of which most of the smaller one is in the larger are one.
fn one_for_the_same(
    mut found: Vec<Cluster>,
    layers: &[UnitLayer],
    corroborations: &[Corroboration],
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Vec<Cluster> {
    let are_one = |one: &Cluster, other: &Cluster| {
        let common = one
            .units
            .iter()
            .filter(|unit| other.units.binary_search(unit).is_ok())
            .count();
        common * 2 > one.units.len().min(other.units.len())
    };
    // Each round leaves one cluster less.
    while let Some((first, second)) = (0..found.len())
        .flat_map(|first| (first + 1..found.len()).map(move |second| (first, second)))
        .find(|(first, second)| are_one(&found[*first], &found[*second]))
    {
        let other = found.remove(second);
        let one = found.remove(first);
        let mut units = [one.units.as_slice(), &other.units].concat();
        units.sort_unstable();
        units.dedup();
        let mut indices = [one.corroborations.as_slice(), &other.corroborations].concat();
        by_strength(&mut indices, corroborations);
        indices.dedup();
        let members = (units, &BTreeSet::new());
        let larger = if other.units.len() > one.units.len() {
            other
        } else {
            one
        };
        let merged = settle(layers, corroborations, members, indices, fuse, network);
        found.insert(first, merged.unwrap_or(larger));
    }
    found
}

/// Strongest first.
fn by_strength(indices: &mut [usize], corroborations: &[Corroboration]) {
    indices.sort_by(|a, b| {
        corroborations[*b]
            .bits
            .total_cmp(&corroborations[*a].bits)
            .then(a.cmp(b))
    });
}

/// The corroborations with most of their accounts on one side of a cluster.
fn of_side(indices: &[usize], corroborations: &[Corroboration], side: &[u32]) -> Vec<usize> {
    let most = |index: &usize| {
        corroborations.get(*index).is_some_and(|corroboration| {
            let inside = corroboration
                .core
                .iter()
                .filter(|unit| side.binary_search(unit).is_ok());
            inside.count() * 2 > corroboration.core.len()
        })
    };
    indices.iter().copied().filter(most).collect()
}

/// Whether a corroboration may unite accounts.
///
/// A fixed system prompt has an everyday cause, a client; it counts only where three and more
/// payers each stand behind several of the accounts, as no single customer does, or where most
/// of its users share addresses (for a lead: an application may send from servers of its own).
/// User prompts that go round do not count even then: a class may have several sponsors.
pub(super) fn is_usable(corroboration: &Corroboration, layers: &[UnitLayer]) -> bool {
    // Popular software is no tie: it may support a cluster, never make one.
    if [corroboration.family, corroboration.other_family].contains(&Family::Client) {
        return false;
    }
    if !is_spread_over_places(corroboration, layers) || !covers_the_template(corroboration, layers)
    {
        return false;
    }
    let (layer, group) = corroboration.group;
    let tested_full = layers[layer].full.get(group).copied().unwrap_or(true);
    let other_full = corroboration.other_groups.iter().any(|key| {
        layers[corroboration.other_layer]
            .full
            .get(*key as usize)
            .copied()
            .unwrap_or(true)
    });
    if tested_full && other_full {
        return true;
    }
    let other = &layers[corroboration.other_layer];
    layers[layer].kind.starts_with("system")
        && other_full
        && corroboration.manner == Manner::Many
        && (other.hard || other.family == Family::Network)
        && corroboration.other_groups.len() >= 3
}

/// Any product has customers with several accounts on one card or in one series of names, and
/// these are then tied by payer or name and template. Only where most of those that send the template, of those whose card or name is known,
/// pay with a card or have a name that others have, too, does it say something of the template; whether the others happen to send
/// it as well is chance where a template is reworded into many.
fn covers_the_template(corroboration: &Corroboration, layers: &[UnitLayer]) -> bool {
    let other = &layers[corroboration.other_layer];
    if corroboration.family != Family::Content || corroboration.manner != Manner::Many {
        return true;
    }
    if other.is_place() {
        // Households and colleagues take to a product together as well.
        return corroboration.core.len() as f64 >= MOST_OF_TEMPLATE * corroboration.size as f64;
    }
    if !other.hard && other.family != Family::Identity {
        return true;
    }
    let (layer, group) = corroboration.group;
    let (mut known, mut shared) = (0_usize, 0_usize);
    for unit in layers[layer].groups.get(group) {
        let cards = other.of_unit.get(*unit as usize);
        known += usize::from(!cards.is_empty() || other.singles.get(*unit as usize) > Some(&0));
        shared += usize::from(
            cards
                .iter()
                .any(|card| other.full.get(*card as usize).copied().unwrap_or(true)),
        );
    }
    shared as f64 >= MOST_OF_TEMPLATE * known as f64
}

/// Share of a template's users with a known payer, telephone or mailbox that must share it with others (ours).
const MOST_OF_TEMPLATE: f64 = 2.0 / 3.0;

/// One address or block with a habit of its own is an office, a class or a home; only where
/// the accounts of one template or payer share several separate places do the places count.
///
/// Mail domains are such places too, and only where a template is what their users have in common:
/// students of one university share its addresses as well.
fn is_spread_over_places(corroboration: &Corroboration, layers: &[UnitLayer]) -> bool {
    let other = &layers[corroboration.other_layer];
    if layers[corroboration.group.0].is_place() {
        return false;
    }
    if other.kind == MAIL_DOMAIN && corroboration.family != Family::Content {
        return false;
    }
    !other.is_place()
        || (corroboration.manner == Manner::Many && corroboration.observed >= SEPARATE_PLACES)
}

/// Fewest places that must each tie accounts together which no other place ties.
const SEPARATE_PLACES: u64 = 3;

fn joined_units(corroboration: &Corroboration, layers: &[UnitLayer]) -> Vec<u32> {
    let (layer, group) = corroboration.group;
    let all = layers[layer].groups.get(group);
    // A fixed text is a client's: who uses it and is tied to nobody is the client's user.
    let full = layers[layer].full.get(group).copied().unwrap_or(true);
    let star = layers[layer].hard
        || (full
            && corroboration.family == Family::Content
            && corroboration.manner == Manner::Many
            && corroboration.core.len() as f64 >= STAR_SHARE * all.len() as f64);
    if star {
        all.to_vec()
    } else {
        corroboration.core.clone()
    }
}

/// Keeps the units whose own evidence pays for the prior odds, and adds outsiders with evidence of
/// two families who are not `placed` elsewhere.
fn settle(
    layers: &[UnitLayer],
    corroborations: &[Corroboration],
    (members, placed): (Vec<u32>, &BTreeSet<u32>),
    indices: Vec<usize>,
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Option<Cluster> {
    let mut units = members;
    // A style of e-mail address or a program that members happen to have is one that strangers
    // have as well: such families speak for a place only where they tie this cluster together.
    // Payers, texts and addresses speak for themselves, beside what ties the cluster.
    let families: BTreeSet<Family> = indices
        .iter()
        .filter_map(|index| corroborations.get(*index))
        .flat_map(|corroboration| [corroboration.family, corroboration.other_family])
        .collect();
    let mut speaking = families.clone();
    speaking.extend([Family::Payment, Family::Content, Family::Network]);
    let ties = membership::ties(&indices, corroborations);
    let score = |units: &[u32]| {
        let mut scored = membership::score(layers, units, &ties, fuse, network);
        let inside = scored.inside.iter_mut().map(|(_, bits)| bits);
        let outside = scored.outside.iter_mut().map(|stranger| &mut stranger.bits);
        for bits in inside.chain(outside) {
            membership::keep_families(bits, &speaking);
        }
        scored
    };
    let holders = membership::holders(layers, &ties, &units);
    let pays = |unit: u32, bits: &Bits, prior_bits: f64| {
        membership::total(bits) - prior_bits >= fuse.edge_margin_bits
            && !membership::is_surroundings_alone(bits)
            && (holders.contains(&unit) || membership::has_an_owner(bits))
            && families
                .iter()
                .any(|family| bits[membership::position(*family)] >= membership::INDEPENDENT_BITS)
    };
    // Two rounds: dropping strangers sharpens the odds for those at the edge.
    for _ in 0..2 {
        let scored = score(&units);
        let mut kept: Vec<u32> = scored
            .inside
            .iter()
            .filter(|(unit, bits)| pays(*unit, bits, scored.prior_bits))
            .map(|(unit, _)| *unit)
            .collect();
        kept.extend(
            scored
                .outside
                .iter()
                .filter(|stranger| {
                    !placed.contains(&stranger.unit)
                        && pays(stranger.unit, &stranger.bits, scored.prior_bits)
                        && stranger.belongs(&families)
                })
                .map(|stranger| stranger.unit),
        );
        kept.sort_unstable();
        if kept == units {
            break;
        }
        units = kept;
    }
    // Whoever stood on the keys of accounts that have been dropped goes as well. Nobody is
    // added any more, so this ends.
    loop {
        let scored = score(&units);
        let kept: Vec<u32> = scored
            .inside
            .iter()
            .filter(|(unit, bits)| pays(*unit, bits, scored.prior_bits))
            .map(|(unit, _)| *unit)
            .collect();
        if kept.len() == units.len() {
            break;
        }
        units = kept;
    }
    if units.len() < fuse.minimum_accounts {
        return None;
    }
    let scored = score(&units);
    let mut family_bits: BTreeMap<Family, f64> = BTreeMap::new();
    for index in &indices {
        let corroboration = &corroborations[*index];
        let inside = corroboration
            .core
            .iter()
            .filter(|unit| units.binary_search(unit).is_ok())
            .count();
        if inside * 2 < corroboration.core.len() {
            continue;
        }
        for family in [corroboration.family, corroboration.other_family] {
            let bits = family_bits.entry(family).or_insert(0.0);
            *bits = bits.max(corroboration.bits.min(fuse.family_cap_bits));
        }
    }
    Some(Cluster {
        bits: scored.inside.into_iter().map(|(_, bits)| bits).collect(),
        units,
        corroborations: indices,
        family_bits,
        counting_bits: fuse.counting_bits,
        also: Vec::new(),
    })
}
