//! Which published techniques a campaign would be, if a reader confirms it.
//!
//! Sources: MITRE ATLAS 5.6.1 (case study AML.CS0056 is a distillation campaign), MITRE ATT&CK,
//! OWASP Top 10 for LLM Applications 2025. The ids name what was seen, they prove nothing, and a
//! lead gets none.

use std::collections::BTreeSet;

use crate::model::campaign::{Campaign, Technique, Verdict};
use crate::model::finding::Family;

/// A campaign with the detectors whose findings it rests on.
type Known<'a> = (&'a Campaign, &'a BTreeSet<&'a str>);

/// Id, name, and what of a campaign it rests on.
type Rule = (&'static str, &'static str, fn(Known<'_>) -> Option<String>);

const RULES: [Rule; 8] = [
    (
        "AML.T0040",
        "ATLAS: AI Model Inference API Access",
        |(campaign, _)| {
            Some(format!(
                "{} requests through the model's interface",
                campaign.requests
            ))
        },
    ),
    ("AML.T0024.002", "ATLAS: Extract AI Model", templates),
    ("AML.T0065", "ATLAS: LLM Prompt Crafting", templates),
    ("LLM10:2025", "OWASP: Unbounded Consumption", templates),
    ("AML.T0021", "ATLAS: Establish Accounts", owned),
    ("T1585", "ATT&CK: Establish Accounts", owned),
    ("AML.T0008.005", "ATLAS: AI Service Proxies", |known| {
        found(
            known,
            "dynamics/mixed-traffic",
            "a template among the traffic of others",
        )
    }),
    ("AML.T0012", "ATLAS: Valid Accounts", |known| {
        found(
            known,
            "network/key-sharing",
            "one credential in several places",
        )
    }),
];

/// The techniques of a campaign, in a fixed order; `detectors` are those whose findings it rests on.
#[must_use]
pub(super) fn techniques(campaign: &Campaign, detectors: &BTreeSet<&str>) -> Vec<Technique> {
    if campaign.verdict < Verdict::Likely {
        return Vec::new();
    }
    RULES
        .iter()
        .filter_map(|(id, name, because)| {
            Some(Technique {
                id: (*id).to_owned(),
                name: (*name).to_owned(),
                because: because((campaign, detectors))?,
            })
        })
        .collect()
}

fn templates((campaign, _): Known<'_>) -> Option<String> {
    (counts(campaign, Family::Content) && !campaign.templates.is_empty()).then(|| {
        match campaign.templates.len() {
            1 => "one prompt template that its accounts fill".to_owned(),
            several => format!("{several} prompt templates that its accounts fill"),
        }
    })
}

/// Accounts that one operator seems to have made.
fn owned((campaign, _): Known<'_>) -> Option<String> {
    let families: Vec<&str> = [Family::Payment, Family::Identity, Family::Lifecycle]
        .into_iter()
        .filter(|family| counts(campaign, *family))
        .map(Family::name)
        .collect();
    (!families.is_empty()).then(|| {
        format!(
            "{} accounts tied by {} evidence",
            campaign.members.len(),
            families.join(" and ")
        )
    })
}

fn counts(campaign: &Campaign, family: Family) -> bool {
    campaign
        .evidence
        .iter()
        .any(|evidence| evidence.family == family && evidence.counts)
}

fn found((_, detectors): Known<'_>, detector: &str, because: &str) -> Option<String> {
    detectors.contains(detector).then(|| because.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_lead_gets_none_and_a_campaign_what_it_rests_on() {
        let none = BTreeSet::new();
        let mut campaign = sample::three_campaigns().case.campaigns.swap_remove(0);
        campaign.verdict = Verdict::Lead;
        assert!(techniques(&campaign, &none).is_empty());
        campaign.verdict = Verdict::Strong;
        let ids = |campaign: &Campaign, detectors: &BTreeSet<&str>| -> Vec<String> {
            techniques(campaign, detectors)
                .into_iter()
                .map(|technique| technique.id)
                .collect()
        };
        let plain = ids(&campaign, &none);
        assert!(plain.contains(&"AML.T0040".to_owned()));
        assert!(!plain.contains(&"AML.T0008.005".to_owned()));
        let relayed = ids(&campaign, &["dynamics/mixed-traffic"].into());
        assert!(relayed.contains(&"AML.T0008.005".to_owned()));
        for evidence in &mut campaign.evidence {
            evidence.counts = false;
        }
        assert_eq!(ids(&campaign, &none), ["AML.T0040"]);
    }
}
