//! What SAP Concur tells of its own accord: who listens, which events were taken, and which reports they were about.
//!
//! An event is remembered by its id and by the id of what it is about, nothing else of it (decision 0043). Not here: whether
//! it is genuine, and what is done about it.

mod listeners;
mod taken;
mod touched;

pub use listeners::{
    Gap, Listener, Subscription, beat, begin, checked, close_gap, end, listener, listeners, open_gap,
    subscriptions,
};
pub use taken::{Count, NewEvent, count, counts, prune, put, was_told};
pub use touched::{Touch, Touched, due, put_off, settled, touch, waiting};
