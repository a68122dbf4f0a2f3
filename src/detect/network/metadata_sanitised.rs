//! Accounts whose requests do not say which client sent them.
//!
//! # Looks for
//! Accounts most of whose requests have no user agent, in a log where others have one.
//!
//! # Why
//! Advisory AA26-251A names request metadata that was stripped before it reached the provider.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests; embedded devices and privacy tools are among those others.
//!
//! # Innocent look-alikes
//! A gateway that strips headers, an old client library, privacy tools, an exporter that
//! leaves the column empty for one pathway. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.user_agent.
//!
//! # Limits
//! A forged user agent is not an empty one; whoever copies a browser's stays unseen here.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "network/metadata-sanitised",
    title: "Accounts whose requests do not say which client sent them",
    families: &[Family::Client],
    version: 1,
    needs: &[Need::Request(RequestColumn::UserAgent)],
    source: include_str!("metadata_sanitised.rs"),
};

static WORDS: Words = Words {
    family: Family::Client,
    accounts_that: "mostly send requests without a user agent",
    too_few: "too few accounts of the group with requests",
    reference: "with as many requests",
    innocent: "a gateway that strips headers, an old library, or a gap in the export",
    would_clear: "one gateway or library that sends no user agent for other customers as well",
};

/// Below this share of requests with a user agent, an account is taken to send none.
const MOSTLY: f64 = 0.5;

/// The test.
pub struct MetadataSanitised;

impl GroupTest for MetadataSanitised {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        population
            .traits
            .client_share
            .is_empty()
            .then(|| "column requests.user_agent absent".to_owned())
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let activity = population.requests.clone();
        let has = population
            .traits
            .client_share
            .iter()
            .map(|share| *share < MOSTLY)
            .collect();
        Habit::new(&activity, has).into_test(&WORDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{World, assert_keeps_its_level, assert_stands_out_and_is_weak};
    use crate::stats::random::Random;

    fn world(bare: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            let none = bare.contains(&account) || random.unit_f64() < 0.1;
            world.traits.client_share.push(if none { 0.0 } else { 1.0 });
        }
        world
    }

    #[test]
    fn a_bare_group_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&MetadataSanitised, &world(0..20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&MetadataSanitised, &world(0..0, 2));
    }

    #[test]
    fn a_log_without_user_agents_cannot_be_tested() {
        let world = World::new(3, &["m"]);
        let blocked = MetadataSanitised.blocked(&world.population()).unwrap();
        assert!(blocked.contains("absent"), "{blocked}");
    }
}
