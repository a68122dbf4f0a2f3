//! Words that stand for what a text is about: a few of its words, chosen by smallest hash.
//!
//! Two texts that have words in common choose some of the same, wherever they stand. Which
//! of them are everyday words is for the reader to tell, by how many texts of the log hold them.

/// Words kept of a text.
pub const TOPIC_WORDS: usize = 16;

/// Numbers that hold them, four each.
const NUMBERS: usize = TOPIC_WORDS / 4;

/// Up to [`TOPIC_WORDS`] words of a text, 16 bits of the hash of each: distinct, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TopicWords([u16; TOPIC_WORDS]);

impl TopicWords {
    /// From the hashes of words; those beyond the first few are left out.
    #[must_use]
    pub fn from_hashes(hashes: &[u64]) -> Self {
        let mut codes: Vec<u16> = hashes
            .iter()
            .take(TOPIC_WORDS)
            // The low bits, since the choice was by the high ones; 0 stands for no word.
            .map(|hash| ((hash & 0xffff) as u16).max(1))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        let mut made = Self::default();
        for (slot, code) in made.0.iter_mut().zip(codes) {
            *slot = code;
        }
        made
    }

    /// The words.
    pub fn codes(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().copied().filter(|code| *code != 0)
    }

    /// Numbers of four words each, the first lowest.
    #[must_use]
    pub fn to_numbers(self) -> [u64; NUMBERS] {
        let mut numbers = [0_u64; NUMBERS];
        for (place, code) in self.0.iter().enumerate() {
            numbers[place / 4] |= u64::from(*code) << (16 * (place % 4));
        }
        numbers
    }

    /// From [`TopicWords::to_numbers`]; of numbers that it did not make some words.
    #[must_use]
    pub fn from_numbers(numbers: [u64; NUMBERS]) -> Self {
        let mut hashes: Vec<u64> = (0..TOPIC_WORDS)
            .map(|place| numbers[place / 4] >> (16 * (place % 4)) & 0xffff)
            .collect();
        hashes.retain(|code| *code != 0);
        Self::from_hashes(&hashes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{FragmentBuffer, fragments};

    fn words(text: &str) -> TopicWords {
        let mut buffer = FragmentBuffer::new();
        fragments(text, &crate::digest::tests_config(), &mut buffer);
        buffer.topic()
    }

    fn shared(one: &str, other: &str) -> usize {
        let other: Vec<u16> = words(other).codes().collect();
        words(one)
            .codes()
            .filter(|code| other.contains(code))
            .count()
    }

    #[test]
    fn texts_about_one_thing_share_words_in_any_order() {
        assert_eq!(words("").codes().count(), 0);
        assert_eq!(words("one two").codes().count(), 2);
        assert_eq!(words("Two, one! One"), words("one two"));
        assert_eq!(
            words("borrow checker error"),
            words("error: borrow checker")
        );
        assert!(
            shared(
                "why does the borrow checker complain",
                "borrow checker says no"
            ) > 0
        );
        assert_eq!(shared("请写一首诗", "bake bread with rye"), 0);
        let long: String = (0..90_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(words(&long).codes().count(), TOPIC_WORDS);
    }

    #[test]
    fn numbers_hold_the_words() {
        for text in [
            "",
            "a",
            "a b c d e",
            "a b c d e f g h i j k l m n o p q r s",
        ] {
            assert_eq!(
                TopicWords::from_numbers(words(text).to_numbers()),
                words(text)
            );
        }
        let odd = TopicWords::from_numbers([u64::MAX, 7, 0, 0]);
        assert_eq!(odd.codes().collect::<Vec<_>>(), [7, u16::MAX]);
    }
}
