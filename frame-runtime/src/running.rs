//! The running handle: how an eval loop holds the frame it runs.
//!
//! There is one per entry, and it is moved: a call takes the caller's and gives the callee's, a return the other way.
//! Everything it needs is in registers. It has no destructor; what a lost handle leaves behind is cleared when the entry
//! is left ([`DataStack::enter`]), also by a panic.
//!
//! Whatever may look at frames or run code of the program goes through [`Running::escape`] or [`Running::release`],
//! which note in the frame what the registers hold, and take the handle while they run. So a frame of which somebody
//! holds a handle is never seen by anybody else.
//!
//! A loop whose `match` has more than 16 arms shares one jump between all instructions, which the processor predicts badly.
//! `rustflags = ["-Cllvm-args=-tail-dup-pred-size=1024", "-Cllvm-args=-tail-dup-succ-size=1024"]` in the workspace's
//! `.cargo/config.toml` gives each its own: `fib` in `examples/minivm` takes a sixth less by it.

#![expect(unsafe_code, reason = "slots and code units are reached through pointers")]

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;

use crate::bounds::{Bounds, Checked};
use crate::data_stack::{DataStack, Full, Parked};
use crate::entry::{Entry, count_of, resume};
use crate::frame::{FramePtr, Place, Seen, Specials, StackTop};
use crate::generator_frame::{self, GeneratorFrame};
use crate::machine::generator::{Executing, OnSend};
use crate::machine::owner::{self, OnPop};
use crate::machine::{Gone, Numbers};
use crate::stack_ref::{Ref, StackRef};
use crate::version::{Frames, FramesOf, Position};
use crate::vm::{CodeUnit, FrameCode, FrameVm, Instruction, Value};

/// Memory is given back by what the handle knows of its owner, whatever transitions a version of somebody's own allows.
#[inline(always)]
pub(crate) fn only<O: 'static, Wanted: 'static>() {
    assert!(TypeId::of::<O>() == TypeId::of::<Wanted>(), "the version allows this of a frame that another one owns");
}

/// Whose memory the frame is in, when it is known only at run time.
pub enum Any {}

/// Makes the lifetime of an entry its own: no two can be taken for each other.
pub(crate) type Brand<'t> = PhantomData<fn(&'t ()) -> &'t ()>;

/// The frame that an eval loop runs.
///
/// `O` is the owner of the frame's memory, one of [`owner`] or [`Any`]: [`by_owner`](Self::by_owner) asks.
#[must_use = "a frame whose handle is lost runs no further, and is cleared when the entry is left"]
pub struct Running<'t, V: FrameVm, O = Any, B: Bounds = Checked> {
    pub(crate) frame: FramePtr<V>,
    /// Behind the top of the evaluation stack.
    top: *mut StackRef<V>,
    /// The next instruction.
    next: *const CodeUnit,
    ends: B::Of<V>,
    pub(crate) stack: &'t DataStack<V>,
    brand: Brand<'t>,
    owner: PhantomData<O>,
}

/// Who goes on after a return or a yield.
#[must_use = "the frame in it runs next"]
pub enum Returned<'t, V: FrameVm, B: Bounds = Checked> {
    /// The frame below.
    Frame(Running<'t, V, Any, B>),
    /// Nobody: the loop is left.
    Left(Entry<'t, V, B>),
}

/// A running frame by its owner.
pub enum ByOwner<'t, V: FrameVm, B: Bounds = Checked> {
    /// It is on the data stack.
    Thread(Running<'t, V, owner::Thread, B>),
    /// It is in a generator.
    Generator(Running<'t, V, owner::Generator, B>),
}

/// What an instruction that calls says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// Code units of inline cache behind it.
    pub caches: u8,
    /// Code units to jump over when the callee returns, besides the caches: the argument of `SEND` and `FOR_ITER`.
    pub jump: u16,
}

impl Site {
    /// What the frame notes of it: 16 bits, which in some versions count the call as well.
    #[inline(always)]
    pub(crate) fn return_offset<V: FrameVm>(self) -> u16 {
        let own = if <FramesOf<V> as Frames>::RETURN_OFFSET_COUNTS_CALL { 1 + u16::from(self.caches) } else { 0 };
        match self.jump.checked_add(own) {
            Some(offset) => offset,
            None => out_of_code(),
        }
    }
}

/// The arguments of a call, on the caller's stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Slots on the top that become the first locals of the callee.
    pub count: u32,
    /// Empty slots below, which are removed: where the callable was.
    pub under: u32,
}

