//! What a fact of meaning, or a change of one, is in words.

use std::fmt::Write as _;

use super::change::{MeaningFact, PlaceFact, RegionFact, RowFact, StateFact, StepFact};
use crate::terminal::printable;

pub(super) fn what_kind(state: &StateFact) -> &'static str {
    match (state.reserved, state.start) {
        (true, _) => "reserved state",
        (false, true) => "start state",
        (false, false) => "state",
    }
}

pub(super) fn say_state(old: &StateFact, new: &StateFact) -> String {
    let mut said = Vec::new();
    match (old.reserved, new.reserved) {
        (false, true) => said.push("now reserved".to_owned()),
        (true, false) => said.push("no longer reserved".to_owned()),
        _ => {}
    }
    match (old.start, new.start) {
        (false, true) => said.push("now a start".to_owned()),
        (true, false) if !new.reserved => said.push("no longer a start".to_owned()),
        _ => {}
    }
    if old.c_name != new.c_name {
        let name = |state: &StateFact| state.c_name.clone().unwrap_or_else(|| "no name".to_owned());
        said.push(format!("{}, was {}", name(new), name(old)));
    }
    if old.what != new.what {
        said.push(format!("\"{}\", was \"{}\"", new.what, old.what));
    }
    said.join("; ")
}

/// A row without its conditions: `-> executing`, `ValueError "..."`, `stop -> closed`.
fn say_outcome(row: &RowFact) -> String {
    let next = row.next.as_ref().map(|next| format!("-> {next}"));
    if row.outcome == "goes" {
        return next.unwrap_or_else(|| "goes on".to_owned());
    }
    let message = row.message.as_ref().map(|message| format!("\"{message}\""));
    [Some(row.outcome.clone()), message, next].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// ` if value_given and not delegating`, or nothing.
pub(crate) fn say_conditions(row: &RowFact) -> String {
    if row.conditions.is_empty() { String::new() } else { format!(" if {}", row.conditions.join(" and ")) }
}

/// What differs between the rows that decided and those that decide: under which conditions, and what.
pub(super) fn say_rows(old: &[RowFact], new: &[RowFact]) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for (gone, fresh) in gaps(old, new) {
        let mut fresh: Vec<&RowFact> = fresh.iter().collect();
        for row in gone {
            // A row under the same conditions is the same check with another answer.
            let what = match fresh.iter().position(|other| other.conditions == row.conditions) {
                Some(at) => say_answers(row, fresh.remove(at)),
                None => format!("no longer {}", say_outcome(row)),
            };
            said.push((say_conditions(row), what));
        }
        said.extend(fresh.iter().map(|row| (say_conditions(row), format!("new: {}", say_outcome(row)))));
    }
    said
}

/// Two answers to the same check.
fn say_answers(old: &RowFact, new: &RowFact) -> String {
    match (&old.message, &new.message) {
        (Some(said), Some(says)) if said != says && (&old.outcome, &old.next) == (&new.outcome, &new.next) => {
            format!("{} says \"{says}\", said \"{said}\"", new.outcome)
        }
        _ if (&old.outcome, &old.message) == (&new.outcome, &new.message) && new.outcome != "goes" => {
            match (&old.next, &new.next) {
                (Some(old), None) => format!("{}; the state stays, was -> {old}", say_outcome(new)),
                (Some(old), Some(_)) => format!("{}, was -> {old}", say_outcome(new)),
                (None, _) => format!("{}; before, the state stayed", say_outcome(new)),
            }
        }
        _ => format!("{}, was {}", say_outcome(new), say_outcome(old)),
    }
}

/// What lies between the longest run of rows that both have, in order.
fn gaps<'a>(old: &'a [RowFact], new: &'a [RowFact]) -> Vec<(&'a [RowFact], &'a [RowFact])> {
    let mut longest = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] =
                if old[i] == new[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut found, mut from, mut at) = (Vec::new(), (0, 0), (0, 0));
    while at.0 < old.len() && at.1 < new.len() {
        if old[at.0] == new[at.1] {
            found.push((&old[from.0..at.0], &new[from.1..at.1]));
            at = (at.0 + 1, at.1 + 1);
            from = at;
        } else if longest[at.0 + 1][at.1] >= longest[at.0][at.1 + 1] {
            at.0 += 1;
        } else {
            at.1 += 1;
        }
    }
    found.push((&old[from.0..], &new[from.1..]));
    found
}

/// `strong`, `borrowed from f_func`.
pub(crate) fn say_ownership(field: &MeaningFact) -> String {
    field.keeper.as_ref().map_or_else(|| field.ownership.clone(), |keeper| format!("{} from {keeper}", field.ownership))
}

/// All that is known of a field, as one sentence after the other.
pub(super) fn say_meaning(field: &MeaningFact) -> String {
    let mut text = say_ownership(field);
    if let Some(role) = &field.role {
        let _ = write!(text, ", as {role}");
    }
    if let Some(null) = &field.null {
        let _ = write!(text, ", null {null}");
    }
    format!("{text}. {}", field.what)
}

pub(super) fn say_meaning_change(old: &MeaningFact, new: &MeaningFact) -> String {
    let mut said = Vec::new();
    if say_ownership(old) != say_ownership(new) {
        said.push(format!("{} -> {}", say_ownership(old), say_ownership(new)));
    }
    if old.role != new.role {
        let role = |field: &MeaningFact| field.role.clone().unwrap_or_else(|| "nothing".to_owned());
        said.push(format!("used as {}, was {}", role(new), role(old)));
    }
    match (&old.null, &new.null) {
        (None, Some(new)) => said.push(format!("now null {new}")),
        (Some(old), None) => said.push(format!("never null, was {old}")),
        (Some(old), Some(new)) if old != new => said.push(format!("null {new}, was {old}")),
        _ => {}
    }
    if old.what != new.what {
        said.push(format!("\"{}\", was \"{}\"", new.what, old.what));
    }
    said.join("; ")
}

/// `f_locals`, `localsplus descending`.
pub(crate) fn say_step(step: &StepFact) -> String {
    step.direction.as_ref().map_or_else(|| step.field.clone(), |direction| format!("{} {direction}", step.field))
}

pub(super) fn same_fields(old: &[StepFact], new: &[StepFact]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.field == new.field)
}

/// `cells (cell without local)`.
pub(super) fn say_region(region: &RegionFact) -> String {
    let mut kinds = region.holds.join(" or ");
    if !region.without.is_empty() {
        let _ = write!(kinds, " without {}", region.without.join(", "));
    }
    printable(&if kinds.is_empty() { region.region.clone() } else { format!("{} ({kinds})", region.region) })
}

pub(crate) fn say_cells(share: bool) -> &'static str {
    if share {
        "the cell of an argument lies in the argument's slot"
    } else {
        "the cell of an argument has its own slot"
    }
}

pub(super) fn say_place(old: Option<&PlaceFact>, new: Option<&PlaceFact>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if old.place == new.place => {
            format!("{}, as before: {}", new.place, new.why)
        }
        (Some(old), Some(new)) => format!("{}, was {}: {}", new.place, old.place, new.why),
        (None, Some(new)) => format!("new: {}: {}", new.place, new.why),
        (Some(old), None) => format!("gone, was {}", old.place),
        (None, None) => String::new(),
    }
}
