//! From an installed CPython to facts.
//!
//! The compiler reads the headers, with the options that the interpreter itself was compiled with, and writes what it
//! understood as DWARF: that is the first witness. A second probe has the same numbers computed by `sizeof` and
//! `offsetof`, and the headers' own opcode tables. The third, from 3.13, is the interpreter's own `_Py_DebugOffsets`.
//! They agree on every number, or the import fails and says who says what.

mod agree;
mod compiler;
mod debug_offsets;
pub mod dwarf;
mod headers;
mod interpreter;
mod object_file;
mod opcodes;
mod place;
mod probe;
mod wanted;
pub mod witness;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use place::{Placement, Written, place};

use crate::diag::Diagnostic;
use crate::model::facts::{Build, Constant, Content, Enum, Facts, Group, Struct};
use crate::model::version::{Flavour, Micro, Minor};
use crate::source::At;

/// Why an import stopped.
pub type Failure = Box<Diagnostic>;

/// What to import.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The interpreter; without one the headers alone are read, and the facts are marked `unwitnessed`.
    pub python: Option<PathBuf>,
    /// Folders of headers; without any the interpreter is asked.
    pub include: Vec<PathBuf>,
    /// `NAME` or `NAME=VALUE`, besides those that the interpreter says it was compiled with.
    pub defines: Vec<String>,
    /// The C compiler; without one `$CC`, `cc`, `gcc`, `clang` in this order.
    pub compiler: Option<PathBuf>,
    /// A folder to leave the probes in, and what the compiler made of them; without one they are removed.
    pub keep: Option<PathBuf>,
    /// The release to file the facts under, for headers of no release; without one the headers say it.
    pub present_as: Option<Micro>,
}

/// An import that succeeded.
#[derive(Debug)]
pub struct Imported {
    /// The facts, not yet on disk.
    pub facts: Facts,
    /// How many numbers the second witness agreed on.
    pub compiler_agreed: usize,
    /// How many the interpreter's own offsets agreed on; `None` where it has none or there was no interpreter.
    pub interpreter_agreed: Option<usize>,
    /// The interpreter's pyc magic number.
    pub pyc_magic: Option<u64>,
}

