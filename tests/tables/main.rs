//! Tables of bytes: what is encoded decodes to the same, look-ups agree with reading from the start, and bytes that are no
//! table are an error.

mod own;
mod vectors;

use frame_runtime::layout::Layout;
use frame_runtime::table::{
    DecodeError, Encoder, Entries, Entry, ExceptionRow, ExceptionTable, Fault, Handler, Handlers, LineIndex, LineRow,
    LineTable, LnotabRow, LocationRow, Row, runs,
};
use frame_runtime::version::{Cpython3_9, Cpython3_10, Cpython3_14, Version};
use proptest::prelude::*;

fn entries<R: Row<N>, const N: usize>(bytes: &[u8], kept: i32) -> Result<Vec<Entry<R>>, DecodeError> {
    Entries::<R, N>::new(bytes, kept).collect()
}

/// Whole tables whose entries are mostly in order, out of bytes that choose everything.
fn nearly<const N: usize, R: Row<N>>(bytes: &[u8]) -> Vec<u8> {
    let head = R::FORMAT.head;
    let mut table = Vec::new();
    for chunk in bytes.chunks(6) {
        for (index, byte) in chunk.iter().enumerate() {
            table.push(match (head.mark, index) {
                (true, 0) => byte | 0x80,
                // One payload byte in sixteen is as it came.
                (true, _) if chunk[0] & 0xf0 != 0x70 => byte & 0x7f,
                _ => *byte,
            });
        }
    }
    table
}

fn location() -> impl Strategy<Value = LocationRow> {
    let line = prop_oneof![Just(-1), 0..200, 0..100_000, Just(i32::MAX - 2000)];
    let column = prop_oneof![Just(-1), 0..130, 0..5000];
    (line, prop_oneof![Just(0), 0..70, 0..5000], column.clone(), column).prop_map(
        |(line, lines, column, end_column)| {
            // CPython knows both columns or none, and nothing without a line.
            let known = line != -1;
            let columns = known && column != -1 && end_column != -1;
            LocationRow {
                line,
                end_line: if known { line.saturating_add(lines) } else { -1 },
                column: if columns { column } else { -1 },
                end_column: if columns { end_column } else { -1 },
            }
        },
    )
}

