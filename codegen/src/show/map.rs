//! A struct as a map of its bytes: eight to a row, each field as wide as it is, holes shaded.
//!
//! Facts are input and may be nonsense: fields that overlap, lie beyond the end, or begin near 2^64 are drawn or listed
//! as they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::diag::Style;
use crate::diff::words;
use crate::model::facts::{Field, Struct};
use crate::terminal::{Ink, paint, printable};

/// Bytes, or bits, to a row.
const COLUMNS: u64 = 8;

/// Columns of text for each, without the line between.
const CELL: usize = 10;

/// Up to so many rows of one field are drawn in full; of more, the first and the last.
const ROWS_IN_FULL: u64 = 4;

/// Draws a struct; the size of an embedded one is asked of `size_of`.
pub(super) fn draw(item: &Struct, size_of: &dyn Fn(&str) -> Option<u64>, style: Style) -> String {
    let mut map = Map::default();
    let mut below = Below::default();
    let size = item.size.as_ref().map(|size| size.bytes.value);

    let (overlaid, own): (Vec<&Field>, Vec<&Field>) = item.fields.iter().partition(|field| field.overlays.is_some());
    let (bits, whole): (Vec<&Field>, Vec<&Field>) = own.into_iter().partition(|field| field.bits.is_some());
    let mut open = Vec::new();
    for field in whole {
        match field.ty.size(size_of) {
            Some(0) => below.line(place(field), "no bytes of its own"),
            Some(bytes) => match field.offset.checked_add(bytes) {
                Some(end) if map.is_free(field.offset.value, end) => {
                    if size.is_some_and(|size| end > size) {
                        below.line(place(field), "ends beyond the struct");
                    }
                    let cell = map.cell(Cell::field(field, bytes));
                    map.put(field.offset.value, end, cell);
                }
                Some(_) => below.line(place(field), "in bytes that another field has"),
                None => below.line(place(field), "ends beyond what can be addressed"),
            },
            None => open.push(field),
        }
    }
    let units = units(&bits, &map, size_of);
    for unit in &units {
        let cell = map.cell(unit.cell());
        for (start, end) in map.free_parts(unit.offset, unit.end) {
            map.put(start, end, cell);
        }
    }
    // Without a size, a field has the bytes up to the next one.
    for field in open {
        let start = field.offset.value;
        let row_end = (start / COLUMNS).saturating_add(1).saturating_mul(COLUMNS);
        let end = map.next_start(start).or(size).unwrap_or(row_end).min(if size.is_some() { u64::MAX } else { row_end });
        if start < end && map.is_free(start, end) {
            let cell = map.cell(Cell::of_unknown_size(field));
            map.put(start, end, cell);
        } else {
            below.line(place(field), "of unknown size");
        }
    }
    map.fill_gaps(size);

    let mut text = String::new();
    if map.spans.is_empty() {
        text.push_str("  no bytes\n");
    } else {
        map.render(&mut text, style);
    }
    if map.cells.iter().any(|cell| cell.kind == Kind::Hole) {
        let _ = writeln!(text, "{}", paint(style, Ink::Faint, "  ░ padding"));
    }
    for unit in &units {
        unit.draw(&mut text, item, size_of, style);
    }
    draw_overlays(&mut text, &overlaid, size_of, &mut below, style);
    below.push(&mut text);
    text
}

/// Members of unions that are not in the map itself: each is drawn in the bytes that it shares.
fn draw_overlays(
    text: &mut String,
    overlaid: &[&Field],
    size_of: &dyn Fn(&str) -> Option<u64>,
    below: &mut Below,
    style: Style,
) {
    let target = |field: &Field| field.overlays.as_ref().map(|other| other.value.clone()).unwrap_or_default();
    let mut targets: Vec<String> = Vec::new();
    for field in overlaid {
        if !targets.contains(&target(field)) {
            targets.push(target(field));
        }
    }
    for name in targets {
        // As few maps below each other as the members need.
        let mut lanes: Vec<Map> = Vec::new();
        for field in overlaid.iter().filter(|field| target(field) == name) {
            let start = field.offset.value;
            let bytes = field.ty.size(size_of).filter(|bytes| *bytes > 0 && field.bits.is_none());
            let Some((bytes, end)) = bytes.and_then(|bytes| Some((bytes, start.checked_add(bytes)?))) else {
                below.line(place(field), &format!("shares its bytes with {}", printable(&name)));
                continue;
            };
            let at = lanes.iter().position(|lane| lane.is_free(start, end)).unwrap_or(lanes.len());
            if at == lanes.len() {
                lanes.push(Map::default());
            }
            let cell = lanes[at].cell(Cell::field(field, bytes));
            lanes[at].put(start, end, cell);
        }
        if !lanes.is_empty() {
            let _ = writeln!(text, "\n  the bytes of {} are also", paint(style, Ink::Strong, &printable(&name)));
            Map::render_together(&lanes, text, style);
        }
    }
}

