//! Reads, checks and emits with `frame-codegen`; every finding becomes one compiler error.

use std::path::{Path, PathBuf};

use frame_codegen::diag::{Diagnostic, Severity, Sink, Style};
use frame_codegen::model::Spec;
use frame_codegen::source::Sources;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::input::Layout;
use crate::shipped::{MEANING, OBSERVED};

/// The items of `layout!`.
pub(crate) fn layout(input: &Layout) -> TokenStream {
    let (mut sources, mut sink, mut spec) = (Sources::default(), Sink::new(), Spec::default());
    let mut read = Vec::new();
    let path = match beside_manifest(&input.file) {
        Ok(path) => path,
        Err(error) => return error,
    };
    // Messages name files as they are written, from the crate's manifest on.
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let source = sources.add(Path::new(&input.file.value()), text);
            read.push(path);
            spec.layouts.extend(frame_codegen::parse_facts(&sources, source, &mut sink));
        }
        Err(error) => return complain(&input.file, &format!("cannot read {}: {error}", input.file.value())),
    }
    // What is wrong with the layout itself comes first: observed facts would only complain about its consequences.
    frame_codegen::check::check_one(&spec, &mut sink);
    match &input.observed {
        _ if sink.has_errors() => {}
        None => {
            for (name, text) in OBSERVED {
                let source = sources.add(Path::new(name), *text);
                frame_codegen::parse_observed(&sources, source, &mut spec.observed, &mut sink);
            }
            // A layout may lack what ours need; nobody asked for these structs by name.
            let (observed, facts) = (&mut spec.observed, spec.layouts.first());
            let known = std::mem::take(&mut observed.structs);
            let laid_out = |item: &_| facts.is_some_and(|facts| observed.lay_out(item, facts).is_some());
            let kept = known.into_iter().filter(laid_out).collect();
            observed.structs = kept;
        }
        Some(folder) => {
            let folder_path = match beside_manifest(folder) {
                Ok(path) => path,
                Err(error) => return error,
            };
            let files = match yaml_files(&folder_path) {
                Ok(files) => files,
                Err(error) => return complain(folder, &format!("cannot list {}: {error}", folder.value())),
            };
            for file in files {
                let name = Path::new(&folder.value()).join(file.file_name().unwrap_or_default());
                match std::fs::read_to_string(&file) {
                    Ok(text) => {
                        let source = sources.add(&name, text);
                        frame_codegen::parse_observed(&sources, source, &mut spec.observed, &mut sink);
                    }
                    Err(error) => return complain(folder, &format!("cannot read {}: {error}", name.display())),
                }
                read.push(file);
            }
        }
    }
    if !sink.has_errors() {
        frame_codegen::check::check_one(&spec, &mut sink);
    }
    // Which tables the version has.
    for (name, text) in MEANING.iter().filter(|(name, _)| name.starts_with("tables/")) {
        let source = sources.add(Path::new(name), *text);
        frame_codegen::parse_meaning(&sources, source, &mut spec.meaning, &mut sink);
    }
    let rebuild: TokenStream = read.iter().map(|path| read_again(path)).collect();
    let errors = sink.sorted().into_iter().filter(|found| found.severity() == Severity::Error);
    let errors: Vec<TokenStream> = errors.map(|found| complain_of(&input.file, found, &sources)).collect();
    if !errors.is_empty() {
        return quote!(#(#errors)* #rebuild);
    }
    let runtime = input.runtime.as_ref().map_or(quote!(::frame_runtime), |path| quote!(#path));
    match spec.layouts.first() {
        Some(facts) => {
            let items = frame_codegen::emit::emit_inside(facts, &spec, &sources, runtime);
            quote!(#rebuild #items)
        }
        None => complain(&input.file, "the file holds no layout"),
    }
}

/// An edit of a file that was read builds the crate again, also when the last build failed.
pub(crate) fn read_again(path: &Path) -> TokenStream {
    let path = path.to_string_lossy();
    quote!(
        const _: &[u8] = include_bytes!(#path);
    )
}

/// A path as written, from the folder of the crate's manifest.
pub(crate) fn beside_manifest(path: &LitStr) -> Result<PathBuf, TokenStream> {
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => Ok(PathBuf::from(folder).join(path.value())),
        None => Err(complain(path, "CARGO_MANIFEST_DIR is not set: build with cargo")),
    }
}

fn yaml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn complain(at: &LitStr, message: &str) -> TokenStream {
    let span = at.span();
    quote_spanned!(span=> ::core::compile_error!(#message);)
}

/// The message as `framespec` would print it: it has the file, line and column.
fn complain_of(at: &LitStr, found: &Diagnostic, sources: &Sources) -> TokenStream {
    complain(at, &found.render(sources, Style::Plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(input: &str) -> String {
        match syn::parse_str(input) {
            Ok(input) => layout(&input).to_string(),
            Err(error) => error.to_compile_error().to_string(),
        }
    }

    /// One compiler error for one mistake, with these words in it.
    fn fails(input: &str, words: &[&str]) {
        let expanded = expand(input);
        assert_eq!(expanded.matches("compile_error !").count(), 1, "{expanded}");
        for word in words {
            assert!(expanded.contains(word), "{word:?} is not in {expanded}");
        }
    }

    #[test]
    fn a_file_that_is_not_there() {
        fails(r#""facts/3.14/99.yaml""#, &["cannot read facts/3.14/99.yaml"]);
        fails(r#""../spec/cpython/3.14/10.yaml", observed = "nowhere""#, &["cannot list nowhere"]);
    }

    #[test]
    fn a_file_with_a_mistake_has_its_place_and_builds_again_when_it_is_mended() {
        let file = "../tests/spec/fail/layout_overlap.yaml";
        fails(
            &format!("{file:?}"),
            &["error[layout-overlap]", "../tests/spec/fail/layout_overlap.yaml:13:", "include_bytes"],
        );
    }

    #[test]
    fn options_that_are_none() {
        fails(r#""x.yaml", obzerved = "y""#, &["expected `observed = ", "`crate = PATH`"]);
        fails(r#""x.yaml", crate = a, crate = b"#, &["`crate` is given twice"]);
        fails("x.yaml", &["expected string literal"]);
    }

    #[test]
    fn the_runtime_is_where_it_is_said_to_be() {
        let expanded = expand(r#""../spec/cpython/3.14/10.yaml", crate = my::runtime"#);
        assert!(expanded.contains("use my :: runtime :: number :: Number") && !expanded.contains("frame_runtime"));
        assert!(expanded.contains("pub const PYC_MAGIC : u16 = 3627"));
    }
}
