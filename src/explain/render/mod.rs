//! An explanation as blocks to read: what stands where, without the width of the screen.

mod account;
mod campaign;
mod figures;
mod key;
mod quiet;
mod request;
mod template;

use crate::explain::{Answer, Explanation};

/// A piece of text to read. Texts come from logs as they are: who shows them escapes them.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading after an empty line, or the first line.
    Heading(String),
    /// A label with text beside it.
    Entry(&'static str, String),
    /// A paragraph.
    Text(String),
    /// A line of a list.
    Item(String),
    /// Bars on one common scale.
    Bars(Vec<Bar>),
    /// Columns with a heading; all but the first are numbers or short words.
    Table {
        /// Names of the columns.
        header: Vec<&'static str>,
        /// Cells, as many in each row as there are columns.
        rows: Vec<Vec<String>>,
    },
}

/// A bar of a waterfall.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Label; a detector stands a step further in than its family.
    pub label: String,
    /// Whether it is a part of the bar before it.
    pub part: bool,
    /// Bits, shown as a number.
    pub bits: f64,
    /// Where the bar begins.
    pub from: f64,
    /// Whether it counts; what does not is drawn otherwise.
    pub counts: bool,
}

/// The blocks of an explanation.
#[must_use]
pub fn blocks(explanation: &Explanation) -> Vec<Block> {
    let mut blocks = match &explanation.answer {
        Answer::Campaign(campaign) => campaign::blocks(campaign),
        Answer::Template(template) => template::blocks(template),
        Answer::Finding(finding) => figures::blocks(finding),
        Answer::Account(account) => account::blocks(account),
        Answer::Request(request) => request::blocks(request),
        Answer::Key(key) => key::blocks(key),
    };
    if !explanation.also_fits.is_empty() {
        let others: Vec<&str> = explanation
            .also_fits
            .iter()
            .map(|kind| kind.with_article())
            .collect();
        let note = format!(
            "the id is also that of {} here: choose with --kind",
            others.join(" and ")
        );
        blocks.insert(1.min(blocks.len()), Block::Entry("note", note));
    }
    blocks.push(Block::Heading(explanation.caveat.clone()));
    blocks
}

/// The first `most` of a list as blocks, and how many are not shown.
fn first<T>(blocks: &mut Vec<Block>, list: &[T], most: usize, mut block: impl FnMut(&T) -> Block) {
    blocks.extend(list.iter().take(most).map(&mut block));
    let rest = list.len().saturating_sub(most);
    if rest > 0 {
        blocks.push(Block::Item(more(rest)));
    }
}

/// What stands for the rest of a list.
fn more(rest: usize) -> String {
    format!("and {rest} more (--json lists all)")
}

/// A number with the digits it has.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 {
        return format!("{value:.1e}");
    }
    format!("{value}")
}

/// Two moments of the log.
fn span(first_us: i64, last_us: i64) -> String {
    use crate::report::format::second;
    format!("{} to {} UTC", second(first_us), second(last_us))
}
