//! The one place where a case is made ready to be shown: numbers are rounded here, text
//! the user did not ask for is dropped here. Every writer sees only the result. The names in
//! a pseudonymised case were replaced before, in [`crate::report::pseudonym`].

use crate::config::options::Quote;
use crate::model::campaign::LabelledRequest;
use crate::model::case::{Case, CaseTables};
use crate::model::coverage::Reject;

/// Decimals of bits in every output.
const BIT_DECIMALS: i32 = 2;
/// Significant digits of every other float. Six digits with a small exponent survive any
/// JSON reader exactly, the seventeen of a full double do not.
const SIGNIFICANT_DIGITS: i32 = 6;
/// Values closer to zero than this are written as zero (six digits below it would need an
/// exponent that not every reader parses exactly).
const SMALLEST: f64 = 1e-15;
/// Stands for infinity; JSON has no word for it.
const LARGEST: f64 = 1e15;

/// A case ready to be written, with the bulky tables by reference.
#[derive(Debug)]
pub(crate) struct Presented<'a> {
    /// The case as it will stand in `case.json`.
    pub(crate) case: Case,
    /// Located rejects.
    pub(crate) rejects: &'a [Reject],
    /// Rows of the un-mixed sub-streams.
    pub(crate) requests: &'a [LabelledRequest],
}

impl Presented<'_> {
    /// Name of an input by its position.
    pub(crate) fn file_name(&self, file: u32) -> String {
        self.case.coverage.file_name(file)
    }
}

/// Rounds and trims a case.
pub(crate) fn present(tables: &CaseTables, quote: Quote) -> Presented<'_> {
    let mut case = tables.case.clone();
    let mut rounding = Rounding { not_finite: 0 };
    round_case(&mut case, &mut rounding);
    if rounding.not_finite > 0 {
        case.coverage.notes.push(format!(
            "{} measured values were not finite numbers and are written as 0 or {LARGEST:e}",
            rounding.not_finite
        ));
    }
    if quote == Quote::None {
        for template in &mut case.templates {
            template.excerpts.clear();
            template.common_text.clear();
        }
    }
    Presented {
        case,
        rejects: &tables.rejects,
        requests: &tables.requests,
    }
}

struct Rounding {
    not_finite: u64,
}

impl Rounding {
    fn bits(&mut self, value: &mut f64) {
        if self.finite(value) {
            let scale = 10_f64.powi(BIT_DECIMALS);
            // Beyond this a double has too few decimals left to round by multiplying.
            *value = if value.abs() < 1e9 {
                (*value * scale).round() / scale
            } else {
                significant(*value)
            };
            // no "-0.00" in any output
            *value += 0.0;
        }
    }

    fn value(&mut self, value: &mut f64) {
        if self.finite(value) {
            *value = significant(*value);
        }
    }

    /// Clamps what JSON cannot hold and remembers that it did.
    fn finite(&mut self, value: &mut f64) -> bool {
        if value.is_nan() {
            self.not_finite += 1;
            *value = 0.0;
            return false;
        }
        if value.abs() > LARGEST {
            self.not_finite += u64::from(value.is_infinite());
            *value = LARGEST.copysign(*value);
            return false;
        }
        true
    }
}

/// Rounds to [`SIGNIFICANT_DIGITS`] by way of decimal text, which gives the double that
/// prints shortest.
fn significant(value: f64) -> f64 {
    if value.abs() < SMALLEST {
        return 0.0;
    }
    let decimals = usize::try_from(SIGNIFICANT_DIGITS - 1).unwrap_or(0);
    format!("{value:.decimals$e}").parse().unwrap_or(value)
}

fn round_case(case: &mut Case, rounding: &mut Rounding) {
    for campaign in &mut case.campaigns {
        rounding.bits(&mut campaign.bits);
        if let Some(expected) = &mut campaign.expected_false {
            rounding.value(expected);
        }
        if let Some(bridge) = &mut campaign.weakest_bridge {
            rounding.bits(&mut bridge.bits);
        }
        for evidence in &mut campaign.evidence {
            rounding.bits(&mut evidence.bits);
        }
        for account in &mut campaign.silent_accounts {
            rounding.bits(&mut account.bits);
        }
        for member in &mut campaign.members {
            rounding.bits(&mut member.bits);
            for family_bits in member.bits_by_family.values_mut() {
                rounding.bits(family_bits);
            }
        }
    }
    for template in &mut case.templates {
        rounding.value(&mut template.distinct_text_share);
        rounding.value(&mut template.texts_per_account_median);
        rounding.value(&mut template.priority);
        rounding.value(&mut template.capability_share);
    }
    for finding in &mut case.findings {
        rounding.bits(&mut finding.bits);
        rounding.value(&mut finding.measured);
        rounding.value(&mut finding.expected);
        rounding.value(&mut finding.threshold);
    }
    for hub in &mut case.suppressed_hubs {
        rounding.value(&mut hub.co_evidence_share);
        rounding.value(&mut hub.background_share);
    }
    let runs = &mut case.null_runs;
    runs.strongest_bits
        .iter_mut()
        .for_each(|bits| rounding.bits(bits));
    rounding.value(&mut runs.expected_likely);
    rounding.value(&mut runs.expected_strong);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::campaign::Bridge;
    use crate::model::case::Case;
    use crate::report::sample;

    proptest! {
        #[test]
        fn rounded_values_survive_json_exactly(bits in any::<u64>()) {
            let mut rounding = Rounding { not_finite: 0 };
            for round in [Rounding::bits, Rounding::value] {
                let mut value = f64::from_bits(bits);
                round(&mut rounding, &mut value);
                let text = serde_json::to_string(&value).unwrap();
                let back: f64 = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(back.to_bits(), value.to_bits(), "{}", text);
            }
        }

        #[test]
        fn ordinary_values_survive_json_exactly(value in -1e6_f64..1e6) {
            let mut rounding = Rounding { not_finite: 0 };
            let (mut bits, mut other) = (value, value);
            rounding.bits(&mut bits);
            rounding.value(&mut other);
            prop_assert!((bits - value).abs() <= 0.005_000_1);
            for rounded in [bits, other] {
                let text = serde_json::to_string(&rounded).unwrap();
                let back: f64 = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(back.to_bits(), rounded.to_bits());
            }
        }
    }

    #[test]
    fn not_finite_values_are_clamped_and_said() {
        let mut tables = sample::three_campaigns();
        tables.case.findings[0].measured = f64::NAN;
        tables.case.findings[0].expected = f64::INFINITY;
        tables.case.campaigns[0].weakest_bridge = Some(Bridge {
            finding: tables.case.findings[0].id.clone(),
            bits: f64::INFINITY,
            accounts: 1,
            others: 2,
        });
        let presented = present(&tables, Quote::Masked);
        assert!(
            presented
                .case
                .coverage
                .notes
                .iter()
                .any(|note| note.starts_with("3 measured"))
        );
        assert!(presented.case.findings[0].measured.abs() < f64::EPSILON);
        // What is written can be read again.
        let text = serde_json::to_string(&presented.case).unwrap();
        serde_json::from_str::<Case>(&text).unwrap();
    }

    #[test]
    fn quote_none_leaves_no_excerpt() {
        let tables = sample::three_campaigns();
        assert!(
            tables
                .case
                .templates
                .iter()
                .any(|template| !template.excerpts.is_empty())
        );
        let presented = present(&tables, Quote::None);
        assert!(
            presented
                .case
                .templates
                .iter()
                .all(|template| template.excerpts.is_empty())
        );
    }
}
