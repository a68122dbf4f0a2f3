//! Folding batches: each row is counted once, in every table it touches.

use std::fmt::Write as _;

use arrow_array::Array;

use crate::digest::account::Outcome;
use crate::digest::columns::Columns;
use crate::digest::counters::Cell;
use crate::digest::intern::StringId;
use crate::digest::partial::{Digest, LOOKUP_LIMIT, Parameters};
use crate::digest::row::{KEY_BYTES, OpenRow};
use crate::digest::tables::KeyKind;
use crate::digest::texts::{TextSettings, Use};
use crate::digest::{WANTED, links};
use crate::model::batch::RequestBatch;
use crate::text::hash::mix;
use crate::text::text_hash;

/// Microseconds in an hour and in a minute.
const HOUR_US: i64 = 3_600_000_000;
const MINUTE_US: i64 = 60_000_000;

/// Prompts hashed before the first of them is cut: read one behind another they come from memory
/// in a fifth of the time, and so many are still in the cache when their rows are folded.
const HASHED_TOGETHER: usize = 64;

/// Kinds that together make a `client` key, in the order they are joined.
const CLIENT_PARTS: [KeyKind; 4] = [
    KeyKind::UserAgent,
    KeyKind::Tls,
    KeyKind::Headers,
    KeyKind::AcceptLanguage,
];

impl Digest {
    /// Adds the rows of a batch. Where batches begin and end does not matter.
    pub fn fold(&mut self, batch: &RequestBatch) {
        for (present, column) in self.present.iter_mut().zip(WANTED) {
            if let Some(Some(array)) = batch.columns.get(column.index()) {
                let filled = array.len().saturating_sub(array.null_count());
                *present = present.saturating_add(u64::try_from(filled).unwrap_or_default());
            }
        }
        let columns = Columns::of(batch);
        let mut hashes = [0_u64; HASHED_TOGETHER];
        for (block, rows) in batch.rows.chunks(HASHED_TOGETHER).enumerate() {
            let indices = block * HASHED_TOGETHER..;
            for (hash, index) in hashes.iter_mut().zip(indices.clone()).take(rows.len()) {
                *hash = columns.prompt.get(index).map_or(0, text_hash);
            }
            for ((index, &row), &prompt_hash) in indices.zip(rows).zip(&hashes) {
                let (Some(timestamp_us), Some(account_id)) =
                    (columns.timestamp.get(index), columns.account_id.get(index))
                else {
                    continue; // the loader rejects such rows
                };
                let place = (batch.file, row);
                let who = (timestamp_us, account_id);
                self.fold_row(&columns, index, place, who, prompt_hash);
            }
        }
        self.thin(false);
    }

