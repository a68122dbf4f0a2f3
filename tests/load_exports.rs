//! Exports of known services are read without a map: one record of each, made up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::err_expect)]

mod load_support;

use load_support::*;
use serde_json::{Value, json};
use stillhunt::model::column::RequestColumn;

const PROMPT: &str = "Grade this answer";
const SYSTEM: &str = "You grade";
/// 2026-02-03 04:12:07 UTC, microseconds.
const AT: &str = "1770091927000000";

fn body() -> Value {
    json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": PROMPT},
        ],
    })
}

/// A record as the service writes it, and the account and address in it.
fn records() -> Vec<(&'static str, Value, &'static str, Option<&'static str>)> {
    let body_text = body().to_string();
    vec![
        (
            "spend logs",
            json!({"request_id": "r", "startTime": "2026-02-03 04:12:07.000", "team_id": null, "user": "u1", "model": "openai/m", "model_group": "m",
                "requester_ip_address": "198.51.100.7", "messages": {}, "spend": 0.1, "request_tags": [], "proxy_server_request": body(), "request_duration_ms": 12}),
            "u1",
            Some("198.51.100.7"),
        ),
        (
            "payload of a proxy",
            json!({"id": "r", "startTime": 1_770_091_927.0, "model": "m", "model_group": "m", "model_parameters": {"temperature": 0.5}, "model_map_information": {},
                "metadata": {"user_api_key_user_id": "u2"}, "messages": body()["messages"], "requester_ip_address": "198.51.100.7"}),
            "u2",
            Some("198.51.100.7"),
        ),
        (
            "observability",
            json!({"request_id": "r", "request_created_at": "2026-02-03T04:12:07Z", "request_user_id": "u3", "request_body": body(), "response_status": 200, "request_model": "m"}),
            "u3",
            None,
        ),
        (
            "metadata",
            json!({"id": "r", "created_at": "2026-02-03T04:12:07Z", "ai_model": "m", "req_units": 5, "res_units": 6, "metadata": {"_user": "u4"}, "request": {"body": body()}}),
            "u4",
            None,
        ),
        (
            "gateway behind a balancer",
            json!({"started_at": 1_770_091_927_000_i64, "client_ip": "10.0.0.8", "latencies": {"request": 3}, "consumer": {"id": "c", "username": "u5", "custom_id": null},
                "request": {"id": "r", "headers": {"x-forwarded-for": "198.51.100.7, 10.0.0.9", "user-agent": "curl/8"}}, "response": {"status": 200},
                "ai": {"proxy": {"meta": {"request_model": "m"}, "payload": {"request": body_text}, "usage": {"prompt_tokens": 1}}}}),
            "u5",
            Some("198.51.100.7, 10.0.0.9"),
        ),
        (
            "attributes",
            json!({"startTimeUnixNano": "1770091927000000000", "user.id": "u6", "enduser.id": null, "gen_ai.request.model": "m", "client.address": "198.51.100.7",
                "gen_ai.input.messages": "[{\"role\":\"system\",\"parts\":[{\"type\":\"text\",\"content\":\"You grade\"}]},{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Grade this answer\"}]}]"}),
            "u6",
            Some("198.51.100.7"),
        ),
        (
            "invocations",
            json!({"schemaType": "ModelInvocationLog", "timestamp": "2026-02-03T04:12:07Z", "accountId": "111122223333", "identity": {"arn": "arn:u7"}, "requestId": "r", "modelId": "m",
                "input": {"inputBodyJson": {"system": SYSTEM, "messages": [{"role": "user", "content": PROMPT}]}, "inputTokenCount": 5}}),
            "arn:u7",
            None,
        ),
        (
            "observations",
            json!({"id": "r", "start_time": "2026-02-03 04:12:07.000", "user_id": "u8", "provided_model_name": "m", "input": body(), "metadata": {"ip": "198.51.100.7"}}),
            "u8",
            Some("198.51.100.7"),
        ),
        (
            "table of a gateway",
            json!({"TimeGenerated": "2026-02-03T04:12:07Z", "CorrelationId": "r", "CallerIpAddress": "198.51.100.7", "UserId": "", "ApimSubscriptionId": "u9", "ModelName": "m", "RequestBody": body_text}),
            "u9",
            Some("198.51.100.7"),
        ),
        (
            "resource log",
            json!({"time": "2026-02-03T04:12:07Z", "category": "GatewayLogs", "correlationId": "r", "callerIpAddress": "198.51.100.7",
                "properties": {"userId": "u10", "requestBody": body_text, "modelName": "m"}}),
            "u10",
            Some("198.51.100.7"),
        ),
    ]
}

#[test]
fn exports_are_recognised_by_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    for (name, record, account, address) in records() {
        let path = write(folder.path(), "x.ndjson", format!("{record}\n"));
        let (rows, report) = load_with(&options(&[&path]), &config())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.len(), 1, "{name}");
        assert_eq!(rows[0].2[0].as_deref(), Some(AT), "{name}");
        let one = |wanted| column(&rows, wanted)[0].map(str::to_owned);
        assert_eq!(one(RequestColumn::AccountId).as_deref(), Some(account));
        assert_eq!(
            one(RequestColumn::Prompt).as_deref(),
            Some(PROMPT),
            "{name}"
        );
        assert_eq!(
            one(RequestColumn::SystemPrompt).as_deref(),
            Some(SYSTEM),
            "{name}"
        );
        assert_eq!(one(RequestColumn::Model).as_deref(), Some("m"), "{name}");
        assert_eq!(one(RequestColumn::Ip).as_deref(), address, "{name}");
        assert_eq!(
            report.notes.iter().any(|note| note.contains("may forge")),
            name == "gateway behind a balancer"
        );
        assert!(
            report.notes.iter().any(|note| note.contains("read as")),
            "{name}: {:?}",
            report.notes
        );
    }
}

#[test]
fn a_header_that_the_client_writes_goes_after_the_peer() {
    let folder = tempfile::tempdir().unwrap();
    let (_, record, _, _) = records().swap_remove(4);
    let line = record.to_string().replace("10.0.0.8", "203.0.113.9");
    let path = write(folder.path(), "x.ndjson", format!("{line}\n"));
    let (rows, _) = load_with(&options(&[&path]), &config()).unwrap();
    assert_eq!(column(&rows, RequestColumn::Ip), [Some("203.0.113.9")]);
}

#[test]
fn activity_without_prompts_is_read_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let text = "generation_id,created_at,model_permaslug,api_key_name,tokens_prompt,tokens_completion,user\ng,2026-02-03T04:12:07Z,m,key,5,6,\n";
    let path = write(folder.path(), "activity.csv", text);
    let (rows, _) = load_with(&options(&[&path]), &config()).unwrap();
    assert_eq!(column(&rows, RequestColumn::AccountId), [Some("key")]);
    assert_eq!(column(&rows, RequestColumn::Prompt), [None]);
}

#[test]
fn a_map_goes_before_what_a_service_is_known_for() {
    let folder = tempfile::tempdir().unwrap();
    let (_, record, _, _) = records().swap_remove(4);
    let path = write(folder.path(), "x.ndjson", format!("{record}\n"));
    let mut input = options(&[&path]);
    input.map = Some(write(
        folder.path(),
        "map.toml",
        "[requests]\naccount_id = 'consumer.id'\n",
    ));
    let (rows, _) = load_with(&input, &config()).unwrap();
    assert_eq!(column(&rows, RequestColumn::AccountId), [Some("c")]);
    assert_eq!(column(&rows, RequestColumn::Prompt), [Some(PROMPT)]);
}
