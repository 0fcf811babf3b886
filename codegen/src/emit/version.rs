//! Versions as types, and what the runtime asks of each.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::cells::Distinct;
use super::{Body, name, object_fields, specials};
use crate::ast::Direction;
use crate::model::Spec;
use crate::model::facts::Facts;
use crate::model::layout::{Layout, Order, Ownership, Place, Purpose};
use crate::model::version::{Flavour, Minor};

/// `version.rs`
pub(super) fn emit(spec: &Spec) -> Body {
    let mut items = vec![quote! {
        use crate::localsplus::{Kind, Localsplus, Region};
        use crate::machine::{Numbers, owner};
        use super::{object_fields, specials};
        use crate::version::{Activation, Classic, ClearStep, Frames, Generated, ObjectStep, Position, Tags, Version};
        use crate::vm::FrameVm;
    }];
    let headers = specials::distinct(spec);
    let objects = object_fields::distinct(spec);
    let mut activations = Vec::new();
    for minor in spec.minors() {
        let Some(facts) = spec.newest(minor, Flavour::Default) else { continue };
        let marker = format_ident!("{}", name::marker(minor));
        let (doc, shown) = (format!(" CPython {minor}."), minor.to_string());
        let module = format_ident!("{}", name::minor_module(facts));
        items.push(quote! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum #marker {}
        });
        let localsplus = localsplus(spec, facts, minor);
        items.push(quote! {
            impl Version for #marker {
                const NAME: &'static str = #shown;
                const LAYOUT: &'static crate::layout::Layout = &super::#module::LAYOUT;
                const LOCALSPLUS: &'static Localsplus = #localsplus;
            }
        });
        match frames(spec, facts, minor, (&headers, &objects)) {
            Some(frames) => {
                items.push(quote!(impl Generated for #marker {}));
                items.push(frames);
                items.push(quote! {
                    impl Activation for #marker {
                        type Frames = Self;
                    }
                });
                activations.push(marker);
            }
            None => items.push(quote!(impl Classic for #marker {})),
        }
    }
    items.push(quote! {
        /// Hands the names of all versions whose frames are activation records to a macro, for tests and benches of all.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! for_each_activation {
            ($($then:tt)*) => {
                $($then)*! { #(#activations)* }
            };
        }
    });
    Body { title: "Versions of CPython as types.".to_owned(), items }
}

fn frames(
    spec: &Spec,
    facts: &Facts,
    minor: Minor,
    (headers, objects): (&[Distinct], &[Distinct]),
) -> Option<TokenStream> {
    let marker = format_ident!("{}", name::marker(minor));
    let specials = specials::type_of(headers, minor)?;
    let fields = object_fields::type_of(objects, minor)?;
    let layout = spec.meaning.frame(minor)?;
    let object = spec.meaning.frame_object(minor)?;
    let null = super::null_slot(facts).unwrap_or_default();
    let null = Literal::u64_unsuffixed(null);
    let tags = tags(facts);
    let clear = clear_steps(layout, layout.order(Purpose::Clear, minor)?, minor);
    let own_clear = clear_steps(layout, layout.order(Purpose::OwnClear, minor)?, minor);
    let traverse = clear_steps(layout, layout.order(Purpose::Traverse, minor)?, minor);
    let object_clear = object_steps(object, object.order(Purpose::Clear, minor)?, minor);
    let object_traverse = object_steps(object, object.order(Purpose::Traverse, minor)?, minor);
    let shim = shim(spec, minor);
    let caches = facts.find_opcode("SEND").map_or(0, |opcode| opcode.caches.value);
    let caches = Literal::u64_unsuffixed(caches);
    let position = spec.meaning.positions.iter().find(|position| position.range.contains(minor))?;
    let place = |situation: &str| position.place(situation, minor);
    let (calling, suspended) = (place("calling")?, place("suspended")?);
    let counts = !calling.caches;
    // A loop that runs an instruction has gone past its first unit, and not past its caches.
    let running = Literal::i64_unsuffixed(from_instruction(place("running")?) - 1);
    let new = emit_position(place("new")?);
    let calling = emit_position(calling);
    let created = emit_position(place("created")?);
    let delegating = emit_position(place("delegating")?);
    let returned = emit_position(place("returned")?);
    let yielded = emit_position(place("yielded")?);
    // Neither `YIELD_VALUE` nor `RETURN_GENERATOR` has caches: what comes next is one unit behind.
    let resume = Literal::i64_unsuffixed(1 - from_instruction(suspended));
    let suspended = emit_position(suspended);
    Some(quote! {
        impl Frames for #marker {
            type Specials<V: FrameVm> = specials::#specials<V>;
            type ObjectFields<V: FrameVm> = object_fields::#fields<V>;
            const NULL_SLOT: usize = #null;
            const TAGS: Tags = #tags;
            const CLEAR: &'static [ClearStep] = &[#(#clear),*];
            const OWN_CLEAR: &'static [ClearStep] = &[#(#own_clear),*];
            const TRAVERSE: &'static [ClearStep] = &[#(#traverse),*];
            const OBJECT_CLEAR: &'static [ObjectStep] = &[#(#object_clear),*];
            const OBJECT_TRAVERSE: &'static [ObjectStep] = &[#(#object_traverse),*];
            const SHIM: i8 = #shim;
            const SEND_CACHES: u8 = #caches;
            const RETURN_OFFSET_COUNTS_CALL: bool = #counts;
            const NEW: Position = #new;
            const RUNNING: Position = Position { caches: false, return_offset: false, plus: #running };
            const CALLING: Position = #calling;
            const CREATED: Position = #created;
            const SUSPENDED: Position = #suspended;
            const DELEGATING: Position = #delegating;
            const RESUME: Position = Position { caches: false, return_offset: false, plus: #resume };
            const AFTER_RETURN: Position = #returned;
            const AFTER_YIELD: Position = #yielded;
        }
    })
}

/// Units between an instruction without caches and a place.
fn from_instruction(place: &Place) -> i64 {
    place.plus + i64::from(place.anchor.value == "next")
}

fn emit_position(place: &Place) -> TokenStream {
    // The unit behind an instruction is one further than its caches.
    let caches = place.caches || place.anchor.value == "next";
    let (return_offset, plus) = (place.return_offset, Literal::i64_unsuffixed(from_instruction(place)));
    quote!(Position { caches: #caches, return_offset: #return_offset, plus: #plus })
}

/// What the low bits of a slot mean, where slots are tagged.
fn tags(facts: &Facts) -> TokenStream {
    let value = |name: &str| facts.constant("stack_references", name);
    let tagged = super::null_slot(facts).is_some_and(|null| null != 0);
    match (value("Py_TAG_BITS"), value("Py_TAG_REFCNT"), value("Py_INT_TAG")) {
        (Some(mask), Some(borrowed), Some(integer)) if tagged => {
            let shift = value("Py_TAGGED_SHIFT").unwrap_or_else(|| i64::from(mask.count_ones()));
            let [mask, borrowed, integer, shift] = [mask, borrowed, integer, shift].map(Literal::i64_unsuffixed);
            quote!(Tags { mask: #mask, borrowed: #borrowed, integer: #integer, shift: #shift })
        }
        _ => quote!(Tags::NONE),
    }
}

/// The order as the runtime's own steps; fields that it does not have are none.
fn clear_steps(layout: &Layout, order: &Order, minor: Minor) -> Vec<TokenStream> {
    let mut steps = Vec::new();
    for (field, direction) in &order.fields {
        let Some(member) = layout.member(field, minor, Flavour::Default) else { continue };
        let role = member.role.as_ref().map(|role| role.value.as_str()).unwrap_or_default();
        let descending = direction.as_ref().is_some_and(|direction| direction.value == Direction::Descending);
        steps.push(match (role, &member.ownership) {
            ("frame_object", _) => quote!(ClearStep::FrameObject),
            ("locals", _) => quote!(ClearStep::Locals),
            ("function", _) => quote!(ClearStep::Function),
            ("executable", _) => quote!(ClearStep::Executable),
            (_, Ownership::Slots) if descending => quote!(ClearStep::SlotsDescending),
            (_, Ownership::Slots) => quote!(ClearStep::SlotsAscending),
            _ => continue,
        });
    }
    steps
}

/// The order of a frame object as the runtime's own steps; fields that it does not have are none.
fn object_steps(layout: &Layout, order: &Order, minor: Minor) -> Vec<TokenStream> {
    let members = order.fields.iter().filter_map(|(field, _)| layout.member(field, minor, Flavour::Default));
    let steps = members.filter_map(|member| match member.role.as_ref()?.value.as_str() {
        "own_frame" => Some(quote!(ObjectStep::OwnFrame)),
        "back" => Some(quote!(ObjectStep::Back)),
        "trace" => Some(quote!(ObjectStep::Trace)),
        "extra_locals" => Some(quote!(ObjectStep::ExtraLocals)),
        "locals_cache" => Some(quote!(ObjectStep::LocalsCache)),
        "overwritten" => Some(quote!(ObjectStep::Overwritten)),
        _ => None,
    });
    steps.collect()
}

/// The number of the frame below the first one of an entry: the state of `owner` that is a shim.
fn shim(spec: &Spec, minor: Minor) -> TokenStream {
    let state = spec.meaning.machine("owner").and_then(|machine| {
        let (_, states) = machine.groups.iter().find(|(name, _)| name.value == "shim")?;
        let at = machine.at(minor);
        let numbers = super::machine::numbers(spec, machine, minor);
        let state = states.iter().find(|state| at.states.contains(state))?;
        numbers.iter().any(|(known, _)| known == state).then(|| machine.states[*state].name.value.clone())
    });
    match state {
        Some(state) => {
            let ty = format_ident!("{}", name::state_type(&state));
            quote!(<Self as Numbers<owner::#ty>>::RAW)
        }
        // No owner has it: the version has no shims, the runtime does.
        None => quote!(-1),
    }
}

fn localsplus(spec: &Spec, facts: &Facts, minor: Minor) -> TokenStream {
    let Some(item) = spec.meaning.localsplus.iter().find(|item| item.range.contains(minor)) else {
        return quote!(&Localsplus { argument_cells_share: false, kinds: &[], regions: &[] });
    };
    let bits = |c_name: &str| facts.constant("local_kind_flags", c_name).unwrap_or(0);
    let kinds: Vec<_> = item.kinds.iter().filter(|kind| kind.range.contains(minor)).collect();
    let mask = |names: &[crate::source::At<String>]| {
        let of = |name: &crate::source::At<String>| {
            kinds.iter().find(|kind| kind.name == *name).map_or(0, |kind| bits(&kind.c_name))
        };
        hex(names.iter().map(of).fold(0, |mask, bits| mask | bits))
    };
    let regions = item.regions.iter().map(|region| {
        let (name, holds, without) = (&region.name.value, mask(&region.holds), mask(&region.without));
        quote!(Region { name: #name, holds: #holds, without: #without })
    });
    let rows = kinds.iter().map(|kind| {
        let (name, bits) = (&kind.name.value, hex(bits(&kind.c_name)));
        quote!(Kind { name: #name, bits: #bits })
    });
    let share = item.argument_cells_share;
    quote!(&Localsplus { argument_cells_share: #share, kinds: &[#(#rows),*], regions: &[#(#regions),*] })
}

fn hex(bits: i64) -> TokenStream {
    format!("{bits:#04x}").parse().unwrap_or_default()
}
