//! The JSON schema of `case.json`, made from the very types that write and read it.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::model::case::{CASE_SCHEMA_VERSION, Case};

/// JSON Schema (draft 2020-12) of `case.json`.
#[must_use]
pub fn case_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Case>();
    schema.insert(
        "title".to_owned(),
        format!("stillhunt case, schema version {CASE_SCHEMA_VERSION}").into(),
    );
    if let Some(version) = schema
        .pointer_mut("/properties/schema_version")
        .and_then(Value::as_object_mut)
    {
        version.insert("const".to_owned(), CASE_SCHEMA_VERSION.into());
    }
    schema.to_value()
}
