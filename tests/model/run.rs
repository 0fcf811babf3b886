//! Steps of a frame that runs, and the first one of an entry.

#![expect(unsafe_code, reason = "generators that know their objects are promised")]

use std::ops::ControlFlow;

use frame_runtime::bounds::Checked;
use frame_runtime::data_stack::DataStack;
use frame_runtime::entry::Entry;
use frame_runtime::running::{Any as Owner, Arguments, ByOwner, Reason};
use frame_runtime::stack_ref::StackRef;
use frame_runtime::unwind::Unwound;

use super::{DEPTH, Driver, Flow, panic_on_purpose};
use crate::steps::{Run, Steps};
use crate::vms::{Body, New, Shape, Stored};
use crate::world::{self, Slot, State, World};

impl<V: Steps> Driver<V> {
    /// Something is run where nothing runs.
    pub(super) fn first_step<'t>(&self, index: usize, entry: Entry<'t, V>) -> Flow<'t, V> {
        let is_resumable = |world: &World, id| {
            matches!(world.body(id), world::Body::Generator { state: State::Created | State::Suspended, .. })
        };
        if self.one_in(4)
            && let Some((root, id)) = self.pick(is_resumable)
        {
            let generator = self.root(root);
            let stored = self.take_stored(&generator);
            self.heap.pins.borrow_mut().push(generator);
            let mut world = self.world.borrow_mut();
            world.take(id);
            world.pins.push(id);
            let is_full = world.stacks[index].remaining == 0;
            if !is_full {
                world.resume(index, id, world::Site { caches: 0, jump: 0 });
            }
            drop(world);
            return match V::send_first(entry, stored) {
                Ok(f) => Flow::Frame(f),
                Err((reason, entry, stored)) => {
                    assert!(is_full && matches!(reason, Reason::Full(_)), "{reason}");
                    self.put_stored(id, stored);
                    Flow::Entry(entry)
                }
            };
        }
        let (argument, value) = self.make_plain();
        let which = 1 + self.index(2);
        let mut arguments = [StackRef::owned(value), self.borrowed()];
        let count = self.index(3);
        let function = self.heap.fixed.borrow()[which].clone();
        let id = self.world.borrow().fixed[which];
        let is_full = {
            let mut world = self.world.borrow_mut();
            let is_full = world.stacks[index].remaining == 0;
            let mut kept = vec![Slot::Owned(argument), self.borrowed_slot(&mut world)];
            if !is_full {
                let rest = kept.split_off(count);
                world.take(id);
                world.call_first(index, id, std::mem::replace(&mut kept, rest));
                world.spill(index);
            }
            for slot in kept {
                if let Slot::Owned(id) = slot {
                    world.give(id);
                }
            }
            is_full
        };
        match entry.call(function, &mut arguments[..count]) {
            // What was not given.
            Ok(f) => Flow::Frame(f.escape(|_| drop(arguments)).0),
            Err(refused) => {
                assert!(is_full && matches!(refused.reason, Reason::Full(_)), "{}", refused.reason);
                self.happens("a call that is refused");
                drop(arguments);
                Flow::Entry(refused.caller)
            }
        }
    }

    pub(super) fn escape<'t, R>(
        &self,
        index: usize,
        f: Run<'t, V>,
        body: impl FnOnce(&DataStack<V>) -> R,
    ) -> (Run<'t, V>, R) {
        self.world.borrow_mut().spill(index);
        f.escape(body)
    }

    /// Drops what was in a slot.
    pub(super) fn release<'t>(&self, index: usize, f: Run<'t, V>, value: StackRef<V>, slot: Slot) -> Run<'t, V> {
        if let Slot::Owned(id) = slot {
            let mut world = self.world.borrow_mut();
            if world.is_last(id) {
                world.spill(index);
            }
            world.give(id);
        }
        f.release(value)
    }

    pub(super) fn step<'t>(&self, index: usize, level: usize, mut f: Run<'t, V>) -> Flow<'t, V> {
        let top = self.world.borrow().top(index);
        // Frames stay within a small part of their code, so that positions are always in it.
        if f.next_index() > 8 {
            f.jump(4 - i32::try_from(f.next_index()).expect("small"));
            self.world.borrow_mut().frame(top).next = 4;
        }
        f.fetch();
        self.world.borrow_mut().frame(top).next += 1;
        let (next, depth, locals) = {
            let mut world = self.world.borrow_mut();
            (world.frame(top).next, world.depth(top), world.locals(top))
        };
        assert_eq!((f.next_index().cast_signed(), f.depth()), (next, depth), "the next instruction, and the depth");
        let roots = self.heap.roots.borrow().len();
        match self.below(50) {
            _ if roots > 12 => {
                let (dropped, f) = (self.index(roots), f);
                let id = self.world.borrow_mut().roots.swap_remove(dropped);
                let value = self.heap.roots.borrow_mut().swap_remove(dropped);
                return Flow::Frame(self.release(index, f, StackRef::owned(value), Slot::Owned(id)));
            }
            0..=4 if depth < DEPTH => {
                let (mut f, (id, value)) = self.escape(index, f, |_| self.make_plain());
                f.push(StackRef::owned(value));
                self.world.borrow_mut().frame(top).slots.push(Slot::Owned(id));
                return Flow::Frame(f);
            }
            5 | 6 if depth < DEPTH => {
                let (value, slot) = self.some_slot(top);
                f.push(value);
                self.world.borrow_mut().frame(top).slots.push(slot);
            }
            7..=9 if depth > 0 => {
                let slot = self.world.borrow_mut().frame(top).slots.pop().expect("a slot");
                let value = f.pop();
                return Flow::Frame(self.release(index, f, value, slot));
            }
            10 | 11 if locals > 0 => {
                let local = self.index(locals);
                let (value, slot) = self.some_slot(top);
                let old = f.set_local(u32::try_from(local).expect("small"), value);
                let before = std::mem::replace(&mut self.world.borrow_mut().frame(top).slots[local], slot);
                return Flow::Frame(self.release(index, f, old, before));
            }
            12..=15 => return self.call(index, f),
            16 | 17 => return self.end(index, f),
            18 => return self.return_value(index, f),
            19 | 20 => return self.make_generator(index, f),
            21..=23 => return self.resume(index, f),
            24 if roots > 0 => {
                let dropped = self.index(roots);
                let id = self.world.borrow_mut().roots.swap_remove(dropped);
                let value = self.heap.roots.borrow_mut().swap_remove(dropped);
                return Flow::Frame(self.release(index, f, StackRef::owned(value), Slot::Owned(id)));
            }
            25..=27 => return Flow::Frame(self.escape(index, f, |_| self.look()).0),
            28..=31 => return Flow::Frame(self.escape(index, f, |_| self.use_frame_object()).0),
            32..=34 if level < 3 => {
                let other = self.stack_index();
                return Flow::Frame(self.escape(index, f, |_| self.session(other, level + 1)).0);
            }
            35 if self.one_in(3) => {
                self.world.borrow_mut().is_panicking = true;
                return Flow::Frame(self.escape(index, f, |_| panic_on_purpose()).0);
            }
            36 => return self.park(index, f),
            37 | 38 => return Flow::Frame(self.handle(index, f)),
            39 => {
                let (f, (id, value)) = self.escape(index, f, |_| self.make_plain());
                let (mut f, is_extra) = (f, self.one_in(2));
                let (old, before) = {
                    let mut world = self.world.borrow_mut();
                    match is_extra {
                        true => (f.extra().0.replace(Some(value)), world.set_extra(top, id)),
                        false => (f.set_namespace(Some(value)), world.set_namespace(top, id)),
                    }
                };
                let old = old.map_or(StackRef::null(), StackRef::owned);
                let before = if before == 0 { Slot::Null } else { Slot::Owned(before) };
                return Flow::Frame(self.release(index, f, old, before));
            }
            40 => return Flow::Frame(self.escape(index, f, |_| self.collect()).0),
            41 if depth == 0 && self.one_in(3) => return Flow::Nobody,
            42 if self.one_in(3) => {
                self.world.borrow_mut().spill(index);
                self.world.borrow_mut().leave(index);
                return Flow::Entry(f.leave());
            }
            43 | 44 => return Flow::Frame(self.escape(index, f, |_| self.use_generator()).0),
            45 if roots > 0 => {
                let held = [self.index(roots), self.index(roots)];
                let (f, ()) = self.escape(index, f, |_| {
                    let id = self.world.borrow_mut().make_tuple(&held);
                    let value = V::make(&self.heap, New::Tuple(held.to_vec()));
                    self.keep(id, value);
                });
                return Flow::Frame(f);
            }
            46 if locals > 0 => return Flow::Frame(self.make_cell(index, f)),
            47 => return self.call_trampoline(index, f),
            48 => return self.raise(index, f),
            49 => return self.reraise(index, f),
            _ => {}
        }
        Flow::Frame(f)
    }

    /// Something for a slot that needs nothing made.
    pub(super) fn some_slot(&self, top: world::FrameId) -> (StackRef<V>, Slot) {
        let mut world = self.world.borrow_mut();
        match self.below(6) {
            0 => (StackRef::null(), Slot::Null),
            1 => {
                let integer = self.below(9).cast_signed() as isize - 4;
                StackRef::integer(integer).map_or((StackRef::null(), Slot::Null), |slot| (slot, Slot::Integer(integer)))
            }
            2 => {
                let slot = self.borrowed_slot(&mut world);
                (self.borrowed(), slot)
            }
            _ => {
                let roots = world.roots.len();
                if roots == 0 {
                    return (StackRef::null(), Slot::Null);
                }
                let _ = top;
                let root = self.index(roots);
                let id = world.roots[root];
                world.take(id);
                (StackRef::owned(self.root(root)), Slot::Owned(id))
            }
        }
    }

    pub(super) fn call<'t>(&self, index: usize, mut f: Run<'t, V>) -> Flow<'t, V> {
        let (id, function) = if self.one_in(3) {
            let shape = Shape {
                nlocalsplus: 2 + u32::from(self.one_in(2)),
                stacksize: if self.one_in(3) { 600 } else { 4 },
                first_traceable: self.index(3),
                handler: self.one_in(2).then(|| (u32::from(self.one_in(2)), self.one_in(2))),
            };
            let (same, made) = self.escape(index, f, |_| {
                let id = self.world.borrow_mut().make_function(shape);
                (id, V::make(&self.heap, New::Function(shape)))
            });
            f = same;
            made
        } else {
            let which = 1 + self.index(2);
            let id = self.world.borrow().fixed[which];
            self.world.borrow_mut().take(id);
            (id, self.heap.fixed.borrow()[which].clone())
        };
        assert_eq!(V::id(&function), id);
        let site = self.site();
        let mut world = self.world.borrow_mut();
        let top = world.top(index);
        let depth = world.depth(top);
        let count = self.index(depth.min(2) + 1);
        let slots = &world.frame(top).slots;
        let under = usize::from(depth > count && slots[slots.len() - count - 1] == Slot::Null);
        let is_full = world.stacks[index].remaining == 0;
        if !is_full {
            world.call(index, id, count, under, world::Site { caches: site.caches, jump: site.jump });
        }
        drop(world);
        let arguments =
            Arguments { count: u32::try_from(count).expect("small"), under: u32::try_from(under).expect("small") };
        match f.call(function, arguments, site) {
            Ok(f) => Flow::Frame(f),
            Err(refused) => {
                assert!(is_full && matches!(refused.reason, Reason::Full(_)), "{}", refused.reason);
                self.happens("a call that is refused");
                Flow::Frame(self.release(index, refused.caller, StackRef::owned(refused.callee), Slot::Owned(id)))
            }
        }
    }

    pub(super) fn call_trampoline<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let site = self.site();
        let code = self.heap.fixed.borrow()[3].clone();
        let mut world = self.world.borrow_mut();
        let (id, top) = (world.fixed[3], world.top(index));
        let depth = world.depth(top);
        let count = self.index(depth.min(2) + 1);
        let is_full = world.stacks[index].remaining == 0;
        if !is_full {
            world.call_trampoline(index, id, count, world::Site { caches: site.caches, jump: site.jump });
        }
        drop(world);
        let arguments = Arguments { count: u32::try_from(count).expect("small"), under: 0 };
        match f.call_trampoline(code, arguments, site) {
            Ok(f) => Flow::Frame(f),
            Err(refused) => {
                assert!(is_full && matches!(refused.reason, Reason::Full(_)), "{}", refused.reason);
                self.happens("a call that is refused");
                // It is held elsewhere: not the last reference.
                drop(refused.callee);
                Flow::Frame(refused.caller)
            }
        }
    }

    pub(super) fn end<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let raises = self.one_in(3);
        if !raises && self.one_in(2) && self.world.borrow().running_generator(index) != 0 {
            return self.suspend(index, f);
        }
        self.end_by(index, f, raises)
    }

    pub(super) fn suspend<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let ByOwner::Generator(f) = f.by_owner() else { unreachable!("it is a generator's") };
        let id = self.world.borrow().running_generator(index);
        self.world.borrow_mut().suspend(index);
        let (returned, frame) = V::suspend(f);
        self.put_stored(id, Stored::Suspended(frame));
        self.returned(index, returned)
    }

    fn end_by<'t>(&self, index: usize, f: Run<'t, V>, raises: bool) -> Flow<'t, V> {
        match f.by_owner() {
            ByOwner::Thread(f) => {
                self.world.borrow_mut().end(index, raises);
                let returned = V::end(f, raises);
                self.returned(index, returned)
            }
            ByOwner::Generator(f) => {
                let id = self.world.borrow().running_generator(index);
                self.world.borrow_mut().stop(index, raises);
                let (returned, frame) = V::stop(f, raises);
                self.put_stored(id, Stored::Cleared(frame));
                self.returned(index, returned)
            }
        }
    }

    /// An exception comes to the frame.
    pub(super) fn raise<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let (f, (id, exception)) = self.escape(index, f, |_| self.make_plain());
        self.world.borrow_mut().unwind(index, id, None);
        self.unwound(index, f.unwind(exception))
    }

    fn unwound<'t>(&self, index: usize, unwound: Unwound<'t, V, Owner, Checked>) -> Flow<'t, V> {
        match unwound {
            Unwound::Handled(f) => Flow::Frame(f),
            Unwound::Unhandled(f, exception) => {
                // It is held where a collector finds it, since the end of a frame may make something.
                let id = V::id(&exception);
                self.keep(id, exception);
                self.end_by(index, f, true)
            }
        }
    }

    /// An exception is raised again.
    fn reraise<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let mut world = self.world.borrow_mut();
        let top = world.top(index);
        let slots = world.frame(top).slots.clone();
        let under = usize::from(self.one_in(2));
        if world.depth(top) <= under {
            return Flow::Frame(f);
        }
        let raised = if under == 1 { world.instruction(slots[slots.len() - 2]) } else { None };
        let exception = world.frame(top).slots.pop().expect("a slot");
        if exception.object() == 0 {
            drop(world);
            return match f.reraise(u32::from(under == 1)) {
                Ok(_) => panic!("there is no exception"),
                Err(f) => Flow::Frame(f),
            };
        }
        if matches!(exception, Slot::Borrowed(_)) {
            world.take(exception.object());
        }
        world.unwind(index, exception.object(), raised);
        drop(world);
        match f.reraise(u32::from(under == 1)) {
            Ok(unwound) => self.unwound(index, unwound),
            Err(_) => panic!("there is an exception"),
        }
    }

    pub(super) fn return_value<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let f = match f.by_owner() {
            ByOwner::Thread(f) => f,
            ByOwner::Generator(f) => return Flow::Frame(f.any()),
        };
        let slot = {
            let mut world = self.world.borrow_mut();
            let top = world.top(index);
            let may_push = world.caller(index).is_none_or(|caller| world.depth(caller) < DEPTH);
            if world.depth(top) == 0 || !may_push {
                return Flow::Frame(f.any());
            }
            world.return_value(index)
        };
        match V::return_value(f) {
            ControlFlow::Continue(f) => Flow::Frame(f),
            ControlFlow::Break((entry, value)) => {
                if let Slot::Owned(id) = slot {
                    self.world.borrow_mut().give(id);
                }
                drop(value);
                Flow::Entry(entry)
            }
        }
    }

    pub(super) fn make_generator<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let f = match f.by_owner() {
            ByOwner::Thread(f) => f,
            ByOwner::Generator(f) => return Flow::Frame(f.any()),
        };
        let (f, (id, generator)) = self.escape(index, f.any(), |_| {
            let body = world::Body::Generator { frame: None, state: State::Empty, exception: 0 };
            let id = self.world.borrow_mut().make(body);
            (id, V::make(&self.heap, New::Generator))
        });
        let ByOwner::Thread(f) = f.by_owner() else { unreachable!("it is by the thread") };
        self.world.borrow_mut().make_generator(index, id);
        let (returned, frame) = V::make_generator(f);
        // SAFETY: the frame is held by this object, or runs, while something that does not end before holds the object.
        unsafe { frame.set_generator(&generator) };
        match V::body(&generator) {
            Body::Generator(stored) => drop(stored.replace(Stored::Created(frame))),
            _ => unreachable!("it is a generator"),
        }
        self.keep(id, generator);
        self.returned(index, returned)
    }

    pub(super) fn resume<'t>(&self, index: usize, mut f: Run<'t, V>) -> Flow<'t, V> {
        let is_resumable = |world: &World, id| {
            matches!(world.body(id), world::Body::Generator { state: State::Created | State::Suspended, .. })
        };
        let Some((root, id)) = self.pick(is_resumable) else { return Flow::Frame(f) };
        let site = self.site();
        let mut world = self.world.borrow_mut();
        let top = world.top(index);
        if world.depth(top) >= DEPTH {
            return Flow::Frame(f);
        }
        let generator = self.root(root);
        let stored = self.take_stored(&generator);
        // The slot keeps it while it runs.
        f.push(StackRef::owned(generator));
        world.take(id);
        world.frame(top).slots.push(Slot::Owned(id));
        let is_full = world.stacks[index].remaining == 0;
        if !is_full {
            world.resume(index, id, world::Site { caches: site.caches, jump: site.jump });
        }
        drop(world);
        match V::send(f, stored, site) {
            Ok(f) => Flow::Frame(f),
            Err((reason, f, stored)) => {
                assert!(is_full && matches!(reason, Reason::Full(_)), "{reason}");
                self.put_stored(id, stored);
                Flow::Frame(f)
            }
        }
    }

    pub(super) fn park<'t>(&self, index: usize, f: Run<'t, V>) -> Flow<'t, V> {
        let site = self.site();
        let may_park = self.world.borrow().may_park(index);
        if may_park {
            self.world.borrow_mut().park(index, world::Site { caches: site.caches, jump: site.jump });
        }
        match f.park(site) {
            Ok(entry) => {
                assert!(may_park, "others are active");
                Flow::Entry(entry)
            }
            Err(refused) => {
                assert!(!may_park && refused.reason == Reason::NotAlone, "{}", refused.reason);
                Flow::Frame(refused.caller)
            }
        }
    }

    /// What is being handled changes.
    pub(super) fn handle<'t>(&self, index: usize, mut f: Run<'t, V>) -> Run<'t, V> {
        let top = self.world.borrow().top(index);
        let depth = self.world.borrow().depth(top);
        match self.below(3) {
            0 if depth > 0 && depth < DEPTH => {
                let mut world = self.world.borrow_mut();
                let exception = world.frame(top).slots.pop().expect("a slot");
                world.take(exception.object());
                let before = world.replace_handled(index, exception.object());
                let before = if before == 0 { Slot::Null } else { Slot::Owned(before) };
                world.frame(top).slots.extend([before, exception]);
                f.push_exc_info();
                f
            }
            1 if depth > 0 => {
                let mut world = self.world.borrow_mut();
                let before = world.frame(top).slots.pop().expect("a slot");
                // What is borrowed is counted where it goes.
                if let Slot::Borrowed(id) = before {
                    world.take(id);
                }
                let handled = world.replace_handled(index, before.object());
                if world.is_last(handled) {
                    world.spill(index);
                }
                world.give(handled);
                drop(world);
                f.pop_except()
            }
            _ => {
                let (f, (id, value)) = self.escape(index, f, |_| self.make_plain());
                let old = f.stack().replace_handled(Some(value)).map_or(StackRef::null(), StackRef::owned);
                let before = self.world.borrow_mut().replace_handled(index, id);
                let before = if before == 0 { Slot::Null } else { Slot::Owned(before) };
                self.release(index, f, old, before)
            }
        }
    }

    fn make_cell<'t>(&self, index: usize, f: Run<'t, V>) -> Run<'t, V> {
        {
            let mut world = self.world.borrow_mut();
            let top = world.top(index);
            let local = 0;
            let before = world.frame(top).slots[local];
            world.take(before.object());
            world.spill(index);
            let content = if before.object() == 0 { Vec::new() } else { vec![before.object()] };
            let cell = world.make(world::Body::Holder(content));
            world.frame(top).slots[local] = Slot::Owned(cell);
            if let Slot::Owned(id) = before {
                world.give(id);
            }
        }
        f.make_cell(0).unwrap_or_else(|_| panic!("the VM makes cells"))
    }
}
