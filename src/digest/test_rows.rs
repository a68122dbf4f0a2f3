//! Random rows for the tests of the digest, and the short ways to digest them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use proptest::prelude::*;

use crate::config::DigestConfig;
use crate::config::options::Quote;
use crate::digest::{Digest, DigestTables, Intake, store};
use crate::model::batch::RequestBatch;
use crate::model::column::RequestColumn as C;
use crate::model::coverage::InputFile;
use crate::patterns::Matcher;
use crate::patterns::check::parse;

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) file: u32,
    pub(super) row: u64,
    pub(super) timestamp: i64,
    pub(super) account: String,
    pub(super) request_id: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) system: Option<String>,
    pub(super) ip: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) tls: Option<String>,
    pub(super) api_key: Option<String>,
    pub(super) conversation: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) asn: Option<i64>,
    pub(super) model: Option<String>,
    pub(super) status: Option<String>,
    pub(super) http: Option<i64>,
    pub(super) temperature: Option<f64>,
    pub(super) stream: Option<bool>,
    pub(super) tools: Option<String>,
    pub(super) tokens: Option<i64>,
}

fn few(prefix: &'static str, count: u32) -> impl Strategy<Value = String> {
    (0..count).prop_map(move |number| format!("{prefix}{number}"))
}

pub(super) fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let who = (
        few("account", 5),
        any::<bool>(),
        prop_oneof![-3_000_000_000_i64..9_000_000_000_000, 0_i64..2],
    );
    let texts = (
        proptest::option::weighted(0.8, few("some words that make a prompt with number ", 60)),
        proptest::option::weighted(0.3, few("system prompt ", 9)),
    );
    let client = (
        proptest::option::weighted(0.7, few("10.0.0.", 20)),
        proptest::option::of(few("agent/", 3)),
        proptest::option::of(few("tls", 2)),
        proptest::option::of(1_i64..5),
    );
    let outcome = (
        proptest::option::of(few("model", 3)),
        proptest::option::weighted(
            0.3,
            proptest::sample::select(vec!["ok", "blocked", "rate_limited", "odd"])
                .prop_map(str::to_owned),
        ),
        proptest::option::of(prop_oneof![Just(200), Just(403), Just(429), Just(500)]),
    );
    let parameters = (
        proptest::option::of(prop_oneof![Just(0.7), Just(-0.0), Just(f64::NAN)]),
        proptest::option::of(any::<bool>()),
        proptest::option::weighted(
            0.3,
            proptest::sample::select(vec!["a|b", "b|a", "c"]).prop_map(str::to_owned),
        ),
        proptest::option::of(prop_oneof![0_i64..1000, Just(i64::MAX), Just(i64::MIN)]),
    );
    let turns = (
        proptest::option::of(few("key", 3)),
        proptest::option::of(few("conversation", 4)),
        proptest::option::weighted(0.3, few("blob", 3)),
    );
    proptest::collection::vec((who, texts, client, outcome, parameters, turns), 0..most).prop_map(
        |rows| {
            rows.into_iter()
                .enumerate()
                .map(|(index, row)| {
                    let (
                        (account, own_id, timestamp),
                        (prompt, system),
                        (ip, agent, tls, asn),
                        outcome,
                        parameters,
                        (api_key, conversation, signature),
                    ) = row;
                    let (model, status, http) = outcome;
                    let (temperature, stream, tools, tokens) = parameters;
                    let (file, row) = ((index % 3) as u32, index as u64 / 3 + 1);
                    let request_id = own_id.then(|| format!("r{}", index / 2));
                    Row {
                        file,
                        row,
                        timestamp,
                        account,
                        request_id,
                        prompt,
                        system,
                        ip,
                        agent,
                        tls,
                        api_key,
                        conversation,
                        signature,
                        asn,
                        model,
                        status,
                        http,
                        temperature,
                        stream,
                        tools,
                        tokens,
                    }
                })
                .collect()
        },
    )
}

