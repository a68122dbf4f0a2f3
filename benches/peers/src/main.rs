//! Near-duplicates with gaoya: texts from a file of JSON strings, one a line, groups to another
//! file, processor seconds to standard output.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};

use gaoya::minhash::{MinHashIndex, MinHasher, MinHasher32};

/// Bands and their width, the threshold of similarity, words in a shingle: 126 hashes, which find
/// all but one in a hundred pairs at a similarity of 0.7.
const BANDS: usize = 18;
const WIDTH: usize = 7;
const SIMILARITY: f64 = 0.65;
const WORDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (texts, groups) = (arguments.next().ok_or("TEXTS")?, arguments.next().ok_or("GROUPS")?);
    let texts: Vec<String> = BufReader::new(std::fs::File::open(texts)?)
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<Result<_, Box<dyn std::error::Error>>>()?;
    let before = cpu_seconds()?;
    let hasher = MinHasher32::new(BANDS * WIDTH);
    let mut index: MinHashIndex<u32, u32> = MinHashIndex::new(BANDS, WIDTH, SIMILARITY);
    let mut first: Vec<u32> = (0..texts.len() as u32).collect();
    let mut exact: HashMap<&str, u32> = HashMap::new();
    for (number, text) in (0_u32..).zip(&texts) {
        if let Some(same) = exact.get(text.as_str()) {
            join(&mut first, number, *same);
            continue;
        }
        exact.insert(text, number);
        let words: Vec<String> = text
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        if words.len() < WORDS {
            continue;
        }
        let signature = hasher.create_signature(words.windows(WORDS).map(|words| words.join(" ")));
        let near: Vec<u32> = index.query(&signature).into_iter().copied().collect();
        for other in near {
            join(&mut first, number, other);
        }
        index.insert(number, signature);
    }
    println!("{:.2}", cpu_seconds()? - before);
    let mut out = std::io::BufWriter::new(std::fs::File::create(groups)?);
    for number in 0..texts.len() as u32 {
        writeln!(out, "{}", find(&mut first, number))?;
    }
    Ok(())
}

fn find(first: &mut [u32], mut number: u32) -> u32 {
    while first[number as usize] != number {
        first[number as usize] = first[first[number as usize] as usize];
        number = first[number as usize];
    }
    number
}

fn join(first: &mut [u32], one: u32, other: u32) {
    let (one, other) = (find(first, one), find(first, other));
    first[one.max(other) as usize] = one.min(other);
}

/// User and system time of this process (proc(5)), in hundredths of a second on Linux.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / 100.0)
}
