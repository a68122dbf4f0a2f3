//! `stillhunt evaluate --suite`: what the tool finds in its own synthetic scenarios.

use anyhow::{Context, Result, anyhow};

use crate::cli::arguments::{AnswerFormat, SuiteArguments};
use crate::cli::selection::{self, Detector};
use crate::cli::{exit, progress, stdout};
use crate::model::failure::Failure;
use crate::pipeline;
use crate::report::hash_file;
use crate::suite::{self, Ablation, SuiteOptions};

/// The word that leaves out every detector in turn.
const EACH: &str = "each";

pub(super) fn run(arguments: &SuiteArguments, format: AnswerFormat) -> Result<u8> {
    let Some(out) = &arguments.out else {
        // The command line asks for it, so this is not reached from there.
        return Err(anyhow!(Failure::Usage("name a folder with --out".into())));
    };
    let known: Vec<Detector> = pipeline::detector_documentation()
        .iter()
        .map(Detector::from)
        .collect();
    let mut seeds = arguments.seeds.clone();
    seeds.sort_unstable();
    seeds.dedup();
    let options = SuiteOptions {
        out: out.clone(),
        logs: suite::plan(&arguments.preset, &arguments.scale)?,
        seeds,
        ablations: ablations(&arguments.ablate, &known)?,
        jobs: arguments.jobs.get() as usize,
        keep: arguments.keep,
        memory_bytes: arguments.settings.memory_bytes(),
        config: arguments.settings.config()?,
        build: build()?,
    };
    let display = progress::display(arguments.settings.progress, false);
    let cells = suite::run(&options, display.as_ref())?;
    drop(display);
    let rows = suite::summarise(&cells);
    let (table, json, csv) = (
        suite::to_table(&cells, &rows),
        suite::to_json(&cells, &rows)?,
        suite::to_csv(&rows)?,
    );
    for (name, text) in [
        ("suite.txt", &table),
        ("suite.json", &json),
        ("suite.csv", &csv),
    ] {
        let path = out.join(name);
        std::fs::write(&path, text)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    stdout::answer(match format {
        AnswerFormat::Table => &table,
        AnswerFormat::Json => &json,
        AnswerFormat::Csv => &csv,
    })?;
    Ok(exit::DONE)
}

fn ablations(names: &[String], known: &[Detector]) -> Result<Vec<Ablation>> {
    let mut ablations: Vec<Ablation> = Vec::new();
    let mut add = |name: &str, skip: Vec<String>| {
        if !ablations.iter().any(|ablation| ablation.skip == skip) {
            ablations.push(Ablation {
                name: name.to_owned(),
                skip,
            });
        }
    };
    for name in names {
        if name == EACH {
            for document in pipeline::detector_documentation() {
                add(document.id, vec![document.id.to_owned()]);
            }
        } else {
            add(
                name,
                selection::ids("--ablate", std::slice::from_ref(name), known)?,
            );
        }
    }
    Ok(ablations)
}

/// Hash of this program: results of another build are not taken for its own.
fn build() -> Result<String> {
    let path = std::env::current_exe().context("cannot tell which program this is")?;
    hash_file(&path).with_context(|| format!("{}: cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ablations_are_detectors_or_families_and_each_is_all() {
        let known: Vec<Detector> = pipeline::detector_documentation()
            .iter()
            .map(Detector::from)
            .collect();
        let each = ablations(
            &[EACH.to_owned(), "content/template-spread".to_owned()],
            &known,
        )
        .expect("each");
        assert_eq!(each.len(), known.len());
        assert!(each.iter().all(|ablation| ablation.skip.len() == 1));
        let error = ablations(&["contnet".to_owned()], &known).expect_err("unknown");
        assert!(error.to_string().contains("content"), "{error}");
    }
}
