//! Accounts of a group that are at work in the same hours, beyond their habits.
//!
//! # Looks for
//! Hours in which one half of the group (every other account) is at work at least twice as
//! much as in the same hour of other weeks, and whether the other half is at work in those
//! very hours as well; then the halves change places.
//!
//! # Why
//! The February 2026 disclosure names synchronised traffic and coordinated timing.
//!
//! # Null model
//! Of an account's work in these hours of the week, some falls on the weeks in question. The
//! tested half is as if drawn at random among other accounts of the log with as much work in
//! the same hours of the week. Only days count on which the group is at work as usual: whoever begins
//! in the middle of the log, or rests for a week, is no common clock. Habits by hour of the week, time zones, and what the whole
//! log has in common (an outage, a holiday) are thereby part of the null.
//!
//! # Innocent look-alikes
//! A class in its lesson, a team with a deadline, people who work in shifts, cron jobs. A common clock follows from a
//! common task, so it is no second family beside common prompts. Therefore weak: it never
//! counts for a verdict.
//!
//! # Needs
//! No column beyond the required ones; two weeks of log, and a clock that runs on: where the whole
//! log's day moves by an hour or more (a clock that was set, summer time), nothing is tested.
//!
//! # Limits
//! Sees hours only; seconds and lags of seconds are what `timing/coincidence` looks at. Lags of an hour and more between accounts are seen, not
//! measured: either half has accounts that go before and accounts that follow, so that what one
//! half does at an hour and its lag the other does as well. Accounts that live shorter than twelve days
//! have no habit to compare with and take no part. No finding never means that accounts are
//! not coordinated.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::Meta;
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::matched::{Comparison, Matched};
use crate::detect::population::{DAY_US, HOUR_US, Population};
use crate::detect::timing::clock_jump::clock_jump;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "timing/synchrony",
    title: "Accounts of a group that are at work in the same hours, beyond their habits",
    families: &[Family::Coordination],
    version: 3,
    needs: &[],
    source: include_str!("synchrony.rs"),
};

/// Shortest log: two instances of every hour of the week.
const FEWEST_HOURS: i64 = 2 * WEEK_HOURS;

/// Shortest life of an account in days: two instances of most hours of the working week.
const FEWEST_DAYS: i64 = 12;

/// Fewest accounts of a half at work in an hour for it to be a peak.
const FEWEST_AT_WORK: u32 = 3;

/// A peak has at least this many times the accounts of the same hour in other weeks.
const PEAK_RATIO: f64 = 2.0;

/// Fewest accounts of a half that can be told.
const FEWEST_ACCOUNTS: usize = 5;

/// Other accounts looked at, spread evenly over the log: more would only cost time.
const MOST_OTHERS: usize = 4_000;

/// Hours of a week.
const WEEK_HOURS: i64 = 168;

/// The test.
pub struct Synchrony;

impl GroupTest for Synchrony {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        if population.cell_hours > 1 {
            return Some(format!(
                "activity is kept in buckets of {} hours only",
                population.cell_hours
            ));
        }
        let hour = |time_us: i64| time_us.div_euclid(HOUR_US);
        let hours = hour(population.log_last_us()) - hour(population.log_first_us()) + 1;
        if hours < FEWEST_HOURS {
            return Some(
                "the log spans less than 14 days: habits cannot be told from a common clock"
                    .to_owned(),
            );
        }
        clock_jump(population)
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(population, group)),
        }
    }
}

fn lives_long(population: &Population<'_>, account: u32) -> bool {
    population
        .last_us
        .get(account as usize)
        .copied()
        .unwrap_or(0)
        - population.first(account)
        >= FEWEST_DAYS * DAY_US
}

