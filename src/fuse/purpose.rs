//! What templates and campaigns are for: names from cues, beside the log's own rate.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::detect::content::capability::Capabilities;
use crate::fuse::rows::Rows;
use crate::model::campaign::{Campaign, Template};
use crate::model::finding::{Family, Finding, Locator, Subject};
use crate::stats::random::stable_id;
use crate::stats::tail::binomial_upper_log2;

const DETECTOR: &str = "content/pattern-cues";

/// Share of a campaign's accounts that use one template of a capability at least, for it to be named
/// (ours: a quarter; a campaign may divide its work).
const USED_SHARE: f64 = 0.25;

/// Capabilities named with one campaign; the published cases name one to three each.
const NAMED: usize = 3;

/// Names a template by the capability of most of its sampled texts.
pub fn name_template(template: &mut Template, texts: &[u32], capabilities: Option<&Capabilities>) {
    let Some((capabilities, (capability, share))) =
        capabilities.and_then(|capabilities| Some((capabilities, capabilities.majority(texts)?)))
    else {
        return;
    };
    capabilities
        .name(capability)
        .clone_into(&mut template.capability);
    template.capability_share = share;
}

/// Writes the purpose of each campaign and gives the findings behind it.
pub fn name_campaigns(
    campaigns: &mut [Campaign],
    templates: &[Template],
    capabilities: Option<&Capabilities>,
    rows: &Rows,
    locators: usize,
) -> Vec<Finding> {
    let Some(capabilities) = capabilities else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for campaign in campaigns {
        let profile = Profile::of(campaign, templates, capabilities, rows);
        campaign.purpose = profile.sentence();
        findings.extend(profile.finding(campaign, capabilities, rows, locators));
    }
    findings
}

/// The capabilities of a campaign beside those of the rest of the log.
struct Profile {
    /// The campaign's templates, and those of them with a capability: name -> count.
    templates: usize,
    named: BTreeMap<String, usize>,
    /// Accounts that use the most used template of each capability.
    reach: BTreeMap<String, u64>,
    /// Templates of the log outside the campaign, and the capabilities of these.
    other_templates: usize,
    other_named: BTreeMap<String, usize>,
    /// Members, and those that mostly send prompts of one capability.
    accounts: Vec<u32>,
    focused: BTreeMap<String, usize>,
    /// The same outside the campaign.
    other_accounts: usize,
    other_focused: BTreeMap<String, usize>,
    kinds: usize,
}

impl Profile {
    fn of(
        campaign: &Campaign,
        templates: &[Template],
        capabilities: &Capabilities,
        rows: &Rows,
    ) -> Self {
        let ids: FxHashSet<&str> = campaign
            .members
            .iter()
            .map(|member| member.account_id.as_str())
            .collect();
        let mut profile = Profile {
            templates: campaign.templates.len(),
            named: BTreeMap::new(),
            reach: BTreeMap::new(),
            other_templates: 0,
            other_named: BTreeMap::new(),
            accounts: Vec::new(),
            focused: BTreeMap::new(),
            other_accounts: 0,
            other_focused: BTreeMap::new(),
            kinds: capabilities.names.len(),
        };
        for template in templates {
            let counts = if campaign.templates.contains(&template.id) {
                let reach = profile
                    .reach
                    .entry(template.capability.clone())
                    .or_default();
                *reach = template.accounts.max(*reach);
                &mut profile.named
            } else {
                profile.other_templates += 1;
                &mut profile.other_named
            };
            if !template.capability.is_empty() {
                *counts.entry(template.capability.clone()).or_default() += 1;
            }
        }
        for ((number, id), focus) in (0_u32..)
            .zip(&rows.account_ids)
            .zip(&capabilities.of_account)
        {
            let counts = if ids.contains(id.as_str()) {
                profile.accounts.push(number);
                &mut profile.focused
            } else {
                profile.other_accounts += 1;
                &mut profile.other_focused
            };
            if let Some(capability) = focus {
                *counts
                    .entry(capabilities.name(*capability).to_owned())
                    .or_default() += 1;
            }
        }
        profile
    }

