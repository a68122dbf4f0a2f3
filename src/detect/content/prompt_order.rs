//! Accounts that work through the same list in the same order.
//!
//! # Looks for
//! Pairs of the group's accounts that share eight sampled prompts and more, word for word,
//! and send them for the first time in the same order.
//!
//! # Why
//! The February 2026 disclosure names synchronised traffic; workers that read one list of
//! prompts keep its order, whatever the hour.
//!
//! # Null model
//! The order in which one account of a pair sends the shared prompts says nothing of the
//! order in which the other does: the number of inversions is that of a random permutation.
//! Pairs are chosen by how many prompts they share and have no account in common.
//!
//! # Innocent look-alikes
//! A class that goes through one sheet, a tutorial, a public benchmark that runners read
//! from the first question to the last. The list and its order have one cause, so this is
//! no second family beside common prompts. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt.
//!
//! # Limits
//! Word for word. Prompts in one microsecond have no order and count against it. Of groups
//! beyond 200 accounts an even selection is compared.

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::Population;
use crate::detect::prompts::{Prompt, Prompts};
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;
use crate::stats::chernoff::{Discrete, Term, upper_tail_log2};

static META: Meta = Meta {
    id: "content/prompt-order",
    title: "Accounts that work through the same list in the same order",
    families: &[Family::Coordination],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("prompt_order.rs"),
};

/// Fewest prompts of a pair: all orders of seven are 12 bits, less than several groups cost.
const FEWEST_SHARED: usize = 8;

/// Most accounts of a group that are compared with each other: every pair is looked at.
const MOST_ACCOUNTS: usize = 200;

/// Share of pairs of prompts in the same order, from which the order is called the same.
const SAME_ORDER: f64 = 0.75;

/// The test.
pub struct PromptOrder;

impl GroupTest for PromptOrder {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(&population.prompts, group)),
        }
    }
}

