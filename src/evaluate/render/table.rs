//! Fixed-width tables for a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::evaluate::Evaluation;
use crate::evaluate::calibration::Calibration;
use crate::evaluate::clusters::CampaignMatch;
use crate::evaluate::levels::AtLevel;
use crate::evaluate::populations::PopulationFlags;
use crate::evaluate::requests::RequestScores;
use crate::evaluate::score::Score;
use crate::model::campaign::Verdict;
use crate::report::escape::is_hidden;

/// Characters of a name shown in the table; longer ones are cut.
const NAME_WIDTH: usize = 28;

/// Text safe for a terminal: hidden and direction-changing characters replaced.
fn shown(text: &str) -> String {
    let safe = |c: char| if is_hidden(c) { '?' } else { c };
    text.chars().map(safe).collect()
}

/// A name safe for a terminal; long ones are cut.
fn plain(text: &str) -> String {
    let mut name: String = shown(text).chars().take(NAME_WIDTH).collect();
    if text.chars().nth(NAME_WIDTH).is_some() {
        name.pop();
        name.push('…');
    }
    name
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// Expected counts may be tiny; three decimals would hide them.
fn expected(value: Option<f64>) -> String {
    match value {
        Some(value) if value > 0.0 && value < 0.001 => format!("{value:.0e}"),
        other => number(other),
    }
}

/// A section of the table: a heading, column names, rows. The first column is left-aligned.
struct Section {
    title: &'static str,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Section {
    fn write(&self, out: &mut String) {
        let width = |column: usize| {
            let cells = self
                .rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count());
            let header = self
                .header
                .get(column)
                .map_or(0, |name| name.chars().count());
            cells.max().unwrap_or(0).max(header)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let mut line = |cells: Vec<&str>| {
            let mut text = String::new();
            for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
                let (before, after) = if column == 0 {
                    ("", padding.as_str())
                } else {
                    (padding.as_str(), "")
                };
                text.push_str("  ");
                text.push_str(before);
                text.push_str(cell);
                text.push_str(after);
            }
            out.push_str(text.trim_end());
            out.push('\n');
        };
        line(self.header.clone());
        for row in &self.rows {
            line(row.iter().map(String::as_str).collect());
        }
    }
}

fn score_cells(score: &Score) -> [String; 6] {
    [
        score.true_positives.to_string(),
        score.false_positives.to_string(),
        score.false_negatives.to_string(),
        number(score.precision),
        number(score.recall),
        number(score.f1),
    ]
}

fn row(name: &str, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(plain(name)).chain(cells).collect()
}