/// Lines that no map can show.
#[derive(Default)]
struct Below(Vec<(String, String)>);

impl Below {
    fn line(&mut self, place: String, why: &str) {
        self.0.push((place, why.to_owned()));
    }

    fn push(&self, text: &mut String) {
        if !self.0.is_empty() {
            text.push_str("\n  not drawn\n");
        }
        for (place, why) in &self.0 {
            let _ = writeln!(text, "    {place}: {why}");
        }
    }
}

/// `name: type at 8`, with its bits.
fn place(field: &Field) -> String {
    let bits = field.bits.as_ref().map_or_else(String::new, |bits| {
        let end = u128::from(bits.start.value) + u128::from(bits.width.value);
        format!(" bits {}..{end}", bits.start)
    });
    format!("{}: {} at {}{bits}", printable(&field.name), field.ty, field.offset)
}

/// The bit fields that share a unit.
struct Unit<'a> {
    offset: u64,
    end: u64,
    /// The type of the unit, `u32`.
    ty: String,
    /// `state` when all of them are `state.x`.
    prefix: Option<String>,
    fields: Vec<&'a Field>,
    /// Names in the map, without the prefix.
    names: Vec<String>,
}

/// Sorts bit fields into units.
fn units<'a>(bits: &[&'a Field], map: &Map, size_of: &dyn Fn(&str) -> Option<u64>) -> Vec<Unit<'a>> {
    let mut units: Vec<Unit<'a>> = Vec::new();
    for field in bits {
        let (offset, ty) = (field.offset.value, field.ty.to_string());
        match units.iter_mut().find(|unit| unit.offset == offset && unit.ty == ty) {
            Some(unit) => unit.fields.push(field),
            None => {
                let bytes = field.ty.size(size_of).unwrap_or(1).max(1);
                let end = offset.checked_add(bytes).unwrap_or(u64::MAX);
                units.push(Unit { offset, end, ty, prefix: None, fields: vec![field], names: Vec::new() });
            }
        }
    }
    for unit in &mut units {
        let prefix_of = |field: &Field| field.name.rsplit_once('.').map(|(prefix, _)| prefix.to_owned());
        let first = prefix_of(unit.fields[0]);
        unit.prefix = first.filter(|prefix| unit.fields.iter().all(|field| prefix_of(field).as_ref() == Some(prefix)));
        let cut = unit.prefix.as_ref().map_or(0, |prefix| prefix.len() + 1);
        unit.names = unit.fields.iter().map(|field| field.name[cut..].to_owned()).collect();
    }
    let _ = map;
    units
}

