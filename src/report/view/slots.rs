//! What the excerpts of a template have in common, and where they differ: the slots.
//!
//! The case holds a few excerpts, not the template itself; what is marked here follows from
//! the excerpts alone and can be checked by eye. The excerpt that is most like all others is
//! laid beside each of them (longest common subsequence of words); its words that most of them
//! share, several in a row, are fixed text, and what stands between is a slot.

use serde::Serialize;

/// Words of an excerpt that are compared; the comparison takes their square.
const WORDS_COMPARED: usize = 200;
/// Fixed text is at least so many words in a row: a lone `the` in two texts says nothing.
const RUN_WORDS: usize = 2;
/// Fewer fixed words than this in all, and the excerpts have no common form to show.
const FIXED_WORDS: usize = 3;
/// Stands for a line break in excerpts.
const LINE_BREAK: char = '\u{23ce}';

/// A stretch of text.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// Whether it differs from excerpt to excerpt.
    pub(crate) slot: bool,
}

/// The excerpts of a template, cut into pieces.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Excerpts {
    /// The common form: fixed text, and slots without text. Empty where none is known.
    pub(crate) form: Vec<Piece>,
    /// Each excerpt.
    pub(crate) excerpts: Vec<Vec<Piece>>,
}

/// Cuts excerpts into fixed text and slots.
pub(crate) fn excerpts(texts: &[String]) -> Excerpts {
    let words: Vec<Vec<&str>> = texts.iter().map(|text| words(text)).collect();
    let fixed = fixed_words(&words);
    let form = fixed
        .as_ref()
        .map(|(reference, fixed)| form(reference, fixed.first().map_or(&[][..], Vec::as_slice)))
        .unwrap_or_default();
    let marks = fixed.map(|(_, marks)| marks).unwrap_or_default();
    let excerpts = texts
        .iter()
        .zip(&words)
        .enumerate()
        .map(|(index, (text, words))| match marks.get(index + 1) {
            Some(fixed) => pieces(text, words, fixed),
            None => vec![Piece {
                text: text.clone(),
                slot: false,
            }],
        })
        .collect();
    Excerpts { form, excerpts }
}

fn is_break(character: char) -> bool {
    character.is_whitespace() || character == LINE_BREAK
}

/// Words with the blank or break that follows them, so that the pieces give the text again.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(is_break)
        .take(WORDS_COMPARED)
        .collect()
}

/// The excerpt that stands for the template, and which words are fixed: first of the reference
/// itself, then of every excerpt. `None` where nothing can be known.
fn fixed_words<'a>(words: &[Vec<&'a str>]) -> Option<(Vec<&'a str>, Vec<Vec<bool>>)> {
    let bare: Vec<Vec<&'a str>> = words
        .iter()
        .map(|words| {
            let bare = words.iter().map(|word| word.trim_end_matches(is_break));
            bare.collect()
        })
        .collect();
    let likeness =
        |one: &Vec<&str>| -> usize { bare.iter().map(|other| align(one, other).len()).sum() };
    // of equals the first
    let (center, reference) = bare
        .iter()
        .enumerate()
        .filter(|_| bare.len() > 1)
        .max_by_key(|(index, one)| (likeness(one), std::cmp::Reverse(*index)))?;
    let alignments: Vec<Vec<(usize, usize)>> =
        bare.iter().map(|other| align(reference, other)).collect();
    let mut shared_by = vec![0_usize; reference.len()];
    for (place, _) in alignments.iter().flatten() {
        if let Some(count) = shared_by.get_mut(*place) {
            *count += 1;
        }
    }
    let mut fixed: Vec<bool> = shared_by
        .iter()
        .map(|count| count * 2 > bare.len())
        .collect();
    drop_short_runs(&mut fixed);
    // a line break alone is a word without letters, and no form by itself
    let spoken = fixed.iter().zip(reference);
    if spoken
        .filter(|(fixed, word)| **fixed && !word.is_empty())
        .count()
        < FIXED_WORDS
    {
        return None;
    }
    let marks: Vec<Vec<bool>> = alignments
        .iter()
        .zip(&bare)
        .map(|(alignment, words)| {
            let mut marks = vec![false; words.len()];
            for (place, other) in alignment {
                if fixed.get(*place) == Some(&true)
                    && let Some(mark) = marks.get_mut(*other)
                {
                    *mark = true;
                }
            }
            marks
        })
        .collect();
    let differs = marks.iter().flatten().any(|fixed| !fixed);
    let reference = words.get(center)?.clone();
    let all = std::iter::once(fixed).chain(marks).collect();
    differs.then_some((reference, all))
}

