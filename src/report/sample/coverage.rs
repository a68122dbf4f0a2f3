//! The made-up inputs, rejects and detectors.

use super::{HOUR_US, START_US};
use crate::model::coverage::{
    ColumnCoverage, Coverage, Gap, InputFile, RejectCount, RejectScope, SideInput,
};
use crate::model::finding::{DetectorRun, RunStatus};
use crate::report::format::DAY_US;

pub(super) fn inputs() -> Vec<InputFile> {
    (0..2)
        .map(|index| InputFile {
            name: format!("logs/2026-02/part-{index}.parquet"),
            sha256: format!("{index}3f1").repeat(16),
            bytes: 48_213_991 + index,
            container: "parquet".into(),
            compression: "none".into(),
            rows_read: 655_222,
            rows_used: 655_000 - 11,
            rows_rejected: 222,
            rows_outside_window: 11,
        })
        .collect()
}

pub(super) fn coverage() -> Coverage {
    let count = |file, column: &str, scope, reason: &str, count| RejectCount {
        file,
        column: column.into(),
        scope,
        reason: reason.into(),
        count,
    };
    Coverage {
        inputs: inputs(),
        side_inputs: vec![SideInput {
            table: "accounts".into(),
            input: InputFile {
                name: "accounts.csv".into(),
                sha256: "5ac1".repeat(16),
                bytes: 901_204,
                container: "csv".into(),
                compression: "none".into(),
                rows_read: 9_021,
                rows_used: 9_020,
                rows_rejected: 1,
                rows_outside_window: 0,
            },
        }],
        rows_read: 1_310_444,
        rows_used: 1_309_978,
        rows_rejected: 444,
        rows_outside_window: 22,
        reject_counts: vec![
            count(
                0,
                "timestamp",
                RejectScope::Row,
                "not a time in any known form",
                222,
            ),
            count(1, "", RejectScope::Row, "broken record", 222),
            count(
                1,
                "output_tokens",
                RejectScope::Cell,
                "not a whole number",
                31,
            ),
            count(
                2,
                "account_id",
                RejectScope::Row,
                "account is there already; the first row counts, or the latest by observed_at",
                1,
            ),
        ],
        columns: vec![
            ColumnCoverage {
                column: "timestamp".into(),
                present: 1_309_978,
                null: 0,
            },
            ColumnCoverage {
                column: "account_id".into(),
                present: 1_309_978,
                null: 0,
            },
            ColumnCoverage {
                column: "prompt".into(),
                present: 1_309_970,
                null: 8,
            },
            ColumnCoverage {
                column: "ip".into(),
                present: 910_112,
                null: 399_866,
            },
            ColumnCoverage {
                column: "user_agent".into(),
                present: 0,
                null: 1_309_978,
            },
        ],
        first_us: Some(START_US - 2 * DAY_US),
        last_us: Some(START_US + 15 * DAY_US),
        gaps: vec![Gap {
            from_us: START_US + 4 * DAY_US,
            until_us: START_US + 4 * DAY_US + 3 * HOUR_US,
        }],
        accounts: 41_203,
        accounts_joined: 0,
        notes: vec!["Timestamps of both files were read as microseconds.".into()],
    }
}

pub(super) fn detectors() -> Vec<DetectorRun> {
    let run = |detector: &str, status, partial: &[&str]| DetectorRun {
        detector: detector.into(),
        version: 1,
        status,
        findings: 3,
        partial: partial.iter().map(|text| (*text).to_owned()).collect(),
    };
    vec![
        run("content/template-spread", RunStatus::Ran, &[]),
        run(
            "network/shared-infrastructure",
            RunStatus::Ran,
            &["tls: column tls_fingerprint absent"],
        ),
        run(
            "network/shared-identity",
            RunStatus::NotRun {
                reason: "column email absent".into(),
            },
            &[],
        ),
        run("timing/synchrony", RunStatus::Skipped, &[]),
    ]
}
