//! What a code object says of itself.

use super::variables::{Slots, count};
use super::{Code, CodeError, ErrorKind};
use crate::locals::Variables;
use crate::version::Version;
use crate::vm::{CodeUnit, Vm};

impl<V: Vm> Code<V> {
    /// Positional parameters, the positional-only ones included (`co_argcount`).
    pub fn argcount(&self) -> u32 {
        self.argcount
    }

    /// Positional-only parameters (`co_posonlyargcount`).
    pub fn posonlyargcount(&self) -> u32 {
        self.posonlyargcount
    }

    /// Keyword-only parameters (`co_kwonlyargcount`).
    pub fn kwonlyargcount(&self) -> u32 {
        self.kwonlyargcount
    }

    /// Slots of the evaluation stack (`co_stacksize`).
    pub fn stacksize(&self) -> u32 {
        self.stacksize
    }

    /// `co_flags`; the bits are the group `code_flags` of the version's [`Layout`](crate::layout::Layout).
    pub fn flags(&self) -> u32 {
        self.flags
    }

    /// The first line, from 1; 0 or less where there is none (`co_firstlineno`).
    pub fn firstlineno(&self) -> i32 {
        self.firstlineno
    }

    /// The instructions as bytes, two per unit: in their general form, caches empty (`co_code`).
    ///
    /// Whatever is written to the [`units`](Self::units), this stays the same. Before 3.11 the bytes are those that the
    /// constructor was given, and may be odd in number.
    ///
    /// Source: `_PyCode_GetCode`, Objects/codeobject.c.
    pub fn co_code(&self) -> &[u8] {
        &self.code
    }

    /// The instructions as they are run: a VM may specialise and instrument them (`co_code_adaptive`).
    ///
    /// At first all are in their general form, also where the constructor was given others, and caches are empty. What is
    /// no opcode is kept as it is.
    pub fn units(&self) -> &[CodeUnit] {
        &self.units
    }

    /// The unit of the first `RESUME`, in front of which nothing is traced; the number of units if there is none. 0
    /// before 3.11, where all is traced.
    ///
    /// Source: `_co_firsttraceable`, Include/cpython/code.h.
    pub fn first_traceable(&self) -> usize {
        self.first_traceable
    }

    /// Takes the constants out of a code object that is about to go, so that they can go one after another.
    #[cfg(feature = "pyc")]
    pub(crate) fn take_consts(&mut self) -> alloc::boxed::Box<[V::Value]> {
        core::mem::take(&mut self.consts)
    }

    /// Constants (`co_consts`).
    pub fn consts(&self) -> &[V::Value] {
        &self.consts
    }

    /// Names of globals and attributes: interned, exact strings (`co_names`).
    pub fn names(&self) -> &[V::Value] {
        &self.names
    }

