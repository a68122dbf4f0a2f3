//! Accounts that begin just after others of their group were closed.
//!
//! # Looks for
//! Closures of a group's accounts that are followed, within 6, 24 or 72 hours, by the first
//! requests of other accounts of the same group: new ones, or ones that stood by. Once over
//! the whole group (which shares a template, a payer or other keys already), and once over
//! accounts that also share a small key with the closed one (a card, an address, a mailbox
//! series), once over those that take up a part of the work that was its (its texts, texts nearly
//! the same, a template that few of the group fill): in a large network some account always begins
//! somewhere, but not on that key or that work.
//!
//! # Why
//! The February 2026 disclosure: a banned account is replaced by a new one. September 2026:
//! one pool is banned and a standby pool takes over.
//!
//! # Null model
//! The group's accounts begin when they begin; the times of its closures are moved, wave by
//! wave, to other times within half a week before or after, weighed by the hours of the week
//! at which the log's closures happen, and where there are few of them by the hours at which its
//! accounts begin. Bursts of sign-ups, growth, working hours and weekends are thereby part of
//! the null; the hours are those of accounts outside the group. Closures within twice the horizon are one wave. Waves that lie days apart are moved
//! no nearer to each other than half way and count in full; waves that follow more closely may
//! share newcomers and count half.
//!
//! # Innocent look-alikes
//! A growing customer base in which people leave and others come (the null has it); staff
//! that changes; one person who comes back after a closure.
//!
//! # Needs
//! accounts.closed_at; accounts.created_at tells new accounts from waiting ones.
//!
//! # Limits
//! One wave is one coincidence, however many accounts it has: it is worth at most the length
//! of a week over the horizon. Begin means first request in the log, so accounts of before
//! the log are seen too late. Closures without a time are not used. Work that is handed out once
//! and never again, item by item, leaves nothing in common between who began it and who goes on.

use std::rc::Rc;

use crate::detect::dynamics::closings::Closings;
use crate::detect::dynamics::heirs;
use crate::detect::dynamics::waves::{Closed, FEWEST_CLOSURES, Measured, measure};
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::{DAY_US, HOUR_US, Population};
use crate::detect::{Meta, Need};
use crate::model::campaign::TimelineEntry;
use crate::model::column::AccountColumn;
use crate::model::finding::Family;

/// Id of the test.
pub const SUCCESSION: &str = "dynamics/succession";

static META: Meta = Meta {
    id: SUCCESSION,
    title: "Accounts that begin just after others of their group were closed",
    families: &[Family::Lifecycle],
    version: 4,
    needs: &[Need::Account(AccountColumn::ClosedAt)],
    source: include_str!("succession.rs"),
};

/// Hours between a closure and the newcomer: the published 72, and shorter ones for dense networks.
const HORIZONS_HOURS: [i64; 3] = [6, 24, 72];

/// The share of answered closures must be this many times the expected one.
const MINIMUM_RATIO: f64 = 1.3;

/// Most dated statements a finding adds to a timeline.
const MOST_DATES: usize = 12;

/// The test.
pub struct Succession;

impl GroupTest for Succession {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        let span_us = population.log_last_us() - population.log_first_us();
        if span_us < 3 * DAY_US {
            return Some("the log covers less than three days".to_owned());
        }
        (population.cell_hours > 6).then(|| {
            format!(
                "activity is kept in buckets of {} hours only",
                population.cell_hours
            )
        })
    }

    fn may_count(&self) -> bool {
        true
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let closings = Closings::read(population);
        let mut partial = closings.partial();
        if !population
            .profiles
            .iter()
            .flatten()
            .any(|profile| profile.created_at_us.is_some())
        {
            partial.push(
                "without accounts.created_at new accounts cannot be told from waiting ones"
                    .to_owned(),
            );
        }
        Prepared {
            partial,
            look: Box::new(move |group| look(population, &closings, group)),
        }
    }
}

/// What a newcomer has in common with a closed account, beside the group.
#[derive(Debug, Clone, Copy)]
enum Way {
    Group,
    Key,
    Work,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Key => "key",
            Self::Work => "work",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Group => "another account of the group",
            Self::Key => "another account on the same card, address or series",
            Self::Work => {
                "another account with the same texts or template, as far as the sampled texts tell,"
            }
        }
    }
}

