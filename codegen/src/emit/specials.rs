//! The header of the runtime's own frame, one struct per distinct header: CPython's fields at CPython's offsets, made of
//! the cells that the runtime gives each role.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::machine::sentence;
use super::{Body, layout, name};
use crate::model::Spec;
use crate::model::facts::{Facts, Field};
use crate::model::layout::{Layout, Member, Ownership};
use crate::model::ty::Type;
use crate::model::version::{Flavour, Minor};

/// The struct that frames have from 3.11 on.
pub(super) const FRAME: &str = "_PyInterpreterFrame";

/// The header of a version: what is emitted is made of this alone, so that equal ones are emitted once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    fields: Vec<HeaderField>,
    /// Offset of the slots in bytes.
    slots: u64,
    align: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct HeaderField {
    c_name: String,
    offset: u64,
    size: u64,
    cell: Cell,
    role: String,
    doc: String,
}

/// What a field is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    /// `PyObject *` that owns its reference.
    Plain,
    /// `_PyStackRef` that owns its reference.
    Tagged,
    /// `PyObject *` that does not.
    Lent,
    /// Another frame.
    Link,
    /// Into the code.
    Instruction,
    /// `stacktop`
    StackIndex,
    /// `stackpointer`
    StackPointer,
    /// A pointer that the runtime does not use.
    Pointer,
    /// An integer.
    Int(String),
}

/// The header of a version, if its frames are activation records and the spec says what they are.
pub(super) fn header(spec: &Spec, minor: Minor) -> Option<Header> {
    let facts = spec.newest(minor, Flavour::Default)?;
    let layout = spec.meaning.frame(minor)?;
    let item = facts.find_struct(layout.of.as_ref().map_or(FRAME, |of| of.value.as_str()))?;
    let slots = layout.by_role("slots", minor, Flavour::Default)?;
    let slots = item.field(&slots.name)?.offset.value;
    let fields = item.fields.iter().filter(|field| field.overlays.is_none() && field.offset.value < slots);
    Some(Header {
        fields: fields.map(|field| header_field(facts, layout, field)).collect::<Option<_>>()?,
        slots,
        align: item.size.as_ref()?.align.value,
    })
}

fn header_field(facts: &Facts, layout: &Layout, field: &Field) -> Option<HeaderField> {
    let member = layout.member(&field.name, facts.version.value, Flavour::Default)?;
    let role = member.role.as_ref().map(|role| role.value.clone()).unwrap_or_default();
    let size = field.ty.size(&|name| facts.find_struct(name)?.size.as_ref().map(|size| size.bytes.value))?;
    let cell = match (role.as_str(), &field.ty.value, &member.ownership) {
        ("previous", ..) => Cell::Link,
        ("instruction", ..) => Cell::Instruction,
        ("stack_top", Type::Pointer(_), _) => Cell::StackPointer,
        ("stack_top", ..) => Cell::StackIndex,
        (_, Type::Named(_), Ownership::Strong) => Cell::Tagged,
        (_, Type::Pointer(_), Ownership::Strong) => Cell::Plain,
        (_, Type::Pointer(_), Ownership::Borrowed(_)) => Cell::Lent,
        (_, Type::Pointer(_), _) => Cell::Pointer,
        (_, Type::Bool, _) => Cell::Int("u8".to_owned()),
        (_, Type::Int { .. } | Type::Float { .. }, _) => Cell::Int(field.ty.value.to_string()),
        _ => Cell::Int(format!("[u8; {size}]")),
    };
    Some(HeaderField {
        c_name: field.name.value.clone(),
        offset: field.offset.value,
        size,
        cell,
        role,
        doc: doc(field, member),
    })
}

fn doc(field: &Field, member: &Member) -> String {
    let owned = match &member.ownership {
        Ownership::Strong => ", strong".to_owned(),
        Ownership::Borrowed(keeper) => format!(", borrowed from `{keeper}`"),
        Ownership::Link => ", not counted".to_owned(),
        _ => String::new(),
    };
    let null = member.null.as_ref().map(|when| format!(" Null {when}.")).unwrap_or_default();
    format!(" `{}`: `{}`{owned}. {}{null}", field.name, field.ty, sentence(&member.doc))
}

impl Header {
    /// Whether one struct serves both; what is said about the fields may differ.
    fn same_as(&self, other: &Header) -> bool {
        let bare = |header: &Header| {
            let mut bare = header.clone();
            bare.fields.iter_mut().for_each(|field| field.doc.clear());
            bare
        };
        bare(self) == bare(other)
    }
}

/// A header, the first version that has it, and all that do.
pub(super) type Distinct = (Minor, Header, Vec<Minor>);

/// The headers of all versions, each once.
pub(super) fn distinct(spec: &Spec) -> Vec<Distinct> {
    let mut found: Vec<Distinct> = Vec::new();
    for minor in spec.minors() {
        let Some(header) = header(spec, minor) else { continue };
        match found.iter_mut().find(|(_, known, _)| known.same_as(&header)) {
            Some((_, _, minors)) => minors.push(minor),
            None => found.push((minor, header, vec![minor])),
        }
    }
    found
}

