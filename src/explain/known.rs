//! What a case folder says without its digest, with the ways from one part to another.

use std::collections::BTreeMap;

use crate::explain::parts::Row;
use crate::model::campaign::{Campaign, LabelledRequest, SilentAccount, Template};
use crate::model::case::Case;
use crate::model::finding::{Finding, Locator};
use crate::model::suppression::SuppressedAccount;

/// A case and its attributed requests.
#[derive(Debug)]
pub struct Known<'a> {
    /// The case.
    pub case: &'a Case,
    /// The requests attributed to templates of its campaigns, sorted by file and row.
    pub requests: &'a [LabelledRequest],
    findings: BTreeMap<&'a str, &'a Finding>,
}

impl<'a> Known<'a> {
    /// Puts the parts together.
    #[must_use]
    pub fn new(case: &'a Case, requests: &'a [LabelledRequest]) -> Self {
        Self {
            case,
            requests,
            findings: case
                .findings
                .iter()
                .map(|finding| (finding.id.as_str(), finding))
                .collect(),
        }
    }

    /// The finding with this id.
    #[must_use]
    pub fn finding(&self, id: &str) -> Option<&'a Finding> {
        self.findings.get(id).copied()
    }

    /// The campaign with this id.
    #[must_use]
    pub fn campaign(&self, id: &str) -> Option<&'a Campaign> {
        self.case
            .campaigns
            .iter()
            .find(|campaign| campaign.id == id)
    }

    /// The template with this id.
    #[must_use]
    pub fn template(&self, id: &str) -> Option<&'a Template> {
        self.case
            .templates
            .iter()
            .find(|template| template.id == id)
    }

    /// The campaigns with which an account that sent nothing is listed.
    pub fn silent(&self, id: &str) -> impl Iterator<Item = (&'a Campaign, &'a SilentAccount)> {
        self.case.campaigns.iter().filter_map(move |campaign| {
            let mut silent = campaign.silent_accounts.iter();
            Some((campaign, silent.find(|account| account.account_id == id)?))
        })
    }

    /// The campaigns from which suppressions took an account, with the lines that did.
    pub fn suppressed(&self, id: &str) -> impl Iterator<Item = &'a SuppressedAccount> {
        let all = self.case.suppressed_accounts.iter();
        all.filter(move |account| account.account_id == id)
    }

    /// Ids of the campaigns whose evidence names this finding, in the order of the case.
    #[must_use]
    pub fn campaigns_of(&self, finding: &str) -> Vec<String> {
        self.case
            .campaigns_by_finding()
            .remove(finding)
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect()
    }

    /// Name of an input by its position; a position without a file is shown as a number.
    #[must_use]
    pub fn file_name(&self, file: u32) -> String {
        self.case.coverage.file_name(file)
    }

    /// A row of the log with the name of its file.
    #[must_use]
    pub fn row(&self, file: u32, row: u64, request_id: &str) -> Row {
        Row {
            file: self.file_name(file),
            row,
            request_id: request_id.to_owned(),
        }
    }

    /// Sample rows with the names of their files.
    #[must_use]
    pub fn rows(&self, locators: &[Locator]) -> Vec<Row> {
        locators
            .iter()
            .map(|locator| self.row(locator.file, locator.row, &locator.request_id))
            .collect()
    }
}
