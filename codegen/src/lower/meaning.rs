//! Items of the spec language to models: names become what they name, words of closed lists are looked up.

use std::collections::{BTreeMap, BTreeSet};

use super::table;
use crate::ast::{self, Item, MachinePart, Versions};
use crate::diag::{Diagnostic, Sink};
use crate::lookup::edit_distance;
use crate::model::Meaning;
use crate::model::layout::{
    ADDENDS, ANCHORS, EXTRA_TYPES, Extra, FRAME_LAYOUT, FRAME_ROLES, HOLDERS, Kind, Layout, Localsplus, Member,
    OBJECT_LAYOUT, OBJECT_ROLES, OWNERSHIPS, Order, Ownership, Place, Position, Purpose, Region, SITUATIONS, signed,
};
use crate::model::machine::{
    ANSWERS, ERRORS, Event, Flavour, GUARDS, Machine, Named, Next, Numbering, Outcome, PLACEHOLDERS, Row, State,
    StateForm, Test,
};
use crate::model::version::{self, Minor, Range};
use crate::source::At;

/// Adds what the items of a file mean; what means nothing is reported and left out.
pub(crate) fn lower(items: Vec<Item>, meaning: &mut Meaning, sink: &mut Sink) {
    for item in items {
        match item {
            Item::Version(item) => {
                if let Some(first) = &meaning.version {
                    sink.report(
                        Diagnostic::error("item-twice", format!("two versions: `{}` and `{}`", first.name, item.name))
                            .at(item.name.span, "the second one")
                            .and(first.name.span, "the first one")
                            .help("an extension makes one version"),
                    );
                }
                meaning.version = Some(item);
            }
            Item::Machine(item) => {
                let machine = lower_machine(item, sink);
                // Rows have versions of their own: a machine is one module.
                let every = Range::default();
                let known = meaning.machines.iter().filter(|known| known.name == machine.name);
                item_twice("machines of one name", &machine.name, every, known.map(|known| (&known.name, every)), sink);
                meaning.machines.push(machine);
            }
            Item::Layout(item) => {
                let layout = lower_layout(item, sink);
                // One without a struct adds fields to the one with it.
                let same = |known: &&Layout| known.name == layout.name && known.of.is_some() == layout.of.is_some();
                let known = meaning.layouts.iter().filter(same).map(|known| (&known.name, known.range));
                item_twice("layouts of one name", &layout.name, layout.range, known, sink);
                let same = |known: &&Layout| known.name != layout.name && known.of.is_some() && known.of == layout.of;
                let known = meaning.layouts.iter().filter(same).map(|known| (&known.name, known.range));
                item_twice("layouts of one struct", &layout.name, layout.range, known, sink);
                meaning.layouts.push(layout);
            }
            Item::Mirrored(names) => meaning.mirrored.extend(names),
            Item::Localsplus(item) => {
                let localsplus = lower_localsplus(item, sink);
                let known = meaning.localsplus.iter().map(|known| (&known.name, known.range));
                item_twice("`localsplus` items", &localsplus.name, localsplus.range, known, sink);
                meaning.localsplus.push(localsplus);
            }
            Item::Position(item) => {
                let position = lower_position(item, sink);
                let known = meaning.positions.iter().map(|known| (&known.name, known.range));
                item_twice("positions", &position.name, position.range, known, sink);
                meaning.positions.push(position);
            }
            Item::Table(item) => {
                let table = table::lower(item, sink);
                // A table is one module with one type, as a machine is.
                if let Some(first) = meaning.tables.iter().find(|known| known.name == table.name) {
                    sink.report(
                        Diagnostic::error("item-twice", format!("two tables are called `{}`", table.name))
                            .at(table.name.span, "the second one")
                            .and(first.name.span, "the first one")
                            .help("a table has one format in all its versions; another format has another name"),
                    );
                }
                meaning.tables.push(table);
            }
        }
    }
}

