//! Near-duplicates among prompts: processor time from text to groups, and how many of the pairs
//! with a Jaccard similarity of 0.7 and more (sets of five-word runs) come into one group, beside
//! gaoya, rensa and datasketch on the same texts in the same run.
//!
//! Real prompts where they are at hand (`../shared/data/real_prompts.parquet`), else made ones; to
//! each second one a copy with one word in 33 or in 12 changed.
//!
//! ```text
//! cargo bench --bench near_duplicates              # 20,000 prompts
//! cargo bench --bench near_duplicates -- 5000      # so many
//! PYTHON=venv/bin/python cargo bench --bench near_duplicates   # a Python that has rensa and datasketch
//! ```
#![allow(clippy::print_stdout)]

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/prompts.rs"]
mod prompts;

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cpu::cpu_seconds;
use rustc_hash::FxHashMap;
use stillhunt::detect::content::families::SampledText;
use stillhunt::detect::content::sketches::near_duplicates;
use stillhunt::text::hash::mix;
use stillhunt::text::{FragmentBuffer, all_shingles, fragments, text_hash};

/// Measured together and divided: a hundredth of a second is the smallest step of the clock, and
/// one run takes a few of them. The others, which take longer, run once.
const REPEATS: u32 = 20;

/// Similarity of the pairs that are to be found.
const SIMILARITY: f64 = 0.7;

fn main() -> Result<()> {
    let wanted: usize = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(20_000);
    let made = with_copies(&prompts::prompts()?, wanted);
    // Behind one another in memory, as a batch holds them.
    let joined = made.concat();
    let mut rest = joined.as_str();
    let texts: Vec<&str> = made
        .iter()
        .map(|text| {
            let (text, after) = rest.split_at(text.len());
            rest = after;
            text
        })
        .collect();
    let bytes: usize = joined.len();
    let pairs = near_pairs(&texts);
    println!(
        "{} prompts, {:.1} MB, {} pairs at {SIMILARITY} and more",
        texts.len(),
        bytes as f64 / 1e6,
        pairs.len()
    );
    println!("tool          CPU s  prompts/s  recall  pairs in one group  ours = 1");

    let mut groups = Vec::new();
    let before = cpu_seconds()?;
    for _ in 0..REPEATS {
        groups = ours(&texts);
    }
    let one_run = ((cpu_seconds()? - before) / f64::from(REPEATS)).max(0.001);
    let show = |tool: &str, seconds: f64, groups: &[u32]| {
        let found = pairs
            .iter()
            .filter(|(one, other)| groups[*one as usize] == groups[*other as usize])
            .count();
        println!(
            "{tool:<12} {seconds:>6.3} {:>10.0}  {:.4} {:>19} {:>9.1}",
            texts.len() as f64 / seconds,
            found as f64 / pairs.len().max(1) as f64,
            in_one_group(groups),
            seconds / one_run
        );
    };
    show("stillhunt", one_run, &groups);

    let folder = tempfile::tempdir().context("no temporary folder")?;
    let file = folder.path().join("texts.ndjson");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file)?);
    for text in &texts {
        writeln!(out, "{}", serde_json::to_string(text)?)?;
    }
    out.flush()?;
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let mut gaoya = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    gaoya
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(peers.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(folder.path().join("target"))
        .arg("--");
    let python = |tool: &str| {
        let mut command =
            Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
        command.arg(peers.join("peers.py")).arg(tool);
        command
    };
    for (tool, command) in [
        ("gaoya", gaoya),
        ("rensa", python("rensa")),
        ("datasketch", python("datasketch")),
    ] {
        match peer(command, &file, &folder.path().join(tool)) {
            Ok((seconds, groups)) => show(tool, seconds, &groups),
            Err(error) => println!("{tool:<12} not measured: {error:#}"),
        }
    }
    Ok(())
}

