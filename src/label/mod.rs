//! The second look: which requests belong to a campaign's templates.
//!
//! The digest knows each account only by a sample of its texts. Where the log can be read
//! again, every text of the campaigns' accounts is held against the templates' fragments,
//! so that an account's other traffic stays out of the case. From digests alone only the
//! sampled rows can be named.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::Config;
use crate::config::options::Quote;
use crate::digest::DigestTables;
use crate::fuse::{Pattern, is_made_from};
use crate::model::batch::RequestBatch;
use crate::model::campaign::{Campaign, LabelledRequest, Template, Verdict};
use crate::model::column::RequestColumn;
use crate::text::excerpt;
use crate::text::fragments::all_shingles;
use crate::text::hash::text_hash;

/// Columns the second look reads.
pub const WANTED: &[RequestColumn] = &[
    RequestColumn::Timestamp,
    RequestColumn::AccountId,
    RequestColumn::RequestId,
    RequestColumn::Prompt,
    RequestColumn::SystemPrompt,
];

/// What the second look finds; parts of it add up in any order.
#[derive(Debug, Default)]
pub struct Labelled {
    /// Requests of the campaigns' templates.
    pub requests: Vec<LabelledRequest>,
    /// Excerpts for templates that lack some, by template number: those of the texts with the
    /// smallest hashes.
    quotes: BTreeMap<u32, BTreeMap<u64, String>>,
}

impl Labelled {
    /// Takes in another part; at most `limit` excerpts per template stay.
    fn absorb(&mut self, other: Self, limit: usize) {
        self.requests.extend(other.requests);
        for (template, quotes) in other.quotes {
            let mine = self.quotes.entry(template).or_default();
            mine.extend(quotes);
            while mine.len() > limit {
                mine.pop_last();
            }
        }
    }
}

/// What to look for, by account.
pub struct Search {
    /// Campaign of each account; an account in several campaigns counts for the strongest.
    campaign_of: FxHashMap<Arc<str>, u32>,
    campaign_ids: Vec<Arc<str>>,
    template_ids: Vec<Arc<str>>,
    /// Capability of each template.
    capabilities: Vec<Arc<str>>,
    /// Template numbers that each campaign stands on.
    templates_of_campaign: Vec<FxHashSet<u32>>,
    user: Lookup,
    system: Lookup,
    fragment_words: usize,
    cover_share: f64,
    /// Templates with fewer excerpts than may be shown: slots show only beside one another.
    sparse: FxHashSet<u32>,
    excerpt_chars: usize,
    excerpts_per_template: usize,
    quote: Quote,
}

/// Templates of one role, by fragment and by exact text.
#[derive(Default)]
struct Lookup {
    by_fragment: FxHashMap<u64, Vec<u32>>,
    by_text: FxHashMap<u64, u32>,
    /// Fragments that a text of each template typically holds.
    typical: FxHashMap<u32, usize>,
}

