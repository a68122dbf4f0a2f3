//! Accounts that act within the same seconds, or one a fixed lag after another.
//!
//! # Looks for
//! A lag of 0 to 60 whole seconds at which requests of different accounts of the group follow each
//! other more often than at any lag when each account's clock is moved a little.
//!
//! # Why
//! The February 2026 disclosure names synchronised traffic and coordinated timing. One program
//! behind many accounts starts them together or hands work on after a fixed time.
//!
//! # Null model
//! Every account's train of requests is moved as a whole by a random time of up to three of its
//! own usual gaps, by whole periods where it has one, else in whole units of the clocks that programs
//! are scheduled by; up to 999 times, fewer where chance shows soon (Besag and Clifford). The most frequent of the 61 lags of each
//! surrogate is compared with the most frequent one found.
//!
//! # Innocent look-alikes
//! A seat pool's gateway that sends in batches, requests that one event sets off (a commit, a
//! market's opening, a bell, the end of an outage). Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! No column beyond the required ones; exact times of requests. requests.latency_ms tells whether
//! these are beginnings or ends.
//!
//! # Limits
//! Looks at the group's busiest day, and at five accounts and more that are at work all through
//! one part of it with eight requests each; of a request the next 32 of the stream. Times of whole
//! minutes tell nothing. Where the log has the ends of requests and says how long they took, the
//! beginnings are computed; where it does not, lags blur by the length of the answers. Lags of hours are what `timing/synchrony` sees. No finding never means that accounts
//! are not coordinated.

use crate::detect::Meta;
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::Population;
use crate::detect::timing::lags::{MINIMUM_RATIO, act_together, most_frequent_lag};
use crate::detect::timing::trains::{Trains, coarse_clock};
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "timing/coincidence",
    title: "Accounts that act within the same seconds, or one a fixed lag after another",
    families: &[Family::Coordination],
    version: 1,
    needs: &[],
    source: include_str!("coincidence.rs"),
};

/// The test.
pub struct Coincidence;

impl GroupTest for Coincidence {
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

fn look(population: &Population<'_>, group: &Group) -> Look {
    let trains = match Trains::of(population, group) {
        Ok(trains) => trains,
        Err(why) => return Look::untested(why),
    };
    let measured = trains.measure(META.id, most_frequent_lag);
    if !act_together(&measured) {
        return Look::default();
    }
    let accounts = trains.accounts.len();
    let when = match measured.detail {
        0 => "within half a second of each other".to_owned(),
        lag => format!("{lag} seconds apart"),
    };
    Look {
        findings: vec![GroupFinding {
            family: Family::Coordination,
            standing: Standing::Weak,
            about: String::new(),
            bits: measured.bits,
            tried: 1,
            measure: format!(
                "pairs of requests of different accounts at the most frequent lag, {} s",
                measured.detail
            ),
            measured: measured.value,
            expected: measured.expected,
            n: measured.requests,
            threshold: MINIMUM_RATIO * measured.expected.max(1.0),
            statement: format!(
                "{accounts} accounts act together: {} requests hold {:.0} pairs of different accounts {when}; {:.1} at the most frequent lag when each clock is moved by up to three of its own gaps",
                measured.requests, measured.value, measured.expected
            ),
            accounts: trains.accounts,
            null_model: format!(
                "every account's train of requests moved as a whole by up to three of its usual gaps{}",
                population.moments.how_told()
            ),
            innocent: "a gateway that sends in batches, or jobs that one event sets off".to_owned(),
            would_clear: "the event or gateway, named by those it belongs to".to_owned(),
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
    use crate::stats::random::Random;

    #[test]
    fn one_program_behind_accounts_is_seen_with_its_lag() {
        let mut random = Random::new(1);
        for _ in 0..20 {
            let clocks = test_clocks::batches(16, &mut random);
            let seconds = test_clocks::in_seconds(clocks.clone());
            for clocks in [clocks, seconds] {
                let look = test_clocks::look(&Coincidence, 16, clocks);
                let finding = &look.findings[0];
                assert!(finding.bits > 9.9, "{finding:?}");
                assert_eq!(finding.standing, Standing::Weak);
            }
        }
        let pair = [(0, 0), (7_200_000, 1), (30_000_000, 0), (37_300_000, 1)];
        assert_eq!(most_frequent_lag(&pair, 2), (2.0, 7));
    }

    #[test]
    fn innocent_clocks_do_not_coincide() {
        test_clocks::innocent_clocks_stay_at_the_level(&Coincidence, 30);
    }

    #[test]
    #[ignore = "minutes: 200 groups of each innocent kind"]
    fn innocent_clocks_do_not_coincide_in_200_groups_each() {
        test_clocks::innocent_clocks_stay_at_the_level(&Coincidence, 200);
    }
}
