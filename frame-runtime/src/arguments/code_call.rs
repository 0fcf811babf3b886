//! Calls of a VM whose code objects are [`Code`] and whose values stay where they are.

use alloc::borrow::Cow;

use super::{Call, Names};
use crate::code::Code;
use crate::vm::{Objects, Value as _};

/// What names are to a VM. All has an answer that does for VMs without subclasses of `str`.
pub trait Strings: Objects {
    /// The characters of a `str`, also of one of a subclass; `None` for anything else.
    fn characters<'a>(&self, value: &'a Self::Value) -> Option<Cow<'a, [u8]>> {
        self.text(value)
    }

    /// Python's `==` of a keyword and the name of a parameter, where the keyword is no exact `str`.
    ///
    /// # Errors
    ///
    /// What the comparison raises.
    fn same_name(&self, keyword: &Self::Value, name: &Self::Value) -> Result<bool, Self::Exception> {
        let characters = self.characters(keyword);
        Ok(characters.is_some() && characters == self.characters(name))
    }

    /// `str()` of a keyword, for messages; see [`Names::keyword_str`].
    fn shown<'a>(&self, keyword: &'a Self::Value) -> Cow<'a, [u8]> {
        self.characters(keyword).unwrap_or_default()
    }
}

/// Its strings are all exact.
#[cfg(feature = "pyc")]
impl<P: crate::version::Version> Strings for crate::plain::Plain<P> {}

/// A call of a function whose code is a [`Code`].
pub struct CodeCall<'a, V: Objects, F> {
    /// The VM.
    pub vm: &'a V,
    /// The function's code.
    pub code: &'a Code<V>,
    /// The function's `__qualname__`; versions before 3.10 do not ask.
    pub qualname: &'a V::Value,
    /// The number of positional arguments.
    pub positional: usize,
    /// The names of keyword arguments.
    pub keywords: &'a [V::Value],
    /// The number of the function's positional defaults.
    pub defaults: usize,
    /// Whether there is a default for a keyword-only parameter: its slot and its name.
    pub keyword_default: F,
}

impl<V: Objects, F> core::fmt::Debug for CodeCall<'_, V, F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("CodeCall");
        shown.field("code", &self.code).field("positional", &self.positional);
        shown.field("keywords", &self.keywords.len()).field("defaults", &self.defaults).finish_non_exhaustive()
    }
}

impl<'a, V: Objects, F> CodeCall<'a, V, F> {
    fn name(&self, slot: usize) -> Option<&'a V::Value> {
        // Before 3.11 there are only the names of locals.
        self.code.localsplusnames().get(slot).or_else(|| self.code.varnames().nth(slot))
    }
}

impl<V: Strings, F> Names for CodeCall<'_, V, F> {
    type Python = V::Python;

    fn function(&self) -> Cow<'_, [u8]> {
        let name = if super::says_qualname::<V::Python>() { self.qualname } else { self.code.name() };
        self.vm.characters(name).unwrap_or_default()
    }

    fn parameter(&self, slot: usize) -> Cow<'_, [u8]> {
        self.name(slot).and_then(|name| self.vm.characters(name)).unwrap_or_default()
    }

    fn keyword(&self, keyword: usize) -> Cow<'_, [u8]> {
        self.keywords.get(keyword).and_then(|keyword| self.vm.characters(keyword)).unwrap_or_default()
    }

    fn keyword_str(&self, keyword: usize) -> Cow<'_, [u8]> {
        self.keywords.get(keyword).map(|keyword| self.vm.shown(keyword)).unwrap_or_default()
    }

    fn keyword_type(&self, keyword: usize) -> Cow<'_, str> {
        self.keywords.get(keyword).map(|keyword| self.vm.type_name(keyword)).unwrap_or_default()
    }
}

impl<V, F> Call for CodeCall<'_, V, F>
where
    V: Strings,
    F: FnMut(usize, &V::Value) -> Result<bool, V::Exception>,
{
    type Exception = V::Exception;

    fn positional(&self) -> usize {
        self.positional
    }

    fn keywords(&self) -> usize {
        self.keywords.len()
    }

    fn is_string(&self, keyword: usize) -> bool {
        self.keywords.get(keyword).is_some_and(|keyword| self.vm.characters(keyword).is_some())
    }

    fn is_parameter(&self, keyword: usize, slot: usize) -> bool {
        let both = self.keywords.get(keyword).zip(self.name(slot));
        both.is_some_and(|(keyword, name)| keyword.as_raw() == name.as_raw())
    }

    fn equals_parameter(&mut self, keyword: usize, slot: usize) -> Result<bool, V::Exception> {
        let Some((keyword, name)) = self.keywords.get(keyword).zip(self.name(slot)) else { return Ok(false) };
        match self.vm.text(keyword).zip(self.vm.text(name)) {
            Some((keyword, name)) => Ok(keyword == name),
            None => self.vm.same_name(keyword, name),
        }
    }

    fn defaults(&mut self) -> usize {
        self.defaults
    }

    fn find_keyword_default(&mut self, slot: usize) -> Result<bool, V::Exception> {
        match self.name(slot) {
            Some(name) => (self.keyword_default)(slot, name),
            None => Ok(false),
        }
    }
}
