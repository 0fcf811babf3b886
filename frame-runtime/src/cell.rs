//! Cells: variables that closures share. [`Cell`] is what a VM's cell object holds; the instructions that load, store and
//! delete what is in one are methods of [`Running`].

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;

use crate::attribute::{Attribute, Attributes, Change, Refusal};
use crate::bounds::Bounds;
use crate::frame::{Place, Plain};
use crate::generator::ErrorKind;
use crate::running::Running;
use crate::stack_ref::StackRef;
use crate::version::Version;
use crate::visit::Visit;
use crate::vm::{FrameCode, FrameVm};

/// What is in a cell: a counted reference, or nothing.
///
/// One word. Dropping it gives the reference back.
///
/// Source: `PyCellObject`, Include/cpython/cellobject.h; Objects/cellobject.c.
pub struct Cell<V: FrameVm> {
    content: Plain<V>,
}

/// Raised for the contents of an empty cell, by all that asks for the attribute: also by `hasattr()`.
pub const EMPTY: Refusal = Refusal::new(ErrorKind::ValueError, "Cell is empty", "");

/// Raised by `hash()` of a cell.
pub const UNHASHABLE: Refusal = Refusal::new(ErrorKind::TypeError, "unhashable type: 'cell'", "");

/// The attributes of cells.
///
/// Source: `cell_getsetlist`, Objects/cellobject.c.
pub static ATTRIBUTES: Attributes = {
    const ROWS: &[Attribute] = &[Attribute::new("cell_contents", 8, Attribute::LAST, Change::Any, Change::Any)];
    Attributes::new("cell", ROWS)
};

/// How two objects are compared.
///
/// Source: `Py_LT` and so on, Include/object.h, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operator {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Operator {
    /// Whether it holds for what is in this order.
    pub const fn holds(self, order: Ordering) -> bool {
        match self {
            Operator::Lt => order.is_lt(),
            Operator::Le => order.is_le(),
            Operator::Eq => order.is_eq(),
            Operator::Ne => order.is_ne(),
            Operator::Gt => order.is_gt(),
            Operator::Ge => order.is_ge(),
        }
    }
}

/// What a comparison of a cell came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared<R> {
    /// `NotImplemented`: the other operand is no cell.
    NotImplemented,
    /// At least one of both is empty: `True` or `False`.
    Order(bool),
    /// What the comparison of the contents came to, whatever that is.
    Contents(R),
}

/// Why no cell is made of arguments: a `TypeError` with this text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentError {
    /// There are keywords.
    Keywords,
    /// There are so many arguments.
    Count(usize),
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArgumentError::Keywords => f.write_str("cell() takes no keyword arguments"),
            ArgumentError::Count(count) => write!(f, "cell expected at most 1 argument, got {count}"),
        }
    }
}

impl core::error::Error for ArgumentError {}

impl<V: FrameVm> Cell<V> {
    /// A cell with this in it (`PyCell_New`).
    pub fn new(content: Option<V::Value>) -> Self {
        Cell { content: Plain::new(content) }
    }

