//! Functions of scenarios. One becomes code of eight units per step; what handles an exception is in its table of handlers,
//! as in code of a compiler.

use frame_runtime::table::Handler;
use frame_runtime::vm::CodeUnit;
use serde_json::{Value as Json, json};

use crate::driver::Python;
use crate::vm::Code;

/// Code units of one step.
pub(crate) const STEP: u32 = 8;
/// Where the handler of a step's own begins: it logs the outcome.
pub(crate) const CAUGHT: u32 = 4;
/// Where `RESUME` is: before, nobody sees a frame that is no generator's.
pub(crate) const RESUME: u32 = 3;
/// Entries that any step may have on the stack.
const STACK: u32 = 16;

/// What a body does, in order.
pub(crate) enum Slot {
    /// Cells, `RETURN_GENERATOR`, `RESUME`.
    Prologue,
    Step(Json),
    End,
    /// `PUSH_EXC_INFO`
    Handler,
    /// `POP_EXCEPT`
    EndHandler,
    /// `POP_EXCEPT`, `RERAISE`
    Cleanup,
}

/// A function of a scenario; an empty one stands for code of an interpreter.
#[derive(Default)]
pub(crate) struct Body {
    pub(crate) name: String,
    pub(crate) kind: String,
    slots: Vec<String>,
    pub(crate) captures: Vec<u32>,
    /// Objects in the cells of its free variables, the last slots.
    pub(crate) free: Vec<String>,
    pub(crate) alone: bool,
    pub(crate) dies: bool,
    pub(crate) list: Vec<Slot>,
}

fn words(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().map(|word| text(word).to_owned()).collect()
}

pub(crate) fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_else(|| panic!("no text: {json}"))
}

fn steps(json: &Json) -> impl Iterator<Item = Slot> {
    json.as_array().into_iter().flatten().cloned().map(Slot::Step)
}

/// The step on whose behalf the stack holds something, if it does.
fn innermost(step: &Json) -> &Json {
    match text(&step[0]) {
        "holding" => step.as_array().and_then(|list| list.last()).expect("a step"),
        _ => step,
    }
}

impl Body {
    pub(crate) fn new(name: &str, json: &Json) -> Body {
        let slots = [words(&json["arguments"]), words(&json["locals"])].concat();
        let at = |name: &String| {
            let index = slots.iter().position(|slot| slot == name).expect("a captured slot is a slot");
            u32::try_from(index).expect("few slots")
        };
        let captures = words(&json["captures"]).iter().map(at).collect();
        let mut list = vec![Slot::Prologue];
        list.extend(steps(&json["steps"]));
        list.push(Slot::End);
        if json.get("on_error").is_some() {
            list.push(Slot::Handler);
            list.extend(steps(&json["on_error"]));
            list.extend([Slot::EndHandler, Slot::Cleanup]);
        }
        Body {
            name: name.to_owned(),
            kind: text(&json["kind"]).to_owned(),
            captures,
            free: json["free"].as_array().into_iter().flatten().map(|pair| text(&pair[1]).to_owned()).collect(),
            alone: json["alone"] == true,
            dies: json["dies"] == true,
            slots,
            list,
        }
    }

    /// `down(depth, body)`
    pub(crate) fn down() -> Body {
        Body::new("down", &json!({ "kind": "function", "arguments": ["depth", "body"], "steps": [["down"]] }))
    }

    pub(crate) fn slots(&self) -> &[String] {
        &self.slots
    }

    pub(crate) fn slot(&self, name: &Json) -> u32 {
        let index = self.slots.iter().position(|slot| slot == text(name)).unwrap_or_else(|| panic!("no slot {name}"));
        u32::try_from(index).expect("few slots")
    }

    pub(crate) fn holds_cell(&self, slot: u32) -> bool {
        self.captures.contains(&slot) || slot as usize >= self.slots.len() - self.free.len()
    }

    pub(crate) fn step(&self, slot: u32) -> &Json {
        match self.list.get(slot as usize) {
            Some(Slot::Step(step)) => step,
            _ => panic!("there is no step in {} of {}", slot, self.name),
        }
    }

    /// Whether a frame that stands here waits for what it delegates to.
    pub(crate) fn delegates_at(&self, unit: usize) -> bool {
        match self.list.get(unit / STEP as usize) {
            Some(Slot::Step(step)) => ["yield_from", "pause"].contains(&text(&innermost(step)[0])),
            _ => false,
        }
    }

    pub(crate) fn code<P: Python>(&self) -> Code {
        let mut handlers = Vec::new();
        let handles = self.list.iter().position(|slot| matches!(slot, Slot::Handler));
        for (index, slot) in self.list.iter().enumerate() {
            let (index, mut region) = (u32::try_from(index).expect("few steps"), None);
            match handles.and_then(|handler| u32::try_from(handler).ok()) {
                Some(handler) if index < handler && index > 0 => region = Some((handler * STEP, 0, false)),
                Some(handler) if index > handler => region = Some((self.last() * STEP, 1, true)),
                _ => {}
            }
            let start = index * STEP;
            let mut cover = |start, end, target, depth, lasti| {
                handlers.push(Handler { start, end, target, depth, lasti });
            };
            let Slot::Step(step) = slot else { continue };
            let mut covered = start;
            let catches = ["try_call", "next", "send_none", "throw", "close", "anext", "for", "clear", "next_later"];
            if catches.contains(&text(&step[0])) {
                covered = start + CAUGHT;
                cover(start, covered, covered, region.map_or(0, |(_, depth, _)| depth), false);
            }
            if let Some((target, depth, lasti)) = region {
                cover(covered, start + STEP, target, depth, lasti);
            }
        }
        Code {
            name: self.name.clone(),
            nlocalsplus: u32::try_from(self.slots.len()).expect("few slots"),
            stacksize: STACK,
            units: (0..self.list.len() * STEP as usize).map(|_| CodeUnit::default()).collect(),
            first_traceable: RESUME as usize,
            handlers,
            tables: None,
        }
    }

    fn last(&self) -> u32 {
        u32::try_from(self.list.len() - 1).expect("few steps")
    }
}
