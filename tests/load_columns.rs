//! Columns, maps, units, windows, and the accounts and events tables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::err_expect)]

mod load_support;

use load_support::*;
use stillhunt::load::{Matched, TimestampUnit, plan, read_accounts, read_events};
use stillhunt::model::column::RequestColumn;
use stillhunt::model::event::EventKind;

const AT: &str = "1770091927318000";

#[test]
fn units_are_decided_for_each_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, time, unit) in [
        ("a", "1770091927.318", TimestampUnit::Seconds),
        ("b", "1770091927318", TimestampUnit::Milliseconds),
        ("c", "1770091927318000", TimestampUnit::Microseconds),
        ("d", "1770091927318000000", TimestampUnit::Nanoseconds),
        ("e", "2026-02-03T06:12:07.318+02:00", TimestampUnit::Rfc3339),
        ("f", "\"2/3/2026, 4:12:07.318 AM\"", TimestampUnit::Portal),
    ] {
        let path = write(folder.path(), name, format!("ts,user\n{time},a\n"));
        let planned = plan(&options(&[&path]), &config()).unwrap();
        let column = &planned.files()[0].columns[RequestColumn::Timestamp.index()];
        assert_eq!((column.unit, column.matched), (Some(unit), Matched::Alias));
        assert_eq!(column.example.as_deref(), Some(time.trim_matches('"')));
        assert_eq!(
            planned.columns_present(),
            [RequestColumn::Timestamp, RequestColumn::AccountId]
        );
        let (rows, _) = load(&path).unwrap();
        assert_eq!(rows[0].2[0].as_deref(), Some(AT), "{name}");
    }
    let (rows, _) = load(folder.path()).unwrap();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row.2[0].as_deref() == Some(AT)));
}

#[test]
fn a_later_value_of_another_unit_is_rejected_not_reinterpreted() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "x",
        "ts,user\n1770091927,a\n1770091928,a\n1770091929000,a\n",
    );
    let (rows, report) = load(&path).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        reasons(&report),
        [(
            3,
            "timestamp".into(),
            "time outside 2001 to 2100 in the unit of this column".into()
        )]
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("do not read as seconds"))
    );
}

#[test]
fn a_map_reaches_into_objects_sets_units_and_constants() {
    let folder = tempfile::tempdir().unwrap();
    let line = r#"{"properties":"{\"requestTime\":639056887273180000}","who":{"id":12345678901234567890},"body":{"messages":[{"content":"first"},{"content":"last"}]},"model":"m"}"#;
    let path = write(folder.path(), "x", line);
    let map = |text: &str| {
        let mut input = options(&[&path]);
        input.map = Some(write(folder.path(), "map.toml", text));
        load_with(&input, &config())
    };
    let good = "[requests]\ntimestamp='properties.requestTime'\naccount_id='who.id'\nprompt=['prompt','body.messages.-1.content']\n\
        [requests.units]\ntimestamp='dotnet_ticks'\n[requests.constants]\nplatform='azure'\n";
    let (rows, _) = map(good).unwrap();
    assert_eq!(rows[0].2[0].as_deref(), Some(AT));
    assert_eq!(
        column(&rows, RequestColumn::AccountId),
        [Some("12345678901234567890")]
    );
    assert_eq!(column(&rows, RequestColumn::Prompt), [Some("last")]);
    assert_eq!(column(&rows, RequestColumn::Platform), [Some("azure")]);
    assert_eq!(column(&rows, RequestColumn::Model), [Some("m")]);
    let unknown = usage(map("[requests]\ntimestmp='x'\n"));
    assert!(
        unknown.contains("map.toml")
            && unknown.contains("timestmp")
            && unknown.contains("timestamp"),
        "{unknown}"
    );
    let absent = usage(map(&good.replace("who.id", "who.nobody")));
    assert!(
        absent.contains("`requests.account_id`") && absent.contains("who.nobody"),
        "{absent}"
    );
}

