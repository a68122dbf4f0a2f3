//! `findings.parquet`: every finding with everything it states.

use anyhow::Result;

use crate::model::finding::Subject;
use crate::report::present::Presented;
use crate::report::tables::parquet_table::{
    ParquetTable, booleans, floats, integers, lists, optional_integers, optional_texts, texts,
    times,
};
use crate::report::tables::{Sink, locator_texts};

/// Findings turned into columns at a time; a finding can list tens of thousands of accounts.
const FINDINGS_PER_BATCH: usize = 512;

/// A subject as type, kind of key (or nothing) and text.
pub(crate) fn subject_parts(subject: &Subject) -> (&'static str, &str, &str) {
    match subject {
        Subject::Key { kind, value } => ("key", kind, value),
        Subject::Template { id } => ("template", "", id),
        Subject::Group { name } => ("group", "", name),
    }
}

/// One row per finding.
pub(crate) fn write_findings(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let case = &presented.case;
    let campaigns = case.campaigns_by_finding();
    let campaign_ids = |finding: &str| -> Vec<String> {
        campaigns
            .get(finding)
            .into_iter()
            .flatten()
            .map(|id| (*id).to_owned())
            .collect()
    };
    let mut table = ParquetTable::new("findings.parquet", sink)?;
    for findings in case.findings.chunks(FINDINGS_PER_BATCH) {
        let rows = || findings.iter();
        table.rows(vec![
            texts(rows().map(|finding| finding.id.as_str())),
            texts(rows().map(|finding| finding.detector.as_str())),
            texts(rows().map(|finding| finding.family.name())),
            texts(rows().map(|finding| subject_parts(&finding.subject).0)),
            optional_texts(rows().map(|finding| subject_parts(&finding.subject).1)),
            texts(rows().map(|finding| subject_parts(&finding.subject).2)),
            lists(rows().map(|finding| campaign_ids(&finding.id))),
            integers(rows().map(|finding| finding.accounts.len() as u64)),
            lists(rows().map(|finding| finding.accounts.clone())),
            floats(rows().map(|finding| finding.bits)),
            texts(rows().map(|finding| finding.measure.as_str())),
            floats(rows().map(|finding| finding.measured)),
            floats(rows().map(|finding| finding.expected)),
            integers(rows().map(|finding| finding.n)),
            floats(rows().map(|finding| finding.threshold)),
            texts(rows().map(|finding| finding.null_model.as_str())),
            texts(rows().map(|finding| finding.innocent.as_str())),
            texts(rows().map(|finding| finding.would_clear.as_str())),
            integers(rows().map(|finding| finding.requests)),
            times(rows().map(|finding| finding.first_us)),
            times(rows().map(|finding| finding.last_us)),
            lists(rows().map(|finding| locator_texts(case, &finding.locators))),
            booleans(rows().map(|finding| finding.weak)),
            optional_integers(rows().map(|finding| finding.suppressed_by)),
        ])?;
    }
    table.finish()
}
