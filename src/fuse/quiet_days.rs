//! Days on which a campaign rests though the same weekday is usually busy: holidays, perhaps.
//! Description only, as the rest of its clock.

use std::collections::BTreeMap;

use crate::detect::population::{DAY_US, Population};

/// Fewest days of one weekday to say what is usual.
const FEWEST_WEEKS: usize = 3;

/// Fewest requests of a usual day: ten that fail to come where three at most do are no chance
/// (e^-10 for none).
const FEWEST_REQUESTS: u64 = 10;

/// A quiet day has less than this share of what is usual for its weekday.
const QUIET_SHARE: f64 = 0.25;

/// The log as a whole is quiet as well, a fault or a holiday of everybody, below this share.
const QUIET_LOG_SHARE: f64 = 0.5;

/// Most days that are named one by one.
const MOST_NAMED: usize = 6;

/// A sentence on the quiet days of these accounts between the two times; none where there are
/// none, or where the log is too short to know what is usual.
pub(super) fn describe(
    accounts: &[u32],
    (first_us, last_us): (i64, i64),
    population: &Population<'_>,
) -> Option<String> {
    if population.cell_hours > 24 {
        return None;
    }
    // While most had not begun there was nothing to rest from.
    let mut begun: Vec<i64> = accounts
        .iter()
        .filter_map(|account| population.first_us.get(*account as usize).copied())
        .collect();
    begun.sort_unstable();
    let first_us = begun
        .get(begun.len() / 2)
        .map_or(first_us, |begun| first_us.max(*begun));
    // Whole days only: the first and the last are cut.
    let days = first_us.div_euclid(DAY_US) + 1..last_us.div_euclid(DAY_US);
    let own = usual(&by_day(accounts.iter().copied(), population), &days);
    let all = usual(&by_day(population.accounts(), population), &days);
    let quiet: Vec<i64> = days
        .clone()
        .filter(|day| {
            own.get(day).is_some_and(|(requests, usual)| {
                *usual >= FEWEST_REQUESTS as f64 && (*requests as f64) < QUIET_SHARE * usual
            }) && all
                .get(day)
                .is_some_and(|(requests, usual)| *requests as f64 >= QUIET_LOG_SHARE * usual)
        })
        .collect();
    let first = *quiet.first()?;
    let named: Vec<String> = quiet
        .iter()
        .take(MOST_NAMED)
        .filter_map(|day| chrono::DateTime::from_timestamp_micros(day * DAY_US))
        .map(|day| day.format("%Y-%m-%d").to_string())
        .collect();
    let more = quiet.len() - named.len();
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let (requests, usually) = own.get(&first).copied().unwrap_or_default();
    Some(format!(
        "quiet days (UTC): {}{rest}; on the first {requests} requests, {usually:.0} usual on that weekday, while the log as a whole went on: a holiday would explain it, and so would a fault",
        named.join(", ")
    ))
}

/// Requests by day since the epoch.
fn by_day(accounts: impl Iterator<Item = u32>, population: &Population<'_>) -> BTreeMap<i64, u64> {
    let mut days = BTreeMap::new();
    for cell in accounts.flat_map(|account| population.cells(account)) {
        *days.entry(cell.hour.div_euclid(24)).or_default() += u64::from(cell.requests);
    }
    days
}

/// For each of `days` its requests and the median of those of its weekday.
fn usual(by_day: &BTreeMap<i64, u64>, days: &std::ops::Range<i64>) -> BTreeMap<i64, (u64, f64)> {
    let requests = |day: i64| by_day.get(&day).copied().unwrap_or(0);
    let mut found = BTreeMap::new();
    for weekday in 0..7 {
        let same: Vec<i64> = days
            .clone()
            .filter(|day| day.rem_euclid(7) == weekday)
            .collect();
        if same.len() < FEWEST_WEEKS {
            continue;
        }
        let mut counts: Vec<u64> = same.iter().map(|day| requests(*day)).collect();
        counts.sort_unstable();
        let middle = counts.len() / 2;
        let median = (counts[middle] + counts[(counts.len() - 1) / 2]) as f64 / 2.0;
        for day in same {
            found.insert(day, (requests(day), median));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;

    /// Five weeks; account 0 sends forty requests a day but on two days, the others go on.
    fn world(others_rest: bool) -> World {
        let mut world = World::new(3, &["m"]);
        for day in 0..35_i64 {
            let rests = day == 16 || day == 17;
            for account in 0..3 {
                if rests && (account == 0 || others_rest) {
                    continue;
                }
                world.put(account, day * 24 + 9, 0, 40);
            }
        }
        world
    }

    #[test]
    fn days_of_rest_are_named_unless_everybody_rests() {
        let span = (0, 35 * DAY_US - 1);
        let said = describe(&[0], span, &world(false).population()).unwrap();
        assert!(
            said.starts_with(
                "quiet days (UTC): 1970-01-17, 1970-01-18; on the first 0 requests, 40 usual"
            ),
            "{said}"
        );
        assert_eq!(describe(&[1], span, &world(false).population()), None);
        assert_eq!(describe(&[0], span, &world(true).population()), None);
        // Two weeks do not tell what is usual.
        let short = (0, 14 * DAY_US);
        assert_eq!(describe(&[0], short, &world(false).population()), None);
    }
}
