//! CPython 3.12 and 3.14: owners, generator states, headers of frames, positions.
// Stands in for what the generator will print from the specification.

use core::cell::Cell;
use core::mem::offset_of;

use crate::frame::{InterpreterFrame, Lent, Link, Place, Plain, StackIndex, StackPointer, StackTop, Start, Tagged};
use crate::machine::Numbers;
use crate::version::{Activation, ClearOrder, Position, Tags, Version};
use crate::vm::{Blank, CodeUnit, Vm};

/// The machine `owner`: who owns the memory of a frame (`enum _frameowner`).
pub mod owner {
    use super::{Cpython3_12, Cpython3_14};
    use crate::machine::Gone;

    /// On the data stack of a thread, freed by popping (`FRAME_OWNED_BY_THREAD`).
    pub enum Thread {}

    /// In a generator, coroutine or async generator (`FRAME_OWNED_BY_GENERATOR`).
    pub enum Generator {}

    /// In a frame object: the activation is over (`FRAME_OWNED_BY_FRAME_OBJECT`).
    pub enum FrameObject {}

    /// The shim of an entry (`FRAME_OWNED_BY_INTERPRETER`). From 3.14.
    pub enum Interpreter {}

    /// On the C stack: until 3.13 the shim of an entry, in 3.14 unused (`FRAME_OWNED_BY_CSTACK`). From 3.12 until 3.14.
    pub enum Cstack {}

    /// `RETURN_GENERATOR` moves the frame into a new generator.
    #[diagnostic::on_unimplemented(
        message = "a frame in state `{Self}` cannot become a generator's frame in `{V}`",
        label = "`make_generator` is not legal here",
        note = "only a frame on the data stack can: ask `by_owner()` first"
    )]
    pub trait OnMakeGenerator<V, N> {}

    /// The frame object takes the contents over.
    #[diagnostic::on_unimplemented(
        message = "a frame object cannot take over a frame in state `{Self}` in `{V}`",
        label = "`take_over` is not legal here"
    )]
    pub trait OnTakeOver<V, N> {}

    /// The activation ends and its memory is popped off the data stack.
    #[diagnostic::on_unimplemented(
        message = "a frame in state `{Self}` cannot be popped off the data stack in `{V}`",
        label = "`ret` is not legal here",
        note = "only a frame on the data stack can: ask `by_owner()` first"
    )]
    pub trait OnPop<V, N> {}

    /// The eval loop is left through its shim.
    #[diagnostic::on_unimplemented(
        message = "an eval loop cannot be left through a frame in state `{Self}` in `{V}`",
        label = "`leave` is not legal here"
    )]
    pub trait OnLeave<V, N> {}

    impl OnMakeGenerator<Cpython3_12, Generator> for Thread {}
    impl OnMakeGenerator<Cpython3_14, Generator> for Thread {}

    impl OnTakeOver<Cpython3_12, FrameObject> for Thread {}
    impl OnTakeOver<Cpython3_14, FrameObject> for Thread {}
    impl OnTakeOver<Cpython3_12, FrameObject> for Generator {}
    impl OnTakeOver<Cpython3_14, FrameObject> for Generator {}

    impl OnPop<Cpython3_12, Gone> for Thread {}
    impl OnPop<Cpython3_14, Gone> for Thread {}

    impl OnLeave<Cpython3_12, Gone> for Cstack {}
    impl OnLeave<Cpython3_14, Gone> for Interpreter {}
}

/// The machine `generator`: the state of a generator, coroutine or async generator (`PyFrameState`).
pub mod generator {
    use super::{Cpython3_12, Cpython3_14};

    /// Made, and not started (`FRAME_CREATED`).
    pub enum Created {}

    /// Stopped at a `yield` (`FRAME_SUSPENDED`).
    pub enum Suspended {}

    /// Stopped at a `yield from` or `await` (`FRAME_SUSPENDED_YIELD_FROM`). From 3.13.
    pub enum SuspendedYieldFrom {}

    /// Running (`FRAME_EXECUTING`).
    pub enum Executing {}

    /// Finished, with the frame not yet cleared (`FRAME_COMPLETED`). Until 3.14.
    pub enum Completed {}

