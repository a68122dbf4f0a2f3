//! The page in a real browser: a small, a large and a hostile case. No console message, no
//! request leaves the page, payloads do nothing, and the table's script does its work.
//! Skipped with a message where no Chromium is installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod browser_support;
mod case_support;

use std::path::Path;
use std::time::Duration;

use browser_support::cases::{MANY, demo, enlarge, poison, rendered};
use browser_support::look::{CONTRAST, STICKING_OUT, cells_of, families, grouped, rows, text};
use browser_support::{Browser, Conduct};
use case_support::*;
use serde_json::{Value, json};

fn assert_quiet(conduct: &Conduct, page: &Path) {
    assert_eq!(conduct.requests, [format!("file://{}", page.display())]);
    assert!(conduct.messages.is_empty(), "{:#?}", conduct.messages);
    assert!(conduct.surprises.is_empty(), "{:#?}", conduct.surprises);
}

#[test]
fn misconduct_would_be_seen() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("bad.html");
    std::fs::write(
        &page,
        "<meta http-equiv=content-security-policy content=\"style-src 'none'\"><style>p{}</style>
         <img src=http://evil.example/a.png><script>console.error('said'); alert(1); thrown()</script>",
    )
    .unwrap();
    browser.open(&page);
    let conduct = browser.conduct();
    assert!(
        conduct
            .requests
            .iter()
            .any(|url| url == "http://evil.example/a.png"),
        "{conduct:#?}"
    );
    for seen in ["said", "thrown is not defined", "Content Security Policy"] {
        assert!(
            conduct
                .messages
                .iter()
                .any(|message| message.contains(seen)),
            "{seen}: {conduct:#?}"
        );
    }
    assert_eq!(conduct.surprises.len(), 1, "{conduct:#?}");
}

#[test]
fn a_small_case_shows_its_numbers_and_nothing_else_happens() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let case = demo(folder.path());
    let page = case.join("report.html");
    let json = case_json(&case);
    browser.open(&page);
    let first = &json["campaigns"][0];
    let row = text(&mut browser, "#campaigns tbody tr");
    for fact in [
        first["id"].as_str().unwrap().to_owned(),
        first["verdict"].as_str().unwrap().to_owned(),
        first["purpose"].as_str().unwrap().to_owned(),
        first["evidence"][0]["statement"]
            .as_str()
            .unwrap()
            .to_owned(),
        grouped(&first["requests"]),
        first["expected_false"]
            .to_string()
            .trim_end_matches(".0")
            .to_owned(),
    ] {
        assert!(row.contains(&fact), "{fact} not in {row}");
    }
    let head = text(&mut browser, "header");
    for fact in ["rows_used", "rows_rejected", "accounts"] {
        let number = grouped(&json["coverage"][fact]);
        assert!(head.contains(&number), "{fact} {number} not in {head}");
    }
    assert!(head.contains(json["caveat"].as_str().unwrap()));
    let families = families(&mut browser);
    let shown = rows(&mut browser);
    let members = first["members"].as_array().unwrap();
    assert_eq!(shown.len(), members.len());
    for (row, member) in shown.iter().zip(members) {
        assert_eq!(*row, cells_of(member, &families));
    }
    assert_quiet(&browser.conduct(), &page);
}

#[test]
fn without_script_the_same_rows_stand_there() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = demo(folder.path()).join("report.html");
    browser.open(&page);
    let with_script = rows(&mut browser);
    assert_eq!(
        browser.evaluate("document.querySelector('.tools').hidden"),
        false
    );
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        json!({ "value": true }),
    );
    browser.open(&page);
    assert_eq!(rows(&mut browser), with_script);
    assert_eq!(
        browser.evaluate("document.querySelector('.tools').hidden"),
        true
    );
    assert_quiet(&browser.conduct(), &page);
}

