//! Accounts that come over another access pathway than most.
//!
//! # Looks for
//! Accounts most of whose requests come over a pathway (a cloud that resells the model, a
//! partner, a research programme) other than the log's commonest one.
//!
//! # Why
//! The disclosure of February 2026 names a campaign over several access pathways at once.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests.
//!
//! # Innocent look-alikes
//! Customers of one cloud, and their common habits: whoever found them together may have
//! found a cloud's customers. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.platform, with at least two pathways in the log.
//!
//! # Limits
//! An account that changes its pathway counts for the one it uses most.

use std::collections::BTreeMap;

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "network/cross-pathway",
    title: "Accounts that come over another access pathway than most",
    families: &[Family::Network],
    version: 1,
    needs: &[Need::Request(RequestColumn::Platform)],
    source: include_str!("cross_pathway.rs"),
};

static WORDS: Words = Words {
    family: Family::Network,
    accounts_that: "mostly come over another pathway than the log's commonest one",
    too_few: "too few accounts of the group with a pathway",
    reference: "with as many requests",
    innocent: "customers of one cloud that resells the model",
    would_clear: "one product or one partner programme behind the accounts",
};

/// The test.
pub struct CrossPathway;

impl GroupTest for CrossPathway {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        let pathways = &population.traits.pathway;
        if pathways.iter().all(Option::is_none) {
            return Some("column requests.platform absent".to_owned());
        }
        let first = pathways.iter().flatten().next();
        let same = pathways
            .iter()
            .flatten()
            .all(|pathway| Some(pathway) == first);
        same.then(|| "all accounts come over one pathway".to_owned())
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let mut accounts_of: BTreeMap<&str, u64> = BTreeMap::new();
        for pathway in population.traits.pathway.iter().flatten() {
            *accounts_of.entry(pathway).or_default() += 1;
        }
        let commonest = accounts_of
            .iter()
            .max_by_key(|(name, accounts)| (**accounts, std::cmp::Reverse(**name)))
            .map(|(name, _)| *name);
        let (mut activity, mut has) = (Vec::new(), Vec::new());
        for account in population.accounts() {
            let at = account as usize;
            let pathway = population.traits.pathway.get(at).and_then(Option::as_deref);
            let requests = population.requests.get(at).copied().unwrap_or(0);
            activity.push(if pathway.is_some() { requests } else { 0 });
            has.push(pathway.is_some() && pathway != commonest);
        }
        Habit::new(&activity, has).into_test(&WORDS)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::detect::test_world::{World, assert_keeps_its_level, assert_stands_out_and_is_weak};
    use crate::stats::random::Random;

    fn world(resold: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            let other = resold.contains(&account) || random.unit_f64() < 0.15;
            world
                .traits
                .pathway
                .push(Some(Arc::from(if other { "cloud" } else { "api" })));
        }
        world
    }

    #[test]
    fn a_group_on_another_pathway_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&CrossPathway, &world(0..20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&CrossPathway, &world(0..0, 2));
    }

    #[test]
    fn one_pathway_or_none_cannot_be_tested() {
        let mut world = World::new(3, &["m"]);
        let blocked = |world: &World| CrossPathway.blocked(&world.population()).unwrap();
        assert!(blocked(&world).contains("absent"));
        world.traits.pathway = vec![Some(Arc::from("api")); 3];
        assert!(blocked(&world).contains("one pathway"));
    }
}
