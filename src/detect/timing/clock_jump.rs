//! Whether the whole log's hours move at some day: a clock that was set, or summer time.
//!
//! Habits by hour of the week cannot be compared across such a day: accounts that follow the
//! clock all break with their habit at once.

use std::collections::BTreeMap;

use crate::detect::population::{DAY_US, Population};

/// Days on either side that are compared: a week, so that weekdays fall alike.
const DAYS: i64 = 7;

/// Moved by some hours the two weeks must be so many times closer to each other than as they
/// stand (ours; one of two matching shapes leaves nearly nothing).
const CLOSER: f64 = 4.0;

/// As they stand they must differ by this many times what counting allows (ours: requests come in
/// sessions, which vary far more than single ones).
const BEYOND_NOISE: f64 = 20.0;

/// What moved and when, in words; `None` where nothing did or where it cannot be told.
#[must_use]
pub fn clock_jump(population: &Population<'_>) -> Option<String> {
    if population.cell_hours > 1 {
        return None;
    }
    let mut days: BTreeMap<i64, [u64; 24]> = BTreeMap::new();
    for cell in population
        .accounts()
        .flat_map(|account| population.cells(account))
    {
        let hour = usize::try_from(cell.hour.rem_euclid(24)).unwrap_or(0);
        days.entry(cell.hour.div_euclid(24)).or_default()[hour] += u64::from(cell.requests);
    }
    let (first, last) = (*days.keys().next()?, *days.keys().next_back()?);
    let week = |from: i64| {
        let mut sums = [0_u64; 24];
        for (_, hours) in days.range(from..from + DAYS) {
            for (sum, requests) in sums.iter_mut().zip(hours) {
                *sum += requests;
            }
        }
        sums
    };
    let mut strongest: Option<(f64, i64, usize)> = None;
    // Only days with requests a week before and after them: a hostile span has few of those.
    for day in days.keys().copied() {
        if day - DAYS < first || day + DAYS - 1 > last {
            continue;
        }
        let (before, after) = (week(day - DAYS), week(day));
        let Some((ratio, hours)) = moved(&before, &after) else {
            continue;
        };
        if strongest.is_none_or(|(best, _, _)| ratio > best) {
            strongest = Some((ratio, day, hours));
        }
    }
    let (_, day, hours) = strongest?;
    let date = chrono::DateTime::from_timestamp_micros(day.checked_mul(DAY_US)?)?;
    let (hours, side) = if hours <= 12 {
        (hours, "later")
    } else {
        (24 - hours, "earlier")
    };
    let by = format!("{hours} hour{} {side}", if hours == 1 { "" } else { "s" });
    Some(format!(
        "from about {} on the whole log's day runs {by}: a clock that was set or summer time; habits by the hour cannot be compared across it",
        date.format("%Y-%m-%d")
    ))
}

/// By how many hours the second week must be moved back to fit the first, and how much closer it
/// comes by that; `None` where it fits best as it stands.
fn moved(before: &[u64; 24], after: &[u64; 24]) -> Option<(f64, usize)> {
    let (all_before, all_after) = (
        before.iter().sum::<u64>() as f64,
        after.iter().sum::<u64>() as f64,
    );
    if all_before <= 0.0 || all_after <= 0.0 {
        return None;
    }
    let distance = |hours: usize| -> f64 {
        (0..24)
            .map(|hour| {
                let gap = before[hour] as f64 / all_before
                    - after[(hour + hours) % 24] as f64 / all_after;
                gap * gap
            })
            .sum()
    };
    let noise = 1.0 / all_before + 1.0 / all_after;
    let standing = distance(0);
    let (best, hours) = (1..24)
        .map(|hours| (distance(hours), hours))
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    let ratio = standing / best.max(noise);
    (standing >= BEYOND_NOISE * noise && ratio >= CLOSER).then_some((ratio, hours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::stats::random::Random;

    /// Four weeks of people at work from eight to six; from day 14 on by `hours` later.
    fn world(hours: i64, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(60, &["m"]);
        for account in 0..60 {
            for day in 0..28_i64 {
                if day % 7 >= 5 || random.below(4) == 0 {
                    continue;
                }
                let late = if day >= 14 { hours } else { 0 };
                for _ in 0..3 {
                    let hour = 8 + i64::try_from(random.below(10)).unwrap() + late;
                    world.put(account, day * 24 + hour, 0, 4);
                }
            }
        }
        world
    }

    #[test]
    fn a_clock_that_is_set_is_told_with_its_day() {
        for (hours, words) in [(5, "5 hours later"), (-3, "3 hours earlier")] {
            let said = clock_jump(&world(hours, 1).population()).unwrap();
            assert!(said.contains(words), "{said}");
            assert!(said.contains("1970-01-1"), "{said}");
        }
        for seed in 0..50 {
            assert_eq!(clock_jump(&world(0, seed).population()), None);
        }
        assert_eq!(clock_jump(&World::new(3, &["m"]).population()), None);
    }
}
