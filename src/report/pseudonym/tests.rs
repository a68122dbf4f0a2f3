//! No original in any file, a way back, and a key that stays away from the case.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use super::*;
use crate::model::failure::Failure;
use crate::model::finding::Subject;
use crate::report::tests::{names as files_in, options};
use crate::report::{copy_pseudonymized, read_case, sample, verify, write_case};

/// A case that quotes what it names in every text that may.
fn telling() -> CaseTables {
    let mut tables = sample::three_campaigns();
    let case = &mut tables.case;
    let prefix = "203.0.113.0/24";
    case.coverage.notes.push(
        "logs/2026-02/part-0.parquet: read twice; part-1.parquet: account acct_m0003 at 203.0.113.77 wrote to someone@mail.example from 2001:db8::17"
        .into(),
    );
    case.campaigns[0].evidence[0].statement =
        "of 31 accounts with payment pm_8812, 31 are acct_m0001 and others".into();
    case.campaigns[0].purpose = format!("keys of {prefix}, seen by F-0a11 in C-7f3a91");
    case.campaigns[1].rivals[0]
        .speaks_for
        .push("acct_m0002 pays with pm_8812".into());
    case.templates[0].assessment = "used by acct_m0004; see T-0be77a".into();
    case.events[0].name = "acct_m0005 was warned".into();
    case.suppressed_hubs[0].reason =
        "198.51.100.0/24 is declared public (Harbour exits): strangers meet there".into();
    case.campaigns[2]
        .verdict_reason
        .push_str("; one customer: 31 mailboxes at one domain (harbour-works.example)");
    tables
}

/// Everything a pseudonymised case must not say.
fn originals(tables: &CaseTables) -> BTreeSet<String> {
    let case = &tables.case;
    let mut all: BTreeSet<String> = BTreeSet::new();
    let members = case.campaigns.iter().flat_map(|campaign| &campaign.members);
    all.extend(members.map(|member| member.account_id.clone()));
    all.extend(
        case.findings
            .iter()
            .flat_map(|finding| finding.accounts.clone()),
    );
    all.extend(tables.requests.iter().map(|row| row.request_id.to_string()));
    all.extend(case.findings.iter().map(|finding| finding.id.clone()));
    all.extend(case.campaigns.iter().map(|campaign| campaign.id.clone()));
    all.extend(case.templates.iter().map(|template| template.id.clone()));
    all.extend(
        case.templates
            .iter()
            .flat_map(|template| template.excerpts.clone()),
    );
    all.extend(case.suppressed_hubs.iter().map(|hub| hub.value.clone()));
    all.extend(case.coverage.inputs.iter().map(|input| input.name.clone()));
    let locators = case
        .campaigns
        .iter()
        .flat_map(|campaign| &campaign.locators);
    all.extend(locators.map(|locator| locator.request_id.clone()));
    for finding in &case.findings {
        all.insert(match &finding.subject {
            Subject::Key { value, .. } => value.clone(),
            Subject::Template { id } => id.clone(),
            Subject::Group { name } => name.clone(),
        });
    }
    for more in [
        "part-0.parquet",
        "part-1.parquet",
        "203.0.113.77",
        "someone@mail.example",
        "mail.example",
        "harbour-works.example",
        "Harbour exits",
        "2001:db8::17",
        "secret-map.toml",
        "/home/analyst",
    ] {
        all.insert(more.to_owned());
    }
    all
}

fn telling_options(out: &Path) -> crate::report::WriteOptions {
    let mut telling = options(out);
    telling.manifest.argv = vec![
        "stillhunt".into(),
        "scan".into(),
        "/home/analyst/logs".into(),
    ];
    telling.manifest.inputs.push(crate::report::ManifestInput {
        role: "map".into(),
        name: "/home/analyst/secret-map.toml".into(),
        sha256: "0".repeat(64),
        bytes: 1,
    });
    telling
}