impl Unit<'_> {
    fn title(&self) -> String {
        let fields = if self.fields.len() == 1 { "1 bit field" } else { &format!("{} bit fields", self.fields.len()) };
        match &self.prefix {
            Some(prefix) => format!("{}: {fields} of {}", printable(prefix), self.ty),
            None => format!("{fields} of {}", self.ty),
        }
    }

    fn cell(&self) -> Cell {
        let title = self.title();
        let name = title.find(':').unwrap_or(0);
        Cell { kind: Kind::Field, label: label(&title, title[..name].chars().count()) }
    }

    /// Bit by bit, with the fields that are no bit fields but lie in the same unit.
    fn draw(&self, text: &mut String, item: &Struct, size_of: &dyn Fn(&str) -> Option<u64>, style: Style) {
        let mut map = Map::default();
        let width = (self.end - self.offset).saturating_mul(8);
        let mut below = Below::default();
        for (field, name) in self.fields.iter().zip(&self.names) {
            let Some(bits) = &field.bits else { continue };
            match bits.start.checked_add(bits.width.value) {
                Some(end) if end > bits.start.value && map.is_free(bits.start.value, end) => {
                    let name = printable(name);
                    let cell = map.cell(Cell { kind: Kind::Field, label: label(&name, name.chars().count()) });
                    map.put(bits.start.value, end, cell);
                }
                _ => below.line(place(field), "cannot be drawn"),
            }
        }
        for field in item.fields.iter().filter(|field| field.bits.is_none() && field.overlays.is_none()) {
            let Some(bytes) = field.ty.size(size_of) else { continue };
            let (start, end) = (field.offset.max(self.offset), field.offset.saturating_add(bytes).min(self.end));
            if start >= end {
                continue;
            }
            let (start, end) = ((start - self.offset).saturating_mul(8), (end - self.offset).saturating_mul(8));
            if map.is_free(start, end) {
                let cell = map.cell(Cell::field(field, 0));
                map.put(start, end, cell);
            }
        }
        map.fill_gaps(Some(width));
        let what = self.prefix.as_deref().map_or_else(String::new, |prefix| format!(" of {}", printable(prefix)));
        let title = format!("the bits{what}, {} at byte {}, low bit first", self.ty, self.offset);
        let _ = writeln!(text, "\n  {}", paint(style, Ink::Strong, &title));
        map.render(text, style);
        let _ = writeln!(text, "{}", paint(style, Ink::Faint, "  ░ unused"));
        below.push(text);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A field, or a unit of bit fields.
    Field,
    /// Bytes of the struct that no field has.
    Hole,
    /// Bytes of which the spec keeps nothing.
    NotKept,
}

/// What is drawn in one extent.
struct Cell {
    kind: Kind,
    label: Vec<(char, Ink)>,
}

impl Cell {
    /// The size is said where it cannot be read off the map.
    fn field(field: &Field, bytes: u64) -> Cell {
        let size = if bytes > COLUMNS { format!(", {}", words::bytes(bytes)) } else { String::new() };
        Cell::with(field, &size)
    }

    fn of_unknown_size(field: &Field) -> Cell {
        Cell::with(field, ", size not known")
    }

    fn with(field: &Field, more: &str) -> Cell {
        let name = printable(&field.name);
        let text = format!("{name}: {}{more}", printable(&field.ty.to_string()));
        Cell { kind: Kind::Field, label: label(&text, name.chars().count()) }
    }

    fn faint(kind: Kind, text: &str) -> Cell {
        Cell { kind, label: text.chars().map(|c| (c, Ink::Faint)).collect() }
    }
}

fn label(text: &str, name: usize) -> Vec<(char, Ink)> {
    text.chars().enumerate().map(|(at, c)| (c, if at < name { Ink::Plain } else { Ink::Type })).collect()
}

/// Extents in order, none overlapping another.
#[derive(Default)]
struct Map {
    /// Start, end, cell.
    spans: Vec<(u64, u64, usize)>,
    cells: Vec<Cell>,
}

impl Map {
    fn cell(&mut self, cell: Cell) -> usize {
        self.cells.push(cell);
        self.cells.len() - 1
    }

    fn put(&mut self, start: u64, end: u64, cell: usize) {
        let at = self.spans.partition_point(|span| span.0 < start);
        self.spans.insert(at, (start, end, cell));
    }

    fn is_free(&self, start: u64, end: u64) -> bool {
        let after = self.spans.partition_point(|span| span.1 <= start);
        self.spans.get(after).is_none_or(|span| end <= span.0)
    }

    fn free_parts(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let (mut parts, mut at) = (Vec::new(), start);
        for span in self.spans.iter().filter(|span| span.1 > start && span.0 < end) {
            if at < span.0 {
                parts.push((at, span.0));
            }
            at = at.max(span.1);
        }
        if at < end {
            parts.push((at, end));
        }
        parts
    }

    /// Where the next extent starts after a byte.
    fn next_start(&self, byte: u64) -> Option<u64> {
        self.spans.iter().map(|span| span.0).find(|start| *start > byte)
    }

