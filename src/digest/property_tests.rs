//! The promise of the digest: any split, order and tree of merges gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::config::DigestConfig;
use crate::config::options::Quote;
use crate::digest::test_rows::{RULES, Row, folded, inputs, intake, matcher, rows, stored, whole};
use crate::digest::{
    DIGEST_SCHEMA_VERSION, Digest, DigestTables, Intake, merge_tables, store, tests_config,
};
use crate::model::failure::Failure;
use crate::text::text_hash;

/// Merges parts by a tree drawn from `picks`.
fn by_tree<T>(mut parts: Vec<T>, picks: &[usize], merge: impl Fn(T, T) -> T) -> Option<T> {
    let mut picks = picks.iter().cycle();
    while parts.len() > 1 {
        let one = parts.swap_remove(picks.next().copied().unwrap_or(0) % parts.len());
        let two = parts.swap_remove(picks.next().copied().unwrap_or(0) % parts.len());
        parts.push(merge(one, two));
    }
    parts.pop()
}

/// Default settings, or ones so tight that every table is thinned.
fn configs() -> impl Strategy<Value = DigestConfig> {
    (
        any::<bool>(),
        1_usize..6,
        1_usize..20,
        1_usize..30,
        1_usize..120,
    )
        .prop_map(|(tight, texts, max_texts, max_links, ample)| {
            let mut config = tests_config();
            config.halve_texts_above = ample;
            if tight {
                config.texts_per_account = texts;
                config.system_texts_per_account = 2;
                config.max_texts = max_texts;
                config.max_links = max_links;
                config.max_moments = max_links;
            }
            config
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_split_order_and_tree_gives_the_same_bytes(
        rows in rows(160),
        config in configs(),
        seeds in proptest::collection::vec(any::<u64>(), 160),
        parts in 1_usize..7,
        size in 1_usize..40,
        picks in proptest::collection::vec(any::<usize>(), 1..12),
    ) {
        let expected = whole(&rows, &config);
        let mut shuffled: Vec<(u64, &Row)> = seeds.iter().copied().zip(&rows).collect();
        shuffled.sort_by_key(|entry| entry.0);
        let mut split: Vec<Vec<&Row>> = vec![Vec::new(); parts];
        for (seed, row) in shuffled {
            split[usize::try_from(seed >> 7).unwrap() % parts].push(row);
        }
        let digests = split.iter().map(|part| folded(part, size, &config)).collect();
        let merged = by_tree(digests, &picks, Digest::merge).expect("one").finish(intake()).expect("finishes");
        prop_assert!(merged.same_as(&expected), "\n{merged:?}\n{expected:?}");
        prop_assert_eq!(stored(&merged), stored(&expected));
    }

    #[test]
    fn stored_digests_of_single_files_merge_to_the_whole(
        rows in rows(120),
        config in configs(),
        picks in proptest::collection::vec(any::<usize>(), 1..6),
    ) {
        let expected = whole(&rows, &config);
        let parts: Vec<DigestTables> = (0..3_u32).map(|file| {
            let own: Vec<Row> = rows.iter().filter(|row| row.file == file).map(|row| Row { file: 0, ..row.clone() }).collect();
            let digest = folded(&own.iter().collect::<Vec<_>>(), 7, &config);
            let intake = Intake { inputs: vec![inputs()[file as usize].clone()], ..Intake::default() };
            let tables = digest.finish(intake).expect("finishes");
            let dir = tempfile::tempdir().expect("folder");
            store::write(&tables, dir.path()).expect("writes");
            let read = store::read(dir.path()).expect("reads");
            assert!(read.same_as(&tables));
            read
        }).collect();
        let merged = by_tree(parts, &picks, |one, two| merge_tables(vec![one, two]).expect("merges")).expect("one");
        prop_assert!(merged.same_as(&expected), "\n{merged:?}\n{expected:?}");
        prop_assert_eq!(stored(&merged), stored(&expected));
    }

    #[test]
    fn sampled_texts_are_those_of_a_naive_count(rows in rows(160), limit in 1_usize..12) {
        let config = DigestConfig { texts_per_account: limit, ..tests_config() };
        let tables = whole(&rows, &config);
        let mut naive: BTreeMap<&str, BTreeMap<u64, (u64, i64, i64)>> = BTreeMap::new();
        for row in &rows {
            let texts = naive.entry(&row.account).or_default();
            if let Some(prompt) = &row.prompt {
                let uses = texts.entry(text_hash(prompt)).or_insert((0, i64::MAX, i64::MIN));
                *uses = (uses.0 + 1, uses.1.min(row.timestamp), uses.2.max(row.timestamp));
            }
        }
        let mut expected = Vec::new();
        for (account, texts) in (0_u32..).zip(naive.values()) {
            expected.extend(texts.iter().take(limit).map(|(hash, uses)| (account, *hash, uses.0, uses.1, uses.2)));
        }
        let frame = &tables.texts;
        let roles = frame.column("role").unwrap().u32().unwrap().clone();
        let column = |name: &str| frame.column(name).unwrap().u64().unwrap().iter().flatten().collect::<Vec<_>>();
        let times = |name: &str| frame.column(name).unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>();
        let accounts = frame.column("account").unwrap().u32().unwrap().clone();
        let (hashes, uses) = (column("text_hash"), column("uses"));
        let (first, last) = (times("first_us"), times("last_us"));
        let found: Vec<_> = (0..frame.height())
            .filter(|&at| roles.get(at) == Some(0))
            .map(|at| (accounts.get(at).unwrap(), hashes[at], uses[at], first[at], last[at]))
            .collect();
        prop_assert_eq!(found, expected);
        let mut refused: BTreeMap<(&str, u64), i64> = BTreeMap::new();
        for row in &rows {
            let turned_away = match row.status.as_deref() {
                Some("blocked" | "rate_limited") => true,
                _ => matches!(row.http, Some(403 | 429)),
            };
            if let (true, Some(prompt)) = (turned_away, &row.prompt) {
                let first = refused.entry((&row.account, text_hash(prompt))).or_insert(i64::MAX);
                *first = (*first).min(row.timestamp);
            }
        }
        let names: Vec<&str> = naive.keys().copied().collect();
        let rows_of = tables.turned_away.column("text").unwrap().u32().unwrap().clone();
        let since = tables.turned_away.column("first_us").unwrap().i64().unwrap().clone();
        let since: BTreeMap<u32, i64> = rows_of.iter().flatten().zip(since.iter().flatten()).collect();
        for at in (0..frame.height()).filter(|&at| roles.get(at) == Some(0)) {
            let key = (names[accounts.get(at).unwrap() as usize], hashes[at]);
            let found = since.get(&u32::try_from(at).unwrap()).copied();
            prop_assert_eq!(found, refused.get(&key).copied());
        }
        // One credential is one way, and two are two; of equally early uses either may be first.
        let first_ways = frame.column("first_way").unwrap().u32().unwrap().clone();
        let mut way_of: BTreeMap<Option<&str>, u32> = BTreeMap::from([(None, 0)]);
        for at in (0..frame.height()).filter(|&at| roles.get(at) == Some(0)) {
            let mut alike = rows.iter().filter(|row| row.timestamp == first[at]);
            if let (Some(row), None) = (alike.next(), alike.next()) {
                let way = first_ways.get(at).unwrap();
                prop_assert_eq!(*way_of.entry(row.api_key.as_deref()).or_insert(way), way);
            }
        }
        prop_assert_eq!(way_of.values().collect::<BTreeSet<_>>().len(), way_of.len());
        let excerpts = frame.column("excerpt").unwrap().str().unwrap().clone();
        let mut place: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        for at in 0..frame.height() {
            let place = place.entry((accounts.get(at).unwrap(), roles.get(at).unwrap())).or_default();
            prop_assert_eq!(excerpts.get(at).is_some(), *place < 2);
            *place += 1;
        }
    }

    #[test]
    fn pattern_counts_are_those_of_a_naive_count(rows in rows(160)) {
        let tables = whole(&rows, &tests_config());
        let number = |text: &str| text.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
        let mut naive: BTreeMap<(&str, u32), (u64, i64, i64)> = BTreeMap::new();
        for row in &rows {
            for (rule, (_, role, numbers)) in (0_u32..).zip(RULES) {
                let text = if role.is_empty() { &row.prompt } else { &row.system };
                if text.as_deref().is_some_and(|text| numbers.contains(&number(text))) {
                    let uses = naive.entry((&row.account, rule)).or_insert((0, i64::MAX, i64::MIN));
                    *uses = (uses.0 + 1, uses.1.min(row.timestamp), uses.2.max(row.timestamp));
                }
            }
        }
        let ids = tables.accounts.column("account_id").unwrap().str().unwrap().clone();
        let unsigned = |frame: &polars::prelude::DataFrame, name: &str| frame.column(name).unwrap().u32().unwrap().iter().flatten().collect::<Vec<_>>();
        let times = |name: &str| tables.patterns.column(name).unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>();
        let (accounts, rules) = (unsigned(&tables.patterns, "account"), unsigned(&tables.patterns, "rule"));
        let requests: Vec<u64> = tables.patterns.column("requests").unwrap().u64().unwrap().iter().flatten().collect();
        let (first, last) = (times("first_us"), times("last_us"));
        let found: BTreeMap<(&str, u32), (u64, i64, i64)> = (0..requests.len())
            .map(|at| ((ids.get(accounts[at] as usize).unwrap(), rules[at]), (requests[at], first[at], last[at])))
            .collect();
        prop_assert_eq!(&found, &naive);
        // Samples: as many as there are requests, up to three, each of a request that matches.
        let (accounts, rules) = (unsigned(&tables.pattern_samples, "account"), unsigned(&tables.pattern_samples, "rule"));
        let files = unsigned(&tables.pattern_samples, "file");
        let numbers: Vec<u64> = tables.pattern_samples.column("row").unwrap().u64().unwrap().iter().flatten().collect();
        let mut kept: BTreeMap<(&str, u32), u64> = BTreeMap::new();
        for at in 0..files.len() {
            let key = (ids.get(accounts[at] as usize).unwrap(), rules[at]);
            *kept.entry(key).or_default() += 1;
            let row = rows.iter().find(|row| (row.file, row.row) == (files[at], numbers[at])).unwrap();
            prop_assert_eq!(row.account.as_str(), key.0);
        }
        for (key, uses) in &naive {
            prop_assert_eq!(kept.get(key).copied(), Some(uses.0.min(3)));
        }
        // Each sampled text has the rules of its role, whatever account it stands in.
        let pairs = unsigned(&tables.text_patterns, "text").into_iter().zip(unsigned(&tables.text_patterns, "rule"));
        let roles = unsigned(&tables.texts, "role");
        for (text, rule) in pairs {
            prop_assert_eq!(roles[text as usize] == 1, !RULES[rule as usize].1.is_empty());
        }
    }

    #[test]
    fn conversations_of_blobs_are_those_of_a_naive_count(rows in rows(160)) {
        let tables = whole(&rows, &tests_config());
        let mut naive: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
        for row in &rows {
            if let (Some(blob), Some(conversation)) = (&row.signature, &row.conversation) {
                naive.entry((&row.account, blob)).or_default().insert(text_hash(conversation));
            }
        }
        let ids = tables.accounts.column("account_id").unwrap().str().unwrap().clone();
        let values = tables.keys.column("value").unwrap().str().unwrap().clone();
        let frame = &tables.signature_conversations;
        let numbers = |name: &str| frame.column(name).unwrap().u32().unwrap().iter().flatten().map(|number| number as usize).collect::<Vec<_>>();
        let hashes = |name: &str| frame.column(name).unwrap().u64().unwrap().iter().flatten().collect::<Vec<_>>();
        let (accounts, keys, smallest, largest) = (numbers("account"), numbers("key"), hashes("smallest"), hashes("largest"));
        let found: Vec<_> = (0..frame.height())
            .map(|at| (ids.get(accounts[at]).unwrap(), values.get(keys[at]).unwrap(), smallest[at], largest[at]))
            .collect();
        let expected: Vec<_> = naive
            .iter()
            .map(|((account, blob), hashes)| (*account, *blob, *hashes.first().unwrap(), *hashes.last().unwrap()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn links_and_accounts_are_those_of_a_naive_count(rows in rows(120)) {
        let tables = whole(&rows, &tests_config());
        let accounts: BTreeSet<&str> = rows.iter().map(|row| row.account.as_str()).collect();
        let ips: BTreeSet<(&str, &str)> =
            rows.iter().filter_map(|row| Some((row.account.as_str(), row.ip.as_deref()?))).collect();
        prop_assert_eq!(tables.accounts.height(), accounts.len());
        let kinds = tables.keys.column("kind").unwrap().str().unwrap().clone();
        let values = tables.keys.column("value").unwrap().str().unwrap().clone();
        let ids = tables.accounts.column("account_id").unwrap().str().unwrap().clone();
        let ends = tables.links.column("account").unwrap().u32().unwrap().clone();
        let keys = tables.links.column("key").unwrap().u32().unwrap().clone();
        let found: BTreeSet<(&str, &str)> = (0..tables.links.height())
            .map(|at| (ends.get(at).unwrap() as usize, keys.get(at).unwrap() as usize))
            .filter(|(_, key)| kinds.get(*key) == Some("ip"))
            .map(|(account, key)| (ids.get(account).unwrap(), values.get(key).unwrap()))
            .collect();
        prop_assert_eq!(found, ips);
        let total: u64 = tables.minutes.iter().map(|minute| minute.1).sum();
        prop_assert_eq!(total, rows.len() as u64);
        prop_assert_eq!(tables.about.rows, rows.len() as u64);
    }
}

fn some_tables(file: usize) -> DigestTables {
    let config = tests_config();
    Digest::with_patterns(&config, Quote::None, &matcher())
        .finish(Intake {
            inputs: vec![inputs()[file].clone()],
            ..Intake::default()
        })
        .expect("finishes")
}

fn failure(result: anyhow::Result<DigestTables>) -> Failure {
    result
        .expect_err("fails")
        .downcast::<Failure>()
        .expect("a failure with an exit code")
}

#[test]
fn the_same_input_twice_is_refused() {
    let Failure::Usage(text) = failure(merge_tables(vec![some_tables(0), some_tables(0)])) else {
        panic!("usage")
    };
    assert!(
        text.contains("log0.csv") && text.contains("twice"),
        "{text}"
    );
    assert!(merge_tables(vec![some_tables(1), some_tables(0)]).is_ok());
    assert!(matches!(
        failure(merge_tables(Vec::new())),
        Failure::Usage(_)
    ));
}

#[test]
fn other_settings_are_refused() {
    let mut other = some_tables(1);
    other.about.config.edge_words += 1;
    let Failure::Usage(text) = failure(merge_tables(vec![some_tables(0), other])) else {
        panic!("usage")
    };
    assert!(text.contains("settings"), "{text}");
}

#[test]
fn other_pattern_packs_are_refused_by_name() {
    let mut other = some_tables(1);
    other.about.patterns.packs[0].version = "2".to_owned();
    let Failure::Usage(text) = failure(merge_tables(vec![some_tables(0), other])) else {
        panic!("usage")
    };
    assert!(
        text.contains("pattern packs") && text.contains("t 1 (") && text.contains("t 2 ("),
        "{text}"
    );
    let none = Digest::new(&tests_config(), Quote::None)
        .finish(Intake {
            inputs: vec![inputs()[1].clone()],
            ..Intake::default()
        })
        .expect("finishes");
    let Failure::Usage(text) = failure(merge_tables(vec![some_tables(0), none])) else {
        panic!("usage")
    };
    assert!(text.contains("no pattern packs"), "{text}");
}

#[test]
fn foreign_changed_and_other_versions_are_refused_in_one_line() {
    let dir = tempfile::tempdir().expect("folder");
    assert!(matches!(
        failure(store::read(dir.path())),
        Failure::NoDigest(_)
    ));
    store::write(&some_tables(0), dir.path()).expect("writes");
    let about = dir.path().join("digest.json");
    let json = std::fs::read_to_string(&about).expect("reads");
    std::fs::write(
        &about,
        json.replace(
            &format!("\"schema_version\": {DIGEST_SCHEMA_VERSION}"),
            "\"schema_version\": 99",
        ),
    )
    .expect("writes");
    assert!(matches!(
        failure(store::read(dir.path())),
        Failure::Usage(_)
    ));
    for broken in [
        "{",
        "[]",
        "{\"format\":\"x\",\"about\":{\"schema_version\":1}}",
    ] {
        std::fs::write(&about, broken).expect("writes");
        assert!(matches!(
            failure(store::read(dir.path())),
            Failure::NoDigest(_)
        ));
    }
    std::fs::write(&about, json).expect("writes");
    let links = dir.path().join("links.parquet");
    let mut bytes = std::fs::read(&links).expect("reads");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&links, bytes).expect("writes");
    let Failure::NoDigest(text) = failure(store::read(dir.path())) else {
        panic!("no input")
    };
    assert!(
        text.contains("links.parquet") && !text.contains('\n'),
        "{text}"
    );
    std::fs::remove_file(&links).expect("removes");
    assert!(matches!(
        failure(store::read(dir.path())),
        Failure::NoDigest(_)
    ));
}

#[test]
fn tables_have_the_documented_columns() {
    let tables = some_tables(0);
    for (name, frame) in tables.frames() {
        let documented = crate::digest::documentation::table(name).expect("documented");
        let names: Vec<&str> = documented
            .columns
            .iter()
            .map(|column| column.name)
            .collect();
        let found: Vec<&str> = frame
            .get_column_names()
            .into_iter()
            .map(|name| name.as_str())
            .collect();
        assert_eq!(found, names, "{name}");
    }
}

#[test]
fn keys_are_canonical_and_generated_ids_are_marked() {
    let row = |tools: &str, row: u64, id: Option<&str>| Row {
        file: 1,
        row,
        timestamp: 5,
        account: "a".into(),
        request_id: id.map(str::to_owned),
        prompt: None,
        system: None,
        ip: Some(String::new()),
        agent: Some("ua".into()),
        tls: Some("t".into()),
        api_key: None,
        conversation: None,
        signature: None,
        asn: Some(64_500),
        model: None,
        status: None,
        http: None,
        temperature: Some(-0.0),
        stream: Some(true),
        tools: Some(tools.into()),
        tokens: None,
    };
    let tables = whole(
        &[row("b|a|b", 4, None), row("a|b", 9, Some("own"))],
        &tests_config(),
    );
    let text = |frame: &polars::prelude::DataFrame, column: &str| {
        frame
            .column(column)
            .unwrap()
            .str()
            .unwrap()
            .iter()
            .flatten()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        text(&tables.keys, "value"),
        [
            "64500",
            "ua | t",
            "temperature=0 stream=true",
            "t",
            "a|b",
            "ua"
        ]
    );
    let mut ids = text(&tables.samples, "request_id");
    ids.sort();
    assert_eq!(ids, ["1:4", "own"]);
    assert_eq!(tables.models, [""]);
}
