//! `stillhunt patterns`: the rules in use, and checking a pack of one's own.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::cli::arguments::{PatternsArguments, PatternsCommand};
use crate::cli::escape::visible;
use crate::cli::{exit, stdout};
use crate::patterns::{Pack, load};

pub(super) fn run(arguments: &PatternsArguments) -> Result<u8> {
    match &arguments.command {
        PatternsCommand::List { patterns, json } => list(patterns, *json),
        PatternsCommand::Check { file } => check(file),
    }
}

fn list(files: &[PathBuf], json: bool) -> Result<u8> {
    let packs = load::packs(files)?;
    let text = if json {
        let value = json!({ "packs": packs.iter().map(as_json).collect::<Vec<_>>() });
        crate::report::json_text(&value)?
    } else {
        as_table(&packs)
    };
    stdout::answer(&text)?;
    Ok(exit::DONE)
}

fn as_table(packs: &[Pack]) -> String {
    let cells: Vec<[String; 4]> = packs
        .iter()
        .flat_map(|pack| &pack.rules)
        .map(|rule| {
            [
                rule.id.clone(),
                rule.capability.clone(),
                format!("{:.1}", rule.bits),
                rule.role.map_or("both", |role| role.name()).to_owned(),
            ]
        })
        .collect();
    let width = |column: usize, heading: &str| {
        cells
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .chain([heading.len()])
            .max()
            .unwrap_or(0)
    };
    let (id, capability) = (width(0, "rule"), width(1, "capability"));
    let mut text = format!(
        "{:<id$}  {:<capability$}  bits  role    source\n",
        "rule", "capability"
    );
    let rules = packs.iter().flat_map(|pack| &pack.rules);
    for ([name, what, bits, role], rule) in cells.iter().zip(rules) {
        text.push_str(&format!(
            "{name:<id$}  {what:<capability$}  {bits:>4}  {role:<6}  {}\n",
            visible(&rule.source)
        ));
    }
    text.push('\n');
    for pack in packs {
        text.push_str(&format!(
            "pack {} version {}, {} rules, SHA-256 {}\n",
            pack.name,
            pack.version,
            pack.rules.len(),
            pack.sha256
        ));
    }
    text
}

fn as_json(pack: &Pack) -> serde_json::Value {
    let rules: Vec<serde_json::Value> = pack
        .rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "capability": rule.capability,
                "bits": rule.bits,
                "role": rule.role.map_or("both", |role| role.name()),
                "source": rule.source,
                "look_alikes": rule.look_alikes,
                "any": rule.any,
                "also": rule.also,
                "regex": rule.regex.as_ref().map(|regex| regex.as_str()),
            })
        })
        .collect();
    json!({
        "name": pack.name,
        "version": pack.version,
        "sha256": pack.sha256,
        "rules": rules,
    })
}

fn check(file: &Path) -> Result<u8> {
    let shown = visible(&file.display().to_string());
    let (text, code) = match load::check_file(file)? {
        Ok(pack) => (
            format!(
                "{shown}: sound: pack {} version {}, {} rules, every example holds\n",
                pack.name,
                pack.version,
                pack.rules.len()
            ),
            exit::DONE,
        ),
        Err(problems) => {
            let lines: Vec<String> = problems
                .iter()
                .map(|problem| format!("{shown}:{}: {}\n", problem.line, visible(&problem.message)))
                .collect();
            (lines.concat(), exit::USAGE)
        }
    };
    stdout::answer(&text)?;
    Ok(code)
}
