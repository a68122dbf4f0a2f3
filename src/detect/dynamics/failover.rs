//! Requests that are turned away in one account and come back at once in another.
//!
//! # Looks for
//! Prompts that were turned away (HTTP status 429 or 403, or a status that says so) in one
//! account of the group and that another one sends, word for word, within two minutes.
//!
//! # Why
//! AA26-251A describes traffic that moves to other accounts and platforms when one is
//! limited or closed; whoever runs a pool of accounts keeps the work and changes the account.
//!
//! # Null model
//! Two accounts that share a prompt without a hand between them know nothing of each
//! other's failures: the other's request is as likely to come in the two minutes before the
//! failure as in the two minutes after it (an exact binomial test with one half). Prompts
//! that more than four accounts of the log send are left out: many users have them in common.
//!
//! # Innocent look-alikes
//! One person with two accounts, a gateway that holds the keys of several customers, a
//! colleague who is asked to try the same. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt, and requests.status or requests.http_status.
//!
//! # Limits
//! Of the prompts of an account a sample is kept, and of a prompt in an account the first and
//! last use and the first failure. Requests in the same instant have no order and are left out.
//! A change of key or platform inside one account is not looked at.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::Population;
use crate::detect::prompts::Prompt;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;
use crate::stats::tail::binomial_upper_log2;

static META: Meta = Meta {
    id: "dynamics/failover",
    title: "Requests that are turned away in one account and come back at once in another",
    families: &[Family::Dynamics],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("failover.rs"),
};

/// How long a request may take to come back (ours: limits per minute are lifted with the next
/// minute, and clients wait seconds before they try again).
const WINDOW_US: i64 = 120_000_000;

/// Most accounts of the log that send a prompt: work that is dealt out is in one hand, and in
/// two or three after a failure (ours).
const MOST_HOLDERS: u32 = 4;

/// Share of comebacks after the failure, among those before or after it, from which the order is
/// reported (ours); half is expected.
const AFTER: f64 = 0.75;

/// The test.
pub struct Failover;

impl GroupTest for Failover {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        let any = population
            .accounts()
            .flat_map(|account| population.prompts.of(account))
            .any(|prompt| prompt.turned_away_us.is_some());
        (!any).then(|| "no sampled prompt was turned away (429 or 403)".to_owned())
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let few = in_few_hands(population);
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(population, &few, group)),
        }
    }
}

/// Prompts that were turned away somewhere and that few accounts of the log send.
fn in_few_hands(population: &Population<'_>) -> FxHashSet<u64> {
    let prompts = || {
        population
            .accounts()
            .flat_map(|account| population.prompts.of(account))
    };
    let mut holders: FxHashMap<u64, u32> = prompts()
        .filter(|prompt| prompt.turned_away_us.is_some())
        .map(|prompt| (prompt.hash, 0))
        .collect();
    for prompt in prompts() {
        if let Some(count) = holders.get_mut(&prompt.hash) {
            *count += 1;
        }
    }
    let few = holders
        .into_iter()
        .filter(|(_, count)| *count <= MOST_HOLDERS);
    few.map(|(hash, _)| hash).collect()
}

/// What became of a prompt that was turned away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    After,
    Before,
    Neither,
}

fn elsewhere(failed_us: i64, others: impl Iterator<Item = Prompt>) -> Elsewhere {
    let (mut after, mut before) = (false, false);
    for other in others {
        for time_us in [other.first_us, other.last_us] {
            let wait_us = time_us - failed_us;
            after |= (1..=WINDOW_US).contains(&wait_us);
            before |= (-WINDOW_US..=-1).contains(&wait_us);
        }
    }
    match (after, before) {
        (true, false) => Elsewhere::After,
        (false, true) => Elsewhere::Before,
        _ => Elsewhere::Neither,
    }
}

