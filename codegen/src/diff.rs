//! What changed between two layouts, as data; `words` says it to a person.
//!
//! Things are the same when they have the same name. A rename is never guessed: it is one thing gone and another one
//! new, and when the new one has exactly the bytes of the one that is gone, [`Change::FieldAdded`] says so.

mod change;
pub(crate) mod meaning;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod words;

use std::collections::BTreeMap;

pub use change::{
    BitsFact, Change, Diff, EffectFact, EnumFact, FieldFact, GroupFact, Kind, OpcodeFact, Side, StructFact, ValueFact,
};
pub use meaning::{
    EventFact, KindFact, LayoutFact, LocalsplusFact, MachineFact, MeaningChange, MeaningFact, PlaceFact, RegionFact,
    RowFact, StateFact, StepFact, TableFact,
};

use crate::model::Meaning;
use crate::model::facts::{Build, Constant, Enum, Facts, Field, Group, Opcode, Struct};
use crate::model::observed::Observed;

/// What differs between two layouts, as far as headers tell.
pub fn diff(old: &Facts, new: &Facts) -> Diff {
    diff_with(old, new, &Observed::default(), &Meaning::default())
}

/// What differs between two layouts, with what no header holds (awaitables, limits, stack effects, pyc magic) and what
/// the spec declares: machines, meaning of fields, variables, positions, tables.
///
/// A struct of `observed` that cannot be laid out on one of the sides is left out.
pub fn diff_with(old: &Facts, new: &Facts, observed: &Observed, meaning: &Meaning) -> Diff {
    let mut found = Found::default();
    let magic = |facts: &Facts| {
        let known = facts.content.pyc_magic.as_ref().or_else(|| observed.pyc_magic(facts.version.value));
        known.map(|magic| magic.value)
    };
    if magic(old) != magic(new) {
        found.changes.push(Change::PycMagicChanged { old: magic(old), new: magic(new) });
    }
    let (mut before, mut now) = (structs_of(old, observed), structs_of(new, observed));
    let comparable = |item: &Struct| !shapeless(old, observed, item) && !shapeless(new, observed, item);
    before.retain(comparable);
    now.retain(comparable);
    found.structs(&before, &now);
    found.enums(&enums_of(old, observed), &enums_of(new, observed));
    found.constants(&groups_of(old, observed), &groups_of(new, observed));
    found.changes.extend(meaning::compare(old, new, meaning).into_iter().map(Change::Meaning));
    found.opcodes(&opcodes_of(old, observed), &opcodes_of(new, observed));
    found.changes.append(&mut found.headers);
    Diff { old: Side::of(old), new: Side::of(new), changes: found.changes }
}

impl Side {
    fn of(facts: &Facts) -> Self {
        let micros = |builds: &[Build]| builds.iter().map(|build| build.micro.to_string()).collect();
        let version = facts.newest_micro().map_or_else(|| facts.version.to_string(), |micro| micro.to_string());
        Side {
            version: facts.version.to_string(),
            flavour: facts.flavour.to_string(),
            architecture: facts.architecture.to_string(),
            verified: micros(&facts.verified),
            unwitnessed: micros(&facts.unwitnessed),
            opcode_count: facts.content.opcodes.len(),
            name: format!("{version}{}", facts.flavour.suffix()),
        }
    }
}

/// The group that constants without a header are shown in.
const OBSERVED: &str = "observed";

fn structs_of(facts: &Facts, observed: &Observed) -> Vec<Struct> {
    let mut structs = facts.content.structs.clone();
    for item in observed.structs.iter().filter(|item| item.range.contains(facts.version.value)) {
        if facts.find_struct(&item.name).is_none() {
            structs.extend(observed.lay_out(item, facts));
        }
    }
    structs
}

/// Whether a layout has a struct only as observed rows that cannot be laid out.
fn shapeless(facts: &Facts, observed: &Observed, item: &Struct) -> bool {
    let mut rows =
        observed.structs.iter().filter(|row| row.name == item.name && row.range.contains(facts.version.value));
    facts.find_struct(&item.name).is_none() && rows.any(|row| observed.lay_out(row, facts).is_none())
}

