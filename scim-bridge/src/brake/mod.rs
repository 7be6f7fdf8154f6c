//! The deprovisioning brake: a mistake at the identity provider cannot switch off more than a set share of the users
//! without a person agreeing (reliability P7, §4; design D10).
//!
//! # The cast
//!
//! * **Counted** are the users whose access ends: `active` true → false, DELETE, or leaving the account's scope, when it
//!   is accepted. Each once, however often; a return does not take the count back.
//! * The **limits** ([`BrakeLimits`]) are a number and a share in ten minutes and in a day.
//! * A **tripped** brake holds every further deactivation. Nothing but a person ends that ([`act()`]).
//! * A **held** operation is accepted, shown, stored, and not sent. Everything else of the user goes on: access stays as
//!   it is in Concur, since no update carries a change of access.
//!
//! Counting and holding happen in the transaction that accepts the change ([`admit`]), under a lock of the account's row:
//! two replicas cannot both take the last place. What people are told is [`watch`]'s.

mod act;
mod admit;
mod limits;
mod restore;
mod status;
mod switch;
pub mod watch;

pub use act::{ActError, Acted, Order, Verb, Which, act};
pub(crate) use admit::{Grip, admit, replace_held, trip_for};
pub use limits::{BrakeLimits, Limit};
pub(crate) use restore::restore;
pub use status::{Status, Window, Windows, status};
pub use switch::{SwitchError, off, on};
