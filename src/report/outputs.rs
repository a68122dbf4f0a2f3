//! The registry: every file that is derived from the case, with its writer.

use anyhow::Result;

use crate::report::indicators::stix;
use crate::report::present::Presented;
use crate::report::tables::{
    Sink, campaigns, changes, coverage, findings, indicators, requests, timeline,
};
use crate::report::{case_file, graph, page, workbook};

/// The forms in which a case is written; `stillhunt report --format` takes them by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportFormat {
    /// `report.html`.
    Html,
    /// `report.md`.
    Markdown,
    /// The tables that are CSV.
    Csv,
    /// The tables that are Parquet.
    Parquet,
    /// `timeline.csv` and `timeline.jsonl`.
    Timeline,
    /// `indicators.csv` and `indicators.stix.json`.
    Indicators,
    /// `graph.graphml`.
    Graph,
    /// `accounts.xlsx`.
    Workbook,
    /// `case.json`.
    Json,
}

/// One derived file.
pub(crate) struct Output {
    /// File name in the case folder.
    pub(crate) name: &'static str,
    /// The form it belongs to.
    pub(crate) format: ReportFormat,
    /// Whether `case.json` holds everything it is made from. The rest needs the run's own
    /// lists of requests and rejects.
    pub(crate) from_case: bool,
    /// Writes it.
    pub(crate) write: fn(&Presented<'_>, Sink<'_>) -> Result<()>,
}

/// Every derived file, in the order in which they are written.
pub(crate) static OUTPUTS: &[Output] = &[
    Output {
        name: "requests.parquet",
        format: ReportFormat::Parquet,
        from_case: false,
        write: requests::write_requests,
    },
    Output {
        name: "findings.parquet",
        format: ReportFormat::Parquet,
        from_case: true,
        write: findings::write_findings,
    },
    Output {
        name: "case.json",
        format: ReportFormat::Json,
        from_case: false,
        write: case_file::write_case_file,
    },
    Output {
        name: "campaigns.csv",
        format: ReportFormat::Csv,
        from_case: true,
        write: campaigns::write_campaigns,
    },
    Output {
        name: "accounts.csv",
        format: ReportFormat::Csv,
        from_case: true,
        write: campaigns::write_accounts,
    },
    Output {
        name: "templates.csv",
        format: ReportFormat::Csv,
        from_case: true,
        write: campaigns::write_templates,
    },
    Output {
        name: "changes.csv",
        format: ReportFormat::Csv,
        from_case: true,
        write: changes::write_changes,
    },
    Output {
        name: "hubs.csv",
        format: ReportFormat::Csv,
        from_case: true,
        write: coverage::write_hubs,
    },
    Output {
        name: "suppressions.csv",
        format: ReportFormat::Csv,
        from_case: true,
        write: coverage::write_suppressions,
    },
    Output {
        name: "detectors.csv",
        format: ReportFormat::Csv,
        from_case: true,
        write: coverage::write_detectors,
    },
    Output {
        name: "rejects.csv",
        format: ReportFormat::Csv,
        from_case: false,
        write: coverage::write_rejects,
    },
    Output {
        name: "reject_counts.csv",
        format: ReportFormat::Csv,
        from_case: false,
        write: coverage::write_reject_counts,
    },
    Output {
        name: "timeline.csv",
        format: ReportFormat::Timeline,
        from_case: true,
        write: timeline::write_csv,
    },
    Output {
        name: "timeline.jsonl",
        format: ReportFormat::Timeline,
        from_case: true,
        write: timeline::write_jsonl,
    },
    Output {
        name: "indicators.csv",
        format: ReportFormat::Indicators,
        from_case: true,
        write: indicators::write_indicators,
    },
    Output {
        name: "indicators.stix.json",
        format: ReportFormat::Indicators,
        from_case: true,
        write: stix::write_stix,
    },
    Output {
        name: graph::GRAPH_FILE,
        format: ReportFormat::Graph,
        from_case: true,
        write: graph::write_graph,
    },
    Output {
        name: workbook::WORKBOOK_FILE,
        format: ReportFormat::Workbook,
        from_case: true,
        write: workbook::write_workbook,
    },
    Output {
        name: page::MARKDOWN,
        format: ReportFormat::Markdown,
        from_case: true,
        write: |presented, sink| page::write_markdown(&presented.case, sink),
    },
    Output {
        name: page::HTML,
        format: ReportFormat::Html,
        from_case: true,
        write: |presented, sink| page::write_html(&presented.case, sink),
    },
];
