//! Broken and hostile inputs: a clear failure or a counted reject, never a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::err_expect)]

mod load_support;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use load_support::*;
use parquet::arrow::ArrowWriter;
use stillhunt::model::column::RequestColumn;

const GOOD: &str = r#"{"timestamp":"2026-02-03T04:12:07Z","account_id":"a","prompt":"p"}"#;

#[test]
fn one_broken_line_costs_one_row() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!(
        "{{\"timestamp\":\"2026-02-03T04:12:07Z\",\"account_id\":\"a\",\"prompt\":\"{}\"}}",
        "x".repeat(2000)
    );
    let deep = format!("{{\"prompt\":{}", "[".repeat(100_000));
    let lines = [
        GOOD,
        "{\"timestamp\":\"2026",
        "[1,2]",
        "",
        &format!("{GOOD} {GOOD}"),
        &long,
        r#"{"timestamp":"soon","account_id":"a"}"#,
        r#"{"timestamp":"2026-02-03T04:12:07Z","account_id":"  "}"#,
        r#"{"timestamp":"2026-02-03T04:12:07Z","account_id":{"id":1}}"#,
        r#"{"timestamp":"1999-02-03T04:12:07Z","account_id":"a"}"#,
        r#"{"timestamp":"2026-02-03T04:12:07Z","account_id":"a","prompt":"x\ud83dy","output_tokens":"abc"}"#,
        r#"{"timestamp":"2026-02-03T04:12:07Z","account_id":"a\u0000b","prompt":"\u0000"}"#,
        GOOD,
    ];
    let mut text = lines.join("\n").into_bytes();
    text.extend_from_slice(b"\n{\"timestamp\":\"2026-02-03T04:12:07Z\",\"account_id\":\"\xff\"}\n");
    text.extend_from_slice(deep.as_bytes());
    let path = write(folder.path(), "x.ndjson", &text);
    let mut config = config();
    config.line_limit_bytes = 1000;
    let (rows, report) = load_with(&options(&[&path]), &config).unwrap();
    assert_eq!(
        rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        [1, 11, 12, 13]
    );
    assert_eq!(column(&rows, RequestColumn::Prompt)[1], Some("x\u{fffd}y"));
    assert_eq!(column(&rows, RequestColumn::AccountId)[2], Some("a\0b"));
    let found = reasons(&report);
    let has = |row: u64, column: &str, part: &str| {
        assert!(
            found
                .iter()
                .any(|one| one.0 == row && one.1 == column && one.2.contains(part)),
            "{row} {part}: {found:?}"
        );
    };
    has(2, "", "not valid JSON");
    has(3, "", "not a JSON object");
    has(5, "", "trailing characters");
    has(6, "", "longer than 1000 bytes");
    has(7, "timestamp", "not a date and time");
    has(8, "account_id", "no value");
    has(9, "account_id", "instead of an identifier");
    has(10, "timestamp", "outside 2001 to 2100");
    has(11, "output_tokens", "not an integer");
    has(14, "", "not valid UTF-8 from byte");
    has(15, "", "longer than 1000 bytes");
    assert_eq!(found.len(), 11);
}

#[test]
fn csv_rows_of_wrong_width_bad_text_and_open_quotes() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = b"timestamp,account_id,prompt,odd\n2026-02-03,a,\"x\ny\",1\n2026-02-03,a\n2026-02-03,a,p,1,2\n2026-02-03,a,\xff,1\n".to_vec();
    text.extend_from_slice(b"2026-02-03,a,p,\xff\n2026-02-03,0012,\"\0\",1\n2026-02-03,a,\"open,1\n2026-02-03,fake,p,1\n");
    let path = write(folder.path(), "x.csv", &text);
    let (rows, report) = load(&path).unwrap();
    assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [1, 5, 6]);
    assert_eq!(
        column(&rows, RequestColumn::Prompt),
        [Some("x\ny"), Some("p"), Some("\0")]
    );
    let found: Vec<(u64, String)> = reasons(&report)
        .into_iter()
        .map(|(row, _, reason)| (row, reason))
        .collect();
    assert_eq!(found[0], (2, "2 fields where the header has 4".into()));
    assert_eq!(found[1], (3, "5 fields where the header has 4".into()));
    assert_eq!(found[2], (4, "not valid UTF-8".into()));
    assert_eq!((found[3].0, found[3].1.contains("never closed")), (7, true));
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("file ends early")),
        "{:?}",
        report.notes
    );
}

#[test]
fn separators_marks_and_line_ends() {
    let folder = tempfile::tempdir().unwrap();
    for separator in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            let text =
                format!("\u{feff}timestamp,account_id,prompt{end}2026-02-03,007,\"a;b|c\"{end}")
                    .replace(',', separator);
            let text = text.replace("a;b|c", "x");
            let (rows, _) = load(&write(folder.path(), "x", text)).unwrap();
            assert_eq!(column(&rows, RequestColumn::AccountId), [Some("007")]);
            assert_eq!(column(&rows, RequestColumn::Prompt), [Some("x")]);
        }
    }
}

