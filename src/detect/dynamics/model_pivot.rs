//! A group that redirects its traffic to a new model within days of its release.
//!
//! # Looks for
//! The share of a group's requests that goes to a released model in the 24, 48 and 72 hours
//! after the release, over all its accounts together: it works where each account makes a
//! few requests a day. Releases come from the events table, or from the first appearance of
//! a model that many accounts come to use.
//!
//! # Why
//! The February 2026 disclosure names a campaign that redirected nearly half of its traffic
//! to a new model within 24 hours of its release; advisory AA26-251A names the same.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many requests in the same hours, each with its own share on the new model. Early adopters
//! are among those others, in the numbers in which the log has them. The tail of the
//! group's weighted share is bounded (Chernoff), with one account that moved wholly added
//! to every comparison. Traffic must also be redirected: at least half of what appears on
//! the new model must be missing from the old ones, measured by the group's own week before
//! and by how the rest of the log changed. A benchmark run on release day adds traffic.
//!
//! # Innocent look-alikes
//! Early adopters; an application or library whose update moves all its users at once
//! (therefore it counts only for groups that links other than a common prompt hold
//! together); evaluation runs on release day; one customer that changes a setting.
//!
//! # Needs
//! requests.model.
//!
//! # Limits
//! Compares hours, so a release is known to the hour. Says nothing where the log has less
//! than a day before the release or after it, or fewer than eight accounts of the group that
//! were there before and sent requests after it. A pivot that everybody makes is not one.

use crate::detect::dynamics::release_window::Window;
use crate::detect::dynamics::releases::{Release, releases};
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::{HOUR_US, Population};
use crate::detect::{Meta, Need};
use crate::model::campaign::TimelineEntry;
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

/// Id of the test.
pub const MODEL_PIVOT: &str = "dynamics/model-pivot";

static META: Meta = Meta {
    id: MODEL_PIVOT,
    title: "Traffic redirected to a new model within days of its release",
    families: &[Family::Dynamics],
    version: 1,
    needs: &[Need::Request(RequestColumn::Model)],
    source: include_str!("model_pivot.rs"),
};

/// Hours after the release: the published 24, and two slower ramps.
const WINDOWS_HOURS: [i64; 3] = [24, 48, 72];

/// Fewest accounts of the group at work before and after a release.
const FEWEST_ACCOUNTS: u64 = 8;

/// The group's share must be this many times that of accounts as busy: less is a taste.
const MINIMUM_RATIO: f64 = 2.0;

/// This share of the requests on the new model must be missing from the old ones.
const REDIRECTED_SHARE: f64 = 0.5;

/// No account weighs more than this many times the median account of the group.
const LARGEST_WEIGHT: f64 = 4.0;

/// The test.
pub struct ModelPivot;

impl GroupTest for ModelPivot {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        if population.cell_hours > 24 {
            return Some(format!(
                "activity is kept in buckets of {} hours only",
                population.cell_hours
            ));
        }
        let (testable, partial) = testable(population);
        testable.is_empty().then(|| partial.join("; "))
    }

    fn may_count(&self) -> bool {
        true
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let (testable, partial) = testable(population);
        let first_hour = population.log_first_us().div_euclid(HOUR_US);
        let last_hour = population.log_last_us().div_euclid(HOUR_US);
        let mut windows: Vec<Window> = Vec::new();
        for release in testable {
            for hours in WINDOWS_HOURS {
                if last_hour - release.hour >= hours - 1 {
                    windows.push(Window::new(population, release.clone(), hours, first_hour));
                }
            }
        }
        Prepared {
            partial,
            look: Box::new(move |group| look(&windows, group)),
        }
    }
}

/// The releases with a day of log before and after them, and sentences about the others.
fn testable(population: &Population<'_>) -> (Vec<Release>, Vec<String>) {
    let (found, mut partial) = releases(population);
    let first_hour = population.log_first_us().div_euclid(HOUR_US);
    let last_hour = population.log_last_us().div_euclid(HOUR_US);
    let mut testable = Vec::new();
    for release in found {
        let short_of = if release.hour - first_hour < WINDOWS_HOURS[0] {
            "before"
        } else if last_hour - release.hour < WINDOWS_HOURS[0] - 1 {
            "after"
        } else {
            testable.push(release);
            continue;
        };
        partial.push(format!(
            "release {}: less than a day of log {short_of} it",
            release.name
        ));
    }
    (testable, partial)
}

