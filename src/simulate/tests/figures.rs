//! Presets hold their declared figures and show what they are named for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Row, rows, simulate, small};
use crate::simulate::{Format, Knobs, preset, presets};

/// Preset, scale, and by campaign the published exchanges and accounts at one time.
type Declared<'a> = (&'a str, f64, &'a [(&'a str, f64, f64)]);

#[test]
fn figures_are_those_that_were_declared() {
    let folder = tempfile::tempdir().unwrap();
    // Exchanges over a campaign's own window, in the published numbers; accounts at one time.
    let declared: [Declared<'_>; 11] = [
        ("deepseek-2026-02", 0.02, &[("deepseek", 150_000.0, 400.0)]),
        (
            "moonshot-2026-02",
            0.001,
            &[("moonshot", 3_400_000.0, 600.0)],
        ),
        (
            "minimax-2026-02",
            0.0004,
            &[("minimax", 13_000_000.0, 2_000.0)],
        ),
        (
            "anthropic-2026-02",
            0.0004,
            &[
                ("deepseek", 150_000.0, 1_200.0),
                ("moonshot", 3_400_000.0, 800.0),
                ("minimax", 13_000_000.0, 22_000.0),
            ],
        ),
        ("hydra", 0.002, &[("hydra", 2_400_000.0, 20_000.0)]),
        (
            "alibaba-2026-09",
            0.0003,
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
        ("zhipu-2026-09", 0.002, &[("zhipu", 3_400_000.0, 125.0)]),
        ("recon-then-scale", 0.02, &[("recon", 400_000.0, 800.0)]),
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

    let (out, work) = run("minimax-2026-02", 0.0003);
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

    let (out, work) = run("alibaba-2026-09", 0.0002);
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

    let (_, work) = run("careful", 0.02);
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
