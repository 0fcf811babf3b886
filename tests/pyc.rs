//! .pyc files and marshalled bytes, against what CPython makes of them: `tests/oracle/pyc.py`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use frame_runtime::code::Code;
use frame_runtime::layout::Layout;
use frame_runtime::plain::{Exception, Object, Plain, Value};
use frame_runtime::pyc::marshal::{self, Fault, ReadError};
use frame_runtime::pyc::{self, Header, LoadError, PycError, Source};
use frame_runtime::version::{self, Version};
use frame_runtime::vm::{Constant, Objects, Value as _};
use frame_tests::{Random, root};
use serde_json::{Value as Json, json};

/// Calls a function with the type of a version.
macro_rules! with_version {
    ($version:expr, $function:ident($($argument:expr),*)) => {
        match $version {
            "3.8" => $function::<version::Cpython3_8>($($argument),*),
            "3.9" => $function::<version::Cpython3_9>($($argument),*),
            "3.10" => $function::<version::Cpython3_10>($($argument),*),
            "3.11" => $function::<version::Cpython3_11>($($argument),*),
            "3.12" => $function::<version::Cpython3_12>($($argument),*),
            "3.13" => $function::<version::Cpython3_13>($($argument),*),
            "3.14" => $function::<version::Cpython3_14>($($argument),*),
            "3.15" => $function::<version::Cpython3_15>($($argument),*),
            other => panic!("CPython {other} is not known here"),
        }
    };
}

type Outcome<T> = Result<T, ReadError<Exception>>;

