//! The command `frame-inspect`.

fn main() -> std::process::ExitCode {
    frame_inspect::run()
}
