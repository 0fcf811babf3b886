//! `framespec import`: the installed interpreters give the committed facts, and everything that can go wrong says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::{Expect, expect};
use frame_codegen::import::{Request, Written, import, place};
use frame_tests::next::{copy, declare_what_is_new, run_the_runtimes_tests};
use frame_tests::{Python, committed_spec, pythons_of_facts, root, scratch};

fn framespec() -> Command {
    frame_tests::framespec(env!("CARGO_BIN_EXE_framespec-under-test"))
}

fn compiler() -> Option<&'static str> {
    ["cc", "gcc", "clang"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok())
}

/// Interpreters and a compiler, or `None` with a word about what is missing.
fn ready(test: &str) -> Option<Vec<Python>> {
    let pythons = pythons_of_facts(test);
    if compiler().is_none() {
        eprintln!("{test}: no C compiler is installed");
        return None;
    }
    (!pythons.is_empty()).then_some(pythons)
}

/// The folder of an interpreter's own headers, as the interpreter says.
fn headers(python: &Python) -> Option<PathBuf> {
    let script = "import sysconfig, sys, os\nfor p in (sysconfig.get_paths()['include'], \
        os.path.join(sys.prefix, 'include', 'python%d.%d' % sys.version_info[:2])):\n \
        if os.path.exists(os.path.join(p, 'Python.h')): print(p); break";
    let output = Command::new(&python.path).args(["-c", script]).output().ok()?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    path.join("internal").is_dir().then_some(path)
}

#[test]
fn installed_interpreters_give_the_committed_facts() {
    let Some(pythons) = ready("installed_interpreters_give_the_committed_facts") else { return };
    let (spec, sources) = committed_spec();
    for python in pythons {
        if headers(&python).is_none() {
            eprintln!("CPython {}: its headers are not installed", python.release);
            continue;
        }
        let request = Request { python: Some(python.path.clone()), ..Request::default() };
        let imported = import(&request, &|_| {}).unwrap_or_else(|failure| panic!("{}: {failure:?}", python.release));
        let placement = place(&spec, &sources, &root().join("spec"), &imported.facts).expect("a place");
        assert_eq!(placement.written, Written::Unchanged, "CPython {} gives other facts", python.release);
        assert!(imported.compiler_agreed > 350, "{}", imported.compiler_agreed);
        let has_own_offsets = python.minor() >= (3, 13);
        assert_eq!(imported.interpreter_agreed.is_some(), has_own_offsets, "{}", python.release);
        assert!(imported.interpreter_agreed.is_none_or(|count| count >= 60));
    }
}

#[test]
fn headers_alone_give_the_free_threaded_facts() {
    let Some(pythons) = ready("headers_alone_give_the_free_threaded_facts") else { return };
    let (spec, sources) = committed_spec();
    for python in pythons.iter().filter(|python| python.minor() >= (3, 13)) {
        let known = spec
            .layouts
            .iter()
            .any(|facts| facts.unwitnessed.iter().any(|build| build.micro.to_string() == python.release));
        let (true, Some(include)) = (known, headers(python)) else { continue };
        let request =
            Request { include: vec![include], defines: vec!["Py_GIL_DISABLED=1".to_owned()], ..Request::default() };
        let imported = import(&request, &|_| {}).unwrap_or_else(|failure| panic!("{}: {failure:?}", python.release));
        let placement = place(&spec, &sources, &root().join("spec"), &imported.facts).expect("a place");
        assert_eq!(placement.written, Written::Unchanged, "the headers of {} give other facts", python.release);
    }
}

