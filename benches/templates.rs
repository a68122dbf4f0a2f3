//! How well fragment mining tells which prompts follow one template, beside a grouping by the first
//! 40 bytes and beside MinHash (rensa, near-duplicates at a similarity of 0.3), on simulated logs
//! whose truth names the template of each request. The templates of campaigns are looked for among
//! everything else in the log; an innocent "template" of the truth is often many applications.
//!
//! A template scores the best F1 that any group reaches for it, over all prompts of the log; the
//! table gives the mean over templates with at least twenty requests of four accounts. Words of every prompt that
//! follows a template are changed at random, one in twenty and one in ten, and parts of it are
//! reworded by the simulator.
//!
//! ```text
//! cargo bench --bench templates
//! PYTHON=venv/bin/python cargo bench --bench templates   # a Python that has rensa
//! ```
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use stillhunt::config::Config;
use stillhunt::detect::content::families::{SampledText, mine};
use stillhunt::model::progress::Silent;
use stillhunt::simulate::{Format, SimulateOptions, preset, write};
use stillhunt::text::hash::mix;
use stillhunt::text::{FragmentBuffer, fragments, text_hash};

/// Presets with their scale and the share of template parts that are reworded.
const LOGS: [(&str, f64, f64); 6] = [
    ("deepseek-2026-02", 0.01, 0.0),
    ("deepseek-2026-02", 0.01, 0.5),
    ("moonshot-2026-02", 0.004, 0.0),
    ("moonshot-2026-02", 0.004, 0.5),
    ("careful", 0.1, 0.5),
    ("careful", 0.1, 0.9),
];

/// One in so many words is changed.
const EDITS: [u64; 3] = [0, 20, 10];

/// Templates with fewer requests are left out, and those of fewer accounts: four make a family.
const FEWEST_REQUESTS: usize = 20;
const FEWEST_ACCOUNTS: usize = 4;

/// So many prompts of the campaigns and so many others of each log, chosen by hash.
const SAMPLED: [usize; 2] = [10_000, 20_000];

/// Seed of the logs.
const SEED: u64 = 5_309;

/// A prompt with the account that sent it and the template it follows, if any.
struct Prompt {
    text: String,
    account: u32,
    template: String,
    is_campaign: bool,
}

fn main() -> Result<()> {
    println!(
        "log                reworded  edited  prompts  templates  stillhunt  first 40 bytes  MinHash"
    );
    for (name, scale, reworded) in LOGS {
        let prompts = log(name, scale, reworded)?;
        for edit in EDITS {
            let prompts = edited(&prompts, edit);
            let ours = f1(&prompts, &families(&prompts));
            let prefix = f1(&prompts, &by_prefix(&prompts));
            let minhash = match minhash(&prompts) {
                Ok(groups) => format!("{:.2}", f1(&prompts, &groups).1),
                Err(error) => format!("not measured: {error:#}"),
            };
            let edited = if edit == 0 {
                "none".into()
            } else {
                format!("1 in {edit}")
            };
            println!(
                "{name:<18} {:>7.0} %  {edited:>7} {:>7} {:>10}  {:>9.2}  {:>14.2}  {minhash:>7}",
                reworded * 100.0,
                prompts.len(),
                ours.0,
                ours.1,
                prefix.1,
            );
        }
    }
    Ok(())
}

/// A simulated log's prompts.
fn log(name: &str, scale: f64, reworded: f64) -> Result<Vec<Prompt>> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let mut scenario = preset(name, scale, SEED)?;
    for campaign in &mut scenario.campaigns {
        campaign.paraphrase = reworded;
    }
    let options = SimulateOptions {
        out: folder.path().join("log"),
        format: Format::Csv,
        ..SimulateOptions::default()
    };
    let summary = write(&scenario, &options, &Silent)?;
    let mut templates: HashMap<String, (String, bool)> = HashMap::new();
    let truth = options.out.join("truth_requests.csv");
    for record in csv::Reader::from_path(truth)?.deserialize() {
        let record: BTreeMap<String, String> = record?;
        let value = |name: &str| record.get(name).cloned().unwrap_or_default();
        let is_campaign = value("substream") == "true";
        templates.insert(value("request_id"), (value("template"), is_campaign));
    }
    let mut accounts: HashMap<String, u32> = HashMap::new();
    let mut prompts = Vec::new();
    for file in &summary.files {
        for record in csv::Reader::from_path(file)?.deserialize() {
            let record: BTreeMap<String, String> = record?;
            let value = |name: &str| record.get(name).cloned().unwrap_or_default();
            let number = u32::try_from(accounts.len())?;
            let account = *accounts.entry(value("account_id")).or_insert(number);
            let (template, is_campaign) = templates
                .get(&value("request_id"))
                .cloned()
                .unwrap_or_default();
            prompts.push(Prompt {
                text: value("prompt"),
                account,
                template,
                is_campaign,
            });
        }
    }
    let mut chosen: Vec<(u64, Prompt)> = (0..)
        .zip(prompts)
        .map(|(number, prompt)| (mix(number), prompt))
        .collect();
    chosen.sort_by_key(|(order, _)| *order);
    let (mut campaign, mut others): (Vec<Prompt>, Vec<Prompt>) = chosen
        .into_iter()
        .map(|(_, prompt)| prompt)
        .partition(|prompt| prompt.is_campaign);
    campaign.truncate(SAMPLED[0]);
    others.truncate(SAMPLED[1]);
    campaign.append(&mut others);
    Ok(campaign)
}

