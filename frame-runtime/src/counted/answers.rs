//! What counted objects promise to frames and generators.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::object::{self, Kind, Last};
use super::{CodeObject, Counted, CountedVm};
use crate::cell::Cell;
use crate::code::jump::Source;
use crate::frame_object::FrameObject;
use crate::generator::{Generator, GeneratorObjects, Part, PartRef};
use crate::table::Handler;
use crate::vm::{CodeUnit, FrameCode, FrameVm, Function, Value};

// SAFETY: a reference is one word: a pointer to a head, aligned to words, or bits above the two low ones. Objects neither move
// nor change what they are. A function holds its code, globals and builtins until it ends. What is asked of them reads fields.
unsafe impl<M: CountedVm> Value for Counted<M> {
    type Last = Last<M>;
    type Code = CodeObject<M>;

    #[inline(always)]
    fn into_raw(self) -> NonNull<()> {
        self.into_word()
    }

    #[inline(always)]
    fn as_raw(&self) -> NonNull<()> {
        self.word()
    }

    #[inline(always)]
    unsafe fn from_raw(raw: NonNull<()>) -> Self {
        Counted::from_word(raw)
    }

    #[inline(always)]
    fn release(self) -> Option<Last<M>> {
        self.give_back()
    }

    #[inline(always)]
    fn is_counted(&self) -> bool {
        !self.is_immediate()
    }

    #[inline(always)]
    fn as_code(&self) -> Option<&CodeObject<M>> {
        self.code()
    }

    #[inline(always)]
    fn as_function(&self) -> Option<Function<'_, Self>> {
        let function = self.function()?;
        Some(Function {
            code: function.code_object(),
            globals: function.globals(),
            builtins: function.builtins(),
            closure: function.closure(),
        })
    }
}

// SAFETY: everything is the verified code's, which is in the object from the beginning to the end.
unsafe impl<M: CountedVm> FrameCode for CodeObject<M> {
    #[inline(always)]
    fn nlocalsplus(&self) -> u32 {
        (**self).nlocalsplus()
    }

    #[inline(always)]
    fn stacksize(&self) -> u32 {
        (**self).stacksize()
    }

    #[inline(always)]
    fn units(&self) -> &[CodeUnit] {
        (**self).units()
    }

    #[inline(always)]
    fn first_traceable(&self) -> usize {
        (**self).first_traceable()
    }

    fn kind(&self, slot: u32) -> Option<u8> {
        (**self).kind(slot)
    }

    fn parameters(&self) -> u32 {
        (**self).parameters()
    }

    fn line_at(&self, lasti: i32) -> Option<i32> {
        FrameCode::line_at(&**self, lasti)
    }

    fn is_guarded_at(&self, unit: isize) -> bool {
        (**self).is_guarded_at(unit)
    }

    fn after_delegation(&self, unit: u32) -> Option<u32> {
        (**self).after_delegation(unit)
    }

    fn jumps(&self) -> Option<Source<'_>> {
        (**self).jumps()
    }

    #[inline(always)]
    fn handler_at(&self, unit: u32) -> Option<Handler> {
        FrameCode::handler_at(&**self, unit)
    }
}

// SAFETY: a frame object is in its object from the beginning to the end. Objects are counted, and nothing here runs code of
// the program. A generator's memory is behind its object, in one block, and goes back with it.
unsafe impl<M: CountedVm> FrameVm for M {
    #[inline(always)]
    fn frame_object(object: &Counted<M>) -> Option<&FrameObject<M>> {
        object.frame()
    }

    #[inline(always)]
    fn make_frame_object(&self, frame: FrameObject<M>) -> Option<Counted<M>> {
        Some(Counted::from_head(object::make_frame(frame)))
    }

    #[inline(always)]
    fn allocate_frame(&self, layout: Layout) -> Option<NonNull<u8>> {
        object::allocate::<M, FrameObject<M>>(layout)
    }

    #[inline(always)]
    unsafe fn free_frame(memory: NonNull<u8>, layout: Layout) {
        // SAFETY: as promised by the caller: what lies in front has ended by then, it is what dropped the frame object.
        unsafe { object::free::<M, FrameObject<M>>(memory, layout) };
    }

    #[inline(always)]
    fn is_unique(object: &Counted<M>) -> bool {
        object.is_unique()
    }

    fn make_instruction_index(&self, unit: u32) -> Option<Counted<M>> {
        Counted::integer(unit.into())
    }

    fn instruction_index(object: &Counted<M>) -> Option<u32> {
        u32::try_from(object.as_integer()?).ok()
    }

    #[inline]
    fn allocate_generator(&self, layout: Layout) -> Option<NonNull<u8>> {
        object::allocate::<M, Generator<M>>(layout)
    }

    #[inline]
    unsafe fn free_generator(memory: NonNull<u8>, layout: Layout) {
        // SAFETY: as promised by the caller: what lies in front has ended by then, it is what dropped the generator.
        unsafe { object::free::<M, Generator<M>>(memory, layout) };
    }

    fn make_cell(&self, content: Option<Counted<M>>) -> Option<Counted<M>> {
        Some(Counted::new_cell(content))
    }

    #[inline(always)]
    fn cell(object: &Counted<M>) -> Option<&Cell<M>> {
        object.cell()
    }
}

// SAFETY: a part is in its object from the beginning to the end, and all that is in it; a generator lies in front of its own
// memory.
unsafe impl<M: CountedVm> GeneratorObjects for M {
    #[inline(always)]
    fn part(object: &Counted<M>) -> Option<PartRef<'_, M>> {
        object.part()
    }

    #[inline(always)]
    fn generator_memory(object: &Counted<M>) -> Option<NonNull<u8>> {
        object.generator_memory()
    }

    fn make_part(&self, part: Part<M>) -> Option<Counted<M>> {
        Some(Counted::from_head(match part {
            Part::Generator(generator) => object::make_generator(generator),
            part => object::make::<M, _>(Kind::Part, || part),
        }))
    }
}

impl<M: CountedVm> Counted<M> {
    #[inline(always)]
    fn generator_memory(&self) -> Option<NonNull<u8>> {
        if self.head()?.kind() != Kind::Generator {
            return None;
        }
        // SAFETY: it is an object of this kind.
        Some(unsafe { object::tail::<M>(self.word().cast()) })
    }
}
