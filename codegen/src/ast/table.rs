//! Byte formats, as they were written.

use std::fmt;

use super::{Sign, Versions, doc, list};
use crate::ast::Quoted;
use crate::source::At;

/// A byte format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: At<String>,
    /// In which versions.
    pub versions: Versions,
    /// What it tells.
    pub doc: Option<At<String>>,
    /// `unit 2 bytes;`
    pub unit: At<u64>,
    /// Numbers of as many bytes as they need.
    pub numbers: Vec<Numeral>,
    /// What a row holds.
    pub columns: Vec<Column>,
    /// The parts of an entry's head, from the high bits down.
    pub head: Vec<Part>,
    /// What follows the head, by its code.
    pub rows: Vec<EntryRow>,
}

/// `number varint digits 6 bits, low first, at most 6;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numeral {
    /// Its name.
    pub name: At<String>,
    /// Bits of a digit.
    pub digit: At<u64>,
    /// Whether the low digit comes first.
    pub low_first: bool,
    /// How many digits at most.
    pub at_most: At<u64>,
    /// Whether bit 0 says that the rest is negative.
    pub signed: bool,
}

/// `end_line like line "Last line.";`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: At<String>,
    /// What it holds if a form does not say so.
    pub fallback: Option<Fallback>,
    /// What it is.
    pub doc: At<String>,
}

/// What a column holds if a form does not say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// `kept`
    Kept,
    /// `absent`
    Absent,
    /// `like line`
    Like(At<String>),
}

/// `length 3 bits + 1`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: At<String>,
    /// How many bits.
    pub bits: At<u64>,
    /// Added to what the bits say.
    pub plus: Option<(Sign, At<u64>)>,
    /// Whether the bits are a two's complement number.
    pub signed: Option<At<()>>,
    /// The largest value that is written.
    pub at_most: Option<At<u64>>,
}

/// What some codes mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryRow {
    /// `10..=12 one_line { ... }`
    Form(Form),
    /// `13..=15 reserved;`
    Reserved(Codes),
}

/// Which codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// `else`
    Else(At<()>),
    /// First and last code.
    Range(At<i64>, At<i64>),
}

/// One form of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its codes.
    pub codes: Codes,
    /// Its name.
    pub name: At<String>,
    /// Whether no column has a value.
    pub absent: bool,
    /// Columns of which one without a value is enough to choose this form.
    pub drops: Vec<At<String>>,
    /// What is read, in order.
    pub steps: Vec<Step>,
}

/// `line += svarint;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The column that gets the value.
    pub name: At<String>,
    /// How many of its low bits another column gets, and which.
    pub low: Option<(At<u64>, At<String>)>,
    /// Whether the value is added to the last entry's.
    pub adds: bool,
    /// Operands, each with the operator before it; the first has none.
    pub value: Vec<(Option<Operator>, At<Operand>)>,
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<<`
    Shift,
    /// `|`
    Or,
    /// `+`
    Plus,
    /// `-`
    Minus,
}

impl Operator {
    /// Every one, as it is written.
    pub const ALL: [(&'static str, Operator); 4] =
        [("<<", Operator::Shift), ("|", Operator::Or), ("+", Operator::Plus), ("-", Operator::Minus)];
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A number.
    Number(u64),
    /// A name: the code, a byte, a number that is read, a column.
    Name(String),
    /// `bits a..b` of the form's own byte.
    Bits(u64, u64),
}

// ---- printing ----

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}{}", self.name, self.versions)?;
        doc(f, self.doc.as_ref())?;
        writeln!(f, " {{\n    unit {} bytes;", self.unit)?;
        for number in &self.numbers {
            writeln!(f, "    {number}")?;
        }
        writeln!(f, "    row {{")?;
        for column in &self.columns {
            writeln!(f, "        {column}")?;
        }
        let head: Vec<String> = self.head.iter().map(ToString::to_string).collect();
        writeln!(f, "    }}\n    entry {{\n        {};", head.join(", "))?;
        for row in &self.rows {
            match row {
                EntryRow::Form(form) => form.fmt(f)?,
                EntryRow::Reserved(codes) => writeln!(f, "        {codes} reserved;")?,
            }
        }
        writeln!(f, "    }}\n}}")
    }
}

impl fmt::Display for Numeral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = if self.low_first { "low" } else { "high" };
        let signed = if self.signed { ", signed" } else { "" };
        let Numeral { name, digit, at_most, .. } = self;
        write!(f, "number {name} digits {digit} bits, {first} first, at most {at_most}{signed};")
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        match &self.fallback {
            None => {}
            Some(Fallback::Kept) => f.write_str(" kept")?,
            Some(Fallback::Absent) => f.write_str(" absent")?,
            Some(Fallback::Like(other)) => write!(f, " like {other}")?,
        }
        write!(f, " {};", Quoted(&self.doc))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} bits", self.name, self.bits)?;
        if let Some((sign, number)) = &self.plus {
            write!(f, " {} {number}", if *sign == Sign::Plus { "+" } else { "-" })?;
        }
        if self.signed.is_some() {
            f.write_str(" signed")?;
        }
        match &self.at_most {
            Some(at_most) => write!(f, " at most {at_most}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Codes::Else(_) => f.write_str("else"),
            Codes::Range(first, last) if first == last => first.fmt(f),
            Codes::Range(first, last) => write!(f, "{first}..={last}"),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "        {} {}{}", self.codes, self.name, if self.absent { " absent" } else { "" })?;
        if !self.drops.is_empty() {
            write!(f, " drops {}", list(&self.drops))?;
        }
        writeln!(f, " {{")?;
        for step in &self.steps {
            writeln!(f, "            {step}")?;
        }
        writeln!(f, "        }}")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some((bits, low)) = &self.low {
            write!(f, " << {bits} | {low}")?;
        }
        f.write_str(if self.adds { " +=" } else { " =" })?;
        for (operator, operand) in &self.value {
            if let Some(operator) = operator {
                write!(f, " {operator}")?;
            }
            match &operand.value {
                Operand::Number(number) => write!(f, " {number}")?,
                Operand::Name(name) => write!(f, " {name}")?,
                Operand::Bits(start, end) => write!(f, " bits {start}..{end}")?,
            }
        }
        f.write_str(";")
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Operator::ALL.iter().find(|(_, known)| known == self);
        f.write_str(word.map_or("", |(word, _)| word))
    }
}
