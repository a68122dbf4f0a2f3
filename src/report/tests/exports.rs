//! The exports parsed back by readers that share no code with the writers: what an importer
//! asks for, and the same figures as in the case. The hostile case goes through all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::options;
use crate::model::case::CaseTables;
use crate::report::escape::csv_cell;
use crate::report::{sample, write_case};

fn written(tables: &CaseTables) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let out = write_case(tables, options(&folder.path().join("case"))).unwrap();
    (folder, out)
}

fn samples() -> [CaseTables; 3] {
    [
        sample::three_campaigns(),
        sample::no_campaign(),
        sample::hostile(),
    ]
}

fn csv_rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// `2026-02-10T02:11:07.123456+00:00`, to the character.
fn is_iso_with_offset(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '0'
            } else {
                character
            }
        })
        .collect();
    shape == "0000-00-00T00:00:00.000000+00:00"
        && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

#[test]
fn timesketch_accepts_the_timeline() {
    for tables in samples() {
        let (_folder, out) = written(&tables);
        let header = fs::read_to_string(out.join("timeline.csv")).unwrap();
        let header: Vec<&str> = header.lines().next().unwrap().split(',').collect();
        for mandatory in ["message", "datetime", "timestamp_desc"] {
            assert!(header.contains(&mandatory), "{mandatory}");
        }
        let rows = csv_rows(&out.join("timeline.csv"));
        let lines = fs::read_to_string(out.join("timeline.jsonl")).unwrap();
        assert_eq!(rows.is_empty(), tables.case.campaigns.is_empty());
        assert_eq!(rows.len(), lines.lines().count());
        let mut before = i64::MIN;
        for (row, line) in rows.iter().zip(lines.lines()) {
            // no value that the importer would take for missing, no two forms of time
            assert!(!row["message"].is_empty() && !row["timestamp_desc"].is_empty());
            assert!(is_iso_with_offset(&row["datetime"]), "{}", row["datetime"]);
            let timestamp: i64 = row["timestamp"].parse().unwrap();
            let moment = chrono::DateTime::parse_from_rfc3339(&row["datetime"]).unwrap();
            assert_eq!(moment.timestamp_micros(), timestamp);
            assert!(timestamp >= before);
            before = timestamp;
            for text in row.values() {
                // Lucene's longest term, and the NUL bytes that once broke the importer
                assert!(text.len() <= 32_766);
                assert!(!text.contains(['\0', '\n', '\r']));
            }
            // each line is one object with the same event
            let event: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
            for (name, value) in &event {
                match value {
                    Value::String(text) => assert_eq!(row[name], csv_cell(text), "{name}"),
                    number => assert_eq!(row[name].parse().ok(), number.as_f64(), "{name}"),
                }
            }
            for (name, text) in row {
                assert!(event.contains_key(name) || text.is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn a_huge_account_id_is_cut_to_what_an_index_takes() {
    let mut tables = sample::three_campaigns();
    tables.case.campaigns[0].members[0].account_id = format!("={}", "x".repeat(100_000));
    let (_folder, out) = written(&tables);
    let rows = csv_rows(&out.join("timeline.csv"));
    let longest = rows
        .iter()
        .flat_map(BTreeMap::values)
        .map(String::len)
        .max();
    assert_eq!(longest, Some(32_766));
}

#[test]
fn the_graph_is_well_formed_and_holds_every_account_once() {
    for tables in samples() {
        let (_folder, out) = written(&tables);
        let text = fs::read_to_string(out.join("graph.graphml")).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "graphml");
        let keys: BTreeSet<&str> = root
            .children()
            .filter(|node| node.has_tag_name(("http://graphml.graphdrawing.org/xmlns", "key")))
            .map(|node| node.attribute("id").unwrap())
            .collect();
        let elements = |name: &'static str| {
            document
                .descendants()
                .filter(move |node| node.tag_name().name() == name)
        };
        let mut ids = BTreeSet::new();
        let mut accounts = BTreeSet::new();
        for node in elements("node") {
            assert!(ids.insert(node.attribute("id").unwrap()));
            let values: BTreeMap<&str, &str> = node
                .children()
                .filter(roxmltree::Node::is_element)
                .map(|data| (data.attribute("key").unwrap(), data.text().unwrap_or("")))
                .collect();
            assert!(values.keys().all(|key| keys.contains(key)));
            if values["n1"] == "account" {
                accounts.insert(values["n0"].to_owned());
            }
        }
        let members: BTreeSet<String> = tables
            .case
            .campaigns
            .iter()
            .flat_map(|campaign| &campaign.members)
            .map(|member| crate::report::escape::xml(&member.account_id))
            .collect();
        assert_eq!(accounts, members);
        let mut edges = BTreeSet::new();
        for edge in elements("edge") {
            assert!(edges.insert(edge.attribute("id").unwrap()));
            for end in ["source", "target"] {
                assert!(ids.contains(edge.attribute(end).unwrap()));
            }
        }
        assert_eq!(edges.is_empty(), members.is_empty());
        // nothing from the data became an element
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let name = node.tag_name().name();
            assert!(["graphml", "key", "graph", "node", "edge", "data"].contains(&name));
        }
    }
}

/// All text below a node.
fn text_of(node: roxmltree::Node<'_, '_>) -> String {
    let texts = node.descendants().filter(roxmltree::Node::is_text);
    texts.filter_map(|text| text.text()).collect()
}

/// The cells of each sheet by reference, with what would run or lead elsewhere.
fn workbook(path: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    // no macro, no link to elsewhere
    for name in &names {
        assert!(
            !name.contains("vba") && !name.contains("externalLink"),
            "{name}"
        );
    }
    let mut part = |name: &str| {
        let mut text = String::new();
        let mut file = archive.by_name(name).unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    };
    let shared = part("xl/sharedStrings.xml");
    let shared = roxmltree::Document::parse(&shared).unwrap();
    let texts: Vec<String> = shared
        .descendants()
        .filter(|node| node.tag_name().name() == "si")
        .map(text_of)
        .collect();
    let book = part("xl/workbook.xml");
    let book = roxmltree::Document::parse(&book).unwrap();
    let mut sheets = BTreeMap::new();
    for (number, sheet) in book
        .descendants()
        .filter(|node| node.tag_name().name() == "sheet")
        .enumerate()
    {
        let text = part(&format!("xl/worksheets/sheet{}.xml", number + 1));
        let document = roxmltree::Document::parse(&text).unwrap();
        let mut cells = BTreeMap::new();
        for cell in document.descendants() {
            let name = cell.tag_name().name();
            assert!(!["f", "hyperlink"].contains(&name), "a cell runs or links");
            if name != "c" {
                continue;
            }
            let value = text_of(cell);
            let value = match cell.attribute("t") {
                Some("s") => texts[value.parse::<usize>().unwrap()].clone(),
                _ => value,
            };
            cells.insert(cell.attribute("r").unwrap().to_owned(), value);
        }
        sheets.insert(sheet.attribute("name").unwrap().to_owned(), cells);
    }
    sheets
}

#[test]
fn the_workbook_holds_the_tables_and_nothing_that_runs() {
    for tables in samples() {
        let (_folder, out) = written(&tables);
        let sheets = workbook(&out.join("accounts.xlsx"));
        let names: Vec<&str> = sheets.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["accounts", "campaigns", "coverage", "findings", "templates"]
        );
        let mut ids: Vec<&str> = Vec::new();
        for campaign in &tables.case.campaigns {
            ids.extend(campaign.members.iter().map(|one| one.account_id.as_str()));
            let silent = campaign.silent_accounts.iter();
            ids.extend(silent.map(|one| one.account_id.as_str()));
        }
        let accounts = &sheets["accounts"];
        assert_eq!(accounts["A1"], "account_id");
        for (position, id) in ids.iter().enumerate() {
            let cell = format!("A{}", position + 2);
            // Excel writes CR and LF of a text as one line feed
            let expected = crate::report::escape::visible(id);
            assert_eq!(accounts[&cell], expected, "{cell}");
        }
        assert!(!accounts.contains_key(&format!("A{}", ids.len() + 2)));
        let caveat = sheets["coverage"]
            .values()
            .any(|text| *text == tables.case.caveat);
        assert!(caveat, "the caveat travels with the workbook");
        let findings = sheets["findings"]
            .keys()
            .filter(|cell| cell.starts_with('A'));
        let distinct: BTreeSet<&String> = findings.collect();
        assert!(distinct.len() > tables.case.findings.len());
    }
}

#[test]
fn the_workbook_has_the_same_bytes_in_every_run() {
    let (_one, first) = written(&sample::three_campaigns());
    // zip entries hold times in steps of two seconds, the properties in steps of one
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let (_two, second) = written(&sample::three_campaigns());
    let bytes = |out: &Path| fs::read(out.join("accounts.xlsx")).unwrap();
    assert!(bytes(&first) == bytes(&second));
}

#[test]
fn indicators_agree_in_both_forms() {
    for tables in samples() {
        let (_folder, out) = written(&tables);
        let rows = csv_rows(&out.join("indicators.csv"));
        let bundle: Value =
            serde_json::from_reader(File::open(out.join("indicators.stix.json")).unwrap()).unwrap();
        let objects = bundle["objects"].as_array().unwrap();
        let patterns: BTreeSet<String> = objects
            .iter()
            .filter(|object| object["type"] == "indicator")
            .map(|object| csv_cell(object["pattern"].as_str().unwrap()))
            .collect();
        let listed: BTreeSet<String> = rows
            .iter()
            .filter(|row| row["standing"] == "indicator")
            .map(|row| row["pattern"].clone())
            .collect();
        assert_eq!(patterns, listed);
        for row in &rows {
            let is_lead = row["verdict"] == "lead";
            assert_eq!(row["standing"] == "lead", is_lead);
            assert_eq!(row["confidence"] == "15", is_lead);
        }
    }
}

#[test]
#[ignore = "writes the hostile case where STILLHUNT_HOSTILE_CASE says, for validators outside"]
fn the_hostile_case_for_outside_validators() {
    let out = std::env::var_os("STILLHUNT_HOSTILE_CASE").unwrap();
    write_case(&sample::hostile(), options(Path::new(&out))).unwrap();
}
