//! There is no such CPython.

frame_macros::frame_spec! {
    version Mine extends 2.7;
}

fn main() {}
