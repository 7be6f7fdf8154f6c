//! What SAP Concur tells of its own accord, taken as hints (decision 0043, `docs/events.md`).
//!
//! # The cast
//!
//! * A **listener** is an account that listens: it has an **address** that nobody can guess, and a **subscription** for each
//!   of its topics.
//! * An **event** is one delivery of Concur's. It is taken at most once, and nothing of it is believed: a provision
//!   request that is said to have ended is asked about now rather than later, a report that is said to have changed is read
//!   again soon.
//! * A **gate** is what an event must pass: the address, the size, the signature ([`keys`]).
//! * A **gap** is a span of time whose events are lost: nobody took them for longer than Concur tries, or a
//!   subscription was gone. Polling reads everything again, which closes it.
//!
//! Polling goes on whether events come or not: without any of them everything arrives as before, later.
//! Source: Concur pages *Event Subscription Service v4* and *Event Topics*.

mod address;
mod keys;
mod receive;
mod status;
mod subscribe;
mod topics;
mod watch;

pub(crate) use keys::Keys;
pub(crate) use receive::{Delivered, Refused, address_of, receive, refuse};
pub use status::GapShown;
pub use status::{Status, status};
pub use subscribe::{EventsError, Subscribed, check, subscribe, unsubscribe};
pub(crate) use watch::Watch;
pub use watch::round;