fn expand<R: Copy>(rows: impl IntoIterator<Item = (u32, R)>) -> Vec<R> {
    rows.into_iter().flat_map(|(length, row)| (0..length).map(move |_| row)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn locations_come_back(first in -5..1000, rows in prop::collection::vec((1_u32..30, location()), 0..20)) {
        let mut encoder = Encoder::<LocationRow, 4>::new(first);
        for (length, row) in runs(rows.clone()) {
            encoder.push(length, row).expect("a row that CPython could have");
        }
        let bytes = encoder.finish();
        let found = entries::<LocationRow, 4>(&bytes, first).expect("what was encoded");
        prop_assert_eq!(expand(found.iter().map(|entry| (entry.length, entry.row))), expand(rows));
        prop_assert!(found.iter().all(|entry| (1..=8).contains(&entry.length)));
    }

    #[test]
    fn lines_come_back(first in -5..1000, rows in prop::collection::vec((1_u32..900, -1_i32..3000), 0..20)) {
        let mut encoder = Encoder::<LineRow, 1>::new(first);
        for (length, line) in runs(rows.clone()) {
            encoder.push(length, LineRow { line }).expect("a line");
        }
        let found = entries::<LineRow, 1>(&encoder.finish(), first).expect("what was encoded");
        let found = expand(found.iter().map(|entry| (entry.length, entry.row.line)));
        prop_assert_eq!(found, expand(rows));
    }

    #[test]
    fn starts_come_back(first in 0..1000, rows in prop::collection::vec((0_u32..900, 0_i32..3000), 0..20)) {
        let mut encoder = Encoder::<LnotabRow, 1>::new(first);
        let (mut at, mut wanted) = (0, vec![(0, first)]);
        for (skip, line) in rows {
            at += skip;
            encoder.push_at(at, LnotabRow { line }).expect("a line");
            wanted.push((at, line));
        }
        let bytes = encoder.finish();
        let table = LineTable::new(Cpython3_9::LAYOUT, &bytes, first, at as usize + 2);
        for address in wanted.iter().flat_map(|(start, _)| [start.saturating_sub(1), *start, start + 1]) {
            // Of rows at one address the last one counts.
            let line = wanted.iter().rev().find(|(start, _)| *start <= address).map(|(_, line)| *line);
            prop_assert_eq!(table.line_at(address.cast_signed()), Ok(line));
        }
    }

    #[test]
    fn handlers_come_back(rows in prop::collection::vec((0_i32..5000, 0_i32..5000, 0_i32..1 << 29, 0_i32..1 << 20, 0_i32..2), 0..20)) {
        let mut encoder = Encoder::<ExceptionRow, 5>::new(0);
        let rows: Vec<ExceptionRow> =
            rows.into_iter().map(|(start, size, target, depth, lasti)| ExceptionRow { start, size, target, depth, lasti }).collect();
        for row in &rows {
            encoder.push(0, *row).expect("numbers below 2^30");
        }
        let found = entries::<ExceptionRow, 5>(&encoder.finish(), 0).expect("what was encoded");
        prop_assert_eq!(found.into_iter().map(|entry| entry.row).collect::<Vec<_>>(), rows);
    }

    /// What can be read can be written, and is read as the same again.
    #[test]
    fn bytes_that_are_a_table_stay_one(first in -5..1000, bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes = nearly::<4, LocationRow>(&bytes);
        if let Ok(found) = entries::<LocationRow, 4>(&bytes, first) {
            let mut encoder = Encoder::<LocationRow, 4>::new(first);
            let mut same = true;
            for entry in &found {
                // A row whose line is -1 by counting has no form of its own, one with one column loses it.
                same &= (entry.row.column == -1) == (entry.row.end_column == -1) && entry.row.line != -1;
                same &= encoder.push(entry.length, entry.row).is_ok();
            }
            if same {
                prop_assert_eq!(entries::<LocationRow, 4>(&encoder.finish(), first), Ok(found));
            }
        }
    }

    #[test]
    fn an_index_changes_no_answer(first in -5..1000, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let location = nearly::<4, LocationRow>(&bytes);
        for (layout, bytes) in [(Cpython3_14::LAYOUT, &location), (Cpython3_10::LAYOUT, &bytes), (Cpython3_9::LAYOUT, &bytes)] {
            index_agrees(layout, bytes, first);
        }
    }

    #[test]
    fn sorted_handlers_change_no_answer(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let bytes = nearly::<5, ExceptionRow>(&bytes);
        let table = ExceptionTable::new(&bytes);
        let handlers = Handlers::new(table);
        for unit in (0..200).chain([5000, u32::MAX]) {
            prop_assert_eq!(handlers.find(table, unit), table.find(unit));
        }
    }
}

fn index_agrees(layout: &Layout, bytes: &[u8], first: i32) {
    let table = LineTable::new(layout, bytes, first, 400);
    let index = LineIndex::new(table);
    for address in (-2..420).step_by(3) {
        let (found, wanted) = (index.line_at(table, address), table.line_at(address));
        assert_eq!(found, wanted, "{} {bytes:02x?} first {first}: address {address}", layout.version);
    }
    for address in (0..420).step_by(3) {
        assert_eq!(index.location_at(table, address), table.location_at(address), "{bytes:02x?}");
    }
}

/// Filling a buffer writes what the entries say, whatever room there is.
#[test]
fn a_buffer_is_filled_as_far_as_it_goes() {
    let table = [0xf8, 0xf9, 0xd1, 0x01, 0x02, 0xd8, 0x03, 0x04, 0xf8, 0x87, 0x35];
    let found = entries::<LocationRow, 4>(&table, 5).expect("a table");
    let wanted = expand(found.iter().map(|entry| (entry.length, entry.row)));
    assert_eq!(wanted.len(), 15);
    for room in 0..40 {
        let mut rows = vec![LocationRow { line: 77, ..LocationRow::NONE }; room];
        let count = Entries::<LocationRow, 4>::new(&table, 5).fill(&mut rows).expect("a table");
        assert_eq!(count, room.min(15));
        assert_eq!(rows[..count], wanted[..count]);
    }
}

#[test]
fn what_is_no_table_says_why() {
    let said = |bytes: &[u8]| entries::<LocationRow, 4>(bytes, 10).expect_err("no table").to_string();
    assert_eq!(said(&[0x05, 0x10]), "location table, byte 0: an entry begins without its mark");
    assert_eq!(said(&[0x80, 0x11, 0x22]), "location table, byte 2: an entry begins without its mark");
    assert_eq!(said(&[0xf0, 0x02]), "location table, byte 2: the table ends within an entry");
    assert_eq!(said(&[0xd1, 0x48, 0xc9]), "location table, byte 2: a new entry begins within an entry");
    assert_eq!(said(&[0xe8, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f]), "location table, byte 1: a number is too large");
    let said = |bytes: &[u8]| entries::<ExceptionRow, 5>(bytes, 0).expect_err("no table").to_string();
    assert_eq!(said(&[0x82, 0x15]), "exception table, byte 2: the table ends within an entry");
    assert_eq!(said(&[0x02]), "exception table, byte 0: an entry begins without its mark");
    let error = entries::<LineRow, 1>(&[4], 1).expect_err("no table");
    assert_eq!((error.byte, error.fault), (1, Fault::Truncated));
    // An odd byte at the end of an old table counts for nothing.
    let table = LineTable::new(Cpython3_9::LAYOUT, &[4, 1, 9], 1, 8);
    assert_eq!(table.line_at(6), Ok(Some(2)));
}

/// On the way to a line far off, -1 is no place to stop: it would be written as no line, again and again.
#[test]
fn lines_far_below_are_reached() {
    for (first, line) in [(126, -200), (253, -1000), (-128, 300), (126, -2)] {
        let mut encoder = Encoder::<LineRow, 1>::new(first);
        encoder.push(6, LineRow { line }).expect("a line");
        let found = entries::<LineRow, 1>(&encoder.finish(), first).expect("what was encoded");
        let last = found.last().expect("a row");
        assert_eq!((last.start, last.length, last.row.line), (0, 6, line));
    }
}

/// An entry that is longer than half of the table never ends CPython's search; it ends here.
#[test]
fn a_search_by_halves_ends() {
    let mut table = vec![0x80];
    table.extend([0; 60]);
    let found = ExceptionTable::new(&table).find(3);
    assert!(found.is_err(), "{found:?}");
    let sorted: Vec<u8> = (0..30_u8).flat_map(|index| [0x80 | (index * 2), 1, 40, 4]).collect();
    let table = ExceptionTable::new(&sorted);
    for unit in 0..70 {
        let wanted = (unit < 60 && unit % 2 == 0).then(|| Handler {
            start: unit,
            end: unit + 1,
            target: 40,
            depth: 2,
            lasti: false,
        });
        assert_eq!(table.find(unit), Ok(wanted));
    }
}