    /// What they were after, with the figures it rests on.
    fn sentence(&self) -> String {
        let by_template = self.widely_used();
        let by_account: Vec<(&str, usize)> = ranked(&self.focused)
            .into_iter()
            .filter(|(_, count)| count * 2 >= self.accounts.len())
            .collect();
        if let Some((leading, count)) = by_template.first() {
            let others = self.other_named.get(*leading).copied().unwrap_or(0);
            let mut all = by_template.clone();
            let known = |name: &str| by_template.iter().any(|(other, _)| *other == name);
            all.extend(by_account.iter().filter(|(name, _)| !known(name)));
            all.truncate(NAMED);
            return format!(
                "{} ({leading}: {count} of {} of its templates, {others} of {} other templates in the log)",
                joined(&all),
                self.templates,
                self.other_templates,
            );
        }
        if let Some((leading, count)) = by_account.first() {
            let others = self.other_focused.get(*leading).copied().unwrap_or(0);
            return format!(
                "{} (most prompts of {count} of its {} accounts; the same of {others} of {} other accounts in the log)",
                joined(&by_account),
                self.accounts.len(),
                self.other_accounts,
            );
        }
        match self.templates {
            0 => "not determined: no prompt template ties these accounts".to_owned(),
            1 => "not determined: its prompt template matches no known wording; its excerpts say what was asked".to_owned(),
            several => format!(
                "not determined: its {several} prompt templates match no known wording; their excerpts say what was asked"
            ),
        }
    }

    /// Capabilities of templates that enough of its accounts use: what one of its teams sends is
    /// not what the campaign is for.
    fn widely_used(&self) -> Vec<(&str, usize)> {
        let needed = USED_SHARE * self.accounts.len() as f64;
        let mut named = ranked(&self.named);
        named.retain(|(name, _)| {
            self.reach
                .get(*name)
                .is_some_and(|reach| *reach as f64 >= needed)
        });
        named
    }

    /// How far the leading capability of its templates stands out from the log's other templates.
    fn finding(
        &self,
        campaign: &Campaign,
        capabilities: &Capabilities,
        rows: &Rows,
        locators: usize,
    ) -> Option<Finding> {
        let (capability, count) = *self.widely_used().first()?;
        let others = self.other_named.get(capability).copied().unwrap_or(0);
        let rate = (others as f64 + 1.0) / (self.other_templates as f64 + 2.0);
        let tail = binomial_upper_log2(count as u64, self.templates as u64, rate);
        let number = capabilities
            .names
            .iter()
            .position(|name| name == capability)?;
        let matched: Vec<_> = capabilities
            .requests
            .iter()
            .filter(|one| {
                usize::from(one.capability) == number
                    && self.accounts.binary_search(&one.account).is_ok()
            })
            .collect();
        let accounts: Vec<String> = matched
            .iter()
            .filter_map(|one| rows.account_ids.get(one.account as usize).cloned())
            .collect();
        let mut sample: Vec<Locator> = matched
            .iter()
            .filter_map(|one| rows.of_pattern(one.account, one.rule))
            .take(locators)
            .collect();
        sample.sort();
        Some(Finding {
            id: stable_id("F", &[DETECTOR, &campaign.id, capability]),
            detector: DETECTOR.to_owned(),
            family: Family::Content,
            subject: Subject::Group {
                name: format!("{} {capability}", campaign.id),
            },
            accounts,
            bits: (-tail - (self.kinds.max(1) as f64).log2()).max(0.0),
            measure: format!("templates of the campaign for {capability}"),
            measured: count as f64,
            expected: rate * self.templates as f64,
            n: self.templates as u64,
            threshold: 1.0,
            null_model: "each template has the capability at the rate of the log's other templates; names the purpose and enters no verdict".to_owned(),
            innocent: "one customer's pipeline, or a popular client: prompts of a capability are not rare, whoever sends them".to_owned(),
            would_clear: "the customer's own account of the product behind these prompts".to_owned(),
            requests: matched.iter().map(|one| one.requests).sum(),
            first_us: Some(campaign.first_us),
            last_us: Some(campaign.last_us),
            locators: sample,
            weak: true,
            rests_on: Vec::new(),
            stands_with_any: false,
            suppressed_by: None,
        })
    }
}

/// Most frequent first, at most as many as are named.
fn ranked(counts: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    let mut ranked: Vec<(&str, usize)> = counts
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    ranked.truncate(NAMED);
    ranked
}

/// `a`, `a and b`, `a, b and c`.
fn joined(ranked: &[(&str, usize)]) -> String {
    let names: Vec<&str> = ranked.iter().map(|(name, _)| *name).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
