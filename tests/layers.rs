//! The layer rule: a stage uses only what lies below it, detectors never use each other,
//! only the command line prints, only `main` ends the process, only one file knows how
//! progress is drawn. Read from the sources, so that a violation is named by file and line.
//!
//! Code below `#[cfg(test)]`, in `tests.rs` and in `tests/` is free: a test may reach across.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Each layer with what it may use, itself aside.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("stats", &[]),
    ("config", &["model"]),
    ("text", &["model", "stats", "config"]),
    ("patterns", &["model", "config", "text"]),
    ("load", &["model", "config"]),
    ("digest", &["model", "config", "text", "patterns"]),
    ("detect", &["model", "config", "stats", "text", "digest"]),
    ("fuse", &["model", "config", "stats", "digest", "detect"]),
    ("label", &["model", "config", "text", "digest", "fuse"]),
    ("suppress", &["model"]),
    ("compare", &["model", "stats"]),
    ("watch", &["model", "stats", "digest", "detect", "fuse"]),
    ("report", &["model", "config", "text"]),
    (
        "explain",
        &["model", "config", "digest", "detect", "report"],
    ),
    ("simulate", &["model", "config", "stats", "load", "report"]),
    ("evaluate", &["model", "config", "stats", "load", "report"]),
    (
        "pipeline",
        &[
            "model", "config", "stats", "text", "patterns", "load", "digest", "detect", "fuse",
            "label", "suppress", "compare", "watch", "report", "explain",
        ],
    ),
    (
        "suite",
        &[
            "model", "config", "stats", "simulate", "evaluate", "pipeline",
        ],
    ),
    (
        "trial",
        &[
            "model", "config", "stats", "detect", "report", "evaluate", "pipeline",
        ],
    ),
    (
        "cli",
        &[
            "model", "config", "stats", "text", "patterns", "load", "digest", "detect", "fuse",
            "label", "suppress", "compare", "report", "explain", "simulate", "evaluate",
            "pipeline", "suite", "trial",
        ],
    ),
    ("main", &["cli"]),
    // The crate's root declares the layers and may name any of them.
    (
        "lib",
        &[
            "model", "config", "stats", "text", "patterns", "load", "digest", "detect", "fuse",
            "label", "suppress", "compare", "report", "explain", "simulate", "evaluate",
            "pipeline", "suite", "cli",
        ],
    ),
];

/// What only one place may say: the words, and the start of the paths that may say them.
const RESERVED: &[(&[&str], &str, &str)] = &[
    (
        &[
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "dbg!",
            "io::stdout",
            "io::stderr",
            "stdout()",
            "stderr()",
        ],
        "cli/",
        "only the command line prints",
    ),
    (
        &["process::exit", "process::abort", "ExitCode", "exit("],
        "main.rs",
        "only `main` ends the process",
    ),
    (
        &["indicatif"],
        "cli/progress.rs",
        "only cli/progress.rs knows how progress is drawn",
    ),
];

/// One source file: its path below `src/` and its code without comments and tests.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            code: code_of(text),
        }
    }

    /// `load` of `load/csv.rs` and of `load.rs`.
    fn layer(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// The modules around the file's content: `load`, `csv` of `load/csv.rs`.
    fn modules(&self) -> Vec<&str> {
        self.path
            .trim_end_matches(".rs")
            .split('/')
            .filter(|part| *part != "mod")
            .collect()
    }

    fn line_of(&self, position: usize) -> usize {
        self.code[..position].matches('\n').count() + 1
    }
}

/// The text with comments blanked out, up to the tests at its end. Line numbers stay.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        // `//` inside a string ends the line early as well: what is lost is text.
        code.push_str(line.split("//").next().unwrap());
        code.push('\n');
    }
    code
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The paths that follow each `prefix` (`crate::`), with the position of the prefix.
/// `crate::{load::csv, detect}` gives `load::csv` and `detect`.
fn paths_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (position, _) in code.match_indices(prefix) {
        if code[..position].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let rest = &code[position + prefix.len()..];
        for path in expand(rest) {
            found.push((position, path));
        }
    }
    found
}