/// Columns of account scores after a first one.
fn account_header(first: &'static str) -> Vec<&'static str> {
    vec![
        first,
        "right",
        "false",
        "missed",
        "precision",
        "recall",
        "F1",
        "PR-AUC",
    ]
}

/// Account scores with their average precision.
fn account_cells(at: &AtLevel) -> impl Iterator<Item = String> {
    score_cells(&at.accounts)
        .into_iter()
        .chain([number(at.average_precision)])
}

fn flags(levels: &[AtLevel]) -> Section {
    Section {
        title: "Accounts flagged",
        header: account_header("verdict"),
        rows: levels
            .iter()
            .map(|found| row(&at_least(found.level), account_cells(found)))
            .collect(),
    }
}

fn campaigns(levels: &[AtLevel]) -> Section {
    let cells = |level: Verdict, found: &CampaignMatch| {
        [
            at_least(level),
            found.accounts.to_string(),
            found.flagged.to_string(),
            found.pieces.to_string(),
            found
                .cluster
                .as_deref()
                .map_or_else(|| "-".to_owned(), plain),
            number(found.score.precision),
            number(found.score.recall),
            number(found.score.f1),
        ]
    };
    let mut rows: Vec<(&str, Vec<String>)> = levels
        .iter()
        .flat_map(|at| at.campaigns.iter().map(|found| (at.level, found)))
        .map(|(level, found)| {
            let name = found.campaign.as_str();
            (name, row(name, cells(level, found)))
        })
        .collect();
    // The sort keeps the levels of a campaign in order.
    rows.sort_by_key(|(campaign, _)| *campaign);
    Section {
        title: "True campaigns and their best match",
        header: vec![
            "campaign",
            "verdict",
            "accounts",
            "flagged",
            "pieces",
            "match",
            "precision",
            "recall",
            "F1",
        ],
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }
}

fn roles(levels: &[AtLevel]) -> Section {
    // By role: accounts, and those flagged at each level.
    let mut counts: BTreeMap<(&str, &str), (u64, Vec<String>)> = BTreeMap::new();
    for found in levels.iter().flat_map(|at| &at.campaigns) {
        for role in &found.roles {
            let (accounts, flagged) = counts.entry((&found.campaign, &role.role)).or_default();
            *accounts = role.accounts;
            flagged.push(role.flagged.to_string());
        }
    }
    let mut header = vec!["campaign", "role", "accounts"];
    header.extend(
        ["lead+", "likely+", "strong"]
            .into_iter()
            .take(levels.len()),
    );
    Section {
        title: "Roles, accounts flagged",
        header,
        rows: counts
            .into_iter()
            .map(|((campaign, role), (accounts, flagged))| {
                let cells = [plain(role), accounts.to_string()];
                row(campaign, cells.into_iter().chain(flagged))
            })
            .collect(),
    }
}

fn agreement(levels: &[AtLevel]) -> Section {
    let rows = levels.iter().map(|at| {
        let found = &at.clusters;
        let values = [
            found.bcubed_precision,
            found.bcubed_recall,
            found.bcubed_f1,
            found.pairs.precision,
            found.pairs.recall,
            found.pairs.f1,
            found.purity,
        ];
        let cells = std::iter::once(found.clusters.to_string()).chain(values.map(number));
        row(&at_least(at.level), cells)
    });
    Section {
        title: "Clusters (B-cubed, pairs, purity)",
        header: vec![
            "verdict",
            "clusters",
            "B precision",
            "B recall",
            "B F1",
            "pair precision",
            "pair recall",
            "pair F1",
            "purity",
        ],
        rows: rows.collect(),
    }
}

fn interval((low, high): (f64, f64)) -> String {
    format!("{low:.3}..{high:.3}")
}

fn populations(counted: &[PopulationFlags]) -> Section {
    let cells = |found: &PopulationFlags| {
        [
            found.accounts.to_string(),
            found.lead.to_string(),
            found.likely.to_string(),
            found.strong.to_string(),
            number(found.share),
            interval(found.share_interval),
        ]
    };
    Section {
        title: "False flags by innocent population (share: those at likely or above; where a tool states no verdicts, all it flags)",
        header: vec![
            "population",
            "accounts",
            "lead+",
            "likely+",
            "strong",
            "share",
            "95 % interval",
        ],
        rows: counted
            .iter()
            .map(|found| row(&found.population, cells(found)))
            .collect(),
    }
}

fn calibration(levels: &[Calibration]) -> Section {
    let cells = |found: &Calibration| {
        [
            found.clusters.to_string(),
            expected(found.stated_false_clusters),
            expected(found.null_run_false_clusters),
            found.false_clusters.to_string(),
            number(found.allowed_false_share),
            number(found.false_cluster_share),
            interval(found.false_cluster_interval),
            number(found.false_account_share),
        ]
    };
    Section {
        title: "Calibration",
        header: vec![
            "verdict",
            "clusters",
            "stated false",
            "null runs",
            "found false",
            "allowed",
            "found share",
            "95 % interval",
            "false accounts",
        ],
        rows: levels
            .iter()
            .map(|found| row(&at_least(found.level), cells(found)))
            .collect(),
    }
}

fn requests(levels: &[AtLevel]) -> [Section; 2] {
    let scored: Vec<(Verdict, &RequestScores)> = levels
        .iter()
        .filter_map(|at| Some((at.level, at.requests.as_ref()?)))
        .collect();
    let line =
        |level: Verdict, score: &Score| std::iter::once(at_least(level)).chain(score_cells(score));
    let mut rows: Vec<Vec<String>> = scored
        .iter()
        .map(|(level, found)| row("all", line(*level, &found.all)))
        .collect();
    let mut each: Vec<(&str, Vec<String>)> = scored
        .iter()
        .flat_map(|(level, found)| found.campaigns.iter().map(|one| (*level, one)))
        .map(|(level, found)| {
            let name = found.campaign.as_str();
            (name, row(name, line(level, &found.score)))
        })
        .collect();
    each.sort_by_key(|(campaign, _)| *campaign);
    rows.extend(each.into_iter().map(|(_, row)| row));
    let wrong = scored.iter().flat_map(|(level, found)| {
        found
            .false_by_substream
            .iter()
            .map(|(name, count)| row(name, [at_least(*level), count.to_string()]))
    });
    [
        Section {
            title: "Requests of the sub-stream",
            header: vec![
                "campaign",
                "verdict",
                "right",
                "false",
                "missed",
                "precision",
                "recall",
                "F1",
            ],
            rows,
        },
        Section {
            title: "Falsely labelled requests",
            header: vec!["really", "verdict", "requests"],
            rows: wrong.collect(),
        },
    ]
}

/// The sections that have something to show.
fn sections(evaluation: &Evaluation) -> Vec<Section> {
    let mut sections = vec![
        flags(&evaluation.levels),
        campaigns(&evaluation.levels),
        roles(&evaluation.levels),
        agreement(&evaluation.levels),
        populations(&evaluation.populations),
        calibration(&evaluation.calibration),
    ];
    sections.extend(requests(&evaluation.levels));
    sections.retain(|section| !section.rows.is_empty());
    sections
}

fn at_least(level: Verdict) -> String {
    match level {
        Verdict::Strong => level.name().to_owned(),
        _ => format!("{}+", level.name()),
    }
}

/// One row per method, at the verdict a reader acts on.
fn side_by_side(evaluations: &[Evaluation]) -> Section {
    let rows = evaluations.iter().map(|evaluation| {
        let at = evaluation
            .at(Verdict::Likely)
            .or_else(|| evaluation.levels.first());
        match at {
            Some(at) => row(&evaluation.name, account_cells(at)),
            None => row(&evaluation.name, ["not run".to_owned()]),
        }
    });
    Section {
        title: "Methods side by side (likely and above; methods without verdicts: all they flag)",
        header: account_header("method"),
        rows: rows.collect(),
    }
}

/// How many campaigns the truth has, where a method that ran tells.
fn plural_campaigns(evaluation: &Evaluation) -> String {
    let first = evaluation.levels.first();
    first.map_or_else(String::new, |at| format!(" ({})", at.campaigns.len()))
}

/// Fixed-width tables, one after the other.
#[must_use]
pub fn to_table(evaluations: &[Evaluation]) -> String {
    let mut out = String::new();
    if evaluations.len() > 1 {
        let section = side_by_side(evaluations);
        let _ = writeln!(out, "{}", section.title);
        section.write(&mut out);
        out.push('\n');
    }
    for evaluation in evaluations {
        // writing to a String cannot fail
        let _ = writeln!(
            out,
            "{}: {} accounts, {} of them in campaigns{}",
            shown(&evaluation.name),
            evaluation.accounts,
            evaluation.campaign_accounts,
            plural_campaigns(evaluation)
        );
        let missing = &evaluation.missing_from_truth;
        if missing.count > 0 {
            let first: Vec<String> = missing.first.iter().map(|account| plain(account)).collect();
            let _ = writeln!(
                out,
                "left out: {} predicted accounts are not in the truth (first: {})",
                missing.count,
                first.join(", ")
            );
        }
        if evaluation.repeated_rows > 0 {
            let _ = writeln!(
                out,
                "{} further rows of accounts listed before; the strongest row counted",
                evaluation.repeated_rows
            );
        }
        for note in &evaluation.notes {
            let _ = writeln!(out, "note: {}", shown(note));
        }
        if evaluation.levels.is_empty() {
            out.push('\n');
            continue;
        }
        let _ = writeln!(
            out,
            "PR-AUC over all accounts, those listed outside clusters last: {}",
            number(evaluation.average_precision)
        );
        for section in sections(evaluation) {
            let _ = writeln!(out, "\n{}", section.title);
            section.write(&mut out);
        }
        out.push('\n');
    }
    out
}
