//! Which slot takes which value.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::{BindError, Call, Failure, Signature};

/// Where the value of a slot comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// An argument of the call, from 0: positional ones, then the values of keywords.
    Argument(u32),
    /// A default of the positional parameters, an index into `__defaults__`.
    Default(u32),
    /// The default of the keyword-only parameter in this slot, which [`Call::find_keyword_default`] found.
    KeywordDefault(u32),
    /// The tuple of the arguments [`Plan::rest`].
    Rest,
    /// The dict of the keywords and arguments [`Plan::keywords`].
    Keywords,
}

/// A source of each slot of the parameters, the first slot first.
///
/// Every argument of the call has exactly one place: a slot, [`rest`](Self::rest), or [`keywords`](Self::keywords).
/// Defaults may be in any number of calls: a slot takes a reference of its own.
///
/// This holds for as many arguments as [`passed`](Self::passed) says, whatever a [`Call`] answers later: whoever
/// moves values by a plan without looking compares that number with what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    slots: Slots,
    /// Arguments of `*args`.
    rest: Option<Range<usize>>,
    /// Keywords of `**kwargs`, by number.
    keywords: Option<Vec<u32>>,
    positional: usize,
    passed: usize,
}

/// Slots for which no memory is allocated.
const FEW: usize = 12;

/// The sources of slots: `None` is one that has none yet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Slots {
    Few([Option<Source>; FEW], usize),
    Many(Box<[Option<Source>]>),
}

impl Slots {
    fn new(count: usize) -> Slots {
        if count <= FEW { Slots::Few([None; FEW], count) } else { Slots::Many(alloc::vec![None; count].into()) }
    }

    fn get(&self) -> &[Option<Source>] {
        match self {
            Slots::Few(slots, count) => slots.get(..*count).unwrap_or_default(),
            Slots::Many(slots) => slots,
        }
    }

    fn get_mut(&mut self) -> &mut [Option<Source>] {
        match self {
            Slots::Few(slots, count) => slots.get_mut(..*count).unwrap_or_default(),
            Slots::Many(slots) => slots,
        }
    }

    fn is_bound(&self, slot: usize) -> bool {
        self.get().get(slot).is_some_and(Option::is_some)
    }

    fn bind(&mut self, slot: usize, source: Source) {
        if let Some(slot) = self.get_mut().get_mut(slot) {
            *slot = Some(source);
        }
    }

    /// Slots of a range without a source.
    fn unbound(&self, range: Range<usize>) -> Box<[u32]> {
        range.filter(|slot| !self.is_bound(*slot)).map(number).collect()
    }
}

