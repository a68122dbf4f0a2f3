//! The registry: every file that is derived from the case, with its writer.

use anyhow::Result;

use crate::report::present::Presented;
use crate::report::tables::{Sink, campaigns, coverage, findings, requests};
use crate::report::{case_file, page};

/// One derived file.
pub(crate) struct Output {
    /// File name in the case folder.
    pub(crate) name: &'static str,
    /// Writes it.
    pub(crate) write: fn(&Presented<'_>, Sink<'_>) -> Result<()>,
}

/// Every derived file, in the order in which they are written.
pub(crate) static OUTPUTS: &[Output] = &[
    Output {
        name: "requests.parquet",
        write: requests::write_requests,
    },
    Output {
        name: "findings.parquet",
        write: findings::write_findings,
    },
    Output {
        name: "case.json",
        write: case_file::write_case_file,
    },
    Output {
        name: "campaigns.csv",
        write: campaigns::write_campaigns,
    },
    Output {
        name: "accounts.csv",
        write: campaigns::write_accounts,
    },
    Output {
        name: "templates.csv",
        write: campaigns::write_templates,
    },
    Output {
        name: "hubs.csv",
        write: coverage::write_hubs,
    },
    Output {
        name: "detectors.csv",
        write: coverage::write_detectors,
    },
    Output {
        name: "rejects.csv",
        write: coverage::write_rejects,
    },
    Output {
        name: "reject_counts.csv",
        write: coverage::write_reject_counts,
    },
    Output {
        name: page::MARKDOWN,
        write: |presented, sink| page::write_markdown(&presented.case, sink),
    },
    Output {
        name: page::HTML,
        write: |presented, sink| page::write_html(&presented.case, sink),
    },
];
