//! Fields, local variables and instruction pointers: what the facts have and what is declared of it are the same.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::list_minors;
use crate::diag::{Diagnostic, Sink};
use crate::model::Spec;
use crate::model::facts::{Facts, Struct};
use crate::model::layout::{FRAME_LAYOUT, Layout, Localsplus, Order, Ownership, Position, Purpose, SITUATIONS};
use crate::model::ty::Type;
use crate::model::version::{Flavour, Minor, Range};
use crate::source::At;

/// Roles that the header of the runtime's own frame cannot do without.
const NEEDED: &[&str] = &[
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
    "slots",
];

pub(super) fn check(spec: &Spec, sink: &mut Sink) {
    let meaning = &spec.meaning;
    if !meaning.layouts.is_empty() {
        struct_meaning(spec, sink);
    }
    struct_unknown(spec, sink);
    for layout in &meaning.layouts {
        member_twice(layout, sink);
        let Some(of) = &layout.of else { continue };
        for (facts, item) in structs(spec, of, layout.range) {
            field_meaning(layout, facts, &item, sink);
            keeper_unknown(layout, facts, sink);
            ownership_type(layout, facts, &item, sink);
        }
        field_unknown(spec, layout, of, sink);
        orders(spec, layout, of, sink);
        if layout.name.value == FRAME_LAYOUT {
            roles(spec, layout, of, sink);
        }
    }
    for localsplus in &meaning.localsplus {
        kinds(spec, localsplus, sink);
    }
    for position in &meaning.positions {
        situations(spec, position, sink);
    }
    if !meaning.layouts.is_empty() {
        version_missing(spec, sink);
    }
}

/// A struct of every layout that has it, from headers or observed.
fn structs<'a>(spec: &'a Spec, name: &str, range: Range) -> Vec<(&'a Facts, Struct)> {
    let layouts = spec.layouts.iter().filter(|facts| range.contains(facts.version.value));
    layouts
        .filter_map(|facts| {
            let minor = facts.version.value;
            let observed = || {
                let known = &spec.observed.structs;
                let item = known.iter().find(|item| item.name.value == name && item.range.contains(minor))?;
                spec.observed.lay_out(item, facts)
            };
            Some((facts, facts.find_struct(name).cloned().or_else(observed)?))
        })
        .collect()
}

/// Findings about one thing in several layouts are one finding.
fn once<K: Ord>(told: &mut BTreeSet<K>, key: K) -> bool {
    told.insert(key)
}

/// Every struct has a layout, or is said to be read only.
fn struct_meaning(spec: &Spec, sink: &mut Sink) {
    let mut told = BTreeSet::new();
    for facts in &spec.layouts {
        let minor = facts.version.value;
        let observed = spec.observed.structs.iter().filter(|item| item.range.contains(minor)).map(|item| &item.name);
        for name in facts.content.structs.iter().map(|item| &item.name).chain(observed) {
            let layout = spec.meaning.layout_of(name, minor);
            let mirrored = spec.meaning.mirrored.iter().find(|known| known.value == name.value);
            match (layout, mirrored) {
                (None, None) if once(&mut told, name.value.clone()) => sink.report(
                    Diagnostic::error("struct-meaning", format!("nothing says what `{name}` of CPython {minor} means"))
                        .at(name.span, "has no layout")
                        .help(format!(
                            "write a `layout ... from {name}`, or add it to `mirrored` when it is only read"
                        )),
                ),
                (Some(layout), Some(mirrored)) if once(&mut told, name.value.clone()) => sink.report(
                    Diagnostic::error("struct-meaning", format!("`{name}` has a layout and is `mirrored`"))
                        .at(mirrored.span, "only read")
                        .and(layout.name.span, "has a meaning"),
                ),
                _ => {}
            }
        }
    }
}

/// A layout, and what is mirrored, exist in some version.
fn struct_unknown(spec: &Spec, sink: &mut Sink) {
    if spec.layouts.is_empty() {
        return;
    }
    let layouts = spec.meaning.layouts.iter().filter_map(|layout| Some((layout.of.as_ref()?, layout.range)));
    let mirrored = spec.meaning.mirrored.iter().map(|name| (name, Range::default()));
    for (name, range) in layouts.chain(mirrored) {
        if structs(spec, name, range).is_empty() {
            sink.report(
                Diagnostic::error("struct-unknown", format!("no CPython ({range}) has a struct `{name}`"))
                    .at(name.span, "not in the facts"),
            );
        }
    }
}

