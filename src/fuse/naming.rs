//! What a campaign is called: an id that hangs on something its operator keeps.
//!
//! All that the accounts share in the campaign's first week stands for election: payers, texts,
//! addresses, names. Each key draws a lot that only its own name decides, and its weight grows with
//! the share of the accounts that have it, with how few others do and with its part of the texts;
//! the best weighted lot wins (weighted sampling by exponential clocks). Keys at the edge, which
//! come and go with the stretch of time that a log covers, hardly ever win, and as no threshold
//! decides who stands, a small change of a share changes little: if a key that has the share `s` of
//! all weight appears or goes, the winner changes with the chance `s`. What an operator adds later
//! does not take the name over in a longer log, since the first week stays the same.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::fuse::Candidate;
use crate::fuse::cluster::Cluster;
use crate::fuse::findings::Sources;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::wording::Wordings;
use crate::model::finding::Family;
use crate::stats::random::{stable_hash, stable_id};

/// How long what the accounts share stands for election, in microseconds (ours: a sweep's
/// stretch; shorter ones leave out what an operator does once a week).
const FIRST_WEEK_US: i64 = 7 * 86_400_000_000;

/// The week begins with the first request of so many customers: one that was there long before the others
/// must not decide alone.
const BEGINNERS: usize = 3;

/// Weight of a payer against a text (ours): half of the accounts on one card weigh a little more,
/// a card that nearly all pay with outlasts what they ask, and one of eight cards does not.
const PAYER_WEIGHT: f64 = 16.0;

/// Weight of any other key against a text (ours): addresses and mailboxes change with the
/// accounts; they name what nothing else does.
const PASSING_WEIGHT: f64 = 1e-9;

/// Shares from which a key counts as one that all have, and that nobody else has (ours: whether one
/// account more or less has it must not matter).
const NEARLY_ALL: f64 = 0.75;

/// Power of smaller shares (ours: half of the accounts weigh an eleventh).
const SHARE_POWER: i32 = 6;

/// Texts that weigh this share of the weightiest one weigh as much as it (ours): which of an
/// operator's three main prompts is sent most changes from week to week.
const AS_GOOD: f64 = 0.25;

/// A text that so many times as many accounts send is not the cluster's own (ours).
const POPULAR: usize = 4;

/// A key that stands for election.
struct Lot {
    score: f64,
    name: String,
}

/// Ids of the candidates, in their order; no id is given out twice.
#[must_use]
pub(super) fn ids(
    candidates: &[Candidate<'_>],
    sources: &Sources<'_>,
    wordings: &Wordings<'_>,
) -> Vec<String> {
    let lots: Vec<Vec<Lot>> = candidates
        .par_iter()
        .map(|(cluster, _)| lots(cluster, sources, wordings))
        .collect();
    // Where two stand on one key, it names the one that it fits better.
    let best = |place: &usize| {
        let first = lots.get(*place).and_then(|lots| lots.first());
        first.map_or(f64::INFINITY, |lot| lot.score)
    };
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|one, other| best(one).total_cmp(&best(other)).then(one.cmp(other)));
    let mut given: BTreeSet<String> = BTreeSet::new();
    let mut ids = vec![String::new(); candidates.len()];
    for place in order {
        let named = lots.get(place).into_iter().flatten();
        let free = named
            .map(|lot| stable_id("C", &[&lot.name]))
            .find(|id| !given.contains(id));
        // Every key is another's: the accounts themselves are left.
        let id = free.unwrap_or_else(|| {
            let units = candidates.get(place).map(|(cluster, _)| &cluster.units);
            let accounts = sources.accounts(units.map_or(&[], Vec::as_slice));
            stable_id("C", &[&sources.ids(&accounts).join(" ")])
        });
        given.insert(id.clone());
        if let Some(slot) = ids.get_mut(place) {
            *slot = id;
        }
    }
    ids
}

/// The keys that a cluster had in its first week, best first; where it had none, all of them.
fn lots(cluster: &Cluster, sources: &Sources<'_>, wordings: &Wordings<'_>) -> Vec<Lot> {
    let mut firsts: Vec<i64> = cluster
        .units
        .iter()
        .map(|unit| first_of(*unit, sources))
        .collect();
    firsts.sort_unstable();
    let begins_us = firsts.get(BEGINNERS.min(firsts.len()).saturating_sub(1));
    let week_ends_us = begins_us.map_or(i64::MAX, |first| first.saturating_add(FIRST_WEEK_US));
    let until = |until_us: i64| {
        let voters = cluster.units.iter().copied();
        let election = Election {
            voters: voters
                .filter(|unit| first_of(*unit, sources) < until_us)
                .collect(),
            sources,
            until_us,
        };
        let mut lots = election.texts(wordings);
        lots.extend(election.others());
        lots.sort_by(|one, other| {
            one.score
                .total_cmp(&other.score)
                .then_with(|| one.name.cmp(&other.name))
        });
        lots
    };
    let first_week = until(week_ends_us);
    if first_week.is_empty() {
        until(i64::MAX)
    } else {
        first_week
    }
}

