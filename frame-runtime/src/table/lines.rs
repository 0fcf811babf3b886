//! Where instructions stand in the source, whichever table a version says it in.

use alloc::vec::Vec;

use super::{DecodeError, Entries, Entry, Index, LineRow, Lines, LnotabRow, LocationRow, find};
use crate::layout::Layout;

/// The table of lines of a code object: `co_linetable`, before 3.10 `co_lnotab`. It reads the bytes as they lie there, and
/// allocates nothing.
///
/// Addresses are bytes from the start of the code, as everywhere in Python; a code unit has two.
///
/// ```
/// use frame_runtime::table::{LineRange, LineTable};
/// use frame_runtime::version::{Cpython3_10, Version};
///
/// // def f(a):
/// //     if a: return 1
/// let table = LineTable::new(Cpython3_10::LAYOUT, &[0x04, 0x01, 0x04, 0x80, 0x04, 0x00], 1, 12);
/// let lines: Result<Vec<_>, _> = table.lines().collect();
/// let range = |start, end, line| LineRange { start, end, line };
/// assert_eq!(lines?, [range(0, 4, Some(2)), range(4, 8, None), range(8, 12, Some(2))]);
/// # Ok::<(), frame_runtime::table::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LineTable<'a> {
    kind: Lines,
    minor: u8,
    bytes: &'a [u8],
    firstlineno: i32,
    code_bytes: u32,
}

/// What `co_lines()` does in one version and not in others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    /// 3.10 and 3.11: one range per entry, and all negative lines are none.
    Entries,
    /// 3.12 and later, and for lines before 3.10: neighbours with the same line are one.
    Merged,
}

/// Instructions that belong to one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRange {
    /// Address of the first one, in bytes.
    pub start: u32,
    /// Address behind the last one.
    pub end: u32,
    /// The line; `None` where instructions have none. 0 is a line: a module's first instruction is on it.
    pub line: Option<i32>,
}

impl LocationRow {
    /// What an instruction without a place has.
    pub const NONE: LocationRow = LocationRow { line: -1, end_line: -1, column: -1, end_column: -1 };

    /// The four values as `co_positions()` shows them: line, last line, first column, column behind the last one.
    pub fn position(self) -> [Option<i32>; 4] {
        [self.line, self.end_line, self.column, self.end_column].map(known)
    }
}

/// CPython's -1 is nothing.
fn known(value: i32) -> Option<i32> {
    (value != -1).then_some(value)
}

impl<'a> LineTable<'a> {
    /// The table of a code object that a version made: its bytes, `co_firstlineno`, and the size of its code in bytes.
    pub fn new(layout: &Layout, bytes: &'a [u8], firstlineno: i32, code_bytes: usize) -> LineTable<'a> {
        let bytes = match layout.lines {
            // CPython looks at whole pairs only.
            Lines::Lnotab => &bytes[..bytes.len() & !1],
            _ => bytes,
        };
        let code_bytes = u32::try_from(code_bytes).unwrap_or(u32::MAX);
        LineTable { kind: layout.lines, minor: layout.minor(), bytes, firstlineno, code_bytes }
    }

    /// Lines with the addresses of their instructions, in order: `co_lines()`.
    ///
    /// Before 3.10 Python has no such method; the ranges are those between the rows of `dis.findlinestarts`.
    pub fn lines(self) -> LineRanges<'a> {
        let rules = match self.minor {
            10 | 11 => Rules::Entries,
            _ => Rules::Merged,
        };
        LineRanges { entries: self.ranges(), rules, next: None }
    }

