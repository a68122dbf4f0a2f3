//! Clocks of accounts for the tests of order: innocent kinds and balanced ones.

use crate::detect::group::{Group, GroupTest, Look};
use crate::detect::population::HOUR_US;
use crate::detect::test_world::World;
use crate::detect::timing::trains::SECOND_US;
use crate::stats::random::Random;

/// Requests by account and time.
pub(crate) type Clocks = Vec<(u32, i64)>;

/// An exponential time with this mean, in microseconds.
pub(crate) fn waiting(random: &mut Random, mean_us: f64) -> i64 {
    (-(1.0 - random.unit_f64()).ln() * mean_us) as i64
}

/// People: sessions with pauses, each on its own.
pub(crate) fn people(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        let mut time = waiting(random, 1e9);
        while time < 24 * HOUR_US {
            for _ in 0..1 + random.below(12) {
                clocks.push((account, time));
                time += waiting(random, 60e6) + SECOND_US;
            }
            time += waiting(random, 3600e6);
        }
    }
    clocks
}

/// Agents: each sends when its last answer has come and been worked on.
pub(crate) fn agents(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        let mut time = waiting(random, 60e6);
        while time < 8 * HOUR_US {
            clocks.push((account, time));
            // Service times with little variation: eight parts.
            time += (0..8).map(|_| waiting(random, 15e6)).sum::<i64>();
        }
    }
    clocks
}

/// Scheduled jobs: every so many minutes, all on the same minute, a few seconds late.
pub(crate) fn jobs(accounts: u32, minutes: i64, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        for run in 0..24 * 60 / minutes {
            let late = waiting(random, 1.5e6);
            clocks.push((account, run * minutes * 60 * SECOND_US + late));
        }
    }
    clocks
}

/// Jobs of five requests each, every hour on the hour, a few seconds late.
pub(crate) fn long_jobs(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        for run in 0..24 {
            let mut time = run * HOUR_US + waiting(random, 1.5e6);
            for _ in 0..4 + random.below(3) {
                clocks.push((account, time));
                time += waiting(random, 2e6) + SECOND_US / 2;
            }
        }
    }
    clocks
}

/// Jobs every ten minutes, each account at a second of its own: one after the other where they are
/// `staggered`, else anywhere.
pub(crate) fn phased_jobs(accounts: u32, staggered: bool, random: &mut Random) -> Clocks {
    let period = 600 * SECOND_US;
    let mut clocks = Vec::new();
    for account in 0..accounts {
        let phase = if staggered {
            i64::from(account) * period / i64::from(accounts)
        } else {
            i64::try_from(random.below(600)).unwrap() * SECOND_US
        };
        for run in 0..24 * 6 {
            clocks.push((account, run * period + phase + waiting(random, 0.5e6)));
        }
    }
    clocks
}

/// Polls every half minute, by the wall clock or each from a moment of its own.
pub(crate) fn polls(accounts: u32, by_the_wall: bool, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        let phase = if by_the_wall {
            0
        } else {
            i64::try_from(random.below(30_000_000)).unwrap()
        };
        for run in 0..150 {
            let late = waiting(random, 0.2e6);
            clocks.push((account, run * 30 * SECOND_US + phase + late));
        }
    }
    clocks
}

/// A class in which a bell opens a task every twelve minutes.
pub(crate) fn bell(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        for task in 0..10 {
            let mut time = 9 * HOUR_US + task * 720 * SECOND_US + waiting(random, 10e6);
            for _ in 0..2 + random.below(3) {
                clocks.push((account, time));
                time += waiting(random, 20e6) + 2 * SECOND_US;
            }
        }
    }
    clocks
}

/// A class: everybody works in the same two hours, each on its own.
pub(crate) fn class(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        let mut time = 9 * HOUR_US + waiting(random, 120e6);
        while time < 11 * HOUR_US {
            clocks.push((account, time));
            time += waiting(random, 200e6) + 5 * SECOND_US;
        }
    }
    clocks
}

