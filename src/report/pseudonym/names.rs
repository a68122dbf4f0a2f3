//! The fields that name someone: each becomes a token.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use regex::Regex;

use crate::model::campaign::{Campaign, Template};
use crate::model::case::CaseTables;
use crate::model::finding::{Family, Finding, Locator, Subject};
use crate::report::manifest::Manifest;
use crate::report::pseudonym::tokens::Tokens;

/// Kinds of names beside the kinds of keys.
const ACCOUNT: &str = "account";
const REQUEST: &str = "request";
const FILE: &str = "file";
const GROUP: &str = "group";
const CAMPAIGN: &str = "C";
const FINDING: &str = "F";
const TEMPLATE: &str = "T";

/// Stands where a text was that people wrote by hand.
const NOT_SHOWN: &str = "not shown";

/// What other texts may quote: originals with their tokens. Request ids are not among them,
/// since no text quotes them and a log can have millions.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<String, String>);

impl Named {
    /// Originals with their tokens, sorted.
    pub(super) fn into_pairs(self) -> impl Iterator<Item = (String, String)> {
        self.0.into_iter()
    }
}

/// Gives tokens and remembers what was replaced.
struct Replacer<'a> {
    tokens: &'a mut Tokens,
    named: &'a mut Named,
}

impl Replacer<'_> {
    fn replace(&mut self, kind: &str, text: &mut String) {
        if text.is_empty() {
            return;
        }
        let token = self.tokens.token(kind, text);
        let original = std::mem::replace(text, token.clone());
        self.named.0.entry(original).or_insert(token);
    }

    /// Gives tokens to what a sentence names that no field does: it is replaced in all texts later.
    fn remember(&mut self, sentences: &Sentences, text: &str) {
        for (kind, pattern) in [("domain", &sentences.domain), ("range", &sentences.range)] {
            for found in pattern.captures_iter(text).filter_map(|found| found.get(1)) {
                let token = self.tokens.token(kind, found.as_str());
                self.named
                    .0
                    .entry(found.as_str().to_owned())
                    .or_insert(token);
            }
        }
    }

    fn replace_shared(&mut self, kind: &str, text: &mut Arc<str>) {
        let mut own = text.to_string();
        self.replace(kind, &mut own);
        *text = own.into();
    }

    fn each<'t>(&mut self, kind: &str, texts: impl IntoIterator<Item = &'t mut String>) {
        for text in texts {
            self.replace(kind, text);
        }
    }

    fn locators(&mut self, locators: &mut [Locator]) {
        for locator in locators {
            locator.request_id = self.tokens.token(REQUEST, &locator.request_id);
        }
    }

    fn campaign(&mut self, campaign: &mut Campaign) {
        self.replace(CAMPAIGN, &mut campaign.id);
        self.each(TEMPLATE, &mut campaign.templates);
        self.locators(&mut campaign.locators);
        for key in &mut campaign.shared_keys {
            self.replace(&key.kind, &mut key.value);
            self.locators(key.sample.as_mut_slice());
        }
        for evidence in &mut campaign.evidence {
            self.each(FINDING, &mut evidence.findings);
        }
        for member in &mut campaign.members {
            self.replace(ACCOUNT, &mut member.account_id);
            self.each(FINDING, &mut member.findings);
        }
        for account in &mut campaign.silent_accounts {
            self.replace(ACCOUNT, &mut account.account_id);
            self.replace(FINDING, &mut account.finding);
        }
        campaign
            .silent_accounts
            .sort_by(|a, b| a.account_id.cmp(&b.account_id));
        // equals stood in the order of their names
        campaign.members.sort_by(|a, b| {
            b.bits
                .total_cmp(&a.bits)
                .then_with(|| a.account_id.cmp(&b.account_id))
        });
        campaign.templates.sort();
    }

    fn finding(&mut self, finding: &mut Finding) {
        self.replace(FINDING, &mut finding.id);
        self.each(FINDING, &mut finding.rests_on);
        match &mut finding.subject {
            Subject::Key { kind, value } => self.replace(kind, value),
            Subject::Template { id } => self.replace(TEMPLATE, id),
            Subject::Group { name } => self.replace(GROUP, name),
        }
        self.each(ACCOUNT, &mut finding.accounts);
        finding.accounts.sort();
        self.locators(&mut finding.locators);
    }

    fn template(&mut self, template: &mut Template) {
        self.replace(TEMPLATE, &mut template.id);
        self.each(CAMPAIGN, template.campaign_id.as_mut());
        self.locators(&mut template.locators);
        template.excerpts.clear();
        template.common_text.clear();
    }
}

/// How names look that stand in sentences only: mail domains, and the names that the user gave to
/// public ranges.
struct Sentences {
    domain: Regex,
    range: Regex,
}

impl Sentences {
    fn new() -> Result<Self> {
        Ok(Self {
            domain: Regex::new(r"([\p{L}\d](?:[\p{L}\d_-]*\.)+[\p{L}\d-]*\p{L}[\p{L}\d-]*)")?,
            range: Regex::new(r"declared public \((.+)\): ")?,
        })
    }
}

