#![doc = include_str!("../../docs/generator.md")]
#![expect(unsafe_code, reason = "the frame's block is raw memory")]

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::bounds::Bounds;
use crate::entry::{self, Entry};
use crate::frame::{FramePtr, InterpreterFrame, Place};
use crate::generator_frame::{self, GeneratorFrame, Head};
use crate::machine::generator::{Created, Executing, Flavour, Machine, state};
use crate::machine::{Numbers, State};
use crate::running::Running;
use crate::stack_ref::{Ref, StackRef};
use crate::version::{Frames, FramesOf, Version};
use crate::visit::Visit;
use crate::vm::FrameVm;

mod anext;
mod asyncgen;
pub mod attribute;
mod awaitable;
mod awaiting;
mod body;
mod body_async;
mod close;
mod delegate;
mod drive;
mod part;
mod rules;
mod throw;
mod vm;
mod wrapper;

pub use anext::{AnextAwaitable, aiter, anext};
pub use asyncgen::{WrappedValue, async_gen_wrap};
pub use awaitable::{Asend, Athrow};
pub use awaiting::{Awaiting, get_aiter, get_anext, get_awaitable, get_yield_from_iter};
pub use body::{Done, Failed, Raised, Resumes, Yield};
pub use delegate::iter_send;
pub use part::{Part, PartRef};
pub use rules::Machines;
pub use throw::Throw;
pub use vm::{ErrorKind, GeneratorObjects, GeneratorVm, Hooks, Method, Names, Origin, Sent, Slot, Thrown, While};
pub use wrapper::CoroutineWrapper;

/// Whether the version is this minor or later.
#[inline(always)]
pub(crate) const fn since<V: FrameVm>(minor: u8) -> bool {
    // Computed once, when compiling: it is read out of the version's name.
    let this = const { <V::Python as Version>::LAYOUT.minor() };
    this >= minor
}

/// A generator, coroutine or async generator: what its object holds.
///
/// One word. Dropping it releases what its frame holds, in the order of the version, and runs nothing of its body.
///
/// Source: `PyGenObject`, Include/internal/pycore_interpframe_structs.h.
pub struct Generator<V: FrameVm> {
    core: Core<V>,
    owns: PhantomData<V::Value>,
}

/// The frame of a generator that is there.
pub(crate) struct Core<V: FrameVm> {
    frame: FramePtr<V>,
}

impl<V: FrameVm> Clone for Core<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FrameVm> Copy for Core<V> {}

impl<V: FrameVm> Drop for Generator<V> {
    fn drop(&mut self) {
        // SAFETY: it is the block's only one, and goes.
        unsafe { generator_frame::leave_block(self.core.frame) };
    }
}

impl<V: FrameVm> Generator<V> {
    /// A generator of a frame that has just been moved off the data stack.
    ///
    /// # Panics
    ///
    /// If the frame has a generator already.
    pub fn new(frame: GeneratorFrame<V, Created>, flavour: Flavour, names: Names<V::Value>) -> Self {
        let frame = generator_frame::settle(frame);
        let head = Head::of(frame);
        head.set_flavour(flavour);
        head.hooks_inited.set(false);
        head.closed.set(false);
        head.running_async.set(false);
        // A frame whose generator is gone has what that left.
        let old = [
            head.name.replace(Some(names.name)),
            head.qualname.replace(Some(names.qualname)),
            head.origin_or_finalizer.take(),
        ];
        let generator = Generator { core: Core { frame }, owns: PhantomData };
        drop(old);
        generator
    }

    fn head(&self) -> &Head<V> {
        Head::of(self.core.frame)
    }

    /// The memory that [`allocate_generator`](FrameVm::allocate_generator) gave for its frame: how a VM that has it behind an
    /// object of its own finds the place of that object.
    pub fn memory(&self) -> NonNull<u8> {
        generator_frame::block(self.core.frame)
    }

    /// What it is.
    pub fn flavour(&self) -> Flavour {
        self.core.flavour()
    }

    /// CPython's number of its state (`gi_frame_state`).
    pub fn raw_state(&self) -> i8 {
        self.head().state()
    }

    /// `__name__`
    pub fn name(&self) -> Option<V::Value> {
        self.head().name.get()
    }

