//! What was written in the spec language, with the place of every word; `Display` writes it again.
//!
//! Knows words and their order; knows neither which versions exist nor what a name means.

mod table;

use std::fmt;

use crate::model::version::{Minor, Range};
use crate::source::{At, Span};

pub use table::{Codes, Column, EntryRow, Fallback, Form, Numeral, Operand, Operator, Part, Step, Table};

/// `since` and `until`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// First version.
    pub since: Option<At<Minor>>,
    /// Last version.
    pub until: Option<At<Minor>>,
}

impl Versions {
    /// Without the places.
    pub fn range(&self) -> Range {
        Range { since: self.since.as_ref().map(|at| at.value), until: self.until.as_ref().map(|at| at.value) }
    }

    /// Where a range is said, if one is.
    pub fn span(&self) -> Option<Span> {
        self.since.as_ref().or(self.until.as_ref()).and_then(|at| at.span)
    }
}

/// One item of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `version`, only in `frame_spec!`.
    Version(VersionItem),
    /// `machine`
    Machine(Machine),
    /// `layout`
    Layout(Layout),
    /// `mirrored`
    Mirrored(Vec<At<String>>),
    /// `localsplus`
    Localsplus(Localsplus),
    /// `position`
    Position(Position),
    /// `table`
    Table(Table),
}

/// `version MyPython extends 3.14;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionItem {
    /// The marker's name.
    pub name: At<String>,
    /// The version that it extends.
    pub extends: Option<At<Minor>>,
    /// What it is.
    pub doc: Option<At<String>>,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: At<String>,
    /// In which versions it exists.
    pub versions: Versions,
    /// What it describes.
    pub doc: Option<At<String>>,
    /// Its parts, as they stand.
    pub parts: Vec<MachinePart>,
}

/// One part of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MachinePart {
    /// `flavours { name "shown"; }`
    Flavours(Vec<Word>),
    /// `guards { name "meaning"; }`
    Guards(Vec<Word>),
    /// `errors { Name "meaning"; }`
    Errors(Vec<Word>),
    /// `states from ENUM { ... }`
    States(States),
    /// `group name = a, b;`
    Group(Group),
    /// `start a, b;`
    Start(Start),
    /// `on name { ... }`
    Event(Event),
}

/// A name and a text about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The name.
    pub name: At<String>,
    /// How it is shown, or what it means.
    pub text: Option<At<String>>,
}

/// The states of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    /// What numbers them.
    pub numbers: Option<Numbers>,
    /// In which versions they have numbers.
    pub versions: Versions,
    /// One row per state, or more when they differ by version.
    pub rows: Vec<State>,
}

/// Where the numbers of states come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The enum, or the group of constants.
    pub name: At<String>,
    /// Whether it is a group of constants.
    pub is_group: bool,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// In the enum, and never entered.
    pub reserved: bool,
    /// Its name.
    pub name: At<String>,
    /// CPython's name of its number.
    pub c_name: Option<At<String>>,
    /// In which versions it exists.
    pub versions: Versions,
    /// What it promises.
    pub doc: Option<At<String>>,
}

/// A name for some states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: At<String>,
    /// Its states.
    pub states: Vec<At<String>>,
}

/// In which states something begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// States or groups.
    pub states: Vec<At<String>>,
    /// In which versions.
    pub versions: Versions,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: At<String>,
    /// What happens.
    pub doc: Option<At<String>>,
    /// What it needs, for the compiler's message.
    pub needs: Option<At<String>>,
    /// In which versions it exists.
    pub versions: Versions,
    /// In the order of the checks.
    pub rows: Vec<Row>,
}

/// One row of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From which states; empty for `else`.
    pub from: Vec<At<String>>,
    /// `if`: all must hold.
    pub tests: Vec<Test>,
    /// `for`: which flavours; all when empty.
    pub only: Vec<At<String>>,
    /// In which versions.
    pub versions: Versions,
    /// What happens.
    pub outcome: Outcome,
    /// Whether it is one of ours, in a machine that is extended.
    pub inherited: bool,
    /// The whole row.
    pub span: At<()>,
}

