//! Cells of eight columns a row, drawn with lines between different ones.
//!
//! Knows nothing of bytes and fields: a column is whatever a row says it is.

use std::fmt::Write as _;

use crate::diag::Style;
use crate::terminal::{Ink, paint};

/// Bytes, or bits, to a row.
pub(super) const COLUMNS: u64 = 8;

/// Columns of text for each, without the line between.
const CELL: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A field, or a unit of bit fields.
    Field,
    /// What no field has: shaded.
    Hole,
    /// What the spec keeps nothing of.
    NotKept,
}

/// What is drawn in one extent.
pub(super) struct Cell {
    pub(super) kind: Kind,
    pub(super) label: Vec<(char, Ink)>,
}

/// A label whose first characters are a name, the others its type.
pub(super) fn label(text: &str, name: usize) -> Vec<(char, Ink)> {
    text.chars().enumerate().map(|(at, c)| (c, if at < name { Ink::Plain } else { Ink::Type })).collect()
}

/// One row of the drawing.
pub(super) struct Row {
    /// The first byte or bit; absent for rows that stand for many.
    pub(super) at: Option<u64>,
    /// The cell at each column; absent outside the struct.
    pub(super) owners: [Option<usize>; COLUMNS as usize],
}

impl Row {
    /// Runs of columns with the same owner: first column, one past the last, owner.
    fn runs(&self) -> Vec<(usize, usize, Option<usize>)> {
        let mut runs: Vec<(usize, usize, Option<usize>)> = Vec::new();
        for (column, owner) in self.owners.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.2 == *owner => run.1 = column + 1,
                _ => runs.push((column, column + 1, *owner)),
            }
        }
        runs
    }
}

/// Rows of cells, with lines around them.
pub(super) struct Grid<'a> {
    pub(super) cells: Vec<&'a Cell>,
    pub(super) rows: Vec<Row>,
    pub(super) style: Style,
}

impl Grid<'_> {
    pub(super) fn render(&self, text: &mut String) {
        let digits = self.rows.iter().filter_map(|row| row.at).max().unwrap_or(0).to_string().len();
        let gutter = digits.max(4) + 1;
        let homes = self.homes();
        let mut head = " ".repeat(gutter + 1);
        for column in 0..COLUMNS {
            let _ = write!(head, "+{column:<CELL$}");
        }
        let _ = writeln!(text, "{}", paint(self.style, Ink::Faint, head.trim_end()));
        for at in 0..=self.rows.len() {
            let above = at.checked_sub(1).and_then(|above| self.rows.get(above));
            let below = self.rows.get(at);
            let edge = format!("{}{}", " ".repeat(gutter), self.edge(above, below));
            let _ = writeln!(text, "{}", paint(self.style, Ink::Faint, edge.trim_end()));
            if let Some(row) = below {
                self.row(text, at, row, gutter, &homes);
            }
        }
    }

    /// The line between two rows: absent inside an extent.
    fn edge(&self, above: Option<&Row>, below: Option<&Row>) -> String {
        let owner = |row: Option<&Row>, column: Option<usize>| {
            row.and_then(|row| column.and_then(|column| row.owners.get(column).copied().flatten()))
        };
        let line = |column: Option<usize>| owner(above, column) != owner(below, column);
        let mut edge = String::new();
        for column in 0..=COLUMNS as usize {
            let before = column.checked_sub(1);
            let here = Some(column).filter(|column| *column < COLUMNS as usize);
            let up = owner(above, before) != owner(above, here);
            let down = owner(below, before) != owner(below, here);
            let left = before.is_some() && line(before);
            let right = here.is_some() && line(here);
            let hole = owner(below, before).is_some_and(|owner| self.cells[owner].kind == Kind::Hole);
            edge.push(match corner(up, down, left, right) {
                ' ' if hole => '░',
                corner => corner,
            });
            if here.is_some() {
                let inside = owner(below, here).map(|owner| self.cells[owner].kind);
                let fill = match inside {
                    _ if right => "─",
                    Some(Kind::Hole) => "░",
                    _ => " ",
                };
                edge.push_str(&fill.repeat(CELL));
            }
        }
        edge
    }

    /// Where each cell says what it is: in the widest of its runs, the first of those.
    fn homes(&self) -> Vec<Option<(usize, usize)>> {
        let mut homes: Vec<Option<(usize, usize)>> = vec![None; self.cells.len()];
        let mut widths = vec![0; self.cells.len()];
        for (at, row) in self.rows.iter().enumerate() {
            for (start, end, owner) in row.runs() {
                if let Some(owner) = owner
                    && end - start > widths[owner]
                    // A row that stands for many is only for what has no other.
                    && (row.at.is_some() || self.cells[owner].kind == Kind::NotKept)
                {
                    homes[owner] = Some((at, start));
                    widths[owner] = end - start;
                }
            }
        }
        homes
    }

    fn row(&self, text: &mut String, at: usize, row: &Row, gutter: usize, homes: &[Option<(usize, usize)>]) {
        let runs = row.runs();
        let labels: Vec<Vec<&[(char, Ink)]>> = runs
            .iter()
            .map(|(start, end, owner)| match owner {
                Some(owner) if homes[*owner] == Some((at, *start)) => {
                    wrap(&self.cells[*owner].label, width(*start, *end))
                }
                _ => Vec::new(),
            })
            .collect();
        let height = labels.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let bar = |edge: bool| if edge { paint(self.style, Ink::Faint, "│") } else { " ".to_owned() };
        for line in 0..height {
            let number = match (row.at, line) {
                (Some(at), 0) => at.to_string(),
                (None, 0) => "⋮".to_owned(),
                _ => String::new(),
            };
            let number = format!("{number:>width$} ", width = gutter - 1);
            let mut drawn = paint(self.style, Ink::Faint, &number);
            drawn.push_str(&bar(runs[0].2.is_some()));
            for (index, (start, end, owner)) in runs.iter().enumerate() {
                let width = width(*start, *end);
                let kind = owner.map(|owner| self.cells[owner].kind);
                let said = labels[index].get(line).copied();
                // A cell whose lines need every column has none to spare on the left.
                let indent = usize::from(labels[index].iter().all(|line| line.len() < width));
                match (said, kind) {
                    (Some(said), _) => {
                        drawn.push_str(&" ".repeat(indent));
                        self.push_label(&mut drawn, said);
                        drawn.push_str(&" ".repeat(width - indent - said.len()));
                    }
                    (None, Some(Kind::Hole)) => drawn.push_str(&paint(self.style, Ink::Faint, &"░".repeat(width))),
                    (None, _) => drawn.push_str(&" ".repeat(width)),
                }
                let after = runs.get(index + 1).and_then(|run| run.2);
                drawn.push_str(&bar(owner.is_some() || after.is_some()));
            }
            let _ = writeln!(text, "{}", drawn.trim_end());
        }
    }

    fn push_label(&self, drawn: &mut String, said: &[(char, Ink)]) {
        for part in said.chunk_by(|a, b| a.1 == b.1) {
            let text: String = part.iter().map(|(c, _)| c).collect();
            drawn.push_str(&paint(self.style, part[0].1, &text));
        }
    }
}

