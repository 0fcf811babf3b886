//! What the tables of a code object say.

use alloc::vec::Vec;

use super::Code;
use crate::table::{DecodeError, ExceptionTable, Handler, LineRanges, LineTable, LocationRow};
use crate::trace::LineEvents;
use crate::version::Version;
use crate::vm::Vm;

impl<V: Vm> Code<V> {
    /// The table of lines.
    pub fn line_table(&self) -> LineTable<'_> {
        LineTable::new(V::Python::LAYOUT, self.linetable(), self.firstlineno(), self.co_code().len())
    }

    /// The table of exception handlers; empty before 3.11.
    pub fn exception_table(&self) -> ExceptionTable<'_> {
        ExceptionTable::new(self.exceptiontable())
    }

    /// Lines with the addresses of their instructions: `co_lines()`.
    pub fn co_lines(&self) -> LineRanges<'_> {
        self.line_table().lines()
    }

    /// One row per code unit: `co_positions()`. Nothing before 3.11.
    pub fn co_positions(&self) -> impl Iterator<Item = Result<LocationRow, DecodeError>> + '_ {
        self.line_table().positions()
    }

    /// Where line events are due. A VM makes it when somebody traces, and keeps it with the code.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with one of the tables.
    pub fn line_events(&self) -> Result<LineEvents, DecodeError> {
        let (lines, handlers) = (self.line_table(), self.exception_table());
        LineEvents::new(Self::instruction_set(), self.co_code(), lines, handlers, self.first_traceable())
    }

    /// `co_lnotab`: before 3.10 the table itself, from 3.10 on made of it. 3.15 has no such attribute any more; what it
    /// would be is returned all the same.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table.
    pub fn co_lnotab(&self) -> Result<Vec<u8>, DecodeError> {
        match V::Python::LAYOUT.lines {
            crate::table::Lines::Lnotab => Ok(self.linetable().to_vec()),
            _ => self.line_table().lnotab(),
        }
    }

    /// The line of the instruction at an address in bytes: what `f_lineno` and `tb_lineno` show, where it is not below 0.
    /// In front of the code it is `co_firstlineno`. It takes as long for a long function as for a short one.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table near there.
    ///
    /// Source: `PyCode_Addr2Line`, Objects/codeobject.c.
    pub fn line_at(&self, address: i32) -> Result<Option<i32>, DecodeError> {
        self.lines.line_at(self.line_table(), address)
    }

    /// Where the instruction at an address in bytes stands. `None` behind the table, and before 3.11. It takes as long for
    /// a long function as for a short one.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with the table near there.
    ///
    /// Source: `PyCode_Addr2Location`, Objects/codeobject.c.
    pub fn location_at(&self, address: u32) -> Result<Option<LocationRow>, DecodeError> {
        self.lines.location_at(self.line_table(), address)
    }

    /// The handler of an exception that a code unit raises, by the logarithm of the number of handlers.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], if something is wrong with an entry that is looked at.
    pub fn handler_at(&self, unit: u32) -> Result<Option<Handler>, DecodeError> {
        self.handlers.find(self.exception_table(), unit)
    }
}
