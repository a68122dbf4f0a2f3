//! The screen against its golden picture.

use std::collections::BTreeMap;

use super::*;
use crate::cli::escape::width;
use crate::model::campaign::{Campaign, FamilyEvidence, Member, Role, Verdict};
use crate::model::case::{CAVEAT, NullRuns};
use crate::model::coverage::{Gap, InputFile, RejectCount, RejectScope, SideInput};
use crate::model::finding::{DetectorRun, Family, RunStatus};

const DAY_US: i64 = 86_400_000_000;
/// 2026-02-09T00:00:00Z
const START_US: i64 = 1_770_595_200_000_000;

fn member(account_id: &str) -> Member {
    Member {
        role: Role::default(),
        account_id: account_id.into(),
        bits: 20.0,
        bits_by_family: BTreeMap::new(),
        requests: 10,
        campaign_requests: 10,
        first_us: START_US,
        last_us: START_US,
        created_us: None,
        closed_us: None,
        findings: Vec::new(),
    }
}

fn campaign(id: &str, verdict: Verdict, statement: &str) -> Campaign {
    Campaign {
        id: id.into(),
        verdict,
        verdict_reason: String::new(),
        bits: 34.2,
        expected_false: Some(0.0),
        without_family: Vec::new(),
        weakest_bridge: None,
        shared_keys: Vec::new(),
        tested_without_finding: Vec::new(),
        silent_accounts: Vec::new(),
        evidence: vec![FamilyEvidence {
            family: Family::Coordination,
            bits: 20.0,
            accounts: 3,
            counts: true,
            statement: statement.into(),
            findings: Vec::new(),
        }],
        not_tested: Vec::new(),
        members: vec![member("a"), member("b"), member("c")],
        requests: 1_310_442,
        campaign_requests: 1_000_000,
        campaign_requests_complete: true,
        purpose: String::new(),
        templates: Vec::new(),
        first_us: START_US + DAY_US,
        last_us: START_US + 2 * DAY_US,
        daily_requests: Vec::new(),
        hour_of_week: Vec::new(),
        techniques: Vec::new(),
        rivals: Vec::new(),
        locators: Vec::new(),
        timeline: Vec::new(),
        description: Vec::new(),
    }
}

fn detector(name: &str, status: RunStatus, findings: u64) -> DetectorRun {
    DetectorRun {
        detector: name.into(),
        version: 1,
        status,
        findings,
        partial: Vec::new(),
    }
}

fn reject(file: u32, count: u64) -> RejectCount {
    RejectCount {
        file,
        column: "timestamp".into(),
        scope: RejectScope::Row,
        reason: "not a time: \"\u{1b}[31m\"".into(),
        count,
    }
}

fn tables() -> CaseTables {
    let absent = || RunStatus::NotRun {
        reason: "column payment_id absent".into(),
    };
    let coverage = Coverage {
        inputs: vec![InputFile {
            name: "a.csv".into(),
            sha256: String::new(),
            bytes: 13_002_342,
            container: "csv".into(),
            compression: "none".into(),
            rows_read: 40_123,
            rows_used: 40_000,
            rows_rejected: 103,
            rows_outside_window: 20,
        }],
        side_inputs: vec![SideInput {
            table: "accounts".into(),
            input: InputFile {
                name: "accounts.csv".into(),
                sha256: String::new(),
                bytes: 400,
                container: "csv".into(),
                compression: "none".into(),
                rows_read: 1_103,
                rows_used: 1_100,
                rows_rejected: 3,
                rows_outside_window: 0,
            },
        }],
        rows_read: 40_123,
        rows_used: 40_000,
        rows_rejected: 103,
        rows_outside_window: 20,
        reject_counts: vec![reject(0, 103), reject(1, 3)],
        columns: Vec::new(),
        first_us: Some(START_US),
        last_us: Some(START_US + 7 * DAY_US),
        gaps: vec![Gap {
            from_us: START_US,
            until_us: START_US + 12_000_000_000,
        }],
        accounts: 1_204,
        accounts_joined: 1_100,
        notes: Vec::new(),
    };
    let case = Case {
        schema_version: 1,
        tool_version: "0.1.0".into(),
        profile: "balanced".into(),
        seed: 1,
        caveat: CAVEAT.into(),
        coverage,
        detectors: vec![
            detector("network/shared-infrastructure", RunStatus::Ran, 3),
            detector("network/shared-payment", absent(), 0),
            detector("network/cross-pathway", absent(), 0),
            detector("content/template-spread", RunStatus::Skipped, 0),
        ],
        campaigns: vec![
            campaign(
                "C-7f3a90b1c2d3",
                Verdict::Strong,
                "3 accounts take every task exactly once; by chance 0.02 expected, and so on \u{202e}for long",
            ),
            campaign(
                "C-0011aabbccdd",
                Verdict::Lead,
                "3 accounts share one address",
            ),
        ],
        templates: Vec::new(),
        findings: Vec::new(),
        suppressed_hubs: Vec::new(),
        suppressions: Vec::new(),
        suppressed_campaigns: Vec::new(),
        suppressed_accounts: Vec::new(),
        watchlist: None,
        comparison: None,
        null_runs: NullRuns::default(),
        events: Vec::new(),
        hour_of_week: Vec::new(),
    };
    CaseTables {
        case,
        rejects: Vec::new(),
        requests: Vec::new(),
    }
}

