//! What `--stats` counts and `--trace` tells.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use frame_runtime::bounds::Bounds;
use frame_runtime::data_stack::CHUNK_BYTES;
use frame_runtime::running::Running;

use crate::object::Stack;
use crate::text::as_str;
use crate::vm::Mini;

/// Objects that were allocated. One thread counts, so that no count is lost between reading and writing.
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// What is to be told, and what was counted.
#[derive(Default)]
pub(crate) struct Watch {
    /// `--trace`
    pub(crate) tells: bool,
    /// `--stats`
    pub(crate) counts: bool,
    pushed: Cell<u64>,
    generators: Cell<u64>,
    resumed: Cell<u64>,
    depth: Cell<usize>,
    deepest: Cell<usize>,
    bytes: Cell<usize>,
}

/// What became of a frame.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    /// It is on the data stack, and runs.
    Push,
    /// A generator's frame runs on top.
    Resume,
    /// It returned.
    Return,
    /// It waits in its generator.
    Yield,
    /// An exception left it.
    Unwind,
    /// It moved from the data stack into a generator.
    BecomeGenerator,
}

impl Watch {
    /// Whether anybody wants to know anything: then the loop that tells is run.
    pub(crate) fn is_on(&self) -> bool {
        self.tells || self.counts
    }

    /// An object was allocated.
    #[inline(always)]
    pub(crate) fn allocated() {
        ALLOCATIONS.store(ALLOCATIONS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Something became of the frame that runs.
    #[cold]
    pub(crate) fn saw<O, B: Bounds>(&self, event: Event, frame: &Running<'_, Mini, O, B>) {
        let code = frame.code();
        let name = code.qualname().and_then(as_str).map_or("?", |name| name.as_str());
        let line = code.line_at(2 * i32::try_from(frame.next_index()).unwrap_or(0) - 2).ok().flatten();
        let (verb, owner) = match event {
            Event::Push => ("push", "thread"),
            Event::Resume => ("resume", "generator"),
            Event::Return => ("return", ""),
            Event::Yield => ("yield", "generator keeps it"),
            Event::Unwind => ("unwind", ""),
            Event::BecomeGenerator => ("move", "thread -> generator"),
        };
        match event {
            Event::Push => {
                self.pushed.set(self.pushed.get() + 1);
                self.enter(frame.stack());
            }
            Event::Resume => {
                self.resumed.set(self.resumed.get() + 1);
                self.enter(frame.stack());
            }
            Event::BecomeGenerator => {
                self.generators.set(self.generators.get() + 1);
                self.leave();
            }
            Event::Return | Event::Yield | Event::Unwind => self.leave(),
        }
        if self.tells {
            let indent = 2 * self.depth.get().saturating_sub(usize::from(matches!(event, Event::Push | Event::Resume)));
            let line = line.map_or(String::new(), |line| format!(":{line}"));
            eprintln!("{:indent$}{verb} {name}{line} {owner}", "");
        }
    }

    fn enter(&self, stack: &Stack) {
        self.depth.set(self.depth.get() + 1);
        self.deepest.set(self.deepest.get().max(self.depth.get()));
        self.bytes.set(self.bytes.get().max(stack.bytes()));
    }

    fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    /// What was counted.
    pub(crate) fn report(&self) {
        let bytes = self.bytes.get();
        eprintln!("frames pushed        {}", self.pushed.get());
        eprintln!("deepest              {}", self.deepest.get());
        eprintln!("chunks at most       {} ({bytes} bytes)", bytes.div_ceil(CHUNK_BYTES));
        eprintln!("generators           {}", self.generators.get());
        eprintln!("generators resumed   {}", self.resumed.get());
        eprintln!("objects allocated    {}", ALLOCATIONS.load(Ordering::Relaxed));
    }
}