    fn fold_row(
        &mut self,
        columns: &Columns<'_>,
        index: usize,
        place: (u32, u64),
        (timestamp_us, account_id): (i64, &str),
        prompt_hash: u64,
    ) {
        self.rows = self.rows.saturating_add(1);
        let number = self.folded_account(account_id);
        let model = self.folded_model(columns.model.get(index).unwrap_or_default());
        let prompt = columns.prompt.get(index);
        let request_id = columns.request_id.filled(index);
        let mut row = OpenRow::new(
            place,
            timestamp_us,
            request_id,
            self.names.hash(number),
            prompt_hash,
        );

        self.resolve_keys(columns, index);
        let level = self.links.level;
        for &key in &self.lookups.row_keys {
            if level == 0 || links::survives(self.keys.hash(key), level) {
                self.links.fold(number, key, &mut row);
            }
        }

        if let (Some(signature), Some(conversation)) = (
            self.lookups.signature,
            columns.conversation_id.filled(index),
        ) && (level == 0 || links::survives(self.keys.hash(signature), level))
        {
            let hash = text_hash(conversation);
            self.conversations.absorb(number, signature, (hash, hash));
        }

        let (status, code) = (columns.status.filled(index), columns.http_status.get(index));
        let outcome = Outcome::of(status, code).unwrap_or_else(|| {
            self.unknown_statuses = self.unknown_statuses.saturating_add(1);
            Outcome::Ok
        });
        let output_tokens = columns.output_tokens.get(index).unwrap_or(0).max(0);
        let cell = Cell {
            requests: 1,
            rate_limited: u32::from(outcome == Outcome::RateLimited),
            blocked: u32::from(outcome == Outcome::Blocked),
            output_tokens,
        };
        self.cells
            .add((number, timestamp_us.div_euclid(HOUR_US), model), cell);
        self.minutes.add(timestamp_us.div_euclid(MINUTE_US), 1);
        self.moments.add((
            number,
            timestamp_us,
            milliseconds(columns.latency_ms.get(index)),
        ));
        let system_prompt = columns.system_prompt.get(index);
        if let Some(matcher) = &self.matcher {
            let prompt = prompt.filter(|text| !text.is_empty());
            let system = system_prompt.filter(|text| !text.is_empty());
            self.lookups.patterns.look(matcher, prompt, system);
        }

        let texts_per_account = self.texts_per_account();
        let Some(account) = self.accounts.get_mut(number as usize) else {
            return;
        };
        account.first_us = account.first_us.min(timestamp_us);
        account.last_us = account.last_us.max(timestamp_us);
        account.sample(self.config.locators_per_account, &mut row);
        let sums = &mut account.sums;
        sums.count(outcome);
        sums.output_tokens = sums.output_tokens.saturating_add(output_tokens);
        sums.input_tokens = sums
            .input_tokens
            .saturating_add(columns.input_tokens.get(index).unwrap_or(0).max(0));
        for (counter, counts) in [
            (&mut sums.prompts, prompt.is_some()),
            (&mut sums.system_prompts, system_prompt.is_some()),
            (
                &mut sums.tool_requests,
                columns.tool_names.filled(index).is_some(),
            ),
            (
                &mut sums.image_requests,
                columns.has_image.get(index) == Some(true),
            ),
            (
                &mut sums.stream_requests,
                columns.stream.get(index) == Some(true),
            ),
        ] {
            *counter = counter.saturating_add(u64::from(counts));
        }

        let found = &self.lookups.patterns;
        for rule in &found.either {
            account.patterns.fold(*rule, &mut row);
        }
        let mut settings = TextSettings {
            config: &self.config,
            quote: self.quote,
            level: self.text_level,
            buffer: &mut self.lookups.fragments,
            rules: &found.user,
            this: Use {
                time_us: timestamp_us,
                way: way(columns, index),
            },
            turned_away: matches!(outcome, Outcome::RateLimited | Outcome::Blocked),
        };
        let mut added = 0_u64;
        if let Some(text) = prompt.filter(|text| !text.is_empty()) {
            let limit = texts_per_account;
            added += u64::from(account.user_texts.fold(
                limit,
                (text, prompt_hash),
                &mut row,
                &mut settings,
            ));
        }
        if let Some(text) = system_prompt.filter(|text| !text.is_empty()) {
            let limit = self.config.system_texts_per_account;
            settings.rules = &found.system;
            added += u64::from(account.system_texts.fold(
                limit,
                (text, text_hash(text)),
                &mut row,
                &mut settings,
            ));
        }
        self.texts_held = self.texts_held.saturating_add(added);
    }

    fn folded_account(&mut self, account_id: &str) -> StringId {
        let last = self.lookups.account;
        if last != StringId::MAX && self.names.text(last) == account_id {
            return last;
        }
        self.lookups.account = self.account_number(account_id);
        self.lookups.account
    }

    fn folded_model(&mut self, model: &str) -> StringId {
        let last = self.lookups.model;
        if last != StringId::MAX && self.models.text(last) == model {
            return last;
        }
        self.lookups.model = self.models.intern(0, model);
        self.lookups.model
    }

    /// Collects the numbers of the row's keys in `lookups.row_keys`.
    fn resolve_keys(&mut self, columns: &Columns<'_>, index: usize) {
        self.lookups.row_keys.clear();
        self.lookups.signature = None;
        let mut client = [StringId::MAX; 4];
        for (kind, column) in columns.plain_keys {
            let Some(value) = column.filled(index) else {
                continue;
            };
            let number = self.cached_key(kind, value);
            if let Some(part) = CLIENT_PARTS
                .iter()
                .position(|part| *part == kind)
                .and_then(|at| client.get_mut(at))
            {
                *part = number.unwrap_or(StringId::MAX - 1);
            }
            self.lookups.row_keys.extend(number);
            if kind == KeyKind::ReasoningSignature {
                self.lookups.signature = number;
            }
        }
        let client = self.client_key(columns, index, client);
        self.lookups.row_keys.extend(client);
        let asn = columns.asn.get(index).and_then(|asn| self.asn_key(asn));
        self.lookups.row_keys.extend(asn);
        let parameters = self.parameters_key(columns, index);
        self.lookups.row_keys.extend(parameters);
        if let Some(tools) = columns.tool_names.filled(index) {
            let number = match sorted_tools(tools) {
                None => self.cached_key(KeyKind::Tools, tools),
                Some(sorted) => self.cached_key(KeyKind::Tools, &sorted),
            };
            self.lookups.row_keys.extend(number);
        }
    }

    fn cached_key(&mut self, kind: KeyKind, value: &str) -> Option<StringId> {
        let slot = usize::from(kind.tag());
        let last = self
            .lookups
            .keys
            .get(slot)
            .copied()
            .unwrap_or(StringId::MAX);
        if last != StringId::MAX && self.keys.text(last) == value && value.len() <= KEY_BYTES {
            return Some(last);
        }
        let number = self.key_number(kind, value)?;
        if let Some(place) = self.lookups.keys.get_mut(slot) {
            *place = number;
        }
        Some(number)
    }

