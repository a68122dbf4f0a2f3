//! Where the nodes stand: three columns, each ordered so that few links cross.
//!
//! The order comes from the barycentre method (K. Sugiyama et al., "Methods for Visual
//! Understanding of Hierarchical System Structures", 1981): every node moves to the mean
//! place of its neighbours, a fixed number of times. No randomness, so the same case gives
//! the same drawing.

use std::fmt::Write as _;

use serde::Serialize;

use super::aggregate::{Graph, Side};

/// Sweeps of the barycentre method; the order of graphs this small settles within a few.
const SWEEPS: usize = 12;

/// Sizes in SVG units.
const WIDTH: f64 = 960.0;
const KEY_WIDTH: f64 = 236.0;
const KEY_HEIGHT: f64 = 36.0;
const GROUP_WIDTH: f64 = 168.0;
const SINGLE_HEIGHT: f64 = 18.0;
const GROUP_HEIGHT: (f64, f64) = (20.0, 52.0);
const GAP: f64 = 7.0;
const MARGIN: f64 = 6.0;
/// Room above the drawing for the headings; its view starts this far above zero.
const HEADING: f64 = 26.0;
/// Characters that fit into a label of 11 units' monospaced text.
const KEY_CHARACTERS: usize = 32;
const GROUP_CHARACTERS: usize = 23;

/// A box with one or two lines of text.
#[derive(Debug, Serialize)]
pub(crate) struct Node {
    x: String,
    y: String,
    width: String,
    height: String,
    class: &'static str,
    title: String,
    value: String,
    text_x: String,
    title_y: String,
    value_y: String,
    /// The whole text, for the pointer.
    whole: String,
}

/// Links of one thickness.
#[derive(Debug, Serialize)]
pub(crate) struct Links {
    class: String,
    path: String,
}

/// Boxes and links, ready to be drawn.
#[derive(Debug, Serialize)]
pub(crate) struct Drawing {
    width: f64,
    height: String,
    pub(super) links: Vec<Links>,
    pub(super) nodes: Vec<Node>,
    /// Headings of the columns: place and text.
    headings: Vec<(String, &'static str)>,
}

/// A column: node numbers in order and, after stacking, the middle and height of each.
struct Column {
    order: Vec<usize>,
    middle: Vec<f64>,
    height: Vec<f64>,
}

impl Column {
    fn new(heights: Vec<f64>) -> Column {
        Column {
            order: (0..heights.len()).collect(),
            middle: vec![0.0; heights.len()],
            height: heights,
        }
    }

    /// Places relative to the number of nodes, so that columns of any length compare.
    fn ranks(&self) -> Vec<f64> {
        let mut ranks = vec![0.0; self.order.len()];
        for (place, node) in self.order.iter().enumerate() {
            if let Some(rank) = ranks.get_mut(*node) {
                *rank = (place as f64 + 0.5) / self.order.len() as f64;
            }
        }
        ranks
    }

    /// Orders the nodes by the mean place of their neighbours; nodes without any go last.
    fn order_by(&mut self, neighbours: &[(usize, f64, f64)]) {
        let mut sums = vec![(0.0, 0.0); self.order.len()];
        for (node, place, weight) in neighbours {
            if let Some(sum) = sums.get_mut(*node) {
                sum.0 += place * weight;
                sum.1 += weight;
            }
        }
        let mean: Vec<f64> = sums
            .iter()
            .map(|(sum, weight)| if *weight > 0.0 { sum / weight } else { 2.0 })
            .collect();
        let of = |node: usize| mean.get(node).copied().unwrap_or(2.0);
        self.order
            .sort_by(|a, b| of(*a).total_cmp(&of(*b)).then(a.cmp(b)));
    }

    fn total(&self) -> f64 {
        let gaps = GAP * self.height.len().saturating_sub(1) as f64;
        self.height.iter().sum::<f64>() + gaps
    }

