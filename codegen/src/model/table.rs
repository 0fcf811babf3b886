//! Byte formats: what an entry of a table begins with, and which column each value goes to.

use super::version::{Minor, Range};
use crate::source::{At, Span};

/// Tables of CPython's that tell lines, by name, and what the runtime calls them. A version has one of them.
pub const LINES: &[(&str, &str)] = &[("location", "Location"), ("line", "Line"), ("lnotab", "Lnotab")];

/// The table of CPython's that tells handlers.
pub const EXCEPTION: &str = "exception";

/// Parts of a head, and what they are.
pub const PARTS: &[(&str, &str)] = &[
    ("mark", "1 in the first bit of an entry, 0 in that of all its other bytes"),
    ("code", "chooses the form"),
    ("length", "how many units the row covers"),
    ("skip", "how many units behind the beginning of the last row it begins"),
];

/// Words that a value may have besides numbers and columns.
pub const WORDS: &[(&str, &str)] =
    &[("code", "the code of the entry"), ("byte", "the next byte"), ("bits", "bits of the form's own byte")];

/// How many columns a row may have.
pub const MOST_COLUMNS: usize = 8;

/// A byte format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: At<String>,
    /// In which versions.
    pub range: Range,
    /// What it tells.
    pub doc: String,
    /// Bytes of code for which one unit stands.
    pub unit: u8,
    /// Numbers of as many bytes as they need.
    pub numbers: Vec<Number>,
    /// What a row holds.
    pub columns: Vec<Column>,
    /// How an entry begins.
    pub head: Head,
    /// What may follow it, in the order in which an encoder tries.
    pub forms: Vec<Form>,
    /// Codes that no entry has.
    pub reserved: Vec<Codes>,
}

/// A number in digits, one to a byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its name.
    pub name: At<String>,
    /// Bits of a digit.
    pub digit: At<u8>,
    /// Whether the low digit comes first.
    pub low_first: bool,
    /// How many digits at most.
    pub at_most: At<u8>,
    /// Whether bit 0 says that the rest is negative.
    pub signed: bool,
}

/// A column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: At<String>,
    /// What it holds if a form does not say so.
    pub fallback: Fallback,
    /// What it is.
    pub doc: String,
}

/// What a column holds if a form does not say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Every form says it.
    Given,
    /// It stays as it was in the entry before.
    Kept,
    /// It is equal to another column.
    Like(At<usize>),
    /// Nothing.
    Absent,
}

/// How an entry begins; the first part has the high bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// In the order in which they stand.
    pub parts: Vec<Part>,
}

/// A bit field of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// One of [`PARTS`].
    pub name: At<String>,
    /// How many bits.
    pub bits: At<u8>,
    /// Added to what the bits say.
    pub plus: Option<At<i32>>,
    /// Whether the bits are a two's complement number, and where that is said.
    pub signed: Option<At<()>>,
    /// The largest value that is written.
    pub at_most: Option<At<i32>>,
}

impl Part {
    /// The smallest and the largest value that the bits can say.
    pub fn values(&self) -> (i64, i64) {
        let count = 1_i64 << self.bits.value;
        let plus = self.plus.as_ref().map_or(0, |plus| i64::from(plus.value));
        let (first, end) = if self.signed.is_some() { (-count / 2, count / 2) } else { (0, count) };
        (first + plus, end - 1 + plus)
    }
}

impl Head {
    /// A part by its name.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name.value == name)
    }

    /// Bits of all parts.
    pub fn bits(&self) -> u32 {
        self.parts.iter().map(|part| u32::from(part.bits.value)).sum()
    }

    /// Bits to the right of a part.
    pub fn low(&self, name: &str) -> u32 {
        let behind = self.parts.iter().skip_while(|part| part.name.value != name).skip(1);
        behind.map(|part| u32::from(part.bits.value)).sum()
    }

    /// Bits of a byte that the mark leaves.
    pub fn payload_bits(&self) -> u8 {
        if self.part("mark").is_some() { 7 } else { 8 }
    }
}

/// Which codes, the last included; none where the head has no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// First and last.
    pub range: Option<(i64, i64)>,
    /// Where it is said.
    pub span: Option<Span>,
}

/// One form of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its name.
    pub name: At<String>,
    /// Its codes.
    pub codes: Codes,
    /// Whether no column has a value.
    pub absent: bool,
    /// Columns of which one without a value is enough to choose this form.
    pub drops: Vec<At<usize>>,
    /// What is read, in order.
    pub steps: Vec<Step>,
}

/// One value that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The column that gets it.
    pub column: At<usize>,
    /// The column that gets the low bits of it, and how many.
    pub low: Option<(At<usize>, u8)>,
    /// A column to whose value it is added.
    pub base: Option<At<usize>>,
    /// What is read.
    pub source: At<Source>,
    /// Added to what is read.
    pub plus: i32,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Bits that are there already: the high piece first.
    Bits(Vec<Piece>),
    /// One byte.
    Byte,
    /// A number, by its place among the table's.
    Number(usize),
}

/// Some bits of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which.
    pub bits: Bits,
    /// By how many bits it is shifted to the left.
    pub shift: u8,
    /// Where it is said.
    pub span: Option<Span>,
}

/// Bits that are there when a form is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// The code.
    Code,
    /// Bits of the form's own byte, the end not included.
    Byte {
        /// The first.
        start: u8,
        /// One past the last.
        end: u8,
    },
}

impl Table {
    /// Whether a version has it.
    pub fn exists(&self, minor: Minor) -> bool {
        self.range.contains(minor)
    }

    /// The columns that a step gives a value to.
    pub fn gets(step: &Step) -> impl Iterator<Item = &At<usize>> {
        std::iter::once(&step.column).chain(step.low.as_ref().map(|(low, _)| low))
    }

    /// How many bits a piece has.
    pub fn width(&self, bits: Bits) -> u8 {
        match bits {
            Bits::Code => self.head.part("code").map_or(0, |part| part.bits.value),
            Bits::Byte { start, end } => end.saturating_sub(start),
        }
    }
}
