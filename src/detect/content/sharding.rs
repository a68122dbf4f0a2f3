//! Accounts that share out a list so that no two of them do the same item.
//!
//! # Looks for
//! Accounts of the group that fill one template, where hardly ever two of them send the same
//! text, though other accounts with that template draw from the same stock of texts.
//!
//! # Why
//! The February 2026 disclosure names load balancing over accounts. A work queue that hands
//! out every item once leaves a trace that no clock hides: collisions that chance would
//! bring do not come.
//!
//! # Null model
//! Of every text of the template that several accounts sent, one sender is drawn, and where
//! that is one of the group, a second one: any account with the template, in proportion to
//! the number of its texts. So many second draws should fall on the group itself. The control are the accounts with
//! the template outside the group, never the group itself; where fewer than 14 collisions
//! were expected (a chance of one in a million for none), nothing is claimed.
//!
//! # Innocent look-alikes
//! An annotation vendor that shares out one pool among its staff, a batch job over several
//! service accounts: one owner, who can be asked. It counts only where links other than a
//! common prompt hold the group together.
//!
//! # Needs
//! requests.prompt.
//!
//! # Limits
//! Word for word, in the texts of the samples. Without accounts outside the group that fill the same
//! template with the same content there is no control, and the test says so. The order of
//! items is not looked at, so contiguous shards are not told from scattered ones.

use rustc_hash::FxHashMap;

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::Population;
use crate::detect::prompts::{Prompt, Prompts};
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;
use crate::stats::chernoff::{Discrete, Term, upper_tail_log2};
use crate::text::hash::{extend, mix};

static META: Meta = Meta {
    id: "content/sharding",
    title: "Accounts that share out a list so that no two do the same item",
    families: &[Family::Coordination],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("sharding.rs"),
};

/// Fewest collisions expected: e^-14 is a chance of one in a million for none.
const FEWEST_EXPECTED: f64 = 14.0;

/// Part of the expected collisions that may come: a queue that repeats lost items has some.
const MOST_FOUND: f64 = 0.1;

/// Fewest accounts of the group, and outside it, with the template.
const FEWEST_ACCOUNTS: usize = 3;

/// Chances are kept in this many steps, rounded so that fewer collisions are expected.
const STEPS: u64 = 256;

/// The test.
pub struct Sharding;

impl GroupTest for Sharding {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn may_count(&self) -> bool {
        true
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let prompts = &population.prompts;
        let mut users: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for account in population.accounts() {
            for prompt in prompts.of(account) {
                if let Some(template) = prompt.template {
                    let list = users.entry(template).or_default();
                    if list.last() != Some(&account) {
                        list.push(account);
                    }
                }
            }
        }
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(prompts, &users, group)),
        }
    }
}

/// An account with its texts of one template.
struct User<'a> {
    account: u32,
    inside: bool,
    texts: Vec<&'a Prompt>,
    /// Largest hash up to which they are all of its texts.
    reach: u64,
    /// How many such texts the account sent, sampled or not.
    all: f64,
}

impl<'a> User<'a> {
    fn new(prompts: &'a Prompts, account: u32, template: u32, inside: bool) -> Self {
        let texts: Vec<&Prompt> = prompts
            .of(account)
            .iter()
            .filter(|prompt| prompt.template == Some(template))
            .collect();
        let reach = prompts.reach(account);
        let part = (reach as f64 / u64::MAX as f64).max(f64::MIN_POSITIVE);
        Self {
            account,
            inside,
            all: texts.len() as f64 / part,
            texts,
            reach,
        }
    }
}

/// The template that most accounts of the group fill, with all its accounts.
fn commonest<'a>(
    prompts: &Prompts,
    users: &'a FxHashMap<u32, Vec<u32>>,
    group: &Group,
) -> Option<(u32, &'a [u32])> {
    let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
    for account in &group.accounts {
        let mut templates: Vec<u32> = prompts
            .of(*account)
            .iter()
            .filter_map(|prompt| prompt.template)
            .collect();
        templates.sort_unstable();
        templates.dedup();
        for template in templates {
            *counts.entry(template).or_default() += 1;
        }
    }
    let (template, _) = counts
        .into_iter()
        .max_by_key(|(template, count)| (*count, std::cmp::Reverse(*template)))?;
    Some((template, users.get(&template)?))
}

