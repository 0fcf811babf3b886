//! The header of a frame of CPython 3.14, for the stacks by hand that handles are measured against.

use std::ptr;

use frame_runtime::vm::CodeUnit;

/// Words before the slots.
pub(crate) const SPECIALS: usize = 10;

pub(crate) const THREAD: i8 = 0;
pub(crate) const INTERPRETER: i8 = 3;

/// What a slot holds.
pub(crate) type Slot = *mut ();

#[repr(C)]
pub(crate) struct Frame {
    pub(crate) executable: *mut (),
    pub(crate) previous: *mut Frame,
    pub(crate) funcobj: *mut (),
    pub(crate) globals: *mut (),
    pub(crate) builtins: *mut (),
    pub(crate) locals: *mut (),
    pub(crate) frame_obj: *mut (),
    pub(crate) instr_ptr: *const CodeUnit,
    pub(crate) stackpointer: *mut Slot,
    pub(crate) return_offset: u16,
    pub(crate) owner: i8,
    pub(crate) visited: u8,
}

const _: () = assert!(size_of::<Frame>() == SPECIALS * size_of::<Slot>());

impl Frame {
    /// What stands below the first frame.
    pub(crate) const fn bottom() -> Frame {
        Frame {
            executable: ptr::null_mut(),
            previous: ptr::null_mut(),
            funcobj: ptr::null_mut(),
            globals: ptr::null_mut(),
            builtins: ptr::null_mut(),
            locals: ptr::null_mut(),
            frame_obj: ptr::null_mut(),
            instr_ptr: ptr::null(),
            stackpointer: ptr::null_mut(),
            return_offset: 0,
            owner: INTERPRETER,
            visited: 0,
        }
    }
}
