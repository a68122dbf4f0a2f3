//! Accounts whose requests come from another country than their bill.
//!
//! # Looks for
//! Accounts whose commonest request country is not their billing country.
//!
//! # Why
//! The disclosures of September 2026 name mismatches of billing, address and language among
//! the signs of resold access. Which countries they are is never looked at.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests; travellers, VPN users and companies with foreign bills are among those.
//!
//! # Innocent look-alikes
//! Servers in a cloud region abroad, VPNs, travellers, branches of one company, relocated
//! people. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.country and accounts.billing_country.
//!
//! # Limits
//! The country of an address is an estimate of whoever exported the log.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::{AccountColumn, RequestColumn};
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "network/geography-mismatch",
    title: "Accounts whose requests come from another country than their bill",
    families: &[Family::Network],
    version: 1,
    needs: &[
        Need::Request(RequestColumn::Country),
        Need::Account(AccountColumn::BillingCountry),
    ],
    source: include_str!("geography_mismatch.rs"),
};

static WORDS: Words = Words {
    family: Family::Network,
    accounts_that: "mostly send from another country than their billing country",
    too_few: "too few accounts of the group with a request country and a billing country",
    reference: "with as many requests",
    innocent: "servers in a cloud region abroad, VPN users, or branches of one company",
    would_clear: "one employer with its bill in another country, or a common cloud region",
};

fn billing_country<'a>(population: &Population<'a>, account: u32) -> Option<&'a str> {
    population.profile(account)?.billing_country.as_deref()
}

/// The test.
pub struct GeographyMismatch;

impl GroupTest for GeographyMismatch {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        let known = population.traits.country.iter().any(Option::is_some);
        let billed = population
            .accounts()
            .any(|account| billing_country(population, account).is_some());
        let absent = match (known, billed) {
            (true, true) => return None,
            (false, _) => "requests.country",
            (true, false) => "accounts.billing_country",
        };
        Some(format!(
            "column {absent} absent; requests.country and accounts.billing_country are both needed"
        ))
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let (mut activity, mut has) = (Vec::new(), Vec::new());
        for account in population.accounts() {
            let at = account as usize;
            let sends = population.traits.country.get(at).and_then(Option::as_ref);
            let pays = billing_country(population, account);
            let told = sends.is_some() && pays.is_some();
            let requests = population.requests.get(at).copied().unwrap_or(0);
            activity.push(if told { requests } else { 0 });
            has.push(matches!((sends, pays), (Some(sends), Some(pays)) if !sends.eq_ignore_ascii_case(pays)));
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

    fn world(abroad: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        world.traits.country = vec![Some(Arc::from("AA")); 600];
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            let foreign = abroad.contains(&account) || random.unit_f64() < 0.1;
            world.profile(account).billing_country =
                Some(if foreign { "BB" } else { "aa" }.to_owned());
        }
        world
    }

    #[test]
    fn a_group_billed_abroad_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&GeographyMismatch, &world(0..20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&GeographyMismatch, &world(0..0, 2));
    }

    #[test]
    fn a_missing_column_is_named() {
        let mut world = World::new(3, &["m"]);
        let blocked = |world: &World| GeographyMismatch.blocked(&world.population()).unwrap();
        assert!(blocked(&world).contains("requests.country"));
        world.traits.country = vec![Some(Arc::from("AA")); 3];
        assert!(blocked(&world).contains("accounts.billing_country"));
    }
}
