//! A version and a machine that has nothing to do with it.

frame_macros::frame_spec! {
    version Mine extends 3.13;
    machine lamp "The life of a lamp." {
        states {
            dark "does not shine";
            lit "shines";
        }
        start dark;
        on switch "Somebody switches it." needs "a lamp" {
            dark -> lit;
            lit -> dark;
        }
    }
}

fn switch<S: lamp::OnSwitch<Mine, N>, N>() {}
fn send<S: frame_runtime::machine::generator::OnSend<Mine, N>, N>() {}

fn main() {
    switch::<lamp::Dark, lamp::Lit>();
    send::<frame_runtime::machine::generator::Created, _>();
}
