//! A specification of somebody's own on top of ours: states, events and rows are added to the machines of a version.

use crate::ast::{Event, Item, Layout, LayoutPart, Machine, MachinePart, States};
use crate::diag::{Diagnostic, Sink};
use crate::model::layout::FRAME_LAYOUT;

/// The items of ours with those of an extension in them, and the extension's other items.
///
/// Rows of the extension come before ours: they are asked first. Its `else` rows come after ours. A machine of its own
/// stays what it is.
pub fn extend(ours: Vec<Item>, own: Vec<Item>, sink: &mut Sink) -> Vec<Item> {
    let mut items = ours;
    for item in &mut items {
        let Item::Machine(machine) = item else { continue };
        let events = machine.parts.iter_mut().filter_map(as_event);
        events.flat_map(|event| &mut event.rows).for_each(|row| row.inherited = true);
    }
    let extends = !items.is_empty();
    for item in own {
        if let Item::Layout(layout) = &item {
            extra_only(layout, extends, sink);
        }
        match item {
            Item::Machine(machine) => {
                let known = items.iter_mut().find_map(|item| match item {
                    Item::Machine(known) if known.name.value == machine.name.value => Some(known),
                    _ => None,
                });
                match known {
                    Some(known) => extend_machine(known, machine, sink),
                    None => items.push(Item::Machine(machine)),
                }
            }
            other => items.push(other),
        }
    }
    items
}

/// A layout of somebody's own adds fields to frames, and nothing else: the others are CPython's.
fn extra_only(layout: &Layout, extends: bool, sink: &mut Sink) {
    let title = format!("the layout `{}` cannot be extended like this", layout.name);
    let help = "write `layout interpreter_frame { extra NAME TYPE \"what for\"; }` beside `version NAME extends 3.N;`";
    if layout.name.value != FRAME_LAYOUT || !extends || layout.of.is_some() {
        let label = if extends { "frames are `interpreter_frame`" } else { "of which version?" };
        sink.report(Diagnostic::error("extension-layout", title).at(layout.name.span, label).help(help));
        return;
    }
    for part in &layout.parts {
        let place = match part {
            LayoutPart::Extra(_) => continue,
            LayoutPart::Member(member) => member.name.span,
            LayoutPart::Order(order) => order.what.span,
        };
        let error = Diagnostic::error("extension-layout", title.clone()).at(place, "the fields of CPython are fixed");
        sink.report(error.help(help));
    }
}

fn extend_machine(known: &mut Machine, own: Machine, sink: &mut Sink) {
    known.name = own.name;
    if own.doc.is_some() {
        known.doc = own.doc;
    }
    for part in own.parts {
        match part {
            MachinePart::Event(event) => {
                match known.parts.iter_mut().filter_map(as_event).find(|old| old.name.value == event.name.value) {
                    Some(old) => extend_event(old, event),
                    None => known.parts.push(MachinePart::Event(event)),
                }
            }
            MachinePart::States(States { rows, numbers, versions }) => {
                let states = known.parts.iter_mut().find_map(|part| match part {
                    MachinePart::States(states) => Some(states),
                    _ => None,
                });
                match states {
                    Some(states) if numbers.is_none() => states.rows.extend(rows),
                    _ => known.parts.push(MachinePart::States(States { rows, numbers, versions })),
                }
            }
            MachinePart::Group(group) => {
                let old = known.parts.iter_mut().find_map(|part| match part {
                    MachinePart::Group(old) if old.name.value == group.name.value => Some(old),
                    _ => None,
                });
                match old {
                    Some(old) => old.states.extend(group.states),
                    None => known.parts.push(MachinePart::Group(group)),
                }
            }
            MachinePart::Start(start) => known.parts.push(MachinePart::Start(start)),
            MachinePart::Flavours(words) | MachinePart::Guards(words) | MachinePart::Errors(words) => {
                let place = words.first().and_then(|word| word.name.span);
                sink.report(
                    Diagnostic::error(
                        "extension-words",
                        format!(
                            "`{}` is a machine of CPython's, whose flavours, guards and errors are fixed",
                            known.name
                        ),
                    )
                    .at(place, "cannot be added")
                    .help("a machine with another name has its own"),
                );
            }
        }
    }
}

fn extend_event(old: &mut Event, own: Event) {
    let (last, mut first): (Vec<_>, Vec<_>) = own.rows.into_iter().partition(|row| row.from.is_empty());
    first.append(&mut old.rows);
    first.extend(last);
    old.rows = first;
    old.name = own.name;
}

fn as_event(part: &mut MachinePart) -> Option<&mut Event> {
    match part {
        MachinePart::Event(event) => Some(event),
        _ => None,
    }
}
