//! Any bytes as an object file: every question that an import asks of its debug information.
#![no_main]

use frame_codegen::import::dwarf::Debug;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut debug) = Debug::read(bytes) else { return };
    let names = ["PyObject", "PyFrameObject", "PyThreadState"];
    if debug.name_structs(names.into_iter()).is_err() {
        return;
    }
    for name in names {
        let _ = debug.find_struct(name, &[]);
        let _ = debug.find_struct(name, &["threads.head".to_owned(), "previous".to_owned()]);
    }
    let _ = debug.find_enum("_frameowner");
    let _ = debug.constants();
});
