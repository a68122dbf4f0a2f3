//! Whether accounts keep the hours of people: most are silent for a part of the day that is always
//! the same.

use crate::detect::population::{Population, by_hour_of_day};
use crate::model::week;

const HOURS: usize = 24;

/// Fewest requests that show a clock (ours): of so many at random hours one account in twenty is
/// silent for ten hours in a row somewhere in the day.
const REQUESTS: u64 = 12;

/// A silence of at least so many hours may be a night (ours: sleep, shortened by those who work
/// late and by the change of the clock).
const NIGHT_HOURS: usize = 4;

/// An account rests if one with as many requests at random hours would be silent for as long with
/// this chance at most.
const CHANCE: f64 = 0.05;

/// Share of the accounts that must rest, ten times what chance gives.
const RESTING_SHARE: f64 = 0.5;

/// Accounts that together use so few hours of the day show no clock: times are rounded, or one
/// schedule drives them.
const COARSE_HOURS: usize = 2;

/// Whether these accounts rest; nothing where fewer than half of them have enough requests to tell,
/// or where the digest keeps activity by more than an hour: then whole stretches look silent.
#[must_use]
pub(super) fn kept(accounts: &[u32], population: &Population<'_>) -> Option<bool> {
    if population.cell_hours > 1 {
        return None;
    }
    let clocks: Vec<[u64; HOURS]> = accounts
        .iter()
        .map(|account| by_hour_of_day(population.cells(*account)))
        .filter(|clock| clock.iter().sum::<u64>() >= REQUESTS)
        .collect();
    if clocks.is_empty() || clocks.len() * 2 < accounts.len() {
        return None;
    }
    // Where a log gives days or halves of them, all hours but one or two look silent.
    let used = |hour: usize| clocks.iter().any(|clock| clock.get(hour) > Some(&0));
    if (0..HOURS).filter(|hour| used(*hour)).count() <= COARSE_HOURS {
        return None;
    }
    let resting = clocks.iter().filter(|clock| rests(clock)).count();
    Some(resting as f64 >= RESTING_SHARE * clocks.len() as f64)
}

fn rests(clock: &[u64; HOURS]) -> bool {
    let silent = week::longest_rest(|hour| clock.get(hour) == Some(&0));
    let requests: u64 = clock.iter().sum();
    // That a given stretch of the day holds none of so many, for each hour it may begin with.
    let awake = 1.0 - silent as f64 / HOURS as f64;
    silent >= NIGHT_HOURS && HOURS as f64 * awake.powf(requests as f64) <= CHANCE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;

    /// Twelve accounts with one request an hour, on the first `hours` of every day from hour `from`.
    fn world(days: i64, from: i64, hours: i64) -> World {
        let mut world = World::new(12, &["m"]);
        for account in 0..12_u32 {
            for day in 0..days {
                for hour in 0..hours {
                    world.put(account, day * 24 + (from + hour) % 24, 0, 1);
                }
            }
        }
        world
    }

    #[test]
    fn people_sleep_and_software_does_not() {
        let accounts: Vec<u32> = (0..12).collect();
        let kept = |days, from, hours| kept(&accounts, &world(days, from, hours).population());
        assert_eq!(kept(7, 8, 10), Some(true));
        assert_eq!(kept(7, 20, 10), Some(true), "over midnight");
        assert_eq!(kept(7, 0, 24), Some(false));
        assert_eq!(kept(7, 0, 21), Some(false));
        assert_eq!(kept(1, 8, 10), None, "too few requests");
        let world = world(7, 8, 10);
        let mut coarse = world.population();
        coarse.cell_hours = 4;
        assert_eq!(super::kept(&accounts, &coarse), None, "hours are not kept");
    }
}