fn enums_of(facts: &Facts, observed: &Observed) -> Vec<Enum> {
    let mut enums = facts.content.enums.clone();
    for item in observed.enums.iter().filter(|item| item.range.contains(facts.version.value)) {
        if !enums.iter().any(|known| known.name == item.name) {
            let (name, header, values) = (item.name.clone(), item.from.clone(), item.values.clone());
            enums.push(Enum { name, header, values });
        }
    }
    enums
}

fn groups_of(facts: &Facts, observed: &Observed) -> Vec<Group> {
    let mut groups = facts.content.constants.clone();
    let known = |name: &str| groups.iter().any(|group| group.values.iter().any(|value| value.name.value == name));
    let values: Vec<Constant> = observed
        .constants
        .iter()
        .filter(|item| item.range.contains(facts.version.value) && !known(&item.constant.name))
        .map(|item| item.constant.clone())
        .collect();
    if !values.is_empty() {
        let name = crate::source::At::nowhere(OBSERVED.to_owned());
        groups.push(Group { name, header: String::new(), values });
    }
    groups
}

fn opcodes_of(facts: &Facts, observed: &Observed) -> Vec<OpcodeFact> {
    facts.content.opcodes.iter().map(|opcode| opcode_fact(opcode, facts, observed)).collect()
}

/// An opcode with the effect that it has on a version.
pub(crate) fn opcode_fact(opcode: &Opcode, facts: &Facts, observed: &Observed) -> OpcodeFact {
    let minor = facts.version.value;
    let own = observed.effect(&opcode.name, minor).map(|effect| (effect, None));
    let effect = own.or_else(|| {
        let base = opcode.deopt.as_ref()?;
        Some((observed.effect(base, minor)?, Some(base.value.clone())))
    });
    OpcodeFact {
        name: opcode.name.value.clone(),
        number: opcode.number.value,
        argument: opcode.argument.as_ref().map(|argument| argument.name().to_owned()),
        cache_units: opcode.caches.value,
        base: opcode.deopt.as_ref().map(|base| base.value.clone()),
        stack_effect: effect.and_then(|(effect, same_as)| {
            let fall = effect.fall.as_ref()?;
            let jump = effect.jump.as_ref().filter(|jump| *jump != fall);
            Some(EffectFact { effect: fall.to_string(), jump: jump.map(ToString::to_string), same_as })
        }),
    }
}

/// A thing that one or both sides have.
enum Pair<'a, T> {
    Gone(&'a T),
    New(&'a T),
    Both(&'a T, &'a T),
}

/// Pairs by name, in the order of the new side; what is gone follows what it followed.
fn pair<'a, T>(old: &'a [T], new: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Vec<Pair<'a, T>> {
    let index = |items: &'a [T]| {
        let mut index = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            index.entry(name(item)).or_insert(at);
        }
        index
    };
    let (in_old, in_new) = (index(old), index(new));
    let mut gone: BTreeMap<Option<usize>, Vec<&'a T>> = BTreeMap::new();
    let mut after = None;
    for item in old {
        match in_new.get(name(item)) {
            Some(&at) => after = Some(at),
            None => gone.entry(after).or_default().push(item),
        }
    }
    let mut pairs: Vec<Pair<'a, T>> = gone.remove(&None).into_iter().flatten().map(Pair::Gone).collect();
    for (at, item) in new.iter().enumerate() {
        pairs.push(match in_old.get(name(item)) {
            Some(&before) => Pair::Both(&old[before], item),
            None => Pair::New(item),
        });
        pairs.extend(gone.remove(&Some(at)).into_iter().flatten().map(Pair::Gone));
    }
    pairs
}

#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    /// Of little weight, so they come last.
    headers: Vec<Change>,
}

impl Found {
    fn header(&mut self, kind: Kind, name: &str, old: &str, new: &str) {
        if old != new {
            let (name, old, new) = (name.to_owned(), old.to_owned(), new.to_owned());
            self.headers.push(Change::HeaderMoved { kind, name, old, new });
        }
    }

