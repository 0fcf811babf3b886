//! Until 3.12: a snapshot of the variables in the frame's namespace, and the way back.

use alloc::format;

use super::{Error, Kinds, LocalsVm, Look, writes_through};
use crate::data_stack::DataStack;
use crate::frame_object::FrameObject;
use crate::version::Version;

/// The namespace of a frame, made if there is none.
pub(super) fn namespace<V: LocalsVm>(stack: &DataStack<V>, object: &FrameObject<V>) -> Result<V::Value, Error<V>> {
    if let Some(namespace) = object.namespace() {
        return Ok(namespace);
    }
    let dict = stack.vm().new_dict().map_err(Error::Raised)?;
    // While it was made somebody else may have made one.
    if let Some(namespace) = object.namespace() {
        return Ok(namespace);
    }
    match object.set_namespace(Some(dict.clone())) {
        Ok(before) => drop(before),
        Err(_) => return Err(super::held()),
    }
    Ok(dict)
}

/// Whether the code's own mapping has a variable: free variables of a class body are not its own, nor are those of an inlined
/// comprehension.
fn is_own<V: LocalsVm>(kind: u8, optimized: bool) -> bool {
    let free = const { Kinds::of::<V::Python>("free") };
    let hidden = const { Kinds::of::<V::Python>("hidden") };
    kind & hidden == 0 && (optimized || kind & free == 0)
}

/// Brings the namespace up to date with the variables (`PyFrame_FastToLocalsWithError`), and returns it, counted; until 3.12.
/// What is written there under the name of a variable is overwritten or deleted by that.
///
/// `marks` says whether it may go [back](locals_to_fast): so it is where a frame object was asked, not in `locals()`. From
/// 3.13 on nothing is done but for the namespace of a module or class, which is returned.
///
/// # Errors
///
/// What the namespace raises.
///
/// Source: `_PyFrame_FastToLocalsWithError`, `frame_get_var`, Objects/frameobject.c.
pub fn fast_to_locals<V: LocalsVm>(stack: &DataStack<V>, frame: &V::Value, marks: bool) -> Result<V::Value, Error<V>> {
    let vm = stack.vm();
    let look = Look::<V>::at(frame.clone());
    let Some(view) = look.as_ref().and_then(Look::view) else { return vm.new_dict().map_err(Error::Raised) };
    let mapping = namespace(stack, view.object)?;
    if writes_through::<V>() {
        return Ok(mapping);
    }
    for (slot, name, kind) in view.slots() {
        if !is_own::<V>(kind, view.variables.optimized) {
            continue;
        }
        match view.value(slot)? {
            Some(value) => vm.set_item(stack, &mapping, name, value).map_err(Error::Raised)?,
            None => {
                vm.del_item(stack, &mapping, name).map_err(Error::Raised)?;
            }
        }
    }
    if marks {
        view.object.set_snapshot(true);
    }
    Ok(mapping)
}

/// `f_locals` and `locals()` until 3.12.
pub(super) fn f_locals<V: LocalsVm>(stack: &DataStack<V>, frame: &V::Value, marks: bool) -> Result<V::Value, Error<V>> {
    let vm = stack.vm();
    let mapping = fast_to_locals(stack, frame, marks)?;
    let look = Look::<V>::at(frame.clone());
    let Some(view) = look.as_ref().and_then(Look::view) else { return Ok(mapping) };
    if !view.has_hidden()? {
        return Ok(mapping);
    }
    let dict = vm.new_dict().map_err(Error::Raised)?;
    vm.update(stack, &dict, &mapping).map_err(Error::Raised)?;
    let hidden = const { Kinds::of::<V::Python>("hidden") };
    for (slot, name, kind) in view.slots() {
        if kind & hidden != 0
            && let Some(value) = view.value(slot)?
        {
            vm.set_item(stack, &dict, name, value).map_err(Error::Raised)?;
        }
    }
    Ok(dict)
}

/// Brings the variables up to date with the snapshot, if one was taken of the frame object since the last time
/// (`PyFrame_LocalsToFast`); until 3.12. Later it does nothing.
///
/// A VM does it behind each callback in Python of `sys.settrace` and `sys.setprofile`, for the frame that was passed, with
/// `clear`; and for `import *` in a function's own namespace, without. It is done at no other time: what is written to
/// `f_locals` elsewhere is lost. With `clear` a variable whose name is missing is unbound; in 3.12 it becomes `None` instead,
/// with a `RuntimeWarning`.
///
/// # Errors
///
/// An eval loop holds the frame. What the namespace raises is swallowed, as in CPython.
///
/// Source: `_PyFrame_LocalsToFast`, Objects/frameobject.c.
pub fn locals_to_fast<V: LocalsVm>(stack: &DataStack<V>, frame: &V::Value, clear: bool) -> Result<(), Error<V>> {
    let vm = stack.vm();
    let look = Look::<V>::at(frame.clone());
    let Some(view) = look.as_ref().and_then(Look::view) else { return Ok(()) };
    if !view.object.is_snapshot() || view.object.used() == 0 {
        return Ok(());
    }
    let Some(mapping) = view.object.namespace() else { return Ok(()) };
    view.object.set_snapshot(false);
    for (slot, name, kind) in view.slots() {
        if !is_own::<V>(kind, view.variables.optimized) {
            continue;
        }
        let mut value = vm.get_item(stack, &mapping, name).unwrap_or_default();
        if value.is_none() && !clear {
            continue;
        }
        let in_cell = || Ok(view.cell(slot, view.raw(slot)?.as_ref()).is_some());
        if value.is_none() && <V::Python as Version>::LAYOUT.minor() >= 12 && !in_cell()? && view.is_bound(slot)? {
            // Instructions rely on it that what they load is bound.
            let name = vm.repr(stack, name).map_err(Error::Raised)?;
            // Nobody can be told where warnings are errors.
            let _ = vm.warn(stack, &format!("assigning None to unbound local {name}"));
            value = Some(vm.none());
        }
        view.bind(slot, value)?;
    }
    Ok(())
}

/// Calls what traces or profiles, and sees to it that what it does to the frame's `f_locals` has the effect that it has in
/// CPython: until 3.12 a snapshot that was taken before is brought up to date first, and one that there is afterwards goes
/// back. Later it only calls.
///
/// # Errors
///
/// What the namespace raises; then nothing was called.
///
/// Source: `call_trampoline`, Python/sysmodule.c.
pub fn around_callback<V: LocalsVm, R>(
    stack: &DataStack<V>,
    frame: &V::Value,
    callback: impl FnOnce(&DataStack<V>) -> R,
) -> Result<R, Error<V>> {
    if V::frame_object(frame).is_some_and(FrameObject::is_snapshot) {
        fast_to_locals(stack, frame, true)?;
    }
    let result = callback(stack);
    locals_to_fast(stack, frame, true)?;
    Ok(result)
}
