//! Prompt templates, and exact texts, that several accounts use.
//!
//! # Looks for
//! Texts of different accounts that share fixed parts (hashed runs of five words) around
//! varying slots, for user prompts and system prompts apart; and texts repeated to the letter.
//! Where half of the users of either of two templates send both, over the same stretch of time, what an
//! account sends of them is counted together.
//!
//! # Why
//! The February 2026 disclosure names highly repetitive prompt structure over hundreds of
//! coordinated accounts as the mark of distillation: variations of one prompt, not only
//! copies. Fixed fragments find templates where whole-text similarity fails because the
//! slots outweigh the template.
//!
//! # Null model
//! As for every shared key: the accounts that use a template are as if drawn at random
//! among accounts of equal activity. A template counts when its accounts also share payers,
//! addresses or identities more often than that. A template alone is at most a `lead`.
//!
//! # Innocent look-alikes
//! Prompts of popular applications and frameworks, system prompts of popular clients, class
//! assignments and evaluation suites (the same texts again and again: user prompts that go
//! round tie nobody, whoever pays; a fixed system prompt only where several separate payers
//! each stand behind several of the accounts).
//!
//! # Needs
//! Any of requests.prompt, requests.system_prompt.
//!
//! # Limits
//! Works on a sample of each account's distinct texts (those with the smallest hashes), so a
//! template that is a small share of a busy account may be missed there, though not over many
//! accounts. Templates under about eight words leave too few fragments. Full paraphrase by a
//! model leaves no common fragments, nor does text in base64 or with a stray word every few.
//! Look-alike letters are read as the Latin ones they imitate.

use anyhow::Result;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::detect::content::families::{SampledText, TextFamily, mine};
use crate::detect::content::turns::{Uses, taking_turns};
use crate::detect::layer::{Layer, Quality, RowSource, counted, group_entries};
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::RequestColumn;
use crate::model::finding::{Family, TEMPLATE_SPREAD};
use crate::model::number::count;
use crate::stats::quantile::median;

const ID: &str = TEMPLATE_SPREAD;

static META: Meta = Meta {
    id: ID,
    title: "Prompt templates, and exact texts, that several accounts use",
    families: &[Family::Content],
    version: 3,
    needs: &[
        Need::Request(RequestColumn::Prompt),
        Need::Request(RequestColumn::SystemPrompt),
    ],
    source: include_str!("template_spread.rs"),
};

/// Below this share of different texts the same texts go round: a class, an evaluation suite.
pub const VARIED_SHARE: f64 = 0.5;

/// Below this share of free fragments the slots are too small to carry separate work items.
const SLOT_SHARE: f64 = 0.1;

/// Fewer different texts of the template, and of those that take turns with it, in the median
/// account's sample than this, and the template alone is no lead: an assignment or a form is filled
/// in once or twice, a harvest works through a list.
const LEAD_TEXTS: f64 = 4.0;

/// With fewer runs of words than this, one changed word leaves hardly any: a text of eight words
/// has four runs of five.
const MINIMUM_FRAGMENTS: usize = 4;

/// Where more than this share of the sampled texts is too short, the run says so.
const SHORT_SHARE: f64 = 0.1;

/// Exact texts shorter than this (greetings, "continue") are everybody's.
const MINIMUM_TEXT_BYTES: u32 = 60;

/// The detector.
pub struct TemplateSpread;

