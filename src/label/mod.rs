//! The second look: which requests belong to a campaign's templates.
//!
//! The digest knows each account only by a sample of its texts. Where the log can be read
//! again, every text of the campaigns' accounts is held against the templates' fragments,
//! so that an account's other traffic stays out of the case. From digests alone only the
//! sampled rows can be named.

mod counts;
mod lookup;
mod quotes;
mod samples;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::Config;
use crate::config::options::Quote;
use crate::fuse::Pattern;
use crate::label::counts::Counts;
use crate::label::lookup::Lookup;
pub use crate::label::quotes::finish_texts;
use crate::model::batch::RequestBatch;
use crate::model::campaign::{COMPARED_TEXTS, Campaign, LabelledRequest, Verdict};
use crate::model::column::RequestColumn;
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
    /// Requests of the campaigns' templates, each once: under the strongest campaign of its
    /// account that has a template for it.
    pub requests: Vec<LabelledRequest>,
    counts: Counts,
    /// Texts of each template, by its number: those with the smallest hashes, as they may be shown.
    quotes: BTreeMap<u32, BTreeMap<u64, String>>,
}

impl Labelled {
    /// Takes in another part.
    fn absorb(&mut self, other: Self) {
        self.requests.extend(other.requests);
        self.counts.absorb(other.counts);
        for (template, quotes) in other.quotes {
            let mine = self.quotes.entry(template).or_default();
            mine.extend(quotes);
            while mine.len() > COMPARED_TEXTS {
                mine.pop_last();
            }
        }
    }
}

/// What to look for, by account.
pub struct Search {
    /// Campaigns of each account that stand on templates, the strongest first.
    campaigns_of: FxHashMap<Arc<str>, Vec<u32>>,
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
    excerpt_chars: usize,
    excerpts_per_template: usize,
    quote: Quote,
}

