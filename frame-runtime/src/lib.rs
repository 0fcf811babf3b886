//! CPython's frames, for virtual machines, profilers and debuggers written in Rust.
//!
//! What is here follows from one specification: the layouts and numbers of CPython 3.8 to 3.15, default and
//! free-threaded, imported from real interpreters. One module per distinct layout, named by the first release it was
//! seen on ([`v3_13_0`], [`v3_13_18`]), and one name per minor version and flavour for its newest ([`v3_14`],
//! [`v3_14t`]):
//!
//! - `layout`: [mirrors](mirror) of CPython's structs, for those who read a running process;
//! - `number`: its enums, with checked conversion from what was read;
//! - `constant`: flags, limits, tags;
//! - `opcode`: its opcodes, their caches, arguments, bases and stack effects.
//!
//! ```
//! use frame_runtime::mirror::Mirror;
//! use frame_runtime::number::Number;
//! use frame_runtime::v3_14::layout::InterpreterFrame;
//! use frame_runtime::v3_14::number::FrameOwner;
//!
//! // Bytes as a profiler would get them out of a process; here of a frame that a generator owns.
//! let mut bytes = [0; InterpreterFrame::SIZE];
//! bytes[74] = 1;
//!
//! let frame = InterpreterFrame::read(&bytes)?;
//! assert!(frame.previous.is_null());
//! assert_eq!(FrameOwner::from_raw(frame.owner)?, FrameOwner::Generator);
//!
//! // What is no owner is an error that says so, never a guess.
//! let error = FrameOwner::from_raw(77).unwrap_err();
//! assert_eq!(error.to_string(), "77 is no `_frameowner` of CPython 3.14");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Names are CPython's. A private struct loses its prefix (`_PyInterpreterFrame` is `InterpreterFrame`), a public one
//! keeps it (`PyFrameObject`); values of enums lose the prefix they share (`FRAME_OWNED_BY_THREAD` is
//! `FrameOwner::Thread`); fields, constants and opcodes are as in C.
//!
//! Readers that learn the version only at run time use [`layout::Layout`], the same facts as data. The bytes that say where
//! instructions stand in the source, and who handles their exceptions, are read by [`table`].

//! # Frames of one's own
//!
//! A VM written in Rust has frames over its own objects, with the semantics of the version it names:
//!
//! - [`vm`]: what it provides, on one page, with a small VM that runs;
//! - [`counted`]: objects, if it has none of its own, without unsafe code;
//! - [`data_stack`], [`entry`], [`running`]: the stack, the way in, and the handle by which an eval loop holds a frame;
//! - [`bounds`]: whether handles check slots and code units;
//! - [`code`]: code objects with each version's checks, instructions, and the verifier;
//! - [`ops`]: a method for each instruction that is about frames; [`unwind`]: the way of exceptions;
//! - [`arguments`]: which slot takes which argument, with CPython's messages;
//! - [`frame_object`], [`view`]: how the program sees frames; [`visit`]: how a collector does;
//! - [`locals`]: `f_locals` and `locals()`, in every version;
//! - [`trace`]: what trace functions and monitoring tools are told, and at which instructions;
//! - [`cell`]: cells; [`attribute`]: what attributes the objects have;
//! - [`generator`]: generators, coroutines, async generators, and what drives them; [`generator_frame`]: the frames that they
//!   own;
//! - [`stack_ref`], [`frame`]: slots and headers;
//! - [`version`], [`machine`]: what generated types answer; with the feature `macros` also those of your own.
//!
//! With the feature `pyc`, `pyc` reads .pyc files into code objects of any VM, and `plain` is one of plain data.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("CPython's layouts are known for 64-bit only");

pub mod arguments;
pub mod attribute;
mod borrows;
pub mod bounds;
pub mod cell;
pub mod code;
pub mod counted;
pub mod data_stack;
pub mod entry;
mod exception;
pub mod frame;
pub mod frame_object;
pub mod generator;
pub mod generator_frame;
pub mod machine;
mod room;
pub mod running;
pub mod stack_ref;
pub mod table;
mod threads;
pub mod trace;
pub mod unwind;
pub mod version;
pub mod view;
pub mod visit;
pub mod vm;

// Generated files are printed by the generator, and may hold nothing that needs a proof.
#[rustfmt::skip]
#[forbid(unsafe_code)]
mod generated;
pub mod layout;
pub mod locals;
pub mod localsplus;
pub mod mirror;
pub mod number;
pub mod opcode;
pub mod ops;
#[cfg(feature = "pyc")]
pub mod plain;
#[cfg(feature = "pyc")]
pub mod pyc;

pub use generated::*;

#[cfg(feature = "macros")]
pub use frame_macros::{frame_spec, layout};
