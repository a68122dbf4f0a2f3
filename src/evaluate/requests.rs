//! Request-level precision and recall: how cleanly a campaign's sub-stream was un-mixed
//! from the cover traffic of its own accounts and from everybody else's requests.
//!
//! Requests are matched by id through their 64-bit hash: among 16 million ids two share a
//! hash with a chance of about 10^-5.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use crate::evaluate::labels;
use crate::evaluate::levels::AtLevel;
use crate::evaluate::prediction::Prediction;
use crate::evaluate::rows::{self, Wanted, for_each_row, usage};
use crate::evaluate::score::Score;
use crate::evaluate::truth::Truth;
use crate::model::campaign::Verdict;
use crate::stats::random::stable_hash;

/// Scores of the un-mixing of one true campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CampaignRequests {
    /// True campaign.
    pub campaign: String,
    /// Its requests against all predicted requests of its accounts.
    pub score: Score,
}

/// Request-level scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestScores {
    /// Over all campaigns.
    pub all: Score,
    /// By true campaign.
    pub campaigns: Vec<CampaignRequests>,
    /// Falsely predicted requests by what they really are: `cover` of a campaign's account, or of
    /// an `innocent account`.
    pub false_by_substream: BTreeMap<String, u64>,
    /// Claims on requests of campaign accounts that the truth of requests does not hold, left out of
    /// every number.
    pub not_in_truth: u64,
    /// Claims on requests, and true requests, of accounts that the truth of accounts does not hold,
    /// left out of every number.
    pub of_unknown_accounts: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    hits: u64,
    positives: u64,
    predicted: u64,
}

/// A predicted request and what became of it.
#[derive(Debug, Clone, Copy)]
struct Predicted {
    campaign: Option<u32>,
    met: bool,
}

/// Collects predicted requests, then true ones, then gives the score.
#[derive(Debug)]
pub struct RequestScorer<'a> {
    truth: &'a Truth,
    campaigns: Vec<&'a str>,
    counts: Vec<Counts>,
    predicted: HashMap<u64, Predicted, FxBuildHasher>,
    true_positives: u64,
    positives: u64,
    /// Hashes of the campaigns' true requests, to see a second row of one.
    known: HashSet<u64, FxBuildHasher>,
    met: u64,
    false_by_substream: BTreeMap<String, u64>,
    /// Hashes of claims on accounts that the truth does not hold.
    strange: HashSet<u64, FxBuildHasher>,
    /// True requests of such accounts.
    of_strangers: u64,
}

impl<'a> RequestScorer<'a> {
    /// A scorer for the campaigns of this truth.
    #[must_use]
    pub fn new(truth: &'a Truth) -> Self {
        let campaigns: Vec<&str> = truth.campaign_sizes().into_keys().collect();
        RequestScorer {
            truth,
            counts: vec![Counts::default(); campaigns.len()],
            campaigns,
            predicted: HashMap::default(),
            true_positives: 0,
            positives: 0,
            known: HashSet::default(),
            met: 0,
            false_by_substream: BTreeMap::new(),
            strange: HashSet::default(),
            of_strangers: 0,
        }
    }

    fn position(&self, campaign: &str) -> Option<usize> {
        self.campaigns.binary_search(&campaign).ok()
    }

    /// Adds a request that is claimed to be a campaign's; a repeated id counts once.
    pub fn predict(&mut self, request_id: &str, account_id: &str) {
        if !self.truth.accounts.contains_key(account_id) {
            self.strange.insert(stable_hash(&[request_id]));
            return;
        }
        let campaign = self
            .truth
            .campaign(account_id)
            .and_then(|campaign| self.position(campaign));
        let entry = Predicted {
            campaign: campaign.map(|at| at as u32),
            met: false,
        };
        if self
            .predicted
            .insert(stable_hash(&[request_id]), entry)
            .is_none()
            && let Some(counts) = campaign.and_then(|at| self.counts.get_mut(at))
        {
            counts.predicted += 1;
        }
    }

