//! What the tests share: the spec of this checkout, examples made of several files, interpreters that are installed.

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
pub struct Readme;

pub mod next;
pub mod typed;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use frame_codegen::diag::{Sink, Style};
use frame_codegen::model::Spec;
use frame_codegen::source::{SourceId, Sources};

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace")
}

/// The committed spec; it has no findings.
pub fn committed_spec() -> (Spec, Sources) {
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let spec = frame_codegen::read(&root().join("spec"), &mut sources, &mut sink);
    frame_codegen::check::check(&spec, &sources, &mut sink);
    assert_eq!(sink.render(&sources, Style::Plain), "", "the committed spec has findings");
    (spec, sources)
}

/// A spec out of one text: each line `#--- PATH` starts a file of that path below `spec/`; text before the first one
/// is `cpython/3.14/0.yaml`. Files that end in `.machine`, `.layout` or `.table` are of the spec language.
pub fn read_example(text: &str) -> (Spec, Sources, Sink) {
    let (mut sources, mut sink, mut spec) = (Sources::default(), Sink::new(), Spec::default());
    let mut files: Vec<(String, String)> = vec![("cpython/3.14/0.yaml".to_owned(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("#--- ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => {
                let (_, file) = files.last_mut().expect("there is a first file");
                file.push_str(line);
                file.push('\n');
            }
        }
    }
    for (path, text) in files.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
        let source: SourceId = sources.add(&Path::new("spec").join(&path), text);
        spec.files.push(source);
        let extension = Path::new(&path).extension().unwrap_or_default();
        if ["machine", "layout", "table"].iter().any(|meaning| extension == *meaning) {
            frame_codegen::parse_meaning(&sources, source, &mut spec.meaning, &mut sink);
        } else if path.starts_with("observed/") {
            frame_codegen::parse_observed(&sources, source, &mut spec.observed, &mut sink);
        } else {
            spec.layouts.extend(frame_codegen::parse_facts(&sources, source, &mut sink));
        }
    }
    frame_codegen::check::check(&spec, &sources, &mut sink);
    (spec, sources, sink)
}

/// Compares with a committed text; `UPDATE_EXPECT=1` writes it.
pub fn compare(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, text).expect("an expected file can be written");
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        expected == text,
        "{} differs (UPDATE_EXPECT=1 writes it)\n--- expected\n{expected}\n--- found\n{text}",
        path.display()
    );
}

/// Numbers that are the same on every run.
pub struct Random(pub u64);

impl Random {
    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        // Knuth's MMIX; the low bits of it are poor.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }
}

/// The files of a folder that end so, by name.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listing
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

/// A CPython that is installed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// Its program.
    pub path: PathBuf,
    /// `3.14.10`
    pub release: String,
}

impl Python {
    /// `(3, 14)`
    pub fn minor(&self) -> (u8, u8) {
        let mut parts = self.release.split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }
}

/// The interpreters that are installed, one per release: those that `FRAMESPEC_PYTHONS` lists (separated by `:`), or
/// else all `python3.N` on `PATH`, below pyenv's folder and in `~/.cache/pythons/bin`.
pub fn pythons() -> Vec<Python> {
    let mut candidates: Vec<PathBuf> = Vec::new();
    if let Some(listed) = std::env::var_os("FRAMESPEC_PYTHONS") {
        candidates.extend(std::env::split_paths(&listed));
    } else {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let mut folders: Vec<PathBuf> = Vec::new();
        let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
        if let Ok(versions) = std::fs::read_dir(pyenv.join("versions")) {
            folders.extend(versions.flatten().map(|entry| entry.path().join("bin")));
        }
        folders.push(home.join(".cache/pythons/bin"));
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        folders.sort();
        for folder in folders {
            candidates.extend((8..=40).map(|minor| folder.join(format!("python3.{minor}"))));
        }
    }
    let mut found: Vec<Python> = Vec::new();
    for path in candidates.into_iter().filter(|path| path.is_file()) {
        let script =
            "import sys; assert sys.implementation.name == 'cpython'; print('%d.%d.%d' % sys.version_info[:3])";
        let Ok(output) = Command::new(&path).args(["-c", script]).output() else { continue };
        let release = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && !release.is_empty() && !found.iter().any(|python| python.release == release) {
            found.push(Python { path, release });
        }
    }
    found.sort_by_key(|python| (python.minor(), python.release.clone()));
    found
}

/// The interpreters of the committed facts that are installed; says which are missing.
pub fn pythons_of_facts(test: &str) -> Vec<Python> {
    let (spec, _) = committed_spec();
    let installed = pythons();
    let mut here = Vec::new();
    let mut missing = Vec::new();
    for build in spec.layouts.iter().flat_map(|facts| &facts.verified) {
        let release = build.micro.to_string();
        match installed.iter().find(|python| python.release == release) {
            Some(python) => here.push(python.clone()),
            None => missing.push(release),
        }
    }
    let names: Vec<&str> = here.iter().map(|python| python.release.as_str()).collect();
    // Written past the test runner, which would show it only for a test that fails; once a test program.
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| {
        let line = format!("{test} and others: with CPython {}; not installed: {}\n", list(&names), list(&missing));
        let _ = std::io::stderr().write_all(line.as_bytes());
    });
    here
}

/// Asks each interpreter that is installed with an oracle again, two at a time: what it says is what is committed in a
/// folder below `tests/vectors/` as `<release>.json`.
pub fn ask_again(oracle: &str, vectors: &str, else_now: &str) {
    let (spec, sources) = committed_spec();
    let pythons = std::sync::Mutex::new(pythons_of_facts(vectors).into_iter());
    let next = || pythons.lock().expect("no panic").next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(python) = next() {
                    let of_release = |facts: &&frame_codegen::model::facts::Facts| {
                        facts.flavour.value == frame_codegen::model::version::Flavour::Default
                            && facts.verified.iter().any(|build| build.micro.to_string() == python.release)
                    };
                    let Some(facts) = spec.layouts.iter().find(of_release) else { continue };
                    let path = &sources.file(facts.source.expect("a file")).path;
                    let mut command = Command::new(&python.path);
                    command.current_dir(root()).arg(Path::new("tests/oracle").join(oracle)).arg("--facts").arg(path);
                    let output = command.output().expect("it runs");
                    let file = root().join("tests/vectors").join(vectors).join(format!("{}.json", python.release));
                    let committed = std::fs::read(file).unwrap_or_default();
                    let said = String::from_utf8_lossy(&output.stderr);
                    assert!(output.status.success(), "{}: {said}", python.release);
                    assert!(output.stdout == committed, "{} {else_now}", python.release);
                }
            });
        }
    });
}

fn list<S: AsRef<str>>(items: &[S]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ") }
}

/// A folder for one test, emptied first.
pub fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("frame-tests-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    folder
}

/// The `framespec` of this build, to be run in the root of the checkout.
///
/// `program` is `env!("CARGO_BIN_EXE_framespec-under-test")`, which only a test target knows.
pub fn framespec(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("NO_COLOR", "1");
    command
}
