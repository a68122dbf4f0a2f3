//! How much each account's own keys speak for its place in a cluster.
//!
//! For a key that `inside` other members and `outside` strangers have, the evidence is the
//! log-likelihood ratio log2(P(key | member) / P(key | stranger)), smoothed by half an
//! account on either side; the account itself is left out of the count. Within a family the
//! largest value counts, capped; families add up. The sum must pay for the prior odds
//! log2(strangers / members) and a margin.
//!
//! A fixed text is a client's, and whoever is tied to nobody is the client's user: it speaks only
//! for accounts that another key of what ties the cluster holds too. A mail domain speaks only
//! where it is part of what ties.
//!
//! Among thousands of texts some are always shared by two or three accounts and nobody else: a
//! puzzle of the day, a public test. A text speaks for a place only where it is part of what
//! ties the cluster together, or where a tenth of the members and at least three have it. Such a
//! text and an address that is no part of what ties bring nobody in by themselves.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::{FuseConfig, NetworkConfig};
use crate::detect::network::shared_domain::MAIL_DOMAIN;
use crate::fuse::corroboration::Corroboration;
use crate::fuse::incidence::UnitLayer;
use crate::model::finding::Family;

/// Bits by family, in the order of [`Family::ALL`].
pub type Bits = [f64; Family::ALL.len()];

/// A cluster's evidence, unit by unit.
#[derive(Debug, Clone)]
pub struct Scored {
    /// Members with their bits, ascending by unit.
    pub inside: Vec<(u32, Bits)>,
    /// Strangers that share at least one key with the cluster, ascending by unit.
    pub outside: Vec<Stranger>,
    /// log2(strangers / members).
    pub prior_bits: f64,
}

/// A unit outside a cluster and what speaks for its place inside.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// The unit.
    pub unit: u32,
    /// Its bits by family.
    pub bits: Bits,
}

impl Stranger {
    /// Whether two families speak for it. Where payers or prompts tie the cluster, one of them must
    /// be such a family: among thousands of members somebody has a neighbour and a name like it.
    #[must_use]
    pub fn belongs(&self, families: &BTreeSet<Family>) -> bool {
        let soft = |family: &Family| matches!(family, Family::Network | Family::Identity);
        let speaks = |family: &Family| self.bits[position(*family)] >= INDEPENDENT_BITS;
        independent_families(&self.bits) >= 2
            && (families.iter().all(soft)
                || families
                    .iter()
                    .any(|family| !soft(family) && speaks(family)))
    }
}

/// A family speaks for a place with a factor of at least eight.
pub(crate) const INDEPENDENT_BITS: f64 = 3.0;

/// One in so many members must have a text that is no part of what ties the cluster together
/// (ours).
const MEMBERS_PER_HOLDER: usize = 10;

/// Fewest members with such a text: two with one text are as good as none (ours).
const FEWEST_HOLDERS: usize = 3;

/// The keys, as (layer, key), that the agreements behind a cluster stand on.
pub type Ties = BTreeSet<(usize, usize)>;

/// The keys of some corroborations.
#[must_use]
pub fn ties(indices: &[usize], corroborations: &[Corroboration]) -> Ties {
    indices
        .iter()
        .filter_map(|index| corroborations.get(*index))
        .flat_map(|found| {
            let other = found.other_layer;
            std::iter::once(found.group).chain(
                found
                    .other_groups
                    .iter()
                    .map(move |key| (other, *key as usize)),
            )
        })
        .collect()
}

/// Whether a key that `within` of `members` have may speak for a place at all. A payer with an
/// everyday cause says who its company's accounts are, and nothing of the cluster.
fn may_speak(
    layer: &UnitLayer,
    place: (usize, usize),
    within: usize,
    members: usize,
    ties: &Ties,
) -> bool {
    let everyday = !layer.full.get(place.1).copied().unwrap_or(true);
    if within < 2 || (layer.hard && everyday) {
        return false;
    }
    if layer.kind == MAIL_DOMAIN {
        return ties.contains(&place);
    }
    layer.family != Family::Content
        || ties.contains(&place)
        || (within >= FEWEST_HOLDERS && within * MEMBERS_PER_HOLDER >= members)
}

/// Whether a text is the same for all who send it, or nearly: a client's, a class's.
fn is_fixed_text(layer: &UnitLayer, key: usize) -> bool {
    layer.family == Family::Content && !layer.full.get(key).copied().unwrap_or(true)
}

