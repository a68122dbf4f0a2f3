//! What a tool claims: accounts, their cluster, and how sure it is.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::evaluate::labels::{self, campaign};
use crate::evaluate::rows::{Wanted, for_each_row, quoted, unguarded, usage};
use crate::model::campaign::Verdict;
use crate::report::escape::is_hidden;

/// The claim about one account.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedAccount {
    /// Cluster it is put into; none where the tool lists the account without flagging it.
    pub cluster: Option<String>,
    /// Verdict; tools that state none flag at `lead`.
    pub verdict: Verdict,
    /// Score, higher is more suspicious.
    pub score: f64,
}

/// The claims about all accounts. Accounts that are not listed are claimed innocent, score 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Where the claims came from.
    pub name: String,
    /// Claims by account id.
    pub accounts: BTreeMap<String, PredictedAccount>,
    /// Whether it says how sure it is; one that does not has a single level.
    pub states_verdicts: bool,
    /// Further rows of accounts that were listed before.
    pub repeated_rows: u64,
    /// Why the method could not look, where it could not.
    pub not_run: Option<String>,
}

impl Prediction {
    /// No claims yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Prediction {
            name: name.to_owned(),
            accounts: BTreeMap::new(),
            states_verdicts: true,
            repeated_rows: 0,
            not_run: None,
        }
    }

    /// No claims yet, of a method that knows one level only.
    #[must_use]
    pub fn without_verdicts(name: &str) -> Self {
        Prediction {
            states_verdicts: false,
            ..Prediction::new(name)
        }
    }

    /// Adds a claim; of several for one account the strongest counts (flagged before unflagged,
    /// then verdict, score, and the smaller cluster name).
    pub fn add(&mut self, account_id: &str, claim: PredictedAccount) {
        let Some(held) = self.accounts.get_mut(account_id) else {
            self.accounts.insert(account_id.to_owned(), claim);
            return;
        };
        self.repeated_rows += 1;
        let stronger = claim
            .cluster
            .is_some()
            .cmp(&held.cluster.is_some())
            .then(claim.verdict.cmp(&held.verdict))
            .then(claim.score.total_cmp(&held.score))
            .then_with(|| held.cluster.cmp(&claim.cluster));
        if stronger.is_gt() {
            *held = claim;
        }
    }

    /// Cluster of an account that is flagged at this verdict or a higher one.
    #[must_use]
    pub fn cluster_at(&self, account_id: &str, level: Verdict) -> Option<&str> {
        let claim = self.accounts.get(account_id)?;
        if claim.verdict < level {
            return None;
        }
        claim.cluster.as_deref()
    }

    /// The same claims with accounts below this verdict listed but not flagged.
    #[must_use]
    pub fn flagged_at(&self, level: Verdict) -> Self {
        let mut claims = self.clone();
        for claim in claims.accounts.values_mut() {
            if claim.verdict < level {
                claim.cluster = None;
            }
        }
        claims
    }

    /// Undoes the escapes in which the files of a case write hidden characters.
    #[must_use]
    pub fn with_plain_ids(mut self) -> Self {
        let accounts = std::mem::take(&mut self.accounts);
        for (account, claim) in accounts {
            self.add(&plain(&account), claim);
        }
        self
    }

    /// Reads a case's `accounts.csv` or any CSV or Parquet with an account, a cluster and,
    /// optionally, a score and a verdict column.
    ///
    /// # Errors
    /// Where a column is missing or a value cannot be understood.
    pub fn read(path: &Path) -> Result<Self> {
        let wanted = [
            Wanted::required(&["account_id", "account"]),
            Wanted::required(&["campaign_id", "campaign", "cluster_id", "cluster"]),
            Wanted::optional(&["verdict"]),
            Wanted::optional(&["score", "bits", "probability"]),
        ];
        let mut prediction = Prediction::without_verdicts(&path.display().to_string());
        let (mut scored, mut unscored) = (false, None);
        for_each_row(path, &wanted, |row, values| {
            let [account, cluster, verdict, score] = values else {
                return Ok(());
            };
            let place = || format!("{}: row {row}", path.display());
            let Some(account) = account else {
                return Err(usage(format!("{}: account_id is empty", place())));
            };
            prediction.states_verdicts |= verdict.is_some();
            // A verdict that says "none" flags nobody.
            let claimed = campaign(verdict).is_some() || verdict.is_none();
            let verdict = match campaign(verdict) {
                None => Verdict::Lead,
                Some(text) => parse_verdict(text).ok_or_else(|| {
                    usage(format!(
                        "{}: verdict {} is none of lead, likely, strong",
                        place(),
                        quoted(text)
                    ))
                })?,
            };
            let score_given = score.is_some();
            let score = match score {
                Some(text) => text
                    .trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|value| value.is_finite())
                    .ok_or_else(|| {
                        usage(format!(
                            "{}: score {} is not a finite number",
                            place(),
                            quoted(text)
                        ))
                    })?,
                // without a score the verdict orders the accounts: 1, 2, 3
                None if campaign(cluster).is_some() => {
                    unscored.get_or_insert_with(&place);
                    f64::from(verdict as u8) + 1.0
                }
                None => 0.0,
            };
            scored |= score_given;
            let cluster = campaign(cluster)
                .filter(|_| claimed)
                .map(|text| unguarded(text).to_owned());
            prediction.add(
                unguarded(account),
                PredictedAccount {
                    cluster,
                    verdict,
                    score,
                },
            );
            Ok(())
        })?;
        if let (true, Some(place)) = (scored, unscored) {
            return Err(usage(format!(
                "{place}: the score is empty, where other rows have one; give every listed account a score, or none"
            )));
        }
        let claims = prediction.accounts.values();
        if labels::are_answers(claims.filter_map(|claim| claim.cluster.as_deref())) {
            for claim in prediction.accounts.values_mut() {
                claim.cluster = claim.cluster.take().filter(|label| !labels::is_zero(label));
            }
        }
        Ok(prediction)
    }
}

