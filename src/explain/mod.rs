//! Why something in a case is there, and why an account is not: one id, explained.
//!
//! ```text
//! Known (case, attributed requests) --lookup--> what the id is
//!                                   --campaign, account, ...--> Explanation (plain values, JSON)
//!                                                               --render--> blocks to read
//! ```
//!
//! Nothing is measured anew: every number is one of the case, or a count over the digest
//! that the case was made from. What the two do not hold is said to be unknown.

mod account;
mod campaign;
mod finding;
mod holdings;
mod key;
mod known;
mod lookup;
mod parts;
mod prompts;
mod quiet;
pub mod render;
mod request;
mod template;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::model::case::Case;

pub use account::{AccountExplanation, Membership, account};
pub use campaign::{CampaignExplanation, campaign};
pub use finding::{FindingExplanation, finding};
pub use holdings::{HeldKey, Holdings, KeyAssessment, holdings};
pub use key::{
    KeyExplanation, KeyInCampaign, derived as derived_key, key, named as named_keys,
    names as names_key,
};
pub use known::Known;
pub use lookup::{kinds, place, unescaped, unknown};
pub use parts::{DetectorBits, FamilyBits, FindingFigures, Row};
pub use prompts::{HeldTemplate, Prompts, prompts};
pub use quiet::{LookedAt, Reason, ReasonCode};
pub use request::{RequestExplanation, SampledRow, request, sampled_rows};
pub use template::{TemplateExplanation, template};

/// Version of the JSON of an explanation; rises with every change a reader could notice.
pub const EXPLANATION_SCHEMA_VERSION: u32 = 1;

/// What an id can name, in the order in which one that fits several is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A campaign of the case.
    Campaign,
    /// A prompt template, or an exact text that several accounts send.
    Template,
    /// A statement of a detector.
    Finding,
    /// An account of the log.
    Account,
    /// A request of the log.
    Request,
    /// A key that accounts share: an address, a payer, a client.
    Key,
}

impl Kind {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Campaign => "campaign",
            Kind::Template => "template",
            Kind::Finding => "finding",
            Kind::Account => "account",
            Kind::Request => "request",
            Kind::Key => "key",
        }
    }

    /// `a campaign`, `an account`.
    #[must_use]
    pub fn with_article(self) -> &'static str {
        match self {
            Kind::Campaign => "a campaign",
            Kind::Template => "a template",
            Kind::Finding => "a finding",
            Kind::Account => "an account",
            Kind::Request => "a request",
            Kind::Key => "a key",
        }
    }
}

/// An id of a case, explained.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// [`EXPLANATION_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The id asked for.
    pub id: String,
    /// What it was taken for.
    pub kind: Kind,
    /// What else in the case has this id.
    pub also_fits: Vec<Kind>,
    /// Version of stillhunt that wrote the case.
    pub case_tool_version: String,
    /// Profile the case was made with: `cautious`, `balanced` or `broad`.
    pub profile: String,
    /// The explanation, under the name of its kind.
    pub answer: Answer,
    /// The sentence every report carries.
    pub caveat: String,
}

/// The explanation of each kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A campaign.
    Campaign(Box<CampaignExplanation>),
    /// A template.
    Template(Box<TemplateExplanation>),
    /// A finding.
    Finding(Box<FindingExplanation>),
    /// An account.
    Account(Box<AccountExplanation>),
    /// A request.
    Request(Box<RequestExplanation>),
    /// A key.
    Key(Box<KeyExplanation>),
}

impl Answer {
    /// What was explained.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Answer::Campaign(_) => Kind::Campaign,
            Answer::Template(_) => Kind::Template,
            Answer::Finding(_) => Kind::Finding,
            Answer::Account(_) => Kind::Account,
            Answer::Request(_) => Kind::Request,
            Answer::Key(_) => Kind::Key,
        }
    }

    /// The answer with what belongs to every explanation; `fits` are all kinds that the id fits.
    #[must_use]
    pub fn of_case(self, case: &Case, id: &str, fits: &[Kind]) -> Explanation {
        let kind = self.kind();
        Explanation {
            schema_version: EXPLANATION_SCHEMA_VERSION,
            id: id.to_owned(),
            kind,
            also_fits: fits
                .iter()
                .copied()
                .filter(|other| *other != kind)
                .collect(),
            case_tool_version: case.tool_version.clone(),
            profile: case.profile.clone(),
            answer: self,
            caveat: case.caveat.clone(),
        }
    }
}

/// JSON Schema (draft 2020-12) of an explanation, made from the types that write it.
#[must_use]
pub fn explanation_schema() -> Value {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<Explanation>();
    schema.insert(
        "title".to_owned(),
        format!("stillhunt explanation, schema version {EXPLANATION_SCHEMA_VERSION}").into(),
    );
    schema.to_value()
}
