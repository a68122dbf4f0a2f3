//! What the digest costs: processor time beside a bare decode of the same Parquet
//! columns, and peak memory at one and four million rows of the same 20,000 accounts.
//!
//! Every figure comes from a child process of its own, so that peaks do not mix. Prints
//! ratios of one run on one machine; seconds alone say little about another one.
//!
//! ```text
//! cargo bench --bench digest             # one and four million rows, about 3 GB of temporary files
//! cargo bench --bench digest -- 100000   # a quick look
//! ```
#![allow(clippy::print_stdout)]

mod support;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use stillhunt::config::options::Quote;
use stillhunt::config::{Config, DEFAULTS};
use stillhunt::digest::{Digest, Intake};
use stillhunt::model::batch::RequestBatch;
use stillhunt::model::column::RequestColumn as C;
use stillhunt::text::hash::{extend, mix};

/// Accounts in every log, whatever its rows: growth between the sizes is not theirs.
const ACCOUNTS: u64 = 20_000;

/// Hours of a month in which an account is active. Activity cells grow with accounts
/// times active hours; 48 lets them grow from one to four million rows and then stop.
const ACTIVE_HOURS: u64 = 48;

/// Rows decoded at a time, as the loader does by default.
const BATCH_ROWS: usize = 8192;

const COLUMNS: [C; 11] = [
    C::Timestamp,
    C::AccountId,
    C::RequestId,
    C::Model,
    C::Prompt,
    C::InputTokens,
    C::OutputTokens,
    C::HttpStatus,
    C::Ip,
    C::UserAgent,
    C::TlsFingerprint,
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [child, what, path] = arguments.as_slice()
        && child == "child"
    {
        return measure(what, Path::new(path));
    }
    let mut sizes: Vec<u64> = arguments
        .iter()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![1_000_000, 4_000_000];
    }
    let folder = tempfile::tempdir().context("no temporary folder")?;
    println!("rows        what     wall s   CPU s   us/row   ratio   peak MiB   notes");
    for rows in sizes {
        let path = folder.path().join(format!("{rows}.parquet"));
        generate(rows, &path)?;
        let mut decode_seconds = f64::NAN;
        for what in ["decode", "fold", "finish"] {
            let used = support::run(support::itself(what)?.arg(&path))?;
            let (seconds, peak) = (used.cpu_seconds, used.peak_mebibytes);
            if what == "decode" {
                decode_seconds = seconds;
            }
            println!(
                "{rows:<11} {what:<8} {:>6.2} {seconds:>7.2} {:>8.2} {:>7.2} {peak:>10}   {}",
                used.wall_seconds,
                seconds * 1e6 / rows as f64,
                seconds / decode_seconds,
                used.notes
            );
        }
        std::fs::remove_file(&path)?;
    }
    Ok(())
}

/// Reads the file batch by batch: `decode` looks at nothing, `fold` folds the digest,
/// `finish` folds and makes the tables.
fn measure(what: &str, path: &Path) -> Result<()> {
    let config: Config = toml::from_str(DEFAULTS)?;
    let mut digest = Digest::new(&config.digest, Quote::Masked);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let (mut next_row, mut decoded) = (1_u64, 0_usize);
    for batch in reader {
        let batch = batch?;
        decoded += batch
            .columns()
            .iter()
            .map(|column| column.len() - column.null_count())
            .sum::<usize>();
        if what == "decode" {
            continue;
        }
        let mut columns: Vec<Option<ArrayRef>> = vec![None; C::ALL.len()];
        for (column, array) in COLUMNS.iter().zip(batch.columns()) {
            if let Some(slot) = columns.get_mut(column.index()) {
                *slot = Some(Arc::clone(array));
            }
        }
        let end = next_row + batch.num_rows() as u64;
        digest.fold(&RequestBatch {
            file: 0,
            rows: (next_row..end).collect(),
            columns,
        });
        next_row = end;
    }
    let mut notes = format!("{decoded} cells");
    if what == "finish" {
        let tables = digest.finish(Intake::default())?;
        notes = tables
            .frames()
            .map(|(name, frame)| format!("{name} {}", frame.height()))
            .join(", ");
    }
    println!("{}", support::report(&notes)?);
    Ok(())
}

