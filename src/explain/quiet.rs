//! Why an account is in no campaign: only what the case and its digest show.

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::holdings::{Holdings, KeyAssessment};
use crate::explain::known::Known;
use crate::explain::parts::{Row, plural};
use crate::explain::prompts::Prompts;
use crate::model::finding::DetectorRun;
use crate::model::suppression::SuppressedAccount;

/// What the digest holds about an account.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LookedAt {
    /// Requests of the account in the log.
    pub requests: u64,
    /// Those with a prompt.
    pub prompts: u64,
    /// First request, microseconds since the epoch.
    pub first_us: i64,
    /// Last request, microseconds since the epoch.
    pub last_us: i64,
    /// Its keys in requests, with how many other accounts have each.
    pub holdings: Holdings,
    /// What its sampled prompts share.
    pub texts: Prompts,
    /// What was thinned or joined in the digest, in sentences.
    pub notes: Vec<String>,
    /// Sample rows of the account.
    pub rows: Vec<Row>,
}

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The case has no digest to look the account up in.
    NoDigest,
    /// A suppression hides findings that list it.
    Suppressed,
    /// A finding lists it, or stands on one of its keys, yet no campaign has it as a member.
    InFinding,
    /// It shares no key that links accounts.
    NoSharedKey,
    /// Keys it shares are taken for public ones.
    Hubs,
    /// Keys it shares have too few accounts to be tested.
    TooFew,
    /// Keys it shares have no finding on them.
    NothingIndependent,
    /// Keys it shares were not tested.
    NotTested,
    /// It has no sampled prompts.
    NoPrompts,
    /// Its sampled prompts follow no template that several accounts share.
    NoTemplate,
    /// Its prompts follow templates that several accounts share.
    Templates,
    /// Other accounts send some of its prompts to the letter.
    SharedTexts,
    /// Keys of the accounts table are not in the digest.
    AccountsTable,
    /// The profile does not report leads, or not all.
    Profile,
    /// Detectors did not run, or only in part.
    DetectorsNotRun,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reason {
    /// What kind of reason it is.
    pub code: ReasonCode,
    /// The reason, in a sentence.
    pub text: String,
}

fn reason(code: ReasonCode, text: impl Into<String>) -> Reason {
    Reason {
        code,
        text: text.into(),
    }
}

/// What became of an account that suppressions took out, as the end of a sentence.
pub(super) fn taken_out(account: &SuppressedAccount) -> String {
    format!(
        "was scored as one of {} and is suppressed by line {} of the suppression file; scan with --no-suppress to have its place explained",
        account.campaign_id, account.line
    )
}

/// Why an account outside all campaigns is there.
pub(super) fn reasons(
    known: &Known<'_>,
    (account, looked_at): (&str, Option<&LookedAt>),
    findings: &[String],
) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = known
        .suppressed(account)
        .map(|one| reason(ReasonCode::Suppressed, format!("it {}", taken_out(one))))
        .collect();
    let is_suppressed = !reasons.is_empty();
    let hidden: Vec<String> = known
        .case
        .findings
        .iter()
        .filter(|finding| findings.contains(&finding.id))
        .filter_map(|finding| Some((finding, finding.suppressed_by?)))
        .map(|(finding, line)| format!("{} by line {line}", finding.id))
        .collect();
    if !hidden.is_empty() {
        reasons.push(reason(
            ReasonCode::Suppressed,
            format!(
                "findings that list it are suppressed: {}; scan with --no-suppress to see what stood on them",
                hidden.join(", ")
            ),
        ));
    }
    if is_suppressed {
        // What it shares was enough; anything else said here would be untrue.
        return reasons;
    }
    if !findings.is_empty() {
        reasons.push(reason(
            ReasonCode::InFinding,
            format!(
                "findings list it, but no campaign of the case has it as a member: {}",
                findings.join(", ")
            ),
        ));
    }
    match looked_at {
        None => reasons.push(reason(
            ReasonCode::NoDigest,
            "the case has no digest that knows the account (a pseudonymised case leaves its digest out), so what it shares with others is not known here",
        )),
        Some(looked_at) => {
            keys(&looked_at.holdings, &mut reasons);
            texts(&looked_at.texts, &mut reasons);
            if known.case.coverage.accounts_joined > 0 {
                reasons.push(reason(
                    ReasonCode::AccountsTable,
                    "keys of the accounts table (payment, e-mail, telephone, sign-up) are not kept in the digest: what it shares there is seen only where a finding lists it",
                ));
            }
        }
    }
    reasons.extend(profile(&known.case.profile));
    let not_tested = known
        .case
        .detectors
        .iter()
        .filter(|run| !run.not_tested().is_empty())
        .map(|run| run.detector.as_str())
        .collect::<Vec<_>>();
    if !not_tested.is_empty() {
        reasons.push(reason(
            ReasonCode::DetectorsNotRun,
            format!(
                "{} could not run, or not on everything; what they look for counts as not looked for, never as clean: {}",
                plural(not_tested.len() as u64, "detector"),
                not_tested.join(", ")
            ),
        ));
    }
    reasons
}

