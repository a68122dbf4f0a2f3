//! Made-up cases for the tests of this stage.

mod campaigns;
mod coverage;
mod hostile;

use crate::model::campaign::{LabelledRequest, Template, Verdict};
use crate::model::case::{CASE_SCHEMA_VERSION, CAVEAT, Case, CaseTables, NullRuns};
use crate::model::comparison::{CampaignChange, Comparison, State};
use crate::model::coverage::{Reject, RejectScope};
use crate::model::event::{Event, EventKind};
use crate::model::finding::{Family, Finding, Locator, Subject, SuppressedHub};
use crate::report::format::DAY_US;

pub(crate) use hostile::{HOSTILE, hostile};

/// 2026-02-10T02:11:07.123456Z.
const START_US: i64 = 1_770_689_467_123_456;
const HOUR_US: i64 = DAY_US / 24;

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
        priority: 0.62,
        first_us: START_US,
        last_us: START_US + 13 * DAY_US,
        fragments: 18,
        capability: capability.into(),
        capability_share: if capability.is_empty() { 0.0 } else { 0.98 },
        common_text: crate::text::common_text(
            &excerpts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        ),
        excerpts: excerpts.iter().map(|text| (*text).to_owned()).collect(),
        campaign_id: campaign.map(str::to_owned),
        accounts_in_campaigns: if campaign.is_some() { 30 } else { 0 },
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
        weak: false,
        rests_on: Vec::new(),
        stands_with_any: false,
        suppressed_by: None,
    }
}

/// The three beside an earlier case: one new, one grown, and one that is gone.
fn comparison() -> Comparison {
    let change = |state, id: &str, before: Option<&str>| CampaignChange {
        state,
        campaign_id: id.into(),
        before_id: before.map(str::to_owned),
        verdict: (state != State::Gone).then_some(Verdict::Strong),
        verdict_before: before.map(|_| Verdict::Likely),
        accounts: 31,
        accounts_before: 28,
        joined: vec!["acct_m0000".into(), "acct_m0001".into()],
        left: vec!["acct_gone".into()],
        templates: vec!["T-91c4e2".into()],
        because: "26 accounts in common".into(),
    };
    Comparison {
        baseline: "cases/2026-02-03".into(),
        changes: vec![
            change(State::Grown, "C-7f3a91", Some("C-7f3a91")),
            change(State::New, "C-2be04d", None),
            change(State::Gone, "C-00aa11", Some("C-00aa11")),
        ],
    }
}

/// Three campaigns of 60 accounts.
pub(crate) fn three_campaigns() -> CaseTables {
    let case = Case {
        schema_version: CASE_SCHEMA_VERSION,
        tool_version: "0.1.0".into(),
        profile: "balanced".into(),
        seed: 7,
        caveat: CAVEAT.into(),
        coverage: coverage::coverage(),
        detectors: coverage::detectors(),
        campaigns: campaigns::campaigns(),
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
                "network/shared-payment",
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
        suppressions: Vec::new(),
        suppressed_campaigns: Vec::new(),
        suppressed_accounts: Vec::new(),
        watchlist: None,
        comparison: Some(comparison()),
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
            support_bits: vec![10.6],
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
            request_id: format!("req_{row:06}").into(),
            account_id: format!("acct_m{:04}", row % 31).into(),
            timestamp_us: START_US + row as i64 * 2_400_000_017,
            campaign_id: if row % 9 == 0 { "" } else { "C-7f3a91" }.into(),
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