impl Search {
    /// Prepares the look-up; `None` where no campaign stands on a template.
    #[must_use]
    pub fn new(
        campaigns: &[Campaign],
        patterns: &[Pattern],
        templates: &[Template],
        (config, quote): (&Config, Quote),
    ) -> Option<Self> {
        let mut search = Search {
            campaign_of: FxHashMap::default(),
            campaign_ids: campaigns
                .iter()
                .map(|campaign| campaign.id.as_str().into())
                .collect(),
            template_ids: patterns
                .iter()
                .map(|pattern| pattern.id.as_str().into())
                .collect(),
            capabilities: patterns
                .iter()
                .map(|pattern| pattern.capability.as_str().into())
                .collect(),
            templates_of_campaign: Vec::new(),
            user: Lookup::default(),
            system: Lookup::default(),
            fragment_words: config.digest.fragment_words,
            cover_share: config.content.cover_share,
            sparse: FxHashSet::default(),
            excerpt_chars: config.digest.excerpt_chars,
            excerpts_per_template: config.report.excerpts_per_template,
            quote,
        };
        let numbers: FxHashMap<&str, u32> = (0_u32..)
            .zip(patterns)
            .map(|(number, pattern)| (pattern.id.as_str(), number))
            .collect();
        let mut used: FxHashSet<u32> = FxHashSet::default();
        search.sparse = templates
            .iter()
            .filter(|template| template.excerpts.len() < config.report.excerpts_per_template)
            .filter_map(|template| numbers.get(template.id.as_str()).copied())
            .collect();
        for (number, campaign) in (0_u32..).zip(campaigns) {
            let templates: FxHashSet<u32> = campaign
                .templates
                .iter()
                .filter_map(|id| numbers.get(id.as_str()).copied())
                .collect();
            if !templates.is_empty() {
                for member in &campaign.members {
                    search
                        .campaign_of
                        .entry(member.account_id.as_str().into())
                        .or_insert(number);
                }
            }
            used.extend(templates.iter().copied());
            search.templates_of_campaign.push(templates);
        }
        for (number, pattern) in (0_u32..)
            .zip(patterns)
            .filter(|(number, _)| used.contains(number))
        {
            let lookup = if pattern.system {
                &mut search.system
            } else {
                &mut search.user
            };
            lookup.typical.insert(number, pattern.typical);
            for fragment in &pattern.fragments {
                lookup
                    .by_fragment
                    .entry(*fragment)
                    .or_default()
                    .push(number);
            }
            if let Some(hash) = pattern.text_hash {
                lookup.by_text.insert(hash, number);
            }
        }
        (!search.campaign_of.is_empty()).then_some(search)
    }

    /// Labels the rows of a batch that belong to a campaign's templates.
    pub fn label(&self, batch: &RequestBatch, found: &mut Labelled) {
        let (Some(accounts), Some(times)) = (
            batch.text(RequestColumn::AccountId),
            batch.integer(RequestColumn::Timestamp),
        ) else {
            return;
        };
        let ids = batch.text(RequestColumn::RequestId);
        let prompts = batch.text(RequestColumn::Prompt);
        let systems = batch.text(RequestColumn::SystemPrompt);
        let value = |column: Option<&arrow_array::StringArray>, row: usize| -> Option<Box<str>> {
            column
                .filter(|column| !arrow_array::Array::is_null(*column, row))
                .map(|column| column.value(row).into())
        };
        for (row, number) in batch.rows.iter().enumerate() {
            let Some((account_id, campaign)) = self.campaign_of.get_key_value(accounts.value(row))
            else {
                continue;
            };
            let allowed = self.templates_of_campaign.get(*campaign as usize);
            let text = |column: Option<&arrow_array::StringArray>, lookup: &Lookup| {
                let column = column.filter(|column| !arrow_array::Array::is_null(*column, row))?;
                let template = self.best(column.value(row), lookup)?;
                allowed
                    .is_some_and(|allowed| allowed.contains(&template))
                    .then_some(template)
            };
            let of_user = text(prompts, &self.user).zip(prompts);
            let Some((template, column)) =
                of_user.or_else(|| text(systems, &self.system).zip(systems))
            else {
                continue;
            };
            self.quote(template, column.value(row), found);
            found.requests.push(LabelledRequest {
                file: batch.file,
                row: *number,
                request_id: value(ids, row)
                    .unwrap_or_else(|| format!("{}:{number}", batch.file).into()),
                account_id: Arc::clone(account_id),
                timestamp_us: times.value(row),
                campaign_id: shared(&self.campaign_ids, *campaign),
                template_id: shared(&self.template_ids, template),
                pattern_family: shared(&self.capabilities, template),
            });
        }
    }

