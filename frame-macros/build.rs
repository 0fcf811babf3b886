//! Puts the machines, layouts and tables of this release into the macros: a version of somebody's own extends one of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("spec");
    let mut text = String::new();
    list(&mut text, "MEANING", &root, &["machines", "layouts", "tables"]);
    list(&mut text, "OBSERVED", &root, &["observed"]);
    let minors = entries(&root.join("cpython")).into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        name.ends_with(|c: char| c.is_ascii_digit()).then_some(name)
    });
    let mut minors: Vec<String> = minors.collect();
    minors.sort_by_key(|minor| minor.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>());
    writeln!(text, "pub(crate) const MINORS: &[&str] = &{minors:?};").expect("text can be written");
    println!("cargo::rerun-if-changed={}", root.join("cpython").display());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")).join("shipped.rs");
    std::fs::write(&out, text).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// `pub(crate) const NAME: &[(name, text)]`
fn list(text: &mut String, name: &str, root: &Path, folders: &[&str]) {
    writeln!(text, "pub(crate) const {name}: &[(&str, &str)] = &[").expect("text can be written");
    for folder in folders {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        for path in entries(&root.join(folder)) {
            let is_spec = path
                .extension()
                .is_some_and(|ext| ["machine", "layout", "table", "yaml"].iter().any(|known| ext == *known));
            if is_spec {
                println!("cargo::rerun-if-changed={}", path.display());
                let shown = format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy());
                writeln!(text, "    ({shown:?}, include_str!({path:?})),").expect("text can be written");
            }
        }
    }
    writeln!(text, "];").expect("text can be written");
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
