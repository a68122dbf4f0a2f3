//! Made-up cases for the tests of this stage.

use std::collections::BTreeMap;

use crate::model::campaign::{
    Campaign, FamilyEvidence, LabelledRequest, Member, Rival, Template, Verdict,
};
use crate::model::case::{CASE_SCHEMA_VERSION, CAVEAT, Case, CaseTables, NullRuns};
use crate::model::coverage::{
    ColumnCoverage, Coverage, Gap, InputFile, Reject, RejectCount, RejectScope,
};
use crate::model::event::{Event, EventKind};
use crate::model::finding::{
    DetectorRun, Family, Finding, Locator, RunStatus, Subject, SuppressedHub,
};
use crate::report::format::DAY_US;

/// 2026-02-10T02:11:07.123456Z.
const START_US: i64 = 1_770_689_467_123_456;
const HOUR_US: i64 = DAY_US / 24;

/// A text that attacks every format at once.
pub(crate) const HOSTILE: &str = "=cmd|' /C calc'!A0 <script>alert(1)</script></style><svg onload=alert(2)> \
    [x](javascript:alert(3)) ![i](http://evil.example/a.png) https://evil.example `tick` ```fence\n```\n# head | cell \
    {{ 7*7 }}{% raw %} \u{1b}[31mred\u{9b}2J \u{202e}gpj.exe\u{2066} \u{200b}nul:\0 'quote' \"double\" &amp; \r\nlast\u{feff}";

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

fn locators(count: u64) -> Vec<Locator> {
    (0..count)
        .map(|index| Locator {
            file: (index % 2) as u32,
            row: 1041 + index * 977,
            request_id: format!("req_{:08x}", 0x5eed_0000 + index * 7919),
        })
        .collect()
}

fn week(shape: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    (0..168).map(|hour| shape(hour / 24, hour % 24)).collect()
}

fn office(day: u64, hour: u64) -> u64 {
    let day_weight = if day > 4 { 2 } else { 9 };
    day_weight
        * [
            1, 0, 0, 0, 1, 2, 6, 14, 30, 44, 48, 46, 36, 42, 47, 45, 40, 31, 22, 17, 14, 10, 6, 3,
        ][hour as usize]
}

fn members(prefix: &str, count: u64, families: &[(Family, f64)], requests: u64) -> Vec<Member> {
    (0..count)
        .map(|index| {
            let by_family: BTreeMap<Family, f64> = families
                .iter()
                .enumerate()
                .filter(|(position, _)| *position == 0 || (index + *position as u64) % 5 != 0)
                .map(|(_, (family, bits))| (*family, bits - (index % 7) as f64 * 0.31))
                .collect();
            Member {
                account_id: format!("{prefix}{index:04}"),
                bits: by_family.values().sum(),
                bits_by_family: by_family,
                requests: requests - index * 3,
                campaign_requests: requests - index * 3 - requests / 9,
                first_us: START_US + (index as i64) * 97 * 60_000_000,
                last_us: START_US + 13 * DAY_US + (index as i64) * 61_000_007,
                findings: vec!["F-0a11".into()],
            }
        })
        .collect()
}

fn template(
    id: &str,
    campaign: Option<&str>,
    capability: &str,
    assessment: &str,
    excerpts: &[&str],
) -> Template {
    Template {
        id: id.into(),
        role: "user".into(),
        accounts: 31,
        requests: 38_214,
        requests_complete: campaign.is_some(),
        distinct_text_share: 0.973,
        texts_per_account_median: 1204.5,
        first_us: START_US,
        last_us: START_US + 13 * DAY_US,
        fragments: 18,
        capability: capability.into(),
        excerpts: excerpts.iter().map(|text| (*text).to_owned()).collect(),
        campaign_id: campaign.map(str::to_owned),
        assessment: assessment.into(),
        locators: locators(3),
    }
}

fn finding(id: &str, detector: &str, family: Family, subject: Subject, bits: f64) -> Finding {
    Finding {
        id: id.into(),
        detector: detector.into(),
        family,
        subject,
        accounts: (0..31).map(|index| format!("acct_m{index:04}")).collect(),
        bits,
        measure: "accounts sharing the key".into(),
        measured: 31.0,
        expected: 0.042_137_9,
        n: 1942,
        threshold: 3.0,
        null_model: "links shuffled, both degree sequences kept".into(),
        innocent: "one company that pays for its staff".into(),
        would_clear: "a contract that names these accounts".into(),
        requests: 38_214,
        first_us: Some(START_US),
        last_us: None,
        locators: locators(4),
    }
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
        expected_false: 0.004_2,
        evidence,
        not_tested: vec!["identity: column email absent".into(), "lifecycle: no accounts table".into()],
        requests,
        campaign_requests,
        purpose: "Rubric grading and step-by-step reasoning on mathematics problems".into(),
        templates: vec!["T-91c4e2".into(), "T-0be77a".into()],
        first_us: START_US,
        last_us: START_US + 14 * DAY_US,
        daily_requests: (0..15).filter(|day| day % 6 != 4).map(|day| (START_US - START_US.rem_euclid(DAY_US) + day * DAY_US, 900 + (day as u64 * 7919) % 2700)).collect(),
        hour_of_week: week(|day, hour| 120 + (day * 31 + hour * 17) % 23),
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
    }
}