fn look(population: &Population<'_>, few: &FxHashSet<u64>, group: &Group) -> Look {
    let mut uses: Vec<(u64, u32, Prompt)> = group
        .accounts
        .iter()
        .flat_map(|account| {
            let prompts = population.prompts.of(*account).iter();
            prompts.map(|prompt| (prompt.hash, *account, *prompt))
        })
        .filter(|(hash, _, _)| few.contains(hash))
        .collect();
    uses.sort_unstable_by_key(|(hash, account, _)| (*hash, *account));
    let (mut failed, mut after, mut before) = (0_u64, 0_u64, 0_u64);
    let mut accounts: Vec<u32> = Vec::new();
    let (mut first_us, mut last_us) = (i64::MAX, i64::MIN);
    for holders in uses.chunk_by(|one, next| one.0 == next.0) {
        for (_, account, prompt) in holders {
            let Some(failed_us) = prompt.turned_away_us else {
                continue;
            };
            failed += 1;
            let others = holders.iter().filter(|(_, other, _)| other != account);
            match elsewhere(failed_us, others.map(|(_, _, prompt)| *prompt)) {
                Elsewhere::After => {
                    after += 1;
                    accounts.extend(holders.iter().map(|(_, account, _)| *account));
                    first_us = first_us.min(failed_us);
                    last_us = last_us.max(failed_us);
                }
                Elsewhere::Before => before += 1,
                Elsewhere::Neither => {}
            }
        }
    }
    if failed == 0 {
        return Look::untested("no sampled prompt of the group was turned away (429 or 403)");
    }
    let told = after + before;
    let share = after as f64 / told.max(1) as f64;
    let bits = -binomial_upper_log2(after, told, 0.5);
    if told == 0 || bits <= 0.0 || share < AFTER {
        return Look::default();
    }
    accounts.sort_unstable();
    accounts.dedup();
    Look {
        findings: vec![GroupFinding {
            family: Family::Dynamics,
            standing: Standing::Weak,
            about: String::new(),
            bits,
            tried: 1,
            measure: "share of prompts turned away in one account that another sends within two minutes after, of those within two minutes before or after".to_owned(),
            measured: share,
            expected: 0.5,
            n: told,
            threshold: AFTER,
            statement: format!(
                "of {failed} sampled prompts that were turned away (429 or 403), another account of the group sends {after} within two minutes after and {before} within two minutes before; as many after as before expected"
            ),
            accounts,
            null_model: "an account that shares a prompt knows nothing of the other's failure: before and after are equally likely".to_owned(),
            innocent: "one person with two accounts, or a gateway that holds the keys of several customers".to_owned(),
            would_clear: "the gateway or the person behind both accounts, known to the provider".to_owned(),
            first_us: Some(first_us),
            last_us: Some(last_us),
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::population::HOUR_US;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    /// Pairs of neighbours share forty prompts each, one of which is turned away; the first
    /// accounts send it again 3 s later from the neighbour, the others a minute before or after.
    fn world(pools: u32, accounts: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(accounts as usize, &["m"]);
        for account in 0..accounts {
            world.put(account, 10, 0, 100);
            let other = account ^ 1;
            for text in 0..3 {
                let hash = u64::from(account) << 32 | text;
                let time_us = 10 * HOUR_US + random.below(1 << 30) as i64;
                world.say_in_vain(account, hash, time_us);
                let wait_us = if account < pools {
                    3_000_000
                } else {
                    random.below(240_000_001) as i64 - 120_000_000
                };
                world.say_at(other, hash, time_us + wait_us);
            }
        }
        world
    }

    #[test]
    fn a_pool_that_fails_over_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&Failover, &world(10, 200, 1), 10);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&Failover, &world(0, 60, 2));
    }

    #[test]
    fn shared_prompts_without_an_order_are_not_found() {
        let look = look_at(&Failover, &world(0, 200, 3), (0..200).collect());
        assert!(
            look.findings.is_empty() && look.partial.is_empty(),
            "{look:?}"
        );
    }

    #[test]
    fn prompts_that_many_send_are_left_out() {
        let mut world = World::new(40, &["m"]);
        for account in 0..40 {
            world.put(account, 10, 0, 9);
            for text in 0..9 {
                let time_us = 10 * HOUR_US + i64::from(account) * 1_000_000;
                world.say_in_vain(account, text, time_us);
            }
        }
        let look = look_at(&Failover, &world, (0..40).collect());
        assert!(look.findings.is_empty(), "{look:?}");
    }

    #[test]
    fn a_log_without_failures_blocks_the_test() {
        let mut world = World::new(4, &["m"]);
        world.say(0, 7, 1, (1, 1));
        assert!(Failover.blocked(&world.population()).is_some());
        world.say_in_vain(1, 7, HOUR_US);
        assert!(Failover.blocked(&world.population()).is_none());
    }
}
