//! One hostile case through all writers.

use std::fs::{self, File};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{names, options};
use crate::report::{sample, verify, write_case};

fn written() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let out = write_case(&sample::hostile(), options(&folder.path().join("case"))).unwrap();
    (folder, out)
}

fn is_hidden(character: char) -> bool {
    (character.is_control() && character != '\n' && character != '\t')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

#[test]
fn the_page_holds_no_markup_from_data() {
    let (_folder, out) = written();
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    let lower = html.to_lowercase();
    for never in [
        "<script>alert",
        "javascript:alert(3))</",
        "<svg onload",
        "<iframe",
        "<img",
        " src=",
        "href=\"http",
        "href=\"javascript",
    ] {
        assert!(!lower.contains(never), "{never}");
    }
    assert_eq!(lower.matches("</style").count(), 1);
    let data = lower.matches("<script type=\"application/json\">").count();
    assert_eq!(data, 3, "one block of data for each campaign");
    assert_eq!(lower.matches("<script").count(), data + 1);
    assert_eq!(lower.matches("</script").count(), data + 1);
    assert!(!lower.contains("<!--"));
    assert!(
        html.contains("&lt;script&gt;"),
        "the hostile text is shown, not dropped"
    );
    assert!(
        html.contains("{{ 7*7 }}") && html.contains("\\u{202e}"),
        "template syntax and bidi are shown"
    );
    assert!(!html.chars().any(is_hidden));
    // every tag is one that the templates write
    for tag in html.split('<').skip(1) {
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let known = [
            "",
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "a",
            "header",
            "div",
            "span",
            "b",
            "i",
            "nav",
            "h1",
            "h2",
            "h3",
            "h4",
            "p",
            "dl",
            "dt",
            "dd",
            "small",
            "main",
            "section",
            "table",
            "caption",
            "thead",
            "tbody",
            "tfoot",
            "tr",
            "th",
            "td",
            "br",
            "wbr",
            "time",
            "code",
            "pre",
            "ul",
            "li",
            "figure",
            "figcaption",
            "svg",
            "path",
            "rect",
            "text",
            "details",
            "summary",
            "footer",
            "script",
            "mark",
            "ol",
            "g",
            "label",
            "input",
            "select",
            "option",
            "button",
        ];
        assert!(known.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_policy_allows_exactly_the_page_s_own_style_and_script() {
    use sha2::{Digest, Sha256};
    let (_folder, out) = written();
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    let policy = html
        .split("Content-Security-Policy\" content=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let policy = policy.replace("&#x27;", "'").replace("&#x2f;", "/");
    // the base64 text must name the very bytes a browser hashes
    let hash = |text: &str| crate::report::page::base64(&Sha256::digest(text.as_bytes()));
    let style = between(&html, "<style>", "</style>");
    assert_eq!(style, include_str!("../assets/report.css"));
    let script = between(&html, "<script>", "</script>");
    assert_eq!(script, include_str!("../assets/report.js"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            hash(script),
            hash(style)
        )
    );
    assert!(
        !html.contains(" style=\""),
        "inline style attributes would be blocked"
    );
}

/// The text between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split(from).nth(1).unwrap().split(to).next().unwrap()
}

#[test]
fn the_text_holds_no_live_markdown_from_data() {
    let (_folder, out) = written();
    let text = fs::read_to_string(out.join("report.md")).unwrap();
    assert!(!text.chars().any(is_hidden));
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let ticks = line
            .chars()
            .take_while(|character| *character == '`')
            .count();
        match fence {
            Some(length) if ticks >= length && line.len() == ticks => fence = None,
            Some(_) => continue,
            None if ticks >= 3 => fence = Some(ticks),
            None => {
                for live in ["<script", "](javascript", "](http", "https://evil", "![i]"] {
                    // an escaped bracket is not markup
                    let line = line.replace("\\<", "").replace("\\]", "");
                    assert!(!line.contains(live), "{live} in {line}");
                }
                assert!(!line.starts_with("# head"));
            }
        }
    }
    assert_eq!(fence, None, "every fence is closed");
    // the first table has as many cells in every row
    let rows: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("| Campaign "))
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 10, "{row}");
    }
}

#[test]
fn no_cell_can_run_in_a_spreadsheet() {
    let (_folder, out) = written();
    let mut texts = 0;
    for name in names(&out)
        .into_iter()
        .filter(|name| name.ends_with(".csv"))
    {
        let mut reader = csv::Reader::from_path(out.join(&name)).unwrap();
        let width = reader.headers().unwrap().len();
        for record in reader.records() {
            let record = record.unwrap();
            assert_eq!(record.len(), width);
            for cell in &record {
                let is_number = cell.parse::<f64>().is_ok();
                assert!(
                    is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{name}: {cell}"
                );
                texts += usize::from(cell.starts_with("'=cmd"));
            }
        }
    }
    assert!(texts > 60, "the hostile text is shown, not dropped");
}

#[test]
fn json_and_parquet_keep_every_character_and_the_folder_verifies() {
    let (_folder, out) = written();
    let json: serde_json::Value =
        serde_json::from_reader(File::open(out.join("case.json")).unwrap()).unwrap();
    assert_eq!(
        json["campaigns"][0]["purpose"]
            .as_str()
            .unwrap()
            .strip_prefix(sample::HOSTILE),
        Some("Rubric grading and step-by-step reasoning on mathematics problems")
    );
    for name in ["requests.parquet", "findings.parquet"] {
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(File::open(out.join(name)).unwrap()).unwrap();
        let rows: usize = builder
            .build()
            .unwrap()
            .map(|batch| batch.unwrap().num_rows())
            .sum();
        assert!(rows > 0);
    }
    assert!(verify(&out, None).unwrap().passed());
}