/// Why there is no call. Nothing was taken, nothing is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is no room for another frame.
    Full(Full),
    /// The object is no function.
    NotAFunction,
    /// There are more arguments than the code has locals, or its frame is larger than a frame can be.
    Unfit,
    /// Another entry is active above this one.
    NotOnTop,
    /// Another entry is active below this one, or frames of the stack are parked already.
    NotAlone,
    /// The generator of a frame is in no object: nothing says that it goes where the stack goes.
    Loose,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Full(full) => full.fmt(f),
            Reason::NotAFunction => f.write_str("the callable has no code that frames could run"),
            Reason::Unfit => {
                f.write_str("the code has too few locals for the arguments, or too many slots for a frame")
            }
            Reason::NotOnTop => f.write_str("another entry is active above this one"),
            Reason::NotAlone => f.write_str("another entry is active below this one, or other frames are parked"),
            Reason::Loose => f.write_str("the generator of a frame is in no object"),
        }
    }
}

impl core::error::Error for Reason {}

/// A call that did not happen: what went in comes out.
pub struct Refused<H, C> {
    /// Why.
    pub reason: Reason,
    /// The handle of the caller, with its stack as it was.
    pub caller: H,
    /// What was to be called.
    pub callee: C,
}

impl<H, C> fmt::Debug for Refused<H, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// A generator's frame runs, or nothing happened.
pub type Resumed<'t, V, B, H, S> = Result<Running<'t, V, owner::Generator, B>, Refused<H, GeneratorFrame<V, S>>>;

impl<'t, V: FrameVm, O, B: Bounds> Running<'t, V, O, B> {
    /// The handle of a frame. There must be no other one of the entry.
    #[inline(always)]
    pub(crate) fn new(
        frame: FramePtr<V>,
        top: *mut StackRef<V>,
        next: *const CodeUnit,
        ends: B::Of<V>,
        stack: &'t DataStack<V>,
    ) -> Self {
        Running { frame, top, next, ends, stack, brand: PhantomData, owner: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn assume_owner<N>(self) -> Running<'t, V, N, B> {
        Running::new(self.frame, self.top, self.next, self.ends, self.stack)
    }

    /// The handle in a place of its own, for what is called with it: the loop's stays in registers.
    #[inline(always)]
    pub(crate) fn aside(self) -> Self {
        self.assume_owner()
    }

    /// The handle without what it knows of the owner.
    #[inline(always)]
    pub fn any(self) -> Running<'t, V, Any, B> {
        self.assume_owner()
    }

