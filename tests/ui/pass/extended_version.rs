//! A version of one's own has the transitions of ours and more.

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
fn send<S: generator::OnSend<Mine, N>, N>() {}

fn main() {
    park::<generator::Suspended, generator::Parked>();
    send::<generator::Parked, generator::Executing>();
    send::<generator::Created, _>();
}
