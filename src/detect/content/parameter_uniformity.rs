//! Accounts that never change their sampling parameters.
//!
//! # Looks for
//! Accounts with fifty requests and more, nearly all with the same sampling parameters
//! (temperature, top_p, output limit, ...).
//!
//! # Why
//! Pipelines that collect training data send one setting; people and products vary.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests; applications with fixed settings are among those others.
//!
//! # Innocent look-alikes
//! Every application with fixed settings, evaluation harnesses, clients that send defaults.
//! Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.temperature, requests.top_p or requests.max_tokens.
//!
//! # Limits
//! Whether different accounts send the same setting is not looked at: popular defaults are
//! the same everywhere.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "content/parameter-uniformity",
    title: "Accounts that never change their sampling parameters",
    families: &[Family::Content],
    version: 1,
    needs: &[
        Need::Request(RequestColumn::Temperature),
        Need::Request(RequestColumn::TopP),
        Need::Request(RequestColumn::MaxTokens),
    ],
    source: include_str!("parameter_uniformity.rs"),
};

static WORDS: Words = Words {
    family: Family::Content,
    accounts_that: "send nearly all requests with one setting of the sampling parameters",
    too_few: "too few accounts of the group with fifty requests and sampling parameters",
    reference: "with as many requests",
    innocent: "an application with fixed settings, or a client that sends its defaults",
    would_clear: "one product that sets them for all its users",
};

/// Fewest requests of an account that can be told: below, one setting is no habit.
const FEWEST_REQUESTS: u64 = 50;

/// Share of requests with one setting; one in a hundred may differ.
const NEARLY_ALL: f64 = 0.99;

/// The test.
pub struct ParameterUniformity;

impl GroupTest for ParameterUniformity {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        population
            .traits
            .parameters_share
            .is_empty()
            .then(|| "no column of sampling parameters is there".to_owned())
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let (mut activity, mut has) = (Vec::new(), Vec::new());
        for (share, requests) in population
            .traits
            .parameters_share
            .iter()
            .zip(&population.requests)
        {
            let told = *share > 0.0 && *requests >= FEWEST_REQUESTS;
            activity.push(if told { *requests } else { 0 });
            has.push(*share >= NEARLY_ALL);
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

    fn world(fixed: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            let one = fixed.contains(&account) || random.unit_f64() < 0.2;
            world
                .traits
                .parameters_share
                .push(if one { 1.0 } else { 0.6 });
        }
        world
    }

    #[test]
    fn a_group_with_one_setting_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&ParameterUniformity, &world(0..20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&ParameterUniformity, &world(0..0, 2));
    }

    #[test]
    fn idle_accounts_and_logs_without_parameters_cannot_be_tested() {
        let mut world = World::new(10, &["m"]);
        assert!(ParameterUniformity.blocked(&world.population()).is_some());
        world.traits.parameters_share = vec![1.0; 10];
        (0..10).for_each(|account| world.put(account, 1, 0, 10));
        let look = look_at(&ParameterUniformity, &world, (0..6).collect());
        assert!(
            look.findings.is_empty() && look.partial.len() == 1,
            "{look:?}"
        );
    }
}
