//! Requests per day as bars, with dated events of the platform above them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::campaign::Member;
use crate::model::event::{Event, EventKind};
use crate::report::chart::turnover::{Turnover, turnover};
use crate::report::format::{self, DAY_US, count, day_start, is_weekend, plural};

/// Size of the plot in SVG units.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 120.0;
/// Most bars drawn; longer spans put several days into one bar.
const BARS: i64 = 120;
/// Most events marked; more would hide the bars.
const EVENTS: usize = 12;

/// A day label below the axis.
#[derive(Debug, Serialize)]
pub(crate) struct Tick {
    x: String,
    label: String,
}

/// A dated event above the bars.
#[derive(Debug, Serialize)]
pub(crate) struct Mark {
    x: String,
    number: usize,
    /// Outline around the number: the kind is told by shape and word, not by colour.
    shape: String,
    kind: &'static str,
    name: String,
    timestamp_us: i64,
}

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

/// Word for a kind of event.
pub(crate) fn kind_name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::ModelRelease => "model release",
        EventKind::BanWave => "ban wave",
        EventKind::PolicyChange => "policy change",
        EventKind::Other => "event",
    }
}

/// The days of a campaign as bars of equal width.
#[derive(Debug)]
pub(crate) struct Axis {
    first: i64,
    last: i64,
    days_per_bar: i64,
    bars: usize,
    slot: f64,
}

impl Axis {
    /// Covers all days given; at least one bar.
    pub(crate) fn over(daily_requests: &[(i64, u64)]) -> Axis {
        let starts = daily_requests.iter().map(|(day, _)| day_start(*day));
        let first = starts.clone().min().unwrap_or(0);
        let last = starts.max().unwrap_or(first);
        let days = last.saturating_sub(first) / DAY_US + 1;
        let days_per_bar = days.saturating_add(BARS - 1) / BARS;
        let bars = days.saturating_add(days_per_bar - 1) / days_per_bar;
        let bars = usize::try_from(bars).unwrap_or(1).max(1);
        Axis {
            first,
            last,
            days_per_bar,
            bars,
            // few days give a few slim bars, not slabs
            slot: (WIDTH / bars as f64).min(48.0),
        }
    }

    /// Number of bars.
    pub(crate) fn bars(&self) -> usize {
        self.bars
    }

    /// The bar of a moment; `None` outside the span.
    pub(crate) fn bar_of(&self, timestamp_us: i64) -> Option<usize> {
        let day = day_start(timestamp_us);
        if !(self.first..=self.last).contains(&day) {
            return None;
        }
        usize::try_from(day.saturating_sub(self.first) / DAY_US / self.days_per_bar).ok()
    }

    /// First day of a bar.
    pub(crate) fn day_of(&self, bar: usize) -> i64 {
        let days = i64::try_from(bar)
            .unwrap_or(0)
            .saturating_mul(self.days_per_bar);
        self.first.saturating_add(days.saturating_mul(DAY_US))
    }

    /// Left edge and width of a bar.
    pub(crate) fn slot_of(&self, bar: usize) -> (f64, f64) {
        (bar as f64 * self.slot + self.slot * 0.08, self.slot * 0.84)
    }

    /// How the first day of a bar is introduced in a sentence.
    pub(crate) fn preposition(&self) -> &'static str {
        if self.days_per_bar == 1 {
            "on"
        } else {
            "in the days from"
        }
    }

    fn weekends(&self) -> String {
        let mut path = String::new();
        if self.days_per_bar == 1 {
            for bar in (0..self.bars).filter(|bar| is_weekend(self.day_of(*bar))) {
                let (x, width) = (bar as f64 * self.slot, self.slot);
                let _ = write!(path, "M{x:.1} 0h{width:.1}v{HEIGHT}h-{width:.1}z");
            }
        }
        path
    }

    fn ticks(&self) -> Vec<Tick> {
        let room = (self.bars as f64 * self.slot / 110.0).floor().max(1.0) as usize;
        let step = self.bars.div_ceil(room).max(1);
        (0..self.bars)
            .step_by(step)
            .map(|bar| Tick {
                x: format!("{:.1}", bar as f64 * self.slot),
                label: format::day(self.day_of(bar)),
            })
            .collect()
    }

    /// The first events inside the span, and how many more there are.
    fn marks(&self, events: &[Event]) -> (Vec<Mark>, usize) {
        let bar_us = self.days_per_bar.saturating_mul(DAY_US).max(1);
        let inside: Vec<(&Event, f64)> = events
            .iter()
            .map(|event| {
                let from_start = event.timestamp_us.saturating_sub(self.first);
                (event, from_start as f64 / bar_us as f64)
            })
            .filter(|(_, position)| (0.0..=self.bars as f64).contains(position))
            .collect();
        let marks = inside
            .iter()
            .take(EVENTS)
            .enumerate()
            .map(|(index, (event, position))| {
                let x = position * self.slot;
                Mark {
                    x: format!("{x:.1}"),
                    number: index + 1,
                    shape: shape(event.kind, x),
                    kind: kind_name(event.kind),
                    name: event.name.clone(),
                    timestamp_us: event.timestamp_us,
                }
            })
            .collect();
        (marks, inside.len().saturating_sub(EVENTS))
    }
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

/// Outline of the flag above an event: a release is a triangle, a ban wave a square on its
/// corner, a policy change a square, anything else a bar.
fn shape(kind: EventKind, x: f64) -> String {
    match kind {
        EventKind::ModelRelease => format!("M{x:.1} -21l7 12h-14z"),
        EventKind::BanWave => format!("M{x:.1} -23l7.5 7.5l-7.5 7.5l-7.5 -7.5z"),
        EventKind::PolicyChange => format!("M{:.1} -21h12v12h-12z", x - 6.0),
        EventKind::Other => format!("M{:.1} -18h12v6h-12z", x - 6.0),
    }
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
