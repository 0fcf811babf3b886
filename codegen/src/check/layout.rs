//! Structs: fields in order, inside, aligned, and apart unless they are members of one union.

use std::collections::BTreeMap;

use super::name::{field_name_syntax, name_reserved, name_syntax, same_name};
use crate::diag::{Diagnostic, Sink};
use crate::emit::name;
use crate::model::facts::{Facts, Field, Struct};
use crate::model::ty::Type;
use crate::source::{At, Span};

/// Structs end here: CPython's are far smaller, and Rust can hold these on every target.
pub(super) const LARGEST: u64 = 0x7fff_ffff;

pub(super) fn check(facts: &Facts, sink: &mut Sink) {
    struct_twice(facts, sink);
    type_endless(facts, sink);
    null_slot(facts, sink);
    for item in &facts.content.structs {
        if name_syntax(&item.name, sink) {
            name_reserved(&item.name, &name::type_name(&item.name), name::TAKEN, sink);
        }
        field_twice(item, sink);
        size_align(item, sink);
        size_range(item, sink);
        for field in &item.fields {
            if field_name_syntax(&field.name, sink) {
                name_reserved(&field.name, &rust_name(item, field), &[], sink);
            }
            type_unknown(facts, item, field, sink);
            type_range(facts, &field.name, &field.ty, sink);
            bit_field(field, sink);
        }
        layout_order(item, sink);
        overlay_unknown(item, sink);
        overlay_apart(facts, item, sink);
        layout_overlap(facts, item, sink);
        layout_outside(facts, item, sink);
        layout_align(facts, item, sink);
    }
}

/// What a field is called in Rust.
fn rust_name(item: &Struct, field: &Field) -> String {
    if item.is_partial() { name::constant_name(&field.name) } else { name::field_name(&field.name) }
}

/// Sizes of named structs, which every rule about extents needs.
fn size_of(facts: &Facts, ty: &Type) -> Option<u64> {
    ty.size(&|name| facts.find_struct(name)?.size.as_ref().map(|size| size.bytes.value))
}

fn align_of(facts: &Facts, ty: &Type) -> Option<u64> {
    ty.align(&|name| facts.find_struct(name)?.size.as_ref().map(|size| size.align.value))
}

/// The name of the struct that a type holds by value.
fn by_value(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(name) => Some(name),
        Type::Array(element, _) => by_value(element),
        _ => None,
    }
}

/// The first and one past the last bit that a field occupies; `None` when its type is not known.
fn extent(facts: &Facts, field: &Field) -> Option<(u64, u64)> {
    let base = field.offset.value.checked_mul(8)?;
    match &field.bits {
        Some(bits) => {
            let start = base.checked_add(bits.start.value)?;
            Some((start, start.checked_add(bits.width.value)?))
        }
        None => Some((base, base.checked_add(size_of(facts, &field.ty)?.checked_mul(8)?)?)),
    }
}

/// Where it says where a field starts.
fn start_of(field: &Field) -> Option<Span> {
    field.bits.as_ref().map_or(field.offset.span, |bits| bits.start.span)
}

/// `bytes 72..74`, `bits 3..5 of byte 32`.
fn place((start, end): (u64, u64)) -> String {
    if start % 8 == 0 && end % 8 == 0 {
        format!("bytes {}..{}", start / 8, end / 8)
    } else {
        format!("bits {}..{} of byte {}", start % 8, end - start / 8 * 8, start / 8)
    }
}

/// `byte 73`, `bit 2 of byte 73`.
fn point(bit: u64) -> String {
    match bit % 8 {
        0 => format!("byte {}", bit / 8),
        rest => format!("bit {rest} of byte {}", bit / 8),
    }
}

