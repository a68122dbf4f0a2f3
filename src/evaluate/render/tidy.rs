//! Tidy CSV: one number per row, for a spreadsheet, R or pandas.

use anyhow::Result;

use crate::evaluate::Evaluation;
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
        for found in &evaluation.flags.levels {
            let level = found.level.name();
            put("accounts", level, &score_values(&found.score))?;
            put(
                "accounts",
                level,
                &[("average_precision", found.average_precision)],
            )?;
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
            if let Some(score) = &requests.likely {
                put("requests", "likely", &score_values(score))?;
            }
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
