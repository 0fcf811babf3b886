//! Fields, local variables and instruction pointers: what the facts have and what is declared of it are the same.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::list_minors;
use crate::diag::{Diagnostic, Sink};
use crate::lower::meaning::nearest;
use crate::model::Spec;
use crate::model::facts::{Facts, Struct};
use crate::model::layout::{
    FRAME_LAYOUT, Layout, Localsplus, Member, OBJECT_LAYOUT, Order, Ownership, Position, Purpose, SITUATIONS,
};
use crate::model::ty::Type;
use crate::model::version::{Flavour, Minor, Range};
use crate::source::At;

/// A struct of the runtime's own that follows a layout.
struct Follower {
    layout: &'static str,
    /// What a diagnostic calls it.
    name: &'static str,
    /// Roles that it cannot do without.
    needed: &'static [&'static str],
    /// Where the code is that knows its roles.
    code: &'static str,
}

const FOLLOWERS: &[Follower] = &[
    Follower {
        layout: FRAME_LAYOUT,
        name: "frame",
        needed: &[
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
        ],
        code: "frame-runtime/src/frame.rs",
    },
    Follower {
        layout: OBJECT_LAYOUT,
        name: "frame object",
        needed: &["back", "frame", "trace", "line", "trace_lines", "trace_opcodes", "own_frame"],
        code: "frame-runtime/src/frame_object/fields.rs",
    },
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
        let structs = structs(spec, of, layout.range);
        let mut told = Told::new();
        for (facts, item) in &structs {
            field_meaning(layout, facts, item, &mut told, sink);
            keeper_unknown(layout, facts, &mut told, sink);
            ownership_type(layout, facts, item, &mut told, sink);
        }
        field_unknown(spec, layout, of, &structs, &told, sink);
        orders(spec, layout, &structs, sink);
        if let Some(follower) = FOLLOWERS.iter().find(|follower| follower.layout == layout.name.value) {
            roles(follower, layout, of, &structs, sink);
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

/// A struct in the layouts that have it.
type Structs<'a> = [(&'a Facts, Struct)];

/// Rules and the names that they have told of.
type Told = BTreeSet<(&'static str, String)>;

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
            // A layout or `mirrored` that misspells it has a finding of its own.
            let said = spec.meaning.layouts.iter().filter(|layout| layout.range.contains(minor));
            let said = said.filter_map(|layout| layout.of.as_ref()).chain(&spec.meaning.mirrored);
            let misspelt = || said.clone().any(|said| meant_struct(spec, said) == Some(&name.value));
            match (layout, mirrored) {
                (None, None) if !misspelt() && once(&mut told, name.value.clone()) => sink.report(
                    Diagnostic::error("struct-meaning", format!("nothing says what `{name}` of CPython {minor} means"))
                        .at(name.span, "has no layout")
                        .help(format!(
                            "write a `layout ... from {name}`, or add it to `mirrored` when it is only read"
                        )),
                ),
                (Some(layout), Some(mirrored)) if once(&mut told, name.value.clone()) => sink.report(
                    Diagnostic::error("struct-meaning", format!("`{name}` has a layout and is `mirrored`"))
                        .at(mirrored.span, "only read")
                        .and(layout.name.span, "has a meaning")
                        .help("take it out of one"),
                ),
                _ => {}
            }
        }
    }
}

