//! Rows that stand for others: where they are, and the order in which they are preferred.

use std::sync::Arc;

use crate::text::hash::{extend, text_hash};

/// Longest request id kept with a locator, in bytes; a longer one is cut and marked with its hash.
const REQUEST_ID_BYTES: usize = 512;

/// Longest key value kept, in bytes. Real user agents and tool lists stay far below.
pub(crate) const KEY_BYTES: usize = 4096;

/// Where a row stands, shared by everything that picked it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) file: u32,
    pub(crate) row: u64,
    /// The input's own id, if it has one.
    pub(crate) request_id: Option<Box<str>>,
}

/// A picked row. The smallest (priority, file, row) of a set is its sample; the priority
/// depends on what the request is, not on where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Pick {
    pub(crate) priority: u64,
    pub(crate) place: Arc<RowPlace>,
}

impl Pick {
    pub(crate) fn order(&self) -> (u64, u32, u64) {
        (self.priority, self.place.file, self.place.row)
    }
}

/// A row while it is folded; its place is only allocated when something picks it.
pub(crate) struct OpenRow<'a> {
    pub(crate) priority: u64,
    pub(crate) timestamp_us: i64,
    file: u32,
    row: u64,
    request_id: Option<&'a str>,
    made: Option<Arc<RowPlace>>,
}

impl<'a> OpenRow<'a> {
    /// `account_hash` and `prompt_hash` stand for the account and the prompt text (0 without one).
    pub(crate) fn new(
        (file, row): (u32, u64),
        timestamp_us: i64,
        request_id: Option<&'a str>,
        account_hash: u64,
        prompt_hash: u64,
    ) -> Self {
        let id_hash = request_id.map_or(0, text_hash);
        let priority = extend(
            extend(extend(account_hash, timestamp_us.cast_unsigned()), id_hash),
            prompt_hash,
        );
        Self {
            priority,
            timestamp_us,
            file,
            row,
            request_id,
            made: None,
        }
    }

    /// Whether this row goes before the picked one.
    #[inline]
    pub(crate) fn beats(&self, other: &Pick) -> bool {
        self.priority <= other.priority && (self.priority, self.file, self.row) < other.order()
    }

    /// The row as a pick; repeated calls share one allocation.
    pub(crate) fn pick(&mut self) -> Pick {
        let (file, row, request_id) = (self.file, self.row, self.request_id);
        let place = self.made.get_or_insert_with(|| {
            let request_id = request_id.map(|id| shortened(id, REQUEST_ID_BYTES).into());
            Arc::new(RowPlace {
                file,
                row,
                request_id,
            })
        });
        Pick {
            priority: self.priority,
            place: Arc::clone(place),
        }
    }
}

/// The text itself, or its start and hash where it is longer than `bytes`.
pub(crate) fn shortened(text: &str, bytes: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= bytes {
        return text.into();
    }
    let mut cut = bytes.saturating_sub(24);
    while !text.is_char_boundary(cut) {
        cut = cut.saturating_sub(1);
    }
    format!(
        "{}…#{:016x}",
        text.get(..cut).unwrap_or_default(),
        text_hash(text)
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_on_characters_and_stay_apart() {
        let (one, two) = ("ä".repeat(600) + "1", "ä".repeat(600) + "2");
        let (short_one, short_two) = (shortened(&one, 512), shortened(&two, 512));
        assert!(short_one.len() <= 512 && short_one != short_two);
        assert_eq!(shortened("abc", 3), "abc");
    }

    #[test]
    fn priority_ignores_the_place() {
        let mut one = OpenRow::new((0, 1), 5, Some("r"), 7, 9);
        let two = OpenRow::new((3, 2), 5, Some("r"), 7, 9);
        assert_eq!(one.priority, two.priority);
        assert!(!two.beats(&one.pick()));
        assert_ne!(
            OpenRow::new((0, 1), 6, Some("r"), 7, 9).priority,
            one.priority
        );
    }
}
