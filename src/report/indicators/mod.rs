//! The keys and templates that campaigns rest on, for lists of indicators.
//!
//! Only keys of campaigns of verdict likely or strong are indicators; those of leads are
//! listed as leads, because most leads have an innocent cause. A template that mostly others send
//! would find these others in the next log, and is not listed.

pub(crate) mod identifiers;
pub(crate) mod pattern;
pub(crate) mod stix;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::campaign::{Campaign, Verdict};
use crate::model::case::Case;
use crate::model::finding::{Family, Finding, Subject};
use crate::model::suppression::SuppressionState;

/// Kind under which prompt templates are listed.
pub(crate) const TEMPLATE_KIND: &str = "template";

/// One key or template with the campaigns and findings behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Indicator<'a> {
    pub(crate) kind: &'a str,
    pub(crate) value: &'a str,
    /// Highest verdict of its campaigns.
    pub(crate) verdict: Verdict,
    /// Campaigns that rest on it, in the order of the case.
    pub(crate) campaigns: Vec<&'a Campaign>,
    pub(crate) findings: Vec<&'a Finding>,
    /// Most accounts that one finding links by it.
    pub(crate) accounts: u64,
    /// Strongest evidence, where a finding is about it.
    pub(crate) bits: Option<f64>,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
}

impl Indicator<'_> {
    /// Whether it may be used to look for more, and not only to look at.
    pub(crate) fn is_indicator(&self) -> bool {
        self.verdict >= Verdict::Likely
    }
}

/// Confidence of a verdict: the middle of Low, Medium and High in the table "Low Medium High"
/// of STIX 2.1, appendix A.
pub(crate) fn confidence(verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Lead => 15,
        Verdict::Likely => 50,
        Verdict::Strong => 85,
    }
}

/// All indicators of a case: highest verdict first, then by kind and value.
pub(crate) fn indicators(case: &Case) -> Vec<Indicator<'_>> {
    let findings: BTreeMap<&str, &Finding> = case
        .findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    let mut found: BTreeMap<(&str, &str), Behind<'_>> = BTreeMap::new();
    for (position, campaign) in case.campaigns.iter().enumerate() {
        for finding in rests_on(campaign).filter_map(|id| findings.get(id).copied()) {
            let key = match &finding.subject {
                // an exact text is a template that nothing is filled into
                Subject::Key { kind, value } if kind.ends_with("_text") => {
                    (TEMPLATE_KIND, value.as_str())
                }
                Subject::Key { kind, value } => (kind.as_str(), value.as_str()),
                Subject::Template { id } => (TEMPLATE_KIND, id.as_str()),
                // a group has no key that another log could be searched for
                Subject::Group { .. } => continue,
            };
            if key.0 == TEMPLATE_KIND && !stands_on_templates(campaign)
                || is_address(key.0) && !stands_on_addresses(campaign)
            {
                continue;
            }
            let behind = found.entry(key).or_default();
            behind.campaigns.insert(position);
            behind.findings.insert(&finding.id, finding);
        }
        let templates = campaign.templates.iter();
        for id in templates.filter(|_| stands_on_templates(campaign)) {
            let behind = found.entry((TEMPLATE_KIND, id.as_str())).or_default();
            behind.campaigns.insert(position);
        }
    }
    let mut indicators: Vec<Indicator<'_>> = found
        .into_iter()
        .filter_map(|((kind, value), behind)| behind.indicator(case, kind, value))
        .collect();
    let others: BTreeSet<&str> = case
        .templates
        .iter()
        .filter(|template| template.accounts_in_campaigns * 2 < template.accounts)
        .map(|template| template.id.as_str())
        .collect();
    indicators.retain(|one| one.kind != TEMPLATE_KIND || !others.contains(one.value));
    // What a reviewer has settled is nothing to search other logs for.
    let settled: BTreeSet<(&str, &str)> = case
        .suppressions
        .iter()
        .filter(|entry| entry.state == SuppressionState::Applied)
        .flat_map(|entry| {
            entry
                .subjects
                .iter()
                .map(|subject| (entry.scope.as_str(), subject.as_str()))
        })
        .collect();
    indicators.retain(|indicator| {
        let key = format!("{}:{}", indicator.kind, indicator.value);
        let is_template =
            indicator.kind == TEMPLATE_KIND && settled.contains(&("template", indicator.value));
        !is_template && !settled.contains(&("key", key.as_str()))
    });
    // stable: kind and value keep their order
    indicators.sort_by_key(|indicator| std::cmp::Reverse(indicator.verdict));
    indicators
}

/// Whether its templates say something of it: those that the accounts of a lead on a payer happen to
/// send are everybody's as often as not.
fn stands_on_templates(campaign: &Campaign) -> bool {
    let first = campaign.evidence.first();
    campaign.verdict > Verdict::Lead
        || first.is_some_and(|evidence| evidence.family == Family::Content)
}

fn is_address(kind: &str) -> bool {
    matches!(kind, "ip" | "ip_prefix")
}

/// Whether its addresses say something of it: those of a campaign for which they do not count are a
/// carrier's, a cloud's or an office's as often as not.
fn stands_on_addresses(campaign: &Campaign) -> bool {
    let mut evidence = campaign.evidence.iter();
    evidence.any(|evidence| evidence.family == Family::Network && evidence.counts)
}

