//! Every rule of the reader and the checker has a failing example, and its message is compared.

use std::collections::BTreeSet;

use frame_codegen::diag::{Sink, Style};
use frame_codegen::source::{Sources, slashed};
use frame_tests::{Random, compare, files, read_example, root, scratch};

/// `tests/spec/fail/layout_overlap.yaml` breaks the rule `layout-overlap`, and only that one.
#[test]
fn every_failing_example_says_what_is_expected() {
    let folder = root().join("tests/spec/fail");
    let mut wrong = String::new();
    for path in files(&folder, "yaml") {
        let text = std::fs::read_to_string(&path).expect("a readable example");
        let (_, sources, sink) = read_example(&text);
        let rule = path.file_stem().map(|stem| stem.to_string_lossy().replace('_', "-")).unwrap_or_default();
        // `layout-overlap.2.yaml` is a second example of the same rule.
        let rule = rule.split('.').next().unwrap_or_default().to_owned();
        let found: BTreeSet<&str> = sink.sorted().iter().map(|diagnostic| diagnostic.rule()).collect();
        let text = sink.render(&sources, Style::Plain);
        // One mistake each, and one finding.
        if found != BTreeSet::from([rule.as_str()]) || sink.counts() != (1, 0) {
            wrong.push_str(&format!("{}\n{text}\n", path.display()));
            continue;
        }
        compare(&path.with_extension("expected"), &text);
    }
    assert!(wrong.is_empty(), "examples that do not break their rule, or break another:\n{wrong}");
}

#[test]
fn every_passing_example_passes() {
    for path in files(&root().join("tests/spec/pass"), "yaml") {
        let text = std::fs::read_to_string(&path).expect("a readable example");
        let (spec, sources, sink) = read_example(&text);
        assert_eq!(sink.render(&sources, Style::Plain), "", "{}", path.display());
        // A machine that stands alone is emitted by `frame_spec!`.
        if !spec.layouts.is_empty() {
            assert!(!frame_codegen::emit::emit(&spec, &sources).is_empty());
        }
    }
}

/// The rules are what the sources name; each has an example.
#[test]
fn every_rule_has_an_example() {
    let source = root().join("codegen/src");
    let mut texts = vec![source.join("lower.rs")];
    for folder in ["parse", "lower", "check"] {
        texts.extend(files(&source.join(folder), "rs"));
    }
    let mut rules: BTreeSet<String> = BTreeSet::new();
    for path in texts {
        let text = std::fs::read_to_string(&path).expect("a readable source");
        // Helpers take the rule first; one that a function has in a constant stands in quotes as well.
        for call in ["Diagnostic::error(", "unknown(", "name_twice(", "const RULE: &str ="] {
            for part in text.split(call).skip(1) {
                let Some(rule) = part.trim_start().strip_prefix('"') else { continue };
                rules.insert(rule.split('"').next().unwrap_or_default().to_owned());
            }
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

/// What the reader cannot read is a finding that says which file.
#[test]
fn files_that_are_no_text() {
    let folder = scratch("no-text");
    let facts = folder.join("cpython/3.14");
    std::fs::create_dir_all(&facts).expect("a folder can be made");
    std::fs::write(facts.join("10.yaml"), b"version: \"3.14\xff\"\n").expect("a file can be written");
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let spec = frame_codegen::read(&folder, &mut sources, &mut sink);
    assert!(spec.layouts.is_empty() && spec.files.is_empty());
    let text = sink.render(&sources, Style::Plain);
    assert!(text.starts_with("error[read]: cannot read ") && text.contains("3.14/10.yaml: "), "{text}");
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

/// The facts of one version and all that is observed, damaged in a few places: every outcome is a list of findings, and
/// what has none can be emitted.
#[test]
fn damaged_facts_never_panic() {
    let spec = root().join("spec");
    let mut paths = files(&spec.join("cpython/3.14"), "yaml");
    // Without the stack effects: most of their rows are for opcodes of other versions.
    paths.extend(["awaitables", "sizes", "pyc_magic"].map(|topic| spec.join(format!("observed/{topic}.yaml"))));
    let mut whole = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable spec");
        whole.push(format!("#--- {}", slashed(path.strip_prefix(&spec).expect("below the spec"))));
        whole.extend(text.lines().filter(|line| !line.trim_start().starts_with('#')).map(str::to_owned));
    }
    let mut random = Random(0x0314_0010);
    let (mut refused, mut emitted) = (0, 0);
    for _ in 0..200 {
        let mut lines = whole.clone();
        for _ in 0..=random.below(2) {
            let at = random.below(lines.len());
            match random.below(5) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => lines.swap(at, at.saturating_sub(1)),
                3 => lines[at] = lines[at].chars().take(random.below(100)).collect(),
                _ => lines[at] = other_word(&lines[at], &mut random),
            }
        }
        let (spec, sources, sink) = read_example(&lines.join("\n"));
        let findings = sink.render(&sources, Style::Plain);
        assert_eq!(sink.has_errors(), !findings.is_empty());
        if sink.has_errors() {
            refused += 1;
        } else {
            assert!(!frame_codegen::emit::emit(&spec, &sources).is_empty());
            emitted += 1;
        }
    }
    assert!(refused > 50 && emitted > 20, "{refused} were refused, {emitted} emitted");
}

/// The line with one of its words or numbers replaced.
fn other_word(line: &str, random: &mut Random) -> String {
    const NUMBERS: [&str; 8] =
        ["-1", "0", "255", "256", "2147483648", "9223372036854775807", "18446744073709551608", "18446744073709551616"];
    const WORDS: [&str; 12] =
        ["", "_", "self", "Self", "type", "gen", "Addr", "none", "3.9", "PyObject", "u64", "\u{e9}"];
    let words: Vec<&str> =
        line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return String::new();
    }
    let word = words[random.below(words.len())];
    let is_number = word.starts_with(|c: char| c.is_ascii_digit());
    let other = if is_number { NUMBERS[random.below(NUMBERS.len())] } else { WORDS[random.below(WORDS.len())] };
    line.replacen(word, other, 1)
}
