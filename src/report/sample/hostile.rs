//! The made-up case as an adversary would have it.

use super::three_campaigns;
use crate::model::case::CaseTables;

/// A text that attacks every format at once.
pub(crate) const HOSTILE: &str = "=cmd|' /C calc'!A0 <script>alert(1)</script></style><svg onload=alert(2)> \
    [x](javascript:alert(3)) ![i](http://evil.example/a.png) https://evil.example `tick` ```fence\n```\n# head | cell \
    {{ 7*7 }}{% raw %} \u{1b}[31mred\u{9b}2J \u{202e}gpj.exe\u{2066} \u{200b}nul:\0 'quote' \"double\" &amp; \r\nlast\u{feff}";

/// Every text that can come from a log is [`HOSTILE`]; ids keep their relations.
pub(crate) fn hostile() -> CaseTables {
    let mut tables = three_campaigns();
    let mut json = serde_json::to_value(&tables.case).unwrap();
    poison(&mut json);
    tables.case = serde_json::from_value(json).unwrap();
    for reject in &mut tables.rejects {
        reject.column = HOSTILE.into();
        reject.reason = HOSTILE.into();
    }
    for request in &mut tables.requests {
        request.request_id = format!("{HOSTILE}{}", request.request_id).into();
        for text in [
            &mut request.account_id,
            &mut request.campaign_id,
            &mut request.template_id,
            &mut request.pattern_family,
        ] {
            *text = format!("{HOSTILE}{text}").into();
        }
    }
    tables
}

/// Prefixes every text that is not the name of a variant.
fn poison(json: &mut serde_json::Value) {
    const VARIANTS: [&str; 9] = [
        "verdict",
        "verdict_before",
        "family",
        "scope",
        "type",
        "state",
        "kind",
        "role",
        "caveat",
    ];
    match json {
        serde_json::Value::String(text) => *text = format!("{HOSTILE}{text}"),
        serde_json::Value::Array(items) => items.iter_mut().for_each(poison),
        serde_json::Value::Object(entries) => entries
            .iter_mut()
            .filter(|(name, _)| !VARIANTS.contains(&name.as_str()))
            .for_each(|(_, entry)| poison(entry)),
        _ => {}
    }
}