/// `not name`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The guard.
    pub guard: At<String>,
    /// What it must be.
    pub holds: bool,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `-> state`
    Goes(Target),
    /// `=> Kind "message" -> state` or `=> answer -> state`
    Refuses {
        /// The error's kind, or the answer.
        what: At<String>,
        /// The message.
        message: Option<At<String>>,
        /// The next state; the same when absent.
        next: Option<Target>,
    },
}

/// Where a row goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A state.
    State(At<String>),
    /// `end`: what the machine describes is gone.
    End(At<()>),
}

/// What the fields of a struct mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Our name.
    pub name: At<String>,
    /// CPython's struct; absent when a layout of ours gets fields.
    pub of: Option<At<String>>,
    /// In which versions.
    pub versions: Versions,
    /// What it is.
    pub doc: Option<At<String>>,
    /// Its parts, as they stand.
    pub parts: Vec<LayoutPart>,
}

/// One part of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutPart {
    /// A field.
    Member(Box<Member>),
    /// `clear` or `traverse`.
    Order(Order),
    /// A field that only an extension has.
    Extra(Extra),
}

/// What a field means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// CPython's name.
    pub name: At<String>,
    /// What the runtime uses it for.
    pub role: Option<At<String>>,
    /// Who owns what it refers to.
    pub ownership: At<String>,
    /// The field that keeps it alive.
    pub keeper: Option<At<String>>,
    /// When it may be null.
    pub null: Option<At<String>>,
    /// Which builds have it.
    pub only: Vec<At<String>>,
    /// In which versions.
    pub versions: Versions,
    /// What it is for.
    pub doc: At<String>,
}

/// In which order fields are dropped or visited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// `clear` or `traverse`.
    pub what: At<String>,
    /// The fields, and in which direction the slots.
    pub fields: Vec<(At<String>, Option<At<Direction>>)>,
    /// Who holds the frame.
    pub only: Vec<At<String>>,
    /// In which versions.
    pub versions: Versions,
}

/// In which direction slots are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From slot 0 on.
    Ascending,
    /// From the top of the stack down.
    Descending,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Ascending => "ascending",
            Direction::Descending => "descending",
        })
    }
}

/// `extra name type "doc";`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// The field.
    pub name: At<String>,
    /// A Rust integer, `bool`, or `value`.
    pub ty: At<String>,
    /// What it is for.
    pub doc: Option<At<String>>,
}

/// What lies in the variable part of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localsplus {
    /// Our name.
    pub name: At<String>,
    /// In which versions.
    pub versions: Versions,
    /// What it is.
    pub doc: Option<At<String>>,
    /// Its parts, as they stand.
    pub parts: Vec<LocalsplusPart>,
}

/// One part of a localsplus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalsplusPart {
    /// `kind local CO_FAST_LOCAL "doc";`
    Kind(Kind),
    /// `region cells holds cell without local "doc";`
    Region(Region),
    /// `argument_cells share;`
    ArgumentCells(At<String>),
}

/// A bit of a variable's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Our name.
    pub name: At<String>,
    /// CPython's name of the bit.
    pub c_name: At<String>,
    /// In which versions.
    pub versions: Versions,
    /// What it means.
    pub doc: At<String>,
}

/// Slots that lie together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Our name.
    pub name: At<String>,
    /// Kinds of which a variable there has one.
    pub holds: Vec<At<String>>,
    /// Kinds that it does not have.
    pub without: Vec<At<String>>,
    /// What lies there.
    pub doc: At<String>,
}

/// What a stored instruction pointer stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// CPython's field.
    pub name: At<String>,
    /// In which versions.
    pub versions: Versions,
    /// What it is.
    pub doc: Option<At<String>>,
    /// `unit bytes until 3.9;`
    pub units: Vec<(At<String>, Versions)>,
    /// One row per situation, or more when they differ by version.
    pub places: Vec<Place>,
}