/// From text to groups, as the digest and the detectors do it, but without the topic words, which
/// near-duplicates do not use; like the others, a text that came before is not looked at again.
fn ours(texts: &[&str]) -> Vec<u32> {
    let config = stillhunt::config::Config::default().digest;
    let mut buffer = FragmentBuffer::without_topic();
    let mut numbers: FxHashMap<u64, usize> = FxHashMap::default();
    numbers.reserve(texts.len());
    // As in the digest: the fragments of all texts in one list, and where those of each begin.
    let mut all: Vec<u64> = Vec::with_capacity(texts.len() * config.fragments_per_text);
    let mut starts: Vec<(u64, usize)> = Vec::new();
    let mut places: Vec<usize> = Vec::with_capacity(texts.len());
    // Hashed and then cut in blocks of so many, as the digest does it.
    for block in texts.chunks(64) {
        let hashes: Vec<u64> = block.iter().map(|text| text_hash(text)).collect();
        places.extend(block.iter().zip(hashes).map(|(text, hash)| {
            *numbers.entry(hash).or_insert_with(|| {
                fragments(text, &config, &mut buffer);
                starts.push((hash, all.len()));
                all.extend_from_slice(buffer.values());
                starts.len() - 1
            })
        }));
    }
    let ends = starts.iter().skip(1).map(|(_, start)| *start);
    let sampled: Vec<SampledText<'_>> = starts
        .iter()
        .zip(ends.chain([all.len()]))
        .map(|((text_hash, start), end)| SampledText {
            account: 0,
            text_hash: *text_hash,
            fragments: all.get(*start..end).unwrap_or_default(),
        })
        .collect();
    let groups = near_duplicates(&sampled);
    places.into_iter().map(|place| groups[place]).collect()
}

/// Runs another tool; its processor seconds and groups.
fn peer(mut command: Command, texts: &Path, groups: &Path) -> Result<(f64, Vec<u32>)> {
    let output = command.arg(texts).arg(groups).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}",
        said.lines().last().unwrap_or("it failed")
    );
    let seconds: f64 = String::from_utf8_lossy(&output.stdout).trim().parse()?;
    let groups = std::fs::read_to_string(groups)?
        .lines()
        .map(|line| Ok(line.parse()?))
        .collect::<Result<_>>()?;
    Ok((seconds.max(0.01), groups))
}

/// Every second prompt again with some words changed.
fn with_copies(prompts: &[String], wanted: usize) -> Vec<String> {
    let mut texts = Vec::with_capacity(wanted);
    for (number, prompt) in (0_u64..).zip(prompts) {
        if texts.len() + 2 > wanted {
            break;
        }
        texts.push(prompt.clone());
        if number % 2 == 0 {
            let one_in = if number % 4 == 0 { 33 } else { 12 };
            let words = prompt.split(' ').enumerate().map(|(place, word)| {
                let draw = mix(mix(number) ^ place as u64);
                if draw.is_multiple_of(one_in) {
                    format!("other{}", draw % 997)
                } else {
                    word.to_owned()
                }
            });
            texts.push(words.collect::<Vec<String>>().join(" "));
        }
    }
    texts.sort_by_cached_key(|text| mix(text_hash(text) ^ 1));
    texts
}

/// All pairs of different texts with at least [`SIMILARITY`]: candidates share one of the rarest
/// runs that a text may not miss (prefix filter), and each is measured.
fn near_pairs(texts: &[&str]) -> Vec<(u32, u32)> {
    let words = stillhunt::config::Config::default().digest.fragment_words;
    let mut holders: HashMap<u64, u32> = HashMap::new();
    let mut sets: Vec<Vec<u64>> = texts
        .iter()
        .map(|text| {
            let mut set = Vec::new();
            all_shingles(text, words, |shingle, _| set.push(shingle));
            set.sort_unstable();
            set.dedup();
            set
        })
        .collect();
    for shingle in sets.iter().flatten() {
        *holders.entry(*shingle).or_default() += 1;
    }
    let mut index: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut pairs = Vec::new();
    for set in &mut sets {
        set.sort_unstable_by_key(|shingle| (holders[shingle], *shingle));
    }
    let sorted: Vec<Vec<u64>> = sets
        .iter()
        .map(|set| {
            let mut set = set.clone();
            set.sort_unstable();
            set
        })
        .collect();
    for (number, set) in (0_u32..).zip(&sets) {
        let prefix = set.len() - (SIMILARITY * set.len() as f64).ceil() as usize + 1;
        let mut candidates: BTreeSet<u32> = BTreeSet::new();
        for shingle in set.iter().take(prefix.min(set.len())) {
            let list = index.entry(*shingle).or_default();
            candidates.extend(list.iter());
            list.push(number);
        }
        for other in candidates {
            let (one, two) = (&sorted[number as usize], &sorted[other as usize]);
            let common = one
                .iter()
                .filter(|run| two.binary_search(run).is_ok())
                .count();
            let union = one.len() + two.len() - common;
            if common as f64 >= SIMILARITY * union as f64 {
                pairs.push((other, number));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

/// Pairs of texts in one group.
fn in_one_group(groups: &[u32]) -> u64 {
    let mut sizes: HashMap<u32, u64> = HashMap::new();
    for group in groups {
        *sizes.entry(*group).or_default() += 1;
    }
    let mut sizes: Vec<u64> = sizes.into_values().collect();
    sizes.sort_unstable();
    sizes.iter().map(|size| size * (size - 1) / 2).sum()
}
