//! Structs: fields in order, inside, aligned, and apart unless they are members of one union.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Sink};
use crate::emit::name;
use crate::model::facts::{Facts, Field, Struct};
use crate::model::ty::{Type, is_c_name};
use crate::source::At;

pub(super) fn check(facts: &Facts, sink: &mut Sink) {
    struct_twice(facts, sink);
    let before = sink.counts().0;
    type_endless(facts, sink);
    if sink.counts().0 > before {
        // Nothing has a size then.
        return;
    }
    null_slot(facts, sink);
    for item in &facts.content.structs {
        name_syntax(&item.name, sink);
        field_twice(item, sink);
        size_align(item, sink);
        for field in &item.fields {
            field_name_syntax(field, sink);
            type_unknown(facts, item, field, sink);
            bit_field(field, sink);
        }
        layout_order(item, sink);
        layout_overlap(facts, item, sink);
        layout_outside(facts, item, sink);
        layout_align(facts, item, sink);
    }
}

/// Sizes of named structs, which every rule about extents needs.
fn size_of(facts: &Facts, ty: &Type) -> Option<u64> {
    ty.size(&|name| facts.find_struct(name)?.size.as_ref().map(|size| size.bytes.value))
}

fn align_of(facts: &Facts, ty: &Type) -> Option<u64> {
    ty.align(&|name| facts.find_struct(name)?.size.as_ref().map(|size| size.align.value))
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

/// Each struct once, under one name in Rust.
fn struct_twice(facts: &Facts, sink: &mut Sink) {
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for item in &facts.content.structs {
        if let Some(first) = seen.insert(name::type_name(&item.name), &item.name) {
            sink.report(
                Diagnostic::error("struct-twice", format!("the struct `{}` is there twice", item.name))
                    .at(item.name.span, "again")
                    .and(first.span, "first"),
            );
        }
    }
}

/// Names are C's.
pub(super) fn name_syntax(at: &At<String>, sink: &mut Sink) {
    if !is_c_name(at) {
        sink.report(
            Diagnostic::error("name-syntax", format!("`{at}` is no C name"))
                .at(at.span, "letters, digits and `_`, no digit first"),
        );
    }
}

fn field_name_syntax(field: &Field, sink: &mut Sink) {
    if !field.name.split('.').all(is_c_name) {
        sink.report(
            Diagnostic::error("name-syntax", format!("`{}` is no name of a field", field.name))
                .at(field.name.span, "C names, with a dot between a member and what is inside it"),
        );
    }
}

/// Each field once, also after dots have become underscores.
fn field_twice(item: &Struct, sink: &mut Sink) {
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for field in &item.fields {
        let as_rust = if item.is_partial() { name::constant_name(&field.name) } else { name::field_name(&field.name) };
        if let Some(first) = seen.insert(as_rust, &field.name) {
            sink.report(
                Diagnostic::error("field-twice", format!("`{}` is there twice in {}", field.name, item.name))
                    .at(field.name.span, "again")
                    .and(first.span, "first"),
            );
        }
    }
}

/// The alignment is a power of two, and the size a multiple of it.
fn size_align(item: &Struct, sink: &mut Sink) {
    let Some(size) = &item.size else { return };
    let (bytes, align) = (size.bytes.value, size.align.value);
    if !align.is_power_of_two() || align > 4096 {
        sink.report(
            Diagnostic::error("size-align", format!("{} cannot be aligned to {align} bytes", item.name))
                .at(size.align.span, "a power of two up to 4096"),
        );
    } else if bytes % align != 0 {
        sink.report(
            Diagnostic::error("size-align", format!("{} has {bytes} bytes, no multiple of its alignment", item.name))
                .at(size.bytes.span, format!("the next multiple is {}", bytes.next_multiple_of(align)))
                .and(size.align.span, "its alignment"),
        );
    }
}

/// A field that is a struct is one whose size is known.
fn type_unknown(facts: &Facts, item: &Struct, field: &Field, sink: &mut Sink) {
    fn by_value(ty: &Type) -> Option<&str> {
        match ty {
            Type::Named(name) => Some(name),
            Type::Array(element, _) => by_value(element),
            _ => None,
        }
    }
    let Some(name) = by_value(&field.ty) else { return };
    match facts.find_struct(name) {
        None => sink.report(
            Diagnostic::error("type-unknown", format!("`{}` is of type `{name}`, which is not here", field.name))
                .at(field.ty.span, "no struct of this file")
                .help("add it to the import list, or let the importer open it"),
        ),
        Some(inner) if inner.is_partial() && !item.is_partial() => sink.report(
            Diagnostic::error("type-unknown", format!("`{}` is of type `{name}`, whose size is not kept", field.name))
                .at(field.ty.span, "its size is needed")
                .and(inner.name.span, "only some offsets of it are kept"),
        ),
        Some(_) => {}
    }
}

/// No struct contains itself.
fn type_endless(facts: &Facts, sink: &mut Sink) {
    fn inner(ty: &Type) -> Option<&str> {
        match ty {
            Type::Named(name) => Some(name),
            Type::Array(element, _) => inner(element),
            _ => None,
        }
    }
    /// Whether `wanted` lies inside `item`, at any depth; `visited` ends the search in other cycles.
    fn reaches<'a>(facts: &'a Facts, item: &'a Struct, wanted: &str, visited: &mut Vec<&'a str>) -> bool {
        item.fields.iter().filter_map(|field| inner(&field.ty)).any(|name| {
            if name == wanted {
                return true;
            }
            if visited.contains(&name) {
                return false;
            }
            visited.push(name);
            facts.find_struct(name).is_some_and(|next| reaches(facts, next, wanted, visited))
        })
    }
    for item in &facts.content.structs {
        if reaches(facts, item, &item.name, &mut Vec::new()) {
            sink.report(
                Diagnostic::error("type-endless", format!("`{}` contains itself", item.name))
                    .at(item.name.span, "has no size")
                    .help("a pointer is written with `*`"),
            );
        }
    }
}