    /// Where a new line begins: address and line, as `dis.findlinestarts` says it. Up to 3.12 instructions without a line
    /// begin none.
    ///
    /// Source: `findlinestarts`, Lib/dis.py.
    pub fn starts(self) -> impl Iterator<Item = Result<(u32, Option<i32>), DecodeError>> + 'a {
        let mut last = None;
        self.lines().filter_map(move |range| {
            let range = match range {
                Ok(range) => range,
                Err(error) => return Some(Err(error)),
            };
            if last == Some(range.line) || (self.minor < 13 && range.line.is_none()) {
                return None;
            }
            last = Some(range.line);
            Some(Ok((range.start, range.line)))
        })
    }

    /// One row per code unit, for as many as the table covers: `co_positions()`. Nothing before 3.11.
    pub fn positions(self) -> impl Iterator<Item = Result<LocationRow, DecodeError>> + 'a {
        let mut left = 0;
        let mut row = LocationRow::NONE;
        let mut entries = self.locations();
        core::iter::from_fn(move || {
            while left == 0 {
                match entries.next()? {
                    Ok(entry) => (left, row) = (entry.length, entry.row),
                    Err(error) => return Some(Err(error)),
                }
            }
            left -= 1;
            Some(Ok(row))
        })
    }

    /// The entries of a location table, in code units. Nothing before 3.11.
    pub fn locations(self) -> Entries<'a, LocationRow, 4> {
        Entries::new(if self.kind == Lines::Location { self.bytes } else { &[] }, self.firstlineno)
    }

    /// The line of the instruction at an address. In front of the code it is `co_firstlineno`. `None` where instructions
    /// have no line; from 3.10 on also behind the table.
    ///
    /// It reads the table up to there; with a [`LineIndex`] it does not.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table up to there.
    ///
    /// Source: `PyCode_Addr2Line`, Objects/codeobject.c.
    pub fn line_at(self, address: i32) -> Result<Option<i32>, DecodeError> {
        self.line_by(address, None)
    }

    /// Where the instruction at an address stands. `None` behind the table, and before 3.11.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table up to there.
    pub fn location_at(self, address: u32) -> Result<Option<LocationRow>, DecodeError> {
        if self.kind != Lines::Location {
            return Ok(None);
        }
        Ok(find::<LocationRow, 4>(self.bytes, self.firstlineno, address / 2)?.map(|entry| entry.row))
    }

    fn line_by(self, address: i32, index: Option<&Index>) -> Result<Option<i32>, DecodeError> {
        let Ok(address) = u32::try_from(address) else { return Ok(Some(self.firstlineno)) };
        let none = Index::default();
        let (index, bytes, first) = (index.unwrap_or(&none), self.bytes, self.firstlineno);
        Ok(match self.kind {
            Lines::Location => {
                index.find::<LocationRow, 4>(bytes, first, address / 2)?.and_then(|entry| known(entry.row.line))
            }
            Lines::Line => index.find::<LineRow, 1>(bytes, first, address)?.and_then(|entry| known(entry.row.line)),
            Lines::Lnotab => index.find::<LnotabRow, 1>(bytes, first, address)?.map(|entry| entry.row.line),
        })
    }

    /// The table in the format of 3.9 and earlier, which `co_lnotab` still shows from 3.10 to 3.14. Instructions without a
    /// line belong to the one in front of them there.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table.
    ///
    /// Source: `decode_linetable`, Objects/codeobject.c.
    pub fn lnotab(self) -> Result<Vec<u8>, DecodeError> {
        let (far, lowest, highest) = const { lnotab_limits() };
        let mut bytes = Vec::new();
        let (mut address, mut line) = (0_u32, i64::from(self.firstlineno));
        let mut ranges = self.ranges();
        while let Some(range) = ranges.next() {
            let start = range?.start;
            let now = i64::from(ranges.running());
            if now == line {
                continue;
            }
            let mut pair = |skip: u32, delta: i64| bytes.extend([skip as u8, delta as i8 as u8]);
            let (mut skip, mut delta) = (start - address, now - line);
            while skip > far {
                pair(far, 0);
                skip -= far;
            }
            while delta > highest {
                pair(core::mem::take(&mut skip), highest);
                delta -= highest;
            }
            while delta < lowest {
                pair(core::mem::take(&mut skip), lowest);
                delta -= lowest;
            }
            pair(skip, delta);
            (address, line) = (start, now);
        }
        Ok(bytes)
    }

    fn ranges(self) -> Ranges<'a> {
        let (bytes, first) = (self.bytes, self.firstlineno);
        match self.kind {
            Lines::Location => Ranges::Location(Entries::new(bytes, first)),
            Lines::Line => Ranges::Line(Entries::new(bytes, first)),
            Lines::Lnotab => Ranges::Lnotab(Pairs {
                entries: Entries::new(bytes, first),
                code_bytes: self.code_bytes,
                at: Some((0, first)),
            }),
        }
    }
}

/// How far a pair of `co_lnotab` goes, and how few and many lines.
const fn lnotab_limits() -> (u32, i64, i64) {
    use super::Row;
    let format = <LnotabRow as Row<1>>::FORMAT;
    let far = match format.head.skip {
        Some(part) => part.at_most.cast_unsigned(),
        None => 0,
    };
    let codes = format.forms[0].codes;
    (far, codes.0 as i64, codes.1 as i64)
}

/// The iterator of [`LineTable::lines`].
#[derive(Clone, Debug)]
pub struct LineRanges<'a> {
    entries: Ranges<'a>,
    rules: Rules,
    next: Option<LineRange>,
}

