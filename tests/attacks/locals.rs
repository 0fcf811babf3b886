//! Local variables, while whatever is asked of the VM, and whatever ends, does something with the same frames.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;

use frame_runtime::data_stack::{DataStack, Limits};
use frame_runtime::entry::Entry;
use frame_runtime::locals::{self, FrameLocals, Locals, Method};
use frame_runtime::machine::Gone;
use frame_runtime::machine::owner::{self, OnPop};
use frame_runtime::running::ByOwner;
use frame_runtime::stack_ref::StackRef;
use frame_runtime::version::{Activation, Cpython3_11, Cpython3_12, Cpython3_13, Cpython3_14, Cpython3_15};

use crate::locals_vm::{ALIVE, BREAKERS, Kind, Machine, Object, WILD};

type Stack<P> = DataStack<Machine<P>>;

const NAMES: [&str; 6] = ["a", "b", "cc", "dd", "eee", "ffff"];
/// Plain locals, a captured one, a cell, a free variable, a hidden one where there are such.
const KINDS: [u8; 5] = [0x20, 0x20, 0x60, 0x40, 0x80];

struct World<P: Activation> {
    stack: Stack<P>,
    seed: Cell<u64>,
    /// Frame objects that are held.
    frames: RefCell<Vec<Object<P>>>,
    /// Mappings that write through.
    proxies: RefCell<Vec<Object<P>>>,
    /// Dicts and values.
    things: RefCell<Vec<Object<P>>>,
    depth: Cell<u32>,
}

