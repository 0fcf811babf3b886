//! What changed in what the fields mean, in the variables, the positions and the tables; `machine` knows the machines.
//!
//! What the facts tell already is not told again: numbers of states are those of an enum, and fields that are gone are
//! gone from their struct.

mod change;
pub(crate) mod machine;
pub(crate) mod say;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod words;

pub use change::{
    EventFact, KindFact, LayoutFact, LocalsplusFact, MachineFact, MeaningChange, MeaningFact, PlaceFact, RegionFact,
    RowFact, StateFact, StepFact, TableFact,
};

use super::{Pair, pair};
use crate::model::Meaning;
use crate::model::facts::Facts;
use crate::model::layout::{Kind, Layout, Localsplus, Member, Ownership, Place, Position, Purpose, Region, SITUATIONS};
use crate::model::table::Table;

/// What differs in meaning: machines, fields, variables, positions, tables; in each the order of the spec.
pub(super) fn compare(old: &Facts, new: &Facts, meaning: &Meaning) -> Vec<MeaningChange> {
    let mut changes = Vec::new();
    for machine in &meaning.machines {
        machine::compare(machine, old.version.value, new.version.value, &mut changes);
    }
    layouts(old, new, meaning, &mut changes);
    localsplus(old, new, meaning, &mut changes);
    positions(old, new, meaning, &mut changes);
    tables(old, new, meaning, &mut changes);
    changes
}

// ---- fields ----

/// A layout, the struct that it speaks of, and what it says of one version.
fn layouts_of<'a>(facts: &Facts, meaning: &'a Meaning) -> Vec<(&'a str, &'a Layout)> {
    let here = meaning.layouts.iter().filter(|layout| layout.range.contains(facts.version.value));
    here.filter_map(|layout| Some((layout.of.as_ref()?.value.as_str(), layout))).collect()
}

fn layouts(old: &Facts, new: &Facts, meaning: &Meaning, changes: &mut Vec<MeaningChange>) {
    let (before, now) = (layouts_of(old, meaning), layouts_of(new, meaning));
    for pair in pair(&before, &now, |(name, _)| name) {
        let (structure, was, is) = match pair {
            Pair::Gone((name, layout)) => {
                changes.push(MeaningChange::LayoutRemoved(layout_fact(name, layout, old)));
                continue;
            }
            Pair::New((name, layout)) => {
                changes.push(MeaningChange::LayoutAdded(layout_fact(name, layout, new)));
                continue;
            }
            Pair::Both((_, was), (name, is)) => (*name, layout_fact(name, was, old), layout_fact(name, is, new)),
        };
        for pair in self::pair(&was.fields, &is.fields, |field| &field.name) {
            let structure = structure.to_owned();
            match pair {
                Pair::New(field) => changes.push(MeaningChange::MeaningAdded { structure, field: field.clone() }),
                Pair::Both(old, new) if old != new => {
                    changes.push(MeaningChange::MeaningChanged { structure, old: old.clone(), new: new.clone() });
                }
                Pair::Both(..) | Pair::Gone(_) => {}
            }
        }
        for (purpose, old, new) in [
            (Purpose::Clear, was.clear, is.clear),
            (Purpose::OwnClear, was.own_clear, is.own_clear),
            (Purpose::Traverse, was.traverse, is.traverse),
        ] {
            if old != new {
                let (structure, purpose) = (structure.to_owned(), purpose.words());
                changes.push(MeaningChange::OrderChanged { structure, purpose, old, new });
            }
        }
    }
}

fn layout_fact(structure: &str, layout: &Layout, facts: &Facts) -> LayoutFact {
    let (minor, flavour) = (facts.version.value, facts.flavour.value);
    let members = layout.members.iter().filter(|member| member.covers(minor, flavour));
    LayoutFact {
        layout: layout.name.value.clone(),
        structure: structure.to_owned(),
        what: layout.doc.clone(),
        fields: members.map(meaning_fact).collect(),
        clear: order_fact(layout, Purpose::Clear, facts),
        own_clear: order_fact(layout, Purpose::OwnClear, facts),
        traverse: order_fact(layout, Purpose::Traverse, facts),
    }
}

