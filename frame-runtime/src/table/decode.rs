//! Bytes to rows, entry by entry; allocates nothing, and bytes that are no table are an error, never a panic.

use core::marker::PhantomData;

use super::format::{Column, Form, Format, Number, Part, Piece, Source, Step};
use super::shape::{self, Shape};
use super::{DecodeError, Fault, Row};

/// One entry of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<R> {
    /// Where the row begins, in units from the start of the code; 0 in tables whose rows say it in a column.
    pub start: u32,
    /// How many units it covers; 0 where it ends where the next one begins.
    pub length: u32,
    /// The row.
    pub row: R,
}

/// The entries of a table, in its order. After an error there are no more.
#[derive(Clone, Debug)]
pub struct Entries<'a, R, const N: usize> {
    bytes: &'a [u8],
    state: State<N>,
    row: PhantomData<R>,
}

/// What is known between two entries.
#[derive(Clone, Copy, Debug)]
struct State<const N: usize> {
    at: usize,
    start: u32,
    kept: [i32; N],
}

/// Where a decoder stands between two entries: what it needs to go on from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<const N: usize> {
    pub(super) byte: u32,
    pub(super) start: u32,
    pub(super) kept: [i32; N],
}

impl<const N: usize> Mark<N> {
    /// Where the next entry begins, in units from the start of the code.
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Where its bytes begin.
    pub const fn byte(&self) -> usize {
        self.byte as usize
    }
}

impl<'a, R: Row<N>, const N: usize> Entries<'a, R, N> {
    /// The entries of `bytes`, where kept columns begin with `kept`: a line's is `co_firstlineno`.
    pub const fn new(bytes: &'a [u8], kept: i32) -> Self {
        Entries { bytes, state: State { at: 0, start: 0, kept: [kept; N] }, row: PhantomData }
    }

    /// The entries from a mark on, that was made of the same bytes.
    pub const fn from_mark(bytes: &'a [u8], mark: &Mark<N>) -> Self {
        let state = State { at: mark.byte as usize, start: mark.start, kept: mark.kept };
        Entries { bytes, state, row: PhantomData }
    }

    /// Where it stands. `None` behind the first 4 GiB of a table.
    pub fn mark(&self) -> Option<Mark<N>> {
        let State { at, start, kept } = self.state;
        Some(Mark { byte: u32::try_from(at).ok()?, start, kept })
    }

    /// What holds in front of the next entry: the kept columns.
    pub(super) fn before(&self) -> Entry<R> {
        Entry { start: self.state.start, length: 0, row: R::from_columns(self.state.kept) }
    }

    /// How many bytes are behind it.
    pub const fn byte(&self) -> usize {
        self.state.at
    }

    /// Writes the row of each unit, from unit 0 on, and says how many: all that the table covers, or as many as there is
    /// room for.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]; the rows in front of it are written.
    pub fn fill(self, rows: &mut [R]) -> Result<usize, DecodeError> {
        let Entries { bytes, mut state, .. } = self;
        let mut done = 0;
        loop {
            let (length, row) = match Self::quick(bytes, &mut state) {
                Quick::Entry(entry) => (entry.length as usize, entry.row),
                Quick::End => return Ok(done),
                Quick::Wrong => {
                    let found;
                    (found, state) = Self::plain(bytes, state);
                    let found = found?;
                    (found.length as usize, found.row)
                }
            };
            match rows.get_mut(done..).and_then(<[R]>::first_chunk_mut::<8>) {
                // How many it covers is hard to guess: writing more than that costs less than asking.
                Some(eight) if length <= 8 => {
                    (eight[0], eight[1]) = (row, row);
                    if length > 2 {
                        (eight[2], eight[3]) = (row, row);
                    }
                    if length > 4 {
                        eight[4..].copy_from_slice(&[row; 4]);
                    }
                }
                _ => {
                    let rest = rows.len() - done;
                    rows[done..done + length.min(rest)].fill(row);
                    if length >= rest {
                        return Ok(rows.len());
                    }
                }
            }
            done += length;
        }
    }

