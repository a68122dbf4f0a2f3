//! Requests of a group's accounts in one common span of time, and surrogates of them.
//!
//! A surrogate moves the whole train of each account's requests by a random time of up to
//! three of its own gaps: rates, habits, sessions and bursts stay, who comes before whom does
//! not. What comes round in a period of its own (a scheduled job, a poll, lessons by a bell) moves by
//! whole periods and so keeps its phase. Anything else moves by whole units of the clocks that
//! programs are scheduled by (days, hours, quarters, five minutes, minutes), the largest that is
//! no longer than the account's usual gap. Full circular shifts would turn idle ends into giant
//! gaps and reject everything.

use crate::detect::group::Group;
use crate::detect::moments::{greatest_common, tick};
use crate::detect::population::Population;
use crate::detect::timing::movement::{Movement, common_period};
use crate::stats::random::Random;

/// Fewest accounts at work at one time, and fewest requests of each (ours; with fewer there is
/// no order to speak of).
const FEWEST_ACCOUNTS: usize = 5;
const FEWEST_REQUESTS: usize = 8;

/// Most requests looked at: as many as the statistics were tried on.
const MOST_REQUESTS: usize = 4_000;

/// Times of whole minutes and more tell no order.
const COARSE_US: i64 = 60 * SECOND_US;

/// A second.
pub const SECOND_US: i64 = 1_000_000;

/// Most surrogates, and how many as extreme as what is measured end the search: the sequential
/// test of Besag and Clifford (Biometrika 1991), whose p is never too small.
const MOST_SURROGATES: u32 = 999;
const ENOUGH_EXTREME: u32 = 10;

/// Requests of accounts that were at work at one time.
#[derive(Debug, Clone)]
pub struct Trains {
    /// The accounts, ascending.
    pub accounts: Vec<u32>,
    /// Span in which all of them were at work.
    pub span_us: std::ops::Range<i64>,
    trains: Vec<Train>,
    /// Largest step that all times are multiples of.
    tick_us: i64,
}

#[derive(Debug, Clone)]
struct Train {
    times_us: Vec<i64>,
    movement: Movement,
}

/// A request of the merged stream: when, and by which of [`Trains::accounts`].
pub type Event = (i64, u32);