    /// Adds a true request, once all predicted ones are in.
    ///
    /// # Errors
    /// A second row of one request, a campaign that the truth of accounts does not know or gives
    /// the account another of, or a sub-stream that is neither a name nor an answer.
    pub fn know(
        &mut self,
        request_id: &str,
        account_id: Option<&str>,
        campaign: Option<&str>,
        substream: Option<&str>,
    ) -> Result<()> {
        let campaign = labels::campaign(&campaign);
        if let (Some(campaign), Some(account)) = (campaign, account_id)
            && let Some(known) = self.truth.accounts.get(account)
            && known.campaign.as_deref() != Some(campaign)
        {
            return Err(usage(format!(
                "a request of campaign {} is by account {}, which the truth of accounts has {}",
                rows::quoted(campaign),
                rows::quoted(account),
                known.campaign.as_deref().map_or_else(
                    || "as innocent".to_owned(),
                    |other| format!("in campaign {}", rows::quoted(other))
                )
            )));
        }
        // A truth that names the sub-stream, or only says whether it is the campaign's.
        let of_substream = substream.map_or(Some(true), labels::is_substream);
        let Some(of_substream) = of_substream else {
            return Err(usage(format!(
                "substream {} is neither true nor false nor the name of a sub-stream",
                rows::quoted(substream.unwrap_or_default())
            )));
        };
        let positive = campaign.filter(|_| of_substream);
        let position = positive.and_then(|campaign| self.position(campaign));
        if let (Some(campaign), None) = (positive, position) {
            return Err(usage(format!(
                "campaign {} is not in the truth of accounts",
                rows::quoted(campaign)
            )));
        }
        // Whose account the truth of accounts does not hold has no claims that count either.
        if account_id.is_some_and(|account| !self.truth.accounts.contains_key(account)) {
            self.of_strangers += u64::from(positive.is_some());
            return Ok(());
        }
        let hash = stable_hash(&[request_id]);
        let met = self.predicted.get(&hash).is_some_and(|claim| claim.met);
        if met || (campaign.is_some() && !self.known.insert(hash)) {
            return Err(usage(format!(
                "request {} has a second row; the truth needs one row per request",
                rows::quoted(request_id)
            )));
        }
        if let Some(counts) = position.and_then(|at| self.counts.get_mut(at)) {
            counts.positives += 1;
        }
        self.positives += u64::from(positive.is_some());
        let Some(claim) = self.predicted.get_mut(&hash) else {
            return Ok(());
        };
        claim.met = true;
        self.met += 1;
        if positive.is_some() {
            self.true_positives += 1;
            let same = claim.campaign.map(|at| at as usize) == position;
            if let (true, Some(counts)) = (same, position.and_then(|at| self.counts.get_mut(at))) {
                counts.hits += 1;
            }
        } else {
            let name = match campaign {
                Some(_) => "cover",
                None => "innocent account",
            };
            *self.false_by_substream.entry(name.to_owned()).or_default() += 1;
        }
        Ok(())
    }

    /// Distinct predicted requests, and those of them that the truth holds.
    #[must_use]
    pub fn matched(&self) -> (u64, u64) {
        (self.predicted.len() as u64, self.met)
    }

    /// The scores.
    #[must_use]
    pub fn finish(mut self) -> RequestScores {
        let unmet = || self.predicted.values().filter(|claim| !claim.met);
        // Of an innocent account the truth owes no row; of a campaign's it owes every one.
        let not_in_truth = unmet().filter(|claim| claim.campaign.is_some()).count() as u64;
        let strangers = unmet().filter(|claim| claim.campaign.is_none()).count() as u64;
        for claim in unmet() {
            let of = claim
                .campaign
                .and_then(|at| self.counts.get_mut(at as usize));
            if let Some(counts) = of {
                counts.predicted = counts.predicted.saturating_sub(1);
            }
        }
        let predicted = self.predicted.len() as u64 - not_in_truth;
        if strangers > 0 {
            *self
                .false_by_substream
                .entry("innocent account".to_owned())
                .or_default() += strangers;
        }
        let score = |hits: u64, predicted: u64, positives: u64| {
            Score::of(
                hits,
                predicted.saturating_sub(hits),
                positives.saturating_sub(hits),
            )
        };
        RequestScores {
            not_in_truth,
            of_unknown_accounts: self.of_strangers.max(self.strange.len() as u64),
            all: score(self.true_positives, predicted, self.positives),
            campaigns: self
                .campaigns
                .iter()
                .zip(&self.counts)
                .map(|(campaign, counts)| CampaignRequests {
                    campaign: (*campaign).to_owned(),
                    score: score(counts.hits, counts.predicted, counts.positives),
                })
                .collect(),
            false_by_substream: self.false_by_substream,
        }
    }
}

