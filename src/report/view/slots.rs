//! What the excerpts of a template have in common, and where they differ: the slots.
//!
//! The case holds a few excerpts, not the template itself; what is marked here follows from
//! the excerpts alone and can be checked by eye. Words that all excerpts share in the same
//! order are fixed text (longest common subsequence, excerpt after excerpt); what stands
//! between them is a slot.

use serde::Serialize;

/// Words of an excerpt that are compared; the comparison takes their square.
const WORDS_COMPARED: usize = 400;
/// Fixed text is at least so many words in a row: a lone `the` in two texts says nothing.
const RUN_WORDS: usize = 2;
/// Fewer fixed words than this in all, and the excerpts have no common form to show.
const FIXED_WORDS: usize = 3;

/// A stretch of an excerpt.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// Number of the slot, from one; none for fixed text.
    pub(crate) slot: Option<usize>,
}

/// The excerpts of a template, cut into pieces.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Excerpts {
    /// The common form: fixed text and numbered slots. Empty where none is known.
    pub(crate) form: Vec<Piece>,
    /// Each excerpt.
    pub(crate) excerpts: Vec<Vec<Piece>>,
}

/// Cuts excerpts into fixed text and slots.
pub(crate) fn excerpts(texts: &[String]) -> Excerpts {
    let words: Vec<Vec<&str>> = texts.iter().map(|text| words(text)).collect();
    let Some(runs) = common_runs(&words) else {
        return Excerpts {
            form: Vec::new(),
            excerpts: texts.iter().map(|text| vec![fixed(text)]).collect(),
        };
    };
    let excerpts = texts
        .iter()
        .zip(&words)
        .enumerate()
        .map(|(index, (text, words))| pieces(text, words, &runs, index))
        .collect();
    Excerpts {
        form: form(&words, &runs),
        excerpts,
    }
}

fn fixed(text: &str) -> Piece {
    Piece {
        text: text.to_owned(),
        slot: None,
    }
}

/// Words with the blanks that follow them, so that the pieces give the text again.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace)
        .take(WORDS_COMPARED)
        .collect()
}

/// A run of fixed words: its length and its start in every excerpt.
struct Run {
    starts: Vec<usize>,
    length: usize,
}

/// `None` where there are fewer than two texts, nothing differs, or too little agrees.
fn common_runs(words: &[Vec<&str>]) -> Option<Vec<Run>> {
    let (first, rest) = words.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let trimmed: Vec<Vec<&str>> = words
        .iter()
        .map(|words| words.iter().map(|word| word.trim_end()).collect())
        .collect();
    let mut common: Vec<&str> = trimmed.first()?.clone();
    for other in trimmed.iter().skip(1) {
        common = subsequence(&common, other);
    }
    let places: Vec<Vec<usize>> = trimmed.iter().map(|words| embed(&common, words)).collect();
    let runs = runs(&places, common.len());
    let fixed: usize = runs.iter().map(|run| run.length).sum();
    let all_fixed = words.iter().all(|words| words.len() == fixed) && first.len() == fixed;
    (fixed >= FIXED_WORDS && !all_fixed).then_some(runs)
}