/// Early adopters: each comes within the hour after one release, tries it at a pace of its own, and
/// less and less.
pub(crate) fn early_adopters(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        let pace = 30e6 + random.unit_f64() * 120e6;
        let mut time = 16 * HOUR_US + waiting(random, 1_200e6);
        for tried in 0..60 {
            clocks.push((account, time));
            time += waiting(random, pace * (1.0 + f64::from(tried) / 20.0)) + 3 * SECOND_US;
        }
    }
    clocks
}

/// Seats of one company: one working day with one lunch break for all, each in sessions of its own.
pub(crate) fn seats(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = Vec::new();
    for account in 0..accounts {
        let mut time = 9 * HOUR_US + waiting(random, 600e6);
        while time < 17 * HOUR_US {
            for _ in 0..2 + random.below(6) {
                let is_lunch = (12 * HOUR_US..13 * HOUR_US).contains(&time);
                if !is_lunch && time < 17 * HOUR_US {
                    clocks.push((account, time));
                }
                time += waiting(random, 90e6) + 5 * SECOND_US;
            }
            time += waiting(random, 1_200e6);
        }
    }
    clocks
}

/// One stream of work that a balancer deals out in turns.
pub(crate) fn turns(accounts: u32, random: &mut Random) -> Clocks {
    let (mut clocks, mut time) = (Vec::new(), 0);
    for work in 0..2_000_u32 {
        time += waiting(random, 20e6);
        clocks.push((work % accounts, time));
    }
    clocks
}

/// The same, where one request in fifty fails over to another account.
pub(crate) fn turns_with_failover(accounts: u32, random: &mut Random) -> Clocks {
    let mut clocks = turns(accounts, random);
    for (account, _) in &mut clocks {
        if random.below(50) == 0 {
            *account = u32::try_from(random.below(u64::from(accounts))).unwrap();
        }
    }
    clocks
}

/// One stream of work that goes to the account with the fewest requests under way, of several
/// to the one that has rested longest.
pub(crate) fn least_connections(accounts: u32, random: &mut Random) -> Clocks {
    let mut busy_until = vec![Vec::<i64>::new(); accounts as usize];
    let mut last = vec![i64::MIN; accounts as usize];
    let (mut clocks, mut time) = (Vec::new(), 0);
    for _ in 0..2_000 {
        time += waiting(random, 20e6);
        for under_way in &mut busy_until {
            under_way.retain(|until| *until > time);
        }
        let chosen = (0..accounts as usize)
            .min_by_key(|account| (busy_until[*account].len(), last[*account]))
            .unwrap();
        // Half of the accounts are at work on average.
        busy_until[chosen].push(time + waiting(random, 200e6));
        last[chosen] = time;
        clocks.push((u32::try_from(chosen).unwrap(), time));
    }
    clocks
}

/// One program that starts some accounts together, and others seven seconds after them.
pub(crate) fn batches(accounts: u32, random: &mut Random) -> Clocks {
    let (mut clocks, mut time) = (Vec::new(), 0);
    for _ in 0..120 {
        time += waiting(random, 400e6) + 60 * SECOND_US;
        for account in 0..accounts {
            if random.below(3) == 0 {
                let lag = i64::from(account % 2) * 7 * SECOND_US;
                clocks.push((account, time + lag + waiting(random, 0.2e6)));
            }
        }
    }
    clocks
}

/// Times cut to whole seconds.
pub(crate) fn in_seconds(clocks: Clocks) -> Clocks {
    in_steps(clocks, 1)
}

/// Times cut to so many seconds.
fn in_steps(clocks: Clocks, seconds: i64) -> Clocks {
    let cut = |time: i64| time.div_euclid(seconds * SECOND_US) * seconds * SECOND_US;
    clocks
        .into_iter()
        .map(|(account, time)| (account, cut(time)))
        .collect()
}

/// The ends of requests that begin by these clocks and last as answers do, done before the account
/// begins its next one, with their durations in milliseconds.
pub(crate) fn ended(mut clocks: Clocks, random: &mut Random) -> (Clocks, Vec<u32>) {
    clocks.sort_unstable();
    let mut durations_ms = Vec::new();
    for index in 0..clocks.len() {
        let (account, begun) = clocks[index];
        let next = clocks[index + 1..]
            .iter()
            .find(|(other, _)| *other == account);
        let free_ms = next.map_or(600_000, |(_, next)| (next - begun) / 1_000 - 1);
        let lasts_ms = 10_000 + waiting(random, 300e6) / 1_000;
        durations_ms.push(u32::try_from(lasts_ms.min(free_ms).max(1)).unwrap());
    }
    for ((_, time), lasts_ms) in clocks.iter_mut().zip(&durations_ms) {
        *time += i64::from(*lasts_ms) * 1_000;
    }
    (clocks, durations_ms)
}

