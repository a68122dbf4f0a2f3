//! Accounts that come back with the same small question over days.
//!
//! # Looks for
//! Accounts that send one text, word for word, three times or more over at least half of
//! their life and three days, while it is at most a tenth of their requests, and while
//! another account sends the same text in the same way.
//!
//! # Why
//! Advisory AA26-251A describes operators that probe for countermeasures: a canary prompt,
//! repeated over time from several accounts, whose answer tells whether outputs are altered.
//!
//! # Null model
//! Each account is as if drawn at random among other accounts of the log with as many
//! requests; health checks are among those others.
//!
//! # Innocent look-alikes
//! Health checks of a client library, greetings, "continue", a daily question. Therefore
//! weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt.
//!
//! # Limits
//! A canary is seen where it is in the sample of an account: surely for accounts with fewer
//! different prompts than a sample holds, by chance for others. A canary that changes its
//! words is not seen.

use rustc_hash::FxHashMap;

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::{DAY_US, Population};
use crate::detect::prompts::Prompt;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "content/canary-probing",
    title: "Accounts that come back with the same small question over days",
    families: &[Family::Content],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("canary_probing.rs"),
};

static WORDS: Words = Words {
    family: Family::Content,
    accounts_that: "send the same text again and again over days beside their other prompts, as others do",
    too_few: "too few accounts of the group with prompts on three days and more",
    reference: "with as many requests",
    innocent: "a health check of a client library, or an everyday phrase",
    would_clear: "the library or the phrase",
};

/// Fewest uses.
const FEWEST_USES: u64 = 3;

/// Fewest days from the first use to the last.
const FEWEST_DAYS: i64 = 3;

/// Part of the account's requests that the canary may be: one in this many.
const AT_MOST_ONE_IN: u64 = 10;

/// The test.
pub struct CanaryProbing;

impl GroupTest for CanaryProbing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let life = |account: u32| {
            let last = population.last_us.get(account as usize).copied();
            last.unwrap_or(0).saturating_sub(population.first(account))
        };
        let requests = |account: u32| {
            let found = population.requests.get(account as usize).copied();
            found.unwrap_or(0)
        };
        let canaries = |account: u32| {
            population
                .prompts
                .of(account)
                .iter()
                .filter(move |prompt| is_canary(prompt, life(account), requests(account)))
        };
        let mut senders: FxHashMap<u64, u32> = FxHashMap::default();
        for prompt in population.accounts().flat_map(canaries) {
            *senders.entry(prompt.hash).or_default() += 1;
        }
        let (mut activity, mut has) = (Vec::new(), Vec::new());
        for account in population.accounts() {
            let told =
                life(account) >= FEWEST_DAYS * DAY_US && !population.prompts.of(account).is_empty();
            activity.push(if told { requests(account) } else { 0 });
            has.push(
                canaries(account)
                    .any(|prompt| senders.get(&prompt.hash).is_some_and(|count| *count > 1)),
            );
        }
        Habit::new(&activity, has).into_test(&WORDS)
    }
}

fn is_canary(prompt: &Prompt, life_us: i64, requests: u64) -> bool {
    let span = prompt.last_us.saturating_sub(prompt.first_us);
    prompt.uses >= FEWEST_USES
        && span >= FEWEST_DAYS * DAY_US
        && span >= life_us / 2
        && prompt.uses.saturating_mul(AT_MOST_ONE_IN) <= requests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    fn world(probing: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 0, 0, 50);
            world.put(account, 240, 0, 50);
            if account < probing || random.unit_f64() < 0.1 {
                world.say(account, 77, 5, (0, 230));
            }
            world.say(account, 1_000 + u64::from(account), 5, (0, 230));
            world.say(account, 78, 60, (0, 240));
        }
        world
    }

    #[test]
    fn a_group_with_a_canary_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&CanaryProbing, &world(20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&CanaryProbing, &world(0, 2));
    }

    #[test]
    fn accounts_of_a_day_cannot_be_told() {
        let mut world = World::new(40, &["m"]);
        (0..40).for_each(|account| world.put(account, 1, 0, 90));
        let look = look_at(&CanaryProbing, &world, (0..10).collect());
        assert!(
            look.findings.is_empty() && look.partial.len() == 1,
            "{look:?}"
        );
    }
}
