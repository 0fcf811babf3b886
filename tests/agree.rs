//! Typed and checked machines agree: what compiles is what the tables let go on, for every state, event and version.

use std::collections::BTreeSet;

use frame_codegen::emit::name;
use frame_codegen::model::machine::{Next, Outcome};
use frame_runtime::machine::{self, Machine, Outcome as Did, Rules, Runs, asend, athrow, generator, owner, trace};
use frame_tests::{committed_spec, root};

/// Event, version, state, next state: by the names of the types.
type Transition = (String, String, String, String);

/// The implementations in a generated module: there are no others, since nobody else may write them for these versions.
fn typed(machine: &str) -> BTreeSet<Transition> {
    let path = root().join("frame-runtime/src/generated/machine").join(format!("{machine}.rs"));
    let text = std::fs::read_to_string(path).expect("a generated machine");
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("impl On")) {
        let line = line.strip_prefix("impl ").expect("an implementation");
        let (event, rest) = line.split_once('<').expect("parameters");
        let (version, rest) = rest.split_once(", ").expect("a next state");
        let (next, rest) = rest.split_once("> for ").expect("a state");
        let state = rest.strip_suffix(" {}").expect("nothing in it");
        assert!(found.insert([event, version, state, next].map(str::to_owned).into()), "{line} is there twice");
    }
    found
}

/// What the table of a version lets go on, whatever its conditions answer and whichever flavour it is.
fn checked<M: Machine>(rules: &'static Rules<M>, events: &[String]) -> BTreeSet<Transition> {
    let version = format!("Cpython{}", rules.version.replace('.', "_"));
    let mut found = BTreeSet::new();
    for (index, event) in (0..).zip(events) {
        let event_value = machine::Event::new(index);
        let Some(rows) = rules.table.event(event_value) else { continue };
        for &state in rules.table.states {
            for flavour in 0..u8::try_from(rules.table.flavours.len().max(1)).expect("few flavours") {
                let mut guards: Vec<M::Guard> = Vec::new();
                for (guard, _) in rows.rows.iter().flat_map(|row| row.tests()) {
                    if !guards.contains(guard) {
                        guards.push(*guard);
                    }
                }
                for answers in 0..1_u32 << guards.len() {
                    let asks = |guard| {
                        guards.iter().position(|known| *known == guard).is_some_and(|at| answers >> at & 1 == 1)
                    };
                    let step = rules.step(state, event_value, flavour, asks);
                    if step.outcome == Did::Goes {
                        let ty = |state| name::state_type(rules.table.state_name(state));
                        let next = step.next.map_or("Gone".to_owned(), ty);
                        found.insert((name::event_trait(event), version.clone(), ty(state), next));
                    }
                }
            }
        }
    }
    found
}

/// The same by the model that both were printed from.
fn declared(machine: &str) -> (BTreeSet<Transition>, Vec<String>) {
    let (spec, _) = committed_spec();
    let machine = spec.meaning.machine(machine).expect("a machine");
    let events = machine.event_names().into_iter().map(str::to_owned).collect();
    let mut found = BTreeSet::new();
    for minor in spec.minors().into_iter().filter(|minor| machine.exists(*minor)) {
        let at = machine.at(minor);
        for event in &at.events {
            for &state in &at.states {
                let rows = (0..machine.flavour_count()).flat_map(|flavour| event.deciding(state, flavour));
                for row in rows.filter(|row| row.row.outcome == Outcome::Goes) {
                    let ty = |index: usize| name::state_type(&machine.states[index].name);
                    let next = match row.next(state) {
                        Next::State(next) => ty(next),
                        Next::End => "Gone".to_owned(),
                    };
                    found.insert((name::event_trait(&event.event.name), name::marker(minor), ty(state), next));
                }
            }
        }
    }
    (found, events)
}

/// A machine with the tables of some versions.
macro_rules! agree {
    ($machine:ident: $($version:ident)*) => {{
        let (declared, events) = declared(stringify!($machine));
        let typed = typed(stringify!($machine));
        let mut checked_rows = BTreeSet::new();
        $(
            let rules = <frame_runtime::version::$version as Runs<$machine::Machine>>::RULES;
            checked_rows.extend(checked(rules, &events));
        )*
        assert!(typed.len() > 5 * [$(stringify!($version)),*].len(), "{} transitions", typed.len());
        assert_eq!(typed, checked_rows, "{}", stringify!($machine));
        assert_eq!(typed, declared, "{}", stringify!($machine));
    }};
}

macro_rules! activations {
    ($($version:ident)*) => {
        agree!(owner: $($version)*);
        agree!(trace: $($version)*);
        agree!(generator: Cpython3_8 Cpython3_9 Cpython3_10 $($version)*);
        agree!(asend: Cpython3_8 Cpython3_9 Cpython3_10 $($version)*);
        agree!(athrow: Cpython3_8 Cpython3_9 Cpython3_10 $($version)*);
    };
}

#[test]
fn what_compiles_is_what_the_tables_let_go_on() {
    frame_runtime::for_each_activation!(activations);
}
