//! What has become of the campaigns of the baseline.

use serde::Serialize;

use crate::model::comparison::{Comparison, State};
use crate::report::view::Cut;

/// Rows shown; the rest stands in `changes.csv`.
const ROWS: usize = 200;

/// The comparison as the templates show it.
#[derive(Debug, Serialize)]
pub(crate) struct ComparisonView<'a> {
    baseline: &'a str,
    new: usize,
    grown: usize,
    gone: usize,
    rows: Cut<ChangeRow<'a>>,
}

/// One campaign.
#[derive(Debug, Serialize)]
struct ChangeRow<'a> {
    state: &'static str,
    id: &'a str,
    before_id: &'a str,
    verdict: &'static str,
    verdict_before: &'static str,
    accounts: u64,
    accounts_before: u64,
    joined: u64,
    left: u64,
    because: &'a str,
}

/// Builds the view.
pub(crate) fn comparison_view(comparison: &Comparison) -> ComparisonView<'_> {
    ComparisonView {
        baseline: &comparison.baseline,
        new: comparison.count(State::New),
        grown: comparison.count(State::Grown),
        gone: comparison.count(State::Gone),
        rows: Cut::first(
            ROWS,
            comparison.changes.iter().map(|change| ChangeRow {
                state: change.state.name(),
                id: &change.campaign_id,
                before_id: change
                    .before_id
                    .as_deref()
                    .filter(|before| *before != change.campaign_id)
                    .unwrap_or_default(),
                verdict: change.verdict.map_or("", |verdict| verdict.name()),
                verdict_before: change.verdict_before.map_or("", |verdict| verdict.name()),
                accounts: change.accounts,
                accounts_before: change.accounts_before,
                joined: change.joined.len() as u64,
                left: change.left.len() as u64,
                because: &change.because,
            }),
        ),
    }
}
