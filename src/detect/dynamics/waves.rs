//! Waves of closures, and whether somebody begins after them more often than after other times.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::detect::dynamics::closings::hour_of_week;
use crate::detect::population::HOUR_US;
use crate::model::week::HOURS_PER_WEEK;
use crate::stats::chernoff::{Discrete, Term, upper_tail_log2};

/// Closure times are moved by up to this many hours either way: half a week.
const MOVED_HOURS: i64 = 84;

/// Waves that can be moved over so many hours, three days, without coming near their neighbours are
/// tested as independent (ours: with fewer, half of the evidence from moving over a week is more).
const SPARSE_HOURS: i64 = 72;

/// Fewest closures of a group inside the log.
pub const FEWEST_CLOSURES: usize = 3;

/// The share of answered closures is rounded up to one in this many steps for the null.
const LEVELS: f64 = 16.0;

/// A closed account of a group with the times at which its possible successors begin.
pub struct Closed {
    /// When it was closed.
    pub at_us: i64,
    /// First requests of the accounts that could follow, ascending.
    pub arrivals_us: Rc<Vec<i64>>,
}

/// One horizon's result.
pub struct Measured {
    /// -log2 of the bound for the tail.
    pub bits: f64,
    /// Mean over waves of the share of closures that were answered.
    pub share: f64,
    /// The same with the waves moved.
    pub expected: f64,
    /// Waves.
    pub waves: u64,
    /// Closures.
    pub closures: u64,
    /// Closures that were answered.
    pub answered: u64,
}

/// Measures one horizon within `log_us` (first and last request); `by_hour` weighs
/// the hours of the week as times of a closure. `None` where there are too few closures.
#[must_use]
pub fn measure(
    closed: &[Closed],
    horizon_hours: i64,
    by_hour: &[u64; HOURS_PER_WEEK],
    log_us: (i64, i64),
) -> Option<Measured> {
    if closed.len() < FEWEST_CLOSURES {
        return None;
    }
    let width_us = 2 * horizon_hours * HOUR_US;
    let mut by_time: Vec<&Closed> = closed.iter().collect();
    by_time.sort_by_key(|one| one.at_us);
    let waves = in_waves(&by_time, width_us);
    let windows = windows(&waves, horizon_hours);
    let mut distributions = Vec::with_capacity(waves.len());
    let mut terms = Vec::with_capacity(waves.len());
    let (mut observed, mut expected) = (0.0, 0.0);
    let mut answered = 0;
    for (place, wave) in waves.iter().enumerate() {
        let window = windows
            .as_ref()
            .and_then(|windows| windows.get(place).cloned())
            .unwrap_or(-MOVED_HOURS..=MOVED_HOURS);
        let share = answered_share(wave, 0, horizon_hours);
        answered += (share * wave.len() as f64).round() as u64;
        observed += share;
        let mut counts = [0_u64; LEVELS as usize + 1];
        let (mut total, mut sum) = (0_u64, 0.0);
        for moved_hours in window {
            let moved_us = moved_hours * HOUR_US;
            let at = wave.first().map_or(0, |one| one.at_us) + moved_us;
            if !(log_us.0..=log_us.1).contains(&at) {
                continue;
            }
            let weight = by_hour[hour_of_week(at)];
            let share = answered_share(wave, moved_us, horizon_hours);
            counts[(share * LEVELS).ceil().clamp(0.0, LEVELS) as usize] += weight;
            total += weight;
            sum += share * weight as f64;
        }
        expected += if total > 0 { sum / total as f64 } else { share };
        let points: Vec<(f64, u64)> = counts
            .iter()
            .enumerate()
            .map(|(level, count)| (level as f64 / LEVELS, *count))
            .collect();
        terms.push(Term {
            weight: 1.0,
            distribution: distributions.len(),
            count: 1,
        });
        distributions.push(Discrete::from_counts(&points));
    }
    // Waves at a distance of two share no newcomers; neighbours may. By Hoelder's inequality
    // the bound for both halves together is the square root of the bound as if independent.
    let dependence = if waves.len() > 1 && windows.is_none() {
        0.5
    } else {
        1.0
    };
    Some(Measured {
        bits: -upper_tail_log2(observed, &terms, &distributions) * dependence,
        share: observed / waves.len().max(1) as f64,
        expected: expected / waves.len().max(1) as f64,
        waves: waves.len() as u64,
        closures: closed.len() as u64,
        answered,
    })
}

