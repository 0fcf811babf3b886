//! `framespec`, for the tests that run it.

fn main() -> std::process::ExitCode {
    frame_codegen::command::run()
}
