//! The tables of a code object in this process: decoded, asked at every address, and encoded again.

use frame_runtime::code::{InstructionSet, Instructions};
use frame_runtime::layout::Layout;
use frame_runtime::table::{
    DecodeError, EncodeError, Encoder, Entries, ExceptionRow, ExceptionTable, Handler, Handlers, LineIndex, LineRow,
    LineTable, Lines, LnotabRow, LocationRow, runs,
};

use super::Bytes;

/// What is wrong with the tables of a code object: which one, and what.
pub(crate) fn faults(layout: &'static Layout, bytes: &Bytes) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut check =
        |table: &'static str, checked: Result<(), String>| found.extend(checked.err().map(|what| (table, what)));
    check("linetable", lines(layout, bytes));
    check("lnotab", lnotab(layout, bytes));
    check("exceptiontable", handlers(bytes));
    found
}

fn decoded(error: DecodeError) -> String {
    format!("is not read: {error}")
}

fn encoded(error: EncodeError) -> String {
    format!("is not written: {error}")
}

fn same(what: &str, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:02x?} for {theirs:02x?}")) }
}

fn table<'a>(layout: &Layout, bytes: &'a Bytes) -> LineTable<'a> {
    LineTable::new(layout, &bytes.linetable, first(bytes), bytes.code.len())
}

fn first(bytes: &Bytes) -> i32 {
    i32::try_from(bytes.firstlineno).expect("a line")
}

fn lines(layout: &'static Layout, bytes: &Bytes) -> Result<(), String> {
    let table = table(layout, bytes);
    let index = LineIndex::new(table);
    let ranges: Vec<_> = table.lines().collect::<Result<_, _>>().map_err(decoded)?;
    for range in &ranges {
        for address in (range.start..range.end).step_by(2) {
            let line = index.line_at(table, address.cast_signed()).map_err(decoded)?;
            if line != range.line {
                return Err(format!("has line {line:?} at {address}, not {:?}", range.line));
            }
        }
    }
    match layout.lines {
        Lines::Location => locations(layout, table, &index, bytes),
        Lines::Line => {
            let mut encoder = Encoder::<LineRow, 1>::new(first(bytes));
            let rows = ranges.iter().map(|range| (range.end - range.start, LineRow { line: range.line.unwrap_or(-1) }));
            for (length, row) in runs(rows) {
                encoder.push(length, row).map_err(encoded)?;
            }
            same("encoded", &encoder.finish(), &bytes.linetable)
        }
        Lines::Lnotab => {
            let mut pairs = Encoder::<LnotabRow, 1>::new(first(bytes));
            for pair in Entries::<LnotabRow, 1>::new(&bytes.linetable, first(bytes)) {
                pairs.push_entry(pair.map_err(decoded)?).map_err(encoded)?;
            }
            same("encoded by pairs", &pairs.finish(), &bytes.linetable)?;
            // From rows the splits of the old peephole pass do not come back; the answers do.
            let mut rows = Encoder::<LnotabRow, 1>::new(first(bytes));
            for range in &ranges {
                rows.push_at(range.start, LnotabRow { line: range.line.unwrap_or(0) }).map_err(encoded)?;
            }
            let rows = rows.finish();
            let again = LineTable::new(layout, &rows, first(bytes), bytes.code.len());
            let again: Vec<_> = again.lines().collect::<Result<_, _>>().map_err(decoded)?;
            if again == ranges { Ok(()) } else { Err(format!("encoded by rows: {again:?} for {ranges:?}")) }
        }
    }
}

/// The rows of all units, written into a buffer, looked up, and encoded.
fn locations(layout: &'static Layout, table: LineTable<'_>, index: &LineIndex, bytes: &Bytes) -> Result<(), String> {
    let mut rows = vec![LocationRow::NONE; bytes.code.len() / 2 + 1];
    let count = table.locations().fill(&mut rows).map_err(decoded)?;
    rows.truncate(count);
    let positions: Vec<LocationRow> = table.positions().collect::<Result<_, _>>().map_err(decoded)?;
    if positions != rows || count != bytes.code.len() / 2 {
        return Err(format!("fills {count} rows that are not those of its positions"));
    }
    for (unit, row) in rows.iter().enumerate() {
        let found = index.location_at(table, unit as u32 * 2).map_err(decoded)?;
        if found != Some(*row) {
            return Err(format!("has {found:?} at unit {unit}, not {row:?}"));
        }
    }
    let mut encoder = Encoder::<LocationRow, 4>::new(first(bytes));
    if layout.minor() == 11 {
        // Its compiler writes each instruction for itself.
        let set = InstructionSet::new(layout);
        for item in Instructions::new(&set, &bytes.code) {
            encoder.push((item.next - item.first) as u32, rows[item.first]).map_err(encoded)?;
        }
    } else {
        for (length, row) in runs(rows.iter().map(|row| (1, *row))) {
            encoder.push(length, row).map_err(encoded)?;
        }
    }
    same("encoded", &encoder.finish(), &bytes.linetable)
}

/// What 3.10 to 3.14 still show in the old format.
fn lnotab(layout: &Layout, bytes: &Bytes) -> Result<(), String> {
    let Some(wanted) = &bytes.lnotab else { return Ok(()) };
    same("shown", &table(layout, bytes).lnotab().map_err(decoded)?, wanted)
}

fn handlers(bytes: &Bytes) -> Result<(), String> {
    let Some(theirs) = &bytes.exceptiontable else { return Ok(()) };
    let table = ExceptionTable::new(theirs);
    let entries: Vec<Handler> = table.entries().collect::<Result<_, _>>().map_err(decoded)?;
    let handlers = Handlers::new(table);
    for unit in 0..bytes.code.len() as u32 / 2 + 1 {
        let wanted = entries.iter().find(|entry| entry.start <= unit && unit < entry.end).copied();
        for found in [table.find(unit), handlers.find(table, unit)] {
            let found = found.map_err(decoded)?;
            if found != wanted {
                return Err(format!("has {found:?} for unit {unit}, not {wanted:?}"));
            }
        }
    }
    let mut encoder = Encoder::<ExceptionRow, 5>::new(0);
    for row in Entries::<ExceptionRow, 5>::new(theirs, 0) {
        encoder.push(0, row.map_err(decoded)?.row).map_err(encoded)?;
    }
    same("encoded", &encoder.finish(), theirs)
}
