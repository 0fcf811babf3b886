//! Rules that a spec must obey before anything is emitted: one function per rule, all findings collected.
//!
//! The name of a rule is the same in the message, as the function's name, and as the name of its failing example below
//! `tests/spec/fail/`.

mod bits;
mod effect;
mod layout;
mod machine;
mod meaning;
mod name;
mod number;
mod observed;
mod opcode;
mod table;
mod version;

use crate::diag::Sink;
use crate::model::Spec;
use crate::source::Sources;

/// Checks everything.
pub fn check(spec: &Spec, sources: &Sources, sink: &mut Sink) {
    check_meaning(spec, sink);
    for facts in &spec.layouts {
        version::check_place(facts, sources, sink);
    }
    check_one(spec, sink);
    version::check_all(spec, sink);
    effect::check_used(spec, sink);
}

/// Checks what is declared against the facts, if there are any, and in itself.
///
/// Nothing is checked when something was not understood: what was left out would be missed in many places.
pub fn check_meaning(spec: &Spec, sink: &mut Sink) {
    if sink.has_errors() {
        return;
    }
    machine::check(spec, sink);
    meaning::check(spec, sink);
    table::check(spec, sink);
}

/// Checks layouts that lie anywhere, beside observed facts that may speak for other versions as well.
pub fn check_one(spec: &Spec, sink: &mut Sink) {
    for facts in &spec.layouts {
        version::check(facts, sink);
        layout::check(facts, sink);
        number::check(facts, sink);
        opcode::check(facts, sink);
    }
    observed::check(spec, sink);
    effect::check(spec, sink);
}