/// Units that a key other than a text ties to the cluster.
fn tied_without_texts(layers: &[UnitLayer], ties: &Ties) -> FxHashSet<u32> {
    ties.iter()
        .filter_map(|(layer, key)| Some((layers.get(*layer)?, *key)))
        .filter(|(layer, _)| layer.family != Family::Content)
        .flat_map(|(layer, key)| layer.groups.get(key))
        .copied()
        .collect()
}

/// Fewest members at an address that nobody is at by chance: a neighbour may be (ours).
const AT_ONE_ADDRESS: usize = 3;

/// Units that hold one of the keys that tie the cluster together, or an address that several of the
/// `members` and hardly anybody else were seen at. A fixed text is a client's, and whoever uses the
/// client holds it; a block has neighbours of everybody.
pub(crate) fn holders(layers: &[UnitLayer], ties: &Ties, members: &[u32]) -> FxHashSet<u32> {
    let tying = ties
        .iter()
        .filter_map(|(layer, key)| Some((layers.get(*layer)?, *key)))
        .filter(|(layer, key)| !is_fixed_text(layer, *key));
    let addresses = layers
        .iter()
        .filter(|layer| layer.kind == "ip")
        .flat_map(|layer| {
            let keys = layer.keys_of(members).into_iter();
            keys.map(move |(key, inside)| (layer, key as usize, inside))
        })
        .filter(|(layer, key, inside)| {
            *inside >= AT_ONE_ADDRESS
                && inside * 2 >= layer.groups.get(*key).len()
                && !layer.crowded_for(*key, *inside)
        })
        .map(|(layer, key, _)| (layer, key));
    tying
        .chain(addresses)
        .flat_map(|(layer, key)| layer.groups.get(key))
        .copied()
        .collect()
}

/// Whether something that says who owns an account, or that only its own work can hold, speaks for
/// its place. Texts and addresses that are no part of what ties the cluster do not: two operators
/// draw on the same public questions, and their proxies are neighbours.
pub(crate) fn has_an_owner(bits: &Bits) -> bool {
    Family::ALL.iter().zip(bits).any(|(family, bits)| {
        !matches!(family, Family::Content | Family::Network | Family::Client)
            && *bits >= INDEPENDENT_BITS
    })
}

/// Sum over families.
#[must_use]
pub fn total(bits: &Bits) -> f64 {
    bits.iter().sum()
}

/// Sets the evidence of all other families to nothing.
pub(crate) fn keep_families(bits: &mut Bits, families: &BTreeSet<Family>) {
    for (family, bits) in Family::ALL.iter().zip(bits) {
        if !families.contains(family) {
            *bits = 0.0;
        }
    }
}

/// Families that speak for the place with a factor of at least eight.
#[must_use]
pub fn independent_families(bits: &Bits) -> usize {
    bits.iter()
        .filter(|bits| **bits >= INDEPENDENT_BITS)
        .count()
}

/// Whether nothing but addresses and client software speaks for the place: neighbours in one
/// data centre look like that.
#[must_use]
pub fn is_surroundings_alone(bits: &Bits) -> bool {
    Family::ALL
        .iter()
        .zip(bits)
        .filter(|(family, _)| !matches!(family, Family::Network | Family::Client))
        .all(|(_, bits)| *bits < INDEPENDENT_BITS)
}

/// Position of a family in [`Bits`].
#[must_use]
pub fn position(family: Family) -> usize {
    Family::ALL
        .iter()
        .position(|other| *other == family)
        .unwrap_or(0)
}

