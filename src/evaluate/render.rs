//! An evaluation as a fixed-width table, JSON or tidy CSV. Same evaluation, same bytes.

use std::fmt::Write as _;

use anyhow::Result;

use crate::evaluate::Evaluation;
use crate::evaluate::score::Score;

/// Characters of a name shown in the table; longer ones are cut.
const NAME_WIDTH: usize = 28;

/// Pretty JSON with a final line feed.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_json(evaluations: &[Evaluation]) -> Result<String> {
    Ok(serde_json::to_string_pretty(evaluations)? + "\n")
}

/// A name safe for a terminal: control and direction-changing characters replaced, long ones cut.
fn plain(text: &str) -> String {
    let shown = |c: char| {
        let unsafe_here = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{61c}');
        if unsafe_here { '?' } else { c }
    };
    let mut name: String = text.chars().take(NAME_WIDTH).map(shown).collect();
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

fn sections(evaluation: &Evaluation) -> Vec<Section> {
    let clusters = &evaluation.clusters;
    let mut sections = vec![
        Section {
            title: "Accounts flagged",
            header: vec![
                "verdict",
                "right",
                "false",
                "missed",
                "precision",
                "recall",
                "F1",
            ],
            rows: evaluation
                .flags
                .levels
                .iter()
                .map(|l| row(&at_least(l.level.name()), score_cells(&l.score)))
                .collect(),
        },
        Section {
            title: "True campaigns and their best match",
            header: vec![
                "campaign",
                "accounts",
                "flagged",
                "pieces",
                "match",
                "verdict",
                "precision",
                "recall",
                "F1",
            ],
            rows: evaluation
                .campaigns
                .iter()
                .map(|found| {
                    row(
                        &found.campaign,
                        [
                            found.accounts.to_string(),
                            found.flagged.to_string(),
                            found.pieces.to_string(),
                            found
                                .cluster
                                .as_deref()
                                .map_or_else(|| "-".to_owned(), plain),
                            found
                                .verdict
                                .map_or("-", |verdict| verdict.name())
                                .to_owned(),
                            number(found.score.precision),
                            number(found.score.recall),
                            number(found.score.f1),
                        ],
                    )
                })
                .collect(),
        },
        Section {
            title: "Clusters",
            header: vec!["measure", "precision", "recall", "F1"],
            rows: vec![
                row(
                    "B-cubed",
                    [
                        clusters.bcubed_precision,
                        clusters.bcubed_recall,
                        clusters.bcubed_f1,
                    ]
                    .map(number),
                ),
                row(
                    "pairs",
                    [
                        clusters.pairs.precision,
                        clusters.pairs.recall,
                        clusters.pairs.f1,
                    ]
                    .map(number),
                ),
                row("purity", [number(clusters.purity)]),
            ],
        },
        Section {
            title: "False flags by innocent population",
            header: vec![
                "population",
                "accounts",
                "lead+",
                "likely+",
                "strong",
                "likely share",
                "95 % interval",
            ],
            rows: evaluation
                .populations
                .iter()
                .map(|found| {
                    let (low, high) = found.likely_interval;
                    row(
                        &found.population,
                        [
                            found.accounts.to_string(),
                            found.lead.to_string(),
                            found.likely.to_string(),
                            found.strong.to_string(),
                            number(found.likely_share),
                            format!("{low:.3}..{high:.3}"),
                        ],
                    )
                })
                .collect(),
        },
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
            rows: evaluation
                .calibration
                .iter()
                .map(|found| {
                    let (low, high) = found.false_cluster_interval;
                    row(
                        &at_least(found.level.name()),
                        [
                            found.clusters.to_string(),
                            expected(found.stated_false_clusters),
                            expected(found.null_run_false_clusters),
                            found.false_clusters.to_string(),
                            number(found.allowed_false_share),
                            number(found.false_cluster_share),
                            format!("{low:.3}..{high:.3}"),
                            number(found.false_account_share),
                        ],
                    )
                })
                .collect(),
        },
    ];
    let roles: Vec<Vec<String>> = evaluation
        .campaigns
        .iter()
        .flat_map(|found| {
            found.roles.iter().map(|role| {
                row(
                    &found.campaign,
                    [
                        plain(&role.role),
                        role.accounts.to_string(),
                        role.flagged.to_string(),
                    ],
                )
            })
        })
        .collect();
    if !roles.is_empty() {
        let header = vec!["campaign", "role", "accounts", "flagged"];
        sections.insert(
            2,
            Section {
                title: "Roles",
                header,
                rows: roles,
            },
        );
    }
    if let Some(requests) = &evaluation.requests {
        let all = std::iter::once(row("all", score_cells(&requests.all)));
        let each = requests
            .campaigns
            .iter()
            .map(|found| row(&found.campaign, score_cells(&found.score)));
        sections.push(Section {
            title: "Requests of the sub-stream",
            header: vec![
                "campaign",
                "right",
                "false",
                "missed",
                "precision",
                "recall",
                "F1",
            ],
            rows: all.chain(each).collect(),
        });
        if !requests.false_by_substream.is_empty() {
            sections.push(Section {
                title: "Falsely labelled requests",
                header: vec!["really", "requests"],
                rows: requests
                    .false_by_substream
                    .iter()
                    .map(|(name, count)| row(name, [count.to_string()]))
                    .collect(),
            });
        }
    }
    sections
}