/// `Specials3_14`: the type of the header that a version has.
pub(super) fn type_of(all: &[Distinct], minor: Minor) -> Option<Ident> {
    let (first, ..) = all.iter().find(|(_, _, minors)| minors.contains(&minor))?;
    Some(ident(*first))
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
        use crate::frame::{InterpreterFrame, Lent, Link, Place, Plain, Specials, StackIndex, StackPointer, StackTop, Start, Tagged};
        use crate::vm::{Blank, CodeUnit, FrameVm};
    }];
    let markers: std::collections::BTreeSet<String> =
        all.iter().flat_map(|(_, _, minors)| minors).map(|minor| name::marker(*minor)).collect();
    let markers = markers.iter().map(|marker| format_ident!("{marker}"));
    items.push(quote!(use crate::version::{#(#markers),*};));
    for (first, header, minors) in &all {
        items.extend(emit_header(spec, *first, header, minors));
    }
    Body { title: "Headers of the runtime's own frames: CPython's fields at CPython's offsets.".to_owned(), items }
}

fn emit_header(spec: &Spec, first: Minor, header: &Header, minors: &[Minor]) -> Vec<TokenStream> {
    let ty = ident(first);
    let versions = minors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let facts = spec.newest(first, Flavour::Default);
    let source = facts.and_then(|facts| Some((facts.find_struct(FRAME)?.header.clone(), facts.newest_micro()?)));
    let source =
        source.map_or(String::new(), |(header, micro)| format!(" Source: `struct {FRAME}`, {header}, v{micro}."));
    let doc = format!(" The header of a frame of CPython {versions}: {} bytes, align {}.", header.slots, header.align);
    let (mut fields, mut starts, mut asserts) = (Vec::new(), Vec::new(), Vec::new());
    let mut end = 0;
    for field in &header.fields {
        if let Some(padding) = padding(end, field.offset, align(field)) {
            let name = format_ident!("_padding_{end}");
            fields.push(quote!(#name: [u8; #padding],));
            starts.push(quote!(#name: [0; #padding],));
        }
        end = field.offset + field.size;
        let (name, docs) = (raw(&field.c_name), &field.doc);
        let (cell, start) = (cell_type(field), cell_start(field));
        let offset = Literal::u64_unsuffixed(field.offset);
        fields.push(quote!(#[doc = #docs] #name: #cell,));
        starts.push(quote!(#name: #start,));
        asserts.push(quote!(assert!(offset_of!(Fields, #name) == #offset);));
    }
    // C's own padding behind the last field reaches the slots, or it is said outright.
    if end.next_multiple_of(header.align.max(1)) != header.slots {
        let (name, length) = (format_ident!("_padding_{end}"), Literal::u64_unsuffixed(header.slots - end));
        fields.push(quote!(#name: [u8; #length],));
        starts.push(quote!(#name: [0; #length],));
    }
    let slots = Literal::u64_unsuffixed(header.slots);
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
    let accessors = accessors(header);
    items.push(quote! {
        impl<V: FrameVm> Specials<V> for #ty<V> {
            #[inline(always)]
            fn new(start: Start<V>) -> Self {
                #ty { #(#starts)* }
            }
            #(#accessors)*
        }
    });
    items
}

fn raw(c_name: &str) -> Ident {
    layout::ident(&name::field_name(c_name))
}

fn align(field: &HeaderField) -> u64 {
    match &field.cell {
        Cell::Int(ty) if ty.starts_with('[') => 1,
        Cell::Int(_) | Cell::StackIndex => field.size.max(1),
        _ => 8,
    }
}

/// Bytes between two fields that C's rules do not explain.
fn padding(end: u64, offset: u64, align: u64) -> Option<Literal> {
    (end.next_multiple_of(align) != offset).then(|| Literal::u64_unsuffixed(offset - end))
}

fn cell_type(field: &HeaderField) -> TokenStream {
    match &field.cell {
        Cell::Plain => quote!(Plain<V>),
        Cell::Tagged => quote!(Tagged<V>),
        Cell::Lent => quote!(Lent<V>),
        Cell::Link => quote!(Link<V>),
        Cell::Instruction => quote!(Cell<*const CodeUnit>),
        Cell::StackIndex => quote!(StackIndex),
        Cell::StackPointer => quote!(StackPointer<V>),
        Cell::Pointer => quote!(Cell<*const ()>),
        Cell::Int(ty) => {
            let ty: TokenStream = ty.parse().unwrap_or_default();
            quote!(Cell<#ty>)
        }
    }
}

fn cell_start(field: &HeaderField) -> TokenStream {
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
        (_, Cell::Plain) => quote!(Plain::new(None)),
        (_, Cell::Tagged) => quote!(Tagged::new(None)),
        (_, Cell::Lent) => quote!(Lent::new(None)),
        (_, Cell::StackIndex) => quote!(StackIndex::held()),
        (_, Cell::StackPointer) => quote!(StackPointer::held()),
        (_, Cell::Link) => quote!(Link::new(None)),
        (_, Cell::Pointer | Cell::Instruction) => quote!(Cell::new(core::ptr::null())),
        (_, Cell::Int(ty)) if ty.starts_with('[') => {
            let size = Literal::u64_unsuffixed(field.size);
            quote!(Cell::new([0; #size]))
        }
        (_, Cell::Int(ty)) if ty.starts_with('f') => quote!(Cell::new(0.0)),
        (_, Cell::Int(_)) => quote!(Cell::new(0)),
    }
}

fn accessors(header: &Header) -> Vec<TokenStream> {
    let field = |role: &str| header.fields.iter().find(|field| field.role == role);
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
        let Some(found) = field(role) else { continue };
        let (method, name) = (format_ident!("{role}"), raw(&found.c_name));
        methods.push(quote! {
            #[inline(always)]
            fn #method(&self) -> #returns {
                &self.#name
            }
        });
    }
    let offset = match field("return_offset") {
        Some(found) => {
            let name = raw(&found.c_name);
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
