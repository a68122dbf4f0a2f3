//! Requests that a load balancer deals out to accounts in equal parts.
//!
//! # Looks for
//! Hours, or days where hours hold too little, in which every account of the group sends
//! nearly the same number of requests, though the number itself changes from hour to hour.
//!
//! # Why
//! The February 2026 disclosure names load balancing. Round robin, and least connections at
//! low load, split every hour's work into equal parts; people and independent programs vary
//! at least as much as chance.
//!
//! # Null model
//! Each request of an hour falls on any account in service with the same chance, on its own:
//! Pearson's statistic has a chi-square distribution, of which the lower tail is bounded
//! (Chernoff). Shares must vary half as much at most, and the work from hour to hour four times as
//! much as chance at least: an even job needs no balancer. Accounts with rates of their own only vary more. Where as many other accounts of
//! the log, each as busy as one of the group, share their requests more equally than chance as
//! well (quotas that everybody uses up), their dispersion takes the place of chance.
//!
//! # Innocent look-alikes
//! The round-robin gateway of an enterprise's seat pool, copies of one scheduled job, quotas
//! that everybody uses up. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! No column beyond the required ones.
//!
//! # Limits
//! Counts by the hour; the order of requests, which tells more, is what `timing/rotation` looks
//! at. Groups below five requests per account and day cannot be told. Least connections at high load, random and
//! sticky balancing leave no trace here. No finding never means that accounts are not
//! coordinated.

use std::collections::BTreeMap;

use crate::detect::Meta;
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::matched::Matched;
use crate::detect::population::{DAY_US, HOUR_US, Population};
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "timing/dispatch",
    title: "Requests that a load balancer deals out to accounts in equal parts",
    families: &[Family::Coordination],
    version: 4,
    needs: &[],
    source: include_str!("dispatch.rs"),
};

/// Fewest accounts in service, and fewest hours (or days) of work.
const FEWEST_ACCOUNTS: usize = 5;

/// See [`FEWEST_ACCOUNTS`].
const FEWEST_BUCKETS: usize = 5;

/// Fewest requests expected per account and hour: below, counts are too coarse for Pearson's
/// statistic (W. G. Cochran, "Some Methods for Strengthening the Common chi-square Tests", 1954).
const FEWEST_REQUESTS: f64 = 5.0;

/// Dispersion up to which shares are called equal. Round robin in simulation gives 0 and,
/// with one in fifty failing over, 0.04; least connections 0.6 and more; chance 1.
const EQUAL: f64 = 0.5;

/// The work itself must vary this many times as much as chance makes it, or it is the clock
/// that is equal: a job that sends ten requests every hour needs no balancer.
const VARYING: f64 = 4.0;

/// The test.
pub struct Dispatch;

impl GroupTest for Dispatch {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let matched = Matched::new(&population.requests);
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(population, &matched, group)),
        }
    }
}

/// What the buckets of one width gave.
struct Shares {
    /// Pearson's statistic and its degrees of freedom.
    statistic: f64,
    freedom: f64,
    /// Work of each bucket per account in service.
    work: Vec<f64>,
    requests: u64,
}

impl Shares {
    fn dispersion(&self) -> f64 {
        self.statistic / self.freedom.max(1.0)
    }

    /// Variance of the work over its mean: how many times as much as chance it varies.
    fn variation(&self) -> f64 {
        let count = self.work.len() as f64;
        let mean = self.work.iter().sum::<f64>() / count.max(1.0);
        let squares: f64 = self.work.iter().map(|work| (work - mean).powi(2)).sum();
        squares / (count - 1.0).max(1.0) / mean.max(f64::MIN_POSITIVE)
    }

    /// -log2 of the bound for a chi-square variable so far below its mean.
    /// Against a dispersion of others that is chance's or smaller.
    fn bits(&self, others: f64) -> f64 {
        let ratio = self.dispersion().max(1e-9) / others.clamp(1e-9, 1.0);
        if ratio >= 1.0 {
            return 0.0;
        }
        self.freedom / 2.0 * (ratio - 1.0 - ratio.ln()) / std::f64::consts::LN_2
    }
}

fn shares(population: &Population<'_>, accounts: &[u32], width_hours: i64) -> Shares {
    let mut buckets: BTreeMap<i64, Vec<(u32, u64)>> = BTreeMap::new();
    for account in accounts {
        for cell in population.cells(*account) {
            let list = buckets
                .entry(cell.hour.div_euclid(width_hours))
                .or_default();
            match list.last_mut().filter(|last| last.0 == *account) {
                Some(last) => last.1 += u64::from(cell.requests),
                None => list.push((*account, u64::from(cell.requests))),
            }
        }
    }
    let mut found = Shares {
        statistic: 0.0,
        freedom: 0.0,
        work: Vec::new(),
        requests: 0,
    };
    let width_us = width_hours.saturating_mul(HOUR_US);
    for (bucket, counts) in buckets {
        let start_us = bucket.saturating_mul(width_us);
        // In service from before the bucket to after it, so that part of a day is no small share.
        let in_service = |account: u32| {
            let last = population.last_us.get(account as usize).copied();
            population.first(account) <= start_us
                && last.unwrap_or(0) >= start_us.saturating_add(width_us)
        };
        let serving = accounts
            .iter()
            .filter(|account| in_service(**account))
            .count();
        let counts: Vec<u64> = counts
            .into_iter()
            .filter(|(account, _)| in_service(*account))
            .map(|(_, count)| count)
            .collect();
        let all: u64 = counts.iter().sum();
        let expected = all as f64 / serving.max(1) as f64;
        if serving < FEWEST_ACCOUNTS || expected < FEWEST_REQUESTS {
            continue;
        }
        let idle = (serving - counts.len()) as f64;
        let squares: f64 = counts
            .iter()
            .map(|count| (*count as f64 - expected).powi(2) / expected)
            .sum();
        found.statistic += squares + idle * expected;
        found.freedom += serving as f64 - 1.0;
        found.work.push(expected);
        found.requests += all;
    }
    found
}