    fn structs(&mut self, old: &[Struct], new: &[Struct]) {
        for pair in pair(old, new, |item| item.name.as_str()) {
            match pair {
                Pair::Gone(item) => self.changes.push(Change::StructRemoved(struct_fact(item))),
                Pair::New(item) => self.changes.push(Change::StructAdded(struct_fact(item))),
                Pair::Both(before, now) => {
                    self.size(before, now);
                    self.fields(before, now, old, new);
                    self.header(Kind::Struct, &now.name, &before.header, &now.header);
                }
            }
        }
    }

    fn size(&mut self, before: &Struct, now: &Struct) {
        if before.size != now.size {
            let bytes = |item: &Struct| item.size.as_ref().map(|size| size.bytes.value);
            let align = |item: &Struct| item.size.as_ref().map(|size| size.align.value);
            self.changes.push(Change::SizeChanged {
                structure: now.name.value.clone(),
                old_size_bytes: bytes(before),
                new_size_bytes: bytes(now),
                old_align_bytes: align(before),
                new_align_bytes: align(now),
            });
        }
    }

    fn fields(&mut self, before: &Struct, now: &Struct, old: &[Struct], new: &[Struct]) {
        let pairs = pair(&before.fields, &now.fields, |field| field.name.as_str());
        let gone: Vec<&Field> =
            pairs.iter().filter_map(|pair| if let Pair::Gone(field) = pair { Some(*field) } else { None }).collect();
        let structure = || now.name.value.clone();
        for pair in pairs {
            match pair {
                Pair::Gone(field) => {
                    self.changes.push(Change::FieldRemoved { structure: structure(), field: field_fact(field) });
                }
                Pair::New(field) => {
                    let bytes = |field: &Field, structs| (field.offset.value, size_of(field, structs));
                    let mut same = gone.iter().filter(|candidate| {
                        candidate.bits == field.bits
                            && candidate.overlays.is_none() == field.overlays.is_none()
                            && bytes(candidate, old) == bytes(field, new)
                            && size_of(field, new).is_some()
                    });
                    let in_place_of = match (same.next(), same.next()) {
                        (Some(only), None) => Some(only.name.value.clone()),
                        _ => None,
                    };
                    let field = field_fact(field);
                    self.changes.push(Change::FieldAdded { structure: structure(), field, in_place_of });
                }
                Pair::Both(was, is) => self.field(&now.name, (was, old), (is, new)),
            }
        }
    }

    fn field(&mut self, structure: &str, (was, old): (&Field, &[Struct]), (is, new): (&Field, &[Struct])) {
        let structure = || structure.to_owned();
        let field = || is.name.value.clone();
        if was.ty != is.ty {
            self.changes.push(Change::FieldRetyped {
                structure: structure(),
                field: field(),
                old_type: was.ty.to_string(),
                new_type: is.ty.to_string(),
            });
        } else if let (Some(old_size_bytes), Some(new_size_bytes)) = (size_of(was, old), size_of(is, new))
            && old_size_bytes != new_size_bytes
        {
            let ty = is.ty.to_string();
            self.changes.push(Change::FieldResized {
                structure: structure(),
                field: field(),
                ty,
                old_size_bytes,
                new_size_bytes,
            });
        }
        if was.offset != is.offset {
            self.changes.push(Change::FieldMoved {
                structure: structure(),
                field: field(),
                old_offset_bytes: was.offset.value,
                new_offset_bytes: is.offset.value,
            });
        }
        if was.bits != is.bits {
            let (old, new) = (bits_fact(was), bits_fact(is));
            self.changes.push(Change::BitsMoved { structure: structure(), field: field(), old, new });
        }
        if was.overlays != is.overlays {
            let target = |field: &Field| field.overlays.as_ref().map(|other| other.value.clone());
            let (old, new) = (target(was), target(is));
            self.changes.push(Change::OverlayChanged { structure: structure(), field: field(), old, new });
        }
    }

