//! A machine of one's own.

frame_macros::frame_spec! {
    machine door "The life of a door." {
        states {
            open "one can walk through";
            closed "nobody can";
        }
        start closed;
        on push "Somebody pushes it." needs "a closed door" {
            closed -> open;
            else => illegal;
        }
        on pull "Somebody pulls it." needs "an open door" {
            open -> closed;
            else => illegal;
        }
    }
}

fn pull<S: door::OnPull<N>, N>() {}

fn main() {
    pull::<door::Open, door::Closed>();
}
