//! All or nothing: what stands under the final name, whatever happens.

use std::fs;
use std::process::Command;

use super::{names, options};
use crate::model::failure::Failure;
use crate::report::{
    FileRole, FileStatus, ReportFormat, keep_inputs, keep_source, prepare_out, read_case,
    read_recorded_case, rerender, sample, verify, write_case,
};

const FILES: [&str; 23] = [
    "SHA256SUMS",
    "accounts.csv",
    "accounts.xlsx",
    "campaigns.csv",
    "case.json",
    "changes.csv",
    "detectors.csv",
    "findings.parquet",
    "graph.graphml",
    "hubs.csv",
    "indicators.csv",
    "indicators.stix.json",
    "manifest.json",
    "reject_counts.csv",
    "rejects.csv",
    "report.html",
    "report.md",
    "requests.parquet",
    "run.log",
    "suppressions.csv",
    "templates.csv",
    "timeline.csv",
    "timeline.jsonl",
];

fn is_usage(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Failure>(), Some(Failure::Usage(_)))
}

#[test]
fn a_case_holds_every_file_and_sha256sum_accepts_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("nested/case");
    let mut with_digest = options(&out);
    with_digest.digest = Some(Box::new(|path| {
        Ok(fs::write(path.join("links.parquet"), "x")?)
    }));
    let written = write_case(&sample::three_campaigns(), with_digest).unwrap();
    let mut found = names(&written);
    found.retain(|name| name != "digest");
    assert_eq!(found, FILES);
    assert_eq!(names(&folder.path().join("nested")), ["case"]);
    let verification = verify(&written, None).unwrap();
    assert!(verification.passed(), "{verification:?}");
    // All but SHA256SUMS and the manifest, which tell what the others must be; and the digest's file.
    assert_eq!(verification.count(FileStatus::Ok), FILES.len() - 1);
    assert_eq!(verification.count(FileStatus::InputAbsent), 2);
    match Command::new("sha256sum")
        .args(["-c", "--strict", "SHA256SUMS"])
        .current_dir(&written)
        .output()
    {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        ),
        Err(error) => println!("skipped: no sha256sum here ({error})"),
    }
}

#[test]
fn equal_runs_differ_only_in_manifest_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    write_case(&sample::three_campaigns(), options(&one)).unwrap();
    let mut other = options(&two);
    other.manifest.threads = 1;
    other.manifest.argv.push("--threads=1".into());
    other.run_log = "another day".into();
    write_case(&sample::three_campaigns(), other).unwrap();
    let changed: Vec<&str> = FILES
        .into_iter()
        .filter(|name| fs::read(one.join(name)).unwrap() != fs::read(two.join(name)).unwrap())
        .collect();
    assert_eq!(changed, ["manifest.json", "run.log"]);
}