/// Most other accounts that a group is compared with; their dispersion is known well
/// enough (ours).
const MOST_OTHERS: usize = 200;

/// As many accounts outside the group, each as busy as one of it, up to a limit.
fn others(matched: &Matched, group: &Group) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::new();
    let stride = group.accounts.len().div_ceil(MOST_OTHERS).max(1);
    for account in group.accounts.iter().step_by(stride) {
        let free = matched
            .as_busy_as(*account)
            .iter()
            .find(|other| group.accounts.binary_search(other).is_err() && !found.contains(other));
        found.extend(free);
    }
    found.sort_unstable();
    found
}

fn look(population: &Population<'_>, matched: &Matched, group: &Group) -> Look {
    let compared = others(matched, group);
    let day = DAY_US / HOUR_US;
    let hours = i64::try_from(population.cell_hours).unwrap_or(day);
    let told = |found: &Shares| found.work.len() >= FEWEST_BUCKETS;
    let mut tried = 0;
    let mut best: Option<(Shares, &str, f64)> = None;
    for (width, name) in [(hours, "hour"), (day.max(hours), "day")] {
        let found = shares(population, &group.accounts, width);
        if !told(&found) {
            continue;
        }
        tried += 1;
        let theirs = shares(population, &compared, width);
        let expected = if told(&theirs) {
            theirs.dispersion().min(1.0)
        } else {
            1.0
        };
        if best
            .as_ref()
            .is_none_or(|best| found.bits(expected) > best.0.bits(best.2))
        {
            best = Some((found, name, expected));
        }
    }
    let Some((found, name, expected)) = best else {
        return Look::untested(
            "fewer than five requests per account and day, or fewer than five days of work; this is no sign that accounts are not coordinated",
        );
    };
    if found.dispersion() > EQUAL * expected {
        return Look::default();
    }
    if found.variation() < VARYING {
        return Look::untested(
            "the accounts' shares are equal, but so is the work from hour to hour (less than four times the variation of chance), which a balancer and a schedule would both explain",
        );
    }
    let count = found.work.len();
    Look {
        findings: vec![GroupFinding {
            family: Family::Coordination,
            standing: Standing::Weak,
            about: String::new(),
            accounts: group.accounts.clone(),
            bits: found.bits(expected),
            tried,
            measure: format!("dispersion of the accounts' requests per {name} (1 is chance, 0 equal parts)"),
            measured: found.dispersion(),
            expected,
            n: found.requests,
            threshold: EQUAL * expected,
            statement: format!(
                "in {count} {name}s the accounts share {} requests more equally than chance would (dispersion {:.2}, {expected:.2} expected), though the work itself changes from {name} to {name}",
                found.requests,
                found.dispersion()
            ),
            null_model: "each request falls on any account in service with the same chance, or as evenly as on other accounts as busy where those are more even".to_owned(),
            innocent: "the gateway of a seat pool, copies of one scheduled job, or a quota that everybody uses up".to_owned(),
            would_clear: "the gateway, the schedule or the quota".to_owned(),
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
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    /// Work of every hour among 600 accounts by chance; the first ones get equal parts.
    fn world(balanced: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for hour in 0..40 {
            let work = 6 + (hour % 8) * 5;
            for account in 0..600 {
                let dealt = if account < balanced {
                    work
                } else {
                    // A binomial draw has nearly the spread of chance.
                    (0..work * 20).filter(|_| random.below(20) == 0).count() as u64
                };
                world.put(account, hour as i64, 0, u32::try_from(dealt).unwrap());
            }
        }
        world
    }

    #[test]
    fn equal_parts_stand_out_and_stay_weak() {
        assert_stands_out_and_is_weak(&Dispatch, &world(20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&Dispatch, &world(0, 2));
    }

    #[test]
    fn a_quota_that_everybody_uses_up_is_no_balancer() {
        let mut world = World::new(200, &["m"]);
        for day in 0..20 {
            let quota = 10 + (day % 7) as u32 * 8;
            (0..200).for_each(|account| world.put(account, day * 24 + 9, 0, quota));
        }
        assert_keeps_its_level(&Dispatch, &world);
    }

    #[test]
    fn a_steady_clock_is_no_balancer_and_little_work_cannot_be_told() {
        let mut world = World::new(20, &["m"]);
        (0..20).for_each(|account| (0..50).for_each(|hour| world.put(account, hour, 0, 10)));
        let look = look_at(&Dispatch, &world, (0..10).collect());
        assert!(look.findings.is_empty() && look.partial[0].contains("so is the work"));
        let mut world = World::new(20, &["m"]);
        (0..20).for_each(|account| (0..50).for_each(|day| world.put(account, day * 24, 0, 1)));
        let look = look_at(&Dispatch, &world, (0..10).collect());
        assert_eq!(look.partial.len(), 1, "{look:?}");
    }
}
