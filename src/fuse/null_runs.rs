//! How many clusters chance alone would give: every layer rewired, the rest rerun.

use rayon::prelude::*;

use crate::config::Config;
use crate::fuse::cluster::{Cluster, clusters};
use crate::fuse::corroboration::corroborate;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::strata::Strata;
use crate::fuse::verdict::{Besides, verdict};
use crate::model::campaign::Verdict;
use crate::model::case::NullRuns;
use crate::stats::rewire::rewire;

/// Links rewired over all runs, at most: on very large logs fewer runs are made, and the
/// report says how many. About two minutes on two cores.
const MOST_LINKS: u64 = 60_000_000;

/// Fewest runs.
const FEWEST_RUNS: u32 = 5;

/// Rewires every layer (each account keeps its number of keys, each key its number of
/// accounts), reruns test and clustering, and counts what comes out.
#[must_use]
pub fn null_runs(
    layers: &[UnitLayer],
    strata: &Strata,
    network_strata: &Strata,
    config: &Config,
    seed: u64,
) -> NullRuns {
    let links: u64 = layers
        .iter()
        .map(|layer| {
            layer.groups.pairs().count() as u64
                + layer
                    .singles
                    .iter()
                    .map(|count| u64::from(*count))
                    .sum::<u64>()
        })
        .sum();
    let affordable = u32::try_from(MOST_LINKS / links.max(1))
        .unwrap_or(u32::MAX)
        .max(FEWEST_RUNS);
    let runs = config.fuse.null_runs.min(affordable);
    let mut result = NullRuns {
        runs,
        method: "every account-key layer rewired by itself: each account keeps its number of keys and each key its number of accounts; test and clustering rerun".to_owned(),
        ..NullRuns::default()
    };
    let mut likely = 0_u64;
    let mut strong = 0_u64;
    for run in 0..runs {
        let rewired: Vec<UnitLayer> = layers
            .par_iter()
            .enumerate()
            .map(|(index, layer)| {
                let mut pairs: Vec<(u32, u32)> = layer.groups.pairs().collect();
                // Keys held alone take part, so that shared keys can go to anyone.
                let shared = u32::try_from(layer.groups.len()).unwrap_or(u32::MAX);
                let mut next = shared;
                for (unit, singles) in (0_u32..).zip(&layer.singles) {
                    for _ in 0..*singles {
                        pairs.push((next, unit));
                        next = next.saturating_add(1);
                    }
                }
                let layer_seed = seed
                    ^ (u64::from(run) << 32)
                    ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                layer.with_pairs(rewire(&pairs, layer_seed))
            })
            .collect();
        let corroborations = corroborate(&rewired, strata, network_strata, config);
        let found: Vec<Cluster> =
            clusters(&rewired, &corroborations, &config.fuse, &config.network);
        for cluster in &found {
            result.support_bits.push(cluster.support_bits());
            match verdict(cluster, &corroborations, &rewired, Besides::default()).0 {
                Verdict::Strong => {
                    strong += 1;
                    likely += 1;
                }
                Verdict::Likely => likely += 1,
                Verdict::Lead => {}
            }
        }
        result
            .strongest_bits
            .push(found.iter().map(Cluster::score).fold(0.0, f64::max));
    }
    result.support_bits.sort_by(|a, b| b.total_cmp(a));
    if runs > 0 {
        result.expected_likely = likely as f64 / f64::from(runs);
        result.expected_strong = strong as f64 / f64::from(runs);
    }
    result
}
