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
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;

use crate::config::Config;
use crate::detect::group::Prepared;
use crate::model::finding::RunStatus;
use crate::model::progress::Progress;
use crate::pipeline::{self, Trialled};
use crate::trial::folder::Opened;
use crate::trial::tally::Tally;

pub use draw::{DrawnFrom, Groups, group_size, places};
pub use render::{to_csv, to_json, to_table};

/// The two levels: of one look in twenty, and of one in a thousand.
pub const LEVELS: [f64; 2] = [0.05, 0.001];

/// Most groups of one place: more tell nothing new, and each costs every test a look.
pub const MOST_GROUPS: u64 = 100_000;

/// What to try.
#[derive(Debug, Clone)]
pub struct TrialOptions {
    /// Folders with a log, its tables and its truth.
    pub folders: Vec<PathBuf>,
    /// Groups drawn of each place, over all folders that have it together.
    pub groups: u64,
    /// Accounts in a group, at most.
    pub group_accounts: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Memory of one digest.
    pub memory_bytes: u64,
    /// Settings.
    pub config: Config,
}

/// What was read of one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogRead {
    /// The folder.
    pub folder: String,
    /// Files read as the log.
    pub files: Vec<String>,
    /// Rows used.
    pub rows: u64,
    /// Rows rejected.
    pub rows_rejected: u64,
    /// Accounts that send requests.
    pub accounts: u64,
    /// Those of them that the truth knows.
    pub accounts_in_truth: u64,
}

/// One test on groups drawn from one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Detector id.
    pub test: String,
    /// Whether a finding of the test may count for a verdict; others are weak.
    pub may_count: bool,
    /// `everyone`, `population` or `campaign`.
    pub kind: String,
    /// Name of the place.
    pub drawn_from: String,
    /// Accounts in a group, the smallest and the largest.
    pub group_accounts: (u64, u64),
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

/// What came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// What was read.
    pub logs: Vec<LogRead>,
    /// Places with too few accounts for groups, with the largest number in one log.
    pub left_out: Vec<(String, u64)>,
    /// One row per test and place.
    pub rows: Vec<Row>,
}

type Tallies = BTreeMap<(usize, DrawnFrom), Tally>;

/// Draws groups in every folder and looks at them.
///
/// # Errors
/// A folder without a log or a truth, a truth that knows no account of its log, settings that
/// leave nothing to draw, or bad input.
pub fn run(options: &TrialOptions, progress: &dyn Progress) -> Result<Trial> {
    folder::check(options)?;
    let opened = options
        .folders
        .iter()
        .map(|folder| folder::open(folder, options))
        .collect::<Result<Vec<_>>>()?;
    let shares = shares(&opened, options);
    let mut tests: Vec<(&'static str, bool)> = Vec::new();
    let mut all = Tallies::new();
    let mut logs = Vec::new();
    let mut small: BTreeMap<String, u64> = BTreeMap::new();
    for (number, folder) in opened.iter().enumerate() {
        let found = pipeline::with_group_tests(&folder.scan, progress, |log| {
            tests = log
                .tests
                .iter()
                .map(|(_, test)| (test.meta().id, test.may_count()))
                .collect();
            logs.push(folder.read(log)?);
            let mut drawn = Vec::new();
            for (from, accounts) in places(log, &folder.truth) {
                let Some(size) = group_size(accounts.len(), options.group_accounts) else {
                    let largest = small.entry(from.name().to_owned()).or_insert(0);
                    *largest = (*largest).max(accounts.len() as u64);
                    continue;
                };
                let groups = shares.get(&from).and_then(|counts| counts.get(number));
                drawn.push((from, accounts, size, groups.copied().unwrap_or(0)));
            }
            Ok(look(log, &drawn, options.seed))
        })?;
        for (key, tally) in found {
            all.entry(key).or_default().join(tally);
        }
    }
    if all.is_empty() {
        return Err(folder::nothing_to_draw(options.group_accounts));
    }
    small.retain(|name, _| all.keys().all(|(_, from)| from.name() != name));
    Ok(Trial {
        logs,
        left_out: small.into_iter().collect(),
        rows: all
            .into_iter()
            .filter_map(|((test, from), tally)| Some(tally.into_row(*tests.get(test)?, &from)))
            .collect(),
    })
}

/// How many groups each place gets in each folder: equal parts over the folders whose truth has
/// enough accounts of it, the first ones one more where the number does not divide.
fn shares(opened: &[Opened], options: &TrialOptions) -> BTreeMap<DrawnFrom, Vec<u64>> {
    let mut sizes: BTreeMap<DrawnFrom, Vec<usize>> = BTreeMap::new();
    for (number, folder) in opened.iter().enumerate() {
        for account in folder.truth.accounts.values() {
            for place in DrawnFrom::places_of(account) {
                let counts = sizes.entry(place).or_insert_with(|| vec![0; opened.len()]);
                if let (false, Some(count)) = (account.is_silent, counts.get_mut(number)) {
                    *count += 1;
                }
            }
        }
    }
    sizes
        .into_iter()
        .map(|(place, counts)| {
            let has = |count: &usize| group_size(*count, options.group_accounts).is_some();
            let folders = counts.iter().filter(|count| has(count)).count().max(1) as u64;
            let mut rest = options.groups % folders;
            let shares = counts
                .iter()
                .map(|count| {
                    if !has(count) {
                        return 0;
                    }
                    let more = u64::from(rest > 0);
                    rest -= more;
                    options.groups / folders + more
                })
                .collect();
            (place, shares)
        })
        .collect()
}

/// Every test at every group; a place with its accounts, the size of its groups and their number.
fn look(log: &Trialled<'_>, drawn: &[(DrawnFrom, Vec<u32>, usize, u64)], seed: u64) -> Tallies {
    let by_test = log.tests.par_iter().enumerate().map(|(test, (run, look))| {
        let mut tallies = Tallies::new();
        let blocked = match &run.status {
            RunStatus::Ran => look.blocked(log.population),
            RunStatus::NotRun { reason } => Some(reason.clone()),
            RunStatus::Skipped => return tallies,
        };
        let prepared: Option<Prepared<'_>> =
            blocked.is_none().then(|| look.prepare(log.population));
        for (from, accounts, size, groups) in drawn {
            let tally = tallies.entry((test, from.clone())).or_default();
            tally.sized(*size as u64);
            match (&blocked, &prepared) {
                (None, Some(prepared)) => {
                    let number = usize::try_from(*groups).unwrap_or(usize::MAX);
                    for group in Groups::new(from, accounts, *size, seed).take(number) {
                        tally.add(&(prepared.look)(&group));
                    }
                }
                (reason, _) => tally.blocked(*groups, reason.as_deref().unwrap_or_default()),
            }
        }
        tallies
    });
    by_test.reduce(Tallies::new, |mut one, other| {
        one.extend(other);
        one
    })
}
