//! The model's activations: calls, returns, generators, sessions, what is released and in which order.

use frame_runtime::version::{ClearStep, Position};

use super::{Body, Entry, Frame, FrameId, Place, Site, Slot, State, World};
use crate::facts::units;
use crate::vms::{Id, TARGET, UNITS};

impl World {
    pub(crate) fn top(&self, stack: usize) -> FrameId {
        let entry = self.stacks[stack].entries.last().expect("an entry");
        *entry.frames.last().expect("a frame")
    }

    pub(crate) fn frame(&mut self, frame: FrameId) -> &mut Frame {
        &mut self.frames[frame]
    }

    /// Whether nothing runs in the topmost entry.
    pub(crate) fn is_left(&self, stack: usize) -> bool {
        self.stacks[stack].entries.last().is_none_or(|entry| entry.frames.is_empty())
    }

    pub(crate) fn depth(&self, frame: FrameId) -> usize {
        self.frames[frame].slots.len() - self.frames[frame].shape.nlocalsplus as usize
    }

    pub(crate) fn locals(&self, frame: FrameId) -> usize {
        self.frames[frame].shape.nlocalsplus as usize
    }

    /// Notes where the topmost frame stands.
    pub(crate) fn spill(&mut self, stack: usize) {
        let (top, running) = (self.top(stack), self.facts.running);
        let frame = self.frame(top);
        frame.stand = frame.next + running;
    }

    fn current(&self, stack: usize) -> Option<FrameId> {
        self.stacks[stack].entries.iter().rev().find_map(|entry| entry.frames.last().copied())
    }

    pub(super) fn push(&mut self, stack: usize, frame: FrameId) {
        let previous = self.current(stack);
        self.frames[frame].previous = previous;
        self.stacks[stack].entries.last_mut().expect("an entry").frames.push(frame);
        self.stacks[stack].remaining -= 1;
    }

    /// The topmost frame is the topmost one no more.
    fn unlink(&mut self, stack: usize) -> FrameId {
        self.stacks[stack].remaining += 1;
        self.stacks[stack].entries.last_mut().expect("an entry").frames.pop().expect("a frame")
    }

    /// The frame that is on top now, if there is one, goes on.
    fn take_up(&mut self, stack: usize, position: Position) {
        if !self.is_left(stack) {
            let (top, caches) = (self.top(stack), self.facts.send_caches);
            let frame = self.frame(top);
            frame.next = frame.stand + units(position, caches, frame.return_offset);
        }
    }

    fn wait(&mut self, frame: FrameId, site: Site) {
        let caches = isize::from(site.caches);
        let own = if self.facts.counts_call { 1 + caches } else { 0 };
        let (calling, has_return_offset) = (self.facts.calling, self.facts.has_return_offset);
        let frame = self.frame(frame);
        frame.stand = frame.next - 1 + units(calling, caches, 0);
        if has_return_offset {
            frame.return_offset = own + isize::try_from(site.jump).expect("small");
        }
    }

    /// Puts a frame on top. The references are the caller's to give.
    fn start(&mut self, stack: usize, function: Id, code: Id, arguments: Vec<Slot>, entries: Vec<Slot>) {
        self.happens(if function == 0 { "a trampoline" } else { "a call" });
        let Body::Code(shape) = *self.body(code) else { unreachable!("it is code") };
        self.take(code);
        let mut slots = arguments;
        slots.resize(shape.nlocalsplus as usize, Slot::Null);
        slots.extend(entries);
        let frame = Frame {
            function,
            code,
            shape,
            slots,
            next: 0,
            stand: self.facts.new,
            return_offset: 0,
            object: 0,
            namespace: 0,
            extra: 0,
            place: Place::Stack,
            previous: None,
            last_stack: None,
        };
        self.frames.push(frame);
        self.push(stack, self.frames.len() - 1);
    }

    fn code_of(&self, function: Id) -> Id {
        if let Body::Function { code, .. } = self.body(function) { *code } else { unreachable!("it is a function") }
    }

    /// Calls a function from an entry. The function and the arguments move.
    pub(crate) fn call_first(&mut self, stack: usize, function: Id, arguments: Vec<Slot>) {
        self.start(stack, function, self.code_of(function), arguments, Vec::new());
    }

    /// Calls a function; its arguments move off the caller's stack, and `under` empty slots below them go.
    pub(crate) fn call(&mut self, stack: usize, function: Id, count: usize, under: usize, site: Site) {
        let arguments = self.leave_arguments(stack, count, under, site);
        self.start(stack, function, self.code_of(function), arguments, Vec::new());
    }

    pub(crate) fn call_trampoline(&mut self, stack: usize, code: Id, count: usize, site: Site) {
        let arguments = self.leave_arguments(stack, count, 0, site);
        self.start(stack, 0, code, Vec::new(), arguments);
    }

