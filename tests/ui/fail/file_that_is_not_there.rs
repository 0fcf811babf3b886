//! A file that is not there is named.

frame_macros::frame_spec! { "no/such/file.machine" }

fn main() {}