/// Two items of a kind do not hold in the same version.
fn item_twice<'a>(
    what: &str,
    name: &At<String>,
    range: Range,
    mut known: impl Iterator<Item = (&'a At<String>, Range)>,
    sink: &mut Sink,
) {
    let overlap = |(_, other): &(&At<String>, Range)| range.overlap(other).is_some();
    if let Some((first, first_range)) = known.find(overlap) {
        let every = range == Range::default() && first_range == Range::default();
        let shown = |which: &str, range: Range| if every { which.to_owned() } else { format!("{which}: {range}") };
        let names = if first == name { format!("`{name}`") } else { format!("`{first}` and `{name}`") };
        let diagnostic = Diagnostic::error("item-twice", format!("two {what} for one version: {names}"));
        sink.report(
            diagnostic
                .at(name.span, shown("the second one", range))
                .and(first.span, shown("the first one", first_range)),
        );
    }
}

pub(super) fn range(versions: &Versions, sink: &mut Sink) -> Range {
    range_empty(versions.since.as_ref(), versions.until.as_ref(), sink);
    versions.range()
}

/// A range begins before it ends; says whether it does not.
pub(super) fn range_empty(since: Option<&At<Minor>>, until: Option<&At<Minor>>, sink: &mut Sink) -> bool {
    let (Some(since), Some(until)) = (since, until) else { return false };
    if since.value <= until.value {
        return false;
    }
    sink.report(
        Diagnostic::error("range-empty", format!("the range begins with {since} and ends with {until}"))
            .at(since.span, "the first version")
            .and(until.span, "the last version, before the first"),
    );
    true
}

/// A word of a closed list, or what is near it.
pub(super) fn unknown(rule: &'static str, what: &str, name: &At<String>, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(rule, format!("`{name}` is no {what}")).at(name.span, "not known");
    match nearest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic.help("none is declared"),
        None => diagnostic.help(format!("known: {}", known.join(", "))),
    }
}

/// The word that differs by the fewest letters, if those are few.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // One letter in three, two at most: `a` is no misspelling of `on`.
    let few = (word.chars().count() / 3).min(2);
    let near = known.iter().map(|other| (edit_distance(word, other), *other)).min();
    near.filter(|(far, _)| *far <= few).map(|(_, other)| other)
}

