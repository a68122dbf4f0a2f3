//! The time axis that the charts of a campaign share: days as bars of equal width, and the
//! dated events above them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::event::EventKind;
use crate::report::format::{self, DAY_US, day_start, is_weekend};

/// Width of the plot in SVG units.
const WIDTH: f64 = 960.0;
/// Height of the bars in SVG units.
pub(crate) const HEIGHT: f64 = 120.0;
/// Most bars drawn; longer spans put several days into one bar.
const BARS: i64 = 120;
/// Most events marked; more would hide the bars.
const EVENTS: usize = 12;
/// Flags closer than this stand one above the other.
const FLAG_WIDTH: f64 = 18.0;
/// Height of one row of flags with their numbers.
const FLAG_HEIGHT: f64 = 28.0;
/// Most rows of flags.
const FLAG_ROWS: usize = 4;

/// Words for what happens to a campaign's own accounts.
pub(super) const ACCOUNTS_CLOSED: &str = "accounts closed";
pub(super) const REPLACEMENT: &str = "replacement";
pub(super) const PIVOT: &str = "pivot";

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
    /// How far the flag is lifted over those it would hide, in SVG units.
    pub(super) lift: f64,
    number: usize,
    /// Outline around the number: the kind is told by shape and word, not by colour.
    pub(super) shape: String,
    pub(super) kind: &'static str,
    name: String,
    timestamp_us: i64,
    /// Further dates of this kind on the same bar, told by this one.
    more: u64,
}

/// Something that happened on a day.
pub(super) struct Dated<'a> {
    pub(super) timestamp_us: i64,
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
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

    /// The first dates inside the span, and how many more there are. Dates of one kind on one
    /// bar share a mark.
    pub(super) fn marks(&self, dated: &[Dated<'_>]) -> (Vec<Mark>, usize) {
        let bar_us = self.days_per_bar.saturating_mul(DAY_US).max(1);
        let inside: Vec<(&Dated<'_>, f64)> = dated
            .iter()
            .map(|date| {
                let from_start = date.timestamp_us.saturating_sub(self.first);
                (date, from_start as f64 / bar_us as f64)
            })
            .filter(|(_, position)| (0.0..=self.bars as f64).contains(position))
            .collect();
        let mut marks: Vec<Mark> = Vec::new();
        // Where the last flag of each row stands.
        let mut rows = [f64::NEG_INFINITY; FLAG_ROWS];
        let mut left_out = 0;
        for (date, position) in inside {
            let same = |mark: &&mut Mark| {
                mark.kind == date.kind
                    && self.bar_of(mark.timestamp_us) == self.bar_of(date.timestamp_us)
            };
            if let Some(mark) = marks.iter_mut().rev().find(same) {
                mark.more += 1;
                continue;
            }
            if marks.len() == EVENTS {
                left_out += 1;
                continue;
            }
            let x = position * self.slot;
            let free = rows.iter().position(|last| x - last >= FLAG_WIDTH);
            let row = free.unwrap_or(FLAG_ROWS - 1);
            if let Some(last) = rows.get_mut(row) {
                *last = x;
            }
            marks.push(Mark {
                x: format!("{x:.1}"),
                lift: row as f64 * FLAG_HEIGHT,
                number: marks.len() + 1,
                shape: shape(date.kind, x),
                kind: date.kind,
                name: date.name.to_owned(),
                timestamp_us: date.timestamp_us,
                more: 0,
            });
        }
        (marks, left_out)
    }
}

/// Outline of the flag above a date: a release is a triangle, a ban a square on its corner, a
/// policy change a square, a replacement a circle, a pivot a triangle upside down, anything
/// else a bar.
fn shape(kind: &str, x: f64) -> String {
    match kind {
        "model release" => format!("M{x:.1} -21l7 12h-14z"),
        "ban wave" | ACCOUNTS_CLOSED => format!("M{x:.1} -23l7.5 7.5l-7.5 7.5l-7.5 -7.5z"),
        "policy change" => format!("M{:.1} -21h12v12h-12z", x - 6.0),
        REPLACEMENT => format!("M{:.1} -15a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z", x - 6.0),
        PIVOT => format!("M{x:.1} -9l7 -12h-14z"),
        _ => format!("M{:.1} -18h12v6h-12z", x - 6.0),
    }
}
