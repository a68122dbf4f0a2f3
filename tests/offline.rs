//! The program opens no network socket: watched from outside while it does its main job.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod case_support;

use std::process::Command;

use case_support::*;
use stillhunt::simulate::Format;

#[test]
fn a_scan_opens_no_network_socket() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // A container may have strace and still forbid to trace.
    let works = Command::new("strace")
        .args(["-f", "-e", "trace=network", "-o"])
        .arg(at("probe"))
        .arg("true")
        .output()
        .is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: strace is not installed or may not trace here");
        return;
    }
    let log = at("log");
    let files = simulate("tiny", 0.05, 61, Format::Parquet, 1, &log);
    let output = Command::new("strace")
        .args(["-f", "-e", "trace=network,execve", "-o"])
        .arg(at("trace"))
        .arg(env!("CARGO_BIN_EXE_stillhunt"))
        .arg("scan")
        .args(&files)
        .arg("--accounts")
        .arg(log.join("accounts.csv"))
        .args(["--threads", "2", "--out"])
        .arg(at("case"))
        .output()
        .unwrap();
    succeeded(&output);
    assert!(at("case").join("report.html").is_file());
    let trace = std::fs::read_to_string(at("trace")).unwrap();
    let started = trace
        .lines()
        .filter(|line| line.contains("execve("))
        .count();
    assert_eq!(started, 1, "traced, and no other program started: {trace}");
    for family in ["AF_INET", "AF_INET6", "AF_PACKET", "AF_NETLINK"] {
        assert!(!trace.contains(family), "{family}: {trace}");
    }
    for call in ["connect(", "bind(", "listen(", "sendto("] {
        assert!(!trace.contains(call), "{call}: {trace}");
    }
}