fn folders() -> Vec<(String, PathBuf)> {
    let mut folders: Vec<(String, PathBuf)> = std::fs::read_dir(root().join("tests/vectors/pyc"))
        .expect("vectors are committed")
        .map(|entry| entry.expect("a readable folder"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    folders.sort();
    assert!(folders.len() >= 8, "vectors of every version are committed");
    folders
}

fn expected(folder: &Path) -> Json {
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("the oracle wrote it");
    serde_json::from_str(&text).expect("the oracle writes JSON")
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = frame_tests::files(folder, "pyc");
    assert!(files.len() >= 7, "{} has its files", folder.display());
    let name = |path: &PathBuf| path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read(path).expect("a readable file"))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits")).collect()
}

/// Decimal digits of an `int`.
fn decimal(negative: bool, digits: &[u16]) -> String {
    let mut decimal = vec![0_u8];
    for bit in digits.iter().rev().flat_map(|digit| (0..15).rev().map(move |bit| digit >> bit & 1)) {
        let mut carry = bit as u8;
        for place in &mut decimal {
            let twice = *place * 2 + carry;
            (*place, carry) = (twice % 10, twice / 10);
        }
        if carry != 0 {
            decimal.push(carry);
        }
    }
    let sign = if negative { "-" } else { "" };
    decimal.iter().rev().fold(sign.to_owned(), |text, digit| text + &digit.to_string())
}

/// What the oracle writes for an object.
fn describe<P: Version>(value: &Value<P>) -> Json {
    let all = |values: &[Value<P>]| -> Json { values.iter().map(describe).collect() };
    let sorted = |values: &[Value<P>]| -> Json {
        let mut found: Vec<Json> = values.iter().map(describe).collect();
        found.sort_by_key(python_json);
        found.into()
    };
    let pairs = |pairs: &[(Value<P>, Value<P>)]| -> Json {
        pairs.iter().map(|(key, value)| json!([describe(key), describe(value)])).collect()
    };
    let float = |value: f64| hex(&value.to_be_bytes());
    match value.object() {
        Object::None => json!(["None"]),
        Object::Bool(true) => json!(["True"]),
        Object::Bool(false) => json!(["False"]),
        Object::Ellipsis => json!(["Ellipsis"]),
        Object::StopIteration => json!(["StopIteration"]),
        Object::Int { negative, digits } => json!(["int", decimal(*negative, digits)]),
        Object::Float(value) => json!(["float", float(*value)]),
        Object::Complex(real, imaginary) => json!(["complex", float(*real), float(*imaginary)]),
        Object::Str(text) => json!(["str", hex(text)]),
        Object::Bytes(bytes) => json!(["bytes", hex(bytes)]),
        Object::Tuple(items) => json!(["tuple", all(items)]),
        Object::List(items) => json!(["list", all(items)]),
        Object::Set(items) => json!(["set", sorted(items)]),
        Object::FrozenSet(items) => json!(["frozenset", sorted(items)]),
        Object::Dict(found) => json!(["dict", pairs(found)]),
        Object::FrozenDict(found) => json!(["frozendict", pairs(found)]),
        Object::Slice(items) => json!(["slice", all(&items[..])]),
        Object::Code(code) => describe_code(code),
        other => panic!("{other:?} is not known here"),
    }
}

/// As Python's `json.dumps` writes it, by which the oracle sorts; there is nothing to be escaped.
fn python_json(value: &Json) -> String {
    value.to_string().replace(',', ", ").replace("\":", "\": ")
}

fn describe_code<P: Version>(code: &Code<Plain<P>>) -> Json {
    let int = |number: i64| json!(["int", number.to_string()]);
    let tuple = |values: Vec<&Value<P>>| -> Json {
        let values: Vec<Json> = values.into_iter().map(describe).collect();
        json!(["tuple", values])
    };
    let mut found = json!({
        "co_argcount": int(code.argcount().into()),
        "co_posonlyargcount": int(code.posonlyargcount().into()),
        "co_kwonlyargcount": int(code.kwonlyargcount().into()),
        "co_nlocals": int(code.nlocals().into()),
        "co_stacksize": int(code.stacksize().into()),
        "co_flags": int(code.flags().into()),
        "co_firstlineno": int(code.firstlineno().into()),
        "co_code": ["bytes", hex(code.co_code())],
        "co_consts": tuple(code.consts().iter().collect()),
        "co_names": tuple(code.names().iter().collect()),
        "co_varnames": tuple(code.varnames().collect()),
        "co_cellvars": tuple(code.cellvars().collect()),
        "co_freevars": tuple(code.freevars().collect()),
        "co_filename": describe(code.filename()),
        "co_name": describe(code.name()),
    });
    if let Some(qualname) = code.qualname() {
        found["co_qualname"] = describe(qualname);
        found["co_exceptiontable"] = json!(["bytes", hex(code.exceptiontable())]);
    }
    let table = if ["3.8", "3.9"].contains(&P::LAYOUT.version) { "co_lnotab" } else { "co_linetable" };
    found[table] = json!(["bytes", hex(code.linetable())]);
    json!(["code", found])
}

fn read<P: Version>(bytes: &[u8]) -> Outcome<Value<P>> {
    marshal::read(&Plain::<P>::default(), bytes)
}

fn load<P: Version>(bytes: &[u8]) -> Result<(Header, Json), LoadError<Exception>> {
    pyc::read(&Plain::<P>::default(), bytes).map(|(header, code)| (header, describe_code(&code)))
}

/// Whether it can be read; what was read is dropped unseen.
fn try_load<P: Version>(bytes: &[u8]) -> Result<(), LoadError<Exception>> {
    pyc::read(&Plain::<P>::default(), bytes).map(drop)
}

#[test]
fn files_hold_what_cpython_reads_out_of_them() {
    for (version, folder) in folders() {
        let expected = expected(&folder);
        for (name, bytes) in files(&folder) {
            let (header, found) = with_version!(version.as_str(), load(&bytes)).expect("it is sound");
            assert_eq!(found, expected["files"][&name], "{version} {name}");
            assert_eq!(header.version, version);
            match (name.as_str(), header.source) {
                ("checked.pyc", Source::Hash { check, hash }) => {
                    assert!(check);
                    assert_eq!(hash, bytes[8..16]);
                }
                ("unchecked.pyc", Source::Hash { check, .. }) => assert!(!check),
                (_, Source::Timestamp { mtime, size }) => assert!(mtime == 1_700_000_000 && size > 0, "{name}"),
                (name, source) => panic!("{name} has {source:?}"),
            }
        }
    }
}

/// What we say where CPython says something, without what stands in brackets.
fn answer<P: Version>(bytes: &[u8]) -> Json {
    match read::<P>(bytes) {
        Ok(value) => {
            let (mut depth, mut inner) = (0, &value);
            while let Object::Tuple(items) = inner.object()
                && items.len() == 1
                && bytes.starts_with(b")\x01)\x01)\x01)\x01")
            {
                (depth, inner) = (depth + 1, &items[0]);
            }
            let nested = json!(["nested", depth, describe(inner)]);
            json!({ "object": if depth > 0 { nested } else { describe(inner) } })
        }
        Err(error) => {
            assert!(error.at <= bytes.len(), "{error}");
            let text = match &error.what {
                Fault::Raised(raised) => return json!({ "raises": [raised.kind, raised.message] }),
                Fault::Cycle(_) => return json!({ "cycle": true }),
                what => what.to_string(),
            };
            let text = text.rsplit_once(" [").map_or(text.as_str(), |(text, _)| text);
            let text = text.strip_prefix("Objects/codeobject.c: ").unwrap_or(text);
            json!({ "raises": [error.what.exception(), text] })
        }
    }
}

#[test]
fn bytes_have_cpythons_objects_and_cpythons_errors() {
    let mut differences = String::new();
    for (version, folder) in folders() {
        for row in expected(&folder)["inputs"].as_array().expect("rows") {
            let name = &row["name"];
            let bytes = unhex(row["hex"].as_str().expect("hex"));
            let found = with_version!(version.as_str(), answer(&bytes));
            let wanted = if row["crash"].is_number() {
                // Release 3.8 ends the process; this is what later ones say.
                json!({ "raises": ["SystemError", "non-string found in code slot"] })
            } else if row["object"].to_string().contains("[\"cycle\"]") {
                json!({ "cycle": true })
            } else if let Some(message) = row["raises"][1].as_str() {
                // The source's line is the build's; where something is unhashable newer ones say more.
                let message = match message {
                    bad if bad.ends_with("bad argument to internal function") => "bad argument to internal function",
                    unhashable => match unhashable.split_once("(unhashable") {
                        Some((_, rest)) => &format!("unhashable{}", rest.trim_end_matches(')')),
                        None => unhashable,
                    },
                };
                json!({ "raises": [row["raises"][0], message] })
            } else {
                json!({ "object": row["object"] })
            };
            // A set in itself is refused by CPython for another reason.
            let unhashable = name == "< cycle" && wanted["raises"][1] == "unhashable type: 'set'";
            if found != wanted && !(unhashable && found["cycle"] == true) {
                let _ = writeln!(differences, "{version} {name}\n  wanted {wanted}\n  found  {found}");
            }
        }
    }
    assert_eq!(differences, "");
}

#[test]
fn errors_say_what_and_at_which_byte() {
    let mut text = String::new();
    let mut say = |bytes: &[u8]| {
        let error = read::<version::Cpython3_14>(bytes).expect_err("it is damaged");
        let _ = writeln!(text, "{error}");
    };
    for bytes in [
        &b""[..],
        b")\x02N",
        b")",
        b"s\x05\0\0\0ab",
        b")\x02NQ",
        b")\x02N\xfd",
        b"\xa9\x02Nr\x07\0\0\0",
        b"\xa9\x02Nr\0\0\0\0",
        b"(\xff\xff\xff\xff",
        b"l\x02\0\0\0\x01\0\x34\x92",
        b"l\x01\0\0\0\0\0",
        b")\x010",
        b"u\x03\0\0\0ab\xff",
        b"f\x03abc",
        b"<\x01\0\0\0[\0\0\0\0",
        b"c\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0N)\0)\0)\0s\0\0\0\0z\0z\0z\0\0\0\0\0s\0\0\0\0s\0\0\0\0",
        b"c\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0s\0\0\0\0)\0)\0)\0s\0\0\0\0z\0z\0z\0\0\0\0\0s\0\0\0\0s\0\0\0\0",
    ] {
        say(bytes);
    }
    say(&b")\x01".repeat(2001));
    let error = marshal::read_code(&Plain::<version::Cpython3_14>::default(), b"N").expect_err("no code object");
    let _ = writeln!(text, "{error}");
    expect_test::expect![[r#"
        byte 0: EOFError: EOF read where object expected
        byte 3: EOFError: EOF read where object expected
        byte 1: EOFError: EOF read where not expected
        byte 7: EOFError: marshal data too short
        byte 3: ValueError: bad marshal data (unknown type code) [Q: 0x51]
        byte 3: ValueError: bad marshal data (unknown type code) [}: 0xfd]
        byte 3: ValueError: bad marshal data (invalid reference) [7]
        byte 3: reference 0 is to an object that it is a part of
        byte 0: ValueError: bad marshal data (tuple size out of range) [-1]
        byte 7: ValueError: bad marshal data (digit out of range in long) [0x9234]
        byte 5: ValueError: bad marshal data (unnormalized long data)
        byte 0: TypeError: NULL object in marshal data for tuple
        byte 7: UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 2: invalid start byte
        byte 0: ValueError: could not convert string to float: 'abc'
        byte 0: TypeError: unhashable type: 'list'
        byte 0: SystemError: bad argument to internal function [co_code of a code object must be a bytes object]
        byte 0: SystemError: Objects/codeobject.c: bad argument to internal function
        byte 4000: ValueError: recursion limit exceeded
        byte 0: ImportError: Non-code object
    "#]]
    .assert_eq(&text);
}

#[test]
fn headers_say_whose_they_are() {
    let mut text = String::new();
    let mut say = |bytes: &[u8]| {
        let _ = match Header::read(bytes) {
            Ok(header) => writeln!(text, "{} {:?}", header.version, header.source),
            Err(error) => writeln!(text, "{error}"),
        };
    };
    let header = |magic: u16, flags: u32| {
        let mut bytes = magic.to_le_bytes().to_vec();
        bytes.extend(b"\r\n");
        bytes.extend(flags.to_le_bytes());
        bytes.extend([1, 0, 0, 0, 2, 0, 0, 0]);
        bytes
    };
    for magic in
        [0, 2999, 3000, 3394, 3399, 3400, 3413, 3414, 3425, 3429, 3439, 3449, 3450, 3495, 3500, 3531, 3571, 3599]
    {
        say(&header(magic, 0));
    }
    for magic in [3600, 3627, 3666, 3699, 3700, 3749, 3750, 4_999, 5_000, 20_121, 62_211, 65_535] {
        say(&header(magic, 0));
    }
    for flags in [0, 1, 2, 3, 4, 0x8000_0000] {
        say(&header(3627, flags));
    }
    say(b"");
    say(b"\x2b\x0e\r");
    say(b"\x2b\x0e\n\r\0\0\0\0\0\0\0\0\0\0\0\0");
    say(b"PK\x03\x04");
    say(&header(3627, 0)[..15]);
    say(&header(3400, 0)[..8]);
    expect_test::expect![[r#"
        byte 0: magic number 0 is of no CPython
        byte 0: magic number 2999 is of no CPython
        byte 0: magic number 3000 is of CPython 3.7 or older
        byte 0: magic number 3394 is of CPython 3.7 or older
        byte 0: magic number 3399 is of CPython 3.7 or older
        byte 0: magic number 3400 is of a development version of CPython 3.8
        3.8 Timestamp { mtime: 1, size: 2 }
        byte 0: magic number 3414 is of a development version of CPython 3.8
        3.9 Timestamp { mtime: 1, size: 2 }
        byte 0: magic number 3429 is of a development version of CPython 3.9
        3.10 Timestamp { mtime: 1, size: 2 }
        byte 0: magic number 3449 is of a development version of CPython 3.10
        byte 0: magic number 3450 is of a development version of CPython 3.11
        3.11 Timestamp { mtime: 1, size: 2 }
        byte 0: magic number 3500 is of a development version of CPython 3.12
        3.12 Timestamp { mtime: 1, size: 2 }
        3.13 Timestamp { mtime: 1, size: 2 }
        byte 0: magic number 3599 is of a development version of CPython 3.13
        byte 0: magic number 3600 is of a development version of CPython 3.14
        3.14 Timestamp { mtime: 1, size: 2 }
        3.15 Timestamp { mtime: 1, size: 2 }
        byte 0: magic number 3699 is of a development version of CPython 3.15
        byte 0: magic number 3700 is of the newer CPython 3.16
        byte 0: magic number 3749 is of the newer CPython 3.16
        byte 0: magic number 3750 is of the newer CPython 3.17
        byte 0: magic number 4999 is of the newer CPython 3.41
        byte 0: magic number 5000 is of no CPython
        byte 0: magic number 20121 is of Python 2 or older
        byte 0: magic number 62211 is of Python 2 or older
        byte 0: magic number 65535 is of Python 2 or older
        3.14 Timestamp { mtime: 1, size: 2 }
        3.14 Hash { hash: [1, 0, 0, 0, 2, 0, 0, 0], check: false }
        3.14 Timestamp { mtime: 1, size: 2 }
        3.14 Hash { hash: [1, 0, 0, 0, 2, 0, 0, 0], check: true }
        byte 4: flags 0x4: only the two low bits have a meaning
        byte 4: flags 0x80000000: only the two low bits have a meaning
        byte 0: the file ends within its header of 16 bytes
        byte 3: the file ends within its header of 16 bytes
        byte 2: no .pyc file: a magic number is followed by the bytes 0d 0a
        byte 2: no .pyc file: a magic number is followed by the bytes 0d 0a
        byte 15: the file ends within its header of 16 bytes
        byte 0: magic number 3400 is of a development version of CPython 3.8
    "#]]
    .assert_eq(&text);
    for layout in Layout::all() {
        assert_eq!(Header::read(&header(layout.pyc_magic, 0)).map(|header| header.version), Ok(layout.version));
    }
    let other = try_load::<version::Cpython3_14>(&header(3413, 0)).expect_err("of another version");
    assert_eq!(other, LoadError::Header(PycError::OtherVersion { file: "3.8", vm: "3.14" }));
    assert_eq!(other.to_string(), "byte 0: the file is of CPython 3.8, and what shall read it is of 3.14");
}

#[test]
fn truncation_at_every_byte_is_an_error_at_that_byte() {
    for (version, folder) in folders() {
        for (name, bytes) in files(&folder) {
            for end in 0..bytes.len() {
                let error = with_version!(version.as_str(), try_load(&bytes[..end])).expect_err("it is cut off");
                assert_eq!(error.at(), end, "{version} {name}: {error}");
            }
        }
    }
}

#[test]
fn changed_bytes_never_panic() {
    let mut random = Random(4);
    for (version, folder) in folders() {
        for (_, mut bytes) in files(&folder) {
            for at in 0..bytes.len() {
                let before = bytes[at];
                bytes[at] = u8::try_from(random.below(256)).unwrap_or(0);
                if let Err(error) = with_version!(version.as_str(), try_load(&bytes)) {
                    assert!(error.at() <= bytes.len(), "{error}");
                }
                bytes[at] = before;
            }
        }
    }
}

type Newest = version::Cpython3_15;

/// `t = (t, t)`, so often.
fn doubled(times: u32) -> Vec<u8> {
    let mut bytes = b"\xa9\x02NN".to_vec();
    for index in 0..times {
        let reference = [&b"r"[..], &index.to_le_bytes()].concat();
        bytes.extend(b"\xa9\x02");
        bytes.extend([&reference[..], &reference].concat());
    }
    let mut all = b"(".to_vec();
    all.extend((times + 1).to_le_bytes());
    all.extend(bytes);
    all
}

#[test]
fn what_is_shared_stays_shared() {
    // As a tree it would have 2 to the power of 300 leaves.
    let read_it = || read::<Newest>(&doubled(300)).expect("it is sound");
    let (one, other) = (read_it(), read_it());
    let vm = Plain::<Newest>::default();
    assert_eq!(vm.hash(&one), vm.hash(&other));
    assert!(vm.equal(&one, &other));
    let longer = read::<Newest>(&doubled(301)).expect("it is sound");
    assert!(!vm.equal(&one, &longer));
    let set = vm.make(Constant::FrozenSet(&[one, other, longer])).expect("tuples can be hashed");
    let Object::FrozenSet(members) = set.object() else { panic!("it is a frozenset") };
    assert_eq!(members.len(), 2);
}

#[test]
fn sets_within_sets_are_compared_once() {
    let vm = Plain::<Newest>::default();
    let build = || {
        let mut value = vm.make(Constant::None).expect("made");
        for _ in 0..500 {
            let inner = vm.make(Constant::Tuple(&[value.clone()])).expect("made");
            value = vm.make(Constant::FrozenSet(&[value, inner])).expect("made");
        }
        value
    };
    assert!(vm.equal(&build(), &build()));
}

/// Code objects as [`marshal`] has them since 3.11; `consts` is what stands there.
fn code_with(consts: &[u8]) -> Vec<u8> {
    let mut bytes = b"c\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0s\x04\0\0\0\x80\0\x21\0".to_vec();
    bytes.extend(consts);
    bytes.extend(b")\0)\0s\0\0\0\0z\0z\0z\0\x01\0\0\0s\0\0\0\0s\0\0\0\0");
    bytes
}

#[test]
fn constants_that_are_shared_are_looked_at_once() {
    let code = code_with(&doubled(190));
    let code = marshal::read_code(&Plain::<Newest>::default(), &code).expect("it is sound");
    assert_eq!(code.consts().len(), 191);
}

#[test]
fn memory_stays_within_the_size_of_the_input() {
    // A count alone makes nothing.
    for kind in b"([<>" {
        let mut bytes = vec![*kind];
        bytes.extend(i32::MAX.to_le_bytes());
        let error = read::<Newest>(&bytes).expect_err("nothing follows");
        assert_eq!((error.at, error.what), (5, Fault::ObjectMissing));
    }
    let nested = b"(\xff\xff\xff\x7f".repeat(1990);
    assert_eq!(read::<Newest>(&nested).expect_err("nothing follows").what, Fault::ObjectMissing);
    // One long tuple that very many code objects have: 1.6 GB, if each got its own copy.
    let mut bytes = b"(\xd1\x07\0\0\xa8\xa0\x86\x01\0".to_vec();
    bytes.extend([b'N'; 100_000]);
    for _ in 0..2000 {
        bytes.extend(code_with(b"r\0\0\0\0"));
    }
    let error = read::<Newest>(&bytes).expect_err("it would grow");
    assert_eq!(error.what, Fault::Expansion);
    assert!(error.to_string().ends_with("its references would make it more than 64 times as large as its bytes"));
}

#[test]
fn deep_objects_are_dropped_without_a_deep_stack() {
    let run = || {
        let vm = Plain::<Newest>::default();
        let mut value = vm.make(Constant::None).expect("made");
        for step in 0..300_000 {
            let pair = [(vm.make(Constant::Bool(true)).expect("made"), value.clone())];
            value = match step % 5 {
                0 => vm.make(Constant::Tuple(&[value])),
                1 => vm.make(Constant::List(&[value])),
                2 => vm.make(Constant::Dict(&pair)),
                3 => vm.make(Constant::Slice(&[value.clone(), value.clone(), value])),
                _ => {
                    let mut fields = code_with(b")\0");
                    fields.truncate(fields.len());
                    let code = marshal::read_code(&vm, &fields).expect("it is sound");
                    let changes = frame_runtime::code::Changes { consts: Some(vec![value]), ..Default::default() };
                    vm.make_code(code.replace(&vm, changes).expect("nothing else changes"))
                }
            }
            .expect("made");
        }
        let again = value.clone();
        assert!(value.release().is_none());
        assert!(again.release().is_some(), "the last reference is handed out");
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).expect("a thread").join().expect("no overflow");
}

#[test]
fn plain_objects_may_go_to_other_threads() {
    fn check<T: Send + Sync>() {}
    check::<Value<Newest>>();
    check::<Code<Plain<Newest>>>();
}

#[test]
fn references_survive_as_pointers() {
    let vm = Plain::<Newest>::default();
    let value = vm.make(Constant::Str { text: b"kept", interned: false }).expect("made");
    let raw = value.as_raw();
    assert_eq!(raw.addr().get() & 0b11, 0);
    assert_eq!(value.clone().as_raw(), raw);
    assert!(value.as_code().is_none() && value.as_function().is_none());
    assert!(value.clone().release().is_none());
    let Some(last) = value.release() else { panic!("it was the only one") };
    assert_eq!(format!("{last:?}"), "str");
}
