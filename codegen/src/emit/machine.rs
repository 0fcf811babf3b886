//! State machines: states as types and values, events as traits, rows as tables.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{Body, name};
use crate::model::Spec;
use crate::model::machine::{
    ANSWERS, AtVersion, ERRORS, EventAt, GUARDS, Machine, Next, Outcome, Row, RowAt, State, StateForm,
};
use crate::model::version::{Flavour, Minor};

/// A machine on its way into a module.
pub(super) struct MachineModule<'a> {
    /// The machine.
    pub(super) machine: &'a Machine,
    /// The versions that it is emitted for.
    pub(super) versions: Vec<MachineVersion>,
    /// The machine of ours that it extends, if it does.
    pub(super) base: Option<Base>,
    /// Path of the runtime, from where the code will stand.
    pub(super) runtime: TokenStream,
    /// Whether the module is one of the runtime's.
    pub(super) is_ours: bool,
}

/// One version that a machine is emitted for.
pub(super) struct MachineVersion {
    /// The marker's name; a machine that stands alone has none.
    pub(super) marker: Option<Ident>,
    /// `3.14`
    pub(super) shown: String,
    /// Which rows hold.
    pub(super) minor: Minor,
    /// Numbers of states, where facts are there.
    pub(super) numbers: Vec<(usize, i64)>,
}

/// What an extended machine has of ours: how many of its first states and of its first names of events, and where they
/// are.
pub(super) struct Base {
    pub(super) states: usize,
    pub(super) events: usize,
    pub(super) groups: Vec<String>,
    pub(super) marker: TokenStream,
}

/// Every machine as a file, and the module of all of them.
pub(super) fn emit_all(spec: &Spec) -> Vec<(String, Body)> {
    let mut files: Vec<(String, Body)> = Vec::new();
    for machine in &spec.meaning.machines {
        let versions = spec.minors().into_iter().filter(|minor| machine.exists(*minor)).map(|minor| MachineVersion {
            marker: Some(format_ident!("{}", name::marker(minor))),
            shown: minor.to_string(),
            minor,
            numbers: numbers(spec, machine, minor),
        });
        let module =
            MachineModule { machine, versions: versions.collect(), base: None, runtime: quote!(crate), is_ours: true };
        files.push((format!("machine/{}.rs", machine.name), emit(&module)));
    }
    let modules = spec.meaning.machines.iter().map(|machine| {
        let name = format_ident!("{}", machine.name.value);
        quote!(pub mod #name;)
    });
    let mut items = vec![quote!(#(#modules)*)];
    items.push(words("Guard", "Conditions that rows of CPython's machines ask for.", GUARDS, true));
    items.push(words("Error", "Errors and warnings that rows of CPython's machines name.", ERRORS, false));
    items.push(words("Answer", "Answers that are no errors.", ANSWERS, true));
    files.push(("machine/mod.rs".to_owned(), Body { title: "State machines of every version.".to_owned(), items }));
    files
}

/// A closed list as an enum.
fn words(ty: &str, doc: &str, list: &[(&str, &str)], camel: bool) -> TokenStream {
    let ty = format_ident!("{ty}");
    let doc = format!(" {doc}");
    let variants: Vec<Ident> = list
        .iter()
        .map(|(word, _)| if camel { format_ident!("{}", name::state_type(word)) } else { format_ident!("{word}") })
        .collect();
    let docs = list.iter().map(|(_, meaning)| format!(" {}", sentence(meaning)));
    let names = list.iter().map(|(word, _)| *word);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #ty {
            #(#[doc = #docs] #variants),*
        }

        impl #ty {
            /// Every one of them.
            pub const ALL: &'static [#ty] = &[#(#ty::#variants),*];

            /// Its name in the spec.
            pub const fn name(self) -> &'static str {
                match self {
                    #(#ty::#variants => #names),*
                }
            }
        }
    }
}

/// With a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
}

/// The numbers of the states of a version.
pub(super) fn numbers(spec: &Spec, machine: &Machine, minor: Minor) -> Vec<(usize, i64)> {
    let Some(numbering) = machine.numbering(minor) else { return Vec::new() };
    let imported = spec.newest(minor, Flavour::Default).and_then(|facts| facts.numbers(numbering));
    let values = imported.or_else(|| spec.observed.numbers(numbering, minor)).unwrap_or_default();
    let number = |form: &StateForm| {
        let c_name = form.c_name.as_ref()?;
        values.iter().find(|value| value.name.value == c_name.value).map(|value| value.value.value)
    };
    let states = machine.states.iter().enumerate();
    states.filter_map(|(index, state)| Some((index, number(state.at(minor)?)?))).collect()
}

