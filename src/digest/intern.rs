//! Strings held once: an arena and a hash table of numbers.

use hashbrown::HashTable;

use crate::text::hash::tagged_hash;

/// Number of an interned string.
pub(crate) type StringId = u32;

/// Distinct (tag, text) pairs, numbered in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    arena: String,
    entries: Vec<Entry>,
    table: HashTable<StringId>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    end: usize,
    tag: u8,
}

impl Interner {
    /// The number of this text under this tag, new or known.
    pub(crate) fn intern(&mut self, tag: u8, text: &str) -> StringId {
        self.numbered(tag, text, tagged_hash(tag, text))
    }

    /// The same, if its hash is wanted.
    pub(crate) fn intern_if(
        &mut self,
        tag: u8,
        text: &str,
        wanted: impl Fn(u64) -> bool,
    ) -> Option<StringId> {
        let hash = tagged_hash(tag, text);
        wanted(hash).then(|| self.numbered(tag, text, hash))
    }

    fn numbered(&mut self, tag: u8, text: &str, hash: u64) -> StringId {
        let (arena, entries) = (&self.arena, &self.entries);
        let found = self.table.find(hash, |&id| {
            entries
                .get(id as usize)
                .is_some_and(|entry| entry.hash == hash && entry.tag == tag)
                && slice(arena, entries, id) == text
        });
        if let Some(&id) = found {
            return id;
        }
        let id = StringId::try_from(self.entries.len()).unwrap_or(StringId::MAX);
        self.arena.push_str(text);
        self.entries.push(Entry {
            hash,
            end: self.arena.len(),
            tag,
        });
        let entries = &self.entries;
        self.table.insert_unique(hash, id, |&id| {
            entries.get(id as usize).map_or(0, |entry| entry.hash)
        });
        id
    }

    /// The text of a number.
    pub(crate) fn text(&self, id: StringId) -> &str {
        slice(&self.arena, &self.entries, id)
    }

    /// The tag of a number.
    pub(crate) fn tag(&self, id: StringId) -> u8 {
        self.entries.get(id as usize).map_or(0, |entry| entry.tag)
    }

    /// The hash of tag and text.
    pub(crate) fn hash(&self, id: StringId) -> u64 {
        self.entries.get(id as usize).map_or(0, |entry| entry.hash)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All numbers, ordered by tag and text.
    pub(crate) fn sorted(&self) -> Vec<StringId> {
        let mut ids: Vec<StringId> = (0..self.entries.len())
            .filter_map(|id| StringId::try_from(id).ok())
            .collect();
        ids.sort_unstable_by(|&a, &b| {
            (self.tag(a), self.text(a)).cmp(&(self.tag(b), self.text(b)))
        });
        ids
    }
}

fn slice<'a>(arena: &'a str, entries: &[Entry], id: StringId) -> &'a str {
    let index = id as usize;
    let start = index
        .checked_sub(1)
        .and_then(|before| entries.get(before))
        .map_or(0, |entry| entry.end);
    let end = entries.get(index).map_or(start, |entry| entry.end);
    arena.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_tag_and_text() {
        let mut strings = Interner::default();
        let first = strings.intern(0, "a");
        assert_eq!(strings.intern(1, "a"), 1);
        assert_eq!(strings.intern(0, ""), 2);
        assert_eq!(strings.intern(0, "a"), first);
        assert_eq!(
            (
                strings.text(1),
                strings.tag(1),
                strings.text(2),
                strings.len()
            ),
            ("a", 1, "", 3)
        );
        assert_eq!(strings.sorted(), vec![2, 0, 1]);
        assert_eq!(strings.text(99), "");
    }
}
