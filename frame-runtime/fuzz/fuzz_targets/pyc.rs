//! Any bytes as a .pyc file of the version that its magic number names: read, looked at, verified.
#![no_main]

use frame_runtime::plain::Plain;
use frame_runtime::pyc::{self, Header, marshal};
use frame_runtime::version::{
    Cpython3_8, Cpython3_9, Cpython3_10, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15, Version,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(header) = Header::read(bytes) else { return };
    match header.version {
        "3.8" => look::<Cpython3_8>(bytes),
        "3.9" => look::<Cpython3_9>(bytes),
        "3.10" => look::<Cpython3_10>(bytes),
        "3.11" => look::<Cpython3_11>(bytes),
        "3.12" => look::<Cpython3_12>(bytes),
        "3.13" => look::<Cpython3_13>(bytes),
        "3.14" => look::<Cpython3_14>(bytes),
        "3.15" => look::<Cpython3_15>(bytes),
        other => panic!("what is {other}?"),
    }
});

fn look<P: Version>(bytes: &[u8]) {
    let vm = Plain::<P>::default();
    // Whatever it is that stands behind the header.
    let _ = marshal::read(&vm, bytes.get(Header::SIZE..).unwrap_or_default());
    let (_, code) = match pyc::read(&vm, bytes) {
        Ok(found) => found,
        Err(error) => {
            assert!(error.at() <= bytes.len(), "byte {} of {}: {error}", error.at(), bytes.len());
            return;
        }
    };
    assert!(code.co_code().len() <= bytes.len());
    // As in the target `tables`: a few bytes can speak of many units or lines.
    assert!(code.co_lines().take_while(Result::is_ok).count() <= bytes.len() + 1);
    assert!(code.co_positions().take_while(Result::is_ok).count() <= bytes.len() * 8);
    for unit in 0..40 {
        let _ = (code.line_at(unit), code.handler_at(unit.unsigned_abs()));
    }
    // Before 3.11 the file says `nlocals` by itself, and nobody compares the two.
    assert!(code.varnames().count() <= bytes.len());
}
