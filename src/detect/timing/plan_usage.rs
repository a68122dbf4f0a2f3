//! Accounts at the top of what their plan's customers use.
//!
//! # Looks for
//! Accounts among the twentieth of their own plan with the most requests per active day.
//!
//! # Why
//! Advisory AA26-251A, sign 4: enterprise throughput on a plan that is not an enterprise plan.
//!
//! # Null model
//! In every plan one account in twenty is at the top, by definition. The group's accounts
//! are as if drawn at random among the accounts of their plans.
//!
//! # Innocent look-alikes
//! Power users, automation on a personal plan, a plan that has no limits. Therefore weak: it
//! never counts for a verdict.
//!
//! # Needs
//! accounts.plan.
//!
//! # Limits
//! Compares within a plan; what a plan allows is not known. A group that is a large part of
//! its plan raises the bar for itself. Plans with fewer than 40 accounts, and enterprise
//! plans, take no part.

use rustc_hash::FxHashMap;

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::{DAY_US, HOUR_US, Population};
use crate::detect::{Meta, Need};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;
use crate::stats::chernoff::{Discrete, Term, upper_tail_log2};

static META: Meta = Meta {
    id: "timing/plan-usage",
    title: "Accounts at the top of what their plan's customers use",
    families: &[Family::Lifecycle],
    version: 1,
    needs: &[Need::Account(AccountColumn::Plan)],
    source: include_str!("plan_usage.rs"),
};

/// The top of a plan: one account in this many.
const TOP_ONE_IN: usize = 20;

/// Fewest accounts of a plan.
const FEWEST_IN_PLAN: usize = 40;

/// Fewest accounts of a group with a plan.
const FEWEST_ACCOUNTS: usize = 5;

/// The share at the top must be this many times what the plans have.
const MINIMUM_RATIO: f64 = 2.0;

/// The test.
pub struct PlanUsage;

impl GroupTest for PlanUsage {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let plans = Plans::read(population);
        let mut partial = Vec::new();
        if plans.small > 0 {
            partial.push(format!(
                "plans left out, because they have fewer than {FEWEST_IN_PLAN} accounts or are enterprise plans: {}",
                plans.small
            ));
        }
        Prepared {
            partial,
            look: Box::new(move |group| look(&plans, group)),
        }
    }
}

/// Who is at the top of which plan.
struct Plans {
    /// Plan of each account, where it takes part, and whether the account is at its top.
    of_account: Vec<Option<(usize, bool)>>,
    /// At the top or not, by plan.
    top: Vec<Discrete>,
    small: usize,
}

impl Plans {
    fn read(population: &Population<'_>) -> Self {
        let mut by_plan: FxHashMap<String, Vec<(f64, u32)>> = FxHashMap::default();
        for account in population.accounts() {
            let Some(plan) = population
                .profile(account)
                .and_then(|profile| profile.plan.as_ref())
            else {
                continue;
            };
            let daily = daily_requests(population, account);
            by_plan
                .entry(plan.to_lowercase())
                .or_default()
                .push((daily, account));
        }
        let mut by_plan: Vec<(String, Vec<(f64, u32)>)> = by_plan.into_iter().collect();
        by_plan.sort_by(|a, b| a.0.cmp(&b.0));
        let mut plans = Self {
            of_account: vec![None; population.len()],
            top: Vec::new(),
            small: 0,
        };
        for (name, mut accounts) in by_plan {
            if accounts.len() < FEWEST_IN_PLAN || name.contains("enterprise") {
                plans.small += 1;
                continue;
            }
            accounts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let bar = accounts
                .get(accounts.len() / TOP_ONE_IN)
                .map_or(f64::INFINITY, |(daily, _)| *daily);
            let mut at_top = 0;
            for (daily, account) in &accounts {
                let top = *daily > bar;
                at_top += u64::from(top);
                if let Some(slot) = plans.of_account.get_mut(*account as usize) {
                    *slot = Some((plans.top.len(), top));
                }
            }
            plans.top.push(Discrete::from_counts(&[
                (1.0, at_top + 1),
                (0.0, accounts.len() as u64 - at_top),
            ]));
        }
        plans
    }
}