fn profile(name: &str) -> Option<Reason> {
    let text = match name {
        "broad" => return None,
        "cautious" => {
            "profile cautious reports no leads: whether the account is in one is not in the case; scan with --profile broad"
        }
        _ => {
            "profile balanced leaves out leads that rest on network or client keys alone, or on a prompt whose senders live like unrelated customers: whether the account is in one is not in the case; scan with --profile broad"
        }
    };
    Some(reason(ReasonCode::Profile, text))
}

fn keys(holdings: &Holdings, reasons: &mut Vec<Reason>) {
    let count = |assessment: KeyAssessment| {
        holdings
            .keys
            .iter()
            .filter(|key| key.assessment == assessment)
            .count() as u64
    };
    let linking = [
        KeyAssessment::InFinding,
        KeyAssessment::NothingIndependent,
        KeyAssessment::Hub,
        KeyAssessment::TooFew,
        KeyAssessment::NotTested,
    ];
    if linking.into_iter().all(|assessment| count(assessment) == 0) {
        reasons.push(reason(
            ReasonCode::NoSharedKey,
            format!(
                "none of its {} in requests links it to another account",
                plural(holdings.keys.len() as u64, "key")
            ),
        ));
    }
    let sentences: [(KeyAssessment, ReasonCode, &str); 5] = [
        (
            KeyAssessment::InFinding,
            ReasonCode::InFinding,
            "with findings of the case on them: what the account itself has did not make it a member",
        ),
        (
            KeyAssessment::NothingIndependent,
            ReasonCode::NothingIndependent,
            "shared with others without a finding on them: what their accounts share besides did not reach the bar for a group, and popular software or one place alone never makes one",
        ),
        (
            KeyAssessment::Hub,
            ReasonCode::Hubs,
            "shared with others, but listed among those taken for public ones (hubs)",
        ),
        (
            KeyAssessment::TooFew,
            ReasonCode::TooFew,
            "shared with one other account only: groups of two are not tested",
        ),
        (
            KeyAssessment::NotTested,
            ReasonCode::NotTested,
            "shared with others, but not tested, because the detector for them did not run",
        ),
    ];
    for (assessment, code, sentence) in sentences {
        let number = count(assessment);
        if number > 0 {
            reasons.push(reason(
                code,
                format!("{} {sentence}", plural(number, "key")),
            ));
        }
    }
}

fn texts(texts: &Prompts, reasons: &mut Vec<Reason>) {
    if texts.sampled_texts == 0 {
        reasons.push(reason(
            ReasonCode::NoPrompts,
            "the digest has no sampled prompt of it, so nothing is known about its prompts",
        ));
        return;
    }
    if !texts.templates_looked_for {
        reasons.push(reason(
            ReasonCode::NotTested,
            "the settings of the case could not be read from its manifest, so its prompts were not held against the templates",
        ));
        return;
    }
    if texts.templates.is_empty() {
        reasons.push(reason(
            ReasonCode::NoTemplate,
            format!(
                "its {} follow no template of the case",
                plural(texts.sampled_texts, "sampled text")
            ),
        ));
    }
    if texts.shared_texts > 0 {
        reasons.push(reason(
            ReasonCode::SharedTexts,
            format!(
                "to the letter, the samples of {} hold {} of its {}: a class, an evaluation suite or a client's fixed prompt would explain it, so equal texts count only beside independent ties",
                plural(texts.accounts_sharing_texts, "other account"),
                crate::report::format::count(texts.shared_texts),
                plural(texts.sampled_texts, "sampled text"),
            ),
        ));
    }
    for held in &texts.templates {
        let place = match &held.campaign_id {
            Some(campaign) => format!(
                "the template is among those of campaign {campaign}, of which the account is no member: one template alone makes nobody a member"
            ),
            None => held.template.assessment.clone(),
        };
        reasons.push(reason(
            ReasonCode::Templates,
            format!(
                "{} of its {} follow template {} ({}): {place}",
                held.sampled_texts,
                plural(texts.sampled_texts, "sampled text"),
                held.template.id,
                plural(held.template.accounts, "account"),
            ),
        ));
    }
}

/// Ids of the detectors that ran on everything they look at.
#[must_use]
pub(super) fn ran(runs: &[DetectorRun]) -> Vec<&str> {
    runs.iter()
        .filter(|run| run.not_tested().is_empty())
        .map(|run| run.detector.as_str())
        .collect()
}
