//! Opcodes: numbers, caches and bases out of the headers' own tables, arguments out of the tables and the interpreter.

use std::collections::BTreeMap;

use super::Failure;
use super::dwarf::{ArrayShape, Debug};
use super::headers::Headers;
use super::interpreter::Interpreter;
use super::object_file::ObjectFile;
use super::wanted::WantedOpcodes;
use crate::diag::Diagnostic;
use crate::model::facts::{Argument, Opcode};
use crate::model::version::Minor;
use crate::source::At;

/// Reads them all, by number; where an interpreter is at hand it must say the same.
pub(crate) fn read(
    wanted: &WantedOpcodes,
    headers: &Headers,
    object: &ObjectFile<'_>,
    debug: &Debug,
    interpreter: Option<&Interpreter>,
    minor: Minor,
) -> Result<Vec<Opcode>, Failure> {
    let numbers = numbers(wanted, headers);
    if numbers.is_empty() {
        return Err(Diagnostic::error("import-opcodes", "the headers define no opcodes")
            .help("if a new CPython defines them in another header, add it to `opcodes` in wanted.yaml")
            .into());
    }
    let by_number: BTreeMap<u64, &str> = numbers.iter().map(|(name, number)| (*number, name.as_str())).collect();
    let table = |name: &str| match object.symbol(name) {
        Some(table) => Ok(table),
        // Before 3.11 nothing is specialised and nothing cached.
        None if minor < Minor::new(3, 11) => Ok(Vec::new()),
        None => Err(Diagnostic::error("import-opcodes", format!("the headers have no table `{name}`"))
            .help("if a new CPython calls it otherwise, teach codegen/src/import/opcodes.rs the new name")),
    };
    let (caches, deopt) = (table("_PyOpcode_Caches")?, table("_PyOpcode_Deopt")?);
    let metadata = Metadata::read(headers, object, debug)?;
    if interpreter.is_none() && metadata.is_none() {
        return Err(Diagnostic::error("import-opcodes", "these headers do not say which opcodes take an argument")
            .help("headers say it from 3.13 on; before, name an interpreter: framespec import PYTHON")
            .into());
    }
    let entry = |table: &[u8], number: u64| {
        usize::try_from(number).ok().and_then(|number| table.get(number)).map(|value| u64::from(*value))
    };
    let mut opcodes = Vec::new();
    for (number, name) in &by_number {
        // Entries that nobody filled are 0, which is CACHE and the base of nothing.
        let base = entry(&deopt, *number).filter(|base| base != number && *base != 0);
        let base = match base.map(|base| by_number.get(&base).copied().ok_or(base)) {
            None => None,
            Some(Ok(base)) => Some(base),
            Some(Err(base)) => {
                return Err(Diagnostic::error(
                    "import-opcodes",
                    format!("the headers' table maps {name} to opcode {base}, which has no name"),
                )
                .into());
            }
        };
        let instrumented =
            || name.strip_prefix(wanted.instrumented.as_str()).filter(|rest| numbers.contains_key(*rest));
        let base = base.or_else(instrumented);
        let argument = match base {
            Some(_) => None,
            None => argument(wanted, name, *number, metadata.as_ref(), interpreter)?,
        };
        opcodes.push(Opcode {
            number: At::nowhere(*number),
            name: At::nowhere((*name).to_owned()),
            argument: argument.map(At::nowhere),
            caches: At::nowhere(entry(&caches, *number).unwrap_or(0)),
            deopt: base.map(|base| At::nowhere(base.to_owned())),
        });
    }
    if let Some(interpreter) = interpreter {
        agree(&opcodes, interpreter)?;
    }
    Ok(opcodes)
}

/// Name to number, of every macro that is an opcode.
fn numbers(wanted: &WantedOpcodes, headers: &Headers) -> BTreeMap<String, u64> {
    headers
        .macros
        .iter()
        .filter(|found| {
            let file = found.file.rsplit('/').next().unwrap_or_default();
            wanted.headers.iter().any(|header| header == file)
        })
        .filter(|found| !wanted.except.iter().any(|prefix| found.name.starts_with(prefix.as_str())))
        .filter_map(|found| Some((found.name.clone(), found.body.parse::<u8>().ok()?.into())))
        .collect()
}

