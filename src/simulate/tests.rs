//! Promises of the generator as a whole: repeatable, exact in its figures, free of labels.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::model::progress::Silent;
use crate::simulate::{
    Format, Innocent, Knobs, Scenario, SimulateOptions, Summary, preset, presets, write,
};

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

/// A log small enough for a test of its own: few people, all look-alikes at ten accounts.
fn small(name: &str, scale: f64, seed: u64) -> Scenario {
    let mut scenario = preset(name, scale, seed).unwrap();
    scenario.organic_accounts = 60;
    for size in scenario.innocents.values_mut() {
        *size = (*size).min(6);
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
fn figures_are_those_that_were_declared() {
    let folder = tempfile::tempdir().unwrap();
    // Exchanges over a campaign's own window, in the published numbers; accounts at one time.
    #[allow(clippy::type_complexity)] // a table read once, below
    let declared: [(&str, f64, &[(&str, f64, f64)]); 11] = [
        ("deepseek-2026-02", 0.02, &[("deepseek", 150_000.0, 400.0)]),
        (
            "moonshot-2026-02",
            0.002,
            &[("moonshot", 3_400_000.0, 600.0)],
        ),
        (
            "minimax-2026-02",
            0.001,
            &[("minimax", 13_000_000.0, 2_000.0)],
        ),
        (
            "anthropic-2026-02",
            0.001,
            &[
                ("deepseek", 150_000.0, 1_200.0),
                ("moonshot", 3_400_000.0, 800.0),
                ("minimax", 13_000_000.0, 22_000.0),
            ],
        ),
        ("hydra", 0.002, &[("hydra", 2_400_000.0, 20_000.0)]),
        (
            "alibaba-2026-09",
            0.0006,
            &[("alibaba", 28_000_000.0, 3_500.0)],
        ),
        (
            "moonshot-relay-2026-09",
            0.01,
            &[("moonshot-relay", 934_000.0, 5_380.0)],
        ),
        (
            "openai-2026-09",
            0.05,
            &[("moonshot-openai", 16_000.0, 4_000.0)],
        ),
        ("zhipu-2026-09", 0.003, &[("zhipu", 3_400_000.0, 125.0)]),
        ("recon-then-scale", 0.05, &[("recon", 400_000.0, 800.0)]),
        ("careful", 0.05, &[("careful", 120_000.0, 400.0)]),
    ];
    for (name, scale, campaigns) in declared {
        let summary = simulate(
            &small(name, scale, 1),
            &folder.path().join(name),
            Format::Parquet,
            1,
            Knobs::default(),
        );
        for (campaign, exchanges, accounts) in campaigns {
            let count = summary.campaigns[*campaign];
            let wanted = (exchanges * scale).round();
            assert!(
                (count.exchanges as f64 - wanted).abs() <= 1.0 + wanted * 0.01,
                "{name}: {campaign} has {} exchanges, declared {wanted}",
                count.exchanges
            );
            assert!(
                count.accounts as f64 >= (accounts * scale).floor(),
                "{name}: {campaign} has {} accounts",
                count.accounts
            );
        }
    }
}

#[test]
fn each_preset_shows_what_it_is_named_for() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, scale: f64| {
        let out = folder.path().join(name);
        simulate(
            &small(name, scale, 4),
            &out,
            Format::Csv,
            1,
            Knobs::default(),
        );
        let truth: BTreeMap<String, Row> = rows(&out.join("truth_requests.csv"))
            .into_iter()
            .map(|row| (row["request_id"].clone(), row))
            .collect();
        let work = rows(&out.join("requests.csv"))
            .into_iter()
            .filter(|row| {
                truth
                    .get(&row["request_id"])
                    .is_some_and(|truth| truth["substream"] == "true")
            })
            .collect::<Vec<_>>();
        (out, work)
    };
    let share = |rows: &[&Row], test: &dyn Fn(&Row) -> bool| {
        rows.iter().filter(|row| test(row)).count() as f64 / rows.len().max(1) as f64
    };

    let (out, work) = run("minimax-2026-02", 0.0005);
    let release = rows(&out.join("events.csv"))
        .into_iter()
        .find(|row| row["kind"] == "model_release")
        .unwrap();
    let settled = chrono::DateTime::parse_from_rfc3339(&release["timestamp"]).unwrap()
        + chrono::TimeDelta::hours(24);
    let settled = settled.format("%Y-%m-%dT%H").to_string();
    let later: Vec<&Row> = work
        .iter()
        .filter(|row| row["timestamp"] > settled)
        .collect();
    let moved = share(&later, &|row| row["model"] == release["model"]);
    assert!(
        (0.43..0.5).contains(&moved),
        "nearly half moves within a day: {moved}"
    );

    let (_, work) = run("openai-2026-09", 0.05);
    let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in work
        .iter()
        .filter(|row| !row["reasoning_signature"].is_empty())
    {
        uses.entry(&row["reasoning_signature"])
            .or_default()
            .insert(&row["account_id"]);
    }
    assert!(
        uses.values().filter(|accounts| accounts.len() > 1).count() * 10 > uses.len() * 9,
        "signatures are replayed"
    );

    let (out, work) = run("alibaba-2026-09", 0.0005);
    let systems: BTreeSet<&str> = work
        .iter()
        .map(|row| row["system_prompt"].as_str())
        .collect();
    assert_eq!(systems.len(), 1, "one injected system prompt");
    let roles: BTreeSet<String> = rows(&out.join("truth_accounts.csv"))
        .into_iter()
        .map(|row| row["role"].clone())
        .collect();
    assert!(roles.contains("standby"), "{roles:?}");

    let (_, work) = run("recon-then-scale", 0.02);
    let (early, late) = work.split_at(work.len() / 40);
    let refused = |rows: &[Row]| {
        share(&rows.iter().collect::<Vec<_>>(), &|row| {
            row["status"] == "refused"
        })
    };
    assert!(
        refused(early) > 0.4 && refused(late) < 0.1,
        "{} {}",
        refused(early),
        refused(late)
    );

    let (_, work) = run("careful", 0.05);
    let prompts: BTreeSet<&str> = work
        .iter()
        .filter(|row| row["status"] != "rate_limited")
        .map(|row| row["prompt"].as_str())
        .collect();
    assert!(
        prompts.len() * 100
            >= work
                .iter()
                .filter(|row| row["status"] != "rate_limited")
                .count()
                * 99,
        "each item once"
    );
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
        let cards: BTreeSet<String> = rows(&out.join("accounts.csv"))
            .into_iter()
            .filter(|row| truth.contains(&row["account_id"]))
            .map(|row| row["payment_id"].clone())
            .collect();
        (summary, cards.len())
    };
    let off = Innocent::ALL.iter().map(|&kind| (kind, 0)).collect();
    let (summary, cards) = run(
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
    assert_eq!(cards, 15, "nobody shares a card");
    let knobs = Knobs {
        card_sharing: Some(40.0),
        cover_share: Some(0.5),
        requests_per_account_per_day: Some(10.0),
        ..Knobs::default()
    };
    let (summary, cards) = run("turned", knobs);
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

/// Length and classes of characters, with letters and digits folded.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for letter in text.chars() {
        let class = if letter.is_alphanumeric() {
            'a'
        } else {
            letter
        };
        if !(class == 'a' && shape.ends_with('a')) {
            shape.push(class);
        }
    }
    shape
}

