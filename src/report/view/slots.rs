//! Excerpts of a template with its slots marked: what its common text does not hold.

use serde::Serialize;

use crate::text::common::{SLOT, fixed_words, words};

/// A stretch of text.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// Whether it differs from text to text.
    pub(crate) slot: bool,
}

/// The text of a template, cut into pieces.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Excerpts {
    /// The common text: fixed text, and slots without text. Empty where none is known.
    pub(crate) form: Vec<Piece>,
    /// Each excerpt.
    pub(crate) excerpts: Vec<Vec<Piece>>,
}

/// Cuts excerpts into fixed text and slots.
pub(crate) fn excerpts(common: &str, texts: &[String]) -> Excerpts {
    Excerpts {
        form: form(common),
        excerpts: texts.iter().map(|text| pieces(common, text)).collect(),
    }
}

fn form(common: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (place, part) in common.split(SLOT).enumerate() {
        if place > 0 {
            pieces.push(Piece {
                text: String::new(),
                slot: true,
            });
        }
        if !part.trim().is_empty() {
            pieces.push(Piece {
                text: part.trim().to_owned(),
                slot: false,
            });
        }
    }
    pieces
}

/// Words of one kind in a row become one piece; what was not compared counts as a slot.
fn pieces(common: &str, text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &str, slot: bool| match pieces.last_mut() {
        Some(piece) if piece.slot == slot => piece.text.push_str(text),
        _ => pieces.push(Piece {
            text: text.to_owned(),
            slot,
        }),
    };
    if common.is_empty() {
        push(text, false);
        return pieces;
    }
    let words = words(text);
    for (word, fixed) in words.iter().zip(fixed_words(common, &words)) {
        push(word, !fixed);
    }
    let compared: usize = words.iter().map(|word| word.len()).sum();
    if let Some(rest) = text.get(compared..).filter(|rest| !rest.is_empty()) {
        push(rest, true);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::common::common_text;

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
        excerpts(&common_text(&texts), &texts)
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
    fn nothing_is_marked_where_nothing_is_known() {
        for texts in [&["only one text here"][..], &["a lone word", "no"], &[]] {
            let cut = cut(texts);
            assert!(cut.form.is_empty(), "{texts:?}");
            let back: Vec<String> = cut.excerpts.iter().map(|pieces| shown(pieces)).collect();
            assert_eq!(back, texts);
        }
    }

    proptest! {
        #[test]
        fn pieces_give_the_text_again(
            common in "[ab c\u{e9}\u{27e8}]{0,30}",
            texts in prop::collection::vec("[ab c\u{e9}\u{23ce}\n]{0,40}", 0..5),
        ) {
            let cut = excerpts(&common, &texts);
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
        let texts = [long, other.clone()];
        let cut = excerpts(&common_text(&texts), &texts);
        let back: String = cut.excerpts[1]
            .iter()
            .map(|piece| piece.text.as_str())
            .collect();
        assert_eq!(back, other);
    }
}
