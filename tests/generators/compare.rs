//! What a script did on an interpreter beside what it does here, and the first difference in words.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use frame_runtime::generator::Machines;
use serde_json::Value as Json;

use crate::generators::replay;

/// A line of a file of vectors, on the runtime.
pub(crate) struct Played {
    pub(crate) did: Vec<Json>,
    alive: Vec<Json>,
    leaked: u64,
    /// What it panicked with.
    panic: Option<String>,
}

impl Played {
    /// Replays a line. A panic is a result.
    pub(crate) fn of(minor: u8, line: &Json, machines: Option<&'static Machines>) -> Played {
        match catch_unwind(AssertUnwindSafe(|| replay(minor, line, machines))) {
            Ok(played) => Played {
                did: list(&played["did"]),
                alive: list(&played["alive"]),
                leaked: played["leaked"].as_u64().expect("a number of objects"),
                panic: None,
            },
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something");
                Played { did: Vec::new(), alive: Vec::new(), leaked: 0, panic: Some(text.to_owned()) }
            }
        }
    }
}

/// The first thing that is different.
pub(crate) struct Difference {
    /// The operation, from 0; `None`: what is left after all of them.
    pub(crate) operation: Option<usize>,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Compares a line with what it came to here.
pub(crate) fn difference(line: &Json, played: &Played) -> Option<Difference> {
    if let Some(panic) = &played.panic {
        return Some(Difference { operation: None, expected: "no panic".to_owned(), found: format!("panic: {panic}") });
    }
    let did = list(&line["did"]);
    // An interpreter that ended says nothing of what would have come.
    let ended = line.get("crash").is_some();
    let most = if ended { did.len() } else { did.len().max(played.did.len()) };
    for at in 0..most {
        let (expected, found) = (did.get(at), played.did.get(at));
        if expected != found {
            return Some(Difference { operation: Some(at), expected: text(expected), found: text(found) });
        }
    }
    let alive = list(&line["alive"]);
    if alive != played.alive && !ended {
        let say = |alive: &[Json]| format!("alive at the end: {}", Json::from(alive.to_vec()));
        return Some(Difference { operation: None, expected: say(&alive), found: say(&played.alive) });
    }
    (played.leaked != 0).then(|| Difference {
        operation: None,
        expected: "nothing leaked".to_owned(),
        found: format!("leaked: {} objects", played.leaked),
    })
}

fn list(value: &Json) -> Vec<Json> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(event: Option<&Json>) -> String {
    event.map_or_else(|| "nothing".to_owned(), Json::to_string)
}

/// The name of a script.
pub(crate) fn name(line: &Json) -> &str {
    line["script"].as_str().expect("a name")
}

impl Difference {
    /// In words: where, what was expected and found; the bodies, and what was done until then.
    pub(crate) fn report(&self, release: &str, line: &Json) -> String {
        let ops = list(&line["ops"]);
        let place = match self.operation {
            Some(at) => format!("operation {at}, {},", ops.get(at).map_or_else(|| "?".to_owned(), Json::to_string)),
            None => "the end".to_owned(),
        };
        let mut said = format!("{release}, `{}`: {place} differ\n", name(line));
        let _ = writeln!(said, "    expected {}\n    got      {}", self.expected, self.found);
        for (index, body) in list(&line["bodies"]).iter().enumerate() {
            let _ = writeln!(said, "    {} b{index}:", body["is"].as_str().unwrap_or("?"));
            write_block(&mut said, &body["code"], 2);
        }
        for (index, foreign) in list(&line["foreigns"]).iter().enumerate() {
            let _ = writeln!(said, "    foreign {index}: {foreign}");
        }
        let last = self.operation.unwrap_or(ops.len());
        for (at, operation) in ops.iter().enumerate().take(last + 1) {
            let mark = if Some(at) == self.operation { ">" } else { " " };
            let _ = writeln!(said, "   {mark}{at:>3} {operation}");
        }
        said
    }
}

fn write_block(said: &mut String, code: &Json, depth: usize) {
    let statements = list(code);
    if statements.is_empty() {
        write_line(said, depth, "pass");
    }
    for statement in &statements {
        write_statement(said, statement, depth);
    }
}

fn write_line(said: &mut String, depth: usize, text: &str) {
    let _ = writeln!(said, "{}{text}", "    ".repeat(depth));
}

/// A statement as Python would have it; values stay as they are.
fn write_statement(said: &mut String, statement: &Json, depth: usize) {
    let word = statement[0].as_str().unwrap_or("?");
    let slot = |at: usize| statement.get(at).map_or_else(String::new, |slot| format!("s{slot} = "));
    match word {
        "yield" => write_line(said, depth, &format!("{}yield {}", slot(2), statement[1])),
        "delegate" => write_line(said, depth, &format!("{}yield from {}", slot(2), statement[1])),
        "raise" => {
            let cause = statement.get(2).map_or_else(String::new, |cause| format!(" from {cause}"));
            write_line(said, depth, &format!("raise {}{cause}", statement[1]));
        }
        "reraise" => write_line(said, depth, "raise"),
        "try" => {
            write_line(said, depth, "try:");
            write_block(said, &statement[1], depth + 1);
            for clause in &list(&statement[2]) {
                write_line(said, depth, &format!("except {}:", clause[0].as_str().unwrap_or("?")));
                write_block(said, &clause[1], depth + 1);
            }
            if !statement[3].is_null() {
                write_line(said, depth, "finally:");
                write_block(said, &statement[3], depth + 1);
            }
        }
        "for" | "async_for" => {
            let spelled = word.replace('_', " ");
            write_line(said, depth, &format!("{spelled} s{} in {}:", statement[2], statement[1]));
            write_block(said, &statement[3], depth + 1);
        }
        "set" => write_line(said, depth, &format!("s{} = {}", statement[1], statement[2])),
        "store" => write_line(said, depth, &format!("r{} = {}", statement[1], statement[2])),
        "handled" => write_line(said, depth, "log(handled())"),
        _ => {
            let rest: Vec<String> = list(statement).iter().skip(1).map(Json::to_string).collect();
            write_line(said, depth, format!("{word} {}", rest.join(", ")).trim_end());
        }
    }
}