    /// The next entry, if nothing is wrong with it.
    ///
    /// Forms are constants here, each in a copy of the code of its own: what a form is asked of the format is decided when
    /// the program is compiled.
    #[inline(always)]
    fn quick(bytes: &[u8], state: &mut State<N>) -> Quick<R> {
        if !const { shape::all(&R::FORMAT) } {
            return Self::by_steps(bytes, state);
        }
        let Some(word) = word(bytes, state.at) else { return Quick::End };
        let (head, bits) = (const { R::FORMAT.head }, word as u32 & 0xff);
        if bits & 0x80 == 0 {
            return Quick::Wrong;
        }
        let code = head.code.map_or(0, |part| extract(bits, part));
        macro_rules! forms {
            ($($form:literal)*) => {
                $(
                    if let Some(form) = const { form_at(&R::FORMAT, $form) }
                        && let Some(shape) = const { Shape::new(&R::FORMAT, $form) }
                        && (head.code.is_none() || (i32::from(form.codes.0) <= code && code <= i32::from(form.codes.1)))
                    {
                        let mut columns = before(&R::FORMAT, &state.kept);
                        if word & shape.clear != 0 || shape.read(word, code, &mut columns).is_none() {
                            let found;
                            (found, *state) = Self::seldom(bytes, *state);
                            return found;
                        }
                        behind(&R::FORMAT, &form, &mut state.kept, &mut columns);
                        return Self::found(state, shape.size, bits, columns);
                    }
                )*
            };
        }
        forms!(0 1 2 3 4 5 6 7);
        Quick::Wrong
    }

    /// The entry that was read.
    #[inline(always)]
    fn found(state: &mut State<N>, size: usize, bits: u32, columns: [i32; N]) -> Quick<R> {
        let head = const { R::FORMAT.head };
        // No code has as many units as would not fit.
        let start = state.start.saturating_add(head.skip.map_or(0, |part| extract(bits, part).cast_unsigned()));
        let length = head.length.map_or(0, |part| extract(bits, part).cast_unsigned());
        state.at += size;
        state.start = start.saturating_add(length);
        Quick::Entry(Entry { start, length, row: R::from_columns(columns) })
    }

    /// What [`quick`](Self::quick) has no shape for. The state comes and goes by value, so that it can stay in registers
    /// where this is not called.
    #[cold]
    #[inline(never)]
    fn seldom(bytes: &[u8], mut state: State<N>) -> (Quick<R>, State<N>) {
        let found = Self::by_steps(bytes, &mut state);
        (found, state)
    }

    /// The next entry, read step by step.
    #[inline(always)]
    fn by_steps(bytes: &[u8], state: &mut State<N>) -> Quick<R> {
        let head = const { R::FORMAT.head };
        let Some(first) = bytes.get(state.at).copied() else { return Quick::End };
        let mut reader = QuickReader { marked: head.mark, bytes, at: state.at + 1 };
        if head.mark && first & 0x80 == 0 {
            return Quick::Wrong;
        }
        let mut bits = u32::from(first);
        if head.bits > 8 {
            let Some(second) = reader.byte() else { return Quick::Wrong };
            bits = bits << 8 | second;
        }
        let mut pending = if head.bits < 8 { Some(bits & 0x7f) } else { None };
        let code = head.code.map_or(0, |part| extract(bits, part));
        let mut own = None;
        macro_rules! forms {
            ($($form:literal)*) => {
                $(
                    if let Some(form) = const { form_at(&R::FORMAT, $form) }
                        && (head.code.is_none() || (i32::from(form.codes.0) <= code && code <= i32::from(form.codes.1)))
                    {
                        let mut columns = before(&R::FORMAT, &state.kept);
                        forms!(columns $form: 0 1 2 3 4 5 6 7);
                        behind(&R::FORMAT, &form, &mut state.kept, &mut columns);
                        return Self::found(state, reader.at - state.at, bits, columns);
                    }
                )*
            };
            ($columns:ident $form:literal: $($step:literal)*) => {
                $(
                    if let Some(step) = const { step_at(&R::FORMAT, $form, $step) }
                        && reader.step(&step, code, &mut pending, &mut own, &mut $columns).is_none()
                    {
                        return Quick::Wrong;
                    }
                )*
            };
        }
        forms!(0 1 2 3 4 5 6 7);
        Quick::Wrong
    }

    /// An entry of any form, and what is known behind it.
    #[cold]
    #[inline(never)]
    fn plain(bytes: &[u8], mut state: State<N>) -> (Result<Entry<R>, DecodeError>, State<N>) {
        let begin = state.at;
        let mut reader = Reader { table: R::FORMAT.name, marked: R::FORMAT.head.mark, bytes, at: begin };
        let found = reader.entry(&R::FORMAT, &mut state.kept).map(|found| {
            let start = state.start.saturating_add(found.skip);
            state.start = start.saturating_add(found.length);
            Entry { start, length: found.length, row: R::from_columns(found.columns) }
        });
        // Nothing is read behind an error.
        state.at = if found.is_ok() { reader.at } else { bytes.len() };
        (found, state)
    }
}

/// The bytes from a place on as a little-endian word; marks, where there are none.
#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let rest = bytes.get(at..)?;
    match rest.first_chunk::<8>() {
        Some(rest) => Some(u64::from_le_bytes(*rest)),
        None => last_word(bytes, rest.len()),
    }
}

