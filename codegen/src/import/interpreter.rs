//! An interpreter, asked about itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::Failure;
use crate::diag::Diagnostic;
use crate::model::version::{Flavour, Micro, Minor};

/// What a CPython says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Interpreter {
    pub(crate) hexversion: u32,
    pub(crate) free_threaded: bool,
    pub(crate) debug: bool,
    pub(crate) pointer_bits: u32,
    pub(crate) include: Vec<PathBuf>,
    pub(crate) core_cflags: String,
    pub(crate) mapped: Vec<PathBuf>,
    pub(crate) pyc_magic: u64,
    pub(crate) opmap: BTreeMap<String, u64>,
    pub(crate) specialized_opmap: BTreeMap<String, u64>,
    pub(crate) specialized_names: Vec<String>,
    /// The specialised forms of each base, from 3.11.
    pub(crate) specializations: BTreeMap<String, Vec<String>>,
    pub(crate) caches: BTreeMap<String, u64>,
    pub(crate) have_argument: u64,
    pub(crate) hasarg: Vec<u64>,
    pub(crate) hasconst: Vec<u64>,
    pub(crate) hasname: Vec<u64>,
    pub(crate) haslocal: Vec<u64>,
    pub(crate) hasfree: Vec<u64>,
    pub(crate) hascompare: Vec<u64>,
    pub(crate) hasjrel: Vec<u64>,
    pub(crate) hasjabs: Vec<u64>,
    /// Absent before 3.11, which has no backward jumps.
    pub(crate) backward: Option<Vec<String>>,
}

/// The part that every interpreter answers, however old or foreign.
#[derive(Debug, Deserialize)]
struct Identity {
    implementation: String,
    version_info: [u32; 3],
}

impl Interpreter {
    /// Starts `python` and asks it.
    pub(crate) fn ask(python: &Path) -> Result<Interpreter, Failure> {
        let shown = python.display();
        let output = Command::new(python).args(["-c", include_str!("ask.py")]).stdin(Stdio::null()).output().map_err(
            |error| {
                Diagnostic::error("import-interpreter", format!("cannot start {shown}: {error}"))
                    .help("give the path of a CPython, or a name that is on PATH; for headers alone, --include DIR")
            },
        )?;
        let text = String::from_utf8_lossy(&output.stdout);
        let foreign = |what: String| {
            Diagnostic::error("import-not-cpython", format!("{shown} is not a CPython: {what}"))
                .help("give the path of a CPython 3.8 or later")
        };
        // Whatever a start-up or exit hook prints, the answer is the line that is an object.
        let Some(line) = text.lines().rfind(|line| line.starts_with('{')).or(text.lines().last()) else {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(foreign(match errors.lines().last() {
                Some(last) => format!("asked for its version it ended with {} and said: {last}", output.status),
                None => format!("asked for its version it said nothing and ended with {}", output.status),
            })
            .into());
        };
        let identity: Identity =
            serde_json::from_str(line).map_err(|_| foreign("its answer is not what was asked for".to_owned()))?;
        let [major, minor, micro] = identity.version_info;
        if identity.implementation != "cpython" {
            return Err(
                foreign(format!("it says that it is {} {major}.{minor}.{micro}", identity.implementation)).into()
            );
        }
        if (major, minor) < (u32::from(Minor::OLDEST.major), u32::from(Minor::OLDEST.minor)) {
            return Err(Diagnostic::error(
                "import-version",
                format!(
                    "{shown} is CPython {major}.{minor}.{micro}; {} is the oldest that is described",
                    Minor::OLDEST
                ),
            )
            .help("give the path of a newer CPython")
            .into());
        }
        let interpreter: Interpreter = serde_json::from_str(line)
            .map_err(|error| foreign(format!("its answer about itself is not understood: {error}")))?;
        if interpreter.pointer_bits != 64 {
            return Err(Diagnostic::error(
                "import-architecture",
                format!("{shown} is a {}-bit build; only 64-bit layouts are described", interpreter.pointer_bits),
            )
            .into());
        }
        Ok(interpreter)
    }

    /// Its release.
    pub(crate) fn micro(&self) -> Result<Micro, Failure> {
        Micro::from_hex(self.hexversion).map_err(|error| Diagnostic::error("import-version", error.to_string()).into())
    }

    /// Its build flavour.
    pub(crate) fn flavour(&self) -> Flavour {
        Flavour::new(self.free_threaded, self.debug)
    }

    /// The first folder that holds its headers.
    pub(crate) fn find_headers(&self) -> Result<PathBuf, Failure> {
        let found = self.include.iter().find(|folder| folder.join("Python.h").is_file());
        found.cloned().ok_or_else(|| {
            let micro = self.micro().map(|micro| micro.minor.to_string()).unwrap_or_default();
            let mut diagnostic = Diagnostic::error("import-no-headers", "the interpreter's headers are not installed");
            for folder in &self.include {
                diagnostic = diagnostic.note(format!("no Python.h in {}", folder.display()));
            }
            diagnostic
                .help(format!(
                    "install the development package (python{micro}-dev, python{micro}-devel), or say where they are with --include DIR"
                ))
                .into()
        })
    }

    /// Its own `-D` options that can move a struct, sorted; what every build has is left out.
    pub(crate) fn core_defines(&self) -> Vec<String> {
        let mut defines: Vec<String> = self
            .core_cflags
            .split_whitespace()
            .filter_map(|word| word.strip_prefix("-D"))
            .filter(|define| define.starts_with("Py_") || define.starts_with("_Py"))
            .filter(|define| !define.starts_with("Py_BUILD_CORE"))
            .map(str::to_owned)
            .collect();
        defines.sort();
        defines.dedup();
        defines
    }

    /// Whether its assertions are compiled out.
    pub(crate) fn is_ndebug(&self) -> bool {
        self.core_cflags.split_whitespace().any(|word| word == "-DNDEBUG" || word == "-DNDEBUG=1")
    }
}
