//! `stillhunt schema --case` describes what `scan` writes: a real case is held against it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

fn stillhunt(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_stillhunt"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn printed_schema() -> Value {
    serde_json::from_str(&stillhunt(&["schema", "--case"])).unwrap()
}

#[test]
fn the_schema_in_the_repository_is_the_one_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/case.schema.json");
    let published = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        published,
        stillhunt(&["schema", "--case"]),
        "write it again: stillhunt schema --case > examples/case.schema.json"
    );
}

fn demo_case(out: &Path) -> Value {
    let demo = "testdata/demo/requests.parquet";
    let out = out.to_str().unwrap();
    stillhunt(&[
        "scan",
        demo,
        "--accounts",
        "testdata/demo/accounts.csv",
        "--events",
        "testdata/demo/events.csv",
        "--quiet",
        "--out",
        out,
    ]);
    let text = std::fs::read_to_string(Path::new(out).join("case.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The keywords of JSON Schema 2020-12 that the published schema uses; one that is not known
/// here stops the test. Stricter than the draft: a property that no schema names is an error.
/// `.ci/run` asks the Python reference implementation as well, where it can be installed.
struct Checker<'s> {
    root: &'s Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
        let schema = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(schema) => schema,
            other => panic!("{path}: {other} is no schema"),
        };
        let fail = |why: &str| Err(format!("{path}: {why}: {value}"));
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "format" | "default" => {}
                "$ref" => {
                    let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.check(self.root.pointer(pointer).unwrap(), value, path)?;
                }
                "type" if !is_of_types(rule, value) => return fail("wrong type"),
                "const" if rule != value => return fail("not the constant"),
                "enum" if !rule.as_array().unwrap().contains(value) => {
                    return fail("not in the list");
                }
                // rules on numbers say nothing about what is none
                "minimum" if value.is_number() && value.as_f64() < rule.as_f64() => {
                    return fail("too small");
                }
                "maximum" if value.is_number() && value.as_f64() > rule.as_f64() => {
                    return fail("too large");
                }
                "type" | "const" | "enum" | "minimum" | "maximum" => {}
                "oneOf" | "anyOf" => {
                    let fitting = rule.as_array().unwrap().iter();
                    let fitting = fitting.filter(|one| self.check(one, value, path).is_ok());
                    match fitting.count() {
                        0 => return fail("fits no variant"),
                        1 => {}
                        _ if keyword == "anyOf" => {}
                        _ => return fail("fits several variants"),
                    }
                }
                "items" => {
                    for (position, item) in value.as_array().into_iter().flatten().enumerate() {
                        let skipped = schema.get("prefixItems").map_or(0, length);
                        if position >= skipped {
                            self.check(rule, item, &format!("{path}/{position}"))?;
                        }
                    }
                }
                "prefixItems" => {
                    let items = value.as_array().into_iter().flatten();
                    for (one, item) in rule.as_array().unwrap().iter().zip(items) {
                        self.check(one, item, path)?;
                    }
                }
                "minItems" if (length(value) as u64) < rule.as_u64().unwrap() => {
                    return fail("too few items");
                }
                "maxItems" if (length(value) as u64) > rule.as_u64().unwrap() => {
                    return fail("too many items");
                }
                "minItems" | "maxItems" => {}
                "required" => {
                    for name in rule.as_array().unwrap() {
                        if value.get(name.as_str().unwrap()).is_none() {
                            return fail(&format!("{name} is missing"));
                        }
                    }
                }
                "properties" | "additionalProperties" | "patternProperties" => {}
                other => panic!("{path}: the checker does not know {other}"),
            }
        }
        match value {
            Value::Object(object) => self.check_properties(schema, object, path),
            _ => Ok(()),
        }
    }

    fn check_properties(
        &self,
        schema: &Map<String, Value>,
        object: &Map<String, Value>,
        path: &str,
    ) -> Result<(), String> {
        let part = |name: &str| schema.get(name).and_then(Value::as_object);
        let (named, patterns) = (part("properties"), part("patternProperties"));
        if named.is_none() && patterns.is_none() && !schema.contains_key("additionalProperties") {
            return Ok(());
        }
        for (name, value) in object {
            let rule = named
                .and_then(|named| named.get(name))
                .or_else(|| {
                    let mut patterns = patterns.into_iter().flatten();
                    let fits = |pattern: &str| regex::Regex::new(pattern).unwrap().is_match(name);
                    patterns.find_map(|(pattern, rule)| fits(pattern).then_some(rule))
                })
                .or_else(|| schema.get("additionalProperties"))
                .filter(|rule| **rule != Value::Bool(false));
            match rule {
                Some(rule) => self.check(rule, value, &format!("{path}/{name}"))?,
                None => return Err(format!("{path}: {name} is not in the schema")),
            }
        }
        Ok(())
    }
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

fn is_of_types(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("unknown type {other}"),
    };
    match rule {
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    }
}

#[test]
fn a_real_case_fits_the_printed_schema() {
    let folder = tempfile::tempdir().unwrap();
    let case = demo_case(&folder.path().join("case"));
    assert!(!case["campaigns"].as_array().unwrap().is_empty());
    let schema = printed_schema();
    let checker = Checker { root: &schema };
    checker.check(&schema, &case, "").unwrap();

    // a schema that lets everything through would pass as well
    let mut broken = 0;
    for (pointer, value) in [
        ("/schema_version", Value::from(99)),
        ("/campaigns/0/verdict", "certain".into()),
        ("/campaigns/0/members/0/requests", Value::from(-1)),
        ("/findings/0/subject/type", "person".into()),
        ("/findings/0/bits", "many".into()),
        ("/detectors/0/status/state", "clean".into()),
        ("/campaigns/0/daily_requests/0", Value::from(vec![1])),
        ("/coverage", Value::Null),
    ] {
        let mut wrong = case.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert!(checker.check(&schema, &wrong, "").is_err(), "{pointer}");
        broken += 1;
    }
    assert_eq!(broken, 8);
    let mut wrong = case.clone();
    wrong["surprise"] = Value::Null;
    assert!(checker.check(&schema, &wrong, "").is_err());
}

#[test]
fn every_field_is_described() {
    let schema = printed_schema();
    let mut undescribed = BTreeSet::new();
    let defs = schema["$defs"].as_object().unwrap();
    for (name, def) in defs.iter().chain([(&"Case".to_owned(), &schema)]) {
        for (field, rule) in def["properties"].as_object().into_iter().flatten() {
            if rule.get("description").is_none() {
                undescribed.insert(format!("{name}.{field}"));
            }
        }
    }
    assert!(undescribed.is_empty(), "{undescribed:?}");
    assert!(defs.len() > 15);
}