#[test]
fn streams_that_end_early_keep_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..20_000)
        .map(|row| GOOD.replace("\"p\"", &format!("\"{row} {}\"", row * 7919 % 10_007)) + "\n")
        .collect();
    let whole = gzip(lines.as_bytes());
    let cut = zstd::encode_all(lines.as_bytes(), 1).unwrap();
    for (name, bytes) in [
        ("a.gz", &whole[..whole.len() / 2]),
        ("b.zst", &cut[..cut.len() - 40]),
    ] {
        let (rows, report) = load(&write(folder.path(), name, bytes)).unwrap();
        assert!(
            rows.len() > 100 && rows.len() < 20_000,
            "{name}: {}",
            rows.len()
        );
        assert_eq!(report.inputs[0].rows_rejected, 1);
        assert!(reasons(&report)[0].2.contains("file ends early"));
        assert!(report.notes.iter().any(|note| note.contains("ends early")));
    }
}

#[test]
fn failures_name_the_file_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| load(&write(folder.path(), name, bytes));
    assert!(usage(load(&folder.path().join("none.csv"))).contains("none.csv"));
    assert!(
        usage(load(std::path::Path::new("https://host.example/x.csv")))
            .contains("never uses the network")
    );
    assert!(no_input(file("a.json", b"[{\"timestamp\":1}]")).contains("jq"));
    assert!(no_input(file("b.json", b"{\n  \"timestamp\": 1\n}\n")).contains("indented JSON"));
    assert!(
        no_input(file(
            "c.json",
            b"{\"object\":\"page\",\"data\":[{\"time\":1}]}"
        ))
        .contains("envelope")
    );
    assert!(
        no_input(file("d.csv", b"when,who\n1,2\n"))
            .contains("no column for `timestamp` and `account_id` (recognised: none; columns found: when, who); name them in a map (a TOML file: [requests] and below it timestamp = \"its name here\") and give it with --map")
    );
    assert!(no_input(file("e.csv", b"time,who\n2026-01-01,2\n")).contains("`account_id`"));
    assert!(no_input(file("f.csv", b"")).contains("empty"));
    assert!(no_input(file("g.csv", b"time,user\n")).contains("no input holds any row"));
    assert!(no_input(file("h.csv", b"\xff\xfet\0i\0m\0e\0")).contains("UTF-16"));
    assert!(no_input(file("i.parquet", b"PAR1 and nothing more")).contains("footer"));
    let all_bad = no_input(file("j.csv", b"time,user\nsoon,a\nlater,b\n2026-01-01,\n"));
    assert!(
        all_bad.contains("j.csv, row 1") && all_bad.contains("2 of 3"),
        "{all_bad}"
    );
    let ticks = no_input(file("k.csv", b"time,user\n639056887273180000,a\n"));
    assert!(ticks.contains("no usable row"), "{ticks}");
}

#[test]
fn damaged_parquet_never_panics_and_reconciles() {
    let folder = tempfile::tempdir().unwrap();
    let rows = 4000;
    let column = |text: fn(usize) -> String| {
        Arc::new(StringArray::from_iter_values((0..rows).map(text))) as ArrayRef
    };
    let batch = RecordBatch::try_from_iter([
        ("timestamp", column(|_| "2026-02-03T04:12:07Z".into())),
        ("account_id", column(|row| format!("a{row}"))),
        (
            "prompt",
            column(|row| format!("prompt number {row} {}", row * 7919 % 10_007)),
        ),
    ])
    .unwrap();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(1000))
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    // One destroyed stretch in the middle: other row groups must survive.
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 3000].fill(0xa5);
    let (good, report) = load(&write(folder.path(), "x.parquet", &damaged)).unwrap();
    assert!(good.len() >= 1000 && good.len() < rows, "{}", good.len());
    assert_eq!(report.inputs[0].rows_read, rows as u64);
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("row(s) are lost")),
        "{:?}",
        report.notes
    );
    // Every kind of other damage: an answer, whichever.
    for place in (0..bytes.len()).step_by(bytes.len() / 150) {
        let mut damaged = bytes.clone();
        for byte in damaged.iter_mut().skip(place).take(8) {
            *byte = byte.wrapping_add(0x5b);
        }
        let _ = load(&write(folder.path(), "y.parquet", &damaged));
        let _ = load(&write(folder.path(), "z.parquet", &bytes[..place]));
    }
}

#[test]
fn any_bytes_at_all_give_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for start in [
        "",
        "{\"timestamp\":",
        "timestamp,account_id\n",
        "PAR1",
        "\u{1f}",
        "\"",
        "{",
    ] {
        for length in [1, 10, 500] {
            let mut bytes = start.as_bytes().to_vec();
            bytes.extend((0..length).map(|_| next()));
            let _ = load(&write(folder.path(), "x", bytes));
        }
    }
}

#[test]
fn rejects_are_listed_up_to_the_limit_and_counted_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..500)
        .map(|row| {
            if row % 2 == 0 {
                format!("{GOOD}\n")
            } else {
                "broken\n".to_owned()
            }
        })
        .collect();
    let path = write(folder.path(), "x", text);
    let mut config = config();
    config.rejects_listed_per_file = 3;
    let (_, report) = load_with(&options(&[&path]), &config).unwrap();
    assert_eq!(
        report.rejects.iter().map(|one| one.row).collect::<Vec<_>>(),
        [2, 4, 6]
    );
    assert_eq!(report.reject_counts[0].count, 250);
}
