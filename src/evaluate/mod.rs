//! Scores a case, another tool's list of accounts or a baseline against known truth.
//!
//! ```text
//! truth  (account_id, campaign, population, role)          \
//! case   (accounts.csv, requests.parquet, case.json)        > Evaluation -> table, JSON, CSV
//! truth of requests (request_id, account, campaign, ...)   /
//! ```
//!
//! Scores measured on simulated logs are synthetic and say so where they are quoted.
//! A share whose denominator is zero is undefined: `null` in JSON, `-` in the table.

pub mod baselines;
pub mod calibration;
pub mod clusters;
pub mod labels;
pub mod levels;
pub mod populations;
pub mod prediction;
pub mod render;
pub mod requests;
pub mod rows;
pub mod score;
pub mod templates;
pub mod truth;

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::evaluate::calibration::{Calibration, Stated};
use crate::evaluate::levels::AtLevel;
use crate::evaluate::populations::PopulationFlags;
use crate::evaluate::prediction::Prediction;
use crate::evaluate::truth::Truth;
use crate::model::campaign::Verdict;
use crate::model::failure::Failure;
use crate::report::changed_outputs;

/// Version of the JSON that [`render::to_json`] writes.
pub const EVALUATION_SCHEMA_VERSION: u32 = 2;

/// How many accounts are named where a list would be long.
const NAMED: usize = 5;

/// Verdicts from the widest net to the narrowest; each level includes those after it.
pub const LEVELS: [Verdict; 3] = [Verdict::Lead, Verdict::Likely, Verdict::Strong];

/// Accounts that one side knows and the other does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmatched {
    /// How many.
    pub count: u64,
    /// The first few in order of their ids.
    pub first: Vec<String>,
}

/// Everything that is measured for one prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// [`EVALUATION_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What was scored: a case, a file or a baseline.
    pub name: String,
    /// Accounts in the truth.
    pub accounts: u64,
    /// Accounts of true campaigns.
    pub campaign_accounts: u64,
    /// Predicted accounts that the truth does not hold; they are left out of every number.
    pub missing_from_truth: Unmatched,
    /// Further rows of an account that was listed more than once; its strongest row counted.
    pub repeated_rows: u64,
    /// What a reader of the numbers must know about what was scored.
    pub notes: Vec<String>,
    /// Scores by verdict, the widest net first.
    pub levels: Vec<AtLevel>,
    /// Average precision over all accounts by verdict and score; undefined without a true campaign.
    pub average_precision: Option<f64>,
    /// False flags per innocent population.
    pub populations: Vec<PopulationFlags>,
    /// What the case stated about its own errors beside what was found.
    pub calibration: Vec<Calibration>,
}

impl Evaluation {
    /// The scores at this verdict or above.
    #[must_use]
    pub fn at(&self, level: Verdict) -> Option<&AtLevel> {
        self.levels.iter().find(|found| found.level == level)
    }
}

/// Scores one prediction against the truth.
///
/// # Errors
/// Where the prediction names accounts and the truth holds none of them.
pub fn evaluate(
    prediction: &Prediction,
    truth: &Truth,
    stated: Option<&Stated>,
) -> Result<Evaluation> {
    let unknown: Vec<&str> = prediction
        .accounts
        .keys()
        .map(String::as_str)
        .filter(|account| !truth.accounts.contains_key(*account))
        .collect();
    if !prediction.accounts.is_empty() && unknown.len() == prediction.accounts.len() {
        return Err(anyhow::Error::from(Failure::Usage(format!(
            "{}: none of its {} accounts is in the truth {} (first: {}); is it the truth of another log?",
            prediction.name,
            unknown.len(),
            truth.name,
            rows::quoted(unknown.first().copied().unwrap_or_default()),
        ))));
    }
    let has_run = prediction.not_run.is_none();
    let mut notes: Vec<String> = prediction.not_run.iter().cloned().collect();
    let levels = if has_run {
        notes.extend(self::notes(prediction, truth));
        levels::score_levels(prediction, truth)
    } else {
        // A method that could not look has no scores: a zero would be a claim.
        Vec::new()
    };
    Ok(Evaluation {
        schema_version: EVALUATION_SCHEMA_VERSION,
        name: prediction.name.clone(),
        accounts: truth.accounts.len() as u64,
        campaign_accounts: truth
            .accounts
            .values()
            .filter(|account| account.campaign.is_some())
            .count() as u64,
        missing_from_truth: Unmatched {
            count: unknown.len() as u64,
            first: unknown
                .iter()
                .take(NAMED)
                .map(ToString::to_string)
                .collect(),
        },
        repeated_rows: prediction.repeated_rows,
        notes,
        levels,
        average_precision: levels::overall_average_precision(prediction, truth).filter(|_| has_run),
        populations: if has_run {
            populations::count_false_flags(prediction, truth)
        } else {
            Vec::new()
        },
        calibration: if has_run {
            calibration::calibrate(prediction, truth, stated)
        } else {
            Vec::new()
        },
    })
}

