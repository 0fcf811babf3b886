//! The generator inside your own crate: a doorway to `frame-codegen`, without a rule of its own.

mod expand;
mod input;

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
