//! A struct as a map of its bytes: eight to a row, each field as wide as it is, holes shaded.
//!
//! Facts are input and may be nonsense: fields that overlap, lie beyond the end, or begin near 2^64 are drawn or listed
//! as they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::grid::{COLUMNS, Cell, Grid, Kind, Row, label};
use crate::diag::Style;
use crate::diff::words;
use crate::model::facts::{Field, Struct};
use crate::terminal::{Ink, paint, printable};

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
    let units = units(&bits, size_of);
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
        let end =
            map.next_start(start).or(size).unwrap_or(row_end).min(if size.is_some() { u64::MAX } else { row_end });
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
        text.push_str(if size.is_some() { "  no bytes\n" } else { "  no fields are kept\n" });
    } else {
        map.render(&mut text, style);
        map.push_legend(&mut text, "padding", style);
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

/// What no map can show.
#[derive(Default)]
struct Below(Vec<(String, String)>);

impl Below {
    fn line(&mut self, place: String, why: &str) {
        self.0.push((place, why.to_owned()));
    }

    fn push(&self, text: &mut String) {
        if !self.0.is_empty() {
            text.push_str("\n  besides\n");
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
fn units<'a>(bits: &[&'a Field], size_of: &dyn Fn(&str) -> Option<u64>) -> Vec<Unit<'a>> {
    let mut units: Vec<Unit<'a>> = Vec::new();
    for field in bits {
        let (offset, ty) = (field.offset.value, field.ty.to_string());
        match units.iter_mut().find(|unit| unit.offset == offset && unit.ty == ty) {
            Some(unit) => unit.fields.push(field),
            None => {
                let bytes = field.ty.size(size_of).unwrap_or(1).max(1);
                let end = offset.saturating_add(bytes);
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
    units
}

impl Unit<'_> {
    fn title(&self) -> String {
        let fields = if self.fields.len() == 1 { "1 bit field" } else { &format!("{} bit fields", self.fields.len()) };
        match &self.prefix {
            Some(prefix) => format!("{}: {fields} in a {}", printable(prefix), self.ty),
            None => format!("{fields} in a {}", self.ty),
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
            if start < end && map.is_free(start, end) {
                let cell = map.cell(Cell::field(field, 0));
                map.put(start, end, cell);
            }
        }
        map.fill_gaps(Some(width));
        let what = self.prefix.as_deref().map_or_else(String::new, |prefix| format!(" of {}", printable(prefix)));
        let title = format!("the bits{what}, {} at byte {}, low bit first", self.ty, self.offset);
        let _ = writeln!(text, "\n  {}", paint(style, Ink::Strong, &title));
        map.render(text, style);
        map.push_legend(text, "unused", style);
        below.push(text);
    }
}

/// What an extent says.
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

    /// Says what shading means, if there is any.
    fn push_legend(&self, text: &mut String, meaning: &str, style: Style) {
        if self.cells.iter().any(|cell| cell.kind == Kind::Hole) {
            let _ = writeln!(text, "  {}", paint(style, Ink::Faint, &format!("░ {meaning}")));
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diff::tests::{facts_of, structure};
    use crate::terminal::WIDTH;

    fn draw_of(size: Option<u64>, fields: &[&str]) -> String {
        let facts = facts_of("3.14.0", &structure(size, fields));
        let size_of = |name: &str| match name {
            "PyObject" => Some(16),
            "PyTryBlock" => Some(12),
            "Empty" => Some(0),
            _ => None,
        };
        let map = draw(&facts.content.structs[0], &size_of, Style::Plain);
        for line in map.lines() {
            assert!(line == line.trim_end(), "{map}");
        }
        map
    }

    fn check(size: Option<u64>, fields: &[&str], expected: &Expect) {
        let map = draw_of(size, fields);
        assert!(map.lines().all(|line| line.chars().count() <= WIDTH), "{map}");
        // `expect!` takes away the indentation that all lines share: the first has none.
        expected.assert_eq(&format!("S\n{map}"));
    }

    #[test]
    fn fields_are_as_wide_as_they_are() {
        check(
            Some(40),
            &[
                "ob_base: PyObject @ 0",
                "next: *S @ 16",
                "return_offset: u16 @ 24",
                "owner: i8 @ 26",
                "co_tracing_opcodes: u8 @ 27",
                "items: [*PyObject; 1] @ 32",
            ],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────────────────────────────────────────────────┐
                   0 │ ob_base: PyObject, 16 bytes                                                           │
                     │                                                                                       │
                   8 │                                                                                       │
                     ├───────────────────────────────────────────────────────────────────────────────────────┤
                  16 │ next: *S                                                                              │
                     ├─────────────────────┬──────────┬──────────┬───────────────────────────────────────────┤
                  24 │ return_offset: u16  │ owner: i8│ co_      │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │                     │          │ tracing_ │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │                     │          │ opcodes: │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │                     │          │ u8       │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     ├─────────────────────┴──────────┴──────────┴───────────────────────────────────────────┤
                  32 │ items: [*PyObject; 1]                                                                 │
                     └───────────────────────────────────────────────────────────────────────────────────────┘
                  ░ padding
            "#]],
        );
    }

    #[test]
    fn a_struct_that_ends_inside_a_row() {
        check(
            Some(12),
            &["b_type: i32 @ 0", "b_handler: i32 @ 4", "b_level: i32 @ 8"],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────┬───────────────────────────────────────────┐
                   0 │ b_type: i32                               │ b_handler: i32                            │
                     ├───────────────────────────────────────────┼───────────────────────────────────────────┘
                   8 │ b_level: i32                              │
                     └───────────────────────────────────────────┘
            "#]],
        );
    }

    #[test]
    fn long_fields_and_long_holes_are_cut_short() {
        check(
            Some(400),
            &["first: u32 @ 0", "blocks: [PyTryBlock; 20] @ 4", "last: u8 @ 340"],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────┬───────────────────────────────────────────┐
                   0 │ first: u32                                │ blocks: [PyTryBlock; 20], 240 bytes       │
                     ├───────────────────────────────────────────┘                                           │
                   ⋮ │                                                                                       │
                     │                                           ┌───────────────────────────────────────────┤
                 240 │                                           │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     ├───────────────────────────────────────────┘░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                   ⋮ │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░┌──────────┬────────────────────────────────┤
                 336 │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│ last: u8 │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     ├───────────────────────────────────────────┴──────────┘░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                   ⋮ │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                 392 │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     └───────────────────────────────────────────────────────────────────────────────────────┘
                  ░ padding
            "#]],
        );
    }

    #[test]
    fn bits() {
        check(
            Some(8),
            &[
                "state.interned: u8 @ 0",
                "state.kind: u32 @ 0, first_bit: 8, width_bits: 3",
                "state.ascii: u32 @ 0, first_bit: 11, width_bits: 1",
                "state.statically_allocated: u32 @ 0, first_bit: 12, width_bits: 1",
            ],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌──────────┬────────────────────────────────┬───────────────────────────────────────────┐
                   0 │ state.   │ state: 3 bit fields in a u32   │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │ interned:│                                │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │ u8       │                                │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     └──────────┴────────────────────────────────┴───────────────────────────────────────────┘
                  ░ padding

                  the bits of state, u32 at byte 0, low bit first
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────────────────────────────────────────────────┐
                   0 │ state.interned: u8                                                                    │
                     ├────────────────────────────────┬──────────┬──────────┬────────────────────────────────┤
                   8 │ kind                           │ ascii    │statically│░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │                                │          │_allocated│░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     ├────────────────────────────────┴──────────┴──────────┘░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                  16 │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                  24 │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     └───────────────────────────────────────────────────────────────────────────────────────┘
                  ░ unused
            "#]],
        );
        check(
            Some(1),
            &["on: u8 @ 0, first_bit: 0, width_bits: 1", "a.mode: u8 @ 0, first_bit: 1, width_bits: 7"],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌──────────┐
                   0 │ 2 bit    │
                     │ fields in│
                     │ a u8     │
                     └──────────┘

                  the bits, u8 at byte 0, low bit first
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌──────────┬────────────────────────────────────────────────────────────────────────────┐
                   0 │ on       │ a.mode                                                                     │
                     └──────────┴────────────────────────────────────────────────────────────────────────────┘
            "#]],
        );
    }

    #[test]
    fn unions() {
        check(
            Some(16),
            &[
                "full: i64 @ 0",
                "refcnt: u32 @ 0, overlays: full",
                "aligner: i8 @ 0, overlays: full",
                "flags: u16 @ 6, overlays: full",
                "none: Empty @ 0, overlays: full",
                "type: *PyTypeObject @ 8",
            ],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────────────────────────────────────────────────┐
                   0 │ full: i64                                                                             │
                     ├───────────────────────────────────────────────────────────────────────────────────────┤
                   8 │ type: *PyTypeObject                                                                   │
                     └───────────────────────────────────────────────────────────────────────────────────────┘

                  the bytes of full are also
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────┐                     ┌─────────────────────┐
                   0 │ refcnt: u32                               │                     │ flags: u16          │
                     ├──────────┬────────────────────────────────┘                     └─────────────────────┘
                   0 │ aligner: │
                     │ i8       │
                     └──────────┘

                  besides
                    none: Empty at 0: shares its bytes with full
            "#]],
        );
    }

    #[test]
    fn a_partial_struct() {
        check(
            None,
            &[
                "base: PyThreadState @ 0",
                "status: bytes(4) @ 24",
                "depth: i32 @ 36",
                "frame: *Frame @ 40",
                "top: u32 @ 888",
            ],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────────────────────────────────────────────────┐
                   0 │ base: PyThreadState, size not known                                                   │
                     ├───────────────────────────────────────────────────────────────────────────────────────┤
                   ⋮ │ 16 bytes not kept                                                                     │
                     ├───────────────────────────────────────────┬───────────────────────────────────────────┤
                  24 │ status: bytes(4)                          │ 8 bytes not kept                          │
                     ├───────────────────────────────────────────┼───────────────────────────────────────────┤
                  32 │                                           │ depth: i32                                │
                     ├───────────────────────────────────────────┴───────────────────────────────────────────┤
                  40 │ frame: *Frame                                                                         │
                     ├───────────────────────────────────────────────────────────────────────────────────────┤
                   ⋮ │ 840 bytes not kept                                                                    │
                     ├───────────────────────────────────────────┬───────────────────────────────────────────┤
                 888 │ top: u32                                  │                                           │
                     ├───────────────────────────────────────────┘                                           │
                   ⋮ │ the rest is not kept                                                                  │
                     └───────────────────────────────────────────────────────────────────────────────────────┘
            "#]],
        );
        check(
            None,
            &["next: *S @ 7272"],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────────────────────────────────────────────────┐
                   ⋮ │ 7272 bytes not kept                                                                   │
                     ├───────────────────────────────────────────────────────────────────────────────────────┤
                7272 │ next: *S                                                                              │
                     ├───────────────────────────────────────────────────────────────────────────────────────┤
                   ⋮ │ the rest is not kept                                                                  │
                     └───────────────────────────────────────────────────────────────────────────────────────┘
            "#]],
        );
    }

    #[test]
    fn nothing_to_draw() {
        check(
            Some(0),
            &[],
            &expect![[r#"
                S
                  no bytes
            "#]],
        );
        check(
            None,
            &[],
            &expect![[r#"
                S
                  no fields are kept
            "#]],
        );
        check(
            Some(8),
            &["indices: [i8; 0] @ 8", "unknown: Nobody @ 8"],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────────────────────────────────────────────────┐
                   0 │░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│
                     └───────────────────────────────────────────────────────────────────────────────────────┘
                  ░ padding

                  besides
                    indices: [i8; 0] at 8: no bytes of its own
                    unknown: Nobody at 8: of unknown size
            "#]],
        );
    }

    #[test]
    fn facts_that_cannot_be() {
        check(
            Some(8),
            &["a: u64 @ 0", "b: u32 @ 4", "c: u16 @ 8", "d: Nobody @ 2", "e: u64 @ 18446744073709551612"],
            &expect![[r#"
                S
                      +0         +1         +2         +3         +4         +5         +6         +7
                     ┌───────────────────────────────────────────────────────────────────────────────────────┐
                   0 │ a: u64                                                                                │
                     ├─────────────────────┬─────────────────────────────────────────────────────────────────┘
                   8 │ c: u16              │
                     └─────────────────────┘

                  besides
                    b: u32 at 4: in bytes that another field has
                    c: u16 at 8: ends beyond the struct
                    e: u64 at 18446744073709551612: ends beyond what can be addressed
                    d: Nobody at 2: of unknown size
            "#]],
        );
    }

    /// Every struct of a few fields at places where arithmetic is in danger.
    #[test]
    fn no_facts_make_it_panic() {
        let places: [u64; 7] = [0, 3, 8, 1 << 32, u64::MAX - 8, u64::MAX - 1, u64::MAX];
        let types = ["u8", "u64", "PyObject", "Nobody", "Empty", "bytes(18446744073709551615)"];
        let mores =
            ["", ", first_bit: 3, width_bits: 1", ", first_bit: 18446744073709551615, width_bits: 2", ", overlays: f"];
        let mut fields = Vec::new();
        for place in places {
            for ty in types {
                for more in mores {
                    fields.push(format!("f{}: {ty} @ {place}{more}", fields.len()));
                }
            }
        }
        for size in [None, Some(0), Some(7), Some(8), Some(1 << 40), Some(u64::MAX)] {
            for first in 0..fields.len() {
                let second = (first * 37 + 11) % fields.len();
                let third = (first * 53 + 29) % fields.len();
                draw_of(size, &[&fields[first]]);
                draw_of(size, &[&fields[first], &fields[second], &fields[third]]);
            }
        }
        draw_of(Some(1 << 20), &fields.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
