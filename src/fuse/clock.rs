//! What the clock of a campaign looks like: quiet hours, weekends, billing countries (quiet days
//! are in `quiet_days`).
//! Description only. Clocks say where people may sleep, never who they are.

use std::collections::BTreeMap;

use crate::detect::population::Population;
use crate::fuse::places::country_code;
use crate::model::week;

/// Fewest requests for a clock to have a shape: ten for each hour of the day.
const FEWEST_REQUESTS: u64 = 240;

/// A rest is a run of hours with less than this share of the mean hour.
const QUIET_SHARE: f64 = 0.25;

/// Shortest rest that is named, in hours.
const REST_HOURS: usize = 4;

/// People's nights are read as centred here, local time.
const MIDDLE_OF_NIGHT: i64 = 3;

/// Requests on a weekend day below this share of a working day are a dip.
const WEEKEND_DIP: f64 = 0.6;

/// Sentences on the clock of these accounts, whose requests by hour of the week, Monday 00:00 UTC
/// first, lie between the two times.
#[must_use]
pub fn describe(
    hour_of_week: &[u64],
    (first_us, last_us): (i64, i64),
    accounts: &[u32],
    population: &Population<'_>,
) -> Vec<String> {
    let mut sentences = Vec::new();
    let total: u64 = hour_of_week.iter().sum();
    if total < FEWEST_REQUESTS {
        return vec![format!("{total} requests are too few to read a clock from")];
    }
    // A span of sixteen days holds some weekdays three times: requests go by the time there was.
    let occurrences = week::occurrences(first_us, last_us);
    let mut by_hour = [0_u64; 24];
    for (slot, requests) in hour_of_week.iter().take(week::HOURS_PER_WEEK).enumerate() {
        by_hour[slot % 24] += requests;
    }
    sentences.push(match rest(&by_hour) {
        Some((start, hours)) => {
            let middle = start as i64 + hours as i64 / 2;
            let offset = (MIDDLE_OF_NIGHT - middle + 12).rem_euclid(24) - 12;
            format!(
                "joint rest from {start:02}:00 for {hours} hours (UTC); if that is the night, the clock is about UTC{offset:+}, which no account's country proves or disproves"
            )
        }
        None => quietest(&by_hour),
    });
    let rates = week::rates(hour_of_week, &occurrences);
    // In less than a week there is no weekend to compare with.
    let is_week = last_us.saturating_sub(first_us) >= 7 * crate::detect::population::DAY_US;
    if let (true, Some(share)) = (is_week, week::weekend_share(&rates)) {
        sentences.push(format!(
            "a weekend day (UTC) has {:.0} % of the requests of a working day{}",
            share * 100.0,
            if share < WEEKEND_DIP {
                ": a working week"
            } else {
                ""
            }
        ));
    }
    sentences.extend(countries(accounts, population));
    sentences
}

/// That there is no rest, and how little is sent in the quietest hours that would be one.
fn quietest(by_hour: &[u64; 24]) -> String {
    let by_hour = by_hour.map(|requests| requests as f64);
    let (start, share) = week::quietest(&by_hour, REST_HOURS).unwrap_or_default();
    format!(
        "no joint rest: the quietest {REST_HOURS} hours (from {start:02}:00 UTC) have {:.0} % of the requests, {:.0} % in an even day",
        100.0 * share,
        100.0 * REST_HOURS as f64 / 24.0
    )
}

/// The longest run of quiet hours around the clock.
fn rest(by_hour: &[u64; 24]) -> Option<(usize, usize)> {
    let mean = by_hour.iter().sum::<u64>() as f64 / 24.0;
    let quiet = |hour: usize| (by_hour[hour % 24] as f64) < QUIET_SHARE * mean;
    (0..24)
        .filter(|start| quiet(*start) && !quiet(start + 23))
        .map(|start| {
            (
                start,
                (start..start + 24).take_while(|hour| quiet(*hour)).count(),
            )
        })
        .filter(|(_, hours)| *hours >= REST_HOURS)
        .max_by_key(|(start, hours)| (*hours, 24 - start))
}

/// How the accounts' billing countries spread.
fn countries(accounts: &[u32], population: &Population<'_>) -> Option<String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for account in accounts {
        if let Some(country) = population
            .profile(*account)
            .and_then(|profile| profile.billing_country.as_ref())
        {
            *counts.entry(country_code(country)).or_default() += 1;
        }
    }
    let known: u64 = counts.values().sum();
    // Ties go to the first in the alphabet.
    let (country, count) = counts.iter().rev().max_by_key(|(_, count)| **count)?;
    Some(format!(
        "{known} accounts declare {}, most often {country} ({count}); set beside the clock this is at most a weak mismatch",
        match counts.len() {
            1 => "one billing country".to_owned(),
            more => format!("{more} billing countries"),
        }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::population::{DAY_US, Population};

    const FORTNIGHT: (i64, i64) = (0, 14 * DAY_US - 1);

    fn hours(from: usize, until: usize, weekend: u64) -> Vec<u64> {
        (0..168)
            .map(|slot| {
                let hour = slot % 24;
                let busy = (from..until).contains(&hour);
                match (busy, slot / 24 >= 5) {
                    (false, _) => 0,
                    (true, true) => weekend,
                    (true, false) => 20,
                }
            })
            .collect()
    }

    fn population() -> Population<'static> {
        let mut made = Population::empty(&[], &[], &[]);
        made.first_us = vec![0, 0];
        made.last_us = vec![14 * DAY_US, 14 * DAY_US];
        made
    }

    #[test]
    fn a_night_and_a_weekend_are_read() {
        let sentences = describe(&hours(1, 10, 2), FORTNIGHT, &[], &population());
        assert!(sentences[0].starts_with("joint rest from 10:00 for 15 hours (UTC); if that is the night, the clock is about UTC+10"), "{sentences:?}");
        assert!(
            sentences[1].ends_with("10 % of the requests of a working day: a working week"),
            "{sentences:?}"
        );
    }

    #[test]
    fn a_span_that_is_no_whole_week_does_not_bend_the_weekend() {
        // Sixteen days of five requests an hour, from a Thursday on.
        let span = (0, 16 * DAY_US - 1);
        let flow: Vec<u64> = week::occurrences(span.0, span.1)
            .iter()
            .map(|count| count * 5)
            .collect();
        let sentences = describe(&flow, span, &[], &population());
        assert!(sentences[1].contains(" 100 %"), "{sentences:?}");
    }

    #[test]
    fn an_even_clock_has_no_rest_and_few_requests_no_clock() {
        let sentences = describe(&[9; 168], FORTNIGHT, &[], &population());
        assert!(sentences[0].starts_with("no joint rest"), "{sentences:?}");
        assert!(sentences[1].contains("100 %"), "{sentences:?}");
        assert_eq!(
            describe(&[1; 168], FORTNIGHT, &[], &population()),
            ["168 requests are too few to read a clock from"]
        );
    }
}
