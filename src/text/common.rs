//! The text that most of several texts have in common, with the slots between its parts.
//!
//! The text that is most like the others is laid beside each of them (longest common subsequence
//! of words); its words that most of them share, several in a row, are fixed text, and what stands
//! between is a slot. Scripts written without blanks are compared character by character.

use crate::text::words::stands_alone;

/// Stands for a slot in the common text.
pub const SLOT: &str = "\u{27e8}slot\u{27e9}";

/// Words of a text that are compared; the comparison takes their square.
const WORDS_COMPARED: usize = 400;

/// Texts tried as the one that is most like the others.
const REFERENCES: usize = 4;

/// Fixed text weighs at least so much in a row, two for a word and one for a character of a script
/// without blanks: a lone `the` in two texts says nothing, nor do three characters.
const RUN_WEIGHT: usize = 4;

/// Fixed words that weigh less than this in all are no common text.
const FIXED_WEIGHT: usize = 6;

/// Stands for a line break in excerpts.
const LINE_BREAK: char = '\u{23ce}';

/// The common text of `texts`, each slot as [`SLOT`]; empty where there is none: fewer than two
/// texts, or nothing that most of them share.
#[must_use]
pub fn common_text(texts: &[String]) -> String {
    let whole: Vec<Vec<&str>> = texts.iter().map(|text| words(text)).collect();
    let bare: Vec<Vec<&str>> = whole.iter().map(|words| bare(words)).collect();
    let likeness =
        |one: &[&str]| -> usize { bare.iter().map(|other| align(one, other).len()).sum() };
    // Of equals the first.
    let Some((place, reference)) = bare
        .iter()
        .enumerate()
        .take(if bare.len() > 1 { REFERENCES } else { 0 })
        .max_by_key(|(place, one)| (likeness(one), std::cmp::Reverse(*place)))
    else {
        return String::new();
    };
    let mut shared_by = vec![0_usize; reference.len()];
    for other in &bare {
        for (place, _) in align(reference, other) {
            if let Some(count) = shared_by.get_mut(place) {
                *count += 1;
            }
        }
    }
    let mut fixed: Vec<bool> = shared_by
        .iter()
        .map(|count| count * 2 > bare.len())
        .collect();
    keep_long_runs(&mut fixed, reference);
    let spoken = fixed.iter().zip(reference).filter(|(fixed, _)| **fixed);
    if spoken.map(|(_, word)| weight(word)).sum::<usize>() < FIXED_WEIGHT {
        return String::new();
    }
    let ends_cut = texts
        .get(place)
        .is_some_and(|text| text.len() > whole.get(place).map_or(0, |words| words.concat().len()));
    let mut out = String::new();
    let mut in_slot = false;
    let cut = ends_cut.then_some((&"", &false));
    for (word, fixed) in whole
        .get(place)
        .into_iter()
        .flatten()
        .zip(&fixed)
        .chain(cut)
    {
        if *fixed {
            out.push_str(word);
        } else if !in_slot {
            out.truncate(out.trim_end_matches(char::is_whitespace).len());
            out.push_str(if out.is_empty() { "" } else { " " });
            out.push_str(SLOT);
            out.push(' ');
        }
        in_slot = !fixed;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Which words of a text its common text holds, in runs that are long enough; words as
/// [`words`] cuts them.
#[must_use]
pub(crate) fn fixed_words(common: &str, text: &[&str]) -> Vec<bool> {
    let parts: Vec<&str> = common.split(SLOT).flat_map(words).collect();
    let (common, text) = (bare(&parts), bare(text));
    let mut fixed = vec![false; text.len()];
    for (_, place) in align(&common, &text) {
        if let Some(mark) = fixed.get_mut(place) {
            *mark = true;
        }
    }
    keep_long_runs(&mut fixed, &text);
    fixed
}

/// The first words of a text, each with the blank or break that follows it; one word for each
/// character of a script without blanks.
pub(crate) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && words.len() < WORDS_COMPARED {
        let (word, after) = rest.split_at(end_of_word(rest));
        words.push(word);
        rest = after;
    }
    words
}

fn end_of_word(text: &str) -> usize {
    for (place, character) in text.char_indices() {
        let after = place + character.len_utf8();
        if stands_alone(character) {
            return if place == 0 { after } else { place };
        }
        if is_break(character) {
            return after;
        }
    }
    text.len()
}

fn is_break(character: char) -> bool {
    character.is_whitespace() || character == LINE_BREAK
}

fn bare<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words
        .iter()
        .map(|word| word.trim_end_matches(is_break))
        .collect()
}

