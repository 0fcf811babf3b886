//! What a user names on the command line: a layout, and a thing in it.

use std::borrow::Cow;

use crate::diag::Diagnostic;
use crate::model::facts::{Constant, Facts, Group, Opcode, Struct};
use crate::model::layout::{Localsplus, Position};
use crate::model::machine::{Machine, Numbering};
use crate::model::observed::Observed;
use crate::model::table::Table;
use crate::model::version::Key;
use crate::model::{Meaning, Spec};

/// One layout, and what the spec holds beside the facts.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The layout.
    pub facts: &'a Facts,
    /// What no header holds.
    pub observed: &'a Observed,
    /// What is declared.
    pub meaning: &'a Meaning,
}

impl<'a> View<'a> {
    /// What numbers the states of a machine, from a header or observed.
    pub fn numbers(&self, numbering: &Numbering) -> Option<&'a [Constant]> {
        let minor = self.facts.version.value;
        self.facts.numbers(numbering).or_else(|| self.observed.numbers(numbering, minor))
    }

    /// The machines of its version.
    pub fn machines(&self) -> impl Iterator<Item = &'a Machine> {
        let minor = self.facts.version.value;
        self.meaning.machines.iter().filter(move |machine| machine.exists(minor))
    }

    /// What describes the slots of a frame of its version.
    pub fn localsplus(&self) -> impl Iterator<Item = &'a Localsplus> {
        let minor = self.facts.version.value;
        self.meaning.localsplus.iter().filter(move |item| item.range.contains(minor))
    }

    /// The positions of its version.
    pub fn positions(&self) -> impl Iterator<Item = &'a Position> {
        let minor = self.facts.version.value;
        self.meaning.positions.iter().filter(move |item| item.range.contains(minor))
    }
}

