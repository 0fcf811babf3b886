//! Any bytes as code, line table and exception table: the analysis of jumps answers, and a jump that it accepts leads from and
//! to what a walk of all ways finds.
#![no_main]

use std::sync::LazyLock;

use frame_runtime::code::jump::Source;
use frame_runtime::code::{Instruction, InstructionSet, Instructions};
use frame_runtime::layout::Layout;
use frame_runtime::table::{ExceptionTable, Handler, LineTable};
use libfuzzer_sys::fuzz_target;

static SETS: LazyLock<Vec<InstructionSet>> =
    LazyLock::new(|| Layout::all().iter().map(|layout| InstructionSet::new(layout)).collect());

// Version, stack size, generator or not, lengths of the tables, position, line; line table, exception table, code.
fuzz_target!(|bytes: &[u8]| {
    let Some((&[version, stacksize, generator, lines, handlers, at, line], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let set = &SETS[usize::from(version) % SETS.len()];
    let (lines, rest) = rest.split_at(usize::from(lines).min(rest.len()));
    let (handlers, code) = rest.split_at(usize::from(handlers).min(rest.len()));
    let source = Source {
        set,
        code,
        lines: LineTable::new(set.layout(), lines, 1, code.len()),
        handlers: ExceptionTable::new(handlers),
        firstlineno: 1,
        generator: generator & 1 != 0,
        stacksize: stacksize.into(),
    };
    let states = walk(&source);
    // Some positions and lines around the ones that are asked for.
    for (at, line) in (0..4).flat_map(|more| (0..4).map(move |line| (u32::from(at) + more, line))).map(|(at, more)| (at, i32::from(line) + more)) {
        for yielded in [false, true] {
            let Ok(jump) = source.find(at, yielded, line) else { continue };
            let mut items = Instructions::new(set, code);
            let item = items.find(|item| (item.first..=item.unit).contains(&(at as usize))).expect("an instruction");
            let (depth, made) = states[item.first].expect("a way leads to where the frame stands");
            let dropped = i64::try_from(jump.drops.len()).expect("a few") + i64::from(yielded);
            assert_eq!(depth - dropped, i64::from(jump.depth));
            assert_eq!(states[jump.unit as usize], Some((i64::from(jump.depth), made)));
        }
    }
});

/// Entries of the stack, and whether it is a generator that runs.
type State = (i64, bool);

/// The state at each unit, by the first way that is found; nothing here is checked.
fn walk(source: &Source<'_>) -> Vec<Option<State>> {
    let handlers: Vec<Handler> = source.handlers.entries().map_while(Result::ok).collect();
    let mut states = vec![None; source.code.len() / 2];
    let mut waiting = vec![(0, (0, false))];
    while let Some((unit, state)) = waiting.pop() {
        let Ok(unit) = usize::try_from(unit) else { continue };
        let Some(seen @ None) = states.get_mut(unit) else { continue };
        *seen = Some(state);
        let item = source.set.decode(source.code, unit).expect("an instruction");
        waiting.extend(ways(source.set, &item, state, &handlers));
    }
    states
}

fn ways(set: &InstructionSet, item: &Instruction, (depth, made): State, handlers: &[Handler]) -> Vec<(i64, State)> {
    let name = set.name(item.base);
    let covers = |handler: &&Handler| (handler.start as usize..handler.end as usize).contains(&item.first);
    let entered = |found: &Handler| (found.target.into(), (i64::from(found.depth) + i64::from(found.lasti) + 1, made));
    let mut ways: Vec<(i64, State)> = handlers.iter().find(covers).map(entered).into_iter().collect();
    let made = made || name == "RETURN_GENERATOR";
    let effect = |jump| set.effect(item.base, item.argument, jump);
    // `END_ASYNC_FOR` names a unit that it does not jump to.
    if let (Some(target), Some(effect)) = (set.target(item).filter(|_| name != "END_ASYNC_FOR"), effect(true)) {
        ways.push((target, (depth.saturating_add(effect), made)));
    }
    let ends = ["RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"].contains(&name)
        || ["JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"].contains(&name);
    if let Some(effect) = effect(false).filter(|_| !ends) {
        ways.push((item.next as i64, (depth.saturating_add(effect), made)));
    }
    ways
}