/// First request of a unit, in microseconds since the epoch.
fn first_of(unit: u32, sources: &Sources<'_>) -> i64 {
    let accounts = sources.units.accounts.get(unit as usize);
    let firsts = accounts
        .into_iter()
        .flatten()
        .filter_map(|account| sources.rows.first_us.get(*account as usize));
    firsts.min().copied().unwrap_or(0)
}

/// Who has keys until when.
struct Election<'a> {
    /// Units, ascending.
    voters: Vec<u32>,
    sources: &'a Sources<'a>,
    until_us: i64,
}

impl Election<'_> {
    /// The keys of a layer that two of the voters have, each with how many do.
    fn keys(&self, layer: &UnitLayer) -> impl Iterator<Item = (u32, usize)> {
        let keys = layer.keys_of(&self.voters).into_iter();
        keys.filter(|(_, inside)| *inside >= 2)
    }

    /// Weight by share of a key that so many voters have.
    fn weight(&self, layer: &UnitLayer, key: u32, inside: usize) -> f64 {
        let share = |of: usize| {
            let share = inside as f64 / of.max(inside).max(1) as f64;
            (share / NEARLY_ALL).min(1.0).powi(SHARE_POWER)
        };
        share(self.voters.len()) * share(layer.groups.get(key as usize).len())
    }

    fn lot(&self, (place, key): (usize, u32), weight: f64) -> Option<Lot> {
        let (source, number) = self.sources.group(place, key as usize)?;
        let name = format!("{} {}", source.kind, source.values.get(number)?);
        Some(Lot {
            score: clock(&name) / weight,
            name,
        })
    }

    /// Payers, and what names a cluster that has nothing better.
    fn others(&self) -> Vec<Lot> {
        let layers = self.sources.layers.iter().enumerate();
        layers
            .filter(|(_, layer)| layer.family != Family::Content)
            .flat_map(|(place, layer)| {
                let kind = if layer.hard {
                    PAYER_WEIGHT
                } else {
                    PASSING_WEIGHT
                };
                self.keys(layer).filter_map(move |(key, inside)| {
                    self.lot((place, key), kind * self.weight(layer, key, inside))
                })
            })
            .collect()
    }

    /// Texts, each against the weightiest one.
    fn texts(&self, wordings: &Wordings<'_>) -> Vec<Lot> {
        let mut found: Vec<((usize, u32), f64, usize)> = Vec::new();
        let layers = self.sources.layers.iter().enumerate();
        for (place, layer) in layers.filter(|(_, layer)| layer.family == Family::Content) {
            for (key, holders) in self.keys(layer) {
                // Going through a popular text's uses for each cluster would take long, and it
                // does not become its name.
                let popular = layer.groups.get(key as usize).len() > POPULAR * holders;
                let texts = if popular {
                    holders
                } else {
                    self.sent(&wordings.texts((place, key as usize)))
                };
                found.push(((place, key), self.weight(layer, key, holders), texts));
            }
        }
        // The digest samples system prompts and user prompts each by themselves.
        let mut weightiest = [(0.0_f64, 0.0_f64); 2];
        for (key, weight, texts) in &found {
            let best = &mut weightiest[usize::from(self.is_system(*key))];
            let sent = weight * *texts as f64;
            if sent > best.0 {
                *best = (sent, *weight);
            }
        }
        let sent = found.into_iter().filter(|(_, _, texts)| *texts > 0);
        sent.filter_map(|(key, weight, texts)| {
            let (most, best) = weightiest[usize::from(self.is_system(key))];
            let part = weight * texts as f64 / most;
            self.lot(key, best * (part / AS_GOOD).min(1.0))
        })
        .collect()
    }

    fn is_system(&self, (place, _): (usize, u32)) -> bool {
        let layer = self.sources.layers.get(place);
        layer.is_some_and(|layer| layer.kind.starts_with("system"))
    }

    /// How many of these texts voters sent in time.
    fn sent(&self, texts: &[u32]) -> usize {
        let (rows, units) = (self.sources.rows, &self.sources.units.of_account);
        let in_time = texts.iter().filter(|text| {
            let account = rows.texts.account.get(**text as usize);
            let unit = account.and_then(|account| units.get(*account as usize));
            unit.is_some_and(|unit| self.voters.binary_search(unit).is_ok())
                && rows.text_use(**text).1 < self.until_us
        });
        in_time.count()
    }
}

/// Time at which the clock of a name rings: exponential with mean 1, from its hash alone.
fn clock(name: &str) -> f64 {
    // 53 bits, as a double holds, and never 0.
    let uniform = ((stable_hash(&[name]) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -uniform.ln()
}