#[test]
fn columns_that_come_late_or_twice_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = r#"{"time":"2026-02-03 04:12:07","ts":"2026-02-03T04:12:09Z","user":"a"}"#
        .to_owned()
        + "\n";
    text = text.repeat(30) + r#"{"time":"2026-02-03 04:12:07","user":"a","client_ip":"192.0.2.1"}"#;
    let path = write(folder.path(), "x", text);
    let mut config = config();
    config.sniff_records = 10;
    let (rows, report) = load_with(&options(&[&path]), &config).unwrap();
    assert_eq!(
        column(&rows, RequestColumn::Ip)[29..],
        [None, Some("192.0.2.1")]
    );
    let says = |part: &str| {
        assert!(
            report.notes.iter().any(|note| note.contains(part)),
            "{part}: {:?}",
            report.notes
        )
    };
    says("`ip` first appears");
    says("read as UTC");
    says("`timestamp` is read from `time`; also possible: ts");
}

#[test]
fn the_window_is_half_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "x",
        "ts,user\n1770091926,a\n1770091927,b\n1770091928,c\n",
    );
    let mut input = options(&[&path]);
    input.since_us = Some(1_770_091_927_000_000);
    input.until_us = Some(1_770_091_928_000_000);
    let (rows, report) = load_with(&input, &config()).unwrap();
    assert_eq!(column(&rows, RequestColumn::AccountId), [Some("b")]);
    assert_eq!(report.inputs[0].rows_outside_window, 2);
    input.since_us = Some(1_870_091_927_000_000);
    assert!(usage(load_with(&input, &config())).contains("before --until"));
    input.until_us = None;
    assert!(no_input(load_with(&input, &config())).contains("outside --since"));
}

#[test]
fn inputs_with_the_same_bytes_and_empty_ones_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a", "ts,user\n1770091927,a\n");
    write(folder.path(), "b", "ts,user\n1770091927,a\n");
    write(folder.path(), "c", "");
    let (rows, report) = load(folder.path()).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(report.inputs[2].container, "empty");
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("the same records"))
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.ends_with("c: the file is empty"))
    );
}

#[test]
fn accounts_are_sorted_single_and_free_of_card_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let text = "account_id,created_at,payment_id,signup_asn,phone\n\
        b,2026-01-12T02:10:44Z,card_fp_1,64501,0049\na,,4242 4242 4242 4242,x,\nb,,other,,\n,,,,\n";
    let path = write(folder.path(), "accounts.csv", text);
    let (accounts, report) = read_accounts(&path, None, &config()).unwrap();
    assert_eq!(
        accounts
            .iter()
            .map(|one| one.account_id.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(accounts[0].payment_id, None);
    assert_eq!(accounts[1].payment_id.as_deref(), Some("card_fp_1"));
    assert_eq!(
        (accounts[1].signup_asn, accounts[1].phone.as_deref()),
        (Some(64_501), Some("0049"))
    );
    assert_eq!(accounts[1].created_at_us, Some(1_768_183_844_000_000));
    let input = &report.inputs[0];
    assert_eq!(
        (input.rows_read, input.rows_used, input.rows_rejected),
        (4, 2, 2)
    );
    assert_eq!(reasons(&report).len(), 5);
    for told in ["raw card numbers", "name no instrument"] {
        assert!(
            report.notes.iter().any(|note| note.contains(told)),
            "{told}"
        );
    }
    // A column of an NDJSON table may come in its very last row.
    let mut lines = "{\"account_id\":\"x\"}\n".to_owned();
    lines += &(0..3000)
        .map(|row| format!("{{\"account_id\":\"{row}\"}}\n"))
        .collect::<String>();
    lines += "{\"account_id\":\"last\",\"banned_at\":1770091927318}\n";
    let (accounts, _) =
        read_accounts(&write(folder.path(), "a.ndjson", lines), None, &config()).unwrap();
    let last = accounts
        .iter()
        .find(|one| one.account_id == "last")
        .unwrap();
    assert_eq!(last.closed_at_us, Some(1_770_091_927_318_000));
}

#[test]
fn events_are_sorted_and_unknown_kinds_are_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "e.csv",
        "date,kind,name,model\n2026-02-04,Ban-Wave,wave,\n2026-02-03,model_release,m1,m\n2026-02-05,party,,\nsoon,other,x,\n",
    );
    let (events, report) = read_events(&path, None, &config()).unwrap();
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::ModelRelease,
            EventKind::BanWave,
            EventKind::Other
        ]
    );
    assert_eq!(
        (events[0].model.as_deref(), events[2].name.as_str()),
        (Some("m"), "party")
    );
    assert_eq!(report.inputs[0].rows_rejected, 1);
    assert_eq!(reasons(&report).len(), 2);
}