/// [`score_files`] at each level: the claims of clusters that hold an account of this verdict
/// or above.
///
/// # Errors
/// As [`score_files`].
pub fn score_levels(
    predicted: &Path,
    truth_requests: &Path,
    truth: &Truth,
    prediction: &Prediction,
    levels: &mut [AtLevel],
) -> Result<()> {
    let named = clusters_named(predicted)?;
    // What no account of reaches likely is a lead.
    let above: BTreeSet<&str> = prediction
        .accounts
        .keys()
        .filter_map(|account| prediction.cluster_at(account, Verdict::Likely))
        .collect();
    let mut before: Option<(BTreeSet<&str>, RequestScores)> = None;
    for at in levels {
        let reached: BTreeSet<&str> = prediction
            .accounts
            .keys()
            .filter_map(|account| prediction.cluster_at(account, at.level))
            .collect();
        // A case names the requests of its leads only where it was asked to. Campaigns above
        // that have no template name none: what they missed counts.
        let unnamed_lead = |cluster: &&str| !above.contains(*cluster) && !named.contains(*cluster);
        if prediction.states_verdicts && reached.iter().any(unnamed_lead) {
            continue;
        }
        let scores = match before {
            // Where no cluster falls away the files need not be read again.
            Some((clusters, scores)) if clusters == reached => scores,
            _ => score_files(predicted, truth_requests, truth, |cluster| {
                reached.contains(cluster)
            })?,
        };
        at.requests = Some(scores.clone());
        before = Some((reached, scores));
    }
    Ok(())
}

/// The clusters of which a case names requests.
fn clusters_named(predicted: &Path) -> Result<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    let wanted = [Wanted::required(&["campaign_id", "campaign"])];
    for_each_row(predicted, &wanted, |_, values| {
        if let [Some(campaign)] = values
            && !named.contains(*campaign)
        {
            named.insert((*campaign).to_owned());
        }
        Ok(())
    })?;
    Ok(named)
}

