//! The same by hand: raw pointers, nothing checked, and everything written that CPython 3.14 writes.
//!
//! With `TAGGED`, slots are read as 3.14 reads them: the tag is masked off before an object is looked at
//! (`PyStackRef_AsPyObjectBorrow`) and decides whether a copy is counted (`PyStackRef_DUP`, `PyStackRef_CLOSE`). Without,
//! slots are plain pointers as in 3.12.

#![expect(unsafe_code, clippy::multiple_unsafe_ops_per_block, reason = "what the handles are measured against")]

use std::cell::{Cell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::ptr;

use frame_runtime::vm::Value as _;

use crate::header::{Frame, INTERPRETER, SPECIALS, Slot, THREAD};
use crate::object::{CALL_CACHES, Kind, Value, op};

const WORDS: usize = 2045;

pub(crate) struct Stack {
    chunk: Box<[UnsafeCell<usize>]>,
    top: Cell<*mut usize>,
    limit: Cell<*mut usize>,
    current: Cell<*mut Frame>,
    remaining: Cell<u32>,
}

/// A look at a reference that is not given back.
#[inline(always)]
unsafe fn look(raw: *mut ()) -> ManuallyDrop<Value> {
    // SAFETY: callers pass the pointer of a live reference.
    ManuallyDrop::new(unsafe { Value::from_raw(ptr::NonNull::new_unchecked(raw)) })
}

#[inline(always)]
const fn null<const TAGGED: bool>() -> *mut () {
    ptr::without_provenance_mut(if TAGGED { 1 } else { 0 })
}

/// A look at what a slot refers to, which is something.
#[inline(always)]
unsafe fn look_at<const TAGGED: bool>(slot: *mut ()) -> ManuallyDrop<Value> {
    // SAFETY: callers pass what a slot holds.
    unsafe { look(if TAGGED { slot.map_addr(|addr| addr & !3) } else { slot }) }
}

#[inline(always)]
unsafe fn duplicate<const TAGGED: bool>(slot: *mut ()) -> *mut () {
    if !TAGGED || slot.addr() & 1 == 0 {
        // SAFETY: callers pass what a slot holds.
        std::mem::forget(Value::clone(&*unsafe { look(slot) }));
    }
    slot
}

#[inline(always)]
unsafe fn close<const TAGGED: bool>(slot: *mut ()) {
    if if TAGGED { slot.addr() & 1 == 0 } else { !slot.is_null() } {
        // SAFETY: callers own the reference.
        drop(ManuallyDrop::into_inner(unsafe { look(slot) }));
    }
}

impl Stack {
    pub(crate) fn new() -> Stack {
        let chunk: Box<[UnsafeCell<usize>]> = (0..WORDS).map(|_| UnsafeCell::new(0)).collect();
        let first = chunk[1].get();
        let limit = first.wrapping_add(WORDS - 1);
        Stack {
            chunk,
            top: Cell::new(first),
            limit: Cell::new(limit),
            current: Cell::new(ptr::null_mut()),
            remaining: Cell::new(1000),
        }
    }

    #[inline(always)]
    unsafe fn push<const TAGGED: bool>(
        &self,
        function: *mut (),
        previous: *mut Frame,
    ) -> (*mut Frame, *mut Slot, *mut Slot) {
        // SAFETY: the benchmark's callers pass a function of one code.
        unsafe {
            let looked = look_at::<TAGGED>(function);
            let Some(Kind::Function { code, globals }) = looked.as_object().map(|object| &object.kind) else {
                panic!("not a function")
            };
            let Some(Kind::Code(units)) = code.as_object().map(|object| &object.kind) else { panic!("not code") };
            if self.remaining.get() == 0 {
                panic!("recursion");
            }
            let words = SPECIALS + units.nlocalsplus as usize + units.stacksize as usize;
            let top = self.top.get();
            if words * 8 >= self.limit.get().addr() - top.addr() {
                panic!("chunk");
            }
            self.remaining.set(self.remaining.get() - 1);
            self.top.set(top.wrapping_add(words));
            let frame = top.cast::<Frame>();
            let slots = top.wrapping_add(SPECIALS).cast::<Slot>();
            let base = slots.wrapping_add(units.nlocalsplus as usize);
            frame.write(Frame {
                executable: code.clone().into_raw().as_ptr(),
                previous,
                funcobj: function,
                globals: globals.as_raw().as_ptr(),
                builtins: globals.as_raw().as_ptr(),
                locals: ptr::null_mut(),
                frame_obj: ptr::null_mut(),
                instr_ptr: units.units.as_ptr(),
                stackpointer: base,
                return_offset: 0,
                owner: THREAD,
                visited: 0,
            });
            self.current.set(frame);
            (frame, slots, base)
        }
    }

    #[inline(never)]
    pub(crate) fn run<const TAGGED: bool>(&self, fib: &Value, n: i64) -> i64 {
        // SAFETY: one local and four slots are what the instructions use, and the chunk has room for 136 frames.
        unsafe {
            let mut shim = Frame { previous: self.current.get(), ..Frame::bottom() };
            let (mut frame, mut slots, mut sp) = self.push::<TAGGED>(fib.clone().into_raw().as_ptr(), &raw mut shim);
            slots.write(Value::integer(n).into_raw().as_ptr());
            let mut pc = (*frame).instr_ptr;
            macro_rules! push {
                ($raw:expr) => {{
                    let raw = $raw;
                    sp.write(raw);
                    sp = sp.add(1);
                }};
            }
            macro_rules! pop {
                () => {{
                    sp = sp.sub(1);
                    sp.read()
                }};
            }
            macro_rules! integer {
                ($raw:expr) => {{
                    let raw: *mut () = $raw;
                    match look_at::<TAGGED>(raw).as_integer() {
                        Some(integer) => integer,
                        None => panic!("no integer"),
                    }
                }};
            }
            loop {
                let instruction = (*pc).instruction();
                pc = pc.add(1);
                match instruction.opcode {
                    op::RESUME => {}
                    op::LOAD_FAST => {
                        let raw = slots.add(instruction.argument.into()).read();
                        push!(duplicate::<TAGGED>(raw));
                    }
                    op::LOAD_SMALL_INT => push!(Value::integer(instruction.argument.into()).into_raw().as_ptr()),
                    op::LESS => {
                        let right = integer!(pop!());
                        let left = integer!(pop!());
                        push!(Value::integer((left < right).into()).into_raw().as_ptr());
                    }
                    op::POP_JUMP_IF_FALSE => {
                        if integer!(pop!()) == 0 {
                            pc = pc.add(instruction.argument.into());
                        }
                    }
                    op::LOAD_GLOBAL => push!(duplicate::<TAGGED>((*frame).funcobj)),
                    op::SUBTRACT => {
                        let right = integer!(pop!());
                        let left = integer!(pop!());
                        push!(Value::integer(left - right).into_raw().as_ptr());
                    }
                    op::ADD => {
                        let right = integer!(pop!());
                        let left = integer!(pop!());
                        push!(Value::integer(left + right).into_raw().as_ptr());
                    }
                    op::CALL => {
                        let count = usize::from(instruction.argument);
                        let function = sp.sub(count + 1).read();
                        let (callee, locals, base) = self.push::<TAGGED>(function, frame);
                        for index in 0..count {
                            locals.add(index).write(sp.sub(count - index).read());
                        }
                        let mut slot = locals.add(count);
                        while slot < base {
                            slot.write(null::<TAGGED>());
                            slot = slot.add(1);
                        }
                        (*frame).stackpointer = sp.sub(count + 1);
                        (*frame).instr_ptr = pc.sub(1);
                        (*frame).return_offset = 1 + u16::from(CALL_CACHES);
                        frame = callee;
                        slots = locals;
                        sp = base;
                        pc = (*callee).instr_ptr;
                    }
                    op::RETURN => {
                        let value = pop!();
                        (*frame).stackpointer = sp;
                        let dying = frame;
                        self.remaining.set(self.remaining.get() + 1);
                        frame = (*dying).previous;
                        self.current.set(frame);
                        if !(*dying).frame_obj.is_null() {
                            panic!("no frame objects here");
                        }
                        (*dying).stackpointer = slots;
                        while sp > slots {
                            sp = sp.sub(1);
                            close::<TAGGED>(sp.read());
                        }
                        if !(*dying).locals.is_null() {
                            close::<false>((*dying).locals);
                        }
                        close::<TAGGED>((*dying).funcobj);
                        close::<TAGGED>((*dying).executable);
                        if dying.addr() == self.chunk.as_ptr().addr() {
                            panic!("no other chunk");
                        }
                        self.top.set(dying.cast());
                        if (*frame).owner == INTERPRETER {
                            self.current.set((*frame).previous);
                            return integer!(value);
                        }
                        slots = frame.cast::<Slot>().add(SPECIALS);
                        sp = (*frame).stackpointer;
                        pc = (*frame).instr_ptr.add((*frame).return_offset.into());
                        push!(value);
                    }
                    _ => panic!("no such opcode"),
                }
            }
        }
    }
}
