//! Bodies as code: the shapes that CPython's compiler gives them in each version.

use std::mem;

use frame_runtime::machine::generator::Flavour;
use frame_runtime::version::Version;
use serde_json::Value as Json;

use super::assemble::{Assembly, Catch, Code, Item, Label, Operand};
use super::blocks::Block;
use super::operations::text;

/// What a body asks of native code: a value, on its stack.
pub(crate) enum Native {
    /// A value of the script.
    Value(Json),
    /// Puts a value in a register.
    Store(usize, Json),
    /// Logs a value.
    Log(Json),
    /// Logs what is handled.
    Handled,
    /// Performs an operation.
    Operation(Json),
    /// The class of this name.
    Class(String),
}

pub(crate) struct Compiler {
    pub(super) minor: u8,
    flavour: Flavour,
    natives: Vec<Native>,
    items: Vec<Item>,
    /// What is behind the body: handlers.
    aside: Vec<Vec<Item>>,
    labels: usize,
    catches: Vec<Catch>,
    /// The handlers that are in force, by their index, the innermost last.
    pub(super) active: Vec<usize>,
    pub(super) blocks: Vec<Block>,
    pub(super) depth: u32,
    deepest: u32,
    delegations: Vec<(Label, Label)>,
}

fn slot(json: &Json) -> u32 {
    json.as_u64().and_then(|slot| u32::try_from(slot).ok()).unwrap_or_else(|| panic!("no slot: {json}"))
}

/// The code of a body.
pub(crate) fn compile<P: Version>(body: &Json) -> Code {
    let flavour = match text(&body["is"]) {
        "generator" => Flavour::Generator,
        "types_coroutine" => Flavour::TypesCoroutine,
        "coroutine" => Flavour::Coroutine,
        "async_generator" => Flavour::AsyncGenerator,
        other => panic!("no flavour: {other}"),
    };
    let mut compiler = Compiler {
        minor: P::LAYOUT.minor(),
        flavour,
        natives: Vec::new(),
        items: Vec::new(),
        aside: Vec::new(),
        labels: 0,
        catches: Vec::new(),
        active: Vec::new(),
        blocks: Vec::new(),
        depth: 0,
        deepest: 0,
        delegations: Vec::new(),
    };
    compiler.body(&body["code"]);
    let mut items = compiler.items;
    items.extend(compiler.aside.into_iter().flatten());
    Assembly {
        flavour,
        natives: compiler.natives,
        stacksize: compiler.deepest,
        items,
        handlers: compiler.catches,
        delegations: compiler.delegations,
    }
    .code::<P>()
}

impl Compiler {
    // Instructions.

    /// An instruction, and by how much it makes the stack deeper.
    pub(super) fn emit(&mut self, name: &'static str, argument: u32, effect: i32) {
        self.put(name, Operand::Number(argument), effect);
    }

    pub(super) fn put(&mut self, name: &'static str, operand: Operand, effect: i32) {
        self.items.push(Item::Instruction { name, operand, handler: self.active.last().copied() });
        self.depth = self.depth.checked_add_signed(effect).expect("a stack that is as deep");
        self.deepest = self.deepest.max(self.depth);
    }

