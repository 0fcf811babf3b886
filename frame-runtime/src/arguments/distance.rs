//! Which name was meant: the nearest one, if it is near enough.

use alloc::borrow::Cow;

/// What a byte costs that is added, left out or changed.
const MOVE: usize = 2;
/// What a letter costs that only changes its case.
const CASE: usize = 1;
/// Names that differ in more bytes than this, between what is equal at both ends, are not compared.
const LONGEST: usize = 40;
/// So many candidates are not looked at.
const MANY: usize = 750;

/// The slot of the name that is nearest to a keyword; of two that are as near, the first one.
///
/// Source: `_Py_CalculateSuggestions`, Python/suggestions.c.
pub(super) fn nearest<'a>(
    keyword: &[u8],
    slots: core::ops::Range<usize>,
    name: impl Fn(usize) -> Cow<'a, [u8]>,
) -> Option<usize> {
    // Text with a lone surrogate has no UTF-8, and ends the search.
    if slots.len() >= MANY || core::str::from_utf8(keyword).is_err() {
        return None;
    }
    let mut best: Option<(usize, usize)> = None;
    for slot in slots {
        let name = name(slot);
        if *name == *keyword {
            continue;
        }
        if core::str::from_utf8(&name).is_err() {
            return None;
        }
        // A third of all bytes may differ.
        let near = (keyword.len() + name.len() + 3) * MOVE / 6;
        let most = best.map_or(near, |(_, distance)| near.min(distance.saturating_sub(1)));
        if let Some(distance) = distance(keyword, &name).filter(|distance| *distance <= most) {
            best = Some((slot, distance));
        }
    }
    best.map(|(slot, _)| slot)
}

/// The least that it costs to make one text of the other; `None` for long ones.
///
/// Source: `levenshtein_distance`, Python/suggestions.c.
fn distance(left: &[u8], right: &[u8]) -> Option<usize> {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (left.get(start..)?, right.get(start..)?);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (left.get(..left.len() - end)?, right.get(..right.len() - end)?);
    if left.is_empty() || right.is_empty() {
        return Some((left.len() + right.len()) * MOVE);
    }
    if left.len() > LONGEST || right.len() > LONGEST {
        return None;
    }
    // Costs of what begins `left` against what begins `right`, one row of the table.
    let mut row: [usize; LONGEST + 1] = core::array::from_fn(|length| length * MOVE);
    for (count, b) in right.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (count + 1) * MOVE;
        for (at, a) in left.iter().enumerate() {
            let changed = diagonal + substitution(*a, *b);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(row[at].min(diagonal) + MOVE);
        }
    }
    row.get(left.len()).copied()
}

fn substitution(a: u8, b: u8) -> usize {
    if a == b {
        0
    } else if a.eq_ignore_ascii_case(&b) {
        CASE
    } else {
        MOVE
    }
}
