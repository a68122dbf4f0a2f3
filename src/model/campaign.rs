//! Campaigns: accounts that evidence from several findings ties together.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::finding::{Family, Locator};

/// Verdict by rule, not by score.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One family of evidence: worth a look.
    Lead,
    /// Two or more families that agree beyond chance and few expected false clusters.
    Likely,
    /// Three or more, or a hard key with exactly-once or dispatch evidence.
    Strong,
}

impl Verdict {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Lead => "lead",
            Verdict::Likely => "likely",
            Verdict::Strong => "strong",
        }
    }
}

fn yes() -> bool {
    true
}

/// The part an account plays in its campaign; a description that enters no verdict.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Two families of evidence and more tie it to the campaign.
    #[default]
    Core,
    /// One family or none does by its own keys.
    Satellite,
    /// Closed while the campaign went on.
    Replaced,
    /// Made before another account was closed, and silent for two days and more until after it.
    Standby,
    /// The campaign's template runs among the traffic of others.
    Relay,
}

impl Role {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Core => "core",
            Role::Satellite => "satellite",
            Role::Replaced => "replaced",
            Role::Standby => "standby",
            Role::Relay => "relay",
        }
    }
}

/// An account's place in a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Account id.
    pub account_id: String,
    /// Its part in the campaign.
    #[serde(default)]
    pub role: Role,
    /// Total evidence in bits: the sum over families, each capped.
    pub bits: f64,
    /// Evidence in bits by family.
    pub bits_by_family: BTreeMap<Family, f64>,
    /// All requests of the account in the log.
    pub requests: u64,
    /// Requests of the account in the campaign's templates (the sub-stream).
    pub campaign_requests: u64,
    /// First request, microseconds since the epoch.
    pub first_us: i64,
    /// Last request, microseconds since the epoch.
    pub last_us: i64,
    /// When the account was made, microseconds since the epoch, where the accounts table says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_us: Option<i64>,
    /// When the account was closed, microseconds since the epoch, where the accounts table says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_us: Option<i64>,
    /// Findings that tie the account to the campaign.
    pub findings: Vec<String>,
}

/// An account that sent nothing in the log and that a payer of the campaign pays for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SilentAccount {
    /// Account id.
    pub account_id: String,
    /// Bits of the payer: the fewest that a member has whom it pays for.
    pub bits: f64,
    /// When the account was made, microseconds since the epoch, where the accounts table says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_us: Option<i64>,
    /// When the account was closed, microseconds since the epoch, where the accounts table says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_us: Option<i64>,
    /// The finding about the payer.
    pub finding: String,
}

/// What `accounts.csv` and the reports call the part of a [`SilentAccount`].
pub const SILENT: &str = "silent";

/// Why a lead has no techniques.
pub const NO_TECHNIQUES: &str = "a lead gets none, since they would say more of it than is known";

/// A published technique that a campaign would be, if a reader confirms it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Technique {
    /// Id in MITRE ATLAS, MITRE ATT&CK or the OWASP Top 10 for LLM Applications.
    pub id: String,
    /// Framework and name.
    pub name: String,
    /// What of the campaign it rests on.
    pub because: String,
}

/// A way in which the campaign could be innocent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rival {
    /// The innocent explanation.
    pub explanation: String,
    /// What in the log speaks for it.
    pub speaks_for: Vec<String>,
    /// What in the log speaks against it.
    pub speaks_against: Vec<String>,
    /// What would settle it.
    pub would_clear: String,
}

/// Evidence of one family for a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FamilyEvidence {
    /// Family.
    pub family: Family,
    /// Bits, capped.
    pub bits: f64,
    /// Accounts of the campaign that carry evidence of this family.
    pub accounts: u64,
    /// Whether it counts for the verdict.
    pub counts: bool,
    /// In one sentence: the measured value beside what the null expected.
    pub statement: String,
    /// The findings behind it, strongest first.
    pub findings: Vec<String>,
}

/// What is left of a verdict when all evidence of one family is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WithoutFamily {
    /// The family taken away.
    pub family: Family,
    /// The verdict of what remains.
    pub verdict: Verdict,
}

/// The weakest bridge of a campaign: all stronger ties leave it in parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bridge {
    /// The finding about the key or template that joins the last parts.
    pub finding: String,
    /// Its bits.
    pub bits: f64,
    /// Accounts outside the largest part.
    pub accounts: u64,
    /// Accounts of the largest part.
    pub others: u64,
}

