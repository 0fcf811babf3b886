//! The generator inside your own crate: a doorway to `frame-codegen`, without a rule of its own.

mod expand;
mod input;
mod shipped {
    //! The machines, layouts, tables and observed facts of this release.
    include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
}
mod spec;
mod text;

use proc_macro::TokenStream;

/// The modules that `frame-runtime` has for its versions, for a layout of your own.
///
/// For a CPython that `frame-runtime` does not ship: a patched one, a debug build, another architecture. Import it once,
///
/// ```sh
/// framespec import /opt/python/bin/python3.14d --spec facts
/// ```
///
/// and name the file, relative to your crate's `Cargo.toml`; the items are those of `frame_runtime::v3_14`:
///
/// ```
/// mod cpython {
///     # #![allow(missing_docs)]
///     frame_macros::layout!("../spec/cpython/3.13/0.yaml");
/// }
///
/// use frame_runtime::mirror::Mirror;
///
/// assert_eq!(cpython::layout::InterpreterFrame::SIZE, 80);
/// assert_eq!(cpython::opcode::Opcode::RESUME.number(), 149);
/// assert_eq!(cpython::LAYOUT.builds[0].release, "3.13.0");
/// ```
///
/// Editing the file rebuilds the crate. A file with errors gives one compiler error for each, with its place.
///
/// # Options
///
/// - `observed = "DIR"`: observed facts of your own instead of those of this release: stack effects, magic numbers.
///   Needed when your CPython has opcodes that no CPython has.
/// - `crate = PATH`: where `frame-runtime` is, if not at `::frame_runtime`.
///
/// ```
/// mod cpython {
///     # #![allow(missing_docs)]
///     frame_macros::layout!(
///         "../spec/cpython/3.14t/10.yaml",
///         observed = "../spec/observed",
///         crate = ::frame_runtime
///     );
/// }
///
/// assert_eq!(cpython::NULL_SLOT, 1);
/// ```
#[proc_macro]
pub fn layout(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as input::Layout);
    expand::layout(&input).into()
}

/// State machines of your own, or a version of ours with more in it.
///
/// Takes the spec language, in the braces or in a file that is named relative to your crate's `Cargo.toml`. What is wrong
/// with it is said at the very token, or at the file's line and column.
///
/// # Any state machine
///
/// Each state becomes a type without values, each event a trait: a method asks for it, and what is illegal does not
/// compile. The same rows are a table for states that are known only at run time.
///
/// ```
/// # #![allow(missing_docs)]
/// use std::marker::PhantomData;
///
/// frame_macros::frame_spec! {
///     machine door "The life of a door." {
///         guards {
///             key_fits "somebody has the key";
///         }
///         errors {
///             Locked "it stays shut";
///         }
///         states {
///             open "one can walk through";
///             closed "nobody can";
///             locked "nobody can open it without the key";
///         }
///         start closed;
///         on open "Somebody opens it." needs "a door that is closed and not locked" {
///             closed -> open;
///             else => illegal;
///         }
///         on close "Somebody closes it." needs "an open door" {
///             open -> closed;
///             else => illegal;
///         }
///         on turn "Somebody turns the key." needs "a door that is not open" {
///             closed -> locked;
///             locked if key_fits -> closed;
///             locked => Locked "the key does not fit";
///             else => illegal;
///         }
///     }
/// }
/// use door::{Closed, OnClose, OnOpen};
///
/// struct Door<S>(PhantomData<S>);
///
/// impl<S> Door<S> {
///     fn open<N>(self) -> Door<N> where S: OnOpen<N> { Door(PhantomData) }
///     fn close<N>(self) -> Door<N> where S: OnClose<N> { Door(PhantomData) }
/// }
///
/// let door: Door<Closed> = Door(PhantomData);
/// let door = door.open().close();
/// // door.close();  error: `close` needs an open door: it is illegal in state `Closed`
///
/// use door::{Error, Guard, event, state};
/// use frame_runtime::machine::Outcome;
///
/// let step = door::RULES.step(state::LOCKED, event::TURN, 0, |guard| guard != Guard::KeyFits);
/// assert!(matches!(step.outcome, Outcome::Refuses(Error::Locked, message) if message.pattern() == "the key does not fit"));
/// # drop(door);
/// ```
///
/// # A version with more in it
///
/// `version NAME extends 3.14;` makes a type that the runtime accepts where it accepts
/// [`Cpython3_14`](https://docs.rs/frame-runtime): with your states, owners, events and rows in our machines, and
/// `FrameExtra`, the fields that you add to every frame. Your rows are asked before ours, your `else` rows after them.
///
/// ```
/// # #![allow(missing_docs)]
/// frame_macros::frame_spec! {
///     version Traced extends 3.14 "CPython 3.14 whose frames can lie in an arena.";
///
///     machine owner {
///         states {
///             arena "lies in an arena of the tracer";
///         }
///         on record "The tracer takes the frame over." needs "a frame whose activation is over" {
///             frame_object -> arena;
///             else => illegal;
///         }
///         on free {
///             arena -> end;
///         }
///     }
///
///     layout interpreter_frame {
///         extra calls u32 "how often it was looked at";
///     }
/// }
///
/// use frame_runtime::machine::{Numbers, Runs};
///
/// fn main() {
///     let rules = <Traced as Runs<owner::Machine>>::RULES;
///     assert_eq!(rules.state(0), Ok(owner::state::THREAD));
///     assert_eq!(rules.state(<Traced as Numbers<owner::Arena>>::RAW), Ok(owner::state::ARENA));
///     assert_eq!(FrameExtra::default().calls.get(), 0);
/// }
/// ```
///
/// A version stands in a module, not in a function: its machines are modules beside it.
///
/// # Options
///
/// `crate = PATH;` before everything else says where `frame-runtime` is, if not at `::frame_runtime`.
#[proc_macro]
pub fn frame_spec(input: TokenStream) -> TokenStream {
    spec::expand(input.into()).into()
}
