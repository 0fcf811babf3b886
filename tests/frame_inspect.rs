//! `frame-inspect`, built with the tests.

fn main() -> std::process::ExitCode {
    frame_inspect::run()
}