/// The struct that a name means which is none.
fn meant_struct<'a>(spec: &'a Spec, said: &str) -> Option<&'a str> {
    let imported = spec.layouts.iter().flat_map(|facts| facts.content.structs.iter().map(|item| &item.name));
    let known = imported.chain(spec.observed.structs.iter().map(|item| &item.name));
    let known: Vec<&str> = known.map(|name| name.value.as_str()).collect();
    if known.contains(&said) { None } else { nearest(said, &known) }
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
            let which = if range == Range::default() { String::new() } else { format!(" ({range})") };
            let diagnostic =
                Diagnostic::error("struct-unknown", format!("no known CPython{which} has a struct `{name}`"));
            let diagnostic = diagnostic.at(name.span, "not in the facts");
            sink.report(match meant_struct(spec, name) {
                Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                None => diagnostic.help("structs are imported: see `structs` in spec/cpython"),
            });
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
fn field_meaning(layout: &Layout, facts: &Facts, item: &Struct, told: &mut Told, sink: &mut Sink) {
    let (minor, flavour) = (facts.version.value, facts.flavour.value);
    let rows = layout.members.iter().filter(|member| member.covers(minor, flavour));
    // A row that misspells a field has a finding of its own.
    let misspelt: BTreeSet<&str> = rows.filter_map(|member| meant_field(item, &member.name)).collect();
    for field in item.fields.iter().filter(|field| field.overlays.is_none()) {
        if layout.member(&field.name, minor, flavour).is_some()
            || misspelt.contains(field.name.value.as_str())
            || !once(told, ("field-meaning", field.name.value.clone()))
        {
            continue;
        }
        let title = format!("nothing says what `{}` of `{}` means", field.name, item.name);
        sink.report(
            Diagnostic::error("field-meaning", format!("{title} in {}", facts.title()))
                .at(field.name.span, "has no row in its layout")
                .and(layout.name.span, "its layout")
                .help(format!(
                    "add `{} OWNERSHIP since {minor} \"what it is for\";`, where OWNERSHIP is strong, borrowed from FIELD, link, pointer, plain, embedded",
                    field.name
                )),
        );
    }
}

/// The field that a name means which is none.
fn meant_field<'a>(item: &'a Struct, said: &str) -> Option<&'a str> {
    let fields: Vec<&str> = item.fields.iter().map(|field| field.name.value.as_str()).collect();
    if fields.contains(&said) { None } else { nearest(said, &fields) }
}

/// A row speaks of a field that is there in all its versions.
fn field_unknown(spec: &Spec, layout: &Layout, of: &At<String>, structs: &Structs<'_>, told: &Told, sink: &mut Sink) {
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
        let asked = told.contains(&("field-meaning", member.name.value.clone()));
        if without.is_empty() && !anywhere && !asked && !structs.is_empty() {
            let builds = match member.build {
                Some(Flavour::Default) => " for default",
                Some(_) => " for free_threaded",
                None => "",
            };
            sink.report(
                Diagnostic::error("field-unknown", format!("what `{}` means is said of no known CPython", member.name))
                    .at(member.name.span, format!("said of {}{builds}", member.range)),
            );
        }
        if !without.is_empty() {
            let versions = list_minors(&without, &all);
            let of_version = |facts: &Facts| without.contains(&facts.version.value);
            let meant = structs.iter().filter(|(facts, _)| of_version(facts));
            let meant = meant.filter_map(|(facts, item)| {
                let meant = meant_field(item, &member.name)?;
                layout.member(meant, facts.version.value, facts.flavour.value).is_none().then_some(meant)
            });
            let help = match meant.max() {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "limit the row with `since`, `until`, `for default` or `for free_threaded`".to_owned(),
            };
            sink.report(
                Diagnostic::error("field-unknown", format!("`{of}` has no field `{}` in {versions}", member.name))
                    .at(member.name.span, format!("said of {}", member.range))
                    .help(help),
            );
        }
    }
}