impl Search {
    /// Prepares the look-up; `None` where no campaign stands on a template.
    #[must_use]
    pub fn new(
        campaigns: &[Campaign],
        patterns: &[Pattern],
        (config, quote): (&Config, Quote),
    ) -> Option<Self> {
        let mut search = Search {
            campaigns_of: FxHashMap::default(),
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
            excerpt_chars: config.digest.excerpt_chars,
            excerpts_per_template: config.report.excerpts_per_template,
            quote,
        };
        let numbers: FxHashMap<&str, u32> = (0_u32..)
            .zip(patterns)
            .map(|(number, pattern)| (pattern.id.as_str(), number))
            .collect();
        let mut used: FxHashSet<u32> = FxHashSet::default();
        for (number, campaign) in (0_u32..).zip(campaigns) {
            let templates: FxHashSet<u32> = campaign
                .templates
                .iter()
                .filter_map(|id| numbers.get(id.as_str()).copied())
                .collect();
            if !templates.is_empty() {
                for member in &campaign.members {
                    search
                        .campaigns_of
                        .entry(member.account_id.as_str().into())
                        .or_default()
                        .push(number);
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
            lookup.add(number, pattern);
        }
        (!search.campaigns_of.is_empty()).then_some(search)
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
            let Some((account_id, campaigns)) =
                self.campaigns_of.get_key_value(accounts.value(row))
            else {
                continue;
            };
            let (prompt, system) = (text(prompts, row), text(systems, row));
            let fitting = Fitting {
                user: self.fitting(prompt, &self.user),
                system: self.fitting(system, &self.system),
            };
            let who = (account_id, campaigns.as_slice(), times.value(row));
            let Some((campaign, template)) = self.attributed(&fitting, who, &mut found.counts)
            else {
                continue;
            };
            let source = if fitting.user.contains(&template) {
                prompt
            } else {
                system
            };
            self.quote(template, source, found);
            found.requests.push(LabelledRequest {
                file: batch.file,
                row: *number,
                request_id: value(ids, row)
                    .unwrap_or_else(|| format!("{}:{number}", batch.file).into()),
                account_id: Arc::clone(account_id),
                timestamp_us: times.value(row),
                campaign_id: shared(&self.campaign_ids, campaign),
                template_id: shared(&self.template_ids, template),
                pattern_family: shared(&self.capabilities, template),
            });
        }
    }

    /// Counts a request for every template of its account's campaigns that it is made from, and
    /// answers with the campaign and template it is shown under: of the strongest campaign that
    /// has one the best, before that of the system prompt that of the user's.
    fn attributed(
        &self,
        fitting: &Fitting,
        (account, campaigns, timestamp_us): (&Arc<str>, &[u32], i64),
        counts: &mut Counts,
    ) -> Option<(u32, u32)> {
        if fitting.user.is_empty() && fitting.system.is_empty() {
            return None;
        }
        let of = |campaign: &u32| self.templates_of_campaign.get(*campaign as usize);
        let all = || fitting.user.iter().chain(&fitting.system);
        for template in all() {
            if campaigns
                .iter()
                .filter_map(of)
                .any(|own| own.contains(template))
            {
                counts.of_template(*template, account, timestamp_us);
            }
        }
        let mut shown = None;
        for campaign in campaigns {
            let best = of(campaign).and_then(|own| all().find(|template| own.contains(*template)));
            if let Some(template) = best {
                counts.of_member(*campaign, account);
                shown = shown.or(Some((*campaign, *template)));
            }
        }
        shown
    }

    /// The number of each template by its id.
    fn numbers(&self) -> FxHashMap<&str, u32> {
        let ids = (0_u32..).zip(&self.template_ids);
        ids.map(|(number, id)| (&**id, number)).collect()
    }

    /// The templates that the text is made from, the best first.
    fn fitting(&self, text: &str, lookup: &Lookup) -> Vec<u32> {
        if text.is_empty() || lookup.typical.is_empty() {
            return Vec::new();
        }
        let mut hits: Vec<u64> = Vec::new();
        all_shingles(text, self.fragment_words, |hash, _| {
            if lookup.by_fragment.contains_key(&hash) {
                hits.push(hash);
            }
        });
        hits.sort_unstable();
        hits.dedup();
        lookup.fitting(text_hash(text), hits.into_iter(), self.cover_share)
    }
}

/// Templates that a request is made from, of each role the best first.
#[derive(Default)]
struct Fitting {
    user: Vec<u32>,
    system: Vec<u32>,
}

/// The text of a row; empty where it has none.
fn text(column: Option<&arrow_array::StringArray>, row: usize) -> &str {
    column
        .filter(|column| !arrow_array::Array::is_null(*column, row))
        .map_or("", |column| column.value(row))
}

/// The text of this number, which its users share.
fn shared(texts: &[Arc<str>], number: u32) -> Arc<str> {
    texts
        .get(number as usize)
        .map_or_else(|| Arc::from(""), Arc::clone)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Account `a` in two campaigns with a template each; a third template belongs to neither.
    fn search() -> Search {
        let ids = |prefix: &str, count: u32| -> Vec<Arc<str>> {
            (0..count)
                .map(|number| format!("{prefix}{number}").into())
                .collect()
        };
        Search {
            campaigns_of: FxHashMap::from_iter([(Arc::from("a"), vec![0, 1])]),
            campaign_ids: ids("C", 2),
            template_ids: ids("T", 3),
            capabilities: ids("", 3),
            templates_of_campaign: vec![FxHashSet::from_iter([0]), FxHashSet::from_iter([1])],
            user: Lookup::default(),
            system: Lookup::default(),
            fragment_words: 5,
            cover_share: 0.5,
            excerpt_chars: 280,
            excerpts_per_template: 5,
            quote: Quote::Masked,
        }
    }

    #[test]
    fn a_request_counts_for_every_template_and_is_shown_under_one() {
        let search = search();
        let account: Arc<str> = "a".into();
        let mut counts = Counts::default();
        let mut attributed = |user: &[u32], system: &[u32], at_us| {
            let fitting = Fitting {
                user: user.to_vec(),
                system: system.to_vec(),
            };
            search.attributed(&fitting, (&account, &[0, 1], at_us), &mut counts)
        };
        // Best is a template of neither campaign, then that of the second.
        assert_eq!(attributed(&[2, 1], &[], 30), Some((1, 1)));
        // One of both: the stronger campaign shows it.
        assert_eq!(attributed(&[1, 0], &[], 10), Some((0, 0)));
        assert_eq!(attributed(&[2], &[0], 20), Some((0, 0)));
        assert_eq!(attributed(&[2], &[], 40), None);
        let of = |template: u32| {
            let uses = &counts.by_template[&template];
            (
                uses.requests,
                uses.first_us,
                uses.last_us,
                uses.accounts.len(),
            )
        };
        assert_eq!(of(0), (2, 10, 20, 1));
        assert_eq!(of(1), (2, 10, 30, 1));
        assert!(!counts.by_template.contains_key(&2));
        assert_eq!(counts.by_member[&(0, Arc::clone(&account))], 2);
        assert_eq!(counts.by_member[&(1, account)], 2);
    }

    #[test]
    fn the_exact_text_comes_first_and_of_others_the_best_covered() {
        let mut lookup = Lookup::default();
        for (fragment, templates) in [(1, vec![0]), (2, vec![0, 1]), (3, vec![1]), (4, vec![1])] {
            lookup.by_fragment.insert(fragment, templates);
        }
        lookup.typical = FxHashMap::from_iter([(0, 3), (1, 4)]);
        lookup.by_text.insert(77, 2);
        let fitting =
            |hash, fragments: &[u64]| lookup.fitting(hash, fragments.iter().copied(), 0.5);
        assert_eq!(fitting(0, &[1, 2, 3, 4]), [1, 0]);
        assert_eq!(fitting(77, &[1, 2]), [2, 0]);
        assert_eq!(fitting(0, &[1]), [0_u32; 0]);
    }
}
