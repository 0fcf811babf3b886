//! Model to Rust: one folder per distinct layout, one file per kind of thing, and one index.
//!
//! Emitters see the model only, never text of the spec; what they emit holds data, types and the conversions that need
//! nothing but the data. Whatever loops or owns memory is written by hand in the runtime.

mod cells;
mod constant;
mod file;
mod index;
mod layout;
mod machine;
pub mod name;
mod number;
mod object_fields;
mod opcode;
mod own;
mod specials;
mod table;
mod version;

pub use file::{Drift, EmittedFile, compare, write};
pub(crate) use index::null_slot;
pub(crate) use number::{group_is_number, rust_names};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::Spec;
use crate::model::facts::Facts;
use crate::source::{Sources, slashed};

/// Everything that the spec says, as files below the generated folder, in order of path.
///
/// The spec must have passed [`check`](crate::check::check).
pub fn emit(spec: &Spec, sources: &Sources) -> Vec<EmittedFile> {
    let mut files = Vec::new();
    for facts in &spec.layouts {
        let module = Module { facts, spec, sources, runtime: quote!(crate) };
        files.push(module.file("mod.rs", index::emit_module(&module)));
        files.push(module.file("constant.rs", constant::emit(&module)));
        files.push(module.file("layout.rs", layout::emit(&module)));
        files.push(module.file("number.rs", number::emit(&module)));
        files.push(module.file("opcode.rs", opcode::emit(&module)));
    }
    if !spec.meaning.machines.is_empty() {
        let from = "spec/machines";
        let machines = machine::emit_all(spec).into_iter();
        files.extend(machines.map(|(path, body)| EmittedFile { path, text: file::print(&body, from) }));
        let from = "spec/cpython, spec/machines and spec/layouts";
        let bodies = [
            ("object_fields.rs", object_fields::emit(spec)),
            ("specials.rs", specials::emit(spec)),
            ("version.rs", version::emit(spec)),
        ];
        for (path, body) in bodies {
            files.push(EmittedFile { path: path.to_owned(), text: file::print(&body, from) });
        }
    }
    if !spec.meaning.tables.is_empty() {
        let tables = table::emit_all(spec).into_iter();
        files.extend(tables.map(|(path, body)| EmittedFile { path, text: file::print(&body, "spec/tables") }));
    }
    files.push(index::emit_index(spec));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// One layout as the items of a module in another crate, where `runtime` is the path of `frame-runtime`.
///
/// The spec must have passed [`check_one`](crate::check::check_one).
pub fn emit_inside(facts: &Facts, spec: &Spec, sources: &Sources, runtime: TokenStream) -> TokenStream {
    let module = Module { facts, spec, sources, runtime };
    let folders = [
        ("constant", constant::emit(&module)),
        ("layout", layout::emit(&module)),
        ("number", number::emit(&module)),
        ("opcode", opcode::emit(&module)),
    ];
    let folders = folders.into_iter().map(|(name, body)| {
        let (name, doc, items) = (format_ident!("{name}"), format!(" {}", body.title), body.items);
        quote! {
            #[doc = #doc]
            pub mod #name {
                #(#items)*
            }
        }
    });
    let items = index::emit_items(&module);
    quote! {
        #(#folders)*
        #(#items)*
    }
}

/// What somebody's own specification makes in their crate, where `runtime` is the path of `frame-runtime`.
///
/// `meaning` must have passed [`check_meaning`](crate::check::check_meaning); what could not be lowered is not in it, so
/// that what is left can be emitted beside the errors.
pub fn emit_own(meaning: &crate::model::Meaning, ours: &crate::model::Meaning, runtime: &TokenStream) -> TokenStream {
    own::emit(meaning, ours, runtime)
}

/// One layout on its way into a module.
struct Module<'a> {
    facts: &'a Facts,
    spec: &'a Spec,
    sources: &'a Sources,
    /// Path of the runtime, from where the code will stand.
    runtime: TokenStream,
}

/// The items of one file and the sentence on its top.
struct Body {
    title: String,
    items: Vec<TokenStream>,
}

impl Module<'_> {
    /// `v3_14_10`, `v3_13t_18`.
    fn name(&self) -> String {
        name::module(self.facts)
    }

    /// `3.14`, `3.14t`.
    fn version(&self) -> String {
        self.facts.folder()
    }

    fn file(&self, name: &str, body: Body) -> EmittedFile {
        // The path from the spec's parent on is the same on every machine.
        let from = self.facts.source.map(|source| {
            let file = self.sources.file(source);
            let parts: Vec<String> = file
                .path
                .components()
                .rev()
                .take(4)
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let parts: Vec<&str> = parts.iter().rev().map(String::as_str).collect();
            let path = slashed(std::path::Path::new(&parts.join("/")));
            format!("{path} ({:016x})", file::hash(&file.text))
        });
        let path = format!("{}/{name}", self.name());
        EmittedFile { path, text: file::print(&body, &from.unwrap_or_default()) }
    }
}
