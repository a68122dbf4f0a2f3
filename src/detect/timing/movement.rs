//! By how much the train of an account's requests may be moved without taking from it what is its
//! own: its period, or the clock that it is scheduled by.

use crate::detect::moments::tick;
use crate::detect::population::DAY_US;

/// A train moves by up to this many of its own usual gaps.
const GAPS: i64 = 3;

/// Units of schedules, in microseconds.
const UNITS_US: [i64; 5] = [DAY_US, 3_600_000_000, 900_000_000, 300_000_000, 60_000_000];

/// A pause this many times as long as the usual gap parts two sessions, and so many sessions show
/// whether they come round in a period (ours).
const PAUSE: i64 = 5;
const FEWEST_SESSIONS: usize = 4;

/// A period: three in four gaps within a tenth of the usual one (ours).
const REGULAR_SHARE: f64 = 0.75;
const REGULAR_WITHIN: f64 = 0.1;

/// A job that starts a little late, now more and now less, has gaps an eighth shorter than its
/// schedule at most (ours).
const LATE: i64 = 8;

/// By what a train may move: so many units back or on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// Unit in microseconds.
    pub unit_us: i64,
    /// Most units, at least one.
    pub steps: i64,
}

impl Movement {
    /// That of a train; `common` is the period of its group, where there is one.
    #[must_use]
    pub fn of(times_us: &[i64], common: Option<i64>) -> Self {
        let tick = tick(times_us).max(1);
        let whole = |time_us: i64| (time_us / tick).max(1) * tick;
        if let Some(period) = period(times_us).or(common) {
            return Self {
                unit_us: whole(period),
                steps: GAPS,
            };
        }
        let gap = usual(gaps(times_us));
        let unit_us = UNITS_US
            .into_iter()
            .find(|unit| *unit <= gap + gap / LATE && unit % tick == 0)
            .unwrap_or(tick);
        Self {
            unit_us,
            steps: (GAPS * gap / unit_us).max(1),
        }
    }

    /// Furthest move in microseconds.
    #[must_use]
    pub fn reach_us(self) -> i64 {
        self.unit_us * self.steps
    }
}

/// Gaps between requests.
fn gaps(times_us: &[i64]) -> Vec<i64> {
    times_us.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// The median, never 0.
fn usual(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(1).max(1)
}

/// The period in which requests, or sessions of them, come round; `None` where they do not.
fn period(times_us: &[i64]) -> Option<i64> {
    let pause = usual(gaps(times_us)).saturating_mul(PAUSE);
    let starts: Vec<i64> = times_us
        .iter()
        .enumerate()
        .filter(|(place, time)| {
            place
                .checked_sub(1)
                .is_none_or(|before| **time - times_us[before] > pause)
        })
        .map(|(_, time)| *time)
        .collect();
    let rounds = if starts.len() >= FEWEST_SESSIONS {
        starts
    } else {
        times_us.to_vec()
    };
    let between = gaps(&rounds);
    let median = usual(between.clone());
    let near = between
        .iter()
        .filter(|gap| ((**gap - median) as f64).abs() <= REGULAR_WITHIN * median as f64)
        .count();
    if (near as f64) < REGULAR_SHARE * between.len() as f64 {
        return None;
    }
    // Late starts and rounds left out cancel over the whole time.
    let whole = rounds.last()? - rounds.first()?;
    let turns = (whole as f64 / median as f64).round().max(1.0);
    Some((whole as f64 / turns).round() as i64)
}

/// The period that half of the trains have in common, if there is one: the others follow the same
/// bell, though too loosely to show it.
#[must_use]
pub fn common_period<'a>(trains: impl Iterator<Item = &'a [i64]>, members: usize) -> Option<i64> {
    let periods: Vec<i64> = trains.filter_map(period).collect();
    let median = usual(periods.clone());
    let near = periods
        .iter()
        .filter(|own| ((**own - median) as f64).abs() <= REGULAR_WITHIN * median as f64)
        .count();
    (2 * near >= members).then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    fn train(starts: impl Iterator<Item = i64>) -> Vec<i64> {
        starts.map(|seconds| seconds * SECOND_US).collect()
    }

    #[test]
    fn what_comes_round_moves_by_whole_periods() {
        let late = |run: i64| run * 600 + run * run % 3;
        let jobs = train((0..30).map(late));
        let movement = Movement::of(&jobs, None);
        assert!(
            (movement.unit_us - 600 * SECOND_US).abs() < SECOND_US,
            "{movement:?}"
        );
        assert_eq!(movement.steps, GAPS);
        // Sessions of three requests every quarter of an hour.
        let bell = train((0..20).flat_map(|run| [0, 7, 19].map(|late| run * 900 + late)));
        assert_eq!(Movement::of(&bell, None).unit_us, 900 * SECOND_US);
        // No period, but one that the group has in common.
        let odd = train((0..20).map(|run| run * run * 13 + run % 3));
        assert_eq!(period(&odd), None);
        assert_eq!(
            Movement::of(&odd, Some(77 * SECOND_US)).unit_us,
            77 * SECOND_US
        );
        assert_eq!(Movement::of(&odd, None).unit_us, 60 * SECOND_US);
    }

    #[test]
    fn a_common_period_takes_half_of_the_group() {
        let bell: Vec<i64> = train((0..20).map(|run| run * 720));
        let odd = train((0..20).map(|run| run * run * 13 + run % 3));
        let group = [
            bell.as_slice(),
            bell.as_slice(),
            odd.as_slice(),
            odd.as_slice(),
        ];
        assert_eq!(common_period(group.into_iter(), 4), Some(720 * SECOND_US));
        assert_eq!(common_period(group.into_iter().skip(1), 3), None);
    }

    #[test]
    fn an_empty_train_moves_by_three_gaps() {
        assert_eq!(Movement::of(&[], None).steps, GAPS);
    }
}
