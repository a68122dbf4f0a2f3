//! A campaign to read.

use crate::explain::campaign::CampaignExplanation;
use crate::explain::parts::{length, plural};
use crate::explain::render::figures::{findings, rows, waterfall};
use crate::explain::render::{Block, first, more, number, span};
use crate::explain::template::TemplateSummary;
use crate::model::campaign::Rival;
use crate::model::campaign::{NO_TECHNIQUES, Verdict, stability};
use crate::report::format::{bits, count, second};

/// Findings, members and entries listed.
const FINDINGS: usize = 8;
const MEMBERS: usize = 20;
const LISTED: usize = 20;

/// The blocks of a campaign.
pub(super) fn blocks(campaign: &CampaignExplanation) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(format!(
            "Campaign {}: {}",
            campaign.id,
            campaign.verdict.name()
        )),
        Block::Entry("why", campaign.verdict_reason.clone()),
        Block::Entry(
            "rests on",
            stability(campaign.verdict, &campaign.without_family)
                .unwrap_or_else(|| "a lead rests on one family, or has an everyday cause: no family is taken away from it".to_owned()),
        ),
        Block::Entry(
            "bridge",
            campaign.weakest_bridge.as_ref().map_or_else(
                || "none: one key ties all accounts, or agreements of equal weight do".to_owned(),
                |bridge| format!("the weakest is {bridge}"),
            ),
        ),
        Block::Entry(
            "false ones",
            match campaign.expected_false {
                Some(expected) if campaign.verdict > Verdict::Lead => format!(
                    "{} clusters as well supported expected by chance, the mean of {} null runs",
                    number(expected),
                    campaign.null_runs
                ),
                _ => "not stated for a lead: the null runs keep the key that most leads rest on".to_owned(),
            },
        ),
        Block::Entry("null runs", campaign.null_method.clone()),
        Block::Entry(
            "members",
            format!(
                "{}, {}, {}{} of them in its templates",
                plural(length(&campaign.members), "account"),
                plural(campaign.requests, "request"),
                if campaign.campaign_requests_complete {
                    ""
                } else {
                    "at least "
                },
                count(campaign.campaign_requests)
            ),
        ),
        Block::Entry("seen", span(campaign.first_us, campaign.last_us)),
        Block::Entry("purpose", campaign.purpose.clone()),
        Block::Heading("Evidence in bits, family by family".to_owned()),
        waterfall(&campaign.families),
        Block::Text(format!(
            "{} bits in all (# counts for the verdict, . does not, - a finding): families add up, within one the strongest finding counts. The score of the campaign, {} bits, is that of its median account: of what its own keys say, shared addresses among it, which may be less or more than counts for the group.",
            bits(campaign.sum_bits),
            bits(campaign.bits)
        )),
    ];
    for family in campaign.families.iter().filter(|family| family.counts) {
        blocks.push(Block::Entry(
            family.family.name(),
            format!(
                "{} ({})",
                family.statement,
                plural(family.accounts.unwrap_or(0), "account")
            ),
        ));
    }
    blocks.push(Block::Heading("Findings behind it".to_owned()));
    findings(&mut blocks, &campaign.findings, FINDINGS);
    if !campaign.shared_keys.is_empty() {
        blocks.push(Block::Heading(
            "Keys that its accounts share, five of each kind at most (`explain` takes them as kind:value)".to_owned(),
        ));
        blocks.push(Block::Table {
            header: vec!["key", "inside", "outside"],
            rows: campaign
                .shared_keys
                .iter()
                .map(|key| {
                    vec![
                        format!("{}:{}", key.kind, key.value),
                        count(key.inside),
                        count(key.outside),
                    ]
                })
                .collect(),
        });
    }
    if !campaign.does_not_count.is_empty() {
        blocks.push(Block::Heading("What does not count, and why".to_owned()));
        first(&mut blocks, &campaign.does_not_count, LISTED, |left_out| {
            let own = left_out
                .bits
                .filter(|bits| *bits > 0.0)
                .map_or_else(String::new, |own| {
                    format!(" [{} bits by itself]", bits(own))
                });
            Block::Item(format!("{}{own}: {}", left_out.what, left_out.why))
        });
    }
    if !campaign.not_tested.is_empty() {
        blocks.push(Block::Heading("What could not be tested".to_owned()));
        first(&mut blocks, &campaign.not_tested, LISTED, |sentence| {
            Block::Item(sentence.clone())
        });
    }
    if !campaign.tested_without_finding.is_empty() {
        blocks.push(Block::Heading(
            "Tested, and nothing beyond chance".to_owned(),
        ));
        let list = &campaign.tested_without_finding;
        first(&mut blocks, list, LISTED, |sentence| {
            Block::Item(sentence.clone())
        });
    }
    blocks.push(Block::Heading("Rival innocent explanations".to_owned()));
    for rival in &campaign.rivals {
        blocks.extend(rival_blocks(rival));
    }
    if campaign.rivals.is_empty() {
        blocks.push(Block::Text("none is named in the case".to_owned()));
    }
    if !campaign.description.is_empty() {
        blocks.push(Block::Heading(
            "What describes it, and is no evidence".to_owned(),
        ));
        first(&mut blocks, &campaign.description, LISTED, |sentence| {
            Block::Item(sentence.clone())
        });
    }
    blocks.push(Block::Heading(
        "Published techniques it would be, if a reader confirms it".to_owned(),
    ));
    if campaign.techniques.is_empty() {
        blocks.push(Block::Item(NO_TECHNIQUES.to_owned()));
    } else {
        first(&mut blocks, &campaign.techniques, LISTED, |technique| {
            Block::Item(format!(
                "{} {}: {}",
                technique.id, technique.name, technique.because
            ))
        });
    }
    if !campaign.templates.is_empty() {
        blocks.push(Block::Heading("Templates".to_owned()));
        first(&mut blocks, &campaign.templates, LISTED, |template| {
            Block::Item(template_line(template))
        });
    }
    if !campaign.timeline.is_empty() {
        blocks.push(Block::Heading("What happened when (UTC)".to_owned()));
        first(&mut blocks, &campaign.timeline, LISTED, |entry| {
            Block::Item(format!("{} {}", second(entry.at_us), entry.statement))
        });
    }
    members(&mut blocks, campaign);
    rows(&mut blocks, "Sample rows", &campaign.rows);
    blocks
}

