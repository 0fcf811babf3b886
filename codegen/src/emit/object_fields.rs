//! The fields of the runtime's own frame objects, one struct per distinct set: CPython's between the object's header and
//! the room for a frame, as far behind the header as in CPython.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::cells::{self, Cell, Distinct, Field, Fields};
use super::{Body, name};
use crate::model::Spec;
use crate::model::layout::Ownership;
use crate::model::version::{Flavour, Minor};

/// CPython's frame object.
const FRAME_OBJECT: &str = "PyFrameObject";

/// The fields of a version, if its frames are activation records and the spec says what their objects are.
fn fields(spec: &Spec, minor: Minor) -> Option<Fields> {
    let facts = spec.newest(minor, Flavour::Default)?;
    let layout = spec.meaning.frame_object(minor)?;
    let item = facts.find_struct(layout.of.as_ref().map_or(FRAME_OBJECT, |of| of.value.as_str()))?;
    let is_head = |name: &str| {
        layout.member(name, minor, Flavour::Default).is_some_and(|member| member.ownership == Ownership::Head)
    };
    // The header of an object is the VM's own: nothing of it is here.
    let start = match item.fields.iter().find(|field| is_head(&field.name)) {
        Some(head) => {
            let size = head.ty.size(&|name| facts.find_struct(name)?.size.as_ref().map(|size| size.bytes.value))?;
            head.offset.value.checked_add(size)?
        }
        None => 0,
    };
    Fields::between(facts, layout, item, start, "own_frame")
}

/// The fields of all versions, each set once.
pub(super) fn distinct(spec: &Spec) -> Vec<Distinct> {
    cells::distinct(spec, fields)
}

/// `ObjectFields3_14`: the type of the fields that a version has.
pub(super) fn type_of(all: &[Distinct], minor: Minor) -> Option<Ident> {
    cells::first_of(all, minor).map(ident)
}

fn ident(first: Minor) -> Ident {
    format_ident!("ObjectFields{}_{}", first.major, first.minor)
}

/// `object_fields.rs`
pub(super) fn emit(spec: &Spec) -> Body {
    let all = distinct(spec);
    let used = |name: &str, cell: &Cell| {
        let ident = format_ident!("{name}");
        all.iter().any(|(_, fields, _)| fields.fields.iter().any(|field| field.cell == *cell)).then_some(ident)
    };
    let kinds = [("Lent", Cell::Lent), ("Link", Cell::Link), ("Plain", Cell::Plain), ("Tagged", Cell::Tagged)];
    let kinds = kinds.iter().filter_map(|(name, cell)| used(name, cell));
    let mut items = vec![quote! {
        use core::cell::Cell;
        use core::mem::offset_of;
        use crate::frame::{#(#kinds),*};
        use crate::frame_object::ObjectFields;
        use crate::vm::{Blank, FrameVm};
    }];
    items.push(cells::use_markers(&all));
    for (first, fields, minors) in &all {
        items.extend(emit_fields(spec, *first, fields, minors));
    }
    let title = "Fields of the runtime's own frame objects: CPython's, as far behind the object's header.";
    Body { title: title.to_owned(), items }
}

fn emit_fields(spec: &Spec, first: Minor, all: &Fields, minors: &[Minor]) -> Vec<TokenStream> {
    let ty = ident(first);
    let source = cells::source(spec, first, FRAME_OBJECT, FRAME_OBJECT);
    let (versions, bytes) = (cells::list(minors), all.size);
    let doc = format!(
        " What a frame object of CPython {versions} has between its header and its frame: {bytes} bytes, align {}.",
        all.align
    );
    let cells::Parts { fields, starts, asserts } = all.parts(cell_start);
    let size = Literal::u64_unsuffixed(all.size);
    let checks = minors.iter().map(|minor| {
        let marker = format_ident!("{}", name::marker(*minor));
        quote! {
            const _: () = {
                type Fields = #ty<Blank<#marker>>;
                #(#asserts)*
                assert!(size_of::<Fields>() == #size);
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
    let accessors = accessors(all);
    items.push(quote! {
        impl<V: FrameVm> ObjectFields<V> for #ty<V> {
            #[inline]
            fn new() -> Self {
                const { #ty { #(#starts)* } }
            }
            #(#accessors)*
        }
    });
    items
}

fn cell_start(field: &Field) -> TokenStream {
    match field.role.as_str() {
        // Lines are traced unless somebody says no.
        "trace_lines" => quote!(Cell::new(1)),
        _ => field.empty(),
    }
}

fn accessors(fields: &Fields) -> Vec<TokenStream> {
    let always = [
        ("back", quote!(&Plain<V>)),
        ("frame", quote!(&Link<V>)),
        ("trace", quote!(&Plain<V>)),
        ("line", quote!(&Cell<i32>)),
        ("trace_lines", quote!(&Cell<i8>)),
        ("trace_opcodes", quote!(&Cell<i8>)),
    ];
    let in_some = [
        ("fast_as_locals", quote!(&Cell<i8>)),
        ("extra_locals", quote!(&Plain<V>)),
        ("locals_cache", quote!(&Plain<V>)),
        ("overwritten", quote!(&Plain<V>)),
    ];
    let always = always.into_iter().filter_map(|(role, returns)| {
        let (method, name) = (format_ident!("{role}"), fields.by_role(role)?.ident());
        Some(quote! {
            #[inline(always)]
            fn #method(&self) -> #returns {
                &self.#name
            }
        })
    });
    let in_some = in_some.into_iter().map(|(role, returns)| {
        let method = format_ident!("{role}");
        let field = match fields.by_role(role) {
            Some(found) => {
                let name = found.ident();
                quote!(Some(&self.#name))
            }
            None => quote!(None),
        };
        quote! {
            #[inline(always)]
            fn #method(&self) -> Option<#returns> {
                #field
            }
        }
    });
    always.chain(in_some).collect()
}
