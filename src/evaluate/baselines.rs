//! Simple methods that any analyst would try first, scored like a case so that its
//! numbers mean something. One pass over the log collects what all five need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hashbrown::HashSet;
use regex::Regex;
use rustc_hash::FxBuildHasher;

use crate::evaluate::prediction::{PredictedAccount, Prediction};
use crate::evaluate::rows::{Wanted, for_each_row};
use crate::model::campaign::Verdict;
use crate::model::profile::AccountProfile;
use crate::stats::components::Components;
use crate::stats::random::stable_hash;

/// Share of accounts, by requests, that the volume baseline flags.
const TOP_VOLUME_PERCENT: u64 = 1;
/// Bytes of the prompt by which the prefix baseline groups.
const PREFIX_BYTES: usize = 40;
/// Accounts from which a shared prefix counts.
const PREFIX_ACCOUNTS: usize = 8;
/// Accounts from which a shared payment instrument or address counts.
const SHARED_ACCOUNTS: usize = 2;
/// Words that prompts in published distillation cases carry: reasoning traces, grading,
/// rewriting and task synthesis.
const KEYWORDS: &str = r"(?i)\b(step[- ]by[- ]step|chain[- ]of[- ]thought|show your (reasoning|work)|internal reasoning|think (aloud|out loud)|rubric|grading criteria|as (an impartial|a) judge|rewrite the following (question|query|prompt)|generate \d+ (questions|tasks|problems))\b";

/// One request as the baselines see it.
#[derive(Debug, Clone, Copy)]
pub struct BaselineRequest<'a> {
    /// Account.
    pub account_id: &'a str,
    /// Client address.
    pub ip: Option<&'a str>,
    /// Prompt.
    pub prompt: Option<&'a str>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Activity {
    requests: u64,
    keyword_hits: u64,
}

/// What one pass over the log leaves behind.
#[derive(Debug)]
pub struct Baselines {
    numbers: BTreeMap<String, u32>,
    activity: Vec<Activity>,
    addresses: HashSet<(u64, u32), FxBuildHasher>,
    prefixes: HashSet<(u64, u32), FxBuildHasher>,
    keywords: Regex,
}

impl Baselines {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// Never in practice: the keyword expression is built in.
    pub fn new() -> Result<Self> {
        Ok(Baselines {
            numbers: BTreeMap::new(),
            activity: Vec::new(),
            addresses: HashSet::default(),
            prefixes: HashSet::default(),
            keywords: Regex::new(KEYWORDS).context("built-in keyword expression")?,
        })
    }

    fn number(&mut self, account_id: &str) -> u32 {
        if let Some(number) = self.numbers.get(account_id) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(account_id.to_owned(), number);
        self.activity.push(Activity::default());
        number
    }

    /// Takes one request in.
    pub fn add(&mut self, request: BaselineRequest<'_>) {
        let number = self.number(request.account_id);
        let hit = request
            .prompt
            .is_some_and(|prompt| self.keywords.is_match(prompt));
        if let Some(activity) = self.activity.get_mut(number as usize) {
            activity.requests += 1;
            activity.keyword_hits += u64::from(hit);
        }
        if let Some(ip) = request.ip {
            self.addresses.insert((stable_hash(&[ip]), number));
        }
        if let Some(prompt) = request.prompt {
            let bytes = prompt.as_bytes();
            let prefix = bytes.get(..PREFIX_BYTES).unwrap_or(bytes);
            self.prefixes
                .insert((xxhash_rust::xxh3::xxh3_64(prefix), number));
        }
    }

    /// The claims of the five baselines: shared payment, shared address, top volume, keywords, prefix.
    pub fn finish<'a>(
        mut self,
        profiles: impl IntoIterator<Item = &'a AccountProfile>,
    ) -> Vec<Prediction> {
        let mut payments = Vec::new();
        for profile in profiles {
            let number = self.number(&profile.account_id);
            if let Some(payment) = &profile.payment_id {
                payments.push((stable_hash(&[payment]), number));
            }
        }
        let mut names = vec![""; self.numbers.len()];
        for (name, number) in &self.numbers {
            if let Some(slot) = names.get_mut(*number as usize) {
                *slot = name;
            }
        }
        vec![
            sharing("shared payment", payments, SHARED_ACCOUNTS, &names),
            sharing(
                "shared address",
                self.addresses.iter().copied().collect(),
                SHARED_ACCOUNTS,
                &names,
            ),
            top_volume(&names, &self.activity),
            keyword_hits(&names, &self.activity),
            sharing(
                "prompt prefix",
                self.prefixes.iter().copied().collect(),
                PREFIX_ACCOUNTS,
                &names,
            ),
        ]
    }
}