/// What a field means, without its versions.
pub(crate) fn meaning_fact(member: &Member) -> MeaningFact {
    let keeper = match &member.ownership {
        Ownership::Borrowed(keeper) => Some(keeper.value.clone()),
        _ => None,
    };
    MeaningFact {
        name: member.name.value.clone(),
        role: member.role.as_ref().map(|role| role.value.clone()),
        ownership: member.ownership.word().to_owned(),
        keeper,
        null: member.null.clone(),
        what: member.doc.clone(),
    }
}

/// The order for a purpose in the version of some facts.
pub(crate) fn order_fact(layout: &Layout, purpose: Purpose, facts: &Facts) -> Option<Vec<StepFact>> {
    let order = layout.order(purpose, facts.version.value)?;
    let step = |(field, direction): &(crate::source::At<String>, Option<crate::source::At<crate::ast::Direction>>)| {
        StepFact { field: field.value.clone(), direction: direction.as_ref().map(ToString::to_string) }
    };
    Some(order.fields.iter().map(step).collect())
}

// ---- variables ----

fn localsplus(old: &Facts, new: &Facts, meaning: &Meaning, changes: &mut Vec<MeaningChange>) {
    let of = |facts: &Facts| -> Vec<LocalsplusFact> {
        let here = meaning.localsplus.iter().filter(|item| item.range.contains(facts.version.value));
        here.map(|item| localsplus_fact(item, facts)).collect()
    };
    let (before, now) = (of(old), of(new));
    for pair in pair(&before, &now, |item| &item.localsplus) {
        let (was, is) = match pair {
            Pair::Gone(item) => {
                changes.push(MeaningChange::LocalsplusRemoved(item.clone()));
                continue;
            }
            Pair::New(item) => {
                changes.push(MeaningChange::LocalsplusAdded(item.clone()));
                continue;
            }
            Pair::Both(was, is) => (was, is),
        };
        let localsplus = || is.localsplus.clone();
        for pair in self::pair(&was.kinds, &is.kinds, |kind| &kind.kind) {
            let localsplus = localsplus();
            match pair {
                Pair::New(kind) => changes.push(MeaningChange::KindAdded { localsplus, kind: kind.clone() }),
                Pair::Gone(kind) => changes.push(MeaningChange::KindRemoved { localsplus, kind: kind.clone() }),
                Pair::Both(old, new) if old != new => {
                    changes.push(MeaningChange::KindChanged { localsplus, old: old.clone(), new: new.clone() });
                }
                Pair::Both(..) => {}
            }
        }
        if was.regions != is.regions {
            let (old, new) = (was.regions.clone(), is.regions.clone());
            changes.push(MeaningChange::RegionsChanged { localsplus: localsplus(), old, new });
        }
        if was.argument_cells_share != is.argument_cells_share {
            let (old_share, new_share) = (was.argument_cells_share, is.argument_cells_share);
            changes.push(MeaningChange::ArgumentCellsChanged { localsplus: localsplus(), old_share, new_share });
        }
    }
}

fn localsplus_fact(item: &Localsplus, facts: &Facts) -> LocalsplusFact {
    let kinds = item.kinds.iter().filter(|kind| kind.range.contains(facts.version.value));
    LocalsplusFact {
        localsplus: item.name.value.clone(),
        what: item.doc.clone(),
        kinds: kinds.map(kind_fact).collect(),
        regions: item.regions.iter().map(region_fact).collect(),
        argument_cells_share: item.argument_cells_share,
    }
}

fn kind_fact(kind: &Kind) -> KindFact {
    KindFact { kind: kind.name.value.clone(), c_name: kind.c_name.value.clone(), what: kind.doc.clone() }
}

fn region_fact(region: &Region) -> RegionFact {
    let names = |names: &[crate::source::At<String>]| names.iter().map(|name| name.value.clone()).collect();
    RegionFact {
        region: region.name.value.clone(),
        holds: names(&region.holds),
        without: names(&region.without),
        what: region.doc.clone(),
    }
}

