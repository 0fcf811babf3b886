//! The mapping that writes through: one look-up, one write.

use alloc::format;
use alloc::vec::Vec;
use core::cell::Cell;

use super::{Error, Item, Kinds, LocalsVm, Look, NameIndex, View};
use crate::data_stack::DataStack;
use crate::frame::{Place, Plain};
use crate::generator::ErrorKind;
use crate::version::Version;
use crate::visit::Visit;
use crate::vm::{FrameVm, Value};

/// The local variables of a frame as a mapping (`FrameLocalsProxy`): what is written to it is written to the frame. Since
/// 3.13.
///
/// It is what a VM's object of that type holds: a counted reference to the frame's object, and whether it is being shown.
/// Dropping it gives the reference back. It works on for as long as it is there, also when the frame is over or cleared.
///
/// Keys are objects: each must have a hash, and is compared with names by identity and by `==`, so one that is no `str` may
/// be equal to one. A name that is no local variable, and that of a variable of an inlined comprehension, goes to a `dict`
/// that all such mappings of a frame share.
///
/// Source: `PyFrameLocalsProxyObject`, Include/internal/pycore_frame.h; Objects/frameobject.c.
pub struct FrameLocals<V: FrameVm> {
    frame: Plain<V>,
    pub(super) shown: Cell<bool>,
}

impl<V: FrameVm> FrameLocals<V> {
    /// Of the frame of a frame object. `None`: the object is none, or the version has no such mapping.
    pub fn new(frame: V::Value) -> Option<Self> {
        V::frame_object(&frame)?
            .has_extra_locals()
            .then(|| FrameLocals { frame: Plain::new(Some(frame)), shown: Cell::new(false) })
    }

    /// The frame object, counted.
    pub fn frame(&self) -> Option<V::Value> {
        self.frame.get()
    }

    /// Whether both are of the same frame.
    pub fn is_same(&self, other: &Self) -> bool {
        self.frame.pointer() == other.frame.pointer()
    }

    /// Shows the reference to a visitor.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        self.frame.visit(visit);
    }
}

impl<V: FrameVm> Drop for FrameLocals<V> {
    fn drop(&mut self) {
        drop(self.frame.take());
    }
}

impl<V: LocalsVm> FrameLocals<V> {
    pub(super) fn look(&self) -> Option<Look<V>> {
        Look::at(self.frame()?)
    }

    /// The names that are no local variables.
    fn extra(view: Option<&View<'_, V>>) -> Option<V::Value> {
        view?.object.extra_locals()
    }

    /// `frame.f_locals[key]`; `None` where there is no such name, or it is not bound.
    ///
    /// # Errors
    ///
    /// The key has no hash; whatever its comparison raises. In 3.13 what its comparison with a name raises that is no local
    /// variable is swallowed.
    ///
    /// Source: `framelocalsproxy_getitem`, Objects/frameobject.c.
    pub fn find(&self, stack: &DataStack<V>, key: &V::Value) -> Result<Option<V::Value>, Error<V>> {
        self.find_in(stack, key, |found| match found {
            Err(_) if <V::Python as Version>::LAYOUT.minor() == 13 => Ok(None),
            found => found.map_err(Error::Raised),
        })
    }

    /// The same; `extra` judges what a look-up among the other names came to.
    fn find_in(
        &self,
        stack: &DataStack<V>,
        key: &V::Value,
        extra: impl FnOnce(Result<Option<V::Value>, V::Value>) -> Result<Option<V::Value>, Error<V>>,
    ) -> Result<Option<V::Value>, Error<V>> {
        let hash = stack.vm().hash(stack, key).map_err(Error::Raised)?;
        let look = self.look();
        let view = look.as_ref().and_then(Look::view);
        if let Some(view) = &view
            && let Some(value) = view.search(stack, key, hash, |slot| view.value(slot))?
        {
            return Ok(Some(value));
        }
        match Self::extra(view.as_ref()) {
            Some(dict) => extra(stack.vm().get_item(stack, &dict, key)),
            None => Ok(None),
        }
    }

