//! A frame whose locals are looked at.

use std::marker::PhantomData;

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::locals::{self, FrameLocals, Locals};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::Activation;

use crate::vm::{Kind, Machine, Object};

/// Does something with the locals of a frame that runs, and all its names.
pub(crate) fn with_locals<P: Activation>(
    size: usize,
    body: impl FnOnce(&DataStack<Machine<P>>, &FrameLocals<Machine<P>>, &[Object<P>]),
) {
    let names: Vec<_> = (0..size).map(|at| Object::name(&format!("name_{at}"))).collect();
    let function = Object::function(&names);
    let stack = DataStack::new(Machine(PhantomData), Limits::default());
    let mut values: Vec<_> = (0..size as i64).map(|at| StackRef::owned(Object::new(Kind::Int(at)))).collect();
    stack
        .enter(Object::new(Kind::None), |entry| {
            let mut f = entry.call(function, &mut values).expect("there is room");
            f.fetch();
            let (f, ()) = f.escape(|stack| {
                let frame = stack.frame_object(0).expect("the loop does not hold it").expect("a frame runs");
                match locals::f_locals(stack, &frame).expect("nothing is raised") {
                    Locals::Proxy(locals) => body(stack, &locals, &names),
                    Locals::Mapping(_) => unreachable!("3.13 and later"),
                }
            });
            drop(f.any());
        })
        .expect("nothing runs");
}
