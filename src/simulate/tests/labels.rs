//! No column gives away which rows belong to a campaign.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{rows, simulate, small};
use crate::simulate::{Format, Knobs, preset};

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
            let mut record = csv::StringRecord::new();
            while reader.read_record(&mut record).unwrap() {
                let side = if campaign.contains(&record[account]) {
                    &mut self.campaign
                } else {
                    &mut self.innocent
                };
                for (at, name, is_shape) in &columns {
                    let text = &record[*at];
                    let value = if *is_shape {
                        format!("{} {}", shape(text), text.len())
                    } else {
                        text.to_owned()
                    };
                    if !side.get(name).is_some_and(|seen| seen.contains(&value)) {
                        side.entry(name.clone()).or_default().insert(value);
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
        seen.campaign.len() == 37,
        "{} columns were compared",
        seen.campaign.len()
    );
}
