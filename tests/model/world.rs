//! The model: frames, objects and stacks as plain data, and what each step does to them.
//!
//! It has no memory of its own to get wrong: slots are numbers of objects, frames are entries of a list, and an object ends
//! when its count is 0. Where nothing is counted, objects end when an allocation finds that nobody reaches them.

use std::collections::BTreeMap;

use frame_runtime::version::{ClearStep, ObjectStep, Position};

use crate::facts::{Facts, units};
use crate::vms::{Event, Id, Shape, TARGET, UNITS};

/// The index of a frame in [`World::frames`].
pub(crate) type FrameId = usize;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Null,
    Owned(Id),
    Borrowed(Id),
    Integer(isize),
}

impl Slot {
    pub(crate) fn object(self) -> Id {
        match self {
            Slot::Owned(id) | Slot::Borrowed(id) => id,
            Slot::Null | Slot::Integer(_) => 0,
        }
    }

    fn owned(self) -> Id {
        if let Slot::Owned(id) = self { id } else { 0 }
    }

    /// What a test writes down of a slot, however it is held.
    fn seen(self) -> i64 {
        match self {
            Slot::Null => -1,
            Slot::Owned(id) | Slot::Borrowed(id) => id.into(),
            Slot::Integer(integer) => seen_integer(integer),
        }
    }
}

/// How an integer is written down.
pub(crate) fn seen_integer(integer: isize) -> i64 {
    -100 - i64::try_from(integer).expect("64 bits")
}

/// What an object does when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Nothing,
    /// It panics, unless something panics already.
    Panics,
    /// It enters this stack and runs a function.
    Enters(usize),
    /// It makes the frame object so deep in this stack, and keeps it.
    Looks(usize, usize),
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Stack,
    Generator(Id),
    Object,
}

#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) function: Id,
    code: Id,
    shape: Shape,
    pub(crate) slots: Vec<Slot>,
    /// The next instruction of a frame that an eval loop holds.
    pub(crate) next: isize,
    /// Where its instruction pointer stands.
    stand: isize,
    return_offset: isize,
    object: Id,
    /// The mapping of names.
    namespace: Id,
    extra: Id,
    place: Place,
    previous: Option<FrameId>,
    /// Where it was resumed last.
    last_stack: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Its frame is not there yet.
    Empty,
    Created,
    Suspended,
    Executing,
    Cleared,
    /// Its frame is gone.
    Gone,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Plain(Hook),
    /// The index of an instruction.
    Index(isize),
    Holder(Vec<Id>),
    Code(Shape),
    Function {
        code: Id,
        globals: Id,
    },
    Generator {
        frame: Option<FrameId>,
        state: State,
        exception: Id,
    },
    Frame {
        frame: Option<FrameId>,
        is_over: bool,
        back: Id,
        trace: Id,
        kept: Vec<Id>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) is_alive: bool,
    pub(crate) count: usize,
    pub(crate) body: Body,
}

#[derive(Default)]
struct Entry {
    shim: Id,
    frames: Vec<FrameId>,
}

/// A data stack.
pub(crate) struct Stack {
    entries: Vec<Entry>,
    parked: Vec<FrameId>,
    pub(crate) remaining: u32,
    handled: Id,
    /// It is being dropped: nobody reaches it any more.
    pub(crate) is_gone: bool,
}

/// What an instruction that calls says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    pub(crate) caches: u8,
    pub(crate) jump: u16,
}

/// How a frame object answers that is to be cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clearing {
    Done,
    Refused,
    Generator(Id),
}

pub(crate) struct World {
    pub(crate) facts: Facts,
    is_tracing: bool,
    pub(crate) objects: Vec<Object>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) stacks: Vec<Stack>,
    /// What the test holds.
    pub(crate) roots: Vec<Id>,
    pub(crate) pins: Vec<Id>,
    pub(crate) fixed: Vec<Id>,
    pub(crate) events: Vec<Event>,
    /// A panic is on its way.
    pub(crate) is_panicking: bool,
    /// Where somebody looks when the next frame object is made: stack, depth.
    pub(crate) nosy: Option<(usize, usize)>,
    /// There is no memory for the next frame object.
    pub(crate) deny: bool,
    /// The stacks of the sessions that were not left.
    pub(crate) sessions: Vec<usize>,
    /// How often what happened.
    pub(crate) happened: BTreeMap<&'static str, u64>,
}

