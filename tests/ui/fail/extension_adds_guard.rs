//! The guards of CPython's machines are fixed.

frame_macros::frame_spec! {
    version Mine extends 3.14;
    machine owner {
        guards {
            full_moon "the moon is full";
        }
    }
}

fn main() {}