/// What is borrowed is kept alive by a strong field of the same struct.
fn keeper_unknown(layout: &Layout, facts: &Facts, told: &mut Told, sink: &mut Sink) {
    let (minor, flavour) = (facts.version.value, facts.flavour.value);
    for member in layout.members.iter().filter(|member| member.covers(minor, flavour)) {
        let Ownership::Borrowed(keeper) = &member.ownership else { continue };
        let found = layout.member(keeper, minor, flavour);
        if found.is_some_and(|found| found.ownership == Ownership::Strong) {
            continue;
        }
        if !once(told, ("keeper-unknown", format!("{keeper} {}", member.name))) {
            continue;
        }
        let title = format!("`{keeper}` cannot keep alive what `{}` borrows", member.name);
        let diagnostic = Diagnostic::error("keeper-unknown", format!("{title} in CPython {minor}"));
        sink.report(match found {
            None => diagnostic
                .at(keeper.span, "no field of that version")
                .help("name a strong field of the same layout; limit the row with `since` and `until`"),
            Some(found) => diagnostic
                .at(keeper.span, "keeps nothing alive: it is not strong")
                .and(found.name.span, format!("is {}", found.ownership.word())),
        });
    }
}

/// A reference is a pointer or a tagged one, data is not, and a struct held by value is a struct.
fn ownership_type(layout: &Layout, facts: &Facts, item: &Struct, told: &mut Told, sink: &mut Sink) {
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
        let word = member.ownership.word();
        if right || !once(told, ("ownership-type", format!("{} {word}", field.name))) {
            continue;
        }
        let wanted = match &member.ownership {
            Ownership::Strong | Ownership::Borrowed(_) | Ownership::Link => "a pointer, or a `_PyStackRef`",
            Ownership::Pointer => "a pointer",
            Ownership::Plain => "anything",
            Ownership::Embedded | Ownership::Head => "a struct",
            Ownership::Slots => "an array",
        };
        let title = format!("`{}` is declared `{word}`, and its type is `{}`", field.name, field.ty);
        sink.report(
            Diagnostic::error("ownership-type", format!("{title} in CPython {}", facts.version))
                .at(member.name.span, format!("`{word}` wants {wanted}"))
                .and(field.ty.span, "its type"),
        );
    }
}

/// Orders name every strong field and the slots once, and give the slots a direction.
fn orders(spec: &Spec, layout: &Layout, structs: &Structs<'_>, sink: &mut Sink) {
    let mut wrong: Vec<&Order> = Vec::new();
    for order in &layout.orders {
        if order_field(layout, structs, order, sink) {
            wrong.push(order);
        }
    }
    for (index, second) in layout.orders.iter().enumerate() {
        let same = |first: &&Order| first.purpose == second.purpose && first.range.overlap(&second.range).is_some();
        if let Some(first) = layout.orders[..index].iter().find(same) {
            sink.report(
                Diagnostic::error(
                    "order-twice",
                    format!("`{}` has two `{}` orders for one version", layout.name, second.purpose.words()),
                )
                .at(second.span, format!("the second one: {}", second.range))
                .and(first.span, format!("the first one: {}", first.range)),
            );
        }
    }
    order_missing(spec, layout, structs, &wrong, sink);
}