impl Iterator for LineRanges<'_> {
    type Item = Result<LineRange, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut range = match self.next.take() {
            Some(range) => range,
            None => match self.entries.next()? {
                Ok(range) => self.shown(range),
                Err(error) => return Some(Err(error)),
            },
        };
        while self.rules == Rules::Merged {
            // What is in order comes out before an error does.
            let before = self.entries.clone();
            match self.entries.next() {
                Some(Ok(next)) => {
                    let next = self.shown(next);
                    if next.line != range.line {
                        self.next = Some(next);
                        break;
                    }
                    range.end = next.end;
                }
                Some(Err(_)) => {
                    self.entries = before;
                    break;
                }
                None => break,
            }
        }
        Some(Ok(range))
    }
}

impl LineRanges<'_> {
    fn shown(&self, range: LineRange) -> LineRange {
        match self.rules {
            Rules::Entries => LineRange { line: range.line.filter(|line| *line >= 0), ..range },
            Rules::Merged => range,
        }
    }
}

/// The entries of any table as ranges in bytes.
#[derive(Clone, Debug)]
enum Ranges<'a> {
    Location(Entries<'a, LocationRow, 4>),
    Line(Entries<'a, LineRow, 1>),
    Lnotab(Pairs<'a>),
}

impl Ranges<'_> {
    /// The line that is counted from, behind the last range.
    fn running(&self) -> i32 {
        match self {
            Ranges::Location(entries) => entries.before().row.line,
            Ranges::Line(entries) => entries.before().row.line,
            Ranges::Lnotab(pairs) => pairs.entries.before().row.line,
        }
    }
}

impl Iterator for Ranges<'_> {
    type Item = Result<LineRange, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Ranges::Location(entries) => Some(entries.next()?.and_then(|entry| range(entry, 2, entry.row.line))),
            Ranges::Line(entries) => loop {
                match entries.next()? {
                    // It only moves the line.
                    Ok(entry) if entry.length == 0 => {}
                    found => break Some(found.and_then(|entry| range(entry, 1, entry.row.line))),
                }
            },
            Ranges::Lnotab(pairs) => pairs.next(),
        }
    }
}

fn range<R>(entry: Entry<R>, bytes: u32, line: i32) -> Result<LineRange, DecodeError> {
    let end = entry.start.saturating_add(entry.length).saturating_mul(bytes);
    Ok(LineRange { start: entry.start.saturating_mul(bytes), end, line: known(line) })
}

/// Pairs of `co_lnotab` as ranges.
#[derive(Clone, Debug)]
struct Pairs<'a> {
    entries: Entries<'a, LnotabRow, 1>,
    code_bytes: u32,
    /// Where the next range begins, and its line; `None` behind the last one.
    at: Option<(u32, i32)>,
}

impl Iterator for Pairs<'_> {
    type Item = Result<LineRange, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (start, mut line) = self.at.take()?;
        loop {
            match self.entries.next() {
                Some(Err(error)) => return Some(Err(error)),
                // Pairs at one address: the last one counts.
                Some(Ok(entry)) if entry.start == start => line = entry.row.line,
                Some(Ok(entry)) => {
                    // The old compiler leaves lines of code that it removed behind the end.
                    let end = entry.start.min(self.code_bytes);
                    if entry.start < self.code_bytes {
                        self.at = Some((entry.start, entry.row.line));
                    }
                    return Some(Ok(LineRange { start, end, line: Some(line) }));
                }
                None => return Some(Ok(LineRange { start, end: self.code_bytes.max(start), line: Some(line) })),
            }
        }
    }
}

/// Where reading a [`LineTable`] begins for each address, made once: a look-up then takes as long at the end of a long
/// function as at its start.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    index: Index,
}

impl LineIndex {
    /// The index of a table.
    pub fn new(table: LineTable<'_>) -> LineIndex {
        let (bytes, first, end) = (table.bytes, table.firstlineno, table.code_bytes);
        let index = match table.kind {
            Lines::Location => Index::new::<LocationRow, 4>(bytes, first, end / 2),
            Lines::Line => Index::new::<LineRow, 1>(bytes, first, end),
            Lines::Lnotab => Index::new::<LnotabRow, 1>(bytes, first, end),
        };
        LineIndex { index }
    }

    /// [`LineTable::line_at`] of the table that this index is of.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table near there.
    pub fn line_at(&self, table: LineTable<'_>, address: i32) -> Result<Option<i32>, DecodeError> {
        table.line_by(address, Some(&self.index))
    }

    /// [`LineTable::location_at`] of the table that this index is of.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table near there.
    #[inline]
    pub fn location_at(&self, table: LineTable<'_>, address: u32) -> Result<Option<LocationRow>, DecodeError> {
        if table.kind != Lines::Location {
            return Ok(None);
        }
        let found = self.index.find::<LocationRow, 4>(table.bytes, table.firstlineno, address / 2)?;
        Ok(found.map(|entry| entry.row))
    }
}
