//! Accounts that take turns.
//!
//! # Looks for
//! Accounts whose requests follow each other in the group's merged stream at more equal
//! distances, counted in requests of the group, than their own clocks explain: as a round
//! robin or least-connections balancer deals them out.
//!
//! # Why
//! The February 2026 disclosure names load balancing. Of the traces of a balancer this one
//! tells most: it shows where equal shares alone do not, and does not take independent agents,
//! each busy until its answer comes, for one.
//!
//! # Null model
//! Every account's train of requests is moved as a whole by a random time of up to three of its
//! own usual gaps, by whole periods where it has one, else in whole units of the clocks that programs
//! are scheduled by; up to 999 times, fewer where chance shows soon (Besag and Clifford). Rates,
//! sessions, bursts, periods and scheduled minutes stay, turns do not. Groups that act within the
//! same seconds (`timing/coincidence`) are left out: one event set them off.
//!
//! # Innocent look-alikes
//! The round-robin gateway of an enterprise's seat pool, workers that one queue feeds. Therefore
//! weak: it never counts for a verdict.
//!
//! # Needs
//! No column beyond the required ones; exact times of requests. requests.latency_ms tells whether
//! these are beginnings or ends.
//!
//! # Limits
//! Looks at the group's busiest day (six hours of it where exact times are thinned), and at five accounts and more that are at work all through
//! one part of it with eight requests each. A coarse clock is compared with surrogates as coarse,
//! requests of one time in random order; times of whole minutes tell nothing.
//! Where the log has the ends of requests and says how long they took, the beginnings are computed;
//! where it does not, turns blur. Jobs at fixed intervals, random and
//! sticky balancing leave no trace here. No finding never means that accounts are not coordinated.

use crate::detect::Meta;
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::Population;
use crate::detect::timing::lags::{act_together, most_frequent_lag};
use crate::detect::timing::trains::{Event, Trains, coarse_clock};
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "timing/rotation",
    title: "Accounts that take turns",
    families: &[Family::Coordination],
    version: 1,
    needs: &[],
    source: include_str!("rotation.rs"),
};

/// The distances must vary at most this share of what the surrogates' do (ours, above what least
/// connections at half load leave in the test below): nearer to one, a small effect of large numbers
/// is no balancer.
const MOST_SHARE: f64 = 0.92;

/// The test.
pub struct Rotation;

impl GroupTest for Rotation {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        coarse_clock(population)
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        Prepared {
            partial: population.moments.remarks(),
            look: Box::new(move |group| look(population, group)),
        }
    }
}

/// Mean over accounts of the squared variation of the distances between an account's requests in
/// the stream, negative so that turns are large.
fn evenness(events: &[Event], accounts: usize) -> (f64, ()) {
    // Last place, distances, their sum and sum of squares.
    let mut state = vec![(None::<usize>, 0_u64, 0_u64, 0_u64); accounts];
    for (place, (_, account)) in events.iter().enumerate() {
        let Some((last, count, sum, squares)) = state.get_mut(*account as usize) else {
            continue;
        };
        if let Some(last) = *last {
            let distance = (place - last) as u64;
            *count += 1;
            *sum += distance;
            *squares += distance * distance;
        }
        *last = Some(place);
    }
    let (mut total, mut weight) = (0.0, 0.0);
    for (_, count, sum, squares) in state {
        if count >= 2 {
            let (n, mean) = (count as f64, sum as f64 / count as f64);
            let variance = (squares as f64 - n * mean * mean) / (n - 1.0);
            total += n * variance / (mean * mean);
            weight += n;
        }
    }
    let squared: f64 = if weight > 0.0 { total / weight } else { 1.0 };
    (-squared.max(0.0).sqrt(), ())
}