/// A field has one row in each build of each version.
fn member_twice(layout: &Layout, sink: &mut Sink) {
    for (index, second) in layout.members.iter().enumerate() {
        let first = layout.members[..index].iter().find(|first| {
            let builds = first.build.is_none() || second.build.is_none() || first.build == second.build;
            first.name == second.name && builds && first.range.overlap(&second.range).is_some()
        });
        if let Some(first) = first {
            sink.report(
                Diagnostic::error("member-twice", format!("`{}` has two meanings", second.name))
                    .at(second.name.span, format!("the second one: {}", second.range))
                    .and(first.name.span, format!("the first one: {}", first.range)),
            );
        }
    }
}

/// Every imported field has a meaning.
fn field_meaning(layout: &Layout, facts: &Facts, item: &Struct, sink: &mut Sink) {
    let (minor, flavour) = (facts.version.value, facts.flavour.value);
    for field in item.fields.iter().filter(|field| field.overlays.is_none()) {
        if layout.member(&field.name, minor, flavour).is_some() {
            continue;
        }
        // The same field of an older layout has told it already.
        let title = format!("nothing says what `{}` of `{}` means", field.name, item.name);
        if sink.sorted().iter().any(|told| told.rule() == "field-meaning" && told.title().starts_with(&title)) {
            continue;
        }
        sink.report(
            Diagnostic::error("field-meaning", format!("{title} in {}", facts.title()))
                .at(field.name.span, format!("`{}`", field.ty))
                .and(layout.name.span, "its layout")
                .help(format!(
                    "add `{} OWNERSHIP since {minor} \"what it is for\";`, where OWNERSHIP is strong, borrowed from FIELD, link, pointer, plain, embedded",
                    field.name
                )),
        );
    }
}

/// A row speaks of a field that is there in all its versions.
fn field_unknown(spec: &Spec, layout: &Layout, of: &At<String>, sink: &mut Sink) {
    let structs = structs(spec, of, layout.range);
    let all: Vec<Minor> = spec.minors();
    for member in &layout.members {
        let without: BTreeSet<Minor> = structs
            .iter()
            .filter(|(facts, item)| {
                member.covers(facts.version.value, facts.flavour.value) && item.field(&member.name).is_none()
            })
            .map(|(facts, _)| facts.version.value)
            .collect();
        let anywhere = structs.iter().any(|(facts, _)| member.covers(facts.version.value, facts.flavour.value));
        if !without.is_empty() || (!anywhere && !structs.is_empty()) {
            let versions =
                if without.is_empty() { "any known CPython".to_owned() } else { list_minors(&without, &all) };
            sink.report(
                Diagnostic::error("field-unknown", format!("`{of}` has no field `{}` in {versions}", member.name))
                    .at(member.name.span, format!("said of {}", member.range))
                    .help("limit the row with `since`, `until`, `for default` or `for free_threaded`"),
            );
        }
    }
}

/// What is borrowed is kept alive by a strong field of the same struct.
fn keeper_unknown(layout: &Layout, facts: &Facts, sink: &mut Sink) {
    let (minor, flavour) = (facts.version.value, facts.flavour.value);
    for member in layout.members.iter().filter(|member| member.covers(minor, flavour)) {
        let Ownership::Borrowed(keeper) = &member.ownership else { continue };
        let found = layout.member(keeper, minor, flavour);
        if found.is_some_and(|found| found.ownership == Ownership::Strong) {
            continue;
        }
        let title = format!("`{keeper}` cannot keep alive what `{}` borrows", member.name);
        if sink.sorted().iter().any(|told| told.rule() == "keeper-unknown" && told.title().starts_with(&title)) {
            continue;
        }
        let diagnostic = Diagnostic::error("keeper-unknown", format!("{title} in CPython {minor}"));
        sink.report(match found {
            None => diagnostic.at(keeper.span, "no field of that version"),
            Some(found) => diagnostic
                .at(keeper.span, "keeps nothing alive")
                .and(found.name.span, format!("is {}", found.ownership.word())),
        });
    }
}

