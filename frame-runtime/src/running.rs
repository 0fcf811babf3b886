//! The running handle: how an eval loop holds the frame it runs.
//!
//! There is one per entry, and it is moved: a call takes the caller's and gives the callee's, a return the other way.
//! Everything it needs is in registers. It has no destructor; what a lost handle leaves behind is cleared when the entry
//! is left ([`DataStack::enter`]), also by a panic.
//!
//! Whatever may look at frames or run code of the program goes through [`Running::escape`] or [`Running::release`],
//! which note in the frame what the registers hold, and take the handle while they run. So a frame of which somebody
//! holds a handle is never seen by anybody else.

#![expect(unsafe_code, reason = "slots and code units are reached through pointers")]

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::data_stack::{DataStack, Full};
use crate::frame::{Finally, FramePtr, InterpreterFrame, Lent, Link, MOST_SLOTS, Specials, StackTop, Start};
use crate::generator_frame::{self, GeneratorFrame};
use crate::machine::{Gone, Numbers};
use crate::stack_ref::{Ref, StackRef};
use crate::stand_in::generator::{Executing, OnSend};
use crate::stand_in::owner::{self, OnPop};
use crate::version::Activation;
use crate::vm::{Code, CodeUnit, Instruction, Value, Vm};

/// Whose memory the frame is in, when it is known only at run time.
pub enum Any {}

/// Bounds are checked: a slot or code unit out of them is a panic.
#[derive(Clone, Copy, Debug)]
pub enum Checked {}

/// Bounds are not checked; see [`Entry::trusted`].
#[derive(Clone, Copy, Debug)]
pub enum Trusted {}

/// Whether a handle checks bounds: [`Checked`] or [`Trusted`].
#[expect(private_bounds, reason = "there are two, and what they do is the runtime's")]
pub trait Bounds: Ends {}

impl Bounds for Checked {}
impl Bounds for Trusted {}

/// The bounds of a frame as a handle keeps them.
trait Ends: Sized + 'static {
    const CHECKS: bool;
    type Of<V: Vm>: Copy;

    fn of<V: Vm>(base: *mut StackRef<V>, code: &<V::Value as Value>::Code) -> Self::Of<V>;
    /// Those of a frame that has code.
    fn of_frame<V: Vm>(frame: FramePtr<V>) -> Self::Of<V>;
    /// Whether `count` slots may be pushed.
    fn may_push<V: Vm>(ends: &Self::Of<V>, top: *mut StackRef<V>, count: u32) -> bool;
    /// Whether there are `count` slots on the stack.
    fn may_pop<V: Vm>(ends: &Self::Of<V>, top: *mut StackRef<V>, count: u32) -> bool;
    /// Whether the slot is one of the locals. It is not before the first one.
    fn is_local<V: Vm>(ends: &Self::Of<V>, slot: *mut StackRef<V>) -> bool;
    /// Whether there is an instruction here. It is not before the first one.
    fn is_code<V: Vm>(ends: &Self::Of<V>, unit: *const CodeUnit) -> bool;
    /// Whether the target of a jump is in the code.
    fn is_target<V: Vm>(frame: FramePtr<V>, unit: *const CodeUnit) -> bool;
}

/// Where stack and code of a frame end.
struct CheckedEnds<V: Vm> {
    base: *mut StackRef<V>,
    limit: *mut StackRef<V>,
    code: *const CodeUnit,
}

impl<V: Vm> Clone for CheckedEnds<V> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: Vm> Copy for CheckedEnds<V> {}

impl Ends for Checked {
    const CHECKS: bool = true;

    type Of<V: Vm> = CheckedEnds<V>;

    #[inline(always)]
    fn of<V: Vm>(base: *mut StackRef<V>, code: &<V::Value as Value>::Code) -> CheckedEnds<V> {
        let limit = base.wrapping_add(code.stacksize() as usize);
        CheckedEnds { base, limit, code: code.units().as_ptr_range().end }
    }

    #[inline(always)]
    fn of_frame<V: Vm>(frame: FramePtr<V>) -> CheckedEnds<V> {
        let Some(code) = frame.code() else { lost() };
        Self::of(frame.slots().wrapping_add(code.nlocalsplus() as usize), code)
    }

