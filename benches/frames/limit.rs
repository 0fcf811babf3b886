//! The limit: a bump stack by hand on raw pointers, without chunks and handles, that stores, nulls and clears the same.
//!
//! Its header is that of CPython 3.14. It does not count activations and checks nothing but its end.

#![expect(unsafe_code, clippy::multiple_unsafe_ops_per_block, reason = "what the handles are measured against")]

use std::cell::{Cell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::atomic::{Ordering, compiler_fence};

use bumpalo::Bump;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::{CodeUnit, FrameCode, Value as _};

use crate::header::{Frame, SPECIALS, Slot, THREAD};
use crate::vm;

type Value = vm::Value<Cpython3_14>;

/// What an empty slot holds.
const NULL: Slot = ptr::without_provenance_mut(1);

/// Where frames come from.
trait Memory {
    /// So many words.
    unsafe fn take(&self, words: usize) -> *mut usize;
    /// The last ones that were taken are free again.
    unsafe fn give(&self, words: *mut usize);
}

/// One block of memory that is never left.
struct Block {
    words: Box<[UnsafeCell<usize>]>,
    top: Cell<*mut usize>,
    limit: *mut usize,
}

impl Block {
    fn new(words: usize) -> Block {
        let words: Box<[UnsafeCell<usize>]> = (0..words).map(|_| UnsafeCell::new(0)).collect();
        let top = words[0].get();
        let limit = top.wrapping_add(words.len());
        Block { words, top: Cell::new(top), limit }
    }
}

impl Memory for Block {
    #[inline(always)]
    unsafe fn take(&self, words: usize) -> *mut usize {
        let top = self.top.get();
        if words * size_of::<usize>() >= self.limit.addr() - top.addr() {
            panic!("{} words are too few", self.words.len());
        }
        self.top.set(top.wrapping_add(words));
        top
    }

    #[inline(always)]
    unsafe fn give(&self, words: *mut usize) {
        self.top.set(words);
    }
}

/// `bumpalo` gives single blocks not back, only all of them at once.
impl Memory for Bump {
    #[inline(always)]
    unsafe fn take(&self, words: usize) -> *mut usize {
        self.alloc_layout(std::alloc::Layout::array::<usize>(words).expect("a small frame")).as_ptr().cast()
    }

    #[inline(always)]
    unsafe fn give(&self, _: *mut usize) {}
}

/// What a loop keeps in registers.
#[derive(Clone, Copy)]
struct Running {
    frame: *mut Frame,
    sp: *mut Slot,
    pc: *const CodeUnit,
}

/// Frames in such memory.
struct Frames<M> {
    memory: M,
    current: Cell<*mut Frame>,
}

/// A look at a reference that is not given back.
#[inline(always)]
unsafe fn look(raw: *mut ()) -> ManuallyDrop<Value> {
    // SAFETY: callers pass the pointer of a live reference.
    ManuallyDrop::new(unsafe { Value::from_raw(NonNull::new_unchecked(raw)) })
}

/// Gives back what a slot or field holds.
#[inline(always)]
unsafe fn close(slot: Slot) {
    if slot.addr() & 1 == 0 {
        // SAFETY: callers own the reference.
        drop(ManuallyDrop::into_inner(unsafe { look(slot) }));
    }
}

impl<M: Memory> Frames<M> {
    fn new(memory: M) -> Frames<M> {
        Frames { memory, current: Cell::new(ptr::null_mut()) }
    }

    #[inline(always)]
    unsafe fn push(&self, function: Value, caller: Running) -> Running {
        // SAFETY: callers pass a function, and a frame that runs.
        unsafe {
            let parts = function.as_function().expect("a function");
            let code = parts.code.as_code().expect("code");
            let (locals, stacksize) = (code.nlocalsplus() as usize, code.stacksize() as usize);
            let pc = code.units().as_ptr();
            let globals = parts.globals.map_or(ptr::null_mut(), |globals| globals.as_raw().as_ptr());
            let executable = parts.code.clone().into_raw().as_ptr();
            let frame = self.memory.take(SPECIALS + locals + stacksize).cast::<Frame>();
            let slots = frame.cast::<Slot>().wrapping_add(SPECIALS);
            let base = slots.wrapping_add(locals);
            (*caller.frame).stackpointer = caller.sp;
            (*caller.frame).instr_ptr = caller.pc.wrapping_sub(1);
            (*caller.frame).return_offset = 1;
            frame.write(Frame {
                executable,
                previous: caller.frame,
                funcobj: function.into_raw().as_ptr(),
                globals,
                builtins: globals,
                locals: ptr::null_mut(),
                frame_obj: ptr::null_mut(),
                instr_ptr: pc,
                stackpointer: base,
                return_offset: 0,
                owner: THREAD,
                visited: 0,
            });
            let mut slot = slots;
            while slot < base {
                slot.write(NULL);
                slot = slot.wrapping_add(1);
            }
            self.current.set(frame);
            compiler_fence(Ordering::SeqCst);
            Running { frame, sp: base, pc }
        }
    }

    #[inline(always)]
    unsafe fn pop(&self, running: Running) -> Running {
        // SAFETY: callers pass what `push` returned last.
        unsafe {
            let Running { frame: dying, mut sp, .. } = running;
            let slots = dying.cast::<Slot>().wrapping_add(SPECIALS);
            let frame = (*dying).previous;
            self.current.set(frame);
            if !(*dying).frame_obj.is_null() {
                panic!("no frame objects here");
            }
            (*dying).stackpointer = slots;
            while sp > slots {
                sp = sp.wrapping_sub(1);
                close(sp.read());
            }
            if !(*dying).locals.is_null() {
                drop(ManuallyDrop::into_inner(look((*dying).locals)));
            }
            drop(ManuallyDrop::into_inner(look((*dying).funcobj)));
            drop(ManuallyDrop::into_inner(look((*dying).executable)));
            self.memory.give(dying.cast());
            let (sp, pc) = ((*frame).stackpointer, (*frame).instr_ptr.wrapping_add((*frame).return_offset.into()));
            Running { frame, sp, pc }
        }
    }

    #[inline(never)]
    unsafe fn down(&self, mut running: Running, function: &Value, frames: u32) -> Running {
        for _ in 0..frames {
            // SAFETY: as promised by the caller.
            running = unsafe { self.push(function.clone(), running) };
        }
        running
    }

    #[inline(never)]
    unsafe fn up(&self, mut running: Running, frames: u32) {
        for _ in 0..frames {
            // SAFETY: as promised by the caller.
            running = unsafe { self.pop(running) };
        }
    }
}

/// The hand-written stack.
pub(crate) struct Limit(Frames<Block>);

impl Limit {
    pub(crate) fn new(words: usize) -> Limit {
        Limit(Frames::new(Block::new(words)))
    }

    /// Calls a function and returns, so many times.
    #[inline(never)]
    pub(crate) fn calls(&self, function: &Value, times: u32) {
        let mut bottom = Frame::bottom();
        let mut running = Running { frame: &raw mut bottom, sp: ptr::null_mut(), pc: ptr::null() };
        for _ in 0..times {
            // SAFETY: a function, on a frame that is there; the frame is the last one.
            running = unsafe { self.0.pop(self.0.push(function.clone(), running)) };
        }
    }

    /// Calls on top of each other, and their returns.
    pub(crate) fn deep(&self, function: &Value, frames: u32) {
        let mut bottom = Frame::bottom();
        let running = Running { frame: &raw mut bottom, sp: ptr::null_mut(), pc: ptr::null() };
        // SAFETY: as above.
        unsafe { self.0.up(self.0.down(running, function, frames), frames) };
    }
}

/// The same in memory of `bumpalo`, which is reset when no frame is left.
pub(crate) struct Bumped(Frames<Bump>);

impl Bumped {
    pub(crate) fn new() -> Bumped {
        Bumped(Frames::new(Bump::new()))
    }

    /// Calls a function and returns, so many times.
    #[inline(never)]
    pub(crate) fn calls(&mut self, function: &Value, times: u32) {
        let mut bottom = Frame::bottom();
        let mut running = Running { frame: &raw mut bottom, sp: ptr::null_mut(), pc: ptr::null() };
        for _ in 0..times {
            // SAFETY: a function, on a frame that is there; the frame is the last one.
            running = unsafe { self.0.pop(self.0.push(function.clone(), running)) };
            self.0.memory.reset();
        }
    }

    /// Calls on top of each other, and their returns.
    pub(crate) fn deep(&mut self, function: &Value, frames: u32) {
        let mut bottom = Frame::bottom();
        let running = Running { frame: &raw mut bottom, sp: ptr::null_mut(), pc: ptr::null() };
        // SAFETY: as above.
        unsafe { self.0.up(self.0.down(running, function, frames), frames) };
        self.0.memory.reset();
    }
}
