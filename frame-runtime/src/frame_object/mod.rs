//! What Python code sees as a frame.

mod fields;

pub use fields::ObjectFields;