fn look(windows: &[Window], group: &Group) -> Look {
    let mut best: Option<GroupFinding> = None;
    let mut too_few = false;
    let mut added = false;
    for window in windows {
        let at_work = group
            .accounts
            .iter()
            .filter(|account| window.at_work(**account) > 0)
            .count() as u64;
        if at_work < FEWEST_ACCOUNTS {
            too_few = true;
            continue;
        }
        let Some(mut finding) = test(window, group, windows.len() as u64) else {
            continue;
        };
        // The published figure is that of one day, whichever window shows most.
        if let Some(day) = windows
            .iter()
            .find(|other| other.hours == WINDOWS_HOURS[0] && other.release == window.release)
            .filter(|day| day.hours != window.hours)
        {
            let share = format!(
                "; within {} hours {:.0} % of its requests",
                day.hours,
                day.share_of(&group.accounts) * 100.0
            );
            finding.statement.push_str(&share);
            for date in &mut finding.dates {
                date.statement.push_str(&share);
            }
        }
        added |= finding.standing == Standing::Weak;
        if best.as_ref().is_none_or(|best| {
            (finding.standing != Standing::Weak, finding.bits)
                > (best.standing != Standing::Weak, best.bits)
        }) {
            best = Some(finding);
        }
    }
    let mut partial = Vec::new();
    if too_few && best.is_none() {
        partial.push("too few accounts of the group at work before and after a release".to_owned());
    }
    if added
        && best
            .as_ref()
            .is_some_and(|best| best.standing == Standing::Weak)
    {
        partial.push(
            "requests to a new model were added to the old ones, not taken from them".to_owned(),
        );
    }
    Look {
        findings: best.into_iter().collect(),
        partial,
    }
}

