//! The command `framespec`.

fn main() -> std::process::ExitCode {
    frame_codegen::command::run()
}