#[test]
fn a_large_case_is_small_and_its_table_is_searched_at_once() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let case = demo(folder.path());
    let started = std::time::Instant::now();
    let page = rendered(&case, enlarge);
    let rendering = started.elapsed();
    let bytes = std::fs::metadata(&page).unwrap().len();
    let loading = browser.open(&page);
    eprintln!(
        "{MANY} accounts: {bytes} bytes, changed and rendered in {rendering:.1?}, loaded in {loading:.1?}"
    );
    assert!(bytes < 4_000_000, "{bytes} bytes");
    assert!(rendering < Duration::from_secs(60), "{rendering:?}");

    let json = case_json(&case);
    let mut members = json["campaigns"][0]["members"].as_array().unwrap().clone();
    let families = families(&mut browser);
    assert_eq!(families, ["payment", "content"]);
    let expect = |members: &[Value]| -> Vec<Vec<String>> {
        members
            .iter()
            .take(200)
            .map(|member| cells_of(member, &families))
            .collect()
    };
    assert_eq!(rows(&mut browser), expect(&members));
    let status = "#campaign-1 [role=status]";
    assert_eq!(text(&mut browser, status), "1 to 200 of 24,000 accounts.");

    // sorted by a click: requests downwards, then upwards; equal ones keep the case's order
    browser.click("#accounts-1 th:nth-child(6) button");
    members.sort_by_key(|member| std::cmp::Reverse(member["requests"].as_u64()));
    assert_eq!(rows(&mut browser), expect(&members));
    let sort_of = |browser: &mut Browser| {
        browser.evaluate("[...document.querySelectorAll('#accounts-1 th')].map((head) => head.getAttribute('aria-sort'))")
    };
    assert_eq!(
        sort_of(&mut browser),
        json!([null, null, null, null, null, "descending", null, null, null])
    );
    browser.click("#accounts-1 th:nth-child(6) button");
    members.sort_by_key(|member| {
        (
            member["requests"].as_u64(),
            member["account_id"].to_string(),
        )
    });
    assert_eq!(rows(&mut browser), expect(&members));
    assert_eq!(sort_of(&mut browser)[5], "ascending");

    // by the keyboard: Tab to the next head, Enter
    browser.press("Tab");
    browser.press("Tab");
    assert_eq!(
        browser.evaluate("document.activeElement.textContent"),
        "First seen"
    );
    browser.press("Enter");
    members.sort_by_key(|member| member["first_us"].as_u64());
    assert_eq!(rows(&mut browser), expect(&members));

    // evidence that some accounts lack sorts them last, whichever way
    for _ in 0..2 {
        browser.click("#accounts-1 th:nth-child(5) button");
        assert!(rows(&mut browser).iter().all(|row| row[4] == "15.25"));
    }

    // filtered by text, by family, and by both
    browser.click("#campaign-1 .tools input");
    browser.write("ACCT_0012");
    assert_eq!(rows(&mut browser).len(), 10);
    assert_eq!(
        text(&mut browser, status),
        "1 to 10 of 10 accounts that match, of 24,000."
    );
    browser.evaluate("(() => { const e = document.querySelector('.tools select'); e.value = '1'; e.dispatchEvent(new Event('change')); })()");
    assert_eq!(
        rows(&mut browser).len(),
        4,
        "every third account has content evidence"
    );
    browser.write("zz");
    assert_eq!(text(&mut browser, status), "No account matches, of 24,000.");
    browser.evaluate("(() => { const e = document.querySelector('.tools input'); e.value = ''; e.dispatchEvent(new Event('input')); })()");
    assert_eq!(
        text(&mut browser, status),
        "1 to 200 of 8,000 accounts that match, of 24,000."
    );

    // paged to the end
    for _ in 0..39 {
        browser.click("#campaign-1 .pages button:last-child");
    }
    assert_eq!(
        text(&mut browser, status),
        "7,801 to 8,000 of 8,000 accounts that match, of 24,000."
    );
    assert_eq!(
        browser.evaluate("document.querySelector('.pages button:last-child').disabled"),
        true
    );

    // one turn of sorting and drawing, without anything else between
    let milliseconds = browser.evaluate(
        "(() => { const button = document.querySelector('#accounts-1 th button'); const start = performance.now(); button.click(); button.click(); return performance.now() - start; })()",
    );
    eprintln!("sorting {MANY} accounts by name, twice: {milliseconds} ms");
    assert!(milliseconds.as_f64().unwrap() < 4_000.0);

    let graph: u64 = browser
        .evaluate("document.querySelectorAll('#campaign-1 .graph rect').length")
        .as_u64()
        .unwrap();
    assert!((4..=40).contains(&graph), "{graph} boxes");
    assert_quiet(&browser.conduct(), &page);
}

