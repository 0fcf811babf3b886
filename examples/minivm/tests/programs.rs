//! The programs below `programs/`: `minivm` writes what CPython wrote, to both streams, and ends with the same code.
//!
//! `programs/make.py` says what the files beside a program are.

#[path = "support/programs.rs"]
mod programs;
#[path = "support/pythons.rs"]
mod pythons;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use programs::{Outcome, check_all, difference, files, home, run, scratch};

/// The fewest programs that there are to be.
const FEWEST: usize = 25;

fn folder() -> PathBuf {
    home().join("programs")
}

/// What CPython did, by the files beside a source.
fn recorded(source: &Path) -> Outcome {
    let read = |suffix: &str| std::fs::read_to_string(source.with_extension(suffix));
    let code = read("code").map_or(0, |text| text.trim().parse().expect("an exit code"));
    let stdout = read("out").unwrap_or_else(|error| panic!("{}: {error}", source.with_extension("out").display()));
    Outcome { stdout, stderr: read("err").unwrap_or_default(), code }
}

fn compare(expected: &Outcome, found: &Outcome) -> String {
    let mut text = difference("stdout", &expected.stdout, &found.stdout);
    text.push_str(&difference("stderr", &expected.stderr, &found.stderr));
    if expected.code != found.code {
        text.push_str(&format!("  exit code {}, not {}\n", found.code, expected.code));
    }
    text
}

/// Each source is compiled and recorded, and nothing is left of a source that is gone.
#[test]
fn every_program_is_compiled_and_recorded() {
    let names = |extension: &str| -> Vec<PathBuf> {
        let mut paths = files(&folder(), extension);
        paths.iter_mut().for_each(|path| _ = path.set_extension(""));
        paths
    };
    let mut sources = names("py");
    sources.retain(|path| !path.ends_with("make"));
    assert!(sources.len() >= FEWEST, "{} programs", sources.len());
    for extension in ["pyc", "out"] {
        assert_eq!(sources, names(extension), "programs and their .{extension}");
    }
    for extension in ["err", "code"] {
        let orphans: Vec<PathBuf> = names(extension).into_iter().filter(|path| !sources.contains(path)).collect();
        assert_eq!(orphans, <[PathBuf; 0]>::default(), ".{extension} without a program");
    }
}

#[test]
fn minivm_does_what_cpython_did() {
    let scratch = scratch("programs");
    let compiled = files(&folder(), "pyc");
    assert!(compiled.len() >= FEWEST, "{} programs", compiled.len());
    check_all(&compiled, |pyc| compare(&recorded(&pyc.with_extension("py")), &run(pyc, &scratch)));
    let _ = std::fs::remove_dir_all(&scratch);
}

/// With CPython 3.14: it compiles the sources to what is committed and does what is recorded. What another release compiles
/// to other bytes is run as well.
#[test]
fn cpython_says_so_again() {
    let Some(python) = pythons::find(14) else {
        // Written past the test runner, which would show it only for a test that fails.
        let _ = std::io::stderr().write_all(b"cpython_says_so_again: python3.14 is not installed\n");
        return;
    };
    let scratch = scratch("again");
    let make = |arguments: &[&str]| {
        let output = Command::new(&python.path)
            .current_dir(home())
            .args(["-B", "programs/make.py"])
            .args(arguments)
            .output()
            .expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "CPython {}, make.py {}\n{}",
            python.release,
            arguments.join(" "),
            String::from_utf8_lossy(&said)
        );
    };
    make(&["--check"]);
    make(&["--compile", scratch.to_str().expect("a path in UTF-8")]);
    let read = |path: &Path| std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut compiled = files(&scratch.join("programs"), "pyc");
    assert!(compiled.len() >= FEWEST, "{} programs", compiled.len());
    let committed = |pyc: &Path| folder().join(pyc.file_name().expect("it has a name"));
    compiled.retain(|pyc| read(pyc) != read(&committed(pyc)));
    check_all(&compiled, |pyc| compare(&recorded(&committed(pyc).with_extension("py")), &run(pyc, &scratch)));
    let _ = std::fs::remove_dir_all(&scratch);
}
