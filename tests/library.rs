//! Every code object of an interpreter's own library and test suite: what `frame-inspect` says of it is what the
//! interpreter says. `tests/oracle/library.py` compiles and asks. A fixed sample of 200 files per interpreter; all of
//! them with `FRAME_FULL=1`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use frame_runtime::layout::{Flavour, Layout};
use frame_tests::{Python, pythons_of_facts, root, scratch};
use serde_json::Value;

#[path = "library/bytes.rs"]
mod bytes;
#[path = "library/compare.rs"]
mod compare;

use compare::Comparison;

/// Files per interpreter, without `FRAME_FULL`.
const SAMPLE: usize = 200;

/// Lines of JSON, or why they end.
type Lines = Box<dyn Iterator<Item = Result<String, String>>>;

/// One source file, as `index.json` has it.
struct Entry {
    number: u64,
    file: String,
    objects: u64,
    units: u64,
}

impl Entry {
    fn read(line: &str) -> Entry {
        let value: Value = serde_json::from_str(line).expect("the index is JSON");
        let number = |key: &str| value[key].as_u64().unwrap_or_else(|| panic!("no number `{key}` in {line}"));
        let file = value["file"].as_str().expect("a path").to_owned();
        Entry { number: number("number"), file, objects: number("objects"), units: number("units") }
    }

    fn path(&self, folder: &Path, extension: &str) -> PathBuf {
        folder.join(format!("{:05}.{extension}", self.number))
    }
}

/// The bytes of a code object, for what is checked without the command: one line of `N.extra.json`.
struct Bytes {
    /// `co_firstlineno`
    firstlineno: i64,
    /// `co_linetable`, before 3.10 `co_lnotab`.
    linetable: Vec<u8>,
    /// Since 3.11.
    exceptiontable: Option<Vec<u8>>,
    /// `co_code`
    code: Vec<u8>,
    /// `co_lnotab` of 3.10 to 3.14.
    lnotab: Option<Vec<u8>>,
}