/// Ids of the findings that a campaign or one of its members rests on, each once.
pub(crate) fn rests_on(campaign: &Campaign) -> impl Iterator<Item = &str> {
    let of_evidence = campaign
        .evidence
        .iter()
        .flat_map(|evidence| &evidence.findings);
    let of_members = campaign.members.iter().flat_map(|member| &member.findings);
    let ids: BTreeSet<&str> = of_evidence.chain(of_members).map(String::as_str).collect();
    ids.into_iter()
}

/// What stands behind a key.
#[derive(Default)]
struct Behind<'a> {
    campaigns: BTreeSet<usize>,
    findings: BTreeMap<&'a str, &'a Finding>,
}

impl<'a> Behind<'a> {
    fn indicator(self, case: &'a Case, kind: &'a str, value: &'a str) -> Option<Indicator<'a>> {
        let campaigns: Vec<&Campaign> = self
            .campaigns
            .into_iter()
            .filter_map(|position| case.campaigns.get(position))
            .collect();
        let findings: Vec<&Finding> = self.findings.into_values().collect();
        let template = (kind == TEMPLATE_KIND)
            .then(|| case.templates.iter().find(|template| template.id == value))
            .flatten();
        let first_us = template
            .map(|template| template.first_us)
            .or_else(|| findings.iter().filter_map(|finding| finding.first_us).min())
            .or_else(|| campaigns.iter().map(|campaign| campaign.first_us).min())?;
        let last_us = template
            .map(|template| template.last_us)
            .or_else(|| findings.iter().filter_map(|finding| finding.last_us).max())
            .or_else(|| campaigns.iter().map(|campaign| campaign.last_us).max())?;
        let linked = findings.iter().map(|finding| finding.accounts.len() as u64);
        Some(Indicator {
            kind,
            value,
            verdict: campaigns.iter().map(|campaign| campaign.verdict).max()?,
            accounts: linked
                .chain(template.map(|template| template.accounts))
                .max()
                .unwrap_or(0),
            bits: findings
                .iter()
                .map(|finding| finding.bits)
                .max_by(f64::total_cmp),
            campaigns,
            findings,
            first_us,
            last_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::suppression::Suppression;
    use crate::report::sample;

    #[test]
    fn a_template_that_mostly_others_send_is_no_indicator() {
        let mut case = sample::three_campaigns().case;
        let listed = |case: &Case, id: &str| {
            let all = indicators(case);
            all.iter()
                .any(|one| one.kind == TEMPLATE_KIND && one.value == id)
        };
        let id = case.campaigns[0].templates[0].clone();
        assert!(listed(&case, &id));
        let users = case.templates.iter_mut().find(|one| one.id == id).unwrap();
        users.accounts_in_campaigns = users.accounts / 2 - 1;
        assert!(!listed(&case, &id));
    }

    #[test]
    fn a_settled_key_is_no_indicator() {
        let mut case = sample::three_campaigns().case;
        let (kind, value) = {
            let all = indicators(&case);
            let key = all.iter().find(|one| one.kind != TEMPLATE_KIND).unwrap();
            (key.kind.to_owned(), key.value.to_owned())
        };
        let is_there = |case: &Case| {
            indicators(case)
                .iter()
                .any(|one| one.kind == kind && one.value == value)
        };
        let mut entry = Suppression {
            line: 1,
            detector: "*".to_owned(),
            scope: "key".to_owned(),
            subjects: vec![format!("{kind}:{value}")],
            not_in_case: Vec::new(),
            reason: "a customer's own card".to_owned(),
            author: "a reviewer".to_owned(),
            expires: "2030-01-01".to_owned(),
            state: SuppressionState::Expired,
            findings: 0,
            campaigns: 0,
            accounts: 0,
            templates: 0,
        };
        case.suppressions = vec![entry.clone()];
        assert!(is_there(&case));
        entry.state = SuppressionState::Applied;
        case.suppressions = vec![entry];
        assert!(!is_there(&case));
    }

    #[test]
    fn keys_of_leads_are_leads_and_the_highest_verdict_counts() {
        let mut case = sample::three_campaigns().case;
        let found = |case: &Case| -> Vec<(String, String, Verdict, usize)> {
            indicators(case)
                .into_iter()
                .map(|one| {
                    (
                        one.kind.to_owned(),
                        one.value.to_owned(),
                        one.verdict,
                        one.campaigns.len(),
                    )
                })
                .collect()
        };
        let all = found(&case);
        // the members of every sample campaign name the payment finding
        assert!(all.contains(&("payment".into(), "pm_8812".into(), Verdict::Strong, 3)));
        // of the strong one addresses are no evidence that counts
        assert!(all.contains(&(
            "ip_prefix".into(),
            "203.0.113.0/24".into(),
            Verdict::Lead,
            1
        )));
        assert!(all.iter().all(|(kind, ..)| kind != "group"));

        case.campaigns
            .retain(|campaign| campaign.verdict == Verdict::Lead);
        assert!(!found(&case).is_empty());
        assert!(indicators(&case).iter().all(|one| !one.is_indicator()));
        case.campaigns.clear();
        assert!(indicators(&case).is_empty());
    }
}
