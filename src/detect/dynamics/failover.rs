//! Requests that are turned away and come back at once from another account, key or platform.
//!
//! # Looks for
//! Prompts that were turned away (HTTP status 429 or 403, or a status that says so) and that
//! come again, word for word, within two minutes: from another account of the group, or from
//! the same account by another key or over another platform. Each is a finding of its own.
//!
//! # Why
//! AA26-251A describes traffic that moves to other accounts and platforms when one is
//! limited or closed; whoever runs a pool of accounts keeps the work and changes the account.
//!
//! # Null model
//! Two accounts that share a prompt without a hand between them know nothing of each other's
//! failures: where one is turned away at its first use and the other is not, the one turned
//! away is as likely to be the later as the earlier. Each account that was turned away counts
//! once, with what holds for most of its prompts (an exact binomial test with one half), since
//! one whose clock is ahead of the other's is ahead every time. What an account repeats by
//! itself plays no part, and whoever sends a refused prompt again itself hands nothing on. Prompts that more than four accounts of the log send are left out:
//! many users have them in common.
//!
//! For keys and platforms: the group's accounts are as if drawn at random among other accounts
//! of the log that repeat as many prompts after a failure, each by the same way or another.
//!
//! # Innocent look-alikes
//! One person with two accounts, a gateway that holds the keys of several customers, a
//! colleague who is asked to try the same; a client library that falls back on a second key or
//! platform. Therefore weak: it never counts as a family of evidence. Where eight accounts and more
//! that share their payer with nobody in the group are followed so by others of it, it says that
//! the payers of a template, small as each may be, are in one hand.
//!
//! # Needs
//! requests.prompt, and requests.status or requests.http_status; requests.api_key_id or
//! requests.platform for the second kind.
//!
//! # Limits
//! Of the prompts of an account a sample is kept, and of a prompt in an account the first and
//! last use and the first failure. Requests in the same instant have no order and are left out.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::prompts::Prompt;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;
use crate::stats::tail::binomial_upper_log2;

/// Id of the detector.
pub const FAILOVER: &str = "dynamics/failover";

static META: Meta = Meta {
    id: FAILOVER,
    title: "Requests that are turned away and come back at once from another account, key or platform",
    families: &[Family::Dynamics],
    version: 2,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("failover.rs"),
};

/// How long a request may take to come back (ours: limits per minute are lifted with the next
/// minute, and clients wait seconds before they try again).
const WINDOW_US: i64 = 120_000_000;

/// Most accounts of the log that send a prompt: work that is dealt out is in one hand, and in
/// two or three after a failure (ours).
const MOST_HOLDERS: u32 = 4;

/// Share of accounts whose prompts come back after their failure, among those before or after it,
/// from which the order is reported (ours); half is expected.
const AFTER: f64 = 0.75;

/// Looks at a group: to other accounts, and to other keys or platforms.
const LOOKS: u64 = 2;

/// Fewest prompts that an account repeats after a failure, for a habit to be told (ours).
const FEWEST_REPEATS: u64 = 2;

static WORDS: Words = Words {
    family: Family::Dynamics,
    accounts_that: "repeat what was turned away (429 or 403) by another key or platform within two minutes",
    too_few: "too few accounts of the group repeat what was turned away",
    reference: "with as many repeats after a failure",
    innocent: "a client library or gateway with a second key or platform to fall back on",
    would_clear: "the client or gateway, and other customers who use it",
};

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
        let ways = other_ways(population);
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(population, &few, &ways, group)),
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

/// First use of a prompt by an account.
#[derive(Clone, Copy)]
struct Use {
    account: u32,
    at_us: i64,
    failed: bool,
}

/// Of one account that was turned away: prompts that another sent right after it, and right before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Order {
    after: u64,
    before: u64,
}