    /// `frame.f_locals[key]`
    ///
    /// # Errors
    ///
    /// `KeyError: "local variable 'x' is not defined"`, and those of [`find`](Self::find).
    pub fn get_item(&self, stack: &DataStack<V>, key: &V::Value) -> Result<V::Value, Error<V>> {
        match self.find(stack, key)? {
            Some(value) => Ok(value),
            None => {
                let key = stack.vm().repr(stack, key).map_err(Error::Raised)?;
                Err(Error::new(ErrorKind::KeyError, format!("local variable '{key}' is not defined")))
            }
        }
    }

    /// `key in frame.f_locals`
    ///
    /// # Errors
    ///
    /// The key has no hash; whatever its comparison raises.
    ///
    /// Source: `framelocalsproxy_contains`, Objects/frameobject.c.
    pub fn contains(&self, stack: &DataStack<V>, key: &V::Value) -> Result<bool, Error<V>> {
        self.find_in(stack, key, |found| found.map_err(Error::Raised)).map(|found| found.is_some())
    }

    /// The slot that a key writes to.
    fn slot(view: &View<'_, V>, stack: &DataStack<V>, key: &V::Value) -> Result<Option<u32>, Error<V>> {
        let hash = stack.vm().hash(stack, key).map_err(Error::Raised)?;
        let hidden = const { Kinds::of::<V::Python>("hidden") };
        view.search(stack, key, hash, |slot| Ok((view.kind(slot) & hidden == 0).then_some(slot)))
    }

    /// `frame.f_locals[key] = value`
    ///
    /// A variable that closures share is written in its cell. What was there is dropped; but from 3.14 on, where a stack may
    /// have borrowed it, the frame object keeps it until it is cleared or gone.
    ///
    /// # Errors
    ///
    /// Those of [`find`](Self::find).
    ///
    /// Source: `framelocalsproxy_setitem`, Objects/frameobject.c.
    pub fn set_item(&self, stack: &DataStack<V>, key: &V::Value, value: V::Value) -> Result<(), Error<V>> {
        let look = self.look();
        let Some(view) = look.as_ref().and_then(Look::view) else {
            return Err(Error::new(ErrorKind::RuntimeError, "there is no frame"));
        };
        if let Some(slot) = Self::slot(&view, stack, key)?
            && view.bind(slot, Some(value.clone()))?
        {
            return Ok(());
        }
        let extra = match Self::extra(Some(&view)) {
            Some(extra) => extra,
            None => Self::new_extra(&view, stack)?,
        };
        stack.vm().set_item(stack, &extra, key, value).map_err(Error::Raised)
    }

    #[cold]
    fn new_extra(view: &View<'_, V>, stack: &DataStack<V>) -> Result<V::Value, Error<V>> {
        let dict = stack.vm().new_dict().map_err(Error::Raised)?;
        // While it was made somebody else may have made one.
        if let Some(extra) = Self::extra(Some(view)) {
            return Ok(extra);
        }
        drop(view.object.set_extra_locals(Some(dict.clone())));
        Ok(dict)
    }

    /// `del frame.f_locals[key]`
    ///
    /// # Errors
    ///
    /// `ValueError`: local variables cannot be removed, bound or not. `KeyError` with the key: there is no such name. And
    /// those of [`find`](Self::find).
    pub fn del_item(&self, stack: &DataStack<V>, key: &V::Value) -> Result<(), Error<V>> {
        let vm = stack.vm();
        match self.removable(stack, key)? {
            Some(extra) if vm.del_item(stack, &extra, key).map_err(Error::Raised)? => Ok(()),
            _ => Err(Error::Key(key.clone())),
        }
    }

    /// The dict that a key could be removed from.
    fn removable(&self, stack: &DataStack<V>, key: &V::Value) -> Result<Option<V::Value>, Error<V>> {
        let look = self.look();
        let view = look.as_ref().and_then(Look::view);
        match &view {
            Some(view) if Self::slot(view, stack, key)?.is_some() => {
                Err(Error::new(ErrorKind::ValueError, "cannot remove local variables from FrameLocalsProxy"))
            }
            _ => Ok(Self::extra(view.as_ref())),
        }
    }

