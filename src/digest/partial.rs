//! The digest in progress: what a part of the rows adds up to.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::config::DigestConfig;
use crate::config::options::Quote;
use crate::digest::account::Account;
use crate::digest::conversations::Conversations;
use crate::digest::counters::{Cells, MAX_CELLS, MAX_MINUTES, Minutes};
use crate::digest::intern::{Interner, StringId};
use crate::digest::links::Links;
use crate::digest::moments::Moments;
use crate::digest::patterns::RowPatterns;
use crate::digest::row::{KEY_BYTES, shortened};
use crate::digest::tables::KeyKind;
use crate::digest::texts::TextSample;
use crate::digest::{WANTED, links};
use crate::patterns::{Matcher, PatternsAbout};
use crate::text::FragmentBuffer;

/// A digest in progress. Fold batches into it, merge it with others, then finish it.
#[derive(Debug)]
pub struct Digest {
    pub(crate) config: DigestConfig,
    pub(crate) quote: Quote,
    pub(crate) rows: u64,
    /// Rows with a value, for each column of [`WANTED`].
    pub(crate) present: Vec<u64>,
    /// Account ids; the numbers index `accounts`.
    pub(crate) names: Interner,
    pub(crate) accounts: Vec<Account>,
    pub(crate) keys: Interner,
    pub(crate) models: Interner,
    pub(crate) links: Links,
    pub(crate) conversations: Conversations,
    /// Rows whose status says nothing that is known.
    pub(crate) unknown_statuses: u64,
    pub(crate) cells: Cells,
    pub(crate) minutes: Minutes,
    pub(crate) moments: Moments,
    /// Entries in all text samples, thinned ones included.
    pub(crate) texts_held: u64,
    /// How often `texts_per_account` was halved.
    pub(crate) text_halvings: u32,
    pub(crate) text_level: u32,
    /// The rules to match; none when texts are not folded any more.
    pub(crate) matcher: Option<Arc<Matcher>>,
    pub(crate) patterns: PatternsAbout,
    pub(crate) lookups: Lookups,
}

/// What makes repeated values cheap; forgetting it changes nothing.
#[derive(Debug)]
pub(crate) struct Lookups {
    pub(crate) account: StringId,
    pub(crate) model: StringId,
    /// Last number of each kind of key.
    pub(crate) keys: [StringId; KeyKind::ALL.len()],
    pub(crate) asns: FxHashMap<i64, Option<StringId>>,
    pub(crate) parameters: FxHashMap<Parameters, Option<StringId>>,
    pub(crate) clients: FxHashMap<[StringId; 4], Option<StringId>>,
    pub(crate) scratch: String,
    pub(crate) row_keys: Vec<StringId>,
    /// The row's signed reasoning blob.
    pub(crate) signature: Option<StringId>,
    pub(crate) fragments: FragmentBuffer,
    pub(crate) patterns: RowPatterns,
}

/// Request parameters as found: temperature and top_p as bits, `response_format` as a hash.
pub(crate) type Parameters = (
    Option<u64>,
    Option<u64>,
    Option<i64>,
    Option<i64>,
    Option<bool>,
    Option<u64>,
);

/// Most entries of a lookup; it is emptied when full, so that it cannot outgrow the keys.
pub(crate) const LOOKUP_LIMIT: usize = 1 << 16;

impl Default for Lookups {
    fn default() -> Self {
        Self {
            account: StringId::MAX,
            model: StringId::MAX,
            keys: [StringId::MAX; KeyKind::ALL.len()],
            asns: FxHashMap::default(),
            parameters: FxHashMap::default(),
            clients: FxHashMap::default(),
            scratch: String::new(),
            row_keys: Vec::new(),
            signature: None,
            fragments: FragmentBuffer::new(),
            patterns: RowPatterns::default(),
        }
    }
}

/// Samples are halved to no fewer texts than this per account: then 300,000 accounts hold fewer
/// than the six million of `max_texts`.
const FEWEST_TEXTS: usize = 16;