/// A second import into a new folder changes nothing, and gives the committed bytes.
#[test]
fn a_second_import_changes_nothing() {
    let Some(pythons) = ready("a_second_import_changes_nothing") else { return };
    let Some(python) = pythons.iter().rev().find(|python| headers(python).is_some()) else { return };
    let folder = scratch("second-import");
    let run = || {
        let output =
            framespec().arg("import").arg(&python.path).arg("--spec").arg(&folder).output().expect("framespec");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(run().contains("a new layout"));
    assert!(run().contains("nothing new"));
}

#[test]
fn observed_facts_are_what_interpreters_say() {
    let pythons = pythons_of_facts("observed_facts_are_what_interpreters_say");
    if pythons.is_empty() {
        return;
    }
    let mut command = framespec();
    command.arg("witness").args(pythons.iter().map(|python| &python.path));
    let output = command.output().expect("framespec");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    for python in &pythons {
        assert!(stdout.contains(&format!("{}: agreed: ", python.release)), "{stdout}");
    }
}

/// An observed fact that is wrong is contradicted, with the place of its row.
#[test]
fn a_wrong_stack_effect_is_contradicted() {
    let pythons = pythons_of_facts("a_wrong_stack_effect_is_contradicted");
    let Some(python) = pythons.last() else { return };
    let folder = scratch("wrong-effect");
    copy(&root().join("spec"), &folder);
    let path = folder.join("observed/stack_effects.yaml");
    let text = std::fs::read_to_string(&path).expect("effects");
    let wrong = text.replace("{ opcode: POP_TOP, effect: \"-1\" }", "{ opcode: POP_TOP, effect: \"-2\" }");
    assert_ne!(text, wrong);
    std::fs::write(&path, wrong).expect("a writable folder");
    let output = framespec().arg("witness").arg(&python.path).arg("--spec").arg(&folder).output().expect("framespec");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("error[witness-differs]")
            && stderr.contains("declared -2 for POP_TOP 0, the interpreter says -1"),
        "{stderr}"
    );
}

/// A witness that says nothing has shown nothing.
#[test]
fn a_silent_witness_is_an_error() {
    let pythons = pythons_of_facts("a_silent_witness_is_an_error");
    let Some(python) = pythons.last() else { return };
    let folder = scratch("silent-witness");
    copy(&root().join("spec"), &folder);
    std::fs::write(folder.join("observed/witness.py"), "print('{}')\n").expect("a writable folder");
    let output = framespec().arg("witness").arg(&python.path).arg("--spec").arg(&folder).output().expect("framespec");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error[witness-nothing]") && stderr.contains("nothing was compared"), "{stderr}");
}

/// Headers with a field more than the interpreter was built with: its own offsets say so.
#[test]
fn headers_of_another_build_are_caught_by_the_interpreters_own_offsets() {
    let Some(pythons) = ready("headers_of_another_build_are_caught_by_the_interpreters_own_offsets") else { return };
    let found = pythons.iter().rev().find_map(|python| Some((python, headers(python)?)));
    let Some((python, include)) = found.filter(|(python, _)| python.minor() >= (3, 14)) else { return };
    let tree = changed_headers("other-build", &include);
    let folder = scratch("other-build-spec");
    let output = framespec()
        .arg("import")
        .arg(&python.path)
        .arg("--include")
        .arg(&tree)
        .arg("--spec")
        .arg(&folder)
        .output()
        .expect("framespec");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("error[import-disagree]: `_Py") && stderr.contains("for the interpreter itself"),
        "{stderr}"
    );
    assert_empty(&folder);
}

