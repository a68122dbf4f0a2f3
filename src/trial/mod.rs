//! How often the group tests speak where nothing is, and where something is.
//!
//! ```text
//! folder  a log with its tables and its truth, as `simulate` writes them
//! draw    groups of accounts at random: of everyone innocent, of one population, of one campaign
//! look    every group test at every group: spoke, was silent, could not be made
//! row     test x drawn from -> groups, tested, spoke at 5 % and at 0.1 %, over all folders
//! ```
//!
//! Groups of everyone innocent have nothing in common but chance: a test that keeps its level
//! speaks for no more of them than it states. Groups of one population have a trade in common
//! (a timetable, a gateway, a release), which is what a test's innocent explanation names: the
//! row says how often that explanation would be needed. Groups of a campaign say what the test
//! can see.

mod draw;
mod folder;
mod render;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;

use crate::config::Config;
use crate::detect::group::{Group, Look, Prepared};
use crate::model::finding::RunStatus;
use crate::model::progress::Progress;
use crate::pipeline::{self, Trialled};

pub use draw::{DrawnFrom, draw};
pub use render::{to_csv, to_json, to_table};

/// The two levels: of one look in twenty, and of one in a thousand.
pub const LEVELS: [f64; 2] = [0.05, 0.001];

/// What to try.
#[derive(Debug, Clone)]
pub struct TrialOptions {
    /// Folders with a log, its tables and its truth.
    pub folders: Vec<PathBuf>,
    /// Groups drawn of each population, over all folders together.
    pub groups: u64,
    /// Accounts in a group.
    pub group_accounts: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Memory of one digest.
    pub memory_bytes: u64,
    /// Settings.
    pub config: Config,
}

/// One test on groups drawn from one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Detector id.
    pub test: String,
    /// `everyone`, an innocent population, or a campaign.
    pub drawn_from: String,
    /// Whether the accounts are a campaign's.
    pub is_campaign: bool,
    /// Groups drawn.
    pub groups: u64,
    /// Groups that the test could look at.
    pub tested: u64,
    /// Groups it spoke for at the level of 5 %, after paying for its own looks.
    pub at_5_percent: u64,
    /// The same at 0.1 %.
    pub at_1_permille: u64,
    /// Why most of the others could not be looked at.
    pub reason: Option<String>,
}

/// Counts of one row while they are gathered.
#[derive(Debug, Clone, Default)]
struct Tally {
    groups: u64,
    tested: u64,
    spoke: [u64; 2],
    reasons: BTreeMap<String, u64>,
}

impl Tally {
    fn blocked(&mut self, groups: u64, reason: &str) {
        self.groups += groups;
        *self.reasons.entry(reason.to_owned()).or_default() += groups;
    }

    fn add(&mut self, look: &Look) {
        self.groups += 1;
        if let (true, Some(reason)) = (look.findings.is_empty(), look.partial.first()) {
            *self.reasons.entry(reason.clone()).or_default() += 1;
            return;
        }
        self.tested += 1;
        let paid = |bits: f64, tried: u64| bits - (tried.max(1) as f64).log2();
        let best = look
            .findings
            .iter()
            .map(|finding| paid(finding.bits, finding.tried))
            .fold(0.0, f64::max);
        for (spoke, level) in self.spoke.iter_mut().zip(LEVELS) {
            *spoke += u64::from(best >= -level.log2());
        }
    }

    fn join(&mut self, other: Tally) {
        self.groups += other.groups;
        self.tested += other.tested;
        for (spoke, more) in self.spoke.iter_mut().zip(other.spoke) {
            *spoke += more;
        }
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    fn into_row(self, test: &str, from: &DrawnFrom) -> Row {
        let commonest = self.reasons.into_iter().max_by_key(|(reason, count)| {
            // of equally common ones the first by name
            (*count, std::cmp::Reverse(reason.clone()))
        });
        Row {
            test: test.to_owned(),
            drawn_from: from.name().to_owned(),
            is_campaign: from.is_campaign(),
            groups: self.groups,
            tested: self.tested,
            at_5_percent: self.spoke[0],
            at_1_permille: self.spoke[1],
            reason: commonest.map(|(reason, _)| reason),
        }
    }
}

type Tallies = BTreeMap<(usize, DrawnFrom), Tally>;

/// Draws groups in every folder and looks at them.
///
/// # Errors
/// A folder without a log or a truth, settings that leave nothing to draw, or bad input.
pub fn run(options: &TrialOptions, progress: &dyn Progress) -> Result<Vec<Row>> {
    let mut names: Vec<&'static str> = Vec::new();
    let mut all = Tallies::new();
    for folder in &options.folders {
        let (scan, truth) = folder::open(folder, options)?;
        let found = pipeline::with_group_tests(&scan, progress, |log| {
            names = log.tests.iter().map(|(_, test)| test.meta().id).collect();
            let groups = draw(&log.account_ids, &truth, options);
            Ok(look(log, &groups))
        })?;
        for (key, tally) in found {
            all.entry(key).or_default().join(tally);
        }
    }
    if all.is_empty() {
        return Err(folder::nothing_to_draw(options.group_accounts));
    }
    Ok(all
        .into_iter()
        .filter_map(|((test, from), tally)| Some(tally.into_row(names.get(test)?, &from)))
        .collect())
}

/// Every test at every group.
fn look(log: &Trialled<'_>, groups: &[(DrawnFrom, Group)]) -> Tallies {
    let by_test = log.tests.par_iter().enumerate().map(|(test, (run, look))| {
        let mut tallies = Tallies::new();
        let blocked = match &run.status {
            RunStatus::Ran => look.blocked(log.population),
            RunStatus::NotRun { reason } => Some(reason.clone()),
            RunStatus::Skipped => return tallies,
        };
        if let Some(reason) = blocked {
            for (from, _) in groups {
                let tally = tallies.entry((test, from.clone())).or_default();
                tally.blocked(1, &reason);
            }
            return tallies;
        }
        let prepared: Prepared<'_> = look.prepare(log.population);
        for (from, group) in groups {
            let tally = tallies.entry((test, from.clone())).or_default();
            tally.add(&(prepared.look)(group));
        }
        tallies
    });
    by_test.reduce(Tallies::new, |mut one, other| {
        one.extend(other);
        one
    })
}