/// Imports; `progress` is told each step as it begins.
///
/// # Errors
///
/// No compiler, no headers, headers that do not compile, something that is not a CPython of 3.8 or later, or witnesses
/// that disagree. Nothing has been written to the spec then.
pub fn import(request: &Request, progress: &dyn Fn(&str)) -> Result<Imported, Failure> {
    let interpreter = match &request.python {
        Some(python) => {
            progress(&format!("asking {}", python.display()));
            Some(interpreter::Interpreter::ask(python)?)
        }
        None => None,
    };
    let include = match (&interpreter, request.include.is_empty()) {
        (_, false) => request.include.iter().map(|folder| header_folder(folder)).collect::<Result<Vec<_>, _>>()?,
        (Some(interpreter), true) => vec![interpreter.find_headers()?],
        (None, true) => {
            return Err(Diagnostic::error("import-nothing", "neither an interpreter nor headers are named")
                .help("framespec import PYTHON, or framespec import --include DIR")
                .into());
        }
    };
    if !include.iter().any(|folder| folder.join("Python.h").is_file()) {
        let mut diagnostic = Diagnostic::error("import-no-headers", "there is no Python.h");
        for folder in &include {
            diagnostic = diagnostic.note(format!("not in {}", folder.display()));
        }
        return Err(diagnostic.help("--include names the folder that Python.h lies in").into());
    }
    let mut recorded = interpreter.as_ref().map(interpreter::Interpreter::core_defines).unwrap_or_default();
    // One value for each name, and what the user says counts.
    recorded.extend(request.defines.iter().cloned());
    let by_name = recorded.into_iter().map(|define| (define.split('=').next().unwrap_or_default().to_owned(), define));
    let mut recorded: Vec<String> = by_name.collect::<BTreeMap<_, _>>().into_values().collect();
    recorded.sort();
    let mut defines = recorded.clone();
    // Assertions add fields in some versions; a build without `Py_DEBUG` has none of them.
    if interpreter.as_ref().is_none_or(interpreter::Interpreter::is_ndebug)
        && !defines.iter().any(|d| d.starts_with("Py_DEBUG"))
    {
        defines.push("NDEBUG".to_owned());
    }

    let wanted = wanted::Wanted::built_in();
    let compiler = compiler::Compiler::find(request.compiler.as_deref(), &include, &defines, request.keep.as_deref())?;
    progress("preprocessing the headers");
    let headers = headers::Headers::read(&compiler.preprocess(&probe::includes(&wanted))?);
    let architecture = architecture(&headers)?;

    progress("compiling the probe");
    let object_bytes = compiler.compile("probe.c", &probe::dwarf_probe(&wanted, &headers))?;
    progress("reading its debug information");
    let damaged = |error: String| {
        Failure::from(
            Diagnostic::error("import-dwarf", error)
                .help("a compiler that writes DWARF 5 is needed: gcc 11 or clang 14, or later"),
        )
    };
    let object = object_file::ObjectFile::parse(&object_bytes).map_err(damaged)?;
    let mut debug = dwarf::Debug::from_object(&object).map_err(damaged)?;
    debug.name_structs(wanted.structs.iter().map(|item| item.name.as_str())).map_err(damaged)?;
    let constants = debug.constants().map_err(damaged)?;
    let constant = |name: &str| constants.iter().find(|found| found.name.value == name).map(|found| found.value.value);

    let hex = constant(probe::VERSION).and_then(|hex| u32::try_from(hex).ok()).ok_or_else(|| {
        Failure::from(Diagnostic::error("import-version", "the headers do not say their version: no PY_VERSION_HEX"))
    })?;
    let of_headers =
        Micro::from_hex(hex).map_err(|error| Failure::from(Diagnostic::error("import-version", error.to_string())))?;
    let flavour = Flavour::new(headers.is_defined("Py_GIL_DISABLED"), headers.is_defined("Py_DEBUG"));
    same_build(interpreter.as_ref(), of_headers, flavour)?;
    let micro = request.present_as.unwrap_or(of_headers);
    if micro.minor < Minor::OLDEST {
        return Err(Diagnostic::error(
            "import-version",
            format!("these are headers of {micro}; {} is the oldest that is described", Minor::OLDEST),
        )
        .into());
    }

    let short = |path: &str| short_header(path, &include);
    let mut structs: Vec<Struct> = Vec::new();
    for item in &wanted.structs {
        if let Some(mut found) = debug.find_struct(&item.name, &item.only).map_err(damaged)? {
            found.header = short(&found.header);
            structs.push(found);
        }
    }
    let mut enums: Vec<Enum> = Vec::new();
    for item in &wanted.enums {
        if let Some(mut found) = debug.find_enum(&item.name).map_err(damaged)? {
            found.header = short(&found.header);
            enums.push(found);
        }
    }
    let groups = groups(&wanted, &headers, &object, &constant, &short)?;
    progress("reading the opcode tables");
    let opcodes = opcodes::read(&wanted.opcodes, &headers, &object, &debug, interpreter.as_ref(), of_headers.minor)?;
    let magic = constant(probe::MAGIC).map(|magic| magic.cast_unsigned());
    if let (Some(interpreter), Some(magic)) = (&interpreter, magic)
        && interpreter.pyc_magic != magic
    {
        return Err(Diagnostic::error(
            "import-disagree",
            format!("the pyc magic is {} for the interpreter and {magic} in its headers", interpreter.pyc_magic),
        )
        .into());
    }

    let build = Build { micro: At::nowhere(micro), defines: recorded };
    let (verified, unwitnessed) = if interpreter.is_some() { (vec![build], vec![]) } else { (vec![], vec![build]) };
    let facts = Facts {
        source: None,
        stem: micro.suffix(),
        version: At::nowhere(micro.minor),
        flavour: At::nowhere(flavour),
        architecture: At::nowhere(architecture),
        verified,
        unwitnessed,
        content: Content { pyc_magic: magic.map(At::nowhere), structs, enums, constants: groups, opcodes },
    };

    progress("asking the compiler for the same numbers");
    let witness_bytes = compiler.compile("witness.c", &probe::offset_probe(&wanted, &headers, &facts))?;
    let witness = object_file::ObjectFile::parse(&witness_bytes).map_err(damaged)?;
    let names = probe::witness_constants(&wanted, &headers);
    let compiler_agreed = agree::agree(&witness, &facts, &names, &constants)?;
    let interpreter_agreed = match &interpreter {
        Some(interpreter) => {
            progress("comparing with the interpreter's own offsets");
            debug_offsets::agree(&wanted.debug_offsets, &debug, hex, flavour, &interpreter.mapped)?
        }
        None => None,
    };
    let pyc_magic = interpreter.map(|interpreter| interpreter.pyc_magic);
    Ok(Imported { facts, compiler_agreed, interpreter_agreed, pyc_magic })
}