    fn leave_arguments(&mut self, stack: usize, count: usize, under: usize, site: Site) -> Vec<Slot> {
        let caller = self.top(stack);
        let slots = &mut self.frames[caller].slots;
        let arguments = slots.split_off(slots.len() - count);
        slots.truncate(slots.len() - under);
        self.wait(caller, site);
        arguments
    }

    /// Everything but the code and what the VM added.
    fn clear_frame(&mut self, frame: FrameId) {
        let object = self.frames[frame].object;
        if object != 0 && !self.is_unique(object) {
            return self.take_over(frame);
        }
        if object != 0 {
            self.happens("a frame object that nobody else holds");
        }
        let slots = std::mem::take(&mut self.frames[frame].slots);
        self.facts.clear.iter().for_each(|step| self.clear_step(frame, &slots, *step));
    }

    /// What lies in a frame object that goes; code that does not go last goes with it.
    pub(super) fn clear_own_frame(&mut self, frame: FrameId) {
        let slots = std::mem::take(&mut self.frames[frame].slots);
        let order = self.facts.own_clear;
        for (index, step) in order.iter().enumerate() {
            match step {
                ClearStep::Executable if index + 1 < order.len() => {
                    let code = std::mem::take(&mut self.frames[frame].code);
                    self.give(code);
                }
                _ => self.clear_step(frame, &slots, *step),
            }
        }
    }

    pub(super) fn clear_step(&mut self, frame: FrameId, slots: &[Slot], step: ClearStep) {
        let at = &mut self.frames[frame];
        let taken = match step {
            ClearStep::FrameObject => std::mem::take(&mut at.object),
            ClearStep::Locals => std::mem::take(&mut at.namespace),
            ClearStep::Function => std::mem::take(&mut at.function),
            ClearStep::SlotsAscending => return slots.iter().for_each(|slot| self.give(slot.owned())),
            ClearStep::SlotsDescending => return slots.iter().rev().for_each(|slot| self.give(slot.owned())),
            ClearStep::Executable => 0,
        };
        self.give(taken);
    }

    /// A reference that leaves the data stack is counted.
    pub(super) fn own(&mut self, slot: Slot) -> Slot {
        if let Slot::Borrowed(id) = slot {
            self.take(id);
            return Slot::Owned(id);
        }
        slot
    }

    /// All of a frame that is in no chain.
    pub(super) fn end_frame(&mut self, frame: FrameId) {
        self.clear_frame(frame);
        self.end_extra_and_code(frame);
    }

    pub(super) fn end_extra_and_code(&mut self, frame: FrameId) {
        let extra = std::mem::take(&mut self.frames[frame].extra);
        self.give(extra);
        let code = std::mem::take(&mut self.frames[frame].code);
        self.give(code);
    }

    /// The frame of a generator that does not run, or runs no more, goes, and what it handled.
    pub(super) fn end_generator(&mut self, generator: Id) {
        let Body::Generator { frame, state, exception } = &mut self.object_mut(generator).body else {
            unreachable!("it is a generator")
        };
        let (frame, exception) = (frame.take(), std::mem::take(exception));
        *state = State::Gone;
        if let Some(frame) = frame {
            // What it handled goes after the frame.
            self.end_frame(frame);
            self.give(exception);
        }
    }

    /// Ends all frames of the topmost entry.
    pub(crate) fn leave(&mut self, stack: usize) {
        while !self.is_left(stack) {
            self.happens("frames left in a session");
            let top = self.top(stack);
            self.before_end(top);
            let top = self.unlink(stack);
            self.end_unlinked(top);
        }
    }

    fn end_unlinked(&mut self, frame: FrameId) {
        match self.frames[frame].place {
            Place::Generator(generator) => self.end_generator(generator),
            Place::Stack | Place::Object => self.end_frame(frame),
        }
    }

    // Entries.

    pub(crate) fn may_unpark(&self, stack: usize) -> bool {
        let stack = &self.stacks[stack];
        stack.entries.is_empty() && !stack.parked.is_empty()
    }

    /// The shim moves.
    pub(crate) fn enter(&mut self, stack: usize, shim: Id) {
        self.sessions.push(stack);
        self.stacks[stack].entries.push(Entry { shim, ..Entry::default() });
    }

    pub(crate) fn unpark(&mut self, stack: usize, shim: Id) {
        self.happens("frames unparked");
        self.enter(stack, shim);
        self.stacks[stack].entries[0].left = self.handle_parked(stack);
        let parked = std::mem::take(&mut self.stacks[stack].parked);
        self.stacks[stack].entries[0].frames = parked;
        self.take_up(stack, self.facts.after_return);
    }