/// The same with one in so many words of every templated prompt changed.
fn edited(prompts: &[Prompt], one_in: u64) -> Vec<Prompt> {
    (0_u64..)
        .zip(prompts)
        .map(|(number, prompt)| {
            let word = |(place, word): (usize, &str)| {
                let draw = mix(mix(number) ^ place as u64);
                if one_in > 0 && draw.is_multiple_of(one_in) {
                    format!("other{}", draw % 997)
                } else {
                    word.to_owned()
                }
            };
            let text = if prompt.template.is_empty() {
                prompt.text.clone()
            } else {
                let words = prompt.text.split(' ').enumerate().map(word);
                words.collect::<Vec<_>>().join(" ")
            };
            Prompt {
                text,
                template: prompt.template.clone(),
                ..*prompt
            }
        })
        .collect()
}

/// Groups by fragment mining, as the detector does it; each prompt without one alone.
fn families(prompts: &[Prompt]) -> Vec<u32> {
    let config = Config::default();
    let mut buffer = FragmentBuffer::new();
    let sketches: Vec<(u64, Box<[u64]>)> = prompts
        .iter()
        .map(|prompt| {
            fragments(&prompt.text, &config.digest, &mut buffer);
            (text_hash(&prompt.text), buffer.values().into())
        })
        .collect();
    let sampled: Vec<SampledText<'_>> = prompts
        .iter()
        .zip(&sketches)
        .map(|(prompt, (text_hash, fragments))| SampledText {
            account: prompt.account,
            text_hash: *text_hash,
            fragments,
        })
        .collect();
    let mut groups = vec![u32::MAX; prompts.len()];
    for (number, family) in (0_u32..).zip(mine(&sampled, &config.content)) {
        for text in family.texts {
            groups[text as usize] = number;
        }
    }
    groups
}

fn by_prefix(prompts: &[Prompt]) -> Vec<u32> {
    let mut numbers: HashMap<&[u8], u32> = HashMap::new();
    prompts
        .iter()
        .map(|prompt| {
            let bytes = prompt.text.as_bytes();
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(&bytes[..bytes.len().min(40)]).or_insert(next)
        })
        .collect()
}

/// Groups by rensa.
fn minhash(prompts: &[Prompt]) -> Result<Vec<u32>> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let (texts, groups) = (folder.path().join("texts"), folder.path().join("groups"));
    let mut out = std::io::BufWriter::new(std::fs::File::create(&texts)?);
    for prompt in prompts {
        writeln!(out, "{}", serde_json::to_string(&prompt.text)?)?;
    }
    out.flush()?;
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peers.py"))
        .arg("rensa")
        .args([&texts, &groups])
        .arg("0.3")
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}",
        said.lines().last().unwrap_or("it failed")
    );
    std::fs::read_to_string(&groups)?
        .lines()
        .map(|line| Ok(line.parse()?))
        .collect()
}

/// A true template: its requests, accounts, and requests by predicted group.
#[derive(Default)]
struct Found {
    requests: usize,
    accounts: HashSet<u32>,
    by_group: HashMap<u32, usize>,
}

/// How many templates were scored, and their mean best F1.
fn f1(prompts: &[Prompt], groups: &[u32]) -> (usize, f64) {
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    let mut templates: BTreeMap<&str, Found> = BTreeMap::new();
    for (prompt, group) in prompts.iter().zip(groups) {
        if *group != u32::MAX {
            *sizes.entry(*group).or_default() += 1;
        }
        if prompt.is_campaign && !prompt.template.is_empty() {
            let found = templates.entry(&prompt.template).or_default();
            found.requests += 1;
            found.accounts.insert(prompt.account);
            if *group != u32::MAX {
                *found.by_group.entry(*group).or_default() += 1;
            }
        }
    }
    templates.retain(|_, found| {
        found.requests >= FEWEST_REQUESTS && found.accounts.len() >= FEWEST_ACCOUNTS
    });
    let best = templates.values().map(|found| {
        found
            .by_group
            .iter()
            .map(|(group, common)| 2.0 * *common as f64 / (found.requests + sizes[group]) as f64)
            .fold(0.0, f64::max)
    });
    (
        templates.len(),
        best.sum::<f64>() / templates.len().max(1) as f64,
    )
}
