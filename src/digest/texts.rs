//! The sampled texts of one account and role: those with the smallest hashes.
//!
//! A text that is in the sample at the end was in it from its first use on, in every part
//! of a split, so its counts are exact; others may be forgotten at any time.

use crate::config::DigestConfig;
use crate::config::options::Quote;
use crate::digest::row::{OpenRow, Pick};
use crate::text::hash::mix;
use crate::text::{FragmentBuffer, TopicWords, excerpt, fragments};

/// Texts per account and role that keep an excerpt.
pub(crate) const EXCERPTS: usize = 2;

/// One use of a text: when, and hashes of the credential and the platform it was sent with (a
/// half each, 0 where not known). In the order of time; of two at one time the smaller way is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(crate) time_us: i64,
    pub(crate) way: u32,
}

/// Stands for the time of what did not happen.
pub(crate) const NEVER: i64 = i64::MAX;

/// One sampled text.
#[derive(Debug)]
pub(crate) struct SampledText {
    pub(crate) hash: u64,
    /// Gone where the table was thinned; the hash alone still bounds the sample.
    pub(crate) body: Option<Box<TextBody>>,
}

/// What is known of a sampled text.
#[derive(Debug)]
pub(crate) struct TextBody {
    pub(crate) uses: u64,
    /// First use, and by which way.
    pub(crate) first: Use,
    /// Last use.
    pub(crate) last: Use,
    /// First use that was turned away, or [`NEVER`].
    pub(crate) turned_away_us: i64,
    pub(crate) bytes: u32,
    pub(crate) pick: Pick,
    pub(crate) fragments: Box<[u64]>,
    /// What it is about.
    pub(crate) topic: TopicWords,
    /// Rules of the pattern packs that it matches, ascending.
    pub(crate) rules: Box<[u16]>,
    pub(crate) excerpt: Option<Box<str>>,
}

/// What the fold of a text needs besides the text.
pub(crate) struct TextSettings<'a> {
    pub(crate) config: &'a DigestConfig,
    pub(crate) quote: Quote,
    pub(crate) level: u32,
    pub(crate) buffer: &'a mut FragmentBuffer,
    /// Rules that the text matches.
    pub(crate) rules: &'a [u16],
    /// This use.
    pub(crate) this: Use,
    /// Whether the request was turned away, for its rate or by policy.
    pub(crate) turned_away: bool,
}

impl TextSettings<'_> {
    fn turned_away_us(&self) -> i64 {
        if self.turned_away {
            self.this.time_us
        } else {
            NEVER
        }
    }
}

/// The `limit` distinct texts with the smallest hashes, ascending.
#[derive(Debug, Default)]
pub(crate) struct TextSample {
    pub(crate) texts: Vec<SampledText>,
}

/// Whether a text stays in a table thinned to this level: one in 2^level does. Taken from
/// other bits than the sample's own order.
pub(crate) fn survives(hash: u64, level: u32) -> bool {
    level == 0 || mix(hash) >> (64 - level.min(63)) == 0
}

impl TextSample {
    /// Counts one use; returns whether a text was added (not merely exchanged or counted).
    pub(crate) fn fold(
        &mut self,
        limit: usize,
        (text, hash): (&str, u64),
        row: &mut OpenRow<'_>,
        settings: &mut TextSettings<'_>,
    ) -> bool {
        let position = match self.position(limit, hash) {
            Position::Beyond => return false,
            Position::At(index) => {
                if let Some(body) = self
                    .texts
                    .get_mut(index)
                    .and_then(|entry| entry.body.as_mut())
                {
                    body.uses = body.uses.saturating_add(1);
                    body.first = body.first.min(settings.this);
                    body.last = body.last.max(settings.this);
                    body.turned_away_us = body.turned_away_us.min(settings.turned_away_us());
                    if row.beats(&body.pick) {
                        body.pick = row.pick();
                    }
                }
                return false;
            }
            Position::Before(index) => index,
        };
        // The room of the text that leaves is used for the one that comes.
        let full = self.texts.len() >= limit;
        let leaving = if full {
            self.texts.pop().and_then(|entry| entry.body)
        } else {
            None
        };
        let body = survives(hash, settings.level).then(|| {
            fragments(text, settings.config, settings.buffer);
            let excerpt = (position < EXCERPTS)
                .then(|| excerpt(text, settings.config.excerpt_chars, settings.quote))
                .flatten()
                .map(String::into_boxed_str);
            let turned_away_us = settings.turned_away_us();
            let topic = settings.buffer.topic();
            let fresh = |fragments| TextBody {
                uses: 1,
                first: settings.this,
                last: settings.this,
                turned_away_us,
                bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
                pick: row.pick(),
                fragments,
                topic,
                rules: settings.rules.into(),
                excerpt,
            };
            let values = settings.buffer.values();
            match leaving {
                Some(mut body) => {
                    let mut room = std::mem::take(&mut body.fragments);
                    if room.len() == values.len() {
                        room.copy_from_slice(values);
                    } else {
                        room = values.into();
                    }
                    *body = fresh(room);
                    body
                }
                None => Box::new(fresh(values.into())),
            }
        });
        self.insert(limit, position, SampledText { hash, body });
        !full
    }

    /// Takes in an entry of another sample; returns whether a text was added.
    pub(crate) fn absorb(&mut self, limit: usize, other: SampledText) -> bool {
        match self.position(limit, other.hash) {
            Position::Beyond => false,
            Position::Before(index) => self.insert(limit, index, other),
            Position::At(index) => {
                if let Some(mine) = self.texts.get_mut(index) {
                    mine.body = match (mine.body.take(), other.body) {
                        (Some(mine), Some(theirs)) => Some(mine.joined(*theirs)),
                        // Thinned on either side: its count is no longer whole.
                        _ => None,
                    };
                    if let (true, Some(body)) = (index >= EXCERPTS, mine.body.as_mut()) {
                        body.excerpt = None;
                    }
                }
                false
            }
        }
    }

    /// Forgets the bodies of texts that do not survive at this level.
    pub(crate) fn thin(&mut self, level: u32) {
        for entry in &mut self.texts {
            if !survives(entry.hash, level) {
                entry.body = None;
            }
        }
    }

    #[inline]
    fn position(&self, limit: usize, hash: u64) -> Position {
        if self.texts.len() >= limit && self.texts.last().is_none_or(|last| hash > last.hash) {
            return Position::Beyond;
        }
        match self.texts.binary_search_by_key(&hash, |entry| entry.hash) {
            Ok(index) => Position::At(index),
            Err(index) => Position::Before(index),
        }
    }

    fn insert(&mut self, limit: usize, index: usize, entry: SampledText) -> bool {
        self.texts.insert(index, entry);
        // Whatever moved out of, or came in behind, the first places gives its excerpt up.
        for place in [EXCERPTS, index.max(EXCERPTS)] {
            if let Some(body) = self
                .texts
                .get_mut(place)
                .and_then(|entry| entry.body.as_mut())
            {
                body.excerpt = None;
            }
        }
        let grown = self.texts.len() <= limit;
        self.texts.truncate(limit);
        grown
    }
}

enum Position {
    Beyond,
    At(usize),
    Before(usize),
}

impl TextBody {
    fn joined(mut self: Box<Self>, other: TextBody) -> Box<Self> {
        self.uses = self.uses.saturating_add(other.uses);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.turned_away_us = self.turned_away_us.min(other.turned_away_us);
        if other.pick.order() < self.pick.order() {
            self.pick = other.pick;
        }
        // A text whose place in one part was too far back has no excerpt there.
        self.excerpt = self.excerpt.take().or(other.excerpt);
        self
    }
}
