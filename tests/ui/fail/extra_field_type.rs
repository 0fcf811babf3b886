//! A frame's extra field is a number.

frame_macros::frame_spec! {
    version Mine extends 3.14;
    layout interpreter_frame {
        extra name String "who called";
    }
}

fn main() {}
