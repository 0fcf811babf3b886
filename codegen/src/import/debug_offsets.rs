//! The third witness: `_Py_DebugOffsets`, which an interpreter from 3.13 on carries in its own data.

use std::path::PathBuf;

use super::Failure;
use super::dwarf::Debug;
use super::object_file::ObjectFile;
use super::probe::DEBUG_OFFSETS;
use super::wanted::DebugSection;
use crate::diag::Diagnostic;
use crate::model::facts::{Facts, Field};

/// The struct starts with these bytes.
const COOKIE: &[u8] = b"xdebugpy";

/// Compares, and says how many numbers agreed; `None` when this CPython has no such record.
pub(crate) fn agree(
    sections: &[DebugSection],
    debug: &Debug,
    facts: &Facts,
    mapped: &[PathBuf],
) -> Result<Option<usize>, Failure> {
    let damaged = |error: String| Failure::from(Diagnostic::error("import-dwarf", error));
    let fields = debug.scalars(DEBUG_OFFSETS).map_err(damaged)?;
    if fields.is_empty() {
        return Ok(None);
    }
    let bytes = find(mapped)?;
    let read = |field: &Field| {
        let start = usize::try_from(field.offset.value).ok()?;
        let word = bytes.get(start..start.checked_add(8)?)?;
        Some(u64::from_le_bytes(word.try_into().ok()?))
    };
    let mut agreed = 0;
    for field in &fields {
        let Some((section, name)) = field.name.split_once('.') else { continue };
        let Some(section) = sections.iter().find(|candidate| candidate.section == section) else { continue };
        let Some(known) = facts.find_struct(&section.of) else { continue };
        let Some(own) = read(field) else {
            return Err(Diagnostic::error(
                "import-debug-offsets",
                format!("the interpreter's {DEBUG_OFFSETS} ends before `{}`, which its headers have", field.name),
            )
            .into());
        };
        let name = section.renamed.get(name).map_or(name, String::as_str);
        let ours = if name == "size" {
            known.size.as_ref().map(|size| size.bytes.value)
        } else {
            offset(facts, &section.of, name)
        };
        match ours {
            Some(ours) if ours == own => agreed += 1,
            Some(ours) => {
                return Err(Diagnostic::error(
                    "import-disagree",
                    format!(
                        "`{}.{name}` is {own} for the interpreter itself ({DEBUG_OFFSETS}.{}), {ours} for its headers (DWARF)",
                        section.of, field.name
                    ),
                )
                .help("the headers are of another build, or an option of its own compilation is missing: --include DIR, --define NAME=VALUE")
                .into());
            }
            // A member that the import does not keep.
            None => {}
        }
    }
    Ok(Some(agreed))
}

/// The offset of a field, by a dotted path through named structs and through what they begin with.
fn offset(facts: &Facts, of: &str, path: &str) -> Option<u64> {
    let known = facts.find_struct(of)?;
    if let Some(field) = known.field(path) {
        return Some(field.offset.value);
    }
    if let Some((outer, inner)) = path.split_once('.')
        && let Some(field) = known.field(outer)
        && let crate::model::ty::Type::Named(inside) = &field.ty.value
    {
        return Some(field.offset.value + offset(facts, inside, inner)?);
    }
    // A nested anonymous struct has no row of its own: it starts with its first member.
    let prefix = format!("{path}.");
    known.fields.iter().filter(|field| field.name.starts_with(&prefix)).map(|field| field.offset.value).min()
}

/// The record's bytes, out of the interpreter's program file or its library.
fn find(mapped: &[PathBuf]) -> Result<Vec<u8>, Failure> {
    let mut tried = Vec::new();
    for path in mapped {
        tried.push(path.display().to_string());
        let Ok(bytes) = std::fs::read(path) else { continue };
        let Ok(object) = ObjectFile::parse(&bytes) else { continue };
        let by_symbol = object.symbol("_PyRuntime").filter(|data| data.starts_with(COOKIE));
        let by_section = || object.section(".PyRuntime").ok().filter(|data| data.starts_with(COOKIE));
        if let Some(data) = by_symbol.or_else(by_section) {
            return Ok(data);
        }
    }
    Err(Diagnostic::error("import-debug-offsets", format!("the interpreter's {DEBUG_OFFSETS} is not found"))
        .note(format!("looked into {}", tried.join(", ")))
        .into())
}