fn inputs() -> Vec<InputFile> {
    (0..2)
        .map(|index| InputFile {
            name: format!("logs/2026-02/part-{index}.parquet"),
            sha256: format!("{index}3f1").repeat(16),
            bytes: 48_213_991 + index,
            container: "parquet".into(),
            compression: "none".into(),
            rows_read: 655_222,
            rows_used: 655_000 - 11,
            rows_rejected: 222,
            rows_outside_window: 11,
        })
        .collect()
}

fn coverage() -> Coverage {
    let count = |file, column: &str, scope, reason: &str, count| RejectCount {
        file,
        column: column.into(),
        scope,
        reason: reason.into(),
        count,
    };
    Coverage {
        inputs: inputs(),
        rows_read: 1_310_444,
        rows_used: 1_309_978,
        rows_rejected: 444,
        rows_outside_window: 22,
        reject_counts: vec![
            count(
                0,
                "timestamp",
                RejectScope::Row,
                "not a time in any known form",
                222,
            ),
            count(1, "", RejectScope::Row, "broken record", 222),
            count(
                1,
                "output_tokens",
                RejectScope::Cell,
                "not a whole number",
                31,
            ),
        ],
        columns: vec![
            ColumnCoverage {
                column: "timestamp".into(),
                present: 1_309_978,
                null: 0,
            },
            ColumnCoverage {
                column: "account_id".into(),
                present: 1_309_978,
                null: 0,
            },
            ColumnCoverage {
                column: "prompt".into(),
                present: 1_309_970,
                null: 8,
            },
            ColumnCoverage {
                column: "ip".into(),
                present: 910_112,
                null: 399_866,
            },
            ColumnCoverage {
                column: "user_agent".into(),
                present: 0,
                null: 1_309_978,
            },
        ],
        first_us: Some(START_US - 2 * DAY_US),
        last_us: Some(START_US + 15 * DAY_US),
        gaps: vec![Gap {
            from_us: START_US + 4 * DAY_US,
            until_us: START_US + 4 * DAY_US + 3 * HOUR_US,
        }],
        accounts: 41_203,
        accounts_joined: 0,
        notes: vec!["Timestamps of both files were read as microseconds.".into()],
    }
}

fn detectors() -> Vec<DetectorRun> {
    let run = |detector: &str, status, partial: &[&str]| DetectorRun {
        detector: detector.into(),
        version: 1,
        status,
        findings: 3,
        partial: partial.iter().map(|text| (*text).to_owned()).collect(),
    };
    vec![
        run("content/template-spread", RunStatus::Ran, &[]),
        run(
            "network/shared-infrastructure",
            RunStatus::Ran,
            &["tls: column tls_fingerprint absent"],
        ),
        run(
            "network/shared-identity",
            RunStatus::NotRun {
                reason: "column email absent".into(),
            },
            &[],
        ),
        run("timing/synchrony", RunStatus::Skipped, &[]),
    ]
}