    /// Finished, and the frame cleared (`FRAME_CLEARED`).
    pub enum Cleared {}

    /// A value is sent, or the next one asked for.
    #[diagnostic::on_unimplemented(
        message = "a generator in state `{Self}` cannot be resumed in `{V}`",
        label = "`send` is not legal here"
    )]
    pub trait OnSend<V, N> {}

    /// The body yields.
    #[diagnostic::on_unimplemented(
        message = "a generator in state `{Self}` cannot yield into `{N}` in `{V}`",
        label = "`suspend` is not legal here"
    )]
    pub trait OnYield<V, N> {}

    /// The body returns.
    #[diagnostic::on_unimplemented(
        message = "a generator in state `{Self}` cannot return in `{V}`",
        label = "`finish` is not legal here"
    )]
    pub trait OnReturn<V, N> {}

    /// An exception leaves the body.
    #[diagnostic::on_unimplemented(
        message = "a generator in state `{Self}` cannot raise in `{V}`",
        label = "`fail` is not legal here"
    )]
    pub trait OnRaise<V, N> {}

    /// It is closed without running.
    #[diagnostic::on_unimplemented(
        message = "a generator in state `{Self}` cannot be closed without running it in `{V}`",
        label = "`close` is not legal here",
        note = "a suspended generator is closed by raising GeneratorExit in it"
    )]
    pub trait OnClose<V, N> {}

    /// `clear` of its frame object.
    #[diagnostic::on_unimplemented(
        message = "the frame of a generator in state `{Self}` cannot be cleared in `{V}`",
        label = "`clear` is not legal here",
        note = "a suspended frame cannot be cleared from 3.13 on, an executing one in no version"
    )]
    pub trait OnClear<V, N> {}

    impl OnSend<Cpython3_12, Executing> for Created {}
    impl OnSend<Cpython3_14, Executing> for Created {}
    impl OnSend<Cpython3_12, Executing> for Suspended {}
    impl OnSend<Cpython3_14, Executing> for Suspended {}
    impl OnSend<Cpython3_14, Executing> for SuspendedYieldFrom {}

    impl OnYield<Cpython3_12, Suspended> for Executing {}
    impl OnYield<Cpython3_14, Suspended> for Executing {}
    impl OnYield<Cpython3_14, SuspendedYieldFrom> for Executing {}

    impl OnReturn<Cpython3_12, Cleared> for Executing {}
    impl OnReturn<Cpython3_14, Cleared> for Executing {}

    impl OnRaise<Cpython3_12, Cleared> for Executing {}
    impl OnRaise<Cpython3_14, Cleared> for Executing {}

    impl OnClose<Cpython3_12, Cleared> for Created {}
    impl OnClose<Cpython3_14, Cleared> for Created {}
    impl OnClose<Cpython3_12, Cleared> for Cleared {}
    impl OnClose<Cpython3_14, Cleared> for Cleared {}

    impl OnClear<Cpython3_12, Cleared> for Created {}
    impl OnClear<Cpython3_14, Cleared> for Created {}
    impl OnClear<Cpython3_12, Cleared> for Suspended {}
    impl OnClear<Cpython3_12, Cleared> for Cleared {}
    impl OnClear<Cpython3_14, Cleared> for Cleared {}
}

/// CPython 3.12.
pub enum Cpython3_12 {}

impl Version for Cpython3_12 {
    const NAME: &'static str = "3.12";
}

impl Numbers<owner::Thread> for Cpython3_12 {
    const RAW: i8 = 0;
}

impl Numbers<owner::Generator> for Cpython3_12 {
    const RAW: i8 = 1;
}

impl Numbers<owner::FrameObject> for Cpython3_12 {
    const RAW: i8 = 2;
}

impl Numbers<owner::Cstack> for Cpython3_12 {
    const RAW: i8 = 3;
}

impl Numbers<generator::Created> for Cpython3_12 {
    const RAW: i8 = -2;
}

impl Numbers<generator::Suspended> for Cpython3_12 {
    const RAW: i8 = -1;
}

