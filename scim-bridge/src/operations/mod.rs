//! The outbox as an operator sees it: listed, shown, and acted upon by hand. The same for `/api/v1/operations` and for
//! `scim-bridge operations`.
//!
//! What an operation carries is not shown: it is a person's data, and these answers are for operators. What the brake
//! holds is decided at the brake (`crate::brake`).

mod act;
mod show;

pub use act::{ActError, Verb, act};
pub use show::{Wanted, list, request, show};
