//! Tidy CSV: one number per row, for a spreadsheet, R or pandas.

use anyhow::Result;

use crate::evaluate::Evaluation;
use crate::evaluate::levels::AtLevel;
use crate::evaluate::score::Score;

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
        for note in &evaluation.notes {
            put("note", note, &[("applies", Some(1.0))])?;
        }
        put(
            "accounts",
            "",
            &[("average_precision", evaluation.average_precision)],
        )?;
        for at in &evaluation.levels {
            for (section, subject, values) in level_rows(at) {
                let section = format!("{section} {}", at.level.name());
                put(&section, &subject, &values)?;
            }
        }
        for found in &evaluation.populations {
            put(
                "population",
                &found.population,
                &[
                    ("accounts", count(found.accounts)),
                    ("lead", count(found.lead)),
                    ("likely", count(found.likely)),
                    ("strong", count(found.strong)),
                    ("share", found.share),
                    ("share_low", Some(found.share_interval.0)),
                    ("share_high", Some(found.share_interval.1)),
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
                    (
                        "false_cluster_share_low",
                        Some(found.false_cluster_interval.0),
                    ),
                    (
                        "false_cluster_share_high",
                        Some(found.false_cluster_interval.1),
                    ),
                    ("flagged_accounts", count(found.flagged)),
                    ("false_accounts", count(found.false_accounts)),
                    ("false_account_share", found.false_account_share),
                ],
            )?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Section, subject, and numbers by measure.
type Rows = Vec<(&'static str, String, Vec<(&'static str, Option<f64>)>)>;

/// The rows of one verdict.
fn level_rows(at: &AtLevel) -> Rows {
    let count = |value: u64| Some(value as f64);
    let mut accounts = score_values(&at.accounts).to_vec();
    accounts.push(("average_precision", at.average_precision));
    let mut rows: Rows = vec![("accounts", String::new(), accounts)];
    for found in &at.campaigns {
        let mut values = vec![
            ("accounts", count(found.accounts)),
            ("flagged", count(found.flagged)),
            ("pieces", count(found.pieces)),
        ];
        values.extend(score_values(&found.score));
        rows.push(("campaign", found.campaign.clone(), values));
        rows.extend(found.roles.iter().map(|role| {
            let values = vec![
                ("accounts", count(role.accounts)),
                ("flagged", count(role.flagged)),
            ];
            ("role", format!("{}/{}", found.campaign, role.role), values)
        }));
    }
    let clusters = &at.clusters;
    let bcubed = vec![
        ("precision", clusters.bcubed_precision),
        ("recall", clusters.bcubed_recall),
        ("f1", clusters.bcubed_f1),
    ];
    rows.push(("clusters", "bcubed".to_owned(), bcubed));
    let pairs = score_values(&clusters.pairs).to_vec();
    rows.push(("clusters", "pairs".to_owned(), pairs));
    let whole = vec![
        ("clusters", count(clusters.clusters)),
        ("purity", clusters.purity),
    ];
    rows.push(("clusters", String::new(), whole));
    if let Some(requests) = &at.requests {
        let all = score_values(&requests.all).to_vec();
        rows.push(("requests", String::new(), all));
        rows.extend(requests.campaigns.iter().map(|found| {
            let values = score_values(&found.score).to_vec();
            ("requests", found.campaign.clone(), values)
        }));
        rows.extend(requests.false_by_substream.iter().map(|(name, wrong)| {
            let values = vec![("requests", count(*wrong))];
            ("false_requests", name.clone(), values)
        }));
    }
    rows
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

/// What a spreadsheet would run and a terminal would obey is taken out of its hands.
fn guarded(text: &str) -> String {
    crate::report::escape::csv_cell(text)
}
