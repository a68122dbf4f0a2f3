//! The second look: which requests belong to a campaign's templates.
//!
//! The digest knows each account only by a sample of its texts. Where the log can be read
//! again, every text of the campaigns' accounts is held against the templates' fragments,
//! so that an account's other traffic stays out of the case. From digests alone only the
//! sampled rows can be named.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::Config;
use crate::fuse::Pattern;
use crate::model::batch::RequestBatch;
use crate::model::campaign::{Campaign, LabelledRequest, Template};
use crate::model::column::RequestColumn;
use crate::text::fragments::all_shingles;
use crate::text::hash::text_hash;

/// Columns the second look reads.
pub const WANTED: &[RequestColumn] =
    &[RequestColumn::Timestamp, RequestColumn::AccountId, RequestColumn::RequestId, RequestColumn::Prompt, RequestColumn::SystemPrompt];

/// What to look for, by account.
pub struct Search {
    /// Campaign of each account; an account in several campaigns counts for the strongest.
    campaign_of: FxHashMap<String, u32>,
    campaign_ids: Vec<String>,
    template_ids: Vec<String>,
    /// Template numbers that each campaign stands on.
    templates_of_campaign: Vec<FxHashSet<u32>>,
    user: Lookup,
    system: Lookup,
    fragment_words: usize,
    cover_share: f64,
}

/// Templates of one role, by fragment and by exact text.
#[derive(Default)]
struct Lookup {
    by_fragment: FxHashMap<u64, Vec<u32>>,
    by_text: FxHashMap<u64, u32>,
    sizes: FxHashMap<u32, usize>,
}

impl Search {
    /// Prepares the look-up; `None` where no campaign stands on a template.
    #[must_use]
    pub fn new(campaigns: &[Campaign], patterns: &[Pattern], config: &Config) -> Option<Self> {
        let mut search = Search {
            campaign_of: FxHashMap::default(),
            campaign_ids: campaigns.iter().map(|campaign| campaign.id.clone()).collect(),
            template_ids: patterns.iter().map(|pattern| pattern.id.clone()).collect(),
            templates_of_campaign: Vec::new(),
            user: Lookup::default(),
            system: Lookup::default(),
            fragment_words: config.digest.fragment_words,
            cover_share: config.content.cover_share,
        };
        let numbers: FxHashMap<&str, u32> = (0_u32..).zip(patterns).map(|(number, pattern)| (pattern.id.as_str(), number)).collect();
        let mut used: FxHashSet<u32> = FxHashSet::default();
        for (number, campaign) in (0_u32..).zip(campaigns) {
            let templates: FxHashSet<u32> = campaign.templates.iter().filter_map(|id| numbers.get(id.as_str()).copied()).collect();
            if !templates.is_empty() {
                for member in &campaign.members {
                    search.campaign_of.entry(member.account_id.clone()).or_insert(number);
                }
            }
            used.extend(templates.iter().copied());
            search.templates_of_campaign.push(templates);
        }
        for (number, pattern) in (0_u32..).zip(patterns).filter(|(number, _)| used.contains(number)) {
            let lookup = if pattern.system { &mut search.system } else { &mut search.user };
            lookup.sizes.insert(number, pattern.fragments.len());
            for fragment in &pattern.fragments {
                lookup.by_fragment.entry(*fragment).or_default().push(number);
            }
            if let Some(hash) = pattern.text_hash {
                lookup.by_text.insert(hash, number);
            }
        }
        (!search.campaign_of.is_empty()).then_some(search)
    }

    /// Labels the rows of a batch that belong to a campaign's templates.
    pub fn label(&self, batch: &RequestBatch, found: &mut Vec<LabelledRequest>) {
        let (Some(accounts), Some(times)) = (batch.text(RequestColumn::AccountId), batch.integer(RequestColumn::Timestamp)) else { return };
        let ids = batch.text(RequestColumn::RequestId);
        let prompts = batch.text(RequestColumn::Prompt);
        let systems = batch.text(RequestColumn::SystemPrompt);
        let value = |column: Option<&arrow_array::StringArray>, row: usize| -> Option<String> {
            column.filter(|column| !arrow_array::Array::is_null(*column, row)).map(|column| column.value(row).to_owned())
        };
        for (row, number) in batch.rows.iter().enumerate() {
            let Some(campaign) = self.campaign_of.get(accounts.value(row)) else { continue };
            let allowed = self.templates_of_campaign.get(*campaign as usize);
            let text = |column: Option<&arrow_array::StringArray>, lookup: &Lookup| {
                let column = column.filter(|column| !arrow_array::Array::is_null(*column, row))?;
                let template = self.best(column.value(row), lookup)?;
                allowed.is_some_and(|allowed| allowed.contains(&template)).then_some(template)
            };
            let Some(template) = text(prompts, &self.user).or_else(|| text(systems, &self.system)) else { continue };
            found.push(LabelledRequest {
                file: batch.file,
                row: *number,
                request_id: value(ids, row).unwrap_or_else(|| format!("{}:{number}", batch.file)),
                account_id: accounts.value(row).to_owned(),
                timestamp_us: times.value(row),
                campaign_id: self.campaign_ids.get(*campaign as usize).cloned().unwrap_or_default(),
                template_id: self.template_ids.get(template as usize).cloned().unwrap_or_default(),
                pattern_family: String::new(),
            });
        }
    }

    /// The template whose fragments the text covers best, where it covers enough of them.
    fn best(&self, text: &str, lookup: &Lookup) -> Option<u32> {
        if lookup.sizes.is_empty() {
            return None;
        }
        if let Some(number) = lookup.by_text.get(&text_hash(text)) {
            return Some(*number);
        }
        let mut seen: FxHashSet<u64> = FxHashSet::default();
        let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
        all_shingles(text, self.fragment_words, |hash, _| {
            if let Some(numbers) = lookup.by_fragment.get(&hash)
                && seen.insert(hash)
            {
                for number in numbers {
                    *counts.entry(*number).or_default() += 1;
                }
            }
        });
        let mut ranked: Vec<(usize, u32)> = counts
            .into_iter()
            .filter(|(number, count)| {
                let size = lookup.sizes.get(number).copied().unwrap_or(0);
                *count >= 2 && *count as f64 >= self.cover_share * size as f64
            })
            .map(|(number, count)| (count, number))
            .collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.first().map(|(_, number)| *number)
    }
}

/// Writes the counts of the second look into campaigns and templates.
pub fn apply(requests: &[LabelledRequest], complete: bool, campaigns: &mut [Campaign], templates: &mut [Template]) {
    let mut by_account: FxHashMap<(&str, &str), u64> = FxHashMap::default();
    let mut by_template: FxHashMap<&str, u64> = FxHashMap::default();
    for request in requests {
        *by_account.entry((request.campaign_id.as_str(), request.account_id.as_str())).or_default() += 1;
        *by_template.entry(request.template_id.as_str()).or_default() += 1;
    }
    for campaign in campaigns {
        campaign.campaign_requests = 0;
        for member in &mut campaign.members {
            member.campaign_requests = by_account.get(&(campaign.id.as_str(), member.account_id.as_str())).copied().unwrap_or(0);
            campaign.campaign_requests += member.campaign_requests;
        }
    }
    if complete {
        for template in templates.iter_mut().filter(|template| template.campaign_id.is_some()) {
            template.requests = by_template.get(template.id.as_str()).copied().unwrap_or(0);
            template.requests_complete = true;
        }
    }
}
