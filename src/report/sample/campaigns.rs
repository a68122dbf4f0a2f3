//! The made-up campaigns.

use std::collections::BTreeMap;

use super::{START_US, locators, office, week};
use crate::model::campaign::{
    Bridge, Campaign, FamilyEvidence, Member, Rival, Role, SharedKey, SilentAccount, Technique,
    Verdict, WithoutFamily,
};
use crate::model::finding::{Family, Locator};
use crate::report::format::DAY_US;

fn evidence(
    family: Family,
    bits: f64,
    accounts: u64,
    counts: bool,
    statement: &str,
    finding: &str,
) -> FamilyEvidence {
    FamilyEvidence {
        family,
        bits,
        accounts,
        counts,
        statement: statement.into(),
        findings: vec![finding.into()],
    }
}

fn members(prefix: &str, count: u64, families: &[(Family, f64)], requests: u64) -> Vec<Member> {
    (0..count)
        .map(|index| {
            let by_family: BTreeMap<Family, f64> = families
                .iter()
                .enumerate()
                .filter(|(position, _)| {
                    *position == 0 || !(index + *position as u64).is_multiple_of(5)
                })
                .map(|(_, (family, bits))| (*family, bits - (index % 7) as f64 * 0.31))
                .collect();
            Member {
                account_id: format!("{prefix}{index:04}"),
                role: if index % 4 == 3 {
                    Role::Satellite
                } else {
                    Role::Core
                },
                bits: by_family.values().sum(),
                bits_by_family: by_family,
                requests: requests - index * 3,
                campaign_requests: requests - index * 3 - requests / 9,
                first_us: START_US + (index as i64) * 97 * 60_000_000,
                last_us: START_US + 13 * DAY_US + (index as i64) * 61_000_007,
                created_us: (index % 2 == 0).then_some(START_US - DAY_US),
                closed_us: (index == 3).then_some(START_US + 15 * DAY_US),
                findings: vec!["F-0a11".into()],
            }
        })
        .collect()
}

fn campaign(
    id: &str,
    verdict: Verdict,
    evidence: Vec<FamilyEvidence>,
    members: Vec<Member>,
) -> Campaign {
    let requests = members.iter().map(|member| member.requests).sum();
    let campaign_requests = members.iter().map(|member| member.campaign_requests).sum();
    let bits = members
        .get(members.len() / 2)
        .map_or(0.0, |member| member.bits);
    Campaign {
        id: id.into(),
        verdict,
        verdict_reason: "Payment, content and coordination are three families of their own, and the null runs expect 0.004 clusters at this score; without the shared payment instrument it would be likely.".into(),
        bits,
        expected_false: Some(0.004_2),
        without_family: vec![WithoutFamily {
            family: Family::Payment,
            verdict: Verdict::Likely,
        }],
        weakest_bridge: Some(Bridge {
            finding: "F-0a11".into(),
            bits: 8.4,
            accounts: 3,
            others: 28,
        }),
        shared_keys: vec![SharedKey {
            family: Family::Payment,
            kind: "payment".into(),
            value: "pm_77".into(),
            inside: 31,
            outside: 1,
            sample: Some(Locator {
                file: 0,
                row: 17,
                request_id: "req_17".into(),
            }),
        }],
        evidence,
        not_tested: vec!["identity: column email absent".into(), "lifecycle: no accounts table".into()],
        tested_without_finding: vec!["timing/dispatch".into()],
        silent_accounts: Vec::new(),
        requests,
        campaign_requests,
        campaign_requests_complete: true,
        purpose: "Rubric grading and step-by-step reasoning on mathematics problems".into(),
        templates: vec!["T-91c4e2".into(), "T-0be77a".into()],
        first_us: START_US,
        last_us: START_US + 14 * DAY_US,
        daily_requests: (0..15).filter(|day| day % 6 != 4).map(|day| (START_US - START_US.rem_euclid(DAY_US) + day * DAY_US, 900 + (day as u64 * 7919) % 2700)).collect(),
        hour_of_week: week(|day, hour| 120 + (day * 31 + hour * 17) % 23),
        techniques: vec![Technique {
            id: "AML.T0024.002".into(),
            name: "ATLAS: Extract AI Model".into(),
            because: "2 prompt templates that its accounts fill".into(),
        }],
        rivals: vec![
            Rival {
                explanation: "A class doing one assignment".into(),
                speaks_for: vec!["prompts share long passages".into()],
                speaks_against: vec!["active in every hour of the week".into(), "no text was sent twice across 31 accounts".into()],
                would_clear: "A course list that names the accounts, or activity that follows a timetable.".into(),
            },
            Rival {
                explanation: "A reseller or shared gateway".into(),
                speaks_for: vec![],
                speaks_against: vec!["one purpose in 89 % of the requests".into()],
                would_clear: "A reseller contract for the payment instrument.".into(),
            },
        ],
        members,
        locators: locators(8),
        timeline: Vec::new(),
        description: Vec::new(),
    }
}