    /// `__qualname__`
    pub fn qualname(&self) -> Option<V::Value> {
        self.head().qualname.get()
    }

    /// Sets `__name__` and returns what it was. Only a `str` may be set: else "__name__ must be set to a string object".
    pub fn set_name(&self, name: V::Value) -> Option<V::Value> {
        self.head().name.replace(Some(name))
    }

    /// Sets `__qualname__` and returns what it was. Only a `str` may be set.
    pub fn set_qualname(&self, name: V::Value) -> Option<V::Value> {
        self.head().qualname.replace(Some(name))
    }

    /// The code object (`gi_code`).
    pub fn code(&self) -> Option<V::Value> {
        self.core.frame.executable().map(Ref::counted)
    }

    /// `cr_origin`: where a coroutine was made, if that was recorded.
    pub fn origin(&self) -> Option<V::Value> {
        (self.flavour() == Flavour::Coroutine).then(|| self.head().origin_or_finalizer.get()).flatten()
    }

    /// `ag_closed`, which Python does not show: `aclose()` was begun, or the body is over.
    pub fn is_closed(&self) -> bool {
        self.head().closed.get()
    }

    /// `ag_hooks_inited`, which Python does not show.
    pub fn has_inited_hooks(&self) -> bool {
        self.head().hooks_inited.get()
    }

    /// What `__sizeof__()` says in CPython: the whole block with the object's header, in bytes.
    pub fn size_of(&self) -> usize {
        let frame =
            <V::Python as Version>::LAYOUT.find_struct("PyGenObject").and_then(|known| known.field("gi_iframe"));
        let before = frame.map_or(0, |frame| frame.offset);
        before + self.core.frame.words() * size_of::<usize>() - size_of::<InterpreterFrame<V>>()
            + size_of::<<FramesOf<V> as Frames>::Specials<V>>()
    }

    /// Takes the handle of the frame, if its state is `S` and nobody else has it. Until it is put back others find the
    /// generator executing; if it is dropped, the generator is over.
    pub fn take<S>(&self) -> Option<GeneratorFrame<V, S>>
    where
        V::Python: Numbers<S>,
    {
        let is_in = self.head().is_home() && self.raw_state() == <V::Python as Numbers<S>>::RAW;
        is_in.then(|| {
            generator_frame::leave_home(self.core.frame);
            GeneratorFrame::of(self.core.frame)
        })
    }

    /// Shows all references to a visitor. What a frame that runs holds is shown by its [stack](crate::data_stack::DataStack::visit).
    pub fn visit(&self, visit: &mut dyn Visit<V>) {
        if !self.head().is_linked() {
            generator_frame::visit_block(self.core.frame, visit);
        }
        self.head().visit_own(visit);
    }
}

impl<V: FrameVm> Core<V> {
    #[inline(always)]
    pub(crate) fn of(frame: FramePtr<V>) -> Self {
        Core { frame }
    }

    fn is(self, other: Self) -> bool {
        self.frame == other.frame
    }

    #[inline(always)]
    pub(crate) fn head<'a>(self) -> &'a Head<V> {
        Head::of(self.frame)
    }

    pub(crate) fn flavour(self) -> Flavour {
        const FLAVOURS: [Flavour; 4] =
            [Flavour::Generator, Flavour::TypesCoroutine, Flavour::Coroutine, Flavour::AsyncGenerator];
        FLAVOURS[usize::from(self.head().flavour())]
    }
}

impl<V: GeneratorVm> Generator<V> {
    pub(crate) fn core(&self) -> Core<V> {
        self.core
    }

    /// Its state, as the machine knows it.
    pub fn state(&self) -> State<Machine> {
        self.core.state()
    }

    /// `gi_running`, `cr_running`, `ag_running`. The last is also true while the body waits for something that it awaits.
    pub fn is_running(&self) -> bool {
        match self.flavour() {
            Flavour::AsyncGenerator => self.head().running_async.get(),
            _ => self.state() == state::EXECUTING,
        }
    }

    /// `gi_suspended`, `cr_suspended`; `ag_suspended` since 3.12.
    pub fn is_suspended(&self) -> bool {
        self.core.is_waiting()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.core.is_over()
    }

