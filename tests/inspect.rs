//! `frame-inspect pyc`: its JSON against interpreters (`tests/oracle/frame_inspect.py`), its listing, and what it does with
//! damaged files, many files, and readers that stop reading.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use expect_test::expect;
use frame_inspect::Style;
use frame_inspect::pyc::{Form, show};
use frame_tests::{Random, compare, root, scratch};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame-inspect-under-test"));
    command.current_dir(root()).env_remove("NO_COLOR").arg("pyc");
    command
}

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the command starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

/// Folders of versions below a folder of vectors.
fn versions(vectors: &str) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("tests/vectors").join(vectors))
        .expect("vectors are committed")
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 8, "vectors of every version are committed");
    folders
}

fn program(version: &str) -> PathBuf {
    root().join("tests/vectors/inspect").join(version).join("program.pyc")
}

/// The small program of `tests/oracle/pyc.py`.
fn small(version: &str) -> String {
    format!("tests/vectors/pyc/{version}/format2.pyc")
}

#[test]
fn json_is_what_interpreters_say() {
    for folder in versions("inspect") {
        let path = folder.join("program.pyc");
        let output = run(&["--json", &path.to_string_lossy()]);
        assert_eq!((code(&output), text(&output.stderr)), (0, ""));
        let wanted = std::fs::read_to_string(folder.join("program.jsonl")).expect("the oracle wrote it");
        for (found, wanted) in text(&output.stdout).lines().zip(wanted.lines()) {
            assert_eq!(found, wanted, "{}", folder.display());
        }
        assert_eq!(text(&output.stdout).lines().count(), wanted.lines().count());
    }
}

#[test]
fn json_has_exactly_these_keys() {
    let wanted = [
        "name",
        "qualname",
        "firstlineno",
        "flags",
        "argcount",
        "posonlyargcount",
        "kwonlyargcount",
        "nlocals",
        "stacksize",
        "varnames",
        "cellvars",
        "freevars",
        "code_units",
        "lines",
        "positions",
        "exceptiontable",
        "branches",
    ];
    let mut wanted: Vec<&str> = wanted.into();
    wanted.sort_unstable();
    for folder in versions("inspect") {
        let output = run(&["--json", &folder.join("program.pyc").to_string_lossy()]);
        for line in text(&output.stdout).lines() {
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).expect("it is JSON");
            let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys, wanted);
        }
    }
}

#[test]
fn listings_of_a_whole_program() {
    for version in ["3.8", "3.11", "3.15"] {
        let path = program(version);
        let bytes = std::fs::read(&path).expect("committed");
        let listing = show("program.pyc", &bytes, Form::Listing(Style::Plain)).expect("it is sound");
        compare(&path.with_extension("txt"), &listing);
    }
}