/// Goes through the first uses of one prompt, runs of them within the window of each other. Where
/// one end of a run was turned away and the other was answered, that account has an order.
fn orders(uses: &mut [Use], found: &mut BTreeMap<u32, Order>) {
    uses.sort_unstable_by_key(|one| (one.at_us, one.account));
    // Of two uses in the same instant neither is first.
    let follows = |one: &Use, next: &Use| (1..=WINDOW_US).contains(&(next.at_us - one.at_us));
    for run in uses.chunk_by(follows) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        if first.account == last.account {
            continue;
        }
        match (first.failed, last.failed) {
            (true, false) => found.entry(first.account).or_default().after += 1,
            (false, true) => found.entry(last.account).or_default().before += 1,
            _ => {}
        }
    }
}

/// Who was turned away and is mostly followed by another account of the group.
fn to_other_accounts(uses: &[(u64, u32, Prompt)]) -> Option<GroupFinding> {
    let mut found: BTreeMap<u32, Order> = BTreeMap::new();
    let (mut first_us, mut last_us) = (i64::MAX, i64::MIN);
    for holders in uses.chunk_by(|one, next| one.0 == next.0) {
        let mut firsts: Vec<Use> = holders
            .iter()
            .map(|(_, account, prompt)| Use {
                account: *account,
                at_us: prompt.first_us,
                // Whoever tries again by itself hands nothing on.
                failed: prompt.turned_away_us == Some(prompt.first_us)
                    && prompt.first_us == prompt.last_us,
            })
            .collect();
        orders(&mut firsts, &mut found);
        for one in firsts.iter().filter(|one| one.failed) {
            first_us = first_us.min(one.at_us);
            last_us = last_us.max(one.at_us);
        }
    }
    let prompts: u64 = found.values().map(|order| order.after).sum();
    let mut accounts: Vec<u32> = Vec::new();
    let mut before = 0_u64;
    for (account, order) in &found {
        match order.after.cmp(&order.before) {
            std::cmp::Ordering::Greater => accounts.push(*account),
            std::cmp::Ordering::Less => before += 1,
            std::cmp::Ordering::Equal => {}
        }
    }
    let after = accounts.len() as u64;
    let told = after + before;
    let share = after as f64 / told.max(1) as f64;
    let bits = -binomial_upper_log2(after, told, 0.5);
    if told == 0 || bits <= 0.0 || share < AFTER {
        return None;
    }
    Some(GroupFinding {
        family: Family::Dynamics,
        standing: Standing::Weak,
        about: String::new(),
        bits,
        tried: LOOKS,
        measure: "share of the accounts turned away with a prompt that another account sends within two minutes, which the other mostly sends after them".to_owned(),
        measured: share,
        expected: 0.5,
        n: told,
        threshold: AFTER,
        statement: format!(
            "of {told} accounts that were turned away (429 or 403) with prompts that another account of the group sends within two minutes, {after} mostly see them sent after their failure ({prompts} prompts) and {before} before it; as many after as before expected"
        ),
        accounts,
        null_model: "who shares a prompt knows nothing of the other's failure: the one that is turned away is as likely to be the later as the earlier".to_owned(),
        innocent: "one person with two accounts, or a gateway that holds the keys of several customers".to_owned(),
        would_clear: "the gateway or the person behind both accounts, known to the provider".to_owned(),
        first_us: Some(first_us),
        last_us: Some(last_us),
        dates: Vec::new(),
    })
}

/// Whether two ways are known to differ, in the credential or in the platform.
fn differ(one: u32, other: u32) -> bool {
    [0, 16].into_iter().any(|shift| {
        let (one, other) = ((one >> shift) & 0xffff, (other >> shift) & 0xffff);
        one != 0 && other != 0 && one != other
    })
}

