//! `report.html` and `report.md`: templates over one view, escaped by default.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use sha2::{Digest, Sha256};

use crate::model::case::Case;
use crate::report::tables::Sink;
use crate::report::view::report_view;
use crate::report::{escape, format};

/// File name of the page.
pub(crate) const HTML: &str = "report.html";
/// File name of the plain text.
pub(crate) const MARKDOWN: &str = "report.md";
/// Name of the second escape mode.
const MARKDOWN_MODE: &str = "markdown";
/// Stands for "there is none".
const NOTHING: &str = "\u{2013}";

static STYLE: &str = include_str!("assets/report.css");
static SCRIPT: &str = include_str!("assets/report.js");

/// Renders the page.
pub(crate) fn write_html(case: &Case, sink: Sink<'_>) -> Result<()> {
    write(HTML, case, sink)
}

/// Renders the plain text.
pub(crate) fn write_markdown(case: &Case, sink: Sink<'_>) -> Result<()> {
    write(MARKDOWN, case, sink)
}

fn write(name: &str, case: &Case, sink: Sink<'_>) -> Result<()> {
    let environment = environment().with_context(|| format!("the template of {name} is broken"))?;
    let view = value_of(&serde_json::to_value(report_view(case))?);
    let text = environment
        .get_template(name)
        .and_then(|template| template.render(view))
        .map_err(|error| anyhow::anyhow!("the template of {name} failed: {error}"))?;
    sink.write_all(text.as_bytes())?;
    Ok(())
}

/// The page may show itself, its own style and its own script, each named by its hash, and
/// nothing else: no other script, no image, no frame, no form, no request.
fn content_security_policy() -> String {
    let hash = |text: &str| base64(&Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

fn environment() -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "md")) => AutoEscape::Custom(MARKDOWN_MODE.into()),
        _ => AutoEscape::Html,
    });
    environment.set_formatter(escaped);
    environment.add_filter("time", time);
    environment.add_filter("day", |value: i64| format::day(value));
    environment.add_filter("second", |value: i64| format::second(value));
    environment.add_filter("count", |value: u64| format::count(value));
    environment.add_filter("plural", |value: u64, noun: String| {
        format::plural(value, &noun)
    });
    environment.add_filter("bits", |value: Option<f64>| {
        value.map_or_else(|| NOTHING.to_owned(), format::bits)
    });
    environment.add_filter("number", |value: f64| value.to_string());
    environment.add_filter("code", |text: String| {
        Value::from_safe_string(escape::markdown_code(&text))
    });
    environment.add_filter("fence", |text: String| {
        Value::from_safe_string(escape::markdown_fence(&text))
    });
    environment.add_global("csp", content_security_policy());
    // made for the inside of a script element by `escape::script_data`
    environment.add_filter("data", |json: String| Value::from_safe_string(json));
    environment.add_global("css", Value::from_safe_string(STYLE.to_owned()));
    environment.add_global("js", Value::from_safe_string(SCRIPT.to_owned()));
    environment.add_template("charts.html", include_str!("assets/charts.html"))?;
    environment.add_template("campaign.html", include_str!("assets/campaign.html"))?;
    environment.add_template("graph.html", include_str!("assets/graph.html"))?;
    environment.add_template("accounts.html", include_str!("assets/accounts.html"))?;
    environment.add_template("coverage.html", include_str!("assets/coverage.html"))?;
    environment.add_template("method.html", include_str!("assets/method.html"))?;
    environment.add_template(HTML, include_str!("assets/report.html"))?;
    environment.add_template(MARKDOWN, include_str!("assets/report.md"))?;
    Ok(environment)
}

/// Every value a template prints passes here: hidden characters are written out, then
/// the text is escaped for the format.
fn escaped(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Ok(out.write_str(NOTHING)?);
    }
    let markdown =
        matches!(state.auto_escape(), AutoEscape::Custom(mode) if *mode == MARKDOWN_MODE);
    match value.as_str() {
        Some(text) if value.is_safe() => Ok(out.write_str(text)?),
        Some(text) if markdown => Ok(out.write_str(&escape::markdown(text))?),
        Some(text) => minijinja::escape_formatter(out, state, &Value::from(escape::visible(text))),
        None if value.is_number() => Ok(out.write_str(&value.to_string())?),
        None => Err(Error::new(
            ErrorKind::BadEscape,
            "only texts and numbers can be printed",
        )),
    }
}

/// A time; on the page it may break after the `T`.
fn time(state: &State, value: Option<i64>) -> Value {
    let Some(timestamp_us) = value else {
        return Value::from(NOTHING);
    };
    let text = format::time(timestamp_us);
    match (state.auto_escape(), text.split_once('T')) {
        // only digits and punctuation of ISO 8601 stand in the text
        (AutoEscape::Html, Some((day, clock))) => {
            Value::from_safe_string(format!("<time>{day}T<wbr>{clock}</time>"))
        }
        _ => Value::from_safe_string(text),
    }
}

/// JSON as a template value (the engine is built without its serde support).
fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(flag) => Value::from(*flag),
        serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(unsigned), _) => Value::from(unsigned),
            (None, Some(signed)) => Value::from(signed),
            (None, None) => Value::from(number.as_f64().unwrap_or(0.0)),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(value_of).collect(),
        serde_json::Value::Object(entries) => Value::from(
            entries
                .iter()
                .map(|(name, entry)| (name.clone(), value_of(entry)))
                .collect::<BTreeMap<String, Value>>(),
        ),
    }
}

/// Standard base64 with padding (RFC 4648), for the style hash of the policy.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let block = (0..3).fold(0_u32, |block, index| {
            block << 8 | u32::from(chunk.get(index).copied().unwrap_or(0))
        });
        for position in 0..4 {
            let index = (block >> (18 - 6 * position)) & 63;
            let letter = ALPHABET
                .get(index as usize)
                .copied()
                .map_or('=', char::from);
            text.push(if position > chunk.len() { '=' } else { letter });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_follows_rfc_4648() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn templates_escape_by_default_in_both_formats() {
        let mut environment = environment().unwrap();
        environment.add_template("x.html", "{{ a }}").unwrap();
        environment.add_template("x.md", "{{ a }}").unwrap();
        let view = || Value::from(BTreeMap::from([("a", "<b>[x](y)\u{202e}")]));
        let html = environment
            .get_template("x.html")
            .unwrap()
            .render(view())
            .unwrap();
        assert_eq!(html, "&lt;b&gt;[x](y)\\u{202e}");
        let markdown = environment
            .get_template("x.md")
            .unwrap()
            .render(view())
            .unwrap();
        assert_eq!(markdown, "\\<b\\>\\[x\\](y)\\\\u{202e}");
    }

    #[test]
    fn an_unknown_name_in_a_template_is_an_error() {
        let mut environment = environment().unwrap();
        environment.add_template("x.html", "{{ missing }}").unwrap();
        assert!(
            environment
                .get_template("x.html")
                .unwrap()
                .render(())
                .is_err()
        );
    }
}