#[test]
fn hostile_text_does_nothing() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let case = demo(folder.path());
    let plain = case.join("report.html");
    browser.open(&plain);
    let census = "(() => { const count = {}; for (const e of document.querySelectorAll('*')) count[e.localName] = (count[e.localName] ?? 0) + 1; return count; })()";
    let before = browser.evaluate(census);

    let page = rendered(&case, |json| {
        json["campaigns"][0]["first_us"] = json!(i64::MIN);
        json["campaigns"][0]["members"][0]["last_us"] = json!(i64::MAX);
        json["campaigns"][0]["members"][0]["requests"] = json!(u64::MAX);
        poison(json);
    });
    browser.open(&page);
    browser
        .evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })");
    browser.evaluate("document.querySelectorAll('a, button, summary').forEach((part) => { part.focus(); part.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })); part.click(); })");
    browser.click("#campaign-1 .tools input");
    browser.write("<SCRIPT>window.pwned");
    assert!(
        !rows(&mut browser).is_empty(),
        "the text is data like any other"
    );

    assert_eq!(browser.evaluate("window.pwned"), Value::Null);
    assert_eq!(
        browser.evaluate("getComputedStyle(document.body).display"),
        "block"
    );
    assert_eq!(
        browser.evaluate("document.title.startsWith('stillhunt')"),
        true
    );
    assert_eq!(
        browser.evaluate("[...document.querySelectorAll('a')].filter((link) => !link.getAttribute('href').startsWith('#')).length"),
        0
    );
    assert_eq!(
        browser.evaluate("[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((name) => name.startsWith('on') || name === 'style' || name === 'src').length"),
        0
    );
    let hidden = "/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]/";
    assert_eq!(
        browser.evaluate(&format!("{hidden}.test(document.body.innerText)")),
        false
    );
    // the same elements as before, none more, but for those whose number hangs on the text
    let after = browser.evaluate(census);
    for (name, number) in after.as_object().unwrap() {
        let hangs_on_text = [
            "mark", "br", "wbr", "time", "span", "p", "b", "code", "td", "tr", "text", "g",
            "title", "rect", "path",
        ];
        if !hangs_on_text.contains(&name.as_str()) {
            assert_eq!(*number, before[name], "<{name}>");
        }
    }
    assert_quiet(&browser.conduct(), &page);
}

#[test]
fn the_page_can_be_read_by_everyone() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = demo(folder.path()).join("report.html");
    browser.open(&page);
    for scheme in ["light", "dark"] {
        browser.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
        // WCAG 2.2, 1.4.3: text has a contrast of at least 4.5 to 1
        let faint = browser.evaluate(CONTRAST);
        assert_eq!(faint, json!([]), "{scheme}");
    }
    // landmarks, one main heading, no level left out, every table and chart named
    let unnamed = browser.evaluate(
        "[...document.querySelectorAll('table')].filter((table) => !table.caption).length
         + [...document.querySelectorAll('svg')].filter((svg) => !svg.getAttribute('aria-label') && svg.getAttribute('aria-hidden') !== 'true').length
         + [...document.querySelectorAll('input, select')].filter((field) => field.labels.length === 0).length
         + [...document.querySelectorAll('th')].filter((head) => !head.scope).length",
    );
    assert_eq!(unnamed, 0);
    let landmarks = browser.evaluate(
        "['header', 'nav', 'main', 'footer'].map((name) => document.querySelectorAll(name).length)",
    );
    assert_eq!(landmarks, json!([1, 1, 1, 1]));
    let levels: Vec<u64> = serde_json::from_value(browser.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map((heading) => Number(heading.localName[1]))",
    ))
    .unwrap();
    assert_eq!(levels[0], 1);
    assert!(
        levels
            .windows(2)
            .all(|pair| pair[1] <= pair[0] + 1 && pair[1] > 1),
        "{levels:?}"
    );
    // ids are unique and every link inside the page leads somewhere
    let lost = browser.evaluate(
        "[...document.querySelectorAll('a')].map((link) => link.getAttribute('href').slice(1)).filter((id) => document.querySelectorAll(`[id='${id}']`).length !== 1)",
    );
    assert_eq!(lost, json!([]));
    // a telephone's width: long tables scroll in themselves, the page does not; nor does it where
    // the fonts are wider than those of this machine (WCAG 2.2, 1.4.12: the reader's text spacing)
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true }),
    );
    for spacing in ["0", "0.12em"] {
        browser.evaluate(&format!(
            "for (const element of document.querySelectorAll('*')) {{ element.style.letterSpacing = '{spacing}'; }} 0"
        ));
        assert_eq!(browser.evaluate(STICKING_OUT), json!([]), "{spacing}");
        assert_eq!(
            browser.evaluate("document.documentElement.scrollWidth"),
            390,
            "{spacing}"
        );
    }
    assert_quiet(&browser.conduct(), &page);
}