/// Columns whose values are compared as they are, and columns whose shapes are.
const REQUEST_VALUES: [&str; 13] = [
    "platform",
    "model",
    "tool_names",
    "temperature",
    "max_tokens",
    "stream",
    "status",
    "http_status",
    "asn",
    "country",
    "user_agent",
    "accept_language",
    "tls_fingerprint",
];
const REQUEST_SHAPES: [&str; 7] = [
    "timestamp",
    "request_id",
    "account_id",
    "api_key_id",
    "end_user_id",
    "conversation_id",
    "reasoning_signature",
];
const ACCOUNT_VALUES: [&str; 11] = [
    "status",
    "close_reason",
    "email_domain",
    "billing_country",
    "payment_kind",
    "signup_asn",
    "signup_country",
    "signup_user_agent",
    "signup_tls_fingerprint",
    "plan",
    "referrer_code",
];
const ACCOUNT_SHAPES: [&str; 6] = [
    "account_id",
    "created_at",
    "closed_at",
    "phone",
    "payment_id",
    "org_id",
];

/// What innocent and campaign rows hold, by column.
#[derive(Default)]
struct Seen {
    innocent: BTreeMap<String, BTreeSet<String>>,
    campaign: BTreeMap<String, BTreeSet<String>>,
}

impl Seen {
    fn add(&mut self, folder: &Path) {
        let campaign: BTreeSet<String> = rows(&folder.join("truth_accounts.csv"))
            .into_iter()
            .filter(|row| !row["campaign"].is_empty())
            .map(|row| row["account_id"].clone())
            .collect();
        let tables: [(&str, &[&str], &[&str]); 2] = [
            ("requests.csv", &REQUEST_VALUES, &REQUEST_SHAPES),
            ("accounts.csv", &ACCOUNT_VALUES, &ACCOUNT_SHAPES),
        ];
        for (file, values, shapes) in tables {
            for row in csv::Reader::from_path(folder.join(file))
                .unwrap()
                .deserialize::<Row>()
                .map(Result::unwrap)
            {
                let side = if campaign.contains(&row["account_id"]) {
                    &mut self.campaign
                } else {
                    &mut self.innocent
                };
                let exact = values.iter().map(|column| (column, row[*column].clone()));
                let folded = shapes.iter().map(|column| {
                    (
                        column,
                        format!("{} {}", shape(&row[*column]), row[*column].len()),
                    )
                });
                for (column, value) in exact.chain(folded) {
                    side.entry(format!("{file} {column}"))
                        .or_default()
                        .insert(value);
                }
            }
        }
    }
}

