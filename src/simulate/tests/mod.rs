//! Promises of the generator as a whole: repeatable, exact in its figures, free of labels.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::model::progress::Silent;
use crate::simulate::{Format, Innocent, Knobs, Scenario, SimulateOptions, Summary, preset, write};

mod figures;
mod labels;

type Row = BTreeMap<String, String>;

fn simulate(scenario: &Scenario, out: &Path, format: Format, files: u32, knobs: Knobs) -> Summary {
    let options = SimulateOptions {
        out: out.to_owned(),
        format,
        files,
        corpus: None,
        knobs,
    };
    write(scenario, &options, &Silent).unwrap()
}

fn rows(path: &Path) -> Vec<Row> {
    csv::Reader::from_path(path)
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

/// A log small enough for a test: few people who send little, four accounts in each look-alike.
fn small(name: &str, scale: f64, seed: u64) -> Scenario {
    let mut scenario = preset(name, scale, seed).unwrap();
    scenario.organic_accounts = 60;
    scenario.organic_median_per_day = 1.0;
    for size in scenario.innocents.values_mut() {
        *size = (*size).min(4);
    }
    scenario
}

fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_seed_decides_every_byte() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Parquet, Format::Csv, Format::Ndjson] {
        let run = |name: &str, seed| {
            let out = folder.path().join(format!("{name}-{}", format.name()));
            simulate(
                &small("hydra", 0.0008, seed),
                &out,
                format,
                1,
                Knobs::default(),
            );
            bytes(&out)
        };
        let first = run("first", 5);
        assert!(
            first == run("again", 5),
            "{} differs between two runs",
            format.name()
        );
        let other = run("other", 6);
        for (name, content) in first.iter().filter(|(name, _)| *name != "events.csv") {
            assert!(
                *content != other[name],
                "{name} does not depend on the seed"
            );
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = |threads: usize| {
        let out = folder.path().join(threads.to_string());
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            simulate(
                &small("tiny", 1.0, 2),
                &out,
                Format::Parquet,
                1,
                Knobs::default(),
            )
        });
        bytes(&out)
    };
    assert!(run(1) == run(3));
}

#[test]
fn the_number_of_files_changes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let run = |files: u32| {
        let out = folder.path().join(files.to_string());
        let summary = simulate(
            &small("tiny", 1.0, 3),
            &out,
            Format::Csv,
            files,
            Knobs::default(),
        );
        assert_eq!(summary.files.len(), files as usize);
        let all: Vec<Row> = summary.files.iter().flat_map(|file| rows(file)).collect();
        assert_eq!(all.len() as u64, summary.requests);
        all
    };
    let whole = run(1);
    assert!(
        whole.is_sorted_by_key(|row| row["timestamp"].clone()),
        "rows are not in order of time"
    );
    for files in [2, 5, 31] {
        assert!(run(files) == whole, "{files} files hold other rows");
    }
}

#[test]
fn knobs_and_switches_turn() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, knobs: Knobs| {
        let out = folder.path().join(name);
        let summary = simulate(&small("tiny", 1.0, 9), &out, Format::Csv, 1, knobs);
        let truth: BTreeSet<String> = rows(&out.join("truth_accounts.csv"))
            .into_iter()
            .filter(|row| !row["campaign"].is_empty())
            .map(|row| row["account_id"].clone())
            .collect();
        let cards: Vec<String> = rows(&out.join("accounts.csv"))
            .into_iter()
            .filter(|row| truth.contains(&row["account_id"]))
            .map(|row| row["payment_id"].clone())
            .filter(|card| !card.is_empty())
            .collect();
        let payers = cards.len();
        let cards: BTreeSet<String> = cards.into_iter().collect();
        (summary, cards.len(), payers)
    };
    let off = Innocent::ALL.iter().map(|&kind| (kind, 0)).collect();
    let (summary, cards, payers) = run(
        "alone",
        Knobs {
            card_sharing: Some(1.0),
            innocents: off,
            ..Knobs::default()
        },
    );
    assert_eq!(
        summary.populations.keys().collect::<Vec<_>>(),
        ["campaign:tiny", "organic"]
    );
    assert_eq!(cards, payers, "nobody shares a card");
    assert!(payers >= 10, "{payers} of 15 pay");
    let knobs = Knobs {
        card_sharing: Some(40.0),
        cover_share: Some(0.5),
        requests_per_account_per_day: Some(10.0),
        ..Knobs::default()
    };
    let (summary, cards, _) = run("turned", knobs);
    assert!(cards <= 3, "{cards} cards");
    let count = summary.campaigns["tiny"];
    assert_eq!(count.exchanges, 10 * 15 * 7);
    let cover = (count.requests - count.exchanges) as f64 / count.requests as f64;
    assert!((0.4..0.6).contains(&cover), "{cover}");
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "x").unwrap();
    let options = SimulateOptions {
        out: folder.path().to_owned(),
        ..SimulateOptions::default()
    };
    let error = write(&small("tiny", 0.2, 1), &options, &Silent)
        .unwrap_err()
        .to_string();
    assert!(error.contains("not empty"), "{error}");
}

#[test]
fn a_corpus_speaks_for_ordinary_people() {
    use std::sync::Arc;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.parquet");
    let texts: arrow_array::ArrayRef = Arc::new(arrow_array::StringArray::from(vec![
        "first real text",
        "second real text",
    ]));
    let batch = arrow_array::RecordBatch::try_from_iter([("text", texts)]).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(
        fs::File::create(&path).unwrap(),
        batch.schema(),
        None,
    )
    .unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let out = folder.path().join("log");
    let run = |out: &Path, corpus: &Path, format: Format| {
        let options = SimulateOptions {
            out: out.to_owned(),
            format,
            corpus: Some(corpus.to_owned()),
            ..SimulateOptions::default()
        };
        write(&small("tiny", 0.2, 1), &options, &Silent)
    };
    run(&out, &path, Format::Csv).unwrap();
    let real = rows(&out.join("requests.csv"))
        .iter()
        .filter(|row| row["prompt"].ends_with("real text"))
        .count();
    assert!(real > 100, "{real}");
    let error = run(
        &folder.path().join("none"),
        &out.join("requests.csv"),
        Format::Csv,
    )
    .unwrap_err()
    .to_string();
    assert!(error.contains("not a Parquet file"), "{error}");
}
