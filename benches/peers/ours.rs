//! `frame-runtime`.

use std::cell::RefCell;
use std::hint::black_box;

use frame_runtime::table::{ExceptionTable, LineTable, LocationRow};
use frame_runtime::version::{Cpython3_14, Version};

use crate::plain;
use crate::tables::{Code, Row};

fn line_table<'a>(code: &Code<'a>) -> LineTable<'a> {
    LineTable::new(Cpython3_14::LAYOUT, code.linetable, code.firstlineno, code.units as usize * 2)
}

fn ours(row: Row) -> LocationRow {
    let Row { line, end_line, column, end_column } = row;
    LocationRow { line, end_line, column, end_column }
}

pub fn agrees(code: &Code<'_>, rows: &[Row]) -> bool {
    let mut filled = vec![LocationRow::NONE; rows.len() + 1];
    let filled_rows = line_table(code).locations().fill(&mut filled) == Ok(rows.len())
        && filled.iter().zip(rows).all(|(found, row)| *found == ours(*row));
    let mut at = 0;
    let entries = line_table(code).locations().all(|entry| {
        let Ok(entry) = entry else { return false };
        let covered = rows.get(at..at + entry.length as usize);
        at += entry.length as usize;
        covered.is_some_and(|rows| rows.iter().all(|row| ours(*row) == entry.row))
    });
    let handlers: Result<Vec<_>, _> = ExceptionTable::new(code.exceptiontable).entries().collect();
    let handlers = handlers.map(|found| {
        let entry = |entry: frame_runtime::table::Handler| {
            [entry.start, entry.end, entry.target, entry.depth, u32::from(entry.lasti)]
        };
        found.into_iter().map(entry).collect::<Vec<_>>()
    });
    filled_rows && entries && at == rows.len() && handlers == Ok(plain::handlers(code))
}

thread_local! {
    /// Rows of the longest code object and more.
    static ROWS: RefCell<Vec<LocationRow>> = RefCell::new(vec![LocationRow::NONE; 1 << 18]);
}

/// Into a buffer that is there already.
pub fn fill_rows(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    ROWS.with_borrow_mut(|rows| fill(codes, rows))
}

fn fill(codes: &[Code<'_>], rows: &mut [LocationRow]) -> u64 {
    let mut sum = 0_u64;
    for code in codes {
        let count = line_table(code).locations().fill(rows).unwrap_or(0);
        let rows = black_box(&*rows);
        sum += count.checked_sub(1).map_or(0, |last| u64::from(rows[last].line.cast_unsigned()));
    }
    sum
}

pub fn sum_entries(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let mut sum = 0_u64;
    for code in codes {
        for entry in line_table(code).locations().flatten() {
            let LocationRow { line, end_line, column, end_column } = entry.row;
            let row = Row { line, end_line, column, end_column };
            sum = sum.wrapping_add(u64::from(entry.length)).wrapping_add(plain::mixed(row));
        }
    }
    sum
}

pub fn sum_handlers(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let sum = |code: &Code<'_>| -> u64 {
        let entries = ExceptionTable::new(code.exceptiontable).entries().flatten();
        entries.map(|entry| u64::from(entry.start ^ entry.end ^ entry.target)).sum()
    };
    codes.iter().map(sum).sum()
}

pub fn find_handlers(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let mut sum = 0;
    for code in codes {
        plain::starts(code, |unit| {
            let found = ExceptionTable::new(code.exceptiontable).find(unit);
            sum += found.ok().flatten().map_or(0, |entry| u64::from(entry.target));
        });
    }
    sum
}