/// What happens in every run that is long enough, on every VM.
pub(crate) const ALWAYS: [&str; 31] = [
    "an exception handled",
    "an exception not handled",
    "a call",
    "a call that is refused",
    "a trampoline",
    "a return",
    "a return of a value",
    "an exception that leaves a frame",
    "a generator made",
    "a generator resumed",
    "a generator resumed on another stack",
    "a yield",
    "a generator that returns",
    "a generator that fails",
    "a generator closed",
    "a generator dropped",
    "a frame object made",
    "a frame object made while it was made",
    "no memory for a frame object",
    "a frame object takes over",
    "a frame object takes over from a generator",
    "a caller's object made at the end",
    "a frame object cleared",
    "a frame object not cleared",
    "a local set from outside",
    "frames parked",
    "frames unparked",
    "a panic",
    "a panic through sessions",
    "frames left in a session",
    "an exception handled by a generator",
];

/// What happens besides where references are counted.
pub(crate) const WHERE_COUNTED: [&str; 5] = [
    "a destructor panics",
    "a destructor enters a stack",
    "a destructor looks at frames",
    "a frame object that nobody else holds",
    "parked frames dropped",
];

impl World {
    pub(crate) fn new(facts: Facts, is_tracing: bool, stacks: usize, recursion: u32) -> World {
        let stack =
            || Stack { entries: Vec::new(), parked: Vec::new(), remaining: recursion, handled: 0, is_gone: false };
        World {
            facts,
            is_tracing,
            objects: Vec::new(),
            frames: Vec::new(),
            stacks: (0..stacks).map(|_| stack()).collect(),
            roots: Vec::new(),
            pins: Vec::new(),
            fixed: Vec::new(),
            events: Vec::new(),
            is_panicking: false,
            nosy: None,
            deny: false,
            sessions: Vec::new(),
            happened: BTreeMap::new(),
        }
    }

    pub(crate) fn happens(&mut self, what: &'static str) {
        *self.happened.entry(what).or_insert(0) += 1;
    }

    // Objects.

    pub(crate) fn object(&self, id: Id) -> &Object {
        &self.objects[id as usize - 1]
    }

    fn object_mut(&mut self, id: Id) -> &mut Object {
        &mut self.objects[id as usize - 1]
    }

    pub(crate) fn body(&self, id: Id) -> &Body {
        &self.object(id).body
    }

    /// Numbers of the objects that are there.
    pub(crate) fn alive(&self) -> Vec<Id> {
        (1..).zip(&self.objects).filter(|(_, object)| object.is_alive).map(|(id, _)| id).collect()
    }

    /// Makes an object. The one reference is the caller's.
    pub(crate) fn make(&mut self, body: Body) -> Id {
        self.before_allocation();
        self.put(body)
    }

    fn put(&mut self, body: Body) -> Id {
        self.objects.push(Object { is_alive: true, count: 1, body });
        Id::try_from(self.objects.len()).expect("few objects")
    }

    /// Where nothing is counted, whatever nobody reaches ends.
    pub(crate) fn before_allocation(&mut self) {
        if self.is_tracing {
            let reached = self.reached();
            for (object, reached) in self.objects.iter_mut().zip(reached) {
                object.is_alive &= reached;
            }
        }
    }

    pub(crate) fn make_function(&mut self, shape: Shape) -> Id {
        self.before_allocation();
        let code = self.put(Body::Code(shape));
        let globals = self.put(Body::Plain(Hook::Nothing));
        self.put(Body::Function { code, globals })
    }

    /// A tuple that holds these roots.
    pub(crate) fn make_tuple(&mut self, roots: &[usize]) -> Id {
        let values: Vec<Id> = roots.iter().map(|index| self.roots[*index]).collect();
        values.iter().for_each(|id| self.take(*id));
        self.make(Body::Holder(values))
    }

