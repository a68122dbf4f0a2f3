//! Accounts that ask many different questions several times each.
//!
//! # Looks for
//! Accounts with sixteen sampled prompts and more, at least half of which were each sent
//! four times or more, word for word.
//!
//! # Why
//! Rejection sampling draws several answers to each prompt of a list and keeps the best:
//! published recipes for synthetic training data draw four to sixty-four.
//!
//! # Null model
//! Each account is as if drawn at random among other accounts of the log with as many
//! requests; monitors and test suites are among those others.
//!
//! # Innocent look-alikes
//! Regression tests and evaluations that repeat a suite, self-consistency in an application,
//! retries of a broken client, monitors. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt.
//!
//! # Limits
//! Word for word and within one account: samples spread over accounts show as shared texts,
//! and `n` answers in one request are one request.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "content/repeat-sampling",
    title: "Accounts that ask many different questions several times each",
    families: &[Family::Content],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("repeat_sampling.rs"),
};

static WORDS: Words = Words {
    family: Family::Content,
    accounts_that: "send most of their many different prompts four times or more each",
    too_few: "too few accounts of the group with sixteen sampled prompts",
    reference: "with as many requests",
    innocent: "a test suite or an evaluation that is run again and again, or retries",
    would_clear: "a suite whose runs these repeats follow",
};

/// Fewest sampled prompts of an account: a monitor has one or two.
const FEWEST_PROMPTS: usize = 16;

/// Uses of a prompt from which it counts as sampled repeatedly; the smallest number of
/// samples per prompt in published recipes.
const REPEATS: u64 = 4;

/// The test.
pub struct RepeatSampling;

impl GroupTest for RepeatSampling {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let (mut activity, mut has) = (Vec::new(), Vec::new());
        for (account, requests) in population.accounts().zip(&population.requests) {
            let prompts = population.prompts.of(account);
            let repeated = prompts
                .iter()
                .filter(|prompt| prompt.uses >= REPEATS)
                .count();
            let told = prompts.len() >= FEWEST_PROMPTS;
            activity.push(if told { *requests } else { 0 });
            has.push(told && repeated * 2 >= prompts.len());
        }
        Habit::new(&activity, has).into_test(&WORDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    fn world(samplers: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            let repeats = account < samplers || random.unit_f64() < 0.1;
            for text in 0..20 {
                let uses = if repeats { 5 } else { 1 + random.below(2) };
                world.say(account, random.below(1 << 40) + text, uses, (1, 9));
            }
        }
        world
    }

    #[test]
    fn a_group_of_samplers_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&RepeatSampling, &world(20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&RepeatSampling, &world(0, 2));
    }

    #[test]
    fn accounts_with_one_repeated_prompt_cannot_be_told() {
        let mut world = World::new(40, &["m"]);
        for account in 0..40 {
            world.put(account, 1, 0, 90);
            world.say(account, 7, 90, (1, 9));
        }
        let look = look_at(&RepeatSampling, &world, (0..10).collect());
        assert!(
            look.findings.is_empty() && look.partial.len() == 1,
            "{look:?}"
        );
    }
}
