//! Small made-up facts, and what is said of each kind of change.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};

use super::*;
use crate::diag::{Sink, Style};
use crate::source::Sources;
use crate::terminal::WIDTH;

/// Facts of a made-up release; sections that are not given are empty.
pub(crate) fn facts_of(release: &str, sections: &str) -> Facts {
    let minor = release.rsplit_once('.').map_or(release, |(minor, _)| minor);
    let mut text = format!("version: \"{minor}\"\nflavour: default\narchitecture: x86_64-linux\n");
    let _ = writeln!(text, "verified: [{{ micro: \"{release}\" }}]\n{sections}");
    for section in ["structs:", "enums:", "constants:", "opcodes:"] {
        if !sections.lines().any(|line| line.starts_with(section)) {
            let _ = writeln!(text, "{section} []");
        }
    }
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let source = sources.add(Path::new("0.yaml"), text);
    let facts = crate::parse_facts(&sources, source, &mut sink);
    facts.unwrap_or_else(|| panic!("{}", sink.render(&sources, Style::Plain)))
}

/// Observed facts with some sections.
pub(crate) fn observed(sections: &str) -> Observed {
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let source = sources.add(Path::new("observed.yaml"), format!("topic: test\nwitness: none\n{sections}"));
    let mut observed = Observed::default();
    crate::parse_observed(&sources, source, &mut observed, &mut sink);
    assert!(!sink.has_errors(), "{}", sink.render(&sources, Style::Plain));
    observed
}

/// The section of one struct `S`; a field is `name: type @ offset`, then any more keys. No size: partial.
pub(crate) fn structure(size: Option<u64>, fields: &[&str]) -> String {
    let mut text = "structs:\n  - name: S\n    header: s.h\n".to_owned();
    if let Some(size) = size {
        let _ = writeln!(text, "    size_bytes: {size}\n    align_bytes: 8");
    }
    let _ = writeln!(text, "    fields:{}", if fields.is_empty() { " []" } else { "" });
    for field in fields {
        let (name, rest) = field.split_once(": ").expect("name: type");
        let (ty, place) = rest.split_once(" @ ").expect("type @ offset");
        let _ = writeln!(text, "      - {{ name: \"{name}\", type: \"{ty}\", offset_bytes: {place} }}");
    }
    text
}

/// Compares what is said below the title.
fn check_with(old: &str, new: &str, seen: &Observed, words: &Expect) {
    let diff = diff_with(&facts_of("3.14.0", old), &facts_of("3.15.0", new), seen, &Meaning::default());
    let said = diff.words(Style::Plain);
    assert!(said.lines().all(|line| line.chars().count() <= WIDTH && line == line.trim_end()), "{said}");
    words.assert_eq(said.split_once("\n\n").map_or("", |(_, below)| below));
}

fn check(old: &str, new: &str, words: &Expect) {
    check_with(old, new, &Observed::default(), words);
}