/// What was counted: draws that fell on the group, the chance of each, in steps.
#[derive(Default)]
struct Draws {
    collisions: u64,
    by_chance: std::collections::BTreeMap<u64, u64>,
}

impl Draws {
    fn expected(&self) -> f64 {
        let sum: u64 = self
            .by_chance
            .iter()
            .map(|(step, count)| step * count)
            .sum();
        sum as f64 / STEPS as f64
    }

    fn count(&self) -> u64 {
        self.by_chance.values().sum()
    }

    /// Bits of so few collisions: the draws that fell outside are too many.
    fn bits(&self) -> f64 {
        let distributions: Vec<Discrete> = self
            .by_chance
            .keys()
            .map(|step| Discrete::from_counts(&[(1.0, STEPS - step), (0.0, *step)]))
            .collect();
        let terms: Vec<Term> = self
            .by_chance
            .values()
            .enumerate()
            .map(|(distribution, count)| Term {
                weight: 1.0,
                distribution,
                count: *count,
            })
            .collect();
        let outside = self.count() - self.collisions;
        -upper_tail_log2(outside as f64, &terms, &distributions)
    }
}

/// One draw for each shared text whose holder, one of all who share it, is of the group: who
/// is a second one, chosen among the rest? Both choices are made by hash.
fn draw(users: &[User<'_>]) -> Draws {
    let mut holders: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for (at, user) in users.iter().enumerate() {
        for text in &user.texts {
            holders.entry(text.hash).or_default().push(at);
        }
    }
    let mut shared: Vec<(u64, Vec<usize>)> = holders
        .into_iter()
        .filter(|(_, list)| list.len() > 1)
        .collect();
    shared.sort_unstable();
    // Users who would show a text of hash h are those that reach it: sums from the far end.
    let mut by_reach: Vec<(u64, f64, f64)> = users
        .iter()
        .map(|user| {
            (
                user.reach,
                if user.inside { user.all } else { 0.0 },
                user.all,
            )
        })
        .collect();
    by_reach.sort_by(|a, b| {
        b.0.cmp(&a.0)
            .then(b.1.total_cmp(&a.1))
            .then(b.2.total_cmp(&a.2))
    });
    let mut sums: Vec<(f64, f64)> = Vec::with_capacity(by_reach.len());
    let (mut inside, mut all) = (0.0, 0.0);
    for (_, of_group, of_all) in &by_reach {
        inside += of_group;
        all += of_all;
        sums.push((inside, all));
    }
    let mut draws = Draws::default();
    for (hash, list) in shared {
        // Two choices, two independent orders: who is first in one says nothing of the other.
        let rank = |turn: u64, at: &usize| {
            let account = users.get(*at).map_or(0, |user| user.account);
            (mix(extend(hash ^ turn, u64::from(account))), account)
        };
        let is_inside = |at: &usize| users.get(*at).is_some_and(|user| user.inside);
        // The holder is any of all who share it, and the draw counts where that is one of the
        // group: asking only whether any of the group holds it would leave out collisions.
        let Some(holder) = list
            .iter()
            .min_by_key(|at| rank(0, at))
            .filter(|at| is_inside(at))
        else {
            continue;
        };
        let other = list
            .iter()
            .filter(|at| *at != holder)
            .min_by_key(|at| rank(1, at));
        let reaching = by_reach.partition_point(|(reach, _, _)| *reach >= hash);
        let own = users.get(*holder).map_or(0.0, |user| user.all);
        let Some((inside, all)) = reaching.checked_sub(1).and_then(|at| sums.get(at)) else {
            continue;
        };
        let chance = (inside - own).max(0.0) / (all - own).max(f64::MIN_POSITIVE);
        let step = (chance.min(1.0) * STEPS as f64).floor() as u64;
        *draws.by_chance.entry(step).or_default() += 1;
        draws.collisions += u64::from(other.is_some_and(is_inside));
    }
    draws
}

fn look(prompts: &Prompts, users: &FxHashMap<u32, Vec<u32>>, group: &Group) -> Look {
    let Some((template, accounts)) = commonest(prompts, users, group) else {
        return Look::untested("no account of the group fills a known template");
    };
    let users: Vec<User<'_>> = accounts
        .iter()
        .map(|account| {
            let inside = group.accounts.binary_search(account).is_ok();
            User::new(prompts, *account, template, inside)
        })
        .collect();
    let inside: Vec<u32> = users
        .iter()
        .filter(|user| user.inside)
        .map(|user| user.account)
        .collect();
    if inside.len() < FEWEST_ACCOUNTS || users.len() - inside.len() < FEWEST_ACCOUNTS {
        return Look::untested(
            "fewer than three accounts of the group, or outside it, fill its template: there is no control",
        );
    }
    let draws = draw(&users);
    let expected = draws.expected();
    if expected < FEWEST_EXPECTED {
        return Look::untested(
            "fewer than 14 texts in common were expected, so that none would say nothing",
        );
    }
    let bits = draws.bits();
    if bits <= 0.0 || draws.collisions as f64 > MOST_FOUND * expected {
        return Look::default();
    }
    let times = || {
        users
            .iter()
            .filter(|user| user.inside)
            .flat_map(|user| &user.texts)
    };
    Look {
        findings: vec![GroupFinding {
            family: Family::Coordination,
            standing: Standing::CountsBesideLinks,
            about: String::new(),
            bits,
            tried: 1,
            measure: "texts of one template that two accounts of the group both sent".to_owned(),
            measured: draws.collisions as f64,
            expected,
            n: draws.count(),
            threshold: MOST_FOUND * expected,
            statement: format!(
                "{} accounts fill one template from a stock that others draw from as well, and of {} texts of theirs that someone else sent too {} were sent by another of them; {expected:.1} expected",
                inside.len(),
                draws.count(),
                draws.collisions
            ),
            accounts: inside,
            null_model: format!(
                "who else sent a text is any of {} accounts with the template, in proportion to their texts",
                users.len()
            ),
            innocent: "one owner who shares out a pool of work among staff or service accounts"
                .to_owned(),
            would_clear: "the owner of the pool".to_owned(),
            first_us: times().map(|text| text.first_us).min(),
            last_us: times().map(|text| text.last_us).max(),
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{World, assert_keeps_its_level, look_at};
    use crate::stats::random::Random;

    /// 300 accounts draw 40 texts each from a stock of 3,000; the first ones take turns.
    fn world(sharing_out: u32, limit: usize, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(300, &["m"]);
        world.texts_per_account = limit;
        for account in 0..300 {
            world.put(account, 10, 0, 100);
            let mut texts: Vec<u64> = (0..40)
                .map(|turn| {
                    if account < sharing_out {
                        turn * u64::from(sharing_out) + u64::from(account)
                    } else {
                        random.below(3_000)
                    }
                })
                .map(|text| mix(text + 1))
                .collect();
            texts.sort_unstable();
            texts.dedup();
            texts.truncate(limit);
            for text in texts {
                world.say(account, text, 1, (1, 1));
            }
        }
        world
            .prompts
            .iter_mut()
            .for_each(|(_, prompt)| prompt.template = Some(5));
        world
    }

    #[test]
    fn a_work_queue_stands_out_in_whole_and_in_partial_samples() {
        for limit in [64, 16] {
            let look = look_at(&Sharding, &world(60, limit, 1), (0..60).collect());
            let found = &look.findings[0];
            assert!(found.bits > 20.0 && found.measured < 0.5, "{look:?}");
            assert_eq!(found.standing, Standing::CountsBesideLinks);
        }
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&Sharding, &world(0, 64, 2));
        assert_keeps_its_level(&Sharding, &world(0, 16, 3));
    }

    #[test]
    fn expected_collisions_are_those_that_come() {
        for limit in [64, 16] {
            let world = world(0, limit, 4);
            let population = world.population();
            let users: Vec<User<'_>> = (0..300)
                .map(|account| User::new(&population.prompts, account, 5, account < 60))
                .collect();
            let draws = draw(&users);
            let (found, expected) = (draws.collisions as f64, draws.expected());
            let spread = 4.0 * expected.sqrt() + draws.count() as f64 / STEPS as f64;
            assert!((found - expected).abs() < spread, "{found} {expected}");
        }
    }

    #[test]
    fn without_a_control_nothing_is_claimed() {
        let mut world = world(60, 64, 5);
        world.prompts.retain(|(account, _)| *account < 60);
        let look = look_at(&Sharding, &world, (0..60).collect());
        assert!(
            look.findings.is_empty() && look.partial.len() == 1,
            "{look:?}"
        );
    }
}