/// All texts of a folder: files as they are, tables and archives unpacked.
fn texts(folder: &Path) -> String {
    let mut all = String::new();
    for name in files_in(folder) {
        let path = folder.join(&name);
        if name.ends_with(".parquet") {
            let file = File::open(&path).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                for column in batch.columns() {
                    // a time names nobody, and one with a zone cannot be shown here
                    if matches!(column.data_type(), arrow_schema::DataType::Timestamp(..)) {
                        continue;
                    }
                    for row in 0..column.len() {
                        let shown =
                            arrow_cast::display::array_value_to_string(column.as_ref(), row);
                        all.push_str(&shown.unwrap());
                        all.push('\n');
                    }
                }
            }
        } else if name.ends_with(".xlsx") {
            let mut archive = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
            for number in 0..archive.len() {
                archive
                    .by_index(number)
                    .unwrap()
                    .read_to_string(&mut all)
                    .unwrap();
            }
        } else {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
    all
}

/// Writes the telling case and its pseudonymised copy; answers with the copy.
fn copied(folder: &Path, name: &str, key: &str) -> std::path::PathBuf {
    let case = folder.join("case");
    if !case.exists() {
        write_case(&telling(), telling_options(&case)).unwrap();
    }
    let out = folder.join(name);
    // a fixed secret: random tokens could hold a short original by chance
    let secret = crate::report::sums::hexadecimal(&Sha256::digest(key.as_bytes()));
    fs::write(folder.join(key), secret).unwrap();
    let mut pseudonyms = Pseudonyms::open(&folder.join(key), &[&case, &out]).unwrap();
    let log = |tables: &CaseTables| format!("read {}", tables.case.coverage.inputs[0].name);
    copy_pseudonymized(&case, &out, false, &mut pseudonyms, log)
        .unwrap()
        .0
}

#[test]
fn no_file_says_what_was_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let out = copied(folder.path(), "copy", "key");
    let said = texts(&out);
    let before = texts(&folder.path().join("case"));
    let all = originals(&telling());
    assert!(all.len() > 590, "{}", all.len());
    for original in &all {
        assert!(!said.contains(original), "{original}");
    }
    // the same search finds them in the case itself
    let found = all.iter().filter(|original| before.contains(*original));
    assert!(found.count() > 580);
    assert!(said.contains("Pseudonymised") && verify(&out, None).unwrap().passed());
    assert!(!files_in(&out).contains(&"digest".to_owned()));
}

#[test]
fn figures_stay_and_the_mapping_leads_back() {
    let folder = tempfile::tempdir().unwrap();
    let out = copied(folder.path(), "copy", "key");
    let copy = read_case(&out).unwrap();
    let case = read_case(&folder.path().join("case")).unwrap();
    let lines = fs::read_to_string(folder.path().join("key.copy.mapping.jsonl")).unwrap();
    let mut back: BTreeMap<String, String> = BTreeMap::new();
    for line in lines.lines() {
        let line: BTreeMap<String, String> = serde_json::from_str(line).unwrap();
        let pseudonym = line["pseudonym"].clone();
        assert!(back.insert(pseudonym, line["original"].clone()).is_none());
    }
    assert_eq!(copy.campaigns.len(), case.campaigns.len());
    for (copied, campaign) in copy.campaigns.iter().zip(&case.campaigns) {
        assert_eq!(back[&copied.id], campaign.id);
        assert_eq!(copied.daily_requests, campaign.daily_requests);
        let accounts = |members: &[crate::model::campaign::Member]| -> BTreeMap<String, u64> {
            members
                .iter()
                .map(|member| {
                    let id = back.get(&member.account_id).unwrap_or(&member.account_id);
                    (id.clone(), member.requests)
                })
                .collect()
        };
        assert_eq!(accounts(&copied.members), accounts(&campaign.members));
    }
}

