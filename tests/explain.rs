//! `stillhunt explain` on the demo: every kind of id, flagged and not, and ids that are none.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod case_support;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use case_support::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The case of the demo, made once for all tests. Nothing would drop a temporary folder that
/// a static holds, so it has a place under the build's own folder.
fn demo() -> &'static Path {
    static CASE: OnceLock<PathBuf> = OnceLock::new();
    CASE.get_or_init(|| {
        let case = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explained-demo");
        scan_demo(&case, &["--force"]);
        case
    })
}

fn scan_demo(out: &Path, more: &[&str]) {
    let output = program()
        .args(["scan", "testdata/demo/requests.parquet", "--quiet"])
        .args(["--accounts", "testdata/demo/accounts.csv"])
        .args(["--events", "testdata/demo/events.csv", "--out"])
        .arg(out)
        .args(more)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    succeeded(&output);
}

/// What the program says: exit code, standard output, standard error.
fn explain(case: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program()
        .arg("explain")
        .arg(case)
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The text of an answer, which fits the screen and steers no terminal.
#[track_caller]
fn text(case: &Path, arguments: &[&str]) -> String {
    let (code, text, errors) = explain(case, arguments);
    assert_eq!(code, Some(0), "{errors}");
    for line in text.lines() {
        // The demo's ids are ASCII; excerpts hold single wide marks at most.
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    assert_eq!(explain(case, arguments).1, text, "not the same twice");
    text
}

#[track_caller]
fn json(case: &Path, id: &str) -> Value {
    let (code, text, errors) = explain(case, &[id, "--json"]);
    assert_eq!(code, Some(0), "{errors}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema_version"], 1);
    assert_eq!(value["id"], id);
    value
}

/// An id that names nothing: exit code 2, nothing on standard output, one line of error.
#[track_caller]
fn refused(case: &Path, arguments: &[&str]) -> String {
    let (code, text, errors) = explain(case, arguments);
    assert_eq!(code, Some(2), "{errors}");
    assert_eq!(text, "");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    // Lines are wrapped, so blanks and line ends are alike.
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(flat.contains(part), "`{part}` is not in: {text}");
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn name(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// An account of the log that no campaign has.
fn outsider() -> String {
    let case = case_json(demo());
    let members: Vec<&str> = list(&case["campaigns"][0]["members"])
        .iter()
        .map(|member| name(&member["account_id"]))
        .collect();
    let mut table = csv::Reader::from_path(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo/truth_accounts.csv"),
    )
    .unwrap();
    table
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .find(|account| !members.contains(&account.as_str()))
        .unwrap()
}

/// The families of a waterfall follow each other and end at the sum.
#[track_caller]
fn stacked(families: &Value, sum: f64) {
    let mut end = 0.0;
    for family in list(families) {
        assert!((number(&family["from_bits"]) - end).abs() < 0.011);
        end += number(&family["bits"]);
        assert!((number(&family["to_bits"]) - end).abs() < 0.011);
    }
    assert!((end - sum).abs() < 0.011, "{end} {sum}");
}

#[test]
fn a_campaign_is_explained_with_the_numbers_of_the_case() {
    let case = case_json(demo());
    let campaign = &case["campaigns"][0];
    let id = name(&campaign["id"]);
    let explained = json(demo(), id);
    assert_eq!(explained["kind"], "campaign");
    let answer = &explained["answer"]["campaign"];
    for field in [
        "verdict",
        "verdict_reason",
        "bits",
        "expected_false",
        "not_tested",
        "rivals",
        "requests",
        "campaign_requests",
        "first_us",
        "last_us",
        "timeline",
    ] {
        assert_eq!(answer[field], campaign[field], "{field}");
    }
    for (family, row) in list(&answer["families"])
        .iter()
        .zip(list(&campaign["evidence"]))
    {
        for field in ["family", "bits", "counts", "accounts", "statement"] {
            assert_eq!(family[field], row[field], "{field}");
        }
    }
    assert_eq!(
        list(&answer["families"]).len(),
        list(&campaign["evidence"]).len()
    );
    stacked(&answer["families"], number(&answer["sum_bits"]));
    assert_eq!(list(&answer["members"]).len(), 15);
    assert_eq!(
        list(&answer["rows"]).len(),
        list(&campaign["locators"]).len()
    );
    for shown in list(&answer["findings"]) {
        let finding = list(&case["findings"])
            .iter()
            .find(|finding| finding["id"] == shown["id"])
            .unwrap();
        for field in [
            "detector",
            "bits",
            "measured",
            "expected",
            "n",
            "threshold",
            "null_model",
            "innocent",
            "would_clear",
            "weak",
        ] {
            assert_eq!(shown[field], finding[field], "{field}");
        }
    }

    let text = text(demo(), &[id]);
    let sum = format!("{:.2} bits in all", number(&answer["sum_bits"]));
    says(
        &text,
        &[&sum, "Rival innocent explanations", "What does not count"],
    );
    says(
        &text,
        &["What could not be tested", "null runs", "threshold 10"],
    );
    says(&text, &[name(&campaign["members"][14]["account_id"])]);
    let row = &campaign["locators"][0];
    says(
        &text,
        &[&format!(
            "testdata/demo/requests.parquet:{} {}",
            row["row"],
            name(&row["request_id"])
        )],
    );
    assert!(text.contains("  ####"), "no bars: {text}");
}

#[test]
fn a_member_is_explained_by_its_own_bits() {
    let case = case_json(demo());
    for member in list(&case["campaigns"][0]["members"]) {
        let id = name(&member["account_id"]);
        let explained = json(demo(), id);
        let place = &explained["answer"]["account"]["campaigns"][0];
        assert_eq!(place["bits"], member["bits"]);
        stacked(&place["families"], number(&member["bits"]));
        for family in list(&place["families"]) {
            assert_eq!(
                family["bits"],
                member["bits_by_family"][name(&family["family"])]
            );
        }
        let tied: Vec<&Value> = list(&place["tied_by"])
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(tied, list(&member["findings"]).iter().collect::<Vec<_>>());
        let attributed: u64 = list(&place["templates"])
            .iter()
            .map(|used| used["attributed_requests"].as_u64().unwrap())
            .sum();
        assert_eq!(Some(attributed), member["campaign_requests"].as_u64());
    }
    let member = &case["campaigns"][0]["members"][0];
    let text = text(demo(), &[name(&member["account_id"])]);
    let stream = format!(
        "{} of its {} requests are in the campaign's templates",
        member["campaign_requests"], member["requests"]
    );
    says(
        &text,
        &[&stream, "about payment pm_", "Sample rows, attributed"],
    );
}

#[test]
fn an_account_outside_all_campaigns_is_told_what_was_looked_at() {
    let id = outsider();
    let explained = json(demo(), &id);
    let account = &explained["answer"]["account"];
    assert_eq!(list(&account["campaigns"]).len(), 0);
    assert!(account["looked_at"]["requests"].as_u64().unwrap() > 0);
    let codes: Vec<&str> = list(&account["why_quiet"])
        .iter()
        .map(|reason| name(&reason["code"]))
        .collect();
    for code in ["profile", "detectors_not_run", "accounts_table"] {
        assert!(codes.contains(&code), "{code} is not in {codes:?}");
    }
    let holdings = &account["looked_at"]["holdings"];
    for kind in list(&holdings["kinds"]) {
        let keys = list(&holdings["keys"])
            .iter()
            .filter(|key| key["kind"] == kind["kind"]);
        let shared = keys.filter(|key| key["other_accounts"] != 0).count();
        assert_eq!(kind["shared"], shared, "{kind}");
    }
    let text = text(demo(), &[&id]);
    says(
        &text,
        &["in no campaign of this case", "Why it stayed quiet"],
    );
    says(
        &text,
        &["could not run", "timing/dispatch", "Its keys in requests"],
    );
}

#[test]
fn holders_of_a_public_key_and_of_a_quiet_template_are_told_so() {
    let case = case_json(demo());
    // One that the digest holds: what is in the accounts table is not.
    let hub = list(&case["suppressed_hubs"])
        .iter()
        .find(|hub| name(&hub["detector"]) == "network/shared-infrastructure")
        .unwrap();
    // One of no campaign, which its accounts do not make conspicuous either.
    let template = list(&case["templates"])
        .iter()
        .filter(|template| template["campaign_id"].is_null())
        .max_by_key(|template| template["accounts"].as_u64())
        .unwrap();
    let request = name(&template["locators"][0]["request_id"]);
    let found = json(demo(), request);
    let user = name(&found["answer"]["request"]["in_digest"][0]["account_id"]).to_owned();
    let explained = json(demo(), &user);
    let held = list(&explained["answer"]["account"]["looked_at"]["texts"]["templates"]);
    assert!(
        held.iter()
            .any(|held| held["template"]["id"] == template["id"]),
        "{user} does not follow {}",
        template["id"]
    );
    // Whoever holds the key: every other account of the hub is counted.
    let holder = list(&case["templates"])
        .iter()
        .flat_map(|template| list(&template["locators"]))
        .filter_map(|row| {
            let found = json(demo(), name(&row["request_id"]));
            let account = found["answer"]["request"]["in_digest"][0]["account_id"].clone();
            let explained = json(demo(), account.as_str()?);
            let keys = &explained["answer"]["account"]["looked_at"]["holdings"]["keys"];
            keys.as_array()?
                .iter()
                .find(|key| key["kind"] == hub["kind"] && key["value"] == hub["value"])
                .cloned()
        })
        .next()
        .expect("a holder of the hub among the users of templates");
    assert_eq!(holder["assessment"], "hub");
    assert_eq!(
        holder["other_accounts"].as_u64().unwrap() + 1,
        hub["accounts"].as_u64().unwrap()
    );
}

#[test]
fn templates_findings_and_requests_are_explained() {
    let case = case_json(demo());
    for template in list(&case["templates"]) {
        let id = name(&template["id"]);
        let explained = json(demo(), id);
        let answer = &explained["answer"]["template"];
        for field in [
            "role",
            "accounts",
            "requests",
            "assessment",
            "campaign_id",
            "excerpts",
        ] {
            assert_eq!(answer[field], template[field], "{id} {field}");
        }
        text(demo(), &[id]);
    }
    for finding in list(&case["findings"]) {
        let id = name(&finding["id"]);
        let explained = json(demo(), id);
        let answer = &explained["answer"]["finding"];
        assert_eq!(answer["figures"]["bits"], finding["bits"]);
        assert_eq!(answer["account_ids"], finding["accounts"]);
        text(demo(), &[id]);
    }
    let campaign = &case["campaigns"][0];
    let row = &campaign["locators"][0];
    let explained = json(demo(), name(&row["request_id"]));
    let attributed = &explained["answer"]["request"]["attributed"][0];
    assert_eq!(attributed["row"]["row"], row["row"]);
    assert_eq!(attributed["campaign_id"], campaign["id"]);
    // The same row by its place.
    let place = format!("testdata/demo/requests.parquet:{}", row["row"]);
    let by_place = json(demo(), &place);
    assert_eq!(by_place["answer"]["request"]["attributed"][0], *attributed);
    says(
        &text(demo(), &[name(&row["request_id"])]),
        &["among the requests attributed", name(&campaign["id"])],
    );
}

#[test]
fn keys_are_explained_by_kind_and_value_or_by_the_value_alone() {
    let campaign = json(demo(), "C-ffb1a4e713");
    let keys = list(&campaign["answer"]["campaign"]["shared_keys"]);
    let payer = keys
        .iter()
        .find(|key| key["kind"] == "payment")
        .expect("cards tie the campaign of the sample log");
    let id = format!("payment:{}", name(&payer["value"]));
    let by_id = json(demo(), &id);
    let answer = &by_id["answer"]["key"];
    assert_eq!(answer["value"], payer["value"]);
    assert_eq!(answer["accounts_complete"], false);
    let inside = &list(&answer["campaigns"])[0];
    assert_eq!(inside["campaign_id"], "C-ffb1a4e713");
    assert_eq!(inside["inside"], payer["inside"]);
    assert_eq!(inside["outside"], payer["outside"]);
    assert!(!list(&answer["findings"]).is_empty());
    let mut by_value = json(demo(), name(&payer["value"]));
    by_value["id"] = by_id["id"].clone();
    assert_eq!(by_value, by_id);
    // Of a key of the requests the digest knows every holder.
    let address = keys
        .iter()
        .find(|key| key["kind"] == "ip")
        .expect("addresses are shared as well");
    let answer = &json(demo(), &format!("ip:{}", name(&address["value"])))["answer"]["key"];
    assert_eq!(answer["accounts_complete"], true);
    let all = address["inside"].as_u64().unwrap() + address["outside"].as_u64().unwrap();
    assert_eq!(list(&answer["account_ids"]).len() as u64, all);
    assert_eq!(answer["accounts"], all);
    says(
        &text(demo(), &[&id]),
        &[
            "Campaigns that share it",
            "C-ffb1a4e713",
            "Findings about it",
        ],
    );
    says(&refused(demo(), &["ip:192.0.2.77"]), &["shared key"]);
}

#[test]
fn a_request_that_was_not_attributed_says_so() {
    let case = case_json(demo());
    let template = list(&case["templates"])
        .iter()
        .find(|template| template["campaign_id"].is_null())
        .unwrap();
    let text = text(demo(), &[name(&template["locators"][0]["request_id"])]);
    says(
        &text,
        &["not among the attributed requests", "--profile broad"],
    );
    says(&text, &[name(&template["id"]), "sent by account acct_"]);
}

#[test]
fn an_unknown_id_is_refused_with_what_was_perhaps_meant() {
    let case = case_json(demo());
    let campaign = name(&case["campaigns"][0]["id"]);
    let account = outsider();
    let slip = |id: &str| format!("{}~", id.get(..id.len() - 1).unwrap());
    says(&refused(demo(), &[&slip(campaign)]), &[campaign]);
    says(&refused(demo(), &[&slip(&account)]), &[&account]);
    says(
        &refused(demo(), &[&slip(&account), "--kind", "account"]),
        &["no account", &account],
    );
    says(
        &refused(demo(), &[campaign, "--kind", "account"]),
        &["no account", "but a campaign of that id"],
    );
    says(&refused(demo(), &[""]), &["is no campaign"]);
    refused(demo(), &["testdata/demo/requests.parquet:0"]);
    refused(
        demo(),
        &["testdata/demo/requests.parquet:99999999999999999999"],
    );
}

#[test]
fn hostile_ids_are_spelt_out_and_kept_short() {
    let errors = refused(demo(), &["\u{1b}[2J\u{202e}\nC-1"]);
    says(&errors, &["\\u{1b}[2J\\u{202e}\\u{a}C-1"]);
    let errors = refused(demo(), &[&"x".repeat(100_000)]);
    assert!(errors.len() < 1000, "{}", errors.len());
}

#[test]
fn a_folder_that_is_no_case_gives_one_line() {
    let folder = tempfile::tempdir().unwrap();
    says(
        &refused(folder.path(), &["C-1"]),
        &["case.json", "is this a case folder?"],
    );
    refused(&folder.path().join("absent"), &["C-1"]);
    // A case that lost its requests.
    for file in ["case.json", "SHA256SUMS"] {
        std::fs::copy(demo().join(file), folder.path().join(file)).unwrap();
    }
    let (code, _, errors) = explain(folder.path(), &["C-1"]);
    assert_eq!(code, Some(5), "{errors}");
    says(&errors, &["requests.parquet"]);
}

/// A copy of the demo's case whose first member has another name.
fn renamed(folder: &Path, member: &str) -> PathBuf {
    let copy = folder.join("case");
    std::fs::create_dir(&copy).unwrap();
    let mut case = case_json(demo());
    case["campaigns"][0]["members"][0]["account_id"] = member.into();
    let text = case.to_string();
    // As the scan would have recorded it.
    let hash: String = Sha256::digest(&text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    std::fs::write(copy.join("case.json"), text).unwrap();
    std::fs::write(copy.join("SHA256SUMS"), format!("{hash}  case.json\n")).unwrap();
    std::fs::copy(
        demo().join("requests.parquet"),
        copy.join("requests.parquet"),
    )
    .unwrap();
    copy
}

#[test]
fn an_id_of_two_kinds_is_taken_for_the_campaign_unless_told_otherwise() {
    let case = case_json(demo());
    let id = name(&case["campaigns"][0]["id"]);
    let folder = tempfile::tempdir().unwrap();
    let copy = renamed(folder.path(), id);
    let explained = json(&copy, id);
    assert_eq!(explained["kind"], "campaign");
    assert_eq!(explained["also_fits"], serde_json::json!(["account"]));
    says(&text(&copy, &[id]), &["also that of an account", "--kind"]);
    says(
        &text(&copy, &[id, "--kind", "account"]),
        &["Account C-", "in campaign"],
    );
}

#[test]
fn a_hostile_account_is_shown_and_steers_nothing() {
    let hostile = format!("\u{1b}]0;x\u{7}\u{202e}{}", "long".repeat(60));
    let folder = tempfile::tempdir().unwrap();
    let copy = renamed(folder.path(), &hostile);
    let case = case_json(&copy);
    let shown = text(&copy, &[&hostile]);
    assert!(shown.contains("\\u{1b}]0;x\\u{7}\\u{202e}"));
    text(&copy, &[name(&case["campaigns"][0]["id"])]);
    json(&copy, &hostile);
}

#[test]
fn a_case_that_was_changed_explains_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let copy = renamed(folder.path(), "someone");
    std::fs::write(copy.join("SHA256SUMS"), "").unwrap();
    let (code, _, errors) = explain(&copy, &["someone"]);
    assert_eq!(code, Some(5), "{errors}");
    says(&errors, &["not the recorded one", "scan again"]);
}

#[test]
fn a_digest_that_changed_stops_only_what_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let copy = renamed(folder.path(), "someone");
    std::fs::create_dir(copy.join("digest")).unwrap();
    std::fs::write(copy.join("digest/digest.json"), "{}").unwrap();
    text(&copy, &["someone"]);
    let (code, _, errors) = explain(&copy, &["someone else"]);
    assert_eq!(code, Some(5), "{errors}");
}

#[test]
fn a_pseudonymised_case_says_that_it_has_no_digest() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    let key = folder.path().join("key");
    scan_demo(
        &case,
        &["--pseudonymize", "--pseudonym-key", key.to_str().unwrap()],
    );
    let written = case_json(&case);
    let member = name(&written["campaigns"][0]["members"][0]["account_id"]).to_owned();
    says(&text(&case, &[&member]), &["in campaign"]);
    text(&case, &[name(&written["campaigns"][0]["id"])]);
    says(
        &refused(&case, &[&outsider()]),
        &["no digest", "pseudonymised"],
    );
}

#[test]
fn every_field_of_the_json_is_described() {
    let output = program().args(["schema", "--explain"]).output().unwrap();
    succeeded(&output);
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let types = schema["$defs"].as_object().unwrap().values();
    for described in types.chain([&schema]) {
        let Some(fields) = described["properties"].as_object() else {
            continue;
        };
        for (field, about) in fields {
            assert!(about["description"].is_string(), "{field}: {about}");
        }
    }
    let fields = schema["properties"].as_object().unwrap();
    let explained = json(demo(), &outsider());
    for field in explained.as_object().unwrap().keys() {
        assert!(fields.contains_key(field), "{field}");
    }
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let section = readme.split("\n## Asking why\n").nth(1).unwrap();
    let example = section.split("```").nth(1).unwrap();
    let example = example.strip_prefix("text\n").unwrap();
    let account = example.split([' ', ':']).nth(1).unwrap();
    assert!(text(demo(), &[account]).starts_with(example));
}
