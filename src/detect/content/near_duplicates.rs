//! Accounts that send each other's prompts with a few words changed.
//!
//! # Looks for
//! Accounts of a group whose prompts are those of other accounts of the group but for a few
//! words: texts that follow no template and are not equal.
//!
//! # Why
//! The February 2026 disclosure names variations of one prompt over many accounts. Where a
//! prompt goes to two or three accounts only, no template shows.
//!
//! # Null model
//! Each account is as if drawn at random among other accounts of the log with as many
//! requests: how often do these send a near-duplicate of a prompt of the group?
//!
//! # Innocent look-alikes
//! A class with one assignment, colleagues who hand a prompt on, forms with a name in them,
//! public collections of prompts. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt.
//!
//! # Limits
//! Compares the sketches of the sampled texts (30 runs of five words each): texts of some twelve
//! words and more, of which about seven in ten runs are the same. A paraphrase by a model leaves
//! no common runs.

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::matched::Matched;
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "content/near-duplicates",
    title: "Accounts that send each other's prompts with a few words changed",
    families: &[Family::Content],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("near_duplicates.rs"),
};

/// Fewest accounts of the group that do.
const FEWEST_ACCOUNTS: usize = 3;

/// They must be this many times as many as chance gives (ours, as for the other habits).
const MINIMUM_RATIO: f64 = 2.0;

/// The test.
pub struct NearDuplicates;

impl GroupTest for NearDuplicates {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let busy: Vec<u64> = population
            .accounts()
            .zip(&population.requests)
            .map(|(account, requests)| {
                let has_prompts = !population.prompts.of(account).is_empty();
                if has_prompts { *requests } else { 0 }
            })
            .collect();
        let matched = Matched::new(&busy);
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(population, &matched, group)),
        }
    }
}

fn look(population: &Population<'_>, matched: &Matched, group: &Group) -> Look {
    let told = group
        .accounts
        .iter()
        .filter(|account| matched.takes_part(**account))
        .count();
    if told < FEWEST_ACCOUNTS {
        return Look::untested("too few accounts of the group with prompts");
    }
    // Accounts of the group that send a text of each set of near-duplicates.
    let mut members: Vec<(u32, u32)> = group
        .accounts
        .iter()
        .flat_map(|account| sets(population, *account).map(|set| (set, *account)))
        .collect();
    members.sort_unstable();
    members.dedup();
    let others_in = |set: u32, account: u32| {
        let start = members.partition_point(|member| member.0 < set);
        members
            .iter()
            .skip(start)
            .take_while(|member| member.0 == set)
            .any(|member| member.1 != account)
    };
    let sends = |account: u32| sets(population, account).any(|set| others_in(set, account));
    let value = |account: u32| f64::from(u8::from(sends(account)));
    let Some(compared) = matched.compare(&group.accounts, |_| 1.0, value) else {
        return Look::untested("no other account to compare with");
    };
    let accounts: Vec<u32> = group
        .accounts
        .iter()
        .copied()
        .filter(|account| sends(*account))
        .collect();
    if compared.bits <= 0.0
        || accounts.len() < FEWEST_ACCOUNTS
        || compared.measured < MINIMUM_RATIO * compared.expected
    {
        return Look::default();
    }
    let expected = compared.expected * compared.members as f64;
    Look {
        findings: vec![GroupFinding {
            family: Family::Content,
            standing: Standing::Weak,
            about: String::new(),
            bits: compared.bits,
            tried: 1,
            measure: "accounts that send a prompt of another account of the group with a few words changed".to_owned(),
            measured: accounts.len() as f64,
            expected,
            n: compared.members,
            threshold: MINIMUM_RATIO * expected,
            statement: format!(
                "{} of {} accounts send a prompt of another account of the group with a few words changed; {expected:.1} expected from accounts as busy",
                accounts.len(),
                compared.members,
            ),
            accounts,
            null_model: format!(
                "each account as if drawn among {} other accounts of the log with as many requests",
                compared.others
            ),
            innocent: "a class, colleagues or a public collection of prompts".to_owned(),
            would_clear: "the assignment or collection that the prompts come from".to_owned(),
            first_us: None,
            last_us: None,
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

/// Sets of near-duplicates that an account has a text in.
fn sets<'a>(population: &'a Population<'_>, account: u32) -> impl Iterator<Item = u32> + 'a {
    population
        .prompts
        .of(account)
        .iter()
        .filter_map(|prompt| prompt.near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    /// Accounts below `sharers` send near-duplicates among themselves, one in ten others with
    /// anybody.
    fn world(sharers: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            world.put(account, 10, 0, 50);
            for _ in 0..10 {
                world.say(account, random.next_u64(), 1, (1, 9));
            }
            if account < sharers {
                world.near(account % 5);
            } else if random.unit_f64() < 0.1 {
                world.near(100 + u32::try_from(random.below(20)).unwrap());
            }
        }
        world
    }

    #[test]
    fn a_group_that_hands_prompts_round_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&NearDuplicates, &world(20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&NearDuplicates, &world(0, 2));
    }

    #[test]
    fn one_account_with_itself_is_nothing() {
        let mut world = world(0, 3);
        for _ in 0..9 {
            world.say(7, 1 << 50, 1, (1, 9));
            world.near(900);
        }
        let look = look_at(&NearDuplicates, &world, vec![7, 8, 9, 10]);
        assert!(look.findings.is_empty() && look.partial.is_empty());
    }
}