    #[inline(always)]
    fn may_push<V: Vm>(ends: &CheckedEnds<V>, top: *mut StackRef<V>, count: u32) -> bool {
        count as usize * size_of::<StackRef<V>>() <= ends.limit.addr() - top.addr()
    }

    #[inline(always)]
    fn may_pop<V: Vm>(ends: &CheckedEnds<V>, top: *mut StackRef<V>, count: u32) -> bool {
        count as usize * size_of::<StackRef<V>>() <= top.addr() - ends.base.addr()
    }

    #[inline(always)]
    fn is_local<V: Vm>(ends: &CheckedEnds<V>, slot: *mut StackRef<V>) -> bool {
        slot < ends.base
    }

    #[inline(always)]
    fn is_code<V: Vm>(ends: &CheckedEnds<V>, unit: *const CodeUnit) -> bool {
        unit < ends.code
    }

    #[inline(always)]
    fn is_target<V: Vm>(frame: FramePtr<V>, unit: *const CodeUnit) -> bool {
        frame.code().is_some_and(|code| code.units().as_ptr_range().contains(&unit))
    }
}

impl Ends for Trusted {
    const CHECKS: bool = false;

    type Of<V: Vm> = ();

    #[inline(always)]
    fn of<V: Vm>(_: *mut StackRef<V>, _: &<V::Value as Value>::Code) {}

    #[inline(always)]
    fn of_frame<V: Vm>(_: FramePtr<V>) {}

    #[inline(always)]
    fn may_push<V: Vm>((): &(), _: *mut StackRef<V>, _: u32) -> bool {
        true
    }

    #[inline(always)]
    fn may_pop<V: Vm>((): &(), _: *mut StackRef<V>, _: u32) -> bool {
        true
    }

    #[inline(always)]
    fn is_local<V: Vm>((): &(), _: *mut StackRef<V>) -> bool {
        true
    }

    #[inline(always)]
    fn is_code<V: Vm>((): &(), _: *const CodeUnit) -> bool {
        true
    }

    #[inline(always)]
    fn is_target<V: Vm>(_: FramePtr<V>, _: *const CodeUnit) -> bool {
        true
    }
}

/// Makes the lifetime of an entry its own: no two can be taken for each other.
type Brand<'t> = PhantomData<fn(&'t ()) -> &'t ()>;

/// The inside of an entry, with nothing running: below the first call, and again after its return.
pub struct Entry<'t, V: Vm, B: Bounds = Checked> {
    shim: FramePtr<V>,
    stack: &'t DataStack<V>,
    brand: Brand<'t>,
    bounds: PhantomData<B>,
}

/// The frame that an eval loop runs.
///
/// `O` is the owner of the frame's memory, one of [`owner`] or [`Any`]: [`by_owner`](Self::by_owner) asks.
#[must_use = "a frame whose handle is lost runs no further, and is cleared when the entry is left"]
pub struct Running<'t, V: Vm, O = Any, B: Bounds = Checked> {
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
pub enum Returned<'t, V: Vm, B: Bounds = Checked> {
    /// The frame below.
    Frame(Running<'t, V, Any, B>),
    /// Nobody: the loop is left.
    Left(Entry<'t, V, B>),
}

/// A running frame by its owner.
pub enum ByOwner<'t, V: Vm, B: Bounds = Checked> {
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

/// The stack cannot be entered: the topmost frame is in the hands of an eval loop. Go through [`Running::escape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held;

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an eval loop holds the topmost frame")
    }
}

impl core::error::Error for Held {}

