//! What code says of its size is a promise that memory safety rests on.

use frame_runtime::vm::{CodeUnit, FrameCode};

struct Code(Vec<CodeUnit>);

impl FrameCode for Code {
    fn nlocalsplus(&self) -> u32 {
        0
    }

    fn stacksize(&self) -> u32 {
        1
    }

    fn units(&self) -> &[CodeUnit] {
        &self.0
    }
}

fn main() {}
