//! Accounts that mix a common template with traffic of many different kinds.
//!
//! # Looks for
//! Accounts of a group that send the group's commonest prompt template and beside it several
//! texts that follow no template: in several languages or from several user agents, or about
//! things that have as little to do with each other as the prompts of strangers.
//!
//! # Why
//! The February 2026 disclosure names a proxy network that mixes distillation with unrelated
//! customers' requests; the September 2026 ones name silent relay of a lab's own customers.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests, each as diverse as that account is. Subjects are compared by chosen words that
//! two prompts have in common, everyday words left out: the log's typical account shows what one
//! person's prompts share, pairs of prompts of two accounts what strangers' do, and an account
//! is mixed where its prompts lie nearer to strangers' (on a scale of ratios).
//!
//! # Innocent look-alikes
//! Resellers, aggregators, gateways of a company with staff in several countries. Therefore
//! weak: it describes a relay and never counts for a verdict.
//!
//! # Needs
//! requests.prompt; requests.user_agent and requests.accept_language, where there are any.
//!
//! # Limits
//! Works on a sample of each account's distinct texts; where too few accounts of a group have
//! enough of them to tell subjects, only clients and languages are compared. People who ask about everything under
//! the sun are as mixed as a relay; it takes a group with more of them than the log has.

use rustc_hash::FxHashMap;

use crate::detect::dynamics::subjects::subjects;
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
    version: 2,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("mixed_traffic.rs"),
};

static CLIENTS: Words = Words {
    family: Family::Dynamics,
    accounts_that: "send the group's template beside unrelated texts in several languages or from several clients",
    too_few: "too few accounts of the group send its commonest template",
    reference: "with as many requests",
    innocent: "a reseller, an aggregator or a company gateway with many end users",
    would_clear: "the end users behind the account, named by the customer",
};

static SUBJECTS: Words = Words {
    accounts_that: "send the group's template beside texts that have as little in common as those of strangers",
    too_few: "too few accounts of the group send its commonest template and enough other texts to tell their subjects",
    reference: "with as many requests and enough texts to tell their subjects",
    ..CLIENTS
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
        if known(&keys.languages) || known(&keys.user_agents) {
            return None;
        }
        let why = subjects(population).err()?;
        Some(format!(
            "without requests.user_agent and requests.accept_language only the subjects of prompts could show several kinds of traffic, and {why}"
        ))
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
        let mut habits = Vec::new();
        if diverse.contains(&true) {
            habits.push(("", Habit::new(&population.requests, diverse), &CLIENTS));
        }
        let mut partial = Vec::new();
        match subjects(population) {
            Ok(told) => {
                let activity: Vec<u64> = told
                    .unrelated
                    .iter()
                    .zip(&population.requests)
                    .map(|(told, requests)| told.map_or(0, |_| *requests))
                    .collect();
                let mixed = told.unrelated.iter().map(|told| *told == Some(true));
                habits.push((
                    "subjects",
                    Habit::new(&activity, mixed.collect()),
                    &SUBJECTS,
                ));
            }
            Err(why) => partial.push(format!("subjects of prompts were not compared: {why}")),
        }
        Prepared {
            partial,
            look: Box::new(move |group| look(&templates, &habits, group)),
        }
    }
}

/// Looks at the members that send the template which most of the group sends.
fn look(templates: &[&Layer], habits: &[(&str, Habit, &'static Words)], group: &Group) -> Look {
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
    let senders = Group {
        name: group.name.clone(),
        accounts: best,
    };
    let mut looked = Look::default();
    for (about, habit, words) in habits {
        let mut look = habit.look(&senders, words);
        for finding in &mut look.findings {
            (*about).clone_into(&mut finding.about);
            finding.tried = habits.len() as u64;
        }
        looked.findings.append(&mut look.findings);
        looked.partial.append(&mut look.partial);
    }
    if looked.partial.len() < habits.len() {
        // One of them could be told, so the group was tested.
        looked.partial.clear();
    }
    looked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::group::Standing;
    use crate::detect::layer::{RowSource, group_entries};
    use crate::detect::test_world::{World, random_groups_found};
    use crate::stats::random::Random;
    use crate::text::TopicWords;

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
            pairs: Vec::new(),
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

    /// One client and language each; the prompts of relays, and of some others, are strangers'.
    fn world_of_subjects(relays: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = world(0..0, seed);
        world.keys.languages.fill(1);
        for account in 0..400 {
            let mixed = relays.contains(&account) || random.unit_f64() < 0.1;
            for text in 0..10 {
                let person = if mixed {
                    random.below(1 << 30)
                } else {
                    u64::from(account)
                };
                let words: Vec<u64> = (0..4)
                    .map(|_| (person * 8 + random.below(8)) % 60_000)
                    .collect();
                world.say(account, u64::from(account) * 10 + text, 1, (0, 0));
                world.about(TopicWords::from_hashes(&words));
            }
        }
        world
    }

    #[test]
    fn relays_of_one_client_stand_out_by_subjects() {
        let found = look(&world_of_subjects(0..40, 4), (0..40).collect());
        let finding = &found.findings[0];
        assert_eq!(
            (finding.about.as_str(), found.findings.len()),
            ("subjects", 1)
        );
        assert!(finding.bits > 10.0 && finding.standing == Standing::Weak);
        let world = world_of_subjects(0..0, 5);
        let population = world.population();
        let prepared = MixedTraffic.prepare(&population);
        let found = random_groups_found(400, 200, |group| (prepared.look)(group));
        assert!(found <= 19, "{found} of 200 at the level of 5 %");
    }
}