#[test]
fn no_column_gives_the_label_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Seen::default();
    // A wide crowd that sends little: what occurs somewhere among innocents.
    let mut crowd = preset("quiet", 0.01, 11).unwrap();
    crowd.days = 8;
    crowd.organic_accounts = 9_000;
    crowd.organic_median_per_day = 1.0;
    let mut scenarios = vec![("crowd".to_owned(), crowd)];
    for name in [
        "anthropic-2026-02",
        "hydra",
        "moonshot-relay-2026-09",
        "alibaba-2026-09",
        "zhipu-2026-09",
        "careful",
    ] {
        scenarios.push((name.to_owned(), small(name, 0.001, 11)));
    }
    for (name, scenario) in scenarios {
        let out = folder.path().join(name);
        simulate(&scenario, &out, Format::Csv, 1, Knobs::default());
        seen.add(&out);
    }
    for (column, values) in &seen.campaign {
        let only: Vec<&String> = values.difference(&seen.innocent[column]).collect();
        // A company has a mail domain of its own, in a campaign as elsewhere.
        let company = |value: &&&String| {
            column.ends_with("email_domain") && value.chars().any(|letter| letter.is_ascii_digit())
        };
        let only: Vec<&&String> = only.iter().filter(|value| !company(value)).collect();
        assert!(
            only.is_empty(),
            "{column} holds values of campaigns only: {only:?}"
        );
    }
    assert!(
        seen.campaign.len() == 37,
        "{} columns were compared",
        seen.campaign.len()
    );
}

#[test]
fn look_alikes_look_alike() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = preset("tiny", 1.0, 6).unwrap();
    let out = folder.path().join("tiny");
    simulate(&scenario, &out, Format::Csv, 1, Knobs::default());
    let population: BTreeMap<String, String> = rows(&out.join("truth_accounts.csv"))
        .into_iter()
        .map(|row| (row["account_id"].clone(), row["population"].clone()))
        .collect();
    let mut values: BTreeMap<(String, &str), BTreeSet<String>> = BTreeMap::new();
    let mut accounts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let requests = rows(&out.join("requests.csv"));
    for row in &requests {
        let name = population[&row["account_id"]].clone();
        accounts
            .entry(name.clone())
            .or_default()
            .insert(row["account_id"].clone());
        for column in ["ip", "system_prompt", "prompt"] {
            values
                .entry((name.clone(), column))
                .or_default()
                .insert(row[column].clone());
        }
    }
    let distinct = |name: &str, column| values[&(name.to_owned(), column)].len();
    assert_eq!(distinct("office_nat", "ip"), 1);
    assert!(accounts["office_nat"].len() > 30);
    assert!(distinct("popular_client", "system_prompt") <= 2);
    assert!(distinct("campus", "ip") <= 4);
    assert!(distinct("ci_fleet", "ip") > 10 * accounts["ci_fleet"].len());
    assert!(
        distinct("eval_harness", "prompt")
            < requests
                .iter()
                .filter(|row| population[&row["account_id"]] == "eval_harness")
                .count()
                * 2
                / 3
    );
    for row in rows(&out.join("accounts.csv")) {
        if population[&row["account_id"]] == "seat_pool" {
            assert!(!row["org_id"].is_empty() && row["payment_kind"] == "invoice");
        }
    }
    assert_eq!(presets().len(), 13);
}
