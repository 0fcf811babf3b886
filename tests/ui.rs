//! What must not compile, and what the compiler says about it; and what must.

/// Expected messages are those of the toolchain in rust-toolchain.toml; `TRYBUILD=overwrite` writes them.
#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
