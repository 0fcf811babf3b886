//! Any text as a file of the spec language, alone and beside facts: read, checked, printed, and read again as the same.
#![no_main]

use std::path::Path;

use frame_codegen::ast;
use frame_codegen::check::check_meaning;
use frame_codegen::diag::{Sink, Style};
use frame_codegen::model::Spec;
use frame_codegen::source::Sources;
use libfuzzer_sys::fuzz_target;

/// Facts of two versions, of each kind that something is declared of.
const FACTS: &str = include_str!("../facts.yaml");

fuzz_target!(|text: &str| {
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let source = sources.add(Path::new("spec/machines/some.machine"), text);
    let mut alone = Spec::default();
    frame_codegen::parse_meaning(&sources, source, &mut alone.meaning, &mut sink);
    let understood = !sink.has_errors();
    check_meaning(&alone, &mut sink);
    assert_eq!(sink.has_errors(), !sink.render(&sources, Style::Plain).is_empty());
    if understood {
        let (mut beside, mut sink) = (Spec { meaning: alone.meaning, ..Spec::default() }, Sink::new());
        for (path, facts) in [("3.12/0.yaml", FACTS.replace("3.14", "3.12")), ("3.14/0.yaml", FACTS.to_owned())] {
            let source = sources.add(&Path::new("spec/cpython").join(path), facts);
            beside.layouts.extend(frame_codegen::parse_facts(&sources, source, &mut sink));
        }
        assert!(!sink.has_errors(), "{}", sink.render(&sources, Style::Plain));
        check_meaning(&beside, &mut sink);
        let _ = sink.render(&sources, Style::Plain);
    }

    let mut sink = Sink::new();
    let Some(items) = frame_codegen::parse_items(&sources, source, &mut sink).filter(|_| !sink.has_errors()) else {
        return;
    };
    let printed = ast::print(&items);
    let source = sources.add(Path::new("printed.machine"), printed.as_str());
    let again = frame_codegen::parse_items(&sources, source, &mut sink);
    assert_eq!(sink.render(&sources, Style::Plain), "");
    assert_eq!(again.as_ref(), Some(&items), "{printed}");
    assert_eq!(again.map(|items| ast::print(&items)), Some(printed));
});