    /// What calling the type makes (`types.CellType`): an empty cell, or one with the argument in it.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`]
    ///
    /// Source: `cell_new_impl`, Objects/cellobject.c.
    pub fn from_arguments(arguments: &[V::Value], has_keywords: bool) -> Result<Self, ArgumentError> {
        match arguments {
            _ if has_keywords => Err(ArgumentError::Keywords),
            [] => Ok(Cell::new(None)),
            [content] => Ok(Cell::new(Some(content.clone()))),
            _ => Err(ArgumentError::Count(arguments.len())),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.content.pointer().is_none()
    }

    /// What is in it, counted; `None` when it is empty.
    pub fn get(&self) -> Option<V::Value> {
        self.content.get()
    }

    /// Puts something in it, and returns what was there. Dropping that may run code of the program.
    pub fn set(&self, content: V::Value) -> Option<V::Value> {
        self.content.replace(Some(content))
    }

    /// Empties it (`del cell.cell_contents`), and returns what was there. Dropping that may run code of the program.
    pub fn take(&self) -> Option<V::Value> {
        self.content.take()
    }

    /// What is in it, counted (`cell_contents`).
    ///
    /// # Errors
    ///
    /// [`EMPTY`]
    pub fn contents(&self) -> Result<V::Value, Refusal> {
        self.get().ok_or(EMPTY)
    }

    /// Compares with another object, by what is in both: `compare` is asked for that (`PyObject_RichCompare`), and may run code
    /// of the program. An empty cell is less than a full one. `other` is `None` for what is no cell.
    ///
    /// That a cell is compared with itself makes no difference: one with a NaN in it does not equal itself.
    ///
    /// Source: `cell_richcompare`, Objects/cellobject.c.
    pub fn compare<R>(
        &self,
        other: Option<&Self>,
        operator: Operator,
        compare: impl FnOnce(&V::Value, &V::Value, Operator) -> R,
    ) -> Compared<R> {
        let Some(other) = other else { return Compared::NotImplemented };
        match (self.get(), other.get()) {
            (Some(left), Some(right)) => Compared::Contents(compare(&left, &right, operator)),
            (left, right) => Compared::Order(operator.holds(left.is_some().cmp(&right.is_some()))),
        }
    }

    /// `repr()` of the cell at this address: `<cell at 0x7f0000000000: int object at 0x7f0000000020>`.
    ///
    /// `describe` says of what is in it the name of its type, as C knows it (`tp_name`: with the module where the type is a
    /// static one), and its address.
    ///
    /// Source: `cell_repr`, Objects/cellobject.c.
    pub fn repr<F>(&self, address: usize, describe: F) -> impl fmt::Display + use<V, F>
    where
        F: FnOnce(&V::Value) -> (String, usize),
    {
        let content = self.get().map(|content| describe(&content));
        fmt::from_fn(move |f| match &content {
            None => write!(f, "<cell at {address:#x}: empty>"),
            Some((name, place)) => {
                write!(f, "<cell at {address:#x}: {} object at {place:#x}>", cut::<V::Python>(name))
            }
        })
    }

    /// Shows the reference to a visitor.
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        self.content.visit(visit);
    }
}

/// The first 80 bytes of a name. A character that is cut in two is shown as U+FFFD until 3.13, and left out later.
fn cut<P: Version>(name: &str) -> Cow<'_, str> {
    const BYTES: usize = 80;
    if name.len() <= BYTES {
        return Cow::Borrowed(name);
    }
    let end = name.floor_char_boundary(BYTES);
    let whole = &name[..end];
    if end < BYTES && P::LAYOUT.minor() < 14 { Cow::Owned([whole, "\u{fffd}"].concat()) } else { Cow::Borrowed(whole) }
}

impl<V: FrameVm> Drop for Cell<V> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<V: FrameVm> fmt::Debug for Cell<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cell").field("is_empty", &self.is_empty()).finish_non_exhaustive()
    }
}

/// A variable in a cell has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unbound {
    /// The cell is the function's own.
    Local,
    /// It is of a function around it.
    Free,
}

impl Unbound {
    /// What is raised: a message about the variable.
    ///
    /// ```
    /// use frame_runtime::cell::Unbound;
    /// use frame_runtime::version::Cpython3_14;
    ///
    /// let refusal = Unbound::Local.refusal::<Cpython3_14>();
    /// assert_eq!(refusal.error.name(), "UnboundLocalError");
    /// let message = "cannot access local variable 'x' where it is not associated with a value";
    /// assert_eq!(refusal.message("x").to_string(), message);
    /// ```
    ///
    /// Source: `UNBOUNDLOCAL_ERROR_MSG`, `UNBOUNDFREE_ERROR_MSG`, Python/ceval.c.
    pub fn refusal<P: Version>(self) -> Refusal {
        let since_3_11 = P::LAYOUT.minor() >= 11;
        let (error, pattern) = match self {
            Unbound::Local if since_3_11 => (
                ErrorKind::UnboundLocalError,
                "cannot access local variable '{name}' where it is not associated with a value",
            ),
            Unbound::Local => (ErrorKind::UnboundLocalError, "local variable '{name}' referenced before assignment"),
            Unbound::Free if since_3_11 => (
                ErrorKind::NameError,
                "cannot access free variable '{name}' where it is not associated with a value in enclosing scope",
            ),
            Unbound::Free => {
                (ErrorKind::NameError, "free variable '{name}' referenced before assignment in enclosing scope")
            }
        };
        Refusal::new(error, pattern, "")
    }