/// What a test says of all accounts of these clocks.
pub(crate) fn look(test: &dyn GroupTest, accounts: u32, clocks: Clocks) -> Look {
    look_at_thinned(test, accounts, clocks, 0)
}

/// The same, where one in 2^level stretches of six hours keeps its times.
pub(crate) fn look_at_thinned(
    test: &dyn GroupTest,
    accounts: u32,
    clocks: Clocks,
    level: u32,
) -> Look {
    let mut world = World::new(accounts as usize, &["m"]);
    world.moments = clocks;
    world.moment_level = level;
    look_in(test, accounts, &world)
}

/// The same, where the log says how long each request took.
pub(crate) fn look_at_timed(
    test: &dyn GroupTest,
    accounts: u32,
    clocks: Clocks,
    durations_ms: Vec<u32>,
) -> Look {
    let mut world = World::new(accounts as usize, &["m"]);
    world.moments = clocks;
    world.durations_ms = durations_ms;
    look_in(test, accounts, &world)
}

fn look_in(test: &dyn GroupTest, accounts: u32, world: &World) -> Look {
    let population = world.population();
    if let Some(why) = test.blocked(&population) {
        return Look {
            findings: Vec::new(),
            partial: vec![why],
        };
    }
    let group = Group {
        name: "test".to_owned(),
        accounts: (0..accounts).collect(),
    };
    (test.prepare(&population).look)(&group)
}

/// At most as many of so many groups of each innocent kind are found at the level of 5 % as chance
/// allows (three standard deviations more than expected).
pub(crate) fn innocent_clocks_stay_at_the_level(test: &dyn GroupTest, repetitions: u32) {
    let expected = 0.05 * f64::from(repetitions);
    let most = expected + 3.0 * (0.95 * expected).sqrt();
    type Make = fn(&mut Random) -> Clocks;
    let kinds: [(&str, Make); 17] = [
        ("people", |random| people(20, random)),
        ("agents", |random| agents(12, random)),
        ("jobs every hour", |random| jobs(15, 60, random)),
        ("jobs every five minutes", |random| jobs(10, 5, random)),
        ("long jobs every hour", |random| long_jobs(12, random)),
        ("staggered jobs", |random| phased_jobs(12, true, random)),
        ("jobs at any minute", |random| {
            phased_jobs(12, false, random)
        }),
        ("polls by the wall", |random| polls(10, true, random)),
        ("polls", |random| polls(10, false, random)),
        ("a bell", |random| bell(16, random)),
        ("agents by a clock of ten seconds", |random| {
            in_steps(agents(12, random), 10)
        }),
        ("a class", |random| class(24, random)),
        ("early adopters", |random| early_adopters(24, random)),
        ("seats", |random| seats(24, random)),
        ("ends of agents' requests", |random| {
            ended(agents(12, random), random).0
        }),
        ("people in seconds", |random| in_seconds(people(20, random))),
        ("agents in seconds", |random| in_seconds(agents(12, random))),
    ];
    for (kind, clocks) in kinds {
        let mut random = Random::for_purpose(11, kind);
        let (mut found, mut tested) = (0, 0);
        for _ in 0..repetitions {
            let look = look(test, 24, clocks(&mut random));
            tested += u32::from(look.partial.is_empty());
            found += u32::from(
                look.findings
                    .iter()
                    .any(|finding| finding.bits >= 20.0_f64.log2()),
            );
        }
        let counts = format!("{kind}: {found} found of {tested} tested, of {repetitions}");
        assert!(
            f64::from(tested) >= 0.9 * f64::from(repetitions),
            "{counts}"
        );
        assert!(f64::from(found) <= most, "{counts}");
    }
}