    /// The handle by the frame's owner: a frame on the data stack can be popped, a generator's can yield.
    #[inline(always)]
    pub fn by_owner(self) -> ByOwner<'t, V, B> {
        if self.frame.is_by_thread() {
            ByOwner::Thread(self.assume_owner())
        } else {
            ByOwner::Generator(self.assume_owner())
        }
    }

    // Code.

    /// The next instruction; the one behind it is next.
    ///
    /// # Panics
    ///
    /// At the end of the code.
    #[inline(always)]
    pub fn fetch(&mut self) -> Instruction {
        let unit = self.next;
        if !B::is_code(&self.ends, unit) {
            out_of_code();
        }
        self.next = unit.wrapping_add(1);
        // SAFETY: it is one of the units of the frame's code: checked above, or promised to `trusted`.
        unsafe { &*unit }.instruction()
    }

    /// The code unit that is `units` behind the next one: an inline cache.
    ///
    /// # Panics
    ///
    /// Outside of the code.
    #[inline(always)]
    pub fn unit(&self, units: u8) -> &CodeUnit {
        let unit = self.next.wrapping_add(units.into());
        if !B::is_code(&self.ends, unit) {
            out_of_code();
        }
        // SAFETY: it is one of the units of the frame's code: checked above, or promised to `trusted`. The frame keeps its
        // code, and the frame stays while the handle is borrowed.
        unsafe { &*unit }
    }

    /// So many code units from the next one on: the inline cache of the instruction that is run.
    ///
    /// # Panics
    ///
    /// If they are not all in the code.
    #[inline(always)]
    pub fn caches(&self, count: u8) -> &[CodeUnit] {
        if count == 0 {
            return &[];
        }
        if !B::is_code(&self.ends, self.next.wrapping_add(usize::from(count) - 1)) {
            out_of_code();
        }
        // SAFETY: the last of them is one of the units of the frame's code: checked above, or promised to `trusted`; so are
        // those before it from the next instruction on. The frame keeps its code, and stays while the handle is borrowed.
        unsafe { core::slice::from_raw_parts(self.next, count.into()) }
    }

    /// Jumps, counted in code units from the next instruction. Caches are skipped this way as well.
    ///
    /// # Panics
    ///
    /// Out of the code.
    #[inline(always)]
    pub fn jump(&mut self, units: i32) {
        let target = self.next.wrapping_offset(units as isize);
        let inside = if units < 0 { B::is_in_code(self.frame, target) } else { B::is_code(&self.ends, target) };
        if !inside {
            out_of_code();
        }
        self.next = target;
    }

    /// Goes to the code unit with this index.
    pub(crate) fn go_to(&mut self, unit: u32) {
        let target = self.code().units().as_ptr().wrapping_add(unit as usize);
        if !(B::is_in_code(self.frame, target) || B::is_in_code(self.frame, target.wrapping_sub(1))) {
            out_of_code();
        }
        self.next = target;
    }

    /// The index of the next instruction in its code, in code units.
    pub fn next_index(&self) -> usize {
        let start = self.code().units().as_ptr();
        (self.next.addr() - start.addr()) / size_of::<CodeUnit>()
    }

    /// The code that is run.
    #[inline(always)]
    pub fn code(&self) -> &<V::Value as Value>::Code {
        match self.frame.code() {
            Some(code) => code,
            None => lost(),
        }
    }

    /// The code object.
    #[inline(always)]
    pub fn executable(&self) -> Option<Ref<'_, V>> {
        self.frame.executable()
    }

    /// The function.
    #[inline(always)]
    pub fn function(&self) -> Option<Ref<'_, V>> {
        self.frame.function()
    }

    /// The globals of the function.
    #[inline(always)]
    pub fn globals(&self) -> Option<Ref<'_, V>> {
        self.frame.globals()
    }

    /// The builtins of the function.
    #[inline(always)]
    pub fn builtins(&self) -> Option<Ref<'_, V>> {
        self.frame.builtins()
    }

    /// The mapping that holds the names of a module or class; none in a function.
    #[inline(always)]
    pub fn namespace(&self) -> Option<Ref<'_, V>> {
        self.frame.namespace()
    }

    /// Gives the frame a mapping for its names, and returns what was there. A frame begins without one.
    pub fn set_namespace(&mut self, namespace: Option<V::Value>) -> Option<V::Value> {
        self.frame.replace_namespace(namespace)
    }

    /// Where the frame lies: what a debugger that reads the process finds it by.
    pub fn address(&self) -> usize {
        self.frame.memory().addr().get()
    }

    /// What the VM added to the frame.
    #[inline(always)]
    pub fn extra(&self) -> &V::FrameExtra {
        self.frame.extra()
    }

    // The evaluation stack.

    /// Slots on the evaluation stack.
    pub fn depth(&self) -> usize {
        self.depth_above(self.frame.stack_base())
    }

    /// The same, where it is known where the stack begins.
    #[inline(always)]
    pub(crate) fn depth_above(&self, base: *mut StackRef<V>) -> usize {
        (self.top.addr() - base.addr()) / size_of::<StackRef<V>>()
    }

    /// Pushes.
    ///
    /// # Panics
    ///
    /// If the stack is as deep as the code's `stacksize`; what was to be pushed is dropped.
    #[inline(always)]
    pub fn push(&mut self, value: StackRef<V>) {
        if !B::may_push(&self.ends, self.top, 1) {
            overflow(value);
        }
        // SAFETY: the slot is one of the frame's: checked above, or promised to `trusted`. There is nothing in it.
        unsafe { self.top.write(value) };
        self.top = self.top.wrapping_add(1);
    }

    /// Pops.
    ///
    /// # Panics
    ///
    /// If the stack is empty.
    #[inline(always)]
    pub fn pop(&mut self) -> StackRef<V> {
        if !B::may_pop(&self.ends, self.top, 1) {
            underflow();
        }
        self.top = self.top.wrapping_sub(1);
        // SAFETY: the slot is on the stack, and so initialised: checked above, or promised to `trusted`. It is not any more.
        unsafe { self.top.read() }
    }

    /// The slot `depth` below the top, which is 0.
    #[inline(always)]
    fn at(&self, depth: u32) -> *mut StackRef<V> {
        if B::CHECKS && depth.checked_add(1).is_none_or(|count| !B::may_pop(&self.ends, self.top, count)) {
            underflow();
        }
        self.top.wrapping_sub(depth as usize).wrapping_sub(1)
    }

    /// The slot `depth` below the top, which is 0.
    ///
    /// # Panics
    ///
    /// If the stack is not as deep.
    #[inline(always)]
    pub fn peek(&self, depth: u32) -> &StackRef<V> {
        // SAFETY: the slot is on the stack, and so initialised: checked in `at`, or promised to `trusted`. It stays while
        // the handle is borrowed.
        unsafe { &*self.at(depth) }
    }

    /// Changes the slot `depth` below the top, which is 0, and returns what was in it.
    ///
    /// # Panics
    ///
    /// If the stack is not as deep.
    #[inline(always)]
    pub fn replace(&mut self, depth: u32, value: StackRef<V>) -> StackRef<V> {
        // SAFETY: the slot is on the stack, and so initialised: checked in `at`, or promised to `trusted`.
        unsafe { self.at(depth).replace(value) }
    }

    // Locals.

    #[inline(always)]
    fn slot(&self, index: u32) -> *mut StackRef<V> {
        let slot = self.frame.slots().wrapping_add(index as usize);
        if !B::is_local(&self.ends, slot) {
            no_local();
        }
        slot
    }

    /// A local, cell or free variable by its index.
    ///
    /// # Panics
    ///
    /// From `nlocalsplus` on.
    #[inline(always)]
    pub fn local(&self, index: u32) -> &StackRef<V> {
        // SAFETY: it is one of the locals, which are always initialised: checked in `slot`, or promised to `trusted`. It
        // stays while the handle is borrowed.
        unsafe { &*self.slot(index) }
    }

    /// Sets a local, and returns what was in it.
    ///
    /// # Panics
    ///
    /// From `nlocalsplus` on.
    #[inline(always)]
    pub fn set_local(&mut self, index: u32, value: StackRef<V>) -> StackRef<V> {
        // SAFETY: it is one of the locals, which are always initialised: checked in `slot`, or promised to `trusted`.
        unsafe { self.slot(index).replace(value) }
    }

    /// The stack that the frame is on. It cannot be entered while the frame is held.
    pub fn stack(&self) -> &DataStack<V> {
        self.stack
    }

    // Leaving the registers.

    /// Notes in the frame what the handle holds.
    #[inline(always)]
    pub(crate) fn spill(&self) {
        let next = <FramesOf<V> as Frames>::RUNNING.resolve(0, 0);
        self.frame.specials().instruction().set(self.next.wrapping_offset(next));
        self.frame.spill(self.top);
    }

    /// The next instruction.
    pub(crate) fn next(&self) -> *const CodeUnit {
        self.next
    }

    /// Takes the position that was noted in the frame while it was looked at, in the place of its own.
    pub(crate) fn take_position(&mut self) {
        if let Some(top) = self.frame.specials().stack_top().get(self.frame.slots()) {
            self.top = top;
        }
        self.next = self.frame.specials().instruction().get();
    }

    /// Does something that may look at frames, enter the stack, or run code of the program. The way to call natives.
    ///
    /// The handle is taken: if `body` panics it is gone, and the frame is cleared when its entry is left.
    #[inline(always)]
    pub fn escape<R>(self, body: impl FnOnce(&DataStack<V>) -> R) -> (Self, R) {
        self.spill();
        let result = body(self.stack);
        // `enter` leaves the stack as it was, and nothing else can be done to it: the frame is on top.
        self.hold();
        (self, result)
    }

    /// The same, after what was called took so many slots off the stack.
    #[inline(always)]
    pub(crate) fn hold_without(&mut self, slots: usize) {
        self.top = self.top.wrapping_sub(slots);
        self.hold();
    }

    /// The handle alone knows the end of the stack again.
    #[inline(always)]
    pub(crate) fn hold(&self) {
        self.frame.specials().stack_top().hold();
    }

    /// Drops what was in a slot. Only if that was the last reference it is an [`escape`](Self::escape).
    #[inline(always)]
    pub fn release(self, value: StackRef<V>) -> Self {
        match value.release() {
            None => self,
            Some(last) => {
                // What is called does not see the handle: it would be in memory also where this is not the last.
                self.spill();
                drop_last::<V>(last);
                self.hold();
                self
            }
        }
    }

    // Calls and returns.

    /// Calls a function: its first locals are moved off the top of this frame's stack, the frame is left waiting, and the
    /// callee runs.
    ///
    /// The next instruction must be the one behind the calling one, caches not yet skipped.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the handle as it was and the function; nothing is lost.
    ///
    /// # Panics
    ///
    /// If there are fewer slots on the stack than [`Arguments`] says, or those under the arguments are not empty; if what
    /// the [`Site`] jumps over is more than a return offset can say.
    #[inline(always)]
    pub fn call(
        self,
        function: V::Value,
        arguments: Arguments,
        site: Site,
    ) -> Result<Running<'t, V, Any, B>, Refused<Self, V::Value>> {
        let (first, top) = self.arguments(arguments);
        let offset = site.return_offset::<V>();
        let callee = match self.stack.prepare(&function, arguments.count) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: function }),
        };
        self.wait(top, site.caches, offset);
        // SAFETY: `callee` is of this call. The arguments are on the stack, and so initialised; they are not on it any more,
        // since it was spilled without them.
        Ok(unsafe { self.stack.start(callee, function, first, arguments.count, self.frame, false) })
    }

    /// The same with arguments that are not on the stack: the callee's first locals are taken out of `arguments`, which are empty
    /// afterwards. So are those passed that an iterable or a dict has (`*args`, `**kwargs`).
    ///
    /// # Errors
    ///
    /// [`Refused`] with the handle as it was and the function; `arguments` are untouched.
    ///
    /// # Panics
    ///
    /// If what the [`Site`] jumps over is more than a return offset can say.
    pub fn call_with(
        self,
        function: V::Value,
        arguments: &mut [StackRef<V>],
        site: Site,
    ) -> Result<Running<'t, V, Any, B>, Refused<Self, V::Value>> {
        let offset = site.return_offset::<V>();
        let callee = match self.stack.prepare(&function, count_of(arguments)) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: function }),
        };
        self.wait(self.top, site.caches, offset);
        // SAFETY: `callee` is of this call, and the caller is spilled.
        Ok(unsafe { self.stack.start_with(callee, function, arguments, self.frame, false) })
    }

    /// Runs code that belongs to no function on top of this frame, with arguments as entries of its stack. Such code has no
    /// `RESUME`, so nobody sees its frame: what calls `__init__` and returns the object is one (since 3.12).
    ///
    /// # Errors
    ///
    /// [`Refused`] with the handle as it was and the code; nothing is lost.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    ///
    /// Source: `_PyFrame_PushTrampolineUnchecked`, Include/internal/pycore_frame.h.
    pub fn call_trampoline(
        self,
        code: V::Value,
        arguments: Arguments,
        site: Site,
    ) -> Result<Running<'t, V, Any, B>, Refused<Self, V::Value>> {
        let (first, top) = self.arguments(arguments);
        let offset = site.return_offset::<V>();
        let callee = match self.stack.prepare_trampoline(&code, arguments.count) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: code }),
        };
        self.wait(top, site.caches, offset);
        // SAFETY: as in `call`.
        let running = unsafe { self.stack.start_trampoline(callee, first, arguments.count, self.frame) };
        // The callee has a reference of its own, and this one is not the last; but its end may panic.
        Ok(running.release(StackRef::owned(code)))
    }

    /// Where the arguments of a call begin, and where the stack ends without them.
    #[inline(always)]
    pub(crate) fn arguments(&self, arguments: Arguments) -> (*mut StackRef<V>, *mut StackRef<V>) {
        let slots = arguments.count.checked_add(arguments.under);
        if B::CHECKS && slots.is_none_or(|slots| !B::may_pop(&self.ends, self.top, slots)) {
            underflow();
        }
        let first = self.top.wrapping_sub(arguments.count as usize);
        let top = first.wrapping_sub(arguments.under as usize);
        let mut under = top;
        while B::CHECKS && under < first {
            // SAFETY: the slot is on the stack, and so initialised: checked above.
            if !unsafe { &*under }.is_null() {
                not_empty();
            }
            under = under.wrapping_add(1);
        }
        (first, top)
    }

    /// Notes in the frame where it goes on after a call.
    #[inline(always)]
    pub(crate) fn wait(&self, top: *mut StackRef<V>, caches: u8, return_offset: u16) {
        let specials = self.frame.specials();
        let position = <FramesOf<V> as Frames>::CALLING.resolve(caches, 0);
        specials.instruction().set(self.next.wrapping_sub(1).wrapping_offset(position));
        if let Some(offset) = specials.return_offset() {
            offset.set(return_offset);
        }
        self.frame.spill(top);
    }

    /// Notes in the frame where it goes on after what it resumes.
    #[inline(always)]
    pub(crate) fn wait_at(&self, site: Site) {
        self.wait(self.top, site.caches, site.return_offset::<V>());
    }

    /// Resumes a generator's frame, which runs on top of this one.
    ///
    /// After a return this frame goes on behind `site`. After a yield it goes on behind the caches of `SEND`, of which the
    /// version has [`Frames::SEND_CACHES`], whatever `site` says: in CPython only such instructions resume.
    ///
    /// The handle of the generator's frame is in the running one until the frame yields or ends. The value that is sent is
    /// for the caller to push.
    ///
    /// # Errors
    ///
    /// [`Refused`] with both handles as they were.
    ///
    /// # Panics
    ///
    /// If what the [`Site`] jumps over is more than a return offset can say.
    #[inline(always)]
    pub fn send<S>(self, generator: GeneratorFrame<V, S>, site: Site) -> Resumed<'t, V, B, Self, S>
    where
        S: OnSend<V::Python, Executing>,
    {
        let remaining = self.stack.remaining.get();
        if remaining == 0 {
            return Err(Refused { reason: Reason::Full(Full::Recursion), caller: self, callee: generator });
        }
        let offset = site.return_offset::<V>();
        self.stack.remaining.set(remaining - 1);
        self.wait(self.top, site.caches, offset);
        // SAFETY: this frame is on top and was spilled, and this was the only handle of the entry.
        Ok(unsafe { resume(self.stack, generator.into_frame(), self.frame, <V::Python as Numbers<Executing>>::RAW) })
    }

    /// Ends the activation, by a return or because an exception leaves it: the frame below is the topmost one, then this
    /// one is cleared, its code goes last but for its memory. What is still on its stack is released with the locals.
    ///
    /// ```compile_fail,E0277
    /// # use frame_runtime::{running::Running, machine::owner, version::Cpython3_14, vm::FrameVm};
    /// fn pop<V: FrameVm<Python = Cpython3_14>>(frame: Running<'_, V, owner::Generator>) {
    ///     let _ = frame.ret(); // a generator's frame is not on the data stack
    /// }
    /// ```
    #[inline(always)]
    pub fn ret(self) -> Returned<'t, V, B>
    where
        O: OnPop<V::Python, Gone> + 'static,
    {
        self.end(<FramesOf<V> as Frames>::AFTER_RETURN)
    }

    /// Ends the activation because an exception leaves it, like [`ret`](Self::ret). The frame below goes on where it called,
    /// as if its call had raised: the next instruction is the one behind the unit where it stands, which until 3.12 is the
    /// last of the call's caches.
    #[inline(always)]
    pub fn raise(self) -> Returned<'t, V, B>
    where
        O: OnPop<V::Python, Gone> + 'static,
    {
        self.end(after_raise::<V>())
    }

    #[inline(always)]
    fn end(self, position: Position) -> Returned<'t, V, B>
    where
        O: OnPop<V::Python, Gone> + 'static,
    {
        let seen = self.foresee_end();
        self.end_foreseen(position, seen)
    }

    /// What the end of the activation needs made is made, while everything is where a collector finds it: nothing, where
    /// nobody looked at the frame. Says whether somebody did, and who the caller is.
    #[inline(always)]
    pub(crate) fn foresee_end(&self) -> Seen<V> {
        if self.frame.specials().frame_object().pointer().is_none() {
            return Seen::No;
        }
        // What is called here does not see the handle: it would be in memory also where nobody looked.
        self.spill();
        let seen = self.frame.before_end(self.stack);
        self.hold();
        seen
    }

    /// The end of an activation that was [foreseen](Self::foresee_end): nothing is made any more.
    #[inline(always)]
    pub(crate) fn end_foreseen(self, position: Position, seen: Seen<V>) -> Returned<'t, V, B>
    where
        O: OnPop<V::Python, Gone> + 'static,
    {
        only::<O, owner::Thread>();
        let (frame, stack) = (self.frame, self.stack);
        let previous = self.unlink();
        // SAFETY: it was the topmost frame and so the last one pushed; what destructors push above is popped before they
        // return. Its handle is consumed.
        frame.end_at(self.top, seen, move || unsafe { stack.pop(frame.memory()) });
        // SAFETY: the frame below is the topmost one, was spilled when it called, and this was the only handle.
        unsafe { stack.take_up(previous, position) }
    }

    /// Ends this activation and all below it, down to the entry, the topmost first.
    ///
    /// Handles that are dropped come to the same when the entry is left, but for what is on the evaluation stack of this
    /// frame: only the handle knows how much that is, and it would never be released.
    #[inline(always)]
    pub fn leave(self) -> Entry<'t, V, B> {
        self.aside().leave_all()
    }

    #[cold]
    #[inline(never)]
    fn leave_all(self) -> Entry<'t, V, B> {
        self.spill();
        let mut shim = self.frame;
        while !shim.is_shim() {
            let Some(previous) = shim.previous() else { lost() };
            shim = previous;
        }
        self.stack.clear_above(Some(shim));
        Entry::at(shim, self.stack)
    }

    /// Leaves all frames of the stack where they are, this one on top, waiting as in a call: the entry can be left, and
    /// [`DataStack::unpark`] goes on later. What the stack is moved to, or dropped with, they go along.
    ///
    /// The entry must be the only one of the stack; the frames below it could not go on otherwise.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the handle as it was.
    ///
    /// # Panics
    ///
    /// If what the [`Site`] jumps over is more than a return offset can say.
    pub fn park(self, site: Site) -> Result<Entry<'t, V, B>, Refused<Self, ()>> {
        let mut bottom = self.frame;
        let shim = loop {
            if bottom.is_by_generator() && generator_frame::is_loose(bottom) {
                return Err(Refused { reason: Reason::Loose, caller: self, callee: () });
            }
            let Some(previous) = bottom.previous() else { lost() };
            if previous.is_shim() {
                break previous;
            }
            bottom = previous;
        };
        if shim.previous().is_some() || self.stack.parked.get().is_some() {
            return Err(Refused { reason: Reason::NotAlone, caller: self, callee: () });
        }
        self.wait(self.top, site.caches, site.return_offset::<V>());
        bottom.specials().previous().set(None);
        self.stack.parked.set(Some(Parked { top: self.frame, bottom }));
        self.stack.handled.park();
        self.stack.current.set(Some(shim));
        Ok(Entry::at(shim, self.stack))
    }

    /// Takes the frame off the chain, not spilled. Returns the one below.
    #[inline(always)]
    pub(crate) fn unlink(&self) -> FramePtr<V> {
        let Some(previous) = self.frame.previous() else { lost() };
        self.stack.remaining.set(self.stack.remaining.get() + 1);
        self.stack.current.set(Some(previous));
        previous
    }

    /// Notes in the frame where its stack ends.
    #[inline(always)]
    pub(crate) fn spill_top(&self) {
        self.frame.spill(self.top);
    }

    /// Notes where the frame stands, relative to the instruction before the next one.
    #[inline(always)]
    pub(crate) fn stand(&self, position: Position) {
        let units = position.resolve(0, 0);
        self.frame.specials().instruction().set(self.next.wrapping_sub(1).wrapping_offset(units));
    }

    /// The slots in use, as a range of pointers.
    pub(crate) fn used(&self) -> (*mut StackRef<V>, *mut StackRef<V>) {
        (self.frame.slots(), self.top)
    }
}

