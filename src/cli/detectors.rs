//! `stillhunt detectors`: the registry, and each detector in its own words.

use anyhow::Result;

use crate::cli::arguments::DetectorsArguments;
use crate::cli::{exit, stdout};
use crate::config::suggestion::did_you_mean;
use crate::model::failure::Failure;
use crate::pipeline::{self, DetectorDoc};

pub(super) fn run(arguments: &DetectorsArguments) -> Result<u8> {
    let documents = pipeline::detector_documentation();
    let text = match &arguments.id {
        Some(id) => describe(id, &documents)?,
        None => list(&documents),
    };
    stdout::answer(&text)?;
    Ok(exit::DONE)
}

fn list(documents: &[DetectorDoc]) -> String {
    let mut text = String::new();
    for document in documents {
        text.push_str(&format!(
            "{} ({})\n  {}\n  {}, version {}, reads {}\n",
            document.id,
            standing(document),
            document.title,
            families(document),
            document.version,
            needs(document),
        ));
    }
    text
}

fn describe(id: &str, documents: &[DetectorDoc]) -> Result<String> {
    let Some(document) = documents.iter().find(|document| document.id == id) else {
        let near = did_you_mean(id, documents.iter().map(|document| document.id));
        let message =
            format!("no detector is called `{id}`{near} (`stillhunt detectors` lists them)");
        return Err(Failure::Usage(message).into());
    };
    Ok(format!(
        "{} ({}, version {}, {})\nreads {}\n\n{}\n",
        document.id,
        families(document),
        document.version,
        standing(document),
        needs(document),
        document.text.trim_end(),
    ))
}

fn standing(document: &DetectorDoc) -> &'static str {
    if document.may_count {
        "may count for a verdict"
    } else {
        "weak: never counts for a verdict"
    }
}

fn families(document: &DetectorDoc) -> String {
    let names: Vec<&str> = document
        .families
        .iter()
        .map(|family| family.name())
        .collect();
    let word = if names.len() == 1 {
        "family"
    } else {
        "families"
    };
    format!("{word} {}", names.join(", "))
}

fn needs(document: &DetectorDoc) -> String {
    if document.needs.is_empty() {
        "no column beyond the required ones".to_owned()
    } else {
        document.needs.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Family;

    fn documents() -> Vec<DetectorDoc> {
        vec![DetectorDoc {
            id: "network/shared-infrastructure",
            may_count: true,
            families: vec![Family::Network],
            title: "Accounts behind the same addresses and clients",
            version: 2,
            needs: vec!["ip".into(), "tls_fingerprint".into()],
            text: "Looks for ...\n".into(),
        }]
    }

    #[test]
    fn the_list_and_the_description_name_what_a_detector_needs() {
        assert_eq!(
            list(&documents()),
            "network/shared-infrastructure (may count for a verdict)\n  Accounts behind the same addresses and clients\n  \
             family network, version 2, reads ip, tls_fingerprint\n"
        );
        let text = describe("network/shared-infrastructure", &documents()).unwrap();
        assert!(
            text.ends_with("reads ip, tls_fingerprint\n\nLooks for ...\n"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_id_is_a_usage_error_with_a_suggestion() {
        let error = describe("network/shared-infra", &documents()).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))));
        let error = describe("network/shared-infrastructur", &documents()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("did you mean `network/shared-infrastructure`?")
        );
    }
}
