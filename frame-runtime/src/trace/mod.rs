//! What a thread tells trace functions and monitoring tools, and what only frames know of that.

mod tell;

pub(crate) use tell::Delivery;
pub use tell::Told;
