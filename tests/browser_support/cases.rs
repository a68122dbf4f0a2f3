//! The cases whose pages are opened: the demo's, a large one and a hostile one.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::case_support::*;

/// Accounts of the large case: as many as the largest published total.
pub const MANY: usize = 24_000;

/// Scans the demo log into a case folder.
pub fn demo(folder: &Path) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo");
    let case = folder.join("case");
    let path = |name: &str| data.join(name).display().to_string();
    scan_well(
        &[data.join("requests.parquet")],
        &[
            "--accounts",
            &path("accounts.csv"),
            "--events",
            &path("events.csv"),
        ],
        &case,
    );
    case
}

/// Changes `case.json` and renders the page from it.
pub fn rendered(case: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut json = case_json(case);
    change(&mut json);
    let name = "case.json";
    std::fs::write(case.join(name), json.to_string()).unwrap();
    // `report` renders a case that is the recorded one, so the record follows.
    let sums: Vec<String> = std::fs::read_to_string(case.join("SHA256SUMS"))
        .unwrap()
        .lines()
        .map(|line| match line.ends_with(&format!("  {name}")) {
            true => format!(
                "{}  {name}",
                stillhunt::report::hash_file(&case.join(name)).unwrap()
            ),
            false => line.to_owned(),
        })
        .collect();
    std::fs::write(case.join("SHA256SUMS"), sums.join("\n") + "\n").unwrap();
    let output = program().arg("report").arg(case).output().unwrap();
    succeeded(&output);
    case.join("report.html")
}

/// The demo's first campaign with so many accounts, most of them sharing payers in fives.
pub fn enlarge(json: &mut Value) {
    let pattern = json["campaigns"][0]["members"][0].clone();
    let finding = json["findings"][0].clone();
    let mut members = Vec::new();
    let mut findings = Vec::new();
    for index in 0..MANY {
        let payer = format!("F-{}", index / 5);
        let payment = 20.0 - (index % 997) as f64 / 100.0;
        let mut member = pattern.clone();
        member["account_id"] = format!("acct_{index:05}").into();
        member["bits_by_family"] = json!({ "payment": payment });
        if index % 3 == 0 {
            member["bits_by_family"]["content"] = json!(15.25);
        }
        let content = if index % 3 == 0 { 15.25 } else { 0.0 };
        member["bits"] = json!(((payment + content) * 100.0).round() / 100.0);
        member["requests"] = json!(600 + index * 7919 % 1409);
        member["first_us"] = json!(1_768_176_000_000_000_u64 + index as u64 * 19_000_003);
        member["findings"] = json!([payer, "F-all"]);
        members.push(member);
        if index % 5 == 0 {
            let mut shared = finding.clone();
            shared["id"] = payer.into();
            shared["family"] = "payment".into();
            shared["subject"] =
                json!({ "type": "key", "kind": "payment", "value": format!("pm_{index:05}") });
            shared["accounts"] = (index..index + 5)
                .map(|one| format!("acct_{one:05}"))
                .collect();
            findings.push(shared);
        }
    }
    let mut all = finding.clone();
    all["id"] = "F-all".into();
    all["family"] = "content".into();
    all["subject"] = json!({ "type": "template", "id": "T-1" });
    all["accounts"] = (0..MANY)
        .step_by(3)
        .map(|one| format!("acct_{one:05}"))
        .collect();
    findings.push(all);
    json["campaigns"][0]["members"] = members.into();
    json["campaigns"][0]["requests"] = 16_000_000.into();
    json["findings"] = findings.into();
}

/// Text that attacks the page in every place it may stand.
pub const PAYLOAD: &str = "<script>window.pwned=1;alert(1)</script></script><script>window.pwned=2</script><!--<script>\
    </style><style>body{display:none}</style></title></pre></svg><svg onload=\"window.pwned=3\"><animate onbegin=alert(4)>\
    <img src=http://evil.example/a.png onerror=window.pwned=5><a href=\"javascript:window.pwned=6\">x</a>\
    \" onmouseover=\"window.pwned=7\" ' onfocus='window.pwned=8' <base href=http://evil.example/><iframe src=//evil.example>\
    <meta http-equiv=refresh content=\"0;url=http://evil.example/\"> {{ 7*7 }}{% raw %} ]]> \\u003cscript> \u{1b}[31m\u{9b}2J\
    \u{202e}fdp.exe\u{2066}\u{200b}\u{2028}\0&lt;b&gt; ";

pub fn poison(json: &mut Value) {
    // names of variants stay, or the file would be no case
    const VARIANTS: [&str; 7] = [
        "verdict", "family", "scope", "type", "state", "kind", "role",
    ];
    match json {
        Value::String(text) => *text = format!("{PAYLOAD}{text}"),
        Value::Array(items) => items.iter_mut().for_each(poison),
        Value::Object(entries) => entries
            .iter_mut()
            .filter(|(name, _)| !VARIANTS.contains(&name.as_str()))
            .for_each(|(_, entry)| poison(entry)),
        _ => {}
    }
}
