//! The first two stages, kept for later.

use anyhow::Result;

use crate::config::options::ScanOptions;
use crate::digest;
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
    let coverage = gather::coverage(
        &gathered.tables,
        options.config.load.gap_minutes,
        0,
        gathered.notes,
        &gather::SideIntake::default(),
    )?;
    progress.begin("writing", None);
    report::write_folder(&output.out, output.force, "digest", |folder| {
        digest::store::write(&gathered.tables, folder)
    })?;
    progress.end();
    Ok(coverage)
}
