//! What group tests found, put into the campaign: evidence rows, findings, and dates.

use crate::detect::dynamics::releases::is_version_of;
use crate::detect::population::{DAY_US, HOUR_US, Population};
use crate::fuse::campaigns::median_bits;
use crate::fuse::findings::Sources;
use crate::fuse::group_tests::Judged;
use crate::model::campaign::{Campaign, FamilyEvidence, TimelineEntry};
use crate::model::event::EventKind;
use crate::model::finding::{Finding, Subject};
use crate::stats::random::stable_id;

/// Most bans and releases listed in a timeline, largest first.
const MOST_ENTRIES: usize = 12;

/// Makes findings of what the tests found and adds them to the evidence of the campaign.
/// `counting` says which of them counted for the verdict.
pub fn attach(
    campaign: &mut Campaign,
    found: &[Judged],
    counting: &[bool],
    sources: &Sources<'_>,
) -> Vec<Finding> {
    let mut made = Vec::new();
    let mut order: Vec<(usize, bool)> = counting.iter().copied().enumerate().collect();
    // Counting ones first, then by bits, so that the first of a family words its row.
    order.sort_by(|a, b| {
        let bits = |at: usize| found.get(at).map_or(0.0, |judged| judged.bits);
        b.1.cmp(&a.1)
            .then(bits(b.0).total_cmp(&bits(a.0)))
            .then(a.0.cmp(&b.0))
    });
    for (at, counts) in order {
        let Some(judged) = found.get(at) else {
            continue;
        };
        let finding = finding(&campaign.id, judged, sources);
        let family = judged.finding.family;
        let own = campaign
            .evidence
            .iter_mut()
            .find(|row| row.family == family);
        match own {
            Some(row) => {
                row.findings.push(finding.id.clone());
                if counts && judged.bits > row.bits {
                    row.bits = judged.bits;
                    row.statement.clone_from(&judged.finding.statement);
                    row.accounts = row.accounts.max(judged.finding.accounts.len() as u64);
                }
                row.counts |= counts;
            }
            None => campaign.evidence.push(FamilyEvidence {
                family,
                // What does not count adds nothing; its own bits stand in the statement.
                bits: if counts { judged.bits } else { 0.0 },
                accounts: judged.finding.accounts.len() as u64,
                counts,
                statement: if counts {
                    judged.finding.statement.clone()
                } else {
                    format!(
                        "{} ({:.1} bits by themselves; {} would explain it)",
                        judged.finding.statement, judged.bits, judged.finding.innocent
                    )
                },
                findings: vec![finding.id.clone()],
            }),
        }
        if counts {
            credit(campaign, &finding);
        }
        made.push(finding);
    }
    campaign.members.sort_by(|a, b| {
        b.bits
            .total_cmp(&a.bits)
            .then_with(|| a.account_id.cmp(&b.account_id))
    });
    campaign.bits = median_bits(&campaign.members);
    campaign.evidence.sort_by(|a, b| {
        b.counts
            .cmp(&a.counts)
            .then(b.bits.total_cmp(&a.bits))
            .then(a.family.cmp(&b.family))
    });
    made
}

/// Gives the accounts of a finding that counts its bits, the largest of the family.
fn credit(campaign: &mut Campaign, finding: &Finding) {
    for member in &mut campaign.members {
        if finding.accounts.binary_search(&member.account_id).is_err() {
            continue;
        }
        let bits = member.bits_by_family.entry(finding.family).or_insert(0.0);
        *bits = bits.max(finding.bits);
        member.bits = member.bits_by_family.values().sum();
        member.findings.push(finding.id.clone());
    }
}

fn finding(campaign_id: &str, judged: &Judged, sources: &Sources<'_>) -> Finding {
    let stated = &judged.finding;
    let mut locators: Vec<_> = stated
        .accounts
        .iter()
        .filter_map(|account| sources.rows.of_account(*account))
        .take(sources.locators)
        .collect();
    locators.sort();
    Finding {
        id: stable_id("F", &[judged.detector, &stated.about, campaign_id]),
        detector: judged.detector.to_owned(),
        family: stated.family,
        subject: Subject::Group {
            name: campaign_id.to_owned(),
        },
        accounts: sources.ids(&stated.accounts),
        bits: judged.bits,
        measure: stated.measure.clone(),
        measured: stated.measured,
        expected: stated.expected,
        n: stated.n,
        threshold: stated.threshold,
        null_model: stated.null_model.clone(),
        innocent: stated.innocent.clone(),
        would_clear: stated.would_clear.clone(),
        requests: stated
            .accounts
            .iter()
            .filter_map(|account| sources.rows.requests.get(*account as usize))
            .sum(),
        first_us: stated.first_us,
        last_us: stated.last_us,
        locators,
        weak: stated.standing == crate::detect::group::Standing::Weak,
        rests_on: Vec::new(),
        stands_with_any: false,
        suppressed_by: None,
    }
}

