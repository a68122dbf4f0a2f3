//! Requests per day as bars; above them what the platform did (releases, bans) and what became
//! of the campaign's accounts (closed, replaced, moved to a new model).

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::campaign::{Member, TimelineEntry};
use crate::model::event::Event;
use crate::report::chart::axis::{
    ACCOUNTS_CLOSED, Axis, Dated, HEIGHT, Mark, PIVOT, REPLACEMENT, Tick, kind_name,
};
use crate::report::chart::turnover::{Turnover, turnover};
use crate::report::format::{self, DAY_US, count, plural};

/// Top edge of the drawing with one row of flags, and its height.
const TOP: f64 = -44.0;
const TALL: f64 = 252.0;

/// A timeline ready to be drawn.
#[derive(Debug, Serialize)]
pub(crate) struct Timeline {
    bars: String,
    weekends: String,
    ticks: Vec<Tick>,
    marks: Vec<Mark>,
    /// Events inside the span beyond those marked.
    marks_left_out: usize,
    /// Top edge and height of the drawing, in SVG units.
    top: f64,
    height: f64,
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
    own_dates: &[TimelineEntry],
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
    let (marks, marks_left_out) = axis.marks(&dates(events, own_dates));
    let lift = marks.iter().map(|mark| mark.lift).fold(0.0, f64::max);
    Timeline {
        top: TOP - lift,
        height: TALL + lift,
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

/// Events of the platform and dates of the campaign, by time. Of the latter only what the bars
/// do not show themselves; releases come with the events.
fn dates<'a>(events: &'a [Event], own: &'a [TimelineEntry]) -> Vec<Dated<'a>> {
    let of_platform = events.iter().map(|event| Dated {
        timestamp_us: event.timestamp_us,
        kind: kind_name(event.kind),
        name: &event.name,
    });
    let of_campaign = own.iter().filter_map(|entry| {
        let kind = match entry.kind.as_str() {
            "closed" => ACCOUNTS_CLOSED,
            "replacement" => REPLACEMENT,
            "pivot" => PIVOT,
            _ => return None,
        };
        Some(Dated {
            timestamp_us: entry.at_us,
            kind,
            name: &entry.statement,
        })
    });
    let mut dates: Vec<Dated<'a>> = of_platform.chain(of_campaign).collect();
    dates.sort_by_key(|date| date.timestamp_us);
    dates
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
        let line = timeline(&[(0, 4), (3 * DAY_US, 9)], &[], &[], &[]);
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
            &[],
        );
        assert!(line.bars.len() < 10_000);
        assert_eq!(timeline(&[], &[], &[], &[]).text, "No requests.");
        let year: Vec<(i64, u64)> = (0..365).map(|day| (day * DAY_US, 1)).collect();
        let line = timeline(&year, &[], &[], &[]);
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
            &[],
        );
        assert_eq!(line.marks.len(), 1);
        assert_eq!(line.marks[0].x, "24.0");
    }

    #[test]
    fn bans_and_replacements_of_the_campaign_stand_among_the_events() {
        let own = |at_us, kind: &str| TimelineEntry {
            at_us,
            kind: kind.into(),
            statement: format!("{kind} in words"),
            accounts: 3,
        };
        let release = Event {
            timestamp_us: DAY_US,
            kind: EventKind::ModelRelease,
            name: "m".into(),
            model: None,
        };
        let entries = [
            own(0, "first_seen"),
            own(5, "closed"),
            own(2 * DAY_US, "replacement"),
        ];
        let line = timeline(&[(0, 1), (3 * DAY_US, 1)], &[release], &entries, &[]);
        let kinds: Vec<&str> = line.marks.iter().map(|mark| mark.kind).collect();
        assert_eq!(kinds, ["accounts closed", "model release", "replacement"]);
        let shapes: std::collections::BTreeSet<&str> =
            line.marks.iter().map(|mark| mark.shape.as_str()).collect();
        assert_eq!(shapes.len(), 3);
    }
}