#[test]
fn failing_writes_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    let mut failing = options(&out);
    failing.digest = Some(Box::new(|_| anyhow::bail!("the spill file is gone")));
    let error = format!(
        "{:#}",
        write_case(&sample::three_campaigns(), failing).unwrap_err()
    );
    assert!(
        error.contains("digest") && error.contains("spill file") && !error.contains('\n'),
        "{error}"
    );
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_with_its_file_and_leaves_nothing_behind() {
    for (name, is_large) in [
        ("requests.parquet", true),
        ("case.json", true),
        ("hubs.csv", false),
        ("suppressions.csv", false),
        ("report.html", true),
        ("run.log", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("case");
        let mut full = options(&out);
        full.digest = Some(Box::new(move |digest| {
            let target = digest.parent().unwrap().join(name);
            Ok(std::os::unix::fs::symlink("/dev/full", target)?)
        }));
        let error = format!(
            "{:#}",
            write_case(&sample::three_campaigns(), full).unwrap_err()
        );
        assert!(
            error.contains(name) && error.contains("No space left"),
            "{is_large} {error}"
        );
        assert!(!error.contains('\n'), "{error}");
        assert_eq!(names(folder.path()), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_folder_that_is_not_a_case_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("thesis");
    fs::create_dir(&out).unwrap();
    prepare_out(&out, false).unwrap();
    // many programs name a file manifest.json
    fs::write(out.join("manifest.json"), "{\"name\": \"web app\"}").unwrap();
    for force in [false, true] {
        assert!(is_usage(&prepare_out(&out, force).unwrap_err()));
        let mut again = options(&out);
        again.force = force;
        assert!(write_case(&sample::no_campaign(), again).is_err());
    }
    assert_eq!(names(&out), ["manifest.json"]);
    assert_eq!(names(folder.path()), ["thesis"]);
}

#[test]
fn force_replaces_an_older_case_and_keeps_it_when_writing_fails() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    assert!(is_usage(&prepare_out(&out, false).unwrap_err()));
    prepare_out(&out, true).unwrap();

    let mut failing = options(&out);
    failing.force = true;
    failing.digest = Some(Box::new(|_| anyhow::bail!("no")));
    write_case(&sample::no_campaign(), failing).unwrap_err();
    assert_eq!(read_case(&out).unwrap().campaigns.len(), 3);

    let mut again = options(&out);
    again.force = true;
    write_case(&sample::no_campaign(), again).unwrap();
    assert_eq!(read_case(&out).unwrap().campaigns.len(), 0);
    assert_eq!(names(folder.path()), ["case"]);
}

#[test]
fn force_takes_nothing_with_it_that_stillhunt_did_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    let log = out.join("log.parquet");
    fs::write(&log, "rows").unwrap();
    let error = prepare_out(&out, true).unwrap_err();
    assert!(is_usage(&error) && error.to_string().contains("log.parquet"));
    let error = keep_inputs(&out, [log.as_path()].into_iter()).unwrap_err();
    assert!(is_usage(&error) && error.to_string().contains("log.parquet"));
    fs::rename(&log, folder.path().join("log.parquet")).unwrap();
    prepare_out(&out, true).unwrap();
    keep_inputs(
        &out,
        [folder.path().join("log.parquet").as_path()].into_iter(),
    )
    .unwrap();
}

#[test]
fn a_copy_never_replaces_or_enters_what_it_is_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&case)).unwrap();
    for out in [case.clone(), case.join("inner"), folder.path().to_owned()] {
        assert!(is_usage(&keep_source(&case, &out).unwrap_err()));
    }
    keep_source(&case, &folder.path().join("copy")).unwrap();
}

#[test]
fn claims_are_made_from_the_recorded_case_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    read_recorded_case(&out).unwrap();
    let path = out.join("case.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"seed\": 7", "\"seed\": 8")).unwrap();
    let error = read_recorded_case(&out).unwrap_err().to_string();
    assert!(error.contains("not the recorded one"), "{error}");
    // A campaign that expects less than nothing is no campaign.
    let mut tables = sample::three_campaigns();
    tables.case.campaigns[0].expected_false = Some(-3.5);
    let out = folder.path().join("below");
    write_case(&tables, options(&out)).unwrap();
    let error = read_recorded_case(&out).unwrap_err().to_string();
    assert!(error.contains("-3.5 false clusters"), "{error}");
}

#[test]
fn addresses_files_and_roots_are_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for out in ["s3://bucket/case", "https://example.org/x", "/"] {
        assert!(
            is_usage(&prepare_out(out.as_ref(), true).unwrap_err()),
            "{out}"
        );
    }
    assert!(is_usage(&prepare_out(&file, true).unwrap_err()));
    assert!(is_usage(
        &prepare_out(&file.join("below"), false).unwrap_err()
    ));
    prepare_out(&folder.path().join("a/b/c"), false).unwrap();
    assert_eq!(names(folder.path()), ["file"], "looking creates nothing");
}

#[cfg(target_os = "linux")]
#[test]
fn an_unwritable_parent_is_refused_before_the_run() {
    // /proc takes no files, not even from root
    let error = prepare_out("/proc/stillhunt-case".as_ref(), false).unwrap_err();
    assert!(is_usage(&error), "{error:#}");
}

