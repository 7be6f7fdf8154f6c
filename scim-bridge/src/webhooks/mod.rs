//! Webhooks: addresses of the operator that are told what happens to an account (`docs/webhooks.md`, decision 0090).
//!
//! What is told is written into the store together with what it tells of; the [`Sender`] delivers it, at least once and in no
//! order that one could rely on. Who receives checks the [`signature`], as Standard Webhooks has it
//! (<https://www.standardwebhooks.com>).

mod address;
mod attempt;
mod manage;
mod retry;
mod sender;
mod signature;

pub use attempt::{Client, NoClient};
pub use manage::{
    MessageView, Messages, WebhookError, WebhookView, Webhooks, add, enable, list, messages, remove, replay,
    test,
};
pub(crate) use sender::Sender;
pub use sender::round;
pub use signature::sign;