/// The headers' metadata table, from 3.13.
struct Metadata {
    shape: ArrayShape,
    bytes: Vec<u8>,
    flags: BTreeMap<&'static str, u64>,
}

impl Metadata {
    const TABLE: &str = "_PyOpcode_opcode_metadata";

    fn read(headers: &Headers, object: &ObjectFile<'_>, debug: &Debug) -> Result<Option<Metadata>, Failure> {
        let Some(bytes) = object.symbol(Metadata::TABLE) else { return Ok(None) };
        let damaged = |error: String| Failure::from(Diagnostic::error("import-dwarf", error));
        let Some(shape) = debug.array_of_structs(Metadata::TABLE).map_err(damaged)? else { return Ok(None) };
        let mut flags = BTreeMap::new();
        for name in
            ["HAS_ARG_FLAG", "HAS_CONST_FLAG", "HAS_NAME_FLAG", "HAS_JUMP_FLAG", "HAS_FREE_FLAG", "HAS_LOCAL_FLAG"]
        {
            let body = headers.find(name).map(|found| found.body.trim_matches(['(', ')']));
            let Some(value) = body.and_then(|body| body.parse().ok()) else {
                return Err(Diagnostic::error(
                    "import-opcodes",
                    format!("the headers have {} but no {name}", Metadata::TABLE),
                )
                .into());
            };
            flags.insert(name, value);
        }
        Ok(Some(Metadata { shape, bytes, flags }))
    }

    fn member(&self, number: u64, name: &str) -> Option<u64> {
        let (offset, size) = *self.shape.members.get(name)?;
        let start = usize::try_from(number.checked_mul(self.shape.stride)?.checked_add(offset)?).ok()?;
        let size = usize::try_from(size).ok().filter(|size| *size <= 8)?;
        let bytes = self.bytes.get(start..start.checked_add(size)?)?;
        let mut word = [0; 8];
        word[..size].copy_from_slice(bytes);
        Some(u64::from_le_bytes(word))
    }

    /// What the table says of an opcode's argument; `Err` when it has no entry for it.
    fn argument(&self, wanted: &WantedOpcodes, name: &str, number: u64) -> Result<Option<Argument>, ()> {
        if self.member(number, "valid_entry").unwrap_or(1) == 0 {
            return Err(());
        }
        let flags = self.member(number, "flags").ok_or(())?;
        let has = |flag: &str| self.flags.get(flag).is_some_and(|bit| flags & bit != 0);
        Ok(if !has("HAS_ARG_FLAG") {
            None
        } else if has("HAS_JUMP_FLAG") || wanted.backward.iter().any(|backward| backward == name) {
            Some(jump(wanted, name))
        } else if has("HAS_CONST_FLAG") {
            Some(Argument::Const)
        } else if has("HAS_NAME_FLAG") {
            Some(Argument::Name)
        } else if has("HAS_LOCAL_FLAG") {
            Some(Argument::Local)
        } else if has("HAS_FREE_FLAG") {
            Some(Argument::Free)
        } else if wanted.compare.iter().any(|compare| compare == name) {
            Some(Argument::Compare)
        } else {
            Some(Argument::Integer)
        })
    }
}

fn jump(wanted: &WantedOpcodes, name: &str) -> Argument {
    if wanted.backward.iter().any(|prefix| name.starts_with(prefix.as_str())) {
        Argument::JumpBackward
    } else {
        Argument::JumpForward
    }
}

/// What the interpreter says of an opcode's argument.
fn asked_argument(wanted: &WantedOpcodes, name: &str, number: u64, interpreter: &Interpreter) -> Option<Argument> {
    let takes_one = if interpreter.hasarg.is_empty() {
        number >= interpreter.have_argument
    } else {
        interpreter.hasarg.contains(&number)
    };
    if !takes_one {
        None
    } else if interpreter.hasjabs.contains(&number) {
        Some(Argument::JumpAbsolute)
    } else if interpreter.hasjrel.contains(&number) {
        Some(jump(wanted, name))
    } else if interpreter.hasconst.contains(&number) {
        Some(Argument::Const)
    } else if interpreter.hasname.contains(&number) {
        Some(Argument::Name)
    } else if interpreter.haslocal.contains(&number) {
        Some(Argument::Local)
    } else if interpreter.hasfree.contains(&number) {
        Some(Argument::Free)
    } else if interpreter.hascompare.contains(&number) {
        Some(Argument::Compare)
    } else {
        Some(Argument::Integer)
    }
}

