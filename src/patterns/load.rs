//! The built-in packs, and those that a user adds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, anyhow};

use crate::config::small_file;
use crate::model::failure::Failure;
use crate::patterns::check::{Problem, parse};
use crate::patterns::matcher::Matcher;
use crate::patterns::rule::Pack;

/// The built-in packs, one per theme.
const BUILT_IN: [&str; 6] = [
    include_str!("builtin/agents.toml"),
    include_str!("builtin/grading.toml"),
    include_str!("builtin/identity.toml"),
    include_str!("builtin/reasoning.toml"),
    include_str!("builtin/rewriting.toml"),
    include_str!("builtin/synthesis.toml"),
];

/// The built-in packs.
///
/// # Errors
/// Never, unless a built-in pack is wrong, which would be a defect.
pub fn built_in() -> Result<Vec<Pack>> {
    BUILT_IN
        .iter()
        .map(|text| {
            parse(text).map_err(|problems| {
                let shown: Vec<String> = problems
                    .iter()
                    .map(|problem| format!("line {}: {}", problem.line, problem.message))
                    .collect();
                let start = text.lines().nth(1).unwrap_or_default();
                anyhow!("built-in pattern pack ({start}): {}", shown.join("; "))
            })
        })
        .collect()
}

/// One matcher of the built-in packs and the packs in `files`.
///
/// # Errors
/// [`Failure::Usage`] for a file that cannot be read or is no sound pack, by file and line.
pub fn load(files: &[PathBuf]) -> Result<Arc<Matcher>> {
    Ok(Arc::new(Matcher::new(&packs(files)?)?))
}

/// The built-in packs and those in `files`, in this order.
///
/// # Errors
/// As for [`load`].
pub fn packs(files: &[PathBuf]) -> Result<Vec<Pack>> {
    let mut packs = built_in()?;
    for file in files {
        let pack = read(file)?.map_err(|problems| first_of(file, &problems))?;
        let clashes = clashes(&pack, &packs);
        if !clashes.is_empty() {
            return Err(first_of(file, &clashes));
        }
        packs.push(pack);
    }
    Ok(packs)
}

/// What is wrong with the pack in `file`, the clashes with built-in rules and with those of the
/// packs in `others` included.
///
/// # Errors
/// [`Failure::Usage`] when the file cannot be read.
pub fn check_file(file: &Path, others: &[PathBuf]) -> Result<Result<Pack, Vec<Problem>>> {
    let pack = match read(file)? {
        Ok(pack) => pack,
        Err(problems) => return Ok(Err(problems)),
    };
    let mut beside = built_in()?;
    for other in others {
        // What is wrong with another one is said where that one is checked.
        beside.extend(read(other)?.ok());
    }
    let clashes = clashes(&pack, &beside);
    Ok(if clashes.is_empty() {
        Ok(pack)
    } else {
        Err(clashes)
    })
}

fn read(file: &Path) -> Result<Result<Pack, Vec<Problem>>> {
    let bytes = small_file::read(file).map_err(|error| {
        usage(format!(
            "cannot read pattern pack {}: {error}",
            file.display()
        ))
    })?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => parse(&text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..valid).unwrap_or_default();
            Err(vec![Problem {
                line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
                message: "not valid UTF-8".to_owned(),
            }])
        }
    })
}

/// Rules of `pack` whose id stands in one of `others`, and a name that does.
fn clashes(pack: &Pack, others: &[Pack]) -> Vec<Problem> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for other in others {
        for rule in &other.rules {
            owners.insert(&rule.id, &other.name);
        }
    }
    let names = others.iter().filter(|other| other.name == pack.name);
    names
        .map(|other| Problem {
            line: 1,
            message: format!("a pack named `{}` is there already", other.name),
        })
        .chain(pack.rules.iter().filter_map(|rule| {
            let owner = owners.get(rule.id.as_str())?;
            Some(Problem {
                line: rule.line,
                message: format!("rule `{}` stands already in pack `{owner}`", rule.id),
            })
        }))
        .collect()
}

fn first_of(file: &Path, problems: &[Problem]) -> anyhow::Error {
    let (line, message) = problems
        .first()
        .map_or((1, ""), |problem| (problem.line, problem.message.as_str()));
    let more = match problems.len() {
        0 | 1 => String::new(),
        count => format!(
            " (and {} more; `stillhunt patterns check` lists them)",
            count - 1
        ),
    };
    usage(format!("{}:{line}: {message}{more}", file.display()))
}

fn usage(text: String) -> anyhow::Error {
    anyhow::Error::from(Failure::Usage(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_packs_are_sound_and_cover_every_published_capability() {
        let packs = built_in().unwrap();
        let capabilities: std::collections::BTreeSet<&str> = packs
            .iter()
            .flat_map(|pack| &pack.rules)
            .map(|rule| rule.capability.as_str())
            .collect();
        for wanted in [
            "agentic coding",
            "back-translation",
            "censorship-safe rewriting",
            "code synthesis",
            "computer use",
            "data analysis",
            "grading",
            "identity masking",
            "identity probing",
            "instruction synthesis",
            "orchestration",
            "persona synthesis",
            "reasoning",
            "rejection sampling",
            "task synthesis",
            "tool use",
            "trace cleaning",
        ] {
            assert!(capabilities.contains(wanted), "{wanted}");
        }
        assert!(load(&[]).unwrap().about().rules.len() >= 40);
    }

    #[test]
    fn clashes_with_other_packs_are_named_by_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let text = BUILT_IN[2].replace("builtin/identity", "mine");
        std::fs::write(&path, text).unwrap();
        let error = load(std::slice::from_ref(&path)).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))));
        let message = error.to_string();
        assert!(
            message.contains(
                "mine.toml:9: rule `identity/probe` stands already in pack `builtin/identity`"
            ),
            "{message}"
        );
        std::fs::write(&path, b"[pack]\n\xff\n").unwrap();
        let message = load(&[path]).unwrap_err().to_string();
        assert!(
            message.contains("mine.toml:2: not valid UTF-8"),
            "{message}"
        );
        let absent = load(&[folder.path().join("absent.toml")]).unwrap_err();
        assert!(matches!(absent.downcast_ref(), Some(Failure::Usage(_))));
    }
}
