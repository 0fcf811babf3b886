//! The C compiler: preprocesses the headers and compiles the probes, in a folder that goes when it is dropped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Failure;
use crate::diag::Diagnostic;

/// A compiler and how to call it for one set of headers.
#[derive(Debug)]
pub(crate) struct Compiler {
    program: PathBuf,
    /// What follows the program's name in `CC`.
    leading: Vec<String>,
    arguments: Vec<String>,
    folder: ScratchFolder,
}

impl Compiler {
    /// Finds a compiler: the one asked for, `$CC`, else `cc`, `gcc`, `clang`.
    pub(crate) fn find(
        asked: Option<&Path>,
        include: &[PathBuf],
        defines: &[String],
        keep: Option<&Path>,
    ) -> Result<Compiler, Failure> {
        // `CC` may carry options, or a launcher in front: `ccache gcc`, `gcc -m64`.
        let from_environment = std::env::var("CC").ok().filter(|cc| asked.is_none() && !cc.trim().is_empty());
        let mut words = from_environment.iter().flat_map(|cc| cc.split_whitespace());
        let (first, options): (Option<PathBuf>, Vec<String>) =
            (words.next().map(PathBuf::from), words.map(str::to_owned).collect());
        let candidates: Vec<PathBuf> = match asked.map(Path::to_owned).or(first) {
            Some(one) => vec![one],
            None => ["cc", "gcc", "clang"].map(PathBuf::from).to_vec(),
        };
        let program = candidates.iter().find(|program| {
            let call = Command::new(program).args(&options).arg("--version").stdin(Stdio::null()).output();
            call.is_ok_and(|output| output.status.success())
        });
        let Some(program) = program else {
            let names: Vec<String> = candidates.iter().map(|name| name.display().to_string()).collect();
            return Err(Diagnostic::error("import-no-compiler", format!("no C compiler: tried {}", names.join(", ")))
                .help("install gcc or clang, or name one with --cc or the variable CC")
                .into());
        };
        // gnu11: what CPython itself is compiled as; newer defaults refuse the oldest headers.
        let mut arguments: Vec<String> =
            ["-std=gnu11", "-w", "-O0", "-g", "-gdwarf-5", "-fno-lto", "-gno-split-dwarf"].map(str::to_owned).to_vec();
        for folder in include {
            arguments.push(format!("-I{}", folder.display()));
            arguments.push(format!("-I{}", folder.join("internal").display()));
        }
        // Debian's pyconfig.h includes one that lies in a folder named after the machine, next to the headers.
        for parent in include.iter().filter_map(|folder| folder.parent()) {
            arguments.push(format!("-idirafter{}", parent.display()));
        }
        arguments.extend(defines.iter().map(|define| format!("-D{define}")));
        Ok(Compiler { program: program.clone(), leading: options, arguments, folder: ScratchFolder::new(keep)? })
    }

    /// The headers after preprocessing, with every macro definition kept at its place.
    pub(crate) fn preprocess(&self, text: &str) -> Result<String, Failure> {
        let output = self.run("headers.c", text, &["-E", "-dD"])?;
        std::fs::read_to_string(&output).map_err(|error| self.unreadable(&output, &error))
    }

    /// The object file of a probe.
    pub(crate) fn compile(&self, name: &str, text: &str) -> Result<Vec<u8>, Failure> {
        let output = self.run(name, text, &["-c"])?;
        std::fs::read(&output).map_err(|error| self.unreadable(&output, &error))
    }

    /// A program that ends well and leaves nothing is no compiler.
    fn unreadable(&self, path: &Path, error: &std::io::Error) -> Failure {
        let program = self.program.display();
        Diagnostic::error("import-no-compiler", format!("{program} said that all is well, and left nothing to read"))
            .note(format!("{}: {error}", path.display()))
            .help("name a C compiler with --cc or the variable CC")
            .into()
    }

    fn run(&self, name: &str, text: &str, mode: &[&str]) -> Result<PathBuf, Failure> {
        let input = self.folder.path.join(name);
        let output = input.with_extension("out");
        std::fs::write(&input, text).map_err(|error| {
            Diagnostic::error("import-scratch", format!("cannot write the probe {}: {error}", input.display()))
        })?;
        let call = Command::new(&self.program)
            .args(&self.leading)
            .args(mode)
            .args(&self.arguments)
            .arg("-o")
            .arg(&output)
            .arg(name)
            .current_dir(&self.folder.path)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| {
                Diagnostic::error("import-no-compiler", format!("cannot start {}: {error}", self.program.display()))
            })?;
        if call.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&call.stderr);
        let errors: Vec<&str> = said.lines().filter(|line| line.contains("error")).take(5).collect();
        let mut diagnostic = Diagnostic::error("import-headers", "the headers do not compile");
        for line in if errors.is_empty() { said.lines().take(5).collect() } else { errors } {
            diagnostic = diagnostic.note(line.trim());
        }
        Err(diagnostic
            .note(format!("{} {} {} {name}", self.program.display(), mode.join(" "), self.arguments.join(" ")))
            .help("give the options that this CPython was compiled with as --define NAME=VALUE, and every folder of its headers as --include DIR")
            .into())
    }
}

/// A new folder below the system's temporary one, removed on drop; or one that the user named, which stays.
#[derive(Debug)]
struct ScratchFolder {
    path: PathBuf,
    stays: bool,
}

impl ScratchFolder {
    fn new(keep: Option<&Path>) -> Result<ScratchFolder, Failure> {
        if let Some(path) = keep {
            let made = std::fs::create_dir_all(path).and_then(|()| path.canonicalize());
            return match made {
                Ok(path) => Ok(ScratchFolder { path, stays: true }),
                Err(error) => {
                    Err(Diagnostic::error("import-scratch", format!("cannot use {}: {error}", path.display()))
                        .help("--keep names a folder for the probes")
                        .into())
                }
            };
        }
        // The compiler runs inside the folder: its path must not depend on where we are.
        let base = std::path::absolute(std::env::temp_dir()).unwrap_or_else(|_| std::env::temp_dir());
        let mut last = None;
        for attempt in 0..100_u32 {
            let path = base.join(format!("framespec-{}-{attempt}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(ScratchFolder { path, stays: false }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => last = Some(error),
                Err(error) => {
                    last = Some(error);
                    break;
                }
            }
        }
        let reason = last.map(|error| error.to_string()).unwrap_or_default();
        Err(Diagnostic::error("import-scratch", format!("cannot make a folder in {}: {reason}", base.display()))
            .help("set TMPDIR to a folder that can be written")
            .into())
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if !self.stays {
            // What cannot be removed is left to whoever empties the temporary folder.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
