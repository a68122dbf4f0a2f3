//! The words that options take, and what they mean.

use clap::ValueEnum;

use crate::explain::Kind;
use crate::model::campaign::Verdict;
use crate::model::column::Table;

/// How `evaluate` and `diff` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub(crate) enum AnswerFormat {
    #[default]
    Table,
    Json,
    Csv,
}

/// The kinds that `explain --kind` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // named as the kinds are
pub(crate) enum KindName {
    Campaign,
    Template,
    Finding,
    Account,
    Request,
    Key,
}

impl KindName {
    /// The kind meant.
    #[must_use]
    pub(crate) fn kind(self) -> Kind {
        match self {
            KindName::Campaign => Kind::Campaign,
            KindName::Template => Kind::Template,
            KindName::Finding => Kind::Finding,
            KindName::Account => Kind::Account,
            KindName::Request => Kind::Request,
            KindName::Key => Kind::Key,
        }
    }
}

/// The verdicts that `--fail-on` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // named as the verdicts are
pub(crate) enum FailOn {
    Lead,
    Likely,
    Strong,
}

impl FailOn {
    /// The verdict meant.
    #[must_use]
    pub(crate) fn verdict(self) -> Verdict {
        match self {
            FailOn::Lead => Verdict::Lead,
            FailOn::Likely => Verdict::Likely,
            FailOn::Strong => Verdict::Strong,
        }
    }
}

/// The tables that `--table` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // named as the tables are
pub(crate) enum TableName {
    Requests,
    Accounts,
    Events,
}

impl TableName {
    /// The table meant.
    #[must_use]
    pub(crate) fn table(self) -> Table {
        match self {
            TableName::Requests => Table::Requests,
            TableName::Accounts => Table::Accounts,
            TableName::Events => Table::Events,
        }
    }
}

/// How `schema` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub(crate) enum SchemaFormat {
    #[default]
    Markdown,
    Json,
}