/// The paths that stand at the start of `text`: one, or the parts of a group in braces.
fn expand(text: &str) -> Vec<String> {
    let Some(group) = text.strip_prefix('{') else {
        let path: String = text
            .chars()
            .take_while(|letter| is_name(*letter) || *letter == ':')
            .collect();
        let after = &text[path.len()..];
        if after.starts_with('{') {
            return expand(after)
                .into_iter()
                .map(|inner| format!("{path}{inner}"))
                .collect();
        }
        return vec![path.trim_end_matches(':').to_owned()];
    };
    let mut depth = 1;
    let mut part = String::new();
    let mut parts = Vec::new();
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && letter == ',') {
            parts.push(std::mem::take(&mut part));
            if depth == 0 {
                break;
            }
        } else if !letter.is_whitespace() {
            part.push(letter);
        }
    }
    parts
        .iter()
        .filter(|part| !part.is_empty())
        .flat_map(|part| expand(part))
        .collect()
}

/// Every path into this crate that a file uses, from the crate's root.
fn references(source: &Source) -> Vec<(usize, String)> {
    let mut found = paths_after(&source.code, "crate::");
    if source.layer() == "main" {
        found.extend(paths_after(&source.code, "stillhunt::"));
    }
    let modules = source.modules();
    for (position, path) in paths_after(&source.code, "super::") {
        // `super::super::x` is also met at its second `super::`; the first is enough.
        if source.code[..position].ends_with("super::") {
            continue;
        }
        let parts: Vec<&str> = path.split("::").collect();
        let further = parts.iter().take_while(|part| **part == "super").count();
        let kept = modules.len().saturating_sub(1 + further);
        let absolute: Vec<&str> = modules[..kept]
            .iter()
            .copied()
            .chain(parts[further..].iter().copied())
            .collect();
        found.push((position, absolute.join("::")));
    }
    found.sort();
    found
}

/// The module of each detector (`detect::network::shared_payment`), by its file.
fn detectors(sources: &[Source]) -> BTreeMap<String, String> {
    sources
        .iter()
        .filter(|source| source.layer() == "detect" && source.code.contains("Detector for "))
        .map(|source| (source.path.clone(), source.modules().join("::")))
        .collect()
}

/// Every violation as `file:line: what`.
fn violations(sources: &[Source]) -> Vec<String> {
    let rules: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let detectors = detectors(sources);
    let mut found = Vec::new();
    for source in sources {
        let layer = source.layer();
        let Some(allowed) = rules.get(layer) else {
            found.push(format!(
                "src/{}:1: `{layer}` has no place in the layer rule",
                source.path
            ));
            continue;
        };
        for (position, path) in references(source) {
            let line = source.line_of(position);
            let target = path.split("::").next().unwrap();
            if rules.contains_key(target) && target != layer && !allowed.contains(&target) {
                found.push(format!(
                    "src/{}:{line}: `{layer}` must not use `{target}`",
                    source.path
                ));
            }
            if let Some(own) = detectors.get(&source.path) {
                let sibling = detectors.values().find(|module| {
                    *module != own && (path == **module || path.starts_with(&format!("{module}::")))
                });
                if let Some(sibling) = sibling {
                    found.push(format!(
                        "src/{}:{line}: a detector must not use another one (`{sibling}`)",
                        source.path
                    ));
                }
            }
        }
        for (words, place, rule) in RESERVED {
            if source.path.starts_with(place) {
                continue;
            }
            for word in *words {
                for (position, _) in source.code.match_indices(word) {
                    let before = source.code[..position].chars().next_back();
                    // `.exit(` is a method, `process::exit(` is met under its full name.
                    let other = *word == "exit(" && matches!(before, Some('.' | ':'));
                    if before.is_some_and(is_name) || other {
                        continue;
                    }
                    let line = source.line_of(position);
                    found.push(format!("src/{}:{line}: `{word}`: {rule}", source.path));
                }
            }
        }
    }
    found.sort();
    found
}

fn read_sources(folder: &Path, prefix: &str, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "tests" || name == "tests.rs" {
            continue;
        }
        if path.is_dir() {
            read_sources(&path, &format!("{prefix}{name}/"), sources);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            sources.push(Source::new(&format!("{prefix}{name}"), &text));
        }
    }
}

#[test]
fn the_sources_keep_the_layer_rule() {
    let mut sources = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read_sources(&folder, "", &mut sources);
    assert!(sources.len() > 20, "only {} files read", sources.len());
    let used = sources
        .iter()
        .map(|source| references(source).len())
        .sum::<usize>();
    assert!(used > 50, "only {used} references seen");
    let found = violations(&sources);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn main_is_short() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs");
    assert!(fs::read_to_string(path).unwrap().lines().count() <= 40);
}

