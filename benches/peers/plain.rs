//! The floors, and a decoder as one writes it down; it is only for tables that a compiler made.

use crate::tables::{Code, Row};

pub fn sum_bytes(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    codes.iter().map(|code| code.linetable.iter().map(|&byte| u64::from(byte)).sum::<u64>()).sum()
}

/// Entries begin where the high bit is set.
pub fn count_entries(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let count = |code: &Code<'_>| code.linetable.iter().filter(|&&byte| byte & 0x80 != 0).count() as u64;
    codes.iter().map(count).sum()
}

struct Bytes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// Low digit first.
    fn varint(&mut self) -> u32 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u32::from(byte & 63) << shift;
            shift += 6;
            if byte & 64 == 0 || shift > 30 {
                return value;
            }
        }
    }

    fn svarint(&mut self) -> i32 {
        let value = self.varint();
        let half = (value >> 1).cast_signed();
        if value & 1 == 1 { -half } else { half }
    }

    /// High digit first.
    fn digits(&mut self) -> u32 {
        let mut value = 0;
        loop {
            let byte = self.byte();
            value = value << 6 | u32::from(byte & 63);
            if byte & 64 == 0 || self.at >= self.bytes.len() {
                return value;
            }
        }
    }
}

/// Calls `each` with the units and the row of each entry.
#[inline(always)]
fn entries(code: &Code<'_>, mut each: impl FnMut(usize, Row)) {
    let mut bytes = Bytes { bytes: code.linetable, at: 0 };
    let mut line = code.firstlineno;
    while bytes.at < code.linetable.len() {
        let first = bytes.byte();
        let form = first >> 3 & 15;
        let row = match form {
            0..=9 => {
                let columns = bytes.byte();
                let column = i32::from(form << 3 | columns >> 4);
                Row { line, end_line: line, column, end_column: column + i32::from(columns & 15) }
            }
            10..=12 => {
                line += i32::from(form) - 10;
                let (column, end_column) = (i32::from(bytes.byte()), i32::from(bytes.byte()));
                Row { line, end_line: line, column, end_column }
            }
            13 => {
                line += bytes.svarint();
                Row { line, end_line: line, column: -1, end_column: -1 }
            }
            14 => {
                line += bytes.svarint();
                let end_line = line + bytes.varint().cast_signed();
                let (column, end_column) = (bytes.varint().cast_signed() - 1, bytes.varint().cast_signed() - 1);
                Row { line, end_line, column, end_column }
            }
            _ => Row { line: -1, end_line: -1, column: -1, end_column: -1 },
        };
        each(usize::from(first & 7) + 1, row);
    }
}

/// The row of each unit.
pub fn rows(code: &Code<'_>, rows: &mut Vec<Row>) {
    rows.clear();
    entries(code, |units, row| rows.extend(std::iter::repeat_n(row, units)));
}

pub fn fill_rows(codes: &[Code<'_>], buffer: &mut Vec<Row>) -> u64 {
    let pass = |code| {
        rows(code, buffer);
        buffer.last().map_or(0, |row| u64::from(row.line.cast_unsigned()))
    };
    codes.iter().map(pass).sum()
}

pub fn sum_entries(codes: &[Code<'_>], _: &mut Vec<Row>) -> u64 {
    let mut sum = 0_u64;
    for code in codes {
        entries(code, |units, row| sum = sum.wrapping_add(units as u64).wrapping_add(mixed(row)));
    }
    sum
}

/// A number that depends on all of a row.
pub fn mixed(row: Row) -> u64 {
    u64::from((row.line ^ row.end_line ^ row.column ^ row.end_column).cast_unsigned())
}

/// [start, end, target, depth, lasti] of each entry of the exception table, in units.
pub fn handlers(code: &Code<'_>) -> Vec<[u32; 5]> {
    let mut bytes = Bytes { bytes: code.exceptiontable, at: 0 };
    let mut found = Vec::new();
    while bytes.at < code.exceptiontable.len() {
        let (start, size, target, last) = (bytes.digits(), bytes.digits(), bytes.digits(), bytes.digits());
        found.push([start, start + size, target, last >> 1, last & 1]);
    }
    found
}

/// Calls `each` with the first unit of each entry.
#[inline(always)]
pub fn starts(code: &Code<'_>, mut each: impl FnMut(u32)) {
    let mut bytes = Bytes { bytes: code.exceptiontable, at: 0 };
    while bytes.at < code.exceptiontable.len() {
        if bytes.bytes[bytes.at] & 0x80 == 0 {
            bytes.at += 1;
        } else {
            each(bytes.digits());
        }
    }
}