    /// Keeps an excerpt of the text, where its template lacks some.
    fn quote(&self, template: u32, text: &str, found: &mut Labelled) {
        if !self.sparse.contains(&template) {
            return;
        }
        let hash = text_hash(text);
        let quotes = found.quotes.entry(template).or_default();
        let full = quotes.len() >= self.excerpts_per_template;
        let wanted = !full || quotes.last_key_value().is_some_and(|last| hash < *last.0);
        if wanted
            && !quotes.contains_key(&hash)
            && let Some(excerpt) = excerpt(text, self.excerpt_chars, self.quote)
        {
            quotes.insert(hash, excerpt);
            if full {
                quotes.pop_last();
            }
        }
    }

    /// Puts parts of a second look together, in any order, and gives templates that lack excerpts
    /// those that were found.
    #[must_use]
    pub fn join(
        &self,
        parts: impl IntoIterator<Item = Labelled>,
        templates: &mut [Template],
    ) -> Vec<LabelledRequest> {
        let mut all = Labelled::default();
        for part in parts {
            all.absorb(part, self.excerpts_per_template);
        }
        for template in templates.iter_mut() {
            let number = self.template_ids.iter().position(|id| **id == *template.id);
            let quotes = number
                .and_then(|number| u32::try_from(number).ok())
                .and_then(|number| all.quotes.remove(&number));
            if let Some(quotes) = quotes {
                template.excerpts.extend(quotes.into_values());
                template.excerpts.sort();
                template.excerpts.dedup();
                template.excerpts.truncate(self.excerpts_per_template);
            }
        }
        all.requests
    }

    /// Labels the sampled texts of a digest, for runs that have no log to read again.
    ///
    /// # Errors
    /// When a digest table lacks a column, which is an internal error.
    pub fn label_samples(&self, tables: &DigestTables) -> Result<Vec<LabelledRequest>> {
        let texts = &tables.texts;
        let ids: Vec<&str> = tables
            .accounts
            .column("account_id")?
            .str()?
            .iter()
            .map(Option::unwrap_or_default)
            .collect();
        let roles = texts
            .column("role")?
            .cast(&polars::prelude::DataType::UInt32)?;
        let rows = texts
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .zip(roles.u32()?.into_no_null_iter())
            .zip(texts.column("text_hash")?.u64()?.into_no_null_iter())
            .zip(texts.column("first_us")?.i64()?.into_no_null_iter())
            .zip(texts.column("file")?.u32()?.into_no_null_iter())
            .zip(texts.column("row")?.u64()?.into_no_null_iter())
            .zip(texts.column("request_id")?.str()?.iter());
        let mut found = Vec::new();
        for (index, ((((((account, role), hash), first_us), file), row), request_id)) in
            rows.enumerate()
        {
            let Some(account_id) = ids.get(account as usize) else {
                continue;
            };
            let Some((account_id, campaign)) = self.campaign_of.get_key_value(*account_id) else {
                continue;
            };
            let lookup = if role == 0 { &self.user } else { &self.system };
            let template = match lookup.by_text.get(&hash) {
                Some(number) => Some(*number),
                None => {
                    lookup.covered(tables.fragments.of(index).iter().copied(), self.cover_share)
                }
            };
            let allowed = self.templates_of_campaign.get(*campaign as usize);
            let Some(template) = template
                .filter(|template| allowed.is_some_and(|allowed| allowed.contains(template)))
            else {
                continue;
            };
            found.push(LabelledRequest {
                file,
                row,
                request_id: request_id.unwrap_or_default().into(),
                account_id: Arc::clone(account_id),
                timestamp_us: first_us,
                campaign_id: shared(&self.campaign_ids, *campaign),
                template_id: shared(&self.template_ids, template),
                pattern_family: shared(&self.capabilities, template),
            });
        }
        Ok(found)
    }