fn last_word(bytes: &[u8], left: usize) -> Option<u64> {
    let missing = 8 * (8 - left as u32);
    if missing == 64 {
        return None;
    }
    let word = match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last) >> missing,
        None => bytes.iter().rev().take(left).fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    Some(word | 0x8080_8080_8080_8080 << (64 - missing))
}

/// What the quick decoder finds.
enum Quick<R> {
    Entry(Entry<R>),
    /// The end of the table.
    End,
    /// Something that is wrong; the plain decoder says what.
    Wrong,
}

const fn form_at<const N: usize>(format: &Format<N>, index: usize) -> Option<Form> {
    if index < format.forms.len() { Some(format.forms[index]) } else { None }
}

const fn step_at<const N: usize>(format: &Format<N>, form: usize, index: usize) -> Option<Step> {
    if form < format.forms.len() && index < format.forms[form].steps.len() {
        Some(format.forms[form].steps[index])
    } else {
        None
    }
}

/// What the columns hold before the steps of a form.
#[inline(always)]
fn before<const N: usize>(format: &Format<N>, kept: &[i32; N]) -> [i32; N] {
    let mut columns = [0; N];
    for (column, default) in format.columns.iter().enumerate() {
        columns[column] = match default {
            Column::Kept => kept[column],
            Column::Absent => -1,
            Column::Given | Column::Like(_) => 0,
        };
    }
    columns
}

/// Reads what is in order.
struct QuickReader<'a> {
    marked: bool,
    bytes: &'a [u8],
    at: usize,
}

impl QuickReader<'_> {
    #[inline(always)]
    fn byte(&mut self) -> Option<u32> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        if self.marked && byte & 0x80 != 0 { None } else { Some(u32::from(byte)) }
    }

    #[inline(always)]
    fn number(&mut self, number: Number, first: Option<u32>) -> Option<i32> {
        let more = 1_u32 << number.digit;
        let byte = match first {
            Some(first) => first,
            None => self.byte()?,
        };
        let mut value = u64::from(byte & (more - 1));
        if byte & more != 0 {
            let mut shift = 0;
            loop {
                let byte = self.byte()?;
                shift += u32::from(number.digit);
                if shift >= u32::from(number.digit) * u32::from(number.at_most) {
                    return None;
                }
                let digit = u64::from(byte & (more - 1));
                value = if number.low_first { value | digit << shift } else { value << number.digit | digit };
                if byte & more == 0 {
                    break;
                }
            }
        }
        let value = u32::try_from(value).ok()?;
        if !number.signed {
            return i32::try_from(value).ok();
        }
        let size = (value >> 1).cast_signed();
        Some(if value & 1 != 0 { -size } else { size })
    }

    #[inline(always)]
    fn step<const N: usize>(
        &mut self,
        step: &Step,
        code: i32,
        pending: &mut Option<u32>,
        own: &mut Option<u32>,
        columns: &mut [i32; N],
    ) -> Option<()> {
        let mut raw = match step.source {
            Source::Byte => self.byte()?.cast_signed(),
            Source::Number(number) => self.number(number, pending.take())?,
            Source::Bits(pieces) => {
                let mut value = 0_i32;
                let mut index = 0;
                while index < pieces.len() {
                    value = match pieces[index] {
                        Piece::Code => value << 8 | code,
                        Piece::Byte { low, width } => {
                            let byte = match *own {
                                Some(byte) => byte,
                                None => *own.insert(self.byte()?),
                            };
                            value << width | (byte >> low & ((1 << width) - 1)).cast_signed()
                        }
                    };
                    index += 1;
                }
                value
            }
        };
        if let Some((column, width)) = step.low {
            columns[column] = raw & ((1 << width) - 1);
            raw >>= width;
        }
        let mut value = raw.checked_add(step.plus)?;
        if let Some(base) = step.base {
            value = columns[base].checked_add(value)?;
        }
        columns[step.column] = value;
        Some(())
    }
}

/// What the columns hold behind the steps of a form.
#[inline(always)]
fn behind<const N: usize>(format: &Format<N>, form: &Form, kept: &mut [i32; N], columns: &mut [i32; N]) {
    let mut column = 0;
    while column < N {
        match format.columns[column] {
            Column::Kept => kept[column] = columns[column],
            Column::Like(other) if !form.sets(column) => columns[column] = columns[other],
            _ => {}
        }
        column += 1;
    }
    if form.absent {
        *columns = [-1; N];
    }
}

impl<R: Row<N>, const N: usize> Iterator for Entries<'_, R, N> {
    type Item = Result<Entry<R>, DecodeError>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let mut state = self.state;
        let found = match Self::quick(self.bytes, &mut state) {
            Quick::Entry(entry) => Ok(entry),
            Quick::End => return None,
            Quick::Wrong => {
                let found;
                (found, state) = Self::plain(self.bytes, state);
                found
            }
        };
        self.state = state;
        Some(found)
    }
}

