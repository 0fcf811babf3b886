//! `frame_spec!`: reads, checks and emits with `frame-codegen`; every finding becomes one compiler error.

use std::path::Path;

use frame_codegen::ast::{Item, VersionItem};
use frame_codegen::diag::{Diagnostic, Severity, Sink, Style};
use frame_codegen::model::{Meaning, Spec};
use frame_codegen::source::{SourceId, Sources, Span as TextSpan};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{LitStr, Token};

use crate::expand::{beside_manifest, read_again};
use crate::shipped::{MEANING, MINORS};
use crate::text::Text;

/// What is written between the braces: where the runtime is, then a file's name or the specification itself.
struct Input {
    runtime: TokenStream,
    content: Content,
}

enum Content {
    File(LitStr),
    Inline(TokenStream),
}

fn parse(input: ParseStream<'_>) -> syn::Result<Input> {
    let mut runtime = quote!(::frame_runtime);
    if input.peek(Token![crate]) {
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        let path: syn::Path = input.parse()?;
        runtime = quote!(#path);
        input.parse::<Token![;]>()?;
    }
    let content = if input.peek(LitStr) {
        let file = input.parse()?;
        let _: Option<Token![;]> = input.parse()?;
        if !input.is_empty() {
            return Err(input.error("a file's name stands alone"));
        }
        Content::File(file)
    } else {
        Content::Inline(input.parse()?)
    };
    Ok(Input { runtime, content })
}

/// The items of `frame_spec!`.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let input = match parse.parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let mut rebuild = TokenStream::new();
    let (text, source, file) = match input.content {
        Content::Inline(tokens) => {
            let text = Text::of(tokens);
            let source = text.add_to(&mut sources);
            (Some(text), source, None)
        }
        Content::File(file) => {
            let path = match beside_manifest(&file) {
                Ok(path) => path,
                Err(error) => return error,
            };
            let content = match std::fs::read_to_string(&path) {
                Ok(content) => content,
                Err(error) => {
                    return complain(file.span(), file.span(), &format!("cannot read {}: {error}", file.value()));
                }
            };
            rebuild = read_again(&path);
            (None, sources.add(Path::new(&file.value()), content), Some(file))
        }
    };
    let own = frame_codegen::parse_items(&sources, source, &mut sink);
    let items = own.map(|own| build(own, &mut sources, &mut sink));
    let runtime = input.runtime;
    let emitted = items.map(|(meaning, ours)| frame_codegen::emit::emit_own(&meaning, &ours, &runtime));
    let errors = sink.sorted().into_iter().filter(|found| found.severity() == Severity::Error);
    let errors = errors.map(|found| match (&text, &file) {
        (Some(text), _) => at_token(found, text, source, &sources),
        (None, file) => {
            let span = file.as_ref().map_or_else(Span::call_site, LitStr::span);
            complain(span, span, &found.render(&sources, Style::Plain))
        }
    });
    let errors: TokenStream = errors.collect();
    quote!(#errors #rebuild #emitted)
}

/// Extends what we ship, lowers and checks.
fn build(own: Vec<Item>, sources: &mut Sources, sink: &mut Sink) -> (Meaning, Meaning) {
    let version = own.iter().find_map(|item| match item {
        Item::Version(version) => Some(version.clone()),
        _ => None,
    });
    let mut ours = Meaning::default();
    let mut shipped = Vec::new();
    if let Some(minor) = version.as_ref().and_then(|version| version.extends.clone()) {
        if MINORS.contains(&minor.value.to_string().as_str()) {
            shipped = ours_as_written(sources);
            let mut ignored = Sink::new();
            frame_codegen::lower_items(shipped.clone(), &mut ours, &mut ignored);
        } else {
            sink.report(
                Diagnostic::error("extends-unknown", format!("there is no CPython {minor} to extend"))
                    .at(minor.span, "not known")
                    .help(format!("known are {}", MINORS.join(", "))),
            );
        }
    }
    let mut spec = Spec::default();
    if sink.has_errors() {
        // Nothing of an unknown version is known: only its name is left.
        spec.meaning.version = version.map(|version| VersionItem { extends: None, ..version });
        return (spec.meaning, ours);
    }
    let named = |item: &Item| match item {
        Item::Machine(machine) => Some(machine.name.value.clone()),
        _ => None,
    };
    let named: Vec<String> = own.iter().filter_map(named).collect();
    let items = frame_codegen::extend::extend(shipped, own, sink);
    frame_codegen::lower_items(items, &mut spec.meaning, sink);
    let minor = version.and_then(|version| version.extends).map(|minor| minor.value);
    for machine in spec.meaning.machines.iter().filter(|machine| ours.machine(&machine.name).is_some()) {
        let Some(minor) = minor.filter(|minor| !machine.exists(*minor)) else { continue };
        if named.contains(&machine.name.value) {
            sink.report(
                Diagnostic::error("extension-version", format!("CPython {minor} has no `{}`", machine.name))
                    .at(machine.name.span, format!("it is there in {}", machine.range)),
            );
        }
    }
    // Findings about a part that could not be lowered would only be consequences.
    if !sink.has_errors() {
        frame_codegen::check::check_meaning(&spec, sink);
    }
    (spec.meaning, ours)
}

/// Machines, layouts and tables of this release.
fn ours_as_written(sources: &mut Sources) -> Vec<Item> {
    let mut items = Vec::new();
    for (name, text) in MEANING {
        let source = sources.add(Path::new(name), *text);
        let mut sink = Sink::new();
        items.extend(frame_codegen::parse_items(sources, source, &mut sink).unwrap_or_default());
    }
    items
}

/// The error at the first of its places that is among the tokens; others are told by their lines.
fn at_token(found: &Diagnostic, text: &Text, source: SourceId, sources: &Sources) -> TokenStream {
    let whole = Span::call_site();
    let place = found.places().find(|place| place.source == source);
    let (first, last) = place.and_then(|place| text.tokens(place)).unwrap_or((whole, whole));
    let tell = |place: TextSpan| match text.tokens(place).filter(|_| place.source == source) {
        Some((first, _)) => format!("line {}", first.start().line),
        None => {
            let (line, column) = sources.line_column(place);
            format!("{}:{line}:{column}", sources.file(place.source).name)
        }
    };
    complain(first, last, &found.words(place, tell))
}

/// An error that is underlined from the first token to the last.
fn complain(first: Span, last: Span, message: &str) -> TokenStream {
    let mut tokens = quote_spanned!(first=> ::core::compile_error!);
    let mut group = proc_macro2::Group::new(proc_macro2::Delimiter::Brace, quote_spanned!(last=> #message));
    group.set_span(last);
    tokens.extend([TokenTree::Group(group)]);
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One compiler error for one mistake, with these words in it.
    fn fails(input: &str, words: &[&str]) {
        let expanded = expand(input.parse().expect("tokens")).to_string();
        assert_eq!(expanded.matches("compile_error !").count(), 1, "{expanded}");
        for word in words {
            assert!(expanded.contains(word), "{word:?} is not in {expanded}");
        }
    }

    #[test]
    fn a_file_with_a_mistake_has_its_place_and_builds_again_when_it_is_mended() {
        fails(
            r#""../tests/macros/lamp.machine""#,
            &[
                "error[state-unknown]",
                "../tests/macros/lamp.machine:8:16",
                "did you mean `dark`?",
                "include_bytes",
                // What is left of the machine is there: the mistake has no other errors.
                "pub mod lamp",
            ],
        );
    }

    #[test]
    fn a_file_becomes_what_its_text_would() {
        let from_file = expand(quote!(crate = my::runtime; "../tests/macros/door.machine")).to_string();
        let text = std::fs::read_to_string("../tests/macros/door.machine").expect("a file");
        let inline = expand(format!("crate = my::runtime; {text}").parse().expect("tokens")).to_string();
        let (_, from_file) = from_file.split_once("include_bytes").expect("it is read again when it changes");
        assert!(from_file.ends_with(&inline), "{inline}\n{from_file}");
        assert!(inline.contains("my :: runtime :: machine") && !inline.contains("frame_runtime"));
    }

    #[test]
    fn options_that_are_none() {
        fails("crate = ; machine x {}", &["expected"]);
        fails(r#""a.machine" machine x {}"#, &["a file's name stands alone"]);
        fails(r#""no/such.machine""#, &["cannot read no/such.machine"]);
        fails("version Mine extends 3.7;", &["there is no CPython 3.7 to extend", "3.8, 3.9, 3.10"]);
        fails(
            "version Mine extends 3.7; machine owner { states { arena; } on free { arena -> end; } }",
            &["there is no CPython 3.7 to extend", "pub enum Mine"],
        );
    }

    #[test]
    fn what_cannot_be_extended_is_said() {
        let owner = "machine owner { states { arena; } on free { arena -> end; } start arena; }";
        fails(&format!("version Mine extends 3.9; {owner}"), &["CPython 3.9 has no `owner`", "3.11 on"]);
        fails("version Mine extends 3.14; layout frames { extra calls u32; }", &["frames are `interpreter_frame`"]);
        fails("layout interpreter_frame { extra calls u32; }", &["of which version?"]);
        let field = r#"version Mine extends 3.14; layout interpreter_frame { owner plain "x"; }"#;
        fails(field, &["the fields of CPython are fixed"]);
    }

    #[test]
    fn a_table_with_a_mistake_is_said_once() {
        let table = |column: &str, head: &str, last: u32| {
            let row = format!("row {{ {column} \"x\"; }} entry {{ {head}; 0..={last} all {{ {column} = byte; }} }}");
            format!("table small {{ unit 1 bytes; {row} }}")
        };
        // What is wrong with the bits leaves the names.
        fails(&table("x", "code 7 bits", 127), &["the head of `small` has 7 bits", "pub struct SmallRow"]);
        for name in ["_", "_1", "self", "Self"] {
            fails(&table(name, "code 8 bits", 255), &["in Rust"]);
        }
        assert!(
            expand(table("type", "code 8 bits", 255).parse().expect("tokens")).to_string().contains("r#type : i32")
        );
    }

    #[test]
    fn places_are_those_of_the_tokens() {
        let tokens: TokenStream = "machine m {\n  start\n  here;\n}".parse().expect("tokens");
        let text = Text::of(tokens);
        let mut sources = Sources::default();
        let source = text.add_to(&mut sources);
        let at = u32::try_from(text.text.find("here").expect("a word")).expect("a short text");
        let (first, last) = text.tokens(TextSpan { source, start: at, end: at + 4 }).expect("tokens");
        assert_eq!((first.start().line, first.start().column), (3, 2));
        assert_eq!(last.end().column, 6);
    }
}
