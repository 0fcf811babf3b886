//! What an extension adds is as typed as what we ship.

frame_macros::frame_spec! {
    version Mine extends 3.14;
    machine generator {
        states {
            parked "waits for its turn";
        }
        group waiting = parked;
        on park "The scheduler takes it." needs "a generator that waits" {
            suspended -> parked;
            else => illegal;
        }
    }
}

fn park<S: generator::OnPark<Mine, N>, N>() {}

fn main() {
    park::<generator::Created, generator::Parked>();
}
