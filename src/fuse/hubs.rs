//! Popular keys that were looked at and left out, with the figures behind it.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::config::Config;
use crate::detect::layer::{ASN, Layer, Quality};
use crate::detect::network::public_ranges::PublicRanges;
use crate::fuse::cluster::is_usable;
use crate::fuse::corroboration::Corroboration;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::strata::Strata;
use crate::model::finding::{Family, SuppressedHub};
use crate::stats::random::Random;

/// Hubs listed in the case, the most crowded first.
const MOST_HUBS: usize = 200;

/// Beside them, keys that tie nobody in any case: autonomous systems, and payers taken for a
/// company's.
const MOST_LISTED: usize = 20;

/// Customers that a payer taken for a company's has at least to be listed.
const COMPANY_UNITS: usize = 3;

/// Lists soft keys of more than `hub_degree` units that no corroboration stands on, and those in
/// a declared public range; and the largest keys that tie nobody, of the layers that are only
/// listed and of payers.
#[must_use]
pub fn suppressed(
    detector_layers: &[Layer],
    (layers, listed): (&[UnitLayer], &[UnitLayer]),
    corroborations: &[Corroboration],
    strata: &Strata,
    public: &PublicRanges,
    config: &Config,
    seed: u64,
) -> Vec<SuppressedHub> {
    let hub_degree = config.network.hub_degree;
    let (used, everyday) = keys_by_use(corroborations, layers);
    let mut crowded = largest(listed, |_, _, size| size > hub_degree);
    crowded.extend(largest(layers, |layer, group, size| {
        layer.hard && size >= COMPANY_UNITS && layer.full.get(group) == Some(&false)
    }));
    let mut shared: Vec<(usize, &UnitLayer, usize)> = Vec::new();
    for layer in layers.iter().filter(|layer| !layer.hard) {
        for group in 0..layer.groups.len() {
            let size = layer.groups.get(group).len();
            let is_declared = || {
                let place = layer.group_numbers.get(group).and_then(|number| {
                    detector_layers
                        .get(layer.source)?
                        .values
                        .get(*number as usize)
                });
                layer.crowded.get(group) == Some(&true)
                    && place.is_some_and(|place| public.holding(place).is_some())
            };
            if (size > hub_degree || is_declared()) && !used.contains(&(layer.source, group)) {
                shared.push((size, layer, group));
            }
        }
    }
    // The sort is stable: of equals the order of layers and groups.
    shared.sort_by_key(|(size, _, _)| std::cmp::Reverse(*size));
    shared.truncate(MOST_HUBS);
    shared.append(&mut crowded);
    let pools = pools(strata);
    shared
        .into_par_iter()
        .filter_map(|(_, layer, group)| {
            let source = detector_layers.get(layer.source)?;
            let number = *layer.group_numbers.get(group)? as usize;
            let members = layer.groups.get(group);
            let random = matched_draw(members, strata, &pools, seed ^ group as u64);
            let share = tied_share(layers, layer.family, members, hub_degree);
            let background = tied_share(layers, layer.family, &random, hub_degree);
            let value = source.values.get(number)?.clone();
            let declared = public
                .holding(&value)
                .filter(|_| layer.family == Family::Network);
            Some(SuppressedHub {
                detector: source.detector.to_owned(),
                kind: layer.kind.to_owned(),
                accounts: source.group(number).len() as u64,
                co_evidence_share: share,
                background_share: background,
                reason: match declared {
                    Some(name) => format!(
                        "declared public ({name}): whoever rents an exit there meets strangers"
                    ),
                    None => match source.quality(number) {
                        Quality::Everyday(reason) if layer.hard => {
                            format!("{reason}: such a payer ties nobody")
                        }
                        _ if everyday.contains(&(layer.source, group)) => format!(
                            "what its accounts share besides has an everyday cause (a program, one place, or some customers of a product): {}",
                            source.innocent
                        ),
                        _ => reason(
                            (layer, group),
                            (share, background),
                            source.innocent,
                            config.fuse.counting_bits,
                        ),
                    },
                },
                value,
            })
        })
        .collect()
}

/// Keys by the number of their layer among the detectors' and their group.
type Keys = FxHashSet<(usize, usize)>;

