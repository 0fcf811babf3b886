//! What the spec declares of one version beside its machines: fields, variables, positions.

use std::fmt::Write as _;

use crate::diag::Style;
use crate::diff::meaning::say::{say_cells, say_ownership, say_step};
use crate::diff::meaning::{meaning_fact, order_fact, place_fact, unit};
use crate::diff::words::push_words;
use crate::lookup::View;
use crate::model::facts::Struct;
use crate::model::layout::{Localsplus, Position, Purpose, SITUATIONS};
use crate::terminal::{Ink, paint, printable, push_list};

/// Below a struct's map: who owns what its fields refer to, when it may be null, what it is for, and in which order it dies.
pub(super) fn push_struct(text: &mut String, item: &Struct, view: &View<'_>, style: Style) {
    let (minor, flavour) = (view.facts.version.value, view.facts.flavour.value);
    if view.meaning.mirrored.iter().any(|name| name.value == item.name.value) {
        text.push_str("\n  only read: nothing of ours holds or drops what its fields refer to\n");
    }
    let Some(layout) = view.meaning.layout_of(&item.name, minor) else { return };
    let _ = writeln!(text, "\n  {}", paint(style, Ink::Strong, "what the fields mean"));
    text.push_str("  ");
    push_words(text, 2, 2, &printable(&layout.doc));
    text.push('\n');

    let fields = item.fields.iter().filter_map(|field| {
        let fact = meaning_fact(layout.member(&field.name, minor, flavour)?);
        let role = fact.role.as_ref().map_or_else(String::new, |role| printable(role));
        let (place, ty) = (field.offset.to_string(), printable(&field.ty.to_string()));
        Some(([place, printable(&field.name), ty, printable(&say_ownership(&fact)), role], fact))
    });
    let rows: Vec<_> = fields.collect();
    let head = ["", "field", "type", "ownership", "role"];
    let width = |column: usize| {
        let cells = rows.iter().map(|(row, _)| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let widths = [width(0).max(4), width(1), width(2), width(3)];
    let line = |[place, name, ty, owner, role]: [&str; 5]| {
        let [w0, w1, w2, w3] = widths;
        (format!("  {place:>w0$}  {name:w1$}  "), format!("{ty:w2$}"), format!("  {owner:w3$}  {role}"))
    };
    let (first, ty, last) = line(head);
    let _ = writeln!(text, "{}", paint(style, Ink::Faint, format!("{first}{ty}{last}").trim_end()));
    for (row, fact) in &rows {
        let (first, ty, last) = line([&row[0], &row[1], &row[2], &row[3], &row[4]]);
        let _ = writeln!(text, "{first}{}{}", paint(style, Ink::Type, &ty), last.trim_end());
        let null = fact.null.as_ref().map_or_else(String::new, |null| format!(" Null {null}."));
        let indent = widths[0] + 6;
        text.push_str(&" ".repeat(indent));
        push_words(text, indent, indent, &printable(&format!("{}{null}", fact.what)));
    }
    for extra in &layout.extras {
        let indent = widths[0] + 4;
        text.push_str(&" ".repeat(indent));
        push_words(text, indent, indent + 2, &printable(&format!("{}: {}, {}", extra.name, extra.ty, extra.doc)));
    }

    let mut first = true;
    for (purpose, what) in [
        (Purpose::Clear, "dropped in this order:"),
        (Purpose::OwnClear, "by its frame object in this one:"),
        (Purpose::Traverse, "visited in this order:"),
    ] {
        let Some(steps) = order_fact(layout, purpose, view.facts) else { continue };
        let steps: Vec<String> = steps.iter().map(|step| printable(&say_step(step))).collect();
        if first {
            text.push('\n');
            first = false;
        }
        push_list(text, &format!("  {what}"), 4, &steps);
    }
}

/// Kinds of variables with their bits, and what lies where.
pub(super) fn push_localsplus(text: &mut String, item: &Localsplus, view: &View<'_>, style: Style) {
    let minor = view.facts.version.value;
    text.push_str("  ");
    push_words(text, 2, 2, &printable(&item.doc));
    let values = || view.facts.content.constants.iter().flat_map(|group| &group.values);
    let kinds: Vec<[String; 4]> = item
        .kinds
        .iter()
        .filter(|kind| kind.range.contains(minor))
        .map(|kind| {
            let value = values().find(|value| value.name == kind.c_name);
            let bits = value.map_or_else(String::new, |value| format!("{:#04x}", value.value.value));
            [printable(&kind.name), bits, printable(&kind.c_name), printable(&kind.doc)]
        })
        .collect();
    if !kinds.is_empty() {
        let _ = writeln!(text, "\n  {}", paint(style, Ink::Strong, "kinds of variables"));
        push_rows(text, &kinds);
    }
    let _ = writeln!(text, "\n  {}", paint(style, Ink::Strong, "regions, in the order of the slots"));
    let names = |names: &[crate::source::At<String>], with: &str| {
        names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(with)
    };
    let regions = item.regions.iter().map(|region| {
        let mut holds = names(&region.holds, " or ");
        if !region.without.is_empty() {
            let _ = write!(holds, ", not {}", names(&region.without, ", "));
        }
        [printable(&region.name), holds, printable(&region.doc)]
    });
    let regions: Vec<[String; 3]> = regions.collect();
    push_rows(text, &regions);
    let _ = writeln!(text, "\n  {}", say_cells(item.argument_cells_share));
}

/// Where the stored instruction pointer stands in each situation.
pub(super) fn push_position(text: &mut String, item: &Position, view: &View<'_>, style: Style) {
    text.push_str("  ");
    push_words(text, 2, 2, &printable(&item.doc));
    let unit = unit(item, view.facts);
    let counts = if unit == "units" { "code units" } else { unit };
    let _ = writeln!(
        text,
        "\n  {}",
        paint(style, Ink::Strong, &format!("what it stands for; it counts {}", printable(counts)))
    );
    let places = SITUATIONS.iter().filter_map(|(situation, what)| {
        let place = place_fact(item.place(situation, view.facts.version.value)?);
        Some([(*situation).to_owned(), printable(&place.place), printable(&format!("{what}: {}", place.why))])
    });
    let places: Vec<[String; 3]> = places.collect();
    push_rows(text, &places);
}

/// Cells below each other; the last is wrapped.
pub(super) fn push_rows<const N: usize>(text: &mut String, rows: &[[String; N]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    for row in rows {
        let mut line = "   ".to_owned();
        for (column, cell) in row[..N - 1].iter().enumerate() {
            if width(column) > 0 {
                let _ = write!(line, " {cell:0$} ", width(column));
            }
        }
        let column = line.chars().count();
        text.push_str(&line);
        push_words(text, column, column + 1, &row[N - 1]);
    }
}
