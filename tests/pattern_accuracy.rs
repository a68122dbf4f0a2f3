//! How well the built-in packs name real prompts, by family, where the data is at hand.
//!
//! The rules were written with the sources in [`DEVELOPED_ON`] open. All others are held
//! out: their texts were not looked at. That is not the same as unknown wordings: several of
//! these sources use templates that were published, and rules follow what was published.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use stillhunt::patterns::{Role, Scratch, load};

/// Sources that were open while the rules were written.
const DEVELOPED_ON: [&str; 14] = [
    "aider",
    "aider_chat_history",
    "crewai",
    "fastchat_dummy",
    "fastchat_judge",
    "gsm8k",
    "humaneval",
    "mt_bench",
    "openthoughts_prompts",
    "self_instruct_prompts",
    "self_instruct_user",
    "tau_bench_system",
    "tau_bench_turns",
    "ultra_eval",
];

/// What a family of the data was published for, in the words of the packs.
const EXPECTED: [(&str, &str); 7] = [
    ("agentic_coding", "agentic coding"),
    ("code_instruct", "code synthesis"),
    ("coding_agent_client", "agentic coding"),
    ("cot_elicitation", "reasoning"),
    ("rubric_grading", "grading"),
    ("self_instruct", "instruction synthesis"),
    ("tool_trajectory", "tool use"),
];

/// People who write for themselves.
const PEOPLE: [&str; 3] = ["human_chat", "coding_chat", "math_question"];

struct Row {
    family: String,
    source: String,
    found: BTreeSet<String>,
}

fn real_prompts() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared/data", "../../shared/data"]
        .into_iter()
        .map(|folder| root.join(folder).join("real_prompts.parquet"))
        .find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: ../shared/data/real_prompts.parquet is not there");
    }
    found
}

fn rows(path: &Path) -> Vec<Row> {
    let matcher = load(&[]).unwrap();
    let (mut scratch, mut rules) = (Scratch::default(), Vec::new());
    let mut rows = Vec::new();
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
        .unwrap()
        .build()
        .unwrap();
    for batch in reader {
        let batch: RecordBatch = batch.unwrap();
        let column = |name: &str| -> StringArray {
            let array = batch.column_by_name(name).unwrap();
            let text = arrow_cast::cast(array, &arrow_schema::DataType::Utf8).unwrap();
            text.as_string::<i32>().clone()
        };
        let (text, role, system) = (column("text"), column("role"), column("system_prompt"));
        let (family, source) = (column("family"), column("source"));
        for row in 0..batch.num_rows() {
            let own_role = match role.value(row) {
                "system" => Role::System,
                _ => Role::User,
            };
            let mut found = BTreeSet::new();
            for (array, role) in [(&text, own_role), (&system, Role::System)] {
                if array.is_null(row) {
                    continue;
                }
                matcher.matched(array.value(row), role, &mut scratch, &mut rules);
                let about = &matcher.about().rules;
                found.extend(
                    rules
                        .iter()
                        .map(|rule| about[usize::from(*rule)].capability.clone()),
                );
            }
            rows.push(Row {
                family: family.value(row).to_owned(),
                source: source.value(row).to_owned(),
                found,
            });
        }
    }
    rows
}

fn expected(family: &str) -> Option<&'static str> {
    EXPECTED
        .iter()
        .find(|(name, _)| *name == family)
        .map(|(_, capability)| *capability)
}

/// One line per source: how many rows match anything, and how many as expected.
fn print_sources(rows: &[&Row]) {
    let mut sources: BTreeMap<(&str, &str), (usize, usize, usize, BTreeMap<&str, usize>)> =
        BTreeMap::new();
    for row in rows {
        let entry = sources.entry((&row.family, &row.source)).or_default();
        entry.0 += 1;
        entry.1 += usize::from(!row.found.is_empty());
        entry.2 +=
            usize::from(expected(&row.family).is_some_and(|wanted| row.found.contains(wanted)));
        for capability in &row.found {
            *entry.3.entry(capability).or_default() += 1;
        }
    }
    println!("family / source                              rows  any rule  recall  capabilities");
    for ((family, source), (all, any, right, by_capability)) in sources {
        let recall = match expected(family) {
            Some(_) => format!("{:.3}", right as f64 / all as f64),
            None => "-".to_owned(),
        };
        let capabilities: Vec<String> = by_capability
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        println!(
            "{:<44} {all:>5} {:>9.3} {recall:>7}  {}",
            format!("{family} / {source}"),
            any as f64 / all as f64,
            capabilities.join(", ")
        );
    }
}

/// One line per capability: rows that match it, and how many were published for it.
fn print_precision(rows: &[&Row]) {
    let mut capabilities: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in rows {
        for capability in &row.found {
            let entry = capabilities.entry(capability).or_default();
            entry.0 += 1;
            entry.1 += usize::from(expected(&row.family) == Some(capability));
        }
    }
    println!("capability                   rows  precision");
    for (capability, (all, right)) in capabilities {
        let measured = EXPECTED.iter().any(|(_, wanted)| *wanted == capability);
        let precision = if measured {
            format!("{:.3}", right as f64 / all as f64)
        } else {
            "no family".to_owned()
        };
        println!("{capability:<27} {all:>5}  {precision}");
    }
}

#[test]
fn precision_and_recall_by_family_and_source() {
    let Some(path) = real_prompts() else {
        return;
    };
    let rows = rows(&path);
    assert!(rows.len() > 15_000);
    for (heading, wanted) in [("developed on", true), ("held out", false)] {
        let part: Vec<&Row> = rows
            .iter()
            .filter(|row| DEVELOPED_ON.contains(&row.source.as_str()) == wanted)
            .collect();
        println!("\n== {heading}: {} rows", part.len());
        print_sources(&part);
        println!();
        print_precision(&part);
        // What people write for themselves must stay quiet: at most one in fifty.
        let people: Vec<&&Row> = part
            .iter()
            .filter(|row| PEOPLE.contains(&row.family.as_str()))
            .collect();
        let matching = people
            .iter()
            .filter(|row| row.found.iter().any(|name| name != "identity probing"))
            .count();
        println!(
            "people: {matching} of {} match a rule, identity questions aside",
            people.len()
        );
        assert!(people.len() > 1_000);
        assert!(
            matching * 50 <= people.len(),
            "{matching} of {}",
            people.len()
        );
    }
}
