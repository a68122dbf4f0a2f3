//! What several explanations have in common: rows, figures of a finding, bits by family.

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::known::Known;
use crate::model::finding::{Family, Finding, Subject};

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Row {
    /// File as named in the case.
    pub file: String,
    /// One-based record number.
    pub row: u64,
    /// The request's own id, or `file:row`.
    pub request_id: String,
}

/// Everything a finding states, its accounts counted and not listed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FindingFigures {
    /// Finding id.
    pub id: String,
    /// Detector id.
    pub detector: String,
    /// Family its bits count in.
    pub family: Family,
    /// What it is about.
    pub subject: Subject,
    /// Accounts it links.
    pub accounts: u64,
    /// Evidence in bits, after the correction for how much was tried.
    pub bits: f64,
    /// Name of the measured quantity.
    pub measure: String,
    /// Measured value.
    pub measured: f64,
    /// What the null model expected.
    pub expected: f64,
    /// Observations behind the measurement.
    pub n: u64,
    /// Smallest value that would have been reported.
    pub threshold: f64,
    /// Unit of the threshold: `bits`, or `as measured`.
    pub threshold_unit: &'static str,
    /// The null model, in words.
    pub null_model: String,
    /// The innocent explanation that fits best.
    pub innocent: String,
    /// What would clear it.
    pub would_clear: String,
    /// Whether its everyday explanations are so common that it never counts for a verdict.
    pub weak: bool,
    /// Line of the suppression file that hides it; it counts for nothing then.
    pub suppressed_by: Option<u64>,
    /// Requests in the finding, where counted.
    pub requests: u64,
    /// First request, microseconds since the epoch.
    pub first_us: Option<i64>,
    /// Last request, microseconds since the epoch.
    pub last_us: Option<i64>,
    /// Sample rows.
    pub rows: Vec<Row>,
}

impl FindingFigures {
    /// The figures of a finding.
    #[must_use]
    pub fn of(finding: &Finding, known: &Known<'_>) -> Self {
        Self {
            id: finding.id.clone(),
            detector: finding.detector.clone(),
            family: finding.family,
            subject: finding.subject.clone(),
            accounts: length(&finding.accounts),
            bits: finding.bits,
            measure: finding.measure.clone(),
            measured: finding.measured,
            expected: finding.expected,
            n: finding.n,
            threshold: finding.threshold,
            threshold_unit: finding.threshold_unit(),
            null_model: finding.null_model.clone(),
            innocent: finding.innocent.clone(),
            would_clear: finding.would_clear.clone(),
            weak: finding.weak,
            suppressed_by: finding.suppressed_by,
            requests: finding.requests,
            first_us: finding.first_us,
            last_us: finding.last_us,
            rows: known.rows(&finding.locators),
        }
    }
}

/// One step of a waterfall: a family, from where the one before ends.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FamilyBits {
    /// Family.
    pub family: Family,
    /// Bits it adds.
    pub bits: f64,
    /// Sum of the families before it.
    pub from_bits: f64,
    /// Sum with it.
    pub to_bits: f64,
    /// Whether it counts for the verdict.
    pub counts: bool,
    /// Accounts that carry evidence of this family; absent for a single account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u64>,
    /// The measured value beside what was expected, in a sentence; empty for a single account.
    pub statement: String,
    /// What stands behind it. Within a family the strongest counts; these do not add up.
    pub detectors: Vec<DetectorBits>,
}

/// What one detector states within a family.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DetectorBits {
    /// Detector id.
    pub detector: String,
    /// Bits of its strongest finding here.
    pub bits: f64,
    /// Its findings here, strongest first.
    pub findings: Vec<String>,
}

/// Groups findings by detector, the strongest detector first.
#[must_use]
pub(super) fn by_detector(ids: &[String], known: &Known<'_>) -> Vec<DetectorBits> {
    let mut found: Vec<&Finding> = ids.iter().filter_map(|id| known.finding(id)).collect();
    found.sort_by(|a, b| b.bits.total_cmp(&a.bits).then_with(|| a.id.cmp(&b.id)));
    let mut detectors: Vec<DetectorBits> = Vec::new();
    for finding in found {
        match detectors
            .iter_mut()
            .find(|seen| seen.detector == finding.detector)
        {
            Some(seen) => seen.findings.push(finding.id.clone()),
            None => detectors.push(DetectorBits {
                detector: finding.detector.clone(),
                bits: finding.bits,
                findings: vec![finding.id.clone()],
            }),
        }
    }
    detectors
}

/// Gives each family the place where the one before it ends; answers with the sum.
pub(super) fn stack(families: &mut [FamilyBits]) -> f64 {
    let mut sum = 0.0;
    for step in families {
        step.from_bits = hundredths(sum);
        sum += step.bits.max(0.0);
        step.to_bits = hundredths(sum);
    }
    hundredths(sum)
}

/// Bits have two decimals in every output; sums of them get no others.
#[must_use]
pub(super) fn hundredths(bits: f64) -> f64 {
    (bits * 100.0).round() / 100.0
}

/// The length of a list as a count.
#[must_use]
pub(super) fn length<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

/// `1 account`, `2 accounts`, with thousands separated.
#[must_use]
pub(super) fn plural(number: u64, noun: &str) -> String {
    crate::report::format::plural(number, noun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_begins_where_the_one_before_ends() {
        let family = |family: Family, bits: f64| FamilyBits {
            family,
            bits,
            from_bits: 0.0,
            to_bits: 0.0,
            counts: bits > 0.0,
            accounts: None,
            statement: String::new(),
            detectors: Vec::new(),
        };
        let mut families = vec![
            family(Family::Payment, 15.49),
            family(Family::Lifecycle, 0.0),
            family(Family::Content, 12.1),
        ];
        let sum = stack(&mut families);
        let ends: Vec<String> = families
            .iter()
            .map(|step| format!("{:.2} {:.2}", step.from_bits, step.to_bits))
            .collect();
        assert_eq!(ends, ["0.00 15.49", "15.49 15.49", "15.49 27.59"]);
        assert_eq!(format!("{sum:.2}"), "27.59");
        assert!(stack(&mut []).abs() < 1e-9);
    }
}