fn rival_blocks(rival: &Rival) -> Vec<Block> {
    let sentences = |list: &[String]| {
        if list.is_empty() {
            "nothing that was looked at".to_owned()
        } else {
            list.join("; ")
        }
    };
    vec![
        Block::Item(rival.explanation.clone()),
        Block::Entry("for", sentences(&rival.speaks_for)),
        Block::Entry("against", sentences(&rival.speaks_against)),
        Block::Entry("cleared by", rival.would_clear.clone()),
    ]
}

/// A template in one line.
pub(super) fn template_line(template: &TemplateSummary) -> String {
    let mut line = template.id.clone();
    if !template.role.is_empty() {
        line.push_str(&format!(" ({} prompt)", template.role));
    }
    if !template.capability.is_empty() {
        line.push_str(&format!(", {}", template.capability));
    }
    line.push_str(&format!(
        ", {}, {}",
        plural(template.accounts, "account"),
        plural(template.requests, "request")
    ));
    if !template.assessment.is_empty() {
        line.push_str(&format!(": {}", template.assessment));
    }
    line
}

fn members(blocks: &mut Vec<Block>, campaign: &CampaignExplanation) {
    blocks.push(Block::Heading(format!(
        "Members: {}",
        plural(length(&campaign.members), "account")
    )));
    blocks.push(Block::Table {
        header: vec!["account", "bits", "requests", "in templates"],
        rows: campaign
            .members
            .iter()
            .take(MEMBERS)
            .map(|member| {
                vec![
                    member.account_id.clone(),
                    bits(member.bits),
                    count(member.requests),
                    count(member.campaign_requests),
                ]
            })
            .collect(),
    });
    let rest = campaign.members.len().saturating_sub(MEMBERS);
    if rest > 0 {
        blocks.push(Block::Item(more(rest)));
    }
    if campaign.silent_accounts.is_empty() {
        return;
    }
    blocks.push(Block::Heading(format!(
        "Beside them: {} without a request in the log, paid for by its payers alone",
        plural(length(&campaign.silent_accounts), "account")
    )));
    first(blocks, &campaign.silent_accounts, MEMBERS, |account| {
        Block::Item(format!("{} ({})", account.account_id, account.finding))
    });
}
