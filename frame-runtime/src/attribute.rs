//! The attributes of CPython's types, for those who bind them to their VM: which a version has, and what it says to who
//! sets or deletes one.
//!
//! Tables: [`frame_object::ATTRIBUTES`](crate::frame_object::ATTRIBUTES), [`cell::ATTRIBUTES`](crate::cell::ATTRIBUTES), and
//! those of generators and their like in [`generator::attribute`](crate::generator::attribute).

use core::fmt;

use crate::generator::ErrorKind;
use crate::version::Version;

/// An exception and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its type.
    pub error: ErrorKind,
    /// Its text; `{name}` stands for what it is about, `{type}` for the type.
    pattern: &'static str,
    /// The type that has the attribute.
    ty: &'static str,
}

impl Refusal {
    pub(crate) const fn new(error: ErrorKind, pattern: &'static str, ty: &'static str) -> Self {
        Refusal { error, pattern, ty }
    }

    pub(crate) const fn attribute(pattern: &'static str) -> Self {
        Refusal::new(ErrorKind::AttributeError, pattern, "")
    }

    pub(crate) const fn ty(pattern: &'static str) -> Self {
        Refusal::new(ErrorKind::TypeError, pattern, "")
    }

    pub(crate) const fn value(pattern: &'static str) -> Self {
        Refusal::new(ErrorKind::ValueError, pattern, "")
    }

    /// Raised for a member of the struct that cannot be written.
    pub(crate) const READONLY: Refusal = Refusal::attribute("readonly attribute");

    /// Raised for what only a getter belongs to.
    pub(crate) const fn not_writable(ty: &'static str) -> Self {
        Refusal::new(ErrorKind::AttributeError, "attribute '{name}' of '{type}' objects is not writable", ty)
    }

    /// Raised for a method.
    pub(crate) const fn method(ty: &'static str) -> Self {
        Refusal::new(ErrorKind::AttributeError, "'{type}' object attribute '{name}' is read-only", ty)
    }

    /// The text, about an attribute or a variable of this name.
    pub fn message(self, name: &str) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let mut rest = self.pattern;
            while let Some((before, behind)) = rest.split_once('{') {
                f.write_str(before)?;
                let (what, after) = behind.split_once('}').unwrap_or((behind, ""));
                f.write_str(if what == "type" { self.ty } else { name })?;
                rest = after;
            }
            f.write_str(rest)
        })
    }
}

/// What may be done to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Whatever is given is taken. To delete it is to set it to `None`; what a cell contains is gone then.
    Any,
    /// `True` and `False` are taken; all else, 1 included, raises this.
    Bool(Refusal),
    /// A `str` is taken, also one of a subclass; all else raises this.
    Str(Refusal),
    /// An `int` is the line that a traced frame is to go on at.
    Line {
        /// Raised for what is no `int`; `True` and `False` are none.
        other: Refusal,
        /// Raised where no trace function of the frame runs. From 3.11 on all that may be wrong is said by
        /// [`set_lineno`](crate::frame_object::FrameObject::set_lineno).
        untraced: Refusal,
    },
    /// It raises this.
    Refuses(Refusal),
}

/// An attribute of a type.
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

impl Attribute {
    /// The last minor version: rows that end here have no end yet.
    pub(crate) const LAST: u8 = u8::MAX;

    pub(crate) const fn new(name: &'static str, since: u8, until: u8, set: Change, delete: Change) -> Attribute {
        Attribute { name, set, delete, since, until }
    }

    pub(crate) const fn read_only(name: &'static str, since: u8, until: u8, refusal: Refusal) -> Attribute {
        Attribute::new(name, since, until, Change::Refuses(refusal), Change::Refuses(refusal))
    }
}

/// The attributes of a type, of all versions.
#[derive(Debug)]
pub struct Attributes {
    /// The name of the type, `frame`.
    pub type_name: &'static str,
    /// By name.
    rows: &'static [Attribute],
}

impl Attributes {
    pub(crate) const fn new(type_name: &'static str, rows: &'static [Attribute]) -> Attributes {
        Attributes { type_name, rows }
    }

    /// The attributes of a version, by name: fields and methods that the type itself defines, but none that every object has.
    pub fn all<P: Version>(&self) -> impl Iterator<Item = &'static Attribute> + use<P> {
        let minor = P::LAYOUT.minor();
        self.rows.iter().filter(move |row| (row.since..=row.until).contains(&minor))
    }

    /// The attribute of this name; `None` where the version has none.
    ///
    /// ```
    /// use frame_runtime::attribute::Change;
    /// use frame_runtime::frame_object::ATTRIBUTES;
    /// use frame_runtime::version::{Cpython3_13, Cpython3_14};
    ///
    /// assert!(ATTRIBUTES.find::<Cpython3_13>("f_generator").is_none());
    /// let generator = ATTRIBUTES.find::<Cpython3_14>("f_generator").expect("since 3.14");
    /// let Change::Refuses(refusal) = generator.set else { panic!("it cannot be set") };
    /// let message = refusal.message(generator.name).to_string();
    /// assert_eq!(message, "attribute 'f_generator' of 'frame' objects is not writable");
    /// ```
    pub fn find<P: Version>(&self, name: &str) -> Option<&'static Attribute> {
        self.all::<P>().find(|row| row.name == name)
    }

    /// Raised for the value of an attribute that is not there.
    pub const fn unknown(&self) -> Refusal {
        Refusal::new(ErrorKind::AttributeError, "'{type}' object has no attribute '{name}'", self.type_name)
    }

    /// Raised when an attribute that is not there is set or deleted: from 3.13 on it says why none can be added.
    pub fn unknown_to_change<P: Version>(&self) -> Refusal {
        if P::LAYOUT.minor() < 13 {
            return self.unknown();
        }
        let pattern = "'{type}' object has no attribute '{name}' and no __dict__ for setting new attributes";
        Refusal::new(ErrorKind::AttributeError, pattern, self.type_name)
    }
}
