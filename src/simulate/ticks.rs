//! Requests before they have words: who sends what and when, one day at a time.

use rayon::prelude::*;

use crate::simulate::clocks;
use crate::simulate::fleets;
use crate::simulate::places::COUNTRIES;
use crate::simulate::random::{Random, mix};
use crate::simulate::world::{Account, DAY_US, HOUR_US, Habit, Occasion, SECOND_US, World};

/// One request to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick {
    pub(crate) at_us: i64,
    pub(crate) account: u32,
    pub(crate) source: u16,
    /// Position in its conversation.
    pub(crate) turn: u16,
    /// Seed of the conversation.
    pub(crate) session: u64,
    /// Item of a bank.
    pub(crate) item: u64,
    /// Seed of the row.
    pub(crate) draw: u64,
    /// Refused for lack of quota; the same item follows through another account.
    pub(crate) rate_limited: bool,
}

/// Accounts handled as one parallel task; any number gives the same rows.
const ACCOUNTS_PER_TASK: usize = 2_048;

/// All requests of one day in order of time, with those of earlier days that ran over.
pub(crate) fn day(world: &World, day: u32, carried: &mut Vec<Tick>) -> Vec<Tick> {
    let start_us = world.start_us + i64::from(day) * DAY_US;
    let end_us = start_us + DAY_US;
    let mut ticks: Vec<Tick> = std::mem::take(carried);
    let parts: Vec<Vec<Tick>> = world
        .accounts
        .par_chunks(ACCOUNTS_PER_TASK)
        .enumerate()
        .map(|(chunk, accounts)| {
            let mut part = Vec::new();
            for (at, account) in accounts.iter().enumerate() {
                own_day(
                    account,
                    (chunk * ACCOUNTS_PER_TASK + at) as u32,
                    start_us,
                    &mut part,
                );
            }
            part
        })
        .collect();
    for part in parts {
        ticks.extend(part);
    }
    let parts: Vec<Vec<Tick>> = world
        .fleets
        .par_iter()
        .map(|fleet| fleets::day(fleet, day, start_us))
        .collect();
    for part in parts {
        ticks.extend(part);
    }
    for occasion in world
        .occasions
        .iter()
        .filter(|occasion| (start_us..end_us).contains(&occasion.start_us))
    {
        hold(world, occasion, &mut ticks);
    }
    ticks.par_sort_unstable();
    let split = ticks.partition_point(|tick| tick.at_us < end_us);
    *carried = ticks.split_off(split);
    ticks
}

/// A person's or a machine's own day.
fn own_day(account: &Account, index: u32, start_us: i64, ticks: &mut Vec<Tick>) {
    let Some(habit) = account.habit else { return };
    let until_us = account.closing.map_or(i64::MAX, |closing| closing.at_us);
    if account.first_us >= start_us + DAY_US || until_us <= start_us {
        return;
    }
    let epoch_day = start_us / DAY_US;
    let mut random = Random::new(mix(account.key, epoch_day as u64));
    if !random.chance(f64::from(habit.active_share)) {
        return;
    }
    let offset = COUNTRIES
        .get(usize::from(account.country))
        .map_or(0, |country| i64::from(country.offset_minutes));
    // People differ in when they get up.
    let shift = (mix(account.key, 0x51f7) % 240) as i64 - 120;
    let table = clocks::utc_day(habit.clock, epoch_day, offset + shift);
    let load = table[23] / clocks::mean_day(habit.clock);
    let mean =
        f64::from(habit.rate) * load * ramp(account, start_us) / f64::from(habit.turns.max(1.0));
    for _ in 0..random.poisson(mean) {
        let hour = random.weighted(&table) as i64;
        let mut at_us = start_us + hour * HOUR_US + random.below(HOUR_US as u64) as i64;
        let session = random.next();
        let turns = 1 + random.poisson(f64::from(habit.turns - 1.0));
        for turn in 0..turns {
            if (account.first_us..until_us).contains(&at_us) {
                ticks.push(tick(&habit, index, at_us, turn, session, random.next()));
            }
            at_us += (random.log_normal(70.0, 1.0) * SECOND_US as f64) as i64;
        }
    }
}

fn tick(habit: &Habit, account: u32, at_us: i64, turn: u64, session: u64, draw: u64) -> Tick {
    Tick {
        at_us,
        account,
        source: habit.source,
        turn: turn.min(999) as u16,
        session,
        item: 0,
        draw,
        rate_limited: false,
    }
}

/// Ordinary newcomers start slowly; campaign accounts have no such phase.
fn ramp(account: &Account, start_us: i64) -> f64 {
    if account.campaign.is_some() {
        return 1.0;
    }
    let age_days = (start_us - account.created_us).max(0) as f64 / DAY_US as f64;
    (0.35 + age_days / 14.0).min(1.0)
}

/// The requests of everyone who takes part in an occasion.
fn hold(world: &World, occasion: &Occasion, ticks: &mut Vec<Tick>) {
    for member in occasion.members.clone() {
        let Some(account) = world.accounts.get(member as usize) else {
            continue;
        };
        let mut random = Random::new(mix(occasion.key, account.key));
        if !random.chance(occasion.participation) {
            continue;
        }
        let (fewest, most) = occasion.rows;
        let rows = fewest + random.below(most.saturating_sub(fewest) + 1);
        let mut at_us = occasion.start_us + (random.unit() * occasion.spread_us as f64) as i64;
        for row in 0..rows {
            let item = if occasion.in_order {
                row
            } else {
                random.below(1 << 40)
            };
            if at_us >= account.first_us {
                ticks.push(Tick {
                    at_us,
                    account: member,
                    source: occasion.source,
                    turn: 0,
                    session: random.next(),
                    item,
                    draw: random.next(),
                    rate_limited: false,
                });
            }
            at_us += random.exponential(occasion.pause_us) as i64 + SECOND_US;
        }
    }
}
