//! Any text as a facts file and as observed facts: read, checked, and emitted when nothing is wrong with it.
#![no_main]

use std::path::Path;

use frame_codegen::diag::{Sink, Style};
use frame_codegen::model::Spec;
use frame_codegen::source::Sources;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (mut sources, mut sink, mut spec) = (Sources::default(), Sink::new(), Spec::default());
    let source = sources.add(Path::new("spec/cpython/3.14/0.yaml"), text);
    spec.layouts.extend(frame_codegen::parse_facts(&sources, source, &mut sink));
    let source = sources.add(Path::new("spec/observed/effects.yaml"), text);
    frame_codegen::parse_observed(&sources, source, &mut spec.observed, &mut Sink::new());
    frame_codegen::check::check(&spec, &sources, &mut sink);
    let _ = sink.render(&sources, Style::Plain);
    if !sink.has_errors() {
        let _ = frame_codegen::emit::emit(&spec, &sources);
    }
});