#[cold]
#[inline(never)]
fn drop_last<V: FrameVm>(last: <V::Value as Value>::Last) {
    drop(last);
}

#[cold]
#[inline(never)]
fn overflow<V: FrameVm>(_: StackRef<V>) -> ! {
    panic!("push on a full evaluation stack: the code's stacksize is too small")
}

#[cold]
#[inline(never)]
fn underflow() -> ! {
    panic!("pop from an empty evaluation stack")
}

#[cold]
#[inline(never)]
fn no_local() -> ! {
    panic!("no such local variable")
}

#[cold]
#[inline(never)]
pub(crate) fn out_of_code() -> ! {
    panic!("the instruction is outside of the code")
}

#[cold]
#[inline(never)]
fn not_empty() -> ! {
    panic!("a slot under the arguments is not empty")
}

/// Where a frame goes on whose callee raised: behind the unit where it stands, so that its instruction is the call.
#[inline(always)]
pub(crate) const fn after_raise<V: FrameVm>() -> Position {
    Position { caches: false, return_offset: false, plus: -<FramesOf<V> as Frames>::RUNNING.plus }
}

/// A frame that runs has code, is linked, and is spilled while another one runs on top.
#[cold]
#[inline(never)]
pub(crate) fn lost() -> ! {
    unreachable!("the chain of frames is broken")
}
