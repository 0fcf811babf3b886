//! Rows to bytes, in the forms that CPython's compiler chooses.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::format::{Column, Form, Number, Part, Piece, Source};
use super::{Entry, Row};

/// Makes a table, row by row.
///
/// What is pushed is written as it comes: two equal rows stay two entries, as the compiler of 3.11 leaves them. From 3.12
/// on it writes runs: [`runs`] makes them.
///
/// ```
/// use frame_runtime::table::{Encoder, LocationRow, runs};
///
/// let row = |line, column, end_column| LocationRow { line, end_line: line, column, end_column };
/// let mut encoder = Encoder::<LocationRow, 4>::new(1);
/// for (units, row) in runs([(1, row(1, 0, 0)), (1, row(2, 11, 12)), (1, row(2, 15, 16)), (2, row(2, 11, 16)), (1, row(2, 4, 16))]) {
///     encoder.push(units, row)?;
/// }
/// assert_eq!(encoder.finish(), [0x80, 0x00, 0xd8, 0x0b, 0x0c, 0x88, 0x71, 0x89, 0x35, 0x80, 0x4c]);
/// # Ok::<(), frame_runtime::table::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder<R, const N: usize> {
    bytes: Vec<u8>,
    kept: [i32; N],
    start: u32,
    row: PhantomData<R>,
}

/// A row that no form of its table has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeError {
    /// The table, `location`.
    pub table: &'static str,
    /// Where the row begins, in units.
    pub start: u32,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} table: no form has room for the row at unit {}", self.table, self.start)
    }
}

impl core::error::Error for EncodeError {}

/// Rows with their lengths, equal neighbours joined, as the compiler does from 3.10 on (but not in 3.11).
pub fn runs<R: PartialEq>(rows: impl IntoIterator<Item = (u32, R)>) -> impl Iterator<Item = (u32, R)> {
    let mut rows = rows.into_iter().peekable();
    core::iter::from_fn(move || {
        let (mut length, row) = rows.next()?;
        while let Some((more, _)) = rows.next_if(|(more, next)| *next == row && length.checked_add(*more).is_some()) {
            length += more;
        }
        Some((length, row))
    })
}

impl<R: Row<N>, const N: usize> Encoder<R, N> {
    /// An empty table, where kept columns begin with `kept`: a line's is `co_firstlineno`.
    pub const fn new(kept: i32) -> Self {
        Encoder { bytes: Vec::new(), kept: [kept; N], start: 0, row: PhantomData }
    }

    /// The table.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Adds a row that covers `length` units, split into as many entries as it needs; none if it covers no unit. In a
    /// table whose rows say in a column what they cover, `length` is not looked at.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]; nothing was added then.
    pub fn push(&mut self, length: u32, row: R) -> Result<(), EncodeError> {
        let Some(part) = R::FORMAT.head.length else {
            return self.one(0, row);
        };
        if length == 0 {
            return Ok(());
        }
        let (bytes, kept) = (self.bytes.len(), self.kept);
        let most = u32::try_from(part.at_most).unwrap_or(1);
        let done = self.approach(row).and_then(|()| {
            let mut left = length;
            while left > most {
                self.one(most, row)?;
                left -= most;
            }
            self.one(left, row)
        });
        match done {
            Ok(()) => self.start = self.start.saturating_add(length),
            Err(_) => {
                self.bytes.truncate(bytes);
                self.kept = kept;
            }
        }
        done
    }

    /// Adds a row that begins at a unit, in a table whose rows end where the next one begins, as the compiler of those
    /// versions does.
    ///
    /// # Errors
    ///
    /// [`EncodeError`], also when the row begins before the last one; nothing was added then.
    pub fn push_at(&mut self, start: u32, row: R) -> Result<(), EncodeError> {
        let error = EncodeError { table: R::FORMAT.name, start };
        let part = R::FORMAT.head.skip.ok_or(error)?;
        let (bytes, kept) = (self.bytes.len(), self.kept);
        let most = u32::try_from(part.at_most).unwrap_or(1);
        let mut skip = start.checked_sub(self.start).ok_or(error)?;
        let mut done = Ok(());
        while skip > most && done.is_ok() {
            done = self.one(most, R::from_columns(self.kept));
            skip -= most;
        }
        if let (Some((lowest, highest)), Some(column)) = (self.reach(), self.kept_column()) {
            let delta = row.to_columns()[column].wrapping_sub(self.kept[column]);
            let step = if delta < lowest { lowest } else { highest };
            // The compiler divides, and writes what is left also when that is nothing.
            if (delta < lowest || delta > highest) && step != 0 {
                for _ in 0..delta / step {
                    let mut columns = self.kept;
                    columns[column] += step;
                    done = done.and_then(|()| self.one(core::mem::take(&mut skip), R::from_columns(columns)));
                }
            }
        }
        done = done.and_then(|()| self.one(skip, row));
        match done {
            Ok(()) => self.start = start,
            Err(_) => {
                self.bytes.truncate(bytes);
                self.kept = kept;
            }
        }
        done
    }