/// A reference is a pointer or a tagged one, data is not, and a struct held by value is a struct.
fn ownership_type(layout: &Layout, facts: &Facts, item: &Struct, sink: &mut Sink) {
    for field in &item.fields {
        let Some(member) = layout.member(&field.name, facts.version.value, facts.flavour.value) else { continue };
        // The word of a tagged reference is a number.
        let tagged =
            matches!(&field.ty.value, Type::Named(name) if name == "_PyStackRef") || item.name.value == "_PyStackRef";
        let pointer = matches!(field.ty.value, Type::Pointer(_));
        let right = match &member.ownership {
            Ownership::Strong | Ownership::Borrowed(_) | Ownership::Link => pointer || tagged,
            Ownership::Pointer => pointer,
            // A field that nobody may read has no meaning to get wrong.
            Ownership::Plain => true,
            Ownership::Embedded | Ownership::Head => {
                matches!(field.ty.value, Type::Named(_) | Type::Bytes(_) | Type::Array(..))
            }
            Ownership::Slots => matches!(field.ty.value, Type::Array(..)),
        };
        if right {
            continue;
        }
        let title = format!("`{}` is declared {} and is a `{}`", field.name, member.ownership.word(), field.ty);
        if sink.sorted().iter().any(|told| told.rule() == "ownership-type" && told.title().starts_with(&title)) {
            continue;
        }
        sink.report(
            Diagnostic::error("ownership-type", format!("{title} in CPython {}", facts.version))
                .at(member.name.span, format!("declared {}", member.ownership.word()))
                .and(field.ty.span, format!("a `{}`", field.ty)),
        );
    }
}

/// Orders name every strong field and the slots once, and give the slots a direction.
fn orders(spec: &Spec, layout: &Layout, of: &At<String>, sink: &mut Sink) {
    for order in &layout.orders {
        order_field(spec, layout, of, order, sink);
    }
    for (index, second) in layout.orders.iter().enumerate() {
        let same = |first: &&Order| first.purpose == second.purpose && first.range.overlap(&second.range).is_some();
        if let Some(first) = layout.orders[..index].iter().find(same) {
            sink.report(
                Diagnostic::error(
                    "order-twice",
                    format!("`{}` has two `{}` orders for one version", layout.name, second.purpose.word()),
                )
                .at(second.span, format!("the second one: {}", second.range))
                .and(first.span, format!("the first one: {}", first.range)),
            );
        }
    }
    order_missing(spec, layout, of, sink);
}

/// An order names fields that hold references, each once; slots have a direction, others none.
fn order_field(spec: &Spec, layout: &Layout, of: &At<String>, order: &Order, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for (name, direction) in &order.fields {
        if let Some(first) = seen.insert(&name.value, name) {
            sink.report(
                Diagnostic::error("order-field", format!("`{name}` stands twice in an order"))
                    .at(name.span, "the second one")
                    .and(first.span, "the first one"),
            );
            continue;
        }
        let structs = structs(spec, of, layout.range);
        let facts = structs.iter().map(|(facts, _)| *facts).filter(|facts| order.range.contains(facts.version.value));
        let wrong = facts.into_iter().find_map(|facts| {
            let member = layout.member(name, facts.version.value, facts.flavour.value);
            let slots = member.is_some_and(|member| member.ownership == Ownership::Slots);
            let problem = match member.map(|member| &member.ownership) {
                // Which build has it does not matter for an order.
                None if layout.members.iter().any(|member| {
                    member.name == *name && member.build.is_some() && member.range.contains(facts.version.value)
                }) =>
                {
                    return None;
                }
                None => "no field of that version",
                Some(Ownership::Strong | Ownership::Slots | Ownership::Embedded) if slots == direction.is_some() => {
                    return None;
                }
                Some(Ownership::Slots) => "slots are `ascending` or `descending`",
                Some(Ownership::Strong | Ownership::Embedded) => "only slots have a direction",
                Some(_) => "owns nothing",
            };
            Some((facts, problem))
        });
        if let Some((facts, problem)) = wrong {
            sink.report(
                Diagnostic::error(
                    "order-field",
                    format!(
                        "`{name}` cannot stand in the `{}` order of CPython {}",
                        order.purpose.word(),
                        facts.version
                    ),
                )
                .at(name.span, problem),
            );
        }
    }
}

