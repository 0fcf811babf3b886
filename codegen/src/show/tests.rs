//! Small made-up facts, and how they are shown.

use expect_test::{Expect, expect};

use super::*;
use crate::diff::tests::{facts_of, observed};
use crate::lookup;
use crate::model::Meaning;

const SECTIONS: &str = "pyc_magic: 3627
unwitnessed: [{ micro: \"3.14.1\", defines: [\"Py_GIL_DISABLED=1\", \"X\"] }]
structs:
  - { name: PyObject, header: object.h, size_bytes: 16, align_bytes: 8, fields: [] }
  - { name: PyThreadState, header: pystate.h, fields: [{ name: next, type: \"*PyThreadState\", offset_bytes: 8 }] }
enums:
  - { name: PyFrameState, header: frame.h, values: [{ name: FRAME_CREATED, value: -3 }, { name: FRAME_CLEARED, value: 4 }] }
constants:
  - { group: code_flags, header: code.h, values: [{ name: CO_ONE, value: 1 }, { name: CO_BOTH, value: 48 }, { name: CO_METHOD, value: 0x8000000 }] }
  - { group: limits, header: code.h, values: [{ name: CO_MAXBLOCKS, value: 21 }] }
opcodes:
  - { number: 9, name: NOP }
  - { number: 52, name: CALL, argument: integer, cache_units: 3 }
  - { number: 154, name: CALL_LEN, deopt: CALL }
  - { number: 250, name: INSTRUMENTED_CALL, deopt: CALL }
";

const OBSERVED: &str = "constants:
  - { name: ROOM, value: 1000, unit: words, source: \"Python/pystate.c, ROOM\" }
structs:
  - { name: PyCoroWrapper, source: \"Objects/genobject.c, PyCoroWrapper\", fields: [{ name: ob_base, type: PyObject }] }
enums:
  - { name: State, source: \"Objects/genobject.c, State\", values: [{ name: INIT, value: 0 }] }
stack_effects:
  - { opcode: CALL, effect: \"-1 - arg\" }
";

fn check(name: &str, expected: &Expect) {
    let (facts, observed) = (facts_of("3.14.0", SECTIONS), observed(OBSERVED));
    let meaning = Meaning::default();
    let view = View { facts: &facts, observed: &observed, meaning: &meaning };
    let found = lookup::find(&view, name).unwrap_or_else(|error| panic!("{}", error.title()));
    expected.assert_eq(&item(&found, &view, Style::Plain));
}

#[test]
fn all_that_there_is() {
    let (facts, observed) = (facts_of("3.14.0", SECTIONS), observed(OBSERVED));
    let view = View { facts: &facts, observed: &observed, meaning: &Meaning::default() };
    let text = overview(&view, Style::Plain);
    expect![[r#"
        CPython 3.14, default build, x86_64-linux
          verified     3.14.0
          unwitnessed  3.14.1 (Py_GIL_DISABLED=1, X)
          pyc magic    3627

        structs         bytes  align  fields
          PyObject          16      8       0  object.h
          PyThreadState      -      -       1  pystate.h (not whole)

        structs that no header holds
          PyCoroWrapper     16      8       1  Objects/genobject.c

        enums
          PyFrameState       2 values         frame.h
          State              1 value          Objects/genobject.c

        constants
          code_flags         3 values         code.h
          limits             1 value          code.h
          that no header holds: ROOM 1000 words

        opcodes
          4: 2 general, 1 specialised, 1 instrumented
    "#]]
    .assert_eq(&text);
}

#[test]
fn structs() {
    check(
        "threadstate",
        &expect![[r#"
        PyThreadState: only these fields are kept, pystate.h
        CPython 3.14, default build, x86_64-linux

              +0         +1         +2         +3         +4         +5         +6         +7
             ┌───────────────────────────────────────────────────────────────────────────────────────┐
           ⋮ │ 8 bytes not kept                                                                      │
             ├───────────────────────────────────────────────────────────────────────────────────────┤
           8 │ next: *PyThreadState                                                                  │
             ├───────────────────────────────────────────────────────────────────────────────────────┤
           ⋮ │ the rest is not kept                                                                  │
             └───────────────────────────────────────────────────────────────────────────────────────┘
    "#]],
    );
    check(
        "corowrapper",
        &expect![[r#"
        PyCoroWrapper: 16 bytes, align 8, Objects/genobject.c
        CPython 3.14, default build, x86_64-linux

              +0         +1         +2         +3         +4         +5         +6         +7
             ┌───────────────────────────────────────────────────────────────────────────────────────┐
           0 │ ob_base: PyObject, 16 bytes                                                           │
             │                                                                                       │
           8 │                                                                                       │
             └───────────────────────────────────────────────────────────────────────────────────────┘
    "#]],
    );
}

#[test]
fn numbers() {
    check(
        "framestate",
        &expect![[r#"
        PyFrameState: enum, 2 values, frame.h
        CPython 3.14, default build, x86_64-linux

          FRAME_CREATED  -3
          FRAME_CLEARED   4
    "#]],
    );
    check(
        "code_flags",
        &expect![[r#"
        code_flags: constants, 3 values, code.h
        CPython 3.14, default build, x86_64-linux

          CO_ONE           0x1  bit 0
          CO_BOTH         0x30
          CO_METHOD  0x8000000  bit 27
    "#]],
    );
    check(
        "limits",
        &expect![[r#"
        limits: constants, 1 value, code.h
        CPython 3.14, default build, x86_64-linux

          CO_MAXBLOCKS  21
    "#]],
    );
    check(
        "FRAME_CLEARED",
        &expect![[r#"
        FRAME_CLEARED: 4, in PyFrameState
        CPython 3.14, default build, x86_64-linux
    "#]],
    );
    check(
        "room",
        &expect![[r#"
        ROOM: 1000 words, Python/pystate.c
        CPython 3.14, default build, x86_64-linux
    "#]],
    );
}

#[test]
fn opcodes() {
    check(
        "CALL",
        &expect![[r#"
        CALL: opcode 52
        CPython 3.14, default build, x86_64-linux

          argument      integer
          inline cache  3 code units
          stack effect  -1 - arg
          forms of it   CALL_LEN 154, INSTRUMENTED_CALL 250
    "#]],
    );
    check(
        "call_len",
        &expect![[r#"
        CALL_LEN: opcode 154
        CPython 3.14, default build, x86_64-linux

          argument      as CALL
          inline cache  as CALL
          stack effect  -1 - arg (as CALL)
          stands for    CALL
    "#]],
    );
    check(
        "NOP",
        &expect![[r#"
        NOP: opcode 9
        CPython 3.14, default build, x86_64-linux

          argument      none
          inline cache  none
          stack effect  not told
    "#]],
    );
}

const MEANING: &str = r#"
machine light "A light, and what may happen to it." {
    flavours { lamp; torch "electric torch"; }
    states from PyFrameState {
        dark FRAME_CREATED "dark";
        lit FRAME_CLEARED "lit";
        very_bright FRAME_CLEARED "lit";
        reserved broken FRAME_BROKEN "never stored";
    }
    start dark;
    on press "Pressed." needs "a light" {
        dark if bad_exception for torch => TypeError "not {type}" -> lit;
        dark if value_given and not bad_exception -> dark;
        dark -> lit;
        lit, very_bright for lamp => stop -> dark;
        lit, very_bright => ValueError "{kind} is on";
    }
    on shake "Shaken." needs "a light that is on" {
        lit, very_bright -> end;
        else => illegal;
    }
}
layout object from PyObject "What everything is." { }
layout wrapper from PyCoroWrapper "What waits." {
    ob_base head "The header.";
    clear ob_base;
}
mirrored PyThreadState;
localsplus slots "All that is local." {
    kind one CO_ONE "The first.";
    region ones holds one without one "Those.";
    region stack "The stack.";
    argument_cells apart;
}
position f_lasti "Where it is." {
    unit bytes;
    new = start - 1 "None yet.";
    yielded = pointer + 1 + caches "Behind.";
}
"#;

fn check_meaning(name: &str, expected: &Expect) {
    let (facts, observed) = (facts_of("3.14.0", SECTIONS), observed(OBSERVED));
    let meaning = crate::diff::meaning::tests::meaning(MEANING);
    let view = View { facts: &facts, observed: &observed, meaning: &meaning };
    let found = lookup::find(&view, name).unwrap_or_else(|error| panic!("{}", error.title()));
    expected.assert_eq(&item(&found, &view, Style::Plain));
}

#[test]
fn machines() {
    check_meaning(
        "Light",
        &expect![[r#"
        light: machine, 3 states, 2 events
        CPython 3.14, default build, x86_64-linux

          A light, and what may happen to it.
          flavours: lamp, torch ("electric torch")

          states, numbered by PyFrameState
            dark         -3  start: dark
            lit           4  lit
            very_bright   4  lit
            broken           reserved: never stored

          events
            press  Pressed.
            shake  Shaken.

          what an event does in a state, in the order of the checks
                ┌───────────────────┬──────────────────┐
                │ dark              │ lit, very_bright │
                ├───────────────────┼──────────────────┤
          press │ TypeError¹ -> lit │ stop³ -> dark    │
                │ -> dark²          │ ValueError⁴      │
                │ -> lit            │                  │
                ├───────────────────┼──────────────────┤
          shake │ -                 │ -> end           │
                └───────────────────┴──────────────────┘
          - it cannot happen

          1  for torch if bad_exception: "not {type}"
          2  if value_given and not bad_exception
          3  for lamp
          4  "{kind} is on"

          bad_exception  what is thrown is no exception
          value_given    a value other than `None` is sent
          stop           it is over and gives nothing: `StopIteration` or `StopAsyncIteration` where the
                         caller wants an exception
          {kind}         the flavour, or its name in quotes above
    "#]],
    );
}

#[test]
fn diagrams() {
    let meaning = crate::diff::meaning::tests::meaning(MEANING);
    let minor = "3.14".parse().expect("a version");
    expect![[r#"
        stateDiagram-v2
            %% light of CPython 3.14
            [*] --> dark
            dark --> lit: press [for torch if bad_exception] / TypeError
            dark --> dark: press [value_given and not bad_exception]
            dark --> lit: press [else]
            lit --> dark: press [for lamp] / stop
            lit --> [*]: shake
            very_bright --> dark: press [for lamp] / stop
            very_bright --> [*]: shake
    "#]]
    .assert_eq(&mermaid(meaning.machine("light").expect("declared"), minor));
}

#[test]
fn what_fields_mean() {
    check_meaning(
        "wrapper",
        &expect![[r#"
        PyCoroWrapper: 16 bytes, align 8, Objects/genobject.c
        CPython 3.14, default build, x86_64-linux

              +0         +1         +2         +3         +4         +5         +6         +7
             ┌───────────────────────────────────────────────────────────────────────────────────────┐
           0 │ ob_base: PyObject, 16 bytes                                                           │
             │                                                                                       │
           8 │                                                                                       │
             └───────────────────────────────────────────────────────────────────────────────────────┘

          what the fields mean
          What waits.

                field    type      ownership  role
             0  ob_base  PyObject  head
                  The header.

          dropped in this order: ob_base
    "#]],
    );
    check_meaning(
        "threadstate",
        &expect![[r#"
        PyThreadState: only these fields are kept, pystate.h
        CPython 3.14, default build, x86_64-linux

              +0         +1         +2         +3         +4         +5         +6         +7
             ┌───────────────────────────────────────────────────────────────────────────────────────┐
           ⋮ │ 8 bytes not kept                                                                      │
             ├───────────────────────────────────────────────────────────────────────────────────────┤
           8 │ next: *PyThreadState                                                                  │
             ├───────────────────────────────────────────────────────────────────────────────────────┤
           ⋮ │ the rest is not kept                                                                  │
             └───────────────────────────────────────────────────────────────────────────────────────┘

          only read: nothing of ours holds or drops what its fields refer to
    "#]],
    );
}

#[test]
fn variables_and_positions() {
    check_meaning(
        "localsplus",
        &expect![[r#"
        slots: localsplus, the slots of a frame
        CPython 3.14, default build, x86_64-linux

          All that is local.

          kinds of variables
            one  0x01  CO_ONE  The first.

          regions, in the order of the slots
            ones   one, not one  Those.
            stack                The stack.

          the cell of an argument has its own slot
    "#]],
    );
    check_meaning(
        "positions",
        &expect![[r#"
        f_lasti: position, where a frame is in its code
        CPython 3.14, default build, x86_64-linux

          Where it is.

          what it stands for; it counts bytes
            new      start - 1             a frame that has not begun: None yet.
            yielded  pointer + caches + 1  where the caller goes on after a yield: Behind.
    "#]],
    );
}

#[test]
fn meaning_in_the_overview() {
    let (facts, observed) = (facts_of("3.14.0", ""), Observed::default());
    let meaning = crate::diff::meaning::tests::meaning(MEANING);
    let view = View { facts: &facts, observed: &observed, meaning: &meaning };
    expect![[r#"
        CPython 3.14, default build, x86_64-linux
          verified     3.14.0

        machines
          light        3 states   2 events  A light, and what may happen to it.

        variables and positions
          slots          localsplus          All that is local.
          f_lasti        position            Where it is.

        opcodes
          0: 0 general, 0 specialised, 0 instrumented
    "#]]
    .assert_eq(&overview(&view, Style::Plain));
}
