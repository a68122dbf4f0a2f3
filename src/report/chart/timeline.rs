//! Requests per day as bars, with dated events of the platform above them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::campaign::Member;
use crate::model::event::Event;
use crate::report::chart::axis::{Axis, HEIGHT, Mark, Tick};
use crate::report::chart::turnover::{Turnover, turnover};
use crate::report::format::{self, DAY_US, count, plural};

/// A timeline ready to be drawn.
#[derive(Debug, Serialize)]
pub(crate) struct Timeline {
    bars: String,
    weekends: String,
    ticks: Vec<Tick>,
    marks: Vec<Mark>,
    /// Events inside the span beyond those marked.
    marks_left_out: usize,
    end: String,
    max: u64,
    unit: String,
    turnover: Turnover,
    /// The same in words.
    pub(crate) text: String,
}

/// Lays out days with their requests; days between them count as silent.
pub(crate) fn timeline(
    daily_requests: &[(i64, u64)],
    events: &[Event],
    members: &[Member],
) -> Timeline {
    let axis = Axis::over(daily_requests);
    let mut heights = vec![0_u64; axis.bars()];
    for (day, requests) in daily_requests {
        if let Some(height) = axis.bar_of(*day).and_then(|bar| heights.get_mut(bar)) {
            *height = height.saturating_add(*requests);
        }
    }
    let max = heights.iter().copied().max().unwrap_or(0);
    let (marks, marks_left_out) = axis.marks(events);
    Timeline {
        bars: bar_path(&heights, max, &axis),
        weekends: axis.weekends(),
        ticks: axis.ticks(),
        marks,
        marks_left_out,
        end: format!("{:.1}", axis.bars() as f64 * axis.slot),
        max,
        unit: if axis.days_per_bar == 1 {
            "day".to_owned()
        } else {
            format!("{} days", axis.days_per_bar)
        },
        turnover: turnover(members, &axis),
        text: in_words(daily_requests, axis.first, axis.last),
    }
}

fn bar_path(heights: &[u64], max: u64, axis: &Axis) -> String {
    let mut path = String::new();
    for (bar, &requests) in heights
        .iter()
        .enumerate()
        .filter(|(_, requests)| **requests > 0)
    {
        let height = (requests as f64 / max as f64 * HEIGHT).max(1.0);
        let (x, width) = axis.slot_of(bar);
        let _ = write!(
            path,
            "M{x:.1} {HEIGHT}v-{height:.1}h{width:.1}v{height:.1}z"
        );
    }
    path
}

fn in_words(daily_requests: &[(i64, u64)], first: i64, last: i64) -> String {
    let Some((busiest, most)) = daily_requests
        .iter()
        .copied()
        .max_by_key(|(day, requests)| (*requests, std::cmp::Reverse(*day)))
    else {
        return "No requests.".to_owned();
    };
    let active = daily_requests
        .iter()
        .filter(|(_, requests)| *requests > 0)
        .count();
    let days = last.saturating_sub(first) / DAY_US + 1;
    format!(
        "{} with requests out of {}, {} to {}; busiest {} with {}.",
        plural(active as u64, "day"),
        count(days.unsigned_abs()),
        format::day(first),
        format::day(last),
        format::day(busiest),
        plural(most, "request"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::EventKind;

    #[test]
    fn days_between_are_silent_and_words_agree() {
        let line = timeline(&[(0, 4), (3 * DAY_US, 9)], &[], &[]);
        assert_eq!(line.bars.matches('M').count(), 2);
        assert_eq!(line.max, 9);
        assert_eq!(
            line.text,
            "2 days with requests out of 4, 1970-01-01 to 1970-01-04; busiest 1970-01-04 with 9 requests."
        );
    }

    #[test]
    fn any_span_stays_drawable() {
        let line = timeline(
            &[(i64::MIN, 1), (i64::MAX, u64::MAX), (0, u64::MAX)],
            &[],
            &[],
        );
        assert!(line.bars.len() < 10_000);
        assert_eq!(timeline(&[], &[], &[]).text, "No requests.");
        let year: Vec<(i64, u64)> = (0..365).map(|day| (day * DAY_US, 1)).collect();
        let line = timeline(&year, &[], &[]);
        assert_eq!(line.unit, "4 days");
        assert_eq!(line.max, 4);
    }

    #[test]
    fn events_outside_the_span_are_not_marked() {
        let event = |timestamp_us| Event {
            timestamp_us,
            kind: EventKind::BanWave,
            name: "b".into(),
            model: None,
        };
        let line = timeline(
            &[(0, 1), (DAY_US, 1)],
            &[event(-1), event(DAY_US / 2), event(9 * DAY_US)],
            &[],
        );
        assert_eq!(line.marks.len(), 1);
        assert_eq!(line.marks[0].x, "24.0");
    }
}