/// An order names fields that hold references, each once; slots have a direction, others none. Says whether one does not.
fn order_field(layout: &Layout, structs: &Structs<'_>, order: &Order, sink: &mut Sink) -> bool {
    let mut any_wrong = false;
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for (name, direction) in &order.fields {
        if let Some(first) = seen.insert(&name.value, name) {
            sink.report(
                Diagnostic::error("order-field", format!("`{name}` stands twice in an order"))
                    .at(name.span, "the second one")
                    .and(first.span, "the first one"),
            );
            any_wrong = true;
            continue;
        }
        let facts = structs.iter().map(|(facts, _)| *facts).filter(|facts| order.range.contains(facts.version.value));
        let wrong = facts.into_iter().find_map(|facts| {
            let member = layout.member(name, facts.version.value, facts.flavour.value);
            let slots = member.is_some_and(|member| member.ownership == Ownership::Slots);
            let problem = match member.map(|member| &member.ownership) {
                _ if member.is_some_and(|member| is_null(member, order.purpose)) => {
                    "null in a frame that lies in its object"
                }
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
            any_wrong = true;
            let minor = facts.version.value;
            let known = layout.members.iter().filter(|member| member.range.contains(minor));
            let known: Vec<&str> = known.map(|member| member.name.value.as_str()).collect();
            let near = nearest(name, &known).filter(|near| *near != name.value);
            let diagnostic = Diagnostic::error(
                "order-field",
                format!("`{name}` cannot stand in the `{}` order of CPython {}", order.purpose.words(), facts.version),
            )
            .at(name.span, problem);
            sink.report(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
        }
    }
    any_wrong
}

/// Whether nothing is in a field when an order is gone through: a frame that its object holds does not hold that.
fn is_null(member: &Member, purpose: Purpose) -> bool {
    purpose == Purpose::OwnClear && member.role.as_ref().is_some_and(|role| role.value == "frame_object")
}

/// Where more than one field holds references, all orders are there and name all of them; those that name what they
/// should not have a finding.
fn order_missing(spec: &Spec, layout: &Layout, structs: &Structs<'_>, wrong: &[&Order], sink: &mut Sink) {
    let all = spec.minors();
    for purpose in Purpose::ALL {
        let mut left_out: BTreeMap<String, BTreeSet<Minor>> = BTreeMap::new();
        let mut without: BTreeSet<Minor> = BTreeSet::new();
        for (facts, item) in structs {
            let (minor, flavour) = (facts.version.value, facts.flavour.value);
            let strong: Vec<&str> = item
                .fields
                .iter()
                .filter(|field| {
                    let member = layout.member(&field.name, minor, flavour);
                    member.is_some_and(|member| {
                        matches!(member.ownership, Ownership::Strong | Ownership::Slots) && !is_null(member, purpose)
                    })
                })
                .map(|field| field.name.value.as_str())
                .collect();
            match layout.order(purpose, minor) {
                Some(order) if wrong.iter().any(|wrong| std::ptr::eq(*wrong, order)) => {}
                Some(order) => {
                    for name in strong {
                        if order.fields.iter().all(|(known, _)| known.value != name) {
                            left_out.entry(name.to_owned()).or_default().insert(minor);
                        }
                    }
                }
                // Nothing but a frame moves into its object.
                None if purpose == Purpose::OwnClear && layout.name.value != FRAME_LAYOUT => {}
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
                        purpose.words(),
                        list_minors(&minors, &all)
                    ),
                )
                .at(order.and_then(|order| order.span), format!("`{name}` is missing here"))
                .help("an order names every strong field and the slots, each once"),
            );
        }
        if !without.is_empty() {
            sink.report(
                Diagnostic::error(
                    "order-missing",
                    format!("`{}` has no `{}` order in {}", layout.name, purpose.words(), list_minors(&without, &all)),
                )
                .at(layout.name.span, "more than one of its fields holds a reference")
                .help(format!("write `{}` as CPython does it", purpose.pattern())),
            );
        }
    }
}

/// A struct of the runtime's own has a field for every role that it needs, and one only.
fn roles(follower: &Follower, layout: &Layout, of: &At<String>, structs: &Structs<'_>, sink: &mut Sink) {
    let mut told = BTreeSet::new();
    let mut missing: BTreeMap<&str, Minor> = BTreeMap::new();
    let mut any_twice = false;
    for (facts, _) in structs {
        let (minor, flavour) = (facts.version.value, facts.flavour.value);
        let idle = layout.members.iter().filter(|member| member.covers(minor, flavour) && member.role.is_none());
        for member in idle.filter(|member| member.ownership == Ownership::Strong) {
            if once(&mut told, member.name.value.clone()) {
                let title = format!("no role says what the runtime does with `{}`", member.name);
                sink.report(
                    Diagnostic::warning("role-missing", title)
                        .at(member.name.span, format!("stays null in its {}s, and is never released", follower.name))
                        .help(format!("a role is written `as ROLE`; a new one is code in {}", follower.code)),
                );
            }
        }
        let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
        for role in layout
            .members
            .iter()
            .filter(|member| member.covers(minor, flavour))
            .filter_map(|member| member.role.as_ref())
        {
            let first = seen.insert(&role.value, role);
            any_twice |= first.is_some();
            if let Some(first) = first.filter(|_| once(&mut told, role.value.clone())) {
                sink.report(
                    Diagnostic::error("role-twice", format!("two fields have the role `{role}` in CPython {minor}"))
                        .at(role.span, "the second one")
                        .and(first.span, "the first one"),
                );
            }
        }
        for needed in follower.needed.iter().filter(|needed| !seen.contains_key(*needed)) {
            missing.entry(needed).or_insert(minor);
        }
    }
    // Who has the role of another twice lacks one of its own.
    for (needed, minor) in missing.into_iter().filter(|_| !any_twice) {
        sink.report(
            Diagnostic::error("role-missing", format!("no field of `{of}` has the role `{needed}` in CPython {minor}"))
                .at(layout.name.span, format!("the runtime's {} needs it", follower.name))
                .help(format!("write `FIELD as {needed} OWNERSHIP ...`")),
        );
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
        let names: Vec<&str> = values.iter().map(|value| value.name.value.as_str()).collect();
        let meant = |said: &str| if names.contains(&said) { None } else { nearest(said, &names) };
        for value in values {
            // A kind that misspells it has a finding of its own.
            if kinds.iter().any(|kind| meant(&kind.c_name) == Some(&value.name.value)) {
                continue;
            }
            if kinds.iter().all(|kind| kind.c_name.value != value.name.value)
                && once(&mut told, value.name.value.clone())
            {
                sink.report(
                    Diagnostic::error(
                        "kind-missing",
                        format!("`{}` of CPython {minor} is no kind of `{}`", value.name, localsplus.name),
                    )
                    .at(value.name.span, "a bit of a variable's kind")
                    .and(localsplus.name.span, "the kinds are here")
                    .help(format!("declare it: `kind NAME {} since {minor} \"what it means\";`", value.name)),
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
                        .help(match meant(&kind.c_name) {
                            Some(meant) => format!("did you mean `{meant}`?"),
                            None => "say in which versions: `since 3.N`, `until 3.N`".to_owned(),
                        }),
                );
            }
        }
    }
}

/// An instruction pointer has a place in every situation of every version, and one only.
fn situations(spec: &Spec, position: &Position, sink: &mut Sink) {
    let all: Vec<Minor> = spec.minors().into_iter().filter(|minor| position.range.contains(*minor)).collect();
    for (name, meaning) in SITUATIONS {
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
                .at(position.name.span, "every situation has one")
                .help(format!("write `{name} = PLACE;`: {meaning}")),
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
                .help("say in which versions: `since 3.N`, `until 3.N`"),
            );
            break;
        }
    }
}

/// Every version has its local variables and a position, if any has.
fn version_missing(spec: &Spec, sink: &mut Sink) {
    let meaning = &spec.meaning;
    let localsplus: Vec<Range> = meaning.localsplus.iter().map(|item| item.range).collect();
    let positions: Vec<Range> = meaning.positions.iter().map(|item| item.range).collect();
    for (what, ranges) in [("localsplus", localsplus), ("position", positions)] {
        let speaks = |minor: &Minor| ranges.iter().any(|range| range.contains(*minor));
        let without: BTreeSet<Minor> = spec.minors().into_iter().filter(|minor| !speaks(minor)).collect();
        let first = spec.layouts.iter().find(|facts| without.contains(&facts.version.value));
        if let Some(first) = first.filter(|_| !ranges.is_empty()) {
            let versions = list_minors(&without, &spec.minors());
            sink.report(
                Diagnostic::error("version-missing", format!("no `{what}` speaks of {versions}"))
                    .at(first.version.span, "this version")
                    .help(format!("write a `{what}` item for it, or widen the range of one")),
            );
        }
    }
}