/// Scores a case's `requests.parquet` (rows with a campaign that `counts` are claims) against the truth of
/// requests: `request_id`, `campaign` and optionally `substream`, all requests or only those of campaigns.
///
/// # Errors
/// Where a file cannot be read, lacks a column, or no request id occurs in both.
pub fn score_files(
    predicted: &Path,
    truth_requests: &Path,
    truth: &Truth,
    counts: impl Fn(&str) -> bool,
) -> Result<RequestScores> {
    let mut scorer = RequestScorer::new(truth);
    let wanted = [
        Wanted::required(&["request_id"]),
        Wanted::required(&["account_id", "account"]),
        Wanted::required(&["campaign_id", "campaign"]),
    ];
    for_each_row(predicted, &wanted, |_, values| {
        if let [Some(request), Some(account), Some(campaign)] = values
            && counts(campaign)
        {
            scorer.predict(request, account);
        }
        Ok(())
    })?;
    let wanted = [
        Wanted::required(&["request_id"]),
        Wanted::required(&["campaign", "campaign_id"]),
        Wanted::optional(&["substream"]),
        Wanted::optional(&["account_id", "account"]),
    ];
    for_each_row(truth_requests, &wanted, |row, values| {
        let [request, campaign, substream, account] = values else {
            return Ok(());
        };
        let Some(request) = request else {
            return Err(usage(format!(
                "{}: row {row}: request_id is empty",
                truth_requests.display()
            )));
        };
        scorer
            .know(request, *account, *campaign, *substream)
            .map_err(|error| usage(format!("{}: row {row}: {error}", truth_requests.display())))
    })?;
    let (claims, met) = scorer.matched();
    // The truth holds every request of a campaign's accounts; of innocent ones it may hold none.
    let owed: u64 = scorer.counts.iter().map(|counts| counts.predicted).sum();
    if owed > 0 && met == 0 {
        return Err(usage(format!(
            "{}: none of the {claims} request ids in {} is in it; is it the truth of another log, or has the log no request_id?",
            truth_requests.display(),
            predicted.display()
        )));
    }
    Ok(scorer.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::prediction::tests::prediction_of;
    use crate::evaluate::rows::tests::write_parquet;
    use crate::evaluate::truth::tests::truth_of;

    fn truth() -> Truth {
        truth_of(&[("a", "X", ""), ("b", "Y", ""), ("i", "", "p")])
    }

    #[test]
    fn substreams_by_hand() {
        let truth = truth();
        let mut scorer = RequestScorer::new(&truth);
        for (request, account) in [
            ("1", "a"),
            ("2", "a"),
            ("3", "a"),
            ("3", "a"),
            ("6", "b"),
            ("8", "i"),
            ("99", "i"),
            ("100", "b"),
        ] {
            scorer.predict(request, account);
        }
        for (request, campaign, substream) in [
            ("1", "X", "work"),
            ("2", "X", "work"),
            ("3", "X", "cover"),
            ("4", "X", "work"),
            ("5", "X", "cover"),
            ("6", "Y", "work"),
            ("7", "Y", "work"),
            ("8", "", "cover"),
            ("9", "", "cover"),
        ] {
            let campaign = (!campaign.is_empty()).then_some(campaign);
            scorer
                .know(request, None, campaign, Some(substream))
                .expect("known");
        }
        let found = scorer.finish();
        // predicted 1 2 3 6 8 99 100; positive 1 2 4 6 7; 100 is left out, as the truth lacks it
        assert_eq!(found.all, Score::of(3, 3, 2));
        assert_eq!(found.not_in_truth, 1);
        assert_eq!(found.campaigns[0].score, Score::of(2, 1, 1));
        assert_eq!(found.campaigns[1].score, Score::of(1, 0, 1));
        let expected = [("cover", 1), ("innocent account", 2)];
        assert_eq!(
            found.false_by_substream,
            expected
                .map(|(name, count)| (name.to_owned(), count))
                .into()
        );
    }

    #[test]
    fn requests_of_accounts_that_the_truth_lacks_are_left_out_on_both_sides() {
        let truth = truth();
        let mut scorer = RequestScorer::new(&truth);
        for (request, account) in [("1", "a"), ("2", "stranger"), ("3", "stranger")] {
            scorer.predict(request, account);
        }
        for (request, account) in [("1", "a"), ("2", "stranger"), ("4", "stranger")] {
            scorer
                .know(request, Some(account), Some("X"), None)
                .expect("known");
        }
        let found = scorer.finish();
        assert_eq!(found.all, Score::of(1, 0, 0));
        assert_eq!((found.not_in_truth, found.of_unknown_accounts), (0, 2));
    }

    #[test]
    fn files_are_matched_by_request_id() {
        let folder = tempfile::tempdir().expect("folder");
        let predicted = folder.path().join("requests.parquet");
        write_parquet(
            &predicted,
            &[
                ("request_id", &["1", "2", "3"]),
                ("account_id", &["a", "a", "b"]),
                ("campaign_id", &["C", "", "C"]),
            ],
        );
        let known = folder.path().join("truth.csv");
        std::fs::write(
            &known,
            "request_id,account,campaign,substream\n1,a,X,work\n2,a,X,work\n3,b,Y,cover\n",
        )
        .expect("csv");
        assert_eq!(
            score_files(&predicted, &known, &truth(), |_| true)
                .expect("scored")
                .all,
            Score::of(1, 1, 1)
        );
        // A truth of yes and no, as the simulator writes it: request 3 is cover traffic.
        std::fs::write(
            &known,
            "request_id,account,campaign,substream\n1,a,X,true\n2,a,X,true\n3,b,Y,false\n",
        )
        .expect("csv");
        let found = score_files(&predicted, &known, &truth(), |_| true).expect("scored");
        assert_eq!(found.all, Score::of(1, 1, 1));
        assert_eq!(found.false_by_substream.get("cover"), Some(&1));
        // A cluster of leads counts in the one score and not in the other.
        let claims = prediction_of(&[("a", "C", Verdict::Lead, 1.0)]);
        let mut levels = crate::evaluate::levels::score_levels(&claims, &truth());
        score_levels(&predicted, &known, &truth(), &claims, &mut levels).expect("scored");
        let all: Vec<Score> = levels
            .iter()
            .filter_map(|level| Some(level.requests.as_ref()?.all))
            .collect();
        let none = Score::of(0, 0, 2);
        assert_eq!(all, [Score::of(1, 1, 1), none, none]);
        std::fs::write(&known, "request_id,account,campaign\n7,a,X\n").expect("csv");
        let error = score_files(&predicted, &known, &truth(), |_| true)
            .expect_err("other log")
            .to_string();
        assert!(error.contains("none of the 2 request ids"), "{error}");
    }
}
