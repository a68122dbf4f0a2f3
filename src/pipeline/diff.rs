//! Two finished cases side by side.

use std::path::Path;

use anyhow::Result;

use crate::compare;
use crate::model::comparison::Comparison;
use crate::report;

/// Reads both cases and says what has become of the campaigns of the first.
///
/// # Errors
/// When one of the two is no case folder (`Failure`).
pub fn diff_cases(old: &Path, new: &Path) -> Result<Comparison> {
    let before = report::read_recorded_case(old)?;
    let after = report::read_recorded_case(new)?;
    let mut comparison = compare::compare(
        &old.display().to_string(),
        &before.campaigns,
        &after.campaigns,
    );
    compare::name_suppressed(&mut comparison, &before, &after);
    Ok(comparison)
}