impl<R: Row<N>, const N: usize> core::iter::FusedIterator for Entries<'_, R, N> {}

/// What an entry says.
struct Found<const N: usize> {
    skip: u32,
    length: u32,
    columns: [i32; N],
}

struct Reader<'a> {
    table: &'static str,
    marked: bool,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn error(&self, byte: usize, fault: Fault) -> DecodeError {
        DecodeError { table: self.table, byte, fault }
    }

    /// The next byte of an entry, behind its first one.
    fn byte(&mut self) -> Result<u32, DecodeError> {
        let byte = *self.bytes.get(self.at).ok_or(self.error(self.at, Fault::Truncated))?;
        if self.marked && byte & 0x80 != 0 {
            return Err(self.error(self.at, Fault::Mark));
        }
        self.at += 1;
        Ok(u32::from(byte))
    }

    fn entry<const N: usize>(&mut self, format: &Format<N>, kept: &mut [i32; N]) -> Result<Found<N>, DecodeError> {
        let begin = self.at;
        let head = &format.head;
        let first = *self.bytes.get(begin).ok_or(self.error(begin, Fault::Truncated))?;
        if head.mark && first & 0x80 == 0 {
            return Err(self.error(begin, Fault::NoMark));
        }
        // The first number begins in the byte of the mark when nothing else is there.
        let mut pending = (head.bits < 8).then_some(u32::from(first & 0x7f));
        self.at += 1;
        let mut bits = u32::from(first);
        if head.bits > 8 {
            bits = bits << 8 | self.byte()?;
        }
        let part = |part: Option<Part>| part.map_or(0, |part| extract(bits, part));
        let code = i16::try_from(part(head.code)).unwrap_or(i16::MAX);
        let form = format.forms.iter().find(|form| form.codes.0 <= code && code <= form.codes.1);
        let form = form.ok_or(self.error(begin, Fault::UnknownCode(code)))?;
        let [skip, length] = [head.skip, head.length].map(|found| u32::try_from(part(found)).unwrap_or(0));

        let mut columns = before(format, kept);
        let mut own = None;
        for step in form.steps {
            let at = self.at;
            let raw = match step.source {
                Source::Byte => i64::from(self.byte()?),
                Source::Number(number) => self.number(number, pending.take())?,
                Source::Bits(pieces) => {
                    let mut value = 0_i64;
                    for piece in pieces {
                        value = match *piece {
                            Piece::Code => value << 8 | i64::from(code),
                            Piece::Byte { low, width } => {
                                let byte = match own {
                                    Some(byte) => byte,
                                    None => *own.insert(self.byte()?),
                                };
                                let mask = (1_i64 << width) - 1;
                                value << width | (i64::from(byte) >> low & mask)
                            }
                        };
                    }
                    value
                }
            };
            let too_large = || self.error(at.min(self.bytes.len()), Fault::TooLarge);
            let raw = match step.low {
                None => raw,
                Some((column, width)) => {
                    columns[column] = (raw & ((1 << width) - 1)) as i32;
                    raw >> width
                }
            };
            // A kept column has its value of the row before until it is set.
            let base = step.base.map_or(0, |base| i64::from(columns[base]));
            let value = i32::try_from(base + raw + i64::from(step.plus)).map_err(|_| too_large())?;
            columns[step.column] = value;
        }
        behind(format, form, kept, &mut columns);
        Ok(Found { skip, length, columns })
    }

    fn number(&mut self, number: Number, first: Option<u32>) -> Result<i64, DecodeError> {
        let begin = self.at;
        let more = 1 << number.digit;
        let mut value = 0_u64;
        for index in 0..u32::from(number.at_most) {
            let byte = match (index, first) {
                (0, Some(first)) => first,
                _ => self.byte()?,
            };
            let digit = u64::from(byte & (more - 1));
            value = match number.low_first {
                true => value | digit << (index * u32::from(number.digit)),
                false => value << number.digit | digit,
            };
            if byte & more != 0 {
                continue;
            }
            let Ok(value) = u32::try_from(value) else { break };
            let (size, negative) = if number.signed { (value >> 1, value & 1 != 0) } else { (value, false) };
            let size = i64::from(size);
            return Ok(if negative { -size } else { size });
        }
        Err(self.error(begin, Fault::TooLarge))
    }
}

/// A part of the head.
fn extract(bits: u32, part: Part) -> i32 {
    let raw = (bits >> part.low) & ((1 << part.width) - 1);
    let raw = raw.cast_signed();
    let half = 1 << (part.width - 1);
    let raw = if part.signed && raw & half != 0 { raw - 2 * half } else { raw };
    raw.saturating_add(part.plus)
}