fn argument(
    wanted: &WantedOpcodes,
    name: &str,
    number: u64,
    metadata: Option<&Metadata>,
    interpreter: Option<&Interpreter>,
) -> Result<Option<Argument>, Failure> {
    // What is in no opcode map has no argument that anybody could ask for.
    let asked = interpreter
        .filter(|interpreter| interpreter.opmap.get(name) == Some(&number))
        .map(|interpreter| asked_argument(wanted, name, number, interpreter));
    let table = metadata.and_then(|metadata| metadata.argument(wanted, name, number).ok());
    match (asked, table) {
        (Some(asked), Some(table)) if asked != table => {
            let words = |argument: Option<Argument>| argument.map_or("no argument", Argument::name);
            Err(Diagnostic::error(
                "import-disagree",
                format!(
                    "{name}: the interpreter's opcode module says {}, the headers' table says {}",
                    words(asked),
                    words(table)
                ),
            )
            .into())
        }
        (Some(argument), _) | (None, Some(argument)) => Ok(argument),
        (None, None) => Ok(None),
    }
}

/// The interpreter's numbers, caches and jump directions are those of the headers.
fn agree(opcodes: &[Opcode], interpreter: &Interpreter) -> Result<(), Failure> {
    let disagree = |what: String| {
        Failure::from(
            Diagnostic::error("import-disagree", what)
                .help("the headers are of another build than the interpreter: name the right ones with --include DIR"),
        )
    };
    let find = |name: &str| opcodes.iter().find(|opcode| opcode.name.value == name);
    for (name, number) in interpreter.opmap.iter().chain(&interpreter.specialized_opmap) {
        // Pseudo-instructions, above 255, never stand in finished code.
        if *number > 255 {
            continue;
        }
        match find(name) {
            Some(opcode) if opcode.number.value == *number => {}
            Some(opcode) => {
                return Err(disagree(format!(
                    "{name} is {number} for the interpreter's opcode module and {} in the headers",
                    opcode.number
                )));
            }
            None => return Err(disagree(format!("{name} = {number} is known to the interpreter, not to the headers"))),
        }
    }
    if let Some(name) = interpreter.specialized_names.iter().find(|name| find(name).is_none()) {
        return Err(disagree(format!("{name} is known to the interpreter, not to the headers")));
    }
    for (base, forms) in &interpreter.specializations {
        for name in forms {
            let stands_for = find(name).and_then(|opcode| opcode.deopt.as_ref()).map(|base| base.value.as_str());
            if stands_for != Some(base) {
                let words = stands_for.unwrap_or("nothing");
                return Err(disagree(format!(
                    "{name} stands for {base} for the interpreter's opcode module, for {words} in the headers' table"
                )));
            }
        }
    }
    for opcode in opcodes.iter().filter(|opcode| opcode.deopt.is_none()) {
        let asked = interpreter.caches.get(&opcode.name.value).copied().unwrap_or(0);
        if asked != opcode.caches.value {
            return Err(disagree(format!(
                "{} has {asked} cache units for the interpreter and {} in the headers' table",
                opcode.name, opcode.caches
            )));
        }
    }
    for opcode in opcodes {
        let backward = opcode.argument.as_ref().is_some_and(|argument| argument.value == Argument::JumpBackward);
        let asked = interpreter.backward.as_ref().is_some_and(|names| names.contains(&opcode.name.value));
        let jumps = opcode
            .argument
            .as_ref()
            .is_some_and(|argument| matches!(argument.value, Argument::JumpBackward | Argument::JumpForward));
        if interpreter.backward.is_some() && jumps && backward != asked {
            let words = |backward| if backward { "backward" } else { "forward" };
            return Err(Diagnostic::error(
                "import-disagree",
                format!(
                    "{} jumps {} for the interpreter, {} for wanted.yaml",
                    opcode.name,
                    words(asked),
                    words(backward)
                ),
            )
            .help("correct `opcodes: backward` in wanted.yaml")
            .into());
        }
    }
    Ok(())
}