/// Three campaigns of 60 accounts.
pub(crate) fn three_campaigns() -> CaseTables {
    let strong = campaign(
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
    likely.expected_false = 0.031;
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
    lead.expected_false = 0.62;
    lead.templates.clear();
    lead.rivals.clear();

    let case = Case {
        schema_version: CASE_SCHEMA_VERSION,
        tool_version: "0.1.0".into(),
        profile: "balanced".into(),
        seed: 7,
        caveat: CAVEAT.into(),
        coverage: coverage(),
        detectors: detectors(),
        campaigns: vec![strong, likely, lead],
        templates: vec![
            template(
                "T-91c4e2",
                Some("C-7f3a91"),
                "rubric-based grading",
                "Shared by 31 accounts that have no other use in common; counts as content evidence.",
                &[
                    "You are a strict grader. Rubric: (a) ... (e). Score the answer below from 0 to 10 and explain each deduction step by step.\n\nAnswer: [###]",
                    "You are a strict grader. Rubric: (a) ... (d). Score the answer below",
                ],
            ),
            template(
                "T-0be77a",
                Some("C-2be04d"),
                "agentic coding",
                "Shared by 21 accounts; counts as content evidence.",
                &[
                    "Given the repository below, list the tool calls you would make, in order, with your full reasoning before each.",
                ],
            ),
            template(
                "T-55aa01",
                None,
                "",
                "Identical system prompt of a popular client: 4,120 accounts, no other link; not evidence.",
                &["You are a helpful assistant in an editor."],
            ),
        ],
        findings: vec![
            finding(
                "F-0a11",
                "network/shared-infrastructure",
                Family::Payment,
                Subject::Key {
                    kind: "payment".into(),
                    value: "pm_8812".into(),
                },
                20.0,
            ),
            finding(
                "F-12ab",
                "network/shared-infrastructure",
                Family::Network,
                Subject::Key {
                    kind: "ip_prefix".into(),
                    value: "203.0.113.0/24".into(),
                },
                6.104,
            ),
            finding(
                "F-77d0",
                "content/template-spread",
                Family::Content,
                Subject::Template {
                    id: "T-91c4e2".into(),
                },
                18.374,
            ),
            finding(
                "F-c0de",
                "content/template-spread",
                Family::Coordination,
                Subject::Group {
                    name: "shards of one question bank".into(),
                },
                11.52,
            ),
        ],
        suppressed_hubs: vec![SuppressedHub {
            detector: "network/shared-infrastructure".into(),
            kind: "ip_prefix".into(),
            value: "198.51.100.0/24".into(),
            accounts: 2911,
            co_evidence_share: 0.003_25,
            background_share: 0.003_1,
            reason: "pairs that share it have no more in common than random pairs".into(),
        }],
        null_runs: NullRuns {
            runs: 20,
            method: "account and key links rewired, both degree sequences kept".into(),
            strongest_bits: (0..20)
                .map(|run| 11.0 + f64::from(run % 7) * 0.83)
                .collect(),
            expected_likely: 0.05,
            expected_strong: 0.0,
        },
        events: vec![
            Event {
                timestamp_us: START_US + 3 * DAY_US,
                kind: EventKind::ModelRelease,
                name: "model-5 released".into(),
                model: Some("model-5".into()),
            },
            Event {
                timestamp_us: START_US + 9 * DAY_US,
                kind: EventKind::BanWave,
                name: "212 accounts closed".into(),
                model: None,
            },
        ],
        hour_of_week: week(|day, hour| office(day, hour) * 31),
    };
    let requests = (0..500)
        .map(|row| LabelledRequest {
            file: (row / 250) as u32,
            row: row % 250 + 1,
            request_id: format!("req_{row:06}"),
            account_id: format!("acct_m{:04}", row % 31),
            timestamp_us: START_US + row as i64 * 2_400_000_017,
            campaign_id: if row % 9 == 0 {
                String::new()
            } else {
                "C-7f3a91".into()
            },
            template_id: "T-91c4e2".into(),
            pattern_family: "rubric-based grading".into(),
        })
        .collect();
    let rejects = vec![
        Reject {
            file: 0,
            row: 17,
            column: "timestamp".into(),
            scope: RejectScope::Row,
            reason: "not a time in any known form".into(),
        },
        Reject {
            file: 1,
            row: 3,
            column: "output_tokens".into(),
            scope: RejectScope::Cell,
            reason: "not a whole number".into(),
        },
    ];
    CaseTables {
        case,
        rejects,
        requests,
    }
}

/// A case without campaigns; one detector could not run and one was left out.
pub(crate) fn no_campaign() -> CaseTables {
    let mut tables = three_campaigns();
    tables.case.campaigns.clear();
    tables.case.findings.clear();
    tables
        .case
        .templates
        .retain(|template| template.campaign_id.is_none());
    tables.requests.clear();
    tables
}

/// Every text that can come from a log is [`HOSTILE`]; ids keep their relations.
pub(crate) fn hostile() -> CaseTables {
    let mut tables = three_campaigns();
    let mut json = serde_json::to_value(&tables.case).unwrap();
    poison(&mut json);
    tables.case = serde_json::from_value(json).unwrap();
    for reject in &mut tables.rejects {
        reject.column = HOSTILE.into();
        reject.reason = HOSTILE.into();
    }
    for request in &mut tables.requests {
        for text in [
            &mut request.request_id,
            &mut request.account_id,
            &mut request.campaign_id,
            &mut request.template_id,
            &mut request.pattern_family,
        ] {
            *text = format!("{HOSTILE}{text}");
        }
    }
    tables
}

/// Prefixes every text that is not the name of a variant.
fn poison(json: &mut serde_json::Value) {
    const VARIANTS: [&str; 7] = [
        "verdict", "family", "scope", "type", "state", "kind", "caveat",
    ];
    match json {
        serde_json::Value::String(text) => *text = format!("{HOSTILE}{text}"),
        serde_json::Value::Array(items) => items.iter_mut().for_each(poison),
        serde_json::Value::Object(entries) => entries
            .iter_mut()
            .filter(|(name, _)| !VARIANTS.contains(&name.as_str()))
            .for_each(|(_, entry)| poison(entry)),
        _ => {}
    }
}