/// Slots are counted by numbers of 32 bits, and arguments lie in memory, a word each: more than a `u32` holds of them are
/// not there.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Plan {
    /// Decides where every argument goes, in the order in which CPython decides it.
    ///
    /// Source: `initialize_locals`, Python/ceval.c; before 3.11 `_PyEval_EvalCode`.
    ///
    /// # Errors
    ///
    /// The first thing that CPython finds wrong with the call, or what the VM raised first.
    pub fn new<C: Call>(signature: &Signature, call: &mut C) -> Result<Plan, BindError<C::Exception>> {
        let argcount = signature.argcount as usize;
        let parameters = signature.parameters();
        let (positional, keywords) = (call.positional(), call.keywords());
        let mut slots = Slots::new(signature.slots());

        let taken = positional.min(argcount);
        for slot in 0..taken {
            slots.bind(slot, Source::Argument(number(slot)));
        }
        let rest = signature.varargs.then_some(taken..positional);
        if signature.varargs {
            slots.bind(parameters, Source::Rest);
        }
        if signature.varkeywords {
            slots.bind(parameters + usize::from(signature.varargs), Source::Keywords);
        }

        let mut others = signature.varkeywords.then(Vec::new);
        for keyword in 0..keywords {
            if !call.is_string(keyword) {
                return Err(BindError::TypeError(Failure::KeywordsNotStrings));
            }
            match (find(signature, call, keyword).map_err(BindError::Raised)?, &mut others) {
                (Some(slot), _) if slots.is_bound(slot) => {
                    return Err(BindError::TypeError(Failure::MultipleValues { keyword: number(keyword) }));
                }
                (Some(slot), _) => slots.bind(slot, Source::Argument(number(positional.saturating_add(keyword)))),
                (None, Some(others)) => others.push(number(keyword)),
                (None, None) => {
                    let failure = unexpected(signature, call, keyword).map_err(BindError::Raised)?;
                    return Err(BindError::TypeError(failure));
                }
            }
        }

        if positional > argcount && !signature.varargs {
            let keyword_only = (argcount..parameters).filter(|slot| slots.is_bound(*slot)).count();
            let (given, defaults) = (positional, call.defaults());
            return Err(BindError::TypeError(Failure::TooManyPositional { argcount, defaults, given, keyword_only }));
        }
        if positional < argcount {
            let defaults = call.defaults();
            let required = argcount.saturating_sub(defaults);
            let missing = slots.unbound(0..required);
            if !missing.is_empty() {
                return Err(BindError::TypeError(Failure::MissingPositional { slots: missing }));
            }
            // Where there are more defaults than parameters, the last ones count.
            for slot in required..argcount {
                if !slots.is_bound(slot) {
                    slots.bind(slot, Source::Default(number(slot + defaults - argcount)));
                }
            }
        }
        for slot in argcount..parameters {
            if !slots.is_bound(slot) && call.find_keyword_default(slot).map_err(BindError::Raised)? {
                slots.bind(slot, Source::KeywordDefault(number(slot)));
            }
        }
        let missing = slots.unbound(argcount..parameters);
        if !missing.is_empty() {
            return Err(BindError::TypeError(Failure::MissingKeywordOnly { slots: missing }));
        }
        Ok(Plan { slots, rest, keywords: others, positional, passed: positional.saturating_add(keywords) })
    }

    /// The sources in the order of the slots, from slot 0 to that of the last parameter.
    ///
    /// ```
    /// # use frame_runtime::arguments::{Plan, Source};
    /// # fn fill(plan: &Plan, arguments: &[char], defaults: &[char], rest: char) -> Vec<char> {
    /// let value = |source| match source {
    ///     Source::Argument(argument) => arguments[argument as usize],
    ///     Source::Default(default) => defaults[default as usize],
    ///     Source::Rest => rest,
    ///     Source::KeywordDefault(_) | Source::Keywords => unreachable!("the signature has none"),
    /// };
    /// plan.sources().map(value).collect()
    /// # }
    /// ```
    #[inline]
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        self.slots.get().iter().copied().flatten()
    }

    /// How many arguments have a slot of their own.
    pub(crate) fn arguments(&self) -> usize {
        self.sources().filter(|source| matches!(source, Source::Argument(_))).count()
    }

    /// The arguments of `*args`, half-open, maybe none; `None` where the function has no such parameter.
    pub fn rest(&self) -> Option<Range<usize>> {
        self.rest.clone()
    }

    /// What `**kwargs` holds, in the order in which it is put into the dict: the numbers of keywords, and of the
    /// arguments that are their values. `None` where the function has no such parameter. Of equal keywords, which only a
    /// native caller can pass, the last value stays, as in any dict.
    pub fn keywords(&self) -> Option<impl ExactSizeIterator<Item = (usize, usize)>> {
        let positional = self.positional;
        let pair = move |keyword: &u32| (*keyword as usize, positional.saturating_add(*keyword as usize));
        self.keywords.as_ref().map(|keywords| keywords.iter().map(pair))
    }

    /// The arguments of the call, those of keywords included.
    pub fn passed(&self) -> usize {
        self.passed
    }
}

/// The slot that a keyword names: first by identity, since names are interned, then by equality.
fn find<C: Call>(signature: &Signature, call: &mut C, keyword: usize) -> Result<Option<usize>, C::Exception> {
    let named = signature.posonlyargcount as usize..signature.parameters();
    if let Some(slot) = named.clone().find(|slot| call.is_parameter(keyword, *slot)) {
        return Ok(Some(slot));
    }
    for slot in named {
        if call.equals_parameter(keyword, slot)? {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// Why a keyword that names no parameter is refused: if any keyword of the call names a positional-only parameter, that
/// is said of all that do.
///
/// Source: `positional_only_passed_as_keyword`, Python/ceval.c.
fn unexpected<C: Call>(signature: &Signature, call: &mut C, keyword: usize) -> Result<Failure, C::Exception> {
    let mut found = Vec::new();
    for slot in 0..signature.posonlyargcount as usize {
        for other in 0..call.keywords() {
            if call.is_parameter(other, slot) || call.equals_parameter(other, slot)? {
                found.push(number(other));
            }
        }
    }
    if found.is_empty() {
        let named = signature.posonlyargcount..number(signature.parameters());
        return Ok(Failure::UnexpectedKeyword { keyword: number(keyword), named });
    }
    Ok(match found.iter().zip(0..).find(|(keyword, _)| !call.is_string(**keyword as usize)) {
        Some((keyword, item)) => Failure::PositionalOnlyNotString { item, keyword: *keyword },
        None => Failure::PositionalOnly { keywords: found.into() },
    })
}
