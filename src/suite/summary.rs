//! Cells put together: a row per campaign, per log and per innocent population, with intervals.
//!
//! The unit of repetition is the run (a cell): the accounts of one run share an operator or
//! an office and are no independent draws. Shares of accounts get a bootstrap over runs,
//! counts of runs a Wilson interval. Innocent populations get both: the share of accounts
//! with a Wilson interval that takes accounts for independent (too narrow where one office is
//! flagged whole), and the number of runs with any flag.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evaluate::LEVELS;
use crate::evaluate::levels::AtLevel;
use crate::evaluate::score::{Score, share};
use crate::evaluate::templates::{FIRST, Listed, Order, right_of_first};
use crate::stats::bootstrap::ratio_interval;
use crate::stats::quantile::{Z_95, wilson_interval};
use crate::suite::cell::{Cell, MethodScores};

/// A matched F1 from which a campaign counts as found in a run: more right than wrong.
const FOUND_F1: f64 = 0.5;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// A true campaign in the logs of one preset.
    Campaigns,
    /// All accounts and requests of the logs of one preset.
    Logs,
    /// An innocent population over the logs of all presets.
    Populations,
    /// An innocent population in the logs of one preset.
    PopulationsByPreset,
    /// Errors that the case states beside those found, over all logs.
    Calibration,
    /// The beginnings of the lists of templates, over all logs together.
    Templates,
}

/// One number with its 95 % interval, where it has one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// Name.
    pub name: &'static str,
    /// Value; undefined where its denominator is zero.
    pub value: Option<f64>,
    /// Ends of the interval.
    pub interval: Option<(f64, f64)>,
}

/// Everything about one subject under one method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What kind of subject.
    pub section: Section,
    /// Method.
    pub method: String,
    /// Preset and scale; empty for all.
    pub log: String,
    /// Campaign, population or verdict.
    pub subject: String,
    /// Its numbers, the same ones in every row of a section.
    pub measures: Vec<Measure>,
}

/// All rows, in order of section, method as first met, and log as first met.
#[must_use]
pub fn summarise(cells: &[Cell]) -> Vec<Row> {
    let mut methods: Vec<&str> = Vec::new();
    let mut logs: Vec<String> = Vec::new();
    for cell in cells {
        if !logs.contains(&log_name(cell)) {
            logs.push(log_name(cell));
        }
        for scores in &cell.methods {
            if !methods.contains(&scores.method.as_str()) {
                methods.push(&scores.method);
            }
        }
    }
    let mut rows = Vec::new();
    for method in methods {
        let of_log = |log: Option<&str>| -> Vec<&MethodScores> {
            cells
                .iter()
                .filter(|cell| log.is_none_or(|log| log_name(cell) == log))
                .flat_map(|cell| &cell.methods)
                .filter(|scores| scores.method == method)
                .collect()
        };
        for log in &logs {
            let runs = of_log(Some(log));
            campaigns(method, log, &runs, &mut rows);
            rows.push(whole_log(method, log, &runs));
            populations(Section::PopulationsByPreset, method, log, &runs, &mut rows);
        }
        let runs = of_log(None);
        populations(Section::Populations, method, "", &runs, &mut rows);
        calibration(method, &runs, &mut rows);
        templates(method, &runs, &mut rows);
    }
    rows.sort_by_key(|row| row.section);
    rows
}

fn log_name(cell: &Cell) -> String {
    format!("{} x{}", cell.key.preset, cell.key.scale)
}

/// Six decimals: what lies below them is the arithmetic's, not the sample's.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A ratio of sums over runs, with its bootstrap.
fn ratio(name: &'static str, runs: Vec<(f64, f64)>) -> Measure {
    let (part, whole) = runs.iter().fold((0.0, 0.0), |(part, whole), run| {
        (part + run.0, whole + run.1)
    });
    Measure {
        name,
        value: (whole > 0.0).then(|| rounded(part / whole)),
        interval: ratio_interval(&runs).map(|(low, high)| (rounded(low), rounded(high))),
    }
}

