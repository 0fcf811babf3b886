//! A new state meets the events of ours.

frame_macros::frame_spec! {
    version Mine extends 3.14;
    machine generator {
        states {
            parked "waits for its scheduler";
        }
        on park "The scheduler takes it." needs "a generator that waits" {
            suspended -> parked;
            else => illegal;
        }
    }
}

fn main() {}