    /// Stacks the nodes around the middle of the drawing.
    fn stack(&mut self, height: f64) {
        let mut y = (height - self.total()) / 2.0;
        for node in &self.order {
            let own = self.height.get(*node).copied().unwrap_or(0.0);
            if let Some(middle) = self.middle.get_mut(*node) {
                *middle = y + own / 2.0;
            }
            y += own + GAP;
        }
    }

    fn middle_of(&self, node: usize) -> f64 {
        self.middle.get(node).copied().unwrap_or(0.0)
    }
}

/// Lays the graph out.
pub(super) fn layout(graph: &Graph) -> Drawing {
    let most = graph.groups.iter().map(|group| group.accounts).max();
    let group_height = |accounts: u64| {
        if graph.single_accounts {
            return SINGLE_HEIGHT;
        }
        let share = accounts as f64 / most.unwrap_or(1).max(1) as f64;
        GROUP_HEIGHT.0 + (GROUP_HEIGHT.1 - GROUP_HEIGHT.0) * share.sqrt()
    };
    let sides = [Side::Left, Side::Right].map(|side| -> Vec<usize> {
        (0..graph.keys.len())
            .filter(|key| graph.keys.get(*key).is_some_and(|node| node.side == side))
            .collect()
    });
    let mut middle = Column::new(
        graph
            .groups
            .iter()
            .map(|group| group_height(group.accounts))
            .collect(),
    );
    let mut outer = sides
        .each_ref()
        .map(|keys| Column::new(vec![KEY_HEIGHT; keys.len()]));
    order(graph, &sides, &mut middle, &mut outer);

    let tallest = outer.iter().map(Column::total).fold(0.0, f64::max);
    let height = middle.total().max(tallest) + 2.0 * MARGIN;
    middle.stack(height);
    outer.iter_mut().for_each(|column| column.stack(height));
    draw(graph, &sides, &middle, &outer, height)
}

fn order(graph: &Graph, sides: &[Vec<usize>; 2], middle: &mut Column, outer: &mut [Column; 2]) {
    for _ in 0..SWEEPS {
        let ranks = middle.ranks();
        for (keys, column) in sides.iter().zip(outer.iter_mut()) {
            let neighbours: Vec<(usize, f64, f64)> = graph
                .edges
                .iter()
                .filter_map(|(key, group, weight)| {
                    let place = keys.binary_search(key).ok()?;
                    Some((place, ranks.get(*group).copied()?, *weight as f64))
                })
                .collect();
            column.order_by(&neighbours);
        }
        let mut neighbours = Vec::new();
        for (keys, column) in sides.iter().zip(outer.iter()) {
            let ranks = column.ranks();
            neighbours.extend(graph.edges.iter().filter_map(|(key, group, _)| {
                let place = keys.binary_search(key).ok()?;
                Some((*group, ranks.get(place).copied()?, 1.0))
            }));
        }
        middle.order_by(&neighbours);
    }
}

fn draw(
    graph: &Graph,
    sides: &[Vec<usize>; 2],
    middle: &Column,
    outer: &[Column; 2],
    height: f64,
) -> Drawing {
    let middle_x = (WIDTH - GROUP_WIDTH) / 2.0;
    let mut nodes = Vec::new();
    let mut ends = vec![(0.0, 0.0, 0.0); graph.keys.len()];
    for (index, (keys, column)) in sides.iter().zip(outer).enumerate() {
        let x = if index == 0 { 0.0 } else { WIDTH - KEY_WIDTH };
        for (place, key) in keys.iter().enumerate() {
            let y = column.middle_of(place);
            if let (Some(node), Some(end)) = (graph.keys.get(*key), ends.get_mut(*key)) {
                *end = if index == 0 {
                    (KEY_WIDTH, y, middle_x)
                } else {
                    (x, y, middle_x + GROUP_WIDTH)
                };
                let family = node.family.map_or("other", |family| family.name());
                nodes.push(Node {
                    x: number(x),
                    y: number(y - KEY_HEIGHT / 2.0),
                    width: number(KEY_WIDTH),
                    height: number(KEY_HEIGHT),
                    class: "key",
                    title: shorten(&node.title, KEY_CHARACTERS),
                    value: shorten(&node.value, KEY_CHARACTERS),
                    text_x: number(x + 9.0),
                    title_y: number(y - 4.0),
                    value_y: number(y + 11.0),
                    whole: format!("{family}: {} {}", node.title, node.value),
                });
            }
        }
    }
    for (index, group) in graph.groups.iter().enumerate() {
        let y = middle.middle_of(index);
        let own = middle.height.get(index).copied().unwrap_or(SINGLE_HEIGHT);
        nodes.push(Node {
            x: number(middle_x),
            y: number(y - own / 2.0),
            width: number(GROUP_WIDTH),
            height: number(own),
            class: "accounts",
            title: String::new(),
            value: shorten(&group.label, GROUP_CHARACTERS),
            text_x: number(middle_x + 9.0),
            title_y: String::new(),
            value_y: number(y + 4.0),
            whole: group.label.clone(),
        });
    }
    let mut headings = vec![(number(middle_x), "Accounts")];
    if sides.first().is_some_and(|keys| !keys.is_empty()) {
        headings.push((number(0.0), "Who they belong to"));
    }
    if sides.last().is_some_and(|keys| !keys.is_empty()) {
        headings.push((number(WIDTH - KEY_WIDTH), "What they do"));
    }
    Drawing {
        width: WIDTH,
        height: number(height + HEADING),
        links: links(graph, &ends, middle),
        nodes,
        headings,
    }
}

/// Thickness in four steps: how many accounts of the group have the key.
fn step(accounts: u64) -> usize {
    match accounts {
        0..=1 => 0,
        2..=9 => 1,
        10..=99 => 2,
        _ => 3,
    }
}

fn links(graph: &Graph, ends: &[(f64, f64, f64)], middle: &Column) -> Vec<Links> {
    let mut paths = [const { String::new() }; 4];
    for (key, group, accounts) in &graph.edges {
        let Some((x, y, to_x)) = ends.get(*key) else {
            continue;
        };
        let to_y = middle.middle_of(*group);
        let bend = f64::midpoint(*x, *to_x);
        if let Some(path) = paths.get_mut(step(*accounts)) {
            let _ = write!(
                path,
                "M{x:.0} {y:.1}C{bend:.0} {y:.1} {bend:.0} {to_y:.1} {to_x:.0} {to_y:.1}"
            );
        }
    }
    paths
        .into_iter()
        .enumerate()
        .filter(|(_, path)| !path.is_empty())
        .map(|(step, path)| Links {
            class: format!("l{step}"),
            path,
        })
        .collect()
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

/// Keeps both ends of a text that is too long, since ids differ at their ends. Characters
/// outside Latin scripts are taken for two columns wide.
fn shorten(text: &str, columns: usize) -> String {
    let shown = crate::report::escape::terminal(text);
    let wide = |character: char| if u32::from(character) < 0x1100 { 1 } else { 2 };
    let width: usize = shown.chars().map(wide).sum();
    if width <= columns {
        return shown;
    }
    let fit = |characters: &mut dyn Iterator<Item = char>, room: usize| -> Vec<char> {
        let mut used = 0;
        characters
            .take_while(|character| {
                used += wide(*character);
                used <= room
            })
            .collect()
    };
    let tail = columns / 3;
    let head = fit(&mut shown.chars(), columns - tail - 1);
    let mut end = fit(&mut shown.chars().rev(), tail);
    end.reverse();
    head.into_iter()
        .chain(std::iter::once('\u{2026}'))
        .chain(end)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn long_labels_keep_both_ends() {
        assert_eq!(shorten("acct-1", 10), "acct-1");
        assert_eq!(shorten("0123456789abcdef", 10), "012345\u{2026}def");
        assert_eq!(shorten("\u{202e}x", 10), "\\u{202e}x");
        assert_eq!(
            shorten(&"\u{6771}".repeat(9), 10),
            "\u{6771}\u{6771}\u{6771}\u{2026}\u{6771}"
        );
    }
}