pub(super) fn batch(file: u32, rows: &[&Row]) -> RequestBatch {
    fn texts<'a>(rows: &[&'a Row], cell: impl Fn(&'a Row) -> Option<&'a String>) -> ArrayRef {
        Arc::new(rows.iter().map(|row| cell(row)).collect::<StringArray>())
    }
    fn integers(rows: &[&Row], cell: impl Fn(&Row) -> Option<i64>) -> ArrayRef {
        Arc::new(rows.iter().map(|row| cell(row)).collect::<Int64Array>())
    }
    let mut columns: Vec<Option<ArrayRef>> = vec![None; C::ALL.len()];
    let mut put = |column: C, array: ArrayRef| columns[column.index()] = Some(array);
    put(C::Timestamp, integers(rows, |row| Some(row.timestamp)));
    put(C::AccountId, texts(rows, |row| Some(&row.account)));
    put(C::RequestId, texts(rows, |row| row.request_id.as_ref()));
    put(C::Prompt, texts(rows, |row| row.prompt.as_ref()));
    put(C::SystemPrompt, texts(rows, |row| row.system.as_ref()));
    put(C::Ip, texts(rows, |row| row.ip.as_ref()));
    put(C::UserAgent, texts(rows, |row| row.agent.as_ref()));
    put(C::TlsFingerprint, texts(rows, |row| row.tls.as_ref()));
    put(C::ApiKeyId, texts(rows, |row| row.api_key.as_ref()));
    put(
        C::ConversationId,
        texts(rows, |row| row.conversation.as_ref()),
    );
    put(
        C::ReasoningSignature,
        texts(rows, |row| row.signature.as_ref()),
    );
    put(C::Asn, integers(rows, |row| row.asn));
    put(C::Model, texts(rows, |row| row.model.as_ref()));
    put(C::Status, texts(rows, |row| row.status.as_ref()));
    put(C::HttpStatus, integers(rows, |row| row.http));
    put(
        C::Temperature,
        Arc::new(
            rows.iter()
                .map(|row| row.temperature)
                .collect::<Float64Array>(),
        ),
    );
    // Any number will do, a negative and a huge one among them.
    put(
        C::LatencyMs,
        Arc::new(
            rows.iter()
                .map(|row| row.tokens.map(|tokens| tokens as f64 / 3.0))
                .collect::<Float64Array>(),
        ),
    );
    put(
        C::Stream,
        Arc::new(rows.iter().map(|row| row.stream).collect::<BooleanArray>()),
    );
    put(C::ToolNames, texts(rows, |row| row.tools.as_ref()));
    put(C::OutputTokens, integers(rows, |row| row.tokens));
    RequestBatch {
        file,
        rows: rows.iter().map(|row| row.row).collect(),
        columns,
    }
}

pub(super) fn inputs() -> Vec<InputFile> {
    let input = |number: u32| InputFile {
        name: format!("log{number}.csv"),
        sha256: format!("{number:064}"),
        bytes: 10,
        container: "csv".into(),
        compression: "none".into(),
        rows_read: 9,
        rows_used: 9,
        rows_rejected: 0,
        rows_outside_window: 0,
    };
    (0..3).map(input).collect()
}

pub(super) fn intake() -> Intake {
    Intake {
        inputs: inputs(),
        ..Intake::default()
    }
}

/// Rules that some of the random texts match: the prompts whose number is in the list.
pub(super) const RULES: [(&str, &str, &[u32]); 3] = [
    ("t/a", "", &[1, 2, 3, 20, 21, 22, 23, 24, 25]),
    ("t/b", "", &[2, 5, 20]),
    ("t/s", "role = \"system\"\n", &[1, 4, 7]),
];

/// The matcher of [`RULES`].
pub(super) fn matcher() -> Arc<Matcher> {
    let mut text = "[pack]\nformat = 1\nname = \"t\"\nversion = \"1\"\n".to_owned();
    for (id, role, numbers) in RULES {
        let word = if role.is_empty() { "number" } else { "prompt" };
        let any: Vec<String> = numbers.iter().map(|n| format!("\"{word} {n}\"")).collect();
        text.push_str(&format!(
            "[[rule]]\nid = \"{id}\"\ncapability = \"c\"\nbits = 1\nsource = \"s\"\nlook_alikes = [\"l\"]\n{role}any = [{}]\npositive = [{}]\nnegative = [\"x\"]\n",
            any.join(","), any.join(",")
        ));
    }
    let pack = parse(&text).expect("a sound pack");
    Arc::new(Matcher::new(&[pack]).expect("builds"))
}

/// Folds the rows in the given order, a batch for each stretch of one file up to `size`.
pub(super) fn folded(rows: &[&Row], size: usize, config: &DigestConfig) -> Digest {
    let mut digest = Digest::with_patterns(config, Quote::Masked, &matcher());
    for stretch in rows.chunk_by(|a, b| a.file == b.file) {
        for part in stretch.chunks(size.max(1)) {
            digest.fold(&batch(part[0].file, part));
        }
    }
    digest
}

pub(super) fn whole(rows: &[Row], config: &DigestConfig) -> DigestTables {
    folded(&rows.iter().collect::<Vec<_>>(), usize::MAX, config)
        .finish(intake())
        .expect("finishes")
}

pub(super) fn stored(tables: &DigestTables) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().expect("folder");
    store::write(tables, dir.path()).expect("writes");
    let files = std::fs::read_dir(dir.path()).expect("lists");
    files
        .map(|file| file.expect("entry"))
        .map(|file| {
            (
                file.file_name().to_string_lossy().into_owned(),
                std::fs::read(file.path()).expect("reads"),
            )
        })
        .collect()
}