    /// The template whose fragments the text covers best, where it covers enough of them.
    fn best(&self, text: &str, lookup: &Lookup) -> Option<u32> {
        if lookup.typical.is_empty() {
            return None;
        }
        if let Some(number) = lookup.by_text.get(&text_hash(text)) {
            return Some(*number);
        }
        let mut hits: Vec<u64> = Vec::new();
        all_shingles(text, self.fragment_words, |hash, _| {
            if lookup.by_fragment.contains_key(&hash) {
                hits.push(hash);
            }
        });
        hits.sort_unstable();
        hits.dedup();
        lookup.covered(hits.into_iter(), self.cover_share)
    }
}

/// The text of this number, which its users share.
fn shared(texts: &[Arc<str>], number: u32) -> Arc<str> {
    texts
        .get(number as usize)
        .map_or_else(|| Arc::from(""), Arc::clone)
}

impl Lookup {
    /// The template with most of these distinct fragments, where they cover enough of it.
    fn covered(&self, fragments: impl Iterator<Item = u64>, cover_share: f64) -> Option<u32> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for fragment in fragments {
            for number in self.by_fragment.get(&fragment).into_iter().flatten() {
                *counts.entry(*number).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .filter(|(number, count)| {
                let typical = self.typical.get(number).copied().unwrap_or(0);
                is_made_from(*count, typical, cover_share)
            })
            .max_by_key(|(number, count)| (*count, std::cmp::Reverse(*number)))
            .map(|(number, _)| number)
    }
}

/// Leaves out the requests of leads. A lead is often a popular application, whose requests
/// would outnumber those of all campaigns; its sample rows stand with its findings.
pub fn without_leads(requests: &mut Vec<LabelledRequest>, campaigns: &[Campaign]) {
    let leads: FxHashSet<&str> = campaigns
        .iter()
        .filter(|campaign| campaign.verdict == Verdict::Lead)
        .map(|campaign| campaign.id.as_str())
        .collect();
    requests.retain(|request| !leads.contains(&*request.campaign_id));
}

/// Writes the counts of the second look into campaigns and templates.
pub fn apply(
    requests: &[LabelledRequest],
    complete: bool,
    campaigns: &mut [Campaign],
    templates: &mut [Template],
) {
    let mut by_account: FxHashMap<(&str, &str), u64> = FxHashMap::default();
    // Requests, the first of them and the last.
    let mut by_template: FxHashMap<&str, (u64, i64, i64)> = FxHashMap::default();
    let mut users: FxHashMap<&str, FxHashSet<&str>> = FxHashMap::default();
    for request in requests {
        *by_account
            .entry((&*request.campaign_id, &*request.account_id))
            .or_default() += 1;
        let at_us = request.timestamp_us;
        let (count, first_us, last_us) = by_template
            .entry(&*request.template_id)
            .or_insert((0, at_us, at_us));
        *count += 1;
        *first_us = at_us.min(*first_us);
        *last_us = at_us.max(*last_us);
        users
            .entry(&*request.template_id)
            .or_default()
            .insert(&*request.account_id);
    }
    for campaign in campaigns {
        campaign.campaign_requests = 0;
        campaign.campaign_requests_complete = complete;
        for member in &mut campaign.members {
            member.campaign_requests = by_account
                .get(&(campaign.id.as_str(), member.account_id.as_str()))
                .copied()
                .unwrap_or(0);
            campaign.campaign_requests += member.campaign_requests;
        }
    }
    if complete {
        for template in templates
            .iter_mut()
            .filter(|template| template.campaign_id.is_some())
        {
            let named = by_template.get(template.id.as_str()).copied();
            template.requests = named.map_or(0, |(count, _, _)| count);
            if let Some((_, first_us, last_us)) = named {
                template.first_us = template.first_us.min(first_us);
                template.last_us = template.last_us.max(last_us);
            }
            // Those of the sample, or more where the whole log shows more.
            let users = users.get(template.id.as_str()).map_or(0, FxHashSet::len) as u64;
            template.accounts = template.accounts.max(users);
            template.requests_complete = true;
        }
    }
}