/// For each account its prompts that were turned away at their first use and sent again within two
/// minutes, and whether it mostly did so by another key or platform.
fn other_ways(population: &Population<'_>) -> Habit {
    let mut repeats = vec![0_u64; population.len()];
    let mut moves = vec![false; population.len()];
    for account in population.accounts() {
        let (mut repeated, mut moved) = (0_u64, 0_u64);
        for prompt in population.prompts.of(account) {
            let failed_first = prompt.turned_away_us == Some(prompt.first_us);
            let [first, last] = prompt.ways;
            let known = first != 0 && last != 0;
            let wait_us = prompt.last_us - prompt.first_us;
            if failed_first && known && (1..=WINDOW_US).contains(&wait_us) {
                repeated += 1;
                moved += u64::from(differ(first, last));
            }
        }
        if repeated >= FEWEST_REPEATS {
            let at = account as usize;
            repeats[at] = repeated;
            moves[at] = 2 * moved > repeated;
        }
    }
    Habit::new(&repeats, moves)
}

fn look(
    population: &Population<'_>,
    few: &FxHashSet<u64>,
    other_ways: &Habit,
    group: &Group,
) -> Look {
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
    if !uses
        .iter()
        .any(|(_, _, prompt)| prompt.turned_away_us.is_some())
    {
        return Look::untested("no sampled prompt of the group was turned away (429 or 403)");
    }
    let mut findings: Vec<GroupFinding> = to_other_accounts(&uses).into_iter().collect();
    for mut finding in other_ways.look(group, &WORDS).findings {
        "key or platform".clone_into(&mut finding.about);
        finding.tried = LOOKS;
        findings.push(finding);
    }
    findings.sort_by(|one, other| other.bits.total_cmp(&one.bits));
    Look {
        findings,
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
        assert_stands_out_and_is_weak(&Failover, &world(24, 200, 1), 24);
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

    /// Accounts with five prompts each that fail and come again four seconds later.
    fn repeating(accounts: u32, moves: impl Fn(u32, u64) -> bool) -> World {
        let mut world = World::new(accounts as usize, &["m"]);
        for account in 0..accounts {
            world.put(account, 10, 0, 9);
            for text in 0..5 {
                let hash = u64::from(account) << 32 | text;
                world.say_in_vain(account, hash, 10 * HOUR_US);
                let (_, prompt) = world.prompts.last_mut().unwrap();
                prompt.last_us += 4_000_000;
                prompt.ways = [7, if moves(account, text) { 8 } else { 7 }];
            }
        }
        world
    }

    #[test]
    fn another_key_of_the_same_account_is_another_finding() {
        let world = repeating(200, |account, _| account < 20);
        let found = look_at(&Failover, &world, (0..20).collect()).findings;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].about, "key or platform");
        assert!(found[0].bits > 20.0 && found[0].standing == Standing::Weak);
        let same = look_at(&Failover, &world, (100..120).collect());
        assert!(same.findings.is_empty(), "{same:?}");
    }

    #[test]
    fn keys_drawn_at_random_and_platforms_that_failures_do_not_name_are_not_found() {
        let anybody = repeating(200, |account, text| (u64::from(account) + text) % 2 == 0);
        assert_keeps_its_level(&Failover, &anybody);
        assert!(!differ(7, 7 | 5 << 16) && differ(7 | 4 << 16, 7 | 5 << 16) && differ(7, 8));
    }

    /// Pairs with common prompts: each is turned away at first and tries again by itself.
    fn own_retries(accounts: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(accounts as usize, &["m"]);
        for account in 0..accounts {
            world.put(account, 10, 0, 100);
            for text in 0..5 {
                let hash = u64::from(account / 2) << 32 | text;
                let time_us =
                    10 * HOUR_US + text as i64 * HOUR_US + random.below(60_000_000) as i64;
                if random.below(2) == 0 {
                    world.say_in_vain(account, hash, time_us);
                } else {
                    world.say_at(account, hash, time_us);
                }
                world.prompts.last_mut().unwrap().1.last_us += 60_000_000;
            }
        }
        world
    }

    #[test]
    fn who_tries_again_by_himself_hands_nothing_over() {
        assert_keeps_its_level(&Failover, &own_retries(60, 4));
        let look = look_at(&Failover, &own_retries(60, 5), (0..60).collect());
        let bits = look.findings.first().map_or(0.0, |finding| finding.bits);
        assert!(bits < 5.0, "{look:?}");
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
