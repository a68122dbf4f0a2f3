//! Accounts that appear and accounts that fall silent, below the requests per day: where
//! closed accounts are replaced, the one follows the other.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::campaign::Member;
use crate::report::chart::axis::Axis;
use crate::report::format::{count, day, plural};

/// Height of each half in SVG units.
const HALF: f64 = 26.0;

/// Two rows of bars on the time axis of the requests.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Turnover {
    /// Bars above the line: accounts seen for the first time.
    appearing: String,
    /// Bars below it: accounts seen for the last time.
    silent: String,
    half: f64,
    max: u64,
    /// The same in words.
    pub(crate) text: String,
}

/// Counts members by the bar in which they were first and last seen.
pub(crate) fn turnover(members: &[Member], axis: &Axis) -> Turnover {
    let mut appearing = vec![0_u64; axis.bars()];
    let mut silent = vec![0_u64; axis.bars()];
    let add = |counts: &mut Vec<u64>, timestamp_us: i64| {
        if let Some(number) = axis
            .bar_of(timestamp_us)
            .and_then(|bar| counts.get_mut(bar))
        {
            *number += 1;
        }
    };
    for member in members {
        add(&mut appearing, member.first_us);
        add(&mut silent, member.last_us);
    }
    let max = appearing.iter().chain(&silent).copied().max().unwrap_or(0);
    Turnover {
        appearing: bars(&appearing, max, axis, true),
        silent: bars(&silent, max, axis, false),
        half: HALF,
        max,
        text: format!(
            "{}. {}.",
            most(&appearing, axis, "seen for the first time"),
            most(&silent, axis, "seen for the last time")
        ),
    }
}

fn bars(counts: &[u64], max: u64, axis: &Axis, up: bool) -> String {
    let mut path = String::new();
    for (bar, number) in counts.iter().enumerate().filter(|(_, number)| **number > 0) {
        let height = (*number as f64 / max.max(1) as f64 * HALF).max(1.5);
        let (x, width) = axis.slot_of(bar);
        let sign = if up { "-" } else { "" };
        let back = if up { "" } else { "-" };
        let _ = write!(
            path,
            "M{x:.1} {HALF}v{sign}{height:.1}h{width:.1}v{back}{height:.1}z"
        );
    }
    path
}

/// `Most accounts seen for the first time: 12 on 2026-02-10.`
fn most(counts: &[u64], axis: &Axis, what: &str) -> String {
    let top = counts
        .iter()
        .enumerate()
        .max_by_key(|(bar, number)| (**number, std::cmp::Reverse(*bar)));
    match top {
        Some((bar, number)) if *number > 0 => format!(
            "Most accounts {what}: {} of {} {} {}",
            count(*number),
            plural(counts.iter().sum(), "account"),
            axis.preposition(),
            day(axis.day_of(bar))
        ),
        _ => format!("No account {what} in this span"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::format::DAY_US;
    use crate::report::sample;

    #[test]
    fn members_are_counted_on_their_first_and_last_day() {
        let mut member = sample::three_campaigns().case.campaigns[0].members[0].clone();
        member.first_us = 5;
        member.last_us = 3 * DAY_US;
        let mut other = member.clone();
        other.last_us = 9 * DAY_US;
        let axis = Axis::over(&[(0, 1), (3 * DAY_US, 1)]);
        let drawn = turnover(&[member, other], &axis);
        assert_eq!(drawn.appearing.matches('M').count(), 1);
        assert_eq!(
            drawn.silent.matches('M').count(),
            1,
            "a last day beyond the span is not drawn"
        );
        assert_eq!(drawn.max, 2);
        assert_eq!(
            drawn.text,
            "Most accounts seen for the first time: 2 of 2 accounts on 1970-01-01. Most accounts seen for the last time: 1 of 1 account on 1970-01-04."
        );
    }

    #[test]
    fn broken_clocks_are_no_matter() {
        let mut member = sample::three_campaigns().case.campaigns[0].members[0].clone();
        member.first_us = i64::MIN;
        member.last_us = i64::MAX;
        let drawn = turnover(&[member], &Axis::over(&[]));
        assert!(drawn.text.contains("No account"), "{}", drawn.text);
    }
}
