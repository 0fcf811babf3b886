//! What fields mean: what each is for, who owns it, when it may be null, and in which order all are dropped.

use super::version::{Flavour, Minor, Range};
use crate::ast::{Direction, Sign};
use crate::source::{At, Span};

/// Who owns what a field refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// A counted reference to an object.
    Strong,
    /// An uncounted reference to an object, kept alive by another field of the same struct.
    Borrowed(At<String>),
    /// An uncounted pointer to a peer, valid by protocol.
    Link,
    /// A pointer to something that is no object.
    Pointer,
    /// Data without references.
    Plain,
    /// A struct held by value, with a layout of its own.
    Embedded,
    /// The header of an object.
    Head,
    /// The variable part.
    Slots,
}

/// The names of the kinds of ownership, and what they mean.
pub const OWNERSHIPS: &[(&str, &str)] = &[
    ("strong", "a counted reference to an object"),
    ("borrowed", "an uncounted reference to an object that another field keeps alive"),
    ("link", "an uncounted pointer to a peer"),
    ("pointer", "a pointer to something that is no object"),
    ("plain", "data without references"),
    ("embedded", "a struct held by value"),
    ("head", "the header of an object"),
    ("slots", "the variable part"),
];

impl Ownership {
    /// Its word in the spec language.
    pub fn word(&self) -> &'static str {
        match self {
            Ownership::Strong => "strong",
            Ownership::Borrowed(_) => "borrowed",
            Ownership::Link => "link",
            Ownership::Pointer => "pointer",
            Ownership::Plain => "plain",
            Ownership::Embedded => "embedded",
            Ownership::Head => "head",
            Ownership::Slots => "slots",
        }
    }
}

/// What the runtime's own frame uses a field for: those that its header must have, and what they are.
pub const FRAME_ROLES: &[(&str, &str)] = &[
    ("executable", "the code object"),
    ("function", "the function object"),
    ("globals", "the globals"),
    ("builtins", "the builtins"),
    ("locals", "the mapping of local names"),
    ("frame_object", "the frame object"),
    ("previous", "the caller's frame"),
    ("instruction", "the instruction pointer"),
    ("stack_top", "the top of the evaluation stack"),
    ("return_offset", "how far behind the call a return goes on"),
    ("owner", "who holds the memory"),
    ("entry", "whether C called"),
    ("visited", "a mark of the cycle collector"),
    ("bytecode_copy", "which thread's copy of the bytecode runs"),
    ("slots", "locals and evaluation stack"),
];

/// The layout whose struct the runtime's own frame header follows.
pub const FRAME_LAYOUT: &str = "interpreter_frame";

/// What the runtime's own frame object uses a field for, and what it is.
pub const OBJECT_ROLES: &[(&str, &str)] = &[
    ("back", "the caller's frame object"),
    ("frame", "where the frame lies"),
    ("trace", "the trace function"),
    ("line", "the line that a trace function is told or sets"),
    ("trace_lines", "whether lines are traced"),
    ("trace_opcodes", "whether instructions are traced"),
    ("fast_as_locals", "whether a snapshot of the locals goes back into the slots"),
    ("extra_locals", "names that are no local variables"),
    ("locals_cache", "the locals as C asked for them"),
    ("overwritten", "values that were replaced from outside"),
    ("own_frame", "room for the frame"),
];

/// The layout whose struct the runtime's own frame object follows.
pub const OBJECT_LAYOUT: &str = "frame_object";

/// What the fields of a struct mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Our name.
    pub name: At<String>,
    /// CPython's struct; absent when it only adds fields to a layout of ours.
    pub of: Option<At<String>>,
    /// In which versions.
    pub range: Range,
    /// What it is.
    pub doc: String,
    /// In the order of the declaration.
    pub members: Vec<Member>,
    /// How the fields are dropped and visited.
    pub orders: Vec<Order>,
    /// Fields that only an extension has.
    pub extras: Vec<Extra>,
}

/// What a field means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// CPython's name.
    pub name: At<String>,
    /// What the runtime uses it for.
    pub role: Option<At<String>>,
    /// Who owns it.
    pub ownership: Ownership,
    /// When it may be null.
    pub null: Option<String>,
    /// Which builds have it; all when `None`.
    pub build: Option<Flavour>,
    /// In which versions.
    pub range: Range,
    /// What it is for.
    pub doc: String,
}

impl Member {
    /// Whether it speaks of a build of a version.
    pub fn covers(&self, minor: Minor, flavour: Flavour) -> bool {
        let free_threaded = |flavour| matches!(flavour, Flavour::FreeThreaded | Flavour::FreeThreadedDebug);
        self.range.contains(minor) && self.build.is_none_or(|build| free_threaded(build) == free_threaded(flavour))
    }
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Dropping references.
    Clear,
    /// Dropping those of a frame that lies in its frame object, when that goes.
    OwnClear,
    /// The cycle collector's visit.
    Traverse,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 3] = [Purpose::Clear, Purpose::OwnClear, Purpose::Traverse];

    /// Its words in the spec language.
    pub fn words(self) -> &'static str {
        match self {
            Purpose::Clear => "clear",
            Purpose::OwnClear => "clear for frame_object",
            Purpose::Traverse => "traverse",
        }
    }

    /// How an order for it is written.
    pub fn pattern(self) -> &'static str {
        match self {
            Purpose::Clear => "clear FIELD, FIELD;",
            Purpose::OwnClear => "clear FIELD, FIELD for frame_object;",
            Purpose::Traverse => "traverse FIELD, FIELD;",
        }
    }
}

