//! One entry of a suppression file and what it names.

use crate::model::campaign::Campaign;
use crate::model::case::Case;
use crate::model::finding::{Finding, Subject, TEMPLATE_SPREAD};
use crate::model::suppression::{Suppression, SuppressionState};

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Campaign ids.
    Campaign(Vec<String>),
    /// Template ids.
    Template(Vec<String>),
    /// Finding ids.
    Finding(Vec<String>),
    /// Account ids; `*` stands for any characters.
    Accounts(Vec<String>),
    /// Shared keys, `kind:value`.
    Key(Vec<String>),
}

impl Scope {
    /// Its name in the file, and what it names.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &[String]) {
        match self {
            Scope::Campaign(subjects) => ("campaign", subjects),
            Scope::Template(subjects) => ("template", subjects),
            Scope::Finding(subjects) => ("finding", subjects),
            Scope::Accounts(subjects) => ("accounts", subjects),
            Scope::Key(subjects) => ("key", subjects),
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// One-based line.
    pub line: u64,
    /// A detector id, `family/*` or `*`.
    pub detector: String,
    /// What it is about.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// Last day on which it holds, `YYYY-MM-DD`.
    pub expires: String,
    /// Last microsecond of that day (UTC) since the epoch.
    pub until_us: i64,
}

impl Entry {
    /// The entry as the case tells of it, with nothing counted yet.
    #[must_use]
    pub fn record(&self) -> Suppression {
        let (scope, subjects) = self.scope.parts();
        Suppression {
            line: self.line,
            detector: self.detector.clone(),
            scope: scope.to_owned(),
            subjects: subjects.to_vec(),
            not_in_case: Vec::new(),
            reason: self.reason.clone(),
            author: self.author.clone(),
            expires: self.expires.clone(),
            state: SuppressionState::Unmatched,
            findings: 0,
            campaigns: 0,
            accounts: 0,
            templates: 0,
        }
    }

    /// Whether it is about this detector.
    #[must_use]
    pub fn is_of(&self, detector: &str) -> bool {
        matches(&self.detector, detector)
    }

    /// Whether it hides this finding wherever it stands.
    #[must_use]
    pub fn hides(&self, finding: &Finding) -> bool {
        if !self.is_of(&finding.detector) {
            return false;
        }
        match &self.scope {
            Scope::Campaign(_) => false,
            Scope::Template(ids) => {
                matches!(&finding.subject, Subject::Template { id } if ids.contains(id))
            }
            Scope::Finding(ids) => ids.contains(&finding.id),
            Scope::Accounts(patterns) => {
                let named = finding.accounts.iter();
                let named = named.filter(|account| any(patterns, account)).count();
                named * 2 > finding.accounts.len()
            }
            Scope::Key(keys) => {
                matches!(&finding.subject, Subject::Key { kind, value }
                    if keys.contains(&format!("{kind}:{value}")))
            }
        }
    }

    /// Those of its subjects that nothing in the case is.
    #[must_use]
    pub fn not_in(&self, case: &Case) -> Vec<String> {
        let subjects = || case.findings.iter().map(|finding| &finding.subject);
        let is_there = |wanted: &String| {
            match &self.scope {
            Scope::Campaign(_) => case.campaigns.iter().any(|one| one.id == *wanted),
            Scope::Template(_) => {
                case.templates.iter().any(|one| one.id == *wanted)
                    || subjects().any(|one| matches!(one, Subject::Template { id } if id == wanted))
            }
            Scope::Finding(_) => case.findings.iter().any(|one| one.id == *wanted),
            Scope::Accounts(_) => {
                let members = case.campaigns.iter().flat_map(|one| &one.members);
                let listed = case.findings.iter().flat_map(|one| &one.accounts);
                let silent = case.campaigns.iter().flat_map(|one| &one.silent_accounts);
                members
                    .map(|member| &member.account_id)
                    .chain(silent.map(|account| &account.account_id))
                    .chain(listed)
                    .any(|account| matches(wanted, account))
            }
            Scope::Key(_) => subjects().any(|one| {
                matches!(one, Subject::Key { kind, value }
                    if wanted.strip_prefix(kind.as_str()).and_then(|rest| rest.strip_prefix(':')) == Some(value.as_str()))
            }),
        }
        };
        let (_, named) = self.scope.parts();
        named
            .iter()
            .filter(|subject| !is_there(subject))
            .cloned()
            .collect()
    }

    /// Whether it settles all that is said of this account.
    #[must_use]
    pub fn settles_account(&self, account: &str) -> bool {
        self.detector == "*"
            && matches!(&self.scope, Scope::Accounts(patterns) if any(patterns, account))
    }

    /// Whether it settles what is said of this template as a template.
    #[must_use]
    pub fn settles_template(&self, template: &str) -> bool {
        self.is_of(TEMPLATE_SPREAD)
            && matches!(&self.scope, Scope::Template(ids) if ids.iter().any(|id| id == template))
    }

    /// Whether it names this campaign.
    #[must_use]
    pub fn names_campaign(&self, campaign: &Campaign) -> bool {
        matches!(&self.scope, Scope::Campaign(ids) if ids.contains(&campaign.id))
    }

    /// Whether it hides this campaign whatever its findings are.
    #[must_use]
    pub fn hides_campaign(&self, campaign: &Campaign) -> bool {
        self.detector == "*"
            && match &self.scope {
                Scope::Campaign(_) => self.names_campaign(campaign),
                Scope::Accounts(patterns) => {
                    !campaign.members.is_empty()
                        && campaign
                            .members
                            .iter()
                            .all(|member| any(patterns, &member.account_id))
                }
                Scope::Template(_) | Scope::Finding(_) | Scope::Key(_) => false,
            }
    }
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

/// Whether a pattern with `*` for any characters fits the whole text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut middle: Vec<&str> = parts.collect();
    let Some(last) = middle.pop() else {
        return rest.is_empty();
    };
    let mut rest = rest;
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}
