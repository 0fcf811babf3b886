//! What becomes of the arguments of a call: which slot of the new frame takes which value, or CPython's `TypeError`.
//!
//! Binding is a [`Plan`], made before anything moves. Making it compares names and looks defaults up, which may run code
//! of the program, and under a moving collector every object may lie elsewhere afterwards: so no value is held, all is
//! told by number. A VM then makes the tuple of `*args` and the dict of `**kwargs`, and at last moves the values into
//! the slots, which neither fails nor allocates nor runs anything.
//!
//! - [`Signature`] is what a code object says of its parameters; [`takes_exactly`](Signature::takes_exactly) is the one
//!   check for calls that need no plan;
//! - [`Call`] is one call, as the VM sees it; [`Names`] are the texts for messages. [`CodeCall`] is both for VMs
//!   whose values stay where they are;
//! - [`Failure`] says why there is no plan, and its [`message`](Failure::message) how the version says so.
//!
//! Parameters are numbered like the slots of a frame: positional ones first, the positional-only ones among them in
//! front, then keyword-only ones, then `*args`, then `**kwargs`. Arguments are numbered as they lie in a vectorcall: the
//! positional ones first, then the values of keywords in the order of their names.
//!
//! ```
//! use std::borrow::Cow;
//! use std::convert::Infallible;
//!
//! use frame_runtime::arguments::{BindError, Call, Names, Plan, Signature, Source};
//! use frame_runtime::version::Cpython3_14;
//!
//! /// A call of `def f(first, second=None)` with these keywords.
//! struct Named<'a>(&'a [&'a str]);
//!
//! const PARAMETERS: [&str; 2] = ["first", "second"];
//!
//! impl Names for Named<'_> {
//!     type Python = Cpython3_14;
//!     fn function(&self) -> Cow<'_, [u8]> { Cow::Borrowed(b"f") }
//!     fn parameter(&self, slot: usize) -> Cow<'_, [u8]> { Cow::Borrowed(PARAMETERS[slot].as_bytes()) }
//!     fn keyword(&self, keyword: usize) -> Cow<'_, [u8]> { Cow::Borrowed(self.0[keyword].as_bytes()) }
//!     fn keyword_type(&self, _: usize) -> Cow<'_, str> { Cow::Borrowed("str") }
//! }
//!
//! impl Call for Named<'_> {
//!     type Exception = Infallible;
//!     fn positional(&self) -> usize { 0 }
//!     fn keywords(&self) -> usize { self.0.len() }
//!     fn is_string(&self, _: usize) -> bool { true }
//!     fn is_parameter(&self, _: usize, _: usize) -> bool { false } // nothing is interned here
//!     fn equals_parameter(&mut self, keyword: usize, slot: usize) -> Result<bool, Infallible> {
//!         Ok(self.0[keyword] == PARAMETERS[slot])
//!     }
//!     fn defaults(&mut self) -> usize { 1 }
//!     fn find_keyword_default(&mut self, _: usize) -> Result<bool, Infallible> { Ok(false) }
//! }
//!
//! let f = Signature { argcount: 2, ..Signature::default() };
//! let plan = Plan::new(&f, &mut Named(&["first"])).expect("it fits");
//! assert!(plan.sources().eq([Source::Argument(0), Source::Default(0)]));
//!
//! let mut call = Named(&["fist"]);
//! let Err(BindError::TypeError(failure)) = Plan::new(&f, &mut call) else { panic!("no such parameter") };
//! assert_eq!(
//!     failure.message(&call).to_string(),
//!     "f() got an unexpected keyword argument 'fist'. Did you mean 'first'?"
//! );
//! ```
//!
//! What an eval loop does before, `*` and `**` of the calling expression, is the VM's; [`Spread`] has the messages. Cells
//! that are made of arguments are made by the code itself.

mod code_call;
mod distance;
mod failure;
mod frame;
mod plan;
mod spread;
mod text;

use alloc::borrow::Cow;

pub use code_call::{CodeCall, Strings};
pub use failure::{Failure, Message};
pub use plan::{Plan, Source};
pub use spread::{Spread, SpreadMessage};

use crate::code::Code;
use crate::version::Version;
use crate::vm::Vm;

/// The parameters of a function, as its code object counts them. The counts are believed: a [`Plan`] has an entry for
/// each parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Positional parameters, the positional-only ones included (`co_argcount`).
    pub argcount: u32,
    /// Positional-only parameters (`co_posonlyargcount`).
    pub posonlyargcount: u32,
    /// Keyword-only parameters (`co_kwonlyargcount`).
    pub kwonlyargcount: u32,
    /// Whether there is `*args` (`CO_VARARGS`).
    pub varargs: bool,
    /// Whether there is `**kwargs` (`CO_VARKEYWORDS`).
    pub varkeywords: bool,
}

impl Signature {
    /// The parameters of a code object. A VM does this once per code object, not per call: the flags are looked up by
    /// name.
    pub fn of<V: Vm>(code: &Code<V>) -> Signature {
        let flags = V::Python::LAYOUT.find_numbers("code_flags");
        let has = |name| {
            let bits = flags.and_then(|flags| flags.value(name)).unwrap_or(0);
            i64::from(code.flags()) & bits != 0
        };
        Signature {
            argcount: code.argcount(),
            posonlyargcount: code.posonlyargcount(),
            kwonlyargcount: code.kwonlyargcount(),
            varargs: has("CO_VARARGS"),
            varkeywords: has("CO_VARKEYWORDS"),
        }
    }

