//! Structs of the runtime's own that lie as CPython's do: the same fields at the same offsets, made of the cells that the
//! runtime gives each role.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::machine::sentence;
use super::{layout, name};
use crate::model::Spec;
use crate::model::facts::{self, Facts, Struct};
use crate::model::layout::{Layout, Member, Ownership};
use crate::model::ty::Type;
use crate::model::version::{Flavour, Minor};

/// The fields of one version: what is emitted is made of this alone, so that equal ones are emitted once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    /// Bytes from the first field to what comes behind the last one.
    pub(super) size: u64,
    pub(super) align: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    c_name: String,
    /// In bytes, from where the fields begin.
    offset: u64,
    size: u64,
    pub(super) cell: Cell,
    pub(super) role: String,
    doc: String,
}

/// What a field is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// `PyObject *` that owns its reference.
    Plain,
    /// `_PyStackRef` that owns its reference.
    Tagged,
    /// `PyObject *` that does not.
    Lent,
    /// A frame.
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

impl Fields {
    /// The fields of a struct of a version's default build, from an offset up to the field that has a role.
    pub(super) fn between(facts: &Facts, layout: &Layout, item: &Struct, start: u64, last: &str) -> Option<Fields> {
        let last = layout.by_role(last, facts.version.value, Flavour::Default)?;
        let end = item.field(&last.name)?.offset.value;
        let inside = |field: &&facts::Field| field.overlays.is_none() && (start..end).contains(&field.offset.value);
        let fields = item.fields.iter().filter(inside).map(|field| Field::of(facts, layout, field, start));
        let align = item.size.as_ref()?.align.value;
        Some(Fields { fields: fields.collect::<Option<_>>()?, size: end.checked_sub(start)?, align })
    }

    /// Whether one struct serves both; what is said about the fields may differ.
    fn same_as(&self, other: &Fields) -> bool {
        let bare = |fields: &Fields| {
            let mut bare = fields.clone();
            bare.fields.iter_mut().for_each(|field| field.doc.clear());
            bare
        };
        bare(self) == bare(other)
    }