    /// Whether the exception says by its attribute `name` which variable it is; a `NameError` does since 3.10.
    pub fn says_name<P: Version>(self) -> bool {
        self == Unbound::Free && P::LAYOUT.minor() >= 10
    }
}

impl<'t, V: FrameVm, O, B: Bounds> Running<'t, V, O, B> {
    /// Looks at the cell in a local.
    fn with_cell<R>(&self, index: u32, look: impl FnOnce(&Cell<V>) -> R) -> R {
        let value = self.local(index).as_value();
        match value.as_deref().and_then(V::cell) {
            Some(cell) => look(cell),
            None => no_cell(),
        }
    }

    #[cold]
    fn unbound(&self, index: u32) -> Unbound {
        let free = <V::Python as Version>::LOCALSPLUS.bits("free").unwrap_or(0);
        let kind = self.code().kind(index).unwrap_or(0);
        if kind & free == 0 { Unbound::Local } else { Unbound::Free }
    }

    /// `LOAD_DEREF`: pushes what is in the cell of a local, counted.
    ///
    /// # Errors
    ///
    /// [`Unbound`]: the cell is empty, and the loop raises.
    ///
    /// # Panics
    ///
    /// If there is no cell in the local: none of [`FrameVm::cell`].
    #[inline(always)]
    pub fn load_deref(&mut self, index: u32) -> Result<(), Unbound> {
        let Some(content) = self.with_cell(index, Cell::get) else { return Err(self.unbound(index)) };
        self.push(StackRef::owned(content));
        Ok(())
    }

    /// `STORE_DEREF`: moves the top of the stack into the cell of a local.
    ///
    /// # Panics
    ///
    /// As [`load_deref`](Self::load_deref), and if nothing is on the stack, or null.
    #[inline(always)]
    pub fn store_deref(mut self, index: u32) -> Self {
        let Some(content) = self.pop().into_value() else { no_value() };
        match self.with_cell(index, |cell| cell.set(content)) {
            Some(old) => self.release(StackRef::owned(old)),
            None => self,
        }
    }

    /// `DELETE_DEREF`: empties the cell of a local. [`Unbound`] if it was empty: the loop raises.
    ///
    /// # Panics
    ///
    /// As [`load_deref`](Self::load_deref).
    #[inline(always)]
    pub fn delete_deref(self, index: u32) -> (Self, Result<(), Unbound>) {
        match self.with_cell(index, Cell::take) {
            Some(old) => (self.release(StackRef::owned(old)), Ok(())),
            None => {
                let unbound = self.unbound(index);
                (self, Err(unbound))
            }
        }
    }

    /// `LOAD_CLASSDEREF`, in 3.11: pushes what the class body's [namespace](Self::namespace) has under the variable's name, or
    /// else what is in the cell. Looking it up is the loop's.
    ///
    /// # Errors
    ///
    /// [`Unbound`]: neither is there, and the loop raises.
    ///
    /// # Panics
    ///
    /// As [`load_deref`](Self::load_deref).
    #[inline(always)]
    pub fn load_classderef(&mut self, index: u32, found: Option<V::Value>) -> Result<(), Unbound> {
        match found {
            Some(value) => {
                self.push(StackRef::owned(value));
                Ok(())
            }
            None => self.load_deref(index),
        }
    }

    /// `LOAD_FROM_DICT_OR_DEREF`, since 3.12: the mapping on top of the stack gives way to what it has under the variable's name,
    /// or else to what is in the cell. Looking it up is the loop's, in what [`peek`](Self::peek) shows.
    ///
    /// [`Unbound`] if neither is there: the mapping stays, and the loop raises.
    ///
    /// # Panics
    ///
    /// As [`load_deref`](Self::load_deref), and if nothing is on the stack.
    #[inline(always)]
    pub fn load_from_dict_or_deref(mut self, index: u32, found: Option<V::Value>) -> (Self, Result<(), Unbound>) {
        let Some(value) = found.or_else(|| self.with_cell(index, Cell::get)) else {
            let unbound = self.unbound(index);
            return (self, Err(unbound));
        };
        let mapping = self.replace(0, StackRef::owned(value));
        (self.release(mapping), Ok(()))
    }
}

#[cold]
#[inline(never)]
fn no_cell() -> ! {
    panic!("there is no cell in the local")
}

#[cold]
#[inline(never)]
fn no_value() -> ! {
    panic!("there is nothing to put into the cell")
}
