//! Borrowed references that outlive their owner: debug builds catch them. A process of its own, since what is known of
//! borrows is forgotten wherever a handle is lost.

#![expect(unsafe_code, reason = "borrowing is unsafe, and here it goes wrong")]
#![expect(dead_code, reason = "the VM is that of other tests")]

#[path = "runtime/machine.rs"]
mod machine;

use std::panic::{AssertUnwindSafe, catch_unwind};

use frame_runtime::data_stack::DataStack;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Cpython3_13, Cpython3_14};
use machine::{Machine, Value, live};

type Slot = StackRef<Machine<Cpython3_14>>;

fn message(body: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(body)).err()?;
    payload.downcast_ref::<String>().cloned()
}

#[test]
fn a_borrow_that_outlives_its_owner_is_caught() {
    // What is wrong is never looked at: the slots are forgotten.
    let owner = Slot::owned(Value::new("owner"));
    // SAFETY: nobody looks at it after the owner's end.
    let borrowed = unsafe { owner.borrow() };
    let caught = message(|| drop(owner));
    let expected = "a borrowed reference outlives its owner: 1 of them";
    assert_eq!(caught.as_deref(), cfg!(debug_assertions).then_some(expected));
    std::mem::forget(borrowed);
}

#[test]
fn a_frame_whose_local_goes_too_early_is_caught() {
    if cfg!(not(debug_assertions)) {
        return;
    }
    let stack = DataStack::<Machine<Cpython3_14>>::default();
    let caught = message(|| {
        let entered = stack.enter(Value::new("shim"), |entry| {
            // SAFETY: it is not: the local goes while its borrowed copy is on the stack.
            let entry = unsafe { entry.trusted() };
            let mut f = entry.call(Value::function(1, 1), &mut [Value::new("a").slot()]).expect("a call");
            f.load_fast_borrow(0);
            let (f, _) = f.delete_fast(0);
            f.leave();
        });
        entered.expect("nobody holds a frame");
    });
    assert_eq!(caught.as_deref(), Some("a borrowed reference outlives its owner: 1 of them"));
}

#[test]
fn what_is_right_is_let_through() {
    let owner = Slot::owned(Value::new("owner"));
    // SAFETY: the owner outlives all of them.
    let [dropped, counted, taken] = [(); 3].map(|()| unsafe { owner.borrow() });
    drop(dropped);
    let counted = counted.into_owned();
    let value = taken.into_value().expect("a value");
    assert_eq!(value.count(), 3);
    drop((counted, value));
    drop(owner);
    // Until 3.13 there is nothing but counted references.
    let old = StackRef::<Machine<Cpython3_13>>::owned(Value::new("old"));
    // SAFETY: the owner outlives it.
    let counted = unsafe { old.borrow() };
    drop(old);
    drop(counted);
    assert_eq!(live(), 0);
}
