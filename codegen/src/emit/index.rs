//! The module of a layout, and the index of all of them.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::file::{EmittedFile, print};
use super::{Body, Module, name};
use crate::model::Spec;
use crate::model::facts::Facts;
use crate::model::ty::Type;
use crate::model::version::Flavour;

/// `mod.rs` of one layout.
pub(super) fn emit_module(module: &Module<'_>) -> Body {
    let mut items = vec![quote! {
        pub mod constant;
        pub mod layout;
        pub mod number;
        pub mod opcode;
    }];
    items.extend(emit_items(module));
    Body { title: format!("{}: {}.", module.facts.title(), seen_on(module.facts)), items }
}

/// What stands beside the modules of a layout.
pub(super) fn emit_items(module: &Module<'_>) -> Vec<TokenStream> {
    let (facts, runtime) = (module.facts, &module.runtime);
    let version = facts.version.to_string();
    let flavour = match facts.flavour.value {
        Flavour::Default => quote!(Default),
        Flavour::FreeThreaded => quote!(FreeThreaded),
        Flavour::Debug => quote!(Debug),
        Flavour::FreeThreadedDebug => quote!(FreeThreadedDebug),
    };
    let architecture = &facts.architecture.value;
    let witnessed = facts.verified.iter().map(|build| (build, true));
    let builds = witnessed.chain(facts.unwitnessed.iter().map(|build| (build, false))).map(|(build, witnessed)| {
        let (release, defines) = (build.micro.to_string(), &build.defines);
        quote!(Build { release: #release, defines: &[#(#defines),*], witnessed: #witnessed })
    });
    let enums = facts.content.enums.iter().map(|item| (&item.name.value, &item.values));
    let groups = facts.content.constants.iter().map(|group| (&group.name.value, &group.values));
    let numbers = enums.chain(groups).map(|(name, values)| {
        let rows = values.iter().map(|constant| {
            let (name, value) = (&constant.name.value, Literal::i64_unsuffixed(constant.value.value));
            quote!((#name, #value))
        });
        quote!(Numbers { name: #name, values: &[#(#rows),*] })
    });
    let (lines, exceptions) = super::table::of_version(&module.spec.meaning, facts.version.value);
    let magic = pyc_magic(module).unwrap_or_default();
    let magic = Literal::u64_unsuffixed(magic);
    let null = Literal::u64_unsuffixed(null_slot(facts).unwrap_or_default());
    vec![
        quote! {
            use #runtime::layout::{Build, Flavour, Layout, Numbers};
            use #runtime::table::Lines;
        },
        quote! {
            /// The magic number of this version's .pyc files: the first two bytes, little-endian.
            pub const PYC_MAGIC: u16 = #magic;
        },
        quote! {
            /// What an empty slot of the evaluation stack holds.
            pub const NULL_SLOT: u64 = #null;
        },
        quote! {
            /// This layout as data.
            pub static LAYOUT: Layout = Layout {
                version: #version,
                flavour: Flavour::#flavour,
                architecture: #architecture,
                builds: &[#(#builds),*],
                pyc_magic: PYC_MAGIC,
                null_slot: NULL_SLOT,
                lines: Lines::#lines,
                exceptions: #exceptions,
                structs: layout::STRUCTS,
                numbers: &[#(#numbers),*],
                opcodes: &opcode::TABLE,
                stack_effect: |number, argument, jump| opcode::Opcode::from_u8(number).ok()?.stack_effect(argument, jump),
            };
        },
    ]
}

/// The magic number, out of the headers or observed.
pub(super) fn pyc_magic(module: &Module<'_>) -> Option<u64> {
    let observed = || module.spec.observed.pyc_magic(module.facts.version.value);
    module.facts.content.pyc_magic.as_ref().or_else(observed).map(|magic| magic.value)
}

/// What an empty stack slot holds: the null of a tagged reference where slots are tagged, else C's `NULL`.
///
/// `None` when slots are tagged and the null is not known.
pub(crate) fn null_slot(facts: &Facts) -> Option<u64> {
    const TAGGED: &str = "_PyStackRef";
    let frame = facts.find_struct("_PyInterpreterFrame");
    let tagged = frame.and_then(|frame| frame.field("localsplus")).is_some_and(|slots| {
        matches!(slots.ty.innermost(), Type::Named(name) if name == TAGGED)
            && !matches!(&slots.ty.value, Type::Pointer(_))
    });
    if !tagged {
        return Some(0);
    }
    facts.constant("stack_references", "PyStackRef_NULL").map(i64::cast_unsigned)
}

fn seen_on(facts: &Facts) -> String {
    let list = |builds: &[crate::model::facts::Build]| {
        builds.iter().map(|build| build.micro.to_string()).collect::<Vec<_>>().join(", ")
    };
    match (facts.verified.is_empty(), facts.unwitnessed.is_empty()) {
        (false, true) => format!("verified on {}", list(&facts.verified)),
        (true, _) => format!("from the headers of {}, not witnessed", list(&facts.unwitnessed)),
        (false, false) => {
            format!("verified on {}; headers of {} agree", list(&facts.verified), list(&facts.unwitnessed))
        }
    }
}

/// `mod.rs` of the generated folder.
pub(super) fn emit_index(spec: &Spec) -> EmittedFile {
    let mut items = Vec::new();
    for facts in &spec.layouts {
        let module = format_ident!("{}", name::module(facts));
        items.push(quote!(pub mod #module;));
    }
    if !spec.meaning.machines.is_empty() {
        items.push(quote! {
            pub(crate) mod machine;
            pub mod object_fields;
            pub mod specials;
            pub(crate) mod version;
        });
    }
    if !spec.meaning.tables.is_empty() {
        items.push(quote!(
            pub(crate) mod table;
        ));
    }
    for facts in &spec.layouts {
        let newest = spec.newest(facts.version.value, facts.flavour.value);
        if newest.is_some_and(|newest| std::ptr::eq(newest, facts)) {
            let (module, minor) =
                (format_ident!("{}", name::module(facts)), format_ident!("{}", name::minor_module(facts)));
            let doc = format!(" The newest known layout of CPython {}.", facts.folder());
            items.push(quote! {
                #[doc = #doc]
                pub use #module as #minor;
            });
        }
    }
    let all = spec.layouts.iter().map(|facts| format_ident!("{}", name::module(facts)));
    items.push(quote! {
        /// Every layout, by version and flavour.
        pub(crate) static LAYOUTS: &[&crate::layout::Layout] = &[#(&#all::LAYOUT),*];
    });
    let body = Body { title: "One module per distinct layout.".to_owned(), items };
    EmittedFile { path: "mod.rs".to_owned(), text: print(&body, "spec/cpython") }
}