#[test]
fn a_listing() {
    let output = run(&[&small("3.14")]);
    assert_eq!((code(&output), text(&output.stderr)), (0, ""));
    expect![[r#"
        tests/vectors/pyc/3.14/format2.pyc: CPython 3.14, magic number 3627, source of 708 bytes, changed 1700000000 s after 1970

        <code object <module>, file "small.py", line 1>
          qualified name  <module>
          arguments       0
          stack           1
          flags           0x0

            line      columns    byte  instruction
               0       0-+1:0       0  RESUME                         0
               1      0-+1:61       2  LOAD_CONST                     0  <code object f, file "small.py", line 1>
                      0-+1:61       4  MAKE_FUNCTION
                      0-+1:61       6  STORE_NAME                     0  f
                      0-+1:61       8  LOAD_CONST                     1  None
                      0-+1:61      10  RETURN_VALUE

        <code object f, file "small.py", line 1>
          qualified name  f
          arguments       1
          stack           7
          flags           OPTIMIZED | NEWLOCALS
          slot 0          a: argument positional, argument keyword, local

            line      columns    byte  instruction
               1          0-0       0  RESUME                         0
               2        11-12       2  LOAD_FAST_BORROW               0  a
                        15-18       4  LOAD_CONST                     0  1.5
                        11-18       6  BINARY_OP                      0  +
                        20-22      18  LOAD_CONST                     1  2j
                        24-29      20  LOAD_CONST                     2  'x y'
                        31-37      22  LOAD_CONST                     4  1000000000000000000000000000000
                        39-48      24  LOAD_CONST                     5  (1, (2,))
                        51-52      26  LOAD_SMALL_INT                 3
                        54-60      28  LOAD_CONST                     3  'e€'
                        50-61      30  BUILD_SET                      2
                        11-61      32  BUILD_TUPLE                    6
                         4-61      34  RETURN_VALUE
    "#]].assert_eq(text(&output.stdout));
}

#[test]
fn colours_are_for_terminals() {
    let file = small("3.10");
    let with = |arguments: &[&str], no_color: Option<&str>| {
        let mut command = command();
        command.args(arguments).arg(&file);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        text(&command.output().expect("the command starts").stdout).contains('\x1b')
    };
    assert!(!with(&[], None), "a pipe is no terminal");
    assert!(!with(&["--color", "auto"], None));
    assert!(!with(&["--color", "never"], None));
    assert!(with(&["--color", "always"], None));
    assert!(with(&["--color", "always"], Some("1")), "what is asked for outranks the environment");
    assert!(!with(&["--color=always", "--json"], None), "JSON has none");
    let coloured = run(&["--color=always", &file]);
    let plain = run(&[&file]);
    let mut rest = text(&coloured.stdout);
    let mut stripped = String::new();
    while let Some((before, behind)) = rest.split_once('\x1b') {
        stripped.push_str(before);
        rest = behind.split_once('m').expect("an escape ends").1;
    }
    assert_eq!(stripped + rest, text(&plain.stdout));
}

/// A folder with a sound file, one that is cut off, one of another program, and one with a damaged table.
fn damaged() -> PathBuf {
    let folder = scratch("inspect-damaged");
    let sound = std::fs::read(root().join(small("3.11"))).expect("committed");
    std::fs::write(folder.join("a.pyc"), &sound).expect("written");
    std::fs::write(folder.join("b.pyc"), &sound[..100]).expect("written");
    std::fs::write(folder.join("c.pyc"), b"\x48\x0d\x0d\x0a and more than its header").expect("written");
    std::fs::write(folder.join("d.pyc"), b"PK\x03\x04").expect("written");
    std::fs::write(folder.join("e.pyc"), &sound).expect("written");
    // The mark of the location table's first entry.
    let mut table = sound;
    let entry = table.windows(2).rposition(|bytes| bytes == [0xf0, 0x03]).expect("a module begins on line 0");
    table[entry] = 0x70;
    std::fs::write(folder.join("f.pyc"), &table).expect("written");
    folder
}

#[test]
fn a_damaged_file_is_reported_and_the_others_are_shown() {
    let folder = damaged();
    let wanted = expect![[r#"
        frame-inspect: b.pyc: byte 100: EOFError: marshal data too short
        frame-inspect: c.pyc: byte 0: magic number 3400 is of a development version of CPython 3.8
        frame-inspect: d.pyc: byte 2: no .pyc file: a magic number is followed by the bytes 0d 0a
        frame-inspect: f.pyc: <code object <module>, file "small.py", line 1>: location table, byte 0: an entry begins without its mark
    "#]];
    for jobs in ["1", "3"] {
        let files = ["a.pyc", "b.pyc", "c.pyc", "d.pyc", "e.pyc", "f.pyc"];
        let output =
            command().current_dir(&folder).args(["--jobs", jobs]).args(files).output().expect("the command starts");
        assert_eq!(code(&output), 1);
        wanted.assert_eq(text(&output.stderr));
        let shown: Vec<&str> = text(&output.stdout).lines().filter(|line| line.contains(": CPython")).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(shown[0].starts_with("a.pyc: ") && shown[1].starts_with("e.pyc: "));
    }
}

#[test]
fn exit_codes() {
    assert_eq!(code(&run(&[])), 2);
    assert_eq!(code(&run(&["--unknown"])), 2);
    assert_eq!(code(&run(&["--jobs", "0", &small("3.8")])), 2);
    assert_eq!(code(&run(&["--color", "green", &small("3.8")])), 2);
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    assert!(text(&help.stdout).contains("Examples:\n  frame-inspect pyc "));
    let output = run(&["tests/no/such.pyc", &small("3.8"), "tests/vectors"]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stdout).contains("<code object f, file \"small.py\", line 1>"));
    let lines: Vec<&str> = text(&output.stderr).lines().collect();
    assert!(
        lines[0].starts_with("frame-inspect: tests/no/such.pyc: ")
            && lines[1].starts_with("frame-inspect: tests/vectors: ")
    );
    // What cannot be read outranks what is damaged.
    let output = run(&["Cargo.toml", "tests/no/such.pyc"]);
    assert_eq!(code(&output), 3);
}

#[test]
fn many_files_come_in_the_order_of_the_arguments() {
    let files: Vec<String> =
        (0..40).flat_map(|_| ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]).map(small).collect();
    let wanted: Vec<&str> = files.iter().map(String::as_str).collect();
    let one_by_one = run(&[&["--jobs=1"], &wanted[..]].concat());
    assert_eq!(code(&one_by_one), 0);
    let shown: Vec<&str> =
        text(&one_by_one.stdout).lines().filter_map(|line| Some(line.split_once(": CPython")?.0)).collect();
    assert_eq!(shown, wanted);
    for jobs in ["--jobs=2", "--jobs=7", "--jobs=1000"] {
        let together = run(&[&[jobs], &wanted[..]].concat());
        assert!(together.stdout == one_by_one.stdout, "{jobs}");
    }
}

#[test]
fn a_reader_that_stops_is_no_failure() {
    for form in [&["--json"][..], &["--color=always"]] {
        let files = vec![program("3.12"); 200];
        let mut child = command()
            .args(form)
            .args(&files)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut out = child.stdout.take().expect("piped");
        let mut some = [0; 10];
        out.read_exact(&mut some).expect("it prints");
        drop(out);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((code(&output), text(&output.stderr)), (0, ""));
    }
}

fn small_files() -> Vec<Vec<u8>> {
    let names = ["format0.pyc", "format2.pyc", "checked.pyc"];
    let read = |path: PathBuf| std::fs::read(path).expect("committed");
    versions("pyc").iter().flat_map(|folder| names.map(|name| read(folder.join(name)))).collect()
}

const FORMS: [Form; 2] = [Form::Json, Form::Listing(Style::Coloured)];

#[test]
fn truncated_files_are_damaged() {
    for bytes in small_files() {
        for end in 0..bytes.len() {
            let damage = show("x.pyc", &bytes[..end], Form::Json).expect_err("it is cut off").to_string();
            assert!(damage.starts_with(&format!("byte {end}: ")), "{damage}");
        }
    }
}

#[test]
fn changed_files_never_panic() {
    let mut random = Random(44);
    for mut bytes in small_files() {
        for at in 16..bytes.len() {
            let before = bytes[at];
            bytes[at] = u8::try_from(random.below(256)).unwrap_or(0);
            for form in FORMS {
                if let Err(damage) = show("x.pyc", &bytes, form) {
                    assert!(damage.to_string().contains("byte "), "{damage}");
                }
            }
            bytes[at] = before;
        }
    }
}

/// The header of a file of 3.15.
const HEADER: [u8; 16] = *b"\x52\x0e\r\n\0\0\0\0\0\0\0\0\0\0\0\0";

/// A code object of 3.15 with these constants: a marshalled tuple. It may be referred to.
fn code_with(constants: &[u8]) -> Vec<u8> {
    let before = b"\xe3\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0s\x06\0\0\0\x80\0\0\0\x51\0";
    let behind = b")\0)\0s\0\0\0\0z\x01fz\x01fz\x01f\x01\0\0\0s\x01\0\0\0\xfas\0\0\0\0";
    [before, constants, behind].concat()
}

#[test]
fn code_objects_that_hold_each_other_over_and_over_have_an_end() {
    // Every code object holds the next one twice; they are numbered from the outermost one.
    let code = (0..60_u32).rev().fold(code_with(b")\0"), |inner, level| {
        code_with(&[b")\x02", &inner[..], b"r", &(level + 1).to_le_bytes()].concat())
    });
    let file = [&HEADER[..], &code].concat();
    for form in FORMS {
        let damage = show("x.pyc", &file, form).expect_err("there would be no end").to_string();
        assert_eq!(damage, "byte 16: its code objects hold each other so often that there is no end");
    }
}

#[test]
fn deep_files_are_shown() {
    // Code within code, as deep as the format allows.
    let code = (0..990).fold(code_with(b")\0"), |inner, _| code_with(&[b")\x01", &inner[..]].concat()));
    let file = [&HEADER[..], &code].concat();
    let json = show("x.pyc", &file, Form::Json).expect("it is sound");
    assert_eq!(json.lines().count(), 991);
    let thread = std::thread::Builder::new().stack_size(16 << 20);
    let listing = thread.spawn(move || {
        let nested = [&b")\x01".repeat(1900)[..], b"N"].concat();
        let file = [&HEADER[..], &code_with(&[b")\x01", &nested[..]].concat())].concat();
        show("x.pyc", &file, Form::Listing(Style::Plain)).expect("it is sound")
    });
    let listing = listing.expect("a thread").join().expect("no overflow");
    assert!(listing.contains(&"(".repeat(1900)));
}

#[test]
fn names_cannot_take_over_a_terminal() {
    let folder = scratch("inspect-names");
    let path = folder.join("a.pyc");
    let mut bytes = std::fs::read(root().join(small("3.11"))).expect("committed");
    let at = bytes.windows(8).position(|name| name == b"small.py").expect("the file's name");
    bytes[at] = 0x1b;
    std::fs::write(&path, &bytes).expect("written");
    let listing = run(&[&path.to_string_lossy()]);
    assert!(text(&listing.stdout).contains("file \"\\x1bmall.py\""));
    let json = run(&["--json", &path.to_string_lossy()]);
    assert!(json.stdout.is_ascii() && !json.stdout.contains(&0x1b));
}