fn found_in(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::new(path, text))
        .collect();
    violations(&sources)
}

#[test]
fn a_use_of_a_higher_layer_is_named_by_file_and_line() {
    assert_eq!(
        found_in(&[(
            "load/csv.rs",
            "//! Text.\n\nuse crate::model::batch;\nuse crate::detect::Detector;\n"
        )]),
        ["src/load/csv.rs:4: `load` must not use `detect`"]
    );
    assert_eq!(
        found_in(&[(
            "model/case.rs",
            "fn f() -> crate::config::Config { todo() }\n"
        )]),
        ["src/model/case.rs:1: `model` must not use `config`"]
    );
    assert_eq!(
        found_in(&[(
            "report.rs",
            "use crate::{\n    model::{case, finding},\n    fuse::graph,\n};\n"
        )]),
        ["src/report.rs:1: `report` must not use `fuse`"]
    );
    assert_eq!(
        found_in(&[("load/mod.rs", "use super::digest::Digest;\n")]),
        ["src/load/mod.rs:1: `load` must not use `digest`"]
    );
    assert_eq!(
        found_in(&[("load/csv.rs", "use super::super::digest::Digest;\n")]),
        ["src/load/csv.rs:1: `load` must not use `digest`"]
    );
    assert_eq!(
        found_in(&[("helpers/mod.rs", "")]),
        ["src/helpers/mod.rs:1: `helpers` has no place in the layer rule"]
    );
}

#[test]
fn what_is_allowed_is_not_named() {
    let files = [
        (
            "load/csv.rs",
            "use super::records::Records;\nuse crate::load::rejects;\n",
        ),
        (
            "stats/binomial.rs",
            "/// See [`crate::detect::Detector`].\nfn f() {} // crate::cli\n",
        ),
        (
            "digest/mod.rs",
            "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::load::open;\n}\n",
        ),
        (
            "fuse/mod.rs",
            "use crate::detect::Outcome;\nuse my_crate::cli::x;\n",
        ),
        (
            "main.rs",
            "use std::process::ExitCode;\nfn main() { stillhunt::cli::run(); }\n",
        ),
    ];
    assert_eq!(found_in(&files), [""; 0]);
}

#[test]
fn a_detector_that_uses_a_sibling_is_named() {
    let payment = (
        "detect/network/shared_payment.rs",
        "impl Detector for SharedPayment {}\n",
    );
    let by_name = (
        "detect/timing/dispatch.rs",
        "use crate::detect::{Detector, network::shared_payment};\nimpl Detector for Dispatch {}\n",
    );
    let by_super = (
        "detect/network/key_sharing.rs",
        "impl Detector for KeySharing {}\nfn f() { super::shared_payment::weight(); }\n",
    );
    let sibling = "a detector must not use another one (`detect::network::shared_payment`)";
    assert_eq!(
        found_in(&[payment, by_name, by_super]),
        [
            format!("src/detect/network/key_sharing.rs:2: {sibling}"),
            format!("src/detect/timing/dispatch.rs:1: {sibling}"),
        ]
    );
    let registry = (
        "detect/registry.rs",
        "use crate::detect::network::shared_payment;\n",
    );
    let hub = ("detect/network/hub.rs", "pub fn test() {}\n");
    let user = (
        "detect/network/key_sharing.rs",
        "use crate::detect::network::hub;\nimpl Detector for KeySharing {}\n",
    );
    assert_eq!(found_in(&[payment, registry, hub, user]), [""; 0]);
}

#[test]
fn printing_exiting_and_drawing_have_one_place_each() {
    assert_eq!(
        found_in(&[
            (
                "fuse/mod.rs",
                "fn f() {\n    println!(\"x\");\n    std::process::exit(1);\n}\n"
            ),
            (
                "cli/scan.rs",
                "use indicatif::ProgressBar;\nfn f() { println!(\"allowed\"); }\n"
            ),
        ]),
        [
            "src/cli/scan.rs:1: `indicatif`: only cli/progress.rs knows how progress is drawn",
            "src/fuse/mod.rs:2: `println!`: only the command line prints",
            "src/fuse/mod.rs:3: `process::exit`: only `main` ends the process",
        ]
    );
}
