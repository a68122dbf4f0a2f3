//! Prompts to measure with.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use stillhunt::text::hash::mix;

/// Real prompts with their system prompts, in an order that mixes the sources.
pub(crate) fn prompts() -> Result<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let real: Option<PathBuf> = ["../shared/data", "../../shared/data"]
        .into_iter()
        .map(|folder| root.join(folder).join("real_prompts.parquet"))
        .find(|path| path.is_file());
    let mut prompts = Vec::new();
    if let Some(path) = real {
        println!("prompts: {}", path.display());
        for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
            let batch = batch?;
            for name in ["text", "system_prompt"] {
                let column = batch.column_by_name(name).context("no such column")?;
                let column = arrow_cast::cast(column, &arrow_schema::DataType::Utf8)?;
                let texts = column.as_string::<i32>().iter().flatten();
                prompts.extend(texts.filter(|text| !text.is_empty()).map(str::to_owned));
            }
        }
    } else {
        println!("prompts: made up, because ../shared/data/real_prompts.parquet is not there");
        for number in 0..20_000_u64 {
            let words = 20 + mix(number) % 400;
            let text: Vec<String> = (0..words)
                .map(|word| {
                    let word = mix(number ^ (word << 20));
                    (0..=word % 9)
                        .map(|letter| char::from(b'a' + (mix(word ^ letter) % 26) as u8))
                        .collect()
                })
                .collect();
            prompts.push(text.join(" "));
        }
    }
    prompts.sort_by_cached_key(|text| mix(stillhunt::text::text_hash(text)));
    Ok(prompts)
}