    /// `frame.f_locals.pop(key)`; `None` where there is no such name.
    ///
    /// # Errors
    ///
    /// Those of [`del_item`](Self::del_item), without the `KeyError`.
    ///
    /// Source: `framelocalsproxy_pop`, Objects/frameobject.c.
    pub fn pop(&self, stack: &DataStack<V>, key: &V::Value) -> Result<Option<V::Value>, Error<V>> {
        let vm = stack.vm();
        let Some(extra) = self.removable(stack, key)? else { return Ok(None) };
        let value = vm.get_item(stack, &extra, key).map_err(Error::Raised)?;
        if value.is_some() {
            vm.del_item(stack, &extra, key).map_err(Error::Raised)?;
        }
        Ok(value)
    }

    /// How many names are bound.
    ///
    /// # Errors
    ///
    /// An eval loop holds the frame.
    pub fn len(&self, stack: &DataStack<V>) -> Result<usize, Error<V>> {
        let look = self.look();
        let Some(view) = look.as_ref().and_then(Look::view) else { return Ok(0) };
        let mut bound = 0;
        for (slot, ..) in view.slots() {
            bound += usize::from(view.is_bound(slot)?);
        }
        Ok(bound + Self::extra(Some(&view)).map_or(0, |extra| stack.vm().dict_len(&extra)))
    }

    /// Whether nothing is bound.
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn is_empty(&self, stack: &DataStack<V>) -> Result<bool, Error<V>> {
        self.len(stack).map(|bound| bound == 0)
    }

    /// Names that are bound, and what they are bound to: variables in the order of their slots, then others in the order in
    /// which they were written first.
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn items(&self, stack: &DataStack<V>) -> Result<Vec<Item<V>>, Error<V>> {
        let look = self.look();
        let Some(view) = look.as_ref().and_then(Look::view) else { return Ok(Vec::new()) };
        let mut items = Vec::with_capacity(view.variables.names.len());
        for (slot, name, _) in view.slots() {
            if let Some(value) = view.value(slot)? {
                items.push((name.clone(), value));
            }
        }
        if let Some(extra) = Self::extra(Some(&view)) {
            items.extend(stack.vm().dict_items(&extra));
        }
        Ok(items)
    }

    /// Names that are bound, in the order of [`items`](Self::items). Iterating goes over such a list.
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn keys(&self, stack: &DataStack<V>) -> Result<Vec<V::Value>, Error<V>> {
        let look = self.look();
        let Some(view) = look.as_ref().and_then(Look::view) else { return Ok(Vec::new()) };
        let mut keys = Vec::with_capacity(view.variables.names.len());
        for (slot, name, _) in view.slots() {
            if view.is_bound(slot)? {
                keys.push(name.clone());
            }
        }
        if let Some(extra) = Self::extra(Some(&view)) {
            keys.extend(stack.vm().dict_items(&extra).into_iter().map(|(key, _)| key));
        }
        Ok(keys)
    }

    /// What names are bound to, in the order of [`items`](Self::items).
    ///
    /// # Errors
    ///
    /// Those of [`len`](Self::len).
    pub fn values(&self, stack: &DataStack<V>) -> Result<Vec<V::Value>, Error<V>> {
        self.items(stack).map(|items| items.into_iter().map(|(_, value)| value).collect())
    }
}

impl<V: LocalsVm> View<'_, V> {
    /// The first variable of a name that is usable, or none. Where the very object is a name, none that is only equal is
    /// looked for.
    fn search<R>(
        &self,
        stack: &DataStack<V>,
        key: &V::Value,
        hash: i64,
        mut usable: impl FnMut(u32) -> Result<Option<R>, Error<V>>,
    ) -> Result<Option<R>, Error<V>> {
        let variables = &self.variables;
        let candidates = variables.index.unwrap_or(NameIndex::NONE).candidates(hash, variables.names.len());
        let mut is_name = false;
        for slot in candidates.clone() {
            if variables.names[slot as usize].as_raw() == key.as_raw() {
                is_name = true;
                if let Some(found) = usable(slot)? {
                    return Ok(Some(found));
                }
            }
        }
        if is_name {
            return Ok(None);
        }
        let vm = stack.vm();
        for slot in candidates {
            let name = &variables.names[slot as usize];
            if vm.hash(stack, name).map_err(Error::Raised)? == hash
                && vm.is_equal(stack, name, key).map_err(Error::Raised)?
                && let Some(found) = usable(slot)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