    /// Names and kinds of locals, cells and free variables, and where each name is: what
    /// [`LocalsVm`](crate::locals::LocalsVm) asks. Empty before 3.11.
    pub fn variables(&self) -> Variables<'_, V::Value> {
        Variables {
            names: self.localsplusnames(),
            kinds: self.localspluskinds(),
            index: Some(&self.index),
            optimized: self.optimized,
        }
    }

    /// Names of locals, cells and free variables, in slots (`co_localsplusnames`). Empty before 3.11: there is no such
    /// tuple.
    pub fn localsplusnames(&self) -> &[V::Value] {
        match &self.slots {
            Slots::Kinds { names, .. } => names,
            Slots::Tuples { .. } => &[],
        }
    }

    /// Kinds of the variables, in slots (`co_localspluskinds`). Empty before 3.11.
    ///
    /// The bits are in [`Version::LOCALSPLUS`].
    pub fn localspluskinds(&self) -> &[u8] {
        match &self.slots {
            Slots::Kinds { kinds, .. } => kinds,
            Slots::Tuples { .. } => &[],
        }
    }

    /// Names of local variables, parameters first (`co_varnames`).
    pub fn varnames(&self) -> impl Iterator<Item = &V::Value> {
        self.slots.names("local")
    }

    /// Names of variables that functions within use (`co_cellvars`).
    ///
    /// Since 3.11 a parameter that is one has one slot for both; it has two before.
    pub fn cellvars(&self) -> impl Iterator<Item = &V::Value> {
        self.slots.names("cell")
    }

    /// Names of variables of functions around (`co_freevars`).
    pub fn freevars(&self) -> impl Iterator<Item = &V::Value> {
        self.slots.names("free")
    }

    /// Slots of local variables (`co_nlocals`). Before 3.11 it is what the constructor was told, whatever names there are.
    pub fn nlocals(&self) -> u32 {
        match self.slots {
            Slots::Kinds { nlocals, .. } | Slots::Tuples { nlocals, .. } => nlocals,
        }
    }

    /// Variables that functions within use (`co_ncellvars`).
    pub fn ncellvars(&self) -> u32 {
        match &self.slots {
            Slots::Kinds { ncellvars, .. } => *ncellvars,
            Slots::Tuples { cellvars, .. } => count(cellvars.len()),
        }
    }

    /// Variables of functions around (`co_nfreevars`).
    pub fn nfreevars(&self) -> u32 {
        match &self.slots {
            Slots::Kinds { nfreevars, .. } => *nfreevars,
            Slots::Tuples { freevars, .. } => count(freevars.len()),
        }
    }

    /// Slots of all variables (`co_nlocalsplus`); less than the sum of the three where slots are shared.
    pub fn nlocalsplus(&self) -> u32 {
        match &self.slots {
            Slots::Kinds { names, .. } => count(names.len()),
            Slots::Tuples { nlocals, cellvars, freevars, .. } => {
                nlocals.saturating_add(count(cellvars.len())).saturating_add(count(freevars.len()))
            }
        }
    }

    /// Words that CPython's frame of this code takes on the data stack: header, variables and evaluation stack
    /// (`co_framesize`). Before 3.11 without a header: the slots of a frame object.
    ///
    /// A frame of a VM that adds something of its own takes more.
    pub fn framesize(&self) -> usize {
        let limits = V::Python::LAYOUT.find_numbers("limits");
        let header = limits.and_then(|limits| limits.value("FRAME_SPECIALS_SIZE"));
        let header = header.and_then(|words| usize::try_from(words).ok()).unwrap_or(0);
        header + self.nlocalsplus() as usize + self.stacksize as usize
    }

    /// The file: an exact string (`co_filename`).
    pub fn filename(&self) -> &V::Value {
        &self.filename
    }

    /// The name: an exact string (`co_name`).
    pub fn name(&self) -> &V::Value {
        &self.name
    }

    /// The name with those of what it stands in: an exact string (`co_qualname`). `None` before 3.11.
    pub fn qualname(&self) -> Option<&V::Value> {
        self.qualname.as_ref()
    }

    /// Where instructions stand in the source: `co_linetable`, before 3.10 `co_lnotab`. Nobody has checked it.
    pub fn linetable(&self) -> &[u8] {
        &self.linetable
    }

    /// Who handles exceptions (`co_exceptiontable`). Nobody has checked it. Empty before 3.11.
    pub fn exceptiontable(&self) -> &[u8] {
        &self.exceptiontable
    }

    /// The number by which caches know this code; 0 until it gets one (`co_version`, 3.12 and later).
    pub fn code_version(&self) -> u32 {
        self.version
    }

    /// Gives the code its number. CPython counts code objects and functions with one counter, and leaves it at 0 when the
    /// counter is exhausted.
    pub fn set_code_version(&mut self, version: u32) {
        self.version = version;
    }

    /// The name of the variable in a slot (`_varname_from_oparg`, 3.11 and later).
    ///
    /// # Errors
    ///
    /// `IndexError`: there is no such slot, or no such method in this version.
    pub fn varname_from_oparg(&self, oparg: i32) -> Result<&V::Value, CodeError> {
        let name = usize::try_from(oparg).ok().and_then(|slot| self.localsplusnames().get(slot));
        name.ok_or_else(|| CodeError::new(ErrorKind::IndexError, "tuple index out of range"))
    }
}
