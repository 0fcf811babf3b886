//! The header of the runtime's own frame, one struct per distinct header: CPython's fields at CPython's offsets, made of
//! the cells that the runtime gives each role.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::cells::{self, Cell, Distinct, Field, Fields};
use super::{Body, name};
use crate::model::Spec;
use crate::model::version::{Flavour, Minor};

/// The struct that frames have from 3.11 on.
pub(super) const FRAME: &str = "_PyInterpreterFrame";

/// The header of a version, if its frames are activation records and the spec says what they are.
pub(super) fn header(spec: &Spec, minor: Minor) -> Option<Fields> {
    let facts = spec.newest(minor, Flavour::Default)?;
    let layout = spec.meaning.frame(minor)?;
    let item = facts.find_struct(layout.of.as_ref().map_or(FRAME, |of| of.value.as_str()))?;
    Fields::between(facts, layout, item, 0, "slots")
}

/// The headers of all versions, each once.
pub(super) fn distinct(spec: &Spec) -> Vec<Distinct> {
    cells::distinct(spec, header)
}

/// `Specials3_14`: the type of the header that a version has.
pub(super) fn type_of(all: &[Distinct], minor: Minor) -> Option<Ident> {
    cells::first_of(all, minor).map(ident)
}

fn ident(first: Minor) -> Ident {
    format_ident!("Specials{}_{}", first.major, first.minor)
}

/// `specials.rs`
pub(super) fn emit(spec: &Spec) -> Body {
    let all = distinct(spec);
    let mut items = vec![quote! {
        use core::cell::Cell;
        use core::mem::offset_of;
        use crate::frame::{InterpreterFrame, Lent, Link, Offsets, Place, Plain, Specials, StackIndex, StackPointer, StackTop, Start, Tagged};
        use crate::vm::{Blank, CodeUnit, FrameVm};
    }];
    items.push(cells::use_markers(&all));
    for (first, header, minors) in &all {
        items.extend(emit_header(spec, *first, header, minors));
    }
    Body { title: "Headers of the runtime's own frames: CPython's fields at CPython's offsets.".to_owned(), items }
}

fn emit_header(spec: &Spec, first: Minor, header: &Fields, minors: &[Minor]) -> Vec<TokenStream> {
    let ty = ident(first);
    let source = cells::source(spec, first, FRAME, "struct _PyInterpreterFrame");
    let (versions, size) = (cells::list(minors), header.size);
    let doc = format!(" The header of a frame of CPython {versions}: {size} bytes, align {}.", header.align);
    let cells::Parts { fields, starts, asserts } = header.parts(cell_start);
    let slots = Literal::u64_unsuffixed(header.size);
    let checks = minors.iter().map(|minor| {
        let marker = format_ident!("{}", name::marker(*minor));
        quote! {
            const _: () = {
                type Fields = #ty<Blank<#marker>>;
                type Frame = InterpreterFrame<Blank<#marker>>;
                #(#asserts)*
                assert!(Frame::SLOTS_OFFSET == #slots);
            };
        }
    });
    let mut items = vec![quote! {
        #[doc = #doc]
        #[doc = ""]
        #[doc = #source]
        #[repr(C)]
        pub struct #ty<V: FrameVm> {
            #(#fields)*
        }
    }];
    items.extend(checks);
    let (offsets, accessors) = (offsets(header), accessors(header));
    items.push(quote! {
        impl<V: FrameVm> Specials<V> for #ty<V> {
            const OFFSETS: Offsets = #offsets;
            #[inline(always)]
            fn new(start: Start<V>) -> Self {
                #ty { #(#starts)* }
            }
            #(#accessors)*
        }
    });
    items
}

fn cell_start(field: &Field) -> TokenStream {
    match (field.role.as_str(), &field.cell) {
        ("executable", Cell::Tagged) => quote!(Tagged::new(Some(start.executable))),
        ("executable", _) => quote!(Plain::new(Some(start.executable))),
        ("function", Cell::Tagged) => quote!(Tagged::new(start.function)),
        ("function", _) => quote!(Plain::new(start.function)),
        ("globals", _) => quote!(start.globals),
        ("builtins", _) => quote!(start.builtins),
        ("previous", _) => quote!(start.previous),
        ("instruction", _) => quote!(Cell::new(start.instruction)),
        ("owner", _) => quote!(Cell::new(start.owner)),
        ("entry", _) => quote!(Cell::new(start.is_entry as u8)),
        _ => field.empty(),
    }
}

/// Where the roles lie in the struct whose `impl` this is in.
fn offsets(header: &Fields) -> TokenStream {
    let offset = |role: &str| {
        let name = header.by_role(role)?.ident();
        Some(quote!(offset_of!(Self, #name)))
    };
    let always = [
        "executable",
        "function",
        "globals",
        "builtins",
        "locals",
        "frame_object",
        "previous",
        "instruction",
        "stack_top",
        "owner",
    ];
    let always = always.into_iter().filter_map(|role| {
        let (field, offset) = (format_ident!("{role}"), offset(role)?);
        Some(quote!(#field: #offset,))
    });
    let return_offset = match offset("return_offset") {
        Some(offset) => quote!(Some(#offset)),
        None => quote!(None),
    };
    quote!(Offsets { #(#always)* return_offset: #return_offset })
}

fn accessors(header: &Fields) -> Vec<TokenStream> {
    let mut methods = Vec::new();
    for (role, returns) in [
        ("executable", quote!(&impl Place<V>)),
        ("function", quote!(&impl Place<V>)),
        ("globals", quote!(&Lent<V>)),
        ("builtins", quote!(&Lent<V>)),
        ("locals", quote!(&impl Place<V>)),
        ("frame_object", quote!(&impl Place<V>)),
        ("previous", quote!(&Link<V>)),
        ("instruction", quote!(&Cell<*const CodeUnit>)),
        ("stack_top", quote!(&impl StackTop<V>)),
        ("owner", quote!(&Cell<i8>)),
    ] {
        let Some(found) = header.by_role(role) else { continue };
        let (method, name) = (format_ident!("{role}"), found.ident());
        methods.push(quote! {
            #[inline(always)]
            fn #method(&self) -> #returns {
                &self.#name
            }
        });
    }
    let offset = match header.by_role("return_offset") {
        Some(found) => {
            let name = found.ident();
            quote!(Some(&self.#name))
        }
        None => quote!(None),
    };
    methods.push(quote! {
        #[inline(always)]
        fn return_offset(&self) -> Option<&Cell<u16>> {
            #offset
        }
    });
    methods
}
