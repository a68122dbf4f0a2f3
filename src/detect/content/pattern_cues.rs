//! # What it looks for
//! Wordings from the pattern packs (`stillhunt patterns list`): reasoning elicitation, grading,
//! trace cleaning, censorship-safe rewriting, synthesis of training data, tool use, coding
//! agents, orchestration, data analysis, computer use, identity probing. Every prompt and
//! system prompt of the log is held against them while it is read. From the counts it states
//! what each template is for (the capability of more than half of its sampled texts, with the
//! share), and what each campaign was after.
//!
//! # Why (source)
//! Anthropic (23 February and September 2026), Google Threat Intelligence (12 February 2026)
//! and AA26-251A describe campaigns by a narrow capability that many accounts share. Each rule
//! names its own source.
//!
//! # Null model
//! A capability is rare or common in this very log. For a campaign's templates the expected
//! number with its capability is their number times the rate among the log's other templates
//! (one added to the templates with and without it). The bits are -log2 of the binomial tail,
//! less log2 of the number of capabilities that the packs know. A template is one trial however
//! many texts and accounts use it, because the texts of one template match together.
//!
//! # What it may not do
//! Cues are weak: one customer's judge pipeline, a popular coding agent and a campaign share
//! them. The bits are stated with the finding and enter no campaign's sum: this detector alone
//! never makes, raises or lowers a verdict.
//!
//! # Innocent look-alikes
//! Each rule lists its own. Evaluation products, coding clients, agent frameworks, content
//! moderation, students of the field, a customer who distils into a small model of their own.
//!
//! # Needs
//! Any of requests.prompt, requests.system_prompt.
//!
//! # Limits
//! A wording that no rule has is not named. Literals are matched in English and, for
//! reasoning, grading and rewriting, in Chinese; other languages need a pack of one's own
//! (`--patterns`). Templates are named from the sampled texts, requests are counted in full,
//! and a request that matches several rules of one capability counts once: the figure is that
//! of the rule most requests match, a lower bound.

use anyhow::Result;

use crate::detect::content::capability::Capabilities;
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "content/pattern-cues",
    title: "What templates and campaigns are for, by the wordings of the pattern packs",
    families: &[Family::Content],
    version: 1,
    needs: &[
        Need::Request(RequestColumn::Prompt),
        Need::Request(RequestColumn::SystemPrompt),
    ],
    source: include_str!("pattern_cues.rs"),
};

/// The detector.
pub struct PatternCues;

impl Detector for PatternCues {
    fn may_count(&self) -> bool {
        false
    }

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        if context.tables.about.patterns.rules.is_empty() {
            outcome
                .partial
                .push("the digest was made without pattern packs".to_owned());
        }
        outcome.capabilities = Some(Capabilities::read(context.tables)?);
        Ok(outcome)
    }
}