const GOLDEN: &str = r#"stillhunt 0.1.0   profile balanced   seed 1

  input       1 file, 12.4 MiB, 40,123 rows read
              40,000 used, 103 rejected (0.26 %), 20 outside the window
              103 rows: timestamp: not a time: "\u{1b}[31m"
              the first 0 located in rejects.csv, all counted in
              reject_counts.csv
  window      2026-02-09 00:00 to 2026-02-16 00:00 UTC
              1 gap without any request, the longest 3 h 20 min
  accounts    1,204 in the log, 1,100 described by the accounts table
              accounts table: 3 of 1,103 rows rejected, 0 values left out; see
              rejects.csv
  detectors   1 ran (3 findings), 2 could not run, 1 left out on request
              not run: network/shared-payment, network/cross-pathway: column
              payment_id absent

  campaigns   1 strong, 1 lead (evidence in bits)

  campaign        verdict  accounts     requests  first seen  strongest
  C-7f3a90b1c2d3  strong          3    1,310,442  2026-02-10  coordination 20.0
      3 accounts take every task exactly once; by chance 0.02 expected, and so
      on \u{202e}for long
  C-0011aabbccdd  lead            3    1,310,442  2026-02-10  coordination 20.0
      3 accounts share one address

  templates   not looked for: content/template-spread did not run
  left out    no shared key
  report      case-demo/report.html
  check       stillhunt verify case-demo

  A score is a lead, not proof. No finding is not a clean bill of health.
  2 detectors could not run: what they look for was not looked for.
"#;

#[test]
fn the_screen_is_its_golden_picture() {
    let text = render(&tables(), Path::new("case-demo"), Colour::Never);
    assert!(text == GOLDEN, "\n{text}");
}

#[test]
fn no_line_is_wider_than_80_columns_and_no_escape_gets_through() {
    let mut tables = tables();
    tables.case.campaigns[0].id = "C-\u{1b}[2J".repeat(40);
    tables.case.campaigns[0].requests = u64::MAX;
    tables.case.campaigns[0].first_us = i64::MIN;
    tables.case.coverage.notes = vec!["\u{7}note ".repeat(60), "x".repeat(500)];
    let text = render(&tables, Path::new("case-demo"), Colour::Never);
    for line in text.lines() {
        assert!(width(line) <= 80, "{} columns: {line}", width(line));
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[test]
fn colour_changes_no_word() {
    let plain = render(&tables(), Path::new("case-demo"), Colour::Never);
    let mut coloured = render(&tables(), Path::new("case-demo"), Colour::Always);
    assert_ne!(plain, coloured);
    for sequence in [
        "\u{1b}[0m",
        "\u{1b}[1m",
        "\u{1b}[2m",
        "\u{1b}[33m",
        "\u{1b}[1;31m",
    ] {
        coloured = coloured.replace(sequence, "");
    }
    let trimmed = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(trimmed(&coloured), trimmed(&plain));
}

#[test]
fn nothing_found_is_said_with_the_caveat() {
    let mut tables = tables();
    tables.case.campaigns.clear();
    let text = render(&tables, Path::new("case-demo"), Colour::Never);
    assert!(text.contains("\n  campaigns   none\n"), "{text}");
    assert!(
        text.contains("No finding is not a clean bill of health."),
        "{text}"
    );
    assert!(text.contains("2 detectors could not run: "), "{text}");
}