/// Closures in order of time, each wave as long as they lie within a width of its first.
fn in_waves<'a>(by_time: &'a [&'a Closed], width_us: i64) -> Vec<&'a [&'a Closed]> {
    let mut waves = Vec::new();
    let mut left = by_time;
    while let Some(first) = left.first() {
        let until = first.at_us.saturating_add(width_us);
        let (wave, rest) = left.split_at(left.partition_point(|closed| closed.at_us < until));
        waves.push(wave);
        left = rest;
    }
    waves
}

/// By how many hours each wave may be moved without coming near a neighbour's newcomers: up to
/// half way to the neighbours. `None` where the waves follow each other too closely for that.
fn windows(waves: &[&[&Closed]], horizon_hours: i64) -> Option<Vec<std::ops::RangeInclusive<i64>>> {
    let hours_between = |earlier: &[&Closed], later: &[&Closed]| {
        let (Some(end), Some(start)) = (earlier.last(), later.first()) else {
            return 0;
        };
        (start.at_us - end.at_us) / HOUR_US
    };
    (0..waves.len())
        .map(|place| {
            let before = place.checked_sub(1).map_or(2 * MOVED_HOURS, |last| {
                hours_between(waves[last], waves[place])
            });
            let after = waves
                .get(place + 1)
                .map_or(4 * MOVED_HOURS, |next| hours_between(waves[place], next));
            let (back, on) = (before / 2, after / 2 - horizon_hours);
            (back + on >= SPARSE_HOURS).then(|| -back.min(MOVED_HOURS)..=on.clamp(0, MOVED_HOURS))
        })
        .collect()
}

/// Share of a wave's closures for which somebody begins within the horizon, no newcomer
/// answering two closures of one wave with the same successors.
fn answered_share(wave: &[&Closed], moved_us: i64, horizon_hours: i64) -> f64 {
    let horizon_us = horizon_hours * HOUR_US;
    let mut answered = 0_usize;
    // Closures are in order of time, so for each list of arrivals a cursor suffices.
    let mut used: FxHashMap<*const Vec<i64>, usize> = FxHashMap::default();
    for one in wave {
        let from = one.at_us + moved_us;
        let cursor = used.entry(Rc::as_ptr(&one.arrivals_us)).or_insert(0);
        let next = one
            .arrivals_us
            .partition_point(|at| *at <= from)
            .max(*cursor);
        if one
            .arrivals_us
            .get(next)
            .is_some_and(|at| *at <= from + horizon_us)
        {
            *cursor = next + 1;
            answered += 1;
        }
    }
    answered as f64 / wave.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_not_cut_where_a_day_ends() {
        let closed: Vec<Closed> = [-1, 1, 11, 12, 30]
            .map(|hour| Closed {
                at_us: hour * HOUR_US,
                arrivals_us: Rc::new(Vec::new()),
            })
            .into();
        let by_time: Vec<&Closed> = closed.iter().collect();
        let sizes: Vec<usize> = in_waves(&by_time, 12 * HOUR_US)
            .into_iter()
            .map(<[&Closed]>::len)
            .collect();
        assert_eq!(sizes, [2, 2, 1]);
        assert!(in_waves(&[], HOUR_US).is_empty());
    }

    #[test]
    fn a_newcomer_answers_one_closure_of_a_wave() {
        let arrivals = Rc::new(vec![10 * HOUR_US]);
        let one = Closed {
            at_us: 8 * HOUR_US,
            arrivals_us: Rc::clone(&arrivals),
        };
        let two = Closed {
            at_us: 9 * HOUR_US,
            arrivals_us: arrivals,
        };
        assert!((answered_share(&[&one, &two], 0, 6) - 0.5).abs() < 1e-12);
        assert!(answered_share(&[&one, &two], 3 * HOUR_US, 6).abs() < 1e-12);
    }
}