impl Numbers<generator::Executing> for Cpython3_12 {
    const RAW: i8 = 0;
}

impl Numbers<generator::Completed> for Cpython3_12 {
    const RAW: i8 = 1;
}

impl Numbers<generator::Cleared> for Cpython3_12 {
    const RAW: i8 = 4;
}

impl Activation for Cpython3_12 {
    type Specials<V: Vm<Python = Self>> = Specials3_12<V>;

    const NULL_SLOT: usize = 0;
    const TAGS: Tags = Tags::NONE;
    const CLEAR: ClearOrder = ClearOrder::Ascending;
    const SHIM: i8 = <Self as Numbers<owner::Cstack>>::RAW;

    const SEND_CACHES: u8 = 1;
    const RETURN_OFFSET_COUNTS_CALL: bool = false;
    const NEW: Position = Position { caches: false, return_offset: false, plus: -1 };
    const RUNNING: Position = Position { caches: false, return_offset: false, plus: -1 };
    const CALLING: Position = Position { caches: true, return_offset: false, plus: 0 };
    const CREATED: Position = Position { caches: false, return_offset: false, plus: 0 };
    const SUSPENDED: Position = Position { caches: false, return_offset: false, plus: 0 };
    const RESUME: Position = Position { caches: false, return_offset: false, plus: 1 };
    const AFTER_RETURN: Position = Position { caches: false, return_offset: true, plus: 1 };
    const AFTER_YIELD: Position = Position { caches: false, return_offset: false, plus: 1 };
}

/// The header of a frame of CPython 3.12: 72 bytes, align 8.
///
/// Source: `struct _PyInterpreterFrame`, Include/internal/pycore_frame.h, v3.12.1.
#[repr(C)]
pub struct Specials3_12<V: Vm> {
    /// `f_code`: strong.
    f_code: Plain<V>,
    /// `previous`: not counted, may be null.
    previous: Link<V>,
    /// `f_funcobj`: strong; null in a shim.
    f_funcobj: Plain<V>,
    /// `f_globals`: borrowed from `f_funcobj`, may be null.
    f_globals: Lent<V>,
    /// `f_builtins`: borrowed from `f_funcobj`, may be null.
    f_builtins: Lent<V>,
    /// `f_locals`: strong, may be null.
    f_locals: Plain<V>,
    /// `frame_obj`: strong, may be null.
    frame_obj: Plain<V>,
    /// `prev_instr`: into the code.
    prev_instr: Cell<*const CodeUnit>,
    /// `stacktop`: index into `localsplus`.
    stacktop: StackIndex,
    /// `return_offset`: code units; only meaningful during a call.
    return_offset: Cell<u16>,
    /// `owner`: `enum _frameowner`.
    owner: Cell<i8>,
}

const _: () = {
    type Fields = Specials3_12<Blank<Cpython3_12>>;
    assert!(offset_of!(Fields, f_code) == 0);
    assert!(offset_of!(Fields, previous) == 8);
    assert!(offset_of!(Fields, f_funcobj) == 16);
    assert!(offset_of!(Fields, f_globals) == 24);
    assert!(offset_of!(Fields, f_builtins) == 32);
    assert!(offset_of!(Fields, f_locals) == 40);
    assert!(offset_of!(Fields, frame_obj) == 48);
    assert!(offset_of!(Fields, prev_instr) == 56);
    assert!(offset_of!(Fields, stacktop) == 64);
    assert!(offset_of!(Fields, return_offset) == 68);
    assert!(offset_of!(Fields, owner) == 70);
    assert!(InterpreterFrame::<Blank<Cpython3_12>>::SLOTS_OFFSET == 72);
};

impl<V: Vm<Python = Cpython3_12>> crate::frame::Specials<V> for Specials3_12<V> {
    #[inline(always)]
    fn new(start: Start<V>) -> Self {
        Specials3_12 {
            f_code: Plain::new(Some(start.executable)),
            previous: start.previous,
            f_funcobj: Plain::new(start.function),
            f_globals: start.globals,
            f_builtins: start.builtins,
            f_locals: Plain::new(None),
            frame_obj: Plain::new(None),
            prev_instr: Cell::new(start.instruction),
            stacktop: StackIndex::held(),
            return_offset: Cell::new(0),
            owner: Cell::new(start.owner),
        }
    }