    /// Makes the extents cover everything: holes in a whole struct, what is not kept in a partial one.
    fn fill_gaps(&mut self, size: Option<u64>) {
        let end = size.unwrap_or(u64::MAX);
        if self.spans.is_empty() && size.is_none() {
            return;
        }
        for (start, end) in self.free_parts(0, end) {
            let cell = match size {
                Some(_) => Cell::faint(Kind::Hole, ""),
                None if end == u64::MAX => Cell::faint(Kind::NotKept, "the rest is not kept"),
                None => Cell::faint(Kind::NotKept, &format!("{} not kept", words::bytes(end - start))),
            };
            let cell = self.cell(cell);
            self.put(start, end, cell);
        }
    }

    fn render(&self, text: &mut String, style: Style) {
        Map::render_together(std::slice::from_ref(self), text, style);
    }

    /// Draws maps below each other, in one frame.
    fn render_together(maps: &[Map], text: &mut String, style: Style) {
        let mut cells: Vec<&Cell> = Vec::new();
        let mut rows: Vec<Row> = Vec::new();
        for map in maps {
            map.rows(cells.len(), &mut rows);
            cells.extend(&map.cells);
        }
        Grid { cells, rows, style }.render(text);
    }

    /// Only the rows that say something: long extents are cut short, what is not kept is one row.
    fn rows(&self, first_cell: usize, rows: &mut Vec<Row>) {
        let mut numbers = BTreeSet::new();
        for &(start, end, cell) in &self.spans {
            let (first, last) = (start / COLUMNS, (end - 1) / COLUMNS);
            if self.cells[cell].kind == Kind::NotKept {
                continue;
            }
            if last - first < ROWS_IN_FULL {
                numbers.extend(first..=last);
            } else {
                numbers.extend([first, last]);
            }
        }
        let owner = |byte: u64| {
            let span = self.spans.get(self.spans.partition_point(|span| span.1 <= byte));
            span.filter(|span| span.0 <= byte).map(|span| first_cell + span.2)
        };
        let mut next = numbers.first().copied().filter(|_| owner(0).is_none()).unwrap_or(0);
        for number in numbers {
            if number > next {
                rows.push(Row { at: None, owners: [owner(next * COLUMNS); COLUMNS as usize] });
            }
            let start = number * COLUMNS;
            // The last row may end at 2^64.
            let owners = std::array::from_fn(|column| start.checked_add(column as u64).and_then(owner));
            rows.push(Row { at: Some(start), owners });
            next = number + 1;
        }
        if let Some(rest) = next.checked_mul(COLUMNS).and_then(owner) {
            rows.push(Row { at: None, owners: [Some(rest); COLUMNS as usize] });
        }
    }
}

/// One row of the drawing.
struct Row {
    /// The first byte or bit; absent for rows that stand for many.
    at: Option<u64>,
    /// The cell at each column; absent outside the struct.
    owners: [Option<usize>; COLUMNS as usize],
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

struct Grid<'a> {
    cells: Vec<&'a Cell>,
    rows: Vec<Row>,
    style: Style,
}

impl Grid<'_> {
    fn render(&self, text: &mut String) {
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
            edge.push(corner(up, down, left, right));
            if here.is_some() {
                edge.push_str(&if right { "─" } else { " " }.repeat(CELL));
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
                Some(owner) if homes[*owner] == Some((at, *start)) => wrap(&self.cells[*owner].label, width(*start, *end)),
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
                    (None, Some(Kind::Field)) if row.at.is_none() && line == 0 => {
                        let _ = write!(drawn, " {:<1$}", "⋮", width - 1);
                    }
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
    while !rest.is_empty() {
        if rest.len() <= width {
            lines.push(rest);
            break;
        }
        // One column is kept free on the left where that is possible.
        let breaks = |at: &usize| matches!(rest[at - 1].0, '_' | '.' | ' ');
        let at = (2..width).rev().find(breaks).or_else(|| (2..=width).rev().find(|at| rest[*at].0 == '_'));
        let at = at.unwrap_or(width.saturating_sub(1).max(1));
        let (line, after) = rest.split_at(at);
        let end = line.iter().rposition(|(c, _)| *c != ' ').map_or(0, |last| last + 1);
        if end > 0 {
            lines.push(&line[..end]);
        }
        rest = after;
    }
    lines
}