    pub(super) fn jump(&mut self, label: Label) {
        self.items.push(Item::Jump(label, self.active.last().copied()));
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels)
    }

    pub(super) fn here(&mut self, label: Label) {
        self.items.push(Item::Label(label));
    }

    pub(super) fn native(&mut self, native: Native) {
        let index = u32::try_from(self.natives.len()).expect("few natives");
        self.natives.push(native);
        self.emit("LOAD_NAME", index, 1);
    }

    fn none(&mut self) {
        match self.minor {
            15.. => self.emit("LOAD_COMMON_CONSTANT", 7, 1),
            _ => self.emit("LOAD_CONST", 0, 1),
        }
    }

    pub(super) fn value(&mut self, value: &Json) {
        match value[0].as_str() {
            Some("s") => self.emit("LOAD_FAST", slot(&value[1]), 1),
            _ if value.is_null() => self.none(),
            _ => self.native(Native::Value(value.clone())),
        }
    }

    /// Puts the top of the stack in a slot, if one is named, or drops it.
    pub(super) fn store(&mut self, slots: Option<&Json>) {
        match slots {
            Some(found) => self.emit("STORE_FAST", slot(found), -1),
            None => self.emit("POP_TOP", 0, -1),
        }
    }

    /// A handler that is in force from here on, for what leaves the stack as deep as it is.
    pub(super) fn set_up(&mut self, target: Label, lasti: bool) {
        let depth = self.depth;
        self.active.push(self.catches.len());
        self.catches.push(Catch { target, depth, lasti });
    }

    /// Where a handler begins: what is emitted lies behind the body.
    pub(super) fn handler(&mut self, label: Label, emit: impl FnOnce(&mut Self)) {
        let items = mem::take(&mut self.items);
        let (depth, found) = (self.depth, self.catch(label));
        self.depth = found.depth + u32::from(found.lasti) + 1;
        self.deepest = self.deepest.max(self.depth);
        self.here(label);
        emit(self);
        self.depth = depth;
        let handler = mem::replace(&mut self.items, items);
        self.aside.push(handler);
    }

    fn catch(&self, label: Label) -> Catch {
        *self.catches.iter().find(|found| found.target == label).expect("a handler that was set up")
    }

    // Statements.

    fn body(&mut self, code: &Json) {
        self.emit("RETURN_GENERATOR", 0, 0);
        // What is sent first.
        self.depth = 1;
        self.deepest = 1;
        self.emit("POP_TOP", 0, -1);
        let around = self.label();
        if self.minor >= 12 {
            self.set_up(around, true);
        }
        self.emit("RESUME", 0, 0);
        self.block(code);
        self.none();
        self.emit("RETURN_VALUE", 0, -1);
        if self.minor >= 12 {
            self.active.pop();
            self.handler(around, |this| {
                this.emit("CALL_INTRINSIC_1", 3, 0);
                this.emit("RERAISE", 1, -1);
            });
        }
    }

    pub(super) fn block(&mut self, code: &Json) {
        for statement in code.as_array().expect("statements") {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Json) {
        let parts = &statement.as_array().expect("a statement")[1..];
        match text(&statement[0]) {
            "yield" => self.yields(&parts[0], parts.get(1)),
            "delegate" => {
                self.value(&parts[0]);
                if self.is_async() {
                    self.emit("GET_AWAITABLE", 0, 0);
                    if self.minor >= 15 {
                        self.emit("PUSH_NULL", 0, 1);
                    }
                } else if self.minor >= 15 {
                    self.emit("GET_ITER", 3, 1);
                } else {
                    self.emit("GET_YIELD_FROM_ITER", 0, 0);
                }
                self.delegate();
                self.store(parts.get(1));
            }
            "return" => self.returns(&parts[0]),
            "raise" => {
                for part in parts {
                    self.value(part);
                }
                let count = i32::try_from(parts.len()).expect("two at most");
                self.emit("RAISE_VARARGS", count.unsigned_abs(), -count);
            }
            "reraise" => self.emit("RAISE_VARARGS", 0, 0),
            "try" => self.tries(&parts[0], &parts[1], &parts[2]),
            "for" => self.loops(&parts[0], &parts[1], &parts[2]),
            "async_for" => self.async_loops(&parts[0], &parts[1], &parts[2]),
            "set" => {
                self.value(&parts[1]);
                self.store(Some(&parts[0]));
            }
            "store" => {
                let register = slot(&parts[0]) as usize;
                self.effect(Native::Store(register, parts[1].clone()));
            }
            "log" => self.effect(Native::Log(parts[0].clone())),
            "handled" => self.effect(Native::Handled),
            "op" => self.effect(Native::Operation(parts[0].clone())),
            other => panic!("no statement: {other}"),
        }
    }

    /// What is called for what it does.
    fn effect(&mut self, native: Native) {
        self.native(native);
        self.emit("POP_TOP", 0, -1);
    }

    fn is_async(&self) -> bool {
        matches!(self.flavour, Flavour::Coroutine | Flavour::AsyncGenerator)
    }

    fn yields(&mut self, value: &Json, slot: Option<&Json>) {
        self.value(value);
        if self.flavour == Flavour::AsyncGenerator {
            match self.minor {
                12.. => self.emit("CALL_INTRINSIC_1", 4, 0),
                _ => self.emit("ASYNC_GEN_WRAP", 0, 0),
            }
        }
        let unguarded = if self.active.len() > 1 {
            0
        } else {
            match self.minor {
                15.. => 0x8,
                13.. => 0x4,
                _ => 0,
            }
        };
        self.yield_value(false);
        self.emit("RESUME", 1 | unguarded, 0);
        self.store(slot);
    }

    fn yield_value(&mut self, delegates: bool) {
        let argument = match self.minor {
            13.. => u32::from(delegates),
            12 => u32::try_from(self.active.len()).expect("few handlers"),
            _ => 0,
        };
        self.emit("YIELD_VALUE", argument, 0);
    }

    /// Delegates to what is on top of the stack, in 3.15 below an index or null.
    pub(super) fn delegate(&mut self) {
        let [send, yields, end, failed] = [(); 4].map(|()| self.label());
        self.none();
        self.here(send);
        self.put("SEND", Operand::To(end), 0);
        if self.minor >= 12 {
            self.set_up(failed, false);
        }
        self.here(yields);
        self.yield_value(true);
        if self.minor >= 12 {
            self.active.pop();
        }
        self.emit("RESUME", if self.is_async() { 3 } else { 2 }, 0);
        self.put("JUMP_BACKWARD_NO_INTERRUPT", Operand::To(send), 0);
        self.here(end);
        let entries = if self.minor >= 15 { 2 } else { 1 };
        match self.minor {
            12.. => {
                self.emit("END_SEND", 0, -entries);
                self.handler(failed, |this| {
                    this.emit("CLEANUP_THROW", 0, -1);
                    this.jump(end);
                });
            }
            _ => self.depth -= 1,
        }
        self.delegations.push((yields, end));
    }
}
