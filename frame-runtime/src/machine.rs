//! What generated state machines are made of: states are types, events are traits.
//!
//! A machine is a module of markers, one per state, that have no values, and one trait per event. A row of the machine
//! is one implementation: `impl OnSend<Cpython3_14, Executing> for Created {}` says that 3.14 allows `send` in
//! `Created`, and where it leads. Version and next state are parameters of the trait, and a method of a handle asks for
//! them: what is illegal does not compile, and says why in terms of frames.

/// The state of what is gone: no handle is left, and the memory was given back.
pub enum Gone {}

/// The number that a version stores for state `S`.
///
/// It is on the version, not on the state, so that [`Activation`](crate::version::Activation) can promise the numbers
/// that every version has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no number for the state `{S}`",
    note = "the state does not exist in this version of CPython"
)]
pub trait Numbers<S> {
    /// The number, as CPython stores it: one signed byte.
    const RAW: i8;
}
