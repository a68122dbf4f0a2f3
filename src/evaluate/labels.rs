//! What the labels of other tools' tables mean: a name, no campaign, an answer.

/// What stands for "none" in tables of other tools: a missing value as data frames write it, and
/// the point of no cluster of scikit-learn's DBSCAN and HDBSCAN, as an integer and as a float.
const NONE: [&str; 8] = ["nan", "none", "null", "na", "n/a", "<na>", "(none)", "#n/a"];

/// What stands for "no campaign" where a column answers a question instead of giving a name.
pub const INNOCENT: [&str; 18] = [
    "false",
    "no",
    "f",
    "n",
    "innocent",
    "benign",
    "cover",
    "legitimate",
    "legit",
    "noise",
    "no_campaign",
    "no campaign",
    "normal",
    "negative",
    "clean",
    "genuine",
    "organic",
    "-",
];

/// What stands for "yes" in such a column.
const GUILTY: [&str; 5] = ["true", "yes", "t", "y", "campaign"];

/// The name of a group, unless it stands for none.
pub(crate) fn group<'a>(value: &Option<&'a str>) -> Option<&'a str> {
    value
        .map(str::trim)
        .filter(|text| !text.is_empty() && !NONE.iter().any(|none| text.eq_ignore_ascii_case(none)))
        .filter(|text| number(text) != Some(-1.0))
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// Whether a text is one of these words, in either case.
pub(crate) fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The name of a campaign or cluster, unless a word says that there is none.
pub(crate) fn campaign<'a>(value: &Option<&'a str>) -> Option<&'a str> {
    group(value).filter(|text| !is_one_of(text, &INNOCENT))
}

/// Whether the labels of a whole column are the answers 0 and 1, so that 0 is no name: in a
/// column of more numbers it is the first cluster, as clustering libraries count.
pub(crate) fn are_answers<'a>(labels: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = false;
    for label in labels {
        if !is_zero(label) && !is_one(label) {
            return false;
        }
        seen = true;
    }
    seen
}

/// Whether a label is the answer 1.
fn is_one(label: &str) -> bool {
    number(label).is_some_and(|value| (value - 1.0).abs() < f64::EPSILON)
}

/// Whether a label is the answer 0.
pub(crate) fn is_zero(label: &str) -> bool {
    number(label) == Some(0.0)
}

/// Whether a request is of the campaign's sub-stream: by an answer, or by the name of one.
/// `None` for a value that is neither (a single letter, say).
pub(crate) fn is_substream(text: &str) -> Option<bool> {
    let Some(text) = campaign(&Some(text)) else {
        return Some(false);
    };
    if is_zero(text) {
        return Some(false);
    }
    if is_one(text) || is_one_of(text, &GUILTY) {
        return Some(true);
    }
    (text.chars().count() > 1).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_cluster_unless_the_column_answers_a_question() {
        assert!(are_answers(["0", "1", "1.0"].into_iter()));
        assert!(!are_answers(["0", "1", "2"].into_iter()));
        assert!(!are_answers(["0", "a"].into_iter()));
        assert!(!are_answers(std::iter::empty()));
        assert_eq!(campaign(&Some("False")), None);
        assert_eq!(campaign(&Some("0")), Some("0"));
    }

    #[test]
    fn a_sub_stream_is_named_or_answered() {
        for yes in ["true", "1", "T", "y", "campaign", "work", "1.0"] {
            assert_eq!(is_substream(yes), Some(true), "{yes}");
        }
        for no in ["false", "0", "F", "n", "cover", "", "nan"] {
            assert_eq!(is_substream(no), Some(false), "{no}");
        }
        assert_eq!(is_substream("q"), None);
    }
}