/// Each struct once, under one name in Rust.
fn struct_twice(facts: &Facts, sink: &mut Sink) {
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for item in &facts.content.structs {
        let rust = name::type_name(&item.name);
        if let Some(first) = seen.insert(rust.clone(), &item.name) {
            sink.report(
                Diagnostic::error("struct-twice", same_name("struct", first, &item.name, &rust))
                    .at(item.name.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    }
}

/// Each field once, also after dots have become underscores.
fn field_twice(item: &Struct, sink: &mut Sink) {
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for field in &item.fields {
        let rust = rust_name(item, field);
        if let Some(first) = seen.insert(rust.clone(), &field.name) {
            sink.report(
                Diagnostic::error("field-twice", same_name("field", first, &field.name, &rust))
                    .at(field.name.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    }
}

/// The alignment is a power of two, and the size a multiple of it.
fn size_align(item: &Struct, sink: &mut Sink) {
    let Some(size) = &item.size else { return };
    let (bytes, align) = (size.bytes.value, size.align.value);
    if !is_alignment(align) {
        sink.report(
            Diagnostic::error("size-align", format!("`{}` cannot be aligned to {align} bytes", item.name))
                .at(size.align.span, "a power of two up to 4096"),
        );
    } else if bytes % align != 0 {
        let next = bytes.checked_next_multiple_of(align);
        sink.report(
            Diagnostic::error("size-align", format!("`{}` has {bytes} bytes and is aligned to {align}", item.name))
                .at(
                    size.bytes.span,
                    next.map_or("no multiple".to_owned(), |next| format!("the next multiple is {next}")),
                )
                .and(size.align.span, "its alignment"),
        );
    }
}

fn is_alignment(align: u64) -> bool {
    align.is_power_of_two() && align <= 4096
}

/// A struct is small enough for Rust.
fn size_range(item: &Struct, sink: &mut Sink) {
    let Some(size) = item.size.as_ref().filter(|size| size.bytes.value > LARGEST) else { return };
    sink.report(
        Diagnostic::error("size-range", format!("`{}` has {} bytes, more than any struct", item.name, size.bytes))
            .at(size.bytes.span, format!("at most {LARGEST}")),
    );
}

/// A field that is a struct is one whose size is known.
fn type_unknown(facts: &Facts, item: &Struct, field: &Field, sink: &mut Sink) {
    let Some(name) = by_value(&field.ty) else { return };
    match facts.find_struct(name) {
        None => sink.report(
            Diagnostic::error("type-unknown", format!("`{}` is of type `{name}`, which is no struct here", field.name))
                .at(field.ty.span, "not in this file")
                .help("what lies inside a struct is imported too: add it to codegen/src/import/wanted.yaml"),
        ),
        Some(inner) if inner.is_partial() && !item.is_partial() => sink.report(
            Diagnostic::error("type-unknown", format!("`{}` is of type `{name}`, whose size is not kept", field.name))
                .at(field.ty.span, "its size is needed")
                .and(inner.name.span, "only some offsets of it are kept")
                .help(format!("a pointer to it is written \"*{name}\"")),
        ),
        Some(_) => {}
    }
}

/// What a pointer points to is small enough for Rust; a rule of its own, since no struct holds it.
pub(super) fn type_range(facts: &Facts, name: &At<String>, ty: &At<Type>, sink: &mut Sink) {
    fn is_small(facts: &Facts, ty: &Type) -> bool {
        match ty {
            Type::Pointer(to) => {
                let known =
                    by_value(to).is_none_or(|name| facts.find_struct(name).is_some_and(|item| item.size.is_some()));
                let sized = known && !matches!(**to, Type::Void | Type::Function);
                (!sized || size_of(facts, to).is_some_and(|bytes| bytes <= LARGEST)) && is_small(facts, to)
            }
            Type::Array(element, _) => is_small(facts, element),
            _ => true,
        }
    }
    if !is_small(facts, ty) {
        sink.report(
            Diagnostic::error("type-range", format!("`{name}` points to more bytes than any struct has"))
                .at(ty.span, format!("at most {LARGEST}")),
        );
    }
}

/// No struct contains itself.
fn type_endless(facts: &Facts, sink: &mut Sink) {
    /// The fields that lead from `item` to `wanted`; `visited` ends the search in other circles.
    fn way<'a>(facts: &'a Facts, item: &'a Struct, wanted: &str, visited: &mut Vec<&'a str>) -> Option<Vec<&'a Field>> {
        item.fields.iter().find_map(|field| {
            let name = by_value(&field.ty)?;
            if name == wanted {
                return Some(vec![field]);
            }
            if visited.contains(&name) {
                return None;
            }
            visited.push(name);
            let mut rest = way(facts, facts.find_struct(name)?, wanted, visited)?;
            rest.insert(0, field);
            Some(rest)
        })
    }
    let mut told: Vec<&str> = Vec::new();
    for item in &facts.content.structs {
        if told.contains(&item.name.value.as_str()) {
            continue;
        }
        let Some(way) = way(facts, item, &item.name, &mut Vec::new()) else { continue };
        told.extend(way.iter().filter_map(|field| by_value(&field.ty)));
        let mut diagnostic = Diagnostic::error("type-endless", format!("`{}` contains itself", item.name))
            .at(way[0].ty.span, "by value")
            .help(format!("a pointer is written \"*{}\"", way[0].ty.value));
        for field in &way[1..] {
            diagnostic = diagnostic.and(field.ty.span, "by value");
        }
        sink.report(diagnostic);
    }
}

/// A bit field has at least one bit, and all of them in its integer.
fn bit_field(field: &Field, sink: &mut Sink) {
    let Some(bits) = &field.bits else { return };
    let Type::Int { bytes, .. } = &field.ty.value else {
        sink.report(
            Diagnostic::error("bit-field", format!("the bit field `{}` is of type `{}`", field.name, field.ty))
                .at(field.ty.span, "no integer"),
        );
        return;
    };
    let unit = u64::from(*bytes) * 8;
    let end = bits.start.value.saturating_add(bits.width.value);
    if bits.width.value == 0 {
        sink.report(
            Diagnostic::error("bit-field", format!("the bit field `{}` has no bits", field.name))
                .at(bits.width.span, "at least 1"),
        );
    } else if end > unit {
        sink.report(
            Diagnostic::error("bit-field", format!("the bit field `{}` ends outside its `{}`", field.name, field.ty))
                .at(bits.width.span, format!("bits {}..{end}", bits.start))
                .and(field.ty.span, format!("has {unit} bits")),
        );
    }
}

/// Fields stand in the order of their offsets, bit fields of one integer in that of their bits.
fn layout_order(item: &Struct, sink: &mut Sink) {
    let key = |field: &Field| (field.offset.value, field.bits.as_ref().map_or(0, |bits| bits.start.value));
    for pair in item.fields.windows(2) {
        if key(&pair[1]) >= key(&pair[0]) {
            continue;
        }
        let [first, second] = [&pair[0], &pair[1]].map(|field| match &field.bits {
            Some(bits) if pair[0].offset == pair[1].offset => (bits.start.span, format!("bit {}", bits.start)),
            _ => (field.offset.span, format!("byte {}", field.offset)),
        });
        sink.report(
            Diagnostic::error(
                "layout-order",
                format!("`{}` stands after `{}` and lies before it", pair[1].name, pair[0].name),
            )
            .at(second.0, second.1)
            .and(first.0, first.1)
            .help("fields stand in the order of their offsets"),
        );
    }
}

/// A field overlays one that is there, and that overlays no other.
fn overlay_unknown(item: &Struct, sink: &mut Sink) {
    for field in &item.fields {
        let Some(over) = &field.overlays else { continue };
        match item.field(over) {
            None => sink.report(
                Diagnostic::error(
                    "overlay-unknown",
                    format!("`{}` overlays `{over}`, which is no field of `{}`", field.name, item.name),
                )
                .at(over.span, "no such field"),
            ),
            Some(known) if known.name == field.name => sink.report(
                Diagnostic::error("overlay-unknown", format!("`{}` overlays itself", field.name))
                    .at(over.span, "another member of the union"),
            ),
            Some(known) => {
                if let Some(other) = &known.overlays {
                    sink.report(
                        Diagnostic::error(
                            "overlay-unknown",
                            format!("`{}` overlays `{over}`, which overlays `{other}`", field.name),
                        )
                        .at(over.span, "overlays another field itself")
                        .and(other.span, "that one")
                        .help("all members of a union overlay the same one, the first"),
                    );
                }
            }
        }
    }
}

/// A field that overlays another shares a byte with it.
fn overlay_apart(facts: &Facts, item: &Struct, sink: &mut Sink) {
    for field in &item.fields {
        let known = field.overlays.as_ref().and_then(|over| item.field(over)).filter(|known| known.overlays.is_none());
        let Some(known) = known else { continue };
        let (Some(mine), Some(other)) = (extent(facts, field), extent(facts, known)) else { continue };
        if other.1 <= mine.0 || mine.1 <= other.0 {
            sink.report(
                Diagnostic::error(
                    "overlay-apart",
                    format!("`{}` overlays `{}` and shares nothing with it", field.name, known.name),
                )
                .at(start_of(field), place(mine))
                .and(start_of(known), place(other))
                .help("leave `overlays` out, or name the field that lies there"),
            );
        }
    }
}

/// No two fields share a byte unless one says that it overlays the other.
fn layout_overlap(facts: &Facts, item: &Struct, sink: &mut Sink) {
    let stored = item.fields.iter().filter(|field| field.overlays.is_none());
    let mut extents: Vec<((u64, u64), &Field)> =
        stored.filter_map(|field| Some((extent(facts, field)?, field))).collect();
    // Bit fields can lie behind a field that starts after their integer does; what has no bytes may start with another.
    extents.sort_by_key(|((start, end), _)| (*start, end > start));
    let mut last: Option<((u64, u64), &Field)> = None;
    for ((start, end), field) in extents {
        if let Some((taken, other)) = last.filter(|(taken, _)| start < taken.1) {
            sink.report(
                Diagnostic::error("layout-overlap", format!("`{}` starts inside `{}`", field.name, other.name))
                    .at(start_of(field), format!("{} is already taken", point(start)))
                    .and(other.name.span, format!("occupies {}", place(taken)))
                    .help(format!(
                        "the next free {}; a member of the same union says `overlays: {}`",
                        point(taken.1).replacen(' ', " is ", 1),
                        other.name
                    )),
            );
        }
        if last.is_none_or(|(taken, _)| end > taken.1) {
            last = Some(((start, end), field));
        }
    }
}

/// Every field lies inside its struct.
fn layout_outside(facts: &Facts, item: &Struct, sink: &mut Sink) {
    let (most, span) = item.size.as_ref().map_or((LARGEST, None), |size| (size.bytes.value, size.bytes.span));
    // A struct without a size has a finding of its own, or lies in one that is kept in part.
    let is_sized = |ty: &Type| by_value(ty).is_none_or(|name| size_of(facts, &Type::Named(name.to_owned())).is_some());
    for field in item.fields.iter().filter(|field| is_sized(&field.ty)) {
        let ends = match extent(facts, field) {
            Some((_, end)) if end.div_ceil(8) <= most => continue,
            Some((_, end)) if span.is_some() => format!("ends at byte {}", end.div_ceil(8)),
            _ => format!("no struct reaches beyond {LARGEST}"),
        };
        sink.report(
            Diagnostic::error("layout-outside", format!("`{}` ends outside `{}`", field.name, item.name))
                .at(field.offset.span, ends)
                .and(span, format!("has {most} bytes")),
        );
    }
}

/// Every field is aligned as its type is, and no more than its struct.
fn layout_align(facts: &Facts, item: &Struct, sink: &mut Sink) {
    for field in &item.fields {
        let Some(align) = align_of(facts, &field.ty).filter(|align| is_alignment(*align)) else { continue };
        if field.offset.value % align != 0 {
            sink.report(
                Diagnostic::error(
                    "layout-align",
                    format!("`{}` lies at byte {} and is aligned to {align}", field.name, field.offset),
                )
                .at(field.offset.span, format!("no multiple of {align}"))
                .and(field.ty.span, format!("aligned to {align} bytes")),
            );
        } else if let Some(size) = &item.size
            && size.align.value < align
            && is_alignment(size.align.value)
        {
            sink.report(
                Diagnostic::error("layout-align", format!("`{}` is aligned more than `{}`", field.name, item.name))
                    .at(field.ty.span, format!("aligned to {align} bytes"))
                    .and(size.align.span, format!("the whole to {}", size.align)),
            );
        }
    }
}

/// Where stack slots are tagged, the tag of an empty one is known.
fn null_slot(facts: &Facts, sink: &mut Sink) {
    if crate::emit::null_slot(facts).is_none() {
        let frame = facts.find_struct("_PyInterpreterFrame");
        let slots = frame.and_then(|frame| frame.field("localsplus"));
        sink.report(
            Diagnostic::error("null-slot", "`localsplus` holds tagged references, and `PyStackRef_NULL` is not known")
                .at(slots.and_then(|slots| slots.ty.span), "an empty slot holds that")
                .help("it is one of the constants `stack_references`: see codegen/src/import/wanted.yaml"),
        );
    }
}
