//! The second witness against the first: what `sizeof`, `offsetof` and initialisers say, number by number.

use super::Failure;
use super::object_file::{ObjectFile, words};
use super::probe::bit_symbol;
use crate::diag::Diagnostic;
use crate::model::facts::{Constant, Facts};

fn disagree(what: &str, dwarf: impl std::fmt::Display, compiler: impl std::fmt::Display) -> Failure {
    Diagnostic::error("import-disagree", format!("{what} is {dwarf} in the DWARF and {compiler} for the compiler"))
        .help("one of the two readings is wrong: please report it with the compiler's version")
        .into()
}

fn data(object: &ObjectFile<'_>, name: &str) -> Result<Vec<u8>, Failure> {
    object
        .symbol(name)
        .ok_or_else(|| Diagnostic::error("import-witness", format!("the second probe has no data for `{name}`")).into())
}

/// Compares everything; says how many numbers agreed.
pub(crate) fn agree(
    object: &ObjectFile<'_>,
    facts: &Facts,
    names: &[&str],
    constants: &[Constant],
) -> Result<usize, Failure> {
    let (mut agreed, mut bit_fields) = (0, 0);
    let mut same = |what: &dyn Fn() -> String, ours: u64, theirs: Option<u64>| -> Result<(), Failure> {
        match theirs {
            Some(theirs) if theirs == ours => {
                agreed += 1;
                Ok(())
            }
            Some(theirs) => Err(disagree(&what(), ours, theirs)),
            None => Err(disagree(&what(), ours, "missing")),
        }
    };
    let size_of = |name: &str| facts.find_struct(name).and_then(|item| item.size.as_ref()).map(|size| size.bytes.value);
    for item in &facts.content.structs {
        let witness = words(&data(object, &format!("witness_struct_{}", item.name))?);
        let mut witness = witness.into_iter();
        let (size, align) = (witness.next(), witness.next());
        if let Some(known) = &item.size {
            same(&|| format!("the size of {}", item.name), known.bytes.value, size)?;
            same(&|| format!("the alignment of {}", item.name), known.align.value, align)?;
        }
        for field in item.fields.iter().filter(|field| field.bits.is_none()) {
            let (offset, bytes) = (witness.next(), witness.next());
            same(&|| format!("the offset of {}.{}", item.name, field.name), field.offset.value, offset)?;
            // A partial struct inside a partial one has no size to compare.
            let known = field.ty.size(&size_of);
            if let Some(known) = known {
                same(&|| format!("the size of {}.{}", item.name, field.name), known, bytes)?;
            }
        }
        for field in &item.fields {
            let Some(bits) = &field.bits else { continue };
            let value = data(object, &bit_symbol(item, &field.name))?;
            let first = field.offset.value * 8 + bits.start.value;
            let set: Vec<u64> = (0..)
                .zip(&value)
                .flat_map(|(byte, value)| {
                    (0..8).filter(move |bit| value >> bit & 1 == 1).map(move |bit| byte * 8 + bit)
                })
                .collect();
            let expected: Vec<u64> = (first..first + bits.width.value).collect();
            if set != expected {
                let what = format!("the bits of {}.{}", item.name, field.name);
                return Err(disagree(&what, format!("{expected:?}"), format!("{set:?}")));
            }
            bit_fields += 1;
        }
    }
    let witness = words(&data(object, "witness_constants")?);
    let mut same_value = |name: &str, ours: Option<i64>, theirs: Option<u64>| {
        let theirs = theirs.map(u64::cast_signed);
        if ours.is_some() && ours == theirs {
            agreed += 1;
            return Ok(());
        }
        let words = |value: Option<i64>| value.map_or("missing".to_owned(), |value| value.to_string());
        Err(disagree(name, words(ours), words(theirs)))
    };
    for (index, name) in names.iter().enumerate() {
        let ours = constants.iter().find(|constant| constant.name.value == *name).map(|constant| constant.value.value);
        same_value(name, ours, witness.get(index).copied())?;
    }
    for item in &facts.content.enums {
        let witness = words(&data(object, &format!("witness_enum_{}", item.name))?);
        for (index, constant) in item.values.iter().enumerate() {
            same_value(&constant.name, Some(constant.value.value), witness.get(index).copied())?;
        }
    }
    Ok(agreed + bit_fields)
}
