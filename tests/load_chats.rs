//! Logs that hold whole chats, ids that are not text, and texts packed twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::err_expect)]

mod load_support;

use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, FixedSizeBinaryArray, NullArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Fields};
use load_support::*;
use parquet::arrow::ArrowWriter;
use stillhunt::model::column::RequestColumn;

const USER: &str = "say it again";
const SYSTEM: &str = "be kind";

fn prompts(rows: &[Row]) -> (Vec<Option<&str>>, Vec<Option<&str>>) {
    (
        column(rows, RequestColumn::Prompt),
        column(rows, RequestColumn::SystemPrompt),
    )
}

fn chat() -> serde_json::Value {
    serde_json::json!([
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hi"},
        {"role": "user", "content": USER},
    ])
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn a_dot_may_be_part_of_a_columns_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spans.parquet");
    write_parquet(
        &path,
        vec![
            ("startTimeUnixNano", texts(&["1770091927000000000"])),
            ("user.id", texts(&["a"])),
            ("gen_ai.request.model", texts(&["m"])),
            ("gen_ai.input.messages", texts(&[&chat().to_string()])),
        ],
    );
    let (rows, _) = load(&path).unwrap();
    assert_eq!(column(&rows, RequestColumn::AccountId), [Some("a")]);
    assert_eq!(prompts(&rows), (vec![Some(USER)], vec![Some(SYSTEM)]));
}

#[test]
fn a_chat_gives_prompt_and_system_prompt_in_every_container() {
    let folder = tempfile::tempdir().unwrap();
    let line = serde_json::json!({"time": "2026-02-03T04:12:07Z", "user": "a", "messages": chat()});
    let ndjson = write(folder.path(), "a.ndjson", format!("{line}\n"));
    let quoted = chat().to_string().replace('"', "\"\"");
    let csv = write(
        folder.path(),
        "a.csv",
        format!("time,user,messages\n2026-02-03T04:12:07Z,a,\"{quoted}\"\n"),
    );
    let text = folder.path().join("text.parquet");
    let time = || texts(&["2026-02-03T04:12:07Z"]);
    write_parquet(
        &text,
        vec![
            ("time", time()),
            ("user", texts(&["a"])),
            ("messages", texts(&[&chat().to_string()])),
        ],
    );
    let fields = Fields::from(vec![
        Field::new("role", DataType::Utf8, true),
        Field::new("content", DataType::Utf8, true),
    ]);
    let mut lists = ListBuilder::new(StructBuilder::from_fields(fields, 4));
    for message in chat().as_array().unwrap() {
        for (index, name) in ["role", "content"].iter().enumerate() {
            lists
                .values()
                .field_builder::<StringBuilder>(index)
                .unwrap()
                .append_value(message[name].as_str().unwrap());
        }
        lists.values().append(true);
    }
    lists.append(true);
    let nested = folder.path().join("nested.parquet");
    write_parquet(
        &nested,
        vec![
            ("time", time()),
            ("user", texts(&["a"])),
            ("messages", Arc::new(lists.finish())),
        ],
    );
    for path in [&ndjson, &csv, &text, &nested] {
        let (rows, report) = load(path).unwrap();
        assert!(report.reject_counts.is_empty(), "{path:?}: {report:?}");
        assert_eq!(
            prompts(&rows),
            (vec![Some(USER)], vec![Some(SYSTEM)]),
            "{path:?}"
        );
    }
}

#[test]
fn a_prompt_that_looks_like_a_chat_hides_nothing_among_plain_prompts() {
    let folder = tempfile::tempdir().unwrap();
    let fake = "[{\"role\":\"user\",\"content\":\"hi\"}]";
    let text = |row: usize| if row == 0 { fake } else { "plain words" };
    let lines: String = (0..3)
        .map(|row| {
            let line = serde_json::json!({"time": "2026-02-03T04:12:07Z", "user": "a", "prompt": text(row)});
            format!("{line}\n")
        })
        .collect();
    let ndjson = write(folder.path(), "a.ndjson", lines);
    let rows: String = (0..3)
        .map(|row| {
            format!(
                "2026-02-03T04:12:07Z,a,\"{}\"\n",
                text(row).replace('"', "\"\"")
            )
        })
        .collect();
    let csv = write(folder.path(), "a.csv", format!("time,user,prompt\n{rows}"));
    let parquet = folder.path().join("a.parquet");
    write_parquet(
        &parquet,
        vec![
            ("time", texts(&["2026-02-03T04:12:07Z"; 3])),
            ("user", texts(&["a"; 3])),
            ("prompt", texts(&[text(0), text(1), text(2)])),
        ],
    );
    for path in [&ndjson, &csv, &parquet] {
        let (rows, _) = load(path).unwrap();
        assert_eq!(
            column(&rows, RequestColumn::Prompt)[0],
            Some(fake),
            "{path:?}"
        );
    }
}

#[test]
fn a_prompt_column_beside_the_chat_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let line = serde_json::json!({"time": "2026-02-03T04:12:07Z", "user": "a", "prompt": "[{\"x\": 1}]", "messages": chat()});
    let path = write(folder.path(), "a.ndjson", format!("{line}\n"));
    let (rows, _) = load(&path).unwrap();
    assert_eq!(
        prompts(&rows),
        (vec![Some("[{\"x\": 1}]")], vec![Some(SYSTEM)])
    );
}

#[test]
fn identifiers_are_told_apart_or_cost_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let uuid = [0x11_u8; 16];
    write_parquet(
        &path,
        vec![
            ("time", texts(&["2026-02-03T04:12:07Z"])),
            (
                "account_id",
                Arc::new(FixedSizeBinaryArray::try_from_iter([uuid].iter()).unwrap()),
            ),
            ("prompt", Arc::new(NullArray::new(1))),
        ],
    );
    let (rows, report) = load(&path).unwrap();
    assert!(report.reject_counts.is_empty(), "{report:?}");
    assert_eq!(
        column(&rows, RequestColumn::AccountId),
        [Some("11111111-1111-1111-1111-111111111111")]
    );
    assert_eq!(column(&rows, RequestColumn::Prompt), [None]);

    let lines = r#"{"time":"2026-02-03T04:12:07Z","user":"a\ud83d"}
{"time":"2026-02-03T04:12:07Z","user":["a"]}
{"time":"2026-02-03T04:12:07Z","user":"a"}
"#;
    let path = write(folder.path(), "b.ndjson", lines);
    let (rows, report) = load(&path).unwrap();
    assert_eq!(column(&rows, RequestColumn::AccountId), [Some("a")]);
    assert_eq!(report.inputs[0].rows_rejected, 2);
}

#[test]
fn the_same_text_packed_twice_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = "time,user\n2026-02-03T04:12:07Z,a\n";
    let plain = write(folder.path(), "a.csv", text);
    let packed = write(folder.path(), "a.csv.gz", gzip(text.as_bytes()));
    let other = write(folder.path(), "b.csv", text.replace(",a\n", ",b\n"));
    let (rows, report) = load_with(&options(&[&plain, &packed, &other]), &config()).unwrap();
    assert_eq!(rows.len(), 3);
    let said: Vec<&String> = report
        .notes
        .iter()
        .filter(|note| note.contains("hold the same records"))
        .collect();
    assert_eq!(said.len(), 1, "{:?}", report.notes);
    assert!(said[0].contains("a.csv, ") && !said[0].contains("b.csv"));
}