/// Scores members and the strangers around them; `members` is ascending, `ties` are the keys
/// that tie them together.
#[must_use]
pub fn score(
    layers: &[UnitLayer],
    members: &[u32],
    ties: &Ties,
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Scored {
    let units = layers.first().map_or(0, |layer| layer.of_unit.len());
    let strangers = units.saturating_sub(members.len());
    let prior_bits = (strangers.max(1) as f64 / members.len().max(1) as f64).log2();
    let mut inside: Vec<(u32, Bits)> = members
        .iter()
        .map(|unit| (*unit, Bits::default()))
        .collect();
    let mut outside: FxHashMap<u32, Bits> = FxHashMap::default();
    let tied = tied_without_texts(layers, ties);
    for (number, layer) in layers.iter().enumerate() {
        let mut touched: Vec<u32> = members
            .iter()
            .flat_map(|unit| layer.of_unit.get(*unit as usize).iter().copied())
            .collect();
        touched.sort_unstable();
        let family = position(layer.family);
        for run in touched.chunk_by(|a, b| a == b) {
            let Some(key) = run.first() else { continue };
            let group = layer.groups.get(*key as usize);
            let (within, without) = (run.len(), group.len() - run.len());
            if layer.crowded_for(*key as usize, within) {
                continue;
            }
            let place = (number, *key as usize);
            let speaks = may_speak(layer, place, within, members.len(), ties);
            let may_draw = layer.family != Family::Content
                && (!layer.hard || layer.full.get(*key as usize).copied().unwrap_or(true));
            let cap = fuse.family_cap_bits.min(-network.minimum_frequency.log2());
            let member_bits =
                ratio_bits(within - 1, without, members.len() - 1, strangers).min(cap);
            let stranger_bits = ratio_bits(
                within,
                without.saturating_sub(1),
                members.len(),
                strangers.saturating_sub(1),
            )
            .min(cap);
            let fixed = is_fixed_text(layer, *key as usize);
            for unit in group {
                if fixed && !tied.contains(unit) {
                    continue;
                }
                match members.binary_search(unit) {
                    Ok(found) => {
                        if speaks && let Some((_, bits)) = inside.get_mut(found) {
                            bits[family] = bits[family].max(member_bits);
                        }
                    }
                    // A key with a crowd of strangers cannot pay for anyone; skipping it keeps hubs cheap.
                    Err(_) if stranger_bits > 0.0 && (speaks || may_draw) => {
                        let bits = outside.entry(*unit).or_default();
                        bits[family] = bits[family].max(stranger_bits);
                    }
                    Err(_) => {}
                }
            }
        }
    }
    let mut outside: Vec<(u32, Bits)> = outside.into_iter().collect();
    outside.sort_by_key(|(unit, _)| *unit);
    let outside = outside
        .into_iter()
        .map(|(unit, bits)| Stranger { unit, bits })
        .collect();
    Scored {
        inside,
        outside,
        prior_bits,
    }
}

/// The key of `family` that speaks most for the place of the member `unit`, as (layer, key) with
/// its bits; `members` is ascending. Nothing where no key of the family speaks for it.
#[must_use]
pub fn most_telling_key(
    layers: &[UnitLayer],
    members: &[u32],
    ties: &Ties,
    unit: u32,
    family: Family,
    fuse: &FuseConfig,
    network: &NetworkConfig,
) -> Option<((usize, usize), f64)> {
    let units = layers.first().map_or(0, |layer| layer.of_unit.len());
    let strangers = units.saturating_sub(members.len());
    let cap = fuse.family_cap_bits.min(-network.minimum_frequency.log2());
    let mut best: Option<((usize, usize), f64)> = None;
    let tied = layers.iter().enumerate().any(|(place, layer)| {
        layer.family != Family::Content
            && layer
                .of_unit
                .get(unit as usize)
                .iter()
                .any(|key| ties.contains(&(place, *key as usize)))
    });
    let of_family = layers
        .iter()
        .enumerate()
        .filter(|(_, layer)| layer.family == family);
    for (place, layer) in of_family {
        for key in layer.of_unit.get(unit as usize) {
            let group = layer.groups.get(*key as usize);
            let within = group
                .iter()
                .filter(|unit| members.binary_search(unit).is_ok())
                .count();
            if layer.crowded_for(*key as usize, within)
                || !may_speak(layer, (place, *key as usize), within, members.len(), ties)
                || (!tied && is_fixed_text(layer, *key as usize))
            {
                continue;
            }
            let bits = ratio_bits(
                within - 1,
                group.len() - within,
                members.len() - 1,
                strangers,
            )
            .min(cap);
            if bits > best.map_or(0.0, |(_, best)| best) {
                best = Some(((place, *key as usize), bits));
            }
        }
    }
    best
}

fn ratio_bits(inside: usize, outside: usize, members: usize, strangers: usize) -> f64 {
    let rate_inside = (inside as f64 + 0.5) / (members as f64 + 1.0);
    let rate_outside = (outside as f64 + 0.5) / (strangers as f64 + 1.0);
    (rate_inside / rate_outside).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_members_only_pays_and_a_popular_one_does_not() {
        assert!(ratio_bits(14, 0, 14, 200) > 8.0);
        assert!(ratio_bits(14, 150, 14, 200) < 1.0);
        assert!(ratio_bits(0, 50, 14, 200) < 0.0);
    }
}