impl Bytes {
    fn read(line: &str) -> Bytes {
        let value: Value = serde_json::from_str(line).expect("the oracle writes JSON");
        let hex = |key: &str| value[key].as_str().map(from_hex);
        Bytes {
            firstlineno: value["firstlineno"].as_i64().expect("a line"),
            linetable: hex("linetable").expect("a line table"),
            exceptiontable: hex("exceptiontable"),
            code: hex("code").expect("code"),
            lnotab: hex("lnotab"),
        }
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hexadecimal digit") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn read_lines(path: &Path) -> Lines {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Box::new(BufReader::new(file).lines().map(|line| line.map_err(|error| error.to_string())))
}

/// The program that speaks for us.
fn frame_inspect() -> PathBuf {
    let built = option_env!("CARGO_BIN_EXE_frame-inspect-under-test").map(PathBuf::from);
    let named = std::env::var_os("FRAME_INSPECT").map(PathBuf::from);
    named.or(built).expect("frame-inspect is no part of this build; FRAME_INSPECT=PROGRAM names one")
}

/// What our side says of a .pyc file, a line for each code object, while the command still runs.
fn ours(path: &Path) -> Lines {
    let mut command = Command::new(frame_inspect());
    command.args(["pyc", "--json"]).arg(path).env("NO_COLOR", "1").stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("frame-inspect starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let lines = lines.map(|line| line.map_err(|error| error.to_string()));
    let end = std::iter::once_with(move || {
        let output = child.wait_with_output().map_err(|error| error.to_string());
        match output {
            Ok(output) if output.status.success() => None,
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                Some(Err(format!("frame-inspect: {}: {said}", output.status)))
            }
            Err(error) => Some(Err(error)),
        }
    });
    Box::new(lines.chain(end.flatten()))
}

/// Compiles an interpreter's library into a folder; what the oracle sums up.
fn compile(python: &Python, folder: &Path, full: bool) -> Value {
    let mut command = Command::new(&python.path);
    command.current_dir(root()).arg("tests/oracle/library.py").arg("--out").arg(folder).args(["--jobs", "2"]);
    if full {
        command.arg("--all");
    } else {
        command.args(["--sample", &SAMPLE.to_string()]);
    }
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", python.release);
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
    serde_json::from_str(&last).unwrap_or_else(|error| panic!("{}: {error}: {last}", python.release))
}

/// One file: the two streams, and what the oracle says besides.
fn compare_file(python: &Python, folder: &Path, entry: &Entry, comparison: &mut Comparison) {
    let pyc = entry.path(folder, "pyc");
    let objects = comparison.objects;
    comparison.compare(&entry.file, read_lines(&entry.path(folder, "json")), ours(&pyc));
    assert_eq!(comparison.objects - objects, entry.objects, "{}: the index is wrong", entry.file);
    // What our library makes of the bytes of each code object, in this process: no command in between.
    let mut units = 0;
    for line in read_lines(&entry.path(folder, "extra.json")) {
        let bytes = Bytes::read(&line.expect("a readable file"));
        units += bytes.code.len() as u64 / 2;
        check_bytes(python, &entry.file, &bytes, comparison);
    }
    assert_eq!(units, entry.units, "{}: the index is wrong", entry.file);
}

/// Decoded and encoded again, the tables of a code object are the same bytes.
fn check_bytes(python: &Python, file: &str, bytes: &Bytes, comparison: &mut Comparison) {
    let whole = bytes.code.len().is_multiple_of(2) && bytes.firstlineno >= 0;
    let since_3_11 = bytes.exceptiontable.is_some() == (python.minor() >= (3, 11));
    let lnotab = bytes.lnotab.is_some() == ((3, 10)..=(3, 14)).contains(&python.minor());
    if !(whole && since_3_11 && lnotab) {
        comparison.add(file, "extra", &format!("is not of a code object of {}", python.release));
    }
    let layout = Layout::find(&python.release, Flavour::Default).expect("the layout of an interpreter of these tests");
    for (table, what) in bytes::faults(layout, bytes) {
        comparison.add(file, table, &what);
    }
}

/// An interpreter's library, compared: by two threads, since the machine that this was made on has two cores.
fn compare_library(python: &Python, full: bool) -> Comparison {
    let start = Instant::now();
    let folder = scratch(&format!("library-{}", python.release));
    let summary = compile(python, &folder, full);
    let compiled = start.elapsed();
    let index: Vec<Entry> =
        read_lines(&folder.join("index.json")).map(|line| Entry::read(&line.expect("a readable file"))).collect();
    assert_eq!(summary["files"].as_u64(), Some(index.len() as u64), "the index is wrong");
    assert!(full || index.len() == SAMPLE, "{}: only {} files", python.release, index.len());
    let remaining = Mutex::new(index.iter());
    let whole = Mutex::new(Comparison::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let next = || remaining.lock().expect("no panic").next();
                let mut comparison = Comparison::default();
                while let Some(entry) = next() {
                    compare_file(python, &folder, entry, &mut comparison);
                }
                whole.lock().expect("no panic").merge(comparison);
            });
        }
    });
    let _ = std::fs::remove_dir_all(&folder);
    let whole = whole.into_inner().expect("no panic");
    let tests = if summary["test_suite"] == true { "" } else { " (its test suite is not installed)" };
    eprintln!(
        "{}{tests}: {} files, {} do not compile, {} code objects, {} units: {} differences; {:.1} s to compile, {:.1} s to compare",
        python.release,
        summary["files"],
        summary["skipped"],
        whole.objects,
        summary["units"],
        whole.total,
        compiled.as_secs_f64(),
        (start.elapsed() - compiled).as_secs_f64(),
    );
    whole
}

/// Code object by code object and key by key.
#[test]
fn libraries_are_read_as_their_interpreters_read_them() {
    let full = std::env::var_os("FRAME_FULL").is_some_and(|value| value == "1");
    let mut wrong = String::new();
    // One after the other: a library compiled is large.
    for python in pythons_of_facts("library") {
        let comparison = compare_library(&python, full);
        assert!(comparison.objects > 1_000, "{}: {} code objects", python.release, comparison.objects);
        if comparison.total > 0 {
            wrong += &format!("CPython {}: {}\n", python.release, comparison.report());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
