//! Rules that a spec must obey before anything is emitted: one function per rule, all findings collected.
//!
//! The name of a rule is the same in the message, as the function's name, and as the name of its failing example below
//! `tests/spec/fail/`.

mod layout;
mod number;
mod observed;
mod opcode;
mod version;

use crate::diag::Sink;
use crate::model::Spec;
use crate::source::Sources;

/// Checks everything.
pub fn check(spec: &Spec, sources: &Sources, sink: &mut Sink) {
    for facts in &spec.layouts {
        version::check(facts, sources, sink);
        layout::check(facts, sink);
        number::check(facts, sink);
        opcode::check(facts, sink);
    }
    version::check_all(spec, sink);
    observed::check(spec, sink);
}