fn weight(word: &str) -> usize {
    match word.chars().next() {
        None => 0,
        Some(first) if stands_alone(first) => 1,
        Some(_) => 2,
    }
}

fn keep_long_runs(fixed: &mut [bool], words: &[&str]) {
    let mut start = 0;
    for run in fixed.chunk_by_mut(|a, b| a == b) {
        let held = words.get(start..start + run.len()).unwrap_or_default();
        start += run.len();
        if held.iter().map(|word| weight(word)).sum::<usize>() < RUN_WEIGHT {
            run.fill(false);
        }
    }
}

/// Pairs of places at which two texts have the same word: their longest common subsequence.
fn align(left: &[&str], right: &[&str]) -> Vec<(usize, usize)> {
    let same = |(one, other): &(&&str, &&str)| one == other;
    // What both begin and end with needs no comparison of everything with everything.
    let before = left.iter().zip(right).take_while(same).count();
    let (left, right) = (
        left.get(before..).unwrap_or_default(),
        right.get(before..).unwrap_or_default(),
    );
    let after = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(same)
        .count();
    let (left_end, right_end) = (left.len() - after, right.len() - after);
    let mut pairs: Vec<(usize, usize)> = (0..before).map(|place| (place, place)).collect();
    let middle = align_by_table(
        left.get(..left_end).unwrap_or_default(),
        right.get(..right_end).unwrap_or_default(),
    );
    pairs.extend(middle.into_iter().map(|(i, j)| (before + i, before + j)));
    pairs.extend((0..after).map(|place| (before + left_end + place, before + right_end + place)));
    pairs
}

fn align_by_table(left: &[&str], right: &[&str]) -> Vec<(usize, usize)> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn common(texts: &[&str]) -> String {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        common_text(&texts).replace(SLOT, "<>")
    }

    #[test]
    fn words_that_differ_are_slots() {
        assert_eq!(
            common(&[
                "You are a strict grader of maths.\u{23ce}Score the answer: 4",
                "You are a strict grader of law.\u{23ce}Score the answer: yes it is",
            ]),
            "You are a strict grader of <> Score the answer: <>"
        );
        assert_eq!(
            common(&[
                "请为以下医学主题生成一组用于训练的指令",
                "请为以下法律主题生成一组用于训练的指令",
            ]),
            "请为以下 <> 主题生成一组用于训练的指令"
        );
    }

    #[test]
    fn one_garbled_copy_hides_nothing_and_a_value_of_a_few_is_no_fixed_text() {
        let garbled = [
            "score the first text with care",
            "score the second text with care",
            "scre teh third text wiht care",
        ];
        assert_eq!(common(&garbled), "score the <> text with care");
        let mut texts = vec!["explain the long arithmetic of it to me"; 2];
        texts.extend(vec!["explain the new biology of it to me"; 3]);
        texts.push("explain the old law of it to me");
        assert_eq!(common(&texts), "explain the <> of it to me");
    }

    #[test]
    fn nothing_is_known_of_one_text_and_of_texts_with_nothing_in_common() {
        for texts in [
            &["only one text here"][..],
            &["a lone word agrees", "but word order none"],
            &["好的吗", "好不的"],
            &["", ""],
            &[],
        ] {
            assert_eq!(common(texts), "", "{texts:?}");
        }
        let same = ["the same text twice", "the same text twice"];
        assert_eq!(common(&same), "the same text twice");
    }

    #[test]
    fn long_texts_are_compared_in_part() {
        let long = "word ".repeat(5_000);
        assert!(common(&[&long, &long]).ends_with("word <>"));
    }

    proptest! {
        #[test]
        fn no_text_stops_it(texts in prop::collection::vec("[ab c请\u{e9}\u{23ce}\u{27e8}\n]{0,40}", 0..6)) {
            let common = common_text(&texts);
            for text in &texts {
                let words = words(text);
                prop_assert_eq!(&words.concat(), text);
                prop_assert_eq!(fixed_words(&common, &words).len(), words.len());
            }
        }

        #[test]
        fn the_order_of_equal_words_is_kept(left in "[ab]( [abc]){0,12}", right in "[ab]( [abc]){0,12}") {
            let (left, right) = (words(&left), words(&right));
            let (left, right) = (bare(&left), bare(&right));
            let pairs = align(&left, &right);
            prop_assert_eq!(pairs.len(), align_by_table(&left, &right).len());
            prop_assert!(pairs.iter().all(|(i, j)| left[*i] == right[*j]));
            prop_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
        }
    }
}