/// The dated statements of a campaign, by time.
#[must_use]
pub fn timeline(
    campaign: &Campaign,
    accounts: &[u32],
    population: &Population<'_>,
    found: &[Judged],
    cells: &[(u32, i64, u32)],
) -> Vec<TimelineEntry> {
    let mut entries: Vec<TimelineEntry> = Vec::new();
    let mut add = |at_us: i64, kind: &str, accounts: usize, statement: String| {
        entries.push(TimelineEntry {
            at_us,
            kind: kind.to_owned(),
            statement,
            accounts: accounts as u64,
        });
    };
    let mut firsts: Vec<i64> = accounts
        .iter()
        .map(|account| population.first(*account))
        .collect();
    firsts.sort_unstable();
    let same_day = firsts
        .iter()
        .filter(|at| **at < campaign.first_us + DAY_US)
        .count();
    add(
        campaign.first_us,
        "first_seen",
        same_day,
        format!(
            "first request in the log; {same_day} of {} accounts are at work within a day",
            accounts.len()
        ),
    );
    if let Some(half) = firsts
        .get(accounts.len() / 2)
        .filter(|_| accounts.len() > same_day * 2)
    {
        add(
            *half,
            "growth",
            accounts.len() / 2 + 1,
            format!("half of the {} accounts are at work", accounts.len()),
        );
    }
    // The earliest of the busiest days.
    let peak = campaign
        .daily_requests
        .iter()
        .max_by_key(|(day, requests)| (*requests, -*day));
    if let Some((day_us, requests)) = peak {
        let day = day_us.div_euclid(DAY_US);
        let at_work = accounts
            .iter()
            .filter(|account| {
                let start = cells.partition_point(|cell| cell.0 < **account);
                let mut own = cells
                    .iter()
                    .skip(start)
                    .take_while(|cell| cell.0 == **account);
                own.any(|(_, hour, _)| hour.div_euclid(24) == day)
            })
            .count();
        add(
            *day_us,
            "peak",
            at_work,
            format!("busiest day: {requests} requests by {at_work} accounts"),
        );
    }
    let releases = population.events.iter().filter(|event| {
        event.kind == EventKind::ModelRelease
            && (campaign.first_us..=campaign.last_us).contains(&event.timestamp_us)
    });
    let used = releases.filter_map(|event| {
        let Some(model) = &event.model else {
            return Some((event, 0, format!("release of {}", event.name)));
        };
        let hour = event.timestamp_us.div_euclid(HOUR_US);
        let users = users_since(population, accounts, model, hour);
        // What the campaign never uses is no event of it.
        (users > 0).then(|| {
            let statement = format!("release of {model}; {users} of its accounts come to use it");
            (event, users, statement)
        })
    });
    for (event, users, statement) in used.take(MOST_ENTRIES) {
        add(event.timestamp_us, "release", users, statement);
    }
    let mut closed: Vec<i64> = accounts
        .iter()
        .filter_map(|account| population.profile(*account)?.closed_at_us)
        .filter(|at| (campaign.first_us..=population.log_last_us()).contains(at))
        .collect();
    closed.sort_unstable();
    let mut days: Vec<&[i64]> = closed
        .chunk_by(|a, b| a.div_euclid(DAY_US) == b.div_euclid(DAY_US))
        .collect();
    days.sort_by_key(|day| (std::cmp::Reverse(day.len()), day.first().copied()));
    let left_out: usize = days.iter().skip(MOST_ENTRIES).map(|day| day.len()).sum();
    for (number, day) in days.into_iter().take(MOST_ENTRIES).enumerate() {
        let at_us = day.first().copied().unwrap_or(0);
        // Why an account was closed is the accounts table's to say, not this list's.
        let mut statement = match day.len() {
            1 => "1 account closed on this day".to_owned(),
            count => format!("{count} accounts closed on this day"),
        };
        let begun = firsts
            .iter()
            .filter(|first| first.div_euclid(DAY_US) == at_us.div_euclid(DAY_US))
            .count();
        if begun > 0 {
            statement.push_str(&format!(", {begun} had their first request"));
        }
        if number == 0 && left_out > 0 {
            statement.push_str(&format!(
                " (the day with most); {left_out} more closed on days that are not listed"
            ));
        }
        add(at_us, "closed", day.len(), statement);
    }
    let at_end = accounts
        .iter()
        .filter_map(|account| population.last_us.get(*account as usize))
        .filter(|at| **at > campaign.last_us - DAY_US)
        .count();
    let still = campaign.last_us > population.log_last_us() - DAY_US;
    add(
        campaign.last_us,
        "end",
        at_end,
        if still {
            format!(
                "last request before the log ends; {at_end} accounts were still at work on the last day"
            )
        } else {
            format!(
                "last request, {} before the log ends",
                days_between(campaign.last_us, population.log_last_us())
            )
        },
    );
    for judged in found {
        // What is weak is no fact of the campaign.
        if judged.finding.standing != crate::detect::group::Standing::Weak {
            entries.extend(judged.finding.dates.iter().cloned());
        }
    }
    entries.sort();
    entries.dedup();
    // What moves after a release stands after it.
    entries.sort_by_key(|entry| (entry.at_us, entry.kind != "release"));
    entries
}

/// Accounts with a request to a version of the model in this hour or later.
fn users_since(population: &Population<'_>, accounts: &[u32], model: &str, hour: i64) -> usize {
    let models: Vec<u32> = (0_u32..)
        .zip(&population.models)
        .filter(|(_, found)| is_version_of(found, model))
        .map(|(number, _)| number)
        .collect();
    accounts
        .iter()
        .filter(|account| {
            population
                .cells_between(**account, hour, i64::MAX)
                .iter()
                .any(|cell| models.binary_search(&cell.model).is_ok())
        })
        .count()
}

fn days_between(from_us: i64, until_us: i64) -> String {
    format!("{:.1} days", (until_us - from_us) as f64 / DAY_US as f64)
}
