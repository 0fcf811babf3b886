//! The model: frames, objects and stacks as plain data, and what each step does to them.
//!
//! It has no memory of its own to get wrong: slots are numbers of objects, frames are entries of a list, and an object ends
//! when its count is 0. Where nothing is counted, objects end when an allocation finds that nobody reaches them.

mod activations;
mod frame_objects;

use std::collections::BTreeMap;

use frame_runtime::version::ObjectStep;

use crate::facts::Facts;
use crate::vms::{Event, Id, Shape};

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
    /// What was handled while the frames were parked that go on here.
    left: Id,
}

/// A data stack.
pub(crate) struct Stack {
    entries: Vec<Entry>,
    parked: Vec<FrameId>,
    pub(crate) remaining: u32,
    handled: Id,
    /// The same of what is parked.
    parked_handled: Id,
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
        let stack = || Stack {
            entries: Vec::new(),
            parked: Vec::new(),
            remaining: recursion,
            handled: 0,
            parked_handled: 0,
            is_gone: false,
        };
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
                // The last one goes first.
                ObjectStep::Overwritten => kept.take().into_iter().flatten().rev().for_each(|id| self.give(id)),
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
            left.extend([stack.handled, stack.parked_handled]);
            for entry in &stack.entries {
                left.extend([entry.shim, entry.left]);
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

    /// The generators of a stack that run, the topmost first.
    fn running_generators(&self, stack: usize) -> impl Iterator<Item = Id> {
        let entries = self.stacks[stack].entries.iter().rev();
        let running = entries.flat_map(|entry| entry.frames.iter().rev());
        running.filter_map(|frame| match self.frames[*frame].place {
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
}
