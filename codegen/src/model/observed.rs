//! What no header holds: declared once, for ranges of versions, and witnessed on real interpreters.

use super::facts::{Constant, Facts, Field, Size, Struct};
use super::formula::Formula;
use super::machine::Numbering;
use super::ty::Type;
use super::version::{Minor, Range};
use crate::source::{At, SourceId};

/// All of `spec/observed/`.
#[derive(Debug, Default)]
pub struct Observed {
    /// One per file: what to run to see it on an interpreter.
    pub topics: Vec<Topic>,
    /// The pyc magic number of versions whose headers do not hold it.
    pub pyc_magic: Vec<(At<Minor>, At<u64>)>,
    /// Numbers such as the size of a stack chunk.
    pub constants: Vec<ObservedConstant>,
    /// Enums that only a `.c` file holds.
    pub enums: Vec<ObservedEnum>,
    /// Structs that only a `.c` file holds.
    pub structs: Vec<ObservedStruct>,
    /// Net stack effects.
    pub effects: Vec<Effect>,
}

impl Observed {
    /// The effect of an opcode on a version.
    pub fn effect(&self, opcode: &str, minor: Minor) -> Option<&Effect> {
        self.effects.iter().find(|row| row.opcode.value == opcode && row.range.contains(minor))
    }

    /// The values of an enum in a version.
    pub fn enum_values(&self, name: &str, minor: Minor) -> Option<&[Constant]> {
        let mut enums = self.enums.iter().filter(|item| item.range.contains(minor));
        enums.find(|item| item.name.value == name).map(|item| item.values.as_slice())
    }

    /// What numbers the states of a machine, if it is an enum that no header holds.
    pub fn numbers(&self, numbering: &Numbering, minor: Minor) -> Option<&[Constant]> {
        if numbering.is_group { None } else { self.enum_values(&numbering.name, minor) }
    }

    /// The pyc magic number of a version whose headers do not hold it.
    pub fn pyc_magic(&self, minor: Minor) -> Option<&At<u64>> {
        self.pyc_magic.iter().find(|(version, _)| version.value == minor).map(|(_, magic)| magic)
    }
}

/// One file of observed facts.
#[derive(Debug)]
pub struct Topic {
    /// The file.
    pub source: SourceId,
    /// Its name, which the witness script takes.
    pub name: At<String>,
    /// The command that shows it, for a person to run.
    pub witness: String,
}

/// A number that only a `.c` file holds.
#[derive(Debug)]
pub struct ObservedConstant {
    /// CPython's name.
    pub constant: Constant,
    /// What it counts: `bytes`, `entries`, `words`.
    pub unit: String,
    /// Where CPython says so.
    pub from: String,
    /// Which versions.
    pub range: Range,
}

/// An enum that only a `.c` file holds.
#[derive(Debug)]
pub struct ObservedEnum {
    /// CPython's name.
    pub name: At<String>,
    /// Where CPython says so.
    pub from: String,
    /// Which versions.
    pub range: Range,
    /// As declared.
    pub values: Vec<Constant>,
}

/// A struct that only a `.c` file holds: its fields in order; the offsets follow from C's rules and the object header.
#[derive(Debug)]
pub struct ObservedStruct {
    /// CPython's name.
    pub name: At<String>,
    /// Where CPython says so.
    pub from: String,
    /// Which versions.
    pub range: Range,
    /// In order.
    pub fields: Vec<(At<String>, At<Type>)>,
}

/// How an instruction changes the depth of the stack.
#[derive(Debug)]
pub struct Effect {
    /// CPython's name.
    pub opcode: At<String>,
    /// Which versions.
    pub range: Range,
    /// When the next instruction follows; `None` where CPython tells none.
    pub fall: Option<At<Formula>>,
    /// When it jumps, where that differs.
    pub jump: Option<At<Formula>>,
}

impl Observed {
    /// A struct by C's rules: each field at the next multiple of its alignment. `None` when a type in it is not known.
    pub fn lay_out(&self, item: &ObservedStruct, facts: &Facts) -> Option<Struct> {
        let size_of = |name: &str| {
            let known = facts.find_struct(name).and_then(|known| known.size.as_ref());
            known.map(|size| size.bytes.value)
        };
        let align_of = |name: &str| {
            let known = facts.find_struct(name).and_then(|known| known.size.as_ref());
            known.map(|size| size.align.value)
        };
        let mut fields = Vec::new();
        let (mut end, mut most) = (0_u64, 1_u64);
        for (name, ty) in &item.fields {
            // A C enum is an unsigned int unless it has negative values.
            let minor = facts.version.value;
            let of_version = |known: &&ObservedEnum| known.range.contains(minor);
            let ty = match self.enums.iter().filter(of_version).find(|known| ty.value.to_string() == known.name.value) {
                Some(known) => {
                    let signed = known.values.iter().any(|value| value.value.value < 0);
                    At { value: Type::Int { signed, bytes: 4 }, span: ty.span }
                }
                None => ty.clone(),
            };
            let align = ty.align(&align_of)?.max(1);
            let offset = end.checked_next_multiple_of(align)?;
            end = offset.checked_add(ty.size(&size_of)?)?;
            most = most.max(align);
            fields.push(Field { name: name.clone(), ty, offset: At::nowhere(offset), bits: None, overlays: None });
        }
        let bytes = end.checked_next_multiple_of(most)?;
        Some(Struct {
            name: item.name.clone(),
            header: item.from.clone(),
            size: Some(Size { bytes: At::nowhere(bytes), align: At::nowhere(most) }),
            fields,
        })
    }
}