/// Where more than one field holds references, both orders are there and name all of them.
fn order_missing(spec: &Spec, layout: &Layout, of: &At<String>, sink: &mut Sink) {
    let all = spec.minors();
    for purpose in [Purpose::Clear, Purpose::Traverse] {
        let mut left_out: BTreeMap<String, BTreeSet<Minor>> = BTreeMap::new();
        let mut without: BTreeSet<Minor> = BTreeSet::new();
        for (facts, item) in structs(spec, of, layout.range) {
            let (minor, flavour) = (facts.version.value, facts.flavour.value);
            let strong: Vec<&str> = item
                .fields
                .iter()
                .filter(|field| {
                    let member = layout.member(&field.name, minor, flavour);
                    member.is_some_and(|member| matches!(member.ownership, Ownership::Strong | Ownership::Slots))
                })
                .map(|field| field.name.value.as_str())
                .collect();
            match layout.order(purpose, minor) {
                Some(order) => {
                    for name in strong {
                        if order.fields.iter().all(|(known, _)| known.value != name) {
                            left_out.entry(name.to_owned()).or_default().insert(minor);
                        }
                    }
                }
                None if strong.len() > 1 => {
                    without.insert(minor);
                }
                None => {}
            }
        }
        for (name, minors) in left_out {
            let order = minors.first().and_then(|minor| layout.order(purpose, *minor));
            sink.report(
                Diagnostic::error(
                    "order-missing",
                    format!(
                        "`{name}` holds a reference and is not in the `{}` order of {}",
                        purpose.word(),
                        list_minors(&minors, &all)
                    ),
                )
                .at(order.and_then(|order| order.span), "every strong field and the slots, once"),
            );
        }
        if !without.is_empty() {
            sink.report(
                Diagnostic::error(
                    "order-missing",
                    format!("`{}` has no `{}` order in {}", layout.name, purpose.word(), list_minors(&without, &all)),
                )
                .at(layout.name.span, "more than one of its fields holds a reference"),
            );
        }
    }
}

/// The header of the runtime's own frame has a field for every role that it needs, and one only.
fn roles(spec: &Spec, layout: &Layout, of: &At<String>, sink: &mut Sink) {
    let mut told = BTreeSet::new();
    for (facts, _) in structs(spec, of, layout.range) {
        let (minor, flavour) = (facts.version.value, facts.flavour.value);
        let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
        for role in layout
            .members
            .iter()
            .filter(|member| member.covers(minor, flavour))
            .filter_map(|member| member.role.as_ref())
        {
            if let Some(first) = seen.insert(&role.value, role).filter(|_| once(&mut told, role.value.clone())) {
                sink.report(
                    Diagnostic::error("role-twice", format!("two fields have the role `{role}` in CPython {minor}"))
                        .at(role.span, "the second one")
                        .and(first.span, "the first one"),
                );
            }
        }
        for needed in NEEDED {
            if !seen.contains_key(needed) && once(&mut told, (*needed).to_owned()) {
                sink.report(
                    Diagnostic::error(
                        "role-missing",
                        format!("no field of `{of}` has the role `{needed}` in CPython {minor}"),
                    )
                    .at(layout.name.span, "the runtime's frame needs it"),
                );
            }
        }
    }
}

