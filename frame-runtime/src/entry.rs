//! The way in: an entry, what it leaves behind, and how frames are put on top.

#![expect(unsafe_code, reason = "frames are made in memory of the data stack")]

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::ops::Range;
use core::ptr::{self, NonNull};

use crate::bounds::{Bounds, Checked, Trusted};
use crate::data_stack::{DataStack, Full, Parked};
use crate::frame::{Finally, FramePtr, InterpreterFrame, Lent, Link, MOST_SLOTS, Specials, Start};
use crate::generator::since;
use crate::generator_frame::{self, GeneratorFrame, Head};
use crate::machine::Numbers;
use crate::machine::generator::{Executing, OnSend};
use crate::machine::owner;
use crate::running::{Any, Brand, Reason, Refused, Resumed, Returned, Running, lost};
use crate::stack_ref::StackRef;
use crate::version::{Frames, FramesOf, Position};
use crate::vm::{CodeUnit, FrameCode, FrameVm, Value};

/// The stack cannot be entered: the topmost frame is in the hands of an eval loop. Go through [`Running::escape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held;

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an eval loop holds the topmost frame")
    }
}

impl core::error::Error for Held {}

/// The inside of an entry, with nothing running: below the first call, and again after its return.
pub struct Entry<'t, V: FrameVm, B: Bounds = Checked> {
    shim: FramePtr<V>,
    stack: &'t DataStack<V>,
    brand: Brand<'t>,
    bounds: PhantomData<B>,
}