fn look(population: &Population<'_>, closings: &Closings, group: &Group) -> Look {
    let closed: Vec<(u32, i64)> = group
        .accounts
        .iter()
        .filter_map(|account| {
            let at = closings.at_us.get(*account as usize).copied().flatten()?;
            Some((*account, at))
        })
        .collect();
    if closed.len() < FEWEST_CLOSURES {
        return Look::untested("fewer than three closures within the log in the group");
    }
    let mut arrivals: Vec<i64> = group
        .accounts
        .iter()
        .map(|account| population.first(*account))
        .collect();
    arrivals.sort_unstable();
    let arrivals = Rc::new(arrivals);
    let all: Vec<Closed> = closed
        .iter()
        .map(|(_, at_us)| Closed {
            at_us: *at_us,
            arrivals_us: Rc::clone(&arrivals),
        })
        .collect();
    let by_key = heirs::by_key(population, group, &closed);
    let by_work = heirs::by_work(population, group, &closed);
    let ways = [
        (&all, Way::Group),
        (&by_key, Way::Key),
        (&by_work, Way::Work),
    ];
    let by_hour = closings.by_hour(population, &group.accounts);
    let tried = (ways.len() * HORIZONS_HOURS.len()) as u64;
    let log_us = (population.log_first_us(), population.log_last_us());
    let mut best: Option<(Measured, Way, i64)> = None;
    for horizon_hours in HORIZONS_HOURS {
        for (kin, way) in ways {
            let Some(measured) = measure(kin, horizon_hours, &by_hour, log_us) else {
                continue;
            };
            if measured.share < MINIMUM_RATIO * measured.expected {
                continue;
            }
            if best
                .as_ref()
                .is_none_or(|(best, _, _)| measured.bits > best.bits)
            {
                best = Some((measured, way, horizon_hours));
            }
        }
    }
    let Some((measured, way, horizon_hours)) = best.filter(|(best, _, _)| best.bits > 0.0) else {
        return Look::default();
    };
    Look {
        findings: vec![word(
            population,
            group,
            &closed,
            &measured,
            (way, horizon_hours),
            tried,
        )],
        partial: Vec::new(),
    }
}

fn word(
    population: &Population<'_>,
    group: &Group,
    closed: &[(u32, i64)],
    measured: &Measured,
    (way, horizon_hours): (Way, i64),
    tried: u64,
) -> GroupFinding {
    let horizon_us = horizon_hours * HOUR_US;
    let mut closed_at: Vec<i64> = closed.iter().map(|(_, at)| *at).collect();
    closed_at.sort_unstable();
    // A closure lies before the first request, so it is never the account's own.
    let follows = |account: u32| {
        let first = population.first(account);
        let next = closed_at.partition_point(|at| *at < first - horizon_us);
        closed_at.get(next).is_some_and(|at| *at < first)
    };
    let newcomers: Vec<u32> = group
        .accounts
        .iter()
        .copied()
        .filter(|account| follows(*account))
        .collect();
    let waiting = newcomers
        .iter()
        .filter(|account| {
            population.profile(**account).is_some_and(|profile| {
                profile
                    .created_at_us
                    .is_some_and(|created| created < population.first(**account) - 3 * DAY_US)
            })
        })
        .count();
    let mut accounts: Vec<u32> = closed
        .iter()
        .map(|(account, _)| *account)
        .chain(newcomers.iter().copied())
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    let whom = way.words();
    let statement = format!(
        "after {} of {} closures (in {} {}) {whom} began within {horizon_hours} hours: {:.0} % of the closures of a wave on average, {:.0} % expected{}",
        measured.answered,
        measured.closures,
        measured.waves,
        if measured.waves == 1 { "wave" } else { "waves" },
        measured.share * 100.0,
        measured.expected * 100.0,
        if waiting > 0 {
            format!("; {waiting} of the newcomers had been waiting for three days and more")
        } else {
            String::new()
        },
    );
    GroupFinding {
        family: Family::Lifecycle,
        standing: Standing::Counts,
        about: way.name().to_owned(),
        accounts,
        bits: measured.bits,
        tried,
        measure: format!("share of closures followed by {whom} within {horizon_hours} hours"),
        measured: measured.share,
        expected: measured.expected,
        n: measured.closures,
        threshold: MINIMUM_RATIO * measured.expected,
        statement,
        null_model: "closure times moved wave by wave within half a week, at the hours of the week of the log's closures and beginnings; first requests stay where they are".to_owned(),
        innocent: "a customer base in which some leave and others come, or staff that changes".to_owned(),
        would_clear: "the persons behind the newcomers, shown to be unconnected with those behind the closed accounts".to_owned(),
        first_us: closed.iter().map(|(_, at)| *at).min(),
        last_us: closed.iter().map(|(_, at)| at + horizon_us).max(),
        dates: dates(population, &newcomers, horizon_hours),
    }
}

