//! `indicators.stix.json`: a STIX 2.1 bundle.
//!
//! Campaigns of verdict likely or strong become `campaign` objects, their keys `indicator`
//! objects that indicate them. A lead becomes a `grouping` of suspicious activity with low
//! confidence and without a pattern, so that no system blocks on it by itself. Identifiers
//! hang on the content and the window of the log, times on the log alone: the same case
//! gives the same bytes.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::model::campaign::{Campaign, Verdict};
use crate::model::case::Case;
use crate::report::case_file::write_json;
use crate::report::indicators::pattern::{Observable, pattern};
use crate::report::indicators::{Indicator, confidence, identifiers, indicators};
use crate::report::present::Presented;
use crate::report::tables::Sink;
use crate::report::{escape, format};

/// Stands where the log has no first request.
const EPOCH: &str = "1970-01-01T00:00:00.000Z";

/// Writes `indicators.stix.json`.
pub(crate) fn write_stix(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    write_json(&bundle(&presented.case), sink)
}

/// The bundle of a case.
fn bundle(case: &Case) -> Value {
    let mut maker = Maker::new(case);
    let all = indicators(case);
    for campaign in &case.campaigns {
        if campaign.verdict < Verdict::Likely {
            maker.lead(campaign, &all);
        } else {
            maker.campaign(campaign);
        }
    }
    for one in all.iter().filter(|one| one.is_indicator()) {
        maker.indicator(one);
    }
    // an observable of several leads was added by each
    let mut objects = maker.objects;
    let id = |object: &Value| object["id"].as_str().unwrap_or_default().to_owned();
    let mut seen = std::collections::BTreeSet::new();
    objects.retain(|object| seen.insert(id(object)));
    let ids: Vec<&str> = seen.iter().map(String::as_str).collect();
    json!({
        "type": "bundle",
        "id": identifiers::ours("bundle", &ids),
        "objects": objects,
    })
}

struct Maker {
    /// Window of the log: part of every identifier, because `created` comes from it and an
    /// identifier must not come back with another `created`.
    window: String,
    created: String,
    modified: String,
    author: String,
    objects: Vec<Value>,
}

impl Maker {
    fn new(case: &Case) -> Self {
        let time = |timestamp_us: Option<i64>| {
            timestamp_us
                .and_then(format::time_in_milliseconds)
                .unwrap_or_else(|| EPOCH.to_owned())
        };
        let created = time(case.coverage.first_us);
        let modified = time(case.coverage.last_us).max(created.clone());
        let window = format!("{created}/{modified}");
        let author = identifiers::ours("identity", &[&window]);
        let mut maker = Maker {
            window,
            created,
            modified,
            author,
            objects: Vec::new(),
        };
        let author = maker.author.clone();
        maker.add(
            "identity",
            author,
            json!({
                "name": format!("stillhunt {}", escape::terminal(&case.tool_version)),
                "identity_class": "system",
                "description": escape::terminal(&case.caveat),
            }),
        );
        maker
    }

    fn id(&self, object_type: &str, parts: &[&str]) -> String {
        let parts: Vec<&str> = std::iter::once(self.window.as_str())
            .chain(parts.iter().copied())
            .collect();
        identifiers::ours(object_type, &parts)
    }

    /// Adds an object with what all of them have.
    fn add(&mut self, object_type: &str, id: String, properties: Value) {
        let mut object = Map::new();
        object.insert("type".to_owned(), json!(object_type));
        object.insert("spec_version".to_owned(), json!("2.1"));
        object.insert("created".to_owned(), json!(self.created));
        object.insert("modified".to_owned(), json!(self.modified));
        if id != self.author {
            object.insert("created_by_ref".to_owned(), json!(self.author));
        }
        object.insert("id".to_owned(), json!(id));
        if let Value::Object(properties) = properties {
            object.extend(properties);
        }
        self.objects.push(Value::Object(object));
    }

    fn campaign(&mut self, campaign: &Campaign) {
        let id = self.id("campaign", &[&campaign.id]);
        let mut properties = json!({
            "name": escape::terminal(&campaign.id),
            "description": describe(campaign),
            "confidence": confidence(campaign.verdict),
            "labels": [campaign.verdict.name()],
        });
        insert_times(
            &mut properties,
            [
                ("first_seen", campaign.first_us),
                ("last_seen", campaign.last_us),
            ],
        );
        self.add("campaign", id, properties);
    }