impl Bridge {
    /// In one sentence; `subject` names the key or template.
    #[must_use]
    pub fn sentence(&self, subject: &str) -> String {
        format!(
            "{subject} ({:.1} bits): stronger ties alone leave {} of its accounts apart from the other {}",
            self.bits, self.accounts, self.others
        )
    }
}

/// What the verdict rests on, in one sentence; nothing for a lead.
#[must_use]
pub fn stability(verdict: Verdict, without: &[WithoutFamily]) -> Option<String> {
    let list = |wanted: &dyn Fn(Verdict) -> bool| {
        let names: Vec<&str> = without
            .iter()
            .filter(|one| wanted(one.verdict))
            .map(|one| one.family.name())
            .collect();
        (!names.is_empty()).then(|| names.join(" or "))
    };
    let falls = [Verdict::Lead, Verdict::Likely]
        .into_iter()
        .filter_map(|to| {
            let names = list(&|left| left == to && to < verdict)?;
            Some(format!(
                "without {names} evidence it would be {}",
                in_words(to)
            ))
        });
    let stays = list(&|left| left >= verdict).map(|names| {
        format!(
            "without {names} evidence it would still be {}",
            in_words(verdict)
        )
    });
    let parts: Vec<String> = falls.chain(stays).collect();
    (verdict > Verdict::Lead && !parts.is_empty()).then(|| parts.join("; "))
}

fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Lead => "a lead",
        Verdict::Likely => "likely",
        Verdict::Strong => "strong",
    }
}

/// One dated statement about a campaign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// When, microseconds since the epoch.
    pub at_us: i64,
    /// `first_seen`, `growth`, `peak`, `release`, `pivot`, `closed`, `replacement` or `end`.
    pub kind: String,
    /// What happened, in one sentence with its numbers.
    pub statement: String,
    /// Accounts of the campaign concerned.
    pub accounts: u64,
}

/// A key that several accounts of a campaign share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedKey {
    /// Family of evidence that such keys belong to.
    pub family: Family,
    /// Kind of key: `payment`, `ip`, `ip_prefix`, `client`, ...
    pub kind: String,
    /// The key.
    pub value: String,
    /// Accounts of the campaign that have it.
    pub inside: u64,
    /// Accounts outside the campaign that have it.
    pub outside: u64,
    /// A row of the log by one of those inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Locator>,
}

/// One campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Campaign {
    /// Stable id: `C-` and a hash of a template, or else a key, that most members share; with a
    /// baseline the id that the campaign had there.
    pub id: String,
    /// Verdict.
    pub verdict: Verdict,
    /// Why this verdict and not the next higher or lower one.
    pub verdict_reason: String,
    /// Sum of capped family bits of the median member.
    pub bits: f64,
    /// False clusters whose second family has as many bits as this campaign's, mean over the null
    /// runs. None for a lead, which is not measured: the null keeps each key's number of accounts,
    /// and with them the lead.
    #[serde(default)]
    pub expected_false: Option<f64>,
    /// What the verdict would be without one family of evidence, for each that counts; empty for
    /// a lead.
    #[serde(default)]
    pub without_family: Vec<WithoutFamily>,
    /// The weakest bridge between its parts; none where one key ties all accounts, or where
    /// agreements between keys hold together what no key joins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weakest_bridge: Option<Bridge>,
    /// Evidence by family, strongest first; families that could not run are named in `not_tested`.
    pub evidence: Vec<FamilyEvidence>,
    /// Families that could not be tested and why.
    pub not_tested: Vec<String>,
    /// Tests that were made and found nothing beyond chance: the test's name, and what it
    /// measured where that leans the way the test looks for.
    #[serde(default)]
    pub tested_without_finding: Vec<String>,
    /// Keys that most of its accounts share, five of each kind at most: those with most accounts
    /// inside first, of equals those with fewer outside.
    #[serde(default)]
    pub shared_keys: Vec<SharedKey>,
    /// Members, strongest first.
    pub members: Vec<Member>,
    /// Accounts without a request in the log that one of its payers pays for, whose other accounts
    /// are all members; they enter neither verdict nor figures. By account id.
    #[serde(default)]
    pub silent_accounts: Vec<SilentAccount>,
    /// Requests of all members.
    pub requests: u64,
    /// Requests in the campaign's templates.
    pub campaign_requests: u64,
    /// Whether all of these could be counted; from digests only those of sampled texts are, so
    /// that the counts, of the campaign and of its members, are least ones.
    #[serde(default = "yes")]
    pub campaign_requests_complete: bool,
    /// What they were after, in the words of the published cases, with the figures behind it.
    pub purpose: String,
    /// Template ids.
    pub templates: Vec<String>,
    /// First request, microseconds since the epoch.
    pub first_us: i64,
    /// Last request, microseconds since the epoch.
    pub last_us: i64,
    /// Requests per day: (microseconds of the day's start, requests).
    pub daily_requests: Vec<(i64, u64)>,
    /// Requests by hour of the week, Monday 00:00 UTC first, 168 entries.
    pub hour_of_week: Vec<u64>,
    /// Published techniques that it would be; none for a lead.
    #[serde(default)]
    pub techniques: Vec<Technique>,
    /// Rival innocent explanations.
    pub rivals: Vec<Rival>,
    /// Sample rows.
    pub locators: Vec<Locator>,
    /// First seen, growth, bans, replacements, pivot, end; by time.
    #[serde(default)]
    pub timeline: Vec<TimelineEntry>,
    /// What the clocks say, as description only: it never counts as evidence.
    #[serde(default)]
    pub description: Vec<String>,
}

