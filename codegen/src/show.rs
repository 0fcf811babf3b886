//! One layout for a person's eyes: what there is, and a struct as a map of its bytes.

mod grid;
mod map;

use std::fmt::Write as _;

use crate::diag::Style;
use crate::diff::{opcode_fact, words};
use crate::lookup::Item;
use crate::model::facts::{Build, Constant, Facts, Opcode, Struct};
use crate::model::observed::Observed;
use crate::terminal::{Ink, paint, printable, push_list};

/// What a layout holds: builds, structs with their sizes, enums, constants, how many opcodes.
pub fn overview(facts: &Facts, observed: &Observed, style: Style) -> String {
    let minor = facts.version.value;
    let content = &facts.content;
    let mut text = String::new();
    let heading = |text: &mut String, title: &str| {
        let _ = writeln!(text, "\n{}", paint(style, Ink::Strong, title));
    };
    let _ = writeln!(text, "{}", paint(style, Ink::Strong, &printable(&facts.title())));
    for (what, builds) in [("verified", &facts.verified), ("unwitnessed", &facts.unwitnessed)] {
        if !builds.is_empty() {
            push_list(&mut text, &format!("  {what:11} "), 15, &builds.iter().map(build).collect::<Vec<_>>());
        }
    }
    if let Some(magic) = content.pyc_magic.as_ref().or_else(|| observed.pyc_magic(minor)) {
        let _ = writeln!(text, "  {:11}  {magic}", "pyc magic");
    }

    let seen: Vec<_> = observed.structs.iter().filter(|item| item.range.contains(minor)).collect();
    let laid_out: Vec<Struct> = seen.iter().filter_map(|item| observed.lay_out(item, facts)).collect();
    let names = content.structs.iter().chain(&laid_out).map(|item| item.name.chars().count());
    let observed_enums: Vec<_> = observed.enums.iter().filter(|item| item.range.contains(minor)).collect();
    let names = names.chain(content.enums.iter().map(|item| item.name.chars().count()));
    let names = names.chain(content.constants.iter().map(|group| group.name.chars().count()));
    let width = names.max().unwrap_or(0).min(40);

    let title = format!("structs{:1$}bytes  align  fields", "", width.saturating_sub(4));
    for (title, items) in [(title.as_str(), &content.structs), ("structs that no header holds", &laid_out)] {
        if items.is_empty() {
            continue;
        }
        heading(&mut text, title);
        for item in items {
            let (size, align) = match &item.size {
                Some(size) => (size.bytes.to_string(), size.align.to_string()),
                None => ("-".to_owned(), "-".to_owned()),
            };
            let some = if item.is_partial() { " (not whole)" } else { "" };
            let header = paint(style, Ink::Faint, &format!("{}{some}", place(&item.header, &item.name)));
            let (name, fields) = (printable(&item.name), item.fields.len());
            let _ = writeln!(text, "  {name:width$} {size:>6} {align:>6} {fields:>7}  {header}");
        }
    }
    let enums = content.enums.iter().map(|item| (&item.name, &item.values, &item.header));
    let enums = enums.chain(observed_enums.iter().map(|item| (&item.name, &item.values, &item.from)));
    let groups = content.constants.iter().map(|group| (&group.name, &group.values, &group.header));
    let rows: [(&str, Vec<_>); 2] = [("enums", enums.collect()), ("constants", groups.collect())];
    for (title, rows) in rows {
        if rows.is_empty() {
            continue;
        }
        heading(&mut text, title);
        for (name, values, header) in rows {
            let header = paint(style, Ink::Faint, &place(header, name));
            let (name, count) = (printable(name), values.len());
            let what = if count == 1 { "value" } else { "values" };
            let _ = writeln!(text, "  {name:width$} {count:>6} {what:14} {header}");
        }
    }
    let single: Vec<String> = observed
        .constants
        .iter()
        .filter(|item| item.range.contains(minor))
        .map(|item| format!("{} {} {}", printable(&item.constant.name), item.constant.value, printable(&item.unit)))
        .collect();
    if !single.is_empty() {
        push_list(&mut text, "  that no header holds:", 4, &single);
    }
    let instrumented = |opcode: &&Opcode| opcode.name.starts_with("INSTRUMENTED_");
    let count = content.opcodes.len();
    let traced = content.opcodes.iter().filter(instrumented).count();
    let forms = content.opcodes.iter().filter(|opcode| opcode.deopt.is_some() && !instrumented(opcode)).count();
    heading(&mut text, "opcodes");
    let general = count - forms - traced;
    let _ = writeln!(text, "  {count}: {general} general, {forms} specialised, {traced} instrumented");
    text
}

/// The header; of what no header holds, the `.c` file, without the name that it has there.
fn place(header: &str, name: &str) -> String {
    let file = header.strip_suffix(name).and_then(|file| file.strip_suffix(", "));
    printable(file.unwrap_or(header))
}

