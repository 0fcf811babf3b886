//! What `f_locals` allocates: nothing for a look-up or a write, however many names there are, and one list for all of them.
//!
//! The VM is that of the benches.

#[path = "../benches/frames/count.rs"]
mod count;
#[path = "../benches/locals/run.rs"]
mod run;
#[path = "../benches/locals/vm.rs"]
mod vm;

use count::allocations;
use frame_runtime::version::{Activation, Cpython3_13, Cpython3_14, Cpython3_15};
use run::with_locals;
use vm::{Kind, Object};

#[global_allocator]
static COUNTING: count::Counting = count::Counting;

fn look_ups_and_writes<P: Activation>() {
    for size in [1, 5, 50, 500] {
        with_locals::<P>(size, |stack, locals, names| {
            let other = Object::name("no such name");
            let (allocated, ()) = allocations(|| {
                for name in names {
                    let value = locals.get_item(stack, name).expect("it is bound");
                    locals.set_item(stack, name, value).expect("nothing is raised");
                    assert!(locals.contains(stack, name).expect("nothing is raised"));
                }
                assert!(locals.find(stack, &other).expect("nothing is raised").is_none());
                assert_eq!(locals.len(stack).expect("nothing is raised"), size);
            });
            assert_eq!(allocated, 0, "{size} names");
            let (allocated, keys) = allocations(|| locals.keys(stack).expect("nothing is raised"));
            assert_eq!((allocated, keys.len()), (1, size), "one list");
            let value = Object::new(Kind::Int(1));
            let (allocated, ()) = allocations(|| locals.set_item(stack, &names[0], value).expect("nothing is raised"));
            // From 3.14 on what was there is kept: the list of that is made, and the box that it is in.
            assert_eq!(allocated, if P::LAYOUT.minor() >= 14 { 2 } else { 0 });
        });
    }
}

#[test]
fn a_look_up_allocates_nothing() {
    look_ups_and_writes::<Cpython3_13>();
    look_ups_and_writes::<Cpython3_14>();
    look_ups_and_writes::<Cpython3_15>();
}