impl Detector for TemplateSpread {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let texts = Texts::read(context)?;
        let mut in_family = vec![false; texts.account.len()];
        for (role, kind) in [(0_u8, "template"), (1_u8, "system_template")] {
            let rows: Vec<u32> = (0_u32..)
                .zip(&texts.role)
                .filter(|(_, found)| **found == role)
                .map(|(row, _)| row)
                .collect();
            let sampled: Vec<SampledText<'_>> = rows
                .iter()
                .map(|row| texts.sampled(*row as usize, context))
                .collect();
            let mut families = mine(&sampled, &context.config.content);
            for family in &mut families {
                family.system = role != 0;
                for text in &mut family.texts {
                    *text = rows[*text as usize];
                    in_family[*text as usize] = true;
                }
            }
            let mut made = family_layer(kind, &families, &texts, context.tables.accounts.height());
            // A text that follows no template is a key of its own.
            let free = rows.iter().filter(|row| !in_family[**row as usize]);
            made.singles = counted(free.map(|row| texts.account[*row as usize]).collect());
            outcome.layers.push(made);
            outcome.templates.append(&mut families);
        }
        for (role, kind) in [(0_u8, "text"), (1_u8, "system_text")] {
            outcome
                .layers
                .push(exact_layer(kind, role, &texts, &in_family));
        }
        outcome.layers.retain(|layer| !layer.is_empty());
        outcome.partial.extend(too_short(&texts, context));
        Ok(outcome)
    }
}

/// How many texts are too short to be compared, where that is more than a few.
fn too_short(texts: &Texts, context: &Context<'_>) -> Option<String> {
    let all = texts.account.len();
    let short = (0..all)
        .filter(|row| context.tables.fragments.of(*row).len() < MINIMUM_FRAGMENTS)
        .count();
    let words = context.config.digest.fragment_words + MINIMUM_FRAGMENTS - 1;
    (short as f64 > SHORT_SHARE * all as f64).then(|| {
        format!(
            "{} of {} sampled texts have under {words} words: no template can be seen in them, only exact repeats",
            count(short as u64),
            count(all as u64)
        )
    })
}

/// The columns of the digest's `texts` table that are used here.
struct Texts {
    account: Vec<u32>,
    role: Vec<u8>,
    text_hash: Vec<u64>,
    bytes: Vec<u32>,
    /// First request of the account with the text, microseconds since 1970-01-01 UTC.
    first_us: Vec<i64>,
}

impl Texts {
    fn read(context: &Context<'_>) -> Result<Self> {
        let table = &context.tables.texts;
        Ok(Self {
            account: table
                .column("account")?
                .u32()?
                .into_no_null_iter()
                .collect(),
            role: table
                .column("role")?
                .cast(&polars::prelude::DataType::UInt32)?
                .u32()?
                .into_no_null_iter()
                .map(|role| u8::from(role != 0))
                .collect(),
            text_hash: table
                .column("text_hash")?
                .u64()?
                .into_no_null_iter()
                .collect(),
            bytes: table.column("bytes")?.u32()?.into_no_null_iter().collect(),
            first_us: table
                .column("first_us")?
                .i64()?
                .into_no_null_iter()
                .collect(),
        })
    }

    fn uses(&self, family: &TextFamily) -> Uses {
        let one = |row: &u32| {
            let row = *row as usize;
            (self.account[row], self.first_us[row])
        };
        Uses {
            texts: family.texts.iter().map(one).collect(),
        }
    }

    fn sampled<'a>(&self, row: usize, context: &Context<'a>) -> SampledText<'a> {
        SampledText {
            account: self.account[row],
            text_hash: self.text_hash[row],
            fragments: context.tables.fragments.of(row),
        }
    }
}

/// The stable id of a template: a hash of its anchor.
#[must_use]
pub fn template_id(family: &TextFamily, kind: &str) -> String {
    let anchor = family.anchor.map(|anchor| anchor.to_string());
    crate::stats::random::stable_id("T", &[anchor.as_deref().unwrap_or_default(), kind])
}