impl<V: Vm> DataStack<V> {
    /// Runs `body` on top of the stack: the only way in.
    ///
    /// `shim` is what stands for the code of the native caller in the chain of frames: `None` from 3.13 on, a code object
    /// of two instructions in 3.12. Whatever frames `body` leaves above are cleared when it ends, also by a panic.
    ///
    /// # Errors
    ///
    /// [`Held`] if an eval loop holds the topmost frame.
    pub fn enter<R>(&self, shim: V::Value, body: impl for<'t> FnOnce(Entry<'t, V>) -> R) -> Result<R, Held> {
        let below = self.current.get();
        if below.is_some_and(FramePtr::is_held) {
            return Err(Held);
        }
        let start = Start {
            executable: shim,
            function: None,
            globals: Lent::new(None),
            builtins: Lent::new(None),
            previous: Link::new(below),
            instruction: core::ptr::null(),
            owner: <V::Python as Activation>::SHIM,
            is_entry: false,
        };
        let mut memory = core::mem::MaybeUninit::<InterpreterFrame<V>>::uninit();
        // SAFETY: the local is aligned and large enough for a header, a shim has no slots, and nothing else uses the local,
        // which outlives the guard below.
        let shim = unsafe { FramePtr::init(NonNull::from(&mut memory).cast(), start, V::FrameExtra::default()) };
        shim.spill(shim.slots());
        let remaining = self.remaining.get();
        self.current.set(Some(shim));
        let _leave = Finally(|| {
            let _shim = Finally(|| {
                self.current.set(below);
                self.remaining.set(remaining);
                shim.end(|| ());
            });
            self.clear_above(shim);
        });
        Ok(body(Entry { shim, stack: self, brand: PhantomData, bounds: PhantomData }))
    }

    /// Ends all frames above one, the topmost first; goes on if a destructor panics. The topmost one must not be in the
    /// hands of anybody who goes on.
    fn clear_above(&self, shim: FramePtr<V>) {
        while let Some(frame) = self.current.get()
            && frame != shim
        {
            let rest = Finally(|| self.clear_above(shim));
            self.current.set(frame.previous());
            self.remaining.set(self.remaining.get() + 1);
            if frame.is_by_thread() {
                // SAFETY: frames are unlinked in the order opposite to that of their pushes, and what destructors push
                // above is popped before they return; nobody has a handle any more.
                frame.end(|| unsafe { self.pop(frame.memory()) });
            } else {
                // SAFETY: a generator's frame that is linked has no other owner.
                unsafe { generator_frame::end(frame) };
            }
            core::mem::forget(rest);
        }
    }
}

/// What a callee is made of, before anything is taken.
struct Callee<V: Vm> {
    code: NonNull<<V::Value as Value>::Code>,
    executable: V::Value,
    globals: Lent<V>,
    builtins: Lent<V>,
    extra: V::FrameExtra,
    memory: NonNull<()>,
    locals: u32,
}

impl<V: Vm> DataStack<V> {
    /// Everything of a call that can fail, or that runs code of the VM.
    #[inline(always)]
    fn prepare(&self, function: &V::Value, count: u32) -> Result<Callee<V>, Reason> {
        let parts = function.as_function().ok_or(Reason::NotAFunction)?;
        let code = parts.code.as_code().ok_or(Reason::NotAFunction)?;
        let locals = code.nlocalsplus();
        let slots = locals as usize + code.stacksize() as usize;
        if count > locals || slots > MOST_SLOTS {
            return Err(Reason::Unfit);
        }
        let code = NonNull::from(code);
        let executable = parts.code.clone();
        let (globals, builtins) = (Lent::new(parts.globals), Lent::new(parts.builtins));
        let extra = V::FrameExtra::default();
        let remaining = self.remaining.get();
        if remaining == 0 {
            return Err(Reason::Full(Full::Recursion));
        }
        let memory = self.push(InterpreterFrame::<V>::SPECIALS_WORDS + slots).map_err(Reason::Full)?;
        self.remaining.set(remaining - 1);
        Ok(Callee { code, executable, globals, builtins, extra, memory, locals })
    }