    /// The innermost session ends.
    pub(crate) fn leave_session(&mut self) {
        let stack = self.sessions.pop().expect("a session");
        self.leave(stack);
        let entry = self.stacks[stack].entries.pop().expect("an entry");
        self.give(entry.shim);
        self.give(entry.left);
    }

    /// What parked frames handled is handled again; returns what was meanwhile.
    fn handle_parked(&mut self, stack: usize) -> Id {
        let stack = &mut self.stacks[stack];
        std::mem::replace(&mut stack.handled, std::mem::take(&mut stack.parked_handled))
    }

    pub(crate) fn may_park(&self, stack: usize) -> bool {
        let stack = &self.stacks[stack];
        stack.entries.len() == 1 && stack.parked.is_empty()
    }

    pub(crate) fn park(&mut self, stack: usize, site: Site) {
        self.happens("frames parked");
        let top = self.top(stack);
        self.wait(top, site);
        let stack = &mut self.stacks[stack];
        stack.parked = std::mem::take(&mut stack.entries[0].frames);
        stack.parked_handled = std::mem::take(&mut stack.handled);
    }

    /// The stack is dropped with what is parked on it.
    pub(crate) fn drop_stack(&mut self, stack: usize, recursion: u32) {
        self.stacks[stack].is_gone = true;
        let left = if self.stacks[stack].parked.is_empty() { 0 } else { self.handle_parked(stack) };
        while let Some(top) = self.stacks[stack].parked.last().copied() {
            self.happens("parked frames dropped");
            self.before_end(top);
            self.stacks[stack].parked.pop();
            self.end_unlinked(top);
        }
        let handled = std::mem::take(&mut self.stacks[stack].handled);
        self.give(handled);
        self.give(left);
        self.stacks[stack].is_gone = false;
        self.stacks[stack].remaining = recursion;
    }

    // Ends of activations.

    pub(crate) fn after_raise(&self) -> Position {
        Position { caches: false, return_offset: false, plus: -self.facts.running }
    }

    /// The topmost frame returns, or raises.
    pub(crate) fn end(&mut self, stack: usize, raises: bool) {
        self.happens(if raises { "an exception that leaves a frame" } else { "a return" });
        self.foresee_end(stack);
        self.end_foreseen(stack, raises);
    }

    fn foresee_end(&mut self, stack: usize) {
        let top = self.top(stack);
        if self.frames[top].object != 0 {
            self.spill(stack);
            self.before_end(top);
        }
    }

    fn end_foreseen(&mut self, stack: usize, raises: bool) {
        let top = self.unlink(stack);
        self.end_frame(top);
        let position = if raises { self.after_raise() } else { self.facts.after_return };
        self.take_up(stack, position);
    }

    /// The index of an instruction that a slot holds.
    pub(crate) fn instruction(&self, slot: Slot) -> Option<isize> {
        let index = match slot {
            Slot::Integer(index) => index,
            Slot::Owned(id) => match self.body(id) {
                Body::Index(index) => *index,
                _ => return None,
            },
            Slot::Null | Slot::Borrowed(_) => return None,
        };
        (0..isize::from(UNITS)).contains(&index).then_some(index)
    }

    /// An exception comes to the topmost frame, which moves; the frame stands at this instruction, or where it is.
    pub(crate) fn unwind(&mut self, stack: usize, exception: Id, raised: Option<isize>) {
        let top = self.top(stack);
        let handler = self.frames[top].shape.handler;
        let raised = raised.unwrap_or(self.frames[top].next - 1);
        self.frame(top).next = raised + 1;
        let depth = handler.map_or(0, |(depth, _)| depth as usize);
        while self.depth(top) > depth {
            let slot = self.frame(top).slots.pop().expect("a slot");
            if self.is_last(slot.owned()) {
                self.spill(stack);
            }
            self.give(slot.owned());
            if self.is_panicking {
                self.give(exception);
                return;
            }
        }
        let Some((_, lasti)) = handler else { return self.happens("an exception not handled") };
        self.happens("an exception handled");
        while self.depth(top) < depth {
            self.frame(top).slots.push(Slot::Null);
        }
        if lasti {
            self.frame(top).slots.push(Slot::Null);
        }
        self.frame(top).slots.push(Slot::Owned(exception));
        if lasti {
            let index = if self.facts.has_tags {
                Slot::Integer(raised)
            } else {
                self.spill(stack);
                Slot::Owned(self.make(Body::Index(raised)))
            };
            let slots = &mut self.frame(top).slots;
            let under = slots.len() - 2;
            slots[under] = index;
        }
        self.frame(top).next = isize::try_from(TARGET).expect("small");
    }

    /// The frame that the topmost one returns to.
    pub(crate) fn caller(&self, stack: usize) -> Option<FrameId> {
        let frames = &self.stacks[stack].entries.last()?.frames;
        frames.len().checked_sub(2).map(|index| frames[index])
    }

