//! A table of words with lines around its cells; broken into several where it is too wide.
//!
//! Knows nothing of machines: a cell is some lines of text.

use std::fmt::Write as _;

use crate::diag::Style;
use crate::terminal::{Ink, WIDTH, paint};

/// Columns that a table may have when its words do not fit in [`WIDTH`].
const WIDEST: usize = 120;

/// How far the rest of a broken line of a cell is moved in.
const HANG: usize = 2;

/// What stands in front of every line.
const INDENT: &str = "  ";

/// Lines of one cell, each in its colour.
pub(super) type Cell = Vec<(String, Ink)>;

/// Rows of cells, each with a name.
pub(super) struct Table {
    /// Names of the columns.
    pub(super) head: Vec<String>,
    /// Names of the rows, and their cells: as many as the head has.
    pub(super) rows: Vec<(String, Vec<Cell>)>,
    pub(super) style: Style,
}

impl Table {
    pub(super) fn render(&self, text: &mut String) {
        let gutter = self.rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let room = |total: usize| total.saturating_sub(INDENT.len() + gutter + 2);
        let narrow: Vec<usize> = (0..self.head.len()).map(|column| self.width(column, true)).collect();
        let wide: Vec<usize> = (0..self.head.len()).map(|column| self.width(column, false)).collect();
        let total = |widths: &[usize]| widths.iter().map(|width| width + 3).sum::<usize>();
        let mut start = 0;
        while start < self.head.len() {
            // As many columns as fit, at least one.
            let mut end = start + 1;
            while end < self.head.len() && total(&narrow[start..=end]) <= room(WIDEST) {
                end += 1;
            }
            let mut widths = wide[start..end].to_vec();
            // The widest give way first, and none below its longest word.
            while total(&widths) > room(WIDTH) {
                let can = (0..widths.len()).filter(|&at| widths[at] > narrow[start + at]);
                let Some(widest) = can.max_by_key(|&at| (widths[at], std::cmp::Reverse(at))) else { break };
                widths[widest] -= 1;
            }
            if start > 0 {
                text.push('\n');
            }
            self.block(text, start, &widths, gutter);
            start = end;
        }
    }

    /// How wide a column is: as its longest line, or as the longest piece that is not broken.
    fn width(&self, column: usize, narrow: bool) -> usize {
        let longest = |line: &str, hang: usize| {
            if !narrow {
                return line.chars().count();
            }
            let widths = pieces(line)
                .into_iter()
                .enumerate()
                .map(|(at, piece)| piece.trim_end().chars().count() + if at > 0 { hang } else { 0 });
            widths.max().unwrap_or(0)
        };
        let cells = self.rows.iter().flat_map(|(_, cells)| cells[column].iter().map(|(line, _)| longest(line, HANG)));
        cells.chain([longest(&self.head[column], 0)]).max().unwrap_or(0)
    }

    fn block(&self, text: &mut String, start: usize, widths: &[usize], gutter: usize) {
        let wrapped = |cell: &Cell, width, hang| -> Cell {
            cell.iter().flat_map(|(line, ink)| wrap(line, width, hang).into_iter().map(|line| (line, *ink))).collect()
        };
        let edge = |left, middle, right| {
            let lines: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
            format!("{INDENT}{:gutter$} {left}{}{right}", "", lines.join(middle))
        };
        let draw = |text: &mut String, name: &str, cells: Vec<Cell>| {
            let bar = paint(self.style, Ink::Faint, "│");
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0).max(1) {
                let _ = write!(text, "{INDENT}{:gutter$} {bar}", if line == 0 { name } else { "" });
                for (cell, width) in cells.iter().zip(widths) {
                    let (said, ink) = cell.get(line).map_or(("", Ink::Plain), |(said, ink)| (said, *ink));
                    let rest = " ".repeat(width.saturating_sub(said.chars().count()));
                    let _ = write!(text, " {}{rest} {bar}", paint(self.style, ink, said));
                }
                text.push('\n');
            }
        };
        let line = |text: &mut String, edge: &str| {
            let _ = writeln!(text, "{}", paint(self.style, Ink::Faint, edge));
        };
        line(text, &edge("┌", "┬", "┐"));
        let head = widths
            .iter()
            .enumerate()
            .map(|(at, width)| wrapped(&vec![(self.head[start + at].clone(), Ink::Strong)], *width, 0));
        draw(text, "", head.collect());
        for (name, cells) in &self.rows {
            line(text, &edge("├", "┼", "┤"));
            let cells = widths.iter().enumerate().map(|(at, width)| wrapped(&cells[start + at], *width, HANG));
            draw(text, name, cells.collect());
        }
        line(text, &edge("└", "┴", "┘"));
    }
}

/// The pieces of a line that are not broken: an arrow stays with what it points at.
fn pieces(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest
        .match_indices([' ', '_'])
        .map(|(at, _)| at + 1)
        .find(|&at| !rest[..at].trim_end().ends_with("->") && !rest[at..].is_empty())
    {
        let (piece, others) = rest.split_at(at);
        found.push(piece);
        rest = others;
    }
    found.push(rest);
    found
}

/// A line in as many as it needs; all but the first are moved in.
fn wrap(line: &str, width: usize, hang: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut last = String::new();
    for piece in pieces(line) {
        if !last.trim().is_empty() && last.chars().count() + piece.trim_end().chars().count() > width {
            lines.push(last.trim_end().to_owned());
            last = " ".repeat(hang);
        }
        last.push_str(piece);
    }
    lines.push(last.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_wide_table_breaks_first_inside_its_cells_then_into_two() {
        let cell = |text: &str| vec![(text.to_owned(), Ink::Plain)];
        let head = (0..8).map(|at| format!("state_of_things_{at}")).collect();
        let row = (0..8).map(|at| cell(if at % 2 == 0 { "-> state_of_things" } else { "RuntimeWarning¹" })).collect();
        let table = Table { head, rows: vec![("go".to_owned(), row)], style: Style::Plain };
        let mut text = "a table\n".to_owned();
        table.render(&mut text);
        expect![[r#"
            a table
                 ┌───────────┬─────────────────┬───────────┬─────────────────┬───────────┬─────────────────┬───────────┐
                 │ state_of_ │ state_of_       │ state_of_ │ state_of_       │ state_of_ │ state_of_       │ state_of_ │
                 │ things_0  │ things_1        │ things_2  │ things_3        │ things_4  │ things_5        │ things_6  │
                 ├───────────┼─────────────────┼───────────┼─────────────────┼───────────┼─────────────────┼───────────┤
              go │ -> state_ │ RuntimeWarning¹ │ -> state_ │ RuntimeWarning¹ │ -> state_ │ RuntimeWarning¹ │ -> state_ │
                 │   of_     │                 │   of_     │                 │   of_     │                 │   of_     │
                 │   things  │                 │   things  │                 │   things  │                 │   things  │
                 └───────────┴─────────────────┴───────────┴─────────────────┴───────────┴─────────────────┴───────────┘

                 ┌───────────────────┐
                 │ state_of_things_7 │
                 ├───────────────────┤
              go │ RuntimeWarning¹   │
                 └───────────────────┘
        "#]]
        .assert_eq(&text);
    }
}
