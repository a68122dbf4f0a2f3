//! `stillhunt patterns`: the rules in use, and checking a pack of one's own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::cli::arguments::{PatternsArguments, PatternsCommand};
use crate::cli::escape::visible;
use crate::cli::{exit, stdout};
use crate::config::suggestion::nearest;
use crate::patterns::{Pack, load};

pub(super) fn run(arguments: &PatternsArguments) -> Result<u8> {
    match &arguments.command {
        PatternsCommand::List { patterns, json } => list(patterns, *json),
        PatternsCommand::Check { files } => check(files),
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

fn check(files: &[PathBuf]) -> Result<u8> {
    let built_in = load::packs(&[])?;
    let known: BTreeSet<&str> = capabilities(&built_in).collect();
    let (mut text, mut code) = (String::new(), exit::DONE);
    for (place, file) in files.iter().enumerate() {
        let shown = visible(&file.display().to_string());
        let before = files.get(..place).unwrap_or_default();
        match load::check_file(file, before)? {
            Ok(pack) => {
                text.push_str(&format!(
                    "{shown}: sound: pack {} version {}, {} rules, every example holds\n",
                    pack.name,
                    pack.version,
                    pack.rules.len()
                ));
                let packs = [pack];
                let new: BTreeSet<&str> = capabilities(&packs)
                    .filter(|name| !known.contains(name))
                    .collect();
                for name in new {
                    if let Some(near) = nearest(name, known.iter().copied()) {
                        text.push_str(&format!(
                            "{shown}: note: capability \"{}\" is of this pack alone; did you mean \"{near}\"?\n",
                            visible(name)
                        ));
                    }
                }
            }
            Err(problems) => {
                code = exit::USAGE;
                for problem in problems {
                    let message = visible(&problem.message);
                    text.push_str(&format!("{shown}:{}: {message}\n", problem.line));
                }
            }
        }
    }
    stdout::answer(&text)?;
    Ok(code)
}

fn capabilities(packs: &[Pack]) -> impl Iterator<Item = &str> {
    packs
        .iter()
        .flat_map(|pack| &pack.rules)
        .map(|rule| rule.capability.as_str())
}