    /// Adds an entry as it was decoded.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]; nothing was added then.
    pub fn push_entry(&mut self, entry: Entry<R>) -> Result<(), EncodeError> {
        let head = R::FORMAT.head;
        let count = if head.skip.is_some() { entry.start.wrapping_sub(self.start) } else { entry.length };
        self.one(count, entry.row)?;
        self.start = if head.skip.is_some() { entry.start } else { self.start.saturating_add(entry.length) };
        Ok(())
    }

    /// The column that is kept, if there is one.
    fn kept_column(&self) -> Option<usize> {
        R::FORMAT.columns.iter().position(|column| *column == Column::Kept)
    }

    /// How far one entry can move the kept column, when only its code says so.
    fn reach(&self) -> Option<(i32, i32)> {
        let of = |form: &Form| match form.steps {
            [step] if step.source == Source::Bits(&[Piece::Code]) && step.base == Some(step.column) => {
                Some((i32::from(form.codes.0) + step.plus, i32::from(form.codes.1) + step.plus))
            }
            _ => None,
        };
        let mut forms = R::FORMAT.forms.iter().filter(|form| !form.absent);
        match (forms.next().and_then(of), forms.next()) {
            (Some(reach), None) => Some(reach),
            _ => None,
        }
    }

    /// Entries that cover nothing, until the kept column is near enough.
    fn approach(&mut self, row: R) -> Result<(), EncodeError> {
        let columns = row.to_columns();
        let (Some((lowest, highest)), Some(column)) = (self.reach(), self.kept_column()) else { return Ok(()) };
        if columns[column] == -1 && R::FORMAT.forms.iter().any(|form| form.absent) {
            return Ok(());
        }
        loop {
            let delta = i64::from(columns[column]) - i64::from(self.kept[column]);
            let step = match delta {
                _ if delta > i64::from(highest) && highest > 0 => highest,
                _ if delta < i64::from(lowest) && lowest < 0 => lowest,
                _ => return Ok(()),
            };
            let mut columns = self.kept;
            columns[column] += step;
            if columns[column] == -1 {
                // Written as a row that would be none, and go nowhere.
                columns[column] -= step.signum();
            }
            if columns[column] == self.kept[column] {
                return Err(EncodeError { table: R::FORMAT.name, start: self.start });
            }
            self.one(0, R::from_columns(columns))?;
        }
    }

    /// One entry: `count` units long, or that many behind the last one.
    fn one(&mut self, count: u32, row: R) -> Result<(), EncodeError> {
        let mut columns = row.to_columns();
        for (column, default) in R::FORMAT.columns.iter().enumerate() {
            // What is not known is like the other one.
            if let Column::Like(other) = default
                && columns[column] == -1
            {
                columns[column] = columns[*other];
            }
        }
        for form in R::FORMAT.forms {
            let begin = self.bytes.len();
            if self.form(form, count, &columns).is_none() {
                self.bytes.truncate(begin);
                continue;
            }
            if !form.absent {
                for (column, default) in R::FORMAT.columns.iter().enumerate() {
                    if *default == Column::Kept {
                        self.kept[column] = columns[column];
                    }
                }
            }
            return Ok(());
        }
        Err(EncodeError { table: R::FORMAT.name, start: self.start })
    }

