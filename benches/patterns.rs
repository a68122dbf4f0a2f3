//! What holding every prompt against the pattern packs costs, and cutting every prompt into
//! fragments and mining templates from all of them, beside decoding the same prompts from Parquet,
//! in processor time. Real prompts where they are at hand (`../shared/data/real_prompts.parquet`),
//! else made ones. The digest itself cuts a sample of each account's texts.
//!
//! ```text
//! cargo bench --bench patterns            # about 400 MB of prompts
//! cargo bench --bench patterns -- 50      # so many megabytes
//! ```
#![allow(clippy::print_stdout)]

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/prompts.rs"]
mod prompts;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use cpu::cpu_seconds;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use stillhunt::config::Config;
use stillhunt::detect::content::families::{SampledText, mine};
use stillhunt::patterns::normal::normalise_into;
use stillhunt::patterns::{Role, Scratch, load};
use stillhunt::text::hash::mix;
use stillhunt::text::{FragmentBuffer, fragments, text_hash};

/// Rows decoded at a time, as the loader does by default.
const BATCH_ROWS: usize = 8192;

/// The prompts are dealt out to so many accounts.
const ACCOUNTS: u32 = 1_000;

/// All steps in turn, so often; of each the smallest is the one least disturbed by others on
/// the machine.
const REPEATS: usize = 5;

fn main() -> Result<()> {
    let megabytes: usize = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(400);
    let prompts = prompts::prompts()?;
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let matcher = load(&[])?;
    println!("codec    step        CPU s     MB/s   decode speed = 1");
    for (name, codec) in [
        ("snappy", Compression::SNAPPY),
        ("zstd", Compression::ZSTD(ZstdLevel::try_new(1)?)),
    ] {
        let path = folder.path().join(name);
        let bytes = write(&path, &prompts, megabytes * 1_000_000, codec)?;
        let (mut room, mut templates) = (Vec::new(), 0);
        let (mut scratch, mut found, mut matching) = (Scratch::default(), Vec::new(), 0_u64);
        let config = Config::default();
        let mut buffer = FragmentBuffer::new();
        let mut least = [f64::INFINITY; 5];
        for _ in 0..REPEATS {
            let steps = [
                seconds(|| over(&path, |_| {}))?,
                seconds(|| over(&path, |text| normalise_into(text, &mut room)))?,
                seconds(|| {
                    matching = 0;
                    over(&path, |text| {
                        matcher.matched(text, Role::User, &mut scratch, &mut found);
                        matching += u64::from(!found.is_empty());
                    })
                })?,
                seconds(|| over(&path, |text| fragments(text, &config.digest, &mut buffer)))?,
                seconds(|| {
                    templates = mined(&path, &config, &mut buffer)?;
                    Ok(())
                })?,
            ];
            for (least, step) in least.iter_mut().zip(steps) {
                *least = least.min(step);
            }
        }
        let [decode, folded, matched, cut, mined] = least;
        for (step, seconds) in [
            ("decode", decode),
            ("normal form", folded - decode),
            ("match", matched - decode),
            ("fragments", cut - decode),
            ("and mining", mined - decode),
        ] {
            println!(
                "{name:<8} {step:<11} {seconds:>5.2} {:>8.0} {:>8.2}",
                bytes as f64 / 1e6 / seconds,
                decode / seconds
            );
        }
        println!("{name:<8} prompts that match a rule: {matching}; templates mined: {templates}");
    }
    Ok(())
}

/// Processor time of one run.
fn seconds(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = cpu_seconds()?;
    run()?;
    Ok(cpu_seconds()? - before)
}

/// Cuts every prompt into fragments and mines templates from all of them; answers with their
/// number.
fn mined(path: &Path, config: &Config, buffer: &mut FragmentBuffer) -> Result<usize> {
    let mut sketches: Vec<(u64, Box<[u64]>)> = Vec::new();
    over(path, |text| {
        fragments(text, &config.digest, buffer);
        sketches.push((text_hash(text), buffer.values().into()));
    })?;
    let sampled: Vec<SampledText<'_>> = (0_u32..)
        .zip(&sketches)
        .map(|(number, (text_hash, fragments))| SampledText {
            account: number % ACCOUNTS,
            text_hash: *text_hash,
            fragments,
        })
        .collect();
    Ok(mine(&sampled, &config.content).len())
}

/// Decodes the file and hands every prompt to `look`.
fn over(path: &Path, mut look: impl FnMut(&str)) -> Result<()> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?
        .with_batch_size(BATCH_ROWS)
        .build()?;
    for batch in reader {
        let batch = batch?;
        for text in batch.column(0).as_string::<i32>().iter().flatten() {
            look(text);
        }
    }
    Ok(())
}

/// Writes the prompts round and round, each with a number before it so that no two are
/// equal; answers with the bytes of text.
fn write(path: &Path, prompts: &[String], bytes: usize, codec: Compression) -> Result<usize> {
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_max_row_group_row_count(Some(50_000))
        .set_dictionary_enabled(false)
        .build();
    let schema = batch(Vec::new())?.schema();
    let mut writer = ArrowWriter::try_new(File::create(path)?, schema, Some(properties))?;
    let (mut written, mut rows) = (0, Vec::new());
    for (number, prompt) in prompts.iter().cycle().enumerate() {
        if written >= bytes {
            break;
        }
        rows.push(format!("{:08x} {prompt}", mix(number as u64) >> 32));
        written += rows.last().map_or(0, String::len);
        if rows.len() == BATCH_ROWS {
            writer.write(&batch(std::mem::take(&mut rows))?)?;
        }
    }
    writer.write(&batch(rows)?)?;
    writer.close()?;
    Ok(written)
}

fn batch(rows: Vec<String>) -> Result<RecordBatch> {
    let array: ArrayRef = Arc::new(StringArray::from(rows));
    Ok(RecordBatch::try_from_iter([("prompt", array)])?)
}
