//! How long the writers take for a large case, and how much they write.

use std::time::{Duration, Instant};

use crate::config::options::Quote;
use crate::model::case::CaseTables;
use crate::report::outputs::OUTPUTS;
use crate::report::{present, sample};

/// 24,000 accounts in one campaign, 16 million requests counted, 200,000 of them listed.
fn large() -> CaseTables {
    let mut tables = sample::three_campaigns();
    let case = &mut tables.case;
    let members = &mut case.campaigns[0].members;
    let first = members[0].clone();
    members.clear();
    for number in 0..24_000_u64 {
        let mut member = first.clone();
        member.account_id = format!("acct_{number:06}");
        member.requests = 16_000_000 / 24_000;
        member.first_us += i64::try_from(number).unwrap() * 1_000_003;
        member.findings = vec![format!("F-{:04}", number % 400), "F-0a11".into()];
        members.push(member);
    }
    case.campaigns[0].requests = 16_000_000;
    let finding = case.findings[0].clone();
    for number in 0..400_u64 {
        let mut one = finding.clone();
        one.id = format!("F-{number:04}");
        one.subject = crate::model::finding::Subject::Key {
            kind: "ip".into(),
            value: format!("198.51.{}.{}", number / 200, number % 200),
        };
        one.accounts = (0..24_000_u64)
            .filter(|account| account % 400 == number)
            .map(|account| format!("acct_{account:06}"))
            .collect();
        case.findings.push(one);
    }
    let row = tables.requests[0].clone();
    tables.requests = (1..=200_000)
        .map(|number| {
            let mut next = row.clone();
            next.row = number;
            next.request_id = format!("req_{number:08}").into();
            next.account_id = format!("acct_{:06}", number % 24_000).into();
            next
        })
        .collect();
    tables
}

#[test]
#[ignore = "a measurement: cargo test --lib report::tests::large -- --ignored --nocapture"]
fn all_writers_of_a_case_of_24_000_accounts() {
    let tables = large();
    let mut total = Duration::ZERO;
    let begun = Instant::now();
    let presented = present::present(&tables, Quote::Masked);
    println!("{:24} {:>8.0?}", "rounding", begun.elapsed());
    for output in OUTPUTS {
        let mut bytes: Vec<u8> = Vec::new();
        let begun = Instant::now();
        (output.write)(&presented, &mut bytes).unwrap();
        let took = begun.elapsed();
        total += took;
        println!("{:24} {took:>8.0?} {:>12} bytes", output.name, bytes.len());
    }
    println!("{:24} {total:>8.0?}", "all");
    assert!(total < Duration::from_secs(60), "rendering takes seconds");
}
