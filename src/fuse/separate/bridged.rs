//! Sides of a cluster that hang together by a template, or by a few that nearly all send.

use std::collections::{BTreeMap, BTreeSet};

use super::common::{Inner, Template, as_set, common};
use super::{APART, OWN_SHARE};
use crate::stats::components::Components;

/// Templates tried as the only tie; a cluster seldom has more that reach most of it.
const BRIDGES_TRIED: usize = 16;

/// Most templates set aside together, each sent by most of the cluster (ours: what both sides
/// send and a side does not is then no longer what tells them apart).
const COMMON_SET_ASIDE: usize = 4;

/// The sides (positions, ascending), largest first; none where nothing separates. Members of no
/// side by themselves go with the largest.
pub(super) fn sides(inner: &Inner, minimum: usize) -> Vec<Vec<usize>> {
    for bridges in bridges(inner) {
        let mut sides = sides_without(inner, &bridges, minimum);
        if sides.len() < 2 {
            continue;
        }
        sides.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        let placed: BTreeSet<usize> = sides.iter().flatten().copied().collect();
        if let Some(largest) = sides.first_mut() {
            largest.extend((0..inner.size).filter(|at| !placed.contains(at)));
            largest.sort_unstable();
        }
        return sides;
    }
    Vec::new()
}

/// What is tried as the only tie: each template by itself, then the two, three, four that
/// most of the cluster sends.
fn bridges(inner: &Inner) -> Vec<Vec<usize>> {
    let able = || (0..inner.templates.len()).filter(|at| inner.templates[*at].may_bridge);
    let common: Vec<usize> = able()
        .filter(|at| inner.templates[*at].inside.len() as f64 >= OWN_SHARE * inner.size as f64)
        .take(COMMON_SET_ASIDE)
        .collect();
    able()
        .take(BRIDGES_TRIED)
        .map(|at| vec![at])
        .chain((2..=common.len()).map(|count| common.iter().take(count).copied().collect()))
        .collect()
}

/// Parts of the cluster with templates of their own and no key in common, once some
/// templates are set aside.
fn sides_without(inner: &Inner, bridges: &[usize], minimum: usize) -> Vec<Vec<usize>> {
    let templates: Vec<&Template> = inner
        .templates
        .iter()
        .enumerate()
        .filter(|(at, _)| !bridges.contains(at))
        .map(|(_, template)| template)
        .collect();
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut sides = Components::new(number(templates.len()));
    for (at, left) in templates.iter().enumerate() {
        for (other, right) in templates.iter().enumerate().skip(at + 1) {
            let common = f64::from(common(&left.set, &right.set));
            let by_chance =
                left.inside.len() as f64 * right.inside.len() as f64 / inner.size.max(1) as f64;
            if common > 0.0 && common >= APART * by_chance {
                sides.link(number(at), number(other));
            }
        }
    }
    // Each member goes with the side of most of its templates.
    let mut votes: Vec<BTreeMap<u32, usize>> = vec![BTreeMap::new(); inner.size];
    for (at, template) in templates.iter().enumerate() {
        let side = sides.label(number(at));
        for member in &template.inside {
            *votes[*member].entry(side).or_default() += 1;
        }
    }
    let chosen: Vec<Option<u32>> = votes
        .iter()
        .map(|votes| {
            let best = votes
                .iter()
                .max_by_key(|(side, votes)| (**votes, std::cmp::Reverse(**side)));
            best.map(|(side, _)| *side)
        })
        .collect();
    // A key that both sides have makes them one.
    for inside in inner.keys.iter().chain(&inner.places) {
        let mut first = None;
        for side in inside.iter().filter_map(|member| chosen[*member]) {
            sides.link(*first.get_or_insert(side), side);
        }
    }
    let mut parts: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (member, side) in chosen.iter().enumerate() {
        if let Some(side) = side {
            parts.entry(sides.label(*side)).or_default().push(member);
        }
    }
    parts
        .into_values()
        .filter(|part| part.len() >= minimum && has_own(&templates, part, inner.size))
        .collect()
}

/// Whether a side has a template of its own.
fn has_own(templates: &[&Template], part: &[usize], size: usize) -> bool {
    let part_set = as_set(part, size);
    templates.iter().any(|template| {
        let here = f64::from(common(&template.set, &part_set));
        here >= OWN_SHARE * part.len() as f64 && here >= OWN_SHARE * template.inside.len() as f64
    })
}