/// A bit field has at least one bit, and all of them in its integer.
fn bit_field(field: &Field, sink: &mut Sink) {
    let Some(bits) = &field.bits else { return };
    let Type::Int { bytes, .. } = &field.ty.value else {
        sink.report(
            Diagnostic::error("bit-field", format!("the bit field `{}` is in no integer", field.name))
                .at(field.ty.span, "an integer type"),
        );
        return;
    };
    let unit = u64::from(*bytes) * 8;
    let end = bits.start.value.saturating_add(bits.width.value);
    if bits.width.value == 0 || end > unit {
        sink.report(
            Diagnostic::error("bit-field", format!("`{}` does not fit its {unit} bits", field.name))
                .at(bits.width.span, format!("bits {} to {end}", bits.start))
                .and(field.ty.span, "its integer"),
        );
    }
}

/// Fields stand in the order of their offsets.
fn layout_order(item: &Struct, sink: &mut Sink) {
    for pair in item.fields.windows(2) {
        if pair[1].offset.value < pair[0].offset.value {
            sink.report(
                Diagnostic::error(
                    "layout-order",
                    format!("`{}` comes after `{}` and lies before it", pair[1].name, pair[0].name),
                )
                .at(pair[1].offset.span, format!("byte {}", pair[1].offset))
                .and(pair[0].offset.span, format!("byte {}", pair[0].offset)),
            );
        }
    }
}

/// No two fields share a byte unless one says that it overlays the other; one that says so does.
fn layout_overlap(facts: &Facts, item: &Struct, sink: &mut Sink) {
    let mut last: Option<(u64, &Field)> = None;
    for field in &item.fields {
        let Some((start, end)) = extent(facts, field) else { continue };
        if let Some(over) = &field.overlays {
            let known = item.fields.iter().find(|other| other.name == *over && other.overlays.is_none());
            let Some(known) = known else {
                sink.report(
                    Diagnostic::error(
                        "overlay-unknown",
                        format!("`{}` overlays `{over}`, which is no field here", field.name),
                    )
                    .at(over.span, "names a field that itself overlays nothing"),
                );
                continue;
            };
            if extent(facts, known).is_some_and(|(from, to)| to <= start || end <= from) {
                sink.report(
                    Diagnostic::error(
                        "overlay-apart",
                        format!("`{}` overlays `{over}` and shares no byte with it", field.name),
                    )
                    .at(over.span, "not needed")
                    .and(known.offset.span, "this field"),
                );
            }
            continue;
        }
        if let Some((taken, other)) = last
            && start < taken
        {
            let what = |bits: u64| match bits % 8 {
                0 => format!("byte {}", bits / 8),
                bit => format!("bit {bit} of byte {}", bits / 8),
            };
            sink.report(
                Diagnostic::error("layout-overlap", format!("`{}` starts inside `{}`", field.name, other.name))
                    .at(field.offset.span, format!("{} is already taken", what(start)))
                    .and(other.name.span, format!("occupies bytes {}..{}", other.offset, taken.div_ceil(8)))
                    .help(format!(
                        "the next free byte is {}; members of one union say `overlays: {}`",
                        taken.div_ceil(8),
                        other.name
                    )),
            );
        }
        if last.is_none_or(|(taken, _)| end > taken) {
            last = Some((end, field));
        }
    }
}

/// Every field lies inside its struct.
fn layout_outside(facts: &Facts, item: &Struct, sink: &mut Sink) {
    let Some(size) = &item.size else { return };
    for field in &item.fields {
        let end = extent(facts, field).map_or(Some(u64::MAX), |(_, end)| Some(end.div_ceil(8)));
        let known = size_of(facts, &field.ty).is_some();
        if let Some(end) = end.filter(|end| known && *end > size.bytes.value) {
            sink.report(
                Diagnostic::error("layout-outside", format!("`{}` ends outside `{}`", field.name, item.name))
                    .at(
                        field.offset.span,
                        if end == u64::MAX { "beyond all memory".to_owned() } else { format!("ends at byte {end}") },
                    )
                    .and(size.bytes.span, format!("has {} bytes", size.bytes)),
            );
        }
    }
}

/// Every field is aligned as its type is, and no more than its struct.
fn layout_align(facts: &Facts, item: &Struct, sink: &mut Sink) {
    for field in &item.fields {
        let Some(align) = align_of(facts, &field.ty).filter(|align| *align > 0) else { continue };
        if field.offset.value % align != 0 {
            sink.report(
                Diagnostic::error("layout-align", format!("`{}` is not aligned", field.name))
                    .at(field.offset.span, format!("no multiple of {align}"))
                    .and(field.ty.span, format!("is aligned to {align} bytes")),
            );
        } else if let Some(size) = item.size.as_ref().filter(|size| size.align.value < align) {
            sink.report(
                Diagnostic::error("layout-align", format!("`{}` is aligned more than its struct", field.name))
                    .at(field.ty.span, format!("is aligned to {align} bytes"))
                    .and(size.align.span, format!("aligned to {}", size.align)),
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
            Diagnostic::error("null-slot", "slots are tagged references, and what an empty one holds is not known")
                .at(slots.and_then(|slots| slots.ty.span), "tagged")
                .help("the group stack_references needs PyStackRef_NULL: see `objects` in the import list"),
        );
    }
}