/// Accounts connected through keys that at least `least` accounts hold; the score is the number of
/// accounts on the most shared key.
fn sharing(name: &str, mut links: Vec<(u64, u32)>, least: usize, names: &[&str]) -> Prediction {
    links.sort_unstable();
    links.dedup();
    let mut parts = Components::new(u32::try_from(names.len()).unwrap_or(u32::MAX));
    let mut most_shared: BTreeMap<u32, usize> = BTreeMap::new();
    for holders in links
        .chunk_by(|left, right| left.0 == right.0)
        .filter(|holders| holders.len() >= least)
    {
        for pair in holders.windows(2) {
            if let [(_, left), (_, right)] = pair {
                parts.link(*left, *right);
            }
        }
        for (_, number) in holders {
            let most = most_shared.entry(*number).or_default();
            *most = holders.len().max(*most);
        }
    }
    // a component is named after its first account in order of ids, not of appearance
    let mut labels: BTreeMap<u32, &str> = BTreeMap::new();
    for number in most_shared.keys() {
        let own = names.get(*number as usize).copied().unwrap_or_default();
        let label = labels.entry(parts.label(*number)).or_insert(own);
        *label = own.min(*label);
    }
    let mut prediction = Prediction::without_verdicts(name);
    for (number, shared) in most_shared {
        let cluster = labels
            .get(&parts.label(number))
            .map(|label| (*label).to_owned());
        let account = names.get(number as usize).copied().unwrap_or_default();
        prediction.add(
            account,
            PredictedAccount {
                cluster,
                verdict: Verdict::Lead,
                score: shared as f64,
            },
        );
    }
    prediction
}

fn top_volume(names: &[&str], activity: &[Activity]) -> Prediction {
    let mut ranked: Vec<(u64, &str)> = names
        .iter()
        .zip(activity)
        .map(|(name, activity)| (activity.requests, *name))
        .collect();
    ranked.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(right.1)));
    let flagged = (ranked.len() as u64 * TOP_VOLUME_PERCENT).div_ceil(100) as usize;
    let mut prediction = Prediction::without_verdicts("top volume");
    for (rank, (requests, account)) in ranked.into_iter().enumerate() {
        let cluster = (rank < flagged).then(|| "top".to_owned());
        prediction.add(
            account,
            PredictedAccount {
                cluster,
                verdict: Verdict::Lead,
                score: requests as f64,
            },
        );
    }
    prediction
}

fn keyword_hits(names: &[&str], activity: &[Activity]) -> Prediction {
    let mut prediction = Prediction::without_verdicts("keywords");
    for (account, activity) in names
        .iter()
        .zip(activity)
        .filter(|(_, activity)| activity.keyword_hits > 0)
    {
        let cluster = Some("keywords".to_owned());
        prediction.add(
            account,
            PredictedAccount {
                cluster,
                verdict: Verdict::Lead,
                score: activity.keyword_hits as f64,
            },
        );
    }
    prediction
}