#[test]
fn verify_tells_changed_missing_and_extra_apart() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    let mut tables = sample::three_campaigns();
    let log = folder.path().join("part-0.parquet");
    fs::write(&log, "abc").unwrap();
    tables.case.coverage.inputs[0].sha256 =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into();
    write_case(&tables, options(&out)).unwrap();
    let status = |name: &str, role| {
        let verification = verify(&out, Some(folder.path())).unwrap();
        verification
            .files
            .iter()
            .find(|file| file.name.ends_with(name) && file.role == role)
            .map(|file| file.status)
    };
    assert_eq!(
        status("part-0.parquet", FileRole::Input),
        Some(FileStatus::Ok)
    );
    assert_eq!(
        status("part-1.parquet", FileRole::Input),
        Some(FileStatus::InputAbsent)
    );
    assert!(verify(&out, Some(folder.path())).unwrap().passed());

    fs::write(&log, "abcd").unwrap();
    fs::write(out.join("hubs.csv"), "").unwrap();
    fs::remove_file(out.join("run.log")).unwrap();
    fs::write(out.join("notes.txt"), "").unwrap();
    assert_eq!(
        status("part-0.parquet", FileRole::Input),
        Some(FileStatus::Changed)
    );
    assert_eq!(
        status("hubs.csv", FileRole::Output),
        Some(FileStatus::Changed)
    );
    assert_eq!(
        status("run.log", FileRole::Output),
        Some(FileStatus::Missing)
    );
    assert_eq!(
        status("notes.txt", FileRole::Output),
        Some(FileStatus::Extra)
    );
    assert_eq!(status("case.json", FileRole::Output), Some(FileStatus::Ok));
    assert!(!verify(&out, None).unwrap().passed());

    fs::remove_file(out.join("SHA256SUMS")).unwrap();
    let error = verify(&out, None).unwrap_err();
    assert!(matches!(
        error.downcast_ref::<Failure>(),
        Some(Failure::Verification(_))
    ));
}

#[test]
fn rerendering_gives_the_same_bytes_and_hides_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    let before: Vec<Vec<u8>> = FILES
        .iter()
        .map(|name| fs::read(out.join(name)).unwrap())
        .collect();
    let written = rerender(&out, &[]).unwrap();
    for name in &written {
        fs::write(out.join(name), "gone").unwrap();
    }
    assert_eq!(rerender(&out, &[]).unwrap(), written);
    for (name, bytes) in FILES.iter().zip(&before) {
        assert!(fs::read(out.join(name)).unwrap() == *bytes, "{name}");
    }
    assert!(verify(&out, None).unwrap().passed());
    assert_eq!(names(&out), FILES);
    // everything but the case itself, the run's lists and what tells of the run
    let kept: Vec<&str> = FILES
        .into_iter()
        .filter(|name| !written.contains(name))
        .collect();
    let expected = [
        "SHA256SUMS",
        "case.json",
        "manifest.json",
        "reject_counts.csv",
        "rejects.csv",
        "requests.parquet",
        "run.log",
    ];
    assert_eq!(kept, expected);

    let json = fs::read_to_string(out.join("case.json")).unwrap();
    fs::write(out.join("case.json"), json.replace("balanced", "cautious")).unwrap();
    let refused = rerender(&out, &[]).unwrap_err().to_string();
    assert!(refused.contains("not the recorded one"), "{refused}");
    assert!(!verify(&out, None).unwrap().passed());
}

#[test]
fn only_the_asked_forms_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    let formats = [ReportFormat::Timeline, ReportFormat::Markdown];
    assert_eq!(
        rerender(&out, &formats).unwrap(),
        ["timeline.csv", "timeline.jsonl", "report.md"]
    );
    assert!(verify(&out, None).unwrap().passed());
}

#[test]
fn another_schema_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("case.json"), "{\"schema_version\": 99}").unwrap();
    let error = format!("{:#}", read_case(folder.path()).unwrap_err());
    assert!(
        error.contains("schema version 99") && !error.contains('\n'),
        "{error}"
    );
    assert!(is_usage(
        &read_case(&folder.path().join("none")).unwrap_err()
    ));
}
