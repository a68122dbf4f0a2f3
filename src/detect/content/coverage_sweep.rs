//! Accounts that fill one template again and again, never twice with the same content.
//!
//! # Looks for
//! Accounts with thirty-two sampled prompts and more, of which at least four in five were
//! made from one template and hardly any was sent twice.
//!
//! # Why
//! Whoever collects training data works through a list of topics: what goes into the slots
//! is always new, where users come back to what they asked before.
//!
//! # Null model
//! Each account is as if drawn at random among other accounts of the log with as many
//! requests; applications with a template of their own are among those others.
//!
//! # Innocent look-alikes
//! Every application that puts its customers' documents into one prompt: translation,
//! extraction, moderation. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt.
//!
//! # Limits
//! Says that the content is always new, not that it covers a field evenly. Templates of one
//! account are not known, so they do not count.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::prompts::Prompt;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "content/coverage-sweep",
    title: "Accounts that fill one template again and again, never twice alike",
    families: &[Family::Content],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("coverage_sweep.rs"),
};

static WORDS: Words = Words {
    family: Family::Content,
    accounts_that: "fill one template with ever new content",
    too_few: "too few accounts of the group with thirty-two sampled prompts",
    reference: "with as many requests",
    innocent: "an application that puts its customers' documents into one prompt",
    would_clear: "the application, and whose documents they are",
};

/// Fewest sampled prompts of an account: half of what a sample holds by default.
const FEWEST_PROMPTS: usize = 32;

/// Share of the prompts that one template must have made.
const OF_ONE_TEMPLATE: f64 = 0.8;

/// Share of prompts that may have been sent twice; retries happen.
const REPEATED: f64 = 0.05;

/// The test.
pub struct CoverageSweep;

impl GroupTest for CoverageSweep {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let (mut activity, mut has) = (Vec::new(), Vec::new());
        for (account, requests) in population.accounts().zip(&population.requests) {
            let prompts = population.prompts.of(account);
            let told = prompts.len() >= FEWEST_PROMPTS;
            activity.push(if told { *requests } else { 0 });
            has.push(told && sweeps(prompts));
        }
        Habit::new(&activity, has).into_test(&WORDS)
    }
}

fn sweeps(prompts: &[Prompt]) -> bool {
    let mut templates: Vec<u32> = prompts
        .iter()
        .filter_map(|prompt| prompt.template)
        .collect();
    templates.sort_unstable();
    let largest = templates
        .chunk_by(|a, b| a == b)
        .map(<[u32]>::len)
        .max()
        .unwrap_or(0);
    let repeated = prompts.iter().filter(|prompt| prompt.uses > 1).count();
    let all = prompts.len() as f64;
    largest as f64 >= OF_ONE_TEMPLATE * all && repeated as f64 <= REPEATED * all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    fn world(sweeping: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            let sweeps = account < sweeping || random.unit_f64() < 0.1;
            for text in 0..40 {
                let uses = if sweeps { 1 } else { 1 + random.below(3) };
                world.say(account, random.below(1 << 40) + text, uses, (1, 9));
            }
            for (_, prompt) in world.prompts.iter_mut().rev().take(40) {
                prompt.template = Some(if sweeps { 3 } else { account % 7 });
            }
        }
        world
    }

    #[test]
    fn a_group_that_sweeps_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&CoverageSweep, &world(20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&CoverageSweep, &world(0, 2));
    }

    #[test]
    fn prompts_of_many_kinds_are_no_sweep_and_few_prompts_cannot_be_told() {
        let mut world = World::new(40, &["m"]);
        for account in 0..40 {
            world.put(account, 1, 0, 90);
            for text in 0..40 {
                world.say(account, u64::from(account) * 64 + text, 1, (1, 9));
            }
        }
        let look = look_at(&CoverageSweep, &world, (0..10).collect());
        assert!(
            look.findings.is_empty() && look.partial.is_empty(),
            "{look:?}"
        );
        world.prompts.retain(|(_, prompt)| prompt.hash % 64 < 31);
        let look = look_at(&CoverageSweep, &world, (0..10).collect());
        assert_eq!(look.partial.len(), 1, "{look:?}");
    }
}
