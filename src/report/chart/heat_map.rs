//! Requests by hour of the week: seven rows of twenty-four cells in seven shades.
//!
//! A cell shows requests per time that its hour occurs: in sixteen days some weekdays come three
//! times. The darkest shade begins at the busiest hours but a few, so that one burst does not
//! make the rest of the week look empty.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::week::{self, HOURS_PER_WEEK};
use crate::report::format::count;

const HOURS_PER_DAY: usize = 24;
/// Shades above zero; more cannot be told apart.
const SHADES: u16 = 6;
/// One in so many hours may be busier than the darkest shade says.
const HOURS_PER_OUTLIER: usize = 50;
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Size of the grid in SVG units.
const CELL_WIDTH: usize = 18;
const CELL_HEIGHT: usize = 16;
const LEFT: usize = 32;

/// The cells of one shade as one path: small, and a page holds hundreds of maps.
#[derive(Debug, Serialize)]
pub(crate) struct Shade {
    class: String,
    path: String,
}

/// A heat map ready to be drawn.
#[derive(Debug, Serialize)]
pub(crate) struct HeatMap {
    shades: Vec<Shade>,
    days: Vec<(usize, &'static str)>,
    hours: Vec<(usize, String)>,
    width: usize,
    height: usize,
    /// The same in words.
    pub(crate) text: String,
}

/// Lays out 168 counts, Monday 00:00 UTC first, of a span in microseconds; missing ones count as
/// zero.
pub(crate) fn heat_map(hour_of_week: &[u64], (first_us, last_us): (i64, i64)) -> HeatMap {
    let hours = week::rates(hour_of_week, &week::occurrences(first_us, last_us));
    let mut sorted = hours.clone();
    sorted.sort_by(f64::total_cmp);
    let max = sorted.last().copied().unwrap_or(0.0);
    let darkest = sorted
        .iter()
        .rev()
        .nth(HOURS_PER_WEEK / HOURS_PER_OUTLIER)
        .copied()
        .filter(|rate| *rate > 0.0)
        .unwrap_or(max);
    let mut shades: Vec<Shade> = (0..=SHADES)
        .map(|shade| Shade {
            class: format!("h{shade}"),
            path: String::new(),
        })
        .collect();
    for (hour, rate) in hours.iter().enumerate() {
        let x = LEFT + (hour % HOURS_PER_DAY) * CELL_WIDTH;
        let y = (hour / HOURS_PER_DAY) * CELL_HEIGHT;
        // From zero to the number of shades, as a small integer.
        let steps = if darkest > 0.0 {
            (rate / darkest * f64::from(SHADES)).ceil()
        } else {
            0.0
        };
        let shade = (0..SHADES).filter(|step| f64::from(*step) < steps).count();
        if let Some(shade) = shades.get_mut(shade) {
            let (width, height) = (CELL_WIDTH - 2, CELL_HEIGHT - 2);
            let _ = write!(shade.path, "M{x} {y}h{width}v{height}h-{width}z");
        }
    }
    shades.retain(|shade| !shade.path.is_empty());
    HeatMap {
        shades,
        days: DAYS
            .iter()
            .enumerate()
            .map(|(day, name)| (day * CELL_HEIGHT + 11, short(name)))
            .collect(),
        hours: [0, 6, 12, 18]
            .iter()
            .map(|hour| (LEFT + hour * CELL_WIDTH, format!("{hour:02}")))
            .collect(),
        width: LEFT + HOURS_PER_DAY * CELL_WIDTH,
        height: DAYS.len() * CELL_HEIGHT + 16,
        text: in_words(&hours, max, darkest),
    }
}

/// A rate, with a decimal where it is small.
fn number(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        count(rate.round() as u64)
    }
}

fn short(day: &'static str) -> &'static str {
    day.get(..3).unwrap_or(day)
}

fn in_words(hours: &[f64], max: f64, darkest: f64) -> String {
    if max <= 0.0 {
        return "No requests.".to_owned();
    }
    let busiest = hours.iter().position(|rate| *rate >= max).unwrap_or(0);
    let day = DAYS.get(busiest / HOURS_PER_DAY).copied().unwrap_or("");
    let silent = hours.iter().filter(|rate| **rate <= 0.0).count();
    format!(
        "Requests per hour, the darkest shade from {}. Busiest: {day} {:02}:00 UTC with {}. {} of {HOURS_PER_WEEK} hours of the week are silent.",
        number(darkest * f64::from(SHADES - 1) / f64::from(SHADES)),
        busiest % HOURS_PER_DAY,
        number(max),
        count(silent as u64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    /// Four weeks.
    const SPAN: (i64, i64) = (0, 4 * 168 * HOUR_US - 1);

    #[test]
    fn every_hour_is_drawn_once() {
        let hours: Vec<u64> = (0..168).collect();
        let map = heat_map(&hours, SPAN);
        let cells: usize = map
            .shades
            .iter()
            .map(|shade| shade.path.matches('M').count())
            .sum();
        assert_eq!(cells, 168);
        assert_eq!(
            map.text,
            "Requests per hour, the darkest shade from 34. Busiest: Sunday 23:00 UTC with 42. 1 of 168 hours of the week are silent."
        );
    }

    #[test]
    fn an_even_flow_is_one_shade_however_the_log_is_cut() {
        // Ten days: some weekdays occur twice.
        let span = (0, 10 * 24 * HOUR_US - 1);
        let flow: Vec<u64> = week::occurrences(span.0, span.1)
            .iter()
            .map(|count| count * 7)
            .collect();
        assert_eq!(heat_map(&flow, span).shades.len(), 1);
    }

    #[test]
    fn one_burst_does_not_empty_the_rest_of_the_week() {
        let mut hours: Vec<u64> = (0..168).map(|hour| hour % 24).collect();
        hours[5] = 100_000;
        assert_eq!(heat_map(&hours, SPAN).shades.len(), 7);
    }

    #[test]
    fn short_empty_and_huge_input_is_fine() {
        assert_eq!(heat_map(&[], (0, 0)).text, "No requests.");
        assert!(
            !heat_map(&[u64::MAX, 1], (i64::MIN, i64::MAX))
                .shades
                .is_empty()
        );
        assert!(!heat_map(&[u64::MAX, 1], SPAN).shades.is_empty());
    }
}