fn look(prompts: &Prompts, group: &Group) -> Look {
    let pairs = pairs(prompts, group);
    if pairs.is_empty() {
        return Look::untested("no two accounts of the group share eight sampled prompts");
    }
    let (mut same, mut all) = (0_u64, 0_u64);
    let mut longest = 0;
    let mut draws: Vec<u64> = Vec::new();
    let mut accounts = Vec::new();
    let (mut first_us, mut last_us) = (i64::MAX, i64::MIN);
    for (one, other) in pairs {
        let shared = shared(prompts.of(one), prompts.of(other));
        let items = shared.len() as u64;
        same += in_same_order(&shared);
        all += items * (items - 1) / 2;
        longest = longest.max(shared.len());
        draws.resize(draws.len().max(shared.len()), 0);
        draws
            .iter_mut()
            .take(shared.len())
            .for_each(|count| *count += 1);
        accounts.extend([one, other]);
        for time in shared.iter().flat_map(|(a, b)| [*a, *b]) {
            first_us = first_us.min(time);
            last_us = last_us.max(time);
        }
    }
    accounts.sort_unstable();
    // The inversions of a random permutation of n are a sum of independent uniform draws
    // from 0 to k - 1 for k = 1..n; so are its pairs in the same order.
    let distributions: Vec<Discrete> = (1..=longest as u64)
        .map(|size| {
            let points: Vec<(f64, u64)> = (0..size).map(|value| (value as f64, 1)).collect();
            Discrete::from_counts(&points)
        })
        .collect();
    let terms: Vec<Term> = draws
        .iter()
        .enumerate()
        .map(|(distribution, count)| Term {
            weight: 1.0,
            distribution,
            count: *count,
        })
        .collect();
    let bits = -upper_tail_log2(same as f64, &terms, &distributions);
    let share = same as f64 / all.max(1) as f64;
    if bits <= 0.0 || share < SAME_ORDER {
        return Look::default();
    }
    Look {
        findings: vec![GroupFinding {
            family: Family::Coordination,
            standing: Standing::Weak,
            about: String::new(),
            bits,
            tried: 1,
            measure: "share of pairs of shared prompts that two accounts send in the same order"
                .to_owned(),
            measured: share,
            expected: 0.5,
            n: all,
            threshold: SAME_ORDER,
            statement: format!(
                "{} accounts, two and two, send the prompts they share in the same order in {:.0} % of {all} comparisons; 50 % expected",
                accounts.len(),
                share * 100.0
            ),
            accounts,
            null_model: "the order of one account says nothing of the other's".to_owned(),
            innocent: "a class that goes through one sheet, a tutorial, or a public benchmark read from the first question to the last".to_owned(),
            would_clear: "the sheet, the tutorial or the benchmark".to_owned(),
            first_us: Some(first_us),
            last_us: Some(last_us),
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

/// First uses, by each of two accounts, of the prompts that both sent.
fn shared(one: &[Prompt], other: &[Prompt]) -> Vec<(i64, i64)> {
    let mut others = other.iter().peekable();
    let mut found = Vec::new();
    for prompt in one {
        while others.next_if(|other| other.hash < prompt.hash).is_some() {}
        if let Some(same) = others.next_if(|other| other.hash == prompt.hash) {
            found.push((prompt.first_us, same.first_us));
        }
    }
    found
}

fn in_same_order(times: &[(i64, i64)]) -> u64 {
    let mut same = 0;
    for (at, one) in times.iter().enumerate() {
        for other in times.iter().skip(at + 1) {
            let order = (one.0.cmp(&other.0), one.1.cmp(&other.1));
            same += u64::from(order.0 == order.1 && order.0.is_ne());
        }
    }
    same
}

/// Pairs without an account in common, those that share most first.
fn pairs(prompts: &Prompts, group: &Group) -> Vec<(u32, u32)> {
    let stride = group.accounts.len().div_ceil(MOST_ACCOUNTS).max(1);
    let told: Vec<u32> = group
        .accounts
        .iter()
        .copied()
        .step_by(stride)
        .filter(|account| prompts.of(*account).len() >= FEWEST_SHARED)
        .collect();
    let mut candidates: Vec<(std::cmp::Reverse<usize>, u32, u32)> = Vec::new();
    for (at, one) in told.iter().enumerate() {
        for other in told.iter().skip(at + 1) {
            let count = shared(prompts.of(*one), prompts.of(*other)).len();
            if count >= FEWEST_SHARED {
                candidates.push((std::cmp::Reverse(count), *one, *other));
            }
        }
    }
    candidates.sort_unstable();
    let mut taken: Vec<u32> = Vec::new();
    let mut found = Vec::new();
    for (_, one, other) in candidates {
        if !taken.contains(&one) && !taken.contains(&other) {
            taken.extend([one, other]);
            found.push((one, other));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    /// Everybody sends the same twelve prompts; the first accounts in one order.
    fn world(ordered: u32, accounts: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(accounts as usize, &["m"]);
        for account in 0..accounts {
            world.put(account, 10, 0, 100);
            for text in 0..12_u64 {
                let hour = if account < ordered {
                    i64::from(account % 5) + 9 * text as i64
                } else {
                    random.below(1_000) as i64
                };
                world.say(account, text * 977 % 64, 1, (hour, hour));
            }
        }
        world
    }

    #[test]
    fn a_list_read_in_order_stands_out_and_stays_weak() {
        let world = world(10, 60, 1);
        assert_stands_out_and_is_weak(&PromptOrder, &world, 10);
        let look = look_at(&PromptOrder, &world, (0..10).collect());
        assert!((look.findings[0].measured - 1.0).abs() < 1e-9, "{look:?}");
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&PromptOrder, &world(0, 600, 2));
    }

    #[test]
    fn two_full_orders_have_the_chance_of_a_permutation() {
        let look = look_at(&PromptOrder, &world(2, 2, 3), vec![0, 1]);
        // 12! orders are 28.8 bits; the bound errs on the side of less.
        let bits = look.findings[0].bits;
        assert!(bits > 20.0 && bits <= 28.9, "{bits}");
    }

    #[test]
    fn accounts_without_common_prompts_cannot_be_told() {
        let mut world = World::new(10, &["m"]);
        for account in 0..10 {
            world.put(account, 1, 0, 90);
            (0..20).for_each(|text| world.say(account, u64::from(account) * 64 + text, 1, (1, 1)));
        }
        let look = look_at(&PromptOrder, &world, (0..10).collect());
        assert!(
            look.findings.is_empty() && look.partial.len() == 1,
            "{look:?}"
        );
    }
}
