//! What a table's bytes mean, as data: the generated modules below [`table`](crate::table) state it, the decoder and the
//! encoder follow it.
//!
//! A table is a sequence of entries. An entry begins with a *head* of bit fields, one of which, the *code*, chooses the
//! *form*; the form says what else is read and which column each value goes to.

/// The format of a table whose rows have `N` columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format<const N: usize> {
    /// Its name in the spec, `location`.
    pub name: &'static str,
    /// Bytes of code for which one unit of `length`, `skip` or an address in a column stands: 2, or 1.
    pub unit_bytes: u8,
    /// How an entry begins.
    pub head: Head,
    /// The columns of a row: what they hold if no step of the form says so.
    pub columns: [Column; N],
    /// What may follow the head. The encoder takes the first form, in this order, that can express a row.
    pub forms: &'static [Form],
}

/// The first bytes of an entry, the high bits first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bits of all parts. 8 or 16; or fewer than 8, when only `mark` is there: then the low bits of the first byte are
    /// the first digit of the first number.
    pub bits: u8,
    /// Whether the high bit of an entry's first byte is 1, and that of all its other bytes 0.
    pub mark: bool,
    /// What chooses the form. Without it there is one form.
    pub code: Option<Part>,
    /// How many units the row covers, from where the row before it ended.
    pub length: Option<Part>,
    /// How many units the row begins behind the beginning of the row before it. It ends where the next one begins.
    pub skip: Option<Part>,
}

/// A bit field of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Bits to its right in the head, read as a big-endian number.
    pub low: u8,
    /// How many bits.
    pub width: u8,
    /// Whether it is a two's complement number.
    pub signed: bool,
    /// Added to what the bits say.
    pub plus: i32,
    /// The largest value that CPython writes; what is larger is split. Decoders take any.
    pub at_most: i32,
}

/// What a column holds if a form does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Every form says it.
    Given,
    /// It stays as it was in the entry before; in the first one it is what the caller says (`co_firstlineno`).
    Kept,
    /// It is equal to an earlier column.
    Like(usize),
    /// Nothing: -1.
    Absent,
}

/// One form of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its name in the spec, `one_line`.
    pub name: &'static str,
    /// First code, and last one, included; (0, 0) where the head has no code.
    pub codes: (i16, i16),
    /// Whether no column has a value (kept columns stay as they are behind it).
    pub absent: bool,
    /// Columns, as bits, of which one without a value is enough to choose this form. The others' values are lost.
    pub drops: u8,
    /// What is read, in order. A column stands in one step at most.
    pub steps: &'static [Step],
}

impl Form {
    /// Whether a step says what a column holds.
    #[inline(always)]
    pub(super) const fn sets(&self, column: usize) -> bool {
        let mut index = 0;
        while index < self.steps.len() {
            let step = &self.steps[index];
            if step.column == column || matches!(step.low, Some((low, _)) if low == column) {
                return true;
            }
            index += 1;
        }
        false
    }
}

/// One value that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The column that gets it.
    pub column: usize,
    /// The column that gets the low bits of it, and how many: `depth << 1 | lasti = varint`.
    pub low: Option<(usize, u8)>,
    /// A column to whose value of this row (if it is this column: of the row before) it is added.
    pub base: Option<usize>,
    /// What is read.
    pub source: Source,
    /// Added to what is read.
    pub plus: i32,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Bits that are there already: pieces, the high one first.
    Bits(&'static [Piece]),
    /// One byte, without the mark's bit where entries are marked.
    Byte,
    /// A number of as many bytes as it needs.
    Number(Number),
}

/// Some bits of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The code, less nothing: as it stands in the head.
    Code,
    /// Bits `low..low + width` of the form's own byte: the first byte behind the head.
    Byte {
        /// Bits to its right.
        low: u8,
        /// How many bits.
        width: u8,
    },
}

/// A number in digits of some bits, one to a byte; the bit above the digit is set in all bytes but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Bits of a digit.
    pub digit: u8,
    /// Whether the low digit comes first.
    pub low_first: bool,
    /// How many digits at most. The value fits 32 bits besides.
    pub at_most: u8,
    /// Whether bit 0 says that the rest is negative.
    pub signed: bool,
}