/// Who holds a frame and releases it in an order of its own, and which one that is.
pub const HOLDERS: &[(&str, &str)] = &[("frame_object", "the frame object that the frame lies in")];

/// In which order fields are dropped or visited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What for.
    pub purpose: Purpose,
    /// The fields, and in which direction the slots.
    pub fields: Vec<(At<String>, Option<At<Direction>>)>,
    /// In which versions.
    pub range: Range,
    /// The word that begins it.
    pub span: Option<Span>,
}

/// A field that only an extension has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// The field.
    pub name: At<String>,
    /// A Rust integer, or `bool`.
    pub ty: At<String>,
    /// What it is for.
    pub doc: String,
}

/// Rust types that an extra field may have.
pub const EXTRA_TYPES: &[&str] =
    &["bool", "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "f32", "f64"];

impl Layout {
    /// The row of a field in a build of a version.
    pub fn member(&self, name: &str, minor: Minor, flavour: Flavour) -> Option<&Member> {
        self.members.iter().find(|member| member.name.value == name && member.covers(minor, flavour))
    }

    /// The field that has a role in a build of a version.
    pub fn by_role(&self, role: &str, minor: Minor, flavour: Flavour) -> Option<&Member> {
        let has_role = |member: &&Member| member.role.as_ref().is_some_and(|known| known.value == role);
        self.members.iter().filter(|member| member.covers(minor, flavour)).find(has_role)
    }

    /// The order for a purpose in a version.
    pub fn order(&self, purpose: Purpose, minor: Minor) -> Option<&Order> {
        self.orders.iter().find(|order| order.purpose == purpose && order.range.contains(minor))
    }
}

/// What lies in the variable part of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localsplus {
    /// Our name.
    pub name: At<String>,
    /// In which versions.
    pub range: Range,
    /// What it is.
    pub doc: String,
    /// Bits of a variable's kind.
    pub kinds: Vec<Kind>,
    /// In the order of the slots.
    pub regions: Vec<Region>,
    /// Whether the cell of an argument lies in the argument's slot.
    pub argument_cells_share: bool,
}

/// A bit of a variable's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Our name.
    pub name: At<String>,
    /// CPython's name of the bit.
    pub c_name: At<String>,
    /// In which versions.
    pub range: Range,
    /// What it means.
    pub doc: String,
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
    pub doc: String,
}

/// Situations in which a stored instruction pointer is looked at, and what they are.
pub const SITUATIONS: &[(&str, &str)] = &[
    ("new", "a frame that has not begun"),
    ("running", "while an instruction runs"),
    ("calling", "in the caller, while the call runs"),
    ("created", "a generator that has not begun"),
    ("suspended", "a generator at a `yield`"),
    ("delegating", "a generator in a `yield from` or `await`"),
    ("jumped", "after `f_lineno` was set"),
    ("handling", "when a handler begins"),
    ("returned", "where the caller goes on after a return"),
    ("yielded", "where the caller goes on after a yield"),
];

/// What a position may be counted from, and what it is.
pub const ANCHORS: &[(&str, &str)] = &[
    ("start", "the first unit of the code"),
    ("instruction", "the first unit of the instruction"),
    ("next", "the unit behind the instruction and its caches"),
    ("target", "the first unit of the instruction that is jumped to"),
    ("pointer", "what is stored"),
];

/// What may be added to an anchor.
pub const ADDENDS: &[(&str, &str)] =
    &[("caches", "the cache units of the instruction"), ("return_offset", "the field `return_offset`")];

/// What a stored instruction pointer stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// CPython's field.
    pub name: At<String>,
    /// In which versions.
    pub range: Range,
    /// What it is.
    pub doc: String,
    /// Whether it counts bytes, in which versions; otherwise code units.
    pub units: Vec<(At<String>, Range)>,
    /// One or more per situation.
    pub places: Vec<Place>,
}

impl Position {
    /// Where the pointer stands in a situation of a version.
    pub fn place(&self, situation: &str, minor: Minor) -> Option<&Place> {
        self.places.iter().find(|place| place.name.value == situation && place.range.contains(minor))
    }
}

/// Where the pointer stands in a situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The situation.
    pub name: At<String>,
    /// In which versions.
    pub range: Range,
    /// What it is counted from.
    pub anchor: At<String>,
    /// Whether the caches are added.
    pub caches: bool,
    /// Whether `return_offset` is added.
    pub return_offset: bool,
    /// Code units added.
    pub plus: i64,
    /// Why.
    pub doc: String,
}

/// The value of a sign.
pub(crate) fn signed(sign: Sign, number: u64) -> Option<i64> {
    let number = i64::try_from(number).ok()?;
    Some(match sign {
        Sign::Plus => number,
        Sign::Minus => -number,
    })
}