    fn enums(&mut self, old: &[Enum], new: &[Enum]) {
        for pair in pair(old, new, |item| item.name.as_str()) {
            let fact = |item: &Enum| EnumFact {
                name: item.name.value.clone(),
                header: item.header.clone(),
                values: value_facts(&item.values),
            };
            match pair {
                Pair::Gone(item) => self.changes.push(Change::EnumRemoved(fact(item))),
                Pair::New(item) => self.changes.push(Change::EnumAdded(fact(item))),
                Pair::Both(before, now) => {
                    self.enum_values(before, now);
                    self.header(Kind::Enum, &now.name, &before.header, &now.header);
                }
            }
        }
    }

    fn enum_values(&mut self, before: &Enum, now: &Enum) {
        let number_was = |constant: &Constant| {
            let meanings = || before.values.iter().filter(|value| value.value == constant.value);
            if meanings().any(|value| value.name == constant.name) {
                return None;
            }
            meanings().next().map(|value| value.name.value.clone())
        };
        for pair in pair(&before.values, &now.values, |value| value.name.as_str()) {
            let enumeration = now.name.value.clone();
            match pair {
                Pair::Gone(Constant { name, value }) => {
                    let (name, value) = (name.value.clone(), value.value);
                    self.changes.push(Change::EnumValueRemoved { enumeration, name, value });
                }
                Pair::New(constant) => self.changes.push(Change::EnumValueAdded {
                    enumeration,
                    name: constant.name.value.clone(),
                    value: constant.value.value,
                    number_was: number_was(constant),
                }),
                Pair::Both(was, is) if was.value != is.value => self.changes.push(Change::EnumValueRenumbered {
                    enumeration,
                    name: is.name.value.clone(),
                    old: was.value.value,
                    new: is.value.value,
                    number_was: number_was(is),
                }),
                Pair::Both(..) => {}
            }
        }
    }

    fn constants(&mut self, old: &[Group], new: &[Group]) {
        for pair in pair(old, new, |group| group.name.as_str()) {
            let fact = |group: &Group| GroupFact {
                name: group.name.value.clone(),
                header: group.header.clone(),
                values: value_facts(&group.values),
            };
            // A group that others share constants with is no whole thing that comes or goes; nor is what is observed.
            let whole = |group: &Group, others: &[Group]| {
                group.name.value != OBSERVED
                    && !group.values.iter().any(|value| elsewhere(others, group, value).is_some())
            };
            match pair {
                Pair::Gone(group) if whole(group, new) => self.changes.push(Change::GroupRemoved(fact(group))),
                Pair::Gone(group) => self.group(group, &group.values, &[], (old, new)),
                Pair::New(group) if whole(group, old) => self.changes.push(Change::GroupAdded(fact(group))),
                Pair::New(group) => self.group(group, &[], &group.values, (old, new)),
                Pair::Both(before, now) => {
                    self.group(now, &before.values, &now.values, (old, new));
                    self.header(Kind::Constants, &now.name, &before.header, &now.header);
                }
            }
        }
    }

    /// The constants of one group; one that another group has on the other side is said where it is now.
    fn group(&mut self, of: &Group, before: &[Constant], now: &[Constant], (old, new): (&[Group], &[Group])) {
        let group = || of.name.value.clone();
        for pair in pair(before, now, |constant| constant.name.as_str()) {
            let (constant, was) = match pair {
                Pair::Gone(constant) if elsewhere(new, of, constant).is_some() => continue,
                Pair::Gone(Constant { name, value }) => {
                    let (name, value) = (name.value.clone(), value.value);
                    self.changes.push(Change::ConstantRemoved { group: group(), name, value });
                    continue;
                }
                Pair::New(constant) => match elsewhere(old, of, constant) {
                    Some((old_group, was)) => {
                        let (name, old_group) = (constant.name.value.clone(), old_group.name.value.clone());
                        self.changes.push(Change::ConstantRegrouped { name, old_group, new_group: group() });
                        (constant, was.value.value)
                    }
                    None => {
                        let (name, value) = (constant.name.value.clone(), constant.value.value);
                        self.changes.push(Change::ConstantAdded { group: group(), name, value });
                        continue;
                    }
                },
                Pair::Both(was, is) => (is, was.value.value),
            };
            if was != constant.value.value {
                let (name, new) = (constant.name.value.clone(), constant.value.value);
                self.changes.push(Change::ConstantChanged { group: group(), name, old: was, new });
            }
        }
    }