fn look(population: &Population<'_>, group: &Group) -> Look {
    let trains = match Trains::of(population, group) {
        Ok(trains) => trains,
        Err(why) => return Look::untested(why),
    };
    let measured = trains.measure(META.id, evenness);
    let (found, expected) = (-measured.value, -measured.expected);
    if measured.bits <= 0.0 || found > MOST_SHARE * expected {
        return Look::default();
    }
    if act_together(&trains.measure(META.id, most_frequent_lag)) {
        return Look::untested(
            "accounts of the group act within the same seconds or a fixed lag after each other, so that who comes after whom says nothing of turns (see timing/coincidence)",
        );
    }
    let accounts = trains.accounts.len();
    Look {
        findings: vec![GroupFinding {
            family: Family::Coordination,
            standing: Standing::Weak,
            about: String::new(),
            bits: measured.bits,
            tried: 1,
            measure:
                "variation of the distances between an account's requests in the group's stream"
                    .to_owned(),
            measured: found,
            expected,
            n: measured.requests,
            threshold: MOST_SHARE * expected,
            statement: format!(
                "{accounts} accounts take turns: in {} requests the distances between one account's requests in the group's stream vary by {found:.2} of their mean; {expected:.2} when each clock is moved by up to three of its own gaps",
                measured.requests
            ),
            accounts: trains.accounts,
            null_model: format!(
                "every account's train of requests moved as a whole by up to three of its usual gaps{}",
                population.moments.how_told()
            ),
            innocent: "the gateway of a seat pool, or workers that one queue feeds".to_owned(),
            would_clear: "the gateway or queue named by the one customer it belongs to".to_owned(),
            first_us: Some(trains.span_us.start),
            last_us: Some(trains.span_us.end),
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::timing::test_clocks;
    use crate::digest::{STRETCH_US, keeps};
    use crate::stats::random::Random;

    #[test]
    fn turns_are_seen_also_by_a_clock_of_seconds() {
        let mut random = Random::new(1);
        let dealers = [
            test_clocks::turns,
            test_clocks::turns_with_failover,
            test_clocks::least_connections,
        ];
        for (dealer, deal) in dealers.into_iter().enumerate() {
            let (mut seen, mut said) = (0, String::new());
            for _ in 0..10 {
                let clocks = deal(20, &mut random);
                let seconds = test_clocks::in_seconds(clocks.clone());
                for clocks in [clocks, seconds] {
                    let look = test_clocks::look(&Rotation, 20, clocks);
                    said = format!("{look:?}");
                    seen += u32::from(look.findings.first().is_some_and(|finding| {
                        finding.standing == Standing::Weak
                            && finding.bits > 9.9
                            && finding.accounts.len() >= 18
                    }));
                }
            }
            assert!(seen >= 19, "dealer {dealer}: {seen} of 20, the last {said}");
        }
    }

    #[test]
    fn turns_are_seen_where_only_a_part_of_the_day_is_left() {
        let mut random = Random::new(4);
        // The first quarter of its day is left out, this one is kept.
        let stretch = (0..4_000)
            .find(|s| s % 4 == 2 && keeps(*s, 1) && !keeps(s - 2, 1))
            .unwrap();
        let clocks = test_clocks::turns(20, &mut random)
            .into_iter()
            .filter(|(_, time)| *time < STRETCH_US)
            .map(|(account, time)| (account, time + stretch * STRETCH_US))
            .collect();
        let look = test_clocks::look_at_thinned(&Rotation, 20, clocks, 1);
        assert!(look.findings[0].bits > 9.9, "{look:?}");
    }

    #[test]
    fn turns_are_seen_through_the_ends_of_requests() {
        let mut random = Random::new(6);
        for _ in 0..5 {
            let (clocks, durations_ms) =
                test_clocks::ended(test_clocks::turns(24, &mut random), &mut random);
            let blurred = test_clocks::look(&Rotation, 24, clocks.clone());
            let told = test_clocks::look_at_timed(&Rotation, 24, clocks, durations_ms);
            let measured = |look: &Look| look.findings.first().map(|found| found.measured);
            assert!(told.findings[0].bits > 9.9, "{told:?}");
            // Where they are found among ends as well, they are blurred there.
            assert!(
                measured(&blurred).is_none_or(|blurred| Some(blurred) > measured(&told)),
                "{blurred:?}"
            );
        }
    }

    #[test]
    fn innocent_clocks_take_no_turns() {
        test_clocks::innocent_clocks_stay_at_the_level(&Rotation, 30);
    }

    #[test]
    #[ignore = "minutes: 200 groups of each innocent kind"]
    fn innocent_clocks_take_no_turns_in_200_groups_each() {
        test_clocks::innocent_clocks_stay_at_the_level(&Rotation, 200);
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let mut random = Random::new(2);
        let reason = |clocks| test_clocks::look(&Rotation, 20, clocks).partial[0].clone();
        assert!(reason(Vec::new()).contains("no exact times"));
        let few = test_clocks::people(4, &mut random);
        assert!(reason(few).contains("fewer than five accounts"));
        let minutes = test_clocks::turns(20, &mut random)
            .into_iter()
            .map(|(account, time)| (account, time - time % 60_000_000));
        assert!(reason(minutes.collect()).contains("once a minute"));
    }
}