/// A mean over the runs in which the number is defined.
fn mean(name: &'static str, runs: impl Iterator<Item = Option<f64>>) -> Measure {
    ratio(name, runs.flatten().map(|value| (value, 1.0)).collect())
}

fn count(name: &'static str, value: u64) -> Measure {
    Measure {
        name,
        value: Some(value as f64),
        interval: None,
    }
}

/// A share of counts, with Wilson's interval.
fn wilson(name: &'static str, part: u64, whole: u64) -> Measure {
    Measure {
        name,
        value: share(part, whole).map(rounded),
        interval: (whole > 0).then(|| {
            let (low, high) = wilson_interval(part, whole, Z_95);
            (rounded(low), rounded(high))
        }),
    }
}

fn parts(score: &Score) -> (f64, f64, f64) {
    (
        score.true_positives as f64,
        (score.true_positives + score.false_positives) as f64,
        (score.true_positives + score.false_negatives) as f64,
    )
}

/// F1 of pooled counts: twice the hits per predicted and true ones.
fn f1_parts(score: &Score) -> (f64, f64) {
    let (hits, predicted, actual) = parts(score);
    (2.0 * hits, predicted + actual)
}

fn campaigns(method: &str, log: &str, runs: &[&MethodScores], rows: &mut Vec<Row>) {
    let mut by_name: BTreeMap<&str, Vec<&crate::evaluate::clusters::CampaignMatch>> =
        BTreeMap::new();
    for found in runs
        .iter()
        .filter_map(|scores| scores.at_level())
        .flat_map(|at| &at.campaigns)
    {
        by_name.entry(&found.campaign).or_default().push(found);
    }
    for (campaign, found) in by_name {
        let hit = found
            .iter()
            .filter(|one| one.score.f1.is_some_and(|f1| f1 >= FOUND_F1))
            .count() as u64;
        rows.push(Row {
            section: Section::Campaigns,
            method: method.to_owned(),
            log: log.to_owned(),
            subject: campaign.to_owned(),
            measures: vec![
                count("runs", found.len() as u64),
                count("accounts", found.iter().map(|one| one.accounts).sum()),
                wilson("found", hit, found.len() as u64),
                ratio(
                    "recall",
                    found
                        .iter()
                        .map(|one| (one.flagged as f64, one.accounts as f64))
                        .collect(),
                ),
                ratio(
                    "matched_precision",
                    found
                        .iter()
                        .map(|one| (parts(&one.score).0, parts(&one.score).1))
                        .collect(),
                ),
                ratio(
                    "matched_f1",
                    found.iter().map(|one| f1_parts(&one.score)).collect(),
                ),
                mean("pieces", found.iter().map(|one| Some(one.pieces as f64))),
            ],
        });
    }
}

fn whole_log(method: &str, log: &str, runs: &[&MethodScores]) -> Row {
    let levels: Vec<&AtLevel> = runs.iter().filter_map(|scores| scores.at_level()).collect();
    let at_level: Vec<Score> = levels.iter().map(|at| at.accounts).collect();
    let requests: Vec<&Score> = levels
        .iter()
        .filter_map(|at| Some(&at.requests.as_ref()?.all))
        .collect();
    let clusters = || levels.iter().map(|at| &at.clusters);
    Row {
        section: Section::Logs,
        method: method.to_owned(),
        log: log.to_owned(),
        subject: String::new(),
        measures: vec![
            count("runs", runs.len() as u64),
            count(
                "false_accounts",
                at_level.iter().map(|score| score.false_positives).sum(),
            ),
            ratio(
                "precision",
                at_level
                    .iter()
                    .map(|score| (parts(score).0, parts(score).1))
                    .collect(),
            ),
            ratio(
                "recall",
                at_level
                    .iter()
                    .map(|score| (parts(score).0, parts(score).2))
                    .collect(),
            ),
            ratio("f1", at_level.iter().map(f1_parts).collect()),
            mean("pr_auc", levels.iter().map(|at| at.average_precision)),
            mean("bcubed_f1", clusters().map(|found| found.bcubed_f1)),
            mean("pair_f1", clusters().map(|found| found.pairs.f1)),
            ratio(
                "request_precision",
                requests
                    .iter()
                    .map(|score| (parts(score).0, parts(score).1))
                    .collect(),
            ),
            ratio(
                "request_recall",
                requests
                    .iter()
                    .map(|score| (parts(score).0, parts(score).2))
                    .collect(),
            ),
        ],
    }
}

