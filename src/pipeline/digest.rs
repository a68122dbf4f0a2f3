//! The first two stages, kept for later.

use anyhow::Result;

use crate::config::options::ScanOptions;
use crate::digest;
use crate::load;
use crate::model::coverage::Coverage;
use crate::model::progress::Progress;
use crate::pipeline::ScanOutput;
use crate::pipeline::gather;
use crate::report;

/// From logs to a written digest folder.
///
/// # Errors
/// Bad input or settings (`Failure`), or a write error naming the file.
pub fn digest_to(
    options: &ScanOptions,
    output: &ScanOutput,
    progress: &dyn Progress,
) -> Result<Coverage> {
    report::keep_inputs(&output.out, options.paths())?;
    report::prepare_out(&output.out, output.force)?;
    let gathered = super::on_threads(output.threads, || gather::gather(options, progress))?;
    let facts = match &gathered.plan {
        Some(plan) => load::repeated_fact_names(plan, options.input.map.as_deref())?,
        None => Vec::new(),
    };
    let mut notes = gathered.notes;
    if !facts.is_empty() {
        notes.push(format!(
            "the log's rows repeat what is known of their accounts ({}), which a digest does not keep; give `scan --digests` a table of them with --accounts",
            facts.join(", ")
        ));
    }
    let coverage = gather::coverage(
        &gathered.tables,
        options.config.load.gap_minutes,
        0,
        notes,
        &gather::SideIntake::default(),
    )?;
    progress.begin("writing", None);
    report::write_folder(&output.out, output.force, "digest", |folder| {
        digest::store::write(&gathered.tables, folder)
    })?;
    progress.end();
    Ok(coverage)
}