    /// Takes another reference.
    pub(crate) fn take(&mut self, id: Id) {
        if id != 0 && !self.is_tracing {
            self.object_mut(id).count += 1;
        }
    }

    /// Gives a reference back.
    pub(crate) fn give(&mut self, id: Id) {
        if id == 0 || self.is_tracing {
            return;
        }
        let object = self.object_mut(id);
        object.count -= 1;
        if object.count == 0 {
            self.end_object(id);
        }
    }

    pub(crate) fn is_last(&self, id: Id) -> bool {
        !self.is_tracing && id != 0 && self.object(id).count == 1
    }

    fn end_object(&mut self, id: Id) {
        let object = self.object_mut(id);
        assert!(object.is_alive, "the model is wrong");
        object.is_alive = false;
        let body = std::mem::replace(&mut object.body, Body::Plain(Hook::Nothing));
        self.events.push(Event::Died(id));
        match body {
            Body::Plain(hook) => self.run_hook(id, hook),
            Body::Holder(values) => values.into_iter().for_each(|id| self.give(id)),
            Body::Index(_) | Body::Code(_) => {}
            Body::Function { code, globals } => {
                self.give(code);
                self.give(globals);
            }
            Body::Generator { frame, exception, .. } => {
                if let Some(frame) = frame {
                    self.end_frame(frame);
                    self.give(exception);
                }
            }
            Body::Frame { frame, is_over, back, trace, kept } => {
                let own = frame.filter(|_| is_over);
                if let Some(frame) = own {
                    self.clear_own_frame(frame);
                }
                self.give_fields(back, trace, kept);
                if let Some(frame) = own {
                    self.end_extra_and_code(frame);
                }
            }
        }
    }

    /// What a frame object holds besides its frame, in the order of the version.
    fn give_fields(&mut self, back: Id, trace: Id, kept: Vec<Id>) {
        let mut kept = Some(kept);
        for step in self.facts.object_clear {
            match step {
                ObjectStep::Back => self.give(back),
                ObjectStep::Trace => self.give(trace),
                ObjectStep::Overwritten => kept.take().into_iter().flatten().for_each(|id| self.give(id)),
                ObjectStep::OwnFrame | ObjectStep::ExtraLocals | ObjectStep::LocalsCache => {}
            }
        }
        // Where a version has no such field, nothing is in it.
        assert!(kept.is_none_or(|kept| kept.is_empty()), "the model is wrong");
    }

    fn run_hook(&mut self, id: Id, hook: Hook) {
        match hook {
            Hook::Nothing => {}
            Hook::Panics => {
                self.happens("a destructor panics");
                self.is_panicking = true;
            }
            Hook::Enters(stack) | Hook::Looks(stack, _) if self.stacks[stack].is_gone => {}
            Hook::Enters(stack) => {
                self.happens("a destructor enters a stack");
                let seen = self.seen(stack);
                self.events.push(Event::Saw(id, seen));
                // A shim, and an argument of a function that returns at once.
                let shim = self.make(Body::Plain(Hook::Nothing));
                let argument = self.make(Body::Plain(Hook::Nothing));
                self.give(argument);
                self.give(shim);
            }
            Hook::Looks(stack, depth) => {
                self.happens("a destructor looks at frames");
                let seen = self.seen(stack);
                self.events.push(Event::Saw(id, seen));
                if let Some(object) = self.look(stack, depth) {
                    self.roots.push(object);
                }
            }
        }
    }