impl Digest {
    /// The digest of no rows. `quote` decides whether any prompt text may stay.
    #[must_use]
    pub fn new(config: &DigestConfig, quote: Quote) -> Self {
        Self {
            config: config.clone(),
            quote,
            rows: 0,
            present: vec![0; WANTED.len()],
            names: Interner::default(),
            accounts: Vec::new(),
            keys: Interner::default(),
            models: Interner::default(),
            links: Links::default(),
            conversations: Conversations::default(),
            unknown_statuses: 0,
            cells: Cells::default(),
            minutes: Minutes::default(),
            moments: Moments::default(),
            texts_held: 0,
            text_halvings: 0,
            text_level: 0,
            matcher: None,
            patterns: PatternsAbout::default(),
            lookups: Lookups::default(),
        }
    }

    /// The digest of no rows that will also hold every prompt against these rules.
    #[must_use]
    pub fn with_patterns(config: &DigestConfig, quote: Quote, matcher: &Arc<Matcher>) -> Self {
        Self {
            matcher: Some(Arc::clone(matcher)),
            patterns: matcher.about().clone(),
            ..Self::new(config, quote)
        }
    }

    /// Rows folded so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The digest of the rows of both. Both must come from the same plan of inputs (the
    /// same [`FileId`](crate::model::batch::FileId)s) and the same settings; stored
    /// digests go through [`merge_tables`](crate::digest::merge_tables).
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        // The larger takes the smaller in.
        let (mut into, from) = if self.weight() >= other.weight() {
            (self, other)
        } else {
            (other, self)
        };
        into.absorb(from);
        into
    }

    fn weight(&self) -> usize {
        self.names.len().saturating_add(self.keys.len())
    }

    fn absorb(&mut self, mut other: Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.unknown_statuses = self.unknown_statuses.saturating_add(other.unknown_statuses);
        for (mine, theirs) in self.present.iter_mut().zip(&other.present) {
            *mine = mine.saturating_add(*theirs);
        }
        self.text_halvings = self.text_halvings.max(other.text_halvings);
        self.shorten_samples();
        self.text_level = self.text_level.max(other.text_level);
        self.links.level = self.links.level.max(other.links.level);
        let link_level = self.links.level;
        let accounts: Vec<StringId> = (0..other.accounts.len())
            .map(|number| {
                self.account_number(
                    other
                        .names
                        .text(StringId::try_from(number).unwrap_or(StringId::MAX)),
                )
            })
            .collect();
        let models: Vec<StringId> = (0..other.models.len())
            .map(|number| {
                self.models.intern(
                    0,
                    other
                        .models
                        .text(StringId::try_from(number).unwrap_or(StringId::MAX)),
                )
            })
            .collect();
        let keys: Vec<Option<StringId>> = (0..other.keys.len())
            .map(|number| {
                let number = StringId::try_from(number).unwrap_or(StringId::MAX);
                links::survives(other.keys.hash(number), link_level).then(|| {
                    self.keys
                        .intern(other.keys.tag(number), other.keys.text(number))
                })
            })
            .collect();
        for (account, key, link) in other.links.into_entries() {
            if let (Some(&account), Some(&Some(key))) =
                (accounts.get(account as usize), keys.get(key as usize))
            {
                self.links.absorb(account, key, link);
            }
        }
        for (account, key, ends) in other.conversations.into_entries() {
            if let (Some(&account), Some(&Some(key))) =
                (accounts.get(account as usize), keys.get(key as usize))
            {
                self.conversations.absorb(account, key, ends);
            }
        }
        self.cells.fit(usize::MAX, other.cells.level);
        for ((account, hour, model), cell) in other.cells.into_entries() {
            if let (Some(&account), Some(&model)) =
                (accounts.get(account as usize), models.get(model as usize))
            {
                self.cells.add((account, hour, model), cell);
            }
        }
        self.minutes.fit(usize::MAX, other.minutes.level);
        for (minute, requests) in other.minutes.into_sorted() {
            self.minutes.add(minute, requests);
        }
        self.moments.fit(usize::MAX, other.moments.level);
        for (account, time_us, duration_ms) in other.moments.into_entries() {
            if let Some(&account) = accounts.get(account as usize) {
                self.moments.add((account, time_us, duration_ms));
            }
        }
        let limit = self.texts_per_account();
        for (mut theirs, &number) in other.accounts.drain(..).zip(&accounts) {
            let Some(mine) = self.accounts.get_mut(number as usize) else {
                continue;
            };
            mine.absorb(self.config.locators_per_account, &mut theirs);
            let mut added = absorb_texts(&mut mine.user_texts, theirs.user_texts, limit);
            added += absorb_texts(
                &mut mine.system_texts,
                theirs.system_texts,
                self.config.system_texts_per_account,
            );
            self.texts_held = self.texts_held.saturating_add(added);
        }
        // Levels may have come from either side, so both sides' entries are checked again.
        self.thin(true);
    }

    /// The number of an account, new or known.
    pub(crate) fn account_number(&mut self, account_id: &str) -> StringId {
        let number = self.names.intern(0, account_id);
        if number as usize >= self.accounts.len() {
            self.accounts.push(Account::default());
        }
        number
    }

    /// The number of a key, unless the key is thinned away.
    pub(crate) fn key_number(&mut self, kind: KeyKind, value: &str) -> Option<StringId> {
        let value = shortened(value, KEY_BYTES);
        let level = self.links.level;
        self.keys
            .intern_if(kind.tag(), &value, |hash| links::survives(hash, level))
    }

    /// Prompts sampled per account as things stand.
    ///
    /// A sample of so many smallest hashes is the start of a longer one, and a part of the rows
    /// never holds more texts than the whole: whichever way the rows come, the whole is halved
    /// as often as its own number of texts asks for.
    pub(crate) fn texts_per_account(&self) -> usize {
        self.config.texts_per_account >> self.text_halvings.min(usize::BITS - 1)
    }

    /// Cuts the samples of prompts to the length that holds now.
    fn shorten_samples(&mut self) {
        let limit = self.texts_per_account();
        let mut held = 0;
        for account in &mut self.accounts {
            account.user_texts.texts.truncate(limit);
            held += account.user_texts.texts.len() + account.system_texts.texts.len();
        }
        self.texts_held = u64::try_from(held).unwrap_or(u64::MAX);
    }

    /// Keeps every table under its limit. `levels_changed` says that a level was raised
    /// from outside, so that entries below it may still be there.
    pub(crate) fn thin(&mut self, levels_changed: bool) {
        let keys = &self.keys;
        if levels_changed {
            self.links.drop_thinned(|key| keys.hash(key));
        }
        let before = self.links.level;
        self.links.fit(self.config.max_links, |key| keys.hash(key));
        let level = self.links.level;
        if levels_changed || level > before {
            self.conversations
                .retain_keys(|key| links::survives(keys.hash(key), level));
        }
        self.cells.fit(MAX_CELLS, 0);
        self.minutes.fit(MAX_MINUTES, 0);
        self.moments.fit(self.config.max_moments, 0);
        let ample = u64::try_from(self.config.halve_texts_above).unwrap_or(u64::MAX);
        while self.texts_held > ample && self.texts_per_account() / 2 >= FEWEST_TEXTS {
            self.text_halvings += 1;
            self.shorten_samples();
        }
        // By the expected number of survivors: it depends on how many texts there are, not
        // on which ones a part happened to hold.
        let limit = u64::try_from(self.config.max_texts).unwrap_or(u64::MAX);
        let mut level = self.text_level;
        while level < 63 && self.texts_held >> level > limit {
            level += 1;
        }
        if level > self.text_level || levels_changed {
            self.text_level = level;
            if level > 0 {
                for account in &mut self.accounts {
                    account.user_texts.thin(level);
                    account.system_texts.thin(level);
                }
            }
        }
    }
}

/// Joins two samples; returns how many entries were added.
fn absorb_texts(into: &mut TextSample, from: TextSample, limit: usize) -> u64 {
    let before = into.texts.len();
    for entry in from.texts {
        into.absorb(limit, entry);
    }
    u64::try_from(into.texts.len().saturating_sub(before)).unwrap_or_default()
}