fn test(window: &Window, group: &Group, tried: u64) -> Option<GroupFinding> {
    let mut counts: Vec<u64> = group
        .accounts
        .iter()
        .map(|account| window.at_work(*account))
        .filter(|count| *count > 0)
        .collect();
    counts.sort_unstable();
    let largest = LARGEST_WEIGHT * counts.get(counts.len() / 2).copied().unwrap_or(1) as f64;
    let compared = window.matched.compare(
        &group.accounts,
        |account| (window.at_work(account) as f64).min(largest),
        |account| window.share(account),
    )?;
    if compared.bits <= 0.0 || compared.measured < MINIMUM_RATIO * compared.expected {
        return None;
    }
    let redirected = window.redirected(&group.accounts);
    let moved_accounts: Vec<u32> = group
        .accounts
        .iter()
        .filter(|account| window.share(**account) > 0.0)
        .copied()
        .collect();
    let standing = if redirected >= REDIRECTED_SHARE {
        Standing::CountsBesideLinks
    } else {
        Standing::Weak
    };
    let release_us = window.release.hour * HOUR_US;
    let until_us = (window.release.hour + window.hours) * HOUR_US;
    let statement = format!(
        "{:.0} % of the traffic of {} accounts went to {} within {} hours of {}; {:.0} % expected from accounts as busy",
        compared.measured * 100.0,
        compared.members,
        window.release.name,
        window.hours,
        if window.release.declared {
            "its release"
        } else {
            "its first request in the log"
        },
        compared.expected * 100.0,
    );
    Some(GroupFinding {
        family: Family::Dynamics,
        standing,
        about: window.release.name.clone(),
        dates: vec![TimelineEntry {
            at_us: release_us,
            kind: "pivot".to_owned(),
            statement: statement.clone(),
            accounts: moved_accounts.len() as u64,
        }],
        accounts: moved_accounts,
        bits: compared.bits,
        tried,
        measure: format!(
            "share of requests on {} in the {} hours after its release",
            window.release.name, window.hours
        ),
        measured: compared.measured,
        expected: compared.expected,
        n: compared.members,
        threshold: MINIMUM_RATIO * compared.expected,
        statement,
        null_model: format!(
            "each account as if drawn among {} other accounts of the log with as many requests in these hours, with the share that account sent to the model; {:.0} % of the moved requests are missing from the older models",
            compared.others,
            redirected.clamp(0.0, 1.0) * 100.0
        ),
        innocent: "early adopters, a benchmark run on release day, or a tool whose update moves all its users".to_owned(),
        would_clear: "a release note of the tool that changed its default model on that day, or the customers' own account of the change".to_owned(),
        first_us: Some(release_us),
        last_us: Some(until_us),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::stats::random::Random;

    const RELEASE: i64 = 240;
    const ACCOUNTS: u32 = 800;

    /// Two weeks: everybody sends on some days; a tenth are early adopters, the rest drift.
    fn innocent(seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(ACCOUNTS as usize, &["new", "old"]);
        for account in 0..ACCOUNTS {
            let rate = 1 + random.below(12);
            let adopts = if random.unit_f64() < 0.1 {
                RELEASE + i64::try_from(random.below(12)).unwrap()
            } else {
                RELEASE + i64::try_from(random.below(600)).unwrap()
            };
            for day in 0..14 {
                if random.unit_f64() < 0.4 {
                    continue;
                }
                let hour = day * 24 + 8 + i64::try_from(random.below(12)).unwrap();
                for _ in 0..rate {
                    let new = hour >= adopts && random.unit_f64() < 0.8;
                    world.put(account, hour, u32::from(!new), 1);
                }
            }
        }
        world
    }

    fn group(accounts: impl Iterator<Item = u32>) -> Group {
        let mut accounts: Vec<u32> = accounts.collect();
        accounts.sort_unstable();
        accounts.dedup();
        Group {
            name: "test".to_owned(),
            accounts,
        }
    }

    /// Bits after the correction for the looks taken.
    fn bits(look: &Look) -> f64 {
        look.findings.first().map_or(0.0, |finding| {
            if finding.standing == Standing::Weak {
                0.0
            } else {
                finding.bits - (finding.tried as f64).log2()
            }
        })
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        let mut below = 0;
        for repetition in 0..20 {
            let world = innocent(repetition);
            let population = world.population();
            let prepared = ModelPivot.prepare(&population);
            let mut random = Random::new(1_000 + repetition);
            for _ in 0..15 {
                let group = group(
                    (0..40).map(|_| u32::try_from(random.below(u64::from(ACCOUNTS))).unwrap()),
                );
                below += u32::from(bits(&(prepared.look)(&group)) >= 20.0_f64.log2());
            }
        }
        // 300 repetitions at 5 %: 15 expected, three standard deviations more is 26.
        assert!(below <= 26, "{below} of 300");
    }

    #[test]
    fn redirected_traffic_is_found_in_aggregate() {
        let mut found = 0;
        for repetition in 0..20 {
            let mut world = innocent(100 + repetition);
            let mut random = Random::new(repetition);
            // Forty accounts at two requests a day; within a day half goes to the new model.
            for account in 0..40 {
                world.cells.retain(|(other, _)| *other != account);
                for day in 0..14_i64 {
                    for _ in 0..2 {
                        let hour = day * 24 + i64::try_from(random.below(24)).unwrap();
                        let new = hour >= RELEASE && random.unit_f64() < 0.5;
                        world.put(account, hour, u32::from(!new), 1);
                    }
                }
            }
            let population = world.population();
            let prepared = ModelPivot.prepare(&population);
            found += u32::from(bits(&(prepared.look)(&group(0..40))) >= 10.0);
        }
        assert!(found >= 18, "{found} of 20");
    }

    #[test]
    fn a_benchmark_run_on_release_day_does_not_count() {
        let mut world = innocent(7);
        for account in 0..40 {
            world.put(account, RELEASE + 3, 0, 200);
        }
        let population = world.population();
        let prepared = ModelPivot.prepare(&population);
        let look = (prepared.look)(&group(0..40));
        assert!(
            look.findings
                .iter()
                .all(|finding| finding.standing == Standing::Weak),
            "{look:?}"
        );
        assert!(!look.partial.is_empty());
    }

    #[test]
    fn a_move_that_everybody_makes_is_not_one() {
        let mut world = World::new(400, &["new", "old"]);
        for account in 0..400 {
            for day in 0..14 {
                world.put(account, day * 24 + 9, u32::from(day < 10), 3);
            }
        }
        let population = world.population();
        let prepared = ModelPivot.prepare(&population);
        assert!((prepared.look)(&group(0..50)).findings.is_empty());
    }

    #[test]
    fn short_and_tiny_logs_say_what_they_cannot_test() {
        let mut world = World::new(1, &["only"]);
        world.put(0, 5, 0, 3);
        let population = world.population();
        let prepared = ModelPivot.prepare(&population);
        assert_eq!(
            prepared.partial,
            ["no event and no first appearance of a model tells of a release within the log"]
        );
        assert!((prepared.look)(&group(0..1)).findings.is_empty());
        let mut world = World::new(60, &["new", "old"]);
        for account in 0..60 {
            world.put(account, 10, 1, 1);
            world.put(account, 10 + LOG_HOURS, 0, 1);
        }
        let population = world.population();
        let prepared = ModelPivot.prepare(&population);
        assert_eq!(
            prepared.partial,
            ["release new: less than a day of log after it"]
        );
    }

    const LOG_HOURS: i64 = 60;
}
