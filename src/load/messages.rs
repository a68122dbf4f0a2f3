//! Chats: exports that hold a request's messages as one JSON value instead of a prompt and a
//! system prompt. The prompt is the last message of the user, the system prompt those of the
//! system; the rest of a conversation was sent before and is not counted again.

use serde_json::Value;

/// Which part of a chat a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The last message of the user.
    LastUser,
    /// All messages of the system.
    System,
}

/// Whether a text may be a chat; cheap, and false for nearly every prompt.
fn may_be_chat(text: &str) -> bool {
    let text = text.trim_start();
    let is_list = text
        .strip_prefix('[')
        .is_some_and(|rest| rest.trim_start().starts_with('{'));
    (is_list && text.contains("role\""))
        || (text.starts_with('{')
            && ["messages\"", "contents\"", "input\""]
                .iter()
                .any(|key| text.contains(key)))
}

/// Whether a column holds whole chats: more than half of its first texts are such, decided once
/// for each file and never for each row.
pub(crate) fn are_chats(texts: &[String]) -> bool {
    let chats = texts
        .iter()
        .filter(|text| part_of(text, Part::LastUser).is_some())
        .count();
    chats * 2 > texts.len()
}

/// The part of a chat; `None` where the text is none, so that it stands for itself. Lists of
/// messages as OpenAI, Anthropic and OpenTelemetry have them, `contents` with `parts` as Gemini has
/// them, and whole request bodies with one of these inside.
pub(crate) fn part_of(text: &str, part: Part) -> Option<Option<String>> {
    if !may_be_chat(text) {
        return None;
    }
    // serde_json refuses nesting deeper than 128 levels, so this cannot overflow.
    let value: Value = serde_json::from_str(text.trim())
        .or_else(|_| serde_json::from_str(&without_bare_numbers(text.trim())))
        // Some exports write a quote inside a CSV cell twice, and the cell as CSV once more.
        .or_else(|_| serde_json::from_str(&text.trim().replace("\"\"", "\"")))
        .ok()?;
    let messages = match &value {
        Value::Array(messages) => messages,
        Value::Object(body) => body
            .get("messages")
            .or_else(|| body.get("contents"))
            .or_else(|| body.get("input"))?
            .as_array()?,
        _ => return None,
    };
    if !messages.iter().any(|message| role(message).is_some()) {
        return None;
    }
    Some(match part {
        Part::LastUser => said_by(messages, &["user", "human"]).pop(),
        Part::System => {
            let beside = [
                "system",
                "systemInstruction",
                "system_instruction",
                "instructions",
            ]
            .iter()
            .find_map(|name| spoken(value.get(*name)?));
            let all: Vec<String> = beside
                .into_iter()
                .chain(said_by(messages, &["system", "developer"]))
                .collect();
            (!all.is_empty()).then(|| all.join("\n"))
        }
    })
}

/// The text with `NaN` and `Infinity` outside strings as `null`: Python writes them, JSON has none.
fn without_bare_numbers(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let (mut in_string, mut escaped) = (false, false);
    while let Some(character) = rest.chars().next() {
        let bare = ["NaN", "-Infinity", "Infinity"]
            .iter()
            .find(|name| !in_string && rest.starts_with(**name));
        if let Some(name) = bare {
            clean.push_str("null");
            rest = rest.get(name.len()..).unwrap_or_default();
            continue;
        }
        if !escaped && character == '"' {
            in_string = !in_string;
        }
        escaped = in_string && !escaped && character == '\\';
        clean.push(character);
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    clean
}

fn role(message: &Value) -> Option<String> {
    message.get("role")?.as_str().map(str::to_lowercase)
}

/// What the messages of these roles say, in their order.
fn said_by(messages: &[Value], roles: &[&str]) -> Vec<String> {
    messages
        .iter()
        .filter(|message| role(message).is_some_and(|role| roles.contains(&role.as_str())))
        .filter_map(content)
        .collect()
}

/// What a message says.
fn content(message: &Value) -> Option<String> {
    spoken(message.get("content").or_else(|| message.get("parts"))?)
}

/// A text, or the texts of a list of parts, joined by line feeds; none where nothing is said.
fn spoken(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Value::String(text) => Some(text.as_str()),
                _ => part.get("text").or_else(|| part.get("content"))?.as_str(),
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Object(_) => return spoken(value.get("parts").or_else(|| value.get("text"))?),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> (Option<Option<String>>, Option<Option<String>>) {
        (part_of(text, Part::LastUser), part_of(text, Part::System))
    }

    fn said(user: &str, system: Option<&str>) -> (Option<Option<String>>, Option<Option<String>>) {
        (Some(Some(user.to_owned())), Some(system.map(str::to_owned)))
    }

    #[test]
    fn the_forms_of_the_large_providers() {
        let openai = r#"[{"role":"developer","content":"be kind"},{"role":"user","content":"one"},{"role":"assistant","content":"two"},{"role":"user","content":[{"type":"text","text":"three"},{"type":"image_url"},{"type":"text","text":"four"}]}]"#;
        assert_eq!(both(openai), said("three\nfour", Some("be kind")));
        let anthropic = r#" {"system":[{"type":"text","text":"be kind"}],"messages":[{"role":"user","content":"one"}],"max_tokens":5}"#;
        assert_eq!(both(anthropic), said("one", Some("be kind")));
        let gemini = r#"{"contents":[{"role":"user","parts":[{"text":"one"}]}],"systemInstruction":{"parts":[{"text":"be kind"}]}}"#;
        assert_eq!(both(gemini), said("one", Some("be kind")));
        let responses = r#"{"instructions":"be kind","input":[{"role":"user","content":[{"type":"input_text","text":"one"}]}]}"#;
        assert_eq!(both(responses), said("one", Some("be kind")));
        let telemetry = r#"[{"role":"system","parts":[{"type":"text","content":"be kind"}]},{"role":"user","parts":[{"type":"text","content":"one"},{"type":"blob"}]}]"#;
        assert_eq!(both(telemetry), said("one", Some("be kind")));
        let twice = r#"{""messages"":[{""role"":""user"",""content"":""one""}]}"#;
        assert_eq!(both(twice), said("one", None));
        let alone = r#"[{"content":"one","role":"User"}]"#;
        assert_eq!(both(alone), said("one", None));
    }

    #[test]
    fn numbers_that_only_python_writes_hide_no_chat() {
        let chat = r#"{"temperature":NaN,"limit":-Infinity,"messages":[{"role":"user","content":"is \"NaN\" a number, or Infinity?"}]}"#;
        assert_eq!(both(chat), said("is \"NaN\" a number, or Infinity?", None));
        assert_eq!(without_bare_numbers(r#""a\\",NaN"#), r#""a\\",null"#);
    }

    #[test]
    fn a_chat_without_a_user_has_no_prompt() {
        let text = r#"[{"role":"system","content":"s"},{"role":"user","content":null}]"#;
        assert_eq!(both(text), (Some(None), Some(Some("s".into()))));
    }

    #[test]
    fn what_is_no_chat_stands_for_itself() {
        let deep = "[{\"role\":".repeat(10_000);
        for text in [
            "write me a \"role\"",
            r#"[{"name":"x","role_id":1}]"#,
            r#"[{"role":5}]"#,
            r#"{"messages":"none"}"#,
            r#"[{"role":"user","content":"cut"#,
            "[]",
            "",
            deep.as_str(),
        ] {
            assert_eq!(both(text), (None, None), "{text}");
        }
    }
}
