//! No column gives away which rows belong to a campaign.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{rows, simulate, small};
use crate::simulate::{Format, Innocent, Knobs, preset, presets};

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
const REQUEST_SHAPES: [&str; 10] = [
    "timestamp",
    "ip",
    "input_tokens",
    "output_tokens",
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
const ACCOUNT_SHAPES: [&str; 8] = [
    "account_id",
    "email",
    "signup_ip",
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
            let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
            let header = reader.headers().unwrap().clone();
            let place = |name: &str| header.iter().position(|column| column == name).unwrap();
            let columns: Vec<(usize, String, bool)> = values
                .iter()
                .map(|column| (place(column), format!("{file} {column}"), false))
                .chain(
                    shapes
                        .iter()
                        .map(|column| (place(column), format!("{file} {column}"), true)),
                )
                .collect();
            let account = place("account_id");
            let empty_cells = format!("{file} empty cells");
            let mut record = csv::StringRecord::new();
            while reader.read_record(&mut record).unwrap() {
                let side = if campaign.contains(&record[account]) {
                    &mut self.campaign
                } else {
                    &mut self.innocent
                };
                let pattern: String = record
                    .iter()
                    .map(|cell| if cell.is_empty() { '-' } else { 'x' })
                    .collect();
                side.entry(empty_cells.clone()).or_default().insert(pattern);
                for (at, name, is_shape) in &columns {
                    let text = &record[*at];
                    let value = if *is_shape {
                        format!("{} {}", shape(text), text.len())
                    } else {
                        text.to_owned()
                    };
                    // Program and system of a user agent are compared apart: a rare pairing of
                    // two common ones is chance.
                    let parts = match value.split_once(" (") {
                        Some((program, system)) if name.ends_with("user_agent") => {
                            vec![program.to_owned(), format!("({system}")]
                        }
                        _ => vec![value],
                    };
                    for part in parts {
                        if !side.get(name).is_some_and(|seen| seen.contains(&part)) {
                            side.entry(name.clone()).or_default().insert(part);
                        }
                    }
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
    crowd.days = 5;
    crowd.organic_accounts = 7_000;
    crowd.organic_median_per_day = 1.0;
    // Machines are few in it; enough of them to have every habit of machines.
    for kind in [
        Innocent::Aggregator,
        Innocent::Reseller,
        Innocent::CloudEgress,
    ] {
        crowd.innocents.insert(kind, 400);
    }
    let mut scenarios = vec![("crowd".to_owned(), crowd)];
    for name in [
        "anthropic-2026-02",
        "hydra",
        "moonshot-relay-2026-09",
        "alibaba-2026-09",
        "zhipu-2026-09",
        "careful",
    ] {
        scenarios.push((name.to_owned(), small(name, 0.0004, 11)));
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
        seen.campaign.len() == 44,
        "{} columns were compared",
        seen.campaign.len()
    );
}

/// How far the mean rank of the marked ones lies from the middle, in standard errors
/// (Wilcoxon's rank sum), and how far the number of runs of equal marks lies from that of a
/// random order (Wald and Wolfowitz).
fn deviations(marks: &[bool]) -> (f64, f64) {
    let all = marks.len() as f64;
    let marked = marks.iter().filter(|mark| **mark).count() as f64;
    let ranks: f64 = marks
        .iter()
        .enumerate()
        .filter(|(_, mark)| **mark)
        .map(|(rank, _)| rank as f64 + 1.0)
        .sum();
    let expected = marked * (all + 1.0) / 2.0;
    let variance = marked * (all - marked) * (all + 1.0) / 12.0;
    let runs = 1.0 + marks.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64;
    let mixed = 2.0 * marked * (all - marked);
    let expected_runs = 1.0 + mixed / all;
    let runs_variance = mixed * (mixed - all) / (all * all * (all - 1.0));
    (
        (ranks - expected) / variance.sqrt(),
        (runs - expected_runs) / runs_variance.sqrt(),
    )
}

#[test]
fn deviations_are_told_from_chance() {
    let last: Vec<bool> = (0..200).map(|at| at >= 100).collect();
    assert!(deviations(&last).0 > 10.0 && deviations(&last).1 < -10.0);
    let alternating: Vec<bool> = (0..200).map(|at| at % 2 == 0).collect();
    assert!(deviations(&alternating).0.abs() < 1.0 && deviations(&alternating).1 > 10.0);
}

#[test]
fn no_order_and_no_position_gives_the_label_away() {
    let folder = tempfile::tempdir().unwrap();
    // Five standard errors: about one false alarm in a million comparisons.
    let check = |what: &str, marks: &[bool]| {
        let marked = marks.iter().filter(|mark| **mark).count();
        assert!(marked > 15, "{what}: only {marked} rows of campaigns");
        let (rank, runs) = deviations(marks);
        assert!(
            rank.abs() < 5.0,
            "{what}: mean rank is off by {rank} standard errors"
        );
        assert!(
            runs.abs() < 5.0,
            "{what}: runs are off by {runs} standard errors"
        );
    };
    for name in [
        "anthropic-2026-02",
        "hydra",
        "moonshot-relay-2026-09",
        "careful",
    ] {
        let out = folder.path().join(name);
        // Large enough for more than fifteen accounts in the smallest campaign.
        let scale = match name {
            "careful" => 0.06,
            "moonshot-relay-2026-09" => 0.004,
            _ => 0.002,
        };
        let scenario = small(name, scale, 12);
        simulate(&scenario, &out, Format::Csv, 1, Knobs::default());
        let campaign: BTreeSet<String> = rows(&out.join("truth_accounts.csv"))
            .into_iter()
            .filter(|row| !row["campaign"].is_empty())
            .map(|row| row["account_id"].clone())
            .collect();
        let marks: Vec<bool> = rows(&out.join("accounts.csv"))
            .iter()
            .map(|row| campaign.contains(&row["account_id"]))
            .collect();
        check(&format!("{name}, rows of accounts.csv"), &marks);
        let mut reader = csv::Reader::from_path(out.join("requests.csv")).unwrap();
        let header = reader.headers().unwrap().clone();
        let place = |name: &str| header.iter().position(|column| column == name).unwrap();
        let (at, id, account) = (place("timestamp"), place("request_id"), place("account_id"));
        let mut requests: Vec<(String, String, bool)> = reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                let mark = campaign.contains(&record[account]);
                (record[id].to_owned(), record[at].to_owned(), mark)
            })
            .collect();
        assert!(requests.is_sorted_by_key(|(_, at, _)| at.clone()), "{name}");
        requests.sort_unstable();
        let marks: Vec<bool> = requests.iter().map(|(_, _, mark)| *mark).collect();
        check(&format!("{name}, order of request_id"), &marks);
        // Within a second people and machines begin anywhere.
        requests.sort_by_cached_key(|(_, at, _)| {
            at.split_once('.')
                .map_or(String::new(), |(_, part)| part.to_owned())
        });
        let marks: Vec<bool> = requests.iter().map(|(_, _, mark)| *mark).collect();
        check(&format!("{name}, fraction of the second"), &marks);
    }
}

/// How a prompt begins, where it begins with a plain word or a mark, and how it treats blanks.
fn opening(prompt: &str) -> Option<String> {
    let first = prompt.split_whitespace().next()?;
    let is_plain = first.len() < 15 && first.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| first.to_owned())
}

