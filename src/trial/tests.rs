use std::path::{Path, PathBuf};

use super::*;
use crate::model::progress::Silent;
use crate::simulate::{self, Knobs, SimulateOptions};

fn log(out: &Path, seed: u64) -> PathBuf {
    let scenario = simulate::preset("tiny", 1.0, seed).expect("preset");
    simulate::write(
        &scenario,
        &SimulateOptions {
            out: out.to_owned(),
            files: 1,
            knobs: Knobs::default(),
            ..SimulateOptions::default()
        },
        &Silent,
    )
    .expect("log");
    out.to_owned()
}

fn options(folders: Vec<PathBuf>, group_accounts: usize) -> TrialOptions {
    TrialOptions {
        folders,
        groups: 60,
        group_accounts,
        seed: 1,
        memory_bytes: 1 << 30,
        config: Config::default(),
    }
}

#[test]
fn tests_keep_their_level_on_everyone_and_see_a_campaign() {
    let folder = tempfile::tempdir().expect("folder");
    let logs = vec![
        log(&folder.path().join("a"), 31),
        log(&folder.path().join("b"), 32),
    ];
    let options = options(logs, 12);
    let rows = run(&options, &Silent).expect("rows");
    let everyone: Vec<&Row> = rows
        .iter()
        .filter(|row| row.drawn_from == "everyone")
        .collect();
    assert_eq!(
        everyone.len(),
        crate::detect::registry::GROUP_TESTS.len(),
        "one row per test"
    );
    for row in &everyone {
        assert_eq!(row.groups, 60, "{row:?}");
        // 60 groups at the level of 5 % give 3; 9 or fewer in 998 of 1,000 cases
        assert!(row.at_5_percent <= 9, "{row:?}");
        assert!(row.at_1_permille <= 2, "{row:?}");
    }
    let burst = rows
        .iter()
        .find(|row| row.is_campaign && row.test == "network/signup-burst")
        .expect("the campaign of 15 has groups of 12");
    assert_eq!(burst.groups, 60);
    assert!(
        rows.iter()
            .any(|row| row.is_campaign && row.at_1_permille == row.groups),
        "no test sees the campaign"
    );
    assert_eq!(rows, run(&options, &Silent).expect("again"));
    let table = to_table(&options, &rows);
    assert!(table.contains("\ntiming/synchrony\n  not tested: the log spans less than 14 days"));
    assert!(table.contains("drawn from"), "{table}");
    let csv = to_csv(&rows).expect("csv");
    assert_eq!(csv.lines().count(), rows.len() + 1);
}

#[test]
fn folders_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().expect("folder");
    let said = |folders: Vec<PathBuf>, accounts: usize| {
        run(&options(folders, accounts), &Silent)
            .expect_err("refused")
            .to_string()
    };
    let missing = folder.path().join("nowhere");
    assert!(said(vec![missing], 12).contains("nowhere"));
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).expect("made");
    assert!(said(vec![empty], 12).contains("no requests.*"));
    let whole = log(&folder.path().join("a"), 31);
    assert!(said(vec![whole.clone()], 1_000_000).contains("--group-accounts"));
    std::fs::remove_file(whole.join("truth_accounts.csv")).expect("removed");
    assert!(said(vec![whole], 12).contains("no truth_accounts.csv"));
}