    /// The topmost frame returns the top of its stack. Where it left the entry the value is the caller's.
    pub(crate) fn return_value(&mut self, stack: usize) -> Slot {
        self.happens("a return of a value");
        // The value is on the stack as long as something is made.
        self.foresee_end(stack);
        let top = self.top(stack);
        let value = self.frame(top).slots.pop().expect("a slot");
        let value = self.own(value);
        self.end_foreseen(stack, false);
        if self.is_panicking {
            self.give(value.owned());
        } else if !self.is_left(stack) {
            let top = self.top(stack);
            self.frame(top).slots.push(value);
        }
        value
    }

    /// The topmost frame becomes that of a generator.
    pub(crate) fn make_generator(&mut self, stack: usize, generator: Id) {
        self.happens("a generator made");
        let top = self.unlink(stack);
        let slots = std::mem::take(&mut self.frames[top].slots);
        let slots = slots.into_iter().map(|slot| self.own(slot)).collect();
        let created = self.facts.created;
        let frame = self.frame(top);
        frame.slots = slots;
        frame.stand = frame.next - 1 + created;
        frame.place = Place::Generator(generator);
        frame.previous = None;
        self.object_mut(generator).body = Body::Generator { frame: Some(top), state: State::Created, exception: 0 };
        self.take_up(stack, self.facts.after_return);
    }

    fn set_state(&mut self, generator: Id, new: State) {
        if let Body::Generator { state, .. } = &mut self.object_mut(generator).body {
            *state = new;
        }
    }

    pub(crate) fn state(&self, generator: Id) -> State {
        if let Body::Generator { state, .. } = self.body(generator) {
            *state
        } else {
            unreachable!("it is a generator")
        }
    }

    /// Resumes a generator, by the topmost frame, or by the entry itself where nothing runs.
    pub(crate) fn resume(&mut self, stack: usize, generator: Id, site: Site) {
        if !self.is_left(stack) {
            let caller = self.top(stack);
            self.wait(caller, site);
        }
        let Body::Generator { frame: Some(frame), .. } = *self.body(generator) else { unreachable!("it has a frame") };
        self.happens("a generator resumed");
        if self.frames[frame].last_stack.replace(stack).is_some_and(|last| last != stack) {
            self.happens("a generator resumed on another stack");
        }
        self.push(stack, frame);
        self.set_state(generator, State::Executing);
        self.take_up(stack, self.facts.resume);
    }

    pub(crate) fn running_generator(&self, stack: usize) -> Id {
        match self.frames[self.top(stack)].place {
            Place::Generator(generator) => generator,
            Place::Stack | Place::Object => 0,
        }
    }

    pub(crate) fn suspend(&mut self, stack: usize) {
        self.happens("a yield");
        let generator = self.running_generator(stack);
        let top = self.unlink(stack);
        let suspended = self.facts.suspended;
        let frame = self.frame(top);
        frame.stand = frame.next - 1 + suspended;
        frame.previous = None;
        self.set_state(generator, State::Suspended);
        self.take_up(stack, self.facts.after_yield);
    }

    /// The generator returns, or raises.
    pub(crate) fn stop(&mut self, stack: usize, raises: bool) {
        self.happens(if raises { "a generator that fails" } else { "a generator that returns" });
        let (generator, top) = (self.running_generator(stack), self.top(stack));
        if self.frames[top].object != 0 {
            self.spill(stack);
            if self.facts.keeps_link {
                self.before_end(top);
            }
        }
        self.unlink(stack);
        if !self.facts.keeps_link {
            self.frame(top).previous = None;
        }
        let panicked = self.is_panicking;
        self.clear_frame(top);
        let exception = std::mem::take(self.exception_mut(generator));
        self.give(exception);
        self.frame(top).previous = None;
        self.set_state(generator, State::Cleared);
        if self.is_panicking && !panicked {
            // The handle goes with the panic.
            self.end_generator(generator);
            return;
        }
        let position = if raises { self.after_raise() } else { self.facts.after_return };
        self.take_up(stack, position);
    }

    /// A generator that does not run is closed without running.
    pub(crate) fn release_generator(&mut self, generator: Id) {
        self.happens("a generator closed");
        let Body::Generator { frame: Some(frame), .. } = *self.body(generator) else { unreachable!("it has a frame") };
        let panicked = self.is_panicking;
        self.set_state(generator, State::Cleared);
        self.clear_frame(frame);
        if self.is_panicking && !panicked {
            self.end_generator(generator);
        }
    }

    /// The frame of a generator that does not run is dropped.
    pub(crate) fn drop_generator(&mut self, generator: Id) {
        self.happens("a generator dropped");
        self.end_generator(generator);
    }
}