    /// What it waits for: `gi_yieldfrom`, `cr_await`, `ag_await`. Until 3.12 also while that handles what was thrown.
    pub fn delegate(&self) -> Option<V::Value> {
        if self.core.is_waiting() || !since::<V>(13) { self.core.delegate() } else { None }
    }

    /// `gi_frame`, `cr_frame`, `ag_frame`: the frame's object, made if there is none. `None` when it is over, there is no
    /// memory, or an eval loop has the frame in its hands.
    pub fn frame_object(&self, vm: &V) -> Option<V::Value> {
        if self.is_over() || self.core.frame.is_held() { None } else { self.core.frame.object(vm) }
    }

    /// `gi_state`, `cr_state`, `ag_state`, since 3.15: `GEN_CREATED`.
    pub fn state_name(&self) -> &'static str {
        let names = match self.flavour() {
            Flavour::Generator | Flavour::TypesCoroutine => {
                ["GEN_CREATED", "GEN_RUNNING", "GEN_SUSPENDED", "GEN_CLOSED"]
            }
            Flavour::Coroutine => ["CORO_CREATED", "CORO_RUNNING", "CORO_SUSPENDED", "CORO_CLOSED"],
            Flavour::AsyncGenerator => ["AGEN_CREATED", "AGEN_RUNNING", "AGEN_SUSPENDED", "AGEN_CLOSED"],
        };
        let state = self.state();
        if state == state::CREATED {
            names[0]
        } else if state == state::EXECUTING {
            names[1]
        } else if self.is_suspended() {
            names[2]
        } else {
            names[3]
        }
    }

    /// `repr()`, of the object at this address: `<generator object f at 0x7f0000000000>`.
    pub fn repr<'a>(&'a self, vm: &'a V, address: usize) -> impl fmt::Display + 'a {
        let kind = self.type_name();
        fmt::from_fn(move |f| {
            let qualname = self.qualname();
            let qualname = qualname.as_ref().map(|name| vm.text(name));
            write!(f, "<{kind} object {} at {address:#x}>", qualname.as_deref().unwrap_or_default())
        })
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self.flavour() {
            Flavour::Generator | Flavour::TypesCoroutine => "generator",
            Flavour::Coroutine => "coroutine",
            Flavour::AsyncGenerator => "async_generator",
        }
    }
}

/// What a loop has to begin with: the frame of a generator, what is sent to it, or what is thrown into it.
///
/// If it is dropped before it starts the generator is over.
pub struct Resume<V: GeneratorVm> {
    key: GeneratorFrame<V, Executing>,
    state: i8,
    value: V::Value,
    exception: Option<V::Value>,
}

/// A generator's frame that runs.
#[must_use = "the frame in it runs next"]
pub enum Started<'t, V: FrameVm, B: Bounds> {
    /// It goes on: what was sent is on its stack.
    Sent(Running<'t, V, crate::machine::owner::Generator, B>),
    /// An exception is raised where it stands: a line of a traceback, then
    /// [`unwind_thrown`](Running::unwind_thrown).
    Thrown(Running<'t, V, crate::machine::owner::Generator, B>, V::Value),
}

impl<V: GeneratorVm> Resume<V> {
    /// Puts the frame on top of an entry.
    ///
    /// # Panics
    ///
    /// If another entry is active above this one, if there is no room for another frame any more because the loop left others
    /// waiting, or if the code's `stacksize` leaves no room for what is sent.
    pub fn start<'t, B: Bounds>(self, entry: Entry<'t, V, B>) -> Started<'t, V, B> {
        let Some((stack, shim)) = entry.on_top() else { panic!("another entry is active above this one") };
        // The driver saw to it, but not what happened since.
        assert!(stack.remaining() != 0, "there is no room for another frame");
        stack.take_one();
        let frame = self.key.into_frame();
        // SAFETY: the shim is on top and spilled, this is the only handle of the entry, and the frame's own was at hand.
        let mut running = unsafe { entry::resume::<V, B>(stack, frame, shim, self.state) };
        running.push(StackRef::owned(self.value));
        match self.exception {
            None => Started::Sent(running),
            Some(exception) => Started::Thrown(running.stand_where_thrown(), exception),
        }
    }
}
