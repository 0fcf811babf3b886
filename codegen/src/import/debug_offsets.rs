//! The third witness: `_Py_DebugOffsets`, which an interpreter from 3.13 on carries in its own data.

use std::path::PathBuf;

use super::Failure;
use super::dwarf::Debug;
use super::object_file::ObjectFile;
use super::probe::DEBUG_OFFSETS;
use super::wanted::DebugSection;
use crate::diag::Diagnostic;
use crate::model::facts::Field;
use crate::model::version::Flavour;

/// The struct starts with these bytes.
const COOKIE: &[u8] = b"xdebugpy";

/// Compares every number of the record with the headers, and says how many agreed; `None` before 3.13, which has none.
///
/// A section or member that the import list does not know is an error: a witness must not fall silent.
pub(crate) fn agree(
    sections: &[DebugSection],
    debug: &Debug,
    hex: u32,
    flavour: Flavour,
    mapped: &[PathBuf],
) -> Result<Option<usize>, Failure> {
    let damaged = |error: String| Failure::from(Diagnostic::error("import-dwarf", error));
    let fields = debug.scalars(DEBUG_OFFSETS).map_err(damaged)?;
    if fields.is_empty() {
        if hex < 0x030D_0000 {
            return Ok(None);
        }
        return Err(unknown(&format!("the headers have no {DEBUG_OFFSETS}, which they have from 3.13 on")));
    }
    let bytes = find(mapped)?;
    let read = |field: &Field| {
        let start = usize::try_from(field.offset.value).ok()?;
        let word = bytes.get(start..start.checked_add(8)?)?;
        Some(u64::from_le_bytes(word.try_into().ok()?))
    };
    let mut agreed = 0;
    for field in &fields {
        if field.name.value == "cookie" {
            continue;
        }
        let Some(own) = read(field) else {
            return Err(Diagnostic::error(
                "import-debug-offsets",
                format!("the interpreter's {DEBUG_OFFSETS} ends before `{}`, which its headers have", field.name),
            )
            .into());
        };
        let (what, ours) = match field.name.split_once('.') {
            None if field.name.value == "version" => ("the version".to_owned(), Some(u64::from(hex))),
            None if field.name.value == "free_threaded" => {
                let threaded = matches!(flavour, Flavour::FreeThreaded | Flavour::FreeThreadedDebug);
                ("the free-threaded flag".to_owned(), Some(u64::from(threaded)))
            }
            None => return Err(unknown(&format!("{DEBUG_OFFSETS} has a member `{}`", field.name))),
            Some((section, member)) => {
                let Some(section) = sections.iter().find(|candidate| candidate.section == section) else {
                    return Err(unknown(&format!("{DEBUG_OFFSETS} has a section `{section}`")));
                };
                let Some(of) = section.of.as_ref().filter(|_| !section.left_out.iter().any(|name| name == member))
                else {
                    continue;
                };
                let path = section.renamed.get(member).map_or(member, String::as_str);
                let ours = match path {
                    "size" => debug.size(of),
                    path => debug.offset(of, path),
                };
                (format!("`{of}.{path}`"), ours.map_err(damaged)?)
            }
        };
        match ours {
            Some(ours) if ours == own => agreed += 1,
            Some(ours) => {
                return Err(Diagnostic::error(
                    "import-disagree",
                    format!(
                        "{what} is {own} for the interpreter itself ({DEBUG_OFFSETS}.{}), {ours} for its headers (DWARF)",
                        field.name
                    ),
                )
                .help("the headers are of another build, or an option of its own compilation is missing: --include DIR, --define NAME=VALUE")
                .into());
            }
            // What only free-threaded builds have is 0 in the others.
            None if own == 0 => {}
            None => {
                return Err(unknown(&format!("{DEBUG_OFFSETS}.{} speaks of {what}, which is not found", field.name)));
            }
        }
    }
    Ok(Some(agreed))
}

fn unknown(what: &str) -> Failure {
    Diagnostic::error("import-debug-offsets", what)
        .help("say in `debug_offsets` of wanted.yaml what it is, or that it is left out")
        .into()
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