#[test]
fn no_opening_and_no_blank_gives_the_label_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut crowd = preset("quiet", 0.01, 13).unwrap();
    crowd.days = 5;
    crowd.organic_accounts = 7_000;
    let mut scenarios = vec![("crowd".to_owned(), crowd)];
    for info in presets().iter().filter(|info| info.name != "quiet") {
        scenarios.push((info.name.to_owned(), small(info.name, 0.0008, 13)));
    }
    let mut innocent = BTreeSet::new();
    let mut innocent_blanks = 0.0_f64;
    let mut campaigns: Vec<(String, BTreeMap<String, usize>, f64)> = Vec::new();
    for (name, scenario) in scenarios {
        let out = folder.path().join(&name);
        simulate(&scenario, &out, Format::Csv, 1, Knobs::default());
        let work: BTreeSet<String> = rows(&out.join("truth_requests.csv"))
            .into_iter()
            .filter(|row| row["substream"] == "true")
            .map(|row| row["request_id"].clone())
            .collect();
        let mut openings: BTreeMap<String, usize> = BTreeMap::new();
        let (mut count, mut untidy) = (0_usize, 0_usize);
        for row in rows(&out.join("requests.csv")) {
            let is_work = work.contains(&row["request_id"]);
            if is_work != (name != "crowd") {
                continue;
            }
            count += 1;
            let prompt = &row["prompt"];
            // Indented code has rows of blanks; within and after a line they are slips.
            let slip = |line: &str| line.trim_start().contains("  ") || line.ends_with(' ');
            untidy += usize::from(prompt.lines().any(slip));
            if let Some(opening) = opening(prompt) {
                *openings.entry(opening).or_default() += 1;
            }
        }
        let blanks = untidy as f64 / count.max(1) as f64;
        if name == "crowd" {
            innocent = openings.into_keys().collect();
            innocent_blanks = blanks;
        } else {
            assert!(count >= 10, "{name}: {count} campaign requests");
            // Rare openings are words of a slot, and chance.
            openings.retain(|_, times| *times * 50 >= count);
            campaigns.push((name, openings, blanks));
        }
    }
    for (name, openings, blanks) in campaigns {
        let only: Vec<&String> = openings
            .keys()
            .filter(|opening| !innocent.contains(*opening))
            .collect();
        assert!(
            only.is_empty(),
            "{name}: only campaigns begin with {only:?}"
        );
        assert!(
            (blanks - innocent_blanks).abs() < 0.03,
            "{name}: slips of the space bar {blanks}, elsewhere {innocent_blanks}"
        );
    }
}

#[test]
fn two_presets_with_one_seed_share_no_identifier() {
    let folder = tempfile::tempdir().unwrap();
    let ids = |name: &str| -> BTreeSet<String> {
        let out = folder.path().join(name);
        simulate(
            &small(name, 0.001, 14),
            &out,
            Format::Csv,
            1,
            Knobs::default(),
        );
        let accounts = rows(&out.join("accounts.csv"));
        accounts
            .into_iter()
            .flat_map(|row| [row["account_id"].clone(), row["payment_id"].clone()])
            .filter(|id| !id.is_empty())
            .collect()
    };
    assert!(ids("hydra").is_disjoint(&ids("zhipu-2026-09")));
}
