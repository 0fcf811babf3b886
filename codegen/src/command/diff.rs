//! `framespec diff`

use std::path::Path;

use crate::diff;
use crate::model::version::Key;
use clap::Args;

use super::Ended;

/// Say what changed between two layouts
///
/// Fields moved, added, removed and retyped, sizes, enum numbers, constants, opcodes, stack
/// effects; and what the spec declares: states, what events do in them, errors and messages, who
/// owns what fields refer to and in which order it is dropped, variables, positions, tables. A version is 3.14 (its newest release in the spec), 3.13.0 (that release), 3.14t
/// (free-threaded), 3.14d (debug) or 3.14td.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  framespec diff 3.14 3.15
  framespec diff 3.13.0 3.13.18
  framespec diff 3.14 3.14t --json

JSON: one object with the keys `old`, `new` and `changes`.
  old, new   version, flavour, architecture, verified, unwitnessed (releases), opcode_count
  changes    objects whose key `change` names the kind, in the order of the text:
    pyc_magic_changed        old, new
    struct_added, struct_removed
                             struct, header, size_bytes, align_bytes, fields
    size_changed             struct, old_size_bytes, new_size_bytes, old_align_bytes,
                             new_align_bytes
    field_added              struct, field, in_place_of: the field that is gone and had its bytes
    field_removed            struct, field
    field_moved              struct, field (name), old_offset_bytes, new_offset_bytes
    field_retyped            struct, field (name), old_type, new_type
    field_resized            struct, field (name), type, old_size_bytes, new_size_bytes
    bits_moved               struct, field (name), old, new: first_bit, width_bits
    overlay_changed          struct, field (name), old, new
    enum_added, enum_removed enum, header, values
    enum_value_added         enum, name, value, number_was: what the number meant before
    enum_value_removed       enum, name, value
    enum_value_renumbered    enum, name, old, new, number_was
    group_added, group_removed
                             group, header, values
    constant_added, constant_removed
                             group, name, value
    constant_changed         group, name, old, new
    constant_regrouped       name, old_group, new_group
    opcode_added, opcode_removed
                             opcode, number, argument, cache_units, base, stack_effect
    opcode_renumbered        opcode, old, new
    opcode_argument_changed  opcode, old, new
    opcode_caches_changed    opcode, old_units, new_units
    opcode_base_changed      opcode, old, new
    stack_effect_changed     opcode, old, new: effect, jump (where it differs), same_as (its base)
    header_moved             kind (struct, enum, constants), name, old, new
  of what is declared:
    machine_added, machine_removed
                             machine, what, numbers (its enum), states, events
    state_numbers_changed    machine, old, new
    state_added, state_removed
                             machine, state
    state_changed            machine, old, new: name, c_name, reserved, start, what
    event_added, event_removed
                             machine, event: name, what, needs
    event_changed            machine, event, states, flavours (all when empty), old, new: rows that
                             decide, each conditions, outcome (goes, an error, an answer), message,
                             next (absent when the state stays)
    layout_added, layout_removed
                             layout, struct, what, fields, clear, own_clear, traverse
    meaning_added            struct, field
    meaning_changed          struct, old, new: name, role, ownership, keeper, null, what
    order_changed            struct, purpose (clear, clear for frame_object, traverse),
                             old, new: field, direction
    localsplus_added, localsplus_removed
                             localsplus, what, kinds, regions, argument_cells_share
    kind_added, kind_removed localsplus, kind
    kind_changed             localsplus, old, new: kind, c_name, what
    regions_changed          localsplus, old, new: region, holds, without, what
    argument_cells_changed   localsplus, old_share, new_share
    table_added, table_removed
                             table, what, unit_bytes, columns, forms
    position_field_changed   old, new
    position_unit_changed    position, old, new
    place_changed            position, situation, old, new: place, why
  A whole field has name, type, offset_bytes, bits, overlays; a value has name, value."
)]
pub(super) struct Diff {
    /// The layout that one comes from
    #[arg(value_name = "A")]
    old: Key,
    /// The layout that one goes to
    #[arg(value_name = "B")]
    new: Key,
    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(&self, folder: &Path) -> Ended {
        let (spec, sources, mut sink) = super::read_spec(folder);
        if sink.has_errors() {
            super::print_findings(&sink, &sources);
            return Ended::Findings;
        }
        match (spec.find(&self.old), spec.find(&self.new)) {
            (Ok(old), Ok(new)) => {
                let diff = diff::diff_with(old, new, &spec.observed, &spec.meaning);
                if self.json {
                    let text = serde_json::to_string_pretty(&diff).expect("strings and numbers serialise");
                    super::print_text(&format!("{text}\n"))
                } else {
                    super::print_text(&diff.words(super::output_style()))
                }
            }
            (old, new) => {
                sink.extend([old.err(), new.err()].into_iter().flatten().map(|error| *error));
                super::print_findings(&sink, &sources);
                Ended::Findings
            }
        }
    }
}
