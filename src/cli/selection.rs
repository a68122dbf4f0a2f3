//! `--only` and `--skip`: names of detectors or families become detector ids.

use anyhow::Result;

use crate::config::suggestion::did_you_mean;
use crate::model::failure::Failure;
use crate::pipeline::DetectorDoc;

/// What may be named: a detector's id, the first part of ids (`network`), or a family of
/// evidence (`payment`).
#[derive(Debug, Clone)]
pub(crate) struct Detector {
    id: String,
    families: Vec<&'static str>,
}

impl From<&DetectorDoc> for Detector {
    fn from(document: &DetectorDoc) -> Self {
        Self {
            id: document.id.to_owned(),
            families: document
                .families
                .iter()
                .map(|family| family.name())
                .collect(),
        }
    }
}

/// The ids, in registry order, that the names given with `option` stand for.
///
/// # Errors
/// A usage error, with a suggestion, for a name that stands for no detector.
pub(crate) fn ids(option: &str, names: &[String], known: &[Detector]) -> Result<Vec<String>> {
    for name in names {
        if !known.iter().any(|detector| detector.answers_to(name)) {
            let near = did_you_mean(name, known.iter().flat_map(Detector::names));
            let message = format!(
                "{option}: no detector or family is called `{name}`{near} \
                 (`stillhunt detectors` lists them)"
            );
            return Err(Failure::Usage(message).into());
        }
    }
    Ok(known
        .iter()
        .filter(|detector| names.iter().any(|name| detector.answers_to(name)))
        .map(|detector| detector.id.clone())
        .collect())
}

impl Detector {
    fn names(&self) -> Vec<&str> {
        let mut names = vec![self.id.as_str(), self.folder()];
        names.extend(&self.families);
        names
    }

    fn folder(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    fn answers_to(&self, name: &str) -> bool {
        self.names().contains(&name.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Detector> {
        [
            ("network/shared-infrastructure", "network"),
            ("network/shared-payment", "payment"),
            ("content/template-spread", "content"),
        ]
        .map(|(id, family)| Detector {
            id: id.to_owned(),
            families: vec![family],
        })
        .to_vec()
    }

    fn chosen(names: &[&str]) -> Result<Vec<String>> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        ids("--only", &names, &known())
    }

    #[test]
    fn ids_folders_and_families_are_understood_in_registry_order() {
        assert_eq!(
            chosen(&["content", "network/shared-payment"]).unwrap(),
            ["network/shared-payment", "content/template-spread"]
        );
        assert_eq!(chosen(&["payment"]).unwrap(), ["network/shared-payment"]);
        assert_eq!(chosen(&["network/"]).unwrap().len(), 2);
        assert!(chosen(&[]).unwrap().is_empty());
    }

    #[test]
    fn an_unknown_name_is_a_usage_error_with_a_suggestion() {
        let error = chosen(&["network/shared-paymnet"]).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))));
        let text = error.to_string();
        assert!(text.contains("--only: no detector or family is called `network/shared-paymnet`"));
        assert!(
            text.contains("did you mean `network/shared-payment`?"),
            "{text}"
        );
        assert!(
            chosen(&["contnet"])
                .unwrap_err()
                .to_string()
                .contains("`content`")
        );
    }
}