fn drop_short_runs(fixed: &mut [bool]) {
    for run in fixed.chunk_by_mut(|a, b| a == b) {
        if run.len() < RUN_WORDS {
            run.fill(false);
        }
    }
}

/// Pairs of places at which two texts have the same word: their longest common subsequence.
fn align(left: &[&str], right: &[&str]) -> Vec<(usize, usize)> {
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
    let mut pairs = Vec::new();
    while let (Some(word), Some(other)) = (left.get(i), right.get(j)) {
        if word == other {
            pairs.push((i, j));
            i += 1;
            j += 1;
        } else if at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Words of one kind in a row become one piece; what was not compared counts as a slot.
fn pieces(text: &str, words: &[&str], fixed: &[bool]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &str, slot: bool| match pieces.last_mut() {
        Some(piece) if piece.slot == slot => piece.text.push_str(text),
        _ => pieces.push(Piece {
            text: text.to_owned(),
            slot,
        }),
    };
    for (word, fixed) in words.iter().zip(fixed) {
        push(word, !fixed);
    }
    let compared: usize = words.iter().map(|word| word.len()).sum();
    if let Some(rest) = text.get(compared..).filter(|rest| !rest.is_empty()) {
        push(rest, true);
    }
    pieces
}

/// The fixed text of the reference, with an empty piece for each slot.
fn form(reference: &[&str], fixed: &[bool]) -> Vec<Piece> {
    let text: String = reference.concat();
    pieces(&text, reference, fixed)
        .into_iter()
        .map(|piece| Piece {
            text: if piece.slot {
                String::new()
            } else {
                piece.text.trim_end_matches(is_break).to_owned()
            },
            slot: piece.slot,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| {
                if piece.slot {
                    format!("<{}>", piece.text)
                } else {
                    piece.text.clone()
                }
            })
            .collect()
    }

    fn cut(texts: &[&str]) -> Excerpts {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        excerpts(&texts)
    }

    #[test]
    fn words_that_differ_are_slots() {
        let cut = cut(&[
            "You are a strict grader of maths.\u{23ce}Score the answer: 4",
            "You are a strict grader of law.\u{23ce}Score the answer: yes it is",
        ]);
        assert_eq!(
            shown(&cut.form),
            "You are a strict grader of<>Score the answer:<>"
        );
        assert_eq!(
            shown(&cut.excerpts[0]),
            "You are a strict grader of <maths.\u{23ce}>Score the answer: <4>"
        );
        assert_eq!(
            shown(&cut.excerpts[1]),
            "You are a strict grader of <law.\u{23ce}>Score the answer: <yes it is>"
        );
    }

    #[test]
    fn one_garbled_copy_does_not_hide_the_form() {
        let cut = cut(&[
            "score the first text with care",
            "score the second text with care",
            "scre teh third text wiht care",
        ]);
        assert_eq!(shown(&cut.form), "score the<>text with care");
        assert_eq!(shown(&cut.excerpts[2]), "<scre teh third >text <wiht >care");
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
        fn pieces_give_the_text_again(texts in prop::collection::vec("[ab c\u{e9}\u{23ce}\n]{0,40}", 0..5)) {
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
