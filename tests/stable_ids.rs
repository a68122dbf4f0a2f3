//! A campaign keeps its id without an earlier case beside: in a longer log, with what its operator
//! adds later, and in next week's log with a third of its accounts replaced.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use case_support::*;
use stillhunt::stats::random::Random;

const WORDS: [&str; 32] = [
    "river", "lantern", "copper", "meadow", "violin", "harbour", "saddle", "granite", "orchard",
    "ribbon", "thunder", "velvet", "walnut", "compass", "feather", "glacier", "hammer", "island",
    "juniper", "kettle", "ladder", "marble", "needle", "oyster", "pepper", "quarry", "rocket",
    "sparrow", "timber", "umbrella", "valley", "whistle",
];

fn words(random: &mut Random, count: usize) -> String {
    let one = |random: &mut Random| WORDS[random.below(WORDS.len() as u64) as usize];
    (0..count)
        .map(|_| one(random))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A log of two weeks: 400 strangers, and a network of 24 accounts on four cards that works around the
/// clock from templates; after the first week eight are replaced by others on the same cards.
struct Log {
    requests: String,
    accounts: String,
    random: Random,
    written: usize,
}

impl Log {
    fn new(added_in_the_second_week: bool) -> Self {
        let mut log = Log {
            requests: "request_id,ts,account_id,model,ip,prompt\n".to_owned(),
            accounts: "account_id,created_at,payment_id\n".to_owned(),
            random: Random::new(17),
            written: 0,
        };
        for number in 0..400 {
            let account = format!("person{number}");
            let _ = writeln!(log.accounts, "{account},2025-11-02T08:00:00Z,own{number}");
            for day in 1..15 {
                let prompt = words(&mut log.random, 30);
                let ip = format!("93.184.{}.{}", number / 200, number % 200 + 1);
                log.request(&account, &ip, (day, 8 + number % 12), &prompt);
            }
        }
        for number in 0..32 {
            let account = format!("worker{number}");
            let _ = writeln!(
                log.accounts,
                "{account},2025-12-2{}T08:00:00Z,shared{}",
                number % 9,
                number % 4
            );
            let days = match number {
                0..8 => 1..8,
                8..24 => 1..15,
                _ => 8..15,
            };
            for day in days {
                for hour in (number % 4..24).step_by(4) {
                    let slot = words(&mut log.random, 12);
                    let prompt = match (hour / 4 + number) % 3 {
                        _ if added_in_the_second_week && day >= 8 && hour % 2 == 0 => format!(
                            "Write a table of every function that the module below exports with its purpose. {slot}"
                        ),
                        0 => format!(
                            "Grade the answer below from one to ten and justify each point in detail. {slot}"
                        ),
                        1 => format!(
                            "Solve the exercise step by step and show all of your reasoning before the result. {slot}"
                        ),
                        _ => format!(
                            "Rewrite the passage so that a careful editor would accept it without changes. {slot}"
                        ),
                    };
                    let ip = format!("198.{}.{}.{}", 20 + day, hour / 4, number % 6);
                    log.request(&account, &ip, (day, hour), &prompt);
                }
            }
        }
        log
    }

    fn request(&mut self, account: &str, ip: &str, (day, hour): (usize, usize), prompt: &str) {
        self.written += 1;
        let number = self.written;
        let (minute, second) = (self.random.below(60), self.random.below(60));
        let _ = writeln!(
            self.requests,
            "r{number},2026-01-{day:02}T{hour:02}:{minute:02}:{second:02}Z,{account},m,{ip},{prompt}"
        );
    }
}

/// Id and number of accounts of the one campaign in these days.
fn found(root: &Path, name: &str, log: &Log, more: &[&str]) -> (String, usize) {
    let requests: PathBuf = root.join("requests.csv");
    let accounts = root.join("accounts.csv");
    std::fs::write(&requests, &log.requests).unwrap();
    std::fs::write(&accounts, &log.accounts).unwrap();
    let accounts = accounts.display().to_string();
    let mut all = vec!["--accounts", &accounts];
    all.extend(more);
    let case = root.join(name);
    succeeded(&scan(&[requests], &all, &case));
    let json = case_json(&case);
    let campaigns = json["campaigns"].as_array().unwrap();
    assert_eq!(campaigns.len(), 1, "{name}");
    let text = |key: &str| campaigns[0][key].as_str().unwrap().to_owned();
    let members = campaigns[0]["members"].as_array().unwrap().len();
    assert_ne!(text("verdict"), "lead", "{}", text("verdict_reason"));
    (text("id"), members)
}

#[test]
fn in_a_longer_log_and_in_next_weeks_log_a_campaign_keeps_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let same = Log::new(false);
    let until = ["--until", "2026-01-08"];
    let (id, accounts) = found(folder.path(), "first", &same, &until);
    assert_eq!(accounts, 24);
    let longer = found(folder.path(), "longer", &same, &[]);
    assert_eq!(longer, (id.clone(), 32));
    let next = found(folder.path(), "next", &same, &["--since", "2026-01-08"]);
    assert_eq!(next, (id.clone(), 24));
    // What the operator adds in the second week does not rename it.
    let more = Log::new(true);
    let longer = found(folder.path(), "more", &more, &[]);
    assert_eq!(longer, (id, 32));
}

/// In the second half of this log a card and a proxy each begin with other accounts of one operator.
#[test]
fn one_operator_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let files = simulate("tiny", 1.0, 5, stillhunt::simulate::Format::Csv, 1, &log);
    let accounts = log.join("accounts.csv").display().to_string();
    let events = log.join("events.csv").display().to_string();
    let more = [
        "--accounts",
        &accounts,
        "--events",
        &events,
        "--since",
        "2026-01-15",
    ];
    let case = folder.path().join("case");
    succeeded(&scan(&files, &more, &case));
    let json = case_json(&case);
    let campaigns = json["campaigns"].as_array().unwrap();
    let named: Vec<&str> = campaigns
        .iter()
        .filter(|campaign| campaign["verdict"] != "lead")
        .flat_map(|campaign| campaign["members"].as_array().unwrap())
        .map(|member| member["account_id"].as_str().unwrap())
        .collect();
    let once: std::collections::BTreeSet<&str> = named.iter().copied().collect();
    assert!(once.len() >= 10, "{once:?}");
    assert_eq!(named.len(), once.len());
}
