//! Bad input and bad arguments, each on its own: the right exit code, one line that says
//! what to do, no panic, and nothing under the final name.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::fs;
use std::path::Path;
use std::process::Output;

use case_support::*;
use stillhunt::cli::exit;
use stillhunt::simulate::Format;

const GOOD: &str = "timestamp,account_id,prompt\n2026-02-03,a,p\n2026-02-04,b,q\n";
const GOOD_LINE: &str = r#"{"timestamp":"2026-02-03T04:12:07Z","account_id":"a","prompt":"p"}"#;

/// Runs in `folder`, so that relative names are those of the test.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    program()
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// What every refusal has in common; `advice` is the part that says what to do.
fn refused(output: &Output, code: u8, named: &str, advice: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(i32::from(code)), "{stderr}");
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    let errors: Vec<&str> = stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 1, "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(errors[0].contains(named), "{named} in {stderr}");
    assert!(errors[0].contains(advice), "{advice} in {stderr}");
    // The rest may help, but is no second account of the failure.
    for line in stderr.lines().skip(1) {
        assert!(
            line.is_empty() || line.starts_with("help: ") || line.starts_with("For more"),
            "{stderr}"
        );
    }
    for word in ["panicked", "RUST_BACKTRACE", "unwrap"] {
        assert!(!stderr.contains(word), "{stderr}");
    }
}

/// Nothing under the final name, and no leavings beside it.
fn nothing_left(folder: &Path) {
    assert!(!folder.join("out").exists(), "out is there");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with('.'), "left over: {name}");
    }
}

#[test]
fn logs_that_cannot_be_used_are_refused_and_leave_nothing() {
    let noise: Vec<u8> = (0..5000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let simulated = tempfile::tempdir().unwrap();
    let log = simulate(
        "tiny",
        0.05,
        77,
        Format::Parquet,
        1,
        &simulated.path().join("log"),
    );
    let whole = fs::read(&log[0]).unwrap();
    let deep = format!("{{\"prompt\":{}", "[".repeat(200_000));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("deep.ndjson", deep.into_bytes(), "--map"),
        ("empty.csv", Vec::new(), "empty"),
        (
            "cut.parquet",
            whole[..whole.len() / 2].to_vec(),
            "copy or export it again",
        ),
        ("cut8.parquet", whole[..8].to_vec(), ""),
        ("noise.bin", noise, ""),
        (
            "no-time.csv",
            b"account_id,prompt\na,p\n".to_vec(),
            "give it with --map",
        ),
        (
            "no-account.csv",
            b"timestamp,prompt\n2026-02-03,p\n".to_vec(),
            "give it with --map",
        ),
        (
            "rejected.csv",
            b"timestamp,account_id\nsoon,a\nlater,b\n".to_vec(),
            "--map",
        ),
        (
            "header-only.csv",
            b"timestamp,account_id,prompt\n".to_vec(),
            "",
        ),
    ];
    for (name, bytes, advice) in cases {
        for command in ["scan", "digest"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), &bytes).unwrap();
            refused(
                &quietly(folder.path(), command, name),
                exit::NO_INPUT,
                name,
                advice,
            );
            nothing_left(folder.path());
        }
    }
}

/// Without progress, so that standard error holds the error alone.
#[test]
fn an_accounts_table_is_no_log_unless_a_map_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let table = "account_id,created_at,email\na,2026-02-03,x@y.example\nb,2026-02-04,z@y.example\n";
    fs::write(folder.path().join("good.csv"), table).unwrap();
    refused(
        &quietly(folder.path(), "scan", "good.csv"),
        exit::NO_INPUT,
        "good.csv",
        "--accounts",
    );
    fs::write(
        folder.path().join("map.toml"),
        "[requests]\ntimestamp = \"created_at\"\n",
    )
    .unwrap();
    let arguments = [
        "scan", "good.csv", "--map", "map.toml", "--quiet", "--out", "out",
    ];
    succeeded(&run(folder.path(), &arguments));
    // A folder that holds the table which another option names is read without it.
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/accounts.csv"), table).unwrap();
    fs::write(folder.path().join("in/log.csv"), GOOD).unwrap();
    let arguments = [
        "scan",
        "in",
        "--accounts",
        "in/accounts.csv",
        "--quiet",
        "--out",
        "both",
    ];
    succeeded(&run(folder.path(), &arguments));
    assert_eq!(
        count(&case_json(&folder.path().join("both")), "rows_read"),
        2
    );
}

fn quietly(folder: &Path, command: &str, name: &str) -> Output {
    run(folder, &[command, name, "--quiet", "--out", "out"])
}