/// Where the pointer stands in a situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The situation.
    pub name: At<String>,
    /// In which versions.
    pub versions: Versions,
    /// Terms and their signs.
    pub sum: Vec<(Sign, At<Term>)>,
    /// Why.
    pub doc: Option<At<String>>,
}

/// Plus or minus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// A term of a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A number of code units.
    Number(u64),
    /// A name.
    Name(String),
}

// ---- printing ----

/// The text of a file with these items.
pub fn print(items: &[Item]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn doc(f: &mut fmt::Formatter<'_>, text: Option<&At<String>>) -> fmt::Result {
    text.map_or(Ok(()), |text| write!(f, " {}", Quoted(text)))
}

fn list(names: &[At<String>]) -> String {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(since) = &self.since {
            write!(f, " since {since}")?;
        }
        if let Some(until) = &self.until {
            write!(f, " until {until}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Version(item) => {
                write!(f, "version {}", item.name)?;
                if let Some(base) = &item.extends {
                    write!(f, " extends {base}")?;
                }
                doc(f, item.doc.as_ref())?;
                writeln!(f, ";")
            }
            Item::Machine(item) => item.fmt(f),
            Item::Layout(item) => item.fmt(f),
            Item::Mirrored(names) => writeln!(f, "mirrored {};", list(names)),
            Item::Localsplus(item) => item.fmt(f),
            Item::Position(item) => item.fmt(f),
            Item::Table(item) => item.fmt(f),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "machine {}{}", self.name, self.versions)?;
        doc(f, self.doc.as_ref())?;
        writeln!(f, " {{")?;
        for part in &self.parts {
            match part {
                MachinePart::Flavours(words) => print_words(f, "flavours", words)?,
                MachinePart::Guards(words) => print_words(f, "guards", words)?,
                MachinePart::Errors(words) => print_words(f, "errors", words)?,
                MachinePart::States(states) => states.fmt(f)?,
                MachinePart::Group(group) => writeln!(f, "    group {} = {};", group.name, list(&group.states))?,
                MachinePart::Start(start) => writeln!(f, "    start {}{};", list(&start.states), start.versions)?,
                MachinePart::Event(event) => event.fmt(f)?,
            }
        }
        writeln!(f, "}}")
    }
}

fn print_words(f: &mut fmt::Formatter<'_>, what: &str, words: &[Word]) -> fmt::Result {
    writeln!(f, "    {what} {{")?;
    for word in words {
        write!(f, "        {}", word.name)?;
        doc(f, word.text.as_ref())?;
        writeln!(f, ";")?;
    }
    writeln!(f, "    }}")
}

impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("    states")?;
        if let Some(numbers) = &self.numbers {
            write!(f, " from {}{}", if numbers.is_group { "group " } else { "" }, numbers.name)?;
        }
        writeln!(f, "{} {{", self.versions)?;
        for row in &self.rows {
            write!(f, "        {}{}", if row.reserved { "reserved " } else { "" }, row.name)?;
            if let Some(c_name) = &row.c_name {
                write!(f, " {c_name}")?;
            }
            write!(f, "{}", row.versions)?;
            doc(f, row.doc.as_ref())?;
            writeln!(f, ";")?;
        }
        writeln!(f, "    }}")
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n    on {}", self.name)?;
        doc(f, self.doc.as_ref())?;
        if let Some(needs) = &self.needs {
            write!(f, " needs {}", Quoted(needs))?;
        }
        writeln!(f, "{} {{", self.versions)?;
        for row in &self.rows {
            writeln!(f, "        {row}")?;
        }
        writeln!(f, "    }}")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&if self.from.is_empty() { "else".to_owned() } else { list(&self.from) })?;
        for (index, test) in self.tests.iter().enumerate() {
            let word = if index == 0 { "if" } else { "and" };
            write!(f, " {word} {}{}", if test.holds { "" } else { "not " }, test.guard)?;
        }
        if !self.only.is_empty() {
            write!(f, " for {}", list(&self.only))?;
        }
        write!(f, "{} {};", self.versions, self.outcome)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Goes(target) => write!(f, "-> {target}"),
            Outcome::Refuses { what, message, next } => {
                write!(f, "=> {what}")?;
                doc(f, message.as_ref())?;
                next.as_ref().map_or(Ok(()), |next| write!(f, " -> {next}"))
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::State(name) => name.fmt(f),
            Target::End(_) => f.write_str("end"),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layout {}", self.name)?;
        if let Some(of) = &self.of {
            write!(f, " from {of}")?;
        }
        write!(f, "{}", self.versions)?;
        doc(f, self.doc.as_ref())?;
        writeln!(f, " {{")?;
        for part in &self.parts {
            match part {
                LayoutPart::Member(member) => writeln!(f, "    {member}")?,
                LayoutPart::Order(order) => writeln!(f, "    {order}")?,
                LayoutPart::Extra(extra) => {
                    write!(f, "    extra {} {}", extra.name, extra.ty)?;
                    doc(f, extra.doc.as_ref())?;
                    writeln!(f, ";")?;
                }
            }
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(role) = &self.role {
            write!(f, " as {role}")?;
        }
        write!(f, " {}", self.ownership)?;
        if let Some(keeper) = &self.keeper {
            write!(f, " from {keeper}")?;
        }
        if let Some(null) = &self.null {
            write!(f, " null {}", Quoted(null))?;
        }
        if !self.only.is_empty() {
            write!(f, " for {}", list(&self.only))?;
        }
        write!(f, "{} {};", self.versions, Quoted(&self.doc))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter().map(|(name, direction)| match direction {
            Some(direction) => format!("{name} {direction}"),
            None => name.value.clone(),
        });
        write!(f, "{} {}", self.what, fields.collect::<Vec<_>>().join(", "))?;
        if !self.only.is_empty() {
            write!(f, " for {}", list(&self.only))?;
        }
        write!(f, "{};", self.versions)
    }
}

impl fmt::Display for Localsplus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "localsplus {}{}", self.name, self.versions)?;
        doc(f, self.doc.as_ref())?;
        writeln!(f, " {{")?;
        for part in &self.parts {
            match part {
                LocalsplusPart::Kind(kind) => {
                    writeln!(f, "    kind {} {}{} {};", kind.name, kind.c_name, kind.versions, Quoted(&kind.doc))?;
                }
                LocalsplusPart::Region(region) => {
                    write!(f, "    region {}", region.name)?;
                    if !region.holds.is_empty() {
                        write!(f, " holds {}", list(&region.holds))?;
                    }
                    if !region.without.is_empty() {
                        write!(f, " without {}", list(&region.without))?;
                    }
                    writeln!(f, " {};", Quoted(&region.doc))?;
                }
                LocalsplusPart::ArgumentCells(how) => writeln!(f, "    argument_cells {how};")?,
            }
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "position {}{}", self.name, self.versions)?;
        doc(f, self.doc.as_ref())?;
        writeln!(f, " {{")?;
        for (unit, versions) in &self.units {
            writeln!(f, "    unit {unit}{versions};")?;
        }
        for place in &self.places {
            write!(f, "    {}{} =", place.name, place.versions)?;
            for (index, (sign, term)) in place.sum.iter().enumerate() {
                let sign = match sign {
                    Sign::Plus if index == 0 => "",
                    Sign::Plus => " +",
                    Sign::Minus => " -",
                };
                match &term.value {
                    Term::Number(number) => write!(f, "{sign} {number}")?,
                    Term::Name(name) => write!(f, "{sign} {name}")?,
                }
            }
            doc(f, place.doc.as_ref())?;
            writeln!(f, ";")?;
        }
        writeln!(f, "}}")
    }
}