    /// A lead, with the observables that STIX has words for.
    fn lead(&mut self, campaign: &Campaign, all: &[Indicator<'_>]) {
        let mut members = vec![self.author.clone()];
        for one in all {
            let belongs = one.campaigns.iter().any(|other| other.id == campaign.id);
            let Some((object, value)) = Observable::of(one.kind, one.value)
                .object()
                .filter(|_| belongs)
            else {
                continue;
            };
            let id = identifiers::observable(object, &value);
            self.objects.push(json!({
                "type": object,
                "spec_version": "2.1",
                "id": id,
                "value": value,
            }));
            members.push(id);
        }
        let id = self.id("grouping", &[&campaign.id]);
        self.add(
            "grouping",
            id,
            json!({
                "name": format!("Lead {}", escape::terminal(&campaign.id)),
                "description": describe(campaign),
                "context": "suspicious-activity",
                "confidence": confidence(campaign.verdict),
                "labels": [campaign.verdict.name()],
                "object_refs": members,
            }),
        );
    }

    fn indicator(&mut self, one: &Indicator<'_>) {
        let id = self.id("indicator", &[one.kind, one.value]);
        let start = format::time_in_milliseconds(one.first_us);
        let findings: Vec<String> = one
            .findings
            .iter()
            .map(|finding| escape::terminal(&finding.id))
            .collect();
        self.add(
            "indicator",
            id.clone(),
            json!({
                "name": format!("{} {}", escape::terminal(one.kind), escape::terminal(one.value)),
                "description": format!(
                    "{} of a campaign of verdict {}; findings: {}. A score is a lead, not proof.",
                    escape::terminal(one.kind),
                    one.verdict.name(),
                    if findings.is_empty() { "none".to_owned() } else { findings.join(", ") },
                ),
                "indicator_types": ["anomalous-activity"],
                "pattern": pattern(one.kind, one.value),
                "pattern_type": "stix",
                "pattern_version": "2.1",
                "valid_from": start.unwrap_or_else(|| self.created.clone()),
                "confidence": confidence(one.verdict),
                "labels": [one.verdict.name()],
            }),
        );
        let likely = one
            .campaigns
            .iter()
            .filter(|campaign| campaign.verdict >= Verdict::Likely);
        for campaign in likely {
            let target = self.id("campaign", &[&campaign.id]);
            let relation = self.id("relationship", &[&id, &target]);
            self.add(
                "relationship",
                relation,
                json!({
                    "relationship_type": "indicates",
                    "source_ref": id,
                    "target_ref": target,
                }),
            );
        }
    }
}

fn describe(campaign: &Campaign) -> String {
    format!(
        "{}: {}, {:.2} bits. {}. A score is a lead, not proof.",
        campaign.verdict.name(),
        format::plural(campaign.members.len() as u64, "account"),
        campaign.bits,
        escape::terminal(campaign.verdict_reason.trim_end_matches('.')),
    )
}

fn insert_times(properties: &mut Value, times: [(&str, i64); 2]) {
    for (name, timestamp_us) in times {
        if let Some(time) = format::time_in_milliseconds(timestamp_us) {
            properties[name] = json!(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn of_type<'a>(bundle: &'a Value, object_type: &str) -> Vec<&'a Value> {
        bundle["objects"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|object| object["type"] == object_type)
            .collect()
    }

    #[test]
    fn leads_have_no_pattern_and_low_confidence() {
        let mut case = sample::three_campaigns().case;
        let all = bundle(&case);
        assert_eq!(of_type(&all, "campaign").len(), 2);
        assert_eq!(of_type(&all, "grouping").len(), 1);
        assert!(!of_type(&all, "indicator").is_empty());
        assert!(of_type(&all, "relationship").len() >= of_type(&all, "indicator").len());

        case.campaigns
            .retain(|campaign| campaign.verdict == Verdict::Lead);
        let leads = bundle(&case);
        assert!(of_type(&leads, "indicator").is_empty());
        assert!(of_type(&leads, "campaign").is_empty());
        let lead = of_type(&leads, "grouping")[0];
        assert_eq!(lead["confidence"], 15);
        let block = of_type(&leads, "ipv4-addr")[0];
        assert_eq!(block["value"], "203.0.113.0/24");
        let members = lead["object_refs"].as_array().unwrap();
        assert!(members.contains(&block["id"]));
    }

    #[test]
    fn references_are_whole_and_identifiers_unique() {
        for tables in [sample::three_campaigns(), sample::hostile()] {
            let all = bundle(&tables.case);
            let objects = all["objects"].as_array().unwrap();
            let ids: std::collections::BTreeSet<&str> = objects
                .iter()
                .map(|object| object["id"].as_str().unwrap())
                .collect();
            assert_eq!(ids.len(), objects.len());
            for object in objects {
                for name in ["created_by_ref", "source_ref", "target_ref"] {
                    if let Some(id) = object.get(name) {
                        assert!(ids.contains(id.as_str().unwrap()));
                    }
                }
                for id in object["object_refs"].as_array().into_iter().flatten() {
                    assert!(ids.contains(id.as_str().unwrap()));
                }
            }
        }
    }

    #[test]
    fn a_log_without_a_window_and_broken_clocks_still_give_times() {
        let mut case = sample::three_campaigns().case;
        case.coverage.first_us = None;
        case.coverage.last_us = Some(i64::MIN);
        case.campaigns[0].first_us = i64::MAX;
        let all = bundle(&case);
        assert_eq!(of_type(&all, "identity")[0]["created"], EPOCH);
        let campaigns = of_type(&all, "campaign");
        assert!(
            campaigns
                .iter()
                .any(|object| object.get("first_seen").is_none())
        );
    }
}
