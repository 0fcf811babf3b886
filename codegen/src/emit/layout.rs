//! Structs: `#[repr(C)]` mirrors with their offsets asserted, and the offsets of structs that are kept in part.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{Body, Module, name};
use crate::model::facts::{Field, Struct};
use crate::model::ty::Type;

/// `layout.rs` of one layout.
pub(super) fn emit(module: &Module<'_>) -> Body {
    let (observed, runtime) = (observed_structs(module), &module.runtime);
    let mut items = vec![quote! {
        use core::mem::{align_of, offset_of, size_of};
        use #runtime::layout::{FieldLayout, StructLayout};
        use #runtime::mirror::{Addr, Mirror, Offset, StructBytes, Truncated};
    }];
    let all: Vec<&Struct> = module.facts.content.structs.iter().chain(&observed).collect();
    for item in &all {
        if item.is_partial() {
            items.extend(emit_partial(module, item));
        } else {
            items.extend(emit_whole(module, item));
        }
    }
    let rows = all.iter().map(|item| data_row(item));
    items.push(quote! {
        /// Every struct as data.
        pub(crate) static STRUCTS: &[StructLayout] = &[#(#rows),*];
    });
    Body { title: format!("Structs of {}, as they lie in its memory.", module.facts.title()), items }
}

fn observed_structs(module: &Module<'_>) -> Vec<Struct> {
    let observed = &module.spec.observed;
    let minor = module.facts.version.value;
    observed
        .structs
        .iter()
        .filter(|item| item.range.contains(minor))
        .filter_map(|item| observed.lay_out(item, module.facts))
        .collect()
}

fn index(number: u64) -> Literal {
    Literal::u64_unsuffixed(number)
}

fn source(module: &Module<'_>, item: &Struct) -> String {
    format!(
        " Source: {}, CPython {}.",
        item.header,
        module.facts.newest_micro().map(|micro| micro.to_string()).unwrap_or_default()
    )
}

/// Rust's type for a C type, in the memory of another process: no value of it can be invalid.
fn rust_type(module: &Module<'_>, ty: &Type) -> TokenStream {
    match ty {
        Type::Int { signed, bytes } => {
            let name = format_ident!("{}{}", if *signed { "i" } else { "u" }, u32::from(*bytes) * 8);
            quote!(#name)
        }
        // Whatever byte is there can be read.
        Type::Bool => quote!(u8),
        Type::Float { bytes } => {
            let name = format_ident!("f{}", u32::from(*bytes) * 8);
            quote!(#name)
        }
        Type::Pointer(to) => match &**to {
            Type::Void | Type::Function => quote!(Addr<()>),
            to if !is_known(module, to) => quote!(Addr<()>),
            to => {
                let to = rust_type(module, to);
                quote!(Addr<#to>)
            }
        },
        Type::Void | Type::Function => quote!(()),
        Type::Named(c_name) => {
            let name = format_ident!("{}", name::type_name(c_name));
            quote!(#name)
        }
        Type::Array(element, length) => {
            let (element, length) = (rust_type(module, element), index(*length));
            quote!([#element; #length])
        }
        Type::Bytes(bytes) => {
            let bytes = index(*bytes);
            quote!([u8; #bytes])
        }
    }
}

/// Whether every struct that a type holds by value has a mirror.
fn is_known(module: &Module<'_>, ty: &Type) -> bool {
    match ty {
        Type::Named(name) => module.facts.find_struct(name).is_some(),
        Type::Array(element, _) => is_known(module, element),
        _ => true,
    }
}

/// Only offsets: no value of the type exists.
fn emit_partial(module: &Module<'_>, item: &Struct) -> Vec<TokenStream> {
    let ty = format_ident!("{}", name::type_name(&item.name));
    let doc =
        format!(" `{}`: the offsets that lead to frames and names; its size moves between micro releases.", item.name);
    let source = source(module, item);
    let constants = item.fields.iter().map(|field| {
        let constant = format_ident!("{}", name::constant_name(&field.name));
        let doc = format!(" `{}`: `{}` at byte {}.", field.name, field.ty, field.offset);
        let (ty, offset) = (rust_type(module, &field.ty), index(field.offset.value));
        quote! {
            #[doc = #doc]
            pub const #constant: Offset<#ty> = Offset::new(#offset);
        }
    });
    vec![
        quote! {
            #[doc = #doc]
            #[doc = ""]
            #[doc = #source]
            #[derive(Clone, Copy, Debug, PartialEq)]
            pub enum #ty {}
        },
        quote! {
            impl #ty {
                #(#constants)*
            }
        },
    ]
}

/// A field of the Rust struct: one of C's, or the integer that holds some bit fields.
struct Stored<'a> {
    name: String,
    ty: Type,
    offset: u64,
    size: u64,
    docs: Vec<String>,
    bit_fields: Vec<&'a Field>,
}

fn emit_whole(module: &Module<'_>, item: &Struct) -> Vec<TokenStream> {
    let Some(size) = &item.size else { return Vec::new() };
    let (bytes, align) = (size.bytes.value, size.align.value);
    let ty = format_ident!("{}", name::type_name(&item.name));
    let stored = stored_fields(module, item);
    let doc = format!(" `{}`: {bytes} bytes, align {align}.", item.name);
    let source = source(module, item);

    let (mut fields, mut reads, mut asserts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut end, mut natural) = (0_u64, 1_u64);
    for field in &stored {
        let field_align = field.ty.align(&|name| align_of(module, name)).unwrap_or(1).max(1);
        natural = natural.max(field_align);
        // What C's own rules do not explain is said outright.
        if end.next_multiple_of(field_align) != field.offset {
            let (padding, length) = (padding(item, end), index(field.offset - end));
            fields.push(quote! {
                /// Not used.
                pub #padding: [u8; #length],
            });
            reads.push(quote!(#padding: [0; #length],));
        }
        let (name, field_ty, offset) = (ident(&field.name), rust_type(module, &field.ty), index(field.offset));
        let docs = &field.docs;
        fields.push(quote!(#(#[doc = #docs])* pub #name: #field_ty,));
        reads.push(quote!(#name: bytes.field(#offset)?,));
        asserts.push(quote!(assert!(offset_of!(#ty, #name) == #offset);));
        end = field.offset + field.size;
    }
    if end.next_multiple_of(natural.max(align)) != bytes {
        let (padding, length) = (padding(item, end), index(bytes - end));
        fields.push(quote! {
            /// Not used.
            pub #padding: [u8; #length],
        });
        reads.push(quote!(#padding: [0; #length],));
    }
    let repr = if natural == align {
        quote!(#[repr(C)])
    } else {
        let align = index(align);
        quote!(#[repr(C, align(#align))])
    };
    let accessors = accessors(item, &stored);
    let c_name = &item.name.value;
    let (bytes, align) = (index(bytes), index(align));
    let mut items = vec![
        quote! {
            #[doc = #doc]
            #[doc = ""]
            #[doc = #source]
            #repr
            #[derive(Clone, Copy, Debug, PartialEq)]
            pub struct #ty {
                #(#fields)*
            }
        },
        quote! {
            const _: () = {
                assert!(size_of::<#ty>() == #bytes);
                assert!(align_of::<#ty>() == #align);
                #(#asserts)*
            };
        },
    ];
    if !accessors.is_empty() {
        items.push(quote! {
            impl #ty {
                #(#accessors)*
            }
        });
    }
    items.push(quote! {
        impl Mirror for #ty {
            const SIZE: usize = #bytes;
            const NAME: &'static str = #c_name;

            #[inline]
            fn read(bytes: &[u8]) -> Result<Self, Truncated> {
                let bytes = StructBytes::of::<Self>(bytes)?;
                Ok(#ty { #(#reads)* })
            }
        }
    });
    items
}

/// A name that may be raw.
pub(super) fn ident(name: &str) -> proc_macro2::Ident {
    match name.strip_prefix("r#") {
        Some(raw) => proc_macro2::Ident::new_raw(raw, proc_macro2::Span::call_site()),
        None => format_ident!("{name}"),
    }
}

fn size_of(module: &Module<'_>, name: &str) -> Option<u64> {
    module.facts.find_struct(name)?.size.as_ref().map(|size| size.bytes.value)
}

fn align_of(module: &Module<'_>, name: &str) -> Option<u64> {
    module.facts.find_struct(name)?.size.as_ref().map(|size| size.align.value)
}

/// The fields that hold the bytes: no second member of a union, and one integer for the bit fields of a unit.
fn stored_fields<'a>(module: &Module<'_>, item: &'a Struct) -> Vec<Stored<'a>> {
    let field_size = |field: &Field| field.ty.size(&|name| size_of(module, name)).unwrap_or(0);
    let mut stored: Vec<Stored<'a>> = item
        .fields
        .iter()
        .filter(|field| field.overlays.is_none() && field.bits.is_none())
        .map(|field| Stored {
            name: name::field_name(&field.name),
            ty: field.ty.value.clone(),
            offset: field.offset.value,
            size: field_size(field),
            docs: vec![field_doc(field)],
            bit_fields: Vec::new(),
        })
        .collect();
    let plain: Vec<(u64, u64)> = stored.iter().map(|field| (field.offset, field.offset + field.size)).collect();
    for ((offset, end), fields) in units(item, &plain, &field_size) {
        let (first, size) = (fields[0], end - offset);
        let signed = matches!(first.ty.value, Type::Int { signed: true, .. });
        let ty = match size {
            1 | 2 | 4 | 8 if offset % size == 0 => Type::Int { signed, bytes: u8::try_from(size).unwrap_or(8) },
            _ => Type::Bytes(size),
        };
        let mut docs = vec![" Bit fields, low bit first:".to_owned()];
        docs.push(format!(
            " {}.",
            fields
                .iter()
                .filter_map(|field| Some(format!("`{}`: {}", field.name, field.bits.as_ref()?.width)))
                .collect::<Vec<_>>()
                .join(", ")
        ));
        let prefix = first.name.rsplit_once('.').map(|(outer, _)| name::field_name(outer));
        let is_free = |name: &str| {
            let mut names = item.fields.iter().filter(|field| field.bits.is_none());
            name::is_name(name)
                && names.all(|field| name::field_name(&field.name) != name)
                && stored.iter().all(|other| other.name != name)
        };
        let name = prefix.filter(|prefix| is_free(prefix)).unwrap_or_else(|| {
            free_name(format!("{}_bits", name::field_name(&first.name).trim_start_matches("r#")), is_free)
        });
        stored.push(Stored { name, ty, offset, size, docs, bit_fields: fields });
    }
    // Zero-sized arrays stand where C has them, before what starts at the same byte.
    stored.sort_by_key(|field| (field.offset, field.size));
    stored
}

/// Bit fields by the bytes that hold them: their integer, or what is left of it beside other members.
fn units<'a>(
    item: &'a Struct,
    plain: &[(u64, u64)],
    size: &dyn Fn(&Field) -> u64,
) -> Vec<((u64, u64), Vec<&'a Field>)> {
    let mut bit_fields: Vec<(u64, u64, &Field)> = item
        .fields
        .iter()
        .filter(|field| field.overlays.is_none())
        .filter_map(|field| {
            let start = field.offset.value * 8 + field.bits.as_ref()?.start.value;
            Some((start, start + field.bits.as_ref()?.width.value, field))
        })
        .collect();
    bit_fields.sort_by_key(|(start, ..)| *start);
    let bytes = |(start, end): (u64, u64)| (start / 8, end.div_ceil(8));
    let apart = |one: (u64, u64), other: (u64, u64)| one.1 <= other.0 || other.1 <= one.0;
    let same = |one: &Field, other: &Field| one.offset == other.offset && one.ty == other.ty;
    // Whether no member but the bit fields of one integer has a byte there.
    let is_free = |range: (u64, u64), of: &Field| {
        plain.iter().all(|other| apart(range, *other))
            && bit_fields.iter().all(|(start, end, other)| same(of, other) || apart(range, bytes((*start, *end))))
    };
    let mut units: Vec<((u64, u64), Vec<&Field>)> = Vec::new();
    for &(start, end, field) in &bit_fields {
        let integer = (field.offset.value, field.offset.value + size(field));
        let range = if is_free(integer, field) { integer } else { bytes((start, end)) };
        let join = |known: (u64, u64)| (known.0.min(range.0), known.1.max(range.1));
        let unit = units
            .iter_mut()
            .find(|(known, fields)| !apart(*known, range) || (same(fields[0], field) && is_free(join(*known), field)));
        match unit {
            Some((known, fields)) => {
                *known = join(*known);
                fields.push(field);
            }
            None => units.push((range, vec![field])),
        }
    }
    units
}

/// A name that no field has, made longer until it is free.
fn free_name(mut name: String, is_free: impl Fn(&str) -> bool) -> String {
    while !is_free(&name) {
        name.push('_');
    }
    name
}

/// The name of the bytes from `end` on that no field uses.
fn padding(item: &Struct, end: u64) -> proc_macro2::Ident {
    let is_free = |name: &str| item.fields.iter().all(|field| name::field_name(&field.name) != name);
    format_ident!("{}", free_name(format!("_padding_{end}"), is_free))
}

fn field_doc(field: &Field) -> String {
    format!(" `{}`: `{}` at byte {}.", field.name, field.ty, field.offset)
}

/// Methods for bit fields, and for the other members of a union where they are part of an integer or an address.
fn accessors(item: &Struct, stored: &[Stored<'_>]) -> Vec<TokenStream> {
    let mut methods = Vec::new();
    for holder in stored {
        let holder_name = ident(&holder.name);
        let Type::Int { bytes, .. } = &holder.ty else { continue };
        let unsigned = format_ident!("u{}", u32::from(*bytes) * 8);
        for field in &holder.bit_fields {
            let Some(bits) = &field.bits else { continue };
            let method = ident(&name::field_name(&field.name));
            let shift = bits.start.value + field.offset.value * 8 - holder.offset * 8;
            let mask = if bits.width.value >= 64 { u64::MAX } else { (1 << bits.width.value) - 1 };
            let whole = if unsigned == holder.ty.to_string() {
                quote!(self.#holder_name)
            } else {
                quote!((self.#holder_name as #unsigned))
            };
            let value = shifted(whole, shift);
            let mask: TokenStream = format!("{mask:#x}").parse().unwrap_or_default();
            let count = if bits.width.value == 1 { "1 bit".to_owned() } else { format!("{} bits", bits.width) };
            let doc = format!(" `{}`: {count} from bit {shift} of `{}`.", field.name, holder.name);
            methods.push(quote! {
                #[doc = #doc]
                pub const fn #method(&self) -> #unsigned {
                    #value & #mask
                }
            });
        }
    }
    for field in item.fields.iter().filter(|field| field.bits.is_none()) {
        let Some(over) = &field.overlays else { continue };
        let Some(holder) = stored.iter().find(|stored| stored.name == name::field_name(over)) else { continue };
        let (method, holder_name) = (ident(&name::field_name(&field.name)), ident(&holder.name));
        let doc = format!(" `{}`: `{}` at byte {}, in the bytes of `{over}`.", field.name, field.ty, field.offset);
        match (&field.ty.value, &holder.ty) {
            (Type::Int { signed, bytes }, Type::Int { bytes: holder_bytes, .. })
                if field.offset.value + u64::from(*bytes) <= holder.offset + u64::from(*holder_bytes)
                    && field.offset.value >= holder.offset =>
            {
                let unsigned = format_ident!("u{}", u32::from(*holder_bytes) * 8);
                let target = format_ident!("{}{}", if *signed { "i" } else { "u" }, u32::from(*bytes) * 8);
                let shift = (field.offset.value - holder.offset) * 8;
                let value = if shift == 0 {
                    quote!(self.#holder_name)
                } else {
                    shifted(quote!((self.#holder_name as #unsigned)), shift)
                };
                methods.push(quote! {
                    #[doc = #doc]
                    pub const fn #method(&self) -> #target {
                        #value as #target
                    }
                });
            }
            (Type::Pointer(to), Type::Pointer(_)) if field.offset.value == holder.offset => {
                let Type::Int { signed, bytes } = &**to else { continue };
                let target = format_ident!("{}{}", if *signed { "i" } else { "u" }, u32::from(*bytes) * 8);
                methods.push(quote! {
                    #[doc = #doc]
                    pub const fn #method(&self) -> Addr<#target> {
                        self.#holder_name.cast()
                    }
                });
            }
            // The data row still says where it is.
            _ => {}
        }
    }
    methods
}

fn shifted(value: TokenStream, shift: u64) -> TokenStream {
    if shift == 0 {
        return value;
    }
    let shift = index(shift);
    quote!((#value >> #shift))
}

fn data_row(item: &Struct) -> TokenStream {
    let name = &item.name.value;
    let size = match &item.size {
        Some(size) => {
            let bytes = index(size.bytes.value);
            quote!(Some(#bytes))
        }
        None => quote!(None),
    };
    let fields = item.fields.iter().map(|field| {
        let (name, ty, offset) = (&field.name.value, field.ty.to_string(), index(field.offset.value));
        match &field.bits {
            None => quote!(FieldLayout::new(#name, #ty, #offset)),
            Some(bits) => {
                let (start, width) = (index(bits.start.value), index(bits.width.value));
                quote!(FieldLayout::bits(#name, #ty, #offset, #start, #width))
            }
        }
    });
    quote!(StructLayout { name: #name, size: #size, fields: &[#(#fields),*] })
}
