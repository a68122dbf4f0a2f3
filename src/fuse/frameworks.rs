//! Which published techniques a campaign would be, if a reader confirms it.
//!
//! Sources: MITRE ATLAS 5.6.1 (case study AML.CS0056 is a distillation campaign), MITRE ATT&CK,
//! OWASP Top 10 for LLM Applications 2025. The ids name what was seen, they prove nothing, and a
//! lead gets none.

use crate::model::campaign::{Campaign, Technique, Verdict};
use crate::model::finding::Family;
use crate::model::number::count;

/// Id, name, and what of a campaign it rests on.
type Rule = (&'static str, &'static str, fn(&Campaign) -> Option<String>);

const RULES: [Rule; 6] = [
    (
        "AML.T0040",
        "ATLAS: AI Model Inference API Access",
        |campaign| {
            Some(format!(
                "{} requests through the model's interface",
                count(campaign.requests)
            ))
        },
    ),
    ("AML.T0024.002", "ATLAS: Extract AI Model", templates),
    ("AML.T0065", "ATLAS: LLM Prompt Crafting", templates),
    ("LLM10:2025", "OWASP: Unbounded Consumption", templates),
    ("AML.T0021", "ATLAS: Establish Accounts", owned),
    ("T1585", "ATT&CK: Establish Accounts", owned),
];

/// The techniques of a campaign, in a fixed order. They rest on what counts for its verdict, never
/// on a weak finding.
#[must_use]
pub(super) fn techniques(campaign: &Campaign) -> Vec<Technique> {
    if campaign.verdict < Verdict::Likely {
        return Vec::new();
    }
    RULES
        .iter()
        .filter_map(|(id, name, because)| {
            Some(Technique {
                id: (*id).to_owned(),
                name: (*name).to_owned(),
                because: because(campaign)?,
            })
        })
        .collect()
}

fn templates(campaign: &Campaign) -> Option<String> {
    (counts(campaign, Family::Content) && !campaign.templates.is_empty()).then(|| {
        match campaign.templates.len() {
            1 => "one prompt template that its accounts fill".to_owned(),
            several => format!("{several} prompt templates that its accounts fill"),
        }
    })
}

/// Accounts that one operator seems to have made.
fn owned(campaign: &Campaign) -> Option<String> {
    let tied: Vec<String> = [Family::Payment, Family::Identity, Family::Lifecycle]
        .into_iter()
        .filter(|family| counts(campaign, *family))
        .map(|family| {
            let evidence = campaign.evidence.iter();
            let accounts = evidence
                .filter(|evidence| evidence.family == family)
                .map(|evidence| evidence.accounts)
                .max();
            format!(
                "{} accounts tied by {} evidence",
                count(accounts.unwrap_or(0)),
                family.name()
            )
        })
        .collect();
    (!tied.is_empty()).then(|| tied.join(", "))
}

fn counts(campaign: &Campaign, family: Family) -> bool {
    campaign
        .evidence
        .iter()
        .any(|evidence| evidence.family == family && evidence.counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_lead_gets_none_and_a_campaign_what_it_rests_on() {
        let mut campaign = sample::three_campaigns().case.campaigns.swap_remove(0);
        campaign.verdict = Verdict::Lead;
        assert!(techniques(&campaign).is_empty());
        campaign.verdict = Verdict::Strong;
        let ids = |campaign: &Campaign| -> Vec<String> {
            let found = techniques(campaign).into_iter();
            found.map(|technique| technique.id).collect()
        };
        assert!(ids(&campaign).contains(&"AML.T0024.002".to_owned()));
        for evidence in &mut campaign.evidence {
            evidence.counts = false;
        }
        assert_eq!(ids(&campaign), ["AML.T0040"]);
    }
}
