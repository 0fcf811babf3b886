//! What the model knows of a version: tables and numbers, as everybody can read them.

use frame_runtime::machine::{Numbers, generator, owner};
use frame_runtime::version::{Activation, ClearStep, Frames, ObjectStep, Position, Version};

/// A version, as values.
pub(crate) struct Facts {
    pub(crate) clear: &'static [ClearStep],
    /// The order for a frame that lies in its object.
    pub(crate) own_clear: &'static [ClearStep],
    pub(crate) object_clear: &'static [ObjectStep],
    pub(crate) new: isize,
    pub(crate) running: isize,
    pub(crate) calling: Position,
    pub(crate) created: isize,
    pub(crate) suspended: isize,
    pub(crate) resume: Position,
    pub(crate) after_return: Position,
    pub(crate) after_yield: Position,
    pub(crate) send_caches: isize,
    pub(crate) counts_call: bool,
    pub(crate) has_return_offset: bool,
    /// Slots may hold references that are not counted, and integers.
    pub(crate) has_tags: bool,
    /// `clear()` of a frame object drops the mapping of names as well.
    pub(crate) clears_namespace: bool,
    /// The frame object of a generator that ends keeps its caller's as `f_back`.
    pub(crate) keeps_link: bool,
    /// Owners of frames: data stack, generator.
    pub(crate) owners: [i8; 2],
    /// States of generators: created, suspended, executing, cleared.
    pub(crate) states: [i8; 4],
}

impl Facts {
    pub(crate) fn of<P: Activation>() -> Facts {
        let layout = <P as Version>::LAYOUT;
        let frame = layout.find_struct("_PyInterpreterFrame").expect("frames");
        let object = layout.find_struct("PyFrameObject").expect("frame objects");
        let minor = layout.minor();
        Facts {
            clear: P::Frames::CLEAR,
            own_clear: P::Frames::OWN_CLEAR,
            object_clear: P::Frames::OBJECT_CLEAR,
            new: P::Frames::NEW.plus,
            running: P::Frames::RUNNING.plus,
            calling: P::Frames::CALLING,
            created: P::Frames::CREATED.plus,
            suspended: P::Frames::SUSPENDED.plus,
            resume: P::Frames::RESUME,
            after_return: P::Frames::AFTER_RETURN,
            after_yield: P::Frames::AFTER_YIELD,
            send_caches: P::Frames::SEND_CACHES.into(),
            counts_call: P::Frames::RETURN_OFFSET_COUNTS_CALL,
            has_return_offset: frame.field("return_offset").is_some(),
            has_tags: P::Frames::TAGS.borrowed != 0,
            clears_namespace: object.field("f_extra_locals").is_some(),
            keeps_link: minor == 12,
            owners: [<P::Frames as Numbers<owner::Thread>>::RAW, <P::Frames as Numbers<owner::Generator>>::RAW],
            states: [
                <P as Numbers<generator::Created>>::RAW,
                <P as Numbers<generator::Suspended>>::RAW,
                <P as Numbers<generator::Executing>>::RAW,
                <P as Numbers<generator::Cleared>>::RAW,
            ],
        }
    }
}

/// Code units of a position.
pub(crate) fn units(position: Position, caches: isize, return_offset: isize) -> isize {
    let caches = if position.caches { caches } else { 0 };
    let return_offset = if position.return_offset { return_offset } else { 0 };
    caches + return_offset + position.plus
}
