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
        groups: 61,
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
    let found = run(&options, &Silent).expect("rows");
    let everyone: Vec<&Row> = found
        .rows
        .iter()
        .filter(|row| row.kind == "everyone")
        .collect();
    assert_eq!(
        everyone.len(),
        crate::detect::registry::GROUP_TESTS.len(),
        "one row per test"
    );
    for row in &everyone {
        assert_eq!(row.groups, 61, "{row:?}");
        assert_eq!(row.group_accounts, (12, 12));
        // 61 groups at the level of 5 % give 3; 9 or fewer in 998 of 1,000 cases
        assert!(row.at_5_percent <= 9, "{row:?}");
        assert!(row.at_1_permille <= 2, "{row:?}");
    }
    let campaign: Vec<&Row> = found
        .rows
        .iter()
        .filter(|row| row.kind == "campaign")
        .collect();
    // fifteen accounts, or fourteen at work: groups of seven, which differ
    assert!(campaign.is_empty(), "{campaign:?}");
    assert_eq!(
        found.left_out.iter().find(|(name, _)| name == "tiny"),
        Some(&("tiny".to_owned(), 15))
    );
    let seen = run(
        &TrialOptions {
            group_accounts: 7,
            ..options.clone()
        },
        &Silent,
    )
    .expect("rows");
    assert!(
        seen.rows
            .iter()
            .any(|row| row.kind == "campaign" && row.at_5_percent == row.groups),
        "no test sees the campaign"
    );
    assert_eq!(found, run(&options, &Silent).expect("again"));
    let table = to_table(&found);
    assert!(table.contains("\ntiming/synchrony (weak: never counts for a verdict)\n  not tested: the log spans less than 14 days"), "{table}");
    assert!(table.contains("the truth knows "), "{table}");
    let csv = to_csv(&found).expect("csv");
    assert_eq!(csv.lines().count(), found.rows.len() + 1);
}

#[test]
fn groups_differ_and_take_no_more_than_half() {
    assert_eq!(group_size(400, 20), Some(20));
    assert_eq!(group_size(20, 20), Some(10));
    assert_eq!(group_size(15, 20), None);
    assert_eq!(group_size(4, 2), Some(2));
    assert_eq!(group_size(1, 1), None);
    let from = DrawnFrom::Everyone;
    let accounts: Vec<u32> = (0..40).collect();
    let drawn: Vec<_> = Groups::new(&from, &accounts, 10, 3).take(50).collect();
    assert!(
        drawn
            .iter()
            .all(|group| group.accounts.windows(2).all(|pair| pair[0] < pair[1]))
    );
    assert!(drawn.iter().all(|group| group.accounts.len() == 10));
    let mut lists: Vec<_> = drawn.into_iter().map(|group| group.accounts).collect();
    lists.sort();
    lists.dedup();
    assert_eq!(lists.len(), 50);
}

#[test]
fn folders_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().expect("folder");
    let said = |folders: Vec<PathBuf>, accounts: usize| {
        run(&options(folders, accounts), &Silent)
            .expect_err("refused")
            .to_string()
    };
    let many = TrialOptions {
        groups: MOST_GROUPS + 1,
        ..options(Vec::new(), 12)
    };
    let error = run(&many, &Silent).expect_err("refused").to_string();
    assert!(error.contains("--groups is 100001"), "{error}");
    let missing = folder.path().join("nowhere");
    assert!(said(vec![missing], 12).contains("nowhere"));
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).expect("made");
    assert!(said(vec![empty], 12).contains("no requests.parquet"));
    let whole = log(&folder.path().join("a"), 31);
    let again = whole.join(".");
    assert!(said(vec![whole.clone(), again], 12).contains("are one folder"));
    std::fs::write(
        whole.join("truth_accounts.csv"),
        "account_id,campaign,population\nsomebody,,organic\n",
    )
    .expect("written");
    assert!(said(vec![whole.clone()], 1).contains("none of the"));
    let accounts = std::fs::read_to_string(whole.join("accounts.csv")).expect("accounts");
    let truth: Vec<String> = accounts
        .lines()
        .skip(1)
        .take(6)
        .filter_map(|line| Some(format!("{},,organic\n", line.split(',').next()?)))
        .collect();
    std::fs::write(
        whole.join("truth_accounts.csv"),
        format!("account_id,campaign,population\n{}", truth.concat()),
    )
    .expect("written");
    assert!(said(vec![whole.clone()], 12).contains("--group-accounts"));
    std::fs::remove_file(whole.join("truth_accounts.csv")).expect("removed");
    assert!(said(vec![whole], 12).contains("no truth_accounts.csv"));
}