#[test]
fn one_deep_line_costs_one_row_of_a_good_log() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!(
        r#"{{"timestamp":"2026-02-03T04:12:07Z","account_id":"b","metadata":{}{}}}"#,
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let open = format!(r#"{{"prompt":{}"#, r#"{"a":"#.repeat(100_000));
    let lines = [GOOD_LINE, &deep, GOOD_LINE, &open, GOOD_LINE].join("\n");
    fs::write(folder.path().join("x.ndjson"), lines).unwrap();
    succeeded(&quietly(folder.path(), "scan", "x.ndjson"));
    let case = case_json(&folder.path().join("out"));
    assert_reconciles(&case);
    assert_eq!(count(&case, "rows_read"), 5);
    assert!(count(&case, "rows_used") >= 3);
    assert!(count(&case, "rows_rejected") >= 1);
}

#[test]
fn wrong_arguments_are_refused_and_leave_nothing() {
    let cases: &[(&[&str], &str, &str)] = &[
        (&["missing.csv"], "missing.csv", "check"),
        (&["s3://bucket/x.csv"], "s3://bucket/x.csv", "copy the file"),
        (&["https://host.example/x.csv"], "https://", "copy the file"),
        (
            &["good.csv", "--map", "map.toml"],
            "requests.promt",
            "prompt",
        ),
        (&["good.csv", "--map", "absent.toml"], "absent.toml", "map"),
        (
            &["good.csv", "--config", "config.toml"],
            "network.hub_degre",
            "hub_degree",
        ),
        (
            &["good.csv", "--config", "type.toml"],
            "type.toml",
            "hub_degree",
        ),
        (
            &["good.csv", "--accounts", "missing.csv"],
            "missing.csv",
            "check",
        ),
    ];
    for (arguments, named, advice) in cases {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("good.csv", GOOD);
        write("map.toml", "[requests]\npromt = \"text\"\n");
        write("config.toml", "[network]\nhub_degre = 3\n");
        write("type.toml", "[network]\nhub_degree = \"many\"\n");
        let arguments = [&["scan"], *arguments, &["--quiet", "--out", "out"]].concat();
        refused(&run(folder.path(), &arguments), exit::USAGE, named, advice);
        nothing_left(folder.path());
    }
}

#[test]
fn output_that_is_in_the_way_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("good.csv"), GOOD).unwrap();
    fs::create_dir(path.join("full")).unwrap();
    fs::write(path.join("full/mine.txt"), "mine").unwrap();
    let to = |out: &str, more: &[&str]| {
        run(
            path,
            &[&["scan", "good.csv", "--quiet", "--out", out], more].concat(),
        )
    };
    refused(
        &to("full", &[]),
        exit::USAGE,
        "full",
        "choose another folder",
    );
    refused(
        &to("full", &["--force"]),
        exit::USAGE,
        "--force will not replace",
        "choose another folder",
    );
    refused(&to("good.csv", &[]), exit::USAGE, "good.csv", "folder");
    refused(
        &to("good.csv/case", &[]),
        exit::USAGE,
        "good.csv/case",
        "choose another",
    );
    refused(
        &to("s3://bucket/case", &[]),
        exit::USAGE,
        "s3://",
        "offline",
    );
    assert_eq!(
        fs::read_to_string(path.join("full/mine.txt")).unwrap(),
        "mine"
    );
    assert_eq!(fs::read_dir(path.join("full")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(path.join("good.csv")).unwrap(), GOOD);

    // A case may be replaced, but only when asked for.
    succeeded(&to("out", &[]));
    let before = files_of(&path.join("out"));
    refused(&to("out", &[]), exit::USAGE, "out", "--force");
    assert!(files_of(&path.join("out")) == before);
    succeeded(&to("out", &["--force"]));
    assert!(files_of(&path.join("out")) == before);
}

/// `/proc` takes no new files from anybody, not even the superuser.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.csv"), GOOD).unwrap();
    let output = run(
        folder.path(),
        &["scan", "good.csv", "--quiet", "--out", "/proc/case"],
    );
    refused(&output, exit::USAGE, "/proc", "choose another --out");
}

#[test]
fn digests_that_cannot_be_used_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("good.csv"), GOOD).unwrap();
    fs::create_dir(path.join("foreign")).unwrap();
    fs::write(path.join("foreign/digest.json"), "{\"format\":\"other\"}").unwrap();
    fs::create_dir(path.join("bare")).unwrap();
    for name in ["one", "same", "spoilt", "cut"] {
        succeeded(&run(
            path,
            &["digest", "good.csv", "--quiet", "--out", name],
        ));
    }
    let table = path.join("spoilt/texts.parquet");
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&table, bytes).unwrap();
    fs::remove_file(path.join("cut/links.parquet")).unwrap();

    let cases: &[(&[&str], u8, &str, &str)] = &[
        (&["foreign"], exit::NO_INPUT, "foreign", "stillhunt digest"),
        (&["bare"], exit::NO_INPUT, "bare", "stillhunt digest"),
        (&["absent"], exit::NO_INPUT, "absent", "stillhunt digest"),
        (
            &["spoilt"],
            exit::NO_INPUT,
            "texts.parquet",
            "write it again",
        ),
        (
            &["one", "spoilt"],
            exit::NO_INPUT,
            "texts.parquet",
            "write it again",
        ),
        (&["cut"], exit::NO_INPUT, "links.parquet", "write it again"),
        (&["one", "one"], exit::USAGE, "good.csv", "leave one out"),
        (&["one", "same"], exit::USAGE, "good.csv", "leave one out"),
    ];
    for (digests, code, named, advice) in cases {
        let arguments = [
            &["scan", "--digests"],
            *digests,
            &["--quiet", "--out", "out"],
        ]
        .concat();
        refused(&run(path, &arguments), *code, named, advice);
        nothing_left(path);
    }
}

