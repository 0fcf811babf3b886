//! Statements with statements in them, as code: `try`, loops, and how a `return` leaves them.

use serde_json::Value as Json;

use super::assemble::{Label, Operand};
use super::compile::{Compiler, Native};
use super::operations::text;

/// What a `return` has to leave on its way out.
pub(super) enum Block {
    /// A loop, with so many entries on the stack.
    Loop(u32),
    /// The statements of a `try`: their handler is left.
    Try,
    /// The same, with statements to be done on the way out.
    Finally(Json),
    /// What is done for an exception in a `finally`.
    FinallyEnd,
    /// An `except` clause.
    Clause,
    /// What another `return` left on the stack.
    Value,
}

impl Compiler {
    pub(super) fn returns(&mut self, value: &Json) {
        self.value(value);
        let (depth, active) = (self.depth, self.active.clone());
        let mut left = Vec::new();
        while let Some(block) = self.blocks.pop() {
            self.leave(&block);
            left.push(block);
        }
        self.emit("RETURN_VALUE", 0, -1);
        self.blocks.extend(left.into_iter().rev());
        self.active = active;
        self.depth = depth - 1;
    }

    /// Leaves a block, with a value on top of the stack that stays.
    fn leave(&mut self, block: &Block) {
        match block {
            Block::Loop(entries) => {
                self.emit("SWAP", 1 + entries, 0);
                for _ in 0..*entries {
                    self.emit("POP_TOP", 0, -1);
                }
            }
            Block::Try => drop(self.active.pop()),
            Block::Finally(code) => {
                self.active.pop();
                self.blocks.push(Block::Value);
                self.block(code);
                self.blocks.pop();
            }
            Block::FinallyEnd | Block::Clause => {
                if let Block::FinallyEnd = block {
                    self.emit("SWAP", 2, 0);
                    self.emit("POP_TOP", 0, -1);
                }
                self.emit("SWAP", 2, 0);
                self.active.pop();
                self.emit("POP_EXCEPT", 0, -1);
            }
            Block::Value => {
                self.emit("SWAP", 2, 0);
                self.emit("POP_TOP", 0, -1);
            }
        }
    }

    pub(super) fn tries(&mut self, code: &Json, clauses: &Json, last: &Json) {
        let clauses = clauses.as_array().expect("clauses");
        if last.is_null() {
            return self.excepts(code, clauses);
        }
        let [failed, cleanup, end] = [(); 3].map(|()| self.label());
        self.set_up(failed, false);
        self.blocks.push(Block::Finally(last.clone()));
        if clauses.is_empty() {
            self.block(code);
        } else {
            self.excepts(code, clauses);
        }
        self.blocks.pop();
        self.active.pop();
        self.block(last);
        self.jump(end);
        self.handler(failed, |this| {
            this.push_exc_info(cleanup);
            this.blocks.push(Block::FinallyEnd);
            this.block(last);
            this.blocks.pop();
            this.emit("RERAISE", 0, -1);
            this.active.pop();
        });
        self.clean_up(cleanup);
        self.here(end);
    }

    /// Begins a handler whose statements have one of their own around them.
    fn push_exc_info(&mut self, cleanup: Label) {
        self.emit("PUSH_EXC_INFO", 0, 1);
        self.depth -= 1;
        self.set_up(cleanup, true);
        self.depth += 1;
    }

    fn clean_up(&mut self, cleanup: Label) {
        self.handler(cleanup, |this| {
            this.emit("COPY", 3, 1);
            this.emit("POP_EXCEPT", 0, -1);
            this.emit("RERAISE", 1, -1);
        });
    }

    fn excepts(&mut self, code: &Json, clauses: &[Json]) {
        let [failed, cleanup, end] = [(); 3].map(|()| self.label());
        self.set_up(failed, false);
        self.blocks.push(Block::Try);
        self.block(code);
        self.blocks.pop();
        self.active.pop();
        self.jump(end);
        self.handler(failed, |this| {
            this.push_exc_info(cleanup);
            for clause in clauses {
                let other = this.label();
                this.native(Native::Class(text(&clause[0]).to_owned()));
                this.emit("CHECK_EXC_MATCH", 0, 0);
                let name = if this.minor == 11 { "POP_JUMP_FORWARD_IF_FALSE" } else { "POP_JUMP_IF_FALSE" };
                this.put(name, Operand::To(other), -1);
                let depth = this.depth;
                this.emit("POP_TOP", 0, -1);
                this.blocks.push(Block::Clause);
                this.block(&clause[1]);
                this.blocks.pop();
                let active = this.active.pop();
                this.emit("POP_EXCEPT", 0, -1);
                this.jump(end);
                this.active.extend(active);
                this.depth = depth;
                this.here(other);
            }
            this.emit("RERAISE", 0, -1);
            this.active.pop();
        });
        self.clean_up(cleanup);
        self.here(end);
    }

    pub(super) fn loops(&mut self, value: &Json, slot: &Json, code: &Json) {
        let [next, end] = [(); 2].map(|()| self.label());
        let entries = if self.minor >= 15 { 2 } else { 1 };
        self.value(value);
        self.emit("GET_ITER", 0, entries - 1);
        self.here(next);
        self.put("FOR_ITER", Operand::To(end), 1);
        self.store(Some(slot));
        self.blocks.push(Block::Loop(entries.unsigned_abs()));
        self.block(code);
        self.blocks.pop();
        self.put("JUMP_BACKWARD", Operand::To(next), 0);
        self.here(end);
        match self.minor {
            14.. => {
                self.depth += 1;
                self.emit("END_FOR", 0, -1);
                self.emit("POP_ITER", 0, -entries);
            }
            13 => {
                self.depth += 1;
                self.emit("END_FOR", 0, -1);
                self.emit("POP_TOP", 0, -1);
            }
            12 => {
                self.depth += 1;
                self.emit("END_FOR", 0, -2);
            }
            _ => self.depth -= 1,
        }
    }

    pub(super) fn async_loops(&mut self, value: &Json, slot: &Json, code: &Json) {
        let [next, over] = [(); 2].map(|()| self.label());
        self.value(value);
        self.emit("GET_AITER", 0, 0);
        self.here(next);
        self.set_up(over, false);
        self.emit("GET_ANEXT", 0, 1);
        if self.minor >= 15 {
            self.emit("PUSH_NULL", 0, 1);
        }
        self.delegate();
        self.active.pop();
        self.store(Some(slot));
        self.blocks.push(Block::Loop(1));
        self.block(code);
        self.blocks.pop();
        self.put("JUMP_BACKWARD", Operand::To(next), 0);
        let end = self.label();
        self.handler(over, |this| {
            this.emit("END_ASYNC_FOR", 0, -2);
            this.jump(end);
        });
        self.depth -= 1;
        self.here(end);
    }
}
