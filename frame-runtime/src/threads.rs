//! Frames are of one thread: what leads to them says so to the compiler once, in our words.

#![expect(unsafe_code, reason = "auto traits are made conditional on what never holds")]

use crate::bounds::Bounds;
use crate::data_stack::DataStack;
use crate::frame_object::FrameObject;
use crate::generator::Generator;
use crate::generator_frame::GeneratorFrame;
use crate::running::Running;
use crate::view::FrameView;
use crate::vm::FrameVm;

/// Holds for no VM, and nobody can name it.
#[diagnostic::on_unimplemented(
    message = "frames are looked at and run by the thread that they are of",
    label = "this leads to frames of one thread",
    note = "between two entries a `DataStack` can be sent, frames that are parked included, if references and extras can"
)]
pub trait AnyThread {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread> Sync for DataStack<V> {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread, O, B: Bounds> Send for Running<'_, V, O, B> {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread, S> Send for GeneratorFrame<V, S> {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread, S> Sync for GeneratorFrame<V, S> {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread> Send for FrameView<'_, V> {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread> Send for FrameObject<V> {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread> Send for Generator<V> {}

// SAFETY: the bound never holds, so nothing is ever sent or shared.
unsafe impl<V: FrameVm + AnyThread> Sync for Generator<V> {}