/// What the simulator calls ordinary accounts.
const SIMULATED_POPULATION: &str = "organic";

/// What the numbers cannot say by themselves.
fn notes(prediction: &Prediction, truth: &Truth) -> Vec<String> {
    let mut notes = Vec::new();
    let listed = prediction.accounts.len();
    let flagged = prediction.accounts.values();
    if listed == 0 {
        notes.push(format!(
            "{} lists no account, so nothing counts as flagged",
            prediction.name
        ));
    }
    if listed > 0 && flagged.filter(|claim| claim.cluster.is_some()).count() == 0 {
        notes.push(format!(
            "none of the {listed} listed accounts is in a campaign or cluster, so none counts as flagged"
        ));
    }
    if !prediction.states_verdicts {
        notes.push(
            "no verdicts are stated: every account in a cluster counts as flagged at one level"
                .to_owned(),
        );
    }
    let known = || truth.accounts.values();
    if known().any(|account| account.population == SIMULATED_POPULATION) {
        notes.push(
            "the populations are those of `stillhunt simulate`: the log is synthetic, and so are these scores"
                .to_owned(),
        );
    }
    if known().all(|account| account.campaign.is_none()) {
        notes.push("the truth holds no campaign, so recall is undefined".to_owned());
    }
    if known().all(|account| account.campaign.is_some()) {
        notes.push(
            "the truth holds no innocent account, so precision cannot be other than 1".to_owned(),
        );
    }
    let silent = |guilty: bool| {
        known()
            .filter(|account| account.is_silent && account.campaign.is_some() == guilty)
            .count()
    };
    if silent(true) + silent(false) > 0 {
        notes.push(format!(
            "{} campaign and {} innocent accounts of the truth sent nothing; they count, though no method sees them at work",
            silent(true),
            silent(false)
        ));
    }
    notes
}

/// What the request scores leave out.
fn request_notes(levels: &[AtLevel]) -> Vec<String> {
    let mut notes = Vec::new();
    if levels.iter().any(|at| at.requests.is_none()) {
        notes.push(
            "the case names no requests of some of its leads (a scan with --profile broad does where a template is known), so requests are not scored at lead"
                .to_owned(),
        );
    }
    let most = |count: fn(&requests::RequestScores) -> u64| {
        let counts = levels.iter().filter_map(|at| at.requests.as_ref());
        counts.map(count).max().unwrap_or(0)
    };
    let unknown = most(|scores| scores.of_unknown_accounts);
    if unknown > 0 {
        notes.push(format!(
            "the truth of accounts is partial: {unknown} requests of accounts that are not in it are left out"
        ));
    }
    let absent = most(|scores| scores.not_in_truth);
    if absent > 0 {
        notes.push(format!(
            "the truth of requests is partial: {absent} claimed requests of campaign accounts are not in it and are left out"
        ));
    }
    notes
}