    /// The field that has a role.
    pub(super) fn by_role(&self, role: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.role == role)
    }

    /// What a struct of these fields consists of; `start` says what a new one has in a field.
    pub(super) fn parts(&self, start: impl Fn(&Field) -> TokenStream) -> Parts {
        let mut parts = Parts { fields: Vec::new(), starts: Vec::new(), asserts: Vec::new() };
        let mut end = 0;
        for field in &self.fields {
            if let Some(padding) = padding(end, field.offset, field.align()) {
                parts.pad(end, &padding);
            }
            end = field.offset + field.size;
            let (name, docs) = (field.ident(), &field.doc);
            let (cell, start) = (field.cell_type(), start(field));
            let offset = Literal::u64_unsuffixed(field.offset);
            parts.fields.push(quote!(#[doc = #docs] #name: #cell,));
            parts.starts.push(quote!(#name: #start,));
            parts.asserts.push(quote!(assert!(offset_of!(Fields, #name) == #offset);));
        }
        // C's own padding behind the last field reaches the end, or it is said outright.
        if end.next_multiple_of(self.align.max(1)) != self.size {
            parts.pad(end, &Literal::u64_unsuffixed(self.size - end));
        }
        parts
    }
}

/// What a struct consists of, one item for each field or padding.
pub(super) struct Parts {
    /// Declarations.
    pub(super) fields: Vec<TokenStream>,
    /// What a new one has in them.
    pub(super) starts: Vec<TokenStream>,
    /// Assertions of the offsets, for a type that is called `Fields`.
    pub(super) asserts: Vec<TokenStream>,
}

impl Parts {
    fn pad(&mut self, at: u64, length: &Literal) {
        let name = format_ident!("_padding_{at}");
        self.fields.push(quote!(#name: [u8; #length],));
        self.starts.push(quote!(#name: [0; #length],));
    }
}

impl Field {
    fn of(facts: &Facts, layout: &Layout, field: &facts::Field, start: u64) -> Option<Field> {
        let member = layout.member(&field.name, facts.version.value, Flavour::Default)?;
        let role = member.role.as_ref().map(|role| role.value.clone()).unwrap_or_default();
        let size = field.ty.size(&|name| facts.find_struct(name)?.size.as_ref().map(|size| size.bytes.value))?;
        let cell = match (role.as_str(), &field.ty.value, &member.ownership) {
            ("previous" | "frame", ..) => Cell::Link,
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
        Some(Field {
            c_name: field.name.value.clone(),
            offset: field.offset.value - start,
            size,
            cell,
            role,
            doc: doc(field, member),
        })
    }

    pub(super) fn ident(&self) -> Ident {
        layout::ident(&name::field_name(&self.c_name))
    }

    fn align(&self) -> u64 {
        match &self.cell {
            Cell::Int(ty) if ty.starts_with('[') => 1,
            Cell::Int(_) | Cell::StackIndex => self.size.max(1),
            _ => 8,
        }
    }

    fn cell_type(&self) -> TokenStream {
        match &self.cell {
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

    /// What is in a field that nobody gave anything.
    pub(super) fn empty(&self) -> TokenStream {
        match &self.cell {
            Cell::Plain => quote!(Plain::null()),
            Cell::Tagged => quote!(Tagged::new(None)),
            Cell::Lent => quote!(Lent::new(None)),
            Cell::StackIndex => quote!(StackIndex::held()),
            Cell::StackPointer => quote!(StackPointer::held()),
            Cell::Link => quote!(Link::new(None)),
            Cell::Pointer | Cell::Instruction => quote!(Cell::new(core::ptr::null())),
            Cell::Int(ty) if ty.starts_with('[') => {
                let size = Literal::u64_unsuffixed(self.size);
                quote!(Cell::new([0; #size]))
            }
            Cell::Int(ty) if ty.starts_with('f') => quote!(Cell::new(0.0)),
            Cell::Int(_) => quote!(Cell::new(0)),
        }
    }
}

fn doc(field: &facts::Field, member: &Member) -> String {
    let owned = match &member.ownership {
        Ownership::Strong => ", strong".to_owned(),
        Ownership::Borrowed(keeper) => format!(", borrowed from `{keeper}`"),
        Ownership::Link => ", not counted".to_owned(),
        _ => String::new(),
    };
    let null = member.null.as_ref().map(|when| format!(" Null {when}.")).unwrap_or_default();
    format!(" `{}`: `{}`{owned}. {}{null}", field.name, field.ty, sentence(&member.doc))
}

/// Bytes between two fields that C's rules do not explain.
fn padding(end: u64, offset: u64, align: u64) -> Option<Literal> {
    (end.next_multiple_of(align) != offset).then(|| Literal::u64_unsuffixed(offset - end))
}

/// The first version that has some fields, these, and all versions that do.
pub(super) type Distinct = (Minor, Fields, Vec<Minor>);

/// The fields of all versions, each once.
pub(super) fn distinct(spec: &Spec, of: impl Fn(&Spec, Minor) -> Option<Fields>) -> Vec<Distinct> {
    let mut found: Vec<Distinct> = Vec::new();
    for minor in spec.minors() {
        let Some(fields) = of(spec, minor) else { continue };
        match found.iter_mut().find(|(_, known, _)| known.same_as(&fields)) {
            Some((_, _, minors)) => minors.push(minor),
            None => found.push((minor, fields, vec![minor])),
        }
    }
    found
}

/// The first of the versions that have the same fields as this one: their struct bears its name.
pub(super) fn first_of(all: &[Distinct], minor: Minor) -> Option<Minor> {
    all.iter().find(|(_, _, minors)| minors.contains(&minor)).map(|(first, ..)| *first)
}

/// The markers of the versions that have any of these fields, as a `use`.
pub(super) fn use_markers(all: &[Distinct]) -> TokenStream {
    let markers: std::collections::BTreeSet<String> =
        all.iter().flat_map(|(_, _, minors)| minors).map(|minor| name::marker(*minor)).collect();
    let markers = markers.iter().map(|marker| format_ident!("{marker}"));
    quote!(use crate::version::{#(#markers),*};)
}

/// `3.14 and 3.15`
pub(super) fn list(minors: &[Minor]) -> String {
    minors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// Where a struct of a version was read; `shown` is how C names it.
pub(super) fn source(spec: &Spec, minor: Minor, c_name: &str, shown: &str) -> String {
    let facts = spec.newest(minor, Flavour::Default);
    let source = facts.and_then(|facts| Some((facts.find_struct(c_name)?.header.clone(), facts.newest_micro()?)));
    source.map_or(String::new(), |(header, micro)| format!(" Source: `{shown}`, {header}, v{micro}."))
}
