//! What happens in a state is not said.

frame_macros::frame_spec! {
    machine door "The life of a door." {
        states {
            open "one can walk through";
            closed "nobody can";
        }
        start closed;
        on push "Somebody pushes it." needs "a closed door" {
            closed -> open;
            
        }
        on pull "Somebody pulls it." needs "an open door" {
            open -> closed;
            else => illegal;
        }
    }
}

fn main() {}
