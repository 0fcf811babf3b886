//! The mapping that writes through, with other mappings.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Error, FrameLocals, LocalsVm};
use crate::cell::{Compared, Operator};
use crate::data_stack::DataStack;
use crate::frame::Finally;
use crate::generator::ErrorKind;

impl<V: LocalsVm> FrameLocals<V> {
    /// A new `dict` of what is bound: `copy()`, `dict(frame.f_locals)`.
    ///
    /// # Errors
    ///
    /// `MemoryError`; what hashes and comparisons of names that are no `str` raise.
    pub fn copy(&self, stack: &DataStack<V>) -> Result<V::Value, Error<V>> {
        let dict = stack.vm().new_dict().map_err(Error::Raised)?;
        self.copy_to(stack, &dict)?;
        Ok(dict)
    }

    /// Whether no name is there twice: a comprehension that is inlined in a module or class has variables of its own, and what
    /// is written to one is kept besides.
    fn names_are_distinct(&self) -> bool {
        self.look().is_none_or(|look| look.view().is_none_or(|view| view.variables.optimized))
    }

    pub(super) fn copy_to(&self, stack: &DataStack<V>, dict: &V::Value) -> Result<(), Error<V>> {
        if self.names_are_distinct() {
            for (key, value) in self.items(stack)? {
                stack.vm().set_item(stack, dict, &key, value).map_err(Error::Raised)?;
            }
            return Ok(());
        }
        // Of two variables of the same name the one counts that is found by it.
        for key in self.keys(stack)? {
            let value = self.get_item(stack, &key)?;
            stack.vm().set_item(stack, dict, &key, value).map_err(Error::Raised)?;
        }
        Ok(())
    }

    /// `repr(frame.f_locals)`: that of a `dict`; `{...}` where it is being shown already.
    ///
    /// # Errors
    ///
    /// What the `repr()` of a value raises.
    ///
    /// Source: `framelocalsproxy_repr`, Objects/frameobject.c.
    pub fn repr(&self, stack: &DataStack<V>) -> Result<String, Error<V>> {
        if self.shown.replace(true) {
            return Ok(String::from("{...}"));
        }
        let _shown = Finally(|| self.shown.set(false));
        let copy = self.copy(stack)?;
        stack.vm().repr(stack, &copy).map_err(Error::Raised)
    }

    /// Compares with another object: one of these by the frame, for `==` and `!=` only; a `dict` by what is bound, whatever
    /// that comes to.
    ///
    /// # Errors
    ///
    /// What the comparison of the dicts raises.
    ///
    /// Source: `framelocalsproxy_richcompare`, Objects/frameobject.c.
    pub fn compare(
        &self,
        stack: &DataStack<V>,
        other: &V::Value,
        operator: Operator,
    ) -> Result<Compared<V::Value>, Error<V>> {
        if let Some(other) = V::frame_locals(other) {
            return Ok(match operator {
                Operator::Eq => Compared::Order(self.is_same(other)),
                Operator::Ne => Compared::Order(!self.is_same(other)),
                _ => Compared::NotImplemented,
            });
        }
        let vm = stack.vm();
        if !vm.is_dict(other) {
            return Ok(Compared::NotImplemented);
        }
        let copy = self.copy(stack)?;
        vm.compare(stack, &copy, other, operator).map(Compared::Contents).map_err(Error::Raised)
    }

    /// `left | right`, where at least one of both is such a mapping: a new `dict`. `None`: `NotImplemented`, since the right
    /// one is neither that nor a `dict`.
    ///
    /// # Errors
    ///
    /// What the left one raises that is no mapping: `'list' object has no attribute 'keys'`.
    ///
    /// Source: `framelocalsproxy_or`, Objects/frameobject.c.
    pub fn or(stack: &DataStack<V>, left: &V::Value, right: &V::Value) -> Result<Option<V::Value>, Error<V>> {
        let vm = stack.vm();
        if V::frame_locals(right).is_none() && !vm.is_dict(right) {
            return Ok(None);
        }
        let dict = vm.new_dict().map_err(Error::Raised)?;
        for operand in [left, right] {
            match V::frame_locals(operand) {
                Some(locals) => locals.copy_to(stack, &dict)?,
                None => vm.update(stack, &dict, operand).map_err(Error::Raised)?,
            }
        }
        Ok(Some(dict))
    }

    /// `frame.f_locals |= other`. `false`: `NotImplemented`, since the other one is neither a `dict` nor such a mapping.
    ///
    /// # Errors
    ///
    /// What the other one raises, where CPython reports a `SystemError`: what was written by then stays.
    ///
    /// Source: `framelocalsproxy_inplace_or`, Objects/frameobject.c.
    pub fn inplace_or(&self, stack: &DataStack<V>, other: &V::Value) -> Result<bool, Error<V>> {
        self.merge(stack, other)
    }

    /// `frame.f_locals.update(other)`: key by key.
    ///
    /// # Errors
    ///
    /// A `TypeError`, also where the other one raises something else: what was written by then stays.
    ///
    /// Source: `framelocalsproxy_update`, Objects/frameobject.c.
    pub fn update(&self, stack: &DataStack<V>, other: &V::Value) -> Result<(), Error<V>> {
        match self.merge(stack, other) {
            Ok(true) => Ok(()),
            _ => {
                let text = "update() argument must be dict or another FrameLocalsProxy";
                Err(Error::new(ErrorKind::TypeError, text))
            }
        }
    }

    /// Writes what another mapping has; `false` if it is none to be taken.
    fn merge(&self, stack: &DataStack<V>, other: &V::Value) -> Result<bool, Error<V>> {
        let vm = stack.vm();
        if let Some(other) = V::frame_locals(other) {
            for key in other.keys(stack)? {
                let value = other.get_item(stack, &key)?;
                self.set_item(stack, &key, value)?;
            }
            return Ok(true);
        }
        if !vm.is_dict(other) {
            return Ok(false);
        }
        let keys: Vec<_> = vm.keys(stack, other).map_err(Error::Raised)?;
        for key in keys {
            match vm.get_item(stack, other, &key).map_err(Error::Raised)? {
                Some(value) => self.set_item(stack, &key, value)?,
                None => return Err(Error::Key(key)),
            }
        }
        Ok(true)
    }

    /// `frame.f_locals.setdefault(key, default)`: what the name is bound to, or becomes bound to.
    ///
    /// # Errors
    ///
    /// Those of [`find`](Self::find).
    ///
    /// Source: `framelocalsproxy_setdefault`, Objects/frameobject.c.
    pub fn setdefault(&self, stack: &DataStack<V>, key: &V::Value, default: V::Value) -> Result<V::Value, Error<V>> {
        if let Some(value) = self.find(stack, key)? {
            return Ok(value);
        }
        self.set_item(stack, key, default.clone())?;
        Ok(default)
    }
}