/// Bits of a variable's kind are those of the headers.
fn kinds(spec: &Spec, localsplus: &Localsplus, sink: &mut Sink) {
    const GROUP: &str = "local_kind_flags";
    let mut told = BTreeSet::new();
    for facts in spec.layouts.iter().filter(|facts| localsplus.range.contains(facts.version.value)) {
        let minor = facts.version.value;
        let group = facts.content.constants.iter().find(|group| group.name.value == GROUP);
        let values = group.map(|group| group.values.as_slice()).unwrap_or_default();
        let kinds: Vec<_> = localsplus.kinds.iter().filter(|kind| kind.range.contains(minor)).collect();
        for value in values {
            if kinds.iter().all(|kind| kind.c_name.value != value.name.value)
                && once(&mut told, value.name.value.clone())
            {
                sink.report(
                    Diagnostic::error(
                        "kind-missing",
                        format!("`{}` of CPython {minor} is no kind of `{}`", value.name, localsplus.name),
                    )
                    .at(value.name.span, "a bit of a variable's kind")
                    .and(localsplus.name.span, "the kinds are here"),
                );
            }
        }
        for kind in kinds {
            if values.iter().all(|value| value.name.value != kind.c_name.value)
                && once(&mut told, kind.c_name.value.clone())
            {
                sink.report(
                    Diagnostic::error("kind-number-unknown", format!("CPython {minor} has no `{}`", kind.c_name))
                        .at(kind.c_name.span, format!("not among its `{GROUP}`"))
                        .help("say since when: `since 3.N`"),
                );
            }
        }
    }
}

/// An instruction pointer has a place in every situation of every version, and one only.
fn situations(spec: &Spec, position: &Position, sink: &mut Sink) {
    let all: Vec<Minor> = spec.minors().into_iter().filter(|minor| position.range.contains(*minor)).collect();
    for (name, _) in SITUATIONS {
        let classic = |minor: &Minor| {
            !spec
                .layouts
                .iter()
                .any(|facts| facts.version.value == *minor && facts.find_struct("_PyInterpreterFrame").is_some())
        };
        // Classic frames leave through C: nothing is stored in the caller for them.
        let needed = |minor: &&Minor| !(["returned", "yielded"].contains(name) && classic(minor));
        let without: BTreeSet<Minor> =
            all.iter().filter(needed).filter(|minor| position.place(name, **minor).is_none()).copied().collect();
        if !without.is_empty() {
            sink.report(
                Diagnostic::error(
                    "situation-missing",
                    format!(
                        "`{}` has no place in the situation `{name}` of {}",
                        position.name,
                        list_minors(&without, &spec.minors())
                    ),
                )
                .at(position.name.span, "every situation has one"),
            );
        }
    }
    for (index, second) in position.places.iter().enumerate() {
        let same = |first: &&crate::model::layout::Place| {
            first.name == second.name && first.range.overlap(&second.range).is_some()
        };
        if let Some(first) = position.places[..index].iter().find(same) {
            sink.report(
                Diagnostic::error("situation-twice", format!("the situation `{}` is there twice", second.name))
                    .at(second.name.span, format!("the second one: {}", second.range))
                    .and(first.name.span, format!("the first one: {}", first.range)),
            );
        }
    }
    for facts in spec.layouts.iter().filter(|facts| position.range.contains(facts.version.value)) {
        let frame = facts.find_struct("_PyInterpreterFrame").or_else(|| facts.find_struct("PyFrameObject"));
        if frame.is_some_and(|frame| frame.field(&position.name).is_none()) {
            sink.report(
                Diagnostic::error(
                    "position-unknown",
                    format!("the frames of CPython {} have no `{}`", facts.version, position.name),
                )
                .at(position.name.span, "not in the facts")
                .help("say until when: `until 3.N`"),
            );
            break;
        }
    }
}

/// Every version has a frame's layout, its local variables, and a position.
fn version_missing(spec: &Spec, sink: &mut Sink) {
    let meaning = &spec.meaning;
    for facts in spec.layouts.iter().filter(|facts| facts.flavour.value == Flavour::Default) {
        let minor = facts.version.value;
        let localsplus = meaning.localsplus.iter().any(|item| item.range.contains(minor));
        let position = meaning.positions.iter().any(|item| item.range.contains(minor));
        for (what, is_there) in [
            ("localsplus", localsplus || meaning.localsplus.is_empty()),
            ("position", position || meaning.positions.is_empty()),
        ] {
            if !is_there {
                sink.report(
                    Diagnostic::error("version-missing", format!("no `{what}` speaks of CPython {minor}"))
                        .at(facts.version.span, "this version"),
                );
            }
        }
    }
}
