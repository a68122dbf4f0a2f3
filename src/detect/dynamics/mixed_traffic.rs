//! Accounts that mix a common template with traffic of many different kinds.
//!
//! # Looks for
//! Accounts of a group that send the group's commonest prompt template and beside it several
//! texts that follow no template, in several languages or from several user agents.
//!
//! # Why
//! The February 2026 disclosure names a proxy network that mixes distillation with unrelated
//! customers' requests; the September 2026 ones name silent relay of a lab's own customers.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests, each as diverse as that account is.
//!
//! # Innocent look-alikes
//! Resellers, aggregators, gateways of a company with staff in several countries. Therefore
//! weak: it describes a relay and never counts for a verdict.
//!
//! # Needs
//! requests.prompt, with requests.user_agent or requests.accept_language.
//!
//! # Limits
//! Works on a sample of each account's distinct texts. What the other texts are about is not
//! looked at.

use rustc_hash::FxHashMap;

use crate::detect::group::{Group, GroupTest, Look, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::layer::Layer;
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "dynamics/mixed-traffic",
    title: "Accounts that mix a common template with traffic of many different kinds",
    families: &[Family::Dynamics],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("mixed_traffic.rs"),
};

static WORDS: Words = Words {
    family: Family::Dynamics,
    accounts_that: "send the group's template beside unrelated texts in several languages or from several clients",
    too_few: "too few accounts of the group send its commonest template",
    reference: "with as many requests",
    innocent: "a reseller, an aggregator or a company gateway with many end users",
    would_clear: "the end users behind the account, named by the customer",
};

/// Fewest sampled texts that follow no template.
const FREE_TEXTS: u32 = 4;

/// Fewest languages or user agents.
const KINDS: u32 = 3;

/// The test.
pub struct MixedTraffic;

impl GroupTest for MixedTraffic {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        let known = |counts: &[u32]| counts.iter().any(|count| *count > 0);
        let keys = &population.keys;
        (!known(&keys.languages) && !known(&keys.user_agents)).then(|| {
            "without requests.user_agent and requests.accept_language nothing shows several kinds of traffic".to_owned()
        })
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let templates: Vec<&Layer> = population
            .layers
            .iter()
            .filter(|layer| layer.family == Family::Content && layer.kind == "template")
            .collect();
        let mut free: FxHashMap<u32, u32> = FxHashMap::default();
        for (account, count) in templates.iter().flat_map(|layer| &layer.singles) {
            *free.entry(*account).or_default() += count;
        }
        let kinds =
            |counts: &[u32], account: u32| counts.get(account as usize).copied().unwrap_or(0);
        let diverse: Vec<bool> = population
            .accounts()
            .map(|account| {
                free.get(&account).copied().unwrap_or(0) >= FREE_TEXTS
                    && (kinds(&population.keys.languages, account) >= KINDS
                        || kinds(&population.keys.user_agents, account) >= KINDS)
            })
            .collect();
        let habit = Habit::new(&population.requests, diverse);
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(&templates, &habit, group)),
        }
    }
}

/// Looks at the members that send the template which most of the group sends.
fn look(templates: &[&Layer], habit: &Habit, group: &Group) -> Look {
    let mut best: Vec<u32> = Vec::new();
    for layer in templates {
        for index in 0..layer.len() {
            if layer.group(index).len() <= best.len() {
                continue;
            }
            let inside: Vec<u32> = layer
                .group(index)
                .iter()
                .copied()
                .filter(|account| group.accounts.binary_search(account).is_ok())
                .collect();
            if inside.len() > best.len() {
                best = inside;
            }
        }
    }
    habit.look(
        &Group {
            name: group.name.clone(),
            accounts: best,
        },
        &WORDS,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::group::Standing;
    use crate::detect::layer::{RowSource, group_entries};
    use crate::detect::test_world::World;
    use crate::stats::random::Random;

    /// Everybody has free texts; those in `relays` speak many languages, others rarely.
    fn world(relays: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(400, &["m"]);
        let mut entries = Vec::new();
        for account in 0..400 {
            world.put(account, 10, 0, 50);
            let many = relays.contains(&account) || random.unit_f64() < 0.15;
            world.keys.languages[account as usize] = if many { 5 } else { 1 };
            // Two templates, and eight texts of its own.
            entries.push((account % 2, account, account));
        }
        let grouped = group_entries(entries, |value| format!("T-{value}"));
        world.layers.push(Layer {
            detector: "test/test",
            kind: "template",
            family: Family::Content,
            hard: false,
            values: grouped.values,
            offsets: grouped.offsets,
            accounts: grouped.accounts,
            rows: grouped.rows,
            row_source: RowSource::Texts,
            singles: (0..400).map(|account| (account, 8)).collect(),
            quality: Vec::new(),
            innocent: "",
            would_clear: "",
        });
        world
    }

    fn look(world: &World, accounts: Vec<u32>) -> Look {
        let population = world.population();
        let prepared = MixedTraffic.prepare(&population);
        (prepared.look)(&Group {
            name: "test".to_owned(),
            accounts,
        })
    }

    #[test]
    fn relays_stand_out_and_stay_weak() {
        let look = look(&world(0..40, 1), (0..40).collect());
        assert!(look.findings[0].bits > 10.0, "{look:?}");
        assert_eq!(look.findings[0].standing, Standing::Weak);
        assert!(
            look.findings[0]
                .accounts
                .iter()
                .all(|account| account % 2 == 0)
        );
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        let world = world(0..0, 2);
        let mut random = Random::new(3);
        let mut below = 0;
        for _ in 0..200 {
            let mut accounts: Vec<u32> = (0..60)
                .map(|_| u32::try_from(random.below(400)).unwrap())
                .collect();
            accounts.sort_unstable();
            accounts.dedup();
            let look = look(&world, accounts);
            below += u32::from(
                look.findings
                    .iter()
                    .any(|finding| finding.bits >= 20.0_f64.log2()),
            );
        }
        assert!(below <= 19, "{below} of 200 at the level of 5 %");
    }
}
