//! The attributes of frame objects, for those who bind them to their VM: which a version has, and what it says to who
//! sets or deletes one.

use core::fmt;

use crate::version::Version;

/// An exception of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeErrorKind {
    /// `AttributeError`
    AttributeError,
    /// `TypeError`
    TypeError,
    /// `ValueError`
    ValueError,
}

/// An exception and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its type.
    pub error: AttributeErrorKind,
    /// Its text; `{name}` stands for the attribute.
    pattern: &'static str,
}

impl Refusal {
    const fn attribute(pattern: &'static str) -> Self {
        Refusal { error: AttributeErrorKind::AttributeError, pattern }
    }

    const fn ty(pattern: &'static str) -> Self {
        Refusal { error: AttributeErrorKind::TypeError, pattern }
    }

    const fn value(pattern: &'static str) -> Self {
        Refusal { error: AttributeErrorKind::ValueError, pattern }
    }

    /// The text, about an attribute of this name.
    pub fn message(self, name: &str) -> impl fmt::Display {
        fmt::from_fn(move |f| match self.pattern.split_once("{name}") {
            Some((before, after)) => write!(f, "{before}{name}{after}"),
            None => f.write_str(self.pattern),
        })
    }
}

/// What may be done to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Whatever is given is taken. To delete it is to set it to `None`.
    Any,
    /// `True` and `False` are taken; all else, 1 included, raises this.
    Bool(Refusal),
    /// An `int` is the line that a traced frame is to go on at.
    Line {
        /// Raised for what is no `int`; `True` and `False` are none.
        other: Refusal,
        /// Raised where no trace function of the frame runs. What else can be wrong with a line is for who jumps.
        untraced: Refusal,
    },
    /// It raises this.
    Refuses(Refusal),
}

/// An attribute of frame objects.
///
/// Source: `frame_getsetlist`, `frame_memberlist`, Objects/frameobject.c.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, `f_back`.
    pub name: &'static str,
    /// What setting it does.
    pub set: Change,
    /// What deleting it does.
    pub delete: Change,
    /// First minor version with this row.
    since: u8,
    /// Last minor version with this row.
    until: u8,
}

const fn change(name: &'static str, since: u8, until: u8, set: Change, delete: Change) -> Attribute {
    Attribute { name, set, delete, since, until }
}

const fn read_only(name: &'static str, since: u8, until: u8, refusal: Refusal) -> Attribute {
    change(name, since, until, Change::Refuses(refusal), Change::Refuses(refusal))
}

/// A member of the struct that cannot be written, until 3.10.
const READONLY: Refusal = Refusal::attribute("readonly attribute");
const NOT_WRITABLE: Refusal = Refusal::attribute("attribute '{name}' of 'frame' objects is not writable");
const METHOD: Refusal = Refusal::attribute("'frame' object attribute '{name}' is read-only");
const NO_BOOL: Change = Change::Bool(Refusal::ty("attribute value type must be bool"));
const NUMERIC: Change = Change::Refuses(Refusal::ty("can't delete numeric/char attribute"));
/// Before 3.14.
const CANNOT_DELETE: Change = Change::Refuses(Refusal::attribute("cannot delete attribute"));
const CANNOT_DELETE_NAMED: Change = Change::Refuses(Refusal::attribute("cannot delete attribute {name}"));
const CANNOT_BE_DELETED: Change =
    Change::Refuses(Refusal::attribute("attribute '{name}' of 'frame' objects cannot be deleted"));

const fn line(untraced: &'static str) -> Change {
    Change::Line { other: Refusal::value("lineno must be an integer"), untraced: Refusal::value(untraced) }
}

const LAST: u8 = u8::MAX;

/// Rows of all versions, by name.
const ATTRIBUTES: &[Attribute] = &[
    read_only("clear", 8, LAST, METHOD),
    read_only("f_back", 8, 10, READONLY),
    read_only("f_back", 11, LAST, NOT_WRITABLE),
    read_only("f_builtins", 8, 10, READONLY),
    read_only("f_builtins", 11, LAST, NOT_WRITABLE),
    read_only("f_code", 8, 10, READONLY),
    read_only("f_code", 11, LAST, NOT_WRITABLE),
    read_only("f_generator", 14, LAST, NOT_WRITABLE),
    read_only("f_globals", 8, 10, READONLY),
    read_only("f_globals", 11, LAST, NOT_WRITABLE),
    read_only("f_lasti", 8, 9, READONLY),
    read_only("f_lasti", 10, LAST, NOT_WRITABLE),
    // 3.10 says of a frame that is over "can only jump from a 'line' trace event".
    change("f_lineno", 8, 10, line("f_lineno can only be set by a trace function"), CANNOT_DELETE),
    change("f_lineno", 11, 11, line("can't jump from the 'call' trace event of a new frame"), CANNOT_DELETE),
    change("f_lineno", 12, 13, line("f_lineno can only be set in a trace function"), CANNOT_DELETE),
    change("f_lineno", 14, LAST, line("f_lineno can only be set in a trace function"), CANNOT_BE_DELETED),
    read_only("f_locals", 8, LAST, NOT_WRITABLE),
    change("f_trace", 8, LAST, Change::Any, Change::Any),
    change("f_trace_lines", 8, LAST, NO_BOOL, NUMERIC),
    change("f_trace_opcodes", 8, 11, NO_BOOL, NUMERIC),
    // 3.12 and early 3.13 read through a null pointer instead.
    change("f_trace_opcodes", 12, 13, NO_BOOL, CANNOT_DELETE_NAMED),
    change("f_trace_opcodes", 14, LAST, NO_BOOL, CANNOT_BE_DELETED),
];

/// Whether errors about attributes that are not there say why none can be added.
fn says_no_dict<P: Version>() -> bool {
    P::LAYOUT.minor() >= 13
}

impl Attribute {
    /// The name of the type.
    pub const TYPE: &str = "frame";

    /// Raised for the value of an attribute that is not there.
    pub const UNKNOWN: Refusal = Refusal::attribute("'frame' object has no attribute '{name}'");

    /// The attributes of a version, its methods included, by name.
    pub fn all<P: Version>() -> impl Iterator<Item = &'static Attribute> {
        let minor = P::LAYOUT.minor();
        ATTRIBUTES.iter().filter(move |row| (row.since..=row.until).contains(&minor))
    }

    /// The attribute of this name; `None` where the version has none.
    ///
    /// ```
    /// use frame_runtime::frame_object::{Attribute, Change};
    /// use frame_runtime::version::{Cpython3_13, Cpython3_14};
    ///
    /// assert!(Attribute::find::<Cpython3_13>("f_generator").is_none());
    /// let generator = Attribute::find::<Cpython3_14>("f_generator").expect("since 3.14");
    /// let Change::Refuses(refusal) = generator.set else { panic!("it cannot be set") };
    /// let message = refusal.message(generator.name).to_string();
    /// assert_eq!(message, "attribute 'f_generator' of 'frame' objects is not writable");
    /// ```
    pub fn find<P: Version>(name: &str) -> Option<&'static Attribute> {
        Attribute::all::<P>().find(|row| row.name == name)
    }

    /// Raised when an attribute that is not there is set or deleted.
    pub fn unknown_to_change<P: Version>() -> Refusal {
        if says_no_dict::<P>() {
            Refusal::attribute("'frame' object has no attribute '{name}' and no __dict__ for setting new attributes")
        } else {
            Self::UNKNOWN
        }
    }
}
