//! Requests per day as bars, with dated events of the platform above them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::event::{Event, EventKind};
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
    end: String,
    max: u64,
    unit: String,
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

/// Lays out days with their requests; days between them count as silent.
pub(crate) fn timeline(daily_requests: &[(i64, u64)], events: &[Event]) -> Timeline {
    let first = daily_requests
        .iter()
        .map(|(day, _)| day_start(*day))
        .min()
        .unwrap_or(0);
    let last = daily_requests
        .iter()
        .map(|(day, _)| day_start(*day))
        .max()
        .unwrap_or(first);
    let days = last.saturating_sub(first) / DAY_US + 1;
    let days_per_bar = days.saturating_add(BARS - 1) / BARS;
    let bars = days.saturating_add(days_per_bar - 1) / days_per_bar;
    let mut heights = vec![0_u64; usize::try_from(bars).unwrap_or(1)];
    for (day, requests) in daily_requests {
        let index = (day_start(*day).saturating_sub(first) / DAY_US) / days_per_bar;
        if let Some(height) = usize::try_from(index)
            .ok()
            .and_then(|index| heights.get_mut(index))
        {
            *height = height.saturating_add(*requests);
        }
    }
    let max = heights.iter().copied().max().unwrap_or(0);
    // few days give a few slim bars, not slabs
    let slot = (WIDTH / heights.len() as f64).min(48.0);
    let plot = Plot {
        first,
        slot,
        days_per_bar,
    };
    Timeline {
        bars: bar_path(&heights, max, slot),
        weekends: if days_per_bar == 1 {
            plot.weekends(heights.len())
        } else {
            String::new()
        },
        ticks: plot.ticks(heights.len()),
        marks: plot.marks(events, heights.len()),
        end: format!("{:.1}", heights.len() as f64 * slot),
        max,
        unit: if days_per_bar == 1 {
            "day".to_owned()
        } else {
            format!("{days_per_bar} days")
        },
        text: in_words(daily_requests, first, last),
    }
}

fn bar_path(heights: &[u64], max: u64, slot: f64) -> String {
    let mut path = String::new();
    for (index, &requests) in heights
        .iter()
        .enumerate()
        .filter(|(_, requests)| **requests > 0)
    {
        let height = (requests as f64 / max as f64 * HEIGHT).max(1.0);
        let (x, width) = (index as f64 * slot + slot * 0.08, slot * 0.84);
        let _ = write!(
            path,
            "M{x:.1} {HEIGHT}v-{height:.1}h{width:.1}v{height:.1}z"
        );
    }
    path
}

struct Plot {
    first: i64,
    slot: f64,
    days_per_bar: i64,
}

impl Plot {
    fn day_of(&self, bar: usize) -> i64 {
        let days = i64::try_from(bar)
            .unwrap_or(0)
            .saturating_mul(self.days_per_bar);
        self.first.saturating_add(days.saturating_mul(DAY_US))
    }

    fn weekends(&self, bars: usize) -> String {
        let mut path = String::new();
        for bar in (0..bars).filter(|bar| is_weekend(self.day_of(*bar))) {
            let (x, width) = (bar as f64 * self.slot, self.slot);
            let _ = write!(path, "M{x:.1} 0h{width:.1}v{HEIGHT}h-{width:.1}z");
        }
        path
    }

    fn ticks(&self, bars: usize) -> Vec<Tick> {
        let room = (bars as f64 * self.slot / 110.0).floor().max(1.0) as usize;
        let step = bars.div_ceil(room).max(1);
        (0..bars)
            .step_by(step)
            .map(|bar| Tick {
                x: format!("{:.1}", bar as f64 * self.slot),
                label: format::day(self.day_of(bar)),
            })
            .collect()
    }

    fn marks(&self, events: &[Event], bars: usize) -> Vec<Mark> {
        let bar_us = self.days_per_bar.saturating_mul(DAY_US).max(1);
        let inside = events.iter().filter_map(|event| {
            let position = event.timestamp_us.saturating_sub(self.first) as f64 / bar_us as f64;
            (0.0..=bars as f64)
                .contains(&position)
                .then_some((event, position))
        });
        inside
            .take(EVENTS)
            .enumerate()
            .map(|(index, (event, position))| Mark {
                x: format!("{:.1}", position * self.slot),
                number: index + 1,
                kind: kind_name(event.kind),
                name: event.name.clone(),
                timestamp_us: event.timestamp_us,
            })
            .collect()
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
        let line = timeline(&[(0, 4), (3 * DAY_US, 9)], &[]);
        assert_eq!(line.bars.matches('M').count(), 2);
        assert_eq!(line.max, 9);
        assert_eq!(
            line.text,
            "2 days with requests out of 4, 1970-01-01 to 1970-01-04; busiest 1970-01-04 with 9 requests."
        );
    }

    #[test]
    fn any_span_stays_drawable() {
        let line = timeline(&[(i64::MIN, 1), (i64::MAX, u64::MAX), (0, u64::MAX)], &[]);
        assert!(line.bars.len() < 10_000);
        assert_eq!(timeline(&[], &[]).text, "No requests.");
        let year: Vec<(i64, u64)> = (0..365).map(|day| (day * DAY_US, 1)).collect();
        let line = timeline(&year, &[]);
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
        );
        assert_eq!(line.marks.len(), 1);
        assert_eq!(line.marks[0].x, "24.0");
    }
}
