//! Names: C's on the way in, Rust's on the way out.

use crate::diag::{Diagnostic, Sink};
use crate::emit::name;
use crate::model::ty::is_c_name;
use crate::source::At;

/// Names are C's; says whether this one is.
pub(super) fn name_syntax(at: &At<String>, sink: &mut Sink) -> bool {
    let right = is_c_name(at);
    if !right {
        sink.report(
            Diagnostic::error("name-syntax", format!("`{}` is no C name", at.escape_debug()))
                .at(at.span, "letters, digits and `_`, no digit first"),
        );
    }
    right
}

/// Names of fields are C's, with dots between them; says whether this one is.
pub(super) fn field_name_syntax(at: &At<String>, sink: &mut Sink) -> bool {
    let right = at.split('.').all(is_c_name);
    if !right {
        sink.report(
            Diagnostic::error("name-syntax", format!("`{}` is no name of a field", at.escape_debug()))
                .at(at.span, "C names, with a dot between a member and what is inside it"),
        );
    }
    right
}

/// The name that a thing gets in Rust is one that Rust takes, and that nothing beside it has: `taken`.
pub(super) fn name_reserved(at: &At<String>, rust: &str, taken: &[&str], sink: &mut Sink) {
    let diagnostic = reserved(at, rust, taken);
    sink.extend(diagnostic.map(|found| found.help("names are given in codegen/src/emit/name.rs")));
}

/// The same for a name that a person chose.
pub(super) fn chosen_name_reserved(at: &At<String>, rust: &str, taken: &[&str], sink: &mut Sink) {
    sink.extend(reserved(at, rust, taken).map(|found| found.help("choose another name")));
}

fn reserved(at: &At<String>, rust: &str, taken: &[&str]) -> Option<Diagnostic> {
    let plain = rust.trim_start_matches("r#");
    let (title, label) = if plain.is_empty() {
        (format!("`{at}` has no name in Rust"), "nothing is left of it without `_`")
    } else if !name::is_name(rust) {
        let label = if plain.starts_with(|c: char| c.is_ascii_digit()) { "no digit first" } else { "a keyword" };
        (format!("`{at}` cannot be called `{plain}` in Rust"), label)
    } else if taken.contains(&rust) {
        (format!("`{at}` would be called `{rust}` in Rust, a name that is taken"), "generated code uses that name")
    } else {
        return None;
    };
    Some(Diagnostic::error("name-reserved", title).at(at.span, label))
}

/// The first line about two things of one kind that have the same name, or would get it in Rust.
pub(super) fn same_name(kind: &str, first: &str, again: &str, rust: &str) -> String {
    if first == again {
        format!("the {kind} `{again}` is there twice")
    } else {
        format!("`{first}` and `{again}` would both be called `{}` in Rust", rust.trim_start_matches("r#"))
    }
}