/// The keys of agreements that may tie accounts, and those of agreements that may not.
fn keys_by_use(corroborations: &[Corroboration], layers: &[UnitLayer]) -> (Keys, Keys) {
    let (mut used, mut everyday) = (Keys::default(), Keys::default());
    for corroboration in corroborations {
        let keys = if is_usable(corroboration, layers) {
            &mut used
        } else {
            &mut everyday
        };
        let (layer, group) = corroboration.group;
        keys.extend(layers.get(layer).map(|layer| (layer.source, group)));
        if let Some(other) = layers.get(corroboration.other_layer) {
            let groups = corroboration.other_groups.iter();
            keys.extend(groups.map(|group| (other.source, *group as usize)));
        }
    }
    (used, everyday)
}

/// The largest keys that `is_listed` says of layer, group and units, as (units, layer, group).
fn largest(
    layers: &[UnitLayer],
    is_listed: impl Fn(&UnitLayer, usize, usize) -> bool,
) -> Vec<(usize, &UnitLayer, usize)> {
    let mut found: Vec<(usize, &UnitLayer, usize)> = layers
        .iter()
        .flat_map(|layer| {
            (0..layer.groups.len()).map(move |group| (layer.groups.get(group).len(), layer, group))
        })
        .filter(|(size, layer, group)| is_listed(layer, *group, *size))
        .collect();
    found.sort_by_key(|(size, _, _)| std::cmp::Reverse(*size));
    found.truncate(MOST_LISTED);
    found
}

/// Why a key is left out.
fn reason(
    (layer, group): (&UnitLayer, usize),
    (share, background): (f64, f64),
    innocent: &str,
    counting_bits: f64,
) -> String {
    if layer.kind == ASN {
        return format!(
            "an autonomous system ties nobody, however few of the log's accounts it has: {innocent}"
        );
    }
    if layer.crowded.get(group) == Some(&true) {
        return format!(
            "crowded: whatever the accounts of so large a place share has one innocent cause, so it counts only for a group that holds nearly all of them and has as much at other places, and there is none: {innocent}"
        );
    }
    if share <= background {
        return format!("its accounts share nothing else beyond chance: {innocent}");
    }
    format!(
        "what its accounts share besides does not reach the {counting_bits} bits, after the correction for everything tried, that would make it evidence: {innocent}"
    )
}

/// The units of each stratum.
fn pools(strata: &Strata) -> Vec<Vec<u32>> {
    let mut pools: Vec<Vec<u32>> = vec![Vec::new(); strata.sizes.len()];
    for (unit, stratum) in (0_u32..).zip(&strata.of_unit) {
        pools[*stratum as usize].push(unit);
    }
    pools
}

/// As many units as `members`, of the same strata, drawn at random.
fn matched_draw(members: &[u32], strata: &Strata, pools: &[Vec<u32>], seed: u64) -> Vec<u32> {
    let mut wanted = vec![0_usize; strata.sizes.len()];
    for unit in members {
        wanted[strata.of_unit[*unit as usize] as usize] += 1;
    }
    let mut random = Random::new(seed);
    let mut drawn = Vec::with_capacity(members.len());
    for (pool, wanted) in pools.iter().zip(wanted).filter(|(_, wanted)| *wanted > 0) {
        let mut pool = pool.clone();
        random.shuffle(&mut pool);
        drawn.extend(pool.iter().take(wanted));
    }
    drawn.sort_unstable();
    drawn
}

/// Share of `members` that share a small key of a family other than `family` with another
/// member. The client family is left out: popular software is no tie.
fn tied_share(layers: &[UnitLayer], family: Family, members: &[u32], hub_degree: usize) -> f64 {
    let mut tied: FxHashSet<u32> = FxHashSet::default();
    for layer in layers
        .iter()
        .filter(|layer| layer.family != family && layer.family != Family::Client)
    {
        let mut touched: Vec<(u32, u32)> = members
            .iter()
            .flat_map(|unit| {
                layer
                    .of_unit
                    .get(*unit as usize)
                    .iter()
                    .map(move |key| (*key, *unit))
            })
            .collect();
        touched.sort_unstable();
        for run in touched.chunk_by(|a, b| a.0 == b.0) {
            if run.len() >= 2
                && run
                    .first()
                    .is_some_and(|(key, _)| layer.groups.get(*key as usize).len() <= hub_degree)
            {
                tied.extend(run.iter().map(|(_, unit)| *unit));
            }
        }
    }
    tied.len() as f64 / members.len().max(1) as f64
}