/// Requests per day on which the account was active.
fn daily_requests(population: &Population<'_>, account: u32) -> f64 {
    let day_hours = DAY_US / HOUR_US;
    let (mut days, mut last, mut requests) = (0_u32, i64::MIN, 0_u64);
    for cell in population.cells(account) {
        requests += u64::from(cell.requests);
        let day = cell.hour.div_euclid(day_hours);
        if day != last {
            days += 1;
            last = day;
        }
    }
    requests as f64 / f64::from(days.max(1))
}

fn look(plans: &Plans, group: &Group) -> Look {
    let told: Vec<(u32, usize, bool)> = group
        .accounts
        .iter()
        .filter_map(|account| {
            let (plan, top) = plans.of_account.get(*account as usize).copied().flatten()?;
            Some((*account, plan, top))
        })
        .collect();
    if told.len() < FEWEST_ACCOUNTS {
        return Look::untested("too few accounts of the group on a plan that many others have");
    }
    let terms: Vec<Term> = told
        .iter()
        .map(|(_, plan, _)| Term {
            weight: 1.0,
            distribution: *plan,
            count: 1,
        })
        .collect();
    let at_top: Vec<u32> = told
        .iter()
        .filter(|(_, _, top)| *top)
        .map(|(account, _, _)| *account)
        .collect();
    let measured = at_top.len() as f64;
    let expected: f64 = told
        .iter()
        .filter_map(|(_, plan, _)| plans.top.get(*plan))
        .map(Discrete::mean)
        .sum();
    let bits = -upper_tail_log2(measured, &terms, &plans.top);
    if bits <= 0.0 || measured < MINIMUM_RATIO * expected {
        return Look::default();
    }
    Look {
        findings: vec![GroupFinding {
            family: Family::Lifecycle,
            standing: Standing::Weak,
            about: String::new(),
            accounts: at_top,
            bits,
            tried: 1,
            measure: "accounts among the busiest twentieth of their plan".to_owned(),
            measured,
            expected,
            n: told.len() as u64,
            threshold: MINIMUM_RATIO * expected,
            statement: format!(
                "{measured:.0} of {} accounts are among the busiest twentieth of their plan; {expected:.1} expected",
                told.len()
            ),
            null_model: "each account as if drawn among all accounts of its plan".to_owned(),
            innocent: "power users, or automation on a personal plan".to_owned(),
            would_clear: "a plan that allows this use, or the customers' account of it".to_owned(),
            first_us: None,
            last_us: None,
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{World, random_groups_found};
    use crate::stats::random::Random;

    fn world(busy: std::ops::Range<u32>, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            let plan = if account % 3 == 0 { "pro" } else { "free" };
            world.profile(account).plan = Some(plan.to_owned());
            let rate =
                u32::try_from(1 + random.below(30)).unwrap() * if plan == "pro" { 5 } else { 1 };
            world.put(
                account,
                10,
                0,
                if busy.contains(&account) { 400 } else { rate },
            );
        }
        world
    }

    #[test]
    fn heavy_use_within_the_plan_is_seen_and_stays_weak() {
        let world = world(0..20, 1);
        let population = world.population();
        let prepared = PlanUsage.prepare(&population);
        let group = Group {
            name: "test".to_owned(),
            accounts: (0..20).collect(),
        };
        let look = (prepared.look)(&group);
        assert!(look.findings[0].bits > 10.0, "{look:?}");
        assert_eq!(look.findings[0].standing, Standing::Weak);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        let world = world(0..0, 2);
        let population = world.population();
        let prepared = PlanUsage.prepare(&population);
        let found = random_groups_found(600, 300, &prepared.look);
        assert!(found <= 26, "{found} of 300 at the level of 5 %");
    }

    #[test]
    fn small_plans_are_said() {
        let mut world = World::new(3, &["m"]);
        world.profile(0).plan = Some("pro".to_owned());
        let population = world.population();
        assert_eq!(PlanUsage.prepare(&population).partial.len(), 1);
    }
}
