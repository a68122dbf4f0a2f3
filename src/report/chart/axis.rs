//! The time axis that the charts of a campaign share: days as bars of equal width, and the
//! dated events above them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::event::{Event, EventKind};
use crate::report::format::{self, DAY_US, day_start, is_weekend};

/// Width of the plot in SVG units.
const WIDTH: f64 = 960.0;
/// Height of the bars in SVG units.
pub(crate) const HEIGHT: f64 = 120.0;
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
    pub(super) x: String,
    number: usize,
    /// Outline around the number: the kind is told by shape and word, not by colour.
    shape: String,
    kind: &'static str,
    name: String,
    timestamp_us: i64,
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
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) days_per_bar: i64,
    bars: usize,
    pub(super) slot: f64,
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

    /// Saturdays and Sundays as one path, where a bar is a day.
    pub(super) fn weekends(&self) -> String {
        let mut path = String::new();
        if self.days_per_bar == 1 {
            for bar in (0..self.bars).filter(|bar| is_weekend(self.day_of(*bar))) {
                let (x, width) = (bar as f64 * self.slot, self.slot);
                let _ = write!(path, "M{x:.1} 0h{width:.1}v{HEIGHT}h-{width:.1}z");
            }
        }
        path
    }

    /// Day labels, as many as there is room for.
    pub(super) fn ticks(&self) -> Vec<Tick> {
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
    pub(super) fn marks(&self, events: &[Event]) -> (Vec<Mark>, usize) {
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
