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
//! Two accounts that share a prompt without a hand between them know nothing of each
//! other's failures: the other's request is as likely to come in the two minutes before the
//! failure as in the two minutes after it (an exact binomial test with one half). The same is
//! asked of two keys or platforms of one account. Prompts that more than four accounts of the
//! log send are left out: many users have them in common.
//!
//! # Innocent look-alikes
//! One person with two accounts, a gateway that holds the keys of several customers, a
//! colleague who is asked to try the same; a client library that falls back on a second key or
//! platform. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt, and requests.status or requests.http_status; requests.api_key_id or
//! requests.platform for the second kind.
//!
//! # Limits
//! Of the prompts of an account a sample is kept, and of a prompt in an account the first and
//! last use and the first failure. Requests in the same instant have no order and are left out.

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

/// Where a prompt that was turned away may come back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    /// In another account of the group.
    Account,
    /// In the same account, by another key or platform.
    Way,
}

impl To {
    const BOTH: [To; 2] = [To::Account, To::Way];

    /// Part of the finding's id.
    fn about(self) -> &'static str {
        match self {
            To::Account => "",
            To::Way => "key or platform",
        }
    }

    fn place(self) -> &'static str {
        match self {
            To::Account => "another account of the group",
            To::Way => "another key or platform of the same account",
        }
    }

    fn innocent(self) -> &'static str {
        match self {
            To::Account => {
                "one person with two accounts, or a gateway that holds the keys of several customers"
            }
            To::Way => "a client library or gateway with a second key or platform to fall back on",
        }
    }
}

/// How often prompts that were turned away come back in time.
struct Comebacks {
    after: u64,
    before: u64,
    accounts: Vec<u32>,
    first_us: i64,
    last_us: i64,
}

impl Comebacks {
    fn none() -> Self {
        Self {
            after: 0,
            before: 0,
            accounts: Vec::new(),
            first_us: i64::MAX,
            last_us: i64::MIN,
        }
    }

    /// Adds one failure and the times at which the prompt is sent elsewhere; one that is sent
    /// on both sides of it says nothing.
    fn add(
        &mut self,
        failed_us: i64,
        elsewhere_us: impl Iterator<Item = i64>,
        whose: impl Iterator<Item = u32>,
    ) {
        let (mut after, mut before) = (false, false);
        for time_us in elsewhere_us {
            let wait_us = time_us - failed_us;
            after |= (1..=WINDOW_US).contains(&wait_us);
            before |= (-WINDOW_US..=-1).contains(&wait_us);
        }
        match (after, before) {
            (true, false) => {
                self.after += 1;
                self.accounts.extend(whose);
                self.first_us = self.first_us.min(failed_us);
                self.last_us = self.last_us.max(failed_us);
            }
            (false, true) => self.before += 1,
            _ => {}
        }
    }

    fn into_finding(mut self, to: To, failed: u64) -> Option<GroupFinding> {
        let told = self.after + self.before;
        let share = self.after as f64 / told.max(1) as f64;
        let bits = -binomial_upper_log2(self.after, told, 0.5);
        if told == 0 || bits <= 0.0 || share < AFTER {
            return None;
        }
        self.accounts.sort_unstable();
        self.accounts.dedup();
        let place = to.place();
        Some(GroupFinding {
            family: Family::Dynamics,
            standing: Standing::Weak,
            about: to.about().to_owned(),
            bits,
            tried: To::BOTH.len() as u64,
            measure: format!("share of prompts turned away that come back from {place} within two minutes after, of those within two minutes before or after"),
            measured: share,
            expected: 0.5,
            n: told,
            threshold: AFTER,
            statement: format!(
                "of {failed} sampled prompts that were turned away (429 or 403), {} come from {place} within two minutes after and {} within two minutes before; as many after as before expected",
                self.after, self.before
            ),
            accounts: self.accounts,
            null_model: "who sends the prompt elsewhere knows nothing of the failure: before and after are equally likely".to_owned(),
            innocent: to.innocent().to_owned(),
            would_clear: "the gateway or the person behind both, known to the provider".to_owned(),
            first_us: Some(self.first_us),
            last_us: Some(self.last_us),
            dates: Vec::new(),
        })
    }
}

/// Uses of a prompt in its own account by another way than the one that failed.
fn other_ways(prompt: &Prompt) -> impl Iterator<Item = i64> {
    let [first, last, failed] = prompt.ways;
    [(prompt.first_us, first), (prompt.last_us, last)]
        .into_iter()
        .filter(move |(_, way)| failed != 0 && *way != 0 && *way != failed)
        .map(|(time_us, _)| time_us)
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
    let mut failed = 0_u64;
    let (mut to_account, mut to_way) = (Comebacks::none(), Comebacks::none());
    for holders in uses.chunk_by(|one, next| one.0 == next.0) {
        for (_, account, prompt) in holders {
            let Some(failed_us) = prompt.turned_away_us else {
                continue;
            };
            failed += 1;
            let others = holders.iter().filter(|(_, other, _)| other != account);
            let times = others.flat_map(|(_, _, prompt)| [prompt.first_us, prompt.last_us]);
            let whose = holders.iter().map(|(_, account, _)| *account);
            to_account.add(failed_us, times, whose);
            to_way.add(failed_us, other_ways(prompt), std::iter::once(*account));
        }
    }
    if failed == 0 {
        return Look::untested("no sampled prompt of the group was turned away (429 or 403)");
    }
    let mut findings: Vec<GroupFinding> = To::BOTH
        .into_iter()
        .zip([to_account, to_way])
        .filter_map(|(to, comebacks)| comebacks.into_finding(to, failed))
        .collect();
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
    fn another_key_of_the_same_account_is_another_finding() {
        let mut world = World::new(60, &["m"]);
        for account in 0..60 {
            world.put(account, 10, 0, 9);
            for text in 0..3 {
                let hash = u64::from(account) << 32 | text;
                world.say_in_vain(account, hash, 10 * HOUR_US);
                let (_, prompt) = world.prompts.last_mut().unwrap();
                prompt.last_us += 4_000_000;
                // the first twenty come back by another key, the others by the same
                prompt.ways = [7, if account < 20 { 8 } else { 7 }, 7];
            }
        }
        let found = look_at(&Failover, &world, (0..20).collect()).findings;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].about.as_str(), found[0].n),
            ("key or platform", 60)
        );
        assert!(found[0].bits > 20.0 && found[0].standing == Standing::Weak);
        let same = look_at(&Failover, &world, (20..60).collect());
        assert!(same.findings.is_empty(), "{same:?}");
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