    fn opcodes(&mut self, old: &[OpcodeFact], new: &[OpcodeFact]) {
        for pair in pair(old, new, |opcode| opcode.name.as_str()) {
            match pair {
                Pair::Gone(opcode) => self.changes.push(Change::OpcodeRemoved(opcode.clone())),
                Pair::New(opcode) => self.changes.push(Change::OpcodeAdded(opcode.clone())),
                Pair::Both(was, is) => self.opcode(was, is),
            }
        }
    }

    fn opcode(&mut self, was: &OpcodeFact, is: &OpcodeFact) {
        let opcode = || is.name.clone();
        if was.number != is.number {
            self.changes.push(Change::OpcodeRenumbered { opcode: opcode(), old: was.number, new: is.number });
        }
        if was.argument != is.argument {
            let (old, new) = (was.argument.clone(), is.argument.clone());
            self.changes.push(Change::OpcodeArgumentChanged { opcode: opcode(), old, new });
        }
        if was.cache_units != is.cache_units {
            let (old_units, new_units) = (was.cache_units, is.cache_units);
            self.changes.push(Change::OpcodeCachesChanged { opcode: opcode(), old_units, new_units });
        }
        if was.base != is.base {
            let (old, new) = (was.base.clone(), is.base.clone());
            self.changes.push(Change::OpcodeBaseChanged { opcode: opcode(), old, new });
        }
        let formulas =
            |effect: &Option<EffectFact>| effect.as_ref().map(|effect| (effect.effect.clone(), effect.jump.clone()));
        let same_as = |effect: &Option<EffectFact>| effect.as_ref().and_then(|effect| effect.same_as.clone());
        // What follows from a change of the base is said there.
        let through_base =
            same_as(&was.stack_effect).is_some() && same_as(&was.stack_effect) == same_as(&is.stack_effect);
        if formulas(&was.stack_effect) != formulas(&is.stack_effect) && !through_base {
            let (old, new) = (was.stack_effect.clone(), is.stack_effect.clone());
            self.changes.push(Change::StackEffectChanged { opcode: opcode(), old, new });
        }
    }
}

/// A constant of the same name in the one other group that has it.
fn elsewhere<'a>(groups: &'a [Group], here: &Group, constant: &Constant) -> Option<(&'a Group, &'a Constant)> {
    let others = groups.iter().filter(|group| group.name != here.name);
    let values = others.flat_map(|group| group.values.iter().map(move |value| (group, value)));
    let mut found = values.filter(|(_, value)| value.name == constant.name);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// How many bytes a field has on its side; of a bit field, its unit.
fn size_of(field: &Field, structs: &[Struct]) -> Option<u64> {
    field.ty.size(&|name| {
        let known = structs.iter().find(|item| item.name.value == name)?;
        known.size.as_ref().map(|size| size.bytes.value)
    })
}

fn bits_fact(field: &Field) -> Option<BitsFact> {
    field.bits.as_ref().map(|bits| BitsFact { first_bit: bits.start.value, width_bits: bits.width.value })
}

fn field_fact(field: &Field) -> FieldFact {
    FieldFact {
        name: field.name.value.clone(),
        ty: field.ty.to_string(),
        offset_bytes: field.offset.value,
        bits: bits_fact(field),
        overlays: field.overlays.as_ref().map(|other| other.value.clone()),
    }
}

fn struct_fact(item: &Struct) -> StructFact {
    StructFact {
        name: item.name.value.clone(),
        header: item.header.clone(),
        size_bytes: item.size.as_ref().map(|size| size.bytes.value),
        align_bytes: item.size.as_ref().map(|size| size.align.value),
        fields: item.fields.iter().map(field_fact).collect(),
    }
}

fn value_facts(values: &[Constant]) -> Vec<ValueFact> {
    values.iter().map(|value| ValueFact { name: value.name.value.clone(), value: value.value.value }).collect()
}
