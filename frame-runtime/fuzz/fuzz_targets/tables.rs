//! Any bytes as each of the tables: decoded, looked up in, and encoded again.
#![no_main]

use std::fmt::Debug;

use frame_runtime::layout::Layout;
use frame_runtime::table::{
    Encoder, Entries, Entry, ExceptionRow, ExceptionTable, Handlers, LineIndex, LineRow, LineTable, LnotabRow,
    LocationRow, Row, runs,
};
use libfuzzer_sys::fuzz_target;

/// Units that a table may cover here; a few bytes of `lnotab` or of the line table can cover many.
const UNITS: u32 = 4000;

fuzz_target!(|bytes: &[u8]| {
    // Two bytes choose the first line, one the version.
    let Some((&[low, high, version], bytes)) = bytes.split_first_chunk::<3>() else { return };
    let first = match i32::from(i16::from_le_bytes([low, high])) {
        line if line == i32::from(i16::MAX) => i32::MAX,
        line => line,
    };
    again::<LocationRow, 4>(bytes, first, |row| {
        // What is counted to line -1 or to end line -1, or has one column only, has no form of its own.
        let none = *row == LocationRow::NONE;
        (row.line == -1) == none && (row.end_line == -1) == none && (row.column == -1) == (row.end_column == -1)
    });
    again::<LineRow, 1>(bytes, first, |row| row.line != -1);
    again::<LnotabRow, 1>(bytes, first, |_| true);
    again::<ExceptionRow, 5>(bytes, 0, |_| true);
    fill(bytes, first);
    let layouts = Layout::all();
    lines(&layouts[usize::from(version) % layouts.len()], bytes, first);
    handlers(bytes);
});

/// What was decoded can be encoded, as entries and as runs, and is then the same; unless the encoder says that it cannot.
fn again<R: Row<N> + Debug, const N: usize>(bytes: &[u8], first: i32, has_form: impl Fn(&R) -> bool) {
    let Ok(entries) = Entries::<R, N>::new(bytes, first).collect::<Result<Vec<Entry<R>>, _>>() else { return };
    let mut encoder = Encoder::<R, N>::new(first);
    let encoded = entries.iter().all(|entry| encoder.push_entry(*entry).is_ok());
    if encoded && entries.iter().all(|entry| has_form(&entry.row)) {
        let bytes = encoder.finish();
        let found: Result<Vec<_>, _> = Entries::<R, N>::new(&bytes, first).collect();
        assert_eq!(found.as_ref(), Ok(&entries));
        // What the encoder chose it chooses again.
        let mut encoder = Encoder::<R, N>::new(first);
        assert!(entries.iter().all(|entry| encoder.push_entry(*entry).is_ok()));
        assert_eq!(encoder.finish(), bytes);
    }
    let head = R::FORMAT.head;
    if head.length.is_none() || entries.iter().map(|entry| u64::from(entry.length)).sum::<u64>() > u64::from(UNITS) {
        return;
    }
    let covered = |entries: &[Entry<R>]| -> Vec<R> {
        entries.iter().flat_map(|entry| (0..entry.length).map(|_| entry.row)).collect()
    };
    let mut encoder = Encoder::<R, N>::new(first);
    let mut pushed = true;
    for (length, row) in runs(entries.iter().map(|entry| (entry.length, entry.row))) {
        pushed &= encoder.push(length, row).is_ok();
    }
    if pushed && entries.iter().all(|entry| has_form(&entry.row)) {
        let found: Result<Vec<_>, _> = Entries::<R, N>::new(&encoder.finish(), first).collect();
        assert_eq!(found.as_deref().map(covered), Ok(covered(&entries)));
    }
}

/// A buffer gets the rows of the entries, however long it is.
fn fill(bytes: &[u8], first: i32) {
    let entries = Entries::<LocationRow, 4>::new(bytes, first);
    let mut wanted = Vec::new();
    let mut error = None;
    for entry in entries.clone() {
        match entry {
            Ok(entry) => wanted.extend((0..entry.length).map(|_| entry.row)),
            Err(fault) => error = Some(fault),
        }
    }
    for room in [0, 1, 7, 8, 9, 31, wanted.len(), wanted.len() + 8] {
        let mut rows = vec![LocationRow { line: i32::MIN, ..LocationRow::NONE }; room];
        match (entries.clone().fill(&mut rows), error) {
            (Ok(count), _) => assert_eq!(rows[..count], wanted[..count]),
            (Err(found), wanted) => assert_eq!(Some(found), wanted),
        }
    }
}

/// Everything that is asked of a line table, with an index and without.
fn lines(layout: &Layout, bytes: &[u8], first: i32) {
    let code_bytes = bytes.len() % 600 * 2;
    let table = LineTable::new(layout, bytes, first, code_bytes);
    let index = LineIndex::new(table);
    let mut end = 0;
    for range in table.lines() {
        let Ok(range) = range else { break };
        assert!(end == range.start && (range.start < range.end || range.end == 0), "{range:?} behind {end}");
        end = range.end;
    }
    assert!(table.starts().count() <= bytes.len() + 1);
    assert!(table.positions().take(UNITS as usize).count() <= bytes.len() * 8);
    if table.locations().all(|entry| entry.is_ok_and(|entry| entry.row.line.unsigned_abs() < 100_000)) && first < 100_000 {
        let _ = table.lnotab();
    }
    for address in (-3..40).chain([100, 511, 512, 513, 1023, 1024, 4095, i32::MAX]) {
        assert_eq!(index.line_at(table, address), table.line_at(address), "{} at {address}", layout.version);
        let address = address.unsigned_abs();
        assert_eq!(index.location_at(table, address), table.location_at(address), "{} at {address}", layout.version);
    }
}

/// Look-ups on the bytes and in the sorted list agree.
fn handlers(bytes: &[u8]) {
    let table = ExceptionTable::new(bytes);
    let sorted = Handlers::new(table);
    for unit in (0..70).chain([4095, 4096, 262_143, 1 << 29, u32::MAX]) {
        let found = table.find(unit);
        assert_eq!(sorted.find(table, unit), found);
        if let Ok(Some(handler)) = found {
            assert!(handler.start <= unit && unit < handler.end);
            assert!(table.entries().any(|entry| entry == Ok(handler)) || table.entries().any(|entry| entry.is_err()));
        }
    }
}