/// A thing of one layout.
#[derive(Debug)]
pub enum Item<'a> {
    /// A state machine.
    Machine(&'a Machine),
    /// The slots of a frame.
    Localsplus(&'a Localsplus),
    /// A position.
    Position(&'a Position),
    /// A table of bytes.
    Table(&'a Table),
    /// A struct or union; one that no header holds is laid out by C's rules.
    Struct(Cow<'a, Struct>),
    /// An enum.
    Enum {
        /// CPython's name.
        name: &'a str,
        /// The header that defines it, or where CPython says so.
        header: &'a str,
        /// As declared.
        values: &'a [Constant],
    },
    /// A group of constants.
    Group(&'a Group),
    /// An opcode.
    Opcode(&'a Opcode),
    /// One value of an enum or group.
    Constant {
        /// The enum or group; of what no header holds, where CPython says so.
        holder: &'a str,
        /// The value.
        constant: &'a Constant,
        /// What it counts, of what no header holds.
        unit: Option<&'a str>,
    },
}

/// How many near misses an error names.
const NEAR_MISSES: usize = 5;

impl Spec {
    /// The layout of a key: of its release, or of the newest release that is known of its minor version.
    ///
    /// # Errors
    ///
    /// `unknown-version`: the spec has no such release and flavour. Never the nearest neighbour.
    pub fn find(&self, key: &Key) -> Result<&Facts, Box<Diagnostic>> {
        let found = match key.micro {
            None => self.newest(key.minor, key.flavour),
            Some(micro) => self.layouts.iter().rfind(|facts| {
                facts.flavour.value == key.flavour && facts.builds().any(|build| build.micro.value == micro)
            }),
        };
        found.ok_or_else(|| {
            let builds = self.layouts.iter().flat_map(|facts| {
                let mut micros: Vec<_> = facts.builds().map(|build| build.micro.value).collect();
                micros.sort();
                micros.into_iter().map(|micro| format!("{micro}{}", facts.flavour.suffix()))
            });
            let mut known: Vec<String> = builds.collect();
            known.dedup();
            let error = Diagnostic::error("unknown-version", format!("the spec has no layout of CPython {key}"));
            let error = if known.is_empty() {
                error.note("it has none at all")
            } else {
                error.note(format!("it has {}", known.join(", ")))
            };
            Box::new(error.help("`framespec import <python>` adds the layout of an installed CPython"))
        })
    }
}

/// Finds a thing by name: exactly, else without regard to case, leading underscores and `Py`.
///
/// # Errors
///
/// `unknown-name`: the layout has no such thing. `ambiguous-name`: it has several.
pub fn find<'a>(view: &View<'a>, name: &str) -> Result<Item<'a>, Box<Diagnostic>> {
    let facts = view.facts;
    let known = names(view);
    if let Some(item) = known.iter().find(|known| known.name == name).and_then(|known| known.item(view)) {
        return Ok(item);
    }
    let wanted = bare(name);
    let mut close: Vec<&Named<'a>> = Vec::new();
    for candidate in known.iter().filter(|known| !wanted.is_empty() && bare(known.name) == wanted) {
        if !close.iter().any(|known| known.name == candidate.name) {
            close.push(candidate);
        }
    }
    if let [only] = close[..]
        && let Some(item) = only.item(view)
    {
        return Ok(item);
    }
    if close.len() > 1 {
        let names: Vec<String> = close.iter().map(|known| format!("`{}`", known.name)).collect();
        let title = format!("`{name}` is the name of several things in {}", facts.title());
        return Err(Box::new(
            Diagnostic::error("ambiguous-name", title).note(format!("they are {}", names.join(", "))),
        ));
    }
    let error = Diagnostic::error("unknown-name", format!("`{name}` is no name in {}", facts.title()));
    let error = match view.meaning.machine(name) {
        Some(machine) => error.note(format!("the machine `{name}` is there in {}", machine.range)),
        None => error,
    };
    let error = note_machines(error, view);
    let near = near_misses(&wanted, known.iter().map(|known| known.name));
    Err(Box::new(if near.is_empty() {
        error.help(format!("`framespec show {}` lists what there is", facts.folder()))
    } else {
        let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
        error.help(format!("did you mean {}?", near.join(", ")))
    }))
}

/// Finds a machine by name, as [`find`] does.
///
/// # Errors
///
/// Those of [`find`]; `not-a-machine`: the name is that of something else.
pub fn find_machine<'a>(view: &View<'a>, name: &str) -> Result<&'a Machine, Box<Diagnostic>> {
    match find(view, name)? {
        Item::Machine(machine) => Ok(machine),
        _ => {
            let title = format!("`{name}` is no machine in {}", view.facts.title());
            Err(Box::new(note_machines(Diagnostic::error("not-a-machine", title), view)))
        }
    }
}

fn note_machines(error: Diagnostic, view: &View<'_>) -> Diagnostic {
    let machines: Vec<String> = view.machines().map(|machine| format!("`{}`", machine.name)).collect();
    if machines.is_empty() { error } else { error.note(format!("the machines are {}", machines.join(", "))) }
}

/// A name and what it stands for.
struct Named<'a> {
    name: &'a str,
    of: Of<'a>,
}

enum Of<'a> {
    Machine(&'a Machine),
    Localsplus(&'a Localsplus),
    Position(&'a Position),
    Table(&'a Table),
    Struct(&'a Struct),
    ObservedStruct(&'a crate::model::observed::ObservedStruct),
    Enum { header: &'a str, values: &'a [Constant] },
    Group(&'a Group),
    Opcode(&'a Opcode),
    Constant { holder: &'a str, constant: &'a Constant, unit: Option<&'a str> },
}

impl<'a> Named<'a> {
    fn item(&self, view: &View<'a>) -> Option<Item<'a>> {
        Some(match self.of {
            Of::Machine(machine) => Item::Machine(machine),
            Of::Localsplus(item) => Item::Localsplus(item),
            Of::Position(item) => Item::Position(item),
            Of::Table(table) => Item::Table(table),
            Of::Struct(item) => Item::Struct(Cow::Borrowed(item)),
            Of::ObservedStruct(item) => Item::Struct(Cow::Owned(view.observed.lay_out(item, view.facts)?)),
            Of::Enum { header, values } => Item::Enum { name: self.name, header, values },
            Of::Group(group) => Item::Group(group),
            Of::Opcode(opcode) => Item::Opcode(opcode),
            Of::Constant { holder, constant, unit } => Item::Constant { holder, constant, unit },
        })
    }
}

/// Everything that has a name, the large before the small.
fn names<'a>(view: &View<'a>) -> Vec<Named<'a>> {
    let View { facts, observed, meaning } = *view;
    let minor = facts.version.value;
    let content = &facts.content;
    let mut names = Vec::new();
    let mut add = |name: &'a str, of| names.push(Named { name, of });
    for machine in view.machines() {
        add(&machine.name, Of::Machine(machine));
    }
    for item in view.localsplus() {
        add(&item.name, Of::Localsplus(item));
        add("localsplus", Of::Localsplus(item));
    }
    for item in view.positions() {
        add(&item.name, Of::Position(item));
        add("positions", Of::Position(item));
    }
    for table in meaning.tables_of(minor) {
        add(&table.name, Of::Table(table));
    }
    // Also by the spec's own name of a layout, where no machine has it.
    let layout = |name: &str| {
        let layout = meaning.layout_of(name, minor)?;
        meaning.machine(&layout.name).is_none().then_some(layout.name.value.as_str())
    };
    for item in &content.structs {
        add(&item.name, Of::Struct(item));
        layout(&item.name).into_iter().for_each(|name| add(name, Of::Struct(item)));
    }
    for item in observed.structs.iter().filter(|item| item.range.contains(minor)) {
        add(&item.name, Of::ObservedStruct(item));
        layout(&item.name).into_iter().for_each(|name| add(name, Of::ObservedStruct(item)));
    }
    let observed_enums = || observed.enums.iter().filter(|item| item.range.contains(minor));
    for item in &content.enums {
        add(&item.name, Of::Enum { header: &item.header, values: &item.values });
    }
    for item in observed_enums() {
        add(&item.name, Of::Enum { header: &item.from, values: &item.values });
    }
    for group in &content.constants {
        add(&group.name, Of::Group(group));
    }
    for opcode in &content.opcodes {
        add(&opcode.name, Of::Opcode(opcode));
    }
    let enums = content.enums.iter().map(|item| (&item.name, &item.values));
    let enums = enums.chain(observed_enums().map(|item| (&item.name, &item.values)));
    for (holder, values) in enums.chain(content.constants.iter().map(|group| (&group.name, &group.values))) {
        for constant in values {
            add(&constant.name, Of::Constant { holder, constant, unit: None });
        }
    }
    for item in observed.constants.iter().filter(|item| item.range.contains(minor)) {
        let (constant, unit) = (&item.constant, Some(item.unit.as_str()));
        add(&constant.name, Of::Constant { holder: &item.from, constant, unit });
    }
    names
}

/// A name without case, leading underscores and `Py`.
fn bare(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let name = lower.trim_start_matches('_');
    name.strip_prefix("py").unwrap_or(name).trim_start_matches('_').to_owned()
}

/// The names most like a wanted one, best first.
fn near_misses<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(usize, usize, &'a str)> = Vec::new();
    for (order, candidate) in known.enumerate() {
        let name = bare(candidate);
        let contains = wanted.len() >= 3 && name.contains(wanted);
        let distance = edit_distance(wanted, &name);
        if contains || distance <= wanted.chars().count() / 3 {
            scored.push((if contains { 0 } else { distance }, order, candidate));
        }
    }
    scored.sort_unstable();
    let mut names: Vec<&'a str> = Vec::new();
    for (_, _, name) in scored {
        if names.len() < NEAR_MISSES && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How many letters to add, drop or change; names of more than 100 letters are like no other.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().max(b.len()) > 100 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let change = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diag::Style;
    use crate::diff::tests::facts_of;
    use crate::source::Sources;

    const NAMES: &str = "structs:
  - { name: _PyInterpreterFrame, header: a.h, fields: [] }
  - { name: PyInterpreterState, header: a.h, fields: [] }
  - { name: CFrame, header: a.h, fields: [] }
  - { name: _PyCFrame, header: a.h, fields: [] }
enums:
  - { name: PyFrameState, header: a.h, values: [{ name: FRAME_CLEARED, value: 4 }] }
opcodes:
  - { number: 1, name: LOAD_FAST }
";

    fn said(error: &Diagnostic, expected: &Expect) {
        expected.assert_eq(&error.render(&Sources::default(), Style::Plain));
    }

    #[test]
    fn names_may_be_short() {
        let (facts, observed, meaning) = (facts_of("3.14.0", NAMES), Observed::default(), Meaning::default());
        let view = View { facts: &facts, observed: &observed, meaning: &meaning };
        for name in ["_PyInterpreterFrame", "interpreterframe", "PyInterpreterFrame", "py_InterpreterFrame"] {
            let found = find(&view, name).expect(name);
            assert!(matches!(found, Item::Struct(item) if item.name.value == "_PyInterpreterFrame"), "{name}");
        }
        assert!(matches!(find(&view, "load_fast"), Ok(Item::Opcode(_))));
        assert!(matches!(find(&view, "frame_cleared"), Ok(Item::Constant { holder: "PyFrameState", .. })));
        // The exact name is never ambiguous.
        assert!(matches!(find(&view, "CFrame"), Ok(Item::Struct(item)) if item.name.value == "CFrame"));
    }

    #[test]
    fn unknown_name() {
        let (facts, observed, meaning) = (facts_of("3.14.0", NAMES), Observed::default(), Meaning::default());
        let view = View { facts: &facts, observed: &observed, meaning: &meaning };
        let error = |name: &str| find(&view, name).expect_err(name);
        said(
            &error("interpeterframe"),
            &expect![[r#"
            error[unknown-name]: `interpeterframe` is no name in CPython 3.14, default build, x86_64-linux
             |
             = help: did you mean `_PyInterpreterFrame`, `PyInterpreterState`?"#]],
        );
        said(
            &error("frame"),
            &expect![[r#"
            error[unknown-name]: `frame` is no name in CPython 3.14, default build, x86_64-linux
             |
             = help: did you mean `_PyInterpreterFrame`, `CFrame`, `_PyCFrame`, `PyFrameState`, `FRAME_CLEARED`?"#]],
        );
        said(
            &error("xyzzy"),
            &expect![[r#"
            error[unknown-name]: `xyzzy` is no name in CPython 3.14, default build, x86_64-linux
             |
             = help: `framespec show 3.14` lists what there is"#]],
        );
        said(
            &error(""),
            &expect![[r#"
            error[unknown-name]: `` is no name in CPython 3.14, default build, x86_64-linux
             |
             = help: `framespec show 3.14` lists what there is"#]],
        );
        said(
            &error("cframe"),
            &expect![[r#"
            error[ambiguous-name]: `cframe` is the name of several things in CPython 3.14, default build, x86_64-linux
             |
             = note: they are `CFrame`, `_PyCFrame`"#]],
        );
    }

    #[test]
    fn machines() {
        let text = r#"machine light since 3.14 "A light." { states { lit "bright"; } start lit; }
            machine light_frame until 3.13 "A light." { states { lit "bright"; } start lit; }
            layout light from _PyInterpreterFrame "A light." { }
            layout lamp from CFrame "A lamp." { }"#;
        let meaning = crate::diff::meaning::tests::meaning(text);
        let (facts, observed) = (facts_of("3.14.0", NAMES), Observed::default());
        let view = View { facts: &facts, observed: &observed, meaning: &meaning };
        assert!(matches!(find(&view, "Light"), Ok(Item::Machine(machine)) if machine.name.value == "light"));
        assert!(matches!(find(&view, "lamp"), Ok(Item::Struct(item)) if item.name.value == "CFrame"));
        said(
            &find(&view, "lihgt").expect_err("no such thing"),
            &expect![[r#"
            error[unknown-name]: `lihgt` is no name in CPython 3.14, default build, x86_64-linux
             |
             = note: the machines are `light`
             = help: `framespec show 3.14` lists what there is"#]],
        );
        said(
            &find(&view, "light_frame").expect_err("not in this version"),
            &expect![[r#"
            error[unknown-name]: `light_frame` is no name in CPython 3.14, default build, x86_64-linux
             |
             = note: the machine `light_frame` is there in up to 3.13
             = note: the machines are `light`
             = help: `framespec show 3.14` lists what there is"#]],
        );
        said(
            &find_machine(&view, "lamp").expect_err("a struct"),
            &expect![[r#"
            error[not-a-machine]: `lamp` is no machine in CPython 3.14, default build, x86_64-linux
             |
             = note: the machines are `light`"#]],
        );
    }

    #[test]
    fn unknown_version() {
        let mut spec = Spec::default();
        let key = |text: &str| text.parse::<Key>().expect(text);
        said(
            &spec.find(&key("3.14")).expect_err("nothing there"),
            &expect![[r#"
            error[unknown-version]: the spec has no layout of CPython 3.14
             |
             = note: it has none at all
             = help: `framespec import <python>` adds the layout of an installed CPython"#]],
        );
        spec.layouts = ["3.13.0", "3.13.18", "3.14.0"].map(|release| facts_of(release, "")).into();
        let found =
            |text: &str| spec.find(&key(text)).map(Facts::newest_micro).expect(text).expect("a build").to_string();
        assert_eq!(found("3.13"), "3.13.18");
        assert_eq!(found("3.13.0"), "3.13.0");
        for text in ["3.13.5", "3.14t", "3.15"] {
            assert_eq!(spec.find(&key(text)).expect_err(text).rule(), "unknown-version");
        }
        said(
            &spec.find(&key("3.13.5")).expect_err("no neighbour"),
            &expect![[r#"
            error[unknown-version]: the spec has no layout of CPython 3.13.5
             |
             = note: it has 3.13.0, 3.13.18, 3.14.0
             = help: `framespec import <python>` adds the layout of an installed CPython"#]],
        );
    }
}