/// An interpreter that says something else of itself than its headers do.
#[test]
#[cfg(unix)]
fn an_interpreter_that_contradicts_its_headers_names_both_sides() {
    let Some(pythons) = ready("an_interpreter_that_contradicts_its_headers_names_both_sides") else { return };
    let found = pythons.iter().rev().find(|python| python.minor() >= (3, 14) && headers(python).is_some());
    let Some(python) = found else { return };
    for (change, said) in [
        (r#"s/"POP_TOP": [0-9]*/"POP_TOP": 250/"#, "POP_TOP is 250 for the interpreter's opcode module and "),
        (
            r#"s/"LOAD_ATTR": 9\b/"LOAD_ATTR": 8/"#,
            "LOAD_ATTR has 8 cache units for the interpreter and 9 in the headers' table",
        ),
        (r#"s/"pyc_magic": [0-9]*/"pyc_magic": 1/"#, "the pyc magic is 1 for the interpreter and "),
        (
            r#"s/"free_threaded": false/"free_threaded": true/"#,
            "the interpreter is a free-threaded build, the headers are configured for default",
        ),
        (
            r#"s/"hexversion": [0-9]*/"hexversion": 51118320/"#,
            "the interpreter is CPython 3.12.0, the headers are of 3.",
        ),
        ("s/-D_Py_TIER2=3 -D_Py_JIT//", "for the interpreter itself (_Py_DebugOffsets."),
        (r#"s/"BINARY_OP_ADD_INT"/"BINARY_OP_ADD_INTEGER"/"#, "BINARY_OP_ADD_INT"),
    ] {
        // Not every build has the options that the last change takes away.
        if change.contains("_Py_TIER2") && !core_options(python).contains("-D_Py_TIER2=3 -D_Py_JIT") {
            continue;
        }
        let liar = fake("liar", &format!("{} \"$@\" | sed '{change}'", python.path.display()));
        let folder = scratch("liar-spec");
        let output = framespec().arg("import").arg(&liar).arg("--spec").arg(&folder).output().expect("framespec");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{change}\n{stderr}");
        assert!(stderr.contains("error[import-disagree]") && stderr.contains(said), "{change}\n{stderr}");
        assert_empty(&folder);
    }
}

fn core_options(python: &Python) -> String {
    let script = "import sysconfig; print(sysconfig.get_config_var('PY_CORE_CFLAGS'))";
    let output = Command::new(&python.path).args(["-c", script]).output().expect("an interpreter");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A copy of headers with one more field in `_PyInterpreterFrame` and one more frame state.
fn changed_headers(name: &str, include: &Path) -> PathBuf {
    let tree = scratch(name).join(include.file_name().expect("a folder with a name"));
    copy(include, &tree);
    // Debian's pyconfig.h includes one beside the folder.
    if let Some(parent) = include.parent() {
        let machine = parent.join("x86_64-linux-gnu");
        if machine.join(include.file_name().expect("a name")).is_dir() {
            let inside = Path::new("x86_64-linux-gnu").join(include.file_name().expect("a name"));
            copy(&parent.join(&inside), &tree.parent().expect("a parent").join(&inside));
        }
    }
    change(&tree, "struct _PyInterpreterFrame *previous;", "struct _PyInterpreterFrame *previous; void *f_inserted;");
    change(&tree, "FRAME_EXECUTING =", "FRAME_INSERTED = 77, FRAME_EXECUTING =");
    tree
}

/// Replaces a text in the one header that has it.
fn change(tree: &Path, from: &str, to: &str) {
    let mut changed = 0;
    for header in frame_tests::files(&tree.join("internal"), "h") {
        let Ok(text) = std::fs::read_to_string(&header) else { continue };
        if text.contains(from) {
            std::fs::write(&header, text.replacen(from, to, 1)).expect("a writable copy");
            changed += 1;
        }
    }
    assert!(changed > 0, "no header has `{from}`");
}

/// No file was left behind, not even half of one.
fn assert_empty(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            assert!(entry.path().is_dir(), "{} was written", entry.path().display());
            folders.push(entry.path());
        }
    }
}

/// The whole way of a new CPython: changed headers of 3.15 as 3.16 are imported, told apart, declared, generated, and run.
#[test]
fn changed_headers_become_a_new_version() {
    let Some(pythons) = ready("changed_headers_become_a_new_version") else { return };
    let newest = pythons.iter().rev().find(|python| python.minor() == (3, 15));
    let Some(include) = newest.and_then(headers) else {
        eprintln!("changed_headers_become_a_new_version: the headers of CPython 3.15 are not installed");
        return;
    };
    let tree = changed_headers("as-3.16", &include);
    let spec = scratch("as-3.16-spec");
    copy(&root().join("spec"), &spec);
    let run = |arguments: &[&str]| -> Output {
        framespec().args(arguments).arg("--spec").arg(&spec).output().expect("framespec")
    };
    let include = tree.to_str().expect("a plain path");
    let imported = run(&["import", "--include", include, "--as", "3.16.0a1"]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let said = String::from_utf8_lossy(&imported.stdout);
    assert!(said.contains("what changed: framespec diff 3.15.") && !said.contains("gone since"), "{said}");
    let diff = run(&["diff", "3.15", "3.16"]);
    let words = String::from_utf8_lossy(&diff.stdout);
    assert!(words.contains("f_inserted") && words.contains("FRAME_INSERTED"), "{words}");
    let check = run(&["check"]);
    let asked = String::from_utf8_lossy(&check.stderr);
    assert_eq!(check.status.code(), Some(1), "{asked}");
    assert!(asked.contains("error[field-meaning]: nothing says what `f_inserted`"), "{asked}");
    assert!(asked.contains("error[state-number-missing]: `FRAME_INSERTED`"), "{asked}");
    declare_what_is_new(&spec);
    let check = run(&["check"]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let ran = run_the_runtimes_tests(&spec, "as-3.16-crate");
    assert!(ran.iter().any(|(version, count)| version == "Cpython3_16" && *count >= 15), "{ran:?}");
}

/// A program that answers as `framespec import` asks, without being an interpreter.
#[cfg(unix)]
fn fake(name: &str, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = scratch(&format!("fake-{name}")).join("python");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a writable folder");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("an executable");
    path
}

/// The message of an import that fails; paths of this run are shortened. Nothing was written.
#[cfg(unix)]
fn failure(name: &str, arguments: &[&str], expected: Expect) {
    let folder = scratch(&format!("failure-{name}"));
    let output = framespec().arg("import").args(arguments).arg("--spec").arg(&folder).output().expect("framespec");
    assert!(!output.status.success());
    let mut text = String::from_utf8_lossy(&output.stderr).into_owned();
    for argument in arguments.iter().filter(|argument| argument.starts_with('/')) {
        let short = Path::new(argument).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        text = text.replace(argument, &format!(".../{short}"));
    }
    // Steps are for people who wait; what follows the first error is the message.
    let message = text.find("error").map_or(text.as_str(), |start| &text[start..]);
    expected.assert_eq(&format!("exit {}\n{message}", output.status.code().unwrap_or(-1)));
    assert_empty(&folder);
}

#[test]
#[cfg(unix)]
fn what_is_no_cpython() {
    failure(
        "missing",
        &["/nowhere/python3.14"],
        expect![[r#"
        exit 3
        error[import-interpreter]: cannot start .../python3.14: No such file or directory (os error 2)
         |
         = help: give the path of a CPython, or a name that is on PATH; for headers alone, --include DIR
    "#]],
    );
    let silent = fake("silent", "exit 3");
    failure(
        "silent",
        &[silent.to_str().expect("plain")],
        expect![[r#"
        exit 3
        error[import-not-cpython]: .../python is not a CPython: asked for its version it said nothing and ended with exit status: 3
         |
         = help: give the path of a CPython 3.8 or later
    "#]],
    );
    let chatty = fake("chatty", "echo hello");
    failure(
        "chatty",
        &[chatty.to_str().expect("plain")],
        expect![[r#"
        exit 3
        error[import-not-cpython]: .../python is not a CPython: its answer is not what was asked for
         |
         = help: give the path of a CPython 3.8 or later
    "#]],
    );
    let pypy = fake("pypy", r#"echo '{"implementation": "pypy", "version_info": [3, 11, 13]}'"#);
    failure(
        "pypy",
        &[pypy.to_str().expect("plain")],
        expect![[r#"
        exit 3
        error[import-not-cpython]: .../python is not a CPython: it says that it is pypy 3.11.13
         |
         = help: give the path of a CPython 3.8 or later
    "#]],
    );
    let old = fake("old", r#"echo '{"implementation": "cpython", "version_info": [3, 7, 17]}'"#);
    failure(
        "old",
        &[old.to_str().expect("plain")],
        expect![[r#"
            exit 3
            error[import-version]: .../python is CPython 3.7.17; 3.8 is the oldest that is described
             |
             = help: give the path of a newer CPython
        "#]],
    );
}

/// What a CPython 3.14 would say of itself, with the folder of its headers.
#[cfg(unix)]
fn fake_cpython(name: &str, include: &str) -> PathBuf {
    let answer = format!(
        r#"{{"implementation": "cpython", "version_info": [3, 14, 0], "hexversion": 51249392, "free_threaded": false,
        "debug": false, "pointer_bits": 64, "include": ["{include}"], "core_cflags": "-DNDEBUG", "mapped": [],
        "pyc_magic": 3627, "opmap": {{}}, "specialized_opmap": {{}}, "specialized_names": [], "specializations": {{}}, "caches": {{}},
        "have_argument": 43, "hasarg": [], "hasconst": [], "hasname": [], "haslocal": [], "hasfree": [],
        "hascompare": [], "hasjrel": [], "hasjabs": [], "backward": []}}"#
    );
    fake(name, &format!("cat <<'END' | tr -d '\\n'\n{answer}\nEND"))
}

#[test]
#[cfg(unix)]
fn headers_that_are_not_there_or_do_not_compile() {
    let without = fake_cpython("without-headers", "/nowhere/include");
    failure(
        "no-headers",
        &[without.to_str().expect("plain")],
        expect![[r#"
        exit 3
        error[import-no-headers]: the interpreter's headers are not installed
         |
         = note: no Python.h in /nowhere/include
         = help: install the development package (python3.14-dev, python3.14-devel), or say where they are with --include DIR
    "#]],
    );
    failure(
        "no-folder",
        &["--include", "/nowhere/include"],
        expect![[r#"
        exit 3
        error[import-no-headers]: cannot use the folder .../include: No such file or directory (os error 2)
         |
         = help: --include names the folder that Python.h lies in
    "#]],
    );
    if compiler().is_none() {
        return;
    }
    let include = scratch("broken-include");
    std::fs::write(include.join("Python.h"), "#error broken on purpose\n").expect("a header");
    let text = include.to_str().expect("plain");
    let python = fake_cpython("broken-headers", text);
    let output =
        framespec().arg("import").arg(&python).arg("--spec").arg(scratch("broken-spec")).output().expect("framespec");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("error[import-headers]: the headers do not compile"), "{stderr}");
    assert!(stderr.contains("broken on purpose") && stderr.contains("--define NAME=VALUE"), "{stderr}");
}

#[test]
#[cfg(unix)]
fn a_compiler_that_is_not_there() {
    let include = scratch("no-compiler");
    std::fs::write(include.join("Python.h"), "").expect("a header");
    let include = include.to_str().expect("plain").to_owned();
    if Path::new("/bin/true").exists() {
        let output = framespec()
            .args(["import", "--include", &include, "--cc", "/bin/true", "--spec"])
            .arg(scratch("true-spec"))
            .output()
            .expect("framespec");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("/bin/true said that all is well, and left nothing to read"), "{stderr}");
    }
    failure(
        "no-compiler",
        &["--include", &include, "--cc", "/nowhere/cc"],
        expect![[r#"
        exit 3
        error[import-no-compiler]: no C compiler: tried .../cc
         |
         = help: install gcc or clang, or name one with --cc or the variable CC
    "#]],
    );
}

#[test]
fn usage_is_checked_before_anything_runs() {
    for (arguments, said) in [
        (vec!["import"], "required"),
        (vec!["import", "--include", "x", "--define", "1X=2"], "expected NAME or NAME=VALUE"),
        (vec!["import", "--include", "x", "--as", "3.x"], "is not a release such as 3.14.10 or 3.16.0a3"),
        (vec!["import", "python3", "--as", "3.16.0"], "cannot be used with"),
    ] {
        let output = framespec().args(&arguments).output().expect("framespec");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}