fn populations(
    section: Section,
    method: &str,
    log: &str,
    runs: &[&MethodScores],
    rows: &mut Vec<Row>,
) {
    #[derive(Default)]
    struct Counts {
        accounts: u64,
        lead: u64,
        flagged: u64,
        runs: u64,
        runs_with_flags: u64,
    }
    let mut by_name: BTreeMap<&str, Counts> = BTreeMap::new();
    for scores in runs {
        for found in &scores.evaluation.populations {
            let flagged = found.at(scores.level);
            let counts = by_name.entry(&found.population).or_default();
            counts.accounts += found.accounts;
            counts.lead += found.lead;
            counts.flagged += flagged;
            counts.runs += 1;
            counts.runs_with_flags += u64::from(flagged > 0);
        }
    }
    rows.extend(by_name.into_iter().map(|(population, counts)| Row {
        section,
        method: method.to_owned(),
        log: log.to_owned(),
        subject: population.to_owned(),
        measures: vec![
            count("runs", counts.runs),
            count("accounts", counts.accounts),
            count("at_lead", counts.lead),
            count("flagged", counts.flagged),
            wilson("share", counts.flagged, counts.accounts),
            wilson("runs_with_flags", counts.runs_with_flags, counts.runs),
        ],
    }));
}

/// How many of the templates that are listed first are a campaign's, in each order.
fn templates(method: &str, runs: &[&MethodScores], rows: &mut Vec<Row>) {
    let listed: Vec<Listed> = runs
        .iter()
        .flat_map(|scores| scores.templates.iter().cloned())
        .collect();
    if listed.is_empty() {
        return;
    }
    let right = listed.iter().filter(|one| one.is_campaign).count() as u64;
    rows.extend(Order::ALL.into_iter().map(|order| {
        let first = |name, most| {
            let (right, of) = right_of_first(&listed, order, most);
            wilson(name, right, of)
        };
        Row {
            section: Section::Templates,
            method: method.to_owned(),
            log: String::new(),
            subject: order.name().to_owned(),
            measures: vec![
                count("templates", listed.len() as u64),
                count("of_campaigns", right),
                first("precision_at_10", FIRST[0]),
                first("precision_at_50", FIRST[1]),
                first("precision_at_200", FIRST[2]),
            ],
        }
    }));
}

fn calibration(method: &str, runs: &[&MethodScores], rows: &mut Vec<Row>) {
    for level in LEVELS {
        let found: Vec<_> = runs
            .iter()
            .flat_map(|scores| &scores.evaluation.calibration)
            .filter(|one| one.level == level)
            .filter(|one| one.null_run_false_clusters.is_some())
            .collect();
        if found.is_empty() {
            continue;
        }
        let clusters: u64 = found.iter().map(|one| one.clusters).sum();
        let wrong: u64 = found.iter().map(|one| one.false_clusters).sum();
        let stated: f64 = found
            .iter()
            .filter_map(|one| one.null_run_false_clusters)
            .sum();
        rows.push(Row {
            section: Section::Calibration,
            method: method.to_owned(),
            log: String::new(),
            subject: level.name().to_owned(),
            measures: vec![
                count("runs", found.len() as u64),
                count("clusters", clusters),
                Measure {
                    name: "expected_false",
                    value: Some(stated),
                    interval: None,
                },
                count("false_clusters", wrong),
                wilson("false_share", wrong, clusters),
                Measure {
                    name: "allowed_share",
                    value: found.iter().find_map(|one| one.allowed_false_share),
                    interval: None,
                },
            ],
        });
    }
}