/// A disk that fills up, as far as a test can have one: no file may grow beyond 4 KiB.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_no_case() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo/requests.parquet");
    let output = std::process::Command::new("bash")
        .args([
            "-c",
            // The signal is ignored, so that writing fails as it does on a full disk.
            "trap '' XFSZ; ulimit -f 4; exec \"$0\" scan \"$1\" --progress never --out \"$2\"",
        ])
        .arg(env!("CARGO_BIN_EXE_stillhunt"))
        .arg(&log)
        .arg(path.join("case"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with("error: "), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(fs::read_dir(path).unwrap().count(), 0, "{text}");
}

#[test]
fn what_the_accounts_and_events_tables_lose_is_located_beside_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("log.csv"), GOOD.to_owned() + "never,a,p\n").unwrap();
    let accounts = "account_id,email,created_at\na,x@y.example,2026-01-02\na,z@y.example,soon\nb,,later\n,w@y.example,\n";
    fs::write(root.join("accounts.csv"), accounts).unwrap();
    fs::write(
        root.join("events.csv"),
        "timestamp,kind,name\n2026-02-03,party,p\n",
    )
    .unwrap();
    let tables = ["--accounts", "accounts.csv", "--events", "events.csv"];
    let arguments = [&["scan", "log.csv", "--out", "out"][..], &tables].concat();
    let output = run(root, &arguments);
    succeeded(&output);
    let screen = String::from_utf8(output.stdout).unwrap();
    assert!(
        screen.contains("accounts table: 2 of 4 rows rejected, 2 values left out"),
        "{screen}"
    );
    let listed = fs::read_to_string(root.join("out/rejects.csv")).unwrap();
    for start in [
        "log.csv,3,timestamp,row,",
        "accounts.csv,2,account_id,row,",
        "accounts.csv,3,created_at,cell,",
        "accounts.csv,4,account_id,row,no value",
        "events.csv,1,kind,cell,",
    ] {
        assert!(
            listed.lines().any(|line| line.starts_with(start)),
            "{start}: {listed}"
        );
    }
    let case = case_json(&root.join("out"));
    assert_reconciles(&case);
    assert_eq!(count(&case, "rows_read"), 3);
    assert_eq!(case["coverage"]["side_inputs"][0]["input"]["rows_used"], 2);
    // Rejects of every table count against what may be lost.
    let strict = [
        &["scan", "log.csv", "--max-rejects", "40", "--out", "strict"][..],
        &tables,
    ]
    .concat();
    let output = run(root, &strict);
    assert_eq!(output.status.code(), Some(i32::from(exit::DEGRADED)));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.contains("2 of 4 rows rejected in the accounts table"),
        "{stderr}"
    );
}

#[test]
fn a_digest_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("log.csv"), GOOD).unwrap();
    succeeded(&run(root, &["digest", "log.csv", "--out", "d", "--quiet"]));
    let path = root.join("d/digest.json");
    let text = fs::read_to_string(&path).unwrap();
    for (field, lie) in [
        ("\"rows_read\": 2", "\"rows_read\": 99"),
        (
            "\"rows\": 2,\n    \"unknown_statuses",
            "\"rows\": 7,\n    \"unknown_statuses",
        ),
    ] {
        assert!(text.contains(field), "{field}: {text}");
        fs::write(&path, text.replace(field, lie)).unwrap();
        let output = run(root, &["scan", "--digests", "d", "--out", "out"]);
        refused(&output, exit::NO_INPUT, "d: ", "write it again");
        nothing_left(root);
    }
}

#[test]
fn lost_values_do_not_push_out_the_places_of_lost_rows() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut log = "timestamp,account_id,input_tokens,output_tokens\n".to_owned();
    for row in 0..10_100 {
        log.push_str(&format!("2026-02-03,a{},x,y\n", row % 5));
    }
    log.push_str("bad,a,1,1\n");
    fs::write(root.join("log.csv"), log).unwrap();
    let output = run(root, &["scan", "log.csv", "--out", "out"]);
    succeeded(&output);
    let screen = String::from_utf8(output.stdout).unwrap();
    assert!(
        screen.contains("located in rejects.csv, all counted"),
        "{screen}"
    );
    let listed = fs::read_to_string(root.join("out/rejects.csv")).unwrap();
    assert!(listed.contains("log.csv,10101,timestamp,row,"));
    let counts = fs::read_to_string(root.join("out/reject_counts.csv")).unwrap();
    assert!(
        counts.contains(",timestamp,row,") && counts.contains(",1,1\n"),
        "{counts}"
    );
    assert!(counts.contains(",10100,"), "{counts}");
}