/// A stream of numbers that depends on its seed only.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0) % limit
    }
}

fn generate(rows: u64, path: &Path) -> Result<()> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(100_000))
        .build();
    let mut writer: Option<ArrowWriter<File>> = None;
    let mut numbers = Numbers(7);
    let mut left = rows;
    while left > 0 {
        let count = left.min(20_000);
        left -= count;
        let batch = generated(count, &mut numbers)?;
        if writer.is_none() {
            writer = Some(ArrowWriter::try_new(
                File::create(path)?,
                batch.schema(),
                Some(properties.clone()),
            )?);
        }
        writer.as_mut().context("a writer")?.write(&batch)?;
    }
    writer.context("no rows asked for")?.close()?;
    Ok(())
}

fn generated(count: u64, numbers: &mut Numbers) -> Result<RecordBatch> {
    let mut integers: [Vec<i64>; 4] = Default::default();
    let mut texts: [Vec<String>; 7] = Default::default();
    for _ in 0..count {
        let account = numbers.below(ACCOUNTS);
        let of_account = |kind: u64, choice: u64| extend(extend(account, kind), choice);
        let hour = of_account(1, numbers.below(ACTIVE_HOURS)) % 720;
        let second = hour * 3600 + numbers.below(3600);
        let ip = of_account(2, numbers.below(4)) % 60_000;
        let agent = of_account(3, numbers.below(2)) % 200;
        let status = if numbers.below(50) == 0 { 429 } else { 200 };
        let row = [
            1_760_000_000_000_000 + second * 1_000_000,
            numbers.below(900),
            numbers.below(1500),
            status,
        ];
        for (column, value) in integers.iter_mut().zip(row) {
            column.push(i64::try_from(value)?);
        }
        let row = [
            format!("org-{account:06}"),
            format!("req_{:016x}", mix(numbers.0)),
            format!("model-{}", of_account(4, numbers.below(2)) % 5),
            prompt(account, numbers),
            format!("10.{}.{}.{}", ip >> 12, (ip >> 6) & 63, ip & 63),
            format!(
                "client-python/{}.{} (linux; x86_64) http/1.1 release {agent}",
                agent / 10,
                agent % 10
            ),
            format!(
                "t13d1516h2_{:012x}_{:012x}",
                mix(agent % 40) >> 16,
                mix(agent % 40 + 99) >> 16
            ),
        ];
        for (column, value) in texts.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let [timestamp, input_tokens, output_tokens, http_status] = integers.map(integer);
    let [account, request, model, prompt, ip, agent, tls] = texts.map(text);
    let arrays = [
        timestamp,
        account,
        request,
        model,
        prompt,
        input_tokens,
        output_tokens,
        http_status,
        ip,
        agent,
        tls,
    ];
    Ok(RecordBatch::try_from_iter(
        COLUMNS.iter().map(|column| column.name()).zip(arrays),
    )?)
}

fn integer(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

fn text(values: Vec<String>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

/// About 550 bytes: half the accounts fill a template, the others write as they please.
fn prompt(account: u64, numbers: &mut Numbers) -> String {
    let mut prompt = String::with_capacity(640);
    if account.is_multiple_of(2) {
        let template = account % 50;
        prompt.push_str(&format!("You are reviewer {template} of a long list of answers. Read the question, then the answer: "));
    }
    while prompt.len() < 540 {
        let word = mix(numbers.below(20_000));
        for letter in 0..=(word % 9) {
            prompt.push(char::from(b'a' + (mix(word ^ letter) % 26) as u8));
        }
        prompt.push(if word.is_multiple_of(11) { '.' } else { ' ' });
    }
    prompt
}