/// Replaces the names of the files that were read.
pub(super) fn replace_inputs(
    tables: &mut CaseTables,
    manifest: &mut Manifest,
    tokens: &mut Tokens,
    named: &mut Named,
) {
    let coverage = &mut tables.case.coverage;
    let inputs = coverage.inputs.iter_mut();
    let beside = coverage.side_inputs.iter_mut().map(|side| &mut side.input);
    let read = inputs.chain(beside).map(|input| &mut input.name);
    let others = manifest.inputs.iter_mut().map(|input| &mut input.name);
    for name in read.chain(others) {
        let token = tokens.token(FILE, name);
        // notes name a file with or without its folder
        if let Some(short) = Path::new(name.as_str())
            .file_name()
            .and_then(|name| name.to_str())
        {
            named.0.insert(short.to_owned(), token.clone());
        }
        named
            .0
            .insert(std::mem::replace(name, token.clone()), token);
    }
}

/// Replaces accounts, keys, groups, request ids and the ids that are made from them; words
/// the statements of the evidence anew, from the findings they rest on.
///
/// # Errors
/// When a pattern cannot be compiled, which is an internal error.
pub(super) fn replace_names(
    tables: &mut CaseTables,
    tokens: &mut Tokens,
    named: &mut Named,
) -> Result<()> {
    let mut replacer = Replacer { tokens, named };
    let case = &mut tables.case;
    for finding in &mut case.findings {
        replacer.finding(finding);
    }
    for template in &mut case.templates {
        replacer.template(template);
    }
    for campaign in &mut case.campaigns {
        replacer.campaign(campaign);
    }
    let in_sentences = Sentences::new()?;
    for campaign in &case.campaigns {
        replacer.remember(&in_sentences, &campaign.verdict_reason);
    }
    for hub in &mut case.suppressed_hubs {
        replacer.replace(&hub.kind, &mut hub.value);
        replacer.remember(&in_sentences, &hub.reason);
    }
    for campaign in &mut case.suppressed_campaigns {
        replacer.replace(CAMPAIGN, &mut campaign.id);
    }
    for account in &mut case.suppressed_accounts {
        replacer.replace(ACCOUNT, &mut account.account_id);
        replacer.replace(CAMPAIGN, &mut account.campaign_id);
    }
    for entry in &mut case.suppressions {
        let kind = match entry.scope.as_str() {
            "campaign" => CAMPAIGN,
            "template" => TEMPLATE,
            "finding" => FINDING,
            "accounts" => ACCOUNT,
            _ => "key",
        };
        for subject in entry.subjects.iter_mut().chain(&mut entry.not_in_case) {
            // a key stands as `kind:value`; a pattern becomes one token
            match subject.split_once(':').filter(|_| kind == "key") {
                Some((kind, value)) => {
                    let mut value = value.to_owned();
                    replacer.replace(kind, &mut value);
                    *subject = format!("{kind}:{value}");
                }
                None => replacer.replace(kind, subject),
            }
        }
        replacer.replace("author", &mut entry.author);
    }
    for request in &mut tables.requests {
        request.request_id = replacer.tokens.token(REQUEST, &request.request_id).into();
        replacer.replace_shared(ACCOUNT, &mut request.account_id);
        replacer.replace_shared(CAMPAIGN, &mut request.campaign_id);
        replacer.replace_shared(TEMPLATE, &mut request.template_id);
    }
    // What people wrote may name anybody, also those whom the case does not know.
    for event in &mut case.events {
        replacer.replace("event", &mut event.name);
    }
    for entry in &mut case.suppressions {
        NOT_SHOWN.clone_into(&mut entry.reason);
    }
    if let Some(comparison) = &mut case.comparison {
        NOT_SHOWN.clone_into(&mut comparison.baseline);
        for change in &mut comparison.changes {
            replacer.replace(CAMPAIGN, &mut change.campaign_id);
            replacer.each(CAMPAIGN, change.before_id.as_mut());
            replacer.each(ACCOUNT, &mut change.joined);
            replacer.each(ACCOUNT, &mut change.left);
            change.joined.sort();
            change.left.sort();
            replacer.each(TEMPLATE, &mut change.templates);
            change.templates.sort();
            change.because = "see the accounts and templates of both".to_owned();
        }
    }
    if let Some(watchlist) = &mut case.watchlist {
        for text in &mut watchlist.unread {
            // the place stays, what stands there is the list's
            text.truncate(text.find([':', '(']).unwrap_or(0));
            text.push_str(&format!(": {NOT_SHOWN}"));
        }
    }
    let findings: BTreeMap<&str, &Finding> = case
        .findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding))
        .collect();
    for evidence in case
        .campaigns
        .iter_mut()
        .flat_map(|campaign| &mut campaign.evidence)
    {
        let strongest = evidence
            .findings
            .iter()
            .find_map(|id| findings.get(id.as_str()));
        evidence.statement = match strongest {
            _ if evidence.family == Family::Watchlist => format!(
                "{} accounts match entries of the watch list; a list counts for no verdict",
                evidence.accounts
            ),
            Some(finding) => format!(
                "{}: {} measured, {} expected by chance, among {}{}",
                finding.measure,
                figure(finding.measured),
                figure(finding.expected),
                finding.n,
                if finding.weak {
                    format!(" ({} would explain it)", finding.innocent)
                } else {
                    String::new()
                }
            ),
            None => format!(
                "{} accounts carry {} evidence",
                evidence.accounts,
                evidence.family.name()
            ),
        };
    }
    Ok(())
}

/// A figure with two digits after the first that is not nought, so that a share is not rounded away.
fn figure(value: f64) -> String {
    if value >= 10.0 || value.fract().abs() < f64::EPSILON {
        return format!("{value:.0}");
    }
    let shown = format!("{value:.2}");
    if value > 0.0 && shown.trim_matches(['0', '.']).is_empty() {
        "under 0.01".to_owned()
    } else {
        shown
    }
}
