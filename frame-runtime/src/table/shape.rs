//! Forms whose numbers all have one digit: every value is then at a place that is known when the program is compiled.

use super::format::{Column, Format, Piece, Source, Step};

/// Where the values of a form are in the eight bytes that begin with its head.
#[derive(Clone, Copy)]
pub(super) struct Shape<const N: usize> {
    /// Bits that are 0 in an entry of this shape: marks, and those that say that another digit follows.
    pub(super) clear: u64,
    /// Bytes of the entry.
    pub(super) size: usize,
    /// One per column; `None` where no step says what it holds.
    pub(super) fields: [Option<Field>; N],
}

/// How a value is made of the word.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) shift: u32,
    pub(super) mask: u32,
    /// Whether bit 0 is a sign.
    pub(super) signed: bool,
    /// How far the code is shifted that stands to the left of these bits.
    pub(super) code: Option<u32>,
    pub(super) plus: i32,
    pub(super) base: Option<usize>,
}

/// Whether all forms of a format have a shape, and none passes for one that is longer than the table.
pub(super) const fn all<const N: usize>(format: &Format<N>) -> bool {
    let mut index = 0;
    while index < format.forms.len() {
        if Shape::new(format, index).is_none() {
            return false;
        }
        index += 1;
    }
    format.head.mark
}

impl<const N: usize> Shape<N> {
    /// The shape of a form with a head of one byte; `None` if it does not fit eight bytes, or is not that simple.
    pub(super) const fn new(format: &Format<N>, index: usize) -> Option<Shape<N>> {
        let head = &format.head;
        if index >= format.forms.len() || head.bits != 8 {
            return None;
        }
        let form = &format.forms[index];
        let mut shape = Shape { clear: 0, size: 1, fields: [None; N] };
        // The form's own byte is read once, by the first step that has bits of it.
        let mut own = 0;
        let mut at = 0;
        while at < form.steps.len() {
            let Step { column, low, base, source, plus } = form.steps[at];
            // Columns are made in their order, and only a kept one of its value before.
            let kept = matches!(format.columns[column], Column::Kept);
            let in_order = match base {
                None => !kept,
                Some(base) => base < column || (base == column && kept),
            };
            if low.is_some() || !in_order || shape.size > 6 || plus.unsigned_abs() > 1 << 16 {
                return None;
            }
            let next = shape.size as u32 * 8;
            let mut field = Field { shift: next, mask: 0, signed: false, code: None, plus, base };
            match source {
                Source::Byte => {
                    field.mask = if head.mark { 0x7f } else { 0xff };
                    shape.clear |= (0xff & !field.mask as u64) << next;
                    shape.size += 1;
                }
                Source::Number(number) => {
                    if number.digit > 7 {
                        return None;
                    }
                    field.mask = (1 << number.digit) - 1;
                    field.signed = number.signed;
                    shape.clear |= (1 << number.digit) << next;
                    if head.mark {
                        shape.clear |= 0x80 << next;
                    }
                    shape.size += 1;
                }
                Source::Bits(pieces) => {
                    let mut width = 0;
                    let mut index = pieces.len();
                    while index > 0 {
                        index -= 1;
                        match pieces[index] {
                            Piece::Code => field.code = Some(width),
                            Piece::Byte { low, width: bits } => {
                                // One piece of the byte, and nothing to its right: a field has one shift.
                                if width != 0 || field.code.is_some() {
                                    return None;
                                }
                                if own == 0 {
                                    own = shape.size;
                                    if head.mark {
                                        shape.clear |= 0x80 << next;
                                    }
                                    shape.size += 1;
                                }
                                field.shift = own as u32 * 8 + low as u32;
                                field.mask = (1 << bits) - 1;
                                width = bits as u32;
                            }
                        }
                    }
                }
            }
            shape.fields[column] = Some(field);
            at += 1;
        }
        Some(shape)
    }

    /// The values of an entry of this shape. `None` if one does not fit.
    #[inline(always)]
    pub(super) fn read(&self, word: u64, code: i32, columns: &mut [i32; N]) -> Option<()> {
        let mut column = 0;
        while column < N {
            if let Some(field) = self.fields[column] {
                let raw = (word >> field.shift) as u32 & field.mask;
                let mut value = raw.cast_signed();
                if field.signed {
                    let size = value >> 1;
                    value = if raw & 1 != 0 { -size } else { size };
                }
                if let Some(shift) = field.code {
                    value += code << shift;
                }
                value += field.plus;
                if let Some(base) = field.base {
                    value = columns[base].checked_add(value)?;
                }
                columns[column] = value;
            }
            column += 1;
        }
        Some(())
    }
}
