//! Which rules of the pattern packs an account's requests match, how often and where.
//!
//! Bounded by the number of rules for each account, whatever the account sends.

use rustc_hash::FxHashMap;

use crate::digest::partial::LOOKUP_LIMIT;
use crate::digest::row::{OpenRow, Pick};
use crate::patterns::{Matcher, Role, Scratch};
use crate::text::text_hash;

/// Sample requests kept for each account and rule.
const SAMPLES: usize = 3;

/// Requests of one account that match one rule.
#[derive(Debug)]
pub(crate) struct PatternUse {
    pub(crate) requests: u64,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
    /// The smallest picks, ascending.
    pub(crate) picks: Vec<Pick>,
}

/// All rules that an account's requests match, ascending by rule.
#[derive(Debug, Default)]
pub(crate) struct PatternUses {
    pub(crate) uses: Vec<(u16, PatternUse)>,
}

impl PatternUses {
    /// Counts one request that matches the rule.
    pub(crate) fn fold(&mut self, rule: u16, row: &mut OpenRow<'_>) {
        let (first_us, last_us) = (row.timestamp_us, row.timestamp_us);
        let entry = self.entry(rule);
        entry.requests = entry.requests.saturating_add(1);
        entry.first_us = entry.first_us.min(first_us);
        entry.last_us = entry.last_us.max(last_us);
        if entry.picks.len() < SAMPLES || entry.picks.last().is_some_and(|last| row.beats(last)) {
            entry.insert(row.pick());
        }
    }

    /// Takes in what another part counted.
    pub(crate) fn absorb(&mut self, other: PatternUses) {
        for (rule, theirs) in other.uses {
            let mine = self.entry(rule);
            mine.requests = mine.requests.saturating_add(theirs.requests);
            mine.first_us = mine.first_us.min(theirs.first_us);
            mine.last_us = mine.last_us.max(theirs.last_us);
            for pick in theirs.picks {
                mine.insert(pick);
            }
        }
    }

    /// The entry of a rule, new or known.
    pub(crate) fn entry(&mut self, rule: u16) -> &mut PatternUse {
        let at = match self.uses.binary_search_by_key(&rule, |entry| entry.0) {
            Ok(at) => at,
            Err(at) => {
                self.uses.insert(at, (rule, PatternUse::none()));
                at
            }
        };
        &mut self.uses[at].1
    }
}

impl PatternUse {
    fn none() -> Self {
        Self {
            requests: 0,
            first_us: i64::MAX,
            last_us: i64::MIN,
            picks: Vec::new(),
        }
    }

    /// Adds a sample request where it belongs among the kept ones.
    pub(crate) fn insert(&mut self, pick: Pick) {
        let at = self
            .picks
            .partition_point(|other| other.order() < pick.order());
        self.picks.insert(at, pick);
        self.picks.truncate(SAMPLES);
    }
}

/// The rules that the texts of the row being folded match, and what makes it cheap.
#[derive(Debug, Default)]
pub(crate) struct RowPatterns {
    scratch: Scratch,
    pub(crate) user: Vec<u16>,
    pub(crate) system: Vec<u16>,
    /// Rules of either text, each once.
    pub(crate) either: Vec<u16>,
    /// By hash of the text: the same long system prompt comes with many requests.
    known_systems: FxHashMap<u64, Box<[u16]>>,
}

impl RowPatterns {
    /// Matches both texts of a row.
    pub(crate) fn look(&mut self, matcher: &Matcher, prompt: Option<&str>, system: Option<&str>) {
        self.user.clear();
        self.system.clear();
        self.either.clear();
        if let Some(prompt) = prompt {
            matcher.matched(prompt, Role::User, &mut self.scratch, &mut self.user);
        }
        if let Some(system) = system {
            let hash = text_hash(system);
            if let Some(known) = self.known_systems.get(&hash) {
                self.system.extend_from_slice(known);
            } else {
                matcher.matched(system, Role::System, &mut self.scratch, &mut self.system);
                if self.known_systems.len() >= LOOKUP_LIMIT {
                    self.known_systems.clear();
                }
                self.known_systems
                    .insert(hash, self.system.as_slice().into());
            }
        }
        self.either.extend_from_slice(&self.user);
        self.either.extend_from_slice(&self.system);
        self.either.sort_unstable();
        self.either.dedup();
    }
}
