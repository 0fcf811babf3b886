//! A message with a name that nobody fills in.

frame_macros::frame_spec! {
    machine door "The life of a door." {
        errors {
            Broken "it is broken";
        }
        states {
            open "one can walk through";
            closed "nobody can";
        }
        start closed;
        on push "Somebody pushes it." needs "a closed door" {
            closed -> open;
            open => Broken "{who} broke it";
        }
        on pull "Somebody pulls it." needs "an open door" {
            open -> closed;
            else => illegal;
        }
    }
}

fn main() {}