/// Columns of text between the lines around some bytes.
fn width(start: usize, end: usize) -> usize {
    (end - start) * (CELL + 1) - 1
}

fn corner(up: bool, down: bool, left: bool, right: bool) -> char {
    match (up, down, left, right) {
        (true, true, true, true) => '┼',
        (true, true, true, false) => '┤',
        (true, true, false, true) => '├',
        (true, false, true, true) => '┴',
        (false, true, true, true) => '┬',
        (false, true, false, true) => '┌',
        (false, true, true, false) => '┐',
        (true, false, false, true) => '└',
        (true, false, true, false) => '┘',
        (false, false, false, false) => ' ',
        (false, false, ..) => '─',
        (_, _, false, false) => '│',
    }
}

/// Breaks a label into lines of a cell: after `_`, `.` or a space, where there is one.
fn wrap(label: &[(char, Ink)], width: usize) -> Vec<&[(char, Ink)]> {
    let mut lines = Vec::new();
    let mut rest = label;
    while rest.len() > width {
        let after = |at: &usize| match rest[at - 1].0 {
            ' ' => true,
            // The space itself needs no room; an underscore that begins a word stays with it.
            _ if *at > width => false,
            '.' => true,
            '_' => rest[at - 2].0.is_alphanumeric() && rest[*at].0.is_alphanumeric(),
            _ => false,
        };
        let at = (2..=width + 1).rev().find(after).or_else(|| (2..=width).rev().find(|at| rest[*at].0 == '_'));
        let (line, others) = rest.split_at(at.unwrap_or(width));
        lines.push(trim(line));
        rest = others;
        while let [(' ', _), others @ ..] = rest {
            rest = others;
        }
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// Without the spaces at the end.
fn trim(mut line: &[(char, Ink)]) -> &[(char, Ink)] {
    while let [others @ .., (' ', _)] = line {
        line = others;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_break_at_words() {
        let lines = |text: &str| -> Vec<String> {
            let label = label(text, 0);
            wrap(&label, CELL).iter().map(|line| line.iter().map(|(c, _)| c).collect()).collect()
        };
        assert_eq!(lines("owner: i8"), ["owner: i8"]);
        assert_eq!(lines("visited: u8"), ["visited:", "u8"]);
        assert_eq!(lines("gi_closed: i8"), ["gi_closed:", "i8"]);
        assert_eq!(lines("f_executing: i8"), ["f_", "executing:", "i8"]);
        assert_eq!(lines("ob_mutex._bits: u8"), ["ob_mutex.", "_bits: u8"]);
        assert_eq!(lines("statically_allocated"), ["statically", "_allocated"]);
        assert_eq!(lines("abcdefghijklmnopqrstuvwxyz"), ["abcdefghij", "klmnopqrst", "uvwxyz"]);
        assert_eq!(lines(""), [""; 0]);
    }
}