/// The text that a case file writes with its hidden characters as `\u{202e}`.
fn plain(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u{") {
        found.push_str(before);
        let hidden = after.split_once('}').and_then(|(digits, tail)| {
            let letter = u32::from_str_radix(digits, 16)
                .ok()
                .and_then(char::from_u32)?;
            is_hidden(letter).then_some((letter, tail))
        });
        match hidden {
            Some((letter, tail)) => {
                found.push(letter);
                rest = tail;
            }
            None => {
                found.push_str("\\u{");
                rest = after;
            }
        }
    }
    found.push_str(rest);
    found
}

fn parse_verdict(text: &str) -> Option<Verdict> {
    [Verdict::Lead, Verdict::Likely, Verdict::Strong]
        .into_iter()
        .find(|verdict| verdict.name().eq_ignore_ascii_case(text.trim()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Prediction from (account, cluster or "", verdict, score).
    pub(crate) fn prediction_of(rows: &[(&str, &str, Verdict, f64)]) -> Prediction {
        let mut prediction = Prediction::new("prediction");
        for (account, cluster, verdict, score) in rows {
            let cluster = (!cluster.is_empty()).then(|| (*cluster).to_owned());
            prediction.add(
                account,
                PredictedAccount {
                    cluster,
                    verdict: *verdict,
                    score: *score,
                },
            );
        }
        prediction
    }

    fn read(text: &str) -> Result<Prediction> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("accounts.csv");
        std::fs::write(&path, text).expect("file");
        Prediction::read(&path)
    }

    #[test]
    fn reads_other_tools() {
        let found = read("account,cluster\na,7\nb,  \n'-c,7\nd,-1.0\ne,NaN\n").expect("read");
        assert_eq!(found.cluster_at("a", Verdict::Lead), Some("7"));
        assert_eq!(found.cluster_at("a", Verdict::Likely), None);
        assert_eq!(found.cluster_at("b", Verdict::Lead), None);
        assert_eq!(found.cluster_at("-c", Verdict::Lead), Some("7"));
        assert_eq!(found.cluster_at("d", Verdict::Lead), None);
        assert_eq!(found.cluster_at("e", Verdict::Lead), None);
        assert!((found.accounts["a"].score - 1.0).abs() < 1e-12);
        assert!(found.accounts["b"].score.abs() < 1e-12);
        assert_eq!(
            found
                .flagged_at(Verdict::Likely)
                .cluster_at("a", Verdict::Lead),
            None
        );
    }

    #[test]
    fn ids_of_a_case_are_read_as_the_log_has_them() {
        let found = read("account_id,campaign_id\nbidi\\u{202e}x,C\na\\u{41}b,C\n")
            .expect("read")
            .with_plain_ids();
        assert_eq!(found.cluster_at("bidi\u{202e}x", Verdict::Lead), Some("C"));
        // What nobody escapes stays.
        assert_eq!(found.cluster_at("a\\u{41}b", Verdict::Lead), Some("C"));
    }

    #[test]
    fn words_for_none_flag_nobody() {
        let found = read(
            "account_id,cluster,verdict\na,noise,likely\nb,#N/A,likely\nc,C,none\nd,C,likely\n",
        )
        .expect("read");
        for account in ["a", "b", "c"] {
            assert_eq!(found.cluster_at(account, Verdict::Lead), None, "{account}");
        }
        assert_eq!(found.cluster_at("d", Verdict::Likely), Some("C"));
        let error = read("account_id,cluster,campaign_id\na,,C\n").expect_err("two labels");
        assert!(
            error.to_string().contains("cluster, campaign_id"),
            "{error}"
        );
    }

    #[test]
    fn a_column_of_yes_and_no_names_no_cluster_of_its_own() {
        for text in [
            "account,cluster\na,0\nb,1\n",
            "account,cluster\na,false\nb,true\n",
        ] {
            let found = read(text).expect("read");
            assert_eq!(found.cluster_at("a", Verdict::Lead), None, "{text}");
            assert!(found.cluster_at("b", Verdict::Lead).is_some(), "{text}");
        }
        let found = read("account,cluster\na,0\nb,1\nc,2\n").expect("read");
        assert_eq!(found.cluster_at("a", Verdict::Lead), Some("0"));
    }

    #[test]
    fn the_strongest_row_counts_in_any_order() {
        let rows = [
            ("a", "C-2", Verdict::Lead, 9.0),
            ("a", "C-1", Verdict::Strong, 2.0),
            ("a", "C-0", Verdict::Strong, 2.0),
        ];
        let forwards = prediction_of(&rows);
        let backwards = prediction_of(&rows.into_iter().rev().collect::<Vec<_>>());
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.repeated_rows, 2);
        assert_eq!(forwards.cluster_at("a", Verdict::Strong), Some("C-0"));
    }

    #[test]
    fn bad_values_name_their_row() {
        for (text, part) in [
            (
                "account_id,score\na,1\n",
                "no column campaign_id or campaign or cluster_id or cluster",
            ),
            (
                "account_id,campaign_id,verdict\na,C,sure\n",
                "row 1: verdict \"sure\"",
            ),
            (
                "account_id,campaign_id,score\na,C,1\nb,C,NaN\n",
                "row 2: score \"NaN\"",
            ),
            ("account_id,campaign_id\n,C\n", "row 1: account_id is empty"),
            (
                "account_id,campaign_id,score\na,C,0.9\nb,C,\n",
                "row 2: the score is empty",
            ),
        ] {
            let error = read(text).expect_err("bad").to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