/// The folder as it will be handed to the compiler.
fn header_folder(folder: &Path) -> Result<PathBuf, Failure> {
    folder.canonicalize().map_err(|error| {
        Diagnostic::error("import-no-headers", format!("cannot use the folder {}: {error}", folder.display()))
            .help("--include names the folder that Python.h lies in")
            .into()
    })
}

/// `x86_64-linux`, from the compiler's own macros.
fn architecture(headers: &headers::Headers) -> Result<String, Failure> {
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(name, _)| headers.is_defined(name)).map(|(_, word)| *word);
    let machine = first(&[("__x86_64__", "x86_64"), ("__aarch64__", "aarch64"), ("__riscv", "riscv64")]);
    let system = first(&[("__linux__", "linux"), ("__APPLE__", "macos"), ("__FreeBSD__", "freebsd")]);
    match (machine, system, headers.is_defined("__LP64__")) {
        (Some(machine), Some(system), true) => Ok(format!("{machine}-{system}")),
        _ => Err(Diagnostic::error("import-architecture", "the compiler's target is not described")
            .help("targets are 64-bit x86, ARM and RISC-V; on Linux, macOS and FreeBSD")
            .into()),
    }
}

/// The interpreter and the headers are of the same release and flavour.
fn same_build(
    interpreter: Option<&interpreter::Interpreter>,
    of_headers: Micro,
    flavour: Flavour,
) -> Result<(), Failure> {
    let Some(interpreter) = interpreter else { return Ok(()) };
    let micro = interpreter.micro()?;
    if micro != of_headers {
        return Err(Diagnostic::error(
            "import-disagree",
            format!("the interpreter is CPython {micro}, the headers are of {of_headers}"),
        )
        .help("name the headers of this interpreter with --include DIR")
        .into());
    }
    if interpreter.flavour() != flavour {
        return Err(Diagnostic::error(
            "import-disagree",
            format!("the interpreter is a {} build, the headers are configured for {flavour}", interpreter.flavour()),
        )
        .help("name the headers of this interpreter with --include DIR, or the missing option with --define NAME=VALUE")
        .into());
    }
    Ok(())
}

/// A header's path below the include folder that it came from.
fn short_header(path: &str, include: &[PathBuf]) -> String {
    let path = Path::new(path);
    let inside = include.iter().find_map(|folder| path.strip_prefix(folder).ok());
    let short = inside.map(Path::to_owned).or_else(|| path.file_name().map(PathBuf::from));
    short.map(|path| crate::source::slashed(&path)).unwrap_or_default()
}

/// The groups of constants that these headers have.
fn groups(
    wanted: &wanted::Wanted,
    headers: &headers::Headers,
    object: &object_file::ObjectFile<'_>,
    constant: &dyn Fn(&str) -> Option<i64>,
    short: &dyn Fn(&str) -> String,
) -> Result<Vec<Group>, Failure> {
    let mut groups = Vec::new();
    for group in &wanted.constants {
        let names = probe::constants_of(group, headers);
        let header = names.first().and_then(|name| headers.find(name)).map(|found| short(&found.file));
        let mut values: Vec<Constant> = Vec::new();
        for name in names {
            let value = constant(name).ok_or_else(|| {
                Failure::from(Diagnostic::error("import-dwarf", format!("the probe lost the constant {name}")))
            })?;
            values.push(Constant { name: At::nowhere(name.to_owned()), value: At::nowhere(value) });
        }
        for name in probe::objects_of(group, headers) {
            let bytes = object.symbol(name).unwrap_or_default();
            let Some(word) = object_file::words(&bytes).first().copied() else {
                return Err(Diagnostic::error("import-witness", format!("the probe has no data for `{name}`")).into());
            };
            values.push(Constant { name: At::nowhere(name.to_owned()), value: At::nowhere(word.cast_signed()) });
        }
        if !values.is_empty() {
            let header = header.unwrap_or_default();
            groups.push(Group { name: At::nowhere(group.group.clone()), header, values });
        }
    }
    Ok(groups)
}