    /// The parts that are there, joined; only when at least two are.
    fn client_key(
        &mut self,
        columns: &Columns<'_>,
        index: usize,
        parts: [StringId; 4],
    ) -> Option<StringId> {
        if parts.iter().filter(|part| **part != StringId::MAX).count() < 2 {
            return None;
        }
        // A thinned part has no number, so such a combination cannot be looked up by numbers.
        let known = !parts.contains(&(StringId::MAX - 1));
        if known && let Some(number) = self.lookups.clients.get(&parts) {
            return *number;
        }
        let mut joined = std::mem::take(&mut self.lookups.scratch);
        joined.clear();
        for part in CLIENT_PARTS {
            let column = columns.plain_keys.iter().find(|(kind, _)| *kind == part);
            if let Some(value) = column.and_then(|(_, column)| column.filled(index)) {
                if !joined.is_empty() {
                    joined.push_str(" | ");
                }
                joined.push_str(value);
            }
        }
        let number = self.key_number(KeyKind::Client, &joined);
        self.lookups.scratch = joined;
        if known {
            remember(&mut self.lookups.clients, parts, number);
        }
        number
    }

    fn asn_key(&mut self, asn: i64) -> Option<StringId> {
        if let Some(number) = self.lookups.asns.get(&asn) {
            return *number;
        }
        let number = self.key_number(KeyKind::Asn, &asn.to_string());
        remember(&mut self.lookups.asns, asn, number);
        number
    }

    /// Canonical text of the request parameters, when any is there.
    fn parameters_key(&mut self, columns: &Columns<'_>, index: usize) -> Option<StringId> {
        let format = columns.response_format.filled(index);
        let parameters: Parameters = (
            columns
                .temperature
                .get(index)
                .map(|value| canonical(value).to_bits()),
            columns
                .top_p
                .get(index)
                .map(|value| canonical(value).to_bits()),
            columns.max_tokens.get(index),
            columns.n.get(index),
            columns.stream.get(index),
            format.map(text_hash),
        );
        if parameters == Parameters::default() {
            return None;
        }
        if let Some(number) = self.lookups.parameters.get(&parameters) {
            return *number;
        }
        let mut text = std::mem::take(&mut self.lookups.scratch);
        text.clear();
        let mut put = |name: &str, value: Option<&dyn std::fmt::Display>| {
            if let Some(value) = value {
                let blank = if text.is_empty() { "" } else { " " };
                // Writing to a string cannot fail.
                let _ = write!(text, "{blank}{name}={value}");
            }
        };
        put(
            "temperature",
            parameters
                .0
                .map(f64::from_bits)
                .as_ref()
                .map(|value| value as _),
        );
        put(
            "top_p",
            parameters
                .1
                .map(f64::from_bits)
                .as_ref()
                .map(|value| value as _),
        );
        put("max_tokens", parameters.2.as_ref().map(|value| value as _));
        put("n", parameters.3.as_ref().map(|value| value as _));
        put("stream", parameters.4.as_ref().map(|value| value as _));
        put("response_format", format.as_ref().map(|value| value as _));
        let number = self.key_number(KeyKind::Parameters, &text);
        self.lookups.scratch = text;
        remember(&mut self.lookups.parameters, parameters, number);
        number
    }
}

/// Hashes of the credential (low half) and of the platform (high half) of a row; a half is 0
/// where it is not known, and never where it is.
fn way(columns: &Columns<'_>, index: usize) -> u32 {
    let mut way = 0_u32;
    for (kind, column) in &columns.plain_keys {
        let shift = match kind {
            KeyKind::ApiKey => 0,
            KeyKind::Platform => 16,
            _ => continue,
        };
        if let Some(value) = column.filled(index) {
            #[allow(clippy::cast_possible_truncation)] // sixteen bits of a well-mixed hash
            let half = (mix(text_hash(value)) & 0xffff) as u32;
            way |= half.max(1) << shift;
        }
    }
    way
}

/// Whole milliseconds; 0, which stands for not known, where there are none.
fn milliseconds(value: Option<f64>) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates as it should
    value.map_or(0, |value| value.round() as u32)
}

/// One form for zero and for not-a-number.
fn canonical(value: f64) -> f64 {
    if value.is_nan() {
        f64::NAN
    } else {
        value + 0.0
    }
}

/// The tool names sorted and without repeats, or `None` where they already are.
fn sorted_tools(tools: &str) -> Option<String> {
    let in_order = tools
        .split('|')
        .zip(tools.split('|').skip(1))
        .all(|(before, after)| before < after);
    if in_order {
        return None;
    }
    let mut names: Vec<&str> = tools.split('|').collect();
    names.sort_unstable();
    names.dedup();
    Some(names.join("|"))
}

fn remember<K: Eq + std::hash::Hash>(
    lookup: &mut rustc_hash::FxHashMap<K, Option<StringId>>,
    key: K,
    number: Option<StringId>,
) {
    if lookup.len() >= LOOKUP_LIMIT {
        lookup.clear();
    }
    lookup.insert(key, number);
}
