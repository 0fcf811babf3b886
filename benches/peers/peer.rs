//! `rustpython-compiler-core`, by its own functions.

use std::hint::black_box;

use rustpython_compiler_core::bytecode::{ExceptionTableEntry, decode_exception_table, find_exception_handler};
use rustpython_compiler_core::marshal::linetable_to_locations;

use crate::plain;
use crate::tables::{Code, Row};

/// It makes a new list of rows for each code object; there is no other decoder of these tables in it.
pub const ROWS: &str = "rustpython-compiler-core: linetable_to_locations";
pub const HANDLERS: &str = "rustpython-compiler-core: decode_exception_table";
pub const FIND: &str = "rustpython-compiler-core: find_exception_handler";

/// It says the same, as far as its rows can: it has no "none", and no line 0.
pub fn agrees(code: &Code<'_>, rows: &[Row]) -> bool {
    let found = linetable_to_locations(code.linetable, code.firstlineno, code.units as usize);
    let number = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
    let lines = found.len() == rows.len()
        && found.iter().zip(rows).filter(|(_, row)| row.line > 0).all(|((start, end), row)| {
            let column = |value: i32| value.max(0);
            number(start.line.get()) == row.line
                && number(end.line.get()) == row.end_line
                && number(start.character_offset.to_zero_indexed()) == column(row.column)
                && number(end.character_offset.to_zero_indexed()) == column(row.end_column)
        });
    let entry = |entry: &ExceptionTableEntry| {
        [entry.start, entry.end, entry.target, u32::from(entry.depth), u32::from(entry.push_lasti)]
    };
    let handlers: Vec<_> = decode_exception_table(code.exceptiontable).iter().map(entry).collect();
    lines && handlers == plain::handlers(code)
}

pub fn fill_rows(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let pass = |code: &Code<'_>| {
        let rows = black_box(linetable_to_locations(code.linetable, code.firstlineno, code.units as usize));
        rows.last().map_or(0, |(start, _)| start.line.get() as u64)
    };
    codes.iter().map(pass).sum()
}

pub fn sum_handlers(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let sum = |code: &Code<'_>| -> u64 {
        let entries = decode_exception_table(code.exceptiontable);
        entries.iter().map(|entry| u64::from(entry.start ^ entry.end ^ entry.target)).sum()
    };
    codes.iter().map(sum).sum()
}

pub fn find_handlers(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let mut sum = 0;
    for code in codes {
        plain::starts(code, |unit| {
            let found = find_exception_handler(code.exceptiontable, unit);
            sum += found.map_or(0, |entry| u64::from(entry.target));
        });
    }
    sum
}
