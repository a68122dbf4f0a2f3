//! Columns of text, aligned.

use std::fmt::Write as _;

/// The first `left` columns to the left, the others to the right; empty columns are left out.
pub fn write_aligned(left: usize, header: &[&str], lines: &[Vec<String>], out: &mut String) {
    let cell = |line: &[String], at: usize| line.get(at).cloned().unwrap_or_default();
    let columns: Vec<(usize, usize)> = (0..header.len())
        .filter(|at| lines.iter().any(|line| !cell(line, *at).is_empty()))
        .map(|at| {
            let widest = lines.iter().map(|line| cell(line, at).chars().count());
            let name = header.get(at).map_or(0, |name| name.chars().count());
            (at, widest.max().unwrap_or(0).max(name))
        })
        .collect();
    let titles: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    for line in std::iter::once(&titles).chain(lines) {
        let mut text = String::new();
        for (at, width) in &columns {
            let value = cell(line, *at);
            let padding = " ".repeat(width.saturating_sub(value.chars().count()));
            let (before, after) = if *at < left {
                ("", padding.as_str())
            } else {
                (padding.as_str(), "")
            };
            let _ = write!(text, "  {before}{value}{after}");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}