    /// Which objects are reached from the roots.
    pub(crate) fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; self.objects.len()];
        let mut left: Vec<Id> = Vec::new();
        for list in [&self.roots, &self.pins, &self.fixed] {
            left.extend(list);
        }
        for stack in &self.stacks {
            left.push(stack.handled);
            for entry in &stack.entries {
                left.push(entry.shim);
                entry.frames.iter().for_each(|frame| self.held_by_frame(*frame, &mut left));
            }
            stack.parked.iter().for_each(|frame| self.held_by_frame(*frame, &mut left));
        }
        while let Some(id) = left.pop() {
            if id == 0 || std::mem::replace(&mut reached[id as usize - 1], true) {
                continue;
            }
            match self.body(id) {
                Body::Plain(_) | Body::Index(_) | Body::Code(_) => {}
                Body::Holder(values) => left.extend(values),
                Body::Function { code, globals } => left.extend([*code, *globals]),
                Body::Generator { frame, exception, .. } => {
                    left.push(*exception);
                    frame.iter().for_each(|frame| self.held_by_frame(*frame, &mut left));
                }
                Body::Frame { frame, is_over, back, trace, kept } => {
                    left.extend([*back, *trace]);
                    left.extend(kept);
                    match frame {
                        Some(frame) if *is_over => self.held_by_frame(*frame, &mut left),
                        // Where nothing is counted a frame object keeps its generator.
                        Some(frame) if self.is_tracing => {
                            if let Place::Generator(generator) = self.frames[*frame].place {
                                left.push(generator);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        reached
    }

    fn held_by_frame(&self, frame: FrameId, into: &mut Vec<Id>) {
        let frame = &self.frames[frame];
        into.extend([frame.function, frame.code, frame.object, frame.namespace, frame.extra]);
        into.extend(frame.slots.iter().map(|slot| slot.object()));
    }

    // What is seen.

    fn chain(&self, stack: usize) -> impl Iterator<Item = FrameId> {
        let stack = &self.stacks[stack];
        let parked = if stack.entries.is_empty() { &stack.parked[..] } else { &[] };
        let running = stack.entries.iter().rev().flat_map(|entry| entry.frames.iter().rev());
        running.chain(parked.iter().rev()).copied()
    }

    fn is_complete(&self, frame: FrameId) -> bool {
        let frame = &self.frames[frame];
        let first = isize::try_from(frame.shape.first_traceable).expect("small");
        matches!(frame.place, Place::Generator(_)) || frame.stand >= first
    }

    fn complete_from(&self, frame: Option<FrameId>) -> Option<FrameId> {
        let mut at = frame;
        while let Some(frame) = at
            && !self.is_complete(frame)
        {
            at = self.frames[frame].previous;
        }
        at
    }

    fn lasti(&self, frame: FrameId) -> i64 {
        let stand = i64::try_from(self.frames[frame].stand).expect("small");
        if stand < 0 { -1 } else { 2 * stand }
    }

    /// What everybody can see of a stack's frames.
    pub(crate) fn seen(&self, stack: usize) -> Vec<i64> {
        let mut seen = Vec::new();
        for at in self.chain(stack).filter(|frame| self.is_complete(*frame)) {
            let frame = &self.frames[at];
            let (owner, generator) = match frame.place {
                Place::Stack => (self.facts.owners[0], 0),
                Place::Generator(generator) => (self.facts.owners[1], generator),
                Place::Object => unreachable!("it is in the chain"),
            };
            seen.extend([frame.function.into(), frame.code.into(), self.lasti(at), owner.into(), generator.into()]);
            seen.extend([i64::from(frame.namespace), frame.extra.into()]);
            seen.push(i64::try_from(frame.slots.len()).expect("small"));
            seen.extend(frame.slots.iter().map(|slot| slot.seen()));
        }
        seen
    }

    /// What everybody can see of a frame object.
    pub(crate) fn seen_object(&self, id: Id) -> Vec<i64> {
        let Body::Frame { frame, is_over, back, trace, .. } = self.body(id) else {
            unreachable!("it is a frame object")
        };
        // Another one was there first.
        let Some(at) = *frame else { return vec![0, 0, 0, -1, 0, 0, 0, 0, 0] };
        let frame = &self.frames[at];
        let generator = if let Place::Generator(generator) = frame.place { generator } else { 0 };
        let mut seen = vec![i64::from(*is_over), frame.function.into(), frame.code.into(), self.lasti(at)];
        seen.extend([
            frame.namespace.into(),
            generator.into(),
            (*trace).into(),
            if *is_over { (*back).into() } else { 0 },
        ]);
        seen.push(i64::try_from(frame.slots.len()).expect("small"));
        seen.extend(frame.slots.iter().map(|slot| slot.seen()));
        seen
    }

    /// What everybody can see of a generator that does not run.
    pub(crate) fn seen_generator(&self, id: Id) -> Vec<i64> {
        let Body::Generator { frame, state, .. } = self.body(id) else { unreachable!("it is a generator") };
        let number = match state {
            State::Created => self.facts.states[0],
            State::Suspended => self.facts.states[1],
            State::Cleared => self.facts.states[3],
            State::Empty | State::Executing | State::Gone => return vec![-1],
        };
        let frame = &self.frames[frame.expect("a frame")];
        let mut seen = vec![number.into(), self.facts.owners[1].into(), i64::try_from(frame.stand).expect("small")];
        seen.push(frame.extra.into());
        seen.extend(frame.slots.iter().map(|slot| slot.seen()));
        seen
    }

    /// The generators of a stack that run or are parked while they run, the topmost first.
    fn running_generators(&self, stack: usize) -> impl Iterator<Item = Id> {
        let stack = &self.stacks[stack];
        let running = stack.entries.iter().rev().flat_map(|entry| entry.frames.iter().rev());
        running.chain(stack.parked.iter().rev()).filter_map(|frame| match self.frames[*frame].place {
            Place::Generator(generator) => Some(generator),
            Place::Stack | Place::Object => None,
        })
    }

    /// The exception that is being handled.
    pub(crate) fn handled(&self, stack: usize) -> Id {
        let mut exceptions = self.running_generators(stack).map(|generator| self.exception(generator));
        exceptions.find(|exception| *exception != 0).unwrap_or(self.stacks[stack].handled)
    }

    fn exception(&self, generator: Id) -> Id {
        if let Body::Generator { exception, .. } = self.body(generator) { *exception } else { 0 }
    }

    fn exception_mut(&mut self, generator: Id) -> &mut Id {
        match &mut self.object_mut(generator).body {
            Body::Generator { exception, .. } => exception,
            _ => unreachable!("it is a generator"),
        }
    }

    /// Changes what is being handled; returns what was.
    pub(crate) fn replace_handled(&mut self, stack: usize, exception: Id) -> Id {
        let generator = self.running_generators(stack).next();
        if generator.is_some() && exception != 0 {
            self.happens("an exception handled by a generator");
        }
        let place = match generator {
            Some(generator) => self.exception_mut(generator),
            None => &mut self.stacks[stack].handled,
        };
        std::mem::replace(place, exception)
    }

    // Frames.

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

    fn push(&mut self, stack: usize, frame: FrameId) {
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

    /// The frame's object, made if there is none; another reference to it.
    fn make_object(&mut self, frame: FrameId) -> Option<Id> {
        let existing = self.frames[frame].object;
        if existing != 0 {
            self.take(existing);
            return Some(existing);
        }
        if let Some((stack, depth)) = self.nosy.take()
            && let Some(object) = self.look(stack, depth)
        {
            self.give(object);
        }
        if std::mem::take(&mut self.deny) {
            self.happens("no memory for a frame object");
            return None;
        }
        let body = Body::Frame { frame: None, is_over: false, back: 0, trace: 0, kept: Vec::new() };
        let made = self.make(body);
        let existing = self.frames[frame].object;
        if existing != 0 {
            self.happens("a frame object made while it was made");
            self.give(made);
            self.take(existing);
            return Some(existing);
        }
        if let Body::Frame { frame: at, .. } = &mut self.object_mut(made).body {
            *at = Some(frame);
        }
        self.happens("a frame object made");
        self.frames[frame].object = made;
        self.take(made);
        Some(made)
    }

    /// The frame object so deep in a stack.
    pub(crate) fn look(&mut self, stack: usize, depth: usize) -> Option<Id> {
        let frame = self.chain(stack).filter(|frame| self.is_complete(*frame)).nth(depth)?;
        self.make_object(frame)
    }

    /// The frame object of a generator.
    pub(crate) fn generator_object(&mut self, generator: Id) -> Option<Id> {
        let Body::Generator { frame, .. } = self.body(generator) else { unreachable!("it is a generator") };
        self.make_object(frame.expect("a frame"))
    }

    fn is_unique(&self, object: Id) -> bool {
        self.is_last(object)
    }

    /// The object of a frame that ends keeps its caller's, which is made for that.
    fn before_end(&mut self, frame: FrameId) {
        let object = self.frames[frame].object;
        if object != 0
            && !self.is_unique(object)
            && let Some(caller) = self.complete_from(self.frames[frame].previous)
            && let Some(made) = self.make_object(caller)
        {
            self.happens("a caller's object made at the end");
            self.give(made);
        }
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
    fn clear_own_frame(&mut self, frame: FrameId) {
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

    fn clear_step(&mut self, frame: FrameId, slots: &[Slot], step: ClearStep) {
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

    /// Everything moves to the frame's object.
    fn take_over(&mut self, frame: FrameId) {
        self.happens(match self.frames[frame].place {
            Place::Generator(_) => "a frame object takes over from a generator",
            Place::Stack | Place::Object => "a frame object takes over",
        });
        let slots = std::mem::take(&mut self.frames[frame].slots);
        let slots = slots.into_iter().map(|slot| self.own(slot)).collect();
        let back = self.complete_from(self.frames[frame].previous).map_or(0, |caller| self.frames[caller].object);
        self.take(back);
        let mut moved = Frame { slots, place: Place::Object, previous: None, object: 0, ..self.frames[frame].clone() };
        let first = isize::try_from(moved.shape.first_traceable).expect("small");
        if moved.stand < first {
            // A generator that has not begun is taken for one that has.
            moved.stand = first + self.facts.created;
        }
        self.take(moved.code);
        self.frames.push(moved);
        let moved = self.frames.len() - 1;
        let left = self.frame(frame);
        left.function = 0;
        left.namespace = 0;
        left.extra = 0;
        let object = std::mem::take(&mut left.object);
        match &mut self.object_mut(object).body {
            Body::Frame { frame, is_over, back: link, .. } => {
                *frame = Some(moved);
                *is_over = true;
                *link = back;
            }
            _ => unreachable!("it is a frame object"),
        }
        self.events.push(Event::Owns(object));
        self.give(object);
    }

    /// A reference that leaves the data stack is counted.
    fn own(&mut self, slot: Slot) -> Slot {
        if let Slot::Borrowed(id) = slot {
            self.take(id);
            return Slot::Owned(id);
        }
        slot
    }

    /// All of a frame that is in no chain.
    fn end_frame(&mut self, frame: FrameId) {
        self.clear_frame(frame);
        self.end_extra_and_code(frame);
    }

    fn end_extra_and_code(&mut self, frame: FrameId) {
        let extra = std::mem::take(&mut self.frames[frame].extra);
        self.give(extra);
        let code = std::mem::take(&mut self.frames[frame].code);
        self.give(code);
    }

    /// The frame of a generator that does not run, or runs no more, goes, and what it handled.
    fn end_generator(&mut self, generator: Id) {
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
        self.stacks[stack].entries.push(Entry { shim, frames: Vec::new() });
    }

    pub(crate) fn unpark(&mut self, stack: usize, shim: Id) {
        self.happens("frames unparked");
        self.enter(stack, shim);
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
    }

    pub(crate) fn may_park(&self, stack: usize) -> bool {
        let stack = &self.stacks[stack];
        stack.entries.len() == 1 && stack.parked.is_empty()
    }

    pub(crate) fn park(&mut self, stack: usize, site: Site) {
        self.happens("frames parked");
        let top = self.top(stack);
        self.wait(top, site);
        self.stacks[stack].parked = std::mem::take(&mut self.stacks[stack].entries[0].frames);
    }

    /// The stack is dropped with what is parked on it.
    pub(crate) fn drop_stack(&mut self, stack: usize, recursion: u32) {
        self.stacks[stack].is_gone = true;
        while let Some(top) = self.stacks[stack].parked.last().copied() {
            self.happens("parked frames dropped");
            self.before_end(top);
            self.stacks[stack].parked.pop();
            self.end_unlinked(top);
        }
        let handled = std::mem::take(&mut self.stacks[stack].handled);
        self.give(handled);
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

    // Frame objects.

    /// Changes a local. The reference moves in; what comes back is the caller's. `None`: there is no such local.
    pub(crate) fn set_through_object(&mut self, object: Id, index: usize, value: Slot) -> Option<Slot> {
        let Body::Frame { frame: Some(frame), is_over, .. } = *self.body(object) else { return None };
        if index >= self.frames[frame].slots.len() || index >= self.locals(frame) {
            return None;
        }
        self.happens("a local set from outside");
        let value = self.own(value);
        let old = std::mem::replace(&mut self.frames[frame].slots[index], value);
        if !self.facts.has_tags || old.owned() == 0 || is_over {
            return Some(old);
        }
        if let Body::Frame { kept, .. } = &mut self.object_mut(object).body {
            kept.push(old.owned());
        }
        Some(Slot::Null)
    }

    /// Sets the trace function; the reference moves in, the old one is the caller's.
    pub(crate) fn set_trace(&mut self, object: Id, function: Id) -> Id {
        if let Body::Frame { trace, .. } = &mut self.object_mut(object).body {
            return std::mem::replace(trace, function);
        }
        unreachable!("it is a frame object")
    }

    /// `f_back` of a frame object whose activation is over, or runs on this stack; another reference to it.
    pub(crate) fn back(&mut self, object: Id) -> Option<Id> {
        let Body::Frame { frame, back, .. } = *self.body(object) else { unreachable!("it is a frame object") };
        if back != 0 {
            self.take(back);
            return Some(back);
        }
        let caller = self.complete_from(self.frames[frame?].previous)?;
        self.make_object(caller)
    }

    pub(crate) fn is_over(&self, object: Id) -> bool {
        matches!(self.body(object), Body::Frame { is_over: true, .. })
    }

    pub(crate) fn clear_object(&mut self, object: Id) -> Clearing {
        let Body::Frame { frame, is_over, trace, kept, .. } = &mut self.object_mut(object).body else {
            unreachable!("it is a frame object")
        };
        let Some(frame) = *frame else { return Clearing::Done };
        if !*is_over {
            return match self.frames[frame].place {
                Place::Generator(generator) => match self.state(generator) {
                    State::Created => Clearing::Generator(generator),
                    State::Suspended if self.facts.minor < 13 => Clearing::Generator(generator),
                    _ => Clearing::Refused,
                },
                Place::Stack | Place::Object => Clearing::Refused,
            };
        }
        let (trace, kept) = (std::mem::take(trace), std::mem::take(kept));
        self.give_fields(0, trace, kept);
        let slots = std::mem::take(&mut self.frames[frame].slots);
        for step in self.facts.clear {
            if matches!(step, ClearStep::SlotsAscending | ClearStep::SlotsDescending) {
                self.clear_step(frame, &slots, *step);
            }
        }
        if self.facts.clears_namespace {
            self.clear_step(frame, &[], ClearStep::Locals);
        }
        Clearing::Done
    }

    /// Changes what the VM added to a frame; returns what was.
    pub(crate) fn set_extra(&mut self, frame: FrameId, value: Id) -> Id {
        std::mem::replace(&mut self.frame(frame).extra, value)
    }

    /// Changes the mapping of names; returns what was.
    pub(crate) fn set_namespace(&mut self, frame: FrameId, value: Id) -> Id {
        std::mem::replace(&mut self.frame(frame).namespace, value)
    }

    /// A tuple forgets what it holds.
    pub(crate) fn clear_holder(&mut self, holder: Id) {
        let values = match &mut self.object_mut(holder).body {
            Body::Holder(values) => std::mem::take(values),
            _ => Vec::new(),
        };
        values.into_iter().for_each(|id| self.give(id));
    }
}
