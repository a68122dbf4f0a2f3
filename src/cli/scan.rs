//! `stillhunt scan`: the main job.

use anyhow::Result;

use crate::cli::arguments::ScanArguments;
use crate::cli::escape::visible;
use crate::cli::screen::{self, Colour};
use crate::cli::selection::{self, Detector};
use crate::cli::{exit, judgement, progress, stdout};
use crate::config::options::ScanOptions;
use crate::model::failure::Failure;
use crate::pipeline::{self, ScanOutput};

pub(super) fn run(arguments: &ScanArguments, argv: Vec<String>) -> Result<u8> {
    let options = options(arguments)?;
    let output = ScanOutput {
        out: arguments.output.out.clone(),
        force: arguments.output.force,
        argv,
        threads: arguments.run.threads(),
        pseudonym_key: arguments.pseudonyms.pseudonym_key.clone(),
    };
    let display = progress::display(arguments.settings.progress, arguments.run.quiet);
    let tables = pipeline::scan_to_case(&options, &output, display.as_ref())?;
    drop(display);
    if !arguments.run.quiet {
        let mut text = screen::render(&tables, &output.out, Colour::of_stdout());
        if let Some(key) = &output.pseudonym_key {
            text.push_str(&format!(
                "  pseudonyms  the way back is beside {}\n",
                visible(&key.display().to_string())
            ));
        }
        stdout::answer(&text)?;
    }
    let news = arguments.baseline.fail_on_new.map(|limit| limit.verdict());
    if judgement::has_news(tables.case.comparison.as_ref(), news) {
        return Ok(exit::FOUND_NEW);
    }
    let limit = arguments.fail_on.map(|limit| limit.verdict());
    if judgement::reaches(&tables.case, limit) {
        return Ok(exit::FOUND);
    }
    let case = &tables.case;
    match judgement::losses(&case.coverage, &case.detectors, &arguments.loss) {
        Some(loss) => Err(Failure::Degraded(loss).into()),
        None => Ok(exit::DONE),
    }
}

fn options(arguments: &ScanArguments) -> Result<ScanOptions> {
    let detection = &arguments.detection;
    let known: Vec<Detector> = pipeline::detector_documentation()
        .iter()
        .map(Detector::from)
        .collect();
    Ok(ScanOptions {
        only: selection::ids("--only", &detection.only, &known)?,
        skip: selection::ids("--skip", &detection.skip, &known)?,
        input: arguments.input.options(&arguments.logs)?,
        digests: arguments.digests.clone(),
        suppress: detection.suppress.clone(),
        indicators: detection.indicators.clone(),
        customers: detection.customers.clone(),
        public_ranges: detection.public_ranges.clone(),
        baseline: arguments.baseline.baseline.clone(),
        no_suppress: detection.no_suppress,
        profile: detection.profile.into(),
        quote: arguments.output.quote.into(),
        seed: detection.seed,
        memory_bytes: arguments.settings.memory_bytes(),
        config: arguments.settings.config()?,
    })
}