/// The days on which most newcomers began.
fn dates(population: &Population<'_>, newcomers: &[u32], horizon_hours: i64) -> Vec<TimelineEntry> {
    let mut firsts: Vec<i64> = newcomers
        .iter()
        .map(|account| population.first(*account))
        .collect();
    firsts.sort_unstable();
    let mut days: Vec<(usize, i64)> = firsts
        .chunk_by(|a, b| a.div_euclid(DAY_US) == b.div_euclid(DAY_US))
        .filter_map(|day| Some((day.len(), *day.first()?)))
        .collect();
    days.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let left_out: usize = days.iter().skip(MOST_DATES).map(|(count, _)| count).sum();
    days.truncate(MOST_DATES);
    days.into_iter()
        .enumerate()
        .map(|(place, (count, at_us))| {
            let mut statement = match count {
                1 => format!("1 account begins within {horizon_hours} hours after a closure"),
                _ => format!("{count} accounts begin within {horizon_hours} hours after closures"),
            };
            if place == 0 && left_out > 0 {
                statement.push_str(&format!(
                    " (the day with most); {left_out} more on days that are not listed"
                ));
            }
            TimelineEntry {
                at_us,
                kind: "replacement".to_owned(),
                statement,
                accounts: count as u64,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::stats::random::Random;

    const DAYS: i64 = 21;

    fn hour(random: &mut Random, most: i64) -> i64 {
        i64::try_from(random.below(u64::try_from(most).unwrap())).unwrap()
    }

    /// A log of three weeks in which strangers come and are closed now and then.
    fn strangers(random: &mut Random, members: u32) -> World {
        let mut world = World::new(300, &["m"]);
        for account in members..300 {
            world.put(account, hour(random, DAYS * 24), 0, 1);
            if random.unit_f64() < 0.3 {
                let day = hour(random, DAYS);
                close(&mut world, account, day * 24 + 8 + hour(random, 9));
            }
        }
        world.put(299, 0, 0, 1);
        world.put(299, DAYS * 24, 0, 1);
        world
    }

    fn close(world: &mut World, account: u32, hour: i64) {
        let profile = world.profile(account);
        profile.closed_at_us = Some(hour * HOUR_US);
        profile.status = Some("banned".to_owned());
    }

    fn group(accounts: std::ops::Range<u32>) -> Group {
        Group {
            name: "test".to_owned(),
            accounts: accounts.collect(),
        }
    }

    fn bits(world: &World, members: u32) -> f64 {
        let population = world.population();
        let prepared = Succession.prepare(&population);
        (prepared.look)(&group(0..members))
            .findings
            .first()
            .map_or(0.0, |finding| finding.bits - (finding.tried as f64).log2())
    }

    #[test]
    fn independent_comings_and_goings_are_found_no_more_often_than_stated() {
        let mut below = 0;
        for repetition in 0..200 {
            let mut random = Random::new(repetition);
            let mut world = strangers(&mut random, 40);
            // Bursts of arrivals in working hours, closures in working hours, both clumped.
            for account in 0..40 {
                let burst = hour(&mut random, 6) * 3;
                world.put(account, burst * 24 + 8 + hour(&mut random, 9), 0, 2);
                if random.unit_f64() < 0.6 {
                    let day = 2 + hour(&mut random, 9) * 2;
                    close(&mut world, account, day * 24 + 8 + hour(&mut random, 9));
                }
            }
            below += u32::from(bits(&world, 40) >= 20.0_f64.log2());
        }
        // 200 at 5 %: 10 expected, three standard deviations more is 19.
        assert!(below <= 19, "{below} of 200");
    }

    #[test]
    fn replacements_within_hours_are_found() {
        let mut found = 0;
        for repetition in 0..20 {
            let mut random = Random::new(500 + repetition);
            let mut world = strangers(&mut random, 40);
            // Twenty slots in chains: closed after a while, replaced within five hours.
            for slot in 0..20 {
                let closed = 48 + hour(&mut random, 16 * 24);
                world.put(slot, hour(&mut random, 12), 0, 5);
                close(&mut world, slot, closed);
                world.put(20 + slot, closed + 1 + hour(&mut random, 5), 0, 5);
            }
            found += u32::from(bits(&world, 40) >= 10.0);
        }
        assert!(found >= 18, "{found} of 20");
    }

    #[test]
    fn a_few_waves_that_are_replaced_at_once_are_found() {
        let mut found = 0;
        for repetition in 0..20 {
            let mut random = Random::new(900 + repetition);
            let mut world = strangers(&mut random, 60);
            for wave in 0..3 {
                let closed = 96 + wave * 168 + hour(&mut random, 24);
                for slot in 0..10 {
                    let account = u32::try_from(wave * 10 + slot).unwrap();
                    world.put(account, hour(&mut random, 12), 0, 5);
                    close(&mut world, account, closed);
                    world.put(30 + account, closed + 1 + hour(&mut random, 4), 0, 5);
                }
            }
            found += u32::from(bits(&world, 60) >= 8.0);
        }
        assert!(found >= 18, "{found} of 20");
    }

    /// A group in which somebody begins every few hours; half of it is closed by and by. Who
    /// follows within five hours goes on with the texts of the closed one, where `inherits`.
    fn shared_out(random: &mut Random, inherits: bool) -> World {
        let mut world = strangers(random, 240);
        for slot in 0..120_u32 {
            let closed = 48 + i64::from(slot) * 3 + hour(random, 3);
            let begins = if inherits {
                closed + 1 + hour(random, 5)
            } else {
                48 + hour(random, 380)
            };
            for (account, hour) in [(slot, hour(random, 24)), (120 + slot, begins)] {
                world.put(account, hour, 0, 5);
                for text in 0..3 {
                    world.say(account, u64::from(1_000 + slot * 3 + text), 1, (hour, hour));
                }
            }
            close(&mut world, slot, closed);
        }
        world
    }

    #[test]
    fn who_goes_on_with_the_work_of_a_closed_account_is_seen() {
        let (mut found, mut below) = (0, 0);
        for repetition in 0..20 {
            let mut random = Random::new(700 + repetition);
            let world = shared_out(&mut random, true);
            let population = world.population();
            let look = (Succession.prepare(&population).look)(&group(0..240));
            found += u32::from(look.findings.first().is_some_and(|finding| {
                finding.about == "work" && finding.bits - (finding.tried as f64).log2() >= 10.0
            }));
        }
        assert!(found >= 18, "{found} of 20");
        for repetition in 0..200 {
            let mut random = Random::new(2_000 + repetition);
            below += u32::from(bits(&shared_out(&mut random, false), 240) >= 20.0_f64.log2());
        }
        // 200 at 5 %: 10 expected, three standard deviations more is 19.
        assert!(below <= 19, "{below} of 200");
    }

    #[test]
    fn one_wave_is_one_coincidence() {
        let mut random = Random::new(3);
        let mut world = strangers(&mut random, 40);
        for slot in 0..20 {
            world.put(slot, hour(&mut random, 12), 0, 5);
            close(&mut world, slot, 240);
            world.put(20 + slot, 242, 0, 5);
        }
        let found = bits(&world, 40);
        assert!(found < 10.0, "{found}");
    }

    #[test]
    fn what_cannot_be_tested_is_said() {
        let mut world = World::new(3, &["m"]);
        world.put(0, 0, 0, 1);
        world.put(0, 200, 0, 1);
        world.profile(0).status = Some("banned".to_owned());
        world.profile(1).closed_at_us = Some(-5);
        let population = world.population();
        assert_eq!(Succession.blocked(&population), None);
        let prepared = Succession.prepare(&population);
        assert_eq!(prepared.partial.len(), 3, "{:?}", prepared.partial);
        let look = (prepared.look)(&group(0..3));
        assert_eq!(
            look.partial,
            ["fewer than three closures within the log in the group"]
        );
        let mut short = World::new(1, &["m"]);
        short.put(0, 5, 0, 1);
        assert!(Succession.blocked(&short.population()).is_some());
    }
}