pub(super) fn words(list: &[(&'static str, &str)]) -> Vec<&'static str> {
    list.iter().map(|(word, _)| *word).collect()
}

pub(super) fn text(doc: Option<&At<String>>) -> String {
    doc.map(|doc| doc.value.clone()).unwrap_or_default()
}

/// Each name once in its list.
pub(super) fn name_twice<'a>(
    rule: &'static str,
    what: &str,
    names: impl Iterator<Item = &'a At<String>>,
    sink: &mut Sink,
) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.insert(&name.value, name) {
            sink.report(
                Diagnostic::error(rule, format!("the {what} `{name}` is there twice"))
                    .at(name.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
    }
}

// ---- machines ----

fn lower_machine(item: ast::Machine, sink: &mut Sink) -> Machine {
    let mut machine = Machine {
        range: range(&item.versions, sink),
        name: item.name,
        doc: text(item.doc.as_ref()),
        numbers: None,
        flavours: Vec::new(),
        guards: None,
        errors: None,
        states: Vec::new(),
        groups: Vec::new(),
        starts: Vec::new(),
        events: Vec::new(),
    };
    let own = |words: &[ast::Word]| {
        words.iter().map(|word| (word.name.clone(), text(word.text.as_ref()))).collect::<Vec<_>>()
    };
    // Names first: rows may stand before what they name.
    for part in &item.parts {
        match part {
            MachinePart::Flavours(words) => machine.flavours.extend(words.iter().map(|word| Flavour {
                name: word.name.clone(),
                shown: word.text.as_ref().unwrap_or(&word.name).value.clone(),
            })),
            MachinePart::Guards(words) => machine.guards.get_or_insert_default().extend(own(words)),
            MachinePart::Errors(words) => machine.errors.get_or_insert_default().extend(own(words)),
            MachinePart::States(states) => lower_states(states, &mut machine, sink),
            _ => {}
        }
    }
    name_twice("flavour-twice", "flavour", machine.flavours.iter().map(|flavour| &flavour.name), sink);
    name_twice("guard-twice", "guard", machine.guards.iter().flatten().map(|(name, _)| name), sink);
    name_twice("error-twice", "error", machine.errors.iter().flatten().map(|(name, _)| name), sink);
    for part in &item.parts {
        let MachinePart::Group(group) = part else { continue };
        let clash = machine.state(&group.name).map(|index| &machine.states[index].name);
        let clash = clash.or(machine.groups.iter().map(|(name, _)| name).find(|name| **name == group.name));
        if let Some(first) = clash {
            sink.report(
                Diagnostic::error("state-twice", format!("`{}` names a group, and something before it", group.name))
                    .at(group.name.span, "the second one")
                    .and(first.span, "the first one"),
            );
        }
        let mut states = Vec::new();
        for name in &group.states {
            let later = item.parts.iter().find_map(|part| match part {
                MachinePart::Group(later) if later.name == *name => Some(&later.name),
                _ => None,
            });
            let known = machine.state(name).is_some() || machine.groups.iter().any(|(known, _)| known == name);
            match later.filter(|_| !known) {
                Some(later) => sink.report(
                    Diagnostic::error("state-unknown", format!("the group `{name}` is not known yet"))
                        .at(name.span, "named here")
                        .and(later.span, "declared here")
                        .help("a group names states, and groups that stand before it"),
                ),
                None => states.extend(named(&machine, name, sink).into_iter().flat_map(|named| named.states)),
            }
        }
        machine.groups.push((group.name.clone(), states));
    }
    for part in item.parts {
        match part {
            MachinePart::Start(start) => {
                let range = range(&start.versions, sink);
                let starts = start.states.iter().filter_map(|name| named(&machine, name, sink));
                let starts: Vec<_> = starts.map(|named| (named, range)).collect();
                machine.starts.extend(starts);
            }
            MachinePart::Event(event) => {
                let event = lower_event(event, &machine, sink);
                machine.events.push(event);
            }
            _ => {}
        }
    }
    event_twice(&machine, sink);
    machine
}

fn lower_states(states: &ast::States, machine: &mut Machine, sink: &mut Sink) {
    let numbers_range = range(&states.versions, sink);
    if let Some(numbers) = &states.numbers {
        match &machine.numbers {
            Some(Numbering { name: first, .. }) => sink.report(
                Diagnostic::error(
                    "states-twice",
                    format!("the states are numbered by `{first}` and by `{}`", numbers.name),
                )
                .at(numbers.name.span, "the second one")
                .and(first.span, "the first one"),
            ),
            None => {
                let (name, is_group) = (numbers.name.clone(), numbers.is_group);
                machine.numbers = Some(Numbering { name, is_group, range: numbers_range });
            }
        }
    }
    for row in &states.rows {
        let form = StateForm {
            c_name: row.c_name.clone(),
            range: range(&row.versions, sink),
            reserved: row.reserved,
            doc: text(row.doc.as_ref()),
            span: row.name.span,
        };
        match machine.state(&row.name) {
            None => machine.states.push(State { name: row.name.clone(), forms: vec![form] }),
            Some(index) => {
                let known = &mut machine.states[index];
                if let Some(other) = known.forms.iter().find(|other| other.range.overlap(&form.range).is_some()) {
                    sink.report(
                        Diagnostic::error("state-twice", format!("the state `{}` is there twice", row.name))
                            .at(row.name.span, format!("the second one: {}", form.range))
                            .and(other.span, format!("the first one: {}", other.range)),
                    );
                }
                known.forms.push(form);
            }
        }
    }
}

/// The states of a name: a state's, or a group's.
fn named(machine: &Machine, name: &At<String>, sink: &mut Sink) -> Option<Named> {
    let group = machine.groups.iter().find(|(group, _)| group == name);
    let states = match (machine.state(name), group) {
        (Some(state), _) => vec![state],
        (None, Some((_, states))) => states.clone(),
        (None, None) => {
            let states = machine.states.iter().map(|state| state.name.value.as_str());
            let known: Vec<&str> = states.chain(machine.groups.iter().map(|(name, _)| name.value.as_str())).collect();
            sink.report(unknown("state-unknown", &format!("state or group of `{}`", machine.name), name, &known));
            return None;
        }
    };
    Some(Named { name: name.clone(), states })
}

/// An event of a name is there once in every version.
fn event_twice(machine: &Machine, sink: &mut Sink) {
    for (index, event) in machine.events.iter().enumerate() {
        let same = |first: &&Event| first.name == event.name && first.range.overlap(&event.range).is_some();
        if let Some(first) = machine.events[..index].iter().find(same) {
            sink.report(
                Diagnostic::error("event-twice", format!("the event `{}` is there twice", event.name))
                    .at(event.name.span, "the second one")
                    .and(first.name.span, "the first one"),
            );
        }
    }
}

fn lower_event(event: ast::Event, machine: &Machine, sink: &mut Sink) -> Event {
    Event {
        doc: text(event.doc.as_ref()),
        needs: text(event.needs.as_ref()),
        range: range(&event.versions, sink),
        rows: event.rows.into_iter().filter_map(|row| lower_row(row, machine, sink)).collect(),
        name: event.name,
    }
}

fn lower_row(row: ast::Row, machine: &Machine, sink: &mut Sink) -> Option<Row> {
    let range = range(&row.versions, sink);
    let from: Vec<Option<Named>> = row.from.iter().map(|name| named(machine, name, sink)).collect();
    let tests: Vec<Option<Test>> = row.tests.into_iter().map(|test| lower_test(test, machine, sink)).collect();
    let flavours: Vec<Option<usize>> = row.only.iter().map(|name| flavour(machine, name, sink)).collect();
    let (outcome, next) = match row.outcome {
        ast::Outcome::Goes(next) => (Some(Outcome::Goes), Some(next)),
        ast::Outcome::Refuses { what, message, next } => (refusal(what, message, machine, sink), next),
    };
    let next = match next {
        None => None,
        Some(next) => Some(target(next, machine, sink)?),
    };
    let from: Option<Vec<Named>> = from.into_iter().collect();
    Some(Row {
        from: Some(from?).filter(|from| !from.is_empty()),
        tests: tests.into_iter().collect::<Option<_>>()?,
        flavours: flavours.into_iter().collect::<Option<_>>()?,
        range,
        outcome: outcome?,
        next,
        inherited: row.inherited,
        span: row.span.span,
    })
}

fn lower_test(test: ast::Test, machine: &Machine, sink: &mut Sink) -> Option<Test> {
    let known: Vec<&str> = match &machine.guards {
        Some(own) => own.iter().map(|(name, _)| name.value.as_str()).collect(),
        None => words(GUARDS),
    };
    if known.contains(&test.guard.value.as_str()) {
        return Some(Test { guard: test.guard, holds: test.holds });
    }
    sink.report(unknown("guard-unknown", "guard", &test.guard, &known));
    None
}

fn flavour(machine: &Machine, name: &At<String>, sink: &mut Sink) -> Option<usize> {
    let found = machine.flavours.iter().position(|flavour| flavour.name == *name);
    if found.is_none() {
        let known: Vec<&str> = machine.flavours.iter().map(|flavour| flavour.name.value.as_str()).collect();
        sink.report(unknown("flavour-unknown", &format!("flavour of `{}`", machine.name), name, &known));
    }
    found
}

fn target(target: ast::Target, machine: &Machine, sink: &mut Sink) -> Option<Next> {
    match target {
        ast::Target::End(_) => Some(Next::End),
        ast::Target::State(name) => match machine.state(&name) {
            Some(state) => Some(Next::State(state)),
            None => {
                let known: Vec<&str> = machine.states.iter().map(|state| state.name.value.as_str()).collect();
                let diagnostic = unknown("state-unknown", &format!("state of `{}`", machine.name), &name, &known);
                let group = machine.groups.iter().find(|(group, _)| *group == name);
                sink.report(match group {
                    Some((group, _)) => diagnostic.and(group.span, "a group").help("a row leads to one state"),
                    None => diagnostic,
                });
                None
            }
        },
    }
}

/// An error with a message, an error that needs none, or an answer.
fn refusal(what: At<String>, message: Option<At<String>>, machine: &Machine, sink: &mut Sink) -> Option<Outcome> {
    let errors: Vec<&str> = match &machine.errors {
        Some(own) => own.iter().map(|(name, _)| name.value.as_str()).collect(),
        None => words(ERRORS),
    };
    let is_error = errors.contains(&what.value.as_str());
    let is_answer = words(ANSWERS).contains(&what.value.as_str());
    if let Some(message) = &message {
        message_placeholder(message, sink);
    }
    match (is_error, is_answer, message) {
        (true, _, message) => Some(Outcome::Refuses { kind: what, message }),
        (false, true, None) => Some(Outcome::Answers(what)),
        (false, true, Some(message)) => {
            sink.report(
                Diagnostic::error("answer-message", format!("the answer `{what}` takes no message"))
                    .at(message.span, "nobody would see it")
                    .and(what.span, "an answer, not an error"),
            );
            None
        }
        (false, false, _) => {
            let known: Vec<&str> = errors.into_iter().chain(words(ANSWERS)).collect();
            let diagnostic = unknown("error-unknown", "error or answer", &what, &known);
            sink.report(match machine.state(&what) {
                Some(_) => diagnostic.help(format!("it is a state: write `-> {what}`")),
                None => diagnostic,
            });
            None
        }
    }
}

/// A message names only what the runtime can fill in.
fn message_placeholder(message: &At<String>, sink: &mut Sink) {
    for (index, part) in message.split('{').enumerate() {
        let name = part.split_once('}').map(|(name, _)| name);
        let wrong = if index == 0 {
            name.map(|_| "}".to_owned())
        } else if let Some(name) = name {
            (!words(PLACEHOLDERS).contains(&name)).then(|| format!("{{{name}}}"))
        } else {
            Some("{".to_owned())
        };
        if let Some(shown) = wrong {
            sink.report(
                Diagnostic::error("message-placeholder", format!("`{shown}` in a message stands for nothing"))
                    .at(message.span, "in here")
                    .help(format!("known: {}", words(PLACEHOLDERS).map_braces())),
            );
        }
    }
}

trait Braces {
    fn map_braces(&self) -> String;
}

impl Braces for Vec<&str> {
    fn map_braces(&self) -> String {
        self.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>().join(", ")
    }
}

// ---- layouts ----

fn lower_layout(item: ast::Layout, sink: &mut Sink) -> Layout {
    let mut layout = Layout {
        range: range(&item.versions, sink),
        name: item.name,
        of: item.of,
        doc: text(item.doc.as_ref()),
        members: Vec::new(),
        orders: Vec::new(),
        extras: Vec::new(),
    };
    for part in item.parts {
        match part {
            ast::LayoutPart::Member(member) => layout.members.extend(lower_member(*member, &layout.name, sink)),
            ast::LayoutPart::Order(order) => {
                let Some(purpose) = purpose(&order, &layout.name, sink) else { continue };
                let range = range(&order.versions, sink);
                layout.orders.push(Order { purpose, range, fields: order.fields, span: order.what.span });
            }
            ast::LayoutPart::Extra(extra) => {
                if !EXTRA_TYPES.contains(&extra.ty.value.as_str()) {
                    sink.report(unknown("extra-type", "type of an extra field", &extra.ty, EXTRA_TYPES));
                    continue;
                }
                layout.extras.push(Extra { name: extra.name, ty: extra.ty, doc: text(extra.doc.as_ref()) });
            }
        }
    }
    name_twice("extra-twice", "extra field", layout.extras.iter().map(|extra| &extra.name), sink);
    layout
}

/// What an order is for; `for` makes it that of one who holds the frame.
fn purpose(order: &ast::Order, layout: &At<String>, sink: &mut Sink) -> Option<Purpose> {
    let clears = order.what.value == "clear";
    let mut purpose = if clears { Purpose::Clear } else { Purpose::Traverse };
    for holder in &order.only {
        if !words(HOLDERS).contains(&holder.value.as_str()) {
            sink.report(unknown("order-holder", "holder with an order of its own", holder, &words(HOLDERS)));
            // What it says is still meant for one: the order of all is another one.
            return clears.then_some(Purpose::OwnClear);
        }
        if !clears || layout.value != FRAME_LAYOUT {
            let title = format!("the `{}` order of `{layout}` is the same for all", order.what);
            sink.report(
                Diagnostic::error("order-holder", title)
                    .at(holder.span, format!("only `clear` of `{FRAME_LAYOUT}` is another one for a holder"))
                    .help("leave `for` out"),
            );
            return None;
        }
        purpose = Purpose::OwnClear;
    }
    Some(purpose)
}

fn lower_member(member: ast::Member, layout: &At<String>, sink: &mut Sink) -> Option<Member> {
    let range = range(&member.versions, sink);
    if !words(OWNERSHIPS).contains(&member.ownership.value.as_str()) {
        sink.report(unknown("ownership-unknown", "kind of ownership", &member.ownership, &words(OWNERSHIPS)));
        return None;
    }
    let ownership = match (member.ownership.value.as_str(), member.keeper) {
        ("borrowed", Some(keeper)) => Ownership::Borrowed(keeper),
        ("borrowed", None) => {
            sink.report(
                Diagnostic::error("keeper-missing", format!("nothing keeps alive what `{}` borrows", member.name))
                    .at(member.ownership.span, "borrowed from which field?")
                    .help("write `borrowed from FIELD`"),
            );
            return None;
        }
        (word, Some(keeper)) => {
            sink.report(
                Diagnostic::error(
                    "keeper-missing",
                    format!("`{}` is {word}, no other field keeps it alive", member.name),
                )
                .at(keeper.span, "only what is borrowed is kept alive by a field")
                .help("leave `from` out"),
            );
            return None;
        }
        ("strong", None) => Ownership::Strong,
        ("link", None) => Ownership::Link,
        ("pointer", None) => Ownership::Pointer,
        ("plain", None) => Ownership::Plain,
        ("embedded", None) => Ownership::Embedded,
        ("head", None) => Ownership::Head,
        _ => Ownership::Slots,
    };
    let roles = match layout.value.as_str() {
        FRAME_LAYOUT => Some(("role of a frame's field", FRAME_ROLES)),
        OBJECT_LAYOUT => Some(("role of a frame object's field", OBJECT_ROLES)),
        _ => None,
    };
    if let (Some(role), Some((what, known))) = (&member.role, roles)
        && !words(known).contains(&role.value.as_str())
    {
        sink.report(unknown("role-unknown", what, role, &words(known)));
    }
    let mut builds = BTreeSet::new();
    for name in &member.only {
        match name.value.as_str() {
            "default" => drop(builds.insert(version::Flavour::Default)),
            "free_threaded" => drop(builds.insert(version::Flavour::FreeThreaded)),
            _ => sink.report(unknown("build-unknown", "build", name, &["default", "free_threaded"])),
        }
    }
    // Both are all there are.
    let build = builds.first().copied().filter(|_| builds.len() == 1);
    Some(Member {
        name: member.name,
        role: member.role,
        ownership,
        null: member.null.map(|null| null.value),
        build,
        range,
        doc: member.doc.value,
    })
}

// ---- localsplus and positions ----

fn lower_localsplus(item: ast::Localsplus, sink: &mut Sink) -> Localsplus {
    let mut localsplus = Localsplus {
        range: range(&item.versions, sink),
        name: item.name,
        doc: text(item.doc.as_ref()),
        kinds: Vec::new(),
        regions: Vec::new(),
        argument_cells_share: false,
    };
    let mut said: Option<At<String>> = None;
    for part in item.parts {
        match part {
            ast::LocalsplusPart::Kind(kind) => localsplus.kinds.push(Kind {
                range: range(&kind.versions, sink),
                name: kind.name,
                c_name: kind.c_name,
                doc: kind.doc.value,
            }),
            ast::LocalsplusPart::Region(region) => localsplus.regions.push(Region {
                name: region.name,
                holds: region.holds,
                without: region.without,
                doc: region.doc.value,
            }),
            ast::LocalsplusPart::ArgumentCells(how) => {
                const KNOWN: &[&str] = &["share", "apart"];
                if !KNOWN.contains(&how.value.as_str()) {
                    sink.report(unknown("argument-cells", "place for the cell of an argument", &how, KNOWN));
                } else if let Some(first) = &said {
                    sink.report(
                        Diagnostic::error("argument-cells", "where the cell of an argument lies is said twice")
                            .at(how.span, "the second one")
                            .and(first.span, "the first one"),
                    );
                }
                localsplus.argument_cells_share = how.value == "share";
                said = Some(how);
            }
        }
    }
    if said.is_none() {
        sink.report(
            Diagnostic::error(
                "argument-cells",
                format!("`{}` does not say where the cell of an argument lies", localsplus.name),
            )
            .at(localsplus.name.span, "in the argument's slot, or in one of its own?")
            .help("write `argument_cells share;` or `argument_cells apart;`"),
        );
    }
    name_twice("region-twice", "region", localsplus.regions.iter().map(|region| &region.name), sink);
    for (index, second) in localsplus.kinds.iter().enumerate() {
        let same = |first: &&Kind| first.name == second.name && first.range.overlap(&second.range).is_some();
        if let Some(first) = localsplus.kinds[..index].iter().find(same) {
            sink.report(
                Diagnostic::error("kind-twice", format!("the kind `{}` is there twice", second.name))
                    .at(second.name.span, format!("the second one: {}", second.range))
                    .and(first.name.span, format!("the first one: {}", first.range)),
            );
        }
    }
    let kinds: Vec<&str> = localsplus.kinds.iter().map(|kind| kind.name.value.as_str()).collect();
    for name in localsplus.regions.iter().flat_map(|region| region.holds.iter().chain(&region.without)) {
        if !kinds.contains(&name.value.as_str()) {
            sink.report(unknown("kind-unknown", "kind of a variable", name, &kinds));
        }
    }
    localsplus
}

fn lower_position(item: ast::Position, sink: &mut Sink) -> Position {
    let mut position = Position {
        range: range(&item.versions, sink),
        name: item.name,
        doc: text(item.doc.as_ref()),
        units: Vec::new(),
        places: Vec::new(),
    };
    for (unit, versions) in item.units {
        let range = range(&versions, sink);
        if !["units", "bytes"].contains(&unit.value.as_str()) {
            sink.report(unknown("unit-unknown", "unit of a position", &unit, &["units", "bytes"]));
        }
        let overlap = |(_, other): &&(At<String>, Range)| range.overlap(other).is_some();
        if let Some((first, other)) = position.units.iter().find(overlap) {
            sink.report(
                Diagnostic::error("unit-twice", format!("`{}` has two units for one version", position.name))
                    .at(unit.span, format!("the second one: {range}"))
                    .and(first.span, format!("the first one: {other}")),
            );
        }
        position.units.push((unit, range));
    }
    for place in item.places {
        let range = range(&place.versions, sink);
        if !words(SITUATIONS).contains(&place.name.value.as_str()) {
            sink.report(unknown("situation-unknown", "situation", &place.name, &words(SITUATIONS)));
        }
        position.places.extend(lower_place(place, range, sink));
    }
    position
}

/// A sum of one anchor, numbers, and what may be added.
fn lower_place(place: ast::Place, range: Range, sink: &mut Sink) -> Option<Place> {
    let mut lowered = Place {
        anchor: place.name.clone(),
        name: place.name,
        range,
        caches: false,
        return_offset: false,
        plus: 0,
        doc: text(place.doc.as_ref()),
    };
    let mut anchors = Vec::new();
    for (sign, term) in place.sum {
        let span = term.span;
        let wrong = |sink: &mut Sink, label: &str| {
            let known = format!("one of {}, then {} and numbers", words(ANCHORS).join(", "), words(ADDENDS).join(", "));
            sink.report(
                Diagnostic::error("sum-unknown", format!("the place `{}` cannot be counted like this", lowered.name))
                    .at(span, label)
                    .help(known),
            );
        };
        match term.value {
            ast::Term::Number(number) => {
                match signed(sign, number)
                    .filter(|number| number.abs() <= 256)
                    .and_then(|number| lowered.plus.checked_add(number))
                {
                    Some(plus) => lowered.plus = plus,
                    None => {
                        wrong(sink, "more than 256 units away");
                        return None;
                    }
                }
            }
            ast::Term::Name(name) if words(ANCHORS).contains(&name.as_str()) && sign == ast::Sign::Plus => {
                anchors.push(At { value: name, span });
            }
            ast::Term::Name(name) if name == "caches" && sign == ast::Sign::Plus && !lowered.caches => {
                lowered.caches = true;
            }
            ast::Term::Name(name) if name == "return_offset" && sign == ast::Sign::Plus && !lowered.return_offset => {
                lowered.return_offset = true;
            }
            ast::Term::Name(name) => {
                let is_known = words(ANCHORS).contains(&name.as_str()) || words(ADDENDS).contains(&name.as_str());
                wrong(sink, if is_known { "only added, and only once" } else { "not known" });
                return None;
            }
        }
    }
    match <[At<String>; 1]>::try_from(anchors) {
        Ok([anchor]) => lowered.anchor = anchor,
        Err(anchors) => {
            sink.report(
                Diagnostic::error("sum-unknown", format!("the place `{}` cannot be counted like this", lowered.name))
                    .at(
                        anchors.get(1).map_or(lowered.name.span, |second| second.span),
                        if anchors.is_empty() { "counted from nothing" } else { "counted from two things" },
                    )
                    .help(format!("count it from one of {}", words(ANCHORS).join(", "))),
            );
            return None;
        }
    }
    Some(lowered)
}