#[test]
fn a_key_decides_every_byte() {
    let folder = tempfile::tempdir().unwrap();
    let one = copied(folder.path(), "one", "key");
    let two = copied(folder.path(), "two", "key");
    let other = copied(folder.path(), "other", "another-key");
    for name in files_in(&one) {
        let same = fs::read(one.join(&name)).unwrap() == fs::read(two.join(&name)).unwrap();
        assert!(same, "{name}");
    }
    let accounts = |out: &Path| -> BTreeSet<String> {
        let case = read_case(out).unwrap();
        let members = case
            .campaigns
            .into_iter()
            .flat_map(|campaign| campaign.members);
        members.map(|member| member.account_id).collect()
    };
    assert!(accounts(&one).is_disjoint(&accounts(&other)));
}

#[test]
fn keys_are_private_and_never_inside_a_case() {
    let folder = tempfile::tempdir().unwrap();
    let out = copied(folder.path(), "copy", "key");
    let fresh = folder.path().join("fresh");
    let pseudonyms = Pseudonyms::open(&fresh, &[&out]).unwrap();
    let mapping = pseudonyms.write_mapping(&out).unwrap();
    assert!(mapping.ends_with("fresh.copy.mapping.jsonl"));
    // the same key is read, not made again
    let secret = fs::read_to_string(&fresh).unwrap();
    Pseudonyms::open(&fresh, &[&out]).unwrap();
    assert_eq!(fs::read_to_string(&fresh).unwrap(), secret);
    #[cfg(unix)]
    for name in ["fresh", "fresh.copy.mapping.jsonl"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let usage = |path: &Path| {
        let error = Pseudonyms::open(path, &[&out]).unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(Failure::Usage(_))),
            "{error:#}"
        );
    };
    usage(&out.join("key"));
    usage(&folder.path().join("copy/../copy/key"));
    usage(&folder.path().join("no/such/folder/key"));
    fs::write(folder.path().join("short"), "abc").unwrap();
    usage(&folder.path().join("short"));
    fs::write(folder.path().join("wrong"), "z".repeat(64)).unwrap();
    usage(&folder.path().join("wrong"));
}

#[test]
fn hostile_names_and_names_that_are_words_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = sample::three_campaigns();
    // accounts called like verdicts, kinds and counts
    for (member, name) in tables.case.campaigns[0]
        .members
        .iter_mut()
        .zip(["strong", "payment", "31", "ran", "a", "C", "account", "key"])
    {
        member.account_id = name.to_owned();
    }
    for (name, tables) in [("words", tables), ("hostile", sample::hostile())] {
        let mut pseudonyms = Pseudonyms::open(&folder.path().join("key"), &[]).unwrap();
        let mut copy = tables.clone();
        pseudonyms
            .apply(&mut copy, &mut Manifest::default())
            .unwrap();
        for (copied, campaign) in copy.case.campaigns.iter().zip(&tables.case.campaigns) {
            assert_eq!(copied.verdict, campaign.verdict);
            assert_eq!(copied.members.len(), campaign.members.len());
        }
        let out = folder.path().join(name);
        write_case(&copy, options(&out)).unwrap();
        assert!(verify(&out, None).unwrap().passed());
    }
}

#[test]
fn a_plain_name_is_replaced_in_sentences_unless_it_is_a_word_of_every_report() {
    let folder = tempfile::tempdir().unwrap();
    let mut tables = sample::three_campaigns();
    for (member, name) in tables.case.campaigns[0]
        .members
        .iter_mut()
        .zip(["acmecorp", "payment"])
    {
        member.account_id = name.to_owned();
    }
    let note = "acmecorp is left out; payment evidence is not";
    tables.case.coverage.notes = vec![note.to_owned()];
    let mut pseudonyms = Pseudonyms::open(&folder.path().join("key"), &[]).unwrap();
    pseudonyms
        .apply(&mut tables, &mut Manifest::default())
        .unwrap();
    let shown = &tables.case.coverage.notes[0];
    assert!(!shown.contains("acmecorp"), "{shown}");
    assert!(
        shown.ends_with("left out; payment evidence is not"),
        "{shown}"
    );
}