impl<V: FrameVm> DataStack<V> {
    /// Runs `body` on top of the stack: the only way in.
    ///
    /// `shim` is what stands for the code of the native caller in the chain of frames: `None` from 3.13 on, a code object
    /// of two instructions in 3.12. Whatever frames `body` leaves above are cleared when it ends, also by a panic.
    ///
    /// What is of the entry cannot leave it:
    ///
    /// ```compile_fail
    /// # use frame_runtime::{data_stack::DataStack, vm::FrameVm};
    /// fn lose<V: FrameVm>(stack: &DataStack<V>, shim: V::Value) {
    ///     let entry = stack.enter(shim, |entry| entry);
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Held`] if an eval loop holds the topmost frame.
    pub fn enter<R>(&self, shim: V::Value, body: impl for<'t> FnOnce(Entry<'t, V>) -> R) -> Result<R, Held> {
        // Made before anything is looked at: it may run anything.
        let extra = V::FrameExtra::default();
        if self.is_held() {
            return Err(Held);
        }
        Ok(self.with_shim(shim, extra, |shim| body(Entry::at(shim, self))))
    }

    /// Goes on with frames that were [parked](Running::park): the topmost one runs behind what parked it.
    ///
    /// # Errors
    ///
    /// [`NotParked`], with the shim: no frames are parked, or others of this stack run, or its frames are being walked.
    pub fn unpark<R>(
        &self,
        shim: V::Value,
        body: impl for<'t> FnOnce(Running<'t, V>) -> R,
    ) -> Result<R, NotParked<V::Value>> {
        // Made before anything is looked at: it may run anything.
        let extra = V::FrameExtra::default();
        // What somebody left handled meanwhile goes when all is done.
        let Some(parked) = self.take_parked() else { return Err(NotParked(shim)) };
        let _left = Finally(|| self.handled.drop_left());
        Ok(self.with_shim(shim, extra, |shim| {
            parked.bottom.specials().previous().set(Some(shim));
            self.current.set(Some(parked.top));
            // SAFETY: the frame is on top now, was spilled when it was parked, and nobody has a handle of this entry.
            match unsafe { self.take_up(parked.top, <FramesOf<V> as Frames>::AFTER_RETURN) } {
                Returned::Frame(running) => body(running),
                Returned::Left(_) => lost(),
            }
        }))
    }

    /// Puts a shim on top while `body` runs, and clears what is left above it.
    fn with_shim<R>(&self, shim: V::Value, extra: V::FrameExtra, body: impl FnOnce(FramePtr<V>) -> R) -> R {
        let below = self.current.get();
        let start = Start {
            executable: shim,
            function: None,
            globals: Lent::new(None),
            builtins: Lent::new(None),
            previous: Link::new(below),
            instruction: ptr::null(),
            owner: <FramesOf<V> as Frames>::SHIM,
            is_entry: false,
        };
        let mut memory = MaybeUninit::<InterpreterFrame<V>>::uninit();
        // SAFETY: the local is aligned and large enough for a header, a shim has no slots, and nothing else uses the local,
        // which outlives the guard below.
        let shim = unsafe { FramePtr::init(NonNull::from(&mut memory).cast(), start, extra) };
        shim.spill(shim.slots());
        self.current.set(Some(shim));
        let leave = Finally(|| {
            let _shim = Finally(|| {
                self.current.set(below);
                shim.end(|| ());
            });
            self.clear_above(Some(shim));
        });
        let result = body(shim);
        // Not at the end of the scope: a destructor that panics there loses what is returned.
        drop(leave);
        result
    }

    /// Ends all frames above one, the topmost first; goes on if a destructor panics. The topmost one must not be in the
    /// hands of anybody who goes on.
    pub(crate) fn clear_above(&self, stop: Option<FramePtr<V>>) {
        while let Some(frame) = self.current.get()
            && Some(frame) != stop
        {
            frame.give_up_stack();
            let rest = Finally(|| self.clear_above(stop));
            {
                let _end = Finally(|| {
                    self.current.set(frame.previous());
                    self.remaining.set(self.remaining.get() + 1);
                    if frame.is_by_thread() {
                        // SAFETY: frames are unlinked in the order opposite to that of their pushes, and what destructors push
                        // above is popped before they return; nobody has a handle any more.
                        frame.end(move || unsafe { self.pop(frame.memory()) });
                    } else {
                        // SAFETY: a generator's frame that is linked has no other owner.
                        unsafe { generator_frame::end_linked(self, frame) };
                    }
                });
                frame.before_end(self);
            }
            mem::forget(rest);
        }
    }

    /// Frames that are parked, if they may go on or end: then what they handled is handled again.
    fn take_parked(&self) -> Option<Parked<V>> {
        let parked = self.parked.get().filter(|_| self.current.get().is_none() && self.walks.get() == 0)?;
        self.parked.set(None);
        self.handled.unpark();
        Some(parked)
    }

    /// Ends frames that are parked, the topmost first, as dropping the stack does; says whether there were any.
    ///
    /// A VM whose collector finds references through the stack does so before it drops one: the ends of activations may make
    /// frame objects.
    pub fn clear_parked(&self) -> bool {
        let Some(parked) = self.take_parked() else { return false };
        let _left = Finally(|| self.handled.drop_left());
        let _handled = Finally(|| drop(self.handled.take_own()));
        self.current.set(Some(parked.top));
        self.clear_above(None);
        true
    }
}

/// There are no frames that could go on. What went in comes out.
pub struct NotParked<T>(pub T);

impl<T> fmt::Debug for NotParked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotParked")
    }
}

impl<T> fmt::Display for NotParked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no frames of this stack are parked, or others of it run")
    }
}

impl<T> core::error::Error for NotParked<T> {}

/// What a callee is made of, before anything is taken.
pub(crate) struct Callee<V: FrameVm> {
    executable: V::Value,
    globals: Lent<V>,
    builtins: Lent<V>,
    extra: V::FrameExtra,
    memory: NonNull<()>,
    locals: u32,
    stacksize: u32,
    /// The code units and their end.
    units: Range<*const CodeUnit>,
}

/// How many arguments there are; more than any call takes is as good as more than a number counts.
pub(crate) fn count_of<T>(arguments: &[T]) -> u32 {
    u32::try_from(arguments.len()).unwrap_or(u32::MAX)
}

impl<V: FrameVm> DataStack<V> {
    /// Everything of a call that can fail, or that runs code of the VM.
    #[inline(always)]
    pub(crate) fn prepare(&self, function: &V::Value, count: u32) -> Result<Callee<V>, Reason> {
        let parts = function.as_function().ok_or(Reason::NotAFunction)?;
        let (globals, builtins) = (Lent::new(parts.globals), Lent::new(parts.builtins));
        self.prepare_code(parts.code, globals, builtins, |code| count <= code.nlocalsplus())
    }

    /// The same of code that belongs to no function, whose frame has so many entries on its stack.
    pub(crate) fn prepare_trampoline(&self, code: &V::Value, count: u32) -> Result<Callee<V>, Reason> {
        self.prepare_code(code, Lent::new(None), Lent::new(None), |code| count <= code.stacksize())
    }

    #[inline(always)]
    fn prepare_code(
        &self,
        executable: &V::Value,
        globals: Lent<V>,
        builtins: Lent<V>,
        fits: impl FnOnce(&<V::Value as Value>::Code) -> bool,
    ) -> Result<Callee<V>, Reason> {
        let code = executable.as_code().ok_or(Reason::NotAFunction)?;
        let locals = code.nlocalsplus();
        let stacksize = code.stacksize();
        let slots = locals as usize + stacksize as usize;
        if !fits(code) || slots > MOST_SLOTS {
            return Err(Reason::Unfit);
        }
        let units = code.units().as_ptr_range();
        let executable = executable.clone();
        let extra = V::FrameExtra::default();
        let remaining = self.remaining.get();
        if remaining == 0 {
            return Err(Reason::Full(Full::Recursion));
        }
        let memory = self.push(InterpreterFrame::<V>::SPECIALS_WORDS + slots).map_err(Reason::Full)?;
        self.remaining.set(remaining - 1);
        Ok(Callee { executable, globals, builtins, extra, memory, locals, stacksize, units })
    }

    /// Makes a frame, moves its arguments into it, and puts it on top.
    ///
    /// # Safety
    ///
    /// `callee` must come from [`prepare`](Self::prepare) of this function and this number of arguments, with nothing
    /// pushed since. The arguments must be initialised, and are the frame's afterwards. The frame below must be spilled.
    #[inline(always)]
    pub(crate) unsafe fn start<'t, B: Bounds>(
        &'t self,
        callee: Callee<V>,
        function: V::Value,
        arguments: *const StackRef<V>,
        count: u32,
        previous: FramePtr<V>,
        is_entry: bool,
    ) -> Running<'t, V, Any, B> {
        // SAFETY: as promised by the caller; there are at least as many locals as arguments.
        unsafe { self.fill(callee, Some(function), arguments, count, previous, is_entry) }
    }

    /// The same with the arguments of a slice, which are empty afterwards.
    ///
    /// # Safety
    ///
    /// As for [`start`](Self::start), with [`count_of`] of them.
    #[inline(always)]
    pub(crate) unsafe fn start_with<'t, B: Bounds>(
        &'t self,
        callee: Callee<V>,
        function: V::Value,
        arguments: &mut [StackRef<V>],
        previous: FramePtr<V>,
        is_entry: bool,
    ) -> Running<'t, V, Any, B> {
        let count = count_of(arguments);
        // SAFETY: as promised by the caller; the arguments are initialised, and overwritten below without being dropped.
        let running = unsafe { self.start(callee, function, arguments.as_ptr(), count, previous, is_entry) };
        for argument in arguments {
            // SAFETY: the place is valid; what was in it was moved into the frame.
            unsafe { ptr::write(argument, StackRef::null()) };
        }
        running
    }

    /// The same for code of no function: the arguments are entries of its stack.
    ///
    /// # Safety
    ///
    /// As for [`start`](Self::start), and `callee` must come from [`prepare_trampoline`](Self::prepare_trampoline).
    pub(crate) unsafe fn start_trampoline<'t, B: Bounds>(
        &'t self,
        callee: Callee<V>,
        arguments: *const StackRef<V>,
        count: u32,
        previous: FramePtr<V>,
    ) -> Running<'t, V, Any, B> {
        // SAFETY: as promised by the caller; nothing is moved yet.
        let mut running = unsafe { self.fill::<B>(callee, None, arguments, 0, previous, false) };
        for index in 0..count as usize {
            // SAFETY: the arguments are initialised, and moved from here.
            running.push(unsafe { arguments.wrapping_add(index).read() });
        }
        running
    }

    /// # Safety
    ///
    /// See [`start`](Self::start).
    #[inline(always)]
    unsafe fn fill<'t, B: Bounds>(
        &'t self,
        callee: Callee<V>,
        function: Option<V::Value>,
        arguments: *const StackRef<V>,
        count: u32,
        previous: FramePtr<V>,
        is_entry: bool,
    ) -> Running<'t, V, Any, B> {
        // From here until the frame is on top nothing of the VM's is asked but for pointers: there is memory without a frame.
        let units = callee.units;
        let start = Start {
            executable: callee.executable,
            function,
            globals: callee.globals,
            builtins: callee.builtins,
            previous: Link::new(Some(previous)),
            instruction: units.start.wrapping_offset(<FramesOf<V> as Frames>::NEW.resolve(0, 0)),
            owner: <FramesOf<V> as Numbers<owner::Thread>>::RAW,
            is_entry,
        };
        // SAFETY: the memory was taken off the data stack for this frame, with room for the slots of its code.
        let frame = unsafe { FramePtr::init(callee.memory, start, callee.extra) };
        let slots = frame.slots();
        let base = slots.wrapping_add(callee.locals as usize);
        // Not a copy of unknown length: there are few arguments, and a loop is unrolled for many.
        let argument = |index: usize| {
            // SAFETY: the arguments are initialised, and moved from here.
            let argument = unsafe { arguments.wrapping_add(index).read() };
            // SAFETY: there are at least as many locals as arguments.
            unsafe { slots.wrapping_add(index).write(argument) };
        };
        if count > 0 {
            argument(0);
        }
        if count > 1 {
            argument(1);
        }
        if count > 2 {
            (2..count as usize).for_each(argument);
        }
        let mut slot = slots.wrapping_add(count as usize);
        while slot < base {
            // SAFETY: it is one of the locals.
            unsafe { slot.write(StackRef::null()) };
            slot = slot.wrapping_add(1);
        }
        self.current.set(Some(frame));
        Running::new(frame, base, units.start, B::of::<V>(base, callee.stacksize, units.end), self)
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
        position: Position,
    ) -> Returned<'t, V, B> {
        if frame.is_shim() {
            return Returned::Left(Entry::at(frame, self));
        }
        let offset = frame.specials().return_offset().map_or(0, Cell::get);
        let units = position.resolve(<FramesOf<V> as Frames>::SEND_CACHES, offset);
        let next = frame.specials().instruction().get().wrapping_offset(units);
        // Spilled until it is known to go on: what is on its stack is released otherwise.
        let ends = B::of_frame(frame, next);
        let Some(top) = frame.hold() else { lost() };
        Returned::Frame(Running::new(frame, top, next, ends, self))
    }
}

impl<'t, V: FrameVm, B: Bounds> Entry<'t, V, B> {
    #[inline(always)]
    pub(crate) fn at(shim: FramePtr<V>, stack: &'t DataStack<V>) -> Self {
        Entry { shim, stack, brand: PhantomData, bounds: PhantomData }
    }

    /// The same entry, whose frames do not check bounds.
    ///
    /// # Safety
    ///
    /// For every frame of the entry, the eval loop must push and pop as the code's `stacksize` says and never pop, look or
    /// replace below the stack's bottom, a call's [`Arguments`](crate::running::Arguments) included; must use no local from
    /// `nlocalsplus` on; must neither fetch nor read a cache outside of the code, nor jump out of it, a call's
    /// [`Site`](crate::running::Site) included; and must resume no generator that was cleared. A verifier that ran when the
    /// code was loaded is a proof.
    ///
    /// Where the code says that a loop of a delegation [ends](FrameCode::after_delegation) must be where its `SEND` jumps to;
    /// [`Verified`](crate::code::Verified) says no other place. If the VM has
    /// [machines](crate::generator::GeneratorVm::machines) of its own, they must let no generator go on that is over, nor say of
    /// a body that ended that it waits.
    ///
    /// What [`load_fast_borrow`](Running::load_fast_borrow) pushes must be gone before its local changes, and must not be
    /// pushed again, stored, sent to a generator or handed to anybody but a callee without being counted
    /// ([`StackRef::into_owned`]); [`verify`](mod@crate::code::verify#borrowed-locals) says which instructions are proven to do
    /// so.
    pub unsafe fn trusted(self) -> Entry<'t, V, Trusted> {
        Entry::at(self.shim, self.stack)
    }

    /// The stack, for what runs while no frame of this entry does.
    pub fn stack(&self) -> &DataStack<V> {
        self.stack
    }

    /// The stack and the shim, if nothing of it is above.
    pub(crate) fn on_top(&self) -> Option<(&'t DataStack<V>, FramePtr<V>)> {
        self.is_on_top().then_some((self.stack, self.shim))
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
        let callee = match self.stack.prepare(&function, count_of(arguments)) {
            Ok(callee) => callee,
            Err(reason) => return Err(Refused { reason, caller: self, callee: function }),
        };
        // SAFETY: `callee` is of this call, and the shim is spilled.
        Ok(unsafe { self.stack.start_with(callee, function, arguments, self.shim, true) })
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
        Ok(unsafe { resume(self.stack, generator.into_frame(), self.shim, <V::Python as Numbers<Executing>>::RAW) })
    }
}

/// Puts a generator's frame on top.
///
/// # Safety
///
/// `previous` must be the topmost frame, spilled; the frame must be a generator's, spilled, and nobody else's; nobody else
/// may have a handle of this entry.
#[inline(always)]
pub(crate) unsafe fn resume<'t, V: FrameVm, B: Bounds>(
    stack: &'t DataStack<V>,
    frame: FramePtr<V>,
    previous: FramePtr<V>,
    state: i8,
) -> Running<'t, V, owner::Generator, B> {
    frame.specials().previous().set(Some(previous));
    stack.current.set(Some(frame));
    let head = Head::of(frame);
    // From 3.13 on nobody asks of one that executes what it waits for.
    if head.begin(state, since::<V>(13)) {
        frame.refill();
    }
    // SAFETY: the block stays where it is; the item is taken off when the frame stops.
    unsafe { stack.handled.push(head.exception()) };
    let units = <FramesOf<V> as Frames>::RESUME.resolve(0, 0);
    let next = frame.specials().instruction().get().wrapping_offset(units);
    // Spilled until it is known to go on: what is on its stack is released otherwise.
    let ends = B::of_frame(frame, next);
    let Some(top) = frame.hold() else { lost() };
    Running::new(frame, top, next, ends, stack)
}