impl Trains {
    /// The trains of a group's accounts on the day on which it sent most; `Err` says why not.
    ///
    /// # Errors
    /// Where too few accounts were at work at one time, or their times were not kept.
    pub fn of(population: &Population<'_>, group: &Group) -> Result<Self, &'static str> {
        let moments = &population.moments;
        let few = if moments.are_complete() {
            "fewer than five accounts of the group at work at one time, with eight requests each and a clock finer than minutes"
        } else {
            "fewer than five accounts of the group at work at one time, with eight requests each, in what is left of the exact times (max_moments in [digest] thins them)"
        };
        let window = busiest(population, group).ok_or(few)?;
        let whole = moments.whole_around(window.start, 4);
        let inside = |account: u32| between(moments.of(account), &window);
        let mut members: Vec<u32> = group
            .accounts
            .iter()
            .copied()
            .filter(|account| {
                inside(*account).len() >= FEWEST_REQUESTS && tick(inside(*account)) < COARSE_US
            })
            .collect();
        if members.len() < FEWEST_ACCOUNTS {
            return Err(few);
        }
        // From when three in four have begun until one in four has ended, and whoever was at work
        // early and late in it.
        let quarter = members.len() / 4;
        let mut firsts: Vec<i64> = members.iter().map(|account| inside(*account)[0]).collect();
        let mut lasts: Vec<i64> = members
            .iter()
            .filter_map(|account| inside(*account).last().copied())
            .collect();
        firsts.sort_unstable_by(|a, b| b.cmp(a));
        lasts.sort_unstable();
        let mut span = firsts[quarter]..lasts[quarter] + 1;
        let fifth = (span.end - span.start) / 5;
        let (early, late) = (span.start..span.start + fifth, span.end - fifth..span.end);
        members.retain(|account| {
            [&early, &late]
                .into_iter()
                .all(|part| !between(moments.of(*account), part).is_empty())
        });
        // Trains that come in from beyond the span must be known whole, and none may run out: what
        // a surrogate lacks at its end would pass for disorder.
        let mut reach = 0;
        let working = span.clone();
        let in_span = |account: &u32| between(moments.of(*account), &working);
        let common = common_period(members.iter().map(in_span), members.len());
        for account in &members {
            let times = between(moments.of(*account), &whole);
            let own = Movement::of(in_span(account), common).reach_us();
            reach = reach.max(own);
            if let (Some(first), Some(last)) = (times.first(), times.last()) {
                span.start = span.start.max(first.saturating_add(own));
                span.end = span.end.min(last.saturating_sub(own) + 1);
            }
        }
        span.start = span.start.max(whole.start + reach);
        span.end = span.end.min(whole.end - reach);
        if span.start >= span.end {
            return Err(few);
        }
        members.retain(|account| between(moments.of(*account), &span).len() >= FEWEST_REQUESTS);
        if members.len() < FEWEST_ACCOUNTS {
            return Err(few);
        }
        let around = span.start - reach..span.end + reach;
        let trains: Vec<Train> = members
            .iter()
            .map(|account| Train {
                times_us: between(moments.of(*account), &around).to_vec(),
                movement: Movement::of(in_span(account), common),
            })
            .collect();
        let tick_us = trains.iter().fold(0, |common, train| {
            greatest_common(common, tick(&train.times_us))
        });
        Ok(Self {
            accounts: members,
            span_us: span,
            trains,
            tick_us: tick_us.max(1),
        })
    }

    /// The merged stream within the span, each train moved by what `shift` says; requests of one
    /// tick are in random order.
    fn merged(&self, random: &mut Random, is_moved: bool) -> Vec<Event> {
        let mut events: Vec<(i64, u64, u32)> = Vec::new();
        for (index, train) in (0_u32..).zip(&self.trains) {
            let shift_us = if is_moved {
                let Movement { unit_us, steps } = train.movement;
                let choices = u64::try_from(2 * steps + 1).unwrap_or(1);
                (i64::try_from(random.below(choices)).unwrap_or(0) - steps) * unit_us
            } else {
                0
            };
            for time_us in &train.times_us {
                let moved = time_us + shift_us;
                if self.span_us.contains(&moved) {
                    events.push((moved.div_euclid(self.tick_us), random.next_u64(), index));
                }
            }
        }
        events.sort_unstable();
        events
            .into_iter()
            .map(|(tick, _, index)| (tick * self.tick_us, index))
            .collect()
    }

    /// Measures the merged stream and its surrogates.
    ///
    /// `statistic` is large where the stream is unlike what chance gives.
    #[must_use]
    pub fn measure<T>(
        &self,
        purpose: &str,
        statistic: impl Fn(&[Event], usize) -> (f64, T),
    ) -> Measured<T> {
        let mut random = Random::for_purpose(0, purpose);
        let events = self.merged(&mut random, false);
        let accounts = self.accounts.len();
        let (value, detail) = statistic(&events, accounts);
        let (mut extreme, mut sum, mut made) = (0_u32, 0.0, 0_u32);
        while made < MOST_SURROGATES && extreme < ENOUGH_EXTREME {
            let (surrogate, _) = statistic(&self.merged(&mut random, true), accounts);
            extreme += u32::from(surrogate >= value);
            sum += surrogate;
            made += 1;
        }
        let chance = if extreme >= ENOUGH_EXTREME {
            f64::from(extreme) / f64::from(made)
        } else {
            f64::from(extreme + 1) / f64::from(made + 1)
        };
        Measured {
            value,
            detail,
            expected: sum / f64::from(made),
            bits: -chance.min(1.0).log2(),
            requests: events.len() as u64,
        }
    }
}

/// What was measured of a stream.
#[derive(Debug, Clone)]
pub struct Measured<T> {
    /// The statistic.
    pub value: f64,
    /// What else it says.
    pub detail: T,
    /// Mean over surrogates.
    pub expected: f64,
    /// -log2 of the share of surrogates as extreme.
    pub bits: f64,
    /// Requests in the stream.
    pub requests: u64,
}

/// The day, or kept stretch, in which the group sent most, halved until it holds few enough requests.
fn busiest(population: &Population<'_>, group: &Group) -> Option<std::ops::Range<i64>> {
    let times = |window: &std::ops::Range<i64>| -> usize {
        group
            .accounts
            .iter()
            .map(|account| between(population.moments.of(*account), window).len())
            .sum()
    };
    let width_us = population.moments.window_us();
    let mut places: Vec<i64> = group
        .accounts
        .iter()
        .flat_map(|account| population.moments.of(*account))
        .map(|time_us| time_us.div_euclid(width_us))
        .collect();
    places.sort_unstable();
    let place = places
        .chunk_by(|a, b| a == b)
        .max_by_key(|same| (same.len(), std::cmp::Reverse(same[0])))?[0];
    let mut window = place * width_us..(place + 1) * width_us;
    let mut held = times(&window);
    while held > MOST_REQUESTS && window.end - window.start > 2 * SECOND_US {
        let middle = window.start + (window.end - window.start) / 2;
        let halves = [window.start..middle, middle..window.end];
        let counts = [times(&halves[0]), times(&halves[1])];
        let later = usize::from(counts[1] > counts[0]);
        held = counts[later];
        window = halves[later].clone();
    }
    Some(window)
}

/// Times within a span, of ascending ones.
fn between<'a>(times_us: &'a [i64], span: &std::ops::Range<i64>) -> &'a [i64] {
    let start = times_us.partition_point(|time| *time < span.start);
    let end = times_us.partition_point(|time| *time < span.end);
    times_us.get(start..end).unwrap_or(&[])
}

/// Why the log's clock cannot tell order: no exact times, or whole minutes only.
#[must_use]
pub fn coarse_clock(population: &Population<'_>) -> Option<String> {
    let moments = &population.moments;
    if moments.is_empty() {
        return Some(
            "no exact times of requests were kept ([digest] max_moments in `stillhunt config`)"
                .to_owned(),
        );
    }
    population
        .accounts()
        .flat_map(|account| moments.of(account))
        .all(|time_us| time_us % (60 * SECOND_US) == 0)
        .then(|| "the log's clock ticks once a minute, which tells no order".to_owned())
}
