//! Tables with other bit splits than CPython's: what is declared is decoded and encoded, with no Rust of its own.

use frame_runtime::table::{Encoder, Entries, Entry, Fault, Row, runs};
use proptest::prelude::*;

frame_macros::frame_spec! {
    table shifted "The location table, with other bits: three for the code, digits of five, the high one first." {
        unit 2 bytes;
        number far digits 5 bits, high first, at most 7;
        number delta digits 5 bits, high first, at most 7, signed;
        row {
            line kept "first line";
            end_line like line "last line";
            column absent "first column";
            end_column absent "behind the last one";
        }
        entry {
            mark 1 bit, code 3 bits, length 4 bits + 1;
            7 none absent {}
            6 no_column drops column, end_column { line += delta; }
            0..=2 short { column = code << 4 | bits 3..7; end_column = column + bits 0..3; }
            3..=4 one_line { line += code - 3; column = byte; end_column = byte; }
            5 long { line += delta; end_line = line + far; column = far - 1; end_column = far - 1; }
        }
    }

    table plain "No marks, a signed code, a length that may be 0." {
        unit 1 bytes;
        number far digits 7 bits, low first, at most 5, signed;
        row {
            level kept "how deep";
            kind absent "of what kind";
        }
        entry {
            code 3 bits signed, length 5 bits at most 30;
            -4 none absent {}
            -3..=2 near drops kind { level += code; }
            3 long { level += far; kind = byte; }
        }
    }
}

use plain::PlainRow;
use shifted::ShiftedRow;

fn decode<R: Row<N>, const N: usize>(bytes: &[u8]) -> Vec<(u32, u32, R)> {
    let entry = |entry: Entry<R>| (entry.start, entry.length, entry.row);
    Entries::<R, N>::new(bytes, 10).map(|found| entry(found.expect("a table"))).collect()
}

fn row(line: i32, end_line: i32, column: i32, end_column: i32) -> ShiftedRow {
    ShiftedRow { line, end_line, column, end_column }
}

#[test]
fn another_split_decodes_as_declared() {
    // short, code 1, three units: column 1 << 4 | 5, two wide.
    assert_eq!(decode(&[0x92, 0x2a]), [(0, 3, row(10, 10, 21, 23))]);
    // one_line, code 4: the next line; then none; then no_column, line -2 by digits 0 and 5.
    let wanted = [(0, 1, row(11, 11, 100, 7)), (1, 16, row(-1, -1, -1, -1)), (17, 1, row(9, 9, -1, -1))];
    assert_eq!(decode(&[0xc0, 100, 7, 0xff, 0xe0, 0x20, 0x05]), wanted);
    // long: +33 is 66, in digits 2 and 2; one line on; no column; column 31.
    assert_eq!(decode(&[0xd0, 0x22, 0x02, 0x01, 0x00, 0x21, 0x00]), [(0, 1, row(43, 44, -1, 31))]);
    let error = Entries::<ShiftedRow, 4>::new(&[0x92, 0xaa], 10).next().expect("an entry").expect_err("no table");
    assert_eq!((error.table, error.byte, error.fault), ("shifted", 1, Fault::Mark));
}

#[test]
fn a_table_without_marks_decodes_as_declared() {
    let row = |level, kind| PlainRow { level, kind };
    let table = [0x41, 0xbe, 0x80, 0x65, 0xc9, 0x01, 0xff];
    let wanted = [(0, 1, row(12, -1)), (1, 30, row(9, -1)), (31, 0, row(-1, -1)), (31, 5, row(-91, 255))];
    assert_eq!(decode(&table), wanted);
    for end in 0..table.len() {
        let found = Entries::<PlainRow, 2>::new(&table[..end], 10).last();
        let cut =
            found.is_some_and(|found| found.is_err_and(|error| error.byte == end && error.fault == Fault::Truncated));
        assert_eq!(cut, [4, 5, 6].contains(&end), "{end} bytes");
    }
}

fn expand<R: Copy>(rows: impl IntoIterator<Item = (u32, R)>) -> Vec<R> {
    rows.into_iter().flat_map(|(length, row)| (0..length).map(move |_| row)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn another_split_comes_back(
        rows in prop::collection::vec((1_u32..40, 0_i32..300, 0_i32..40, prop_oneof![0_i32..60, 0..3000], 0_i32..20), 0..12)
    ) {
        let row = |(length, line, lines, column, width)| (length, row(line, line + lines, column, column + width));
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        let mut encoder = Encoder::<ShiftedRow, 4>::new(10);
        for (length, row) in runs(rows.clone()) {
            encoder.push(length, row).expect("there is a form for it");
        }
        let found = decode::<ShiftedRow, 4>(&encoder.finish());
        prop_assert_eq!(expand(found.into_iter().map(|(_, length, row)| (length, row))), expand(rows));
    }

    #[test]
    fn a_table_without_marks_comes_back(rows in prop::collection::vec((1_u32..100, 0_i32..5000, -1_i32..256), 0..12)) {
        // A row without a kind is one that is near.
        let mut level = 10;
        let near = |(length, far, kind): (u32, i32, i32)| {
            level = if kind == -1 { level + far % 6 - 3 } else { far };
            (length, PlainRow { level, kind })
        };
        let rows: Vec<_> = rows.into_iter().map(near).filter(|(_, row)| row.level >= 0).collect();
        let mut encoder = Encoder::<PlainRow, 2>::new(10);
        let mut whole = true;
        for (length, row) in runs(rows.clone()) {
            whole &= encoder.push(length, row).is_ok();
        }
        if whole {
            let found = decode::<PlainRow, 2>(&encoder.finish());
            prop_assert_eq!(expand(found.into_iter().map(|(_, length, row)| (length, row))), expand(rows));
        }
    }
}