    /// Makes a frame, moves its arguments into it, and puts it on top.
    ///
    /// # Safety
    ///
    /// `callee` must come from [`prepare`](Self::prepare) of this function and this number of arguments, with nothing
    /// pushed since. The arguments must be initialised, and are the frame's afterwards. The frame below must be spilled.
    #[inline(always)]
    unsafe fn start<'t, B: Bounds>(
        &'t self,
        callee: Callee<V>,
        function: V::Value,
        arguments: *const StackRef<V>,
        count: u32,
        previous: FramePtr<V>,
        is_entry: bool,
    ) -> Running<'t, V, Any, B> {
        // SAFETY: a reference to the code object is in `callee`, and then in the frame.
        let code = unsafe { callee.code.as_ref() };
        let units = code.units().as_ptr();
        let start = Start {
            executable: callee.executable,
            function: Some(function),
            globals: callee.globals,
            builtins: callee.builtins,
            previous: Link::new(Some(previous)),
            instruction: units.wrapping_offset(V::Python::NEW.resolve(0, 0)),
            owner: <V::Python as Numbers<owner::Thread>>::RAW,
            is_entry,
        };
        // SAFETY: the memory was taken off the data stack for this frame, with room for the slots of its code.
        let frame = unsafe { FramePtr::init(callee.memory, start, callee.extra) };
        let slots = frame.slots();
        let base = slots.wrapping_add(callee.locals as usize);
        // A loop and not a copy of unknown length: there are few arguments.
        for index in 0..count as usize {
            // SAFETY: the arguments are initialised, and moved from here.
            let argument = unsafe { arguments.wrapping_add(index).read() };
            // SAFETY: there are at least as many locals as arguments.
            unsafe { slots.wrapping_add(index).write(argument) };
        }
        let mut slot = slots.wrapping_add(count as usize);
        while slot < base {
            // SAFETY: it is one of the locals.
            unsafe { slot.write(StackRef::null()) };
            slot = slot.wrapping_add(1);
        }
        self.current.set(Some(frame));
        Running {
            frame,
            top: base,
            next: units,
            ends: B::of::<V>(base, code),
            stack: self,
            brand: PhantomData,
            owner: PhantomData,
        }
    }

    /// Takes up the frame that is on top after another one left.
    ///
    /// # Safety
    ///
    /// The frame must be the topmost one, spilled, and of this entry; nobody else may have a handle of this entry.
    #[inline(always)]
    pub(crate) unsafe fn take_up<'t, B: Bounds>(
        &'t self,
        frame: FramePtr<V>,
        position: crate::version::Position,
    ) -> Returned<'t, V, B> {
        if frame.is_shim() {
            return Returned::Left(Entry { shim: frame, stack: self, brand: PhantomData, bounds: PhantomData });
        }
        let offset = frame.specials().return_offset().map_or(0, core::cell::Cell::get);
        let units = position.resolve(<V::Python as Activation>::SEND_CACHES, offset);
        let next = frame.specials().instruction().get().wrapping_offset(units);
        let Some(top) = frame.hold() else { lost() };
        let ends = B::of_frame(frame);
        Returned::Frame(Running { frame, top, next, ends, stack: self, brand: PhantomData, owner: PhantomData })
    }
}

impl<'t, V: Vm, B: Bounds> Entry<'t, V, B> {
    /// The same entry, whose frames do not check bounds.
    ///
    /// # Safety
    ///
    /// For every frame of the entry, the eval loop must push and pop as the code's `stacksize` says and never pop into the
    /// locals, a call's [`Arguments`] included; must use no local from `nlocalsplus` on; and must neither fetch behind the last code unit nor jump out of
    /// the code. A verifier that ran when the code was loaded is a proof.
    pub unsafe fn trusted(self) -> Entry<'t, V, Trusted> {
        Entry { shim: self.shim, stack: self.stack, brand: PhantomData, bounds: PhantomData }
    }

    /// The stack, for what runs while no frame of this entry does.
    pub fn stack(&self) -> &DataStack<V> {
        self.stack
    }

    fn is_on_top(&self) -> bool {
        self.stack.current.get() == Some(self.shim)
    }

    /// Calls a function. Its first locals are taken out of `arguments`, which are empty afterwards.
    ///
    /// # Errors
    ///
    /// [`Refused`] with everything that went in; `arguments` are untouched.
    pub fn call(
        self,
        function: V::Value,
        arguments: &mut [StackRef<V>],
    ) -> Result<Running<'t, V, Any, B>, Refused<Self, V::Value>> {
        if !self.is_on_top() {
            return Err(Refused { reason: Reason::NotOnTop, caller: self, callee: function });
        }
        let count = u32::try_from(arguments.len()).unwrap_or(u32::MAX);
        let callee = match self.stack.prepare(&function, count) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: function }),
        };
        // SAFETY: `callee` is of this call; the arguments are initialised, and overwritten below without being dropped; the
        // shim is spilled.
        let running = unsafe { self.stack.start(callee, function, arguments.as_ptr(), count, self.shim, true) };
        for argument in arguments {
            // SAFETY: the place is valid; what was in it was moved into the frame.
            unsafe { core::ptr::write(argument, StackRef::null()) };
        }
        Ok(running)
    }

    /// Resumes a generator's frame. See [`Running::send`].
    ///
    /// # Errors
    ///
    /// [`Refused`] with everything that went in.
    pub fn send<S>(self, generator: GeneratorFrame<V, S>) -> Resumed<'t, V, B, Self, S>
    where
        S: OnSend<V::Python, Executing>,
    {
        if !self.is_on_top() {
            return Err(Refused { reason: Reason::NotOnTop, caller: self, callee: generator });
        }
        let remaining = self.stack.remaining.get();
        if remaining == 0 {
            return Err(Refused { reason: Reason::Full(Full::Recursion), caller: self, callee: generator });
        }
        self.stack.remaining.set(remaining - 1);
        // SAFETY: the shim is on top and spilled, and this is the only handle of the entry.
        Ok(unsafe { resume(self.stack, generator.into_frame(), self.shim) })
    }
}

