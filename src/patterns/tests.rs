//! What the check of a pack says, and where.

use crate::patterns::check::parse;

const HEADER: &str = "[pack]\nformat = 1\nname = \"mine\"\nversion = \"1\"\n";

fn rule(id: &str, more: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\ncapability = \"grading\"\nbits = 2\nsource = \"seen\"\n\
         look_alikes = [\"teachers\"]\nany = [\"Fair  Judge\"]\npositive = [\"a fair\\njudge\"]\n\
         negative = [\"a fair\"]\n{more}"
    )
}

fn problems(text: &str) -> Vec<(usize, String)> {
    match parse(text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|problem| (problem.line, problem.message))
            .collect(),
    }
}

fn only(text: &str) -> (usize, String) {
    let mut found = problems(text);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_sound_pack_is_read_with_its_hash() {
    let text = format!("{HEADER}{}", rule("mine/judge", ""));
    let pack = parse(&text).unwrap();
    assert_eq!((pack.name.as_str(), pack.version.as_str()), ("mine", "1"));
    assert_eq!(pack.sha256.len(), 64);
    assert_eq!(pack.rules[0].any, ["fair judge"]);
    assert_eq!(pack.rules[0].line, 6);
}

#[test]
fn unknown_keys_missing_keys_and_broken_files_are_named_by_line() {
    let text = format!("{HEADER}{}", rule("mine/judge", "weight = 3\n"));
    let (line, message) = only(&text);
    assert_eq!(line, 14);
    assert!(message.contains("unknown field `weight`"), "{message}");
    let (line, message) = only(&format!("{HEADER}[[rule]]\nid = \"a/b\"\n"));
    assert!(
        line >= 5 && message.contains("missing field"),
        "{line} {message}"
    );
    assert_eq!(only("[pack\n").0, 1);
    assert!(only(&format!("{HEADER}x = [1, \n\n")).0 >= 5);
    assert!(only("").1.contains("missing field `pack`"));
}

#[test]
fn regular_expressions_that_do_not_compile_or_are_too_large_are_refused() {
    for (regex, what) in [
        ("(", "not valid"),
        ("(?=look)", "not valid"),
        (r"(a)\\1", "not valid"),
        ("((a{1,200}){1,200}){1,200}", "too large"),
        ("a*", "empty text"),
    ] {
        let more = format!("regex = \"{regex}\"\n");
        let (line, message) = only(&format!("{HEADER}{}", rule("mine/judge", &more)));
        assert_eq!(line, 14, "{regex}");
        assert!(message.contains(what), "{regex}: {message}");
        assert!(!message.contains('\n'));
    }
    let long = format!("regex = \"{}\"\n", "ab?".repeat(500));
    assert!(
        only(&format!("{HEADER}{}", rule("mine/judge", &long)))
            .1
            .contains("1500 bytes")
    );
}

#[test]
fn a_regex_that_backtracking_engines_choke_on_runs_in_linear_time() {
    let more = "regex = \"(a+)+b|(x|x)*y\"\n";
    let text = format!("{HEADER}{}", rule("mine/judge", more))
        .replace("a fair\\njudge", "fair judge aab")
        .replace("negative = [\"a fair\"]", "negative = [\"fair judge aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]");
    assert_eq!(problems(&text), []);
}

#[test]
fn failing_examples_duplicates_and_bad_values_are_all_listed() {
    let text = format!(
        "{HEADER}{}{}",
        rule("mine/judge", ""),
        rule("mine/judge", "")
    );
    assert_eq!(
        only(&text),
        (15, "rule `mine/judge` stands already in line 6".to_owned())
    );
    let text = format!("{HEADER}{}", rule("mine/judge", ""))
        .replace(
            "[\"a fair\\njudge\"]",
            "[\n  \"fair judge\",\n  \"unfair judge\"]",
        )
        .replace("[\"a fair\"]", "[\"The FAIR judge\"]");
    let found = problems(&text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].0, 14);
    assert!(
        found[0]
            .1
            .contains("does not match its positive example \"unfair judge\"")
    );
    assert_eq!(found[1].0, 15);
    assert!(found[1].1.contains("matches its negative example"));
    let text = format!(
        "{HEADER}{}",
        rule("judge", "role = \"tool\"\nalso = [\"ab\"]\n")
    )
    .replace("bits = 2", "bits = 30")
    .replace("\"grading\"", "\"grading \\u001b[2J\"")
    .replace("[\"teachers\"]", "[]");
    let lines: Vec<usize> = problems(&text).iter().map(|problem| problem.0).collect();
    assert_eq!(lines, [6, 7, 8, 10, 14, 15]);
}

#[test]
fn no_cut_of_a_pack_makes_the_check_panic() {
    let text = format!("{HEADER}{}", rule("mine/judge", "regex = 'ju.ge'\n"));
    for end in 0..text.len() {
        let _ = parse(text.get(..end).unwrap());
    }
}

#[test]
fn a_pattern_that_names_upper_case_still_matches_texts_in_lower_case() {
    for pattern in [
        "JUDGE",
        r"\\?JUDGE",
        r"\p{Lu}udge",
        "[[:upper:]]udge",
        "[!-_]udge",
        "(?i:JUDGE)",
        r"fair\W+judge",
    ] {
        let found =
            problems(&(HEADER.to_owned() + &rule("mine/a", &format!("regex = '{pattern}'\n"))));
        assert!(found.is_empty(), "{pattern}: {found:?}");
    }
}