/// Runs all baselines over CSV or Parquet logs with canonical column names.
///
/// # Errors
/// Where a file cannot be read or has no `account_id` column.
pub fn run_files(logs: &[PathBuf], accounts: Option<&Path>) -> Result<Vec<Prediction>> {
    let mut baselines = Baselines::new()?;
    let wanted = [
        Wanted::required(&["account_id"]),
        Wanted::optional(&["ip"]),
        Wanted::optional(&["prompt"]),
    ];
    for log in logs {
        for_each_row(log, &wanted, |_, values| {
            if let [Some(account_id), ip, prompt] = values {
                baselines.add(BaselineRequest {
                    account_id,
                    ip: *ip,
                    prompt: *prompt,
                });
            }
            Ok(())
        })?;
    }
    let mut profiles = Vec::new();
    if let Some(accounts) = accounts {
        let wanted = [
            Wanted::required(&["account_id"]),
            Wanted::optional(&["payment_id"]),
        ];
        for_each_row(accounts, &wanted, |_, values| {
            if let [Some(account_id), payment_id] = values {
                profiles.push(AccountProfile {
                    account_id: (*account_id).to_owned(),
                    payment_id: payment_id.map(str::to_owned),
                    ..AccountProfile::default()
                });
            }
            Ok(())
        })?;
    }
    let seen = [
        (
            "shared payment",
            profiles.iter().any(|profile| profile.payment_id.is_some()),
        ),
        ("shared address", !baselines.addresses.is_empty()),
        ("keywords", !baselines.prefixes.is_empty()),
        ("prompt prefix", !baselines.prefixes.is_empty()),
    ];
    let mut predictions = baselines.finish(&profiles);
    for prediction in &mut predictions {
        // A method without its column has found nothing because it could not look.
        if seen.contains(&(prediction.name.as_str(), false)) {
            prediction.not_run = Some("not run: its column is absent".to_owned());
        }
    }
    Ok(predictions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(prediction: &Prediction) -> Vec<(&str, &str, u64)> {
        prediction
            .accounts
            .iter()
            .filter_map(|(account, claim)| {
                Some((
                    account.as_str(),
                    claim.cluster.as_deref()?,
                    claim.score as u64,
                ))
            })
            .collect()
    }

    fn profile(account: &str, payment: Option<&str>) -> AccountProfile {
        AccountProfile {
            account_id: account.to_owned(),
            payment_id: payment.map(str::to_owned),
            ..AccountProfile::default()
        }
    }

    #[test]
    fn five_baselines_by_hand() {
        let mut baselines = Baselines::new().expect("baselines");
        let shared_prefix = "Translate the following sentence into German: ";
        for number in 0..9 {
            let account = format!("p{number}");
            let prompt = format!("{shared_prefix}{number}");
            baselines.add(BaselineRequest {
                account_id: &account,
                ip: None,
                prompt: Some(&prompt),
            });
        }
        for (account, ip, prompt) in [
            ("z", "1.1.1.1", "hello"),
            ("y", "1.1.1.1", "Show your reasoning, please"),
            ("y", "2.2.2.2", "think step-by-step"),
            ("x", "2.2.2.2", "hello"),
            ("w", "3.3.3.3", "hello"),
        ] {
            baselines.add(BaselineRequest {
                account_id: account,
                ip: Some(ip),
                prompt: Some(prompt),
            });
        }
        let profiles = [
            profile("z", Some("card")),
            profile("w", Some("card")),
            profile("x", Some("other")),
            profile("y", None),
        ];
        let found = baselines.finish(&profiles);
        let names: Vec<&str> = found
            .iter()
            .map(|prediction| prediction.name.as_str())
            .collect();
        assert_eq!(
            names,
            vec![
                "shared payment",
                "shared address",
                "top volume",
                "keywords",
                "prompt prefix"
            ]
        );
        assert_eq!(clusters(&found[0]), vec![("w", "w", 2), ("z", "w", 2)]);
        assert_eq!(
            clusters(&found[1]),
            vec![("x", "x", 2), ("y", "x", 2), ("z", "x", 2)]
        );
        assert_eq!(clusters(&found[2]), vec![("y", "top", 2)]);
        assert_eq!(found[2].accounts.len(), 13);
        assert_eq!(clusters(&found[3]), vec![("y", "keywords", 2)]);
        let prefix = clusters(&found[4]);
        assert_eq!(prefix.len(), 9);
        assert_eq!(prefix[8], ("p8", "p0", 9));
    }

    #[test]
    fn seven_accounts_do_not_make_a_prefix_and_short_or_odd_text_is_safe() {
        let mut baselines = Baselines::new().expect("baselines");
        for number in 0..7 {
            let account = format!("p{number}");
            baselines.add(BaselineRequest {
                account_id: &account,
                ip: None,
                prompt: Some("ééééééééééééééééééééé"),
            });
            baselines.add(BaselineRequest {
                account_id: &account,
                ip: None,
                prompt: Some(""),
            });
        }
        let found = baselines.finish([]);
        assert!(found[4].accounts.is_empty() && found[0].accounts.is_empty());
    }

    #[test]
    fn files_with_canonical_columns() {
        let folder = tempfile::tempdir().expect("folder");
        let log = folder.path().join("log.csv");
        std::fs::write(&log, "account_id,ip\na,1\nb,1\n").expect("log");
        let accounts = folder.path().join("accounts.csv");
        std::fs::write(&accounts, "account_id,payment_id\na,k\nc,k\n").expect("accounts");
        let found = run_files(&[log], Some(&accounts)).expect("run");
        assert_eq!(clusters(&found[0]), vec![("a", "a", 2), ("c", "a", 2)]);
        assert_eq!(clusters(&found[1]), vec![("a", "a", 2), ("b", "a", 2)]);
    }
}