fn family_layer(
    kind: &'static str,
    families: &[TextFamily],
    texts: &Texts,
    accounts: usize,
) -> Layer {
    let mut entries = Vec::new();
    for (number, family) in (0_u32..).zip(families) {
        entries.extend(
            family
                .texts
                .iter()
                .map(|row| (number, texts.account[*row as usize], *row)),
        );
    }
    let fixed: Vec<Option<String>> = families
        .iter()
        .map(|family| is_fixed(family, texts))
        .collect();
    let uses: Vec<Uses> = families
        .iter()
        .zip(&fixed)
        .map(|(family, fixed)| match fixed {
            Some(_) => Uses::default(),
            None => texts.uses(family),
        })
        .collect();
    let turns = taking_turns(&uses, accounts);
    let quality = fixed
        .into_iter()
        .enumerate()
        .map(|(number, fixed)| match fixed {
            Some(reason) => Quality::Everyday(reason),
            None if texts_per_account(number, &uses, &turns[number]) < LEAD_TEXTS => {
                Quality::Supporting
            }
            None => Quality::Full,
        })
        .collect();
    layer(
        kind,
        entries,
        |number| {
            families
                .get(number as usize)
                .map(|family| template_id(family, kind))
                .unwrap_or_default()
        },
        quality,
    )
}

/// Why a template is one that people fill in or send as it is, if it is.
fn is_fixed(family: &TextFamily, texts: &Texts) -> Option<String> {
    let distinct: FxHashSet<u64> = family
        .texts
        .iter()
        .map(|row| texts.text_hash[*row as usize])
        .collect();
    let share = distinct.len() as f64 / family.texts.len().max(1) as f64;
    if share < VARIED_SHARE {
        return Some(format!(
            "the same texts go round ({:.0} % different): a class, an evaluation suite or a fixed client prompt",
            share * 100.0
        ));
    }
    (family.slot_share < SLOT_SHARE).then(|| {
        format!(
            "almost no text besides the template ({:.0} % free)",
            family.slot_share * 100.0
        )
    })
}

/// Sampled texts in the median account that uses a template, of it and of those that take turns
/// with it.
fn texts_per_account(template: usize, uses: &[Uses], turns: &[usize]) -> f64 {
    let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
    for (account, _) in &uses[template].texts {
        *counts.entry(*account).or_default() += 1;
    }
    for other in turns {
        for (account, _) in &uses[*other].texts {
            if let Some(count) = counts.get_mut(account) {
                *count += 1;
            }
        }
    }
    let mut counts: Vec<f64> = counts.into_values().map(f64::from).collect();
    counts.sort_by(f64::total_cmp);
    median(&counts).unwrap_or(0.0)
}

fn exact_layer(kind: &'static str, role: u8, texts: &Texts, in_family: &[bool]) -> Layer {
    let mut numbers: FxHashMap<u64, u32> = FxHashMap::default();
    let mut hashes = Vec::new();
    let mut entries = Vec::new();
    for (row, account) in (0_u32..).zip(&texts.account) {
        let index = row as usize;
        if texts.role[index] != role || in_family[index] || texts.bytes[index] < MINIMUM_TEXT_BYTES
        {
            continue;
        }
        let hash = texts.text_hash[index];
        let number = *numbers.entry(hash).or_insert_with(|| {
            hashes.push(hash);
            u32::try_from(hashes.len() - 1).unwrap_or(u32::MAX)
        });
        entries.push((number, *account, row));
    }
    let value = |number: u32| {
        // The same text in the other role is another key.
        hashes
            .get(number as usize)
            .map_or_else(String::new, |hash| {
                format!("X-{:016x}", hash ^ (u64::from(role) << 63))
            })
    };
    let mut made = layer(kind, entries, value, Vec::new());
    made.quality = vec![
        Quality::Everyday(
            "one text to the letter: a class, an evaluation suite, a client's fixed prompt"
                .to_owned()
        );
        made.len()
    ];
    made
}

fn layer(
    kind: &'static str,
    entries: Vec<(u32, u32, u32)>,
    value_of: impl Fn(u32) -> String,
    quality: Vec<Quality>,
) -> Layer {
    let grouped = group_entries(entries, value_of);
    Layer {
        quality,
        innocent: "a popular application, framework or client whose prompt many unrelated customers send",
        would_clear: "a published application or library that contains this prompt, or the customer's own account of the product behind it",
        ..Layer::of_rows(ID, kind, Family::Content, RowSource::Texts, grouped)
    }
}