/// Reads a case folder (or a CSV of accounts and clusters) and its truth, and scores it.
///
/// # Errors
/// Where a file cannot be read, lacks a column, or the truth belongs to another log.
pub fn evaluate_files(
    case: &Path,
    truth: &Path,
    truth_requests: Option<&Path>,
) -> Result<Evaluation> {
    let truth = Truth::read(truth)?;
    let (prediction, stated) = if case.is_dir() {
        let mut prediction = Prediction::read(&case.join("accounts.csv"))?.with_plain_ids();
        prediction.name = case.display().to_string();
        // A case states verdicts, also one that found nothing.
        prediction.states_verdicts = true;
        (prediction, Stated::read(&case.join("case.json"))?)
    } else {
        (Prediction::read(case)?, None)
    };
    let mut evaluation = evaluate(&prediction, &truth, stated.as_ref())?;
    if case.is_dir() {
        let scores_requests = truth_requests.is_some();
        evaluation
            .notes
            .extend(changed_files(case, scores_requests));
    }
    if let Some(truth_requests) = truth_requests {
        let predicted = case.join(REQUESTS_FILE);
        if !predicted.is_file() {
            return Err(anyhow::Error::from(Failure::Usage(format!(
                "{}: no requests.parquet in it, so the truth of requests cannot be scored; leave it out or name a case folder",
                case.display()
            ))));
        }
        if stated.as_ref().is_some_and(Stated::is_from_digests) {
            evaluation.notes.push(
                "the case was made from digests, which name sampled requests only: requests are not scored"
                    .to_owned(),
            );
        } else {
            requests::score_levels(
                &predicted,
                truth_requests,
                &truth,
                &prediction,
                &mut evaluation.levels,
            )?;
            evaluation.notes.extend(request_notes(&evaluation.levels));
        }
    }
    Ok(evaluation)
}

/// The files of a case that are scored.
const SCORED_FILES: [&str; 3] = ["accounts.csv", "case.json", REQUESTS_FILE];

/// The file that is scored where the truth of requests is given.
const REQUESTS_FILE: &str = "requests.parquet";

/// Notes on scored files that are not what the scan wrote.
fn changed_files(case: &Path, scores_requests: bool) -> Vec<String> {
    if !case.join("SHA256SUMS").is_file() {
        return vec![
            "whether the files are those that the scan wrote was not checked: no SHA256SUMS"
                .to_owned(),
        ];
    }
    changed_outputs(case, &SCORED_FILES)
        .into_iter()
        .filter(|name| scores_requests || *name != REQUESTS_FILE)
        .map(|name| {
            if !case.join(name).is_file() {
                return format!("{name} is missing; what it would add is not scored");
            }
            format!(
                "{name} is not the file that the scan wrote (SHA256SUMS differs); the numbers are those of the changed file"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn message(result: Result<Evaluation>) -> String {
        let error = result.expect_err("must fail");
        assert!(
            matches!(error.downcast_ref::<Failure>(), Some(Failure::Usage(_))),
            "{error}"
        );
        error.to_string()
    }

    #[test]
    fn a_case_folder_is_scored_and_bad_truth_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let case = folder.path().join("case");
        fs::create_dir(&case).expect("case");
        fs::write(
            case.join("accounts.csv"),
            "account_id,campaign_id,verdict,score,payment\na,C-1,strong,40,20\nb,C-1,strong,40,20\nz,C-1,lead,3,0\n",
        )
        .expect("accounts");
        fs::write(
            case.join("case.json"),
            r#"{"campaigns":[{"id":"C-1","expected_false":0.5,"more":1}],"null_runs":{"runs":5,"expected_likely":0.1,"expected_strong":0.0}}"#,
        )
        .expect("case.json");
        let truth = folder.path().join("truth.csv");
        fs::write(
            &truth,
            "account_id,campaign,population\na,X,campaign\nb,X,campaign\nc,,class\n",
        )
        .expect("truth");
        let evaluation = evaluate_files(&case, &truth, None).expect("scored");
        assert_eq!(
            evaluation.missing_from_truth,
            Unmatched {
                count: 1,
                first: vec!["z".to_owned()]
            }
        );
        assert_eq!(evaluation.campaign_accounts, 2);
        assert_eq!(evaluation.calibration[2].stated_false_clusters, Some(0.5));
        assert!(
            message(evaluate_files(&case, &truth, Some(&truth))).contains("no requests.parquet")
        );

        fs::write(&truth, "account_id,campaign,population\nq,X,campaign\n").expect("truth");
        assert!(message(evaluate_files(&case, &truth, None)).contains("none of its 3 accounts"));
        fs::write(&truth, "account_id,campaign,population\nq,X,p\nq,,p\n").expect("truth");
        assert!(message(evaluate_files(&case, &truth, None)).contains("row 2"));
        fs::write(&truth, "account_id,population\nq,p\n").expect("truth");
        assert!(message(evaluate_files(&case, &truth, None)).contains("campaign"));
        fs::write(&truth, "account_id,campaign,population\n").expect("truth");
        assert!(message(evaluate_files(&case, &truth, None)).contains("no accounts"));
        assert!(
            message(evaluate_files(
                &case,
                &folder.path().join("absent.csv"),
                None
            ))
            .contains("absent.csv")
        );
    }
}
