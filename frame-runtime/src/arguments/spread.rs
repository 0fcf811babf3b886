//! What an eval loop says before there is a call: `*` and `**` of the calling expression.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::text::{Sink, put_start};
use super::{marks_cut, names_callee, says_whom_strings};
use crate::version::Version;

/// Why arguments behind `*` or `**` cannot be passed: always a `TypeError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spread<'a> {
    /// What follows `**` is no mapping. Since 3.15 only what has no attribute `keys`; before, also that whose `keys`
    /// raises an `AttributeError`.
    NotMapping {
        /// The name of its type; since 3.15 with its module in front, unless that is `builtins` or `__main__`.
        type_name: &'a str,
    },
    /// What follows `*` is not iterable.
    NotIterable {
        /// The name of its type.
        type_name: &'a str,
        /// Whether it gives all positional arguments: `f(*x)`, and not `f(1, *x)`, where a list is made first.
        alone: bool,
    },
    /// A key of what follows `**` is a keyword already, whatever its type is.
    MultipleValues {
        /// `str()` of the key; in 3.8 its characters.
        key: &'a [u8],
    },
    /// A key of what follows `**` is no `str`.
    KeywordsNotStrings,
}

impl<'a> Spread<'a> {
    /// The message of a version.
    ///
    /// The callee is what `_PyObject_FunctionStr` says: the module, unless it is `builtins` or `None`, and the
    /// `__qualname__`, then `()`: `json.dumps()`; `str()` of what has no `__qualname__`. In 3.8 it is the `__name__` of a
    /// function or native function with `()`; of anything else the name of its type and ` object`.
    ///
    /// ```
    /// use frame_runtime::arguments::Spread;
    /// use frame_runtime::version::Cpython3_14;
    ///
    /// let message = Spread::MultipleValues { key: b"indent" }.message::<Cpython3_14>(b"json.dumps()");
    /// assert_eq!(message.to_string(), "json.dumps() got multiple values for keyword argument 'indent'");
    /// ```
    pub fn message<P: Version>(self, callee: &'a [u8]) -> SpreadMessage<'a, P> {
        SpreadMessage { spread: self, callee, version: PhantomData }
    }
}

/// A message as it is about to be shown: as text, or [whole](Self::to_bytes) with lone surrogates.
pub struct SpreadMessage<'a, P> {
    spread: Spread<'a>,
    callee: &'a [u8],
    version: PhantomData<fn() -> P>,
}

impl<P> fmt::Debug for SpreadMessage<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpreadMessage").field(&self.spread).finish()
    }
}

impl<P: Version> fmt::Display for SpreadMessage<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl<P: Version> SpreadMessage<'_, P> {
    /// The text: UTF-8, a lone surrogate as three bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory does not fail.
        let _ = self.write(&mut bytes);
        bytes
    }

    /// Source: `format_kwargs_error`, `check_args_iterable`, Python/ceval.c; `_PyStack_UnpackDict`, Objects/call.c;
    /// `LIST_EXTEND`, Python/bytecodes.c.
    fn write(&self, out: &mut impl Sink) -> fmt::Result {
        let named = names_callee::<P>();
        match self.spread {
            Spread::NotMapping { type_name } => {
                out.put(if named.mappings { self.callee } else { b"Value" })?;
                out.put(if named.mappings { b" argument" } else { b"" })?;
                out.put(b" after ** must be a mapping, not ")?;
                // The name with a module is not cut.
                if named.mappings {
                    put_start(out, type_name, 200, marks_cut::<P>())
                } else {
                    out.put(type_name.as_bytes())
                }
            }
            Spread::NotIterable { type_name, alone } => {
                let named = if alone { named.only_iterable } else { named.further_iterables };
                out.put(if named { self.callee } else { b"Value" })?;
                out.put(if named { b" argument" } else { b"" })?;
                out.put(b" after * must be an iterable, not ")?;
                put_start(out, type_name, 200, marks_cut::<P>())
            }
            Spread::MultipleValues { key } => {
                out.put(self.callee)?;
                out.put(b" got multiple values for keyword argument '")?;
                out.put(key)?;
                out.put(b"'")
            }
            Spread::KeywordsNotStrings => {
                if says_whom_strings::<P>() {
                    out.put(self.callee)?;
                    out.put(b" ")?;
                }
                out.put(b"keywords must be strings")
            }
        }
    }
}
