//! Group tests between clustering and verdict: run on every candidate group, corrected for
//! everything tried, and repeated on random groups of equally busy accounts.

use rayon::prelude::*;

use crate::config::FuseConfig;
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::matched::Matched;
use crate::detect::population::Population;
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::Units;
use crate::model::finding::{DetectorRun, Family, RunStatus};
use crate::stats::random::Random;

/// Account visits over all null runs, at most: on very large logs fewer runs are made.
const MOST_VISITS: u64 = 400_000_000;

/// Below one in twenty, after the correction, a finding is not shown at all.
const SHOWN_BITS: f64 = 4.33;

/// Fewest null runs.
const FEWEST_RUNS: u32 = 5;

/// A finding with the correction made.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Detector id.
    pub detector: &'static str,
    /// What the test states.
    pub finding: GroupFinding,
    /// Bits after the correction for all groups, tests and looks, capped; at least one in twenty.
    pub bits: f64,
}

/// What the tests gave.
#[derive(Debug, Default)]
pub struct Tested {
    /// Findings of each group.
    pub by_group: Vec<Vec<Judged>>,
    /// What could not be tested for each group, one sentence each.
    pub untested: Vec<Vec<String>>,
    /// Tests that were made of each group and say nothing of it, or nothing beyond chance.
    pub silent: Vec<Vec<String>>,
    /// What could not be tested in the log as a whole.
    pub not_tested: Vec<String>,
    /// How each test fared.
    pub runs: Vec<DetectorRun>,
    /// Null runs made.
    pub null_runs: u32,
    /// Random groups per null run that would have had a counting finding.
    pub expected_counting: f64,
}

impl Tested {
    /// Adds the groups of another run, and nothing that it says of the log as a whole.
    pub fn add_groups(&mut self, other: Self) {
        self.by_group.extend(other.by_group);
        self.untested.extend(other.untested);
        self.silent.extend(other.silent);
    }
}

/// A unit as one account: a declared customer is one, and its busiest account stands for it.
#[must_use]
pub fn representatives(units: &Units, cluster: &Cluster, requests: &[u64]) -> Vec<u32> {
    let busiest = |accounts: &Vec<u32>| {
        accounts.iter().copied().max_by_key(|account| {
            (
                requests.get(*account as usize).copied().unwrap_or(0),
                u32::MAX - account,
            )
        })
    };
    let mut accounts: Vec<u32> = cluster
        .units
        .iter()
        .filter_map(|unit| units.accounts.get(*unit as usize))
        .filter_map(busiest)
        .collect();
    accounts.sort_unstable();
    accounts
}