    #[inline(always)]
    fn executable(&self) -> &impl Place<V> {
        &self.f_code
    }

    #[inline(always)]
    fn function(&self) -> &impl Place<V> {
        &self.f_funcobj
    }

    #[inline(always)]
    fn globals(&self) -> &Lent<V> {
        &self.f_globals
    }

    #[inline(always)]
    fn builtins(&self) -> &Lent<V> {
        &self.f_builtins
    }

    #[inline(always)]
    fn locals(&self) -> &Plain<V> {
        &self.f_locals
    }

    #[inline(always)]
    fn frame_object(&self) -> &Plain<V> {
        &self.frame_obj
    }

    #[inline(always)]
    fn previous(&self) -> &Link<V> {
        &self.previous
    }

    #[inline(always)]
    fn instruction(&self) -> &Cell<*const CodeUnit> {
        &self.prev_instr
    }

    #[inline(always)]
    fn stack_top(&self) -> &impl StackTop<V> {
        &self.stacktop
    }

    #[inline(always)]
    fn return_offset(&self) -> Option<&Cell<u16>> {
        Some(&self.return_offset)
    }

    #[inline(always)]
    fn owner(&self) -> &Cell<i8> {
        &self.owner
    }
}

/// CPython 3.14.
pub enum Cpython3_14 {}

impl Version for Cpython3_14 {
    const NAME: &'static str = "3.14";
}

impl Numbers<owner::Thread> for Cpython3_14 {
    const RAW: i8 = 0;
}

impl Numbers<owner::Generator> for Cpython3_14 {
    const RAW: i8 = 1;
}

impl Numbers<owner::FrameObject> for Cpython3_14 {
    const RAW: i8 = 2;
}

impl Numbers<owner::Interpreter> for Cpython3_14 {
    const RAW: i8 = 3;
}

impl Numbers<owner::Cstack> for Cpython3_14 {
    const RAW: i8 = 4;
}

impl Numbers<generator::Created> for Cpython3_14 {
    const RAW: i8 = -3;
}

impl Numbers<generator::Suspended> for Cpython3_14 {
    const RAW: i8 = -2;
}

impl Numbers<generator::SuspendedYieldFrom> for Cpython3_14 {
    const RAW: i8 = -1;
}

impl Numbers<generator::Executing> for Cpython3_14 {
    const RAW: i8 = 0;
}

impl Numbers<generator::Completed> for Cpython3_14 {
    const RAW: i8 = 1;
}

impl Numbers<generator::Cleared> for Cpython3_14 {
    const RAW: i8 = 4;
}

impl Activation for Cpython3_14 {
    type Specials<V: Vm<Python = Self>> = Specials3_14<V>;

    const NULL_SLOT: usize = 1;
    const TAGS: Tags = Tags { mask: 0b11, borrowed: 0b01, integer: 0b11, shift: 2 };
    const CLEAR: ClearOrder = ClearOrder::Descending;
    const SHIM: i8 = <Self as Numbers<owner::Interpreter>>::RAW;

    const SEND_CACHES: u8 = 1;
    const RETURN_OFFSET_COUNTS_CALL: bool = true;
    const NEW: Position = Position { caches: false, return_offset: false, plus: 0 };
    const RUNNING: Position = Position { caches: false, return_offset: false, plus: -1 };
    const CALLING: Position = Position { caches: false, return_offset: false, plus: 0 };
    const CREATED: Position = Position { caches: false, return_offset: false, plus: 1 };
    const SUSPENDED: Position = Position { caches: false, return_offset: false, plus: 1 };
    const RESUME: Position = Position { caches: false, return_offset: false, plus: 0 };
    const AFTER_RETURN: Position = Position { caches: false, return_offset: true, plus: 0 };
    const AFTER_YIELD: Position = Position { caches: true, return_offset: false, plus: 1 };
}

