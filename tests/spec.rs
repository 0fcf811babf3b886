//! Every rule of the reader and the checker has a failing example, and its message is compared.

use std::collections::BTreeSet;

use frame_codegen::diag::Style;
use frame_tests::{compare, files, read_example, root};

/// `tests/spec/fail/layout_overlap.yaml` breaks the rule `layout-overlap`, and only that one.
#[test]
fn every_failing_example_says_what_is_expected() {
    let folder = root().join("tests/spec/fail");
    for path in files(&folder, "yaml") {
        let text = std::fs::read_to_string(&path).expect("a readable example");
        let (_, sources, sink) = read_example(&text);
        let rule = path.file_stem().map(|stem| stem.to_string_lossy().replace('_', "-")).unwrap_or_default();
        // `layout-overlap.2.yaml` is a second example of the same rule.
        let rule = rule.split('.').next().unwrap_or_default().to_owned();
        let found: BTreeSet<&str> = sink.sorted().iter().map(|diagnostic| diagnostic.rule()).collect();
        assert_eq!(
            found,
            BTreeSet::from([rule.as_str()]),
            "{}\n{}",
            path.display(),
            sink.render(&sources, Style::Plain)
        );
        compare(&path.with_extension("expected"), &sink.render(&sources, Style::Plain));
    }
}

#[test]
fn every_passing_example_passes() {
    for path in files(&root().join("tests/spec/pass"), "yaml") {
        let text = std::fs::read_to_string(&path).expect("a readable example");
        let (spec, sources, sink) = read_example(&text);
        assert_eq!(sink.render(&sources, Style::Plain), "", "{}", path.display());
        assert!(!frame_codegen::emit::emit(&spec, &sources).is_empty());
    }
}

/// The rules are what the sources name; each has an example.
#[test]
fn every_rule_has_an_example() {
    let source = root().join("codegen/src");
    let mut texts = vec![source.join("lower.rs"), source.join("parse/yaml.rs")];
    texts.extend(files(&source.join("check"), "rs"));
    let mut rules: BTreeSet<String> = BTreeSet::new();
    for path in texts {
        let text = std::fs::read_to_string(&path).expect("a readable source");
        for part in text.split("Diagnostic::error(").skip(1) {
            let rule = part.trim_start().trim_start_matches('"').split('"').next().unwrap_or_default();
            rules.insert(rule.to_owned());
        }
    }
    let examples: BTreeSet<String> = files(&root().join("tests/spec/fail"), "yaml")
        .iter()
        .filter_map(|path| path.file_stem())
        .map(|stem| stem.to_string_lossy().replace('_', "-").split('.').next().unwrap_or_default().to_owned())
        .collect();
    assert!(rules.len() > 30, "the rules were not found in the sources: {rules:?}");
    let without: Vec<&String> = rules.difference(&examples).collect();
    assert!(without.is_empty(), "rules without a failing example below tests/spec/fail: {without:?}");
    let unknown: Vec<&String> = examples.difference(&rules).collect();
    assert!(unknown.is_empty(), "examples of rules that are no more: {unknown:?}");
}
