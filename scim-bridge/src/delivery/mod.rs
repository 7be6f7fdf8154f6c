//! The one road to a change in Concur: from the outbox through sending, polling and reading back to `done`.
//!
//! # The cast
//!
//! * An **operation** is one accepted change of one user: a row of the outbox with the whole desired state
//!   (`translate::Operation`). Operations of one **person** are delivered strictly in their order, over all resources that
//!   the person ever was; of updates that wait together, the last one stands for all.
//! * A **claim** takes due operations for a **lease**. The lease outlives the request it is taken for, so that
//!   nobody else sends meanwhile; each claim raises the operation's **epoch**.
//! * An **attempt** is one try to send. It is stored before the first byte leaves.
//! * A **wave** is what one claim brought for one **lane** of one account: single requests in parallel, or one **Bulk**.
//! * An **event** is what came of a request. [`policy`] alone says what follows from it.
//! * The **verdict** is Concur's word on the identity part; a SCIM request may be waiting for it.
//! * A **watch** is a person to read again, because a request of theirs may still take effect (`drift.rs`).
//! * A process says again and again that it is **present**; what a silent one had claimed is free (`presence.rs`).
//! * The **breaker** keeps requests from a company that does not answer (`breaker.rs`), the **budget** keeps repetitions few
//!   (`budget.rs`).
//!
//! # The states
//!
//! ```text
//! accepted ──► ready ──claim──► sending ──id──► submitted ──success──► verifying ──equal──► done
//!   (behind     ▲  ▲               │ │              │ │                    │
//!    another)   │  └─not applied───┘ │              │ └─forgotten,         │ different
//!               │                    │ no answer    │   125 minutes        │
//!               │                    ▼              ▼                      ▼
//!               ├──seen not applied── unknown ◄─────┴──────────────────────┘
//!               │                       └──seen applied──► verifying
//!               └──one extension failed (submitted): only that part goes round again
//! sending, submitted, unknown ──refused, or given up──► failed ──by a person──► ready
//! whatever was passed by a later operation ──► superseded, where it would go to ready or failed
//! ```
//!
//! # What holds
//!
//! At least once, safe to repeat: nothing whose outcome is unknown is sent again before a look-up has answered.
//! Every state change is a compare-and-set on state and epoch; a worker that loses one touches nothing more.
//! `done` means that Concur was read and held what was wanted, and whoever ever had an unknown outcome is read again 5, 30
//! and 125 minutes later. Deactivations and deletes go first, have a quarter of the slots to themselves, are never given up,
//! and pass what has failed, or has been stuck for five minutes; nothing older is sent after them. Roles are a second
//! step: they are written once there is a spend user, as the complete list that Concur then holds and shall hold.
//! All of it is tried under losses, delays and deaths by a simulation (`scim-bridge/tests/it/simulation/`).
//!
//! The deprovisioning brake (`crate::brake`) makes operations `held` where they are accepted; an update never carries a
//! change of access past it.
//! Source: Concur page *User Provisioning v4* (Users, Bulk, Provision Status).

mod approvers;
mod batch;
mod breaker;
mod budget;
pub mod causes;
mod claim;
mod drift;
mod engine;
mod gauges;
mod job;
mod lateness;
mod managers;
pub mod plan;
pub mod policy;
#[cfg(test)]
mod policy_properties;
mod poll;
mod presence;
mod preview;
mod record;
mod roles;
mod send;
mod settings;
mod settle;
mod verdict;
mod verify;
mod worker;

pub use preview::preview;
pub use settings::{Settings, SettingsError};
pub use verdict::{Handle, Verdict};
pub use worker::{Parts, Worker, start};

/// Why an operation failed, as stored with it; Concur's own words stand in its message.
pub mod failure {
    /// Concur refused a value that is taken: user name, employee number or external id.
    pub const UNIQUENESS: &str = "refused_uniqueness";
    /// Concur refused the identity part for any other reason.
    pub const INVALID_VALUE: &str = "refused_invalid_value";
    /// Concur took the identity and refused another part for good.
    pub const EXTENSION: &str = "extension_refused";
    /// The user is no longer in Concur.
    pub const VANISHED: &str = "vanished";
    /// Attempts or time used up.
    pub const GAVE_UP: &str = "gave_up";
    /// This program cannot read the stored operation.
    pub const UNREADABLE: &str = "unreadable";
}

/// Names of the parts of a user whose delivery is recorded separately.
pub mod part {
    /// Core and enterprise attributes.
    pub const IDENTITY: &str = "identity";
    /// The spend profile.
    pub const SPEND: &str = "spend";
    /// The roles of the spend user.
    pub const ROLES: &str = "roles";
    /// The lists of approvers that the manager is to be on: `waiting` until the manager holds the roles.
    pub const APPROVERS: &str = "approvers";
    /// The reference to the manager, with operations alone: `waiting` until the manager is in Concur.
    pub const MANAGER: &str = "manager";

    /// State of a spend profile that was not sent, since the company's employee form requires something that is missing.
    pub const WITHHELD: &str = "withheld";
    /// State of a spend profile of which something was not sent, since the form cannot hold it.
    pub const INCOMPLETE: &str = "incomplete";
    /// State of the approvers of somebody who lost access and still approves for others.
    pub const LEFT_BEHIND: &str = "left_behind";
}
