//! Requests by hour of the week: seven rows of twenty-four cells in seven shades.

use std::fmt::Write as _;

use serde::Serialize;

use crate::report::format::{count, plural};

const HOURS_PER_DAY: usize = 24;
const HOURS_PER_WEEK: usize = 168;
/// Shades above zero; more cannot be told apart.
const SHADES: u128 = 6;
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

/// Lays out 168 counts, Monday 00:00 UTC first; missing ones count as zero.
pub(crate) fn heat_map(hour_of_week: &[u64]) -> HeatMap {
    let mut hours = hour_of_week.to_vec();
    hours.resize(HOURS_PER_WEEK, 0);
    let max = hours.iter().copied().max().unwrap_or(0);
    let mut shades: Vec<Shade> = (0..=SHADES)
        .map(|shade| Shade {
            class: format!("h{shade}"),
            path: String::new(),
        })
        .collect();
    for (hour, &requests) in hours.iter().enumerate() {
        let x = LEFT + (hour % HOURS_PER_DAY) * CELL_WIDTH;
        let y = (hour / HOURS_PER_DAY) * CELL_HEIGHT;
        let shade = (u128::from(requests) * SHADES).div_ceil(u128::from(max.max(1)));
        if let Some(shade) = usize::try_from(shade)
            .ok()
            .and_then(|index| shades.get_mut(index))
        {
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
        text: in_words(&hours, max),
    }
}

fn short(day: &'static str) -> &'static str {
    day.get(..3).unwrap_or(day)
}

fn in_words(hours: &[u64], max: u64) -> String {
    if max == 0 {
        return "No requests.".to_owned();
    }
    let busiest = hours
        .iter()
        .position(|requests| *requests == max)
        .unwrap_or(0);
    let day = DAYS.get(busiest / HOURS_PER_DAY).copied().unwrap_or("");
    let silent = hours.iter().filter(|requests| **requests == 0).count();
    format!(
        "Busiest: {day} {:02}:00 UTC with {}. {} of {HOURS_PER_WEEK} hours of the week are silent.",
        busiest % HOURS_PER_DAY,
        plural(max, "request"),
        count(silent as u64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hour_is_drawn_once() {
        let hours: Vec<u64> = (0..168).collect();
        let map = heat_map(&hours);
        let cells: usize = map
            .shades
            .iter()
            .map(|shade| shade.path.matches('M').count())
            .sum();
        assert_eq!(cells, 168);
        assert_eq!(
            map.text,
            "Busiest: Sunday 23:00 UTC with 167 requests. 1 of 168 hours of the week are silent."
        );
    }

    #[test]
    fn short_empty_and_huge_input_is_fine() {
        assert_eq!(heat_map(&[]).text, "No requests.");
        let map = heat_map(&[u64::MAX, 1]);
        assert_eq!(map.shades.len(), 3);
    }
}
