//! The attributes of frame objects.

use crate::attribute::{Attribute, Attributes, Change, Refusal};

const LAST: u8 = Attribute::LAST;
const READONLY: Refusal = Refusal::READONLY;
const NOT_WRITABLE: Refusal = Refusal::not_writable("frame");
const NO_BOOL: Change = Change::Bool(Refusal::ty("attribute value type must be bool"));
const NUMERIC: Change = Change::Refuses(Refusal::ty("can't delete numeric/char attribute"));
/// Before 3.14.
const CANNOT_DELETE: Change = Change::Refuses(Refusal::attribute("cannot delete attribute"));
const CANNOT_DELETE_NAMED: Change = Change::Refuses(Refusal::attribute("cannot delete attribute {name}"));
const CANNOT_BE_DELETED: Change =
    Change::Refuses(Refusal::attribute("attribute '{name}' of 'frame' objects cannot be deleted"));

const fn change(name: &'static str, since: u8, until: u8, set: Change, delete: Change) -> Attribute {
    Attribute::new(name, since, until, set, delete)
}

const fn read_only(name: &'static str, since: u8, until: u8, refusal: Refusal) -> Attribute {
    Attribute::read_only(name, since, until, refusal)
}

const fn line(untraced: &'static str) -> Change {
    Change::Line { other: Refusal::value("lineno must be an integer"), untraced: Refusal::value(untraced) }
}

/// The attributes of frame objects.
///
/// Source: `frame_getsetlist`, `frame_memberlist`, Objects/frameobject.c.
pub static ATTRIBUTES: Attributes = Attributes::new("frame", ROWS);

/// Rows of all versions, by name.
const ROWS: &[Attribute] = &[
    read_only("clear", 8, LAST, Refusal::method("frame")),
    read_only("f_back", 8, 10, READONLY),
    read_only("f_back", 11, LAST, NOT_WRITABLE),
    read_only("f_builtins", 8, 10, READONLY),
    read_only("f_builtins", 11, LAST, NOT_WRITABLE),
    read_only("f_code", 8, 10, READONLY),
    read_only("f_code", 11, LAST, NOT_WRITABLE),
    read_only("f_generator", 14, LAST, NOT_WRITABLE),
    read_only("f_globals", 8, 10, READONLY),
    read_only("f_globals", 11, LAST, NOT_WRITABLE),
    read_only("f_lasti", 8, 9, READONLY),
    read_only("f_lasti", 10, LAST, NOT_WRITABLE),
    // 3.10 says of a frame that is over "can only jump from a 'line' trace event".
    change("f_lineno", 8, 10, line("f_lineno can only be set by a trace function"), CANNOT_DELETE),
    change("f_lineno", 11, 11, line("can't jump from the 'call' trace event of a new frame"), CANNOT_DELETE),
    change("f_lineno", 12, 13, line("f_lineno can only be set in a trace function"), CANNOT_DELETE),
    change("f_lineno", 14, LAST, line("f_lineno can only be set in a trace function"), CANNOT_BE_DELETED),
    read_only("f_locals", 8, LAST, NOT_WRITABLE),
    change("f_trace", 8, LAST, Change::Any, Change::Any),
    change("f_trace_lines", 8, LAST, NO_BOOL, NUMERIC),
    change("f_trace_opcodes", 8, 11, NO_BOOL, NUMERIC),
    // 3.12 and early 3.13 read through a null pointer instead.
    change("f_trace_opcodes", 12, 13, NO_BOOL, CANNOT_DELETE_NAMED),
    change("f_trace_opcodes", 14, LAST, NO_BOOL, CANNOT_BE_DELETED),
];