/// The header of a frame of CPython 3.14: 80 bytes, align 8.
///
/// Source: `struct _PyInterpreterFrame`, Include/internal/pycore_interpframe_structs.h, v3.14.0.
#[repr(C)]
pub struct Specials3_14<V: Vm> {
    /// `f_executable`: strong.
    f_executable: Tagged<V>,
    /// `previous`: not counted, may be null.
    previous: Link<V>,
    /// `f_funcobj`: strong; null in a shim.
    f_funcobj: Tagged<V>,
    /// `f_globals`: borrowed from `f_funcobj`, may be null.
    f_globals: Lent<V>,
    /// `f_builtins`: borrowed from `f_funcobj`, may be null.
    f_builtins: Lent<V>,
    /// `f_locals`: strong, may be null.
    f_locals: Plain<V>,
    /// `frame_obj`: strong, may be null.
    frame_obj: Plain<V>,
    /// `instr_ptr`: into the code.
    instr_ptr: Cell<*const CodeUnit>,
    /// `stackpointer`: behind the top of the stack.
    stackpointer: StackPointer<V>,
    /// `return_offset`: code units; only meaningful during a call.
    return_offset: Cell<u16>,
    /// `owner`: `enum _frameowner`.
    owner: Cell<i8>,
    /// `visited`: the collector's.
    visited: Cell<u8>,
}

const _: () = {
    type Fields = Specials3_14<Blank<Cpython3_14>>;
    assert!(offset_of!(Fields, f_executable) == 0);
    assert!(offset_of!(Fields, previous) == 8);
    assert!(offset_of!(Fields, f_funcobj) == 16);
    assert!(offset_of!(Fields, f_globals) == 24);
    assert!(offset_of!(Fields, f_builtins) == 32);
    assert!(offset_of!(Fields, f_locals) == 40);
    assert!(offset_of!(Fields, frame_obj) == 48);
    assert!(offset_of!(Fields, instr_ptr) == 56);
    assert!(offset_of!(Fields, stackpointer) == 64);
    assert!(offset_of!(Fields, return_offset) == 72);
    assert!(offset_of!(Fields, owner) == 74);
    assert!(offset_of!(Fields, visited) == 75);
    assert!(InterpreterFrame::<Blank<Cpython3_14>>::SLOTS_OFFSET == 80);
};

impl<V: Vm<Python = Cpython3_14>> crate::frame::Specials<V> for Specials3_14<V> {
    #[inline(always)]
    fn new(start: Start<V>) -> Self {
        Specials3_14 {
            f_executable: Tagged::new(Some(start.executable)),
            previous: start.previous,
            f_funcobj: Tagged::new(start.function),
            f_globals: start.globals,
            f_builtins: start.builtins,
            f_locals: Plain::new(None),
            frame_obj: Plain::new(None),
            instr_ptr: Cell::new(start.instruction),
            stackpointer: StackPointer::held(),
            return_offset: Cell::new(0),
            owner: Cell::new(start.owner),
            visited: Cell::new(0),
        }
    }

    #[inline(always)]
    fn executable(&self) -> &impl Place<V> {
        &self.f_executable
    }

    #[inline(always)]
    fn function(&self) -> &impl Place<V> {
        &self.f_funcobj
    }

    #[inline(always)]
    fn globals(&self) -> &Lent<V> {
        &self.f_globals
    }

    #[inline(always)]
    fn builtins(&self) -> &Lent<V> {
        &self.f_builtins
    }

    #[inline(always)]
    fn locals(&self) -> &Plain<V> {
        &self.f_locals
    }

    #[inline(always)]
    fn frame_object(&self) -> &Plain<V> {
        &self.frame_obj
    }

    #[inline(always)]
    fn previous(&self) -> &Link<V> {
        &self.previous
    }

    #[inline(always)]
    fn instruction(&self) -> &Cell<*const CodeUnit> {
        &self.instr_ptr
    }

    #[inline(always)]
    fn stack_top(&self) -> &impl StackTop<V> {
        &self.stackpointer
    }

    #[inline(always)]
    fn return_offset(&self) -> Option<&Cell<u16>> {
        Some(&self.return_offset)
    }

    #[inline(always)]
    fn owner(&self) -> &Cell<i8> {
        &self.owner
    }
}