/// A strong, a likely and a lead campaign.
pub(super) fn campaigns() -> Vec<Campaign> {
    let mut strong = campaign(
        "C-7f3a91",
        Verdict::Strong,
        vec![
            evidence(
                Family::Payment,
                20.0,
                31,
                true,
                "31 accounts pay with 2 instruments; chance would give 0.04 such accounts.",
                "F-0a11",
            ),
            evidence(
                Family::Content,
                18.374,
                31,
                true,
                "89 % of requests follow 2 templates that 4 other accounts use.",
                "F-77d0",
            ),
            evidence(
                Family::Coordination,
                11.52,
                24,
                true,
                "38,214 prompts, none sent twice across accounts; chance would repeat 2,911.",
                "F-c0de",
            ),
            evidence(
                Family::Network,
                6.104,
                29,
                false,
                "29 accounts share 3 address prefixes; chance would give 1.2.",
                "F-12ab",
            ),
        ],
        members(
            "acct_m",
            31,
            &[
                (Family::Payment, 20.0),
                (Family::Content, 18.37),
                (Family::Coordination, 11.52),
                (Family::Network, 6.1),
            ],
            1480,
        ),
    );
    strong.silent_accounts.push(SilentAccount {
        account_id: "acct_a_silent".into(),
        bits: 17.3,
        created_us: Some(START_US + DAY_US),
        closed_us: None,
        finding: "F-0a11".into(),
    });
    let mut likely = campaign(
        "C-2be04d",
        Verdict::Likely,
        vec![
            evidence(
                Family::Content,
                15.25,
                21,
                true,
                "71 % of requests follow 1 template; the other 41,182 accounts use it 12 times.",
                "F-77d0",
            ),
            evidence(
                Family::Client,
                7.75,
                18,
                true,
                "18 accounts share a header fingerprint; chance would give 0.9.",
                "F-12ab",
            ),
        ],
        members(
            "org-",
            21,
            &[(Family::Content, 15.25), (Family::Client, 7.75)],
            640,
        ),
    );
    likely.purpose = "Agentic coding trajectories with tool calls".into();
    likely.verdict_reason =
        "Content and client are two families; a third would be needed for strong.".into();
    likely.expected_false = Some(0.031);
    likely.hour_of_week = week(office);
    likely.templates = vec!["T-0be77a".into()];
    let mut lead = campaign(
        "C-d19c55",
        Verdict::Lead,
        vec![evidence(
            Family::Network,
            9.0,
            8,
            true,
            "8 accounts share one address outside every known provider; chance would give 0.3.",
            "F-12ab",
        )],
        members("u/", 8, &[(Family::Network, 9.0)], 95),
    );
    lead.purpose = "mixed use, no common purpose".into();
    lead.verdict_reason = "Network evidence alone never exceeds lead.".into();
    lead.expected_false = None;
    lead.without_family.clear();
    lead.weakest_bridge = None;
    lead.templates.clear();
    lead.rivals.clear();
    vec![strong, likely, lead]
}