fn look(population: &Population<'_>, group: &Group) -> Look {
    let long: Vec<u32> = group
        .accounts
        .iter()
        .copied()
        .filter(|account| lives_long(population, *account))
        .collect();
    if long.len() < 2 * FEWEST_ACCOUNTS {
        return Look::untested("too few accounts of the group at work for twelve days");
    }
    let half = |odd: usize| -> Vec<u32> { long.iter().skip(odd).step_by(2).copied().collect() };
    let days = working_days(population, &long);
    let mut best: Option<(Comparison, usize, Vec<u32>)> = None;
    for (teachers, pupils) in [(half(0), half(1)), (half(1), half(0))] {
        let peaks = peaks(population, &teachers, &days);
        if peaks.is_empty() {
            continue;
        }
        let Some(compared) = compare(population, (&group.accounts, &pupils), &peaks, &days) else {
            continue;
        };
        if best.as_ref().is_none_or(|best| compared.bits > best.0.bits) {
            best = Some((compared, peaks.len(), pupils));
        }
    }
    let Some((compared, hours, pupils)) = best.filter(|best| best.0.bits > 0.0) else {
        return Look::default();
    };
    Look {
        findings: vec![GroupFinding {
            family: Family::Coordination,
            standing: Standing::Weak,
            about: String::new(),
            accounts: pupils,
            bits: compared.bits,
            tried: 2,
            measure: "share of the work of one half of the group that falls on the busy hours of the other half, among the same hours of all weeks".to_owned(),
            measured: compared.measured,
            expected: compared.expected,
            n: compared.members,
            threshold: compared.expected,
            statement: format!(
                "in {hours} hours in which one half of the group is unusually busy, {} accounts of the other half do {:.0} % of their work of these hours of the week; {:.0} % expected",
                compared.members,
                compared.measured * 100.0,
                compared.expected * 100.0
            ),
            null_model: format!(
                "each account as if drawn among {} other accounts with as much work in the same hours of the week",
                compared.others
            ),
            innocent: "a class in its lesson, a team with a deadline, shifts, or jobs started by the clock".to_owned(),
            would_clear: "a timetable, a deadline or a schedule that these hours follow".to_owned(),
            first_us: None,
            last_us: None,
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

/// Days on which the group is at work as on the busiest day of the same name, at least half: it may
/// have begun in the middle of the log, or rest while others do not, without a common clock.
fn working_days(population: &Population<'_>, accounts: &[u32]) -> BTreeSet<i64> {
    let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
    for account in accounts {
        let mut last = i64::MIN;
        for cell in population.cells(*account) {
            if cell.hour != last {
                *hours.entry(cell.hour.div_euclid(24)).or_default() += 1;
                last = cell.hour;
            }
        }
    }
    let mut busiest = [0_u64; 7];
    let weekday = |day: i64| usize::try_from(day.rem_euclid(7)).unwrap_or(0);
    for (day, count) in &hours {
        let most = &mut busiest[weekday(*day)];
        *most = (*most).max(*count);
    }
    hours
        .into_iter()
        .filter(|(day, count)| 2 * count >= busiest[weekday(*day)])
        .map(|(day, _)| day)
        .collect()
}

/// Hours of these days in which unusually many of these accounts are at work, ascending.
fn peaks(population: &Population<'_>, accounts: &[u32], days: &BTreeSet<i64>) -> Vec<i64> {
    let mut at_work: BTreeMap<i64, u32> = BTreeMap::new();
    for account in accounts {
        let mut last = i64::MIN;
        for cell in population.cells(*account) {
            if cell.hour != last && days.contains(&cell.hour.div_euclid(24)) {
                *at_work.entry(cell.hour).or_default() += 1;
                last = cell.hour;
            }
        }
    }
    let mut same_weekday = [0_usize; 7];
    for day in days {
        same_weekday[usize::try_from(day.rem_euclid(7)).unwrap_or(0)] += 1;
    }
    let mut by_slot: BTreeMap<i64, u32> = BTreeMap::new();
    for (hour, count) in &at_work {
        *by_slot.entry(hour.rem_euclid(WEEK_HOURS)).or_default() += count;
    }
    at_work
        .into_iter()
        .filter(|(hour, count)| {
            let slot = hour.rem_euclid(WEEK_HOURS);
            let weekday = hour.div_euclid(24).rem_euclid(7);
            let weeks = same_weekday[usize::try_from(weekday).unwrap_or(0)].saturating_sub(1);
            let elsewhere = by_slot.get(&slot).copied().unwrap_or(0) - count;
            *count >= FEWEST_AT_WORK
                && weeks > 0
                && f64::from(*count) >= PEAK_RATIO * f64::from(elsewhere) / weeks as f64
        })
        .map(|(hour, _)| hour)
        .collect()
}

/// Compares how much of the work in the peaks' hours of the week falls on the peaks.
fn compare(
    population: &Population<'_>,
    (group, pupils): (&[u32], &[u32]),
    peaks: &[i64],
    days: &BTreeSet<i64>,
) -> Option<Comparison> {
    let mut slots = [false; WEEK_HOURS as usize];
    for hour in peaks {
        slots[usize::try_from(hour.rem_euclid(WEEK_HOURS)).unwrap_or(0)] = true;
    }
    let others = population
        .accounts()
        .filter(|account| group.binary_search(account).is_err());
    let stride = (population.len() / MOST_OTHERS).max(1);
    let told = others.step_by(stride).chain(pupils.iter().copied());
    let mut work = vec![0_u64; population.len()];
    let mut on_peaks = vec![0_u64; population.len()];
    for account in told.filter(|account| lives_long(population, *account)) {
        let at = account as usize;
        let mut last = i64::MIN;
        for cell in population.cells(account) {
            let slot = usize::try_from(cell.hour.rem_euclid(WEEK_HOURS)).unwrap_or(0);
            if cell.hour == last || !slots[slot] || !days.contains(&cell.hour.div_euclid(24)) {
                continue;
            }
            last = cell.hour;
            work[at] += 1;
            on_peaks[at] += u64::from(peaks.binary_search(&cell.hour).is_ok());
        }
    }
    let matched = Matched::new(&work);
    if pupils
        .iter()
        .filter(|account| matched.takes_part(**account))
        .count()
        < FEWEST_ACCOUNTS
    {
        return None;
    }
    matched.compare(
        pupils,
        |_| 1.0,
        |account| {
            let at = account as usize;
            on_peaks[at] as f64 / work[at].max(1) as f64
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::stats::random::Random;

    /// Three weeks; everybody works some hours of a habit of their own, by time zone; all
    /// share an outage.
    fn world(seed: u64) -> (World, Random) {
        let mut random = Random::new(seed);
        let mut world = World::new(500, &["m"]);
        for account in 0..500 {
            let zone = if account < 60 { 9 } else { random.below(24) };
            world.put(account, i64::from(account % 5), 0, 1);
            world.put(account, 20 * 24 + i64::from(account % 7), 0, 1);
            for day in 0..21 {
                if day == 11 || random.unit_f64() < 0.4 {
                    continue;
                }
                for _ in 0..3 {
                    let hour = (zone + random.below(9)) % 24;
                    world.put(account, day * 24 + i64::try_from(hour).unwrap(), 0, 1);
                }
            }
        }
        (world, random)
    }

    fn bits(world: &World, accounts: Vec<u32>) -> f64 {
        let population = world.population();
        let prepared = Synchrony.prepare(&population);
        let group = Group {
            name: "test".to_owned(),
            accounts,
        };
        (prepared.look)(&group)
            .findings
            .first()
            .map_or(0.0, |finding| {
                assert_eq!(finding.standing, Standing::Weak);
                finding.bits - 1.0
            })
    }

    #[test]
    fn habits_time_zones_and_outages_are_found_no_more_often_than_stated() {
        let mut below = 0;
        for repetition in 0..20 {
            let (world, mut random) = world(repetition);
            // Sixty accounts of one time zone, and random groups.
            below += u32::from(bits(&world, (0..60).collect()) >= 20.0_f64.log2());
            for _ in 0..9 {
                let mut accounts: Vec<u32> = (0..60)
                    .map(|_| u32::try_from(random.below(500)).unwrap())
                    .collect();
                accounts.sort_unstable();
                accounts.dedup();
                below += u32::from(bits(&world, accounts) >= 20.0_f64.log2());
            }
        }
        assert!(below <= 19, "{below} of 200 at the level of 5 %");
    }

    /// Four weeks of people with hours of their own; of the first sixty only those days count that
    /// `is_at_work` says.
    fn months(random: &mut Random, is_at_work: fn(i64) -> bool) -> World {
        let mut world = World::new(400, &["m"]);
        for account in 0..400 {
            let zone = random.below(24);
            for day in 0..28 {
                if account < 60 && !is_at_work(day) || random.unit_f64() < 0.3 {
                    continue;
                }
                for _ in 0..3 {
                    let hour = (zone + random.below(9)) % 24;
                    world.put(account, day * 24 + i64::try_from(hour).unwrap(), 0, 1);
                }
            }
        }
        world
    }

    #[test]
    fn whoever_comes_late_or_takes_a_holiday_has_no_common_clock() {
        type AtWork = fn(i64) -> bool;
        let newcomers: AtWork = |day| day >= 13;
        let holiday: AtWork = |day| !(9..21).contains(&day);
        for (kind, is_at_work) in [("newcomers", newcomers), ("a holiday", holiday)] {
            let mut below = 0;
            for repetition in 0..100 {
                let mut random = Random::new(repetition);
                let world = months(&mut random, is_at_work);
                below += u32::from(bits(&world, (0..60).collect()) >= 20.0_f64.log2());
            }
            assert!(below <= 12, "{kind}: {below} of 100 at the level of 5 %");
        }
    }

    /// In how many of ten worlds the waves of a dispatcher are seen, where each of its accounts
    /// follows them by a lag of its own of less than `lags` hours.
    fn waves_seen(lags: u64) -> u32 {
        let mut found = 0;
        for repetition in 0..10 {
            let (mut world, mut random) = world(repetition);
            let waves: Vec<i64> = (0..25)
                .map(|_| 24 + i64::try_from(random.below(19 * 24)).unwrap())
                .collect();
            for account in 100..140 {
                let lag = i64::try_from(random.below(lags)).unwrap();
                for wave in &waves {
                    if random.unit_f64() < 0.6 {
                        world.put(account, *wave + lag, 0, 1);
                    }
                }
            }
            found += u32::from(bits(&world, (100..140).collect()) >= 10.0);
        }
        found
    }

    #[test]
    fn waves_of_one_dispatcher_are_seen() {
        assert!(waves_seen(1) >= 9);
    }

    #[test]
    fn so_are_waves_that_accounts_follow_with_a_lag() {
        assert!(waves_seen(3) >= 9);
    }

    #[test]
    fn a_short_log_says_so() {
        let mut short = World::new(1, &["m"]);
        short.put(0, 3, 0, 1);
        assert!(Synchrony.blocked(&short.population()).is_some());
    }
}
