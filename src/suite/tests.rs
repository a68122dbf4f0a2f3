//! A suite of two small presets, end to end; resumed, it gives the same and runs nothing twice.

use std::fs;
use std::path::Path;

use crate::config::Config;
use crate::model::progress::Silent;
use crate::suite::{
    Measure, Row, SCAN_METHOD, Section, SuiteOptions, plan, run, summarise, to_csv, to_json,
    to_table,
};

fn options(out: &Path) -> SuiteOptions {
    let text = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let mut config = Config::default();
    config.fuse.null_runs = 5;
    SuiteOptions {
        out: out.to_owned(),
        logs: plan(&text(&["tiny"]), &text(&["0.4", "0.5"])).expect("plan"),
        seeds: vec![31, 32],
        ablations: Vec::new(),
        jobs: 2,
        keep: false,
        memory_bytes: 1 << 30,
        config,
        build: "test".to_owned(),
    }
}

fn row<'a>(rows: &'a [Row], section: Section, method: &str, subject: &str) -> &'a Row {
    rows.iter()
        .find(|row| row.section == section && row.method == method && row.subject == subject)
        .unwrap_or_else(|| panic!("no row {section:?} {method} {subject}"))
}

fn measure<'a>(row: &'a Row, name: &str) -> &'a Measure {
    row.measures
        .iter()
        .find(|measure| measure.name == name)
        .unwrap_or_else(|| panic!("no measure {name}"))
}

#[test]
fn a_suite_runs_end_to_end_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("suite");
    let options = options(&out);
    let cells = run(&options, &Silent).expect("suite");
    assert_eq!(cells.len(), 4);
    let rows = summarise(&cells);
    let found = row(&rows, Section::Campaigns, SCAN_METHOD, "tiny");
    assert_eq!(measure(found, "runs").value, Some(2.0));
    assert!(measure(found, "recall").interval.is_some());
    let listed = row(
        &rows,
        Section::Templates,
        SCAN_METHOD,
        "verdict and priority",
    );
    let value = |name| measure(listed, name).value.expect("a number");
    assert!(value("of_campaigns") >= 4.0, "{listed:?}");
    assert!(value("precision_at_200") <= value("precision_at_10"));
    let methods: Vec<&str> = cells[0]
        .methods
        .iter()
        .map(|one| one.method.as_str())
        .collect();
    assert_eq!(
        methods,
        [
            "stillhunt",
            "baseline: shared payment",
            "baseline: shared address",
            "baseline: top volume",
            "baseline: keywords",
            "baseline: prompt prefix"
        ]
    );
    let shared = row(
        &rows,
        Section::Campaigns,
        "baseline: shared payment",
        "tiny",
    );
    assert!(measure(shared, "recall").value.expect("recall") > 0.3);
    let organic = row(&rows, Section::Populations, SCAN_METHOD, "organic");
    assert_eq!(measure(organic, "runs").value, Some(4.0));
    let requests = row(&rows, Section::Logs, SCAN_METHOD, "");
    assert!(measure(requests, "request_recall").value.is_some());
    assert!(
        fs::read_dir(out.join("work"))
            .expect("work")
            .next()
            .is_none()
    );

    let table = to_table(&cells, &rows);
    assert!(table.contains("synthetic"), "{table}");
    let csv = to_csv(&rows).expect("csv");
    assert!(
        csv.lines().all(|line| line.matches(',').count() == 7),
        "{csv}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&to_json(&cells, &rows).expect("json")).expect("valid");
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(4));

    // One cell is lost half-way, one is damaged, one comes from another build; the fourth is not
    // written again.
    let mut files: Vec<_> = fs::read_dir(out.join("cells"))
        .expect("cells")
        .map(|entry| entry.expect("entry").path())
        .collect();
    files.sort();
    fs::remove_file(&files[0]).expect("remove");
    fs::create_dir_all(
        out.join("work")
            .join(files[0].file_stem().expect("stem"))
            .join("log"),
    )
    .expect("left behind");
    fs::write(&files[1], "{\"key\":").expect("damage");
    let other = fs::read_to_string(&files[2])
        .expect("cell")
        .replace("\"test\"", "\"older\"");
    fs::write(&files[2], other).expect("older");
    let written = |path: &Path| {
        fs::metadata(path)
            .and_then(|data| data.modified())
            .expect("time")
    };
    let before = written(&files[3]);
    let again = run(&options, &Silent).expect("resumed");
    assert_eq!(summarise(&again), rows);
    assert_eq!(written(&files[3]), before);
    assert!(files[..3].iter().all(|file| written(file) > before));

    // An edited cell does not agree with its checksum.
    let edited = fs::read_to_string(&files[3]).expect("cell").replacen(
        "\"false_positives\":0",
        "\"false_positives\":7",
        1,
    );
    assert!(edited.contains("\"false_positives\":7"));
    fs::write(&files[3], edited).expect("edit");
    assert_eq!(summarise(&run(&options, &Silent).expect("resumed")), rows);
}

#[test]
fn folders_that_are_not_a_suites_are_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let refused = |out: &Path, words: &str| {
        let error = run(&options(out), &Silent)
            .expect_err("refused")
            .to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(Path::new(""), "--out is empty");
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").expect("victim");
    refused(&victim, "not a folder");
    let out = folder.path().join("suite");
    fs::create_dir(&out).expect("folder");
    fs::write(out.join("suite.lock"), "").expect("mark");
    fs::write(out.join("work"), "").expect("file");
    refused(&out, "remove it or choose another folder");
    #[cfg(unix)]
    {
        fs::remove_file(out.join("work")).expect("file");
        fs::remove_file(out.join("suite.lock")).expect("mark");
        std::os::unix::fs::symlink(&victim, out.join("suite.lock")).expect("link");
        refused(&out, "no file of a suite");
        assert_eq!(fs::read_to_string(&victim).expect("victim"), "precious");
    }
}

#[test]
fn a_failing_cell_is_named_and_finished_ones_stay() {
    let folder = tempfile::tempdir().expect("folder");
    let mut options = options(folder.path());
    options.logs.truncate(1);
    options.seeds.truncate(1);
    run(&options, &Silent).expect("one cell");
    options.seeds.push(33);
    // A folder stands where the file of the next cell would go.
    fs::create_dir(folder.path().join("cells/tiny-x0.4-seed33.json")).expect("in the way");
    let error = format!("{:#}", run(&options, &Silent).expect_err("blocked"));
    assert!(error.contains("cell tiny-x0.4-seed33"), "{error}");
    assert!(folder.path().join("cells/tiny-x0.4-seed31.json").is_file());
}

#[test]
fn a_suite_keeps_out_of_the_way_of_others() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("suite");
    let refused = |options: &SuiteOptions| run(options, &Silent).expect_err("refused").to_string();
    let starved = SuiteOptions {
        memory_bytes: 100 << 20,
        ..options(&out)
    };
    assert!(refused(&starved).contains("2 jobs share 100 MiB"));
    fs::create_dir_all(out.join("cells")).expect("folder");
    fs::write(out.join("cells").join("note"), "mine").expect("file");
    assert!(refused(&options(&out)).contains("holds files but no suite"));
    fs::remove_file(out.join("cells").join("note")).expect("file");
    fs::remove_dir(out.join("cells")).expect("folder");
    let mark = fs::File::create(out.join("suite.lock")).expect("mark");
    mark.lock().expect("lock");
    assert!(refused(&options(&out)).contains("another suite is at work"));
}