    /// Whether a call has exactly the arguments that are wanted, by position: argument `i` goes to slot `i`, nothing
    /// else is to be done, and no [`Plan`] is needed.
    ///
    /// ```
    /// use frame_runtime::arguments::Signature;
    ///
    /// let pair = Signature { argcount: 2, ..Signature::default() };
    /// assert!(pair.takes_exactly(2, 0));
    /// assert!(!pair.takes_exactly(1, 0)); // a default, or an error
    /// assert!(!pair.takes_exactly(1, 1));
    /// ```
    #[inline(always)]
    pub const fn takes_exactly(&self, positional: usize, keywords: usize) -> bool {
        self.argcount as usize == positional
            && keywords == 0
            && self.kwonlyargcount == 0
            && !self.varargs
            && !self.varkeywords
    }

    /// Parameters that take one value each: the slot of `*args`, or of `**kwargs` where there is no `*args`.
    pub const fn parameters(&self) -> usize {
        self.argcount as usize + self.kwonlyargcount as usize
    }

    /// Slots of all parameters.
    pub const fn slots(&self) -> usize {
        self.parameters() + self.varargs as usize + self.varkeywords as usize
    }
}

/// The texts that messages are made of: UTF-8, a lone surrogate as three bytes. Asked only when there is a message.
pub trait Names {
    /// The version whose messages they are.
    type Python: Version;

    /// What messages call the function: its `__qualname__`, or the code's `co_name` where [`says_qualname`] is false.
    fn function(&self) -> Cow<'_, [u8]>;

    /// The name of the parameter in a slot.
    fn parameter(&self, slot: usize) -> Cow<'_, [u8]>;

    /// The characters of a keyword that is a `str`, also one of a subclass; anything for another object.
    fn keyword(&self, keyword: usize) -> Cow<'_, [u8]>;

    /// What `str()` makes of a keyword that is a `str`: something else than its characters only for a subclass with a
    /// `__str__` of its own. As that may run code and fail, a VM that has such classes calls it first, for the one keyword
    /// that [`Failure::shows`].
    fn keyword_str(&self, keyword: usize) -> Cow<'_, [u8]> {
        self.keyword(keyword)
    }

    /// The name of a keyword's type, `int`: asked where a keyword is no `str`.
    fn keyword_type(&self, keyword: usize) -> Cow<'_, str>;
}

/// One call of one function. Counts are always the same; no comparison and no look-up is asked for twice.
pub trait Call: Names {
    /// What the VM raises.
    type Exception;

    /// Positional arguments.
    fn positional(&self) -> usize;

    /// Keyword arguments.
    fn keywords(&self) -> usize;

    /// Whether a keyword is a `str`, also one of a subclass. Runs no code.
    fn is_string(&self, keyword: usize) -> bool;

    /// Whether a keyword and the name of a parameter are the same object. Runs no code.
    fn is_parameter(&self, keyword: usize, slot: usize) -> bool;

    /// Python's `keyword == name` of two that are not the same object. Of two exact strings it compares characters;
    /// otherwise it runs what the objects' types have. The keyword is a `str`, except where positional-only parameters
    /// are looked for among all keywords.
    ///
    /// # Errors
    ///
    /// What the comparison raises.
    fn equals_parameter(&mut self, keyword: usize, slot: usize) -> Result<bool, Self::Exception>;

    /// The number of defaults of positional parameters (`__defaults__`), those of the last parameters; it may be larger
    /// than the number of parameters. Asked after all keywords have their place: comparing may have changed it. The
    /// defaults that the plan speaks of are those that there are now.
    fn defaults(&mut self) -> usize;

    /// Whether the keyword-only parameter in a slot has a default (`__kwdefaults__`). A look-up in a dict may run code: a
    /// VM keeps the value that it found until the plan is carried out.
    ///
    /// # Errors
    ///
    /// What the look-up raises.
    fn find_keyword_default(&mut self, slot: usize) -> Result<bool, Self::Exception>;
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindError<E> {
    /// A `TypeError`, with this message.
    TypeError(Failure),
    /// What the VM raised when it was asked.
    Raised(E),
}

/// Whether a version calls functions by their `__qualname__` in messages about arguments; else by the code's `co_name`.
pub const fn says_qualname<P: Version>() -> bool {
    P::LAYOUT.minor() >= 10
}

/// Whether a version suggests the name of a parameter for a keyword that no parameter has.
const fn suggests<P: Version>() -> bool {
    P::LAYOUT.minor() >= 13
}

/// Which messages about `*` and `**` name the callee; the others speak of a value.
struct NamesCallee {
    mappings: bool,
    only_iterable: bool,
    further_iterables: bool,
}

const fn names_callee<P: Version>() -> NamesCallee {
    let named = P::LAYOUT.minor() < 15;
    NamesCallee { mappings: named, only_iterable: named, further_iterables: P::LAYOUT.minor() < 9 }
}

/// Whether a version says whose keywords behind `**` must be strings.
const fn says_whom_strings<P: Version>() -> bool {
    P::LAYOUT.minor() < 9
}

/// Whether a version marks where it cut a character of a type's name in two.
const fn marks_cut<P: Version>() -> bool {
    P::LAYOUT.minor() < 14
}