/// Texts of a template that show what they have in common: a value that a third of them hold is
/// taken for fixed text once in fifteen times.
pub const COMPARED_TEXTS: usize = 12;

/// A prompt template found in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// Stable id: `T-` and a hash of a fragment that nearly all of its texts hold, so that it
    /// is the same in another week's log.
    pub id: String,
    /// `user` or `system`.
    pub role: String,
    /// Accounts that use it.
    pub accounts: u64,
    /// Requests: counted in the log where it could be read again, else in the sample.
    pub requests: u64,
    /// Whether `requests` is a full count or a lower bound from the sample.
    pub requests_complete: bool,
    /// Distinct texts among the sampled ones, per sampled text use.
    pub distinct_text_share: f64,
    /// Distinct texts per account in the sample, median.
    pub texts_per_account_median: f64,
    /// From 0, what unrelated customers look like, to 1: the mean of what is known of shared payers,
    /// sign-ups close together, hours at work and text outside the template; 0 where the same texts go round. Orders the list
    /// within a verdict and counts for none.
    #[serde(default)]
    pub priority: f64,
    /// First use, microseconds since the epoch.
    pub first_us: i64,
    /// Last use, microseconds since the epoch.
    pub last_us: i64,
    /// Shared fragments that define it.
    pub fragments: u64,
    /// Capability in the words of the published cases, or empty.
    pub capability: String,
    /// Share of its sampled texts whose cues name that capability; 0 without one.
    #[serde(default)]
    pub capability_share: f64,
    /// Text that most of its sampled prompts have in common, masked as the excerpts are, with
    /// `⟨slot⟩` where they differ. Empty where none is known or quoting is not allowed.
    #[serde(default)]
    pub common_text: String,
    /// Short, masked excerpts of members: those of the texts with the smallest hashes.
    pub excerpts: Vec<String>,
    /// Campaign it belongs to, if any.
    pub campaign_id: Option<String>,
    /// Accounts of the campaigns that it belongs to among those that use it.
    #[serde(default)]
    pub accounts_in_campaigns: u64,
    /// Why it does or does not count as evidence.
    pub assessment: String,
    /// Sample rows.
    pub locators: Vec<Locator>,
}

/// A request attributed to a campaign's template or exact repeat. A large campaign has millions,
/// so that what many have in common is kept once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct LabelledRequest {
    /// Position of the file in the sorted inputs.
    pub file: u32,
    /// One-based record number.
    pub row: u64,
    /// The request's own id, or `file:row`.
    pub request_id: Box<str>,
    /// Account.
    pub account_id: Arc<str>,
    /// Start of the request, microseconds since the epoch.
    pub timestamp_us: i64,
    /// Campaign, empty where the template belongs to none.
    pub campaign_id: Arc<str>,
    /// Template.
    pub template_id: Arc<str>,
    /// Capability family of the template, or empty.
    pub pattern_family: Arc<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_verdict_rests_on_is_one_sentence() {
        let without = |family, verdict| WithoutFamily { family, verdict };
        let all = [
            without(Family::Payment, Verdict::Lead),
            without(Family::Content, Verdict::Lead),
            without(Family::Network, Verdict::Likely),
        ];
        assert_eq!(
            stability(Verdict::Strong, &all).as_deref(),
            Some(
                "without payment or content evidence it would be a lead; without network evidence it would be likely"
            )
        );
        assert_eq!(
            stability(Verdict::Likely, &all[1..]).as_deref(),
            Some(
                "without content evidence it would be a lead; without network evidence it would still be likely"
            )
        );
        assert_eq!(stability(Verdict::Lead, &all), None);
        assert_eq!(stability(Verdict::Likely, &[]), None);
    }
}