impl<P: Activation> World<P>
where
    owner::Thread: OnPop<P, Gone>,
{
    fn below(&self, end: u32) -> u32 {
        let mut seed = self.seed.get();
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        self.seed.set(seed);
        (seed >> 33) as u32 % end
    }

    fn pick(&self, from: &RefCell<Vec<Object<P>>>) -> Option<Object<P>> {
        let length = from.borrow().len() as u32;
        (length > 0).then(|| from.borrow()[self.below(length) as usize].clone())
    }

    /// Holds something, or lets something go for it.
    fn keep(&self, among: &RefCell<Vec<Object<P>>>, thing: Object<P>) {
        let full = among.borrow().len() > 6;
        let gone = if full { Some(among.borrow_mut().swap_remove(self.below(6) as usize)) } else { None };
        among.borrow_mut().push(thing);
        drop(gone);
    }

    fn key(&self) -> Object<P> {
        match self.below(8) {
            0 => Object::new(Kind::Int(self.below(4).into())),
            name => Object::new(Kind::Name(NAMES[name as usize % NAMES.len()].into())),
        }
    }

    fn value(&self) -> Object<P> {
        let new = || Object::new(Kind::Int(self.below(100).into()));
        match self.below(4) {
            0 => self.pick(&self.things).unwrap_or_else(new),
            1 => self.pick(&self.frames).unwrap_or_else(new),
            2 => Object::new(Kind::Cell(frame_runtime::cell::Cell::new(Some(new())))),
            _ => new(),
        }
    }

    /// One thing that the program may do anywhere.
    fn act(&self) {
        if self.depth.get() > 3 {
            return;
        }
        self.depth.set(self.depth.get() + 1);
        match self.below(12) {
            0 => drop(
                self.stack
                    .frame_object(self.below(3) as usize)
                    .map(|frame| frame.map(|frame| self.keep(&self.frames, frame))),
            ),
            1 => drop(self.pick(&self.frames).map(|frame| self.look(&frame))),
            2 => drop(self.pick(&self.frames).map(|frame| self.clear(&frame))),
            3 => {
                let gone = { self.frames.borrow_mut().pop() };
                drop(gone);
            }
            4 => {
                let gone = { self.proxies.borrow_mut().pop() };
                drop(gone);
            }
            5 => self.call(),
            _ => drop(self.pick(&self.proxies).map(|proxy| self.operate(&proxy))),
        }
        self.depth.set(self.depth.get() - 1);
    }

    fn clear(&self, frame: &Object<P>) {
        if let Kind::Frame(frame) = frame.kind() {
            let _ = frame.clear();
        }
    }

    fn look(&self, frame: &Object<P>) {
        match self.below(5) {
            0 => drop(locals::locals(&self.stack, frame).map(|dict| self.keep(&self.things, dict))),
            1 => drop(locals::borrowed_locals(&self.stack, frame).map(|dict| self.keep(&self.things, dict))),
            2 => drop(locals::around_callback(&self.stack, frame, |_| self.act())),
            _ => match locals::f_locals(&self.stack, frame) {
                Ok(Locals::Proxy(proxy)) => self.keep(&self.proxies, Object::new(Kind::Locals(proxy))),
                Ok(Locals::Mapping(dict)) => {
                    let (key, value) = (self.key(), self.value());
                    drop(frame_runtime::locals::LocalsVm::set_item(self.stack.vm(), &self.stack, &dict, &key, value));
                    drop(locals::locals_to_fast(&self.stack, frame, self.below(2) == 0));
                    self.keep(&self.things, dict);
                }
                Err(_) => {}
            },
        }
    }

    fn operate(&self, proxy: &Object<P>) {
        let Kind::Locals(locals) = proxy.kind() else { unreachable!("only these are among them") };
        let stack = &self.stack;
        match self.below(10) {
            0..3 => drop(locals.set_item(stack, &self.key(), self.value())),
            3 => drop(locals.get_item(stack, &self.key())),
            4 => drop(locals.del_item(stack, &self.key())),
            5 => drop(locals.len(stack)),
            6 => drop(locals.repr(stack)),
            7 => {
                let other = if self.below(2) == 0 { self.pick(&self.proxies) } else { self.pick(&self.things) };
                if let Some(other) = other {
                    drop(locals.inplace_or(stack, &other));
                    drop(FrameLocals::or(stack, proxy, &other));
                    drop(locals.compare(stack, &other, frame_runtime::cell::Operator::Eq));
                }
            }
            _ => {
                let method = Method::ALL[self.below(Method::ALL.len() as u32) as usize];
                let arguments: Vec<_> = (0..self.below(3)).map(|_| self.key()).collect();
                drop(locals.call(stack, method, &arguments));
            }
        }
    }

    /// A frame that runs, is looked at, and ends in one way or another.
    fn call(&self) {
        let hidden = if P::LOCALSPLUS.bits("hidden").is_some() { 0x30 } else { 0x20 };
        let cell = Object::new(Kind::Cell(frame_runtime::cell::Cell::new(Some(self.value()))));
        let kinds = KINDS.into_iter().chain([hidden]);
        let mut names: Vec<_> = NAMES.into_iter().zip(kinds).collect();
        names.swap(4, 5);
        if self.below(3) == 0 {
            // So many that there is an index.
            names.splice(2..2, ["x1", "x2", "x3", "x4", "x5"].map(|name| (name, 0x20)));
        }
        let last = names.len() - 1;
        let function = Object::function(&names, vec![cell.clone()], self.below(4) != 0);
        let run = |entry: Entry<'_, Machine<P>>| {
            let mut arguments = [StackRef::owned(self.value()), StackRef::owned(self.value())];
            let Ok(mut f) = entry.call(function.clone(), &mut arguments) else { return };
            f.fetch();
            drop(f.set_local(last as u32, StackRef::owned(cell.clone())));
            for _ in 0..self.below(5) {
                f.push(StackRef::owned(self.value()));
                let (back, ()) = f.escape(|_| self.act());
                f = back;
                let value = f.pop();
                f = f.release(value);
            }
            if self.below(3) == 0 {
                // The handle is lost: the entry clears the frame.
                return;
            }
            f.push(StackRef::owned(self.value()));
            if let ByOwner::Thread(f) = f.by_owner() {
                drop(f.return_value());
            }
        };
        let _ = self.stack.enter(Object::new(Kind::None), run);
    }
}

fn random_programs<P: Activation>()
where
    owner::Thread: OnPop<P, Gone>,
{
    let rounds = if cfg!(debug_assertions) { 300 } else { 1500 };
    for seed in 0..rounds {
        let world = Rc::new(World::<P> {
            stack: DataStack::new(Machine(PhantomData), Limits { recursion: 12, ..Limits::default() }),
            seed: Cell::new((seed + 1_u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            frames: RefCell::default(),
            proxies: RefCell::default(),
            things: RefCell::default(),
            depth: Cell::new(0),
        });
        let wild = Rc::downgrade(&world);
        WILD.set(Some(Rc::new(move || {
            if let Some(world) = wild.upgrade()
                && world.below(6) == 0
            {
                world.act();
            }
        })));
        for _ in 0..30 {
            world.call();
            world.act();
        }
        drop(WILD.take());
        world.frames.take();
        world.proxies.take();
        world.things.take();
        // Frames, dicts and cells may hold each other.
        for cut in BREAKERS.take() {
            cut();
        }
        drop(world);
        assert_eq!(ALIVE.get(), 0, "objects are left, seed {seed}");
    }
}

#[test]
fn frames_are_looked_at_while_they_are_looked_at() {
    random_programs::<Cpython3_11>();
    random_programs::<Cpython3_12>();
    random_programs::<Cpython3_13>();
    random_programs::<Cpython3_14>();
    random_programs::<Cpython3_15>();
}
