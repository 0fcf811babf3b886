//! The DWARF reader and the YAML reader on input that is not what it should be: an answer or an error, never a panic.
//!
//! The same entry points are fuzzed with coverage below `codegen/fuzz`; here a fixed number of random changes runs on
//! every toolchain, each from a seed that a failure names.

use expect_test::{Expect, expect};
use frame_codegen::import::dwarf::Debug;
use frame_codegen::model::facts::Struct;
use frame_tests::root;

fn object(compiler: &str) -> Vec<u8> {
    std::fs::read(root().join(format!("tests/fixtures/probe-{compiler}.o"))).expect("a committed object file")
}

/// Everything that an import asks of the debug information.
fn read_all(bytes: &[u8]) -> Result<String, String> {
    let mut debug = Debug::read(bytes)?;
    debug.name_structs(["PyObject", "PyFrameObject", "PyThreadState", "Incomplete"].into_iter())?;
    let mut text = String::new();
    for (name, only) in [
        ("PyObject", vec![]),
        ("PyFrameObject", vec![]),
        ("PyThreadState", vec!["threads.head".to_owned(), "nowhere".to_owned(), "gone".to_owned()]),
        ("Incomplete", vec![]),
        ("Absent", vec![]),
    ] {
        match debug.find_struct(name, &only)? {
            Some(item) => text.push_str(&describe(&item)),
            None => text.push_str(&format!("{name}: none\n")),
        }
    }
    for item in debug.find_enum("_frameowner")?.into_iter() {
        let values: Vec<String> = item.values.iter().map(|value| format!("{}={}", value.name, value.value)).collect();
        text.push_str(&format!("{} {}\n", item.name, values.join(" ")));
    }
    let constants = debug.constants()?;
    let values: Vec<String> = constants.iter().map(|value| format!("{}={}", value.name, value.value)).collect();
    text.push_str(&format!("{}\n", values.join(" ")));
    Ok(text)
}

fn describe(item: &Struct) -> String {
    let size = item.size.as_ref().map_or("partial".to_owned(), |size| format!("{} align {}", size.bytes, size.align));
    let mut text = format!("{}: {size}\n", item.name);
    for field in &item.fields {
        text.push_str(&format!("  {:>3} {}: {}", field.offset.value, field.name, field.ty));
        if let Some(bits) = &field.bits {
            text.push_str(&format!(" bits {}+{}", bits.start, bits.width));
        }
        if let Some(over) = &field.overlays {
            text.push_str(&format!(" over {over}"));
        }
        text.push('\n');
    }
    text
}

/// gcc and clang write different DWARF; the facts are the same.
#[test]
fn every_compiler_gives_the_same_facts() {
    let expected: Expect = expect![[r#"
        PyObject: 16 align 8
            0 ob_refcnt: i64
            0 ob_refcnt_split: [u32; 2] over ob_refcnt
            8 ob_type: *_typeobject
        PyFrameObject: 80 align 8
            0 ob_base: PyObject
           16 previous: *PyFrameObject
           24 instr_ptr: *u16
           32 callback: *fn
           40 state.interned: u32 bits 0+2
           40 state.kind: u32 bits 2+3
           40 state.ready: u32 bits 8+1
           44 kept_as_bytes: [bytes(4); 2]
           56 number: f64
           64 flag: bool
           65 owner: i8
           72 localsplus: [*PyObject; 1]
           80 flexible: [i8; 0]
        PyThreadState: partial
            8 threads.head: *PyThreadState
           16 nowhere: *_incomplete
        Incomplete: none
        Absent: none
        _frameowner FRAME_OWNED_BY_THREAD=0 FRAME_OWNED_BY_CSTACK=4 FRAME_NEGATIVE=-3
        BIG=140737488355327 LESS=-5
    "#]];
    expected.assert_eq(&read_all(&object("gcc")).expect("gcc's object"));
    assert_eq!(read_all(&object("gcc")), read_all(&object("clang")));
}

/// A small generator of numbers: the same sequence everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }
}

#[test]
fn damaged_object_files_are_errors() {
    let mut answered = 0;
    for compiler in ["gcc", "clang"] {
        let whole = object(compiler);
        for seed in 0..3000 {
            let mut random = Random(seed);
            let mut bytes = whole.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] = match random.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => bytes[at] ^ 1 << random.below(8),
                    _ => u8::try_from(random.below(256)).expect("a byte"),
                };
            }
            // A panic here ends the test; the seed is in the backtrace's values.
            let result = std::panic::catch_unwind(|| read_all(&bytes));
            answered += usize::from(result.unwrap_or_else(|_| panic!("{compiler}, seed {seed}")).is_ok());
        }
    }
    assert!(answered > 0, "some changes must be harmless, or nothing was read at all");
}

/// Found by fuzzing: a compressed section whose header claims exabytes must not be believed.
#[test]
fn a_section_that_claims_to_be_huge_is_an_error() {
    let bytes = std::fs::read(root().join("tests/fixtures/claims-a-huge-section.o")).expect("a committed object file");
    let error = read_all(&bytes).expect_err("damaged");
    assert_eq!(error, "a section cannot be read: it claims to be larger than 256 MiB");
}

#[test]
fn object_files_cut_anywhere_are_errors() {
    let whole = object("gcc");
    for len in (0..whole.len()).step_by(7) {
        assert!(read_all(&whole[..len]).is_err(), "{len} of {} bytes", whole.len());
    }
    assert_eq!(Debug::read(b"").expect_err("nothing"), "not an object file: Could not read file magic");
}
