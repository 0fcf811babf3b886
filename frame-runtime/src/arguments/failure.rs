//! Why a call does not fit its function, and how each version says so.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::text::{Sink, put_start, quoted};
use super::{Names, distance, marks_cut, suggests};

/// Why the arguments of a call do not fit: always a `TypeError`. Keywords and slots are told by number; the texts come
/// in with [`message`](Self::message).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A keyword is no `str`. Only a native caller can come to this: `**` in an expression is checked before.
    KeywordsNotStrings,
    /// A keyword that no parameter has, and no `**kwargs` to take it.
    UnexpectedKeyword {
        /// The keyword.
        keyword: u32,
        /// Slots of the parameters that can be named, half-open.
        named: Range<u32>,
    },
    /// A parameter has its value already, by position or by an equal keyword.
    MultipleValues {
        /// The keyword.
        keyword: u32,
    },
    /// Keywords that are names of positional-only parameters.
    PositionalOnly {
        /// The keywords in the order of the parameters.
        keywords: Box<[u32]>,
    },
    /// The same, but one of the keywords is no `str`, and cannot be named in the message.
    PositionalOnlyNotString {
        /// Its place among the keywords that are names of positional-only parameters, from 0.
        item: usize,
        /// The keyword.
        keyword: u32,
    },
    /// More positional arguments than parameters.
    TooManyPositional {
        /// Positional parameters.
        argcount: usize,
        /// Their defaults.
        defaults: usize,
        /// Positional arguments.
        given: usize,
        /// Keyword-only parameters that got a value by the call.
        keyword_only: usize,
    },
    /// Positional parameters without value and default.
    MissingPositional {
        /// Their slots, ascending; at least one.
        slots: Box<[u32]>,
    },
    /// Keyword-only parameters without value and default.
    MissingKeywordOnly {
        /// Their slots, ascending; at least one.
        slots: Box<[u32]>,
    },
}

impl Failure {
    /// The keyword whose `str()` the message shows, if it shows one. See [`Names::keyword_str`].
    pub fn shows(&self) -> Option<usize> {
        match self {
            Failure::UnexpectedKeyword { keyword, .. } | Failure::MultipleValues { keyword } => Some(*keyword as usize),
            _ => None,
        }
    }

    /// The message of the version that the names are of. Nothing is made before it is shown.
    pub fn message<'a, N: Names>(&'a self, names: &'a N) -> Message<'a, N> {
        Message { failure: self, names }
    }
}

/// A message as it is about to be shown.
///
/// Shown as text it has replacement characters where a name holds a lone surrogate; [`to_bytes`](Self::to_bytes) has it
/// whole.
pub struct Message<'a, N> {
    failure: &'a Failure,
    names: &'a N,
}

impl<N> fmt::Debug for Message<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(self.failure).finish()
    }
}

impl<N: Names> fmt::Display for Message<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl<N: Names> Message<'_, N> {
    /// The text: UTF-8, a lone surrogate as three bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory does not fail.
        let _ = self.write(&mut bytes);
        bytes
    }

    /// Source: `initialize_locals`, `too_many_positional`, `missing_arguments`, `format_missing`,
    /// `positional_only_passed_as_keyword`, Python/ceval.c; `PyUnicode_Join`, Objects/unicodeobject.c.
    fn write(&self, out: &mut impl Sink) -> fmt::Result {
        let names = self.names;
        if let Failure::PositionalOnlyNotString { item, keyword } = self.failure {
            let found = names.keyword_type(*keyword as usize);
            out.put_args(format_args!("sequence item {item}: expected str instance, "))?;
            put_start(out, &found, 80, marks_cut::<N::Python>())?;
            return out.put(b" found");
        }
        out.put(&names.function())?;
        match self.failure {
            Failure::PositionalOnlyNotString { .. } => Ok(()),
            Failure::KeywordsNotStrings => out.put(b"() keywords must be strings"),
            Failure::UnexpectedKeyword { keyword, named } => {
                out.put(b"() got an unexpected keyword argument '")?;
                out.put(&names.keyword_str(*keyword as usize))?;
                out.put(b"'")?;
                match suggestion(names, *keyword as usize, named) {
                    Some(slot) => {
                        out.put(b". Did you mean '")?;
                        out.put(&names.parameter(slot))?;
                        out.put(b"'?")
                    }
                    None => Ok(()),
                }
            }
            Failure::MultipleValues { keyword } => {
                out.put(b"() got multiple values for argument '")?;
                out.put(&names.keyword_str(*keyword as usize))?;
                out.put(b"'")
            }
            Failure::PositionalOnly { keywords } => {
                out.put(b"() got some positional-only arguments passed as keyword arguments: '")?;
                for (place, keyword) in keywords.iter().enumerate() {
                    out.put(if place == 0 { b"" } else { b", " })?;
                    out.put(&names.keyword(*keyword as usize))?;
                }
                out.put(b"'")
            }
            Failure::TooManyPositional { argcount, defaults, given, keyword_only } => {
                out.put(b"() takes ")?;
                if *defaults > 0 {
                    // More defaults than parameters make this negative, in CPython too.
                    let least = i128::try_from(*argcount).unwrap_or(0) - i128::try_from(*defaults).unwrap_or(0);
                    out.put_args(format_args!("from {least} to "))?;
                }
                let takes = if *defaults > 0 || *argcount != 1 { "s" } else { "" };
                out.put_args(format_args!("{argcount} positional argument{takes} but {given}"))?;
                if *keyword_only > 0 {
                    let (s, of_keywords) = (plural(*given), plural(*keyword_only));
                    let said =
                        format_args!(" positional argument{s} (and {keyword_only} keyword-only argument{of_keywords})");
                    out.put_args(said)?;
                }
                out.put(if *given == 1 && *keyword_only == 0 { b" was given" } else { b" were given" })
            }
            Failure::MissingPositional { slots } => missing(out, names, "positional", slots),
            Failure::MissingKeywordOnly { slots } => missing(out, names, "keyword-only", slots),
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn missing<N: Names>(out: &mut impl Sink, names: &N, kind: &str, slots: &[u32]) -> fmt::Result {
    let count = slots.len();
    out.put_args(format_args!("() missing {count} required {kind} argument{}: ", plural(count)))?;
    for (place, slot) in slots.iter().enumerate() {
        out.put(match (place, count - place) {
            (0, _) => b"",
            (1, 1) => b" and ",
            (_, 1) => b", and ",
            _ => b", ",
        })?;
        quoted(out, &names.parameter(*slot as usize))?;
    }
    Ok(())
}

/// The parameter that may have been meant, in versions that say so.
fn suggestion<N: Names>(names: &N, keyword: usize, named: &Range<u32>) -> Option<usize> {
    if !suggests::<N::Python>() {
        return None;
    }
    let slots = named.start as usize..named.end as usize;
    distance::nearest(&names.keyword(keyword), slots, |slot| names.parameter(slot))
}
