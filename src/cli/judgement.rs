//! What a finished run means for the exit code.

use crate::cli::quantity;
use crate::cli::shared::LossArguments;
use crate::model::campaign::Verdict;
use crate::model::case::Case;
use crate::model::comparison::Comparison;
use crate::model::coverage::Coverage;
use crate::model::finding::DetectorRun;

/// Whether a campaign reaches the verdict that `--fail-on` names.
pub(super) fn reaches(case: &Case, limit: Option<Verdict>) -> bool {
    limit.is_some_and(|limit| case.campaigns.iter().any(|found| found.verdict >= limit))
}

/// Whether a campaign at the verdict that `--fail-on-new` names is new or has grown.
pub(super) fn has_news(comparison: Option<&Comparison>, limit: Option<Verdict>) -> bool {
    comparison
        .zip(limit)
        .is_some_and(|(comparison, limit)| comparison.has_news(limit))
}

/// What was lost and is not accepted, in words.
///
/// A detector the user left out is no loss, nor is a log too short or too coarse for one.
/// Neither is a detector of which only a part could not run: the screen and the report name the part, but most exports lack some column, and a
/// rule that always fires tells nobody anything.
#[allow(clippy::cast_precision_loss)] // a share compared with a percentage
pub(super) fn losses(
    coverage: &Coverage,
    detectors: &[DetectorRun],
    accepted: &LossArguments,
) -> Option<String> {
    let mut lost = Vec::new();
    let limit = accepted.max_rejects.or(accepted.strict.then_some(0.0));
    if let Some(limit) = limit
        && coverage.rows_rejected as f64 * 100.0 > limit * coverage.rows_read as f64
    {
        lost.push(format!(
            "{} of {} rows rejected ({}, at most {limit} % accepted)",
            quantity::count(coverage.rows_rejected),
            quantity::count(coverage.rows_read),
            quantity::percent(coverage.rows_rejected, coverage.rows_read),
        ));
    }
    for side in &coverage.side_inputs {
        let (rejected, read) = (side.input.rows_rejected, side.input.rows_read);
        if limit.is_some_and(|limit| rejected as f64 * 100.0 > limit * read as f64) {
            lost.push(format!(
                "{} of {} rejected in the {} table",
                quantity::count(rejected),
                quantity::of(read, "row"),
                side.table
            ));
        }
    }
    // One reject stands for everything after it, so no percentage measures this loss.
    let cut_short: u64 = coverage
        .reject_counts
        .iter()
        .filter(|count| {
            count.reason.starts_with("file ends early")
                || count.reason.starts_with("quoted field is never closed")
        })
        .map(|count| count.count)
        .sum();
    if limit.is_some() && cut_short > 0 {
        lost.push(format!(
            "{} cut short, what follows is not counted",
            quantity::of(cut_short, "input")
        ));
    }
    if accepted.strict {
        let not_run: Vec<&str> = detectors
            .iter()
            .filter(|run| run.status.lacks_columns())
            .map(|run| run.detector.as_str())
            .collect();
        if !not_run.is_empty() {
            lost.push(format!("not run: {}", not_run.join(", ")));
        }
    }
    (!lost.is_empty()).then(|| format!("finished with losses: {}", lost.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::RunStatus;

    fn coverage(read: u64, rejected: u64) -> Coverage {
        Coverage {
            rows_read: read,
            rows_rejected: rejected,
            ..Coverage::default()
        }
    }

    fn accepted(strict: bool, max_rejects: Option<f64>) -> LossArguments {
        LossArguments {
            strict,
            max_rejects,
        }
    }

    fn detector(status: RunStatus) -> DetectorRun {
        DetectorRun {
            detector: "network/shared-payment".into(),
            version: 1,
            status,
            findings: 0,
            partial: vec!["no TLS fingerprints".into()],
        }
    }

    #[test]
    fn without_options_every_loss_is_accepted() {
        let lost = detector(RunStatus::NotRun {
            reason: "column payment_id absent".into(),
        });
        assert_eq!(
            losses(&coverage(10, 9), &[lost], &accepted(false, None)),
            None
        );
    }

    #[test]
    fn the_limit_of_rejects_is_the_last_share_that_passes() {
        assert_eq!(
            losses(&coverage(100, 2), &[], &accepted(false, Some(2.0))),
            None
        );
        let loss = losses(&coverage(100, 3), &[], &accepted(false, Some(2.0))).unwrap();
        assert_eq!(
            loss,
            "finished with losses: 3 of 100 rows rejected (3.00 %, at most 2 % accepted)"
        );
        assert_eq!(losses(&coverage(0, 0), &[], &accepted(true, None)), None);
    }

    #[test]
    fn strict_minds_rejects_and_detectors_that_could_not_run_only() {
        assert!(losses(&coverage(100, 1), &[], &accepted(true, None)).is_some());
        assert_eq!(
            losses(&coverage(100, 1), &[], &accepted(true, Some(1.0))),
            None
        );
        let lost = detector(RunStatus::NotRun {
            reason: "column payment_id absent".into(),
        });
        let loss = losses(&coverage(1, 0), &[lost], &accepted(true, None)).unwrap();
        assert_eq!(
            loss,
            "finished with losses: not run: network/shared-payment"
        );
        let short = RunStatus::NotRun {
            reason: "the log covers less than two weeks".into(),
        };
        let runs = [
            detector(RunStatus::Skipped),
            detector(RunStatus::Ran),
            detector(short),
        ];
        assert_eq!(losses(&coverage(1, 0), &runs, &accepted(true, None)), None);
    }
}