// ---- positions ----

/// Positions of one name are the same; so are the only ones that the two sides have, whatever field holds them.
fn positions(old: &Facts, new: &Facts, meaning: &Meaning, changes: &mut Vec<MeaningChange>) {
    let of = |facts: &Facts| -> Vec<&Position> {
        meaning.positions.iter().filter(|position| position.range.contains(facts.version.value)).collect()
    };
    let (before, now) = (of(old), of(new));
    let pairs: Vec<(Option<&Position>, Option<&Position>)> = match (&before[..], &now[..]) {
        ([was], [is]) => vec![(Some(was), Some(is))],
        _ => pair(&before, &now, |position| &position.name)
            .into_iter()
            .map(|pair| match pair {
                Pair::Gone(was) => (Some(*was), None),
                Pair::New(is) => (None, Some(*is)),
                Pair::Both(was, is) => (Some(*was), Some(*is)),
            })
            .collect(),
    };
    for (was, is) in pairs {
        let name = |position: Option<&Position>| position.map(|position| position.name.value.clone());
        if name(was) != name(is) {
            changes.push(MeaningChange::PositionFieldChanged { old: name(was), new: name(is) });
        }
        let (Some(was), Some(is)) = (was, is) else { continue };
        let position = || is.name.value.clone();
        let (old_unit, new_unit) = (unit(was, old), unit(is, new));
        if old_unit != new_unit {
            let (old, new) = (old_unit.to_owned(), new_unit.to_owned());
            changes.push(MeaningChange::PositionUnitChanged { position: position(), old, new });
        }
        for (situation, _) in SITUATIONS {
            let old = was.place(situation, old.version.value).map(place_fact);
            let new = is.place(situation, new.version.value).map(place_fact);
            if old != new {
                let situation = (*situation).to_owned();
                changes.push(MeaningChange::PlaceChanged { position: position(), situation, old, new });
            }
        }
    }
}

/// What a position counts: `bytes` or `units`.
pub(crate) fn unit<'a>(position: &'a Position, facts: &Facts) -> &'a str {
    let unit = position.units.iter().find(|(_, range)| range.contains(facts.version.value));
    unit.map_or("units", |(unit, _)| unit.value.as_str())
}

/// Where a position stands, as the spec writes it.
pub(crate) fn place_fact(place: &Place) -> PlaceFact {
    let mut sum = place.anchor.value.clone();
    for (added, what) in [(place.caches, "caches"), (place.return_offset, "return_offset")] {
        if added {
            sum.push_str(" + ");
            sum.push_str(what);
        }
    }
    match place.plus {
        0 => {}
        plus if plus < 0 => sum.push_str(&format!(" - {}", plus.unsigned_abs())),
        plus => sum.push_str(&format!(" + {plus}")),
    }
    PlaceFact { place: sum, why: place.doc.clone() }
}

// ---- tables ----

/// A table has one format in all its versions: one with another format has another name.
fn tables(old: &Facts, new: &Facts, meaning: &Meaning, changes: &mut Vec<MeaningChange>) {
    let of = |facts: &Facts| -> Vec<TableFact> { meaning.tables_of(facts.version.value).map(table_fact).collect() };
    let (before, now) = (of(old), of(new));
    for pair in pair(&before, &now, |table| &table.table) {
        match pair {
            Pair::Gone(table) => changes.push(MeaningChange::TableRemoved(table.clone())),
            Pair::New(table) => changes.push(MeaningChange::TableAdded(table.clone())),
            Pair::Both(..) => {}
        }
    }
}

fn table_fact(table: &Table) -> TableFact {
    TableFact {
        table: table.name.value.clone(),
        what: table.doc.clone(),
        unit_bytes: table.unit,
        columns: table.columns.iter().map(|column| column.name.value.clone()).collect(),
        forms: table.forms.iter().map(|form| form.name.value.clone()).collect(),
    }
}
