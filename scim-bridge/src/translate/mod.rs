//! Between SCIM's form of a user and Concur's: pure functions, no store, no network, no clock.
//!
//! A SCIM write is translated before it is stored ([`user`]), so that a provider learns at once what Concur cannot
//! hold. What the outbox keeps is an [`Operation`]: the whole desired state, not a patch. The patch is computed when
//! the operation is sent ([`diff`] of what Concur has and what it shall have), so a change that waited behind others
//! is still the smallest one. Never a PUT: it would erase what we do not manage.
//!
//! Source: Concur pages *Identity v4.1*, *User Provisioning v4*, *Spend User*.

pub mod approvers;
mod diff;
mod document;
mod employee_form;
mod from_concur;
mod given;
pub mod mapping;
mod observe;
mod operation;
mod overrides;
pub mod roles;
#[cfg(test)]
mod tests;
mod user;
mod values;

pub use diff::diff;
pub use document::{APPROVER, CORE, ConcurUser, ENTERPRISE, ROLE, SPEND};
pub use employee_form::{EmployeeForm, Fitted};
pub use from_concur::from_concur;
pub use given::{Given, GroupOf, is_spend_member, may_be_given};
pub use observe::observe;
pub use operation::{Kind, Operation, PayloadError, plan};
pub use overrides::problem as override_problem;
pub use user::{Translated, user};
pub use values::{Country, Outcome, Source, Transform, country};