fn state_type(state: &State) -> Ident {
    format_ident!("{}", name::state_type(&state.name))
}

/// A state as a value: `state::CREATED`.
fn state_value(machine: &Machine, index: usize) -> TokenStream {
    let name = value_name(&machine.states[index].name);
    quote!(state::#name)
}

fn value_name(name: &str) -> Ident {
    format_ident!("{}", name.to_ascii_uppercase())
}

/// The module of a machine.
pub(super) fn emit(module: &MachineModule<'_>) -> Body {
    let (machine, runtime) = (module.machine, &module.runtime);
    let title = format!("Machine `{}`: {}", machine.name, lower_first(&machine.doc));
    let mut items = vec![imports(module)];
    items.extend(own_words(machine));
    if module.base.is_none() {
        let (doc, c_name) = (format!(" {}", sentence(&machine.doc)), &machine.name.value);
        items.push(quote! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum Machine {}
        });
        items.push(quote! {
            impl #runtime::machine::Machine for Machine {
                const NAME: &'static str = #c_name;
                type Guard = Guard;
                type Error = Error;
            }
        });
        items.extend(flavours(machine));
    }
    items.extend(values(module));
    let (own_states, own_events) = module.base.as_ref().map_or((0, 0), |base| (base.states, base.events));
    for state in machine.states.iter().skip(own_states) {
        items.extend(emit_state(state));
    }
    items.extend(groups(module));
    for (index, event) in machine.event_names().into_iter().enumerate() {
        items.extend(emit_event(module, event, index >= own_events));
    }
    items.extend(emit_tables(module));
    Body { title, items }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn imports(module: &MachineModule<'_>) -> TokenStream {
    let (machine, runtime) = (module.machine, &module.runtime);
    let mut names = vec!["Answer", "Event", "EventRows", "Gone", "Row", "Rules", "State", "StateType", "Table"];
    if machine.guards.is_none() {
        names.push("Guard");
    }
    if machine.errors.is_none() {
        names.push("Error");
    }
    let versioned = module.versions.iter().any(|version| version.marker.is_some());
    if versioned {
        names.extend(["Numbers", "Runs"]);
    }
    names.sort_unstable();
    let names = names.into_iter().map(|name| format_ident!("{name}"));
    let from_runtime = quote! {
        #[allow(unused_imports, reason = "the same for every machine")]
        use #runtime::machine::{#(#names),*};
    };
    match &module.base {
        Some(_) => {
            let name = format_ident!("{}", machine.name.value);
            let marker = module.versions.iter().filter_map(|version| version.marker.as_ref());
            quote! {
                #from_runtime
                pub use #runtime::machine::#name::*;
                #(use super::#marker;)*
            }
        }
        None if versioned => {
            let markers = module.versions.iter().filter_map(|version| version.marker.as_ref());
            // Versions of ours are in the runtime, one of somebody's own stands beside the module.
            let versions = if module.is_ours { quote!(#runtime::version) } else { quote!(super) };
            quote! {
                #from_runtime
                use #versions::{#(#markers),*};
            }
        }
        None => from_runtime,
    }
}

/// Guards and errors of a machine's own.
fn own_words(machine: &Machine) -> Vec<TokenStream> {
    let mut items = Vec::new();
    for (ty, list, what) in [
        ("Guard", &machine.guards, "Conditions that rows ask for."),
        ("Error", &machine.errors, "Errors that rows name."),
    ] {
        let Some(list) = list else { continue };
        let list: Vec<(&str, &str)> = list.iter().map(|(name, text)| (name.value.as_str(), text.as_str())).collect();
        items.push(words(ty, what, &list, true));
    }
    items
}

fn flavours(machine: &Machine) -> Option<TokenStream> {
    if machine.flavours.is_empty() {
        return None;
    }
    let doc = format!(" What `{}` describes, where rows tell it apart.", machine.name);
    let variants = machine.flavours.iter().map(|flavour| format_ident!("{}", name::state_type(&flavour.name)));
    let docs =
        machine.flavours.iter().map(|flavour| format!(" `{}`, in messages \"{}\".", flavour.name, flavour.shown));
    Some(quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Flavour {
            #(#[doc = #docs] #variants),*
        }
    })
}

/// The modules of states and events as values.
fn values(module: &MachineModule<'_>) -> Vec<TokenStream> {
    let (machine, runtime) = (module.machine, &module.runtime);
    let name = format_ident!("{}", machine.name.value);
    let (states, events) = module.base.as_ref().map_or((0, 0), |base| (base.states, base.events));
    let rows = machine.states.iter().enumerate().skip(states).map(|(index, state)| {
        let (name, number) = (value_name(&state.name), Literal::usize_unsuffixed(index));
        let doc = format!(" `{}`: {}", state.name, state_doc(state));
        quote! {
            #[doc = #doc]
            pub const #name: State<Machine> = State::new(#number);
        }
    });
    let base = |what: &str| {
        let what = format_ident!("{what}");
        module.base.as_ref().map(|_| quote!(pub use #runtime::machine::#name::#what::*;))
    };
    let (base_states, base_events) = (base("state"), base("event"));
    let state_module = quote! {
        /// States as values.
        pub mod state {
            #[allow(unused_imports, reason = "the same for every machine")]
            use super::{Machine, State};
            #base_states
            #(#rows)*
        }
    };
    let names = machine.event_names();
    let rows = names.iter().enumerate().skip(events).map(|(index, event)| {
        let (name, number) = (value_name(event), Literal::usize_unsuffixed(index));
        let doc = machine.events.iter().find(|known| known.name.value == **event).map(|event| event.doc.as_str());
        let doc = format!(" `{event}`: {}", doc.unwrap_or_default());
        quote! {
            #[doc = #doc]
            pub const #name: Event<Machine> = Event::new(#number);
        }
    });
    let event_module = quote! {
        /// Events as values.
        pub mod event {
            #[allow(unused_imports, reason = "the same for every machine")]
            use super::{Event, Machine};
            #base_events
            #(#rows)*
        }
    };
    vec![state_module, event_module]
}

/// What a state promises, in all versions.
fn state_doc(state: &State) -> String {
    let forms = state.forms.iter().map(|form| {
        let c_name = form.c_name.as_ref().map(|name| format!(" (`{name}`)")).unwrap_or_default();
        let range = if form.range.since.is_none() && form.range.until.is_none() {
            String::new()
        } else {
            format!(", {}", form.range)
        };
        let reserved = if form.reserved { ", never entered" } else { "" };
        format!("{}{c_name}{range}{reserved}", form.doc)
    });
    sentence(&forms.collect::<Vec<_>>().join("; "))
}

/// A trait for each group: what is true of all its states can be asked for.
fn groups(module: &MachineModule<'_>) -> Vec<TokenStream> {
    let machine = module.machine;
    let own = module.base.as_ref().map_or(0, |base| base.states);
    let groups = machine.groups.iter().map(|(name, states)| {
        let ty = format_ident!("{}", name::state_type(name));
        let is_base = module.base.as_ref().is_some_and(|base| base.groups.contains(&name.value));
        let states =
            states.iter().filter(|state| !is_base || **state >= own).map(|state| state_type(&machine.states[*state]));
        let lines = quote!(#(impl #ty for #states {})*);
        if is_base {
            return lines;
        }
        let doc = format!(" States of the group `{name}`.");
        let message = format!("this needs a state of the group `{name}`, which `{{Self}}` is not in");
        quote! {
            #[doc = #doc]
            #[diagnostic::on_unimplemented(message = #message)]
            pub trait #ty: StateType<Machine = Machine> {}
            #lines
        }
    });
    groups.filter(|tokens| !tokens.is_empty()).collect()
}

fn emit_state(state: &State) -> Vec<TokenStream> {
    let (ty, value) = (state_type(state), value_name(&state.name));
    let doc = format!(" {}", sentence(&state_doc(state)));
    vec![
        quote! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum #ty {}
        },
        quote! {
            impl StateType for #ty {
                type Machine = Machine;
                const STATE: State<Machine> = state::#value;
            }
        },
    ]
}

/// What a compiler cannot tell: whether it is the state or the next one that is wrong.
const NEXT: &str = "if the state is right, the next one is wrong: what is legal is listed here";

/// The trait of an event, if it is not one of ours already, and a line for each way that is legal.
fn emit_event(module: &MachineModule<'_>, event: &str, is_new: bool) -> Vec<TokenStream> {
    let machine = module.machine;
    let known: Vec<_> = machine.events.iter().filter(|known| known.name.value == event).collect();
    let Some(first) = known.first() else { return Vec::new() };
    let trait_name = format_ident!("{}", name::event_trait(event));
    let versioned = module.versions.iter().any(|version| version.marker.is_some());
    let mut items = Vec::new();
    if is_new {
        let doc = format!(" {}", sentence(&first.doc));
        let needs = if first.needs.is_empty() { "another state".to_owned() } else { first.needs.clone() };
        let (message, label) = if versioned {
            (
                format!("`{event}` needs {needs}: on `{{V}}` it is illegal in state `{{Self}}`"),
                format!("`{event}` is illegal in state `{{Self}}` on `{{V}}`"),
            )
        } else {
            (
                format!("`{event}` needs {needs}: it is illegal in state `{{Self}}`"),
                format!("`{event}` is illegal in state `{{Self}}`"),
            )
        };
        let parameters = if versioned { quote!(<V, N>) } else { quote!(<N>) };
        items.push(quote! {
            #[doc = #doc]
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #NEXT)]
            pub trait #trait_name #parameters {}
        });
    }
    let mut lines = Vec::new();
    for version in &module.versions {
        let at = machine.at(version.minor);
        for event in at.events.iter().filter(|at| at.event.name.value == event) {
            for &state in &at.states {
                for next in at.legal(event, state) {
                    let (state, next) = (state_type(&machine.states[state]), next_type(machine, next));
                    lines.push(match &version.marker {
                        Some(marker) => quote!(impl #trait_name<#marker, #next> for #state {}),
                        None => quote!(impl #trait_name<#next> for #state {}),
                    });
                }
            }
        }
    }
    if !lines.is_empty() {
        items.push(quote!(#(#lines)*));
    }
    items
}

fn next_type(machine: &Machine, next: Next) -> TokenStream {
    match next {
        Next::State(state) => {
            let ty = state_type(&machine.states[state]);
            quote!(#ty)
        }
        Next::End => quote!(Gone),
    }
}

/// Tables, each for all versions that have the same rows, and what each version has.
fn emit_tables(module: &MachineModule<'_>) -> Vec<TokenStream> {
    let machine = module.machine;
    let mut groups: Vec<(AtVersion<'_>, Vec<&MachineVersion>)> = Vec::new();
    for version in &module.versions {
        let at = machine.at(version.minor);
        match groups.iter_mut().find(|(known, _)| known.same_as(&at)) {
            Some((_, versions)) => versions.push(version),
            None => groups.push((at, vec![version])),
        }
    }
    let mut items = Vec::new();
    for (at, versions) in &groups {
        let shown: Vec<&str> =
            versions.iter().map(|version| version.shown.as_str()).filter(|shown| !shown.is_empty()).collect();
        let name = match shown.first() {
            Some(first) if module.base.is_none() => format_ident!("SINCE_{}", first.replace('.', "_")),
            _ => format_ident!("TABLE"),
        };
        let doc = match shown.as_slice() {
            [] => format!(" The rows of `{}`.", machine.name),
            [only] => format!(" CPython {only}."),
            [others @ .., last] => format!(" CPython {} and {last}.", others.join(", ")),
        };
        let table = table(machine, at);
        items.push(quote! {
            #[doc = #doc]
            static #name: Table<Machine> = #table;
        });
        for version in versions {
            items.extend(in_version(module, version, &name));
        }
    }
    items
}

fn in_version(module: &MachineModule<'_>, version: &MachineVersion, table: &Ident) -> Vec<TokenStream> {
    let machine = module.machine;
    let shown = &version.shown;
    let Some(marker) = &version.marker else {
        return vec![quote! {
            /// The machine as data.
            pub static RULES: Rules<Machine> = Rules { version: #shown, table: &#table, numbers: &[] };
        }];
    };
    let mut items = Vec::new();
    let numbered: Vec<(usize, TokenStream)> = match &module.base {
        // Ours have the numbers that ours have; those of the extension get the next ones that are free.
        Some(base) => {
            let (base_marker, runtime) = (&base.marker, &module.runtime);
            let at = machine.at(version.minor);
            let known = machine.numbering(version.minor).is_some();
            let is_numbered = |index: usize, state: &State| match index < base.states {
                true => state.at(version.minor).is_some_and(|form| form.c_name.is_some()),
                false => at.states.contains(&index),
            };
            let states = machine.states.iter().enumerate();
            states
                .filter(|(index, state)| known && is_numbered(*index, state))
                .map(|(index, state)| {
                    let ty = state_type(state);
                    let number = if index < base.states {
                        quote!(<#base_marker as Numbers<#ty>>::RAW)
                    } else {
                        let nth = Literal::usize_unsuffixed(index - base.states);
                        quote!(#runtime::machine::free_number(<#base_marker as Runs<Machine>>::RULES, #nth))
                    };
                    (index, number)
                })
                .collect()
        }
        None => version
            .numbers
            .iter()
            .map(|(index, number)| {
                let number = Literal::i64_unsuffixed(*number);
                (*index, quote!(#number))
            })
            .collect(),
    };
    for (index, number) in &numbered {
        let ty = state_type(&machine.states[*index]);
        items.push(quote! {
            impl Numbers<#ty> for #marker {
                const RAW: i8 = #number;
            }
        });
    }
    let rows = numbered.iter().map(|(index, _)| {
        let (value, ty) = (state_value(machine, *index), state_type(&machine.states[*index]));
        quote!((#value, <#marker as Numbers<#ty>>::RAW))
    });
    items.push(quote! {
        impl Runs<Machine> for #marker {
            const RULES: &'static Rules<Machine> = &Rules { version: #shown, table: &#table, numbers: &[#(#rows),*] };
        }
    });
    items
}

fn table(machine: &Machine, at: &AtVersion<'_>) -> TokenStream {
    let names = machine.states.iter().map(|state| state.name.value.as_str());
    let value = |index: &usize| state_value(machine, *index);
    let (states, starts) = (at.states.iter().map(value), at.starts.iter().map(value));
    let flavours = machine.flavours.iter().map(|flavour| flavour.shown.as_str());
    let events = machine.event_names().into_iter().map(|name| {
        match at.events.iter().find(|event| event.event.name.value == name) {
            None => quote!(None),
            Some(event) => {
                let needs = &event.event.needs;
                let rows = event.rows.iter().filter(|row| used(at, event, row)).map(|row| emit_row(machine, row));
                quote!(Some(EventRows { name: #name, needs: #needs, rows: &[#(#rows),*] }))
            }
        }
    });
    quote! {
        Table {
            state_names: &[#(#names),*],
            states: &[#(#states),*],
            starts: &[#(#starts),*],
            flavours: &[#(#flavours),*],
            events: &[#(#events),*],
        }
    }
}

/// Whether a row decides something in the version.
fn used(at: &AtVersion<'_>, event: &EventAt<'_>, row: &RowAt<'_>) -> bool {
    let mut cells =
        at.states.iter().flat_map(|state| (0..at.machine.flavour_count()).map(move |flavour| (*state, flavour)));
    cells.any(|(state, flavour)| event.deciding(state, flavour).iter().any(|found| std::ptr::eq(found.row, row.row)))
}

fn emit_row(machine: &Machine, at: &RowAt<'_>) -> TokenStream {
    let row: &Row = at.row;
    let from = at.from.iter().map(|index| state_value(machine, *index));
    let mut tokens = quote!(Row::from(&[#(#from),*]));
    if !row.flavours.is_empty() {
        let flavours = row.flavours.iter().filter_map(|index| machine.flavours.get(*index)).map(|flavour| {
            let name = format_ident!("{}", name::state_type(&flavour.name));
            quote!(Flavour::#name as u8)
        });
        tokens.extend(quote!(.only(&[#(#flavours),*])));
    }
    if !row.tests.is_empty() {
        let tests = row.tests.iter().map(|test| {
            let (guard, holds) = (format_ident!("{}", name::state_type(&test.guard)), test.holds);
            quote!((Guard::#guard, #holds))
        });
        tokens.extend(quote!(.when(&[#(#tests),*])));
    }
    match &row.outcome {
        Outcome::Goes => tokens.extend(match row.next {
            Some(Next::State(next)) => {
                let next = state_value(machine, next);
                quote!(.goes(#next))
            }
            _ => quote!(.ends()),
        }),
        Outcome::Refuses { kind, message } => {
            let error = match machine.errors {
                Some(_) => format_ident!("{}", name::state_type(kind)),
                None => format_ident!("{}", kind.value),
            };
            let own = machine
                .errors
                .iter()
                .flatten()
                .find(|(name, _)| name.value == kind.value)
                .map(|(_, text)| text.as_str());
            let message = message.as_ref().map(|message| message.value.as_str()).or(own).unwrap_or_default();
            tokens.extend(quote!(.refuses(Error::#error, #message)));
        }
        Outcome::Answers(answer) => {
            let answer = format_ident!("{}", name::state_type(answer));
            tokens.extend(quote!(.answers(Answer::#answer)));
        }
    }
    if row.outcome != Outcome::Goes
        && let Some(Next::State(next)) = row.next
    {
        let next = state_value(machine, next);
        tokens.extend(quote!(.then(#next)));
    }
    tokens
}