/// Runs the tests on the groups.
#[must_use]
pub fn run(
    tests: &[(DetectorRun, &'static dyn GroupTest)],
    population: &Population<'_>,
    groups: &[Group],
    fuse: &FuseConfig,
    seed: u64,
) -> Tested {
    let mut runs: Vec<DetectorRun> = tests.iter().map(|(run, _)| run.clone()).collect();
    let mut ready: Vec<(usize, &'static dyn GroupTest, Prepared<'_>)> = Vec::new();
    for (index, (run, test)) in tests.iter().enumerate() {
        if run.status != RunStatus::Ran {
            continue;
        }
        if let Some(reason) = test.blocked(population) {
            runs[index].status = RunStatus::NotRun { reason };
            runs[index].partial.clear();
            continue;
        }
        let prepared = test.prepare(population);
        runs[index].partial.extend(prepared.partial.iter().cloned());
        ready.push((index, *test, prepared));
    }
    if groups.is_empty() {
        for (index, _, _) in &ready {
            runs[*index]
                .partial
                .push("no accounts have enough in common to be looked at as a group".to_owned());
        }
    }
    let tried_log2 = ((ready.len() * groups.len()).max(1) as f64).log2();
    let looked: Vec<Vec<(usize, Look)>> = groups
        .par_iter()
        .map(|group| {
            ready
                .iter()
                .map(|(index, _, prepared)| (*index, (prepared.look)(group)))
                .collect()
        })
        .collect();
    let not_tested = runs.iter().flat_map(DetectorRun::not_tested).collect();
    let untested = looked
        .iter()
        .map(|looks| {
            let name = |index: usize| runs.get(index).map_or("", |run| run.detector.as_str());
            looks
                .iter()
                .flat_map(|(index, look)| {
                    look.partial
                        .iter()
                        .map(|reason| format!("{}: {reason}", name(*index)))
                })
                .collect()
        })
        .collect();
    let silent = looked
        .iter()
        .map(|looks| {
            looks
                .iter()
                .filter_map(|(index, look)| {
                    let detector = runs.get(*index)?.detector.as_str();
                    nothing_beyond_chance(detector, look, tried_log2)
                })
                .collect()
        })
        .collect();
    report_untested(&looked, groups.len(), &mut runs);
    let by_group = looked
        .into_iter()
        .map(|looks| {
            looks
                .into_iter()
                .flat_map(|(index, look)| {
                    look.findings
                        .into_iter()
                        .map(move |finding| (index, finding))
                })
                .filter_map(|(index, finding)| {
                    let bits = corrected(&finding, tried_log2).min(fuse.family_cap_bits);
                    let detector = tests.get(index)?.1.meta().id;
                    (bits >= SHOWN_BITS).then_some(Judged {
                        detector,
                        finding,
                        bits,
                    })
                })
                .collect()
        })
        .collect();
    let counting: Vec<&Prepared<'_>> = ready
        .iter()
        .filter(|(_, test, _)| test.may_count())
        .map(|(_, _, prepared)| prepared)
        .collect();
    let (null_runs, expected_counting) =
        null_runs(&counting, population, groups, tried_log2, fuse, seed);
    Tested {
        by_group,
        untested,
        silent,
        not_tested,
        runs,
        null_runs,
        expected_counting,
    }
}

/// Bits after paying for the looks of the test and for all groups and tests.
fn corrected(finding: &GroupFinding, tried_log2: f64) -> f64 {
    finding.bits - (finding.tried.max(1) as f64).log2() - tried_log2
}

/// What a test measured at a group without a finding that is shown.
fn nothing_beyond_chance(detector: &str, look: &Look, tried_log2: f64) -> Option<String> {
    let Some(strongest) = look
        .findings
        .iter()
        .max_by(|one, other| one.bits.total_cmp(&other.bits))
    else {
        return look.partial.is_empty().then(|| detector.to_owned());
    };
    let bits = corrected(strongest, tried_log2);
    (bits < SHOWN_BITS).then(|| {
        format!(
            "{detector}: {} ({:.1} bits by itself, {:.1} after paying for all groups and tests; shown from {SHOWN_BITS})",
            strongest.statement,
            strongest.bits,
            bits.max(0.0)
        )
    })
}

/// Adds to each run, for how many groups it could not be made and why.
fn report_untested(looked: &[Vec<(usize, Look)>], groups: usize, runs: &mut [DetectorRun]) {
    for (index, run) in runs.iter_mut().enumerate() {
        let mut reasons: Vec<&str> = looked
            .iter()
            .flatten()
            .filter(|(other, _)| *other == index)
            .flat_map(|(_, look)| look.partial.iter().map(String::as_str))
            .collect();
        reasons.sort_unstable();
        for reason in reasons.chunk_by(|a, b| a == b) {
            if let Some(text) = reason.first() {
                run.partial
                    .push(format!("{} of {groups} groups: {text}", reason.len()));
            }
        }
    }
}

/// Random groups with a counting finding, per run over all groups.
fn null_runs(
    tests: &[&Prepared<'_>],
    population: &Population<'_>,
    groups: &[Group],
    tried_log2: f64,
    fuse: &FuseConfig,
    seed: u64,
) -> (u32, f64) {
    let visits = (population.len() * groups.len() * tests.len().max(1)) as u64;
    let affordable = u32::try_from(MOST_VISITS / visits.max(1)).unwrap_or(u32::MAX);
    let runs = fuse.null_runs.min(affordable.max(FEWEST_RUNS));
    if groups.is_empty() || runs == 0 {
        return (0, 0.0);
    }
    let matched = Matched::new(&population.requests);
    let counted: usize = (0..runs)
        .flat_map(|run| {
            (0_u64..)
                .zip(groups)
                .map(move |(number, group)| (run, number, group))
        })
        .collect::<Vec<_>>()
        .into_par_iter()
        .filter(|(run, number, group)| {
            let purpose = format!("group tests {run} {number}");
            let mut random = Random::for_purpose(seed, &purpose);
            let drawn = random_group(&matched, group, &mut random);
            tests.iter().any(|prepared| {
                (prepared.look)(&drawn).findings.iter().any(|finding| {
                    finding.standing != Standing::Weak
                        && corrected(finding, tried_log2) >= fuse.counting_bits
                })
            })
        })
        .count();
    (runs, counted as f64 / f64::from(runs))
}

/// As many accounts, each as busy as one of the group's.
fn random_group(matched: &Matched, group: &Group, random: &mut Random) -> Group {
    let mut accounts: Vec<u32> = group
        .accounts
        .iter()
        .filter_map(|account| {
            let others = matched.as_busy_as(*account);
            let at = usize::try_from(random.below(others.len() as u64)).ok()?;
            others.get(at).copied()
        })
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    Group {
        name: group.name.clone(),
        accounts,
    }
}

/// Whether a finding counts as a family of evidence in this cluster.
#[must_use]
pub fn counts(judged: &Judged, cluster: &Cluster, is_lead: bool) -> bool {
    judged.bits >= cluster.counting_bits
        && match judged.finding.standing {
            Standing::Weak => false,
            Standing::Counts => true,
            // One tool explains both the prompt and the move; one customer both the bill and the move.
            Standing::CountsBesideLinks => !is_lead && cluster.counts(Family::Content),
        }
}

/// The cluster with the families that its counting findings add.
#[must_use]
pub fn with_findings(cluster: &Cluster, found: &[Judged], is_lead: bool) -> Cluster {
    let mut cluster = cluster.clone();
    for judged in found
        .iter()
        .filter(|judged| counts(judged, &cluster, is_lead))
        .collect::<Vec<_>>()
    {
        let bits = cluster
            .family_bits
            .entry(judged.finding.family)
            .or_insert(0.0);
        *bits = bits.max(judged.bits);
    }
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn finding(standing: Standing, family: Family) -> Judged {
        Judged {
            detector: "test/test",
            bits: 15.0,
            finding: GroupFinding {
                family,
                standing,
                about: String::new(),
                accounts: Vec::new(),
                bits: 25.0,
                tried: 4,
                measure: String::new(),
                measured: 0.0,
                expected: 0.0,
                n: 0,
                threshold: 0.0,
                statement: String::new(),
                null_model: String::new(),
                innocent: String::new(),
                would_clear: String::new(),
                first_us: None,
                last_us: None,
                dates: Vec::new(),
            },
        }
    }

    fn cluster(families: &[Family]) -> Cluster {
        Cluster {
            units: vec![0, 1, 2],
            corroborations: Vec::new(),
            bits: Vec::new(),
            family_bits: families
                .iter()
                .map(|family| (*family, 20.0))
                .collect::<BTreeMap<_, _>>(),
            counting_bits: 10.0,
            also: Vec::new(),
        }
    }

    #[test]
    fn a_finding_counts_by_its_standing() {
        let content = cluster(&[Family::Content]);
        let linked = cluster(&[Family::Content, Family::Payment]);
        let payment = cluster(&[Family::Payment, Family::Network]);
        let weak = finding(Standing::Weak, Family::Coordination);
        let pivot = finding(Standing::CountsBesideLinks, Family::Dynamics);
        let succession = finding(Standing::Counts, Family::Lifecycle);
        for (cluster, is_lead) in [(&content, true), (&linked, false), (&payment, false)] {
            assert!(!counts(&weak, cluster, is_lead));
            assert!(counts(&succession, cluster, is_lead));
        }
        assert!(!counts(&pivot, &content, true));
        assert!(counts(&pivot, &linked, false));
        assert!(!counts(&pivot, &payment, false));
        let added = with_findings(&content, &[weak, pivot, succession], true);
        assert_eq!(
            added.family_bits.keys().copied().collect::<Vec<_>>(),
            [Family::Content, Family::Lifecycle]
        );
    }

    #[test]
    fn everything_tried_is_paid_for() {
        let judged = finding(Standing::Counts, Family::Lifecycle);
        assert!((corrected(&judged.finding, 3.0) - 20.0).abs() < 1e-12);
    }

    #[test]
    fn random_groups_are_as_busy_and_of_the_same_size_at_most() {
        let activity: Vec<u64> = (0..100)
            .map(|account| if account < 50 { 3 } else { 300 })
            .collect();
        let group = Group {
            name: String::new(),
            accounts: (60..70).collect(),
        };
        let drawn = random_group(&Matched::new(&activity), &group, &mut Random::new(1));
        assert!(!drawn.accounts.is_empty() && drawn.accounts.len() <= 10);
        assert!(drawn.accounts.iter().all(|account| *account >= 50));
    }
}
