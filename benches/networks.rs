//! What finding networks costs: links, significance, clusters and the written case with the
//! digest ready, beside the digest itself and the account-key aggregation that an analyst would
//! write in SQL, run by DuckDB over the same Parquet file on as many threads.
//!
//! The log is synthetic: the preset `hydra` at a quarter of its size among ordinary accounts.
//! DuckDB is taken from the Python in `PYTHON` (default `python3`); where it has none, its lines
//! are left out and that is said. Wall and processor time, largest memory.
//!
//! ```text
//! cargo bench --bench networks                  # 300,000 accounts, 20 GB of temporary files
//! cargo bench --bench networks -- 20000         # about so many accounts
//! ```
#![allow(clippy::print_stdout)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use stillhunt::config::options::{InputOptions, ScanOptions};
use stillhunt::model::progress::Silent;
use stillhunt::pipeline::{ScanOutput, digest_to, scan_to_case};
use stillhunt::simulate::{self, Knobs, SimulateOptions};
use support::Used;

/// Accounts of the whole log, unless a number is given.
const ACCOUNTS: u32 = 300_000;

/// What the digest may use, as half of a machine with 24 GiB.
const MEMORY_BYTES: u64 = 12 << 30;

/// Threads of every child.
const THREADS: usize = 2;

/// Accounts by which the preset shrinks with the size of the log.
const PRESET_ACCOUNTS: f64 = 1_200_000.0;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [child, what, folder] = arguments.as_slice()
        && child == "child"
    {
        return measure(what, Path::new(folder));
    }
    let accounts = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(ACCOUNTS);
    let folder = tempfile::tempdir().context("no temporary folder")?;
    println!("what                    wall s    CPU s   peak MiB   notes");
    let mut simulate = support::itself("simulate")?;
    show(
        "simulate",
        &support::run(
            simulate
                .arg(folder.path())
                .env("ACCOUNTS", accounts.to_string()),
        )?,
    );
    let digest = support::run(support::itself("digest")?.arg(folder.path()))?;
    show("digest", &digest);
    let found = support::run(support::itself("networks")?.arg(folder.path()))?;
    show("networks", &found);
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    for (what, rest) in [("links", KEYS), ("links and pairs", PAIRS)] {
        let mut command = Command::new(&python);
        command
            .args(["-c", DUCKDB])
            .arg(folder.path().join("log"))
            .arg(THREADS.to_string())
            .arg(format!("{LINKS}{rest}"));
        match support::run(&mut command) {
            Ok(used) => {
                show(&format!("DuckDB, {what}"), &used);
                println!(
                    "    CPU as a multiple of it: digest {:.2}, networks {:.2}",
                    digest.cpu_seconds / used.cpu_seconds,
                    found.cpu_seconds / used.cpu_seconds
                );
            }
            Err(error) => println!("DuckDB, {what}: not measured ({error:#})"),
        }
    }
    Ok(())
}

fn show(what: &str, used: &Used) {
    println!(
        "{what:<22} {:>7.1} {:>8.1} {:>10}   {}",
        used.wall_seconds, used.cpu_seconds, used.peak_mebibytes, used.notes
    );
}

fn measure(what: &str, folder: &Path) -> Result<()> {
    let log = folder.join("log");
    let notes = match what {
        "simulate" => simulated(&log)?,
        "digest" => {
            let input = InputOptions {
                logs: vec![log.join("requests.parquet")],
                ..InputOptions::default()
            };
            let options = ScanOptions {
                memory_bytes: MEMORY_BYTES,
                ..ScanOptions::of(input)
            };
            let coverage = digest_to(&options, &output(folder.join("digest")), &Silent)?;
            format!("{} rows", coverage.rows_used)
        }
        _ => {
            let mut options = ScanOptions::of(InputOptions {
                accounts: Some(log.join("accounts.csv")),
                events: Some(log.join("events.csv")),
                ..InputOptions::default()
            });
            options.digests = vec![folder.join("digest")];
            let tables = scan_to_case(&options, &output(folder.join("case")), &Silent)?;
            let campaigns: Vec<String> = tables
                .case
                .campaigns
                .iter()
                .map(|campaign| {
                    format!("{} of {}", campaign.verdict.name(), campaign.members.len())
                })
                .collect();
            format!("campaigns: {}", campaigns.join(", "))
        }
    };
    println!("{}", support::report(&notes)?);
    Ok(())
}