    /// Writes the entry in a form, if that has room for it; otherwise what it wrote is to be taken back.
    fn form(&mut self, form: &Form, count: u32, columns: &[i32; N]) -> Option<()> {
        let format = R::FORMAT;
        let dropped = |column: usize| form.drops >> column & 1 != 0;
        if form.drops != 0 && !(0..N).any(|column| dropped(column) && columns[column] == -1) {
            return None;
        }
        for (column, default) in format.columns.iter().enumerate() {
            let fits = match default {
                _ if form.absent => *default != Column::Kept || columns[column] == -1,
                _ if form.sets(column) || dropped(column) => true,
                Column::Kept => columns[column] == self.kept[column],
                Column::Like(other) => columns[column] == columns[*other],
                Column::Absent => columns[column] == -1,
                Column::Given => false,
            };
            if !fits {
                return None;
            }
        }
        let head = format.head;
        let bytes = &mut self.bytes;
        let begin = bytes.len();
        let head_bytes = usize::from(head.bits.div_ceil(8));
        bytes.extend((0..head_bytes).map(|_| 0));
        let mut code = i32::from(form.codes.0);
        let limit = if head.mark { 0x80 } else { 0x100 };
        let mut own = None;
        let mut first = head.bits < 8;
        for step in form.steps {
            let base = match step.base {
                None => 0,
                Some(base) if base == step.column => i64::from(self.kept[base]),
                Some(base) => i64::from(columns[base]),
            };
            let mut value = i64::from(columns[step.column]) - base - i64::from(step.plus);
            if let Some((low, width)) = step.low {
                if columns[low] < 0 || columns[low] >> width != 0 {
                    return None;
                }
                value = value << width | i64::from(columns[low]);
            }
            match step.source {
                Source::Byte => {
                    let byte = u8::try_from(value).ok().filter(|byte| i32::from(*byte) < limit)?;
                    bytes.push(byte);
                }
                Source::Number(number) => {
                    // The first digit may stand in the byte of the mark.
                    let at = if core::mem::take(&mut first) { begin } else { bytes.len() };
                    push_number(bytes, at, number, value)?;
                }
                Source::Bits(pieces) => {
                    for piece in pieces.iter().rev() {
                        match *piece {
                            Piece::Code => code = i32::try_from(core::mem::take(&mut value)).ok()?,
                            Piece::Byte { low, width } => {
                                let at = *own.get_or_insert(bytes.len());
                                if at == bytes.len() {
                                    bytes.push(0);
                                }
                                bytes[at] |= ((value & ((1 << width) - 1)) << low) as u8;
                                value >>= width;
                            }
                        }
                    }
                    if value != 0 {
                        return None;
                    }
                }
            }
        }
        if head.code.is_some() && !(i32::from(form.codes.0)..=i32::from(form.codes.1)).contains(&code) {
            return None;
        }
        let mut bits = 0;
        let count = i32::try_from(count).ok()?;
        for (part, value) in [(head.code, code), (head.length, count), (head.skip, count)] {
            bits |= part.map_or(Some(0), |part| insert(part, value))?;
        }
        for (index, byte) in bytes[begin..begin + head_bytes].iter_mut().enumerate() {
            *byte |= (bits >> (8 * (head_bytes - 1 - index))) as u8;
        }
        if head.mark {
            bytes[begin] |= 0x80;
        }
        Some(())
    }
}

/// The bits of a part of the head.
fn insert(part: Part, value: i32) -> Option<u32> {
    if value > part.at_most {
        return None;
    }
    let value = value - part.plus;
    let (low, high) =
        if part.signed { (-(1 << (part.width - 1)), 1 << (part.width - 1)) } else { (0, 1 << part.width) };
    (low <= value && value < high).then_some((value.cast_unsigned() & ((1 << part.width) - 1)) << part.low)
}

/// Writes a number; its first digit into the byte at `at`, which may be there already.
fn push_number(bytes: &mut Vec<u8>, at: usize, number: Number, value: i64) -> Option<()> {
    let value = match (number.signed, value < 0) {
        (false, _) => value,
        (true, false) => value << 1,
        (true, true) => (-value) << 1 | 1,
    };
    let value = u32::try_from(value).ok()?;
    let width = u32::from(number.digit);
    let digits = (32 - value.leading_zeros()).div_ceil(width).max(1);
    if digits > u32::from(number.at_most) {
        return None;
    }
    for index in 0..digits {
        let place = if number.low_first { index } else { digits - 1 - index };
        let digit = (u64::from(value) >> (place * width)) as u32 & ((1 << width) - 1);
        let more = if index + 1 < digits { 1 << width } else { 0 };
        if index == 0 && at < bytes.len() {
            bytes[at] |= (digit | more) as u8;
        } else {
            bytes.push((digit | more) as u8);
        }
    }
    Some(())
}
