//! Findings and waterfalls to read.

use crate::explain::finding::FindingExplanation;
use crate::explain::parts::{FamilyBits, FindingFigures, Row, plural};
use crate::explain::render::{Bar, Block, first, more, number, span};
use crate::model::finding::Subject;
use crate::report::format::bits;

/// Accounts of a finding listed.
const ACCOUNTS: usize = 20;

/// Sample rows listed.
const ROWS: usize = 10;

/// The blocks of a finding asked for by its id.
pub(super) fn blocks(finding: &FindingExplanation) -> Vec<Block> {
    let figures = &finding.figures;
    let mut blocks = vec![
        Block::Heading(format!(
            "Finding {}: {} bits, {}",
            figures.id,
            bits(figures.bits),
            figures.family.name()
        )),
        Block::Entry("detector", figures.detector.clone()),
    ];
    blocks.extend(body(figures));
    blocks.push(Block::Entry(
        "campaigns",
        if finding.campaigns.is_empty() {
            "none".to_owned()
        } else {
            finding.campaigns.join(", ")
        },
    ));
    blocks.push(Block::Entry("standing", finding.standing.clone()));
    blocks.push(Block::Heading(format!(
        "Accounts it links: {}",
        plural(figures.accounts, "account")
    )));
    first(&mut blocks, &finding.account_ids, ACCOUNTS, |account| {
        Block::Item(account.clone())
    });
    rows(&mut blocks, "Sample rows", &figures.rows);
    blocks
}

/// The first `most` findings in full; what one has in common with the one above is not repeated.
pub(super) fn findings(blocks: &mut Vec<Block>, list: &[FindingFigures], most: usize) {
    let mut above: Option<&FindingFigures> = None;
    for figures in list.iter().take(most) {
        let weak = if figures.weak { ", weak" } else { "" };
        let hidden = figures.suppressed_by.map_or_else(String::new, |line| {
            format!(", suppressed by line {line} of the suppression file")
        });
        blocks.push(Block::Item(format!(
            "{} {}: {} bits, {}{weak}{hidden}",
            figures.id,
            figures.detector,
            bits(figures.bits),
            figures.family.name()
        )));
        let as_above = above.is_some_and(|above| {
            above.null_model == figures.null_model
                && above.innocent == figures.innocent
                && above.would_clear == figures.would_clear
        });
        if as_above {
            blocks.extend(measured(figures));
            blocks.push(Block::Entry(
                "the rest",
                "null model, innocent explanation and what would clear it as above".to_owned(),
            ));
        } else {
            blocks.extend(body(figures));
        }
        above = Some(figures);
    }
    let rest = list.len().saturating_sub(most);
    if rest > 0 {
        blocks.push(Block::Item(more(rest)));
    }
}

fn body(figures: &FindingFigures) -> Vec<Block> {
    let mut blocks = measured(figures);
    blocks.extend([
        Block::Entry("null model", figures.null_model.clone()),
        Block::Entry("innocent", figures.innocent.clone()),
        Block::Entry("cleared by", figures.would_clear.clone()),
    ]);
    blocks
}

/// What a finding is about, its figures, and what it covers.
fn measured(figures: &FindingFigures) -> Vec<Block> {
    let mut covers = plural(figures.accounts, "account");
    if figures.requests > 0 {
        covers.push_str(&match figures.subject {
            // What a test of a group looks at is often a part of what its accounts sent.
            Subject::Group { .. } => {
                format!(", with {} in the log", plural(figures.requests, "request"))
            }
            _ => format!(", at least {}", plural(figures.requests, "request")),
        });
    }
    if let (Some(from), Some(until)) = (figures.first_us, figures.last_us) {
        let looked_at = match figures.subject {
            Subject::Group { .. } => "looked at: ",
            _ => "",
        };
        covers.push_str(&format!(", {looked_at}{}", span(from, until)));
    }
    vec![
        Block::Entry("about", figures.subject.in_words()),
        Block::Entry(
            "measured",
            format!(
                "{} {}; expected {}, n {}, threshold {} ({})",
                number(figures.measured),
                figures.measure,
                number(figures.expected),
                figures.n,
                number(figures.threshold),
                figures.threshold_unit
            ),
        ),
        Block::Entry("covers", covers),
    ]
}

/// A waterfall: each family from where the one before ends, its detectors below it.
pub(super) fn waterfall(families: &[FamilyBits]) -> Block {
    let mut bars = Vec::new();
    for family in families {
        bars.push(Bar {
            label: family.family.name().to_owned(),
            part: false,
            bits: family.bits,
            from: family.from_bits,
            counts: family.counts,
        });
        bars.extend(family.detectors.iter().map(|detector| Bar {
            label: format!("{} ({})", detector.detector, detector.findings.len()),
            part: true,
            bits: detector.bits,
            // What adds nothing does not stand on top of what does.
            from: if family.bits > 0.0 {
                family.from_bits
            } else {
                0.0
            },
            counts: false,
        }));
    }
    Block::Bars(bars)
}

/// Sample rows under a heading of their own, if there are any.
pub(super) fn rows(blocks: &mut Vec<Block>, heading: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    blocks.push(Block::Heading(format!("{heading} (file:row request id)")));
    first(blocks, rows, ROWS, |row| Block::Item(place(row)));
}

/// `file:row request_id`.
pub(super) fn place(row: &Row) -> String {
    format!("{}:{} {}", row.file, row.row, row.request_id)
}