fn output(out: PathBuf) -> ScanOutput {
    ScanOutput {
        out,
        force: false,
        argv: vec!["bench".to_owned()],
        threads: THREADS,
        pseudonym_key: None,
    }
}

fn simulated(out: &Path) -> Result<String> {
    let accounts: u32 = std::env::var("ACCOUNTS")?.parse()?;
    let scenario = simulate::preset("hydra", f64::from(accounts) / PRESET_ACCOUNTS, 11)?;
    let options = SimulateOptions {
        out: out.to_owned(),
        knobs: Knobs {
            organic_accounts: Some(accounts - accounts / 20),
            ..Knobs::default()
        },
        ..SimulateOptions::default()
    };
    let summary = simulate::write(&scenario, &options, &Silent)?;
    Ok(format!(
        "{} rows, {} accounts",
        summary.requests, summary.accounts
    ))
}

/// Runs a statement over the folder of a log and says what it took.
const DUCKDB: &str = "
import sys, resource
try:
    import duckdb
except ImportError:
    sys.exit('this Python has no duckdb')
folder, threads, statement = sys.argv[1:]
base = duckdb.connect()
base.execute(f'SET threads = {threads}')
base.execute(f\"CREATE VIEW requests AS SELECT * FROM '{folder}/requests.parquet'\")
base.execute(f\"CREATE VIEW accounts AS SELECT * FROM read_csv('{folder}/accounts.csv', all_varchar = true)\")
found = base.execute(statement).fetchall()
used = resource.getrusage(resource.RUSAGE_SELF)
print(f'{used.ru_utime + used.ru_stime:.2f} {used.ru_maxrss // 1024}', *found[0])
";

/// Which account used which key how often, from when to when, and how many accounts each key has.
const LINKS: &str = "
WITH uses AS (
    SELECT account_id, unnest([
        {'kind': 'ip', 'value': ip},
        {'kind': 'block', 'value': regexp_replace(ip, '[.][0-9]+$', '')},
        {'kind': 'user_agent', 'value': user_agent},
        {'kind': 'tls', 'value': tls_fingerprint},
        {'kind': 'api_key', 'value': api_key_id}], recursive := true), timestamp
    FROM requests),
links AS (
    SELECT account_id, kind, value, count(*) AS requests, min(timestamp) AS first, max(timestamp) AS last
    FROM uses WHERE value IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT account_id, 'payment', payment_id, 1, NULL, NULL FROM accounts WHERE payment_id IS NOT NULL
    UNION ALL
    SELECT account_id, 'domain', split_part(email, '@', 2), 1, NULL, NULL FROM accounts WHERE email IS NOT NULL),
degrees AS (SELECT kind, value, count(*) AS accounts FROM links GROUP BY ALL)";

/// What is asked of the links alone.
const KEYS: &str = "
SELECT count(*), 'keys,', count(*) FILTER (accounts > 1), 'shared' FROM degrees";

/// The pairs of accounts that share a key of at most 50 accounts.
const PAIRS: &str = ",
soft AS (SELECT links.* FROM links JOIN degrees USING (kind, value) WHERE accounts BETWEEN 2 AND 50),
pairs AS (
    SELECT one.account_id AS left_account, other.account_id AS right_account, count(DISTINCT one.kind) AS kinds
    FROM soft one JOIN soft other USING (kind, value)
    WHERE one.account_id < other.account_id GROUP BY ALL)
SELECT count(*), 'pairs,', count(*) FILTER (kinds > 1), 'of two kinds' FROM pairs";