fn at_least(level: &str) -> String {
    if level == "strong" {
        level.to_owned()
    } else {
        format!("{level}+")
    }
}

/// Fixed-width tables, one after the other.
#[must_use]
pub fn to_table(evaluations: &[Evaluation]) -> String {
    let mut out = String::new();
    for evaluation in evaluations {
        // writing to a String cannot fail
        let _ = writeln!(
            out,
            "{}: {} accounts, {} of them in {} campaigns",
            evaluation
                .name
                .chars()
                .filter(|c| !c.is_control())
                .collect::<String>(),
            evaluation.accounts,
            evaluation.campaign_accounts,
            evaluation.campaigns.len()
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
        let _ = writeln!(
            out,
            "average precision by score: {}",
            number(evaluation.flags.average_precision)
        );
        for section in sections(evaluation) {
            let _ = writeln!(out, "\n{}", section.title);
            section.write(&mut out);
        }
        out.push('\n');
    }
    out
}

/// Tidy CSV: `name, section, subject, measure, value`, full precision, undefined values empty.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_csv(evaluations: &[Evaluation]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["name", "section", "subject", "measure", "value"])?;
    for evaluation in evaluations {
        let mut put =
            |section: &str, subject: &str, values: &[(&str, Option<f64>)]| -> Result<()> {
                for (measure, value) in values {
                    let value = value.map(|value| value.to_string()).unwrap_or_default();
                    writer.write_record([
                        &guarded(&evaluation.name),
                        section,
                        &guarded(subject),
                        measure,
                        &value,
                    ])?;
                }
                Ok(())
            };
        let count = |value: u64| Some(value as f64);
        put(
            "input",
            "",
            &[
                ("accounts", count(evaluation.accounts)),
                ("campaign_accounts", count(evaluation.campaign_accounts)),
                (
                    "missing_from_truth",
                    count(evaluation.missing_from_truth.count),
                ),
                ("repeated_rows", count(evaluation.repeated_rows)),
            ],
        )?;
        for found in &evaluation.flags.levels {
            put("accounts", found.level.name(), &score_values(&found.score))?;
        }
        put(
            "accounts",
            "",
            &[("average_precision", evaluation.flags.average_precision)],
        )?;
        for found in &evaluation.campaigns {
            put(
                "campaign",
                &found.campaign,
                &[
                    ("accounts", count(found.accounts)),
                    ("flagged", count(found.flagged)),
                    ("pieces", count(found.pieces)),
                ],
            )?;
            put("campaign", &found.campaign, &score_values(&found.score))?;
            for role in &found.roles {
                let subject = format!("{}/{}", found.campaign, role.role);
                put(
                    "role",
                    &subject,
                    &[
                        ("accounts", count(role.accounts)),
                        ("flagged", count(role.flagged)),
                    ],
                )?;
            }
        }
        let clusters = &evaluation.clusters;
        put(
            "clusters",
            "bcubed",
            &[
                ("precision", clusters.bcubed_precision),
                ("recall", clusters.bcubed_recall),
                ("f1", clusters.bcubed_f1),
            ],
        )?;
        put("clusters", "pairs", &score_values(&clusters.pairs))?;
        put(
            "clusters",
            "",
            &[
                ("clusters", count(clusters.clusters)),
                ("purity", clusters.purity),
            ],
        )?;
        for found in &evaluation.populations {
            put(
                "population",
                &found.population,
                &[
                    ("accounts", count(found.accounts)),
                    ("lead", count(found.lead)),
                    ("likely", count(found.likely)),
                    ("strong", count(found.strong)),
                    ("likely_share", found.likely_share),
                    ("likely_share_low", Some(found.likely_interval.0)),
                    ("likely_share_high", Some(found.likely_interval.1)),
                ],
            )?;
        }
        for found in &evaluation.calibration {
            put(
                "calibration",
                found.level.name(),
                &[
                    ("clusters", count(found.clusters)),
                    ("false_clusters", count(found.false_clusters)),
                    ("stated_false_clusters", found.stated_false_clusters),
                    ("null_run_false_clusters", found.null_run_false_clusters),
                    ("allowed_false_share", found.allowed_false_share),
                    ("false_cluster_share", found.false_cluster_share),
                    ("false_account_share", found.false_account_share),
                ],
            )?;
        }
        if let Some(requests) = &evaluation.requests {
            put("requests", "", &score_values(&requests.all))?;
            for found in &requests.campaigns {
                put("requests", &found.campaign, &score_values(&found.score))?;
            }
            for (name, wrong) in &requests.false_by_substream {
                put("false_requests", name, &[("requests", count(*wrong))])?;
            }
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn score_values(score: &Score) -> [(&'static str, Option<f64>); 6] {
    [
        ("true_positives", Some(score.true_positives as f64)),
        ("false_positives", Some(score.false_positives as f64)),
        ("false_negatives", Some(score.false_negatives as f64)),
        ("precision", score.precision),
        ("recall", score.recall),
        ("f1", score.f1),
    ]
}

/// Text that a spreadsheet would run as a formula gets an apostrophe in front.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::evaluate::prediction::tests::prediction_of;
    use crate::evaluate::truth::tests::truth_of;
    use crate::model::campaign::Verdict;

    fn sample() -> Vec<Evaluation> {
        let truth = truth_of(&[
            ("a", "=X", "fake"),
            ("b", "=X", "fake"),
            ("c", "", "cl\u{202e}ass\u{1b}[31m"),
        ]);
        let prediction = prediction_of(&[
            ("a", "C-1", Verdict::Strong, 30.0),
            ("c", "C-1", Verdict::Lead, 3.0),
        ]);
        vec![evaluate(&prediction, &truth, None).expect("scored")]
    }

    #[test]
    fn table_is_aligned_and_plain() {
        let table = to_table(&sample());
        assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table:?}");
        let wanted = "\
  verdict  right  false  missed  precision  recall     F1
  lead+        1      1       1      0.500   0.500  0.500
  likely+      1      0       1      1.000   0.500  0.667
  strong       1      0       1      1.000   0.500  0.667
";
        assert!(table.contains(wanted), "{table}");
        assert!(table.contains("prediction: 3 accounts, 2 of them in 1 campaigns\n"));
    }

    #[test]
    fn csv_is_tidy_and_guarded() {
        let csv = to_csv(&sample()).expect("csv");
        assert!(csv.starts_with("name,section,subject,measure,value\n"));
        assert!(
            csv.contains("prediction,accounts,likely,precision,1\n"),
            "{csv}"
        );
        assert!(csv.contains("prediction,campaign,'=X,recall,0.5\n"));
        assert!(csv.contains("prediction,calibration,lead,stated_false_clusters,\n"));
        assert!(csv.lines().all(|line| line.matches(',').count() == 4));
    }

    #[test]
    fn json_holds_the_numbers() {
        let json = to_json(&sample()).expect("json");
        let value: serde_json::Value = serde_json::from_str(&json).expect("valid");
        assert_eq!(value[0]["flags"]["levels"][0]["level"], "lead");
        assert_eq!(value[0]["flags"]["levels"][0]["recall"], 0.5);
        assert_eq!(value[0]["requests"], serde_json::Value::Null);
        assert_eq!(json, to_json(&sample()).expect("json"));
    }
}