/// Puts a generator's frame on top.
///
/// # Safety
///
/// `previous` must be the topmost frame, spilled; the frame must be a generator's, spilled, and nobody else's; nobody else
/// may have a handle of this entry.
#[inline(always)]
unsafe fn resume<'t, V: Vm, B: Bounds>(
    stack: &'t DataStack<V>,
    frame: FramePtr<V>,
    previous: FramePtr<V>,
) -> Running<'t, V, owner::Generator, B> {
    frame.specials().previous().set(Some(previous));
    stack.current.set(Some(frame));
    // SAFETY: the frame is on top now, and spilled.
    match unsafe { stack.take_up::<B>(frame, <V::Python as Activation>::RESUME) } {
        Returned::Frame(running) => running.assume_owner(),
        Returned::Left(_) => lost(),
    }
}

impl<'t, V: Vm, O, B: Bounds> Running<'t, V, O, B> {
    #[inline(always)]
    fn assume_owner<N>(self) -> Running<'t, V, N, B> {
        Running {
            frame: self.frame,
            top: self.top,
            next: self.next,
            ends: self.ends,
            stack: self.stack,
            brand: PhantomData,
            owner: PhantomData,
        }
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

    /// Jumps, counted in code units from the next instruction. Caches are skipped this way as well.
    ///
    /// # Panics
    ///
    /// Out of the code.
    #[inline(always)]
    pub fn jump(&mut self, units: i32) {
        let target = self.next.wrapping_offset(units as isize);
        if !B::is_target(self.frame, target) {
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

    /// What the VM added to the frame.
    #[inline(always)]
    pub fn extra(&self) -> &V::FrameExtra {
        self.frame.extra()
    }

    // The evaluation stack.

    /// Slots on the evaluation stack.
    pub fn depth(&self) -> usize {
        (self.top.addr() - self.frame.stack_base().addr()) / size_of::<StackRef<V>>()
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
        let Some(count) = depth.checked_add(1) else { underflow() };
        if !B::may_pop(&self.ends, self.top, count) {
            underflow();
        }
        self.top.wrapping_sub(count as usize)
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
        let next = V::Python::RUNNING.resolve(0, 0);
        self.frame.specials().instruction().set(self.next.wrapping_offset(next));
        self.frame.spill(self.top);
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
            Some(last) => self.release_last(last),
        }
    }

    #[cold]
    #[inline(never)]
    fn release_last(self, last: <V::Value as Value>::Last) -> Self {
        self.escape(|_| drop(last)).0
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
    /// If there are fewer slots on the stack than [`Arguments`] says, or those under the arguments are not empty.
    #[inline(always)]
    pub fn call(
        self,
        function: V::Value,
        arguments: Arguments,
        site: Site,
    ) -> Result<Running<'t, V, Any, B>, Refused<Self, V::Value>> {
        let Some(slots) = arguments.count.checked_add(arguments.under) else { underflow() };
        if !B::may_pop(&self.ends, self.top, slots) {
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
        let callee = match self.stack.prepare(&function, arguments.count) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: function }),
        };
        self.wait(top, site);
        // SAFETY: `callee` is of this call. The arguments are on the stack, and so initialised; they are not on it any more,
        // since it was spilled without them.
        Ok(unsafe { self.stack.start(callee, function, first, arguments.count, self.frame, false) })
    }

    /// Notes in the frame where it goes on after a call.
    #[inline(always)]
    fn wait(&self, top: *mut StackRef<V>, site: Site) {
        let specials = self.frame.specials();
        let position = V::Python::CALLING.resolve(site.caches, 0);
        specials.instruction().set(self.next.wrapping_sub(1).wrapping_offset(position));
        if let Some(offset) = specials.return_offset() {
            let own = if V::Python::RETURN_OFFSET_COUNTS_CALL { 1 + u16::from(site.caches) } else { 0 };
            offset.set(site.jump.wrapping_add(own));
        }
        self.frame.spill(top);
    }

    /// Resumes a generator's frame, which runs on top of this one.
    ///
    /// The handle of the generator's frame is in the running one until the frame yields or ends. The value that is sent is
    /// for the caller to push.
    ///
    /// # Errors
    ///
    /// [`Refused`] with both handles as they were.
    #[inline(always)]
    pub fn send<S>(self, generator: GeneratorFrame<V, S>, site: Site) -> Resumed<'t, V, B, Self, S>
    where
        S: OnSend<V::Python, Executing>,
    {
        let remaining = self.stack.remaining.get();
        if remaining == 0 {
            return Err(Refused { reason: Reason::Full(Full::Recursion), caller: self, callee: generator });
        }
        self.stack.remaining.set(remaining - 1);
        self.wait(self.top, site);
        // SAFETY: this frame is on top and was spilled, and this was the only handle of the entry.
        Ok(unsafe { resume(self.stack, generator.into_frame(), self.frame) })
    }

    /// Ends the activation, by a return or because an exception leaves it: the frame below is the topmost one, then this
    /// one is cleared, its code goes last but for its memory. What is still on its stack is released with the locals.
    #[inline(always)]
    pub fn ret(self) -> Returned<'t, V, B>
    where
        O: OnPop<V::Python, Gone>,
    {
        let (frame, stack) = (self.frame, self.stack);
        let previous = self.unlink();
        // SAFETY: it was the topmost frame and so the last one pushed; what destructors push above is popped before they
        // return. Its handle is consumed.
        frame.end(|| unsafe { stack.pop(frame.memory()) });
        // SAFETY: the frame below is the topmost one, was spilled when it called, and this was the only handle.
        unsafe { stack.take_up(previous, <V::Python as Activation>::AFTER_RETURN) }
    }

    /// Ends this activation and all below it, down to the entry, the topmost first.
    ///
    /// Handles that are dropped come to the same when the entry is left, but for what is on the evaluation stack of this
    /// frame: only the handle knows how much that is, and it would never be released.
    pub fn leave(self) -> Entry<'t, V, B> {
        self.spill();
        let mut shim = self.frame;
        while !shim.is_shim() {
            let Some(previous) = shim.previous() else { lost() };
            shim = previous;
        }
        self.stack.clear_above(shim);
        Entry { shim, stack: self.stack, brand: PhantomData, bounds: PhantomData }
    }

    /// Takes the frame off the chain, spilled. Returns the one below.
    #[inline(always)]
    pub(crate) fn unlink(&self) -> FramePtr<V> {
        let Some(previous) = self.frame.previous() else { lost() };
        self.frame.spill(self.top);
        self.stack.remaining.set(self.stack.remaining.get() + 1);
        self.stack.current.set(Some(previous));
        previous
    }

    /// Notes where the frame stands, relative to the instruction before the next one.
    #[inline(always)]
    pub(crate) fn stand(&self, position: crate::version::Position) {
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
fn overflow<V: Vm>(_: StackRef<V>) -> ! {
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
fn out_of_code() -> ! {
    panic!("the instruction is outside of the code")
}

#[cold]
#[inline(never)]
fn not_empty() -> ! {
    panic!("a slot under the arguments is not empty")
}

/// A frame that runs has code, is linked, and is spilled while another one runs on top.
#[cold]
#[inline(never)]
fn lost() -> ! {
    unreachable!("the chain of frames is broken")
}