/// Longest common subsequence.
fn subsequence<'a>(left: &[&'a str], right: &[&str]) -> Vec<&'a str> {
    let width = right.len() + 1;
    let mut lengths = vec![0_u16; (left.len() + 1) * width];
    let at = |lengths: &[u16], i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or(0);
    for (i, word) in left.iter().enumerate().rev() {
        for (j, other) in right.iter().enumerate().rev() {
            let length = if word == other {
                at(&lengths, i + 1, j + 1).saturating_add(1)
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(i * width + j) {
                *cell = length;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut common = Vec::new();
    while let (Some(word), Some(other)) = (left.get(i), right.get(j)) {
        if word == other {
            common.push(*word);
            i += 1;
            j += 1;
        } else if at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}

/// Where each common word stands in a text that holds them all in this order. Searched from
/// the left; then each word moves right up to its successor where they can stand side by side.
fn embed(common: &[&str], words: &[&str]) -> Vec<usize> {
    let mut places = Vec::with_capacity(common.len());
    let mut from = 0;
    for word in common {
        let found = words.iter().skip(from).position(|other| other == word);
        let place = from + found.unwrap_or(0);
        places.push(place);
        from = place + 1;
    }
    for index in (1..places.len()).rev() {
        let next = places.get(index).copied().unwrap_or(0);
        let beside = next.checked_sub(1);
        if let Some(beside) = beside.filter(|beside| words.get(*beside) == common.get(index - 1))
            && let Some(place) = places.get_mut(index - 1)
            && *place <= beside
        {
            *place = beside;
        }
    }
    places
}

/// Common words that stand side by side in every text, as runs long enough to count.
fn runs(places: &[Vec<usize>], common: usize) -> Vec<Run> {
    let place = |text: &Vec<usize>, index: usize| text.get(index).copied().unwrap_or(0);
    let beside = |index: usize| {
        places
            .iter()
            .all(|text| place(text, index) == place(text, index - 1) + 1)
    };
    let mut runs: Vec<Run> = Vec::new();
    for index in 0..common {
        match runs.last_mut() {
            Some(run) if index > 0 && beside(index) => run.length += 1,
            _ => runs.push(Run {
                starts: places.iter().map(|text| place(text, index)).collect(),
                length: 1,
            }),
        }
    }
    runs.retain(|run| run.length >= RUN_WORDS);
    runs
}

/// One excerpt in pieces: what stands before, between and after the runs are slots.
fn pieces(text: &str, words: &[&str], runs: &[Run], index: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut slot = 0;
    let mut push = |from: usize, to: usize, slot: Option<usize>| {
        let text: String = words.iter().take(to).skip(from).copied().collect();
        if !text.is_empty() {
            pieces.push(Piece { text, slot });
        }
    };
    for (position, run) in runs.iter().enumerate() {
        let start = run.starts.get(index).copied().unwrap_or(done).max(done);
        if opens_slot(runs, position) {
            slot += 1;
        }
        push(done, start, Some(slot.max(1)));
        done = start + run.length;
        push(start, done, None);
    }
    push(done, words.len(), Some(slot + 1));
    // words beyond those compared
    let compared: usize = words.iter().map(|word| word.len()).sum();
    if let Some(rest) = text.get(compared..).filter(|rest| !rest.is_empty()) {
        pieces.push(Piece {
            text: rest.to_owned(),
            slot: Some(slot + 1),
        });
    }
    pieces
}

/// Whether a slot stands before this run: always between two runs, before the first one only
/// where some text has words there.
fn opens_slot(runs: &[Run], position: usize) -> bool {
    position > 0
        || runs
            .first()
            .is_some_and(|run| run.starts.iter().any(|start| *start > 0))
}

fn form(words: &[Vec<&str>], runs: &[Run]) -> Vec<Piece> {
    let mut form = Vec::new();
    let mut slot = 0;
    let first = words.first().map(Vec::as_slice).unwrap_or_default();
    let mut gap = |form: &mut Vec<Piece>| {
        slot += 1;
        form.push(Piece {
            text: String::new(),
            slot: Some(slot),
        });
    };
    for (position, run) in runs.iter().enumerate() {
        if opens_slot(runs, position) {
            gap(&mut form);
        }
        let start = run.starts.first().copied().unwrap_or(0);
        let text: String = first.iter().skip(start).take(run.length).copied().collect();
        form.push(fixed(text.trim_end()));
    }
    let after = words.iter().enumerate().any(|(index, words)| {
        runs.last().is_some_and(|run| {
            run.starts.get(index).copied().unwrap_or(0) + run.length < words.len()
        })
    });
    if after {
        gap(&mut form);
    }
    form
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| match piece.slot {
                Some(slot) => format!("<{slot}:{}>", piece.text),
                None => piece.text.clone(),
            })
            .collect()
    }

    fn cut(texts: &[&str]) -> Excerpts {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        excerpts(&texts)
    }

    #[test]
    fn words_that_differ_are_slots_with_the_same_number() {
        let cut = cut(&[
            "You are a strict grader of maths. Score the answer: 4",
            "You are a strict grader of law. Score the answer: yes it is",
        ]);
        assert_eq!(
            shown(&cut.form),
            "You are a strict grader of<1:>Score the answer:<2:>"
        );
        assert_eq!(
            shown(&cut.excerpts[0]),
            "You are a strict grader of <1:maths. >Score the answer: <2:4>"
        );
        assert_eq!(
            shown(&cut.excerpts[1]),
            "You are a strict grader of <1:law. >Score the answer: <2:yes it is>"
        );
    }

    #[test]
    fn a_slot_may_be_empty_or_come_first() {
        let cut = cut(&["Please write the answer now", "write the answer now"]);
        assert_eq!(shown(&cut.form), "<1:>write the answer now");
        assert_eq!(shown(&cut.excerpts[1]), "write the answer now");
    }

    #[test]
    fn nothing_is_marked_where_nothing_can_be_known() {
        for texts in [
            &["only one text here"][..],
            &["the same text twice", "the same text twice"],
            &["a lone word agrees", "but word order none"],
            &["", ""],
            &[],
        ] {
            let cut = cut(texts);
            assert!(cut.form.is_empty(), "{texts:?}");
            let back: Vec<String> = cut.excerpts.iter().map(|pieces| shown(pieces)).collect();
            assert_eq!(back, texts);
        }
    }

    proptest! {
        #[test]
        fn pieces_give_the_text_again(texts in prop::collection::vec("[ab c\u{e9}\n]{0,40}", 0..5)) {
            let cut = excerpts(&texts);
            let back: Vec<String> = cut
                .excerpts
                .iter()
                .map(|pieces| pieces.iter().map(|piece| piece.text.as_str()).collect())
                .collect();
            prop_assert_eq!(back, texts);
        }
    }

    #[test]
    fn long_texts_are_compared_in_part_and_kept_whole() {
        let long = "word ".repeat(5_000);
        let other = format!("{long}end");
        let cut = excerpts(&[long.clone(), other.clone()]);
        let back: String = cut.excerpts[1]
            .iter()
            .map(|piece| piece.text.as_str())
            .collect();
        assert_eq!(back, other);
    }
}