#[test]
fn nothing() {
    let same = structure(Some(8), &["a: u64 @ 0"]);
    let diff = diff(&facts_of("3.14.0", &same), &facts_of("3.15.1", &same));
    assert!(diff.is_empty());
    expect![[r#"
        CPython 3.14.0 -> 3.15.1 (default build, x86_64-linux): no difference
    "#]]
    .assert_eq(&diff.words(Style::Plain));
}

#[test]
fn fields() {
    check(
        &structure(
            Some(32),
            &["a: *PyObject @ 0", "gone: i32 @ 8", "b: u16 @ 12", "old_tag: u64 @ 16", "c: [u8; 2] @ 24"],
        ),
        &structure(
            Some(40),
            &["a: _PyStackRef @ 0", "new: *PyObject @ 8", "b: u8 @ 16", "c: [u8; 2] @ 26", "tag: u64 @ 32"],
        ),
        &expect![[r#"
            S: 32 -> 40 bytes
              a        retyped *PyObject -> _PyStackRef
              gone     gone, was i32 at 8
              new      new at 8: *PyObject
              b        retyped u16 -> u8, moved 12 -> 16
              old_tag  gone, was u64 at 16
              c        moved 24 -> 26
              tag      new at 32: u64
        "#]],
    );
    check(
        &structure(None, &["ma_version_tag: u64 @ 24"]),
        &structure(None, &["_ma_watcher_tag: u64 @ 24"]),
        &expect![[r#"
            S
              ma_version_tag   gone, was u64 at 24
              _ma_watcher_tag  new at 24: u64, where ma_version_tag was
        "#]],
    );
}

#[test]
fn fields_that_moved_together() {
    check(
        &structure(Some(48), &["a: u64 @ 0", "b: u64 @ 8", "c: u64 @ 16", "d: u64 @ 24", "e: u64 @ 32", "f: u64 @ 40"]),
        &structure(
            Some(72),
            &["a: u64 @ 0", "new: u64 @ 8", "b: u64 @ 16", "c: u64 @ 24", "d: u64 @ 32", "e: u64 @ 48", "f: u64 @ 56"],
        ),
        &expect![[r#"
            S: 48 -> 72 bytes
              new  new at 8: u64
              3 fields moved by +8, 8 -> 16 and on: b, c, d
              e    moved 32 -> 48
              f    moved 40 -> 56
        "#]],
    );
}

#[test]
fn bit_fields_and_unions() {
    check(
        &structure(
            Some(16),
            &[
                "state.interned: u32 @ 0, first_bit: 0, width_bits: 2",
                "state.kind: u32 @ 0, first_bit: 2, width_bits: 3",
                "ascii: u32 @ 0, first_bit: 5, width_bits: 1",
                "any: u64 @ 8",
                "other: u64 @ 8, overlays: any",
            ],
        ),
        &structure(
            Some(16),
            &[
                "state.interned: u8 @ 0",
                "state.kind: u32 @ 0, first_bit: 8, width_bits: 3",
                "ascii: u32 @ 0, first_bit: 11, width_bits: 1",
                "ready: u32 @ 0, first_bit: 12, width_bits: 1",
                "any: u64 @ 8, overlays: full",
                "full: u64 @ 8",
                "other: u64 @ 8, overlays: full",
            ],
        ),
        &expect![[r#"
            S
              state.interned  retyped u32 -> u8, no bit field any more, was bits 0..2
              state.kind      bits 2..5 -> bits 8..11
              ascii           bit 5 -> bit 11
              ready           new at 0 bit 12: u32
              any             now shares bytes with full
              full            new at 8: u64
              other           shares bytes with full, not any
        "#]],
    );
}

#[test]
fn whole_structs_and_what_is_in_them() {
    let old = "structs:
  - { name: Gone, header: gone.h, size_bytes: 8, align_bytes: 8, fields: [{ name: x, type: u64, offset_bytes: 0 }] }
  - { name: Inner, header: a.h, size_bytes: 8, align_bytes: 4, fields: [] }
  - name: Outer
    header: a.h
    size_bytes: 24
    align_bytes: 8
    fields:
      - { name: inner, type: Inner, offset_bytes: 0 }
      - { name: last, type: \"[Inner; 2]\", offset_bytes: 8 }
  - { name: Whole, header: a.h, size_bytes: 8, align_bytes: 8, fields: [] }
";
    let new = "structs:
  - { name: Inner, header: b.h, size_bytes: 16, align_bytes: 8, fields: [] }
  - name: Outer
    header: a.h
    size_bytes: 48
    align_bytes: 8
    fields:
      - { name: inner, type: Inner, offset_bytes: 0 }
      - { name: last, type: \"[Inner; 2]\", offset_bytes: 16 }
  - { name: Whole, header: a.h, fields: [] }
  - name: New
    header: new.h
    fields:
      - { name: x, type: \"*fn\", offset_bytes: 0 }
      - { name: y, type: u32, offset_bytes: 8, first_bit: 3, width_bits: 1 }
";
    check(
        old,
        new,
        &expect![[r#"
        Gone: gone, was 8 bytes
          fields were: x: u64 at 0

        Inner: 8 -> 16 bytes, align 4 -> 8

        Outer: 24 -> 48 bytes
          inner  grew 8 -> 16 bytes (Inner)
          last   grew 16 -> 32 bytes ([Inner; 2]), moved 8 -> 16

        Whole: was 8 bytes, now only chosen fields are kept

        New: new, chosen fields, new.h
          fields: x: *fn at 0, y: u32 at 8 bit 3

        headers that define them
          Inner  a.h -> b.h
    "#]],
    );
}

#[test]
fn enums_and_constants() {
    let old = "enums:
  - name: PyFrameState
    header: a.h
    values: [{ name: CREATED, value: -1 }, { name: EXECUTING, value: 0 }, { name: DONE, value: 1 }]
  - { name: gone, header: a.h, values: [{ name: X, value: 1 }] }
constants:
  - { group: code_flags, header: a.h, values: [{ name: CO_A, value: 1 }, { name: CO_B, value: 64 }] }
  - { group: limits, header: a.h, values: [{ name: MOST, value: 20 }, { name: SAME, value: 5 }] }
";
    let new = "enums:
  - name: PyFrameState
    header: b.h
    values: [{ name: CREATED, value: 0 }, { name: EXECUTING, value: 3 }, { name: NEW, value: 1 }]
  - { name: fresh, header: a.h, values: [{ name: Y, value: 2 }] }
constants:
  - { group: code_flags, header: a.h, values: [{ name: CO_A, value: 16 }, { name: CO_C, value: 4096 }] }
  - { group: limits, header: a.h, values: [{ name: SAME, value: 5 }] }
  - { group: sizes, header: b.h, values: [{ name: MOST, value: 21 }] }
  - { group: names, header: b.h, values: [{ name: N, value: 0 }] }
";
    check(
        old,
        new,
        &expect![[r#"
        PyFrameState (enum)
          CREATED    -1 -> 0, which was EXECUTING
          EXECUTING  0 -> 3
          DONE       gone, was 1
          NEW        new: 1, which was DONE

        gone (enum): gone
          values were: X 1

        fresh (enum): new, a.h
          values: Y 2

        code_flags (constants)
          CO_A  0x1 -> 0x10
          CO_B  gone, was 0x40
          CO_C  new: 0x1000

        sizes (constants)
          MOST  came here from limits, 20 -> 21

        names (constants): new, b.h
          values: N 0

        headers that define them
          PyFrameState (enum)  a.h -> b.h
    "#]],
    );
}

#[test]
fn opcodes() {
    let old = "opcodes:
  - { number: 1, name: A }
  - { number: 2, name: B }
  - { number: 3, name: C }
  - { number: 4, name: D }
  - { number: 5, name: GONE }
  - { number: 6, name: E, argument: name, cache_units: 2 }
  - { number: 7, name: E_FORM, deopt: E }
  - { number: 8, name: E_GONE, deopt: E }
  - { number: 9, name: F, argument: integer }
";
    let new = "opcodes:
  - { number: 11, name: A }
  - { number: 12, name: B }
  - { number: 13, name: C }
  - { number: 14, name: D }
  - { number: 15, name: NEW, argument: const, cache_units: 1 }
  - { number: 6, name: E, argument: local, cache_units: 1 }
  - { number: 7, name: E_FORM, deopt: NEW }
  - { number: 8, name: E_NEW, deopt: E }
  - { number: 10, name: F }
";
    check(
        old,
        new,
        &expect![[r#"
        opcodes: 9; 2 new, 2 gone, 5 renumbered
          new:
            NEW  number 15, argument const, 1 code unit of cache
          new, specialised or instrumented:
            of E: E_NEW 8
          gone: GONE 5
          gone, specialised or instrumented:
            of E: E_GONE 8
          another argument:
            E  name -> local
            F  integer -> none
          another number of inline cache units:
            E  2 -> 1 code unit
          another base:
            E_FORM  E -> NEW
          4 renumbered by +10, now: A 11, B 12, C 13, D 14
          renumbered: F 9 -> 10
    "#]],
    );
}

#[test]
fn observed_facts() {
    let header = "structs:
  - { name: PyObject, header: object.h, size_bytes: 16, align_bytes: 8, fields: [] }
";
    let opcodes = "opcodes:
  - { number: 1, name: CALL, argument: integer }
  - { number: 2, name: CALL_LEN, deopt: CALL }
  - { number: 3, name: INSTRUMENTED_CALL, deopt: CALL }
  - { number: 4, name: SEND, argument: jump_forward }
  - { number: 5, name: DO_TRACING }
";
    let seen = observed(
        "pyc_magic: [{ version: \"3.14\", magic: 3571 }]
constants:
  - { name: CHUNK, until: \"3.14\", value: 16384, unit: bytes, source: a.c }
  - { name: LIST, until: \"3.14\", value: 80, unit: entries, source: a.c }
  - { name: ROOM, value: 1000, unit: words, source: a.c }
  - { name: TIMES, since: \"3.15\", value: 2, unit: entries, source: a.c }
enums:
  - { name: State, source: a.c, since: \"3.15\", values: [{ name: INIT, value: 0 }] }
structs:
  - name: Throw
    until: \"3.14\"
    source: a.c
    fields: [{ name: ob_base, type: PyObject }, { name: args, type: \"*PyObject\" }, { name: state, type: u32 }]
  - name: Throw
    since: \"3.15\"
    source: a.c
    fields: [{ name: ob_base, type: PyObject }, { name: typ, type: \"*PyObject\" }, { name: val, type: \"*PyObject\" }, { name: state, type: State }]
  - { name: Unknown, source: a.c, until: \"3.14\", fields: [{ name: x, type: Nobody }] }
stack_effects:
  - { opcode: CALL, until: \"3.14\", effect: \"-1\" }
  - { opcode: CALL, since: \"3.15\", effect: \"-1 - arg\" }
  - { opcode: INSTRUMENTED_CALL, until: \"3.14\", effect: \"0\" }
  - { opcode: SEND, until: \"3.14\", effect: \"0\", jump: \"-1\" }
  - { opcode: SEND, since: \"3.15\", effect: \"0\" }
  - { opcode: DO_TRACING, until: \"3.14\", effect: none }
  - { opcode: DO_TRACING, since: \"3.15\", effect: \"1\" }
",
    );
    let old = format!("{header}{opcodes}");
    let new = format!(
        "pyc_magic: 3627\n{header}constants:\n  - {{ group: limits, header: b.h, values: [{{ name: LIST, value: 80 }}] }}\n{opcodes}"
    );
    check_with(
        &old,
        &new,
        &seen,
        &expect![[r#"
        pyc magic: 3571 -> 3627

        Throw: 32 -> 40 bytes
          args   gone, was *PyObject at 16
          typ    new at 16: *PyObject, where args was
          val    new at 24: *PyObject
          state  moved 24 -> 32

        State (enum): new, a.c
          values: INIT 0

        limits (constants)
          LIST  now held by a header

        observed (no header holds them)
          CHUNK  gone, was 16384
          TIMES  new: 2

        opcodes: 5
          another stack effect:
            CALL               -1 -> -1 - arg
            INSTRUMENTED_CALL  0 -> -1 - arg (as CALL)
            SEND               0 (if it jumps -1) -> 0
            DO_TRACING         not told -> 1
    "#]],
    );
}

#[test]
fn title() {
    let old = facts_of("3.14.0", &structure(Some(8), &[]));
    let mut new = facts_of("3.14.0", &structure(Some(16), &[]));
    new.flavour.value = crate::model::version::Flavour::FreeThreaded;
    let said = diff(&old, &new).words(Style::Coloured);
    expect![[r#"
        ^[1mCPython 3.14.0 -> 3.14.0t^[0m (default -> free-threaded build, x86_64-linux)

        ^[1mS^[0m: 8 -> 16 bytes
    "#]]
    .assert_eq(&said.replace('\x1b', "^"));
}

#[cfg(feature = "import")]
#[test]
fn json() {
    let old = structure(Some(8), &["a: u32 @ 0, first_bit: 0, width_bits: 2", "b: u8 @ 4"]);
    let new = structure(Some(8), &["a: u32 @ 0, first_bit: 1, width_bits: 2", "c: u8 @ 4"]);
    let diff = diff(&facts_of("3.14.0", &old), &facts_of("3.15.0", &new));
    let text = serde_json::to_string_pretty(&diff).expect("plain data");
    expect![[r#"
        {
          "old": {
            "version": "3.14",
            "flavour": "default",
            "architecture": "x86_64-linux",
            "verified": [
              "3.14.0"
            ],
            "unwitnessed": [],
            "opcode_count": 0
          },
          "new": {
            "version": "3.15",
            "flavour": "default",
            "architecture": "x86_64-linux",
            "verified": [
              "3.15.0"
            ],
            "unwitnessed": [],
            "opcode_count": 0
          },
          "changes": [
            {
              "change": "bits_moved",
              "struct": "S",
              "field": "a",
              "old": {
                "first_bit": 0,
                "width_bits": 2
              },
              "new": {
                "first_bit": 1,
                "width_bits": 2
              }
            },
            {
              "change": "field_removed",
              "struct": "S",
              "field": {
                "name": "b",
                "type": "u8",
                "offset_bytes": 4
              }
            },
            {
              "change": "field_added",
              "struct": "S",
              "field": {
                "name": "c",
                "type": "u8",
                "offset_bytes": 4
              },
              "in_place_of": "b"
            }
          ]
        }"#]]
    .assert_eq(&text);
}

#[test]
fn odd_facts_make_odd_words_but_no_panic() {
    let most = u64::MAX;
    let old = structure(Some(0), &[&format!("a: u64 @ {most}"), "a: u8 @ 0", "\\e[2J: u8 @ 0", "x: [u8; 0] @ 1"]);
    let new = structure(
        Some(most),
        &[
            "a: u64 @ 0",
            &format!("b: bytes({most}) @ {most}"),
            &format!("c: u8 @ 0, first_bit: {most}, width_bits: {most}"),
        ],
    );
    for (old, new) in [(&old, &new), (&new, &old)] {
        let said = diff(&facts_of("3.14.0", old), &facts_of("3.15.0", new)).words(Style::Plain);
        assert!(said.contains("18446744073709551615") && !said.contains('\u{1b}'), "{said}");
    }
    let twice = "opcodes: [{ number: 1, name: A }, { number: 2, name: A }, { number: 99999999999, name: B }]";
    let said = diff(&facts_of("3.14.0", twice), &facts_of("3.15.0", "")).words(Style::Plain);
    assert!(said.contains("99999999999"), "{said}");
}