/// `3.15.2 (_Py_JIT, _Py_TIER2=3)`.
fn build(build: &Build) -> String {
    if build.defines.is_empty() {
        return build.micro.to_string();
    }
    format!("{} ({})", build.micro, printable(&build.defines.join(", ")))
}

/// One thing of a layout: a struct as a map of its bytes, values with their numbers, an opcode with all that is known.
pub fn item(item: &Item<'_>, facts: &Facts, observed: &Observed, style: Style) -> String {
    let mut text = String::new();
    let mut title = |name: &str, what: &str, header: &str| {
        let _ = write!(text, "{}", paint(style, Ink::Strong, &printable(name)));
        let header = if header.is_empty() { String::new() } else { format!(", {}", printable(header)) };
        let _ = writeln!(text, ": {what}{header}");
        let _ = writeln!(text, "{}\n", paint(style, Ink::Faint, &printable(&facts.title())));
    };
    match item {
        Item::Struct(item) => {
            let header = place(&item.header, &item.name);
            let what = match &item.size {
                Some(size) => format!("{}, align {}", words::bytes(size.bytes.value), size.align),
                None => "only these fields are kept".to_owned(),
            };
            title(&item.name, &what, &header);
            let size_of = |name: &str| {
                let known = facts.find_struct(name)?;
                known.size.as_ref().map(|size| size.bytes.value)
            };
            text.push_str(&map::draw(item, &size_of, style));
        }
        Item::Enum { name, header, values } => {
            title(name, &format!("enum, {}", count(values.len())), &place(header, name));
            push_values(&mut text, values, false);
        }
        Item::Group(group) => {
            title(&group.name, &format!("constants, {}", count(group.values.len())), &group.header);
            push_values(&mut text, &group.values, group.name.ends_with("flags"));
        }
        Item::Constant { holder, constant, unit } => {
            let value = constant.value.value;
            match unit {
                Some(unit) => {
                    title(&constant.name, &format!("{value} {}", printable(unit)), &place(holder, &constant.name))
                }
                None => title(&constant.name, &value.to_string(), &format!("in {holder}")),
            }
            text.pop();
        }
        Item::Opcode(opcode) => {
            title(&opcode.name, &format!("opcode {}", opcode.number), "");
            push_opcode(&mut text, opcode, facts, observed);
        }
    }
    text
}

fn count(values: usize) -> String {
    if values == 1 { "1 value".to_owned() } else { format!("{values} values") }
}

fn push_values(text: &mut String, values: &[Constant], hexadecimal: bool) {
    let width = values.iter().map(|value| value.name.chars().count()).max().unwrap_or(0).min(60);
    let numbers: Vec<String> = values.iter().map(|value| words::number(value.value.value, hexadecimal)).collect();
    let digits = numbers.iter().map(String::len).max().unwrap_or(0);
    for (value, number) in values.iter().zip(numbers) {
        let bits = match u64::try_from(value.value.value) {
            Ok(value) if hexadecimal && value.is_power_of_two() => format!("  bit {}", value.trailing_zeros()),
            _ => String::new(),
        };
        let _ = writeln!(text, "  {:width$}  {number:>digits$}{bits}", printable(&value.name));
    }
}

fn push_opcode(text: &mut String, opcode: &Opcode, facts: &Facts, observed: &Observed) {
    let fact = opcode_fact(opcode, facts, observed);
    // Facts leave to the base what a specialised or instrumented form shares with it.
    let none = || fact.base.as_ref().map_or_else(|| "none".to_owned(), |base| format!("as {}", printable(base)));
    let mut row = |what: &str, said: String| {
        let _ = writeln!(text, "  {what:12}  {said}");
    };
    row("argument", fact.argument.clone().unwrap_or_else(none));
    row("inline cache", if fact.cache_units == 0 { none() } else { words::units(fact.cache_units) });
    row("stack effect", words::effect(fact.stack_effect.as_ref()));
    if let Some(base) = &fact.base {
        row("stands for", printable(base));
    }
    let forms = facts.content.opcodes.iter().filter(|form| {
        form.deopt.as_ref().is_some_and(|base| base.value == opcode.name.value) && form.name != opcode.name
    });
    let forms: Vec<String> = forms.map(|form| format!("{} {}", printable(&form.name), form.number)).collect();
    if !forms.is_empty() {
        push_list(text, "  forms of it  ", 16, &forms);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diff::tests::{facts_of, observed};
    use crate::lookup;

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
        let found = lookup::find(&facts, &observed, name).unwrap_or_else(|error| panic!("{}", error.title()));
        expected.assert_eq(&item(&found, &facts, &observed, Style::Plain));
    }

    #[test]
    fn all_that_there_is() {
        let text = overview(&facts_of("3.14.0", SECTIONS), &observed(OBSERVED), Style::Plain);
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
}
